"""Beliefs about noise as costs: Gaussian and Laplace rows, their arg-min, their estimates; and the slopes of softmax and sigmoid.

Everything is float64. Sources: Fisher 1922; Cramér 1946; the course's notes, Neural Network Basics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

REACH, TRUE = 2.0, (0.3, 0.8)  # what one sees of the plane; the true intercept and slope
NOISES = ("Gaussian", "Laplace")


@dataclass(frozen=True)
class Rows:
    """Everything that costs: the data, and the prior as two made-up points. A row costs |r|^q / (q s^q), q = 2 or 1."""

    inputs: Float[Tensor, "n 2"]  # (1, x); (1, 0) and (0, 1) for the prior
    targets: Float[Tensor, "n"]
    square: Tensor  # [n] bool: a Gaussian row, else a Laplace one
    scales: Float[Tensor, "n"]

    def energy(self, theta: Float[Tensor, "... 2"]) -> Float[Tensor, "..."]:
        """The negative log posterior without what does not depend on θ, in nats."""
        r = ((self.targets - theta @ self.inputs.T) / self.scales).abs()
        return torch.where(self.square, r.square() / 2, r).sum(-1)

    def gradient(self, theta: Float[Tensor, "2"], bug: str = "none") -> Float[Tensor, "2"]:
        """∇ of the energy by hand: each row pulls along its input, as hard as its residual or with its sign alone."""
        r = (self.targets - self.inputs @ theta) / self.scales
        square = self.square | (bug == "Laplace with squares")
        pull = torch.where(square, r, r.sign()) / self.scales
        if bug == "prior's sign turned":
            pull[self.data :] *= -1
        return -(self.inputs * pull[:, None]).sum(0)

    @property
    def data(self) -> int:
        """How many rows were seen; the rest is the prior."""
        return len(self.targets) - int((self.inputs[:, 0] == 0).any()) * 2

    def best(self) -> Float[Tensor, "2"]:
        """The arg-min, by least squares weighted anew until it rests: a Laplace row weighs 1/|r| (Weiszfeld 1937)."""
        theta = torch.zeros(2, dtype=torch.float64)
        for _ in range(300):
            r = ((self.targets - self.inputs @ theta) / self.scales).abs()
            weights = torch.where(self.square, 1.0, 1 / r.clamp_min(1e-9)) / self.scales.square()
            pulled = self.inputs.T * weights
            before, theta = theta, torch.linalg.lstsq(pulled @ self.inputs, pulled @ self.targets).solution
            if float((theta - before).abs().max()) < 1e-12:
                break
        return theta


def make_rows(x: np.ndarray, y: np.ndarray, assumed: str, scale: float, prior: str, width: float) -> Rows:
    """The rows that a belief makes of the data."""
    inputs, targets = torch.stack([torch.ones(len(x)).double(), torch.tensor(x)], 1), torch.tensor(y)
    made_up = 0 if prior == "flat" else 2
    inputs = torch.cat([inputs, torch.eye(2, dtype=torch.float64)[:made_up]])
    square = torch.tensor([assumed == "Gaussian"] * len(x) + [prior == "Gaussian"] * made_up)
    scales = torch.tensor([scale] * len(x) + [width] * made_up, dtype=torch.float64)
    return Rows(inputs, torch.cat([targets, torch.zeros(made_up)]), square, scales)


def by_autograd(belief: Rows, theta: Tensor) -> Tensor:
    """The same gradient from torch."""
    free = theta.detach().clone().requires_grad_()
    return torch.autograd.grad(belief.energy(free), free)[0]


@lru_cache(maxsize=8)
def observed(noise: str, count: int, outliers: int, points: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What was seen: x and y `[n]`. The outliers lie low on the right, where they pull hardest."""
    rng = np.random.default_rng(seed)
    x, miss = (
        rng.uniform(-1.6, 1.6, count),
        0.2 * (rng.standard_normal(count) if noise == "Gaussian" else rng.laplace(size=count)),
    )
    y = np.clip(TRUE[0] + TRUE[1] * x + miss, -REACH, REACH)
    odd_x, odd_y = rng.uniform(0.9, 1.7, outliers), rng.uniform(-1.8, -1.2, outliers)
    own = np.array([(a, b) for a, b, _ in points]).reshape(-1, 2)
    return np.concatenate([x, odd_x, own[:, 0]]), np.concatenate([y, odd_y, own[:, 1]])


@dataclass(frozen=True)
class Problem:
    """What a belief makes of the data, and the arg-mins that follow."""

    belief: Rows
    best: Float[Tensor, "2"]  # with the prior
    likeliest: dict[str, Tensor]  # without, for either noise
    seen: Float[np.ndarray, "n 2"]
    constant: float  # nats a point that do not depend on θ


@lru_cache(maxsize=8)
def make_problem(world: tuple[Any, ...], belief: tuple[str, float, str, float]) -> Problem:
    """The problem of `observed(*world)` under a belief (assumed noise, scale, prior, its width)."""
    x, y = observed(*world)
    rows, (assumed, scale) = make_rows(x, y, *belief), belief[:2]
    likeliest = {noise: make_rows(x, y, noise, scale, "flat", 1.0).best() for noise in NOISES}
    constant = math.log(2 * scale if assumed == "Laplace" else scale * math.sqrt(2 * math.pi))
    return Problem(rows, rows.best(), likeliest, np.stack([x, y], 1), constant)


def estimates(noise: str, sizes: tuple[int, ...], repeats: int, rng: np.random.Generator) -> Float[np.ndarray, "s 2 r"]:
    """Mean and median of fresh samples of each size, of noise with scale 1 around 0; smaller samples begin the larger ones."""
    shape = (repeats, max(sizes))
    draws = rng.standard_normal(shape) if noise == "Gaussian" else rng.laplace(size=shape)
    return np.stack([np.stack([draws[:, :n].mean(1), np.median(draws[:, :n], 1)]) for n in sizes])


def information(noise: str) -> float:
    """The Fisher information of one point about its location, at scale 1: 1 for both kinds of noise."""
    return {"Gaussian": 1.0, "Laplace": 1.0}[noise]


def softmax(z: Float[Tensor, "c"]) -> Float[Tensor, "c"]:
    """e^z over their sum, with the largest score at 0 so that nothing overflows."""
    grown = (z - z.max()).exp()
    return grown / grown.sum()


def softmax_slopes(z: Float[Tensor, "c"]) -> Float[Tensor, "c c"]:
    """∂p_j/∂z_k = p_j (δ_jk − p_k) by hand."""
    p = softmax(z)
    return p[:, None] * (torch.eye(len(p), dtype=p.dtype) - p[None])


def cost_slopes(z: Float[Tensor, "c"], right: int) -> Float[Tensor, "c"]:
    """∂(−ln p_right)/∂z = p − y by hand."""
    return softmax(z) - functional.one_hot(torch.tensor(right), len(z)).to(z)


def sigmoid_slope(z: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """σ' = σ (1 − σ) by hand."""
    value = 1 / (1 + (-z).exp())
    return value * (1 - value)

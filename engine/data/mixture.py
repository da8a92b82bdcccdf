"""Densities on the plane as mixtures of round Gaussians of one width: sampled, evaluated and diffused exactly.

What a generative lab must learn, with the truth at hand: log p(x), and for a diffusion the density of the noised points too. Curves (a
circle, moons) are mixtures of many centres along them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

NAMES = ("ring", "two", "grid", "circle", "moons", "spiral")


@dataclass(frozen=True)
class Mixture:
    """Equal Gaussians of standard deviation `sigma` around `centres` `[K, 2]`."""

    centres: Float[Tensor, "k 2"]
    sigma: float

    def sample(self, count: int, rng: torch.Generator) -> Float[Tensor, "n 2"]:
        """Points drawn from the mixture."""
        chosen = torch.randint(len(self.centres), (count,), generator=rng)
        return self.centres[chosen] + self.sigma * torch.randn(count, 2, generator=rng)

    def log_density(self, x: Float[Tensor, "n 2"], shrink: float = 1.0, noise: float = 0.0) -> Float[Tensor, "n"]:
        """The log-density of `shrink`·X + `noise`·N(0, I) at x; by default that of X itself."""
        variance = (shrink * self.sigma) ** 2 + noise**2
        squared = (x[:, None] - shrink * self.centres.to(x)).square().sum(-1)
        return (-squared / (2 * variance)).logsumexp(1) - math.log(2 * math.pi * variance * len(self.centres))

    def nearest(self, x: Float[Tensor, "n 2"]) -> tuple[Float[Tensor, "n"], Int[Tensor, "n"]]:
        """The distance to the nearest centre in standard deviations, and which it is."""
        gaps = torch.cdist(x, self.centres.to(x))
        distance, which = gaps.min(1)
        return distance / self.sigma, which


def named(name: str) -> Mixture:
    """One of `NAMES`, within about ±2.5. Raises KeyError."""
    turn = 2 * math.pi * torch.linspace(0, 1, 129)[:-1]
    match name:
        case "ring":
            return Mixture(_circle(turn[::16], 2.0), 0.1)
        case "two":
            return Mixture(torch.tensor([[-1.2, 0.0], [1.2, 0.0]]), 0.3)
        case "grid":
            side = torch.linspace(-2, 2, 5)
            return Mixture(torch.cartesian_prod(side, side), 0.1)
        case "circle":
            return Mixture(_circle(turn, 2.0), 0.1)
        case "moons":
            upper = _circle(turn[:64], 1.3) + torch.tensor([-0.65, -0.3])
            return Mixture(torch.cat([upper, -upper]), 0.1)
        case "spiral":
            length = torch.linspace(0.15, 1, 160).sqrt()
            return Mixture(2.2 * length[:, None] * _circle(4 * math.pi * length, 1.0), 0.08)
    raise KeyError(name)


def from_points(points: tuple[tuple[float, float, int], ...], sigma: float = 0.12) -> Mixture:
    """The density that a person draws: a small Gaussian on every point. Without points: one in the middle."""
    places = [(x, y) for x, y, _ in points] or [(0.0, 0.0)]
    return Mixture(torch.tensor(places, dtype=torch.float32), sigma)


def _circle(angle: Float[Tensor, "n"], radius: float) -> Float[Tensor, "n 2"]:
    return radius * torch.stack([angle.cos(), angle.sin()], -1)

r"""The vanilla recurrent network and back-propagation through time by hand.

    h^t = tanh(W_hh h^{t−1} + W_xh x^t + b_h)        ŷ^t = W_hy h^t + b_y

    ∂h^t/∂h^{t−1} = diag(1 − (h^t)²) W_hh            Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063

The same weights act at every time, so each gradient is a sum over all times. Sequences are `[T, B, D]`; states `[T + 1, B, H]`, the first
of which is h⁰ = 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Weights = dict[str, Tensor]
"""W_xh [H, D], W_hh [H, H], b_h [H], W_hy [O, H], b_y [O]."""

States = Float[Tensor, "t1 b h"]


def orthogonal(size: int, rng: torch.Generator) -> Float[Tensor, "h h"]:
    """A random rotation or reflection, evenly drawn: QR of a Gaussian matrix, the signs made unique (Mezzadri 2007)."""
    q, r = torch.linalg.qr(torch.randn(size, size, generator=rng))
    return q * r.diagonal().sign()


def spectral_radius(matrix: Float[Tensor, "h h"]) -> Float[Tensor, ""]:
    """The largest absolute value of an eigenvalue."""
    return torch.linalg.eigvals(matrix).abs().max()


def new_weights(inputs: int, hidden: int, outputs: int, rho: float, gaussian: bool, rng: torch.Generator) -> Weights:
    """Random weights; W_hh has the spectral radius rho, and is orthogonal up to that unless `gaussian`."""
    recurrent = torch.randn(hidden, hidden, generator=rng) if gaussian else orthogonal(hidden, rng)
    return {
        "W_xh": torch.randn(hidden, inputs, generator=rng) / hidden**0.5,
        "W_hh": recurrent * (rho / spectral_radius(recurrent)),
        "b_h": torch.zeros(hidden),
        "W_hy": torch.randn(outputs, hidden, generator=rng) / hidden**0.5,
        "b_y": torch.zeros(outputs),
    }


def forward(w: Weights, x: Float[Tensor, "t b d"], linear: bool = False) -> tuple[States, Float[Tensor, "t b o"]]:
    """States and outputs. `linear`: without the tanh."""
    h = [x.new_zeros(x.shape[1], len(w["W_hh"]))]
    for now in x:
        a = h[-1] @ w["W_hh"].T + now @ w["W_xh"].T + w["b_h"]
        h.append(a if linear else a.tanh())
    states = torch.stack(h)
    return states, states[1:] @ w["W_hy"].T + w["b_y"]


def slopes(states: States, linear: bool = False) -> Float[Tensor, "t b h"]:
    """The tanh's derivative at each time, from its own output."""
    return torch.ones_like(states[1:]) if linear else 1 - states[1:] ** 2


def through_time(
    w: Weights, x: Float[Tensor, "t b d"], states: States, slope: Float[Tensor, "t b h"], delta: Float[Tensor, "t b o"]
) -> Weights:
    """The gradients of all weights, given that of the outputs: from the last time to the first, each time adding its share."""
    gradients = {name: torch.zeros_like(value) for name, value in w.items()}
    later = torch.zeros_like(states[0])  # what the later times say of this one's state
    for t in reversed(range(len(x))):
        inside = (delta[t] @ w["W_hy"] + later) * slope[t]
        gradients["W_hh"] += inside.T @ states[t]
        gradients["W_xh"] += inside.T @ x[t]
        gradients["b_h"] += inside.sum(0)
        later = inside @ w["W_hh"]
    gradients["W_hy"] = torch.einsum("tbo,tbh->oh", delta, states[1:])
    gradients["b_y"] = delta.sum((0, 1))
    return gradients


def lag_norms(w: Weights, slope: Float[Tensor, "t b h"]) -> Float[Tensor, "t"]:
    r"""$\Vert \partial h^T / \partial h^{T-k} \Vert$ (largest singular value) for k = 1 … T, the mean over the sequences."""
    factors = slope.flip(0)[..., None] * w["W_hh"]
    product, norms = torch.eye(len(w["W_hh"])).to(slope).expand(slope.shape[1], -1, -1), []
    for factor in factors:
        product = product @ factor
        norms.append(torch.linalg.matrix_norm(product, 2).mean())
    return torch.stack(norms)


def shares(
    w: Weights, states: States, slope: Float[Tensor, "t b h"], delta: Float[Tensor, "t b o"]
) -> Float[Tensor, "t t h h"]:
    r"""The terms $\frac{\partial L^t}{\partial h^t}\frac{\partial h^t}{\partial h^k}\frac{\partial^+ h^k}{\partial W_{hh}}$ by t and k.

    Zero where k > t. Their sum is the gradient of W_hh.
    """
    times, hidden = len(delta), states.shape[-1]
    terms = states.new_zeros(times, times, hidden, hidden)
    arriving = delta @ w["W_hy"]  # what L^t says of h^k, for k = t first, then for k one earlier
    for lag in range(times):
        inside = arriving * slope[: times - lag]
        terms[range(lag, times), range(times - lag)] = torch.einsum("tbi,tbj->tij", inside, states[: times - lag])
        arriving = (inside @ w["W_hh"])[1:]
    return terms

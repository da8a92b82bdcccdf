"""What adversarial labs share: the value of the game, a discriminator that may look at its whole batch, unrolled steps."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call


def likeness(rows: Float[Tensor, "b r c"], others: Float[Tensor, "m r c"]) -> Float[Tensor, "b r"]:
    """Σ_j exp(−‖M_i − M_j‖₁) over all others: Salimans et al. 2016, arXiv:1606.03498, eq. of §3.2."""
    return torch.exp(-(rows[:, None] - others[None]).abs().sum(-1)).sum(1)


class Discriminator(nn.Module):
    """Points `[B, 2]` → logits `[B]`; with `alike`, each point is also compared with the rest of its batch."""

    def __init__(self, width: int, alike: bool, rows: int = 8, columns: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(2, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)
        )
        self.rows = nn.Linear(width, rows * columns, bias=False) if alike else None
        self.columns = columns
        self.head = nn.Linear(width + (rows if alike else 0), 1)

    def forward(self, x: Float[Tensor, "b 2"], others: Float[Tensor, "m 2"] | None = None) -> Float[Tensor, "b"]:
        """Logits of being real. `others`: the batch to compare with; the points themselves (each without itself) if None."""
        hidden = self.features(x)
        if self.rows is not None:
            mine = self.matrix(hidden)
            near = likeness(mine, mine) - 1 if others is None else likeness(mine, self.matrix(self.features(others)))
            hidden = torch.cat([hidden, near / (len(x) if others is None else len(others))], 1)
        return self.head(hidden).squeeze(-1)

    def matrix(self, hidden: Float[Tensor, "b w"]) -> Float[Tensor, "b r c"]:
        """The rows M_i of every point."""
        assert self.rows is not None
        return self.rows(hidden).unflatten(1, (-1, self.columns))


def value(real: Float[Tensor, "b"], fake: Float[Tensor, "m"]) -> Float[Tensor, ""]:
    """V(D, G) from the logits of real and of generated points: Goodfellow et al. 2014, arXiv:1406.2661, eq. 1."""
    return nn.functional.logsigmoid(real).mean() + nn.functional.logsigmoid(-fake).mean()


def generator_loss(fake: Float[Tensor, "b"], kind: str) -> Float[Tensor, ""]:
    """What G descends on, from the logits of its points."""
    return nn.functional.logsigmoid(-fake).mean() if kind == "minimax" else -nn.functional.logsigmoid(fake).mean()


def unroll(
    discriminator: nn.Module, real: Float[Tensor, "b 2"], fake: Float[Tensor, "b 2"], steps: int, rate: float
) -> dict[str, Tensor]:
    """D's weights after further steps of gradient ascent on V, as functions of `fake`: Metz et al. 2017, arXiv:1611.02163, eq. 7."""
    weights: dict[str, Tensor] = dict(discriminator.named_parameters())
    for _ in range(steps):
        v = value(functional_call(discriminator, weights, (real,)), functional_call(discriminator, weights, (fake,)))
        slopes = torch.autograd.grad(v, list(weights.values()), create_graph=True)
        weights = {name: w + rate * slope for (name, w), slope in zip(weights.items(), slopes, strict=True)}
    return weights

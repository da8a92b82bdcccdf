"""What adversarial labs share: both players, the value of the game, unrolled steps, and the pictures of a game on the plane."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from engine.api import Contour, Heat, Line
from engine.data.mixture import Mixture

GRID = 56
"""Cells along a side of a heat map."""


def make_generator(latent: int, width: int) -> nn.Sequential:
    """Noise `[B, latent]` → points `[B, 2]`."""
    hidden = (nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(width, 2))


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


def density_of(points: Float[Tensor, "n 2"]) -> Mixture:
    """The generator's density q, estimated by a Gaussian on each point, as wide as eight neighbours are apart in the median."""
    near = torch.cdist(points, points).kthvalue(min(9, len(points)), dim=1).values
    return Mixture(points, max(0.02, float(near.median())))


def optimal(p: Float[Tensor, "n"], q: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """D* from the log-densities of real and generated points, as its logit: log p − log q."""
    return p - q


def visible(p: Float[Tensor, "n"], q: Float[Tensor, "n"], least: float = 3e-3) -> Float[Tensor, "n"]:
    """D* as it is drawn: it fades to ½ where neither density has any mass and nobody will ever ask."""
    floor = torch.tensor(math.log(least))
    return torch.sigmoid(optimal(torch.logaddexp(p, floor), torch.logaddexp(q, floor)))


def best_value(
    target: Mixture, real: Float[Tensor, "n 2"], seen: Float[Tensor, "m 2"], fake: Float[Tensor, "n 2"]
) -> float:
    """V of D*, from below: the best of detectives that know p and estimate q from `seen`, and of one that always says ½."""
    p, guess, values = [target.log_density(x) for x in (real, fake)], density_of(seen), [-math.log(4)]
    for width in (0.7, 1.0, 2.0, 4.0):
        q = Mixture(guess.centres, width * guess.sigma)
        values.append(
            float(value(*(optimal(log_p, q.log_density(x)) for log_p, x in zip(p, (real, fake), strict=True))))
        )
    return max(values)


def pulls(
    generator: nn.Module, discriminator: nn.Module, noise: Float[Tensor, "b l"], kind: str
) -> tuple[Float[Tensor, "b 2"], Float[Tensor, "b 2"]]:
    """Generated points, and where descending on G's loss would move each; the longest arrow is 0.8 at most."""
    fake = generator(noise).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(generator_loss(discriminator(fake), kind), fake)
    pull = -len(fake) * slope
    return fake.detach(), 0.8 * pull / pull.norm(dim=1).max().clamp(min=1.0)


def places(reach: float) -> Float[Tensor, "n 2"]:
    """The cells of a heat map over −reach … reach, row by row from below."""
    side = torch.linspace(-reach, reach, GRID)
    y, x = torch.meshgrid(side, side, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def heat(scores: Float[Tensor, "n"], reach: float, legend: str) -> tuple[Heat, Contour]:
    """Probabilities in 0…1 at `places`, with the line where both are equally likely."""
    extent, grid = (-reach, reach, -reach, reach), scores.reshape(GRID, GRID)
    shades = Heat(grid, extent, "diverging", range=(0, 1), legend=legend, centre=0.5)
    return shades, Contour(grid, extent, (0.5,), colour=7, width=1.0)


def sheet(generator: nn.Module, latent: int, device: torch.device, lines: int = 13) -> list[Line]:
    """A grid of noise, −2 … 2 in its first two numbers, as G lays it over the plane; one line if there is one number."""
    side, fine = torch.linspace(-2, 2, lines), torch.linspace(-2, 2, 61)
    drawn = []
    for axis in range(min(2, latent)):
        z = torch.zeros(lines if latent > 1 else 1, len(fine), latent)
        z[:, :, axis] = fine
        if latent > 1:
            z[:, :, 1 - axis] = side[:, None]
        drawn += [Line(path[:, 0], path[:, 1], colour=(0, 2)[axis], width=1.0) for path in generator(z.to(device))]
    return drawn

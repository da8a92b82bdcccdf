"""Surfaces over the plane to descend on: textbook ones, and one that a person draws.

All cover −2 … 2 by −1.2 … 1.2 and are scaled so that the steepest curvature is about 10: one learning rate suits them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

REACH, HIGH = 2.0, 1.2
"""Half the width and half the height of what is shown of a landscape."""

PAPER = (30, 50)
"""Rows and columns of a drawn landscape, in pixels."""

FLAT, STEEP = 0.1, 10.0
"""Curvatures of the ravine along its floor and across it; κ = 100."""

Height = Callable[[Float[Tensor, "n 2"]], Float[Tensor, "n"]]


@dataclass(frozen=True)
class Landscape:
    """A surface: its height at places `[n, 2]`, the height of its lowest place, and where that is (`[2]`)."""

    height: Height
    floor: float
    lowest: tuple[float, float]

    def slopes(self, places: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
        """The gradient at each place."""
        at = places.detach().requires_grad_()
        return torch.autograd.grad(self.height(at).sum(), at)[0]

    def relief(self, columns: int) -> Float[Tensor, "h w"]:
        """Heights above the floor all over; row 0 lies at the low y."""
        along = torch.linspace(-REACH, REACH, columns, dtype=torch.float64)
        up = torch.linspace(-HIGH, HIGH, round(columns * HIGH / REACH), dtype=torch.float64)
        x, y = torch.meshgrid(along, up, indexing="xy")
        return self.height(torch.stack([x, y], -1).reshape(-1, 2)).reshape(x.shape) - self.floor


def _ravine(at: Tensor) -> Tensor:
    return 0.5 * (FLAT * at[:, 0] ** 2 + STEEP * at[:, 1] ** 2)


def _rosenbrock(at: Tensor) -> Tensor:
    x, y = at[:, 0], at[:, 1] + 0.6  # moved down, so that all of the valley shows
    return ((1 - x) ** 2 + 100 * (y - x * x) ** 2) / 200


def _himmelblau(at: Tensor) -> Tensor:
    x, y = 2.5 * at[:, 0], 3.2 * at[:, 1]
    return ((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2) / 100


def _two_wells(at: Tensor) -> Tensor:
    return (at[:, 0] ** 2 - 1) ** 2 + 0.35 * at[:, 0] + 2 * at[:, 1] ** 2


def _saddle(at: Tensor) -> Tensor:
    return at[:, 0] ** 2 - at[:, 1] ** 2 + at[:, 1] ** 4 / 2


_FORMULAS: dict[str, Height] = {
    "ravine": _ravine,
    "Rosenbrock": _rosenbrock,
    "Himmelblau": _himmelblau,
    "two wells": _two_wells,
    "saddle": _saddle,
}
OWN = "own drawing"
NAMES = (*_FORMULAS, OWN)


@lru_cache(maxsize=8)
def named(name: str) -> Landscape:
    """One of the textbook landscapes. Raises KeyError for another name."""
    return _measured(_FORMULAS[name])


def drawn(picture: np.ndarray | None) -> Landscape:
    """Valleys along the strokes of a picture `[30, 50]` uint8, in a shallow bowl that falls to the lower right; None: a bent valley."""
    ink = _bent_valley() if picture is None else np.asarray(picture) > 0
    blurred = gaussian_filter(ink.astype(np.float64), 2.0, mode="nearest")
    depth = torch.from_numpy(blurred / max(float(blurred.max()), 1e-9))[None, None]
    goal = torch.tensor([0.8 * REACH, -0.8 * HIGH], dtype=torch.float64)

    def height(at: Tensor) -> Tensor:
        grid = (at * torch.tensor([1 / REACH, -1 / HIGH], dtype=at.dtype))[None, None]
        cut = functional.grid_sample(depth, grid, "bicubic", "border", align_corners=True)[0, 0, 0]
        return 0.06 * (at - goal).square().sum(1) - cut

    return _measured(height)


def _bent_valley() -> np.ndarray:
    """A stroke from the upper left, down and around to the right. `[30, 50]`."""
    turn = np.linspace(0, 1, 200)
    rows, columns = 4 + 20 * np.sin(0.5 * np.pi * turn), 6 + 36 * turn**2
    paper = np.zeros(PAPER, bool)
    paper[rows.astype(int), columns.astype(int)] = True
    return paper


def _measured(height: Height) -> Landscape:
    """The landscape with its lowest place: the best of a grid, and of ever finer grids around it."""
    best, reach = torch.zeros(2, dtype=torch.float64), REACH
    for _ in range(9):
        axis = torch.linspace(-reach, reach, 81, dtype=torch.float64)
        places = best + torch.cartesian_prod(axis, axis * HIGH / REACH)
        best, reach = places[height(places).argmin()], reach / 10
    exact = best.round(decimals=6) + 0.0  # where it lies at round numbers, it lies there exactly
    best = min(exact, best, key=lambda place: float(height(place[None])))
    return Landscape(height, float(height(best[None])), (float(best[0]), float(best[1])))

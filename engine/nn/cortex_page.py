"""What the page on simple and complex cells shows: their answers to a picture, and to a grating that drifts by."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.api import Axis, DataError, Images, Line, Plot
from engine.data.pictures import read_picture
from engine.data.scene import draw_scene

if TYPE_CHECKING:
    from engine.nn.cortex import Cells


@lru_cache(maxsize=2)  # training goes on meanwhile, and nothing here changes with it
def draw_cells(cells: Cells, path: str = "", side: int = 64) -> Images:
    """A picture from a file, or the drawn scene; for each direction the simple cells (even phase) above the complex ones."""
    try:
        picture, trouble = read_picture(Path(path), side, 1)[0] if path else draw_scene(side)[0], ""
    except DataError as error:
        picture, trouble = draw_scene(side)[0], str(error)
    simple = cells.simple(picture)
    even, gathered = simple[:, 0], cells.complex(simple)
    most, top = float(even.abs().max()), float(gathered.max())  # one scale for all directions: they can be compared
    shown = [as_grey(picture, 1.0), *(in_two_colours(one, most) for one in even)]
    shown += [as_grey(gathered.amax(0), top), *(as_grey(one, top) for one in gathered)]
    angles = [f"{180 * n / cells.directions:.0f}°" for n in range(cells.directions)]
    labels = ("picture", *angles, "any", *angles)
    return Images("cells", np.stack(shown), labels, cells.directions + 1, note=trouble)


@lru_cache(maxsize=2)  # training goes on meanwhile, and nothing here changes with it
def draw_drift(cells: Cells) -> Plot:
    """The answers of a pair of simple cells and of their complex cell to a grating at every phase."""
    pair, energy = cells.drifting(73)
    degrees = torch.linspace(0, 360, 73)
    lines = (
        Line(degrees, energy, "complex", 1, width=2.5),
        Line(degrees, pair[:, 0], "simple, even", 0),
        Line(degrees, pair[:, 1], "odd", 2),
    )
    ticks = tuple((float(at), f"{at}°") for at in range(0, 361, 90))
    spread = float(energy.max() - energy.min())
    return Plot(
        "drift",
        lines,
        Axis("phase of the grating", range=(0, 360), ticks=ticks),
        Axis("answer, relative", range=(-1.8, 1.8)),
        note=f"complex within {spread:.1%}",
    )


def as_grey(plane: Tensor, top: float) -> np.ndarray:
    """Values from 0 up as greys `[H, W, 3]`, `top` white."""
    return np.repeat((plane / max(top, 1e-9)).clamp(0, 1).numpy()[..., None], 3, 2)


def in_two_colours(plane: Tensor, most: float) -> np.ndarray:
    """Values of either sign: orange above 0, blue below, black at 0, full at ±`most`. `[H, W, 3]`."""
    values = (plane / max(most, 1e-9)).clamp(-1, 1).numpy()[..., None]
    return np.where(values > 0, values * np.array([0.95, 0.6, 0.1]), -values * np.array([0.3, 0.65, 0.95]))

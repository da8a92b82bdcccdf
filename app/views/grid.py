"""How a grid of pictures fits a rectangle: the number of columns that makes them largest, whole pixels for whole pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

MARGIN = 8.0


@dataclass(frozen=True)
class Grid:
    """`columns` of cells; each picture is `width` × `height` pixels at `left + column·pitch_x`, `top + row·pitch_y`."""

    count: int
    columns: int
    left: float
    top: float
    width: float
    height: float
    pitch_x: float
    pitch_y: float

    def corner(self, index: int) -> tuple[float, float]:
        """The upper left corner of a picture."""
        return self.left + index % self.columns * self.pitch_x, self.top + index // self.columns * self.pitch_y

    def at(self, x: float, y: float) -> tuple[int, float, float] | None:
        """Which picture lies under a place, and where in it (0..1, 0..1); None beside them."""
        column, row = math.floor((x - self.left) / self.pitch_x), math.floor((y - self.top) / self.pitch_y)
        index = row * self.columns + column
        if not (0 <= column < self.columns and 0 <= row and index < self.count):
            return None
        u, v = (x - self.left - column * self.pitch_x) / self.width, (y - self.top - row * self.pitch_y) / self.height
        return (index, u, v) if u < 1 and v < 1 else None


def fit_grid(
    count: int,
    picture: tuple[int, int],
    room: tuple[float, float],
    columns: int = 0,
    caption: float = 0.0,
    ratio: float = 1.0,
) -> Grid:
    """Places `count` pictures of `picture` (width, height) pixels in `room` (width, height).

    `columns`: 0 chooses. `caption`: room under each. `ratio`: device pixels per pixel, so that small pictures are enlarged by whole
    factors of what the screen has.
    """
    inner = (max(room[0] - 2 * MARGIN, 1.0), max(room[1] - 2 * MARGIN, 1.0))
    candidates = [min(columns, count)] if columns else range(1, count + 1)
    best = max(candidates, key=lambda number: (_scale(count, picture, inner, number, caption), -number))
    gap = _gap(picture, inner)
    scale = _whole(max(_scale(count, picture, inner, best, caption), 1e-3), ratio)
    width, height = picture[0] * scale, picture[1] * scale
    rows = math.ceil(count / best)
    left = MARGIN + (inner[0] - best * width - (best - 1) * gap) / 2
    top = MARGIN + (inner[1] - rows * (height + caption) - (rows - 1) * gap) / 2
    return Grid(
        count, best, _snap(left, ratio), _snap(max(top, 0.0), ratio), width, height, width + gap, height + gap + caption
    )


def _gap(picture: tuple[int, int], inner: tuple[float, float]) -> float:
    return 2.0 if max(picture) <= 64 else 4.0 if min(inner) < 400 else 8.0


def _scale(count: int, picture: tuple[int, int], inner: tuple[float, float], columns: int, caption: float) -> float:
    gap, rows = _gap(picture, inner), math.ceil(count / columns)
    across = (inner[0] - (columns - 1) * gap) / columns / picture[0]
    down = (inner[1] - (rows - 1) * gap - rows * caption) / rows / picture[1]
    return min(across, down)


def _whole(scale: float, ratio: float) -> float:
    """A whole number of device pixels for a picture's pixel, unless that would cost more than a fifth of the size."""
    device = scale * ratio
    whole = math.floor(device + 1e-6)
    return whole / ratio if whole >= 1 and whole >= 0.8 * device else scale


def _snap(value: float, ratio: float) -> float:
    return math.floor(value * ratio) / ratio

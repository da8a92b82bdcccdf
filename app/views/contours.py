"""Marching squares over a whole grid at once (Lorensen and Cline 1987, in two dimensions)."""

from __future__ import annotations

import numpy as np

_NONE = (0, 0)
_SEGMENTS = np.array(
    # corners above the level: 1 upper left, 2 upper right, 4 lower right, 8 lower left; edges: 0 top, 1 right, 2 bottom, 3 left
    [
        (_NONE, _NONE), ((3, 0), _NONE), ((0, 1), _NONE), ((3, 1), _NONE),
        ((1, 2), _NONE), ((3, 2), (0, 1)), ((0, 2), _NONE), ((3, 2), _NONE),
        ((2, 3), _NONE), ((2, 0), _NONE), ((0, 3), (1, 2)), ((2, 1), _NONE),
        ((1, 3), _NONE), ((1, 0), _NONE), ((0, 3), _NONE), (_NONE, _NONE),
    ]
)  # fmt: skip


def isolines(values: np.ndarray, level: float) -> np.ndarray:
    """The line where `values` `[H, W]` equal `level`, as segments `[M, 2, 2]` of (column, row). Cells with a NaN are left out."""
    if min(values.shape) < 2:
        return np.empty((0, 2, 2))
    corners = (
        np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]], axis=-1).astype(np.float64)
        - level
    )
    code = ((corners > 0) * np.array([1, 2, 4, 8])).sum(axis=-1)
    crossed = (code > 0) & (code < 15) & np.isfinite(corners).all(axis=-1)
    rows, columns = np.nonzero(crossed)
    points = _crossings(corners[crossed]) + np.stack([columns, rows], axis=1)[:, None, :]
    edges = _SEGMENTS[code[crossed]]
    segments = points[np.arange(len(points))[:, None, None], edges]
    return np.asarray(segments[edges[..., 0] != edges[..., 1]])


def _crossings(corners: np.ndarray) -> np.ndarray:
    """Where the level crosses the four edges of each cell `[N, 4]`: `[N, 4, 2]` within the cell (meaningless where it does not)."""
    a, b, c, d = corners.T
    with np.errstate(divide="ignore", invalid="ignore"):
        top, right, bottom, left = a / (a - b), b / (b - c), d / (d - c), a / (a - d)
    zero, one = np.zeros_like(a), np.ones_like(a)
    return np.stack(
        [np.stack(pair, axis=1) for pair in ((top, zero), (one, right), (bottom, one), (zero, left))], axis=1
    )

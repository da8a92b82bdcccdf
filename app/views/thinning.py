"""A long curve as few points: the lowest and highest of each column of pixels, so that no spike is lost."""

from __future__ import annotations

import math

import numpy as np


def thin(x: np.ndarray, y: np.ndarray, lo: float, hi: float, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The points of a curve that show between `lo` and `hi`, about two for each of `columns`.

    `x` `[N]` int64 ascending, `y` `[N]`. A short curve is returned as it is. Blocks are counted from the curve's start, so that the
    picture stays still while points are appended. A block of NaN alone stays a gap.
    """
    first = max(
        int(np.searchsorted(x, math.floor(lo), "left")) - 1, 0
    )  # a float would turn the whole array into floats
    last = min(int(np.searchsorted(x, math.ceil(hi), "right")) + 1, len(x))
    if last - first <= 4 * columns:
        return x[first:last], y[first:last]
    block = 1 << int(np.ceil(np.log2((last - first) / columns)))
    first = first // block * block
    whole = first + (last - first) // block * block
    rows = y[first:whole].reshape(-1, block)
    thinned_y = np.stack([np.fmin.reduce(rows, axis=1), np.fmax.reduce(rows, axis=1)], axis=1).ravel()
    thinned_x = np.repeat(x[first + block // 2 : whole : block], 2).astype(np.float64)
    return np.concatenate([thinned_x, x[whole:last]]), np.concatenate([thinned_y, y[whole:last]])

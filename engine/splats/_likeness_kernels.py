"""Structural similarity and its derivative, compiled: pictures `[H, W, 3]` are taken as rows of 3 W numbers, whose neighbours lie 3 apart.

Each pass reads what the one before it wrote for other rows, so the threads meet between the passes.
"""

import numpy as np

from engine.raster._jit import inline, kernel, run_of

WINDOW = 11
SIGMA = 1.5
LIGHT, CONTRAST = np.float32(0.01**2), np.float32(0.03**2)
"""Wang et al. 2004, equations 7 and 9, for numbers in 0…1."""
_FAST = {"nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"}
_ZERO, _TWO = np.float32(0), np.float32(2)


def window() -> np.ndarray:
    """The Gaussian window along one axis, `[11]`; its sum is 1."""
    at = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-0.5 * (at / SIGMA) ** 2)
    return (weights / weights.sum()).astype(np.float32)


@kernel(fastmath=_FAST)
def blur_across(part, parts, picture, photo, weights, sums):
    """Weighted sums along the rows of x, y, xx, yy and xy: `[5, H, 3 (W − 10)]`."""
    for row in run_of(len(picture), part, parts):
        for j in range(sums.shape[2]):
            mx, my, xx, yy, xy = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
            for k in range(WINDOW):
                at = np.uint64(j) + np.uint64(3 * k)
                x, y = picture[row, at], photo[row, at]
                wx, wy = weights[k] * x, weights[k] * y
                mx, my, xx, yy, xy = mx + wx, my + wy, xx + wx * x, yy + wy * y, xy + wx * y
            sums[0, row, j], sums[1, row, j], sums[2, row, j] = mx, my, xx
            sums[3, row, j], sums[4, row, j] = yy, xy


@inline(fastmath=_FAST)
def _similarity(mx, my, xx, yy, xy):
    """The similarity of two windows (equation 13), and its derivatives by the mean of x, of xx and of xy."""
    both, light = _TWO * mx * my + LIGHT, mx * mx + my * my + LIGHT
    shared, contrast = _TWO * (xy - mx * my) + CONTRAST, (xx - mx * mx) + (yy - my * my) + CONTRAST
    share = np.float32(1) / (light * contrast)
    value = both * shared * share
    by_xx = -value / contrast
    by_xy = _TWO * both * share
    by_mean = _TWO * my * shared * share - _TWO * mx * value / light - _TWO * mx * by_xx - my * by_xy
    return value, by_mean, by_xx, by_xy


@kernel(fastmath=_FAST)
def compare(part, parts, sums, weights, slopes, totals):
    """Sums along the columns, and the similarity of each window.

    Args:
        part: which share of the rows.
        parts: of how many.
        sums: `[5, H, 3 (W − 10)]`.
        weights: `[11]`.
        slopes: `[3, H − 10, 3 (W − 10)]` result: derivatives of each window's similarity by its means of x, xx and xy.
        totals: `[parts]` result: summed similarity.
    """
    line = np.empty((5, sums.shape[2]), np.float32)
    total = np.float64(0)
    for row in run_of(slopes.shape[1], part, parts):
        line[:] = _ZERO
        for k in range(WINDOW):
            for m in range(5):
                for j in range(line.shape[1]):
                    line[m, j] += weights[k] * sums[m, row + k, j]
        here = _ZERO
        for j in range(line.shape[1]):
            value, by_mean, by_xx, by_xy = _similarity(line[0, j], line[1, j], line[2, j], line[3, j], line[4, j])
            here += value
            slopes[0, row, j], slopes[1, row, j], slopes[2, row, j] = by_mean, by_xx, by_xy
        total += here
    totals[part] = total


@kernel(fastmath=_FAST)
def likeness_back(part, parts, picture, photo, weights, slopes, shares, result, totals):
    """The derivative of the loss by the picture, and the summed absolute difference.

    Args:
        part: which share of the rows.
        parts: of how many.
        picture: `[H, 3 W]`.
        photo: `[H, 3 W]`.
        weights: `[11]`.
        slopes: as `compare` left them.
        shares: what one number's absolute difference, and one window's similarity, count in the loss.
        result: `[H, 3 W]`.
        totals: `[parts]` result.
    """
    height, width = picture.shape
    pad = 3 * (WINDOW - 1)
    line = np.zeros((3, slopes.shape[2] + 2 * pad), np.float32)
    total = np.float64(0)
    for row in run_of(height, part, parts):
        line[:] = _ZERO
        for k in range(max(0, row - slopes.shape[1] + 1), min(WINDOW, row + 1)):
            for m in range(3):
                for j in range(slopes.shape[2]):
                    line[m, j + pad] += weights[k] * slopes[m, row - k, j]
        here = _ZERO
        for j in range(width):
            by_mean, by_xx, by_xy = _ZERO, _ZERO, _ZERO
            for k in range(WINDOW):
                at = np.uint64(j) + np.uint64(3 * k)
                by_mean += weights[k] * line[0, at]
                by_xx += weights[k] * line[1, at]
                by_xy += weights[k] * line[2, at]
            x, y = picture[row, j], photo[row, j]
            away = x - y
            here += abs(away)
            side = shares[0] if away > _ZERO else (-shares[0] if away < _ZERO else _ZERO)
            result[row, j] = side + shares[1] * (by_mean + _TWO * x * by_xx + y * by_xy)
        total += here
    totals[part] = total

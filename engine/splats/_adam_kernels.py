"""One step of Adam over a flat run of numbers, compiled: everything is read and written once."""

import math

import numpy as np

from engine.raster._jit import kernel, run_of


@kernel(fastmath={"nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"})
def adam_step(part, parts, values, slopes, first, second, settings):
    """Kingma & Ba 2015, algorithm 1.

    Args:
        part: which share of the numbers.
        parts: of how many.
        values: `[N]`, changed.
        slopes: `[N]` derivatives.
        first: `[N]` mean of the derivatives, changed.
        second: `[N]` mean of their squares, changed.
        settings: step length over 1 − β₁ᵗ, 1 / (1 − β₂ᵗ), β₁, β₂, ε.
    """
    length, scale, keep1, keep2, least = settings
    take1, take2 = np.float32(1) - keep1, np.float32(1) - keep2
    for i in run_of(len(values), part, parts):
        slope = slopes[i]
        mean, square = keep1 * first[i] + take1 * slope, keep2 * second[i] + take2 * slope * slope
        first[i], second[i] = mean, square
        values[i] -= length * mean / (math.sqrt(square * scale) + least)

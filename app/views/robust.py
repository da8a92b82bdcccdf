"""The range of values that a chart shows: all of them, unless a few outliers would flatten the rest."""

from __future__ import annotations

import numpy as np

_SAMPLES = 4096


def robust_range(values: np.ndarray, log: bool = False) -> tuple[float, float] | None:
    """The range of `values` `[N]`; None if none can be drawn.

    Where the whole range is more than four times that of the middle 97 %, the few beyond (the first steps of a training, one
    spike) leave the picture and the middle gets it. Every value is on the picture of a chart with up to thirty points.
    """
    values = values[np.isfinite(values) & (values > 0)] if log else values[np.isfinite(values)]
    if not len(values):
        return None
    lo, hi = float(values.min()), float(values.max())
    if len(values) <= 30 or log:
        return lo, hi
    sample = values[:: max(1, len(values) // _SAMPLES)]
    low, high = (float(value) for value in np.quantile(sample, (0.015, 0.985)))
    if high <= low or hi - lo <= 4 * (high - low):
        return lo, hi
    room = (high - low) * 0.25
    return max(lo, low - room), min(hi, high + room)

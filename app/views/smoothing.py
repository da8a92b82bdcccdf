"""Exponential smoothing as TensorBoard draws it, debiased, in blocks: a running sum by numpy instead of a loop over points.

s_t = a·s_{t−1} + (1−a)·x_t is smoothed together with its own weight w_t = a·w_{t−1} + (1−a), and s_t / w_t is drawn: the first
points are not pulled to zero. A value that is not finite has weight 0 and stays a gap.
"""

from __future__ import annotations

import math

import numpy as np

_LARGEST = 1e60
_LONGEST = 4096


class Smoother:
    """The state of the filter, so that new points cost only themselves."""

    def __init__(self, amount: float) -> None:
        """`amount`: a in 0 … 0.999; 0 changes nothing."""
        self.amount = min(max(amount, 0.0), 0.999)
        self._sum, self._weight = 0.0, 0.0

    def feed(self, values: np.ndarray) -> np.ndarray:
        """The smoothed values `[N]` of the next `values` `[N]`."""
        if self.amount == 0.0 or not len(values):
            return values
        block = max(1, min(_LONGEST, int(math.log(_LARGEST) / -math.log(self.amount))))
        parts = [self._feed_block(values[at : at + block]) for at in range(0, len(values), block)]
        return np.concatenate(parts)

    def _feed_block(self, values: np.ndarray) -> np.ndarray:
        finite = np.isfinite(values)
        growth = self.amount ** -np.arange(1.0, len(values) + 1)
        share = (1 - self.amount) * growth
        sums = (self._sum + np.cumsum(np.where(finite, values, 0.0) * share)) / growth
        weights = (self._weight + np.cumsum(finite * share)) / growth
        self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return np.where(finite, sums / np.where(weights > 0, weights, 1.0), np.nan)

"""The leaky integrate-and-fire cell: the simplest model of a nerve cell that fires (Lapicque 1907; Gerstner et al. 2014, chapter 1).

The potential V leaks towards the value V∞ that the input pulls it to, τ dV/dt = −(V − V∞). At the threshold θ the cell fires, falls
back to rest and stays silent for a moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Cell:
    """Potentials in mV, times in ms. `spike` is what a trace shows at the moment of firing."""

    rest: float = -70.0
    threshold: float = -50.0
    spike: float = 20.0
    leak: float = 20.0
    refractory: float = 2.0
    tick: float = 0.1

    def trace(self, pulled_to: float, duration: float, onset: float = 0.0) -> Float[np.ndarray, "t"]:
        """The potential from rest, one value each `tick`.

        Args:
            pulled_to: V∞, from `onset` on; the cell rests before.
            duration: length of the trace in ms.
            onset: when the input begins, in ms.
        """
        values = np.full(round(duration / self.tick), self.rest)
        keep = math.exp(-self.tick / self.leak)  # exact, since the input is constant
        potential, silent = self.rest, 0
        for moment in range(round(onset / self.tick), len(values)):
            if silent:
                silent -= 1
                continue
            potential = pulled_to + (potential - pulled_to) * keep
            values[moment] = potential
            if potential >= self.threshold:
                values[moment] = self.spike
                potential, silent = self.rest, round(self.refractory / self.tick)
        return values

    def rate(self, pulled_to: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Spikes a second under a constant input, in closed form; 0 where it does not pull past the threshold."""
        above = np.maximum(pulled_to - self.threshold, 1e-12)
        interval = self.refractory + self.leak * np.log1p((self.threshold - self.rest) / above)
        return np.where(pulled_to > self.threshold, 1000 / interval, 0.0)

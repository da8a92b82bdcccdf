"""Where a value lies on a slider's track, and which value lies at a place: evenly spaced or by factors, always on a round number."""

from __future__ import annotations

import math
from dataclasses import dataclass

_PLACES = 200
_FACTOR_STEP = 1.05


@dataclass(frozen=True)
class Scale:
    """A slider's range. `log` spaces it by factors; `step` rounds values; `whole` makes them integers."""

    lo: float
    hi: float
    log: bool = False
    step: float = 0.0
    whole: bool = False

    def place(self, value: float) -> float:
        """The place of a value on the track, 0 … 1."""
        if self.hi <= self.lo:
            return 0.0
        if not self.log:
            at = (value - self.lo) / (self.hi - self.lo)
        elif self.lo > 0:
            at = math.log(max(value, self.lo) / self.lo) / math.log(self.hi / self.lo)
        else:  # a range by factors that begins at 0 or below: even near its start, by factors further on
            at = math.log1p(max(value - self.lo, 0.0)) / math.log1p(self.hi - self.lo)
        return min(1.0, max(0.0, at))

    def at(self, place: float) -> float:
        """The round value nearest to a place on the track; its ends are the ends of the range."""
        if place <= 0:
            return self.snapped(self.lo)
        if place >= 1:
            return self.snapped(self.hi)
        if not self.log:
            value = self.lo + place * (self.hi - self.lo)
        elif self.lo > 0:
            value = self.lo * (self.hi / self.lo) ** place
        else:
            value = self.lo + math.expm1(place * math.log1p(self.hi - self.lo))
        return self.snapped(self._rounded(value))

    def stepped(self, value: float, steps: int) -> float:
        """The value some key presses away: steps of its rounding, or of five per cent on a range by factors."""
        if self.log and value > 0:
            target = self._rounded(value * _FACTOR_STEP**steps)
            if self.snapped(target) == value:
                target = value + math.copysign(self._grain(value), steps)
        else:
            target = value + steps * self._grain(value)
        return self.snapped(self._cleaned(target))

    def snapped(self, value: float) -> float:
        """The value on its grid and inside the range."""
        if self.step > 0:
            value = self._cleaned(self.lo + round((value - self.lo) / self.step) * self.step)
        value = min(self.hi, max(self.lo, value))
        return round(value) if self.whole else float(value)

    def _rounded(self, value: float) -> float:
        """Two significant digits on a range by factors, a round fraction of the range on an even one."""
        if self.step > 0:
            return value
        if self.log and value:
            return self._cleaned(float(f"{value:.1e}"))
        return self._cleaned(round(value / self._grain(value)) * self._grain(value))

    def _grain(self, value: float) -> float:
        """The smallest change worth making by hand at a value."""
        if self.step > 0:
            return self.step
        if self.log and value:
            size = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
        else:
            rough = (self.hi - self.lo) / _PLACES or 1.0
            power = 10.0 ** math.floor(math.log10(rough))
            size = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)
        return max(1.0, float(round(size))) if self.whole else size

    @staticmethod
    def _cleaned(value: float) -> float:
        """Without the noise of binary fractions: 0.30000000000000004 → 0.3."""
        return float(f"{value:.12g}")

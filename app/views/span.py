"""The range of an axis as it follows its data: it grows ahead of the points, shrinks late, and glides instead of jumping."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.views.ticks import nice_step

_GLIDE_MS = 120.0


@dataclass(frozen=True)
class Span:
    """From `lo` to `hi` in the axis's own units; `log` places values by factors (then `lo` > 0)."""

    lo: float
    hi: float
    log: bool = False

    @property
    def low(self) -> float:
        """The lower end as it is drawn: a power of ten on a logarithmic axis."""
        return math.log10(self.lo) if self.log else self.lo

    @property
    def high(self) -> float:
        """The upper end as it is drawn."""
        return math.log10(self.hi) if self.log else self.hi

    def at(self, drawn: float) -> float:
        """The value at a drawn place."""
        return 10.0 ** min(max(drawn, -300.0), 300.0) if self.log else drawn


def round_out(lo: float, hi: float, log: bool = False, parts: int = 2) -> Span:
    """The range widened to round ends, `parts` of them for each tick, so that it changes only when the data cross one."""
    if log:
        return _round_out_log(lo, hi)
    if hi - lo <= 1e-12 * max(abs(lo), abs(hi)):
        pad = abs(lo) * 0.1 or 1.0
        lo, hi = lo - pad, hi + pad
    step = nice_step(hi - lo, 5) / parts
    return Span(math.floor(lo / step + 1e-6) * step, math.ceil(hi / step - 1e-6) * step)


def _round_out_log(lo: float, hi: float) -> Span:
    lo, hi = max(lo, 1e-300), max(hi, 1e-300)
    low, high = math.log10(lo), math.log10(hi)
    grain = 0.25 if high - low < 2 else 0.5
    low, high = math.floor(low / grain + 1e-6) * grain, math.ceil(high / grain - 1e-6) * grain
    return Span(10.0**low, 10.0 ** max(high, low + grain), log=True)


class FollowingSpan:
    """A range that follows what it is told to hold, with hysteresis, and glides there within 120 ms.

    `hold` takes the data's range; the range stays while the data fit in it and fill at least half of it. `advance` moves the
    drawn range (`now`) towards the goal. A range that the person chose (`fix`) stays until `free`.
    """

    def __init__(self, parts: int = 2) -> None:
        self.now = Span(0.0, 1.0)
        self.goal = self.now
        self.fixed = False
        self._parts = parts
        self._fresh = True
        self._from, self._elapsed = self.now, _GLIDE_MS

    @property
    def gliding(self) -> bool:
        """Whether the drawn range is still on its way."""
        return self._elapsed < _GLIDE_MS

    def reset(self) -> None:
        """Forgets the data: the next `hold` is taken at once."""
        self.fixed, self._fresh = False, True

    def hold(self, lo: float, hi: float, log: bool = False, exact: bool = False) -> None:
        """Makes room for `lo … hi` (finite, `lo` ≤ `hi`; both positive on a logarithmic axis); `exact`: no more and no less."""
        if self.fixed:
            return
        goal = self.goal
        wanted = Span(lo, hi, log) if exact and hi > lo else round_out(lo, hi, log, self._parts)
        fits = log == goal.log and goal.lo <= lo and hi <= goal.hi
        if self._fresh or exact or not fits or (wanted.high - wanted.low) < 0.55 * (goal.high - goal.low):
            self._go(wanted, glide=not self._fresh)
        self._fresh = False

    def fix(self, span: Span, glide: bool = False) -> None:
        """Takes a range that the person chose, or that the lab fixed."""
        self.fixed = True
        self._fresh = False
        self._go(span, glide)

    def free(self) -> None:
        """Follows the data again."""
        self.fixed, self._fresh = False, False
        self.goal = Span(math.nan, math.nan, self.goal.log)

    def _go(self, span: Span, glide: bool) -> None:
        if span == self.goal:
            return
        self._from, self.goal = self.now, span
        self._elapsed = 0.0 if glide and self.now.log == span.log else _GLIDE_MS
        if not self.gliding:
            self.now = span

    def advance(self, milliseconds: float) -> None:
        """Moves the drawn range on by so much time, slowing towards the end."""
        if not self.gliding:
            return
        self._elapsed += milliseconds
        share = 1 - (1 - min(self._elapsed / _GLIDE_MS, 1.0)) ** 3
        if share == 1.0:
            self.now = self.goal
            return
        lo = self._from.low + share * (self.goal.low - self._from.low)
        hi = self._from.high + share * (self.goal.high - self._from.high)
        self.now = Span(self.goal.at(lo), self.goal.at(hi), self.goal.log)

"""How fast a run goes, and how long it will still take."""

from __future__ import annotations

import math
import time
from collections import deque

_WINDOW = 3.0


class Clock:
    """Steps a second over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, step: int) -> None:
        """Notes where the run is now."""
        now = time.perf_counter()
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()

    def forget(self) -> None:
        """The run paused: what was measured before says nothing of what comes."""
        self._marks.clear()

    @property
    def rate(self) -> float:
        """Steps a second; 0 before it is known."""
        if len(self._marks) < 2:
            return 0.0
        (begun, first), (ended, last) = self._marks[0], self._marks[-1]
        return max(0.0, (last - first) / (ended - begun)) if ended > begun else 0.0

    def left(self, total: int) -> float:
        """Seconds to the end; NaN if unknown."""
        if not self._marks or self.rate == 0.0 or not total:
            return math.nan
        return max(0.0, (total - self._marks[-1][1]) / self.rate)

"""How finely a viewport draws while things move: as finely as goes in a blink, by what the last pictures cost."""

from __future__ import annotations

from typing import NamedTuple

BLINK = 0.025
"""Seconds that a picture may take while things move."""


class Level(NamedTuple):
    """A fineness: pixels for a pixel of the screen, samples along a side of a pixel, and the work in parts of PLAIN."""

    scale: float
    supersample: int
    work: float


FINE, PLAIN, COARSE = Level(1.0, 2, 3.0), Level(1.0, 1, 1.0), Level(0.5, 1, 0.4)
LEVELS = (FINE, PLAIN, COARSE)


class Pace:
    """Remembers what pictures cost."""

    def __init__(self) -> None:
        self._seconds = BLINK

    def took(self, level: Level, seconds: float) -> None:
        """A picture of this level took so long."""
        self._seconds = seconds / level.work

    def quick(self) -> Level:
        """The finest level that takes no longer than a blink."""
        return next((level for level in LEVELS if self._seconds * level.work <= BLINK), COARSE)

"""Threads that share the work of a kernel.

The kernels release the interpreter's lock, so plain threads run them side by side. They are used instead of numba's
own parallel loops for two reasons. Numba's OpenMP threads spin while they wait; next to a training process on a
small machine that costs a scheduler's time slice per loop, several a frame. And its fallback layer may not be entered
by two threads at once. Here each thread takes the next part when it is done with one, so a slow core gets fewer.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_THREADS = 8
SMALL = 2000
"""Fewer things than this are done sooner by the calling thread alone."""
PARTS = 16


class Team:
    """A few threads that help the one that draws; they start when they are first needed and end with the team."""

    def __init__(self) -> None:
        available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._count = min(available, MOST_THREADS) - 1
        self._helpers = ThreadPoolExecutor(max(1, self._count), thread_name_prefix="raster")

    def share(self, kernel: Callable[..., None], parts: int, *arguments: Any) -> None:
        """Calls `kernel(part, parts, *arguments)` for every part, several at a time, and returns when all are done.

        Args:
            kernel: releases the interpreter's lock, and writes to other places for each part.
            parts: how many.
            arguments: passed on.
        """
        turns = iter(range(parts))  # taking the next one is a single step of the interpreter: no two threads get it

        def take_turns() -> None:
            for part in turns:
                kernel(part, parts, *arguments)

        others = [self._helpers.submit(take_turns) for _ in range(min(self._count, parts - 1))]
        try:
            take_turns()
        finally:
            for other in others:
                if not other.cancel():  # one that has not begun has nothing left to do
                    other.result()

    def share_evenly(self, kernel: Callable[..., None], things: int, *arguments: Any) -> None:
        """The same for so many things of equal cost, of which each part takes a run."""
        self.share(kernel, PARTS if things >= SMALL else 1, *arguments)

"""A row of the table, and the tools that the measurements share."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figure:
    """What was measured, what should be reached, and what was; `good` compares the two."""

    what: str
    reach: str
    measured: str
    good: bool

    def row(self) -> str:
        return f"| {self.what} | {self.reach} | {self.measured} | {'yes' if self.good else 'NO'} |"


def median(measure: Callable[[], float], runs: int = 5) -> float:
    """The median of several measurements."""
    return statistics.median(measure() for _ in range(runs))


def program(*words: str, home: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A call of main.py with folders of its own."""
    environment = os.environ | {"PERCEPTION_STUDIO_HOME": str(home)}
    command = [sys.executable, str(ROOT / "main.py"), *words]
    return subprocess.run(command, check=True, text=True, capture_output=True, env=environment, **options)  # type: ignore[call-overload]  # options of run


@contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds of the block, in a list of one."""
    seconds: list[float] = []
    begun = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - begun)

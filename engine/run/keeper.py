"""When a run keeps a moment, and how many of them: a ring of snapshots, evenly spread, the first and the newest always among them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from engine.api.records import snapshot_path, snapshot_steps
from engine.run.snapshots import Snapshot, delete_snapshot, thin, write_snapshot

_SHARE = 0.03
_MOMENTS = 20


class Keeper:
    """Writes the snapshots of one run's folder.

    A moment is due after every twentieth of the run or after `every` seconds, whichever comes first, as long as writing takes no more
    than three hundredths of the time. `keep`: how many there are at most.
    """

    def __init__(self, folder: Path, keep: int = 24, every: float = 10.0) -> None:
        self.folder = folder
        self._keep = keep
        self._every = every
        self._cost = 0.0
        self._last_time = time.perf_counter()
        self._last_step: int | None = None
        self.steps = snapshot_steps(folder)

    def due(self, step: int, total: int) -> bool:
        """Whether the moment before `step` should be kept."""
        if step == self._last_step:
            return False
        if self._last_step is None:
            return step not in self.steps
        waited = time.perf_counter() - self._last_time
        if waited < self._cost / _SHARE:
            return False
        return waited >= self._every or step - self._last_step >= max(1, total // _MOMENTS)

    def save(self, snapshot: Snapshot) -> tuple[int, ...]:
        """Writes it, drops the ones that are too many, and returns the steps that are kept. Raises OSError."""
        begun = time.perf_counter()
        self._last_step, self._last_time = snapshot.step, begun  # a full disk is not tried again at every step
        write_snapshot(self.folder, snapshot)
        steps = tuple(sorted({*self.steps, snapshot.step}))
        dropped = thin(steps, self._keep)
        for step in dropped:
            delete_snapshot(self.folder, step)
        self.steps = tuple(step for step in steps if step not in dropped)
        self._last_step, self._last_time = snapshot.step, time.perf_counter()
        self._cost = max(self._cost * 0.5, self._last_time - begun)
        return self.steps

    def leave_behind(self, step: int) -> None:
        """The run goes on from `step`: later moments are put aside into `snapshots/past/`, which holds the last future that was left."""
        later = [kept for kept in self.steps if kept > step]
        if not later:
            return
        past = self.folder / "snapshots" / "past"
        shutil.rmtree(past, ignore_errors=True)
        past.mkdir()
        for kept in later:
            path = snapshot_path(self.folder, kept)
            path.with_suffix(".json").replace(past / path.with_suffix(".json").name)
            path.replace(past / path.name)
        self.steps = tuple(kept for kept in self.steps if kept <= step)

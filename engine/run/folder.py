"""The writing side of a run's folder: one process owns it, appends curves, and keeps `run.json` true."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import psutil

from engine.api.errors import RunFolderError, StudioError
from engine.api.params import to_json
from engine.api.records import POINT, REWOUND, RunRecord, snapshot_steps, write_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.api.messages import Changed

_SAME_GESTURE = 1.0


class RunFolder:
    """An open run: holds the lock, the series file and the record. Use as a context manager."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        """Locks and opens. Raises RunFolderError if another process has it open or it cannot be written."""
        self.path = path
        self.record = record
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock()
            self._names = _Appender(path / "scalars.txt", 1)
            self._points = _Appender(path / "scalars.bin", POINT.itemsize)
            self._series = {name: k for k, name in enumerate((path / "scalars.txt").read_text("utf-8").splitlines())}
            self.write_record()
        except OSError as error:
            raise RunFolderError(
                f"The run cannot be written to {path} ({error.strerror}); choose another folder."
            ) from error
        self._begun = time.monotonic() - record.seconds
        self._changed_at = 0.0

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except RunFolderError:
            if error is None:  # what went wrong first is what the person is told
                raise

    def append(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Appends points of a curve: steps `[N]`, values `[N]`. Raises OSError; the points are kept and written with the next ones."""
        if name not in self._series:
            self._series[name] = len(self._series)
            self._names.add(name.replace("\n", " ").encode() + b"\n")
        points = np.empty(len(steps), POINT)
        points["series"], points["step"], points["value"] = self._series[name], steps, values
        self.record.last[name] = float(values[-1])
        self._points.add(points.tobytes())
        self._names.write()
        self._points.write()

    def rewind(self, step: int) -> None:
        """Notes that the run went back: points of `step` and later are of the past. Raises RunFolderError."""
        self._points.add(np.array([(REWOUND, step, 0.0)], POINT).tobytes())
        try:
            self._points.write()
        except OSError as error:
            raise unwritten(self.path, error) from error

    def note_change(self, change: Changed) -> None:
        """Notes a live change; one drag of a slider is one change."""
        now, last = time.monotonic(), self.record.changes[-1] if self.record.changes else None
        if last is not None and last[1] == change.name and now - self._changed_at < _SAME_GESTURE:
            self.record.changes[-1] = (change.step, change.name, last[2], change.new)
        else:
            self.record.changes.append((change.step, change.name, to_json(change.old), to_json(change.new)))
        self._changed_at = now
        self.record.params[change.name] = change.new

    def write_record(self) -> None:
        """Brings `run.json` up to date. Raises OSError."""
        if hasattr(self, "_begun"):
            self.record.seconds = time.monotonic() - self._begun
        write_record(self.path, self.record)

    def close(self) -> None:
        """Writes what is left and lets go of the folder. Raises RunFolderError if the disk does not take it."""
        try:
            self._names.write()
            self._points.write()
            self.write_record()
        except OSError as error:
            raise unwritten(self.path, error) from error
        finally:
            self._names.close()
            self._points.close()
            (self.path / "lock").unlink(missing_ok=True)

    def _lock(self) -> None:
        """One writer at a time: a lock names its process, and a lock whose process is gone is void."""
        lock = self.path / "lock"
        mine = json.dumps({"pid": os.getpid(), "since": psutil.Process().create_time()})
        for _ in range(3):
            try:
                with lock.open("x", encoding="utf-8") as file:
                    file.write(mine)
            except FileExistsError:
                owner = _owner(lock)
                if owner is not None:
                    raise RunFolderError(
                        f"The run {self.path.name} is open in another window (process {owner}); stop it there first."
                    ) from None
                lock.unlink(missing_ok=True)
            else:
                return
        raise RunFolderError(f"The run {self.path.name} is being opened by another process; try again.")


def unwritten(path: Path, error: OSError) -> RunFolderError:
    """The sentence for a disk that takes no more."""
    return RunFolderError(
        f"The end of the run could not be written to {path} ({error.strerror}); make room there, then resume it from what was kept."
    )


@contextmanager
def removed_if_refused(path: Path) -> Iterator[None]:
    """Takes away what was put into a new or empty folder in this block, if the run was refused before it had a point of its own.

    The folder itself goes too, unless it was there before.
    """
    existed = path.exists()
    fresh = not existed or not any(path.iterdir())
    try:
        yield
    except StudioError:
        if fresh and not snapshot_steps(path) and not _has_points(path):
            shutil.rmtree(path, ignore_errors=True)
            if existed:
                path.mkdir(exist_ok=True)
        raise


def _has_points(path: Path) -> bool:
    """Whether a run has points of its own: those of the run it was forked from end with a rewind."""
    try:
        raw = (path / "scalars.bin").read_bytes()
    except OSError:
        return False
    last = np.frombuffer(raw[: len(raw) // POINT.itemsize * POINT.itemsize], POINT)[-1:]
    return bool(len(last) and last["series"][0] != REWOUND)


def _owner(lock: Path) -> int | None:
    """The living process that holds a lock, if there is one."""
    try:
        data = json.loads(lock.read_text("utf-8"))
        process = psutil.Process(int(data["pid"]))
        return process.pid if abs(process.create_time() - float(data["since"])) < 2.0 else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


class _Appender:
    """Appends whole units to a file. What a full disk cut short is cut back, kept, and tried again with the next."""

    def __init__(self, path: Path, unit: int) -> None:
        self._file = path.open("ab", buffering=0)
        self._unit = unit
        self._unwritten = b""
        size = path.stat().st_size
        if size % unit:
            self._file.truncate(size // unit * unit)

    def add(self, data: bytes) -> None:
        self._unwritten += data

    def write(self) -> None:
        start = self._file.seek(0, os.SEEK_END)
        written = self._file.write(self._unwritten) or 0
        whole = written // self._unit * self._unit
        if whole != written:
            self._file.truncate(start + whole)
        self._unwritten = self._unwritten[whole:]

    def close(self) -> None:
        self._file.close()

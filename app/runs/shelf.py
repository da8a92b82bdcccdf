"""The runs of a lab on disk: read once, read again only where a record changed, renamed, thrown away and brought back."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QFile, QStandardPaths

from engine.api.errors import RunFolderError
from engine.api.records import RunRecord, read_record, write_record

_CLOCKS_DIFFER = 2.0


@dataclass(frozen=True)
class Shelved:
    """A run's folder and its record."""

    folder: Path
    record: RunRecord


@dataclass(frozen=True)
class Thrown:
    """A run's folder that lies in the trash: where it was, and where it is."""

    was: Path
    now: Path


class Shelf:
    """Every readable run of one lab below a folder, newest first."""

    def __init__(self, root: Path, lab: str) -> None:
        self.root = root
        self.lab = lab
        self._known: dict[str, tuple[tuple[int, int], Shelved | None]] = {}

    def read(self) -> list[Shelved]:
        """The runs as they stand now. A damaged record is passed over."""
        known, self._known = self._known, {}
        with contextlib.suppress(OSError):
            for folder in self.root.iterdir():
                with contextlib.suppress(OSError):
                    status = (folder / "run.json").stat()
                    stamp = (status.st_mtime_ns, status.st_size)
                    old = known.get(folder.name)
                    found = old[1] if old is not None and old[0] == stamp else self._read(folder)
                    self._known[folder.name] = (stamp, found)
        runs = [found for _, found in self._known.values() if found is not None]
        return sorted(runs, key=lambda run: run.record.created, reverse=True)

    def _read(self, folder: Path) -> Shelved | None:
        try:
            record = read_record(folder)
        except (RunFolderError, TypeError, ValueError):
            return None
        return Shelved(folder, record) if record.lab == self.lab else None


def is_open(folder: Path) -> bool:
    """Whether a living process, in whichever window, has the run open."""
    try:
        lock = json.loads((folder / "lock").read_text("utf-8"))
        process = psutil.Process(int(lock["pid"]))
        return bool(abs(process.create_time() - float(lock["since"])) < _CLOCKS_DIFFER)
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return False


def rename(folder: Path, title: str) -> None:
    """Writes what the person calls a run that no worker has open. Raises RunFolderError."""
    record = read_record(folder)
    record.title = title
    try:
        write_record(folder, record)
    except OSError as error:
        raise RunFolderError(f"The run's name could not be written ({error.strerror}).") from error


def throw_away(folder: Path) -> Thrown:
    """Moves a run to the system's trash. Raises RunFolderError where there is none: nothing is ever deleted for good."""
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with contextlib.suppress(OSError):
        Path(home).mkdir(parents=True, exist_ok=True)  # Qt makes the trash in it, but not the folder itself
    thing = QFile(str(folder))
    if not thing.moveToTrash():
        raise RunFolderError(
            f"{folder.name} could not be moved to the trash ({thing.errorString()}); nothing was deleted."
        )
    return Thrown(folder, Path(thing.fileName()))


def bring_back(thrown: Thrown) -> None:
    """Takes a run out of the trash again. Raises RunFolderError if it is not there any more."""
    try:
        shutil.move(thrown.now, thrown.was)
    except OSError as error:
        raise RunFolderError(f"{thrown.was.name} is not in the trash any more.") from error
    with contextlib.suppress(OSError):
        (thrown.now.parent.parent / "info" / f"{thrown.now.name}.trashinfo").unlink()

"""The newest runs below a folder, read without opening all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.errors import RunFolderError
from engine.api.records import RunRecord, read_record
from engine.api.words import ago, number, plural

if TYPE_CHECKING:
    from app.library import Library

_COLOURS = {"finished": "good", "failed": "bad", "running": "live", "paused": "live", "stopped": "dim"}


@dataclass(frozen=True)
class PastRun:
    """A run's folder and what its record says."""

    folder: Path
    title: str
    record: RunRecord

    @property
    def note(self) -> str:
        """How far it came, and the last value of its first curve."""
        words = [plural(self.record.step, "step")]
        for name, value in list(self.record.last.items())[:1]:
            words.append(f"{name.rpartition('/')[2]} {number(value)}")
        return " · ".join(words)

    @property
    def when(self) -> str:
        """How long ago it began."""
        return ago(max(0.0, time.time() - self.record.created))

    @property
    def colour(self) -> str:
        """The named colour of its state."""
        return _COLOURS.get(self.record.state, "dim")


def recent_runs(root: Path, library: Library, count: int) -> list[PastRun]:
    """The newest `count` readable runs below `root` of labs that still exist; folder names begin with their time."""
    found: list[PastRun] = []
    try:
        folders = sorted((path for path in root.iterdir() if path.is_dir()), reverse=True)
    except OSError:
        return []
    for folder in folders:
        if len(found) == count:
            break
        try:
            record = read_record(folder)
        except (RunFolderError, TypeError, ValueError):
            continue
        info = library.find(record.lab)
        if info is not None and not info.broken:
            found.append(PastRun(folder, record.title or info.title, record))
    return found

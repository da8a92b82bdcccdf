"""The labs that there are, as the window learns them: from the cache at once, else from a child process a moment later."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from app.benches.table import benches_of, topic_page
from engine.api.catalogue import LABS, ROOT, read_cached
from engine.api.lab import TOPICS, LabInfo, Topic, info_from_json

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_MS = 90_000


class Library(QObject):
    """Every lab, in the course's order. `arrived` tells that `labs` is filled, `failed` that it could not be."""

    arrived = Signal()
    failed = Signal(str, str)  # a sentence, details

    def __init__(self, cache: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self.labs: tuple[LabInfo, ...] = ()
        self.known = False
        self._process: QProcess | None = None
        self._limit = QTimer(self, singleShot=True, interval=_LONGEST_MS)
        self._limit.timeout.connect(self._give_up)

    def read(self) -> None:
        """Fills `labs` from the cache, or starts the child process that makes the list anew."""
        cached = read_cached(self._cache)
        if cached is not None:
            self._take(cached)
            return
        self._process = QProcess(self)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._break)
        self._process.start(sys.executable, [str(ROOT / "main.py"), "labs", "--json"])
        self._limit.start()

    def close(self) -> None:
        """Ends the child process, if one is at work."""
        self._limit.stop()
        process, self._process = self._process, None
        if process is not None and process.state() != QProcess.ProcessState.NotRunning:
            process.kill()
            process.waitForFinished(2000)

    def find(self, lab: str) -> LabInfo | None:
        """The lab of that id, None if there is none."""
        return next((info for info in self.labs if info.id == lab), None)

    def topics(self) -> tuple[Topic, ...]:
        """The topics that have a lab, in the course's order; before the labs are read, those that have a lab's file."""
        there = (
            {info.topic for info in self.labs} if self.known else {path.parent.name for path in LABS.glob("*/[!_]*.py")}
        )
        return tuple(topic for topic in TOPICS if topic.id in there)

    def labs_of(self, topic: str) -> tuple[LabInfo, ...]:
        """The labs of a topic, in order."""
        return tuple(info for info in self.labs if info.topic == topic)

    def pages(self) -> tuple[str, ...]:
        """The name of every page that can be opened."""
        working = (info.id for info in self.labs if not info.broken)
        return (
            "start",
            *(bench.id for bench in benches_of(self)),
            *(topic_page(topic.id) for topic in self.topics()),
            *working,
        )

    def _take(self, labs: tuple[LabInfo, ...]) -> None:
        self.labs = labs
        self.known = True
        self.arrived.emit()

    def _finish(self, code: int) -> None:
        self._limit.stop()
        process, self._process = self._process, None
        if process is None:
            return
        output = bytes(process.readAllStandardOutput().data())
        errors = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        process.deleteLater()
        try:
            if code != 0:
                raise ValueError
            self._take(tuple(info_from_json(entry) for entry in json.loads(output)["labs"]))
        except (ValueError, KeyError, TypeError):
            self.failed.emit("The list of labs could not be made; “main.py labs” in a terminal tells more.", errors)

    def _break(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._finish(1)

    def _give_up(self) -> None:
        if self._process is not None:
            self._process.kill()

"""A capture as the window follows it: a process of its own takes an order and tells events, one line of JSON each.

COLMAP's workers may abort, and a cancelled capture must end at once: that is why it is a process, and why the window speaks to it directly.
What it found lies in its folder; the same order given again goes on from there.
"""

from __future__ import annotations

import base64
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QProcess, QThread, QTimer, Signal

from app.notify import ROOT
from engine.api.frames import Points
from engine.api.words import duration

STAGES = {
    "FRAMES": "Choosing frames",
    "FEATURES": "Finding features",
    "PAIRS": "Looking for pairs",
    "MATCHES": "Matching",
    "MAPPING": "Placing cameras",
    "PHOTOS": "Taking out distortion",
}
COMMAND = (sys.executable, "-m", "engine.capture.child")
CLOUD = "scene/points"
_PATIENCE_MS = 1000
_UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""From a world whose y points down to one whose z points up: the first camera is level, as far as one knows."""


@dataclass(frozen=True)
class CaptureOrder:
    """What is asked of a capture.

    `source`: a folder of photos or a video. `out`: the capture's folder. `photo_side`: pixels of the photos to learn from, at most.
    `frames`: how many are taken of a video. `masks`: a folder of masks that do not lie beside the photos.
    """

    source: Path
    out: Path
    photo_side: int = 1600
    frames: int = 60
    masks: Path | None = None

    def to_json(self) -> str:
        """As the process takes it."""
        fields: dict[str, Any] = {
            name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()
        }
        return json.dumps(fields | {"threads": max(1, QThread.idealThreadCount())})


@dataclass(frozen=True)
class Advance:
    """How far a capture is: stage `index` of `len(STAGES)`, `done` of `total` in it, seconds left in it (NaN: unknown)."""

    title: str
    index: int
    done: int
    total: int
    left: float

    @property
    def share(self) -> float:
        """Of the whole, each stage counting alike."""
        return (self.index + self.done / max(1, self.total)) / len(STAGES)

    @property
    def words(self) -> str:
        """As a person reads it."""
        of = f" {self.done:,} of {self.total:,}" if self.total else ""
        left = f" · {duration(self.left)} left" if math.isfinite(self.left) and self.done else ""
        return f"{self.title}{of}{left}"


class Capturing(QObject):
    """`advanced(Advance)`; `placed(Points)`: the cloud so far; `told(sentence)`; `ended(well, sentence)`: "" if it was cancelled."""

    advanced = Signal(object)
    placed = Signal(object)
    told = Signal(str)
    ended = Signal(bool, str)

    def __init__(self, parent: QObject | None = None, command: tuple[str, ...] = COMMAND) -> None:
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._said: tuple[bool, str] | None = None
        self.order: CaptureOrder | None = None

    @property
    def running(self) -> bool:
        """Whether a capture is under way."""
        return self._process is not None

    def start(self, order: CaptureOrder) -> None:
        """Begins, or goes on with what was broken off."""
        if self.running:
            return
        try:
            order.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.ended.emit(False, f"{order.out} cannot be written ({error.strerror}); make room there.")
            return
        self.order, self._said = order, None
        process = self._process = QProcess(self)
        process.setWorkingDirectory(str(ROOT))
        process.setStandardErrorFile(str(order.out / "capture.log"))
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finish)
        process.errorOccurred.connect(self._fail_to_start)
        process.start(self._command[0], list(self._command[1:]))
        process.write(order.to_json().encode() + b"\n")

    def cancel(self) -> None:
        """Ends it; what was found is kept. A closed standard input is the sign to stop, a kill the remedy."""
        process = self._process
        if process is not None:
            self._said = self._said or (False, "")
            process.closeWriteChannel()
            QTimer.singleShot(_PATIENCE_MS, process, process.kill)

    def close(self) -> None:
        """Ends it now."""
        process, self._process = self._process, None
        if process is not None:
            process.disconnect(self)
            process.kill()
            process.waitForFinished(_PATIENCE_MS)

    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            try:
                self._hear(json.loads(bytes(process.readLine().data())))
            except (ValueError, KeyError, TypeError):
                continue  # a line that is no event

    def _hear(self, said: dict[str, Any]) -> None:
        match said["event"]:
            case "Progress":
                names = list(STAGES)
                title, left = STAGES[said["stage"]], float(said["left"])
                self.advanced.emit(
                    Advance(title, names.index(said["stage"]), int(said["done"]), int(said["total"]), left)
                )
            case "Placed":
                self.placed.emit(cloud_of(said))
            case "Told":
                self.told.emit(str(said["sentence"]))
            case "Failed":
                self._said = (False, str(said["sentence"]))
            case "Finished":
                self._said = (True, f"{said['registered']} of {said['images']} photos are placed.")

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._said = (False, "The capture could not be started; run main.py doctor to see what is missing.")
            self._finish()

    def _finish(self, *_: object) -> None:
        if self._process is None:
            return
        self._read()
        process, self._process = self._process, None
        process.deleteLater()
        log = self.order.out / "capture.log" if self.order is not None else "its log"
        lost = f"The capture ended unexpectedly; what it found is kept, so start it again, or see {log} for the reason."
        self.ended.emit(*(self._said or (False, lost)))


def cloud_of(said: dict[str, Any]) -> Points:
    """The points of an event, upright. Raises ValueError, KeyError."""
    points = np.frombuffer(base64.b64decode(said["points"]), np.float32).reshape(-1, 3)
    colours = np.frombuffer(base64.b64decode(said["colours"]), np.uint8).reshape(-1, 3)
    if len(points) != len(colours):
        raise ValueError("every point has a colour")
    return Points(
        CLOUD, points @ _UPRIGHT.T.astype(np.float32), colours, size=2.5, note=f"{len(said['names'])} cameras"
    )

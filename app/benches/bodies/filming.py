"""Films of the scene: a run of the lab `bodies.film` in a worker of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.runs import Conductor
from engine.api.body_scenes import scene_to_text
from engine.api.words import duration

if TYPE_CHECKING:
    from app.runs import Host, LiveRun
    from engine.api.body_scenes import BodyScene
    from engine.api.lab import LabInfo
    from engine.api.messages import Ended

FPS = 30


class Filming(QObject):
    """`told(words)`: how far it is; `written(path, sentence)`; `refused(sentence)`."""

    told = Signal(str)
    written = Signal(object, str)
    refused = Signal(str)

    def __init__(self, info: LabInfo, host: Host, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.conductor = Conductor(info, host, runs, self)
        self.conductor.added.connect(self._wire)
        self._out = Path()

    def start(self, scene: BodyScene, turns: float, out: Path, size: str = "1280 × 720") -> None:
        """Films the whole time line; `turns`: how often the eye goes around meanwhile."""
        self._out = out
        moves = any(actor.keys or actor.sequence for actor in scene.actors)
        seconds = scene.seconds if moves or not turns else 6.0
        self.told.emit(f"filming {out.name} …")
        self.conductor.start(
            {
                "scene": scene_to_text(scene),
                "turns": turns,
                "out": str(out),
                "size": size,
                "fps": FPS,
                "steps": max(2, round(seconds * FPS)),
            }
        )

    def cancel(self) -> None:
        """Gives the film up, if one is made; nothing of it is left."""
        self.conductor.stop()

    def close(self) -> None:
        """Ends the worker."""
        self.conductor.close()

    def _wire(self, run: LiveRun) -> None:
        run.stood.connect(self._tell)
        run.ended.connect(self._end)
        run.lost.connect(lambda _, sentence: self.refused.emit(sentence))

    def _tell(self, run: LiveRun) -> None:
        if run.phase == "running" and run.total:
            self.told.emit(f"filming: {run.at} of {run.total} pictures, {duration(run.left)} left")
        if run.phase == "exploring" and run.session is not None:
            run.session.stop()  # all pictures are taken: the worker may leave

    def _end(self, run: LiveRun, ended: Ended) -> None:
        if run.total > 0 and run.at >= run.total and ended.phase != "failed":
            self.written.emit(self._out, f"The film is {self._out.name}, {run.total} pictures.")
            self.told.emit(f"{self._out.name} is written")
        else:
            self.refused.emit(ended.summary or "The film was given up; nothing of it is left.")

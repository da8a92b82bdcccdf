"""The scene on the workbench: a run of the lab `radiance.viewer`, whose parameters are the file and the list of edits.

The list is the state, so that undo is one edit fewer and redo one more, without limit; the worker applies it and sends the scene.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.runs import Conductor
from engine.api.frames import Splats, Table, Text, view_of
from engine.api.share import Experiment, command_line
from engine.api.splat_edits import Edit, edits_to_text

if TYPE_CHECKING:
    from app.runs import Host, LiveRun
    from app.runs.live_run import LiveRun as Run
    from engine.api.lab import LabInfo
    from engine.api.messages import Ended

VIEWS = ("scene", "facts", "export")


class SceneDesk(QObject):
    """Opens a file, and keeps the list of edits."""

    scene = Signal(object)  # Splats
    facts = Signal(object)  # Table
    reported = Signal(str)  # Markdown: what became of an export
    edited = Signal()  # the list has changed
    busy = Signal(bool)
    told = Signal(str)  # a sentence for the person
    failed = Signal(str, str)  # a sentence, details

    def __init__(self, info: LabInfo, host: Host, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self.conductor = Conductor(info, host, runs, self)
        self.file, self.up = "", "-y"
        self.edits: tuple[Edit, ...] = ()
        self.undone: tuple[Edit, ...] = ()
        self._saved = 0
        self._begun = False
        self.conductor.added.connect(self._wire)
        self.conductor.refused.connect(self.told)
        self.conductor.watch(VIEWS)

    @property
    def is_open(self) -> bool:
        """Whether a scene was asked for."""
        return self._begun

    def open(self, file: str, up: str = "-y") -> None:
        """Opens a scene; "" is the knot that is made on the spot."""
        self.file, self.up, self._saved, self._begun = file, up, 0, True
        self.edits = self.undone = ()
        self.edited.emit()
        self.busy.emit(True)
        self.conductor.start({"file": file, "up": up, "edits": ""})

    def turn_up(self, up: str) -> None:
        """Opens the same scene by another of its axes upright; its edits do not fit any more and are let go."""
        if up != self.up:
            self.open(self.file, up)

    def do(self, edit: Edit) -> None:
        """One more edit."""
        self._take((*self.edits, edit), ())

    def undo(self) -> None:
        """One edit fewer."""
        if self.edits:
            self._take(self.edits[:-1], (self.edits[-1], *self.undone))

    def redo(self) -> None:
        """One edit more, of those that were undone."""
        if self.undone:
            self._take((*self.edits, self.undone[0]), self.undone[1:])

    def go_to(self, count: int) -> None:
        """To the first `count` edits of all, done or undone."""
        every = (*self.edits, *self.undone)
        self._take(every[:count], every[count:])

    def save(self, path: Path) -> None:
        """Exports the scene; the report comes by `reported`."""
        self._saved += 1
        self.busy.emit(True)
        self._change("save_as", str(path))
        self._change("save", self._saved)

    def command(self) -> str:
        """The command line that opens the same scene with the same edits."""
        given = {"file": self.file, "up": self.up, "edits": edits_to_text(self.edits)}
        usual = {entry.name: entry.default for entry in self.info.fields}
        return command_line(
            self.info.fields, Experiment(self.info.id, {k: v for k, v in given.items() if v != usual[k]})
        )

    def close(self) -> None:
        """Ends the worker."""
        self.conductor.close()

    def _take(self, edits: tuple[Edit, ...], undone: tuple[Edit, ...]) -> None:
        self.edits, self.undone = edits, undone
        self.edited.emit()
        self.busy.emit(True)
        self._change("edits", edits_to_text(edits))

    def _change(self, name: str, value: Any) -> None:
        run = self.conductor.front
        if run is not None and run.live and run.session is not None:
            run.session.change(name, value)

    def _wire(self, run: Run) -> None:
        run.shown.connect(self._show)
        run.warned.connect(lambda _, text: self.told.emit(text))
        run.ended.connect(self._end)
        run.lost.connect(partial(self._lose))

    def _show(self, run: LiveRun, frame: Any, _step: int) -> None:
        if run is not self.conductor.front:
            return
        match frame:
            case Splats():
                self.busy.emit(False)
                self.scene.emit(frame)
            case Table():
                self.facts.emit(frame)
            case Text() if view_of(frame.name) == "export" and self._saved:
                self.busy.emit(False)
                self.reported.emit(frame.markdown)

    def _end(self, run: LiveRun, ended: Ended) -> None:
        self.busy.emit(False)
        if ended.phase == "failed" and run is self.conductor.front:
            self.failed.emit(ended.summary or "The scene could not be opened.", ended.details)

    def _lose(self, run: LiveRun, sentence: str) -> None:
        self.busy.emit(False)
        self.failed.emit(f"{sentence} Open the scene again.", "")

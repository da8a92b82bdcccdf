"""What can be done with the runs in the table: draw, name, copy, reveal, throw away and bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.notify import notify
from app.runs.shelf import Thrown, bring_back, rename, throw_away
from app.topics.parameters import changed_from_usual
from app.topics.run_words import run_name
from engine.api.errors import StudioError
from engine.api.records import read_record
from engine.api.share import Experiment, command_line, share_string
from engine.api.words import plural

if TYPE_CHECKING:
    from pathlib import Path

    from app.runs import Conductor
    from app.topics.curve_board import CurveBoard
    from app.topics.runs_dock import RunsDock
    from engine.api.lab import LabInfo


class RunsDesk(QObject):
    """Serves the table. `drawn`: other runs are drawn in the charts than before."""

    drawn = Signal()

    def __init__(self, info: LabInfo, dock: RunsDock, board: CurveBoard, conductor: Conductor, parent: QObject) -> None:
        super().__init__(parent)
        self.ticked: set[str] = set()
        self._info = info
        self._dock = dock
        self._board = board
        self._conductor = conductor
        dock.model.ticked.connect(self.tick)
        dock.model.renamed.connect(self.rename)
        dock.reveal_wanted.connect(self.reveal)
        dock.command_wanted.connect(self.copy_command)
        dock.share_wanted.connect(self.copy_share)
        dock.delete_wanted.connect(self.throw_away)

    def tick(self, folder: Path, whether: bool) -> None:
        """Draws a run's curves over the others, or takes them away; the run in front is always drawn."""
        name = folder.name
        if whether:
            self.ticked.add(name)
            if name not in self._board.colours:
                self._board.load(name, self.label(folder), folder)
        else:
            self.ticked.discard(name)
            if name != self._board.front:
                self._board.hide(name)
        self.drawn.emit()

    def label(self, folder: Path) -> str:
        """What a run is called in a legend."""
        row = self._dock.model.row_of(folder.name)
        if row >= 0:
            return self._dock.model.name_of(self._dock.model.rows[row])
        try:
            return run_name(self._info, read_record(folder))
        except StudioError:
            return "this run"

    def rename(self, folder: Path, title: str) -> None:
        """Writes another name into the run's record: its worker does while it has one."""
        run = self._conductor.runs.get(folder.name)
        try:
            if run is not None and run.live and run.session is not None:
                run.session.rename(title)
            else:
                rename(folder, title)
        except StudioError as error:
            notify(str(error))
        if folder.name in self._board.colours:
            self._board.show(folder.name, title)

    def reveal(self, folder: Path) -> None:
        """Opens the folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            notify(f"No file manager answered; the run lies in {folder}.", "info")

    def experiment(self, folder: Path) -> Experiment:
        """The run's lab, parameters and seed. Raises RunFolderError."""
        record = read_record(folder)
        return Experiment(self._info.id, changed_from_usual(self._info, record.params), record.seed)

    def copy_command(self, folder: Path) -> None:
        """Copies the line that repeats the run."""
        try:
            text = command_line(self._info.fields, self.experiment(folder))
        except StudioError as error:
            notify(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        notify("The command is in the clipboard.", "good")

    def copy_share(self, folder: Path) -> None:
        """Copies the string that reopens the experiment elsewhere."""
        try:
            text = share_string(self.experiment(folder))
        except StudioError as error:
            notify(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        notify("The share string is in the clipboard.", "good")

    def throw_away(self, folders: list[Path]) -> None:
        """Moves runs to the trash, with a way back; one that lives is kept."""
        thrown: list[Thrown] = []
        for folder in folders:
            run = self._conductor.runs.get(folder.name)
            if run is not None and run.live:
                notify("A run that lives cannot be thrown away; stop it first.", "info")
                continue
            try:
                thrown.append(throw_away(folder))
            except StudioError as error:
                notify(str(error))
                break
            self._conductor.forget(folder)
            self.ticked.discard(folder.name)
            self._board.hide(folder.name)
        self._dock.refresh()
        self.drawn.emit()
        if thrown:
            text = f"{plural(len(thrown), 'run')} moved to the trash."
            notify(text, "info", action="Undo", act=lambda: self.bring_back(thrown))

    def bring_back(self, thrown: list[Thrown]) -> None:
        """Takes runs out of the trash again."""
        for one in thrown:
            try:
                bring_back(one)
            except StudioError as error:
                notify(str(error))
        self._dock.refresh()

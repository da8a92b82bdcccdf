"""Training on the workbench: the lab `radiance.splats` as its own page runs it, its parts at the places of the workbench.

The lab's page is never shown; its run bar, charts and controls stand in the workbench, and what it sends of the scene goes to the viewport.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from app.benches.splats.capture_files import title_of
from app.benches.splats.comparing import close_up_of
from app.benches.splats.shots import shots_of
from app.notify import notify
from app.theme import icon
from app.topics.page import LabPage
from engine.api.frames import Cameras, Picture, Points, Splats, Table, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from app.places import Places
    from app.runs import Host, LiveRun
    from app.settings import Settings
    from engine.api.lab import LabInfo

LAB = "radiance.splats"
OWN_SCENE = "three bodies"
SHIPS: dict[str, Any] = {"data": "still life", "budget": 40_000, "degree": 1, "steps": 3000, "scale": 0.5}
"""What the scene that ships is trained with."""
LOOK_MS = 20
"""The lab's page, which nobody sees, lets all views rest when they are rearranged; so much later they are looked at again."""
CHARTS = ("psnr",)
WATCHED = ("scene", "views", "psnr", "loss", "count", "picture", "forecast")


class TrainingPanel(QWidget):
    """The tab Train, and what its run tells.

    `begun()`: another run is in front; `scene(Splats)`: how far it is; `photos(tuple of Shot)`; `views(Table)`: held-out photos, worst
    first; `close_up(CloseUp)`: a photo beside the scene; `edit_wanted(snapshot)`.
    """

    begun = Signal()
    scene = Signal(object)
    photos = Signal(object)
    points = Signal(object)
    views = Signal(object)
    close_up = Signal(object)
    edit_wanted = Signal(object)
    stood = Signal()
    running_changed = Signal(bool)

    def __init__(
        self, info: LabInfo, host: Host, places: Places, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.lab = LabPage(info, host, places, settings)
        self.destroyed.connect(self.lab.deleteLater)  # it has no parent: a child would be shown with this tab
        self.bar = self.lab.parts.bar
        self._look_soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._look_soon.timeout.connect(self._look_again)
        self._wanted = False
        self._cameras: Cameras | None = None
        self._ranked: list[str] = []
        self.edit = QPushButton(icon("scissors"), "Edit what was trained")
        self.edit.setToolTip("Opens the newest moment of this run in the tab Edit; training may go on")
        self.edit.setEnabled(False)
        self.memory = QLabel()
        self._lay_out()
        self.lab.parts.grid.rearranged.connect(self._look_soon.start)
        self.lab.conductor.added.connect(self._wire)
        self.lab.conductor.fronted.connect(self._begin)
        self.lab.running_changed.connect(self.running_changed)
        self.edit.clicked.connect(self._ask_edit)

    def start_own(self) -> None:
        """Trains the scene that ships."""
        parameters = self.lab.parts.parameters
        names = next(entry.control for entry in self.lab.info.fields if entry.name == "data").names  # type: ignore[attr-defined]
        ships = SHIPS["data"] in names
        for name, value in SHIPS.items() if ships else ():
            parameters.person_sets(name, value)
        if not ships:
            parameters.person_sets("data", OWN_SCENE)
        self.lab.start()
        self.watch(True)

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Takes photos to train from; whether it did. Raises DataError."""
        return self.lab.accept_drop(paths)

    def start_from(self, folder: Path) -> None:
        """Trains from posed photos."""
        self.lab.parts.parameters.person_sets("data", str(folder))
        self.lab.start()
        self.watch(True)

    @property
    def data_name(self) -> str:
        """What is learnt, in a word or two; "" before a run."""
        run = self.lab.conductor.front
        given = str(run.params.get("data", "")) if run is not None else ""
        return title_of(Path(given)) if given else ""

    def learns_from(self, folder: Path | None) -> bool:
        """Whether the run in front learns from this capture."""
        run = self.lab.conductor.front
        return folder is not None and run is not None and run.params.get("data") == str(folder)

    def read_again(self) -> None:
        """The run reads its photos and masks again: it keeps this moment, and goes on from it."""
        run, conductor = self.lab.conductor.front, self.lab.conductor
        if run is None:
            return
        session = run.session if run.live else None
        if session is None:
            conductor.take_up(run)
            return

        def go_on(_: object) -> None:
            session.saved.disconnect(go_on)
            conductor.take_up(run)

        session.saved.connect(go_on)
        session.save()

    def choose_photo(self, name: str) -> None:
        """Asks the run for this photo beside the scene."""
        parameters, cameras = self.lab.parts.parameters, self._cameras
        if cameras is not None and cameras.edits and name in cameras.names:
            parameters.person_sets(cameras.edits, (float(cameras.names.index(name)),))
        elif name in self._ranked:
            parameters.person_sets("row", (float(self._ranked.index(name)),))

    def watch(self, on: bool) -> None:
        """Whether anybody looks."""
        self.lab.conductor.watch(WATCHED if on else ())

    def close_session(self) -> None:
        """Ends what runs; it is kept and can be resumed."""
        self.lab.close_session()

    def showEvent(self, event: QShowEvent) -> None:
        """Its scene is computed again."""
        super().showEvent(event)
        self.watch(True)
        self._look_soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.watch(False)

    # Inside ------------------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        parts = self.lab.parts
        for name in parts.grid.panels:
            if name not in CHARTS:
                parts.grid.close_view(name)
        for name in CHARTS:
            parts.grid.open(name)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 0, 0, 8)
        below.setSpacing(0)
        below.addWidget(parts.side.controls, 1)
        self.memory.setProperty("role", "small")
        self.memory.setWordWrap(True)
        self.memory.setContentsMargins(16, 0, 16, 4)
        self.memory.hide()
        below.addWidget(self.memory)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.edit)
        below.addLayout(row)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setProperty("role", "seam")
        split.setChildrenCollapsible(False)
        split.addWidget(parts.grid)
        split.addWidget(lower)
        split.setSizes([240, 560])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        parts.grid.show()
        parts.side.controls.show()

    def _look_again(self) -> None:
        """The charts have changed places; a view that the lab did not declare stands elsewhere on the workbench."""
        grid, declared = self.lab.parts.grid, {view.name for view in self.lab.info.views}
        for name in [name for name in grid.panels if name not in declared | grid.closed]:
            grid.close_view(name)
        self.watch(self.isVisible())

    def _wire(self, run: LiveRun) -> None:
        run.shown.connect(self._show)
        run.stood.connect(self._stand)

    def _begin(self, run: LiveRun | None) -> None:
        self._cameras, self._ranked = None, []
        self.begun.emit()
        self._stand(run)

    def _show(self, run: LiveRun, frame: Any, _step: int) -> None:
        if run is not self.lab.conductor.front:
            return
        match frame:
            case Splats():
                self.scene.emit(frame)
            case Points():
                self.points.emit(frame)
            case Cameras():
                self._cameras = frame
                self.photos.emit(shots_of(frame))
            case Picture():
                found = close_up_of(frame)
                if found is not None:
                    self.close_up.emit(found)
            case Text() if frame.name == "forecast":
                self.memory.setText(frame.markdown)
                self.memory.show()
            case Table() if frame.name == "views":
                self._ranked = [str(row[0]) for row in frame.rows]
                self.views.emit(frame)

    def _stand(self, run: LiveRun | None) -> None:
        if run is not self.lab.conductor.front:
            return
        self.stood.emit()
        self.edit.setEnabled(run is not None and (run.live or bool(run.moments)))
        if run is not None and self._wanted and run.moments:
            self._wanted = False
            self._give(run)

    def _give(self, run: LiveRun) -> None:
        if run.newest is not None:
            self.edit_wanted.emit(run.newest)

    def _ask_edit(self) -> None:
        run = self.lab.conductor.front
        if run is None:
            return
        if run.live and run.session is not None:
            self._wanted = True
            run.session.save()
            notify("The scene opens as soon as this moment is kept.", "info")
        elif run.moments:
            self._give(run)

"""The workbench's page: rail, scene, dock, and what joins them to the run that holds the scene."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.benches.splats.choosing import Choosing
from app.benches.splats.deeds import SceneDeeds
from app.benches.splats.desk import SceneDesk
from app.benches.splats.edit_panel import EditPanel
from app.benches.splats.film_panel import Filming, FilmPanel
from app.benches.splats.learning import Learning
from app.benches.splats.page_actions import BenchActions
from app.benches.splats.page_layout import lay_out, make_dock
from app.benches.splats.rail import SceneRail
from app.benches.splats.scene_files import SUFFIXES
from app.benches.splats.sheets import EmptySheet, SceneBar
from app.benches.splats.training import LAB as TRAINER
from app.benches.splats.viewport import SceneViewport
from app.notes.view import NotesView
from app.notify import notify
from engine.api.catalogue import find_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction, QHideEvent, QShowEvent

    from app.library import Library
    from app.places import Places
    from app.runs import Host
    from app.settings import Settings
    from engine.api.frames import Splats, Table


class SplatsPage(QWidget):
    """The workbench."""

    title_changed = Signal(str)
    status = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, library: Library, host: Host, places: Places, settings: Settings) -> None:
        super().__init__()
        self._host = host
        info = find_lab(library.labs, "radiance.viewer")
        self.desk = SceneDesk(info, host, places.cache / "viewing", self)
        self.choosing = Choosing(self)
        self.rail, self.viewport = SceneRail(), SceneViewport(self.choosing)
        self.deeds = SceneDeeds(self.desk, self.viewport, self)
        self.edit, self.notes = EditPanel(), NotesView()
        self.notes.set_lab(info)
        self.filming = Filming(find_lab(library.labs, "radiance.film"), host, places.cache / "films", self)
        self.film = FilmPanel(self.desk, self.viewport, self.filming)
        trainer = library.find(TRAINER)
        able = trainer is not None and not trainer.broken
        self.learning = Learning(trainer, host, places, settings, self.viewport, self) if trainer and able else None
        self.bar, self.empty = SceneBar(), EmptySheet(learns=self.learning is not None)
        self._opened: Splats | None = None
        self._facts: Table | None = None
        self._source: object = None
        self.stack = QStackedWidget()
        self._lay_out()
        self._acts = BenchActions(self, self.deeds, self.film.add_key)
        self._connect()
        self._connect_learning()
        self._follow_tab()
        self._show_edits()

    # What the window asks ----------------------------------------------------------------------------------------------------

    def actions(self) -> list[QAction]:
        """What can be done here, for the menu, the palette and the table of keys."""
        return list(self._acts.of.values())

    def command(self) -> str:
        """The command line that opens this scene with these edits."""
        return self.desk.command()

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Opens a scene; whether it did."""
        scene = next((path for path in paths if path.suffix.lower() in SUFFIXES and path.is_file()), None)
        if scene is not None:
            self.dock.setCurrentWidget(self.edit)
            self.open(scene)
            return True
        return self.learning is not None and self.learning.accept_drop(paths)

    def close_session(self) -> None:
        """Ends the workers."""
        self.desk.close()
        if self.learning is not None:
            self.learning.close_session()
        self.filming.close()

    def open(self, path: Path | None) -> None:
        """Opens a scene; None is the knot."""
        self._opened, self._source = None, self.desk
        self.viewport.begin()
        self.stack.setCurrentWidget(self.viewport)
        self.desk.open(str(path) if path is not None else "", self.desk.up)
        title = path.stem.removesuffix(".compressed") if path is not None else "A knot of Gaussians"
        self.bar.title.setText(title)
        self.title_changed.emit(title)

    @property
    def trains(self) -> bool:
        """Whether the tab Train is in front."""
        return self.learning is not None and self.dock.currentWidget() is self.learning.training

    @property
    def learns(self) -> bool:
        """Whether what is learnt is looked at: the tab Train or Capture is in front."""
        learning = self.learning
        return learning is not None and self.dock.currentWidget() in (learning.training, learning.capture)

    def show_tab(self, name: str) -> None:
        """Brings a tab of the dock to the front."""
        for index in range(self.dock.count()):
            if self.dock.tabText(index).lower() == name:
                self.dock.setCurrentIndex(index)

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited."""
        return self.learns or not self.desk.is_open or self.choosing.cloud is not None

    # How it is made -------------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.viewport)
        tabs: list[tuple[str, QWidget]] = [("Edit", self.edit), ("Film", self.film), ("Notes", self.notes)]
        middle: list[QWidget] = [self.bar, self.stack]
        if self.learning is not None:
            tabs[:0] = self.learning.tabs
            middle = [self.bar, self.learning.training.bar, self.stack, self.learning.strip]
            self.stack.addWidget(self.learning.masks)
        self.dock = make_dock(tabs)
        lay_out(self, self.rail, middle, self.stack, self.dock)

    def _connect(self) -> None:
        desk, view, edit, deeds = self.desk, self.viewport, self.edit, self.deeds
        for signal, act in (
            (desk.scene, self._show_scene),
            (desk.facts, self._take_facts),
            (desk.edited, self._show_edits),
            (desk.reported, self._show_report),
            (desk.busy, lambda on: self.status.emit("working …" if on else "ready")),
            (desk.told, lambda text: notify(text, "info")),
            (desk.failed, self._fail),
            (deeds.open_wanted, self.open),
            (deeds.exporting, lambda name: self.status.emit(f"exporting {name} …")),
            (deeds.measured_used, lambda: edit.show_length(0.0)),
            (self.choosing.changed, self._show_chosen),
            (self.rail.mode_chosen, view.set_mode),
            (self.rail.walk_chosen, view.set_walk),
            (self.rail.overlay_toggled, self._overlay),
            (view.erased, desk.do),
            (view.measured, lambda: edit.show_length(view.measure.length)),
            (edit.asked, lambda what: self._acts.of[what].trigger()),
            (edit.ranged, deeds.choose_by),
            (edit.went, desk.go_to),
            (edit.moved, deeds.shift),
            (edit.length_set, deeds.set_length),
            (edit.up_chosen, deeds.turn_up),
            (self.bar.open.clicked, deeds.ask_open),
            (self.bar.export.clicked, deeds.ask_export),
            (self.empty.choose.clicked, deeds.ask_open),
            (self.empty.knot.clicked, lambda: self.open(None)),
            (self.dock.currentChanged, self._follow_tab),
        ):
            signal.connect(act)

    def _connect_learning(self) -> None:
        learning = self.learning
        if learning is None:
            return
        for signal, act in (
            (learning.changed, self._follow_learning),
            (learning.fronted, self.dock.setCurrentWidget),
            (learning.masking, self._show_mask),
            (learning.training.edit_wanted, self._edit_trained),
            (learning.training.running_changed, self.running_changed),
            (learning.training.stood, self._follow_learning),
            (learning.capture.ready, self._follow_tab),
            (self.empty.train.clicked, learning.train_own),
            (self.empty.trained.clicked, learning.training.edit.click),
            (self.empty.photos.clicked, learning.capture.choose.click),
        ):
            signal.connect(act)

    # What follows ---------------------------------------------------------------------------------------------------------------

    def _show_scene(self, frame: Splats) -> None:
        """The worker sends the scene at every poke; one that is the same leaves the selection alone."""
        self._opened = frame
        if self.learns:
            self.dock.setCurrentWidget(self.edit)
        else:
            self._show_in_viewport(frame)

    def _follow_learning(self) -> None:
        """The run, or the capture before it, has something new; unseen, it is kept for later."""
        if self.learns:
            self._show_learning()

    def _take_facts(self, facts: Table) -> None:
        self._facts = facts
        if not self.learns:
            self.rail.show_facts(facts)

    def _show_mask(self, on: bool) -> None:
        if self.learning is not None:
            if on:
                self.stack.setCurrentWidget(self.learning.masks)
            else:
                self._follow_tab()

    def _edit_trained(self, moment: Path) -> None:
        self.desk.up = "z"
        self.dock.setCurrentWidget(self.edit)
        self.open(moment)
        self.bar.title.setText("What was trained")

    def _follow_tab(self) -> None:
        """What is learnt stands in the viewport beside the tabs Capture and Train, what was opened beside the others."""
        self.bar.setVisible(not self.trains)
        self.bar.show_step(self._step())
        if self.learning is not None:
            self.learning.training.bar.setVisible(self.trains)
            self.learning.strip.hide()
        if self.learns:
            self._show_learning()
        elif self._opened is None:
            self.rail.show_facts(None)
            self._show_empty("")
        else:
            self.rail.show_facts(self._facts)
            self._show_in_viewport(self._opened)
            self.viewport.show_points(None)
            self.viewport.show_shots(())
            self.rail.overlays["points"].setEnabled(False)

    def _show_learning(self) -> None:
        learning = self.learning
        if learning is None or self.stack.currentWidget() is learning.masks:
            return
        learning.strip.setVisible(self.trains and learning.scene is not None and not learning.strip.is_empty)
        self.rail.show_facts(learning.facts())
        self.rail.overlays["points"].setEnabled(learning.points is not None)
        if learning.scene is None and learning.points is None:
            self._show_empty(learning.awaited)
            return
        self._show_in_viewport(learning.scene)
        self.viewport.show_points(learning.points)
        self.viewport.show_shots(learning.photos)

    def _show_in_viewport(self, frame: Splats | None) -> None:
        """A scene, framed anew if another one stood there; None leaves the viewport to the points."""
        source = self.learning if self.learns else self.desk
        if source is not self._source:
            self._source = source
            self.viewport.begin()
        self.stack.setCurrentWidget(self.viewport)
        if frame is not None and not self.choosing.is_same(frame):
            self.viewport.show_scene(frame)

    def _show_empty(self, words: str) -> None:
        self._source = None
        self.empty.show_wait(words, self.learning is not None and not self.learns and self.learning.scene is not None)
        self.stack.setCurrentWidget(self.empty)

    def _step(self) -> int:
        """Which of the steps from photos to export it is."""
        front = self.dock.currentWidget()
        if self.learning is not None and front is self.learning.capture:
            return 0 if self.learning.capture.folder is None else 1
        return 2 if self.trains else 3 if self.desk.is_open or self.learning is None else 0

    def _show_edits(self) -> None:
        desk = self.desk
        self.edit.show_edits(desk.edits, desk.undone)
        self.edit.show_up(desk.up)
        self._acts.enable(undo=bool(desk.edits), redo=bool(desk.undone), export=desk.is_open)
        self.bar.show_export(desk.is_open)
        self.bar.show_step(self._step())

    def _show_chosen(self) -> None:
        total = 0 if self.choosing.cloud is None else len(self.choosing.cloud.means)
        self.edit.show_chosen(self.choosing.count, total)
        self._acts.enable(delete=self.choosing.count > 0, isolate=self.choosing.count > 0)

    def _show_report(self, markdown: str) -> None:
        words = markdown.replace("**", "").splitlines()
        text = " ".join(line for line in words if line and not line.startswith("- "))
        notify(text, "info" if markdown.startswith("**Not") else "good")
        self.status.emit(text)

    def _fail(self, sentence: str, details: str) -> None:
        notify(sentence, details=details)
        if self.choosing.cloud is None:
            self._show_empty("")

    def _overlay(self, name: str, on: bool) -> None:
        shots, view = self.viewport.shots, self.viewport.view
        match name:
            case "cameras":
                shots.shows_cameras = on
            case "photos":
                shots.shows_photos = on
            case "points":
                self.viewport.set_points(on)
            case "grid":
                view.grid.setChecked(on)
        view.stage.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Its keys count."""
        super().showEvent(event)
        self._acts.group.setEnabled(True)
        self._show_edits()
        self._show_chosen()
        self._host.warm("radiance.viewer")

    def hideEvent(self, event: QHideEvent) -> None:
        """Its keys do not count any more."""
        super().hideEvent(event)
        self._acts.group.setEnabled(False)

"""The workbench's page: rail, scene, dock, and what joins them to the run that holds the scene."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.benches.splats.choosing import Choosing
from app.benches.splats.deeds import SceneDeeds
from app.benches.splats.desk import SceneDesk
from app.benches.splats.edit_panel import EditPanel
from app.benches.splats.film_panel import Filming, FilmPanel
from app.benches.splats.held_out import HeldOutStrip
from app.benches.splats.page_actions import BenchActions
from app.benches.splats.page_layout import lay_out, make_dock
from app.benches.splats.rail import SceneRail
from app.benches.splats.scene_files import SUFFIXES
from app.benches.splats.sheets import EmptySheet, SceneBar
from app.benches.splats.training import LAB as TRAINER
from app.benches.splats.training import TrainingPanel
from app.benches.splats.viewport import ITEM, SceneViewport
from app.notes.view import NotesView
from app.notify import notify
from engine.api.catalogue import find_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction, QHideEvent, QShowEvent

    from app.benches.splats.shots import Shot
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
        training = library.find(TRAINER)
        self.training = TrainingPanel(training, host, places, settings) if training and not training.broken else None
        self.strip, self.bar = HeldOutStrip(), SceneBar()
        self.empty = EmptySheet(trains=self.training is not None)
        self._trained: Splats | None = None
        self._opened: Splats | None = None
        self._photos: tuple[Shot, ...] = ()
        self.stack = QStackedWidget()
        self._lay_out()
        self._acts = BenchActions(self, self.deeds, self.film.add_key)
        self._connect()
        self._connect_training()
        self.dock.setCurrentWidget(self.edit)
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
        if self.training is not None and self.training.accept_drop(paths):
            self.dock.setCurrentWidget(self.training)
            return True
        return False

    def close_session(self) -> None:
        """Ends the workers."""
        self.desk.close()
        if self.training is not None:
            self.training.close_session()
        self.filming.close()

    def open(self, path: Path | None) -> None:
        """Opens a scene; None is the knot."""
        self._opened = None
        self.viewport.begin()
        self.stack.setCurrentWidget(self.viewport)
        self.desk.open(str(path) if path is not None else "", self.desk.up)
        title = path.stem.removesuffix(".compressed") if path is not None else "A knot of Gaussians"
        self.bar.title.setText(title)
        self.title_changed.emit(title)

    @property
    def trains(self) -> bool:
        """Whether the tab Train is in front."""
        return self.training is not None and self.dock.currentWidget() is self.training

    def train_own(self) -> None:
        """Trains the scene that ships."""
        if self.training is not None:
            self.dock.setCurrentWidget(self.training)
            self.training.start_own()

    def show_tab(self, name: str) -> None:
        """Brings a tab of the dock to the front."""
        for index in range(self.dock.count()):
            if self.dock.tabText(index).lower() == name:
                self.dock.setCurrentIndex(index)

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited."""
        return self.trains or not self.desk.is_open or self.choosing.cloud is not None

    # How it is made -------------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.viewport)
        tabs: list[tuple[str, QWidget]] = [("Edit", self.edit), ("Film", self.film), ("Notes", self.notes)]
        middle: list[QWidget] = [self.bar, self.stack, self.strip]
        if self.training is not None:
            tabs.insert(0, ("Train", self.training))
            middle.insert(1, self.training.bar)
        self.dock = make_dock(tabs)
        lay_out(self, self.rail, middle, self.stack, self.dock)

    def _connect(self) -> None:
        desk, view, edit, deeds = self.desk, self.viewport, self.edit, self.deeds
        for signal, act in (
            (desk.scene, self._show_scene),
            (desk.facts, self.rail.show_facts),
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
            (self.empty.train.clicked, self.train_own),
            (self.empty.knot.clicked, lambda: self.open(None)),
            (self.dock.currentChanged, self._follow_tab),
        ):
            signal.connect(act)

    def _connect_training(self) -> None:
        if self.training is None:
            return
        self.training.scene.connect(self._show_trained)
        self.training.begun.connect(self._begin_training)
        self.training.photos.connect(self._show_photos)
        self.training.close_up.connect(self.viewport.show_close_up)
        self.training.views.connect(self._show_views)
        self.training.edit_wanted.connect(self._edit_trained)
        self.training.running_changed.connect(self.running_changed)
        self.strip.chosen.connect(self._go_to_photo)
        self.viewport.jumped.connect(lambda shot: self.training.choose_photo(shot.name))
        self.viewport.stood.connect(self.strip.mark)

    # What follows ---------------------------------------------------------------------------------------------------------------

    def _show_scene(self, frame: Splats) -> None:
        """The worker sends the scene at every poke; one that is the same leaves the selection alone."""
        self._opened = frame
        if self.trains:
            self.dock.setCurrentWidget(self.edit)
        if not self.choosing.is_same(frame):
            self.viewport.show_scene(frame)

    def _begin_training(self) -> None:
        """Another run: nothing of the one before it stays."""
        self._trained, self._photos = None, ()
        self.strip.forget()
        self._show_strip()

    def _show_trained(self, frame: Splats) -> None:
        first, self._trained = self._trained is None, dataclasses.replace(frame, name=ITEM)
        if self.trains:
            if first:
                self.viewport.begin()
                self.stack.setCurrentWidget(self.viewport)
            self.viewport.show_scene(self._trained)
            self._show_strip()

    def _edit_trained(self, moment: Path) -> None:
        self.desk.up = "z"
        self.dock.setCurrentWidget(self.edit)
        self.open(moment)
        self.bar.title.setText("What was trained")

    def _follow_tab(self) -> None:
        """What is trained stands in the viewport beside the tab Train, what was opened beside the others."""
        frame = self._trained if self.trains else self._opened
        self.bar.setVisible(not self.trains)
        if self.training is not None:
            self.training.bar.setVisible(self.trains)
        self._show_strip()
        if frame is None:
            self.stack.setCurrentWidget(self.empty)
        elif not self.choosing.is_same(frame):
            self.viewport.begin()
            self.stack.setCurrentWidget(self.viewport)
            self.viewport.show_scene(frame)
        self.viewport.show_shots(self._photos if self.trains else ())

    def _show_strip(self) -> None:
        self.strip.setVisible(self.trains and self._trained is not None and not self.strip.is_empty)

    def _show_views(self, table: Table) -> None:
        self.strip.show_table(table)
        self._show_strip()

    def _show_photos(self, shots: tuple[Shot, ...]) -> None:
        """The photos that the run learns from; their pictures are sent along each time, and seldom change."""
        if [shot.name for shot in shots] != [shot.name for shot in self._photos]:
            self.strip.show_pictures({shot.name: shot.picture for shot in shots})
        self._photos = shots
        if self.trains:
            self.viewport.show_shots(shots)

    def _go_to_photo(self, name: str) -> None:
        shot = next((shot for shot in self._photos if shot.name == name), None)
        if shot is not None:
            self.viewport.stand_at(shot)

    def _show_edits(self) -> None:
        desk = self.desk
        self.edit.show_edits(desk.edits, desk.undone)
        self.edit.show_up(desk.up)
        self._acts.enable(undo=bool(desk.edits), redo=bool(desk.undone), export=desk.is_open)
        self.bar.export.setEnabled(desk.is_open)
        self.bar.show_step(1 if desk.is_open else 0)

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
            self.stack.setCurrentWidget(self.empty)

    def _overlay(self, name: str, on: bool) -> None:
        shots, view = self.viewport.shots, self.viewport.view
        match name:
            case "cameras":
                shots.shows_cameras = on
            case "photos":
                shots.shows_photos = on
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

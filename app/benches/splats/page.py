"""The workbench's page: rail, scene, dock, and what joins them to the run that holds the scene."""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.benches.splats.choosing import Choosing
from app.benches.splats.desk import SceneDesk
from app.benches.splats.edit_panel import EditPanel
from app.benches.splats.film_panel import Filming, FilmPanel
from app.benches.splats.rail import SceneRail
from app.benches.splats.scene_files import SUFFIXES
from app.benches.splats.sheets import EmptySheet, SceneBar
from app.benches.splats.training import LAB as TRAINER
from app.benches.splats.training import OWN_SCENE, HeldOutStrip, TrainingPanel
from app.benches.splats.viewport import ITEM, SceneViewport
from app.notes.view import NotesView
from app.notify import notify
from app.theme import icon
from engine.api.catalogue import find_lab
from engine.api.splat_edits import (
    AlignGround,
    CleanFloaters,
    Crop,
    Delete,
    Edit,
    Isolate,
    Move,
    Range,
    SetLength,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from app.library import Library
    from app.places import Places
    from app.runs import Host
    from app.settings import Settings
    from engine.api.frames import Splats

WRITTEN = (
    "PLY (*.ply);;Compressed PLY (*.compressed.ply);;SPZ (*.spz);;SPLAT (*.splat);;glTF (*.glb);;COLMAP points (*.txt)"
)
DOCK = 320


class SplatsPage(QWidget):
    """The workbench."""

    title_changed = Signal(str)
    status = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, library: Library, host: Host, places: Places, settings: Settings) -> None:
        super().__init__()
        self._host, self._settings = host, settings
        info = find_lab(library.labs, "radiance.viewer")
        self.desk = SceneDesk(info, host, places.cache / "viewing", self)
        self.choosing = Choosing(self)
        self.rail, self.viewport = SceneRail(), SceneViewport(self.choosing)
        self.edit, self.notes = EditPanel(), NotesView()
        self.notes.set_lab(info)
        self.filming = Filming(find_lab(library.labs, "radiance.film"), host, places.cache / "films", self)
        self.film = FilmPanel(self.desk, self.viewport, self.filming)
        training = library.find(TRAINER)
        self.training = TrainingPanel(training, host, places, settings) if training and not training.broken else None
        self.strip = HeldOutStrip()
        self._trained: Splats | None = None
        self._opened: Splats | None = None
        self.bar = SceneBar()
        self.title, self.open_button, self.export_button = self.bar.title, self.bar.open, self.bar.export
        self.dock = self._make_dock()
        self.empty = EmptySheet(trains=self.training is not None)
        self.train_button = self.empty.train
        self.stack = QStackedWidget()
        self._lay_out()
        self._acts = self._make_actions()
        self._connect()
        self._show_edits()

    # What the window asks ----------------------------------------------------------------------------------------------------

    def actions(self) -> list[QAction]:
        """What can be done here, for the menu, the palette and the table of keys."""
        return list(self._acts.values())

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
        self.title.setText(path.stem.removesuffix(".compressed") if path is not None else "A knot of Gaussians")
        self.title_changed.emit(self.title.text())

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

    # What a person does --------------------------------------------------------------------------------------------------------

    def ask_open(self) -> None:
        """Asks for a file."""
        pattern = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(self, "Open a scene", self.desk.file, f"Scenes ({pattern})")
        if name:
            self.open(Path(name))

    def ask_export(self) -> None:
        """Asks where to, exports there."""
        if not self.desk.is_open:
            return
        begin = str(Path(self.desk.file).with_suffix("")) if self.desk.file else "scene"
        name, kind = QFileDialog.getSaveFileName(self, "Export the scene", begin + "-edited.ply", WRITTEN)
        if name:
            self.export(Path(name if Path(name).suffix else name + kind.partition("*")[2].rstrip(")")))

    def export(self, path: Path) -> None:
        """Writes the scene; the report comes as a message and stays in the tab Edit."""
        self.status.emit(f"exporting {path.name} …")
        self.desk.save(path)

    def delete(self) -> None:
        """The chosen ones go."""
        self._do_chosen(Delete)

    def isolate(self) -> None:
        """All but the chosen ones go."""
        self._do_chosen(Isolate)

    def crop(self) -> None:
        """Only what lies in the box stays."""
        box = self.viewport.box
        if self.viewport.tool != "box":
            self.viewport.take_tool("box")
            notify("Drag the faces of the box, then crop.", "info")
            return
        self.desk.do(Crop(box.box.low, box.box.high))
        self.viewport.take_tool("orbit")

    def align(self) -> None:
        """The ground becomes level."""
        self.desk.do(AlignGround(self.choosing.picks))

    def clean(self) -> None:
        """Floaters go."""
        self.desk.do(CleanFloaters())

    def shift(self, degrees: float, scale: float, lift: float) -> None:
        """Turns about the vertical, scales and lifts the scene."""
        half = math.radians(degrees) / 2
        edit = Move((0.0, 0.0, lift), (math.cos(half), 0.0, 0.0, math.sin(half)), scale)
        if edit != Move():
            self.desk.do(edit)

    def set_length(self, metres: float) -> None:
        """The measured line is so long."""
        ends = self.viewport.measure.ends
        if len(ends) == 2:
            start, end = ((p[0], p[1], p[2]) for p in (place.tolist() for place in ends))
            self.viewport.measure.ends = []
            self.edit.show_length(0.0)
            self.desk.do(SetLength(start, end, metres))

    def turn_up(self, up: str) -> None:
        """Opens the scene by another of its axes upright."""
        if self.desk.is_open and up != self.desk.up:
            self.viewport.begin()
            self.desk.turn_up(up)

    def choose_by(self, quantity: Any, low: float, high: float) -> None:
        """Chooses by shares of the Gaussians in the order of a number."""
        cloud = self.choosing.cloud
        if cloud is None:
            return
        if high - low <= 0:
            self.choosing.clear()
            return
        bounds = np.quantile(values_of(quantity, cloud), (low, high))
        self.choosing.choose(Range(quantity, float(bounds[0]), float(bounds[1])))

    def copy_command(self) -> None:
        """Puts the command in the clipboard."""
        QGuiApplication.clipboard().setText(self.command())
        notify("The command is in the clipboard.", "good")

    def _do_chosen(self, kind: Callable[[Any], Edit]) -> None:
        if self.choosing.count:
            self.desk.do(kind(self.choosing.picks))

    # How it is made -------------------------------------------------------------------------------------------------------------

    def _make_dock(self) -> QTabWidget:
        dock = QTabWidget()
        dock.setProperty("role", "side")
        dock.setDocumentMode(True)
        dock.setMinimumWidth(264)
        if self.training is not None:
            dock.addTab(self.training, "Train")
        dock.addTab(self.edit, "Edit")
        dock.addTab(self.film, "Film")
        dock.addTab(self.notes, "Notes")
        return dock

    def _lay_out(self) -> None:
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.viewport)
        seam = QFrame()
        seam.setProperty("role", "seam")
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        if self.training is not None:
            column.addWidget(self.training.bar)
        column.addWidget(self.stack, 1)
        column.addWidget(self.strip)
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.across.setProperty("role", "seam")
        self.across.setHandleWidth(1)
        self.across.setChildrenCollapsible(False)
        self.across.addWidget(middle)
        self.across.addWidget(self.dock)
        self.across.setStretchFactor(0, 1)
        self.across.setStretchFactor(1, 0)
        self.across.setSizes([10_000, DOCK])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(seam)
        row.addWidget(self.across, 1)

    def _make_actions(self) -> dict[str, QAction]:
        view = self.viewport
        rows: list[tuple[str, str, str, str, Callable[[], object]]] = [
            ("open", "Open a scene …", "Ctrl+O", "folder-open", self.ask_open),
            ("export", "Export the scene …", "Ctrl+E", "export", self.ask_export),
            ("undo", "Undo", "Ctrl+Z", "arrow-counter-clockwise", self.desk.undo),
            ("redo", "Redo", "Ctrl+Shift+Z", "arrow-clockwise", self.desk.redo),
            ("delete", "Delete what is chosen", "Delete", "trash", self.delete),
            ("isolate", "Isolate what is chosen", "I", "circle-dashed", self.isolate),
            ("invert", "Invert what is chosen", "Ctrl+I", "shuffle", self.choosing.invert),
            ("all", "Choose everything", "Ctrl+A", "selection", self.choosing.choose_all),
            ("none", "Choose nothing", "Esc", "x", self.choosing.clear),
            ("align", "Align the ground", "", "grid-four", self.align),
            ("clean", "Clean floaters", "", "sparkle", self.clean),
            ("crop", "Crop to the box", "", "crop", self.crop),
            ("key", "Key frame from here", "K", "plus", self.film.add_key),
            ("copy_command", "Copy as command", "Ctrl+Shift+C", "terminal-window", self.copy_command),
        ]
        for number, name in enumerate(("orbit", *view.gestures), 1):
            rows.append((f"tool_{name}", f"Tool: {name}", str(number), "cursor-click", partial(view.take_tool, name)))
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        made = {}
        for name, title, keys, glyph, act in rows:
            action = QAction(icon(glyph, "dim"), title, self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(lambda _=False, act=act: act())
            self._group.addAction(action)
            made[name] = action
        self.addActions(list(made.values()))
        return made

    def _connect(self) -> None:
        desk, view, edit = self.desk, self.viewport, self.edit
        for signal, act in (
            (desk.scene, self._show_scene),
            (desk.facts, self.rail.show_facts),
            (desk.edited, self._show_edits),
            (desk.reported, self._show_report),
            (desk.busy, lambda on: self.status.emit("working …" if on else "ready")),
            (desk.told, lambda text: notify(text, "info")),
            (desk.failed, self._fail),
            (self.choosing.changed, self._show_chosen),
            (self.rail.mode_chosen, view.set_mode),
            (self.rail.walk_chosen, view.set_walk),
            (self.rail.overlay_toggled, self._overlay),
            (view.erased, desk.do),
            (view.measured, lambda: edit.show_length(view.measure.length)),
            (edit.asked, lambda what: self._acts[what].trigger()),
            (edit.ranged, self.choose_by),
            (edit.went, desk.go_to),
            (edit.moved, self.shift),
            (edit.length_set, self.set_length),
            (edit.up_chosen, self.turn_up),
            (self.open_button.clicked, self.ask_open),
            (self.empty.choose.clicked, self.ask_open),
            (self.empty.train.clicked, self.train_own),
            (self.empty.knot.clicked, lambda: self.open(None)),
            (self.export_button.clicked, self.ask_export),
        ):
            signal.connect(act)
        self.dock.currentChanged.connect(self._follow_tab)
        if self.training is not None:
            self.training.scene.connect(self._show_trained)
            self.training.views.connect(self.strip.show_table)
            self.training.edit_wanted.connect(self._edit_trained)
            self.training.running_changed.connect(self.running_changed)
            self.strip.chosen.connect(self.training.choose_view)
        self.dock.setCurrentWidget(self.edit)
        self._follow_tab()

    # What follows ---------------------------------------------------------------------------------------------------------------

    def _show_scene(self, frame: Splats) -> None:
        """The worker sends the scene at every poke; one that is the same leaves the selection alone."""
        self._opened = frame
        if self.trains:
            self.dock.setCurrentWidget(self.edit)
        if not self.choosing.is_same(frame):
            self.viewport.show_scene(frame)

    def _show_trained(self, frame: Splats) -> None:
        first, self._trained = self._trained is None, dataclasses.replace(frame, name=ITEM)
        if self.trains:
            if first:
                self.viewport.begin()
                self.stack.setCurrentWidget(self.viewport)
            self.viewport.show_scene(self._trained)

    def _edit_trained(self, moment: Path) -> None:
        own = self.training is None or self.training.lab.parts.parameters.value("data") == OWN_SCENE
        self.desk.up = "z" if own else "-y"
        self.dock.setCurrentWidget(self.edit)
        self.open(moment)
        self.title.setText("What was trained")

    def _follow_tab(self) -> None:
        """What is trained stands in the viewport beside the tab Train, what was opened beside the others."""
        frame = self._trained if self.trains else self._opened
        self.bar.setVisible(not self.trains)
        if self.training is not None:
            self.training.bar.setVisible(self.trains)
        self.strip.setVisible(self.trains and self._trained is not None)
        if frame is None:
            self.stack.setCurrentWidget(self.empty)
        elif not self.choosing.is_same(frame):
            self.viewport.begin()
            self.stack.setCurrentWidget(self.viewport)
            self.viewport.show_scene(frame)

    def _show_edits(self) -> None:
        desk = self.desk
        self.edit.show_edits(desk.edits, desk.undone)
        self.edit.show_up(desk.up)
        self._acts["undo"].setEnabled(bool(desk.edits))
        self._acts["redo"].setEnabled(bool(desk.undone))
        self.export_button.setEnabled(desk.is_open)
        self._acts["export"].setEnabled(desk.is_open)
        self.bar.show_step(1 if desk.is_open else 0)

    def _show_chosen(self) -> None:
        total = 0 if self.choosing.cloud is None else len(self.choosing.cloud.means)
        self.edit.show_chosen(self.choosing.count, total)
        for name in ("delete", "isolate"):
            self._acts[name].setEnabled(self.choosing.count > 0)

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
        self._group.setEnabled(True)
        self._show_edits()
        self._show_chosen()
        self._host.warm("radiance.viewer")

    def hideEvent(self, event: QHideEvent) -> None:
        """Its keys do not count any more."""
        super().hideEvent(event)
        self._group.setEnabled(False)

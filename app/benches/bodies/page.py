"""The workbench's page: rail, bodies, time line, dock, and what joins them to the run that holds the bodies."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.benches.bodies.bar import BodiesBar
from app.benches.bodies.body_files import MODELS, SUFFIXES, body_files, model_entries, remember
from app.benches.bodies.desk import BodiesDesk, pose_of
from app.benches.bodies.filming import Filming
from app.benches.bodies.page_actions import make_actions
from app.benches.bodies.pose_panel import PosePanel
from app.benches.bodies.rail import BodiesRail
from app.benches.bodies.shape_panel import ShapePanel
from app.benches.bodies.time_line import TimeLine
from app.benches.bodies.viewport import BodiesViewport
from app.notes.view import NotesView
from app.notify import notify
from engine.api.body_scenes import MOST_SECONDS, Actor, Pose, changed, free_name, scene_from_text, scene_to_text
from engine.api.catalogue import find_lab
from engine.api.errors import StudioError
from engine.api.params import Choice, find_field
from engine.api.records import write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from app.library import Library
    from app.places import Places
    from app.runs import Host
    from app.settings import Settings
    from engine.api.frames import Table

DOCK = 320
APART = 0.9
"""Metres between a body and the one that is added beside it."""


class BodiesPage(QWidget):
    """The workbench."""

    title_changed = Signal(str)
    status = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, library: Library, host: Host, places: Places, settings: Settings) -> None:
        super().__init__()
        self._host, self._settings = host, settings
        info = find_lab(library.labs, "bodies.studio")
        self.desk = BodiesDesk(info, host, places.cache / "bodies", self)
        self.filming = Filming(find_lab(library.labs, "bodies.film"), host, places.cache / "films", self)
        self.rail, self.viewport, self.bar = BodiesRail(), BodiesViewport(), BodiesBar()
        presets = cast("Choice", find_field(info.fields, "preset").control).options
        self.pose, self.shape, self.notes = PosePanel(presets), ShapePanel(), NotesView()
        self.notes.set_lab(info)
        self.time_line = TimeLine(self.desk)
        self.dock = self._make_dock()
        self._lay_out()
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self._acts = make_actions(self, self._group)
        self._connect()
        self._fill_models()
        self._follow()

    # What the window asks ----------------------------------------------------------------------------------------------------

    def actions(self) -> list[QAction]:
        """What can be done here, for the menu, the palette and the table of keys."""
        return list(self._acts.values())

    def command(self) -> str:
        """The command line that shows the same scene."""
        return self.desk.command()

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Takes models, sequences, poses and scenes; whether it did."""
        text = next((path for path in paths if path.suffix.lower() == ".json" and path.is_file()), None)
        if text is not None:
            self._open_text(text)
            return True
        found = body_files(paths)
        if found:
            self._begin()
            self.status.emit("reading …")
            self.desk.inspect(found)
        return bool(found)

    def close_session(self) -> None:
        """Ends the workers."""
        self.time_line.pause()
        self.desk.close()
        self.filming.close()

    def show_tab(self, name: str) -> None:
        """Brings a tab of the dock to the front."""
        for index in range(self.dock.count()):
            if self.dock.tabText(index).lower() == name:
                self.dock.setCurrentIndex(index)

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited."""
        return self.viewport.settled

    # What a person does --------------------------------------------------------------------------------------------------------

    def ask_open(self) -> None:
        """Asks for a file."""
        pattern = " ".join(f"*{suffix}" for suffix in (*SUFFIXES, ".json"))
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a model, a sequence, a pose or a scene", "", f"Bodies ({pattern})"
        )
        if name:
            self.accept_drop([Path(name)])

    def choose_model(self) -> None:
        """Asks for a model file."""
        pattern = " ".join(f"*{suffix}" for suffix in MODELS)
        name, _ = QFileDialog.getOpenFileName(
            self, "A model file: SMPL, SMPL-H, SMPL-X or MANO", "", f"Models ({pattern})"
        )
        if name:
            self.accept_drop([Path(name)])

    def choose_pose(self) -> None:
        """Asks for a file of a pose."""
        name, _ = QFileDialog.getOpenFileName(self, "A pose", "", "Pose (*.json)")
        if name:
            self.desk.ask("file", name)

    def export(self, path: Path) -> None:
        """Writes the chosen body; the report comes as a message."""
        self.status.emit(f"exporting {path.name} …")
        self.desk.save(path)

    def ask_export(self, ending: str) -> None:
        """Asks where to, exports there."""
        name, _ = QFileDialog.getSaveFileName(self, "Export", self.desk.actor.name + ending, f"*{ending}")
        if name:
            self.export(Path(name if Path(name).suffix else name + ending))

    def ask_film(self, turns: float) -> None:
        """Asks where to, films; `turns`: how often the eye goes around meanwhile."""
        name, _ = QFileDialog.getSaveFileName(self, "Film", "bodies.mp4", "Film (*.mp4);;Pictures (*.png)")
        if name:
            self.film(Path(name), turns)

    def film(self, path: Path, turns: float) -> None:
        """Films the scene."""
        self.filming.start(self.desk.scene, turns, path)

    def ask_save(self) -> None:
        """Asks where to, writes the scene there."""
        name, _ = QFileDialog.getSaveFileName(self, "Save the scene", "bodies.json", "Scene of bodies (*.json)")
        if name:
            try:
                write_text_atomically(Path(name), scene_to_text(self.desk.scene))
            except OSError as error:
                notify(f"{name} could not be written ({error.strerror}); choose another folder.")
            else:
                self._tell_written(Path(name), f"The scene is in {Path(name).name}.")

    def add_body(self, model: str) -> None:
        """One more body, to the right of the others."""
        actors = self.desk.scene.actors
        y = max((actor.ground[1] for actor in actors), default=-APART) + APART
        self.desk.add(Actor(free_name(self.desk.scene), model, ground=(0.0, y)))

    def duplicate(self) -> None:
        """The chosen body once more, beside it."""
        actor = self.desk.actor
        x, y = actor.ground
        self.desk.add(replace(actor, name=free_name(self.desk.scene), ground=(x, y + APART)))

    def make_of(self, model: str) -> None:
        """The chosen body is of another model; joints that both have keep their turns only if the layout is the same."""
        if model != self.desk.actor.model:
            if len(self.desk.scene.actors) == 1 and "hand" in (model, self.desk.actor.model):
                self.viewport.face_next()
            self.desk.change(model=model, pose=Pose(), keys=())
            self.desk.ask("preset", "stand", remembered=False)

    def copy_command(self) -> None:
        """Puts the command in the clipboard."""
        QGuiApplication.clipboard().setText(self.command())
        notify("The command is in the clipboard.", "good")

    # How it is made -------------------------------------------------------------------------------------------------------------

    def _make_dock(self) -> QTabWidget:
        dock = QTabWidget()
        dock.setProperty("role", "side")
        dock.setDocumentMode(True)
        dock.setMinimumWidth(264)
        for tab, title in ((self.pose, "Pose"), (self.shape, "Shape"), (self.notes, "Notes")):
            dock.addTab(tab, title)
        return dock

    def _lay_out(self) -> None:
        seam = QFrame()
        seam.setProperty("role", "seam")
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.viewport, 1)
        column.addWidget(self.time_line)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setProperty("role", "seam")
        across.setHandleWidth(1)
        across.setChildrenCollapsible(False)
        across.addWidget(middle)
        across.addWidget(self.dock)
        across.setStretchFactor(0, 1)
        across.setStretchFactor(1, 0)
        across.setSizes([10_000, DOCK])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(seam)
        row.addWidget(across, 1)

    def _connect(self) -> None:
        desk, view, line = self.desk, self.viewport, self.time_line
        for signal, act in (
            (desk.edited, self._follow),
            (desk.shown, view.show_frame),
            (desk.posed, self._show_pose),
            (desk.counted, self._show_numbers),
            (desk.inspected, self._use_files),
            (desk.reported, self._show_report),
            (desk.told, lambda text: notify(text, "info")),
            (desk.told_progress, self.status),
            (desk.failed, lambda sentence, details: notify(sentence, details=details)),
            (view.handled, self._hand),
            (view.let_go, desk.keep),
            (view.picked, desk.choose),
            (view.joint_chosen, self._choose_joint),
            (view.tool_taken, partial(desk.show, "tool")),
            (self.rail.body_chosen, desk.choose),
            (self.rail.asked, self._do),
            (self.rail.model_wanted, self.add_body),
            (self.rail.show_chosen, self._show_by),
            (self.rail.toggled, self._toggle),
            (self.pose.preset_wanted, partial(desk.ask, "preset")),
            (self.pose.asked, self._do),
            (self.pose.turned, self._turn),
            (self.pose.joint_chosen, self._choose_joint),
            (self.pose.both_toggled, partial(desk.show, "symmetric")),
            (self.shape.changed, lambda gesture, values: desk.change(gesture, **values)),
            (self.shape.model_wanted, self.make_of),
            (self.shape.direction_chosen, partial(desk.show, "direction")),
            (line.onion_toggled, partial(desk.show, "onion")),
            (self.bar.open.clicked, self.ask_open),
            (self.filming.told, self.status),
            (self.filming.written, self._tell_written),
            (self.filming.refused, lambda text: notify(text, "info")),
        ):
            signal.connect(act)
        exports = ("glb", "bvh", "obj", "ply", "", "film", "turntable", "stop_film", "", "save")
        self.bar.fill_export([self._acts[name] if name else None for name in exports])
        self.bar.undo.setDefaultAction(self._acts["undo"])
        self.bar.redo.setDefaultAction(self._acts["redo"])

    # What follows ---------------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self.desk.is_open:
            self.desk.open()

    def _do(self, what: str) -> None:
        self._acts[what].trigger()

    def _follow(self) -> None:
        desk = self.desk
        self.rail.show_scene(desk.scene, desk.chosen)
        self.viewport.show_scene(desk.scene, desk.chosen)
        self.pose.show_actor(desk.actor)
        self.shape.show_actor(desk.actor)
        self._acts["undo"].setEnabled(bool(desk.past))
        self._acts["redo"].setEnabled(bool(desk.future))
        self._acts["bake"].setEnabled(bool(desk.actor.sequence))
        self.bar.show_actor(desk.actor, len(desk.scene.actors))

    def _show_pose(self, table: Table) -> None:
        self.pose.show_pose(table)
        self.time_line.show_pose(pose_of(table))

    def _show_numbers(self, table: Table) -> None:
        self.rail.show_numbers(table, self.desk.chosen)
        self.shape.show_numbers(table, self.desk.chosen)

    def _hand(self, name: str, value: Any) -> None:
        self.time_line.pause()
        self.desk.hand(name, value)

    def _turn(self, joint: int, x: float, y: float, z: float) -> None:
        self.time_line.pause()
        self.desk.hand("turned", (joint, x, y, z), soon=True)

    def _choose_joint(self, joint: int) -> None:
        self.pose.choose_joint(joint)
        self.viewport.choose_joint(joint)
        self.desk.show("joint", joint)

    def _show_by(self, name: str) -> None:
        self.viewport.view.wires.setChecked(name == "wireframe")
        self.desk.show("show", "skin" if name == "wireframe" else name)

    def _toggle(self, name: str, on: bool) -> None:
        view = self.viewport
        match name:
            case "bones":
                view.bones.shows_bones = on
            case "axes":
                view.bones.shows_axes = on
            case "grid":
                view.view.grid.setChecked(on)
            case _:
                self.desk.show(name, on)
        view.view.stage.update()

    def _fill_models(self) -> None:
        entries = model_entries(self._settings)
        self.rail.show_models(entries)
        self.shape.show_models(entries)

    def _use_files(self, table: Table) -> None:
        """Models are remembered, the first becomes the body; the first sequence moves it."""
        rows = [tuple(map(str, row)) for row in table.rows]
        models = [row for row in rows if row[1] == "model"]
        sequences = [row for row in rows if row[1] == "sequence"]
        if models:
            remember(self._settings, [row[0] for row in models])
            self._fill_models()
            self.make_of(models[0][0])
        if sequences:
            name, seconds = sequences[0][0], float(sequences[0][3])
            self.time_line.show_sequence(name, seconds)
            scene = changed(self.desk.scene, self.desk.chosen, sequence=name)
            self.desk.edit(replace(scene, seconds=min(MOST_SECONDS, max(0.5, seconds))))
            self.desk.go_to(0.0)
        words = "\n".join(row[4] for row in rows)
        self.status.emit(rows[0][4] if rows else "")
        if len(rows) == 1:
            notify(words, "good" if rows[0][1] else "error")
        else:
            kinds = f"{len(models)} model files, {len(sequences)} sequences, {len(rows) - len(models) - len(sequences)} others"
            notify(f"Found {kinds}.", "good" if models or sequences else "error", details=words)

    def _open_text(self, path: Path) -> None:
        """A scene, or else a pose for the chosen body."""
        self._begin()
        try:
            text = path.read_text("utf-8")
            if '"actors"' in text[:4000]:
                self.desk.edit(scene_from_text(text))
            else:
                self.desk.ask("file", str(path))
        except (OSError, UnicodeDecodeError):
            notify(f"“{path.name}” cannot be read as text; choose another file.")
        except StudioError as error:
            notify(str(error))

    def _show_report(self, markdown: str) -> None:
        text = markdown.replace("**", "")
        self.status.emit(text)
        if markdown.startswith("**Exported"):
            self._tell_written(Path(self.desk.saved_as), text)
        else:
            notify(text)

    def _tell_written(self, path: Path, text: str) -> None:
        url = QUrl.fromLocalFile(str(path.parent))
        notify(text, "good", action="Show in folder", act=lambda: QDesktopServices.openUrl(url))

    def showEvent(self, event: QShowEvent) -> None:
        """Its keys count; the first time a body stands there."""
        super().showEvent(event)
        self._group.setEnabled(True)
        self._begin()
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Its keys do not count any more."""
        super().hideEvent(event)
        self.time_line.pause()
        self._group.setEnabled(False)

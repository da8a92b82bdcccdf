"""What a person does with the scene that is open: open, edit, measure, export. Each deed is an edit of the desk, or a question first."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.benches.splats.scene_files import SUFFIXES
from app.notify import notify
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
    from collections.abc import Callable

    from app.benches.splats.desk import SceneDesk
    from app.benches.splats.viewport import SceneViewport

WRITTEN = (
    "PLY (*.ply);;Compressed PLY (*.compressed.ply);;SPZ (*.spz);;SPLAT (*.splat);;glTF (*.glb);;COLMAP points (*.txt)"
)


class SceneDeeds(QObject):
    """`open_wanted(path)`: a file was chosen. `exporting(name)`: a file is being written. `measured_used()`: the length was taken."""

    open_wanted = Signal(object)
    exporting = Signal(str)
    measured_used = Signal()

    def __init__(self, desk: SceneDesk, viewport: SceneViewport, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self.viewport, self.choosing, self._page = desk, viewport, viewport.choosing, parent

    # Files ---------------------------------------------------------------------------------------------------------------------

    def ask_open(self) -> None:
        """Asks for a file."""
        pattern = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(self._page, "Open a scene", self.desk.file, f"Scenes ({pattern})")
        if name:
            self.open_wanted.emit(Path(name))

    def ask_export(self) -> None:
        """Asks where to, exports there."""
        if not self.desk.is_open:
            return
        begin = str(Path(self.desk.file).with_suffix("")) if self.desk.file else "scene"
        name, kind = QFileDialog.getSaveFileName(self._page, "Export the scene", begin + "-edited.ply", WRITTEN)
        if name:
            self.export(Path(name if Path(name).suffix else name + kind.partition("*")[2].rstrip(")")))

    def export(self, path: Path) -> None:
        """Writes the scene; the report comes as a message and stays in the tab Edit."""
        self.exporting.emit(path.name)
        self.desk.save(path)

    def copy_command(self) -> None:
        """Puts the command in the clipboard."""
        QGuiApplication.clipboard().setText(self.desk.command())
        notify("The command is in the clipboard.", "good")

    # What is chosen ------------------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """The chosen ones go."""
        self._do_chosen(Delete)

    def isolate(self) -> None:
        """All but the chosen ones go."""
        self._do_chosen(Isolate)

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

    def _do_chosen(self, kind: Callable[[Any], Edit]) -> None:
        if self.choosing.count:
            self.desk.do(kind(self.choosing.picks))

    # The whole scene -----------------------------------------------------------------------------------------------------------

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
            self.measured_used.emit()
            self.desk.do(SetLength(start, end, metres))

    def turn_up(self, up: str) -> None:
        """Opens the scene by another of its axes upright."""
        if self.desk.is_open and up != self.desk.up:
            self.viewport.begin()
            self.desk.turn_up(up)

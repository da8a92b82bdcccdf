"""Training on the workbench: the lab `radiance.splats` as its own page runs it, its parts at the places of the workbench.

The lab's page is never shown; its run bar, charts and controls stand in the workbench, and what it sends of the scene goes to the viewport.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QToolButton, QVBoxLayout, QWidget

from app.notify import notify
from app.theme import icon
from app.topics.page import LabPage
from engine.api.frames import Splats, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtGui import QHideEvent, QShowEvent

    from app.places import Places
    from app.runs import Host, LiveRun
    from app.settings import Settings
    from engine.api.lab import LabInfo

LAB = "radiance.splats"
OWN_SCENE = "three bodies"
CHARTS = ("psnr", "picture")
WATCHED = ("scene", "views", "psnr", "loss", "count", "picture")
STRIP = 7


class TrainingPanel(QWidget):
    """The tab Train. `scene(frame)`: how far the scene is; `views(table)`: held-out photos, worst first; `edit_wanted(snapshot)`."""

    scene = Signal(object)
    views = Signal(object)
    edit_wanted = Signal(object)
    running_changed = Signal(bool)

    def __init__(
        self, info: LabInfo, host: Host, places: Places, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.lab = LabPage(info, host, places, settings)
        self.destroyed.connect(self.lab.deleteLater)  # it has no parent: a child would be shown with this tab
        self.bar = self.lab.parts.bar
        self._wanted = False
        self.edit = QPushButton(icon("scissors"), "Edit what was trained")
        self.edit.setToolTip("Opens the newest moment of this run in the tab Edit; training may go on")
        self.edit.setEnabled(False)
        self._lay_out()
        self.lab.conductor.added.connect(self._wire)
        self.lab.conductor.fronted.connect(lambda run: self._stand(run))
        self.lab.running_changed.connect(self.running_changed)
        self.edit.clicked.connect(self._ask_edit)

    def start_own(self) -> None:
        """Trains the scene that ships."""
        parameters = self.lab.parts.parameters
        parameters.person_sets("data", OWN_SCENE)
        self.lab.start()
        self.watch(True)

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        """Takes photos to train from; whether it did. Raises DataError."""
        return self.lab.accept_drop(paths)

    def choose_view(self, index: int) -> None:
        """Shows a held-out photo of the table."""
        self.lab.parts.parameters.person_sets("row", (float(index),))

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
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.edit)
        below.addLayout(row)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setProperty("role", "seam")
        split.setChildrenCollapsible(False)
        split.addWidget(parts.grid)
        split.addWidget(lower)
        split.setSizes([380, 420])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        parts.grid.show()
        parts.side.controls.show()

    def _wire(self, run: LiveRun) -> None:
        run.shown.connect(self._show)
        run.stood.connect(self._stand)

    def _show(self, run: LiveRun, frame: Any, _step: int) -> None:
        if run is not self.lab.conductor.front:
            return
        if isinstance(frame, Splats):
            own = run.params.get("data", OWN_SCENE) == OWN_SCENE
            self.scene.emit(frame if own else upright(frame))
        elif isinstance(frame, Table) and frame.name == "views":
            self.views.emit(frame)

    def _stand(self, run: LiveRun | None) -> None:
        if run is not self.lab.conductor.front:
            return
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


class HeldOutStrip(QWidget):
    """Held-out photos below the scene, worst first. `chosen(index)`."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.mean = QLabel("Held-out views, worst first"), QLabel()
        for label in (self.title, self.mean):
            label.setProperty("role", "small")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.mean)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.buttons = [QToolButton() for _ in range(STRIP)]
        for index, button in enumerate(self.buttons):
            button.setFixedHeight(40)
            button.setToolTip("Shows this photo, the scene from there, and where they differ")
            button.clicked.connect(lambda _=False, index=index: self.chosen.emit(index))
            button.hide()
            self.row.addWidget(button)
        self.row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 10)
        column.addLayout(head)
        column.addLayout(self.row)
        self.hide()

    def show_table(self, table: Table) -> None:
        """Name and likeness of each."""
        self.setVisible(bool(table.rows))
        for index, button in enumerate(self.buttons):
            button.setVisible(index < len(table.rows))
            if index < len(table.rows):
                name, likeness, *_ = table.rows[index]
                button.setText(f"{name}\n{float(likeness):.1f} dB")
        values = np.array([[float(row[1]), float(row[2])] for row in table.rows]) if table.rows else np.zeros((0, 2))
        if len(values):
            self.mean.setText(f"mean {values[:, 0].mean():.1f} dB · SSIM {values[:, 1].mean():.3f}")


def upright(frame: Splats) -> Splats:
    """A scene whose y points down, as photos have it, with z up: half a right angle's quaternion about x."""
    means = np.asarray(frame.means)
    half = math.sqrt(0.5)
    w, x, y, z = np.asarray(frame.rotations).T
    turned = np.stack([half * (w + x), half * (x - w), half * (y + z), half * (z - y)], 1).astype(np.float32)
    return dataclasses.replace(frame, means=np.stack([means[:, 0], means[:, 2], -means[:, 1]], 1), rotations=turned)

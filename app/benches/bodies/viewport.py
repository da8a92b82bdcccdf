"""The bodies in the middle of the workbench: the viewport, its strip of tools, and small words in its corners."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from app.benches.bodies.overlay import BodyPicker, BonesTool
from app.theme import icon
from app.views.viewport import ViewportView
from app.views.viewport_stage import FOV
from engine.api.frames import Handles, Lines, Mesh, Points, item_of
from engine.raster import Orbit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QResizeEvent

    from engine.api.body_scenes import BodyScene

TOOLS = (
    ("none", "arrows-out-cardinal", "Look around: drag turns, wheel comes closer; a click chooses a body (1)"),
    ("turn joints", "arrows-clockwise", "Turn joints: click a dot, drag its rings (2)"),
    ("pull ends", "hand-pointing", "Pull a hand, a foot, the head or the pelvis; the body follows (3)"),
)
YAW, PITCH, CLOSER = 0.55, 0.14, 0.86
"""From where one looks at first: radians from the front and above, and how much closer than to see all at its widest."""
HINTS = {
    "none": "drag to orbit · click chooses a body",
    "turn joints": "click a joint · drag a ring",
    "pull ends": "drag a hand, a foot, the head or the pelvis",
}


class BodiesViewport(QWidget):
    """Shows the bodies. `handled(name, value)`: a hand turns or pulls; `let_go()`; `picked(index)`; `joint_chosen(joint)`."""

    handled = Signal(str, object)
    let_go = Signal()
    picked = Signal(int)
    joint_chosen = Signal(int)
    tool_taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ViewportView(self)
        self.bones = BonesTool()
        self.view.stage.tools.append(self.bones)
        self.picker = BodyPicker(self.view.stage)
        self.tool = "turn joints"
        self._scene: BodyScene | None = None
        self._chosen = self._joint = -1
        self._note = ""
        self._newcomer = False
        self.strip, self._buttons = self._make_strip()
        self.hint, self.legend = QLabel(self), QLabel(self)
        for label in (self.hint, self.legend):
            label.setProperty("role", "chip")
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.setMinimumSize(240, 200)
        self.view.poked.connect(self._hear)
        self.view.let_go.connect(lambda _name: self.let_go.emit())
        self.picker.picked.connect(self.picked)
        self.view.stage.installEventFilter(self)

    # What it shows -------------------------------------------------------------------------------------------------------------

    def show_frame(self, frame: Any) -> None:
        """The newest of an item; bones and axes are painted over the picture."""
        match frame:
            case Lines():
                setattr(self.bones, item_of(frame.name), np.asarray(frame.segments, np.float64))
                self.view.stage.update()
            case Mesh():
                self._show_mesh(frame)
            case Handles():
                self.view.show_frame(frame)
                self._tell_joint()
            case Points():
                self.view.show_frame(frame)

    def _show_mesh(self, frame: Mesh) -> None:
        index = int(item_of(frame.name).removeprefix("body ")) - 1
        if self._scene is not None and index >= len(self._scene.actors):
            return  # on its way while the body was taken away
        first, self._newcomer = not self.picker.meshes or self._newcomer, False
        self.view.show_frame(frame)
        self.picker.meshes[index] = np.asarray(frame.vertices, np.float64)
        if first:
            self._face(self.picker.meshes[index])
        if index == self._chosen:
            self._note = frame.note
        self._write()

    def face_next(self) -> None:
        """The next body that comes is of another size: it is looked at anew."""
        self._newcomer = True

    def _face(self, vertices: NDArray[np.float64]) -> None:
        """Looks at the first body from its front, a little from its left."""
        stage = self.view.stage
        around = Orbit.around(vertices, fov_y=FOV)
        stage.take(replace(around, yaw=YAW, pitch=PITCH, distance=CLOSER * around.distance))
        stage.touched = True
        self.view.refresh()

    def show_scene(self, scene: BodyScene, chosen: int) -> None:
        """Which bodies there are; those that are gone are taken away."""
        self._scene, self._chosen = scene, chosen
        for index in [index for index in self.picker.meshes if index >= len(scene.actors)]:
            del self.picker.meshes[index]
            self.view.forget(f"scene/body {index + 1}")
        self.forget_hands()
        self._write()

    def forget_hands(self) -> None:
        """What hands have made went into the scene."""
        for name in ("turned", "pulled"):
            self.view.set_parameter(name, ())

    @property
    def settled(self) -> bool:
        """Whether a body is there and painted."""
        return bool(self.picker.meshes) and self.view.settled

    def take_tool(self, name: str) -> None:
        """Another tool into the hand."""
        self.tool = name
        self._buttons[name].setChecked(True)
        self.view.stage.setFocus()
        self._write()
        self.tool_taken.emit(name)

    def choose_joint(self, joint: int) -> None:
        """Shows the rings of a joint."""
        tool = self.view.handles.get("scene/joints")
        if tool is not None and tool.chosen != joint:
            tool.chosen = self._joint = joint
            self.view.stage.update()

    # Inside --------------------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: object) -> bool:
        """After every press the chosen joint may be another."""
        self._tell_joint()
        return False

    def _tell_joint(self) -> None:
        tool = self.view.handles.get("scene/joints")
        if tool is not None and tool.chosen != self._joint:
            self._joint = tool.chosen
            if tool.chosen >= 0:
                self.joint_chosen.emit(tool.chosen)

    def _hear(self, name: str, value: object) -> None:
        self.handled.emit(name, value)

    def _make_strip(self) -> tuple[QFrame, dict[str, QToolButton]]:
        strip = QFrame(self)
        strip.setProperty("role", "raised")
        column = QVBoxLayout(strip)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        group, buttons = QButtonGroup(strip), {}
        for name, glyph, tip in TOOLS:
            button = QToolButton()
            button.setIcon(icon(glyph))
            button.setIconSize(QSize(18, 18))
            button.setFixedSize(34, 34)
            button.setCheckable(True)
            button.setProperty("kind", "ghost")
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(":")[0])
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self.take_tool(name))
            group.addButton(button)
            column.addWidget(button)
            buttons[name] = button
        buttons[self.tool].setChecked(True)
        strip.adjustSize()
        return strip, buttons

    def _write(self) -> None:
        """Names over heads, the hint, what the colours stand for."""
        actors = self._scene.actors if self._scene is not None else ()
        tops = {index: vertices[vertices[:, 2].argmax()] for index, vertices in self.picker.meshes.items()}
        self.bones.names = [
            (actors[index].name, top, index == self._chosen) for index, top in tops.items() if index < len(actors)
        ]
        moved = bool(actors) and 0 <= self._chosen < len(actors) and bool(actors[self._chosen].sequence)
        self.hint.setText("a sequence moves this body · Space plays" if moved else HINTS[self.tool])
        self.legend.setText(self._note)
        self.legend.setVisible(bool(self._note))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything keeps to its corner."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self.hint.adjustSize()
        self.legend.adjustSize()
        self.strip.move(12, 12)
        self.hint.move(self.width() - self.hint.width() - 12, 12)
        self.legend.move(self.width() - self.legend.width() - 12, 12 + self.hint.height() + 8)
        for widget in (self.strip, self.hint, self.legend):
            widget.raise_()

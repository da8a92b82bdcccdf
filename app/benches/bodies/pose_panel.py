"""The tab Pose: named poses, both sides at once, and every joint by three sliders."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QWidget

from app.benches.bodies.dials import Dial, Tab
from engine.api.params import Slider

if TYPE_CHECKING:
    from engine.api.body_scenes import Actor
    from engine.api.frames import Table

AXES = (
    ("about x", "Turns the joint about its x axis; at rest that points to the body's left"),
    ("about y", "Turns the joint about its y axis; at rest that points up"),
    ("about z", "Turns the joint about its z axis; at rest that points ahead"),
)
DEEDS = (
    ("mirror", "Mirror", "Left and right change places (M)"),
    ("land", "To the ground", "Raises or lowers the body until it stands on the ground (G)"),
)


class PosePanel(Tab):
    """`preset_wanted(name)`, `asked(what)`, `turned(joint, x, y, z)` in radians, `joint_chosen(joint)`, `both_toggled(whether)`."""

    preset_wanted = Signal(str)
    asked = Signal(str)
    turned = Signal(int, float, float, float)
    joint_chosen = Signal(int)
    both_toggled = Signal(bool)

    def __init__(self, presets: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[object, ...], ...] = ()
        self.head("POSE")
        self.presets = QComboBox()
        self.presets.addItem("Choose a pose …")
        self.presets.addItems(presets)
        self.presets.addItem("From a file …")
        self.presets.setAccessibleName("Named poses")
        self.presets.setToolTip("A pose that everything else goes on from, set on the ground")
        self.presets.activated.connect(self._take_preset)
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("The rest pose: arms out, all turns zero (T)")
        self.reset.clicked.connect(partial(self.preset_wanted.emit, "T"))
        self.row(self.presets, self.reset)
        self.buttons = {name: QPushButton(title) for name, title, _ in DEEDS}
        for name, _, tip in DEEDS:
            self.buttons[name].setToolTip(tip)
            self.buttons[name].clicked.connect(partial(self.asked.emit, name))
        self.row(*self.buttons.values())
        self.both = QCheckBox("Both sides alike")
        self.both.setToolTip("What one arm or leg does, the other does in the mirror")
        self.both.toggled.connect(self.both_toggled)
        self.column.addWidget(self.both)
        self.head("JOINT")
        self.joint = QComboBox()
        self.joint.setAccessibleName("Joint")
        self.joint.setToolTip("The joint that the sliders turn; a click on its dot chooses it too")
        self.joint.activated.connect(self._take_joint)
        self.column.addWidget(self.joint)
        self.dials = [
            Dial(name, Slider(-180, 180, unit="°", step=0.1, help=tip), 0.0, partial(self._turn, axis))
            for axis, (name, tip) in enumerate(AXES)
        ]
        for dial in self.dials:
            self.column.addWidget(dial)
        self.straight = QPushButton("Straighten this joint")
        self.straight.setToolTip("All three turns become zero")
        self.straight.clicked.connect(self._straighten)
        self.column.addWidget(self.straight)
        self.words = QLabel()
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        self.column.addWidget(self.words)
        self.bake = QPushButton("Make key frames of the sequence")
        self.bake.setToolTip("Four a second, so that the body can be posed in between")
        self.bake.clicked.connect(partial(self.asked.emit, "bake"))
        self.column.addWidget(self.bake)
        self.column.addStretch(1)
        self.bake.hide()

    def show_actor(self, actor: Actor) -> None:
        """A body that a sequence moves cannot be posed."""
        free = not actor.sequence
        for widget in (self.presets, self.reset, self.both, self.straight, *self.buttons.values(), *self.dials):
            widget.setEnabled(free)
        self.bake.setVisible(not free)

    def show_pose(self, table: Table) -> None:
        """The newest turns; sliders that are in the hand stand there already."""
        *rows, _ = table.rows
        names = [str(row[0]) for row in rows]
        if names != [str(row[0]) for row in self._rows]:
            now = self.joint.currentText() or "left elbow"
            self.joint.clear()
            self.joint.addItems(names)
            self.joint.setCurrentIndex(max(0, self.joint.findText(now)))
        self._rows = tuple(rows)
        self._show_joint()

    def choose_joint(self, joint: int) -> None:
        """The sliders turn this joint."""
        if 0 <= joint < self.joint.count():
            self.joint.setCurrentIndex(joint)
            self._show_joint()

    def _show_joint(self) -> None:
        index = self.joint.currentIndex()
        if not 0 <= index < len(self._rows):
            return
        for dial, turn in zip(self.dials, self._rows[index][1:4], strict=True):
            dial.show_value(round(float(str(turn)), 1))
        out = [str(row[0]) for row in self._rows if row[-1]]
        self.words.setText(f"Farther than a body goes: {', '.join(out)}." if out else "Within every joint's limits.")

    def _turn(self, axis: int, value: float) -> None:
        """One of the three is another; the other two stay as they exactly are, not as they are shown."""
        index = self.joint.currentIndex()
        if 0 <= index < len(self._rows):
            turn = [math.radians(float(str(part))) for part in self._rows[index][1:4]]
            turn[axis] = math.radians(value)
            self.turned.emit(index, *turn)

    def _straighten(self) -> None:
        self.turned.emit(self.joint.currentIndex(), 0.0, 0.0, 0.0)

    def _take_joint(self, index: int) -> None:
        self._show_joint()
        self.joint_chosen.emit(index)

    def _take_preset(self, index: int) -> None:
        if index == self.presets.count() - 1:
            self.asked.emit("choose_pose")
        elif index > 0:
            self.preset_wanted.emit(self.presets.itemText(index))
        self.presets.setCurrentIndex(0)

"""The tab Edit: what is chosen and what to do with it, the whole scene, and the list of what was done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.number_field import NumberField
from app.theme import icon, theme
from engine.api.splat_edits import Edit, Quantity, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

DEEDS = (
    ("delete", "Delete", "trash", "The chosen ones go (Del)"),
    ("isolate", "Isolate", "circle-dashed", "All but the chosen ones go (I)"),
    ("invert", "Invert", "shuffle", "Chooses what is not chosen (Ctrl+I)"),
    ("none", "None", "x", "Chooses nothing (Esc)"),
)
WHOLE = (
    (
        "align",
        "Align the ground",
        "Finds the largest plane, of the chosen ones if there are any, and lays it level at height 0",
    ),
    ("clean", "Clean floaters", "Removes what hangs alone in the air, and haze"),
    ("crop", "Crop to the box", "Only what lies in the crop box stays; the box tool shows it"),
)


class EditPanel(QScrollArea):
    """`asked(what)`: a button; `ranged(quantity, low, high)`: choose by a number; `went(count)`: to the first edits of the list."""

    asked = Signal(str)
    ranged = Signal(str, float, float)
    went = Signal(int)
    moved = Signal(float, float, float)  # degrees about z, scale, metres up
    length_set = Signal(float)
    up_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(8)
        self.buttons: dict[str, QPushButton] = {}
        self.chosen = self._head("CHOSEN")
        self._add_deeds()
        self._add_range()
        self._head("WHOLE SCENE")
        self._add_whole()
        self._add_move()
        self._add_length()
        self._add_list()
        self.setWidget(body)
        self.show_chosen(0, 0)

    def show_chosen(self, count: int, total: int) -> None:
        """How many are chosen."""
        self.chosen.setText(f"CHOSEN   {count:,} of {total:,}" if total else "CHOSEN")
        for name in ("delete", "isolate", "none"):
            self.buttons[name].setEnabled(count > 0)
        for name in ("invert", "align", "clean", "crop", "move"):
            self.buttons[name].setEnabled(total > 0)
        self.by.setEnabled(total > 0)

    def show_up(self, up: str) -> None:
        """Which axis of the file points up."""
        self.up.setCurrentIndex(self.up.findData(up))

    def show_length(self, metres: float) -> None:
        """A length was measured; 0 is none."""
        self.length.setEnabled(metres > 0)
        self.buttons["length"].setEnabled(metres > 0)
        if metres > 0:
            self.length.setValue(metres)

    def show_edits(self, edits: tuple[Edit, ...], undone: tuple[Edit, ...]) -> None:
        """What was done, and dim below it what was undone."""
        self.list.clear()
        self.list.addItem("As it was opened")
        for index, edit in enumerate((*edits, *undone)):
            entry = QListWidgetItem(words_of(edit))
            if index >= len(edits):
                entry.setForeground(Qt.GlobalColor.gray)
            self.list.addItem(entry)
        self.list.setCurrentRow(len(edits))
        self.undo.setEnabled(bool(edits))
        self.redo.setEnabled(bool(undone))

    # How it is made --------------------------------------------------------------------------------------------------------

    def _head(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "section")
        if self._column.count():
            self._column.addSpacing(10)
        self._column.addWidget(label)
        return label

    def _button(self, name: str, text: str, tip: str, act: Callable[[], object] | None = None) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(act or partial(self.asked.emit, name))
        self.buttons[name] = button
        return button

    def _add_deeds(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(8)
        for index, (name, text, glyph, tip) in enumerate(DEEDS):
            button = self._button(name, text, tip)
            button.setIcon(icon(glyph, "bad" if name == "delete" else None))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(button, index // 2, index % 2)
        self._column.addLayout(grid)

    def _add_range(self) -> None:
        self.by = QComboBox()
        for name, title in (("opacity", "Opacity below"), ("size", "Size above"), ("brightness", "Brightness below")):
            self.by.addItem(title, name)
        self.by.setToolTip("Chooses by a number of each Gaussian")
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0, 1000)
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip("How many are chosen: more to the right")
        self.threshold.valueChanged.connect(self._tell_range)
        self.by.currentIndexChanged.connect(lambda _: self.threshold.setValue(0))
        row = QHBoxLayout()
        self.threshold.setMinimumWidth(40)
        row.addWidget(self.by)
        row.addWidget(self.threshold, 1)
        self._column.addLayout(row)

    def _tell_range(self, value: int) -> None:
        name: Quantity = self.by.currentData()
        share = value / 1000
        if name == "size":
            self.ranged.emit(name, 1 - share, 1.0)
        else:
            self.ranged.emit(name, 0.0, share)

    def _add_whole(self) -> None:
        for name, text, tip in WHOLE:
            self._column.addWidget(self._button(name, text, tip))
        self.up = QComboBox()
        for name, title in (("-y", "−y is up in the file"), ("y", "y is up in the file"), ("z", "z is up in the file")):
            self.up.addItem(title, name)
        self.up.setToolTip("Opens the scene with another of its axes upright; its edits are let go")
        self.up.activated.connect(lambda _: self.up_chosen.emit(self.up.currentData()))
        self._column.addWidget(self.up)

    def _add_move(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.turn = NumberField("°", -180, 180, 0, "Turns about the vertical, anticlockwise from above")
        self.grow = NumberField("×", 0.001, 1000, 1, "Makes the scene larger")
        self.lift = NumberField("m", -1e4, 1e4, 0, "Lifts the scene")
        for field in (self.turn, self.grow, self.lift):
            row.addWidget(field, 1)
        self._column.addLayout(row)
        self._column.addWidget(
            self._button("move", "Turn, scale, lift", "Moves the whole scene by these numbers", self._move)
        )

    def _move(self) -> None:
        self.moved.emit(self.turn.value(), self.grow.value(), self.lift.value())
        self.turn.setValue(0)
        self.grow.setValue(1)
        self.lift.setValue(0)

    def _add_length(self) -> None:
        row = QHBoxLayout()
        self.length = NumberField("m", 1e-4, 1e5, 1, "How long the measured line is in truth")
        row.addWidget(self.length, 1)
        button = self._button(
            "length", "Set length", "Scales the scene so that the measured line is so long", self._set_length
        )
        row.addWidget(button)
        self._column.addLayout(row)
        self.show_length(0.0)

    def _set_length(self) -> None:
        self.length_set.emit(self.length.value())

    def _add_list(self) -> None:
        head = QHBoxLayout()
        label = QLabel("DONE")
        label.setProperty("role", "section")
        head.addWidget(label, 1)
        self.undo, self.redo = (_tool(*row) for row in _UNDO)
        self.undo.clicked.connect(partial(self.asked.emit, "undo"))
        self.redo.clicked.connect(partial(self.asked.emit, "redo"))
        head.addWidget(self.undo)
        head.addWidget(self.redo)
        self._column.addSpacing(10)
        self._column.addLayout(head)
        self.list = QListWidget()
        self.list.setToolTip("Click a line to go back to it, or forward")
        self.list.setAccessibleName("Edits")
        self.list.setMinimumHeight(120)
        self.list.itemClicked.connect(lambda entry: self.went.emit(self.list.row(entry)))
        self._column.addWidget(self.list, 1)
        theme().changed.connect(self.list.update)


_UNDO = (("arrow-counter-clockwise", "Undo (Ctrl+Z)"), ("arrow-clockwise", "Redo (Ctrl+Shift+Z)"))


def _tool(glyph: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setProperty("kind", "ghost")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    return button

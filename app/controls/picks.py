"""Controls whose values are made in a view: points placed on a plot, and what was last clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.controls.base import ControlWidget
from app.controls.tools import tool
from engine.api.params import is_event
from engine.api.words import number, plural

if TYPE_CHECKING:
    from engine.api.params import Field


class PointSetControl(ControlWidget):
    """How many points there are, with undo and clear; they are placed on the plot itself."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.words, hint = QLabel(), QLabel("edit on the plot")
        hint.setProperty("role", "small")
        hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.undo = tool("arrow-counter-clockwise", "Take the last point away")
        self.clear = tool("trash", "Take all points away")
        self.undo.clicked.connect(lambda: self.offer(self.value()[:-1]))
        self.clear.clicked.connect(lambda: self.offer(()))
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(hint, 1)
        below.addWidget(self.undo)
        below.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.words)
        column.addLayout(below)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Counts the points and their classes."""
        groups = len({group for _, _, group in value})
        kinds = f", {groups} class" + ("es" if groups != 1 else "")
        text = plural(len(value), "point") + kinds if value else "no points"
        self.words.setText(text)
        self.words.setToolTip(text)
        self.undo.setEnabled(bool(value))
        self.clear.setEnabled(bool(value))


class PickControl(ControlWidget):
    """What was picked in a view; its row is away while nothing is."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._keeps = not is_event(field.control)
        self.words = QLabel()
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.clear = tool("x", "Forget what was picked")
        self.clear.clicked.connect(lambda: self.offer(()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.clear)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Writes the numbers of the pick."""
        picked = "set in the view" if self._keeps else ",  ".join(number(part) for part in value)
        self.words.setText(picked if value else "nothing")
        self.clear.setEnabled(bool(value))

    def is_relevant(self) -> bool:
        """Only once something was picked."""
        return bool(self.value())

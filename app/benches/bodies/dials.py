"""Rows of a label and a slider, as the tabs of the workbench stack them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.controls.slider import SliderControl
from engine.api.params import Field, Slider

if TYPE_CHECKING:
    from collections.abc import Callable

LABEL = 74


class Dial(QWidget):
    """A label and a slider; `tell` hears what the person sets, and only that."""

    def __init__(
        self, name: str, slider: Slider, usual: float, tell: Callable[[float], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.label = QLabel(name)
        self.label.setFixedWidth(LABEL)
        self.label.setToolTip(slider.help)
        self.slider = SliderControl(Field(name, "float", usual, slider))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        self.setToolTip(slider.help)
        self.slider.changed.connect(tell)

    def show_value(self, value: float) -> None:
        """Shows a number without telling; one beyond its ends stands at the end."""
        control = self.slider.field.control
        assert isinstance(control, Slider)
        self.slider.set_value(min(max(value, control.lo), control.hi))

    def value(self) -> float:
        """The number."""
        return float(self.slider.value())


class Tab(QScrollArea):
    """A column of rows that scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self.column = QVBoxLayout(body)
        self.column.setContentsMargins(16, 12, 16, 12)
        self.column.setSpacing(8)
        self.setWidget(body)

    def head(self, text: str) -> QLabel:
        """A heading."""
        label = QLabel(text)
        label.setProperty("role", "section")
        if self.column.count():
            self.column.addSpacing(8)
        self.column.addWidget(label)
        return label

    def row(self, *widgets: QWidget) -> None:
        """Widgets side by side."""
        line = QHBoxLayout()
        line.setSpacing(6)
        for widget in widgets:
            line.addWidget(widget, 1)
        self.column.addLayout(line)

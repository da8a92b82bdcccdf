"""The strip under a canvas: brush size, erase, undo, clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QToolButton, QWidget

from app.theme import icon

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent


class BrushBar(QWidget):
    """`changed`: size or eraser; `undo` and `cleared`: pressed."""

    changed = Signal()
    undo = Signal()
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = 0.5
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setRange(1, 16)
        self._size.setValue(3)
        self._size.setMaximumWidth(140)
        self._size.setToolTip("Size of the brush ([ and ])")
        self._size.setAccessibleName("Size of the brush")
        self._size.valueChanged.connect(self.changed)
        self._erase = self._button("eraser", "Erase (E, or paint with the right button)")
        self._erase.setCheckable(True)
        self._erase.toggled.connect(self.changed)
        back = self._button("arrow-counter-clockwise", "Undo the last stroke (Ctrl+Z)")
        back.clicked.connect(self.undo)
        wipe = self._button("trash", "Clear the drawing (Delete); undo brings it back")
        wipe.clicked.connect(self.cleared)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 0)
        row.setSpacing(4)
        brush = self._button("paint-brush", "Paint")
        brush.setEnabled(False)
        for widget in (brush, self._size, self._erase, back, wipe):
            row.addWidget(widget)
        row.addStretch(1)

    @staticmethod
    def _button(glyph: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(glyph, "dim"))
        button.setIconSize(QSize(16, 16))
        button.setProperty("kind", "ghost")
        button.setFixedSize(28, 28)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        return button

    def set_range(self, side: int) -> None:
        """Fits the brush to a canvas whose longer side is `side` pixels."""
        self._unit = max(side / 64, 0.5)

    @property
    def radius(self) -> float:
        """The brush's radius in pixels of the canvas."""
        return self._size.value() * self._unit

    @property
    def erasing(self) -> bool:
        """Whether the brush takes away."""
        return self._erase.isChecked()

    def key(self, event: QKeyEvent) -> bool:
        """The strip's keys; whether this was one."""
        match event.key():
            case Qt.Key.Key_BracketLeft:
                self._size.setValue(self._size.value() - 1)
            case Qt.Key.Key_BracketRight:
                self._size.setValue(self._size.value() + 1)
            case Qt.Key.Key_E:
                self._erase.toggle()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.cleared.emit()
            case _:
                return False
        return True

"""On or off: a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEasingCurve, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from app.controls.base import ROW_HEIGHT, ControlWidget
from app.theme import theme

if TYPE_CHECKING:
    from engine.api.params import Field

_SIZE = QSize(36, 20)


class Switch(QAbstractButton):
    """A painted switch; Space and a click turn it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFixedSize(_SIZE.width() + 4, ROW_HEIGHT)
        self._knob = 0.0
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._move)
        self.toggled.connect(self._start)
        theme().changed.connect(self.update)

    def _start(self, on: bool) -> None:
        self._slide.stop()
        self._slide.setDuration(theme().motion(100) if self.isVisible() else 0)
        self._slide.setStartValue(self._knob)
        self._slide.setEndValue(1.0 if on else 0.0)
        self._slide.start()

    def _move(self, place: float) -> None:
        self._knob = place
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The groove and the knob."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = QRectF(2, (self.height() - _SIZE.height()) / 2, _SIZE.width(), _SIZE.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent if self.isChecked() else colours.edge))
        painter.drawRoundedRect(groove, 10, 10)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(groove.adjusted(-1.5, -1.5, 1.5, 1.5), 11.5, 11.5)
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#ffffff"))
        left = groove.left() + 3 + self._knob * (_SIZE.width() - _SIZE.height())
        painter.drawEllipse(QRectF(left, groove.top() + 3, 14, 14))


class ToggleControl(ControlWidget):
    """A switch at the left of its column."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.switch = Switch()
        self.switch.setAccessibleName(field.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.switch)
        row.addStretch(1)
        self.setFocusProxy(self.switch)
        self.show_value(self.value())
        self.switch.clicked.connect(self.offer)

    def show_value(self, value: Any) -> None:
        """Turns the switch."""
        self.switch.setChecked(value)

"""A small field for a number with its unit; what is no number in its range leaves the old one standing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from app.controls.figures import exact, typed


class NumberField(QLineEdit):
    """Holds a number between two others."""

    def __init__(
        self, unit: str, low: float, high: float, usual: float, tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._unit, self._low, self._high, self._value = unit, low, high, usual
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(48)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.editingFinished.connect(self._take)
        self.setValue(usual)

    def value(self) -> float:
        """The number, with what is being typed."""
        self._take()
        return self._value

    def setValue(self, value: float) -> None:  # as Qt's own fields have it
        """Another number."""
        self._value = min(max(float(value), self._low), self._high)
        self.setText(f"{exact(round(self._value, 4))} {self._unit}")
        self.setCursorPosition(0)

    def _take(self) -> None:
        try:
            self.setValue(typed(self.text(), self._unit))
        except ValueError:
            self.setValue(self._value)

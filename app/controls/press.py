"""A button: the value counts the presses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.controls.base import ControlWidget

if TYPE_CHECKING:
    from engine.api.params import Field


class ButtonControl(ControlWidget):
    """A push button that bears the field's label."""

    labelled = False

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.button = QPushButton(field.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        self.setFocusProxy(self.button)
        self.button.clicked.connect(lambda: self.offer(self.value() + 1))

    def show_value(self, value: Any) -> None:
        """A count has no face."""

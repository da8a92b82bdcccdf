"""What every control has in common: a field, a value that was checked, and a way to refuse a bad one.

A control never invents its own rules: whatever a person types, drags or drops goes through `engine.api.params.checked`,
the same door as the command line, and a value that is refused leaves the old one standing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api.errors import StudioError
from engine.api.params import checked, from_json

if TYPE_CHECKING:
    from engine.api.params import Field

ROW_HEIGHT = 30


class ControlWidget(QWidget):
    """A field's widget. A kind of control gives it `show_value`.

    `changed`: a new value from the person, checked. `refused`: why one was not taken, "" when all is well again.
    """

    changed = Signal(object)
    refused = Signal(str)

    wide = False
    """Whether the control stands below its label, across the whole dock."""

    labelled = True
    """Whether its row shows the field's label."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._value: Any = default_of(field)
        self.setAccessibleName(field.label)

    def value(self) -> Any:
        """The value, of the field's own type."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value and tells nobody. Raises ParameterError if the field does not take it."""
        self._value = checked(self.field, value)
        self.refused.emit("")
        self.show_value(self._value)

    def offer(self, value: Any) -> bool:
        """Takes a value from the person and tells; a bad one is refused with its reason, and False returned."""
        try:
            taken = checked(self.field, value)
        except StudioError as error:
            self.refused.emit(str(error))
            return False
        self.refused.emit("")
        differs = not same(taken, self._value)
        self._value = taken
        self.show_value(taken)
        if differs:
            self.changed.emit(taken)
        return True

    def show_value(self, value: Any) -> None:
        """Draws a checked value."""
        raise NotImplementedError

    def is_relevant(self) -> bool:
        """Whether its row is worth showing now."""
        return True


def default_of(field: Field) -> Any:
    """The field's default, of its own type (a drawn picture crosses the border as text)."""
    return from_json(field, field.default)


def same(left: Any, right: Any) -> bool:
    """Whether two values of a field are equal; pictures are compared pixel by pixel."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and np.array_equal(left, right)
    return bool(left == right)

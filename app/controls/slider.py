"""A number on a track: drag, click, arrow keys, or type it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.controls.base import ControlWidget
from app.controls.figures import exact, shown, typed
from app.controls.scale import Scale
from app.controls.track import Track
from app.controls.value_field import ValueField

if TYPE_CHECKING:
    from engine.api.params import Field, Slider


class SliderControl(ControlWidget):
    """A track with a value field beside it."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        control = cast("Slider", field.control)
        self._whole, self._unit = field.type == "int", control.unit
        self._scale = Scale(control.lo, control.hi, control.log, control.step, self._whole)
        self._origin = self._scale.place(0.0) if control.lo < 0 < control.hi else 0.0
        self.track, self.text_field = Track(), ValueField()
        self.track.setAccessibleName(field.label)
        self.text_field.setAccessibleName(field.label)
        self.text_field.make_room_for(*(self._words(self._scale.at(place)) for place in (0, 1 / 3, 2 / 3, 1)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.track, 1)
        row.addWidget(self.text_field)
        self.setFocusProxy(self.track)
        self.track.moved.connect(lambda place: self.offer(self._scale.at(place)))
        self.track.stepped.connect(self._step)
        self.text_field.stepped.connect(self._step)
        self.text_field.entered.connect(self._take)
        self.refused.connect(self.text_field.refuse)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Moves the knob and writes the number."""
        self.track.set_place(self._scale.place(value), self._origin)
        self.text_field.set_texts(self._words(value), exact(value, self._whole))

    def _words(self, value: float) -> str:
        short = shown(value, self._whole)
        return f"{short} {self._unit}" if self._unit else short

    def _step(self, steps: int) -> None:
        self.offer(self._scale.stepped(self.value(), steps))

    def _take(self, text: str) -> None:
        try:
            self.offer(typed(text, self._unit))
        except ValueError:
            self.offer(text)  # refused there, with the sentence about what this field takes

"""What was done on a workbench: how much of it there is, and a way to let go of it. It is changed on the workbench itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.controls.base import ControlWidget
from app.controls.tools import tool
from engine.api.body_scenes import scene_from_text
from engine.api.flights import flight_from_text
from engine.api.splat_edits import edits_from_text, words_of
from engine.api.words import plural

if TYPE_CHECKING:
    from engine.api.params import Field, Record


class RecordControl(ControlWidget):
    """Says "3 edits" or "5 key frames"; a cross lets go of them."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._kind = cast("Record", field.control).kind
        self.words, self.clear = QLabel(), tool("x", "Let go of all of it")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.clear)
        self.setFocusProxy(self.clear)
        self.clear.clicked.connect(lambda: self.offer(""))
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Writes how much there is; the tooltip says what."""
        self.clear.setVisible(bool(value))
        if self._kind == "edits":
            edits = edits_from_text(value)
            self.words.setText(plural(len(edits), "edit") if edits else "no edits")
            self.words.setToolTip("\n".join(map(words_of, edits)))
        elif self._kind == "bodies":
            bodies = scene_from_text(value).actors
            self.words.setText(f"{len(bodies)} bodies" if len(bodies) > 1 else "one body")
            self.words.setToolTip(", ".join(body.name for body in bodies))
        elif self._kind in ("deed", "files"):
            self.words.setText("something" if value else "nothing")
        else:
            flight = flight_from_text(value)
            self.words.setText("once around" if flight is None else plural(len(flight.keys), "key frame"))

"""The controls dock: a row for each parameter of a lab, in groups.

The dock knows the values and what a running model has; it does not know runs. Undo belongs to who owns the values across
controls, plots and drops (the lab's page): every act of the person, "Reset all" too, arrives there as `changed`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.controls.row import ControlRow
from app.controls.throttle import Throttle
from engine.api.errors import ParameterError
from engine.api.params import is_event, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from engine.api.lab import LabInfo
    from engine.api.params import Field

_MARGIN = 12
_LABEL_SHARE = 0.42
_NARROWEST_LABEL = 88


class ControlsPanel(QScrollArea):
    """Shows the parameters of one lab. `changed(name, value)`: from the person, at most thirty times a second for each."""

    changed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, ControlRow] = {}
        self._running_params: dict[str, Any] = {}
        self._throttle = Throttle(self)
        self._throttle.passed.connect(self.changed)
        self._body = QWidget()
        self.reset_all_button = QPushButton("Reset all")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """As high as all rows, so that what stands below begins there."""
        height = self._body.sizeHint().height() if self.rows else 120
        return QSize(320, height)

    def minimumSizeHint(self) -> QSize:
        """Four rows; the rest scrolls."""
        return QSize(240, min(140, self.sizeHint().height()))

    # Values ------------------------------------------------------------------------------------------------------------

    def set_lab(self, info: LabInfo) -> None:
        """Builds the rows of a lab, at their defaults."""
        self._throttle.flush()
        self.rows = {field.name: ControlRow(field) for field in info.fields}
        self._running_params = {}
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        column.setSpacing(0)
        for name, fields in _grouped(info.fields).items():
            if name:
                column.addWidget(_heading(name))
            for field in fields:
                column.addWidget(self.rows[field.name])
        column.addLayout(self._foot())
        column.addStretch(1)
        for name, row in self.rows.items():
            row.changed.connect(partial(self._on_row, name))
        self.setWidget(self._body)
        self._align()
        self._refresh()

    def values(self) -> dict[str, Any]:
        """Every value, of the field's own type."""
        self._throttle.flush()
        return {name: row.control.value() for name, row in self.rows.items()}

    def set_values(self, values: dict[str, Any]) -> None:
        """Shows values and tells nobody. Raises ParameterError for a name or a value that the lab does not take."""
        for name, value in values.items():
            if name not in self.rows:
                raise ParameterError(f"There is no parameter “{name}” here.")
            self._throttle.drop(name)
            self.rows[name].control.set_value(value)
        self._refresh()

    def set_running(self, running: bool, params: Mapping[str, Any] | None = None) -> None:
        """Says that a model runs, so that what is not live and differs from what it has is marked as waiting.

        `params`: what the running model was started with, as JSON; without, the values as they stood when it began to run.
        """
        if not running:
            self._running_params = {}
        elif params is not None:
            self._running_params = dict(params)
        elif not self._running_params:
            self._running_params = {name: to_json(value) for name, value in self.values().items()}
        self._refresh()

    def reset_all(self) -> None:
        """Brings every usual value back."""
        for row in self.rows.values():
            row.reset()

    # Inside -----------------------------------------------------------------------------------------------------------

    def _on_row(self, name: str, value: Any) -> None:
        self._refresh()
        if is_event(self.rows[name].field.control):
            self.changed.emit(name, value)  # each press counts
        else:
            self._throttle.push(name, value)

    def _refresh(self) -> None:
        for name, row in self.rows.items():
            row.refresh(waits=name in self._running_params and not row.is_at(self._running_params[name]))
        self.reset_all_button.setEnabled(any(row.is_changed() for row in self.rows.values()))

    def _foot(self) -> QHBoxLayout:
        self.reset_all_button = QPushButton("Reset all")
        self.reset_all_button.setProperty("kind", "quiet")
        self.reset_all_button.setToolTip("Bring every usual value back")
        self.reset_all_button.clicked.connect(self.reset_all)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 6, 0, 0)
        if not self.rows:
            self.reset_all_button.hide()
            empty = QLabel("This lab has nothing to set.")
            empty.setProperty("role", "dim")
            foot.addWidget(empty)
        else:
            foot.addStretch(1)
            foot.addWidget(self.reset_all_button)
        return foot

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the width between labels and controls."""
        super().resizeEvent(event)
        self._align()

    def _align(self) -> None:
        wanted = max((row.natural_label_width() for row in self.rows.values()), default=0)
        most = max(_NARROWEST_LABEL, int((self.viewport().width() - 2 * _MARGIN) * _LABEL_SHARE))
        for row in self.rows.values():
            row.set_label_width(min(wanted, most))


def _grouped(fields: tuple[Field, ...]) -> dict[str, list[Field]]:
    """Fields by heading; those without one come first."""
    groups: dict[str, list[Field]] = {"": []}
    for field in fields:
        groups.setdefault(field.control.group, []).append(field)
    return groups


def _heading(text: str) -> QLabel:
    made = QLabel(text.upper())
    made.setProperty("role", "section")
    made.setContentsMargins(0, 14, 0, 4)
    return made

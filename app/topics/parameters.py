"""The parameters of a page: one value for each, wherever it was changed, with undo.

A control, a view that is poked, a run that is opened, a share string and a dropped folder all go through here, and every other place
that shows the value follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.controls.base import default_of, same
from app.topics.parameter_change import ParameterChange
from engine.api.errors import ParameterError
from engine.api.params import checked, find_field, from_json, is_event, to_json
from engine.api.share import Experiment

if TYPE_CHECKING:
    from app.controls.panel import ControlsPanel
    from app.topics.view_grid import ViewGrid
    from engine.api.lab import LabInfo


class Parameters(QObject):
    """Holds the values, of the fields' own types. `moved(name, value)`: the person changed a live one (JSON)."""

    moved = Signal(str, object)
    changed = Signal()

    def __init__(self, info: LabInfo, controls: ControlsPanel, grid: ViewGrid, parent: QObject) -> None:
        super().__init__(parent)
        self.undo = QUndoStack(self)
        self.seed = 0
        self._info = info
        self._controls = controls
        self._grid = grid
        self._values: dict[str, Any] = {entry.name: default_of(entry) for entry in info.fields}
        controls.changed.connect(self._on_control)
        grid.poked.connect(self._on_poke)
        for name, value in self._values.items():
            self._show_in_views(name, value)

    def json(self) -> dict[str, Any]:
        """Every value as JSON: what a run is started with."""
        self._controls.values()  # lets go of a move that the controls still hold back
        return {name: to_json(value) for name, value in self._values.items()}

    def value(self, name: str) -> Any:
        """The value of one."""
        return self._values[name]

    def experiment(self) -> Experiment:
        """The lab with the values that are not the usual ones."""
        return Experiment(self._info.id, changed_from_usual(self._info, self.json()), self.seed)

    def take(self, values: dict[str, Any]) -> None:
        """Takes values (JSON) of a run; what this lab does not know or take any more is passed over."""
        for name, encoded in values.items():
            try:
                self._set(name, from_json(find_field(self._info.fields, name), encoded))
            except ParameterError:
                continue
        self.changed.emit()

    def take_experiment(self, experiment: Experiment) -> None:
        """Takes the values of a share string, the usual ones for the rest. Raises ParameterError before anything is set."""
        fields = self._info.fields
        values = {name: from_json(find_field(fields, name), value) for name, value in experiment.params.items()}
        for entry in fields:
            self._set(entry.name, values.get(entry.name, default_of(entry)))
        self.seed = experiment.seed
        self.undo.clear()
        self.changed.emit()

    def person_sets(self, name: str, value: Any) -> None:
        """The person chose a value outside the controls (a drop): as if in its control. Raises ParameterError."""
        entry = find_field(self._info.fields, name)
        self._from_person(name, checked(entry, value), in_control=False)

    def pending(self, params: dict[str, Any]) -> bool:
        """Whether a run with these parameters (JSON) would be another if it were started again now."""
        return any(
            not entry.control.live
            and not is_event(entry.control)
            and entry.name != "steps"
            and entry.name in params
            and to_json(self._values[entry.name]) != params[entry.name]
            for entry in self._info.fields
        )

    # Inside ----------------------------------------------------------------------------------------------------------

    def _on_control(self, name: str, value: Any) -> None:
        self._from_person(name, value, in_control=True)

    def _on_poke(self, name: str, value: Any) -> None:
        try:
            self._from_person(name, checked(find_field(self._info.fields, name), value), in_control=False)
        except ParameterError:
            return  # a drag that left the range: the last good value stands

    def _from_person(self, name: str, value: Any, in_control: bool) -> None:
        old = self._values[name]
        entry = find_field(self._info.fields, name)
        event = is_event(entry.control)
        if same(old, value) and not event:
            return
        self._values[name] = value
        if not in_control:
            self._controls.set_values({name: value})
        self._show_in_views(name, value)
        if not event:
            self.undo.push(ParameterChange(name, entry.label, old, value, self._redo))
        self._tell(name)

    def _redo(self, name: str, value: Any) -> None:
        self._set(name, value)
        self._tell(name)

    def _tell(self, name: str) -> None:
        if find_field(self._info.fields, name).control.live:
            self.moved.emit(name, to_json(self._values[name]))
        self.changed.emit()

    def _set(self, name: str, value: Any) -> None:
        if same(self._values[name], value):
            return
        self._values[name] = value
        self._controls.set_values({name: value})
        self._show_in_views(name, value)

    def _show_in_views(self, name: str, value: Any) -> None:
        for panel in self._grid.panels.values():
            panel.set_parameter(name, value)


def changed_from_usual(info: LabInfo, params: dict[str, Any]) -> dict[str, Any]:
    """The values (JSON) that are not the usual ones, of parameters that the lab has; clicks in views do not count."""
    return {
        entry.name: params[entry.name]
        for entry in info.fields
        if entry.name in params and not is_event(entry.control) and params[entry.name] != to_json(entry.default)
    }

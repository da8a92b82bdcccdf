"""The views of a lab's page, side by side: rows of panels whose borders one drags, and which can be closed or filled up.

The first arrangement follows the number of open views: one, two, two and one, two by two, three by two; a view that asks to be wide
has a row of its own. What the person makes of it is kept for each set of open views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from app.views.curve_store import SeriesColours
from app.views.panel import ViewPanel
from engine.api.frames import View as Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.api.params import Field

GAP = 8


def arrange(places: Sequence[Place]) -> list[list[str]]:
    """Rows of view names, in order: at most two in a row, three from the fifth view on; a wide one stands alone."""
    narrow = sum(not place.wide for place in places)
    most = 3 if narrow > 4 else 2
    rows: list[list[str]] = []
    room = 0
    for place in places:
        if place.wide or room == 0:
            rows.append([])
            room = most
        rows[-1].append(place.name)
        room = 0 if place.wide else room - 1
    return rows


class ViewGrid(QWidget):
    """Holds the panels of a lab by view name. `poked(parameter, value)`: the person changed one on a view itself."""

    poked = Signal(str, object)
    rearranged = Signal()  # opened, closed, filled, or resized by hand

    def __init__(self, places: Iterable[Place], fields: Sequence[Field], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = SeriesColours()
        self.panels: dict[str, ViewPanel] = {}
        self.closed: set[str] = set()
        self.expanded = ""
        self._fields = fields
        self._sizes: dict[str, dict[str, Any]] = {}
        self._rows: QSplitter | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(GAP, GAP, GAP, GAP)
        self._none = QLabel("Every view is closed. Open one from the views menu above; closed views cost nothing.")
        self._none.setProperty("role", "faint")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setWordWrap(True)
        self._column.addWidget(self._none)
        for place in places:
            self._make(place)
        self._lay_out()

    # Views -----------------------------------------------------------------------------------------------------------

    def panel(self, name: str) -> ViewPanel:
        """The panel of a view; one that the lab did not declare gets its place at the end."""
        if name not in self.panels:
            self._keep_sizes()
            self._make(Place(name))
            self._lay_out()
            self.rearranged.emit()
        return self.panels[name]

    def open(self, name: str) -> None:
        """Puts a closed view back to its place."""
        self._set_closed(self.closed - {name})

    def close_view(self, name: str) -> None:
        """Takes a view off the page; it keeps what it shows."""
        self._set_closed(self.closed | {name})

    def expand(self, name: str) -> None:
        """Gives one view the whole place; "" gives it back to all."""
        if name:
            self.closed.discard(name)
        self.expanded = name
        for panel in self.panels.values():
            panel.set_expanded(panel.place.name == name)
        self._keep_sizes()
        self._lay_out()
        self.rearranged.emit()
        if name:
            self.panels[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def visible_views(self) -> tuple[str, ...]:
        """The views that a person can see now."""
        return tuple(name for name, panel in self.panels.items() if name not in self.closed and panel.isVisible())

    # Layout ----------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What `restore` brings back, as JSON."""
        self._keep_sizes()
        return {"closed": sorted(self.closed), "expanded": self.expanded, "sizes": self._sizes}

    def restore(self, state: dict[str, Any]) -> None:
        """Brings back closed views and sizes; whatever does not fit this lab any more is passed over."""
        closed, sizes = state.get("closed"), state.get("sizes")
        self.closed = {name for name in closed if name in self.panels} if isinstance(closed, list) else set()
        self._sizes = (
            {key: value for key, value in sizes.items() if _is_sizes(value)} if isinstance(sizes, dict) else {}
        )
        expanded = state.get("expanded")
        self.expanded = expanded if isinstance(expanded, str) and expanded in self.panels else ""
        for name, panel in self.panels.items():
            panel.set_expanded(name == self.expanded)
        self._lay_out()

    def reset(self) -> None:
        """Every view open, in the arrangement that the page began with."""
        self._sizes.clear()
        self.closed.clear()
        self.expanded = ""
        for panel in self.panels.values():
            panel.set_expanded(False)
        self._lay_out()
        self.rearranged.emit()

    # Inside ----------------------------------------------------------------------------------------------------------

    def _make(self, place: Place) -> None:
        panel = ViewPanel(place, self.colours, self)
        panel.bind_fields(self._fields)
        for entry in self._fields:
            panel.set_parameter(entry.name, entry.default)
        panel.poked.connect(self.poked)
        panel.closed.connect(self.close_view)
        panel.expanded.connect(self._on_expanded)
        self.panels[place.name] = panel

    def _on_expanded(self, name: str, whether: bool) -> None:
        self.expand(name if whether else "")

    def _set_closed(self, closed: set[str]) -> None:
        self._keep_sizes()
        self.closed = closed
        if self.expanded in closed:
            self.expanded = ""
            for panel in self.panels.values():
                panel.set_expanded(False)
        self._lay_out()
        self.rearranged.emit()

    def _shown(self) -> list[Place]:
        if self.expanded:
            return [self.panels[self.expanded].place]
        return [panel.place for name, panel in self.panels.items() if name not in self.closed]

    def _lay_out(self) -> None:
        rows = arrange(self._shown())
        for panel in self.panels.values():
            panel.setParent(self)
            panel.hide()
        if self._rows is not None:
            self._column.removeWidget(self._rows)
            self._rows.deleteLater()
            self._rows = None
        self._none.setVisible(not rows)
        if not rows:
            return
        self._rows = self._splitter(Qt.Orientation.Vertical)
        for names in rows:
            row = self._splitter(Qt.Orientation.Horizontal)
            for name in names:
                row.addWidget(self.panels[name])
                self.panels[name].show()
            self._rows.addWidget(row)
        self._column.addWidget(self._rows)
        self._give_sizes(self._rows)

    def _splitter(self, orientation: Qt.Orientation) -> QSplitter:
        splitter = QSplitter(orientation)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(GAP)
        splitter.splitterMoved.connect(self.rearranged)
        return splitter

    def _key(self) -> str:
        return ",".join(place.name for place in self._shown())

    def _keep_sizes(self) -> None:
        if self._rows is None or not self.isVisible() or self.expanded:
            return
        names = [panel.place.name for row in self._row_splitters(self._rows) for panel in row.findChildren(ViewPanel)]
        sizes = {"rows": self._rows.sizes(), "columns": [row.sizes() for row in self._row_splitters(self._rows)]}
        self._sizes[",".join(names)] = sizes

    def _give_sizes(self, rows: QSplitter) -> None:
        found = self._sizes.get(self._key())
        splitters = self._row_splitters(rows)
        if found is None or len(found["columns"]) != len(splitters):
            self._even(rows, splitters)
            return
        rows.setSizes(found["rows"])
        for row, sizes in zip(splitters, found["columns"], strict=True):
            row.setSizes(sizes)

    def _even(self, rows: QSplitter, splitters: list[QSplitter]) -> None:
        """Alike, but a row that is all one view's is half as high again among others."""
        for row in splitters:
            row.setSizes([10_000] * row.count())
        weights = [15_000 if self._is_wide(row) else 10_000 for row in splitters]
        rows.setSizes(weights)

    @staticmethod
    def _is_wide(row: QSplitter) -> bool:
        first = row.widget(0)
        return row.count() == 1 and isinstance(first, ViewPanel) and first.place.wide

    @staticmethod
    def _row_splitters(rows: QSplitter) -> list[QSplitter]:
        widgets = (rows.widget(index) for index in range(rows.count()))
        return [widget for widget in widgets if isinstance(widget, QSplitter)]


def _is_sizes(value: Any) -> bool:
    def numbers(part: Any) -> bool:
        return isinstance(part, list) and all(type(entry) is int for entry in part)

    return (
        isinstance(value, dict)
        and numbers(value.get("rows"))
        and isinstance(value.get("columns"), list)
        and all(numbers(row) for row in value["columns"])
    )

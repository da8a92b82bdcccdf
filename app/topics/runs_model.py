"""The table of a lab's runs as data: those that live here as they stand this moment, all others as their records say."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from app.runs import LiveRun
from app.runs.shelf import Shelf, is_open
from app.theme import theme
from app.topics.run_words import differs_in, main_scalars, run_name, scalar_headings
from engine.api.records import RunRecord
from engine.api.words import ago, number

if TYPE_CHECKING:
    from engine.api.lab import LabInfo

    Index = QModelIndex | QPersistentModelIndex

TICK, NAME, DIFFERS, STEPS = range(4)
MOST_SCALARS = 3
_STATES = {
    "starting": ("starting", "dim"),
    "running": ("training", "good"),
    "paused": ("paused", "live"),
    "exploring": ("trained", "good"),
    "finished": ("finished", "dim"),
    "stopped": ("stopped", "dim"),
    "failed": ("broken off", "bad"),
    "interrupted": ("interrupted", "live"),
    "elsewhere": ("open elsewhere", "dim"),
}
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass
class Row:
    """A run in the table. `colour`: its index among the series colours while its curves are shown, else −1."""

    folder: Path
    record: RunRecord
    live: LiveRun | None = None
    state: str = ""
    colour: int = -1


class RunsModel(QAbstractTableModel):
    """Tick, name, differences, steps, last values, when, state. `renamed(folder, title)`: the person wrote another name."""

    renamed = Signal(object, str)
    ticked = Signal(object, bool)  # folder, whether its curves are to be shown

    def __init__(self, info: LabInfo, root: Path, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.scalars: list[str] = []
        self._info = info
        self._shelf = Shelf(root, info.id)
        self._live: dict[str, LiveRun] = {}
        self._colours: dict[str, int] = {}
        self._titles: dict[str, str] = {}

    # What the page tells ---------------------------------------------------------------------------------------------

    def refresh(self, live: dict[str, LiveRun]) -> None:
        """Reads the folder again. `live`: the runs of this page by name."""
        self._live = live
        rows = [self._row(shelved.folder, shelved.record) for shelved in self._shelf.read()]
        scalars = self._main_scalars(rows)
        same = scalars == self.scalars and [row.folder for row in rows] == [row.folder for row in self.rows]
        if same:
            self.rows = rows
            self._tell_all()
            return
        self.beginResetModel()
        self.rows, self.scalars = rows, scalars
        self.endResetModel()

    def touch(self, run: LiveRun) -> None:
        """A live run moved on."""
        for index, row in enumerate(self.rows):
            if row.folder.name == run.name:
                self.rows[index] = self._row(row.folder, row.record)
                if len(self.scalars) < MOST_SCALARS and self._main_scalars(self.rows) != self.scalars:
                    self.beginResetModel()
                    self.scalars = self._main_scalars(self.rows)
                    self.endResetModel()
                    return
                self.dataChanged.emit(self.index(index, 0), self.index(index, self.columnCount() - 1))
                return

    def set_colours(self, colours: dict[str, int]) -> None:
        """Which runs are drawn in the charts, and in which series colour."""
        self._colours = dict(colours)
        for row in self.rows:
            row.colour = self._colours.get(row.folder.name, -1)
        self._tell_all()

    def row_of(self, name: str) -> int:
        """The row of a run, −1 if it is not in the table."""
        return next((index for index, row in enumerate(self.rows) if row.folder.name == name), -1)

    def name_of(self, row: Row) -> str:
        """What the run is called."""
        return self._titles.get(row.folder.name) or run_name(self._info, row.record)

    def _row(self, folder: Path, record: RunRecord) -> Row:
        live = self._live.get(folder.name)
        if live is not None and live.live:
            at = live.home if live.visiting is not None and live.home is not None else live.at
            record = replace(record, step=at, total=live.total or record.total, last=record.last | live.last)
            record = replace(record, changes=live.changes, params=record.params | live.params)
            return Row(folder, record, live, live.phase or "", self._colours.get(folder.name, -1))
        if live is not None:
            record = replace(record, step=max(record.step, live.at))
        state = record.state
        if state not in ("finished", "stopped", "failed"):
            state = "elsewhere" if is_open(folder) else "interrupted"
        return Row(folder, record, live, state, self._colours.get(folder.name, -1))

    def _main_scalars(self, rows: list[Row]) -> list[str]:
        return main_scalars(
            self._info, list(dict.fromkeys(name for row in rows for name in row.record.last)), MOST_SCALARS
        )

    def _tell_all(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, self.columnCount() - 1))

    # What Qt asks ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """A row for each run."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """As many as there are headings."""
        return 0 if parent.isValid() else len(self.headings)

    @property
    def headings(self) -> list[str]:
        """Tick and name first; then a column for each of the main curves."""
        return ["", "run", "differs in", "steps", *scalar_headings(self.scalars), "when", "state"]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The headings; numbers stand right."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headings[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self._is_number(section) else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole and 0 <= section - STEPS - 1 < len(self.scalars):
            return f"Last value of {self.scalars[section - STEPS - 1]}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, colour and tooltip of a cell."""
        row, column = self.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if self._is_number(column) else _LEFT
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(row, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Takes another name."""
        if role != Qt.ItemDataRole.EditRole or index.column() != NAME:
            return False
        row, title = self.rows[index.row()], str(value).strip()[:120]
        if not title or title == self.name_of(row):
            return False
        self._titles[row.folder.name] = title
        self.dataChanged.emit(index, index)
        self.renamed.emit(row.folder, title)
        return True

    def _is_number(self, column: int) -> bool:
        return STEPS <= column < STEPS + 1 + len(self.scalars)

    def _text(self, row: Row, column: int) -> str:
        if column == TICK:
            return ""
        if column == NAME:
            return self.name_of(row)
        if column == DIFFERS:
            return differs_in(self._info, row.record)
        if column == STEPS:
            return f"{row.record.step:,}"
        scalar = column - STEPS - 1
        if scalar < len(self.scalars):
            value = row.record.last.get(self.scalars[scalar])
            return "" if value is None else number(value)
        if scalar == len(self.scalars):
            return (
                "now"
                if row.live is not None and row.live.live
                else ago(max(0.0, time.time() - row.record.created - row.record.seconds))
            )
        return _STATES.get(row.state, (row.state, "dim"))[0]

    def _colour(self, row: Row, column: int) -> QColor:
        colours = theme().colours
        if column == self.columnCount() - 1:
            return QColor(getattr(colours, _STATES.get(row.state, ("", "dim"))[1]))
        return QColor(colours.text if column in (NAME, STEPS) or self._is_number(column) else colours.dim)

    def _tip(self, row: Row, column: int) -> str:
        if column == TICK:
            return "Takes its curves out of the charts" if row.colour >= 0 else "Draws its curves over the others"
        if column == NAME:
            return f"{row.folder.name}\nDouble-click opens it, F2 renames it"
        if column == DIFFERS:
            return self._text(row, column)
        if column == self.columnCount() - 1:
            return row.record.error
        return ""

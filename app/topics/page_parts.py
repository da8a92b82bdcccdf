"""The widgets of a lab's page, and how they lie: what stands where, how large, what is hidden; remembered for each lab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from app.theme import icon
from app.topics.curve_board import CurveBoard
from app.topics.parameters import Parameters
from app.topics.run_bar import RunBar
from app.topics.runs_desk import RunsDesk
from app.topics.runs_dock import RunsDock
from app.topics.scrubber import Scrubber
from app.topics.side import WIDTH, SidePanel
from app.topics.view_grid import ViewGrid

if TYPE_CHECKING:
    from pathlib import Path

    from app.runs import Conductor
    from app.settings import Settings
    from engine.api.lab import LabInfo

_TABLE = 132
_LOW = 780
_NARROW = 1080
_KEEP_MS = 800


class Parts(QObject):
    """Everything that stands on a page."""

    def __init__(self, info: LabInfo, runs: Path, conductor: Conductor, parent: QObject) -> None:
        super().__init__(parent)
        self.info = info
        self.bar = RunBar(info)
        self.grid = ViewGrid(info.views, info.fields)
        self.side = SidePanel(info)
        self.scrubber = Scrubber(info)
        self.dock = RunsDock(info, runs)
        self.parameters = Parameters(info, self.side.controls, self.grid, self)
        self.board = CurveBoard(self.grid, info)
        self.desk = RunsDesk(info, self.dock, self.board, conductor, self)


class PageLayout(QObject):
    """Lays the parts out on the page and remembers how the person left them."""

    def __init__(self, parts: Parts, settings: Settings, page: QWidget) -> None:
        super().__init__(page)
        self._parts = parts
        self._settings = settings
        self._key = f"lab {parts.info.id}"
        self._chosen: dict[str, Any] = {}
        self._soon = QTimer(self, singleShot=True, interval=_KEEP_MS)
        self._soon.timeout.connect(self.keep)
        self.foot = self._make_foot()
        self.middle = self._splitter(Qt.Orientation.Vertical, parts.grid, self.foot)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(parts.bar)
        column.addWidget(self.middle, 1)
        self.across = self._splitter(Qt.Orientation.Horizontal, centre, parts.side)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.across)
        self._restore()
        parts.grid.rearranged.connect(self._soon.start)
        parts.side.currentChanged.connect(self._soon.start)

    # Table and tabs --------------------------------------------------------------------------------------------------

    def show_table(self, whether: bool, chosen: bool = True) -> None:
        """Shows or hides the table of runs; the time line stays."""
        dock = self._parts.dock
        if chosen:
            self._chosen["table"] = whether
        if dock.isHidden() != whether:
            return
        dock.setVisible(whether)
        self._size_foot()
        self._soon.start()

    def show_side(self, whether: bool) -> None:
        """Shows or hides the tabs at the right."""
        self._parts.side.setVisible(whether)
        self._soon.start()

    @property
    def table_shown(self) -> bool:
        """Whether the table of runs is on the page."""
        return not self._parts.dock.isHidden()

    @property
    def side_shown(self) -> bool:
        """Whether the tabs are on the page."""
        return not self._parts.side.isHidden()

    def fit(self, width: int, height: int) -> None:
        """On a small page the tabs are narrower and the table makes way, unless the person said otherwise."""
        if "side" not in self._chosen and self.side_shown:
            side = WIDTH if width >= _NARROW else WIDTH - 40
            self.across.setSizes([max(width - side, 1), side])
        if "table" not in self._chosen:
            self.show_table(height >= _LOW - 74, chosen=False)

    def fill(self, menu: QMenu) -> None:
        """Puts every view with its tick into a menu, then the other parts of the page."""
        menu.clear()
        grid = self._parts.grid
        for name, panel in grid.panels.items():
            action = menu.addAction(panel.place.title or name.capitalize())
            action.setCheckable(True)
            action.setChecked(name not in grid.closed)
            action.triggered.connect(lambda on, name=name: grid.open(name) if on else grid.close_view(name))
        menu.addSeparator()
        for words, shown, act in (
            ("Table of runs", self.table_shown, self.show_table),
            ("Controls and notes", self.side_shown, self.show_side),
        ):
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(shown)
            action.triggered.connect(act)
        menu.addSeparator()
        menu.addAction(icon("layout", "dim"), "Arrange the views anew", grid.reset)

    # Inside ----------------------------------------------------------------------------------------------------------

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        foot.setProperty("role", "side")
        below = QVBoxLayout(foot)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self._parts.scrubber)
        below.addWidget(self._parts.dock, 1)
        return foot

    def _splitter(self, orientation: Qt.Orientation, first: QWidget, second: QWidget) -> QSplitter:
        splitter = QSplitter(orientation)
        splitter.addWidget(first)
        splitter.addWidget(second)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        splitter.setProperty("role", "seam")
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.splitterMoved.connect(self._on_moved)
        return splitter

    def _on_moved(self, *_: int) -> None:
        """The person dragged a seam: from now on their sizes hold."""
        if self.side_shown:
            self._chosen["side"] = self._parts.side.width()
        if self.table_shown:
            self._chosen["table height"] = max(60, self.foot.height() - self._parts.scrubber.height())
        self._soon.start()

    def _size_foot(self) -> None:
        height = int(self._chosen.get("table height", _TABLE)) if self.table_shown else 0
        line = self._parts.scrubber.height()
        self.foot.setMaximumHeight(line if not self.table_shown else 16_777_215)
        self.middle.setSizes([10_000, line + height])

    def keep(self) -> None:
        """Writes the layout into the settings."""
        if not self._parts.grid.isVisible():
            return
        state = {
            **self._chosen,
            "side shown": self.side_shown,
            "tab": self._parts.side.currentIndex(),
            "views": self._parts.grid.state(),
        }
        text = json.dumps(state, separators=(",", ":"))
        if self._settings.layout.get(self._key) != text:
            self._settings.layout[self._key] = text
            self._settings.save()

    def _restore(self) -> None:
        try:
            state = json.loads(self._settings.layout.get(self._key, "{}"))
        except ValueError:
            state = {}
        if not isinstance(state, dict):
            state = {}
        self._chosen = {
            name: state[name] for name in ("table", "table height", "side") if type(state.get(name)) in (int, bool)
        }
        side = self._chosen.get("side", WIDTH)
        self.across.setSizes([10_000, int(side)])
        self._parts.side.setVisible(state.get("side shown", True) is not False)
        tab = state.get("tab")
        self._parts.side.setCurrentIndex(tab if type(tab) is int and 0 <= tab < self._parts.side.count() else 0)
        self._parts.dock.setVisible(bool(self._chosen.get("table", True)))
        self._parts.grid.restore(state["views"] if isinstance(state.get("views"), dict) else {})
        self._size_foot()

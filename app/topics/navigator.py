"""The way around, at the left of the window: start, topics, and the labs in each; a dot marks a lab that is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.benches.table import benches_of, topic_page
from app.theme import draw_glyph, font, icon, theme
from app.topics.cards import write
from app.topics.rail import Rail, fold_button

if TYPE_CHECKING:
    from PySide6.QtCore import QPersistentModelIndex

    from app.library import Library
    from engine.api.lab import LabInfo, Topic

    Index = QModelIndex | QPersistentModelIndex

WIDE, NARROW = 216, 52
_ROW = 28
PAGE = Qt.ItemDataRole.UserRole
GLYPH = Qt.ItemDataRole.UserRole + 1
RUNNING = Qt.ItemDataRole.UserRole + 2


class Navigator(QFrame):
    """Start, topics, labs; narrow, it is a rail of icons with menus."""

    opened = Signal(str)  # a page
    fold_wanted = Signal()  # the button that makes it narrow or wide

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "side")
        self._library = library
        self._items: dict[str, QStandardItem] = {}
        self._running: set[str] = set()
        self._page = "start"
        self._model = QStandardItemModel(self)
        self._shown = QSortFilterProxyModel(self, recursiveFilteringEnabled=True, autoAcceptChildRows=True)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setSourceModel(self._model)
        self.search = QLineEdit(placeholderText="Filter", clearButtonEnabled=True)
        self.search.setAccessibleName("Filter topics and labs")
        self.search.addAction(icon("magnifying-glass", "faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._open_first)
        self.tree = self._make_tree()
        self.rail = Rail(self)
        self.rail.opened.connect(self.opened)
        self.rail.fold.clicked.connect(self.fold_wanted)
        self._lay_out()
        self.fill()

    @property
    def is_narrow(self) -> bool:
        """Whether only the rail of icons shows."""
        return self._stack.currentWidget() is self.rail

    def set_narrow(self, narrow: bool) -> None:
        """Icons only, or everything."""
        self._stack.setCurrentWidget(self.rail if narrow else self._wide)
        self.setFixedWidth(NARROW if narrow else WIDE)

    def fill(self) -> None:
        """Lists what the library knows."""
        self._model.clear()
        self._items.clear()
        self._add(self._model.invisibleRootItem(), "start", "Start", "house")
        benches = benches_of(self._library)
        if benches:
            self._add_heading("Workbenches")
            for bench in benches:
                self._add(self._model.invisibleRootItem(), bench.id, bench.title, bench.icon).setToolTip(bench.summary)
            self._add_heading("Course")
        for topic in self._library.topics():
            self._add_topic(topic)
        self.rail.fill(self._library)
        self.show_page(self._page)

    def show_page(self, page: str) -> None:
        """Marks the page that is open, and unfolds the topic that it belongs to."""
        self._page = page
        self.rail.show_page(page)
        item = self._items.get(page)
        if item is None:
            self.tree.clearSelection()
            return
        index = self._shown.mapFromSource(item.index())
        self.tree.expand(index.parent() if index.parent().isValid() else index)
        self.tree.setCurrentIndex(index)

    def set_running(self, lab: str, running: bool) -> None:
        """Shows or takes away the dot of a lab, and of the topic that it is in."""
        (self._running.add if running else self._running.discard)(lab)
        busy = {topic_page(name.partition(".")[0]) for name in self._running if "." in name}
        for name, item in self._items.items():
            item.setData(name in self._running or name in busy, RUNNING)

    def _lay_out(self) -> None:
        self._wide = QWidget()
        column = QVBoxLayout(self._wide)
        column.setContentsMargins(8, 12, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        fold = fold_button()
        fold.clicked.connect(self.fold_wanted)
        column.addWidget(fold)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._wide)
        self._stack.addWidget(self.rail)
        self.set_narrow(False)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView(
            headerHidden=True, rootIsDecorated=False, indentation=0, animated=False, uniformRowHeights=True
        )
        tree.setModel(self._shown)
        tree.setItemDelegate(Row(tree))
        tree.setMouseTracking(True)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        tree.setExpandsOnDoubleClick(False)
        tree.setAccessibleName("Topics and labs")
        tree.clicked.connect(self._click)
        tree.activated.connect(self._open)
        theme().changed.connect(tree.viewport().update)
        return tree

    def _add_topic(self, topic: Topic) -> None:
        item = self._add(self._model.invisibleRootItem(), topic_page(topic.id), topic.title, topic.icon)
        item.setToolTip(topic.summary)
        for info in self._library.labs_of(topic.id):
            self._add_lab(item, info)

    def _add_lab(self, topic: QStandardItem, info: LabInfo) -> None:
        item = self._add(topic, info.id, info.title, "")
        item.setData(info.id in self._running, RUNNING)
        item.setToolTip(f"This lab does not load: {info.broken}" if info.broken else info.summary)
        item.setEnabled(not info.broken)

    def _add_heading(self, title: str) -> None:
        """What follows, in a word; it is not a page."""
        item = QStandardItem(title)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._model.appendRow(item)

    def _add(self, parent: QStandardItem, page: str, title: str, glyph: str) -> QStandardItem:
        item = QStandardItem(title)
        item.setData(page, PAGE)
        item.setData(glyph, GLYPH)
        parent.appendRow(item)
        self._items[page] = item
        return item

    def _filter(self, text: str) -> None:
        self._shown.setFilterFixedString(text.strip())
        if text.strip():
            self.tree.expandAll()
        else:
            self.tree.collapseAll()
            self.show_page(self._page)

    def _open_first(self) -> None:
        labs = (name for name, item in self._items.items() if "." in name and item.isEnabled())
        matching = [name for name in labs if self._shown.mapFromSource(self._items[name].index()).isValid()]
        if matching and self.search.text().strip():
            self.opened.emit(matching[0])

    def _click(self, index: QModelIndex) -> None:
        if self._shown.hasChildren(index) and index.data(PAGE) == self._page:
            self.tree.setExpanded(index, not self.tree.isExpanded(index))
        self._open(index)

    def _open(self, index: QModelIndex) -> None:
        if index.flags() & Qt.ItemFlag.ItemIsEnabled and index.data(PAGE) != self._page:
            self.opened.emit(index.data(PAGE))


class Row(QStyledItemDelegate):
    """Draws a row: a pill where it is open, an icon for a topic, an indent for a lab, a dot where one runs."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are of one height."""
        return QSize(80, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws the row."""
        colours = theme().colours
        area: QRect = option.rect
        if index.data(PAGE) is None:
            _paint_heading(painter, area, index.data())
            return
        state: QStyle.StateFlag = option.state
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver) and enabled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or over:
            ring = chosen and bool(state & QStyle.StateFlag.State_HasFocus) and bool(self._tree.property("ring"))
            painter.setPen(QPen(QColor(colours.accent), 1) if ring else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if chosen else colours.hover))
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        glyph, left = index.data(GLYPH), area.x() + 8
        ink = colours.text if chosen or index.parent().isValid() is False else colours.dim
        ink = ink if enabled else colours.faint
        if glyph:
            draw_glyph(
                painter, QRectF(left, area.y() + 6, 16, 16), glyph, QColor(colours.text if chosen else colours.dim)
            )
        words = QRectF(left + 26, area.y(), area.width() - 34 - (20 if index.data(RUNNING) else 0), area.height())
        write(painter, words, index.data(), font(13, "medium" if chosen else "regular"), ink)
        if index.data(RUNNING):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.good))
            painter.drawEllipse(QRectF(area.right() - 15, area.center().y() - 3, 7, 7))
        painter.restore()


def _paint_heading(painter: QPainter, area: QRect, title: str) -> None:
    painter.save()
    painter.setPen(QColor(theme().colours.faint))
    painter.setFont(font(11, "semibold"))
    painter.drawText(area.adjusted(8, 0, 0, -4), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, title)
    painter.restore()

"""The narrow navigator: an icon for the start page and for each topic, whose labs open in a menu."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from app.benches.table import benches_of, topic_page
from app.theme import icon

if TYPE_CHECKING:
    from app.library import Library
    from engine.api.lab import LabInfo


class Rail(QWidget):
    """A column of icons."""

    opened = Signal(str)  # a page

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QToolButton] = {}
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.fold = fold_button()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 12, 8, 8)
        whole.addLayout(self._column, 1)
        whole.addWidget(self.fold)

    def fill(self, library: Library) -> None:
        """A button for each topic that the library has."""
        for button in self._buttons.values():
            button.hide()
            button.deleteLater()
        self._buttons.clear()
        self._add("start", "Start", "house").clicked.connect(partial(self.opened.emit, "start"))
        for bench in benches_of(library):
            self._add(bench.id, bench.title, bench.icon).clicked.connect(partial(self.opened.emit, bench.id))
        for topic in library.topics():
            button = self._add(topic_page(topic.id), topic.title, topic.icon)
            button.setMenu(self._menu(button, library.labs_of(topic.id)))
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def show_page(self, page: str) -> None:
        """Marks the topic of the page that is open."""
        for name, button in self._buttons.items():
            button.setChecked(name == (topic_page(page.partition(".")[0]) if "." in page else page))

    def _add(self, page: str, title: str, glyph: str) -> QToolButton:
        button = QToolButton(self)
        button.setCheckable(True)
        button.setToolTip(title)
        button.setIconSize(QSize(20, 20))
        button.setAccessibleName(title)
        button.setIcon(icon(glyph, "dim"))
        button.setFixedSize(36, 36)
        self._column.addWidget(button)
        self._buttons[page] = button
        return button

    def _menu(self, button: QToolButton, labs: tuple[LabInfo, ...]) -> QMenu:
        menu = QMenu(button)
        for info in labs:
            action = menu.addAction(info.title, partial(self.opened.emit, info.id))
            action.setEnabled(not info.broken)
        return menu


def fold_button() -> QToolButton:
    """The button at the foot of the navigator that makes it narrow or wide."""
    button = QToolButton()
    button.setIcon(icon("sidebar-simple", "faint"))
    button.setIconSize(QSize(18, 18))
    button.setFixedSize(36, 32)
    button.setToolTip("Narrow or wide navigator (Ctrl+B)")
    button.setAccessibleName("Narrow or wide navigator")
    return button

"""The notes page of a lab: Markdown set as a page, with the live numbers of the run in it.

Formulas are set a few milliseconds at a time while the window stays awake; the page appears when all are there. A new
value of a live number repaints the page, at most four times a second; it is laid out again only when one needs more room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout, QWidget

from app.notes.markdown import lay_out_again, plain_text, preparation, render_markdown
from app.notes.numbers import LiveNumbers
from app.notes.source import with_source
from app.theme import theme

if TYPE_CHECKING:
    from engine.api.lab import LabInfo

_WIDEST = 680
_REFRESH_MS = 250
_NO_NOTES = "*This lab has no notes.*"


class NotesPage(QTextBrowser):
    """A read-only page. Links open in the browser; what is copied has its formulas as LaTeX."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.anchorClicked.connect(_open_link)
        self.document().setDocumentMargin(12)

    def createMimeDataFromSelection(self) -> QMimeData:
        """The selection as text."""
        data = QMimeData()
        data.setText(plain_text(self.textCursor()))
        return data

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Scrolls, and repaints everything: a formula may reach below its line, out of the strip that Qt would repaint."""
        super().scrollContentsBy(dx, dy)
        self.viewport().update()

    def column(self) -> float:
        """The width of the text in pixels."""
        return self.viewport().width() - 2 * self.document().documentMargin() - 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the column at a width that reads well, in the middle."""
        side = max(0, (self.width() - _WIDEST) // 2)
        self.setViewportMargins(side, 0, side, 0)
        super().resizeEvent(event)


def _open_link(url: QUrl) -> None:
    if url.scheme() in ("http", "https"):
        QDesktopServices.openUrl(url)


class NotesView(QWidget):
    """Shows the notes of a lab. `rendered` is sent when a page stands."""

    rendered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers = LiveNumbers()
        self.page = NotesPage(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        self._text = ""
        self._preparing: Iterator[None] = iter(())
        self._idle = QTimer(self)
        self._idle.timeout.connect(self._prepare)
        self._coming: dict[str, float] = {}
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(_REFRESH_MS)
        self._refresh.timeout.connect(self._take_values)
        theme().changed.connect(self._render)

    def set_lab(self, info: LabInfo) -> None:
        """Shows the notes of a lab, with dashes for the live numbers."""
        self.numbers.clear()
        self._coming.clear()
        broken = f"**This lab does not load.**\n\n```\n{info.broken}\n```\n"
        self._text = broken if info.broken else with_source(info.notes or _NO_NOTES, info.source)
        self.page.clear()
        self._preparing = preparation(self._text, self.page.column())
        self._idle.start(0)

    def set_live(self, values: Mapping[str, float]) -> None:
        """Gives the live numbers: scalars by their full name ("loss/kl"), parameters by theirs."""
        known = self.numbers.values | self._coming
        fresh = {name: value for name, value in values.items() if known.get(name) != value}
        if not fresh:
            return
        self._coming |= fresh
        if not self._refresh.isActive():
            self._refresh.start()

    def set_series_colours(self, colours: Mapping[str, int]) -> None:
        """Which series colour each scalar has in the charts; a number without one takes the accent."""
        if self.numbers.colours != colours:
            self.numbers.colours = dict(colours)
            self.page.viewport().update()

    def _prepare(self) -> None:
        if next(self._preparing, self) is self:
            self._idle.stop()
            self._render()

    def _take_values(self) -> None:
        grew = self.numbers.update(self._coming)
        self._coming = {}
        if grew:
            lay_out_again(self.page.document())
        self.page.viewport().update()

    def _render(self) -> None:
        if self._idle.isActive():
            return
        bar = self.page.verticalScrollBar()
        at = bar.value()
        render_markdown(self.page.document(), self._text, self.numbers)
        self.page.moveCursor(QTextCursor.MoveOperation.Start)
        bar.setValue(at)
        self.rendered.emit()

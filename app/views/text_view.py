"""Words: Markdown with typeset mathematics."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.notes.markdown import render_markdown
from app.notes.view import NotesPage
from app.theme import theme
from app.views.base import View

if TYPE_CHECKING:
    from engine.api import Frame, Text


class TextView(View):
    """Shows `Text`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = NotesPage(self)
        self.markdown = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        self.setFocusProxy(self.page)
        theme().changed.connect(self._render)

    def show_frame(self, frame: Frame) -> None:
        """Shows the text; the place where the person reads stays."""
        frame = cast("Text", frame)
        if frame.markdown != self.markdown:
            self.markdown = frame.markdown
            self._render()

    def _render(self) -> None:
        bar = self.page.verticalScrollBar()
        at = bar.value()
        render_markdown(self.page.document(), self.markdown, size=13)
        self.page.moveCursor(QTextCursor.MoveOperation.Start)
        bar.setValue(at)

"""A bar that finds words in code: every hit is marked, Enter goes to the next, Shift+Enter back, Escape closes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QToolButton, QWidget

from app.style import set_look
from app.theme import icon, theme

_MOST_HITS = 2000


class FindBar(QWidget):
    """Searches one text widget."""

    def __init__(self, page: QPlainTextEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = page
        self._hits: list[QTextCursor] = []
        self._current = 0
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find")
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.count = QLabel()
        self.count.setProperty("role", "dim")
        self.count.setMinimumWidth(56)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        for glyph, words, act in (
            ("caret-up", "Previous hit (Shift+Enter)", lambda: self._step(-1)),
            ("caret-down", "Next hit (Enter)", lambda: self._step(1)),
            ("x", "Close (Escape)", self.close_bar),
        ):
            button = QToolButton()
            button.setIcon(icon(glyph, "dim"))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(act)
            row.addWidget(button)
        theme().changed.connect(self._mark)

    def open(self) -> None:
        """Shows the bar, with what is selected in the page as its words."""
        selected = self._page.textCursor().selectedText()
        self.show()
        if selected and "\u2029" not in selected:
            self.field.setText(selected)
        self.field.setFocus()
        self.field.selectAll()
        self._search()

    def close_bar(self) -> None:
        """Hides the bar and its marks; the cursor stays at the hit."""
        self.hide()
        self._page.setExtraSelections([])
        self._page.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes Enter, Shift+Enter and Escape from the field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_bar()
                return True
        return super().eventFilter(watched, event)

    def _search(self) -> None:
        words = self.field.text()
        self._hits = _find_all(self._page.document(), words) if words else []
        here = self._page.textCursor().selectionStart()
        later = [index for index, hit in enumerate(self._hits) if hit.selectionStart() >= here]
        self._current = later[0] if later else 0
        set_look(self.field, bad=bool(words) and not self._hits)
        self._show()

    def _step(self, by: int) -> None:
        if self._hits:
            self._current = (self._current + by) % len(self._hits)
        self._show()

    def _show(self) -> None:
        words = f"{self._current + 1} of {len(self._hits)}" if self._hits else ("none" if self.field.text() else "")
        self.count.setText(words)
        if self._hits:
            self._page.setTextCursor(self._hits[self._current])
            self._page.ensureCursorVisible()
        self._mark()

    def _mark(self) -> None:
        if not self.isVisible():
            return
        ground = QColor(theme().colours.live)
        ground.setAlphaF(0.3)
        marks = []
        for hit in self._hits:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = hit
            mark.format.setBackground(ground)
            marks.append(mark)
        self._page.setExtraSelections(marks)


def _find_all(document: QTextDocument, words: str) -> list[QTextCursor]:
    hits: list[QTextCursor] = []
    hit = document.find(words)
    while not hit.isNull() and len(hits) < _MOST_HITS:
        hits.append(hit)
        hit = document.find(words, hit)
    return hits

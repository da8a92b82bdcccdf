"""A field for one number, to read at a glance and to type into."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from app.controls.track import STEP_KEYS
from app.style import set_look
from app.theme import font

_NARROWEST, _WIDEST = 68, 100
_FRAME = 20
"""Border and padding of the field, and the line edit's own margins, in pixels."""


class ValueField(QLineEdit):
    """A number that accepts typing. Short on display, exact while edited; a refused text stays, outlined in red.

    `entered`: the text to take; `stepped`: up and down keys.
    """

    entered = Signal(str)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = self._exact = ""
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(font(13))
        self.setFixedWidth(_NARROWEST)
        self.setTextMargins(-3, 0, -3, 0)
        self.returnPressed.connect(self._enter)

    def make_room_for(self, *texts: str) -> None:
        """Is wide enough for these, within reason."""
        needed = max(self.fontMetrics().horizontalAdvance(text) for text in texts) + _FRAME
        self.setFixedWidth(min(max(needed, _NARROWEST), _WIDEST))

    def set_texts(self, short: str, full: str) -> None:
        """What it shows, and what it shows while one edits."""
        self._shown, self._exact = short, full
        self._mark("")
        self.setText(full if self.hasFocus() else short)
        if self.hasFocus():
            self.selectAll()

    def refuse(self, reason: str) -> None:
        """Outlines the text in red, with the reason; "" takes that back."""
        self._mark(reason)
        if reason and self.isVisible():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), reason, self)

    def _mark(self, reason: str) -> None:
        if bool(self.property("bad")) != bool(reason):
            set_look(self, bad=bool(reason))
        self.setToolTip(reason)

    def _enter(self) -> None:
        if self.isModified():
            self.setModified(False)
            self.entered.emit(self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows every digit, selected."""
        super().focusInEvent(event)
        if not self.property("bad"):
            self.setText(self._exact)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Takes what was typed."""
        self._enter()
        super().focusOutEvent(event)
        if not self.property("bad"):
            self.setText(self._shown)

    def event(self, event: QEvent) -> bool:
        """Leaves Ctrl+Z to the dock unless something was typed here."""
        if event.type() == QEvent.Type.ShortcutOverride and not self.isModified():
            keys = cast("QKeyEvent", event)
            if keys.matches(QKeySequence.StandardKey.Undo) or keys.matches(QKeySequence.StandardKey.Redo):
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step; Escape brings the old value back."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._enter()
            self.stepped.emit(STEP_KEYS[key])
        elif key == Qt.Key.Key_Escape and (self.isModified() or self.property("bad")):
            self._mark("")
            self.setText(self._exact)
            self.selectAll()
        else:
            super().keyPressEvent(event)

"""The small buttons of the controls."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton

from app.theme import icon


def tool(glyph: str, words: str, checkable: bool = False) -> QToolButton:
    """A small icon button whose tooltip says what it does."""
    made = QToolButton()
    made.setIcon(icon(glyph, "dim"))
    made.setIconSize(QSize(16, 16))
    made.setToolTip(words)
    made.setAccessibleName(words)
    made.setCheckable(checkable)
    made.setStyleSheet("QToolButton { min-height: 22px; min-width: 22px; padding: 0; }")
    return made

"""The bar above the bodies: which one is chosen, undo and redo, and the buttons to open and to export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.theme import icon
from app.views.elided_label import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from engine.api.body_scenes import Actor


class BodiesBar(QFrame):
    """Title, undo, redo, open, export."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setFixedHeight(60)
        self.title, self.words = ElidedLabel("Bodies", "title"), QLabel()
        self.words.setProperty("role", "small")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self.title)
        names.addWidget(self.words)
        names.addStretch(1)
        self.undo, self.redo = QToolButton(), QToolButton()
        for button in (self.undo, self.redo):
            button.setProperty("kind", "ghost")
            button.setIconSize(QSize(18, 18))
            button.setFixedSize(32, 32)
        self.open = QPushButton(icon("folder-open"), "Open")
        self.open.setToolTip("Opens a model, a sequence (AMASS, BVH), a pose or a scene (Ctrl+O); or drop it anywhere")
        self.export = QPushButton(icon("export", "on_accent"), "Export")
        self.export.setProperty("kind", "primary")
        self.export.setToolTip("Writes the chosen body or a film, reads it back, and says how well")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.addLayout(names, 1)
        for widget in (self.undo, self.redo, self.open, self.export):
            row.addWidget(widget)

    def show_actor(self, actor: Actor, count: int) -> None:
        """The chosen body, and what moves it."""
        self.title.setText(actor.name)
        moved = (
            Path(actor.sequence).name
            if actor.sequence
            else f"{len(actor.keys)} key frames"
            if actor.keys
            else "one pose"
        )
        self.words.setText(moved if count == 1 else f"{moved}  ·  {count} bodies")

    def fill_export(self, actions: Sequence[QAction | None]) -> None:
        """The menu of the export; None is a line."""
        menu = QMenu(self.export)
        for action in actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        self.export.setMenu(menu)

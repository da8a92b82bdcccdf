"""The bar above the scene, and what stands in its place before there is one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import icon
from app.views.elided_label import ElidedLabel

STEPS = ("open", "edit", "export")


class SceneBar(QFrame):
    """Which scene this is, at which step one is, and the buttons to open and to export."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setFixedHeight(60)
        self.title, self.trail = ElidedLabel("Splats", "title"), QLabel()
        self.trail.setProperty("role", "small")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self.title)
        names.addWidget(self.trail)
        names.addStretch(1)
        self.open = QPushButton(icon("folder-open"), "Open")
        self.open.setToolTip("Opens a scene: PLY, compressed PLY, SPZ or SPLAT (Ctrl+O)")
        self.export = QPushButton(icon("export", "on_accent"), "Export")
        self.export.setProperty("kind", "primary")
        self.export.setToolTip("Writes the scene, reads it back, and says what was lost (Ctrl+E)")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.addLayout(names, 1)
        row.addWidget(self.open)
        row.addWidget(self.export)

    def show_step(self, now: int) -> None:
        """Which of the steps it is."""
        words = (f"<b>{step}</b>" if index == now else step for index, step in enumerate(STEPS))
        self.trail.setText("  ▸  ".join(words))


class EmptySheet(QFrame):
    """Says what to do; `trains`: the own scene can be trained."""

    def __init__(self, trains: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "canvas")
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(12)
        title, words = QLabel("Drop a scene here"), QLabel("PLY, compressed PLY, SPZ or SPLAT, of any program")
        title.setProperty("role", "hero")
        words.setProperty("role", "dim")
        self.choose = QPushButton(icon("folder-open", "on_accent"), "Choose a file")
        self.choose.setProperty("kind", "primary")
        self.train = QPushButton(icon("play"), "Train the scene that ships")
        self.knot = QPushButton("Look at a knot of Gaussians")
        self.knot.setProperty("kind", "quiet")
        for widget in (title, words, self.choose, self.train, self.knot):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        self.train.setVisible(trains)

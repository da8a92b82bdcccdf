"""The bar above the scene, and what stands in its place before there is one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import icon
from app.views.elided_label import ElidedLabel

STEPS = ("photos", "poses", "train", "edit", "export")


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

    def show_export(self, able: bool) -> None:
        """Whether there is something to export."""
        self.export.setEnabled(able)
        self.export.setIcon(icon("export", "on_accent" if able else "faint"))

    def show_step(self, now: int) -> None:
        """Which of the steps it is."""
        words = (f"<b>{step}</b>" if index == now else step for index, step in enumerate(STEPS))
        self.trail.setText("  ▸  ".join(words))


class EmptySheet(QFrame):
    """Says what to do; `learns`: a scene can be learnt here."""

    def __init__(self, learns: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "canvas")
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(12)
        self._learns = learns
        self.title, self.words = QLabel(), QLabel()
        self.title.setProperty("role", "hero")
        self.words.setProperty("role", "dim")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.train = QPushButton(icon("play", "on_accent"), "Train the scene that ships")
        self.train.setToolTip("Forty photos of a still life become a scene: a first picture in half a minute")
        self.photos = QPushButton(icon("images"), "Choose photos")
        self.choose = QPushButton(icon("folder-open"), "Open a scene")
        (self.train if learns else self.choose).setProperty("kind", "primary")
        self.trained = QPushButton(icon("scissors"), "Open what was trained")
        self.trained.hide()
        self.knot = QPushButton("Look at a knot of Gaussians")
        self.knot.setProperty("kind", "quiet")
        self._buttons = (self.train, self.photos, self.choose, self.knot)
        for widget in (self.title, self.words, self.trained, *self._buttons):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        self.show_wait("")

    def show_wait(self, words: str, trained: bool = False) -> None:
        """What is awaited, in place of what one can do; "" is nothing. `trained`: there is a trained scene to open."""
        self.trained.setVisible(trained and not words)
        if words:
            title, text = "The scene appears here", words
        elif self._learns:
            title = "Drop photos, a video or a scene here"
            text = "Photos and videos become a scene.\nPLY, compressed PLY, SPZ and SPLAT of any program are opened."
        else:
            title, text = "Drop a scene here", "PLY, compressed PLY, SPZ or SPLAT, of any program"
        self.title.setText(title)
        self.words.setText(text)
        for button in self._buttons:
            button.setVisible(not words and (self._learns or button not in (self.train, self.photos)))

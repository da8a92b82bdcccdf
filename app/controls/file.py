"""A file of the person's own: chosen, or dropped here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.controls.drop_frame import DropControl
from app.controls.thumbnails import Thumbnails
from app.controls.tools import tool
from app.style import set_look
from engine.api.own_files import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from engine.api.params import Field, File


class FileControl(DropControl):
    """A button that bears the file's name, a thumbnail of a picture, and a way to let go of it."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._control = cast("File", field.control)
        self._name = ""
        self.button, self.clear = QPushButton(), tool("x", "Use no file")
        self.button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.button.setAccessibleName(field.label)
        self.preview, self.words = Thumbnails(), QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("role", "small")
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.button, 1)
        line.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self.preview)
        column.addWidget(self.words)
        self.setFocusProxy(self.button)
        self.button.clicked.connect(self._ask)
        self.clear.clicked.connect(lambda: self.offer(""))
        self.refused.connect(self._say)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Writes the file's name."""
        path = Path(value) if value else None
        self._name = path.name if path else f"Choose a {self._control.kind or 'file'}…"
        self._elide()
        self.button.setToolTip(value)
        self.clear.setVisible(path is not None)
        is_picture = path is not None and path.suffix.lower() in PICTURE_SUFFIXES
        self.preview.show_path(path if is_picture else None)
        self._say(f"{path} is not there any more." if path is not None and not path.is_file() else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the name into the button."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._elide)  # the button has its new width once the layout has run

    def _elide(self) -> None:
        room = max(60, self.button.width() - 26)
        self.button.setText(self.button.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room))

    def take_paths(self, paths: list[Path]) -> None:
        """Takes the first file of a kind that this field takes."""
        endings = self._control.suffixes
        usable = [path for path in paths if path.is_file() and (not endings or path.suffix.lower() in endings)]
        if usable:
            self.offer(str(usable[0]))
        else:
            name = paths[0].name if paths else "This"
            kind = self._control.kind or "file"
            self.refused.emit(f"“{name}” cannot be used here; this takes a {kind} ({', '.join(endings)}).")

    def _ask(self) -> None:
        pattern = " ".join(f"*{ending}" for ending in self._control.suffixes)
        kinds = f"{(self._control.kind or 'file').capitalize()} ({pattern})" if pattern else ""
        chosen, _ = QFileDialog.getOpenFileName(self, self.field.label, self.value(), kinds)
        if chosen:
            self.take_paths([Path(chosen)])

    def _say(self, words: str) -> None:
        set_look(self.words, role="bad" if words else "small")
        self.words.setText(words)
        self.words.setVisible(bool(words))

"""A place to drop files on: it lights up for what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen

from app.controls.base import ControlWidget
from app.theme import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtWidgets import QWidget

    from engine.api.params import Field


class DropControl(ControlWidget):
    """A control that takes files; a kind of it gives `take_paths`."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._lit = False
        self.setAcceptDrops(True)

    def take_paths(self, paths: list[Path]) -> None:
        """Uses what was dropped, or refuses it with a sentence."""
        raise NotImplementedError

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Lights up for local files."""
        if local_paths(event.mimeData()):
            event.acceptProposedAction()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Goes dark."""
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Takes the files."""
        self._light(False)
        event.acceptProposedAction()
        self.take_paths(local_paths(event.mimeData()))

    def _light(self, on: bool) -> None:
        self._lit = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dashed frame while something hovers over it."""
        if not self._lit:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme().colours.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


def local_paths(data: QMimeData) -> list[Path]:
    """The local files and folders in a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]

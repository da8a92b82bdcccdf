"""A row of small pictures from a folder, and how many there are: read a little at a time, so that the window never waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme
from engine.api.own_files import PICTURE_SUFFIXES

_SIDE, _GAP = 40, 4
MOST_SHOWN = 8
_MOST_COUNTED = 50_000
_MOST_PIXELS = 40_000_000
"""A larger picture counts, but is not decoded for its thumbnail."""
_TURN_MS = 4


def pictures_below(path: Path) -> Iterator[Path | None]:
    """The pictures at a path, by their names; None now and then, so that the reader may pause."""
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield None
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(PICTURE_SUFFIXES):
                yield Path(folder, name)


def read_thumbnail(path: Path, side: int) -> QImage:
    """The centred square of a picture, `side` pixels; a null picture if it cannot be read or is too large."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > _MOST_PIXELS:
        return QImage()
    reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    picture = reader.read()
    left, top = (picture.width() - side) // 2, (picture.height() - side) // 2
    return picture.copy(left, top, side, side) if not picture.isNull() else picture


class Thumbnails(QWidget):
    """Shows the first pictures at a path. `counted`: how many there are, and whether all were counted."""

    counted = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures: list[QImage] = []
        self._coming: Iterator[Path | None] = iter(())
        self._count = 0
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._go_on)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(_SIDE, _SIDE)

    def show_path(self, path: Path | None) -> None:
        """Begins to read a folder or a picture; None shows nothing."""
        self.pictures = []
        self._count = 0
        self._coming = pictures_below(path) if path is not None else iter(())
        self.setVisible(path is not None)
        self.update()
        if path is None:
            self._idle.stop()
        else:
            self._idle.start()

    def show_pictures(self, pictures: list[QImage]) -> None:
        """Shows pictures that somebody else has read."""
        self._idle.stop()
        side = round(_SIDE * self.devicePixelRatioF())
        keep, fast = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
        self.pictures = [picture.scaled(side, side, keep, fast) for picture in pictures[:MOST_SHOWN]]
        self._count = len(self.pictures)
        self.setVisible(bool(pictures))
        self.update()

    def _go_on(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        while clock.elapsed() < _TURN_MS:
            found = next(self._coming, self)
            if found is self or self._count >= _MOST_COUNTED:
                self._idle.stop()
                self.counted.emit(self._count, found is self)
                return
            if isinstance(found, Path):
                self._take(found)

    def _take(self, path: Path) -> None:
        self._count += 1
        if len(self.pictures) < MOST_SHOWN:
            picture = read_thumbnail(path, round(_SIDE * self.devicePixelRatioF()))
            if not picture.isNull():
                self.pictures.append(picture)
                self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As many pictures as there is room for, with round corners."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = max(1, (self.width() + _GAP) // (_SIDE + _GAP))
        for index in range(min(room, max(1, self._count))):
            area = QRectF(index * (_SIDE + _GAP), 0, _SIDE, _SIDE)
            shape = QPainterPath()
            shape.addRoundedRect(area, 4, 4)
            painter.setClipPath(shape)
            if index < len(self.pictures):
                painter.drawImage(area, self.pictures[index])
            elif self._idle.isActive():
                painter.fillRect(area, QColor(theme().colours.raised))

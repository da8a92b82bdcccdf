"""A grid of pictures, painted in one widget: as large as fits, pixel by pixel where they are small."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import font, theme
from app.views.base import View
from app.views.grid import Grid, fit_grid
from app.views.magnifier import neighbourhood, paint_magnifier
from app.views.pixels import to_bytes, to_image, value_words
from app.views.zoom_area import ZoomArea

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from engine.api import Frame, Images

_CAPTION = 16.0
_SHARP = 64
"""Pictures up to this size are drawn pixel by pixel when enlarged, larger ones smoothly."""


class ImageGrid(ZoomArea):
    """Paints the pictures of a frame. `picked`: called with a picture's number on a click or Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame: Images | None = None
        self.pictures = np.empty((0, 1, 1), np.uint8)
        self.chosen = -1
        self._sheet = QImage()
        self._scaled: tuple[float, list[QImage]] = (0.0, [])
        self.picked: Callable[[int], None] = lambda index: None

    def show_pictures(self, frame: Images) -> None:
        """Takes the pictures of a frame."""
        self.frame = frame
        self.pictures = to_bytes(frame.pixels, colour=np.ndim(frame.pixels) == 4)
        count, height = self.pictures.shape[:2]
        self._sheet = to_image(self.pictures.reshape(count * height, *self.pictures.shape[2:])) if count else QImage()
        self._scaled = (0.0, [])
        self.chosen = min(self.chosen, count - 1)
        self.update()

    def grid(self) -> Grid:
        """Where the pictures lie, unmagnified."""
        count, height, width = self.pictures.shape[:3]
        labels, columns = (self.frame.labels, self.frame.columns) if self.frame else ((), 0)
        return fit_grid(
            count,
            (width, height),
            (self.width(), self.height()),
            columns,
            _CAPTION if labels else 0.0,
            self.devicePixelRatioF(),
        )

    # painting -------------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the pictures in sight, their captions, and what lies under the cursor."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme().colours.panel))
        if len(self.pictures):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            grid = self.grid()
            self._paint_pictures(painter, grid)
            self._paint_frame(painter, grid, self.chosen if self.hasFocus() else -1, theme().colours.accent)
            self._paint_hover(painter, grid)
        painter.end()

    def _paint_pictures(self, painter: QPainter, grid: Grid) -> None:
        height, width = self.pictures.shape[1:3]
        scale = grid.width / width * self.magnification * self.devicePixelRatioF()
        even = scale >= 3 or (
            scale >= 1 and abs(scale - round(scale)) < 1e-6
        )  # squares of 1 and 2 pixels would look broken
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(height, width) > _SHARP or not even)
        reduced = self._reduced(scale)
        sight = QRectF(self.rect())
        for index in range(grid.count):
            target = self._area(grid, index)
            if not target.intersects(sight):
                continue
            if reduced:
                painter.drawImage(target, reduced[index])
            else:
                painter.drawImage(target, self._sheet, QRectF(0, index * height, width, height))
            self._paint_caption(painter, index, target)

    def _reduced(self, scale: float) -> list[QImage]:
        """The pictures at the size of the screen, averaged, where they are much larger than it; else none."""
        if scale >= 0.6:
            return []
        if self._scaled[0] != scale:
            height, width = self.pictures.shape[1:3]
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            kinds = (Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
            self._scaled = (
                scale,
                [
                    self._sheet.copy(0, at * height, width, height).scaled(*size, *kinds)
                    for at in range(len(self.pictures))
                ],
            )
        return self._scaled[1]

    def _area(self, grid: Grid, index: int) -> QRectF:
        x, y = grid.corner(index)
        return self.transform.mapRect(QRectF(x, y, grid.width, grid.height))

    def _paint_caption(self, painter: QPainter, index: int, target: QRectF) -> None:
        labels = self.frame.labels if self.frame else ()
        if index >= len(labels) or target.width() < 14:
            return
        painter.setFont(font(11))
        painter.setPen(QColor(theme().colours.dim))
        text = QFontMetricsF(painter.font()).elidedText(labels[index], Qt.TextElideMode.ElideRight, target.width() + 4)
        painter.drawText(
            QRectF(target.left() - 2, target.bottom(), target.width() + 4, _CAPTION),
            int(Qt.AlignmentFlag.AlignCenter),
            text,
        )

    def _paint_frame(self, painter: QPainter, grid: Grid, index: int, colour: str) -> None:
        if 0 <= index < grid.count:
            painter.setPen(QPen(QColor(colour), 2))
            painter.drawRect(self._area(grid, index).adjusted(-1, -1, 1, 1))

    def _paint_hover(self, painter: QPainter, grid: Grid) -> None:
        found = self.under(self.hover) if self.hover is not None else None
        if found is None or self.frame is None or self.hover is None:
            return
        index, column, row = found
        if self.frame.edits:
            self._paint_frame(painter, grid, index, theme().colours.live)
        label = f"  {self.frame.labels[index]}" if index < len(self.frame.labels) else ""
        value = value_words(np.asarray(self.frame.pixels)[index, row, column])
        lines = [f"picture {index}{label}", f"x {column}  y {row}", value]
        paint_magnifier(
            painter, QRectF(self.rect()), self.hover, neighbourhood(self.pictures[index], column, row), lines
        )

    def under(self, position: QPointF) -> tuple[int, int, int] | None:
        """Picture, column and row under a pixel of the widget."""
        if not len(self.pictures):
            return None
        place = self.content(position)
        found = self.grid().at(place.x(), place.y())
        height, width = self.pictures.shape[1:3]
        return (found[0], int(found[1] * width), int(found[2] * height)) if found else None

    # mouse and keys -------------------------------------------------------------------------------------------------------------

    def clicked(self, place: QPointF, event: QMouseEvent) -> None:
        """Picks a picture."""
        if len(self.pictures) and (found := self.grid().at(place.x(), place.y())):
            self.chosen = found[0]
            self.picked(found[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose a picture, Enter picks it."""
        columns = self.grid().columns if len(self.pictures) else 1
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        if event.key() in moves and len(self.pictures):
            self.chosen = min(max(self.chosen + moves[Qt.Key(event.key())], 0), len(self.pictures) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self.chosen >= 0:
            self.picked(self.chosen)
        else:
            super().keyPressEvent(event)


class ImagesView(View):
    """Shows `Images`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = ImageGrid(self)
        self.grid.picked = self._pick
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self.setFocusProxy(self.grid)

    def show_frame(self, frame: Frame) -> None:
        """Shows the pictures."""
        frame = cast("Images", frame)
        self.grid.setCursor(Qt.CursorShape.PointingHandCursor if frame.edits else Qt.CursorShape.ArrowCursor)
        self.grid.show_pictures(frame)

    def _pick(self, index: int) -> None:
        if self.grid.frame is not None and self.grid.frame.edits:
            self.poke(self.grid.frame.edits, (index,), at_once=True)

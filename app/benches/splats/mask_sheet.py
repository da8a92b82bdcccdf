"""Painting a mask on a photo: what moves is painted over, or what alone counts; it is kept with each stroke."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.benches.splats.capture_files import mask_path, write_mask
from app.notify import notify
from app.theme import icon
from app.views.brush import Drawing
from app.views.brush_bar import BrushBar
from app.views.elided_label import ElidedLabel
from app.views.picture import PictureArea
from app.views.pixels import to_image
from engine.api.errors import DataError
from engine.api.frames import Picture

LONG_SIDE = 640
"""Pixels of a mask; it is enlarged to the photo's size when it is used."""
SHOWN_SIDE = 1600


class MaskSheet(QWidget):
    """`changed(name)`: a mask was written or taken away; `left()`: done; `stepped(±1)`: another photo."""

    changed = Signal(str)
    left = Signal()
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder, self.photo = Path(), ""
        self.area, self.brush = PictureArea(self), BrushBar(self)
        self.area.on_paint = self._paint
        self.title = ElidedLabel("", "heading")
        self.keeps = QCheckBox("Only what is painted counts")
        self.keeps.setToolTip("Off: what is painted is left out, as what moves should be")
        self.done = QPushButton("Done")
        self.done.setProperty("kind", "primary")
        self._lay_out()
        self.brush.changed.connect(self._take_brush)
        self.brush.undo.connect(lambda: self._after(self.area.drawing is not None and self.area.drawing.undo()))
        self.brush.cleared.connect(self._wipe)
        self.keeps.toggled.connect(lambda _: self._paint(True))
        self.done.clicked.connect(self.left)
        self.setFocusProxy(self.area)

    def show_photo(self, folder: Path, name: str) -> None:
        """A photo of a capture, with the mask that it has."""
        self._folder, self.photo = folder, name
        picture = read_picture(folder / "photos" / name, SHOWN_SIDE)
        if picture is None:
            notify(f"{name} cannot be read any more.")
            return
        rows, columns = picture.shape[:2]
        scale = LONG_SIDE / max(rows, columns)
        drawing = Drawing(max(1, round(rows * scale)), max(1, round(columns * scale)))
        ink, keeps = read_ink(mask_path(folder, name))
        drawing.take(ink)
        self.keeps.blockSignals(True)
        self.keeps.setChecked(keeps)
        self.keeps.blockSignals(False)
        self.area.drawing = drawing
        self.area.show_picture(Picture("photo", picture))
        self.brush.set_range(LONG_SIDE)
        self._take_brush()
        self.title.setText(name)
        self.area.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """[ and ] size the brush, E erases, Delete wipes; undo and redo; Escape ends."""
        drawing = self.area.drawing
        if event.matches(QKeySequence.StandardKey.Undo):
            self._after(drawing is not None and drawing.undo())
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._after(drawing is not None and drawing.redo())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif not self.brush.key(event):
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        foot = QFrame()
        foot.setProperty("role", "foot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(8, 6, 12, 6)
        row.setSpacing(8)
        for glyph, tip, by in (("caret-left", "The photo before", -1), ("caret-right", "The next photo", 1)):
            button = QToolButton()
            button.setIcon(icon(glyph))
            button.setIconSize(QSize(18, 18))
            button.setProperty("kind", "ghost")
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(lambda _=False, by=by: self.stepped.emit(by))
            row.addWidget(button)
        row.addWidget(self.title, 1)
        row.addWidget(self.brush)
        row.addWidget(self.keeps)
        row.addWidget(self.done)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.area, 1)
        column.addWidget(foot)

    def _take_brush(self) -> None:
        self.area.radius, self.area.erasing = self.brush.radius, self.brush.erasing

    def _after(self, changed: bool) -> None:
        if changed:
            self.area.update()
            self._paint(True)

    def _wipe(self) -> None:
        if self.area.drawing is not None:
            self.area.drawing.empty()
            self._after(True)

    def _paint(self, last: bool) -> None:
        """A stroke has ended: the mask is written."""
        drawing = self.area.drawing
        if not last or drawing is None or not self.photo:
            return
        counts = drawing.pixels if self.keeps.isChecked() else 255 - drawing.pixels
        try:
            write_mask(mask_path(self._folder, self.photo), to_image(counts) if drawing.pixels.any() else None)
        except DataError as error:
            notify(str(error))
            return
        self.changed.emit(self.photo)


def read_picture(path: Path, side: int) -> np.ndarray | None:
    """`[h, w, 3]` uint8 with sides of at most `side`; None if it cannot be read."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read().convertToFormat(QImage.Format.Format_RGB888)
    return None if image.isNull() else _rows(image, 3)


def read_ink(path: Path) -> tuple[np.ndarray | None, bool]:
    """What was painted for a mask, and whether only that counts: whichever is less is taken for the paint."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_Grayscale8) if path.is_file() else QImage()
    if image.isNull():
        return None, False
    counts = _rows(image, 1)[..., 0]
    keeps = bool(counts.mean() < 127.5)
    return (counts if keeps else 255 - counts), keeps


def _rows(image: QImage, channels: int) -> np.ndarray:
    """The pixels of a picture `[h, w, channels]`, without the padding of its lines."""
    width, height = image.width(), image.height()
    lines = np.frombuffer(image.constBits(), np.uint8, image.bytesPerLine() * height).reshape(height, -1)
    return lines[:, : width * channels].reshape(height, width, channels).copy()

"""Held-out photos below the scene, worst first: a picture of each and how well it is met. One that is far below the others is flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.theme import font, theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QImage

    from engine.api.frames import Table

PICTURE = QSize(88, 58)
FLAGGED = 3.0
"""Decibels below the mean from which on a photo is flagged."""


class HeldOutStrip(QWidget):
    """`chosen(name)`: a photo was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.mean = QLabel("Held-out views, worst first"), QLabel()
        for label in (self.title, self.mean):
            label.setProperty("role", "small")
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.mean)
        self.buttons: list[QToolButton] = []
        self._names: list[str] = []
        self._pictures: dict[str, QImage] = {}
        self._flagged: set[str] = set()
        self._front = ""
        body = QWidget()
        self._row = QHBoxLayout(body)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(4)
        self._row.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFixedHeight(PICTURE.height() + 46)
        self._scroll.setWidget(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._scroll)
        theme().changed.connect(self._dress)
        self.hide()

    @property
    def is_empty(self) -> bool:
        """Whether no photo was judged yet."""
        return not self._names

    def show_table(self, table: Table) -> None:
        """Name, PSNR and SSIM of each, worst first."""
        self._names = [str(row[0]) for row in table.rows]
        numbers = np.array([[float(row[1]), float(row[2])] for row in table.rows]).reshape(-1, 2)
        means = numbers.mean(0) if len(numbers) else np.zeros(2)
        while len(self.buttons) < len(numbers):
            self.buttons.append(self._make_button(len(self.buttons)))
        for index, button in enumerate(self.buttons):
            button.setVisible(index < len(numbers))
        for name, button, (likeness, structure) in zip(self._names, self.buttons, numbers.tolist(), strict=False):
            button.setText(f"{likeness:.1f} dB · {structure:.2f}")
            button.setToolTip(f"{name}: {likeness:.2f} dB, SSIM {structure:.3f}. Click to stand where it was taken.")
            button.setAccessibleName(f"{name}, {likeness:.1f} decibels")
        self._flagged = {name for name, row in zip(self._names, numbers, strict=True) if row[0] < means[0] - FLAGGED}
        if len(numbers):
            self.mean.setText(f"mean {means[0]:.1f} dB · SSIM {means[1]:.3f}")
        self._dress()

    def forget(self) -> None:
        """Another run: no photo was judged yet."""
        self._names, self._pictures, self._flagged, self._front = [], {}, set(), ""

    def show_pictures(self, pictures: Mapping[str, QImage]) -> None:
        """A small picture of each photo, in its own shape."""
        self._pictures = dict(pictures)
        self._dress()

    def mark(self, name: str) -> None:
        """The photo at which the eye stands; "" for none."""
        if name != self._front:
            self._front = name
            self._dress()

    def _make_button(self, index: int) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "ghost")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(PICTURE)
        button.setFixedSize(PICTURE.width() + 20, PICTURE.height() + 30)
        button.setFont(font(11))
        button.clicked.connect(lambda: self.chosen.emit(self._names[index]))
        self._row.insertWidget(self._row.count() - 1, button)
        return button

    def _dress(self) -> None:
        for name, button in zip(self._names, self.buttons, strict=False):
            rim = theme().colours.accent if name == self._front else theme().colours.bad
            marked = name == self._front or name in self._flagged
            button.setIcon(QIcon(_card(self._pictures.get(name), rim if marked else "", self.devicePixelRatioF())))


def _card(picture: QImage | None, rim: str, ratio: float) -> QPixmap:
    """A photo with round corners on a plate of the same size for all, with a rim or without."""
    plate = QPixmap(PICTURE * ratio)
    plate.setDevicePixelRatio(ratio)
    plate.fill(Qt.GlobalColor.transparent)
    painter = QPainter(plate)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    whole = QRectF(1, 1, PICTURE.width() - 2, PICTURE.height() - 2)
    outline = QPainterPath()
    outline.addRoundedRect(whole, 4, 4)
    painter.setClipPath(outline)
    painter.fillRect(whole, QColor(theme().colours.canvas))
    if picture is not None and not picture.isNull():
        size = picture.size().scaled(whole.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        area = QRectF(0, 0, size.width(), size.height())
        area.moveCenter(whole.center())
        painter.drawImage(area, picture)
    painter.setClipping(False)
    if rim:
        painter.setPen(QPen(QColor(rim), 2))
        painter.drawPath(outline)
    painter.end()
    return plate

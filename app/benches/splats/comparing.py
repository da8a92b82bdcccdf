"""A photo beside the scene seen from its place: a line to drag between both, where they differ, or all side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from app.theme import font, icon, theme
from app.views.elided_label import ElidedLabel
from app.views.pixels import to_bytes, to_image
from app.views.scene import paint_text

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from app.benches.splats.shots import Shot
    from engine.api.frames import Picture
    from engine.raster import Camera

Way = Literal["photo", "error", "beside"]
WAYS: tuple[tuple[Way, str, str], ...] = (
    ("photo", "Photo", "The photo right of the line, the scene left of it; drag the line"),
    ("error", "Error", "Where the scene misses the photo: the brighter, the more"),
    ("beside", "Side by side", "Photo, scene and error beside each other"),
)
_GRIP = 14.0
_GAP = 10.0
_TITLES = ("photo", "scene", "error × 4")


@dataclass(frozen=True, eq=False)
class CloseUp:
    """A photo, the scene from its place, and where they differ, all at the size that training sees."""

    name: str
    photo: QImage
    scene: QImage
    error: QImage
    words: str


def close_up_of(frame: Picture) -> CloseUp | None:
    """The three pictures side by side that the lab sends, taken apart; None for a picture that is something else."""
    name, mark, rest = frame.note.rpartition(": photo | scene | error × 4")
    pixels = to_bytes(np.asarray(frame.pixels), colour=True)
    if not mark or pixels.ndim != 3 or pixels.shape[1] % 3:
        return None
    photo, scene, error = (to_image(part) for part in np.split(pixels, 3, axis=1))
    return CloseUp(name, photo, scene, error, rest.removeprefix(" · "))


class CompareTool:
    """Compares as long as the eye stands where the photo was taken."""

    def __init__(self) -> None:
        self.shot: Shot | None = None
        self.close_up: CloseUp | None = None
        self.share = 0.5
        self.way: Way = "photo"
        self._eye: object = None
        self._stands: Callable[[], object] = lambda: None

    def stand(self, shot: Shot | None, eye: object, stands: Callable[[], object]) -> None:
        """The eye stands at this photo; `stands` tells where it is from now on."""
        self.shot, self._eye, self._stands = shot, eye, stands

    @property
    def there(self) -> bool:
        """Whether it still does."""
        return self.shot is not None and self._stands() is self._eye

    @property
    def near(self) -> CloseUp | None:
        """The pictures of this photo, if they have come."""
        fits = self.close_up is not None and self.shot is not None and self.close_up.name == self.shot.name
        return self.close_up if fits else None

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Takes hold of the line."""
        near = abs(event.position().x() - self.share * camera.width) < _GRIP
        return self.there and self.way != "beside" and event.button() == Qt.MouseButton.LeftButton and near

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """The line follows."""
        self.share = min(1.0, max(0.0, event.position().x() / camera.width))

    def release(self) -> None:
        """It stays."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """Nothing lights up."""
        return False

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The photo, or the error, right of the line; or all three."""
        if not self.there or self.shot is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.way == "beside":
            self._paint_beside(painter, QRectF(0, 0, camera.width, camera.height))
        else:
            self._paint_wipe(painter, camera, self.shot)
        painter.restore()

    def _paint_wipe(self, painter: QPainter, camera: Camera, shot: Shot) -> None:
        line, near = self.share * camera.width, self.near
        right = shot.thumb if near is None else near.error if self.way == "error" else near.photo
        painter.save()
        painter.setClipRect(QRectF(line, 0, camera.width - line, camera.height))
        if self.way == "error" and near is None:
            painter.fillRect(shot.area(camera), QColor(theme().colours.canvas))
        else:
            painter.drawImage(shot.area(camera), right)
        painter.restore()
        self._paint_line(painter, line, camera.height)

    def _paint_line(self, painter: QPainter, line: float, height: float) -> None:
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.drawLine(QPointF(line, 0), QPointF(line, height))
        painter.setBrush(QColor(20, 24, 30))
        painter.drawRoundedRect(QRectF(line - 10, 0.5 * height - 20, 20, 40), 10, 10)
        painter.setBrush(QColor("#ffffff"))
        painter.setPen(Qt.PenStyle.NoPen)
        for side in (-1, 1):
            tip = QPointF(line + side * 6, 0.5 * height)
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-side * 4, -4), tip + QPointF(-side * 4, 4)]))

    def _paint_beside(self, painter: QPainter, whole: QRectF) -> None:
        """In a row or in a column, whichever makes them larger."""
        painter.fillRect(whole, QColor(theme().colours.canvas))
        near = self.near
        painter.setFont(font(12, "medium"))
        if near is None or self.shot is None:
            painter.setPen(QColor(theme().colours.dim))
            painter.drawText(
                whole, int(Qt.AlignmentFlag.AlignCenter), "The pictures come with the next look of the run."
            )
            return
        for title, image, area in zip(
            _TITLES, (near.photo, near.scene, near.error), thirds(whole, self.shot), strict=True
        ):
            painter.drawImage(area, image)
            paint_text(painter, area.topLeft() + QPointF(8, 18), title, theme().colours)


def thirds(whole: QRectF, shot: Shot) -> list[QRectF]:
    """Three areas of the photo's shape in a row or in a column, whichever makes them larger; room is left for the bars."""
    ratio = shot.size[0] / shot.size[1]
    room = whole.adjusted(60, 48, -_GAP, -64)
    choices = []
    for columns, rows in ((3, 1), (1, 3)):
        width = (room.width() - (columns - 1) * _GAP) / columns
        height = (room.height() - (rows - 1) * _GAP) / rows
        width = max(1.0, min(width, height * ratio))
        choices.append((width, columns, rows))
    width, columns, rows = max(choices)
    height = width / ratio
    left = room.center().x() - 0.5 * (columns * width + (columns - 1) * _GAP)
    top = room.center().y() - 0.5 * (rows * height + (rows - 1) * _GAP)
    steps = ((width + _GAP) * (columns > 1), (height + _GAP) * (rows > 1))
    return [QRectF(left + k * steps[0], top + k * steps[1], width, height) for k in range(3)]


class CompareBar(QFrame):
    """Over the scene while the eye stands at a photo. `chosen(way)`; `stepped(±1)`: another photo; `left()`."""

    chosen = Signal(str)
    stepped = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.words = ElidedLabel("", "small")
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(4)
        row.addWidget(_square("caret-left", "The photo before (PgUp)", lambda: self.stepped.emit(-1)))
        row.addWidget(_square("caret-right", "The next photo (PgDown)", lambda: self.stepped.emit(1)))
        row.addWidget(self.words)
        row.addSpacing(8)
        group = QButtonGroup(self)
        for way, title, tip in WAYS:
            button = QPushButton(title)
            button.setProperty("kind", "ghost")
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, way=way: self.chosen.emit(way))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[way] = button
        self.buttons["photo"].setChecked(True)
        row.addWidget(_square("x", "Back to the whole scene", self.left.emit))
        self._buttons_width = self.sizeHint().width() - self.words.sizeHint().width()
        self.hide()

    def show_words(self, words: str) -> None:
        """Which photo it is."""
        self.words.setText(words)

    def fit(self, width: int) -> None:
        """Is at most so wide, pixels: the words give way."""
        self.words.setFixedWidth(min(self.words.sizeHint().width(), max(0, width - self._buttons_width)))
        self.adjustSize()


def _square(glyph: str, tip: str, act: Callable[[], object]) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setProperty("kind", "ghost")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: act())
    return button

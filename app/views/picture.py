"""One picture with overlays: zoom, values under the cursor, places to click, a canvas to paint on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeySequence, QPainter, QPen, QTransform
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import theme
from app.views.base import LegendEntry, View
from app.views.brush import Drawing
from app.views.brush_bar import BrushBar
from app.views.grid import fit_grid
from app.views.magnifier import neighbourhood, paint_magnifier
from app.views.overlays import OVERLAYS, Ground, pack_steps
from app.views.pixels import packed_image, to_bytes, to_image, value_words
from app.views.zoom_area import ZoomArea
from engine.api import Canvas, Frame, HeatMap, Keypoints, Mask, Pick, Picture

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from engine.api.params import Field

_SHARP = 3.0
"""From three pixels of the screen for one of the picture, its pixels are drawn as squares."""
_HOLD = 12.0
"""How near a keypoint one takes hold of it, pixels of the screen."""
_LARGEST_SMALL = 96
"""A picture up to this size is always drawn pixel by pixel."""


class PictureArea(ZoomArea):
    """Paints a `Picture` and hears where the person presses: `pressed(x, y, last)` in pixels of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame: Picture | None = None
        self.pixels = np.empty((0, 0), np.uint8)
        self.drawing: Drawing | None = None
        self.erasing = False
        self.radius = 1.5
        self.on_pick: Callable[[tuple[float, ...], bool], None] | None = None
        self._held: int | None = None
        self.on_paint: Callable[[bool], None] = lambda last: None
        self._image = QImage()
        self._reduced: tuple[tuple[int, int], QImage] = ((0, 0), QImage())
        self._cache: dict[object, QImage] = {}
        self._stroke: QPointF | None = None
        self._picking = False
        theme().changed.connect(self._cache.clear)

    def show_picture(self, frame: Picture) -> None:
        """Takes picture and overlays of a frame."""
        self.frame = frame
        self.pixels = to_bytes(frame.pixels, colour=np.ndim(frame.pixels) == 3)
        self._image = to_image(self.pixels)
        self._reduced = ((0, 0), QImage())
        self._cache.clear()
        self.update()

    @property
    def is_painting(self) -> bool:
        """Whether a stroke is under way."""
        return self._stroke is not None

    # geometry ---------------------------------------------------------------------------------------------------------------------

    def placement(self) -> QTransform:
        """From pixels of the picture to pixels of the widget."""
        height, width = self.pixels.shape[:2]
        grid = fit_grid(1, (width, height), (self.width(), self.height()), ratio=self.devicePixelRatioF())
        scale = grid.width / width
        return QTransform(scale, 0, 0, scale, grid.left, grid.top) * self.transform

    def pixel_at(self, position: QPointF) -> QPointF:
        """The place of the picture under a pixel of the widget."""
        inverse, _ = self.placement().inverted()
        return inverse.map(position)

    def _inside(self, place: QPointF) -> bool:
        height, width = self.pixels.shape[:2]
        return 0 <= place.x() < width and 0 <= place.y() < height

    # painting -----------------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, overlays, what is painted, what lies under the cursor."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme().colours.panel))
        if self.pixels.size and self.frame is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            height, width = self.pixels.shape[:2]
            ground = Ground(self.placement(), (width, height), theme().colours, self._cache)
            self._paint_picture(painter, ground)
            painter.save()
            painter.setClipRect(ground.whole())
            for layer in self.frame.overlays:
                OVERLAYS[type(layer)](painter, layer, ground)
            painter.restore()
            if self.drawing is not None:
                self._paint_drawing(painter, ground)
            self._paint_hover(painter, ground)
        painter.end()

    def _paint_picture(self, painter: QPainter, ground: Ground) -> None:
        scale = ground.widget.m11() * self.devicePixelRatioF()
        small = max(ground.size) <= _LARGEST_SMALL and scale >= 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not small and scale < _SHARP)
        if scale < 0.6:
            size = (max(1, round(ground.size[0] * scale)), max(1, round(ground.size[1] * scale)))
            if self._reduced[0] != size:
                kinds = (Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
                self._reduced = (size, self._image.scaled(*size, *kinds))
            painter.drawImage(ground.whole(), self._reduced[1])
        else:
            painter.drawImage(ground.whole(), self._image)

    def _paint_drawing(self, painter: QPainter, ground: Ground) -> None:
        """Ink: white on a grey picture of the canvas's own size (a lab that shows the drawing itself), else a translucent colour."""
        assert self.drawing is not None
        same = self.pixels.ndim == 2 and self.pixels.shape == self.drawing.pixels.shape
        ink = pack_steps("#ffffff" if same else theme().colours.live)
        strength = self.drawing.pixels if same else (self.drawing.pixels * 0.6).astype(np.uint8)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(ground.whole(), packed_image(ink[strength]))
        painter.setPen(QPen(QColor(ground.colours.edge), 1))
        painter.drawRect(ground.whole())

    def _paint_hover(self, painter: QPainter, ground: Ground) -> None:
        if self.hover is None or self.frame is None:
            return
        place = self.pixel_at(self.hover)
        if not self._inside(place):
            return
        if self.drawing is not None:
            radius = self.radius * ground.whole().width() / self.drawing.pixels.shape[1]
            painter.setPen(QPen(QColor(ground.colours.live), 1.5))
            painter.drawEllipse(self.hover, radius, radius)
            return
        column, row = int(place.x()), int(place.y())
        lines = [f"x {column}  y {row}", value_words(np.asarray(self.frame.pixels)[row, column])]
        paint_magnifier(painter, QRectF(self.rect()), self.hover, neighbourhood(self.pixels, column, row), lines)

    # gestures -----------------------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Paints or picks; with the middle button, or where nothing is edited, moves the picture."""
        left_or_right = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        inside = bool(self.pixels.size) and self._inside(self.pixel_at(event.position()))
        if self.drawing is not None and left_or_right and inside:
            self.drawing.begin()
            self._stroke = event.position()
            self._paint_to(event.position(), event.buttons())
        elif self.on_pick is not None and event.button() == Qt.MouseButton.LeftButton and inside:
            self._picking = True
            self._held = self._keypoint_at(event.position())
            self._pick(event.position(), last=False)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes on painting, picking or moving."""
        self.hover = event.position()
        if self._stroke is not None:
            self._paint_to(event.position(), event.buttons())
        elif self._picking:
            self._pick(event.position(), last=False)
        else:
            super().mouseMoveEvent(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a stroke or a pick."""
        if self._stroke is not None:
            self._stroke = None
            self.on_paint(True)
        elif self._picking:
            self._picking = False
            self._pick(event.position(), last=True)
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks are two edits; where nothing is edited they show everything again."""
        if self.drawing is not None or self.on_pick is not None:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def _paint_to(self, position: QPointF, buttons: Qt.MouseButton) -> None:
        assert self.drawing is not None
        assert self._stroke is not None
        height, width = self.pixels.shape[:2]
        rows, columns = self.drawing.pixels.shape
        start, end = self.pixel_at(self._stroke), self.pixel_at(position)
        ends = [(place.x() * columns / width, place.y() * rows / height) for place in (start, end)]
        self.drawing.stroke(ends[0], ends[1], self.radius, self.erasing or bool(buttons & Qt.MouseButton.RightButton))
        self._stroke = position
        self.on_paint(False)
        self.update()

    def _pick(self, position: QPointF, last: bool) -> None:
        height, width = self.pixels.shape[:2]
        place = self.pixel_at(position)
        if self.on_pick is not None:
            at = (min(max(place.x(), 0.0), width - 1e-3), min(max(place.y(), 0.0), height - 1e-3))
            self.on_pick(at if self._held is None else (*at, float(self._held)), last)

    def _keypoint_at(self, position: QPointF) -> int | None:
        """The keypoint of the first layer of keypoints that lies under the cursor, or close by; an absent one cannot be held."""
        layers = [layer for layer in self.frame.overlays if isinstance(layer, Keypoints)] if self.frame else []
        if not layers:
            return None
        places, seen = np.asarray(layers[0].points, float), layers[0].confidence
        on_screen = [self.placement().map(QPointF(x, y)) for x, y in places]
        away = np.array([np.hypot(at.x() - position.x(), at.y() - position.y()) for at in on_screen])
        absent = np.zeros(len(away), bool) if seen is None else np.asarray(seen) <= 0
        away[absent | ~np.isfinite(away)] = np.inf
        return int(away.argmin()) if len(away) and away.min() <= _HOLD else None


class PictureView(View):
    """Shows `Picture`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.area = PictureArea(self)
        self.area.on_paint = self._painted
        self.bar = BrushBar(self)
        self.bar.hide()
        self.bar.changed.connect(self._take_brush)
        self.bar.undo.connect(lambda: self._after(self.area.drawing is not None and self.area.drawing.undo()))
        self.bar.cleared.connect(self._wipe)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.bar)
        self.setFocusProxy(self.area)
        self._edits = ""
        self._values: dict[str, object] = {}

    def show_frame(self, frame: Frame) -> None:
        """Shows the picture."""
        frame = cast("Picture", frame)
        if frame.edits != self._edits:
            self._edits = frame.edits
            self._take_control()
        self.area.show_picture(frame)
        self.legend_changed.emit()

    def bind_fields(self, fields: Sequence[Field]) -> None:
        """Finds the control of what is edited."""
        super().bind_fields(fields)
        self._take_control()

    def set_parameter(self, name: str, value: object) -> None:
        """Shows the drawing that the parameter holds."""
        self._values[name] = value
        if name == self._edits and self.area.drawing is not None and not self.area.is_painting:
            self.area.drawing.take(cast("np.ndarray | None", value))
            self.area.update()

    def _take_control(self) -> None:
        control = self.fields[self._edits].control if self._edits in self.fields else None
        self.area.on_pick = self._picked if isinstance(control, Pick) else None
        self.area.drawing = None
        if isinstance(control, Canvas):
            self.area.drawing = Drawing(control.height, control.width)
            self.area.drawing.take(cast("np.ndarray | None", self._values.get(self._edits)))
            self.bar.set_range(max(control.height, control.width))
            self._take_brush()
        self.bar.setVisible(isinstance(control, Canvas))
        self.area.setCursor(Qt.CursorShape.ArrowCursor if control is None else Qt.CursorShape.CrossCursor)

    # edits ------------------------------------------------------------------------------------------------------------------------

    def _picked(self, place: tuple[float, ...], last: bool) -> None:
        self.poke(self._edits, place, at_once=last)

    def _painted(self, last: bool) -> None:
        if self.area.drawing is not None:
            self.poke(self._edits, self.area.drawing.pixels.copy(), at_once=last)

    def _take_brush(self) -> None:
        self.area.radius, self.area.erasing = self.bar.radius, self.bar.erasing

    def _after(self, changed: bool) -> None:
        if changed:
            self.area.update()
            self._painted(last=True)

    def _wipe(self) -> None:
        if self.area.drawing is not None:
            self.area.drawing.empty()
            self._after(changed=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """[ and ] size the brush, E erases, Delete wipes, and undo and redo."""
        drawing = self.area.drawing
        if drawing is None:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self._after(drawing.undo())
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._after(drawing.redo())
        elif not self.bar.key(event):
            super().keyPressEvent(event)

    def legend(self) -> tuple[LegendEntry, ...]:
        """A chip for each labelled mask or heat map."""
        series, frame = theme().colours.series, self.area.frame
        layers = (
            [layer for layer in frame.overlays if isinstance(layer, Mask | HeatMap) and layer.label]
            if frame is not None
            else []
        )
        return tuple(
            LegendEntry(layer.label, series[getattr(layer, "colour", 0) % len(series)], "box") for layer in layers
        )

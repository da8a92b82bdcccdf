"""A painted widget with two axes: it keeps the ranges, draws ticks and grid, zooms and pans. What lies inside is the subclass's.

Everything is painted into one widget, without a scene of items: a frame replaces data, the next paint shows them. Six noisy curves
of ten thousand points take 2 ms so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QToolButton, QWidget

from app.theme import icon, theme
from app.views.axes import AxisLook, bottom_margin, left_margin, paint_axes, ticks_of
from app.views.mapping import Mapping
from app.views.span import FollowingSpan, Span

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent

    from app.views.ticks import Tick

_X_TICK_ROOM, _Y_TICK_ROOM = 54.0, 34.0


class AxesCanvas(QWidget):
    """Two axes around a plot rectangle.

    `x_span`, `y_span`: the ranges; `looks`: what is written on the axes; `equal`: one scale for both, by more range or, if `framed`,
    by less room. `inset`: pixels kept free inside the ranges, left, right, and above and below. `zooms`: the axes that wheel and drag move.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_span, self.y_span = FollowingSpan(), FollowingSpan()
        self.looks = (AxisLook(), AxisLook())
        self.equal = False
        self.framed = False
        self.inset = (0.0, 0.0, 0.0)
        self.zooms = "xy"
        self.zoomed = False
        self.hover: QPointF | None = None
        self._left = 0.0
        self._grabbed: QPointF | None = None
        self._glide = QTimer(self, interval=16)
        self._glide.timeout.connect(self._advance)
        self._clock = QElapsedTimer()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 80)
        self._fit_button = self._make_fit_button()
        theme().changed.connect(self.update)

    def _make_fit_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon("corners-out", "dim"))
        button.setIconSize(QSize(14, 14))
        button.setProperty("kind", "normal")
        button.setToolTip("Show everything again (double-click, Home)")
        button.setAccessibleName("Show everything")
        button.clicked.connect(self.fit)
        button.hide()
        return button

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(420, 280)

    # what a subclass draws ------------------------------------------------------------------------------------------------------

    def paint_data(self, painter: QPainter, m: Mapping) -> None:
        """Draws inside the plot rectangle; clipped to it."""
        raise NotImplementedError

    def paint_over(self, painter: QPainter, m: Mapping) -> None:
        """Draws what may leave the plot rectangle: read-outs, labels, legends."""

    def right_margin(self) -> float:
        """Room to keep free at the right."""
        return 12.0

    def top_margin(self) -> float:
        """Room to keep free above."""
        return 24.0 if self.looks[1].shown and self.looks[1].title else 10.0

    # geometry -------------------------------------------------------------------------------------------------------------------

    def mapping(self) -> Mapping:
        """Where the ranges lie now in the widget."""
        x_look, y_look = self.looks
        top = self.top_margin()
        bottom = bottom_margin(x_look, self.width())
        height = max(self.height() - top - bottom, 1.0)
        left = self._settle_left(ticks_of(y_look, self.y_span.goal, height, _Y_TICK_ROOM))
        width = max(self.width() - left - self.right_margin(), 1.0)
        return self.placed(Mapping(left, top, width, height, self.x_span.now, self.y_span.now))

    def placed(self, m: Mapping) -> Mapping:
        """The ranges with room for the inset, and, where the axes are equal, with one scale."""
        if any(self.inset):
            before, after, along = self.inset
            m = replace(m, x=_widened(m.x, before, after, m.width), y=_widened(m.y, along, along, m.height))
        if not self.equal:
            return m
        return m.shrunk() if self.framed else m.to_one_scale()

    def _settle_left(self, ticks: list[Tick]) -> float:
        """The left margin: in steps of eight pixels, growing at once, shrinking only by a lot, so that the plot stays put."""
        needed = math.ceil(left_margin(ticks) / 8) * 8
        if needed > self._left or needed <= self._left - 24:
            self._left = needed
        return max(self._left, 16.0) if self.looks[1].shown else 12.0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the corner button in its corner."""
        self._fit_button.setGeometry(self.width() - 38, 4, 30, 26)

    # painting -------------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, axes, data, and what lies over them."""
        colours = theme().colours
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        m = self.mapping()
        ticks = (
            ticks_of(self.looks[0], m.x, m.width, _X_TICK_ROOM),
            ticks_of(self.looks[1], m.y, m.height, _Y_TICK_ROOM),
        )
        paint_axes(painter, m, self.looks, ticks, self.height() - m.bottom)
        painter.save()
        painter.setClipRect(QRectF(m.left, m.top - 1, m.width + 1, m.height + 2))
        self.paint_data(painter, m)
        painter.restore()
        self.paint_over(painter, m)
        painter.end()

    def follow(self) -> None:
        """Repaints, and keeps on while a range glides."""
        if (self.x_span.gliding or self.y_span.gliding) and not self._glide.isActive() and self.isVisible():
            self._clock.start()
            self._glide.start()
        self.update()

    def _advance(self) -> None:
        passed = float(self._clock.restart())
        self.x_span.advance(passed)
        self.y_span.advance(passed)
        if not (self.x_span.gliding or self.y_span.gliding):
            self._glide.stop()
        self.update()

    # zoom and pan ---------------------------------------------------------------------------------------------------------------

    def zoom(self, at: QPointF, factor: float, axes: str = "") -> None:
        """Brings the ranges closer around a pixel by `factor` (> 1 is nearer)."""
        m = self.mapping()
        x, y = m.x.low + (at.x() - m.left) / m.x_scale, m.y.low + (m.bottom - at.y()) / m.y_scale
        self._look_at(
            m,
            (x - (x - m.x.low) / factor, x + (m.x.high - x) / factor),
            (y - (y - m.y.low) / factor, y + (m.y.high - y) / factor),
            axes,
        )

    def pan(self, by: QPointF) -> None:
        """Moves the ranges by pixels."""
        m = self.mapping()
        right, up = -by.x() / m.x_scale, by.y() / m.y_scale
        self._look_at(m, (m.x.low + right, m.x.high + right), (m.y.low + up, m.y.high + up), "")

    def _look_at(self, m: Mapping, x: tuple[float, float], y: tuple[float, float], axes: str) -> None:
        axes = axes or self.zooms
        before, after, along = self.inset
        parts = (
            ("x", x, m.x, self.x_span, (before / m.width, after / m.width)),
            ("y", y, m.y, self.y_span, (along / m.height, along / m.height)),
        )
        for name, (lo, hi), span, follower, (low, high) in parts:
            size = max(abs(lo), abs(hi), 1e-30)
            if name in axes and 1e-9 * size < hi - lo < 1e9 * max(size, 1.0):
                follower.fix(Span(span.at(lo + low * (hi - lo)), span.at(hi - high * (hi - lo)), span.log))
        self.zoomed = True
        self._fit_button.show()
        self.ranges_moved()

    def fit(self) -> None:
        """Shows everything again."""
        self.zoomed = False
        self._fit_button.hide()
        self.x_span.free()
        self.y_span.free()
        self.ranges_moved()

    def ranges_moved(self) -> None:
        """The person changed what is shown. A subclass that thins its data by range does so here."""
        self.follow()

    # mouse and keys -------------------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms around the cursor; with Ctrl, the vertical axis alone."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned and self.zooms:
            axes = "y" if event.modifiers() & Qt.KeyboardModifier.ControlModifier else ""
            self.zoom(event.position(), 1.0015**turned, axes)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the plot, to move it."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self.zooms:
            self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves the plot, or the read-out."""
        self.hover = event.position()
        if self._grabbed is not None:
            by = event.position() - self._grabbed
            if self.zoomed or by.manhattanLength() > 6:
                self.pan(by)
                self._grabbed = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows everything again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def leaveEvent(self, event: object) -> None:
        """Ends the read-out."""
        self.hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home shows everything, plus and minus zoom."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        match event.key():
            case Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal if self.zooms:
                self.zoom(middle, 1.25)
            case Qt.Key.Key_Minus if self.zooms:
                self.zoom(middle, 0.8)
            case _:
                super().keyPressEvent(event)


def _widened(span: Span, before: float, after: float, pixels: float) -> Span:
    """The range with so many pixels more at its ends, of `pixels` for all."""
    low, high = min(before / pixels, 0.4), min(after / pixels, 0.4)
    unit = (span.high - span.low) / (1 - low - high)
    return Span(span.at(span.low - low * unit), span.at(span.high + high * unit), span.log)

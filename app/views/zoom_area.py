"""A painted widget whose content can be zoomed and moved: pictures and grids of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QToolButton, QWidget

from app.theme import icon, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent

_CLOSEST = 64.0
_DRAG = 6.0


class ZoomArea(QWidget):
    """Zooms by wheel around the cursor, moves by drag, shows everything again by double-click.

    A subclass paints with `self.transform` (content in fitted pixels → widget pixels) and hears of a `clicked` place.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transform = QTransform()
        self.hover: QPointF | None = None
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._dragging = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(80, 60)
        self._fit_button = QToolButton(self)
        self._fit_button.setIcon(icon("corners-out", "dim"))
        self._fit_button.setIconSize(QSize(14, 14))
        self._fit_button.setProperty("kind", "normal")
        self._fit_button.setToolTip("Show everything again (double-click, Home)")
        self._fit_button.setAccessibleName("Show everything")
        self._fit_button.clicked.connect(self.fit)
        self._fit_button.hide()
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(420, 280)

    @property
    def magnification(self) -> float:
        """How much larger than fitted the content is drawn."""
        return self.transform.m11()

    @property
    def zoomed(self) -> bool:
        """Whether the person has zoomed or moved the content."""
        return not self.transform.isIdentity()

    def content(self, position: QPointF) -> QPointF:
        """The place of the fitted content under a pixel of the widget."""
        inverse, _ = self.transform.inverted()
        return inverse.map(position)

    def zoom(self, at: QPointF, factor: float) -> None:
        """Magnifies around a pixel of the widget; never smaller than fitted."""
        factor = min(max(factor, 1.0 / self.magnification), _CLOSEST / self.magnification)
        place = self.content(at)
        scale = self.magnification * factor
        self._set(QTransform(scale, 0, 0, scale, at.x() - place.x() * scale, at.y() - place.y() * scale))

    def pan(self, by: QPointF) -> None:
        """Moves the content."""
        m = self.transform
        self._set(QTransform(m.m11(), 0, 0, m.m22(), m.dx() + by.x(), m.dy() + by.y()))

    def fit(self) -> None:
        """Shows everything again."""
        self._set(QTransform())

    def _set(self, transform: QTransform) -> None:
        if transform.m11() <= 1.0:
            transform = QTransform()
        scale = transform.m11()
        dx = min(0.0, max(transform.dx(), self.width() * (1 - scale)))
        dy = min(0.0, max(transform.dy(), self.height() * (1 - scale)))
        self.transform = QTransform(scale, 0, 0, scale, dx, dy)
        self._fit_button.setVisible(self.zoomed)
        self.update()

    # mouse and keys -------------------------------------------------------------------------------------------------------------

    def clicked(self, place: QPointF, event: QMouseEvent) -> None:
        """The person clicked on this place of the fitted content."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms around the cursor."""
        if turned := event.angleDelta().y():
            self.zoom(event.position(), 1.0015**turned)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click or the start of a drag."""
        self._pressed = self._last = event.position()
        self._dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves the content, or the read-out."""
        self.hover = event.position()
        if self._pressed is not None:
            self._dragging = self._dragging or (event.position() - self._pressed).manhattanLength() > _DRAG
            if self._dragging and self.zoomed:
                self.pan(event.position() - self._last)
                self._last = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press without a drag is a click."""
        if self._pressed is not None and not self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self.clicked(self.content(event.position()), event)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows everything again."""
        self.fit()

    def leaveEvent(self, event: object) -> None:
        """Ends the read-out."""
        self.hover = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the corner button in its corner, and the content in sight."""
        self._fit_button.setGeometry(self.width() - 38, 4, 30, 26)
        self._set(self.transform)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home shows everything, plus and minus zoom."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        match event.key():
            case Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(middle, 1.25)
            case Qt.Key.Key_Minus:
                self.zoom(middle, 0.8)
            case _:
                super().keyPressEvent(event)

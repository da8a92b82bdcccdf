"""The QApplication: its name, its icon, its clothes, and where its errors go."""

from __future__ import annotations

import signal
import socket
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, QSocketNotifier, Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from app.notify import hook_errors
from app.theme import draw_glyph, dress

if TYPE_CHECKING:
    from app.colours import Mode

_ICON_SIZES = (16, 32, 48, 64, 128, 256)


def make_application(mode: Mode) -> QApplication:
    """Makes the application of this process, dressed, with every error routed to the person."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("perception-studio")
    application.setApplicationDisplayName("Perception Studio")
    application.setDesktopFileName("perception-studio")
    dress(application, mode)
    application.setWindowIcon(studio_icon())
    hook_errors()
    if sys.platform != "win32":
        Interrupt(application)
    return application


class Interrupt(QObject):
    """Ctrl+C in the terminal closes the windows properly. Qt's loop never looks at Python's signals: a socket wakes it."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        signal.set_wakeup_fd(self._theirs.fileno())
        signal.signal(signal.SIGINT, lambda *_: application.closeAllWindows())
        self._waker = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._waker.activated.connect(self._read)

    def _read(self) -> None:
        """Empties the socket; that Python ran at all is what lets it see the signal."""
        self._ours.recv(64)


def studio_icon() -> QIcon:
    """The program's own icon: its glyph on a blue tile."""
    made = QIcon()
    for side in _ICON_SIZES:
        tile = QPixmap(side, side)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QLinearGradient(QPointF(0, 0), QPointF(side, side))
        shade.setColorAt(0.0, QColor("#5aa9ff"))
        shade.setColorAt(1.0, QColor("#1f6feb"))
        painter.setBrush(shade)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(0, 0, side, side)
        painter.drawRoundedRect(area, side * 0.22, side * 0.22)
        inset = side * 0.18
        draw_glyph(painter, area.adjusted(inset, inset, -inset, -inset), "eye", QColor("#ffffff"), filled=True)
        painter.end()
        made.addPixmap(tile)
    return made

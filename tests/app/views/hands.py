"""A person's hands: real mouse events on a painted widget."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
PLAIN = Qt.KeyboardModifier.NoModifier


def _send(
    widget: QWidget,
    kind: QEvent.Type,
    at: QPointF,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
    keys: Qt.KeyboardModifier,
) -> None:
    QApplication.sendEvent(widget, QMouseEvent(kind, at, QPointF(widget.mapToGlobal(at.toPoint())), button, held, keys))


def press(widget: QWidget, at: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
    _send(widget, QEvent.Type.MouseButtonPress, at, button, button, keys)


def move(widget: QWidget, at: QPointF, held: Qt.MouseButton = NONE, keys: Qt.KeyboardModifier = PLAIN) -> None:
    _send(widget, QEvent.Type.MouseMove, at, NONE, held, keys)


def release(widget: QWidget, at: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
    _send(widget, QEvent.Type.MouseButtonRelease, at, button, NONE, keys)


def click(widget: QWidget, at: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
    press(widget, at, button, keys)
    release(widget, at, button, keys)


def drag(widget: QWidget, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT, steps: int = 8) -> None:
    press(widget, start, button)
    for share in np.linspace(0, 1, steps + 1)[1:].tolist():
        move(widget, start + (end - start) * share, button)
    release(widget, end, button)


def wheel(widget: QWidget, at: QPointF, notches: int, keys: Qt.KeyboardModifier = PLAIN) -> None:
    where = QPointF(widget.mapToGlobal(at.toPoint()))
    event = QWheelEvent(at, where, QPoint(), QPoint(0, 120 * notches), NONE, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def key(widget: QWidget, code: Qt.Key, keys: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(widget, code, keys)


def seen(widget: QWidget) -> np.ndarray:
    """What the widget shows: `[height, width, 3]` RGB 0..255."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def near(picture: np.ndarray, colour: str, tolerance: int = 40) -> np.ndarray:
    """Where a picture has nearly this colour: `[height, width]` bool."""
    return np.asarray(np.abs(picture - np.array(list(bytes.fromhex(colour[1:])))).max(axis=-1) <= tolerance)

"""Fields to build controls from, and hands to use them with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.theme import dress, theme
from engine.api.params import (
    Button,
    Camera,
    Canvas,
    Choice,
    Dataset,
    Field,
    File,
    Matrix,
    Pad,
    Pick,
    PointSet,
    Record,
    Slider,
    Toggle,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

IDENTITY = ((1.0, 0.0), (0.0, 1.0))
DRAWN = np.eye(6, 8, dtype=np.uint8) * 255

# A field of every kind, and another value that it takes.
FIELDS: tuple[tuple[Field, Any], ...] = (
    (Field("rate", "float", 1e-3, Slider(1e-5, 1e-1, log=True, live=True, help="Step length of the optimiser")), 0.02),
    (Field("hidden", "int", 32, Slider(1, 256, log=True, group="Network")), 64),
    (Field("activation", "str", "relu", Choice("relu", "tanh", "sin", group="Network")), "sin"),
    (Field("noise", "bool", True, Toggle(live=True)), False),
    (Field("z", "tuple", (0.0, 0.0), Pad(-3, 3, live=True)), (1.0, -2.0)),
    (Field("digit", "array", None, Canvas(6, 8, live=True)), DRAWN),
    (Field("kernel", "tuple", IDENTITY, Matrix(2, 2, 3, 4, live=True)), ((1.0, 2.0), (3.0, 4.0))),
    (Field("points", "tuple", (), PointSet(-1, 1)), ((0.5, 0.5, 1),)),
    (Field("edge", "tuple", (), Pick(live=True)), (3.0, 0.25)),
    (Field("again", "int", 0, Button(live=True)), 1),
    (Field("data", "str", "digits", Dataset("digits", "sprites", images=True)), "sprites"),
    (Field("mesh", "str", "", File(".obj", ".ply", kind="mesh")), "bunny.obj"),
    (Field("camera", "int", -1, Camera()), 1),
    (Field("edits", "str", "", Record(kind="edits", live=True)), '[{"is":"CleanFloaters","strength":0.5}]'),
)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """The window's own look, dark."""
    dress(qapp, "dark")
    yield
    theme().set_mode("dark")


def field(name: str) -> Field:
    return next(entry for entry, _ in FIELDS if entry.name == name)


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[[QWidget], QWidget]:
    """Shows a widget in a window that has the keyboard."""

    def show(widget: QWidget) -> QWidget:
        qtbot.addWidget(widget)
        with qtbot.waitActive(widget):
            widget.show()
            widget.activateWindow()
        return widget

    return show


def drag(widget: QWidget, *way: QPointF, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    """Presses at the first point, moves along, lets go at the last."""
    kinds = [QEvent.Type.MouseButtonPress] + [QEvent.Type.MouseMove] * (len(way) - 1) + [QEvent.Type.MouseButtonRelease]
    for kind, point in zip(kinds, [*way, way[-1]], strict=True):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        place = QPointF(widget.mapToGlobal(QPoint(0, 0))) + point
        event = QMouseEvent(kind, point, place, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)


def wheel(widget: QWidget, turns: int) -> bool:
    """Turns the wheel over a widget; whether it took the turn."""
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(QPoint(0, 0))) + middle,
        QPoint(),
        QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop(widget: QWidget, *paths: Path) -> bool:
    """Drops local files on a widget; whether it let them in."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copy = QPointF(widget.rect().center()), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enters = QDragEnterEvent(place.toPoint(), copy, data, left, none)
    enters.ignore()
    QApplication.sendEvent(widget, enters)
    if enters.isAccepted():
        QApplication.sendEvent(widget, QDropEvent(place, copy, data, left, none))
    return enters.isAccepted()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with twelve small pictures, one in a sub-folder, and something else."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for index in range(12):
        picture = QImage(40 + index, 30, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.red if index % 2 else Qt.GlobalColor.blue)
        assert picture.save(str((folder / "more" if index == 11 else folder) / f"{index:02d}.png"))
    (folder / "list.txt").write_text("no picture")
    return folder

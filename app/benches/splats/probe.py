"""One Gaussian under the pointer: its numbers, and the photos that it can be learnt from, those from nearly here first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.benches.splats.gestures import Gesture, hit_index
from app.theme import icon, theme
from engine.api.words import number

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent

    from app.benches.splats.shots import Shot
    from engine.api.splat_edits import Cloud, Region
    from engine.raster import Camera

MOST_SHOWN = 6
PICTURE = QSize(62, 42)
_ROWS = ("Position", "Size", "Opacity", "Colour")


class ProbeGesture(Gesture):
    """Finds the nearest solid Gaussian under the pointer; `probed()` hears of it. `index` is None for nothing."""

    def __init__(self, probed: Callable[[], None], cloud: Callable[[], Cloud | None]) -> None:
        super().__init__(lambda region, keys: None)
        self.index: int | None = None
        self._place: NDArray[np.float64] | None = None
        self._probed, self._cloud = probed, cloud

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """The one that is hit; beside all of them, none."""
        cloud = self._cloud()
        if cloud is None or not super().press(event, camera):
            return False
        self._take(cloud, hit_index(camera, cloud, event.position()))
        return True

    def follow(self) -> None:
        """The scene has changed: the one nearest to where the old one was takes its place."""
        cloud, place = self._cloud(), self._place
        if self.index is not None and cloud is not None and place is not None and len(cloud.means):
            self._take(cloud, int(((cloud.means - place) ** 2).sum(1).argmin()))
        elif self.index is not None:
            self.let_go()

    def let_go(self) -> None:
        """None any more."""
        self.index = self._place = None
        self._probed()

    def region(self) -> Region | None:
        """Nothing is chosen."""
        return None

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """A ring at two standard deviations."""
        cloud = self._cloud()
        if self.index is None or cloud is None or self.index >= len(cloud.means):
            return
        pixels, depth = camera.project(cloud.means[self.index])
        if depth[0] <= 0:
            return
        radius = max(5.0, 2 * float(cloud.scales[self.index].max()) * camera.focal / float(depth[0]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 4.0), (theme().colours.live, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(QPointF(*pixels[0]), radius, radius)

    def _take(self, cloud: Cloud, index: int | None) -> None:
        self.index = index
        self._place = None if index is None else np.asarray(cloud.means[index], np.float64)
        self._probed()


class ProbeCard(QFrame):
    """The numbers and photos of a Gaussian. `jumped(shot)`: one of its photos was clicked; `closed()`."""

    jumped = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.title, self.seen = QLabel(), QLabel()
        self.title.setProperty("role", "heading")
        self.seen.setProperty("role", "small")
        close = QToolButton()
        close.setIcon(icon("x", "dim"))
        close.setProperty("kind", "ghost")
        close.setToolTip("Let go of this Gaussian")
        close.setAccessibleName("Close")
        close.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(close)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        self.values = {name: QLabel() for name in _ROWS}
        for line, (name, value) in enumerate(self.values.items()):
            label = QLabel(name)
            label.setProperty("role", "small")
            value.setProperty("role", "value")
            grid.addWidget(label, line, 0)
            grid.addWidget(value, line, 1, Qt.AlignmentFlag.AlignRight)
        pictures = QGridLayout()
        pictures.setSpacing(2)
        self.buttons = [self._make_button(index) for index in range(MOST_SHOWN)]
        for index, button in enumerate(self.buttons):
            pictures.addWidget(button, index // 3, index % 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(grid)
        column.addWidget(self.seen)
        column.addLayout(pictures)
        self._shots: list[Shot] = []
        self.hide()

    def show_gaussian(self, cloud: Cloud, index: int, shots: Sequence[Shot], eye: NDArray[np.float64]) -> None:
        """One of a scene, with the photos that see it from the places nearest to the eye `[3]`, by angle."""
        place = np.asarray(cloud.means[index], np.float64)
        colour = QColor(*(np.asarray(cloud.colours[index]).clip(0, 1) * 255).round().astype(int).tolist())
        self.title.setText(f"Gaussian {index:,}")
        self.values["Position"].setText("  ".join(_figure(value) for value in place.tolist()) + " m")
        sizes = sorted(np.asarray(cloud.scales[index], np.float64).tolist(), reverse=True)
        self.values["Size"].setText(" × ".join(_figure(value) for value in sizes) + " m")
        self.values["Opacity"].setText(f"{float(cloud.opacities[index]):.0%}")
        self.values["Colour"].setText(f'<span style="color:{colour.name()}">■</span> {colour.name()}')
        found = supporters(place, shots, eye)
        self._shots = [shot for _, shot in found[:MOST_SHOWN]]
        self.seen.setText(f"In {len(found)} of {len(shots)} photos, nearest first")
        self.seen.setVisible(bool(shots))
        for button, pair in zip(self.buttons, [*found, *[None] * MOST_SHOWN], strict=False):
            button.setVisible(pair is not None)
            if pair is not None:
                angle, shot = pair
                size = PICTURE * self.devicePixelRatioF()
                image = shot.picture.scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
                button.setIcon(QIcon(QPixmap.fromImage(image)))
                button.setText(f"{math.degrees(angle):.0f}°")
                button.setToolTip(f"{shot.words}: {math.degrees(angle):.0f}° from here. Click to stand there.")
                button.setAccessibleName(shot.name)
        self.show()
        self.adjustSize()

    def _make_button(self, index: int) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "ghost")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(PICTURE)
        button.setFixedSize(PICTURE.width() + 10, PICTURE.height() + 24)
        button.clicked.connect(lambda: self.jumped.emit(self._shots[index]))
        return button


def supporters(place: NDArray[np.float64], shots: Sequence[Shot], eye: NDArray[np.float64]) -> list[tuple[float, Shot]]:
    """The photos whose frustum holds a place `[3]`, with the angle, radians, between their look at it and that from the eye `[3]`."""
    from_here = place - eye
    found = [(_angle(place - shot.pose[:3, 3], from_here), shot) for shot in shots if shot.sees(place)]
    return sorted(found, key=lambda pair: pair[0])


def _angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return math.atan2(float(np.linalg.norm(np.cross(first, second))), float(first @ second))


def _figure(value: float) -> str:
    return number(value).replace("-", "−")

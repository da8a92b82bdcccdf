"""Handles in a viewport: dots that one drags, and rings that turn the chosen one about its own axes.

A `HandlesTool` belongs to one `Handles` frame. It keeps what the person has changed, `{handle: place or rotation vector}`, and sends all of
it at each motion, so that the parameter alone tells the pose. Places are projected by the camera of the moment; the arithmetic
of a turn is R ← R · exp(φ a): by an angle φ about an axis a of the handle's own frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.theme import font, theme
from app.views.scene import paint_text
from app.views.turning import matrix_of_turn, turn_of_matrix
from engine.raster.shapes import AXES_COLOURS

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from engine.api import Handles
    from engine.raster import Camera

Send = Callable[[object, bool], None]
GRASP = 11.0
"""Pixels from a dot or ring at which the pointer still takes hold of it."""
RING = 62.0
"""Radius of the rings, pixels."""
_DOT = 5.0
_CORNERS = 72
_EDGE_ON = 0.25
"""Below this cosine between a ring's axis and the line of sight the ring is turned by the motion along it, not around it."""


@dataclass
class Grip:
    """A gesture: the handle, the axis of its ring (−1: the dot), where it began, and what the handle was then."""

    handle: int
    axis: int
    start: QPointF
    place: NDArray[np.float64]
    turn: NDArray[np.float64]


class HandlesTool:
    """Hears presses and drags in a viewport, and paints the handles over its picture."""

    def __init__(self, send: Send) -> None:
        self.frame: Handles | None = None
        self.changed: dict[int, tuple[float, float, float]] = {}
        self.chosen = -1
        self.over: tuple[int, int] = (-1, -1)
        self._send = send
        self._grip: Grip | None = None

    # what it knows -------------------------------------------------------------------------------------------------------------

    def show(self, frame: Handles) -> None:
        """The newest places and turns."""
        self.frame = frame
        if self.chosen >= len(np.asarray(frame.positions)):
            self.chosen = -1

    def take(self, value: object) -> None:
        """The parameter has this value now; ignored in the middle of a gesture."""
        if self._grip is None and isinstance(value, Sequence):
            self.changed = {int(k): (x, y, z) for k, x, y, z in zip(*[iter(map(float, value))] * 4, strict=False)}

    @property
    def turns(self) -> bool:
        """Whether handles are turned, not moved."""
        return self.frame is not None and self.frame.turns is not None

    def _place(self, handle: int) -> NDArray[np.float64]:
        assert self.frame is not None
        if not self.turns and self._grip is not None and self._grip.handle == handle and handle in self.changed:
            return np.array(self.changed[handle])  # under the pointer, however late the lab answers
        return np.array(np.asarray(self.frame.positions)[handle], np.float64)

    def _turn(self, handle: int) -> NDArray[np.float64]:
        assert self.frame is not None
        if handle in self.changed:
            return np.array(self.changed[handle])
        return np.array(np.asarray(self.frame.turns)[handle], np.float64)

    def _axes(self, handle: int, turn: NDArray[np.float64]) -> NDArray[np.float64]:
        """`[3, 3]` world from handle; its columns are the axes of the rings."""
        assert self.frame is not None
        parents = self.frame.parents
        parent = np.eye(3) if parents is None else np.asarray(parents, np.float64)[handle]
        return np.asarray(parent @ matrix_of_turn(turn))

    # hands ----------------------------------------------------------------------------------------------------------------------

    def under(self, at: QPointF, camera: Camera) -> tuple[int, int]:
        """The handle and the axis of its ring (−1: the dot) under the pointer; (−1, −1) for none."""
        if self.frame is None or not len(np.asarray(self.frame.positions)):
            return (-1, -1)
        pointer = np.array([at.x(), at.y()])
        if self.turns and self.chosen >= 0:
            for axis, ring in enumerate(self._rings(self.chosen, camera)):
                if np.nanmin(np.linalg.norm(ring - pointer, axis=1), initial=np.inf) <= 0.6 * GRASP:
                    return (self.chosen, axis)
        pixels, _ = camera.project(np.asarray(self.frame.positions, np.float64))
        away = np.where(np.isfinite(pixels[:, 0]), np.linalg.norm(pixels - pointer, axis=1), np.inf)
        nearest = int(away.argmin())
        return (nearest, -1) if away[nearest] <= GRASP else (-1, -1)

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Takes hold of what is under the pointer; the right button gives it back. Whether there was anything."""
        handle, axis = self.under(event.position(), camera)
        if handle < 0:
            self.chosen = -1
            return False
        if event.button() == Qt.MouseButton.RightButton:
            self._give_back(handle)
        elif event.button() == Qt.MouseButton.LeftButton:
            turn = self._turn(handle) if self.turns else np.zeros(3)
            self._grip = Grip(handle, axis, event.position(), self._place(handle), turn)
            self.chosen = handle
        return True

    def _give_back(self, handle: int) -> None:
        if self.changed.pop(handle, None) is not None:
            self._tell(last=True)

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """Moves the dot, or turns the ring, that is held."""
        grip = self._grip
        if grip is None or (self.turns and grip.axis < 0):
            return
        if self.turns:
            angle = self._angle(grip, event.position(), camera)
            about = np.zeros(3)
            about[grip.axis] = angle
            value = turn_of_matrix(matrix_of_turn(grip.turn) @ matrix_of_turn(about))
        else:
            value = _slid(grip, event.position(), camera)
        self.changed[grip.handle] = (float(value[0]), float(value[1]), float(value[2]))
        self._tell(last=False)

    def release(self) -> None:
        """The gesture is over; its last value is never dropped."""
        grip, self._grip = self._grip, None
        if grip is not None and grip.handle in self.changed:
            self._tell(last=True)

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """Whether what lies under the pointer is another handle than before."""
        before, self.over = self.over, self.under(at, camera)
        return before != self.over

    def _tell(self, last: bool) -> None:
        self._send(tuple(float(part) for k, value in self.changed.items() for part in (k, *value)), last)

    # geometry -------------------------------------------------------------------------------------------------------------------

    def _rings(self, handle: int, camera: Camera) -> list[NDArray[np.float64]]:
        """Three closed curves `[C, 2]`, pixels, around the axes of a handle."""
        centre = self._place(handle)
        radius = _metres_per_pixel(centre, camera) * RING
        axes = self._axes(handle, self._grip.turn if self._grip is not None else self._turn(handle))
        angle = np.linspace(0, math.tau, _CORNERS + 1)[:, None]
        rings = []
        for axis in range(3):
            u, v = axes[:, (axis + 1) % 3], axes[:, (axis + 2) % 3]
            rings.append(camera.project(centre + radius * (np.cos(angle) * u + np.sin(angle) * v))[0])
        return rings

    def _angle(self, grip: Grip, at: QPointF, camera: Camera) -> float:
        """How far, radians, the pointer has turned the ring that it holds."""
        axes = self._axes(grip.handle, grip.turn)
        normal = axes[:, grip.axis]
        sight = grip.place - camera.position
        cosine = float(normal @ sight) / max(float(np.linalg.norm(sight)), 1e-9)
        begun = _on_plane(grip.start, grip.place, normal, camera)
        now = _on_plane(at, grip.place, normal, camera)
        if abs(cosine) > _EDGE_ON and begun is not None and now is not None:
            return math.atan2(float(normal @ np.cross(begun, now)), float(begun @ now))
        tangent = np.cross(sight, normal)  # a ring seen from its edge is a line on the screen
        tangent /= max(float(np.linalg.norm(tangent)), 1e-9)
        pixels, _ = camera.project(np.stack([grip.place, grip.place + tangent * _metres_per_pixel(grip.place, camera)]))
        along = pixels[1] - pixels[0]
        by = at - grip.start
        return float(along @ np.array([by.x(), by.y()])) / RING

    # painting -------------------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """A dot for each handle; rings and name at the chosen one."""
        if self.frame is None or not len(np.asarray(self.frame.positions)):
            return
        colours = theme().colours
        pixels, _ = camera.project(np.stack([self._place(k) for k in range(len(np.asarray(self.frame.positions)))]))
        for handle, (x, y) in enumerate(pixels.tolist()):
            if math.isfinite(x):
                self._paint_dot(painter, handle, QPointF(x, y))
        if self.turns and self.chosen >= 0:
            self._paint_rings(painter, camera)
        named = self.over[0] if self.over[0] >= 0 else self.chosen
        if 0 <= named < len(self.frame.labels) and math.isfinite(pixels[named, 0]):
            painter.setFont(font(11))
            paint_text(painter, QPointF(*pixels[named].tolist()) + QPointF(12, -10), self.frame.labels[named], colours)

    def _paint_dot(self, painter: QPainter, handle: int, at: QPointF) -> None:
        colours = theme().colours
        series = self.frame.colour if self.frame is not None else None
        plain = colours.accent if series is None else colours.series[series % len(colours.series)]
        colour = QColor(colours.live if handle in self.changed else plain)
        near = handle in (self.over[0], self.chosen)
        painter.setPen(QPen(QColor(colours.panel), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(at, _DOT + 2 * near, _DOT + 2 * near)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_rings(self, painter: QPainter, camera: Camera) -> None:
        held = self._grip.axis if self._grip is not None else self.over[1]
        for axis, ring in enumerate(self._rings(self.chosen, camera)):
            colour = QColor(*AXES_COLOURS[axis].tolist())
            colour.setAlphaF(1.0 if held in (axis, -1) else 0.35)
            painter.setPen(QPen(colour, 3.5 if held == axis else 2.0))
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in ring.tolist() if math.isfinite(x)]))


def _metres_per_pixel(place: NDArray[Any], camera: Camera) -> float:
    pose = camera.camera_from_world
    depth = float(pose[2, :3] @ place + pose[2, 3])
    return max(depth, camera.near) / camera.focal


def _on_plane(at: QPointF, centre: NDArray[Any], normal: NDArray[Any], camera: Camera) -> NDArray[np.float64] | None:
    """From a centre to where the line of sight through a pixel meets the plane through it; None if it does not, ahead."""
    origin, direction = camera.ray(at.x(), at.y())
    slope = float(direction @ normal)
    if abs(slope) < 1e-6:
        return None
    reach = float((centre - origin) @ normal) / slope
    return np.asarray(origin + reach * direction - centre) if reach > 0 else None


def _slid(grip: Grip, at: QPointF, camera: Camera) -> NDArray[np.float64]:
    """Where a dot is that follows the pointer in the plane of the screen. `[3]` metres, world."""
    by = at - grip.start
    scale = _metres_per_pixel(grip.place, camera)
    return np.asarray(grip.place + camera.world_from_camera[:3, :2] @ np.array([by.x(), by.y()]) * scale)

"""What a person does on a plot: drag a cross, place points, click, pull at a weight. One tool for each kind of control.

A tool hears presses and drags inside the plot, keeps the value that it edits, paints it, and sends it through `send(value, last)`;
`last` marks the end of a gesture, which is never dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPen

from app.views.graph import edge_at
from engine.api.params import Control, Pad, Pick, PointSet

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent

    from app.views.mapping import Mapping
    from app.views.scene import Scene
    from engine.api import Graph

Send = Callable[[object, bool], None]
_GRASP, _SPACING = 9.0, 14.0


class Tool:
    """The least that a tool does."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, control: Control, send: Send) -> None:
        self.control = control
        self.send = send
        self.busy = False

    def take(self, value: object) -> None:
        """The parameter has this value now; ignored in the middle of a gesture."""

    def press(self, event: QMouseEvent, m: Mapping) -> bool:
        """A button went down in the plot; whether the tool takes the gesture."""
        return False

    def drag(self, event: QMouseEvent, m: Mapping) -> None:
        """The cursor moved in a gesture that the tool has taken."""

    def release(self) -> None:
        """The gesture is over."""
        self.busy = False

    def wheel(self, at: QPointF, turned: int, m: Mapping) -> bool:
        """The wheel turned; whether the tool takes it."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """A key went down; whether the tool takes it."""
        return False

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draws what is edited."""


class PadTool(Tool):
    """A cross that one drags, or moves by the arrow keys (Shift: ten times as far)."""

    def __init__(self, control: Pad, send: Send) -> None:
        super().__init__(control, send)
        self.lo, self.hi = control.lo, control.hi
        self.place = (0.0, 0.0)

    def take(self, value: object) -> None:
        """Moves the cross."""
        if not self.busy and isinstance(value, Sequence) and len(value) == 2:
            self.place = (float(value[0]), float(value[1]))

    def press(self, event: QMouseEvent, m: Mapping) -> bool:
        """Brings the cross to the cursor."""
        self.busy = event.button() == Qt.MouseButton.LeftButton
        if self.busy:
            self.drag(event, m)
        return self.busy

    def drag(self, event: QMouseEvent, m: Mapping) -> None:
        """Keeps the cross under the cursor, inside its range."""
        self._move(*m.point(event.position().x(), event.position().y()))

    def _move(self, x: float, y: float, last: bool = False) -> None:
        self.place = (min(max(x, self.lo), self.hi), min(max(y, self.lo), self.hi))
        self.send(self.place, last)

    def release(self) -> None:
        """Sends where the cross came to rest."""
        super().release()
        self.send(self.place, True)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows move the cross by a hundredth of its range."""
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        if event.key() not in moves:
            return False
        dx, dy = moves[Qt.Key(event.key())]
        step = (self.hi - self.lo) / (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 100)
        self._move(self.place[0] + dx * step, self.place[1] + dy * step)
        return True

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """A ring with a cross in the colour of what is live."""
        x, y = scene.mapping.pixels(np.array([self.place]))[0].tolist()
        for colour, width in ((scene.colours.panel, 4.5), (scene.colours.live, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(QPointF(x, y), 11, 11)
            painter.drawLine(QPointF(x - 7, y), QPointF(x + 7, y))
            painter.drawLine(QPointF(x, y - 7), QPointF(x, y + 7))


Placed = tuple[float, float, int]


class PointSetTool(Tool):
    """Points of several classes: click adds, drag moves or paints, right-click removes, a digit or Shift chooses the class."""

    def __init__(self, control: PointSet, send: Send) -> None:
        super().__init__(control, send)
        self.lo, self.hi, self.classes = control.lo, control.hi, control.classes
        self.points: list[Placed] = []
        self.group = 0
        self.group_chosen: Callable[[], None] = lambda: None
        self._held = -1
        self._last = QPointF()
        self._undo: list[tuple[Placed, ...]] = []
        self._redo: list[tuple[Placed, ...]] = []

    def take(self, value: object) -> None:
        """Takes the points."""
        if not self.busy and isinstance(value, Sequence):
            self.points = [(float(x), float(y), int(group)) for x, y, group in value]

    def press(self, event: QMouseEvent, m: Mapping) -> bool:
        """Adds, takes hold of, or removes a point."""
        near = self._near(event.position(), m)
        if event.button() == Qt.MouseButton.RightButton:
            if near >= 0:
                self._remember()
                del self.points[near]
                self.send(tuple(self.points), True)
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._remember()
        self.busy, self._held, self._last = True, near, event.position()
        if near < 0:
            self._add(event, m)
        return True

    def drag(self, event: QMouseEvent, m: Mapping) -> None:
        """Moves the point in hand, or paints a trail of new ones."""
        if self._held >= 0:
            x, y = self._inside(event.position(), m)
            self.points[self._held] = (x, y, self.points[self._held][2])
            self.send(tuple(self.points), False)
        elif (event.position() - self._last).manhattanLength() >= _SPACING:
            self._add(event, m)

    def release(self) -> None:
        """Sends the points as they are now."""
        super().release()
        self.send(tuple(self.points), True)

    def _add(self, event: QMouseEvent, m: Mapping) -> None:
        other = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.points.append((*self._inside(event.position(), m), (self.group + other) % self.classes))
        self._last = event.position()
        self.send(tuple(self.points), False)

    def _inside(self, at: QPointF, m: Mapping) -> tuple[float, float]:
        x, y = m.point(at.x(), at.y())
        return min(max(x, self.lo), self.hi), min(max(y, self.lo), self.hi)

    def _near(self, at: QPointF, m: Mapping) -> int:
        if not self.points:
            return -1
        distance = np.hypot(*(m.pixels(np.array(self.points)[:, :2]) - (at.x(), at.y())).T)
        best = int(distance.argmin())
        return best if distance[best] <= _GRASP else -1

    def _remember(self) -> None:
        self._undo.append(tuple(self.points))
        self._redo.clear()

    def _go_back(self, source: list[tuple[Placed, ...]], other: list[tuple[Placed, ...]]) -> None:
        if source:
            other.append(tuple(self.points))
            self.points = list(source.pop())
            self.send(tuple(self.points), True)

    def key(self, event: QKeyEvent) -> bool:
        """Undo, redo, and the class of the next points by its number (1 is the first)."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self._go_back(self._undo, self._redo)
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._go_back(self._redo, self._undo)
        elif 0 <= event.key() - Qt.Key.Key_1.value < self.classes:
            self.choose(event.key() - Qt.Key.Key_1.value)
        else:
            return False
        return True

    def choose(self, group: int) -> None:
        """The class of the next points."""
        self.group = group
        self.group_chosen()

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Each point in its class's colour, with a rim: it can be moved."""
        if not self.points:
            return
        m = scene.mapping
        places = m.pixels(np.array(self.points)[:, :2]).tolist()
        radius = float(np.clip(min(m.width, m.height) / 55, 3.0, 4.5))
        painter.setPen(QPen(QColor("#ffffff"), 1.2))
        for (x, y), (_, _, group) in zip(places, self.points, strict=True):
            painter.setBrush(QColor(scene.series(group)))
            painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)


class PickTool(Tool):
    """A click sends its place; a ring marks the last one."""

    def __init__(self, control: Pick, send: Send) -> None:
        super().__init__(control, send)
        self.place: tuple[float, ...] = ()
        self._pressed = QPointF()

    def take(self, value: object) -> None:
        """Marks the place."""
        if isinstance(value, Sequence):
            self.place = tuple(float(part) for part in value)

    def press(self, event: QMouseEvent, m: Mapping) -> bool:
        """Sends the place under the cursor."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self.place = m.point(event.position().x(), event.position().y())
        self.send(self.place, True)
        return True

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """A ring at the last place."""
        if len(self.place) == 2:
            x, y = scene.mapping.pixels(np.array([self.place]))[0].tolist()
            painter.setPen(QPen(QColor(scene.colours.live), 2))
            painter.drawEllipse(QRectF(x - 5, y - 5, 10, 10))


class WeightTool(Tool):
    """A drag up or down, or the wheel, on an edge of a graph changes its weight.

    Sends (edge, weight, edge, weight, …): every edge that was changed since the parameter was cleared, so that the
    parameter alone tells the whole experiment.
    """

    cursor = Qt.CursorShape.ArrowCursor
    _TRUST = 0.6

    def __init__(self, control: Pick, send: Send) -> None:
        super().__init__(control, send)
        self.graph: Graph | None = None
        self.weights: dict[int, float] = {}
        self.changed: dict[int, float] = {}
        self._edge, self._from, self._origin, self._changed = -1, 0.0, 0.0, 0.0

    def take(self, value: object) -> None:
        """The edges that were changed so far."""
        if not self.busy and isinstance(value, Sequence):
            self.changed = {int(edge): float(weight) for edge, weight in zip(value[::2], value[1::2], strict=False)}

    def show(self, graph: Graph) -> None:
        """A new frame: the person's own weights give way to it once they have had time to arrive."""
        self.graph = graph
        if not self.busy and time.monotonic() - self._changed > self._TRUST:
            self.weights.clear()

    def weight(self, edge: int) -> float:
        """The weight of an edge as it is drawn."""
        assert self.graph is not None
        return self.weights.get(edge, float(np.asarray(self.graph.weights).reshape(-1)[edge]))

    def press(self, event: QMouseEvent, m: Mapping) -> bool:
        """Takes hold of an edge."""
        if self.graph is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._edge = edge_at(self.graph, m, event.position().x(), event.position().y())
        self.busy = self._edge >= 0
        if self.busy:
            self._from, self._origin = event.position().y(), self.weight(self._edge)
        return self.busy

    def drag(self, event: QMouseEvent, m: Mapping) -> None:
        """A hundredth of a unit (for large weights: of their size) a pixel."""
        self._set(self._edge, self._origin + (self._from - event.position().y()) * self._grain(), last=False)

    def release(self) -> None:
        """Sends the weight as it is now."""
        if self._edge in self.weights:
            self._tell(last=True)
        super().release()

    def wheel(self, at: QPointF, turned: int, m: Mapping) -> bool:
        """Ten hundredths a notch."""
        edge = edge_at(self.graph, m, at.x(), at.y()) if self.graph is not None else -1
        if edge < 0:
            return False
        self._set(edge, self.weight(edge) + turned / 120 * 10 * self._grain(), last=True)
        return True

    def _grain(self) -> float:
        weights = np.abs(np.asarray(self.graph.weights)) if self.graph is not None else np.zeros(1)
        return 0.01 * max(1.0, float(weights.max(initial=0.0)))

    def _set(self, edge: int, weight: float, last: bool) -> None:
        self.weights[edge] = round(weight, 6)
        self._changed = time.monotonic()
        self.changed[edge] = self.weights[edge]
        self._tell(last)

    def _tell(self, last: bool) -> None:
        self.send(tuple(number for pair in self.changed.items() for number in pair), last)


def tool_for(control: Control, on_graph: bool, send: Send) -> Tool | None:
    """The tool that edits such a parameter on a plot; None for a control that is not edited there."""
    match control:
        case Pad():
            return PadTool(control, send)
        case PointSet():
            return PointSetTool(control, send)
        case Pick() if on_graph:
            return WeightTool(control, send)
        case Pick():
            return PickTool(control, send)
    return None

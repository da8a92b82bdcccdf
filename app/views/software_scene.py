"""A viewport's pictures without a GPU: drawn by `engine.raster` in a thread of their own, the newest order first.

The thread starts with the first order, gives up an order as soon as a newer one waits, and ends by itself when it has been
idle for a moment. It holds no widget: pictures reach the window through a bell that lives as long as the application.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QImage

from app.views.scene3d import Cloud, Gaussians, Scene, Strokes, Surface, raised
from engine.raster import Canvas, draw_lines, draw_mesh, draw_points, draw_splats

if TYPE_CHECKING:
    from app.views.scene3d import Item
    from engine.raster import Camera

IDLE_SECONDS = 0.5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Order:
    """A picture to make: `width` × `height` samples of the screen, times `scale`.

    `number` tells it from the others. `gives_way`: it is given up when another one comes; without that, orders that come
    faster than pictures would all be given up.
    """

    scene: Scene
    width: int
    height: int
    scale: float = 1.0
    supersample: int = 1
    number: int = 0
    gives_way: bool = False


@dataclass(frozen=True, eq=False)
class Done:
    """A finished order: its picture, or, where it failed, none and the reason. `lost`: the backend cannot draw at all."""

    order: Order
    image: QImage
    seconds: float
    trouble: str = ""
    lost: bool = False


class Bell(QObject):
    """Carries pictures from the drawing threads into the window's. There is one, a child of the application."""

    rung = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rung.connect(_deliver, Qt.ConnectionType.QueuedConnection)


def _deliver(easel: SoftwareScene) -> None:
    easel.deliver()


def bell() -> Bell:
    """The application's bell."""
    application = QCoreApplication.instance()
    if application is None:
        raise RuntimeError("a viewport needs a QApplication")
    return application.findChild(Bell, options=Qt.FindChildOption.FindDirectChildrenOnly) or Bell(application)


class SoftwareScene:
    """Takes orders, and hands pictures to `finished` in the window's thread."""

    def __init__(self, finished: Callable[[Done], None]) -> None:
        self._finished: Callable[[Done], None] | None = finished
        self._bell = bell()
        self._lock = threading.Condition()
        self._order: Order | None = None
        self._done: Done | None = None
        self._thread: threading.Thread | None = None

    def show(self, order: Order) -> None:
        """Draws this next; an order that still waits is forgotten."""
        with self._lock:
            self._order = order
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="viewport", daemon=True)
                self._thread.start()
            self._lock.notify()

    def close(self) -> None:
        """No picture comes any more; the thread ends with the one that it draws."""
        with self._lock:
            self._finished, self._order, self._done = None, None, None
            self._lock.notify()

    def deliver(self) -> None:
        """Hands over the newest picture, in the window's thread."""
        with self._lock:
            done, self._done = self._done, None
            finished = self._finished
        if done is not None and finished is not None:
            finished(done)

    def _work(self) -> None:
        canvases: dict[tuple[object, ...], Canvas] = {}
        while (order := self._next()) is not None:
            begun = time.perf_counter()
            try:
                image, trouble = draw(order, canvases, partial(self._given_up, order)), ""
            except (ValueError, RuntimeError) as error:  # arrays that do not fit; the interpreter is about to end
                _LOG.info("a viewport's items cannot be drawn: %s", error)
                image, trouble = QImage(), str(error)
            if image is None:
                continue
            with self._lock:
                if self._finished is None:
                    continue
                self._done = Done(order, image, time.perf_counter() - begun, trouble)
            with contextlib.suppress(RuntimeError):  # the application is gone
                self._bell.rung.emit(self)

    def _next(self) -> Order | None:
        """The order that waits; None, and the end of the thread, when none comes."""
        with self._lock:
            self._lock.wait_for(lambda: self._order is not None or self._finished is None, IDLE_SECONDS)
            order, self._order = self._order, None
            if order is None:
                self._thread = None
            return order

    def _given_up(self, order: Order) -> bool:
        return self._finished is None or (order.gives_way and self._order is not None)


def draw(order: Order, canvases: dict[tuple[object, ...], Canvas], given_up: Callable[[], bool]) -> QImage | None:
    """Draws an order, on a canvas that is kept for the next one of its size.

    Args:
        order: what to draw.
        canvases: those kept; at most one for each number of samples.
        given_up: asked between the items; True ends the work.

    Returns:
        A picture of its own memory; None if it was given up.

    Raises:
        ValueError: an item cannot be drawn.
    """
    width, height = (max(1, round(side * order.scale)) for side in (order.width, order.height))
    canvas = _canvas(canvases, width, height, order)
    canvas.clear()
    camera = order.scene.orbit.camera(width, height)
    for item in sorted(order.scene.items, key=_turn):
        if given_up():
            return None
        _draw_item(canvas, camera, item, order)
    _draw_ground(canvas, camera, order)
    if given_up():
        return None
    pixels = canvas.image()
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _canvas(canvases: dict[tuple[object, ...], Canvas], width: int, height: int, order: Order) -> Canvas:
    key = (width, height, order.supersample, order.scene.look.background)
    if key not in canvases:
        kept = [other for other in canvases if other[2] == order.supersample]
        for other in kept:
            del canvases[other]
        canvases[key] = Canvas(width, height, order.scene.look.background, order.supersample)
    return canvases[key]


def _turn(item: Item) -> int:
    """Opaque things first: the edges of the others blend with what is there."""
    return (Surface, Cloud, Gaussians, Strokes).index(type(item))


def _draw_item(canvas: Canvas, camera: Camera, item: Item, order: Order) -> None:
    look, scale = order.scene.look, order.scale
    match item:
        case Surface():
            wires = item.wireframe or look.wireframe
            draw_mesh(canvas, camera, item.vertices, item.faces, item.colours, item.tint, look.shading, wireframe=wires)
        case Cloud():
            draw_points(canvas, camera, raised(item.positions, order.scene.orbit), item.colours, item.size * scale)
        case Strokes():
            draw_lines(canvas, camera, raised(item.segments, order.scene.orbit), item.colours, item.width * scale)
        case Gaussians():
            shown = replace(look.splats, harmonics=item.harmonics)
            draw_splats(canvas, camera, item.means, item.rotations, item.scales, item.opacities, item.colours, shown)


def _draw_ground(canvas: Canvas, camera: Camera, order: Order) -> None:
    for ring in order.scene.look.lines:
        draw_lines(canvas, camera, ring.segments, ring.colours, ring.width * order.scale)

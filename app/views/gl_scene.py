"""A viewport's pictures by OpenGL: vispy's gloo draws into a buffer of Qt's that nobody sees, eight samples a pixel.

Not a window of its own inside the page: a picture goes through the same door as those of the software, so that both are
painted over, exported and tested alike, and the window never has to change how it is put together. Reading a picture
back costs a graphics card one or two milliseconds. The light is the studio of `engine.raster`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSize, QTimer
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat
from vispy import gloo
from vispy.gloo.context import FakeCanvas, set_current_canvas

from app.views.gl_shaders import BACKDROP, CLOUD, STROKES, SURFACE
from app.views.gl_splats import GlSplats
from app.views.scene3d import Cloud, Gaussians, Strokes, Surface
from app.views.software_scene import Done, Order

if TYPE_CHECKING:
    from app.views.scene3d import Item, Scene
    from engine.raster import Camera

SAMPLES = 8
RGB8, RGB16 = 0x8051, 0x8054
"""OpenGL's names of buffers without transparency, which what is blended in would leave behind.

Splats want the finer one: each of hundreds of layers is rounded, and in eight bits that adds up (37 dB beside the software; 54 in sixteen).
"""
_LOG = logging.getLogger(__name__)


class GlScene(QObject):
    """Takes orders, and hands pictures to `finished`, when the window has nothing more urgent to do."""

    def __init__(self, finished: Callable[[Done], None], parent: QObject) -> None:
        super().__init__(parent)
        self._finished = finished
        self._order: Order | None = None
        self._context: QOpenGLContext | None = None
        self._buffer: QOpenGLFramebufferObject | None = None
        self._colours = RGB8
        self._programs: dict[str, gloo.Program] = {}
        self._kept: dict[int, tuple[Item, dict[str, Any]]] = {}
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._draw_next)
        self.destroyed.connect(self._kept.clear)

    def show(self, order: Order) -> None:
        """Draws this next; an order that still waits is forgotten."""
        self._order = order
        self._turn.start()

    def _draw_next(self) -> None:
        order, self._order = self._order, None
        if order is None:
            return
        begun = time.perf_counter()
        try:
            image = self._draw(order)
        except RuntimeError as error:  # vispy's word for a shader that the driver does not take, too
            _LOG.warning("OpenGL cannot draw the viewport, the software takes over: %s", error)
            self._finished(Done(order, QImage(), 0.0, lost=True))
            return
        self._finished(Done(order, image, time.perf_counter() - begun))

    # context --------------------------------------------------------------------------------------------------------------------

    def _begin(self, width: int, height: int, colours: int) -> QOpenGLFramebufferObject:
        if self._context is None:
            wanted = QSurfaceFormat()
            wanted.setDepthBufferSize(24)
            self._context = QOpenGLContext(self)
            self._context.setFormat(wanted)
            self._surface = QOffscreenSurface(parent=self)
            self._surface.setFormat(wanted)
            self._surface.create()
            if not self._context.create():
                raise RuntimeError("no context")
        if not self._context.makeCurrent(self._surface):
            raise RuntimeError("the context cannot be entered")
        if not self._programs:
            gloo.gl.use_gl("gl+")  # PyOpenGL's, which knows instancing
            self._canvas = FakeCanvas()
            self._splats = GlSplats()
            self._programs = {name: gloo.Program(*code) for name, code in _CODE.items()}
            self._sheet = gloo.VertexBuffer(np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32))
        if self._buffer is None or self._buffer.size() != QSize(width, height) or self._colours != colours:
            self._buffer, self._colours = new_buffer(width, height, colours), colours
            if not self._buffer.isValid():  # a card without the finer one
                self._buffer = new_buffer(width, height, RGB8)
        set_current_canvas(self._canvas)
        self._canvas.context.glir.command("CURRENT", 0, self._buffer.handle())
        return self._buffer

    def _draw(self, order: Order) -> QImage:
        width, height = (max(1, round(side * order.scale)) for side in (order.width, order.height))
        fine = any(isinstance(item, Gaussians) for item in order.scene.items)
        buffer = self._begin(width, height, RGB16 if fine else RGB8)
        gloo.set_viewport(0, 0, width, height)
        gloo.set_state(depth_test=True, blend=False, cull_face=False, depth_func="less")
        gloo.clear(color=True, depth=True)
        self._draw_scene(order.scene, order.scene.orbit.camera(width, height))
        self._canvas.flush()
        image = buffer.toImage().convertToFormat(QImage.Format.Format_RGB32)
        if self._context is not None:
            self._context.doneCurrent()
        return image

    # scene ----------------------------------------------------------------------------------------------------------------------

    def _draw_scene(self, scene: Scene, camera: Camera) -> None:
        self._backdrop(scene)
        lens = {
            "u_camera": camera.camera_from_world.T.astype(np.float32),
            "u_clip": clip_from_camera(camera).T.astype(np.float32),
            "u_size": (float(camera.width), float(camera.height)),
        }
        self._forget([*scene.items, *scene.look.lines])
        for item in sorted(scene.items, key=lambda item: (Surface, Cloud, Gaussians, Strokes).index(type(item))):
            match item:
                case Surface():
                    self._surface_item(item, scene, lens)
                case Cloud():
                    gloo.set_state(sample_alpha_to_coverage=True)
                    self._play("cloud", self._data(item, cloud_data), lens | {"u_width": item.size}, "points")
                    gloo.set_state(sample_alpha_to_coverage=False)
                case Gaussians():
                    look = replace(scene.look.splats, harmonics=item.harmonics)
                    self._splats.draw(item, camera, lens, look)
                case Strokes():
                    self._strokes(self._data(item, strokes_data), item.width, lens)
        for ring in scene.look.lines:
            self._strokes(self._data(ring, strokes_data), ring.width, lens)

    def _backdrop(self, scene: Scene) -> None:
        gloo.set_state(depth_mask=False)
        top, bottom = (tuple(value / 255 for value in colour) for colour in scene.look.background)
        self._play("backdrop", {"corner": self._sheet}, {"u_top": top, "u_bottom": bottom}, "triangle_strip")
        gloo.set_state(depth_mask=True)

    def _surface_item(self, item: Surface, scene: Scene, lens: dict[str, Any]) -> None:
        data = self._data(item, surface_data)
        wires = 1.0 if item.wireframe or scene.look.wireframe else 0.0
        style = {"u_flat": float(scene.look.shading == "flat"), "u_wires": wires}
        self._play("surface", data, lens | style, "triangles")

    def _strokes(self, data: dict[str, Any], width: float, lens: dict[str, Any]) -> None:
        gloo.set_state(blend=True, blend_func=("src_alpha", "one_minus_src_alpha"))
        self._play("strokes", data, lens | {"u_width": width}, "triangles")
        gloo.set_state(blend=False)

    def _play(self, name: str, attributes: dict[str, Any], uniforms: dict[str, Any], mode: str) -> None:
        if not all(rows.size for rows in attributes.values()):
            return
        program = self._programs[name]
        wanted = {name for _, _, name in program.variables}
        for key, value in (attributes | uniforms).items():
            if key in wanted:
                program[key] = value
        program.draw(mode)

    def _data(self, item: Item, make: Callable[[Any], dict[str, NDArray[np.float32]]]) -> dict[str, Any]:
        """An item's arrays on the graphics card; they stay there as long as it is shown."""
        if id(item) not in self._kept:
            rows = make(item)
            self._kept[id(item)] = (
                item,
                {name: gloo.VertexBuffer(part) if len(part) else part for name, part in rows.items()},
            )
        return self._kept[id(item)][1]

    def _forget(self, items: list[Item]) -> None:
        stay = {id(item) for item in items}
        if not any(isinstance(item, Gaussians) for item in items):
            self._splats.forget()
        for key in [key for key in self._kept if key not in stay]:
            del self._kept[key]


_CODE = {"backdrop": BACKDROP, "surface": SURFACE, "cloud": CLOUD, "strokes": STROKES}


def new_buffer(width: int, height: int, colours: int) -> QOpenGLFramebufferObject:
    """What is drawn into, with `colours` as its format."""
    form = QOpenGLFramebufferObjectFormat()
    form.setAttachment(QOpenGLFramebufferObject.Attachment.Depth)
    form.setSamples(SAMPLES)
    form.setInternalTextureFormat(colours)
    return QOpenGLFramebufferObject(width, height, form)


def clip_from_camera(camera: Camera) -> NDArray[np.float64]:
    """`[4, 4]` OpenGL's clip space from the camera's metres, which look along +z with y down."""
    near, far = camera.near, camera.far
    across, down = 2 * camera.focal / camera.width, -2 * camera.focal / camera.height
    deep, shift = (far + near) / (far - near), -2 * far * near / (far - near)
    return np.array([[across, 0, 0, 0], [0, down, 0, 0], [0, 0, deep, shift], [0, 0, 1, 0]])


def surface_data(item: Surface) -> dict[str, NDArray[np.float32]]:
    """Three rows for each triangle whose corners are finite: place, smooth normal, colour, and which corner it is."""
    points = item.vertices.astype(np.float32)
    finite = np.asarray(np.isfinite(points).all(axis=1))
    faces = item.faces[finite[item.faces].all(axis=1)]
    corners = np.ascontiguousarray(faces.reshape(-1))
    a, b, c = (points[faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    sums = [np.bincount(corners, np.repeat(across[:, axis], 3), len(points)) for axis in range(3)]
    normals = np.stack(sums, axis=1).astype(np.float32)
    colours = np.broadcast_to(item.tint if item.colours is None else item.colours, points.shape)
    return {
        "vertex": points[corners],
        "normal": normals[corners],
        "colour": _light(colours)[corners],
        "weight": np.tile(np.eye(3), (len(faces), 1)).astype(np.float32),
    }


def cloud_data(item: Cloud) -> dict[str, NDArray[np.float32]]:
    """A row for each finite point."""
    fine = np.isfinite(item.positions).all(axis=1)
    colours = np.broadcast_to(item.colours, item.positions.shape)[fine].astype(np.float32)
    return {"vertex": item.positions[fine], "colour": colours / np.float32(255)}


def strokes_data(item: Strokes) -> dict[str, NDArray[np.float32]]:
    """Six rows for each finite segment: two triangles that the shader spreads to the line's width."""
    fine = np.isfinite(item.segments).all(axis=(1, 2))
    ends = item.segments[fine].astype(np.float32)
    colours = np.broadcast_to(item.colours, (len(item.segments), 3))[fine].astype(np.float32) / np.float32(255)
    corners = np.array([[0, -1], [1, -1], [0, 1], [0, 1], [1, -1], [1, 1]], np.float32)
    return {
        "start": np.repeat(ends[:, 0], 6, axis=0),
        "end": np.repeat(ends[:, 1], 6, axis=0),
        "colour": np.repeat(colours, 6, axis=0),
        "corner": np.tile(corners, (len(ends), 1)),
    }


def _light(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Display values as linear light, with 2 for the exponent of sRGB, as in `engine.raster`."""
    return np.square(colours.astype(np.float32) / 255)

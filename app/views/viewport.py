"""The 3-D viewport: meshes, points, lines and splats in one scene that a person turns, slides and flies through.

Items are kept by their frames' names, so that one that is not sent again stays. The camera frames the content until the
person takes it. Pictures come from one of two backends behind one interface, `show(order)` → `finished(done)`: OpenGL
where there is a real graphics card, else `engine.raster` in a thread; quantities of splats are always drawn by the latter.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QAction, QImage, QPainter
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from app.notify import notify
from app.theme import icon, theme
from app.views.base import LegendEntry, View
from app.views.frusta import frusta
from app.views.handles import HandlesTool
from app.views.opengl import has_graphics_card
from app.views.scene3d import (
    Gaussians,
    Look,
    Scene,
    Surface,
    ground_under,
    item_of_frame,
    mixed,
    places,
    rgb,
    tint_of,
)
from app.views.software_scene import Done, Order, SoftwareScene, draw
from app.views.viewport_pace import FINE, LEVELS, PLAIN, Level, Pace
from app.views.viewport_stage import FOV, Stage
from engine.api.frames import Cameras, Handles, Mesh, Points, Splats, item_of
from engine.api.records import write_text_atomically
from engine.raster import Free, Orbit, SplatLook

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from app.views.base import Mark
    from app.views.gl_scene import GlScene
    from app.views.scene3d import Drawn3d, Item
    from engine.api import Frame

Backend = Literal["auto", "software", "opengl"]
MODES = ("colour", "normals")
"""What OpenGL shows of splats."""
REST_MS = 120
"""After so long without a change the picture is drawn again, as finely as can be."""
PREPARE_MS = 400


class ViewportView(View):
    """Shows meshes, points, lines, splats and cameras together, handles in front. `backend`: "auto" takes OpenGL where it is fast."""

    drawn = Signal(float)  # a picture is there; it took so many seconds
    let_go = Signal(str)  # handles of a parameter were let go; their last value is sent

    def __init__(self, parent: QWidget | None = None, backend: Backend = "auto") -> None:
        super().__init__(parent)
        self.frames: dict[str, Drawn3d] = {}
        self.items: dict[str, Item] = {}
        self.hidden: set[str] = set()
        self.handles: dict[str, HandlesTool] = {}
        self._values: dict[str, object] = {}
        self.pace = Pace()
        self._backend = backend
        self._software: SoftwareScene | None = None
        self._gl: GlScene | None = None
        self._framed: set[str] = set()
        self._aside: set[str] = set()  # what the camera is not to frame: it stands around the content
        self._number = 0
        self._shown = (-1, FINE)
        self._legend: tuple[LegendEntry, ...] = ()
        self.stage = Stage(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stage)
        self.setFocusProxy(self.stage)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(lambda: self._order(self.finest, gives_way=True))
        self._prepare = QTimer(self, singleShot=True, interval=PREPARE_MS)
        self._prepare.timeout.connect(self._say_preparing)
        self._make_actions()
        self._splats = SplatLook()
        self._look = self._make_look()
        self.stage.moved.connect(self.refresh)
        self.stage.resized.connect(self.refresh)
        self.stage.frame_asked.connect(self.frame_content)
        self.stage.reset_asked.connect(self.reset_camera)
        theme().changed.connect(self._dress)

    def _make_actions(self) -> None:
        self.flat = self._switch("Flat shading", "polygon", "Shows each triangle as one plane")
        self.wires = self._switch("Wireframe", "line-segments", "Draws the edges of the triangles")
        self.grid = self._switch("Grid", "grid-four", "Draws the ground", on=True)
        self.axes = self._switch("Axes", "arrows-out-cardinal", "Shows the directions x, y and z", on=True)
        self.fit = self._action("Show everything", "corners-out", self.frame_content)
        self.fit.setToolTip("Show everything (F, double-click)")
        self.home = self._action("Reset the camera", "house", self.reset_camera)
        self.home.setToolTip("Reset the camera (R)")
        self.ply = self._action("Export mesh…", "export", self.ask_mesh)

    def _switch(self, text: str, glyph: str, tip: str, on: bool = False) -> QAction:
        action = QAction(icon(glyph, "dim"), text, self)
        action.setCheckable(True)
        action.setChecked(on)
        action.setToolTip(tip)
        action.toggled.connect(self._dress)
        return action

    # what stands in it ----------------------------------------------------------------------------------------------------------

    def show_frame(self, frame: Frame) -> None:
        """Takes an item, in place of the one of its name."""
        if isinstance(frame, Handles):
            self._take_handles(frame)
            return
        shown = cast("Drawn3d", frame)
        if isinstance(frame, Cameras):
            shown = frusta(frame, theme().colours)
            self._aside.add(frame.name)
        try:
            item = item_of_frame(shown, theme().colours)
        except ValueError as error:
            self._say(f"“{item_of(shown.name)}” cannot be drawn: {error}.")
            return
        self.frames[shown.name], self.items[shown.name] = shown, item
        self._say("")
        self._frame_newcomer(shown)
        self._tell_legend()
        self.refresh()

    def _take_handles(self, frame: Handles) -> None:
        if frame.name not in self.handles:
            tool = HandlesTool(partial(self._hear_handles, frame.edits))
            tool.take(self._values.get(frame.edits, ()))
            self.handles[frame.name] = tool
            self.stage.tools.append(tool)
        self.handles[frame.name].show(frame)
        self.stage.update()

    def _hear_handles(self, name: str, value: object, last: bool) -> None:
        self.poke(name, value, at_once=last)
        if last:
            self.let_go.emit(name)

    def forget(self, name: str) -> None:
        """Takes an item away."""
        if self.frames.pop(name, None) is not None:
            self.items.pop(name, None)
            self._framed.discard(name)
            self._tell_legend()
            self.refresh()

    def set_parameter(self, name: str, value: object) -> None:
        """What handles have changed, wherever it was changed."""
        self._values[name] = value
        for tool in self.handles.values():
            if tool.frame is not None and tool.frame.edits == name:
                tool.take(value)
                self.stage.update()

    def _frame_newcomer(self, frame: Drawn3d) -> None:
        """Frames the content when an item first has any, for as long as the camera is nobody's."""
        if frame.name in self._framed or frame.name in self._aside or not len(places(frame)):
            return
        self._framed.add(frame.name)
        content = self._content()
        if not self.stage.touched:
            self.stage.take(Orbit.around(content, fov_y=FOV))
        if len(self._framed) == 1 or not self.stage.touched:
            self._look = self._make_look()

    def _content(self) -> NDArray[np.float64]:
        seen = [places(frame) for name, frame in self.frames.items() if name not in self.hidden | self._aside]
        return np.concatenate([np.empty((0, 3)), *seen])

    def outlook(self) -> Orbit | Free | None:
        """Where the person has put the camera."""
        return self.stage.orbit if self.stage.touched else None

    def take_outlook(self, outlook: object) -> None:
        """Keeps the camera where the person had put it."""
        if isinstance(outlook, Orbit | Free):
            self.stage.take(outlook)
            self.stage.touched = True

    def clear(self) -> None:
        """Forgets everything; the next content is framed anew."""
        for kept in (self.frames, self.items, self.hidden, self._framed, self._aside):
            kept.clear()
        self.handles.clear()
        self.stage.tools[:] = [tool for tool in self.stage.tools if not isinstance(tool, HandlesTool)]
        self.stage.touched = False
        self.stage.image = QImage()
        self._rest.stop()
        self._tell_legend()
        self.refresh()

    def note(self, frame: Frame) -> str:
        """What all its items note."""
        return "  ·  ".join(dict.fromkeys(shown.note for shown in self.frames.values() if shown.note))

    def show_splats(self, look: SplatLook) -> None:
        """Shows scenes of Gaussians by another quantity, or with others marked."""
        self._splats = look
        self._look = dataclasses.replace(self._look, splats=look)
        self.refresh()

    @property
    def finest(self) -> Level:
        """How finely a picture at rest is drawn: splats have their own way against jagged edges, and take one sample a pixel."""
        return PLAIN if any(isinstance(item, Gaussians) for item in self.items.values()) else FINE

    def frame_content(self) -> None:
        """Shows all of the content, from the side where the person looks."""
        around = Orbit.around(self._content(), fov_y=FOV)
        now = self.stage.orbit
        self.stage.take(around if isinstance(now, Free) else dataclasses.replace(around, yaw=now.yaw, pitch=now.pitch))
        self._dress()

    def reset_camera(self) -> None:
        """Looks from where one looks at first, and follows the content again."""
        self.stage.touched = False
        self.stage.take(Orbit.around(self._content(), fov_y=FOV))
        self._dress()

    # legend and tools -----------------------------------------------------------------------------------------------------------

    def legend(self) -> tuple[LegendEntry, ...]:
        """An entry for each item, where there are several."""
        if len(self.frames) < 2:
            return ()
        return tuple(self._entry(name, frame) for name, frame in self.frames.items())

    def _entry(self, name: str, frame: Drawn3d) -> LegendEntry:
        marks: dict[type, Mark] = {Mesh: "box", Points: "dot", Splats: "dot"}
        many = getattr(frame, "colours", None) is not None
        colour = theme().colours.dim if many else "#{:02x}{:02x}{:02x}".format(*tint_of(frame, theme().colours))
        return LegendEntry(item_of(name), colour, marks.get(type(frame), "line"), name, name in self.hidden)

    def _tell_legend(self) -> None:
        if self.legend() != self._legend:
            self._legend = self.legend()
            self.legend_changed.emit()

    def toggle(self, key: str) -> None:
        """Hides or shows an item."""
        self.hidden ^= {key}
        self._tell_legend()
        self.refresh()

    def tools(self) -> list[QWidget]:
        """Wireframe, grid, show everything."""
        buttons: list[QWidget] = []
        for action in (self.wires, self.grid, self.fit):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(16, 16))
            button.setProperty("kind", "ghost")
            button.setFixedSize(28, 28)
            button.setAccessibleName(action.text())
            buttons.append(button)
        return buttons

    def menu_actions(self) -> list[QAction]:
        """How it looks, and where the camera goes."""
        return [self.flat, self.wires, self.grid, self.axes, self.fit, self.home]

    # drawing --------------------------------------------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether the picture shows all that it should, as finely as it can."""
        return not self.isVisible() or not self.items or self._shown == (self._number, self.finest)

    def refresh(self) -> None:
        """Something is new: draws it at once, roughly if need be, and finely when all is at rest."""
        self._number += 1
        if not self.items:
            self.stage.update()
        elif self.isVisible():
            quick, finest = self.pace.quick(), self.finest
            level = quick if quick.work < finest.work else finest
            self._order(level)
            if level is not finest:
                self._rest.start()

    def _order(self, level: Level, gives_way: bool = False) -> None:
        scene = self._scene()
        order = Order(scene, *self.stage.pixels(), level.scale, level.supersample, self._number, gives_way)
        if self.stage.image.isNull() and not self._prepare.isActive():
            self._prepare.start()
        self._backend_for(scene).show(order)

    def _scene(self) -> Scene:
        seen = tuple(item for name, item in self.items.items() if name not in self.hidden)
        return Scene(seen, self._look, self.stage.orbit)

    def _backend_for(self, scene: Scene) -> SoftwareScene | GlScene:
        if self._backend == "auto":
            self._backend = "opengl" if has_graphics_card() else "software"
        by_hand = scene.look.splats.mode not in MODES and any(isinstance(item, Gaussians) for item in scene.items)
        if self._backend == "opengl" and not by_hand:
            if self._gl is None:
                from app.views.gl_scene import GlScene

                self._gl = GlScene(self._take, self)
            return self._gl
        if self._software is None:
            self._software = SoftwareScene(self._take)
            self.destroyed.connect(self._software.close)
        return self._software

    def _take(self, done: Done) -> None:
        """A picture is there."""
        if done.lost:  # the graphics card said no: the other backend always can
            self._backend = "software"
            self.refresh()
            return
        self._prepare.stop()
        order = done.order
        level = next(level for level in LEVELS if level[:2] == (order.scale, order.supersample))
        self._shown = (order.number, level)
        self._say(done.trouble)
        if not done.trouble and self.items:
            self.pace.took(level, done.seconds)
            self.stage.image = done.image
        self.stage.update()
        self.drawn.emit(done.seconds)

    def _say_preparing(self) -> None:
        self._say("preparing the picture …")

    def _say(self, words: str) -> None:
        if words != self.stage.words:
            self.stage.words = words
            self.stage.update()

    def _make_look(self) -> Look:
        colours = theme().colours
        top, bottom = (colours.raised, colours.canvas) if colours.dark else (colours.panel, colours.hover)
        ground = ground_under(self._content())
        self.stage.measure = f"grid {ground.step:g} m" if self.grid.isChecked() else ""
        self.stage.backdrop = (rgb(top), rgb(bottom))
        self.stage.shows_axes = self.axes.isChecked()
        return Look(
            self.stage.backdrop,
            mixed(colours.faint, colours.dim, 0.3) if colours.dark else rgb(colours.faint),
            "flat" if self.flat.isChecked() else "smooth",
            self.wires.isChecked(),
            ground if self.grid.isChecked() else None,
            self._splats,
        )

    def _dress(self) -> None:
        """Colours, switches or the ground have changed."""
        self.items = {name: item_of_frame(frame, theme().colours) for name, frame in self.frames.items()}
        self._look = self._make_look()
        self._tell_legend()
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Draws what came while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Draws nothing any more."""
        self._rest.stop()
        self._prepare.stop()
        super().hideEvent(event)

    # export ---------------------------------------------------------------------------------------------------------------------

    def picture(self) -> QImage:
        """The view as a picture, at twice the size of the screen's, always by the software."""
        width, height = 2 * self.stage.width(), 2 * self.stage.height()
        image = draw(Order(self._scene(), width, height, 1.0, 2), {}, lambda: False) or QImage()
        image.setDevicePixelRatio(2.0)
        painter = QPainter(image)
        self.stage.paint_over(painter)
        painter.end()
        return image

    def export_actions(self) -> list[QAction]:
        """Save and copy, and the mesh where there is one."""
        self.ply.setVisible(any(isinstance(item, Surface) for item in self.items.values()))
        return [*super().export_actions(), self.ply]

    def ask_mesh(self) -> None:
        """Asks where to, and saves the meshes in sight there."""
        from app.views.viewport_ply import ply_text

        path = self._ask("Export mesh", "ply", "Meshes (*.ply)")
        if not path:
            return
        surfaces = [item for item in self._scene().items if isinstance(item, Surface)]
        try:
            write_text_atomically(path, ply_text(surfaces))
        except OSError as error:
            notify(f"{path.name} could not be written ({error.strerror}); choose another folder.")

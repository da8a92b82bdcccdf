"""The scene in the middle of the workbench: the viewport, its strip of tools, and small words in its corners."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.benches.splats.comparing import CompareBar, CompareTool
from app.benches.splats.gestures import (
    BoxGesture,
    BrushGesture,
    Gesture,
    LassoGesture,
    MeasureGesture,
    RectangleGesture,
    SphereGesture,
)
from app.benches.splats.probe import ProbeCard, ProbeGesture
from app.benches.splats.shots import Shot, ShotsTool
from app.benches.splats.tool_strip import ToolStrip
from app.benches.splats.value_legend import ValueLegend
from app.theme import theme
from app.views.colour_maps import colour_table
from app.views.scene3d import rgb
from app.views.viewport import ViewportView
from engine.api.splat_edits import Delete, Pick
from engine.raster import Free, Orbit, SplatLook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from app.benches.splats.choosing import Choosing
    from app.benches.splats.comparing import CloseUp, Way
    from engine.api.frames import Points, Splats
    from engine.api.splat_edits import Region
    from engine.raster.splats import Mode

Walk = Literal["orbit", "fly"]
ITEM = "scene/Gaussians"
VALUES: dict[str, str] = {"depth": "depth, metres", "opacity": "opacity", "contributions": "Gaussians in a pixel"}


class SceneViewport(QWidget):
    """Shows the scene. `erased(edit)`: a stroke of the eraser; `measured()`: a length was taken; `boxed()`; `tool_changed(name)`."""

    erased = Signal(object)
    measured = Signal()
    boxed = Signal()
    tool_changed = Signal(str)
    jumped = Signal(object)  # Shot
    stood = Signal(str)  # the photo at which the eye stands now; "" for none

    def __init__(self, choosing: Choosing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choosing = choosing
        self.view = ViewportView(self)
        self.view.grid.setChecked(False)
        self.mode: Mode = "colour"
        self.walk: Walk = "orbit"
        self.gestures = self._make_gestures()
        self.shots, self.compare = ShotsTool(self.stand_at), CompareTool()
        self.shots.hidden = lambda: self.compare.there
        self.view.stage.tools += [*self.gestures.values(), self.compare, self.shots]
        self._before: Orbit | Free | None = None
        self._stood = ""
        self._points: Points | None = None
        self._shows_points = False
        self.strip = ToolStrip(self)
        self.strip.chosen.connect(self.take_tool)
        self.hint, self.legend = QLabel(self), ValueLegend(self)
        self.compare_bar, self.card = self._make_compare_bar(), self._make_card()
        self.hint.setProperty("role", "chip")
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.setMinimumSize(240, 200)
        self._times: deque[float] = deque(maxlen=12)
        choosing.changed.connect(self._mark)
        theme().changed.connect(self._mark)
        self.view.drawn.connect(self._count)
        self.view.stage.moved.connect(self._write_legend)
        self.view.stage.moved.connect(self._follow_eye)
        self._say("")

    # What it shows -------------------------------------------------------------------------------------------------------------

    def show_scene(self, frame: Splats) -> None:
        """The newest state of the scene; the camera stays, unless it is the first."""
        self.choosing.take_scene(frame)
        self.view.show_frame(frame)
        self._place_points()
        self.probe.follow()
        self._write_legend()

    def show_points(self, frame: Points | None) -> None:
        """The points that training begins from: seen before there is a scene, and afterwards if one asks for them."""
        self._points = frame
        self._place_points()

    def set_points(self, on: bool) -> None:
        """Whether the points are seen beside the scene."""
        self._shows_points = on
        self._place_points()

    def _place_points(self) -> None:
        points, view = self._points, self.view
        if points is None:
            return
        seen = self._shows_points or self.choosing.cloud is None
        if seen and view.frames.get(points.name) is not points:
            view.show_frame(points)
            if self.choosing.cloud is None and not view.stage.touched:
                view.reset_camera()
        if seen == (points.name in view.hidden):
            view.toggle(points.name)

    def show_shots(self, shots: Sequence[Shot]) -> None:
        """The photos of the scene; the eye that stands at one of them stays there."""
        here = self.compare.shot
        self.shots.shots = shots
        self.compare.shot = next((shot for shot in shots if here is not None and shot.name == here.name), here)
        self._follow_eye()
        self.view.stage.update()

    def show_close_up(self, close_up: CloseUp) -> None:
        """A photo as training sees it, and where the scene misses it."""
        self.compare.close_up = close_up
        self._follow_eye()
        self.view.stage.update()

    def begin(self) -> None:
        """Another scene comes: it is framed anew, nothing is measured or boxed, no photos are known."""
        self.view.clear()
        self._points = None
        self.probe.let_go()
        self.compare.stand(None, None, lambda: None)
        self.show_shots(())
        self.choosing.forget()
        self.measure.ends = []
        self.box.low = self.box.high = np.zeros(3)

    def set_mode(self, mode: Mode) -> None:
        """By which quantity the Gaussians are shown."""
        self.mode = mode
        self._mark()
        self._write_legend()

    def set_walk(self, walk: Walk) -> None:
        """Around the scene, or through it."""
        stage = self.view.stage
        self.walk = walk
        if walk == "fly" and isinstance(stage.orbit, Orbit):
            pose = stage.orbit.camera(1, 1).world_from_camera
            stage.take(Free(pose, stage.orbit.distance, stage.orbit.fov_y))
        elif walk == "orbit" and isinstance(stage.orbit, Free):
            self.view.frame_content()
        self.view.refresh()

    def stand_at(self, shot: Shot) -> None:
        """Looks from where a photo was taken, with the line between scene and photo."""
        stage = self.view.stage
        if not self.compare.there:
            self._before = stage.orbit
        eye = shot.eye(stage.orbit.distance, stage.width(), stage.height())
        stage.take(eye)
        stage.touched = True
        self.compare.stand(shot, eye, lambda: stage.orbit)
        self._follow_eye()
        self.view.refresh()
        self.jumped.emit(shot)

    def step_photo(self, by: int) -> None:
        """To the next photo, or back; the first one if the eye stands at none."""
        shots = self.shots.shots
        here = self.compare.shot if self.compare.there else None
        if shots:
            self.stand_at(shots[(shots.index(here) + by) % len(shots)] if here in shots else shots[0])

    def leave_photo(self) -> None:
        """Back to where the eye was before it stood at a photo."""
        if self.compare.there and self._before is not None:
            self.view.stage.take(self._before)
        self.view.refresh()
        self._follow_eye()

    def _make_compare_bar(self) -> CompareBar:
        bar = CompareBar(self)
        bar.stepped.connect(self.step_photo)
        bar.left.connect(self.leave_photo)
        bar.chosen.connect(self._take_way)
        return bar

    def _take_way(self, way: Way) -> None:
        self.compare.way = way
        self.view.stage.update()

    def _follow_eye(self) -> None:
        """The bar is there as long as the eye stands at a photo."""
        there, shot = self.compare.there, self.compare.shot
        if there and shot is not None:
            near = self.compare.near
            measured = near.words if near is not None else ""
            self.compare_bar.show_words(f"{shot.name} · {measured}" if measured else shot.words)
        name = shot.name if there and shot is not None else ""
        self.compare_bar.setVisible(there)
        if name != self._stood:
            self._stood = name
            self.stood.emit(name)
        self._place()

    # Tools ---------------------------------------------------------------------------------------------------------------------

    @property
    def box(self) -> BoxGesture:
        """The crop box."""
        return cast("BoxGesture", self.gestures["box"])

    @property
    def measure(self) -> MeasureGesture:
        """The measured length."""
        return cast("MeasureGesture", self.gestures["measure"])

    @property
    def probe(self) -> ProbeGesture:
        """The Gaussian that is looked at."""
        return cast("ProbeGesture", self.gestures["probe"])

    def take_tool(self, name: str) -> None:
        """Another tool into the hand."""
        for key, gesture in self.gestures.items():
            gesture.active = key == name
        if name == "box" and self.choosing.cloud is not None and not (self.box.high - self.box.low).any():
            self.box.frame(self.choosing.cloud)
        self.strip.buttons[name].setChecked(True)
        self.view.stage.update()
        self.view.stage.setFocus()
        self.tool_changed.emit(name)

    @property
    def tool(self) -> str:
        """The one in the hand."""
        return next((name for name, gesture in self.gestures.items() if gesture.active), "orbit")

    def _make_gestures(self) -> dict[str, Gesture]:
        choose = self.choosing.choose

        def erase(region: Region, _keys: object) -> None:
            self.choosing.choose(region)
            if self.choosing.count:
                self.erased.emit(Delete((Pick(region),)))

        return {
            "rectangle": RectangleGesture(choose),
            "lasso": LassoGesture(choose),
            "brush": BrushGesture(choose),
            "sphere": SphereGesture(choose, lambda: self.choosing.cloud),
            "box": BoxGesture(lambda region, keys: self.boxed.emit()),
            "measure": MeasureGesture(self.measured.emit, lambda: self.choosing.cloud),
            "eraser": BrushGesture(erase),
            "probe": ProbeGesture(self._show_probed, lambda: self.choosing.cloud),
        }

    def _make_card(self) -> ProbeCard:
        card = ProbeCard(self)
        card.jumped.connect(self.stand_at)
        card.closed.connect(lambda: self.probe.let_go())
        return card

    def _show_probed(self) -> None:
        cloud, index = self.choosing.cloud, self.probe.index
        if cloud is None or index is None:
            self.card.hide()
        else:
            self.card.show_gaussian(cloud, index, self.shots.shots, self.view.stage.orbit.eye)
        self._place()
        self.view.stage.update()

    # Words ---------------------------------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        chosen = self.choosing
        marked = chosen.mask if chosen.count else None
        values = colour_table("sequential", theme().colours)
        self.view.show_splats(SplatLook(self.mode, None, marked, rgb(theme().colours.live), values))
        self._say(self._words())

    def _words(self) -> str:
        if self.choosing.count:
            return f"{self.choosing.count:,} chosen · Delete removes them"
        if self.choosing.cloud is None:
            return ""
        return "drag to look around · WASD to fly" if self.walk == "fly" else "drag to orbit · WASD to fly"

    def _count(self, _seconds: float) -> None:
        self._follow_eye()
        now = time.perf_counter()
        if self._times and now - self._times[-1] > 0.5:
            self._times.clear()
        self._times.append(now)
        span = self._times[-1] - self._times[0]
        if len(self._times) >= 4 and span > 0:
            rate = (len(self._times) - 1) / span
            self._say(" · ".join(part for part in (f"{rate:.0f} pictures/s", self._words()) if part))

    def _say(self, words: str) -> None:
        self.hint.setText(words)
        self.hint.setVisible(bool(words))
        self.hint.adjustSize()
        self._place()

    def _write_legend(self) -> None:
        """What the colours stand for: depths change with every step of the camera."""
        cloud = self.choosing.cloud
        self.legend.setVisible(self.mode in VALUES and cloud is not None)
        if cloud is None or self.mode not in VALUES:
            return
        low, high = 0.0, {"opacity": 1.0, "contributions": 64.0}.get(self.mode, 1.0)
        if self.mode == "depth":
            camera = self.view.stage.camera()
            pixels, depth = camera.project(cloud.means[:: max(1, len(cloud.means) // 20_000)])
            seen = depth[(depth > 0) & (pixels >= 0).all(1) & (pixels < (camera.width, camera.height)).all(1)]
            low, high = np.quantile(seen, (0.02, 0.98)) if len(seen) else (0.0, 1.0)
        self.legend.show_range(VALUES[self.mode], low, high)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything keeps to its corner."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self.strip.move(12, 12)
        self.hint.move(self.width() - self.hint.width() - 12, 12)
        self.legend.move(12 + self.strip.width() + 12, 12)
        bar = self.compare_bar
        bar.fit(self.width() - 24)
        bar.move(max(12, (self.width() - bar.width()) // 2), self.height() - bar.height() - 12)
        self.card.move(self.width() - self.card.width() - 12, 52)
        for widget in (self.strip, self.hint, self.legend, bar, self.card):
            widget.raise_()

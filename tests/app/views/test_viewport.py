"""The viewport drawn by the software, as a person meets it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.theme import theme
from app.views.panel import ViewPanel
from app.views.scene3d import Gaussians, Look, Scene, ground_under, item_of_frame, places
from app.views.software_scene import Order, SoftwareScene, draw
from app.views.viewport import ViewportView
from app.views.viewport_pace import COARSE, FINE, PLAIN, Pace
from engine.api import Images, Lines, Mesh, Points, Splats
from engine.api import View as Place
from engine.raster import Orbit, shapes, warm_up
from tests.app.views.hands import LEFT, drag, key, move, near, press, release, seen, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MIDDLE = QPointF(160, 120)
VERTICES = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1.5]], dtype=float)
FACES = np.array([[1, 0, 4], [2, 1, 4], [3, 2, 4], [0, 3, 4]])[:, ::-1]
PYRAMID = Mesh("scene/surface", VERTICES, FACES, colour=5)
DOTS = Points("scene/samples", VERTICES + np.array([0, 0, 1]), colour=2, size=12.0)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ViewportView]:
    made = ViewportView(backend="software")
    qtbot.addWidget(made)
    made.resize(320, 240)
    made.show()
    made.stage.shows_axes = False
    made.grid.setChecked(False)
    yield made
    made.close()


def rest(view: ViewportView) -> np.ndarray:
    """The picture, once it is as fine as it gets."""
    until = time.monotonic() + 20
    while not view.settled and time.monotonic() < until:
        QTest.qWait(5)
    assert view.settled
    return seen(view.stage)


def covered(picture: np.ndarray, colour: str) -> int:
    return int(near(picture, colour, 60).sum())


def test_an_empty_viewport_is_its_background_and_costs_no_thread(view: ViewportView) -> None:
    before = threading.active_count()
    assert len(np.unique(rest(view)[:, 10])) > 3  # a gradient
    assert threading.active_count() == before


def test_a_mesh_stands_in_the_middle_in_its_series_colour(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    picture = rest(view)
    red, _, blue = picture[120, 160]
    assert red > blue + 40  # vermilion
    assert np.ptp(picture[:, 2], axis=0).max() < 40  # nothing at the edge: it is framed


def test_a_drag_turns_and_stops_straight_above(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    before, yaw = rest(view), view.stage.orbit.yaw
    drag(view.stage, MIDDLE, MIDDLE + QPointF(60, 0))
    assert view.stage.orbit.yaw < yaw
    assert np.abs(rest(view) - before).max() > 30
    drag(view.stage, MIDDLE, MIDDLE + QPointF(0, 2000))
    assert view.stage.orbit.pitch == pytest.approx(math.pi / 2)


def test_other_buttons_and_shift_slide(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    before = view.stage.orbit
    drag(view.stage, MIDDLE, MIDDLE + QPointF(30, 0), Qt.MouseButton.MiddleButton)
    slid = view.stage.orbit
    assert (slid.yaw, slid.pitch) == (before.yaw, before.pitch)
    assert slid.target != before.target
    pixel, _ = slid.camera(320, 240).project([before.target])
    assert pixel[0] == pytest.approx([190, 120], abs=0.5)  # the content follows the pointer


def test_the_wheel_comes_closer_to_what_lies_under_the_pointer(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    before, at = view.stage.orbit, QPointF(250, 60)
    right, down = (250 - 160) / 120, (60 - 120) / 120
    reach = before.distance * math.tan(before.fov_y / 2)
    pose = before.camera(320, 240).world_from_camera
    place = np.array(before.target) + pose[:3, 0] * right * reach + pose[:3, 1] * down * reach
    wheel(view.stage, at, 3)
    assert view.stage.orbit.distance < before.distance
    pixel, _ = view.stage.orbit.camera(320, 240).project([place])
    assert pixel[0] == pytest.approx([250, 60], abs=0.5)


def test_keys_fly_while_held(view: ViewportView, qtbot: QtBot) -> None:
    view.show_frame(PYRAMID)
    rest(view)
    before = view.stage.orbit
    QTest.keyPress(view.stage, Qt.Key.Key_W)
    qtbot.wait(80)
    QTest.keyRelease(view.stage, Qt.Key.Key_W)
    flown = view.stage.orbit
    ahead = before.camera(4, 4).world_from_camera[:3, 2]
    assert float((np.array(flown.target) - before.target) @ ahead) > 0.02 * before.distance
    qtbot.wait(40)
    assert view.stage.orbit == flown
    for code, axis, sign in (
        (Qt.Key.Key_D, 0, 1),
        (Qt.Key.Key_Left, 0, -1),
        (Qt.Key.Key_E, 1, -1),
        (Qt.Key.Key_Q, 1, 1),
    ):
        start = view.stage.orbit
        key(view.stage, code)
        by = np.array(view.stage.orbit.target) - start.target
        assert sign * float(by @ start.camera(4, 4).world_from_camera[:3, axis]) > 0


def test_losing_the_focus_ends_a_flight(view: ViewportView, qtbot: QtBot) -> None:
    view.show_frame(PYRAMID)
    QTest.keyPress(view.stage, Qt.Key.Key_D)
    view.hide()
    before = view.stage.orbit
    qtbot.wait(50)
    assert view.stage.orbit == before


def test_the_camera_is_the_persons_once_touched(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    first = view.stage.orbit
    view.show_frame(Mesh("scene/surface", VERTICES * 5, FACES))
    assert view.stage.orbit == first  # content that grows does not move the camera
    view.show_frame(Points("scene/far", VERTICES * 9))
    assert view.stage.orbit.distance > 2 * first.distance  # a new item does, as long as nobody has
    drag(view.stage, MIDDLE, MIDDLE + QPointF(20, 0))
    mine = view.stage.orbit
    view.show_frame(Points("scene/farther", VERTICES * 90))
    assert view.stage.orbit == mine
    key(view.stage, Qt.Key.Key_F)
    assert view.stage.orbit.distance > 5 * mine.distance
    assert view.stage.orbit.yaw == mine.yaw
    key(view.stage, Qt.Key.Key_R)
    assert view.stage.orbit.yaw == first.yaw


def test_two_items_share_the_view_and_each_can_be_hidden(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    assert view.legend() == ()
    view.show_frame(DOTS)
    assert [(entry.text, entry.key, entry.hidden) for entry in view.legend()] == [
        ("surface", "scene/surface", False),
        ("samples", "scene/samples", False),
    ]
    green = theme().colours.series[2]
    assert covered(rest(view), green) > 100
    view.toggle("scene/samples")
    assert view.legend()[1].hidden
    assert covered(rest(view), green) < 20
    view.toggle("scene/samples")
    assert covered(rest(view), green) > 100


def test_the_newest_of_a_name_wins(view: ViewportView) -> None:
    view.show_frame(DOTS)
    green, orange = theme().colours.series[2], theme().colours.series[1]
    rest(view)
    for colour in (1, 2, 3, 1):
        view.show_frame(Points("scene/samples", VERTICES, colour=colour, size=12.0))
    picture = rest(view)
    assert covered(picture, green) < 20
    assert covered(picture, orange) > 100


def test_every_kind_is_drawn(view: ViewportView) -> None:
    blank = rest(view)
    tints = np.tile([[1.0, 0.2, 0.2]], (5, 1))
    kinds = (
        Lines("a", shapes.axes(), colours=np.eye(3), width=3.0),
        Splats("b", VERTICES, np.tile([1.0, 0, 0, 0], (5, 1)), np.full((5, 3), 0.2), np.ones(5), tints),
        Mesh("c", VERTICES, FACES, np.tile([[255, 0, 0]], (5, 1)).astype(np.uint8)),
    )
    for frame in kinds:
        view.clear()
        view.show_frame(frame)
        assert (np.abs(rest(view) - blank).max(axis=2) > 60).sum() > 200, frame.name


def test_switches_change_the_picture(view: ViewportView) -> None:
    view.show_frame(Mesh("scene", VERTICES, FACES))
    for switch in (view.flat, view.wires, view.grid, view.axes):
        before = rest(view)
        switch.toggle()
        assert (np.abs(rest(view) - before).max(axis=2) > 8).sum() > 50, switch.text()


def test_the_theme_repaints_the_scene(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    dark = rest(view)
    theme().set_mode("light")
    light = rest(view)
    assert light[5, 5].min() > 200 > 60 > dark[5, 5].max()


@pytest.mark.parametrize("size", [(1, 1), (60, 700), (900, 50), (500, 400)])
def test_any_size_is_filled(view: ViewportView, size: tuple[int, int]) -> None:
    view.show_frame(PYRAMID)
    view.resize(*size)
    QTest.qWait(1)
    rest(view)
    assert (view.stage.image.width(), view.stage.image.height()) == view.stage.pixels() == size


def test_a_narrow_view_still_shows_all_of_it(view: ViewportView) -> None:
    view.resize(100, 600)
    view.show_frame(PYRAMID)
    pixels, _ = view.stage.orbit.camera(100, 600).project(VERTICES)
    assert (pixels[:, 0] > 0).all()
    assert (pixels[:, 0] < 100).all()


@pytest.mark.parametrize(
    "frame",
    [
        Mesh("v", np.empty((0, 3)), np.empty((0, 3), int)),
        Mesh("v", np.full((5, 3), np.nan), FACES),
        Mesh("v", np.where(np.arange(5)[:, None] == 4, np.inf, VERTICES), FACES),
        Points("v", np.empty((0, 3))),
        Points("v", np.full((3, 3), np.nan), np.full((3, 3), np.nan)),
        Points("v", np.zeros((1, 3))),
        Lines("v", np.empty((0, 2, 3))),
        Lines("v", np.full((2, 2, 3), 1e300), width=0.0),
        Splats("v", np.empty((0, 3)), np.empty((0, 4)), np.empty((0, 3)), np.empty(0), np.empty((0, 3))),
    ],
    ids=lambda frame: f"{type(frame).__name__}-{np.shape(getattr(frame, 'vertices', 0))}",
)
def test_nothing_and_what_is_no_number_are_no_crash(view: ViewportView, frame: Any) -> None:
    view.grid.setChecked(True)
    view.show_frame(frame)
    rest(view)
    assert view.stage.words == ""


def test_arrays_that_do_not_fit_are_told_and_the_rest_stays(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    before = rest(view)
    for wrong in (
        Mesh("scene/bad", VERTICES, FACES + 9),
        Points("scene/bad", np.zeros((4, 2))),
        Points("scene/bad", VERTICES, np.zeros((2, 3))),
    ):
        view.show_frame(wrong)
        assert "“bad” cannot be drawn" in view.stage.words
    view.show_frame(PYRAMID)
    assert (rest(view) == before).all()


def test_what_only_the_drawing_finds_out_is_told_too(view: ViewportView) -> None:
    view.show_frame(Splats("scene/bad", VERTICES, np.ones((4, 4)), np.ones((5, 3)), np.ones(5), np.ones((5, 3))))
    rest(view)
    assert "every Gaussian needs" in view.stage.words


def test_a_hidden_view_draws_nothing(view: ViewportView, monkeypatch: pytest.MonkeyPatch) -> None:
    view.show_frame(PYRAMID)
    rest(view)
    orders: list[Order] = []
    monkeypatch.setattr(SoftwareScene, "show", lambda self, order: orders.append(order))
    view.hide()
    view.show_frame(DOTS)
    view.stage.zoom(MIDDLE, 2.0)
    theme().set_mode("light")
    QTest.qWait(200)
    assert orders == []
    assert view.settled
    view.show()
    assert len(orders) >= 1
    assert len(orders[-1].scene.items) == 2


def test_pictures_keep_coming_while_orders_come_faster(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    rest(view)
    before = view._number
    for _ in range(100):
        view.stage.zoom(MIDDLE, 1.001)
        QTest.qWait(1)
    assert before < view._shown[0]


def test_the_thread_ends_when_idle_and_starts_again(view: ViewportView, qtbot: QtBot) -> None:
    def drawing() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "viewport"]

    view.show_frame(PYRAMID)
    rest(view)
    qtbot.waitUntil(lambda: not drawing(), timeout=3000)
    view.stage.zoom(MIDDLE, 2.0)
    assert len(drawing()) == 1
    rest(view)


def test_destroyed_while_drawing_leaves_no_thread(qtbot: QtBot) -> None:
    many = np.random.default_rng(0).normal(size=(200_000, 3))
    for _ in range(3):
        view = ViewportView(backend="software")
        view.resize(600, 400)
        view.show()
        view.show_frame(Points("v", many, size=8.0))
        QTest.qWait(10)
        view.deleteLater()
        QTest.qWait(5)
    qtbot.wait(300)  # the guard of all tests looks for the threads


def test_clear_forgets_everything(view: ViewportView) -> None:
    blank = rest(view)
    view.show_frame(PYRAMID)
    view.show_frame(DOTS)
    rest(view)
    view.clear()
    assert (rest(view) == blank).all()
    assert view.legend() == ()


def test_a_picture_that_comes_after_clear_is_not_shown(view: ViewportView) -> None:
    blank = rest(view)
    view.show_frame(PYRAMID)
    view.clear()
    QTest.qWait(200)
    assert (seen(view.stage) == blank).all()


# in its panel, and out of it -------------------------------------------------------------------------------------------------


def test_a_panel_keeps_one_view_for_all_kinds_and_joins_their_notes(qtbot: QtBot) -> None:
    panel = ViewPanel(Place("scene", "Surface", "drag to turn"))
    qtbot.addWidget(panel)
    panel.resize(700, 400)
    panel.accept(Mesh("scene/surface", VERTICES, FACES, note="exact"))
    first = panel.view
    panel.accept(DOTS)
    panel.accept(Lines("scene/axes", shapes.axes(), note="1 m"))
    assert panel.view is first
    assert isinstance(first, ViewportView)
    assert panel._note.text() == "exact  ·  1 m"
    assert [tool.accessibleName() for tool in panel._tool_widgets] == ["Wireframe", "Grid", "Show everything"]
    panel.accept(Images("scene", np.zeros((1, 4, 4))))
    assert not isinstance(panel.view, ViewportView)


def test_the_picture_is_twice_as_large_and_shows_the_same(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    small = rest(view)
    image = view.picture()
    assert (image.width(), image.height()) == (640, 480)
    middle = image.pixelColor(320, 240)
    assert [middle.red(), middle.green(), middle.blue()] == pytest.approx(small[120, 160].tolist(), abs=12)


def test_the_mesh_in_sight_is_exported(view: ViewportView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import trimesh

    view.show_frame(DOTS)
    assert not [action for action in view.export_actions() if action.text() == "Export mesh…" and action.isVisible()]
    view.show_frame(Mesh("scene/a", VERTICES, FACES, np.tile([[1.0, 0.5, 0.0]], (5, 1))))
    view.show_frame(Mesh("scene/b", VERTICES + 3, FACES, colour=0))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "two"), ""))
    view.ask_mesh()
    read: Any = trimesh.load(tmp_path / "two.ply", process=False)
    assert np.asarray(read.vertices) == pytest.approx(np.concatenate([VERTICES, VERTICES + 3]))
    assert (np.asarray(read.faces) == np.concatenate([FACES, FACES + 5])).all()
    assert read.visual.vertex_colors[0].tolist() == [255, 128, 0, 255]


# what needs no window ---------------------------------------------------------------------------------------------------------


def test_colours_may_be_fractions_or_bytes() -> None:
    fractions: Any = item_of_frame(Points("v", np.zeros((1, 3)), np.array([[1.0, 0.5, 2.0]])), theme().colours)
    numbers: Any = item_of_frame(Points("v", np.zeros((1, 3)), np.array([[255, 128, 300]])), theme().colours)
    assert fractions.colours.tolist() == numbers.colours.tolist() == [[255, 128, 255]]


def test_few_far_splats_do_not_spoil_the_framing() -> None:
    means = np.random.default_rng(0).uniform(-1, 1, (1000, 3))
    means[::200] *= 1e4
    frame = Splats("v", means, np.ones((1000, 4)), np.ones((1000, 3)), np.ones(1000), np.ones((1000, 3)))
    assert isinstance(item_of_frame(frame, theme().colours), Gaussians)
    assert np.abs(places(frame)).max() <= 1.0


def test_the_ground_lies_at_the_foot_and_has_round_squares() -> None:
    ground = ground_under(VERTICES * 3)
    assert ground.z == 0.0
    assert ground.step == 2.0
    rings = ground.rings()
    far = [np.linalg.norm(segments.mean(axis=1)[:, :2], axis=1) for segments, _ in rings if len(segments)]
    assert all(inner.max() <= outer.min() + ground.step for inner, outer in pairwise(far))
    assert [width for _, width in rings] == sorted((width for _, width in rings), reverse=True)


def test_a_slow_machine_gets_coarser_pictures_while_things_move() -> None:
    pace = Pace()
    chosen = []
    for milliseconds in (5, 20, 200):
        pace.took(PLAIN, milliseconds / 1000)
        chosen.append(pace.quick())
    assert chosen == [FINE, PLAIN, COARSE]


def test_only_an_order_that_gives_way_is_given_up(qtbot: QtBot) -> None:
    scene = Scene((), Look(((0, 0, 0), (0, 0, 0)), (0, 0, 0), ground=ground_under(VERTICES)), Orbit())
    assert draw(Order(scene, 8, 8), {}, lambda: True) is None
    easel = SoftwareScene(lambda done: None)
    easel._order = Order(scene, 8, 8)
    assert not easel._given_up(Order(scene, 8, 8))
    assert easel._given_up(Order(scene, 8, 8, gives_way=True))
    easel.close()
    assert easel._given_up(Order(scene, 8, 8))


def test_shift_slides_too(view: ViewportView) -> None:
    view.show_frame(PYRAMID)
    before = view.stage.orbit
    shift = Qt.KeyboardModifier.ShiftModifier
    press(view.stage, MIDDLE, keys=shift)
    move(view.stage, MIDDLE + QPointF(9, 9), LEFT, shift)
    release(view.stage, MIDDLE, keys=shift)
    assert (view.stage.orbit.yaw, view.stage.orbit.pitch) == (before.yaw, before.pitch)
    assert view.stage.orbit.target != before.target

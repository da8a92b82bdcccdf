"""The single picture with overlays and canvas, as a person meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.theme import theme
from app.views.picture import PictureView
from engine.api import Boxes, Canvas, HeatMap, Keypoints, Mask, Pick, Picture, Tracks
from engine.api.params import Control, Field
from tests.app.views.hands import RIGHT, click, drag, key, move, near, press, release, seen, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

GREY = np.full((40, 60), 0.5, np.float32)


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    made = PictureView()
    qtbot.addWidget(made)
    made.resize(440, 340)
    made.show()
    return made


def edit(view: PictureView, control: Control, picture: np.ndarray = GREY) -> list[Any]:
    view.bind_fields((Field("poke", "array", None, control),))
    view.show_frame(Picture("p", picture, edits="poke"))
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    return sent


def at(view: PictureView, x: float, y: float) -> QPointF:
    """The pixel of the widget over a place of the picture."""
    return view.area.placement().map(QPointF(x, y))


def colour_at(view: PictureView, x: float, y: float) -> np.ndarray:
    place = at(view, x, y).toPoint()
    return np.asarray(seen(view.area)[place.y(), place.x()])


def test_pixels_stand_where_they_are(view: PictureView) -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[3, 50] = (255, 0, 0)
    view.show_frame(Picture("p", picture))
    assert colour_at(view, 50.5, 3.5).tolist() == [255, 0, 0]
    assert colour_at(view, 51.6, 3.5).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "layer",
    [
        Boxes(np.array([[10, 8, 40, 30]]), ("mug",), colour=1),
        Keypoints(np.array([[5.0, 5], [50, 35]]), np.array([[0, 1]]), colour=1),
        Mask(np.ones((40, 60)), colour=1, opacity=1.0),
        Tracks(np.stack([np.full((2, 5, 2), np.nan), np.linspace((5, 5), (50, 30), 5)[None].repeat(2, 0)])[1]),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_every_overlay_leaves_ink_of_its_colour(view: PictureView, layer: Any) -> None:
    view.show_frame(Picture("p", GREY, (layer,)))
    picture = seen(view.area)
    assert near(picture, theme().colours.series[1], 40).sum() + near(picture, theme().colours.series[0], 40).sum() > 60


def test_a_box_stands_at_its_corners(view: PictureView) -> None:
    view.show_frame(Picture("p", GREY, (Boxes(np.array([[10, 8, 40, 30]]), colour=1),)))
    for x, y in ((10, 20), (40, 20), (25, 30)):
        assert near(colour_at(view, x, y), theme().colours.series[1], 60)
    assert not near(colour_at(view, 25, 20), theme().colours.series[1], 60)


def test_a_mask_covers_its_region_only(view: PictureView) -> None:
    mask = np.zeros((40, 60))
    mask[:, :30] = 1
    view.show_frame(Picture("p", GREY, (Mask(mask, "left", colour=1, opacity=0.5),)))
    assert (colour_at(view, 10, 20) != colour_at(view, 50, 20)).any()
    assert colour_at(view, 50, 20).tolist() == [128, 128, 128]
    assert [entry.text for entry in view.legend()] == ["left"]


def test_a_heat_map_is_stretched_over_the_picture(view: PictureView) -> None:
    view.show_frame(Picture("p", GREY, (HeatMap(np.array([[0.0, 0.0], [0.0, 1.0]]), opacity=1.0),)))
    assert colour_at(view, 58, 38)[1] > 180  # viridis ends in yellow
    assert colour_at(view, 2, 2)[1] < 40


def test_uncertain_and_lost_keypoints(view: PictureView) -> None:
    points = np.array([[10.0, 20], [30, 20], [np.nan, np.nan]])
    view.show_frame(
        Picture(
            "p", GREY, (Keypoints(points, np.array([[0, 1], [1, 2]]), np.array([1.0, 0.05, 0.9]), ("a", "b", "c")),)
        )
    )
    assert colour_at(view, 10, 20).min() > 240
    assert colour_at(view, 30, 20).max() < 200


def test_a_pick_sends_places_in_pixels_of_the_picture(view: PictureView) -> None:
    sent = edit(view, Pick())
    click(view.area, at(view, 20.5, 10.5))
    assert sent[-1] == (pytest.approx(20.5), pytest.approx(10.5))
    drag(view.area, at(view, 20.5, 10.5), at(view, 55, 35))
    assert sent[-1] == (pytest.approx(55), pytest.approx(35))
    drag(view.area, at(view, 20, 10), at(view, 20, 10) + QPointF(2000, 0))
    assert 59 < sent[-1][0] < 60  # never beyond the picture


def test_a_keypoint_is_dragged_by_its_number_and_an_absent_one_is_not_held(view: PictureView) -> None:
    sent = edit(view, Pick())
    points, seen = np.array([[10.0, 10.0], [40.0, 20.0], [10.0, 30.0]]), np.array([1.0, 0.5, 0.0])
    view.show_frame(Picture("p", GREY, (Keypoints(points, confidence=seen),), edits="poke"))
    drag(view.area, at(view, 40, 20), at(view, 11, 11))
    assert sent[-1] == (pytest.approx(11), pytest.approx(11), 1.0)  # held to the end, past the other keypoint
    click(view.area, at(view, 10, 30))
    assert len(sent[-1]) == 2


def test_a_pick_is_right_while_zoomed(view: PictureView) -> None:
    sent = edit(view, Pick())
    wheel(view.area, at(view, 20, 10), 8)
    click(view.area, at(view, 22, 11))
    assert sent[-1] == (pytest.approx(22), pytest.approx(11))


def test_painting_sends_a_drawing(view: PictureView) -> None:
    sent = edit(view, Canvas(20, 30))
    drag(view.area, at(view, 10, 20), at(view, 50, 20), steps=30)
    drawing = sent[-1]
    assert (drawing.shape, drawing.dtype) == ((20, 30), np.uint8)
    assert drawing[10, 6:24].min() == 255
    assert not drawing[3].any()
    assert near(colour_at(view, 30, 20), theme().colours.live, 120)


def test_what_was_sent_does_not_change_afterwards(view: PictureView) -> None:
    sent = edit(view, Canvas(20, 30))
    drag(view.area, at(view, 10, 10), at(view, 50, 10))
    first = sent[-1].copy()
    drag(view.area, at(view, 10, 30), at(view, 50, 30))
    assert (sent[-1] != first).any()
    np.testing.assert_array_equal(sent[[np.array_equal(one, first) for one in sent].index(True)], first)


def test_erase_undo_and_clear(view: PictureView) -> None:
    sent = edit(view, Canvas(20, 30))
    drag(view.area, at(view, 10, 20), at(view, 50, 20), steps=30)
    painted = sent[-1]
    drag(view.area, at(view, 30, 5), at(view, 30, 35), RIGHT, steps=30)
    assert not sent[-1][10, 15]
    key(view.area, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(sent[-1], painted)
    key(view.area, Qt.Key.Key_E)
    drag(view.area, at(view, 30, 5), at(view, 30, 35), steps=30)
    assert not sent[-1][10, 15]
    key(view.area, Qt.Key.Key_Delete)
    assert not sent[-1].any()
    view.bar.undo.emit()
    assert sent[-1].any()


def test_the_brush_has_a_size(view: PictureView) -> None:
    sent = edit(view, Canvas(40, 60))
    click(view.area, at(view, 15, 20))
    small = int((sent[-1] > 0).sum())
    for _ in range(6):
        key(view.area, Qt.Key.Key_BracketRight)
    click(view.area, at(view, 45, 20))
    assert int((sent[-1] > 0).sum()) - small > 3 * small
    assert not view.bar.isHidden()


def test_the_drawing_comes_back_from_the_parameter(view: PictureView) -> None:
    edit(view, Canvas(20, 30))
    drawing = np.zeros((20, 30), np.uint8)
    drawing[10, 15] = 255
    view.set_parameter("poke", drawing)
    assert view.area.drawing is not None
    np.testing.assert_array_equal(view.area.drawing.pixels, drawing)
    press(view.area, at(view, 5, 5))
    view.set_parameter("poke", None)
    assert view.area.drawing.pixels.any()  # not in the middle of a stroke
    release(view.area, at(view, 5, 5))
    view.set_parameter("poke", None)
    assert not view.area.drawing.pixels.any()


def test_ink_is_white_where_the_lab_shows_the_drawing_itself(view: PictureView) -> None:
    edit(view, Canvas(40, 60), np.zeros((40, 60), np.float32))
    drag(view.area, at(view, 10, 20), at(view, 50, 20), steps=30)
    assert colour_at(view, 30, 20).min() > 200


def test_hover_shows_the_magnifier(view: PictureView) -> None:
    view.show_frame(Picture("p", GREY))
    before = seen(view.area)
    move(view.area, at(view, 30, 20))
    assert (seen(view.area) != before).sum() > 1000


def test_a_tiny_and_an_odd_picture_are_no_crash(view: PictureView) -> None:
    for shape in ((1, 1), (1, 500), (300, 2, 3)):
        view.show_frame(Picture("p", np.zeros(shape, np.uint8)))
        move(view.area, QPointF(200, 150))
        seen(view.area)

"""Handles in a viewport, in a person's hands: dots that are dragged and rings that turn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.views.handles import RING
from app.views.turning import matrix_of_turn, turn_of_matrix
from app.views.viewport import ViewportView
from engine.api import Handles
from engine.raster import Orbit
from tests.app.views.hands import click, drag, press, release

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PLACES = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.4]])
SIDE = Orbit(distance=3.0, yaw=0.0, pitch=0.0)
"""Looks along −x: y points right and z up on the screen."""


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ViewportView]:
    made = ViewportView(backend="software")
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    made.stage.take(SIDE)
    yield made
    made.close()


def told(view: ViewportView) -> list[tuple[float, ...]]:
    heard: list[tuple[float, ...]] = []
    view.poked.connect(lambda _, value: heard.append(value))
    return heard


def at(view: ViewportView, place: np.ndarray) -> QPointF:
    pixels, _ = view.stage.camera().project(place)
    return QPointF(*pixels[0].tolist())


@pytest.mark.parametrize("angle", [0.0, 1e-10, 0.3, 2.0, math.pi - 1e-6, math.pi])
def test_a_turn_survives_its_matrix(angle: float) -> None:
    axis = np.array([0.6, -0.48, 0.64])
    matrix = matrix_of_turn(angle * axis)
    assert matrix.T @ matrix == pytest.approx(np.eye(3), abs=1e-12)
    assert matrix_of_turn(turn_of_matrix(matrix)) == pytest.approx(matrix, abs=1e-7)


def test_a_dragged_dot_follows_the_pointer_in_the_plane_of_the_screen(view: ViewportView) -> None:
    view.show_frame(Handles("body/reach", PLACES, labels=("pelvis", "hand"), edits="reach"))
    heard = told(view)
    start = at(view, PLACES[1])
    drag(view.stage, start, start + QPointF(40, -30))
    index, *place = heard[-1]
    assert index == 1
    assert place[0] == pytest.approx(0.0, abs=1e-9)  # no depth is made up
    there = at(view, np.array(place))
    assert (there.x(), there.y()) == pytest.approx((start.x() + 40, start.y() - 30), abs=0.5)


def test_a_drag_beside_the_handles_turns_the_camera(view: ViewportView) -> None:
    view.show_frame(Handles("body/reach", PLACES, edits="reach"))
    heard = told(view)
    drag(view.stage, QPointF(30, 30), QPointF(90, 30))
    assert heard == []
    assert view.stage.orbit.yaw != SIDE.yaw


def test_a_ring_seen_from_the_front_turns_with_the_pointer(view: ViewportView) -> None:
    view.show_frame(Handles("body/joints", PLACES, turns=np.zeros((2, 3)), edits="pose"))
    heard = told(view)
    middle = at(view, PLACES[0])
    click(view.stage, middle)  # chooses it: the rings appear
    assert heard == []
    diagonal = RING / math.sqrt(2)
    drag(view.stage, middle + QPointF(diagonal, diagonal), middle + QPointF(diagonal, -diagonal))
    index, *turn = heard[-1]
    assert index == 0
    assert turn == pytest.approx([math.pi / 2, 0.0, 0.0], abs=0.06)  # y to z is a positive turn about x


def test_a_ring_seen_from_its_edge_turns_along_it(view: ViewportView) -> None:
    view.show_frame(Handles("body/joints", PLACES, turns=np.zeros((2, 3)), edits="pose"))
    heard = told(view)
    middle = at(view, PLACES[0])
    click(view.stage, middle)
    grasp = middle + QPointF(0.5 * RING, 0)  # the ring about z: a horizontal line
    drag(view.stage, grasp, grasp + QPointF(0.4 * RING, 0))
    assert heard[-1][1:] == pytest.approx([0.0, 0.0, 0.4], abs=0.03)  # its near side, at +x, goes to +y


def test_a_turn_is_about_the_handles_own_axes(view: ViewportView) -> None:
    parent = matrix_of_turn(np.array([0.0, 0.0, math.pi / 2]))  # its y axis looks away along −x
    frame = Handles("body/joints", PLACES[:1], turns=np.zeros((1, 3)), parents=parent[None], edits="pose")
    view.show_frame(frame)
    heard = told(view)
    middle = at(view, PLACES[0])
    click(view.stage, middle)
    diagonal = RING / math.sqrt(2)
    drag(view.stage, middle + QPointF(diagonal, diagonal), middle + QPointF(diagonal, -diagonal))
    assert heard[-1][1:] == pytest.approx([0.0, -math.pi / 2, 0.0], abs=0.06)


def test_a_right_click_gives_a_handle_back(view: ViewportView) -> None:
    view.show_frame(Handles("body/reach", PLACES, edits="reach"))
    heard = told(view)
    for place in PLACES:
        drag(view.stage, at(view, place), at(view, place) + QPointF(0, 20))
    assert len(heard[-1]) == 8
    press(view.stage, at(view, PLACES[0]), Qt.MouseButton.RightButton)
    release(view.stage, at(view, PLACES[0]), Qt.MouseButton.RightButton)
    assert heard[-1][0] == 1
    assert len(heard[-1]) == 4


def test_a_value_from_elsewhere_is_kept_and_told_with_the_next(view: ViewportView) -> None:
    view.set_parameter("reach", (1, 0.0, 0.7, 0.4))
    view.show_frame(Handles("body/reach", PLACES, edits="reach"))
    heard = told(view)
    drag(view.stage, at(view, PLACES[0]), at(view, PLACES[0]) + QPointF(0, 20))
    assert heard[-1][:4] == (1, 0.0, 0.7, 0.4)
    assert heard[-1][4] == 0


def test_no_handles_are_no_trouble(view: ViewportView) -> None:
    view.show_frame(Handles("body/reach", np.zeros((0, 3)), edits="reach"))
    drag(view.stage, QPointF(100, 100), QPointF(120, 100))
    view.clear()
    assert view.stage.tools == []

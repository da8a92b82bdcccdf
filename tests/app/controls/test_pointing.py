"""Choice, toggle, pad, button, canvas: what is clicked, dragged and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.controls.canvas import CanvasControl, stamp
from app.controls.choice import CalmComboBox, ChoiceControl, Segments
from app.controls.pad import PadControl
from app.controls.picks import PickControl, PointSetControl
from app.controls.press import ButtonControl
from app.controls.toggle import ToggleControl
from engine.api.params import Choice, Field
from tests.app.controls.conftest import drag, field, wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    Show = Callable[[QWidget], QWidget]

LONG = Field("likelihood", "str", "Bernoulli", Choice("Bernoulli", "Gaussian", "Laplace"))


def test_few_short_names_are_buttons_and_others_a_list(qtbot: QtBot) -> None:
    few, many = ChoiceControl(field("activation")), ChoiceControl(LONG)
    for control in (few, many):
        qtbot.addWidget(control)
    assert isinstance(few.chooser, Segments)
    assert isinstance(many.chooser, CalmComboBox)


def test_a_name_is_chosen_by_mouse_and_by_arrow_keys(qtbot: QtBot, shown: Show) -> None:
    control = ChoiceControl(field("activation"))
    control.resize(240, 30)
    shown(control)
    segments = control.chooser
    assert isinstance(segments, Segments)
    drag(segments, segments.area(2).center())
    assert control.value() == "sin"
    qtbot.keyClick(segments, Qt.Key.Key_Left)
    assert control.value() == "tanh"
    for _ in range(3):
        qtbot.keyClick(segments, Qt.Key.Key_Left)
    assert control.value() == "relu"


def test_a_list_is_chosen_from_by_keys_and_never_by_a_passing_wheel(qtbot: QtBot, shown: Show) -> None:
    control = ChoiceControl(LONG)
    shown(control)
    control.chooser.clearFocus()
    assert not wheel(control.chooser, -1)
    assert control.value() == "Bernoulli"
    control.chooser.setFocus()
    qtbot.keyClick(control.chooser, Qt.Key.Key_Down)
    assert control.value() == "Gaussian"
    assert wheel(control.chooser, -1)
    assert control.value() == "Laplace"


def test_a_switch_turns_by_click_and_by_space(qtbot: QtBot, shown: Show) -> None:
    control = ToggleControl(field("noise"))
    shown(control)
    told: list[Any] = []
    control.changed.connect(told.append)
    qtbot.mouseClick(control.switch, Qt.MouseButton.LeftButton)
    qtbot.keyClick(control.switch, Qt.Key.Key_Space)
    assert told == [False, True]


def test_a_pad_is_dragged_and_stays_in_its_square(shown: Show) -> None:
    control = PadControl(field("z"))
    control.resize(160, 180)
    shown(control)
    area = control.square.area()
    drag(control.square, control.square.dot(), QPointF(area.center().x(), area.top() + 8), QPointF(1e4, -1e4))
    assert control.value() == (3.0, 3.0)
    drag(control.square, area.center())
    assert control.value() == pytest.approx((0.0, 0.0), abs=0.05)


def test_up_on_a_pad_is_more(shown: Show) -> None:
    control = PadControl(field("z"))
    control.resize(160, 180)
    shown(control)
    middle = control.square.area().center()
    drag(control.square, middle, middle + QPointF(10, -30))
    x, y = control.value()
    assert 0 < x < y


def test_arrow_keys_nudge_the_point_and_stop_at_the_edge(qtbot: QtBot, shown: Show) -> None:
    control = PadControl(field("z"))
    shown(control)
    qtbot.keyClick(control.square, Qt.Key.Key_Right)
    qtbot.keyClick(control.square, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert control.value() == pytest.approx((0.06, -0.6))
    for _ in range(20):
        qtbot.keyClick(control.square, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert control.value() == pytest.approx((0.06, 3.0))


def test_a_button_counts_its_presses(qtbot: QtBot, shown: Show) -> None:
    control = ButtonControl(field("again"))
    shown(control)
    for _ in range(3):
        qtbot.mouseClick(control.button, Qt.MouseButton.LeftButton)
    assert control.value() == 3
    assert control.button.text() == "Again"


def test_points_are_taken_back_one_by_one_or_all_at_once(qtbot: QtBot, shown: Show) -> None:
    control = PointSetControl(field("points"))
    shown(control)
    assert not control.undo.isEnabled()
    control.set_value(((0.0, 0.0, 0), (0.5, 0.5, 1), (0.1, 0.2, 1)))
    qtbot.mouseClick(control.undo, Qt.MouseButton.LeftButton)
    assert control.value() == ((0.0, 0.0, 0), (0.5, 0.5, 1))
    qtbot.mouseClick(control.clear, Qt.MouseButton.LeftButton)
    assert control.value() == ()
    assert not control.clear.isEnabled()


def test_a_pick_matters_only_once_something_is_picked(qtbot: QtBot, shown: Show) -> None:
    control = PickControl(field("edge"))
    shown(control)
    assert not control.is_relevant()
    control.set_value((3.0, 0.5))
    assert control.is_relevant()
    qtbot.mouseClick(control.clear, Qt.MouseButton.LeftButton)
    assert control.value() == ()


# Drawing -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def canvas(shown: Show) -> CanvasControl:
    control = CanvasControl(field("digit"))
    control.resize(240, 260)
    shown(control)
    return control


def across(canvas: CanvasControl, button: Qt.MouseButton = Qt.MouseButton.LeftButton, row: float = 0.5) -> None:
    """Draws a line from left to right in two jumps."""
    area = canvas.paper.area()
    y = area.height() * row
    drag(canvas.paper, QPointF(4, y), QPointF(area.width() / 2, y), QPointF(area.width() - 4, y), button=button)


def test_a_stroke_is_ink_without_gaps_however_fast_the_mouse(canvas: CanvasControl) -> None:
    assert canvas.value() is None
    across(canvas)
    picture = canvas.value()
    assert picture.shape == (6, 8)
    assert picture.dtype == np.uint8
    assert (picture[2:4].max(axis=0) > 128).all()
    assert (picture[0] == 0).all()


def test_each_part_of_a_stroke_is_told(canvas: CanvasControl) -> None:
    told: list[np.ndarray] = []
    canvas.changed.connect(told.append)
    across(canvas)
    assert len(told) == 3
    assert told[0].sum() < told[1].sum() < told[2].sum()  # each its own picture, not one that goes on changing


def test_the_right_button_and_the_eraser_take_ink_away(qtbot: QtBot, canvas: CanvasControl) -> None:
    across(canvas)
    across(canvas, button=Qt.MouseButton.RightButton)
    assert canvas.value() is None or canvas.value().max() < 128
    across(canvas, row=0.3)
    qtbot.mouseClick(canvas.eraser, Qt.MouseButton.LeftButton)
    before = int(canvas.value().sum())
    across(canvas, row=0.3)
    assert canvas.value() is None or int(canvas.value().sum()) < before / 4
    qtbot.mouseClick(canvas.pen, Qt.MouseButton.LeftButton)
    assert canvas.pen.isChecked()
    assert not canvas.eraser.isChecked()


def test_a_stroke_is_taken_back_whole(qtbot: QtBot, canvas: CanvasControl) -> None:
    across(canvas)
    first = canvas.value()
    across(canvas, row=0.1)
    assert not np.array_equal(canvas.value(), first)
    qtbot.mouseClick(canvas.undo, Qt.MouseButton.LeftButton)
    assert np.array_equal(canvas.value(), first)
    qtbot.mouseClick(canvas.undo, Qt.MouseButton.LeftButton)
    assert canvas.value() is None
    assert not canvas.undo.isEnabled()


def test_clear_empties_the_paper_and_can_be_taken_back(qtbot: QtBot, canvas: CanvasControl) -> None:
    across(canvas)
    drawn = canvas.value()
    qtbot.mouseClick(canvas.clear, Qt.MouseButton.LeftButton)
    assert canvas.value() is None
    qtbot.mouseClick(canvas.undo, Qt.MouseButton.LeftButton)
    assert np.array_equal(canvas.value(), drawn)


def test_a_dot_of_ink_is_round_and_soft() -> None:
    picture = np.zeros((9, 9), np.uint8)
    stamp(picture, 4.5, 4.5, 2.0)
    assert picture[4, 4] == 255
    assert 0 < picture[4, 2] <= picture[4, 3] == 255
    assert np.array_equal(picture, picture.T)
    assert np.array_equal(picture, picture[::-1])
    assert picture[0].max() == 0

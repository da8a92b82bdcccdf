from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.slider import SliderControl
from engine.api.params import Field, Slider
from tests.app.controls.conftest import drag, field, wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def rate(shown: Callable[[QWidget], QWidget]) -> SliderControl:
    control = SliderControl(field("rate"))
    control.resize(300, 30)
    shown(control)
    return control


def type_in(qtbot: QtBot, control: SliderControl, text: str) -> None:
    control.text_field.setFocus()
    control.text_field.selectAll()
    if text.isascii():
        qtbot.keyClicks(control.text_field, text)
    else:
        control.text_field.insert(text)  # pasted: QTest's keyboard is ASCII
    qtbot.keyClick(control.text_field, Qt.Key.Key_Return)


def test_it_shows_the_value_in_words_and_on_the_track(rate: SliderControl) -> None:
    assert rate.text_field.text() == "1e−3"
    assert rate.track.knob().x() == pytest.approx(rate.track.width() / 2, abs=1)


def test_dragging_the_knob_moves_through_the_range(rate: SliderControl) -> None:
    told: list[float] = []
    rate.changed.connect(told.append)
    middle = rate.track.height() / 2
    drag(rate.track, rate.track.knob(), QPointF(rate.track.width() * 0.75, middle), QPointF(1e4, middle))
    assert told == sorted(told)
    assert told[-1] == rate.value() == 0.1
    assert rate.text_field.text() == "0.1"


def test_a_click_on_the_track_brings_the_knob_there(rate: SliderControl) -> None:
    drag(rate.track, QPointF(0, 10))
    assert rate.value() == 1e-5


def test_arrow_keys_step_and_home_and_end_go_to_the_ends(qtbot: QtBot, rate: SliderControl) -> None:
    rate.track.setFocus()
    qtbot.keyClick(rate.track, Qt.Key.Key_Right)
    assert 1e-3 < rate.value() < 1.2e-3
    qtbot.keyClick(rate.track, Qt.Key.Key_Left)
    assert rate.value() == pytest.approx(1e-3, rel=0.06)
    qtbot.keyClick(rate.track, Qt.Key.Key_End)
    assert rate.value() == 0.1
    qtbot.keyClick(rate.track, Qt.Key.Key_Home)
    assert rate.value() == 1e-5


def test_the_wheel_turns_it_with_the_focus_and_without_is_left_to_the_dock(rate: SliderControl) -> None:
    rate.text_field.setFocus()
    assert not wheel(rate.track, 1)
    assert rate.value() == 1e-3
    rate.track.setFocus()
    assert wheel(rate.track, 1)
    assert rate.value() > 1e-3


@pytest.mark.parametrize(("text", "value"), [("1e-2", 0.01), ("0,05", 0.05), ("2e−4", 2e-4), ("5%", 0.05)])
def test_a_number_can_be_typed(qtbot: QtBot, rate: SliderControl, text: str, value: float) -> None:
    with qtbot.waitSignal(rate.changed) as told:
        type_in(qtbot, rate, text)
    assert told.args == [value]


def test_what_was_typed_is_taken_when_the_focus_leaves(qtbot: QtBot, rate: SliderControl) -> None:
    rate.text_field.setFocus()
    rate.text_field.selectAll()
    qtbot.keyClicks(rate.text_field, "0.02")
    rate.track.setFocus()
    assert rate.value() == 0.02


@pytest.mark.parametrize("text", ["7", "-1", "abc", "1e", "nan"])
def test_a_bad_number_is_outlined_with_its_reason_and_the_old_value_stays(
    qtbot: QtBot, rate: SliderControl, text: str
) -> None:
    with qtbot.assertNotEmitted(rate.changed):
        type_in(qtbot, rate, text)
    assert rate.value() == 1e-3
    assert rate.text_field.property("bad") is True
    assert "a number from 1e−5 to 0.1" in rate.text_field.toolTip()
    assert rate.text_field.text() == text
    qtbot.keyClick(rate.text_field, Qt.Key.Key_Escape)
    assert rate.text_field.property("bad") is False
    assert rate.text_field.text() == "0.001"


def test_a_good_number_after_a_bad_one_clears_the_outline(qtbot: QtBot, rate: SliderControl) -> None:
    type_in(qtbot, rate, "7")
    type_in(qtbot, rate, "1e-3")  # the value that stands
    assert rate.text_field.property("bad") is False
    assert rate.text_field.toolTip() == ""


def test_a_whole_number_takes_no_fraction(qtbot: QtBot, shown: Callable[[QWidget], QWidget]) -> None:
    control = SliderControl(field("hidden"))
    shown(control)
    type_in(qtbot, control, "2.5")
    assert control.value() == 32
    assert "a whole number from 1 to 256" in control.text_field.toolTip()
    type_in(qtbot, control, "1e2")
    assert control.value() == 100
    assert isinstance(control.value(), int)


def test_every_digit_is_there_while_one_edits(rate: SliderControl) -> None:
    rate.set_value(0.0123456)
    assert rate.text_field.text() == "0.01235"
    rate.text_field.setFocus()
    assert rate.text_field.text() == "0.0123456"
    rate.track.setFocus()
    assert rate.text_field.text() == "0.01235"
    assert rate.value() == 0.0123456


def test_up_and_down_in_the_field_step_the_value(qtbot: QtBot, rate: SliderControl) -> None:
    rate.text_field.setFocus()
    qtbot.keyClick(rate.text_field, Qt.Key.Key_Up)
    assert rate.value() > 1e-3


def test_the_unit_is_shown_and_may_be_typed(qtbot: QtBot, shown: Callable[[QWidget], QWidget]) -> None:
    control = SliderControl(Field("angle", "float", 0.0, Slider(-180, 180, unit="°")))
    shown(control)
    control.track.setFocus()
    assert control.text_field.text() == "0.0 °"
    type_in(qtbot, control, "45 °")
    assert control.value() == 45.0


def test_undo_belongs_to_the_page_unless_something_was_typed(qtbot: QtBot, shown: Callable[[QWidget], QWidget]) -> None:
    page = QWidget()
    control = SliderControl(field("rate"))
    QVBoxLayout(page).addWidget(control)
    asked: list[bool] = []
    keys = QShortcut(QKeySequence("Ctrl+Z"), page)
    keys.activated.connect(lambda: asked.append(True))
    shown(page)
    control.text_field.setFocus()
    qtbot.keyClick(control.text_field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == [True]
    qtbot.keyClicks(control.text_field, "9")
    qtbot.keyClick(control.text_field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == [True]
    assert control.text_field.text() == "0.001"

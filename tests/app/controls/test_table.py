from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from app.controls.base import same
from app.controls.table import WIDGETS, make_control
from engine.api.params import CONTROLS, Canvas, Field, to_json
from tests.app.controls.conftest import DRAWN, FIELDS

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

EACH = pytest.mark.parametrize(("entry", "other"), FIELDS, ids=[entry.name for entry, _ in FIELDS])


def test_every_kind_of_control_has_a_row_and_a_test() -> None:
    assert set(WIDGETS) == set(CONTROLS.values())
    assert {type(entry.control) for entry, _ in FIELDS} == set(CONTROLS.values())


@EACH
def test_a_control_begins_at_its_default(qtbot: QtBot, entry: Field, other: Any) -> None:
    control = make_control(entry)
    qtbot.addWidget(control)
    assert same(control.value(), entry.default)


@EACH
def test_a_value_that_is_set_is_shown_and_told_to_nobody(qtbot: QtBot, entry: Field, other: Any) -> None:
    control = make_control(entry)
    qtbot.addWidget(control)
    with qtbot.assertNotEmitted(control.changed):
        control.set_value(other)
    assert same(control.value(), other)


@EACH
def test_a_value_from_the_person_is_told_once(qtbot: QtBot, entry: Field, other: Any) -> None:
    control = make_control(entry)
    qtbot.addWidget(control)
    told: list[Any] = []
    control.changed.connect(told.append)
    assert control.offer(other)
    assert control.offer(other)  # the same again is no change
    assert len(told) == 1
    assert same(told[0], other)


@EACH
def test_a_value_of_the_wrong_kind_is_refused_and_the_old_one_stays(qtbot: QtBot, entry: Field, other: Any) -> None:
    control = make_control(entry)
    qtbot.addWidget(control)
    control.set_value(other)
    reasons: list[str] = []
    control.refused.connect(reasons.append)
    with qtbot.assertNotEmitted(control.changed):
        assert not control.offer(object())
    assert entry.name in reasons[-1]
    assert same(control.value(), other)


def test_a_drawn_default_that_crossed_the_border_as_text_is_a_picture_again(qtbot: QtBot) -> None:
    control = make_control(Field("digit", "array", to_json(DRAWN), Canvas(6, 8)))
    qtbot.addWidget(control)
    assert np.array_equal(control.value(), DRAWN)


def test_points_and_picks_say_what_they_hold(qtbot: QtBot) -> None:
    for name, value, words in (
        ("points", ((0.0, 0.0, 0), (0.5, 0.5, 1)), "2 points, 2 classes"),
        ("points", ((0.0, 0.0, 1),), "1 point, 1 class"),
        ("points", (), "no points"),
        ("edge", (3.0, 0.25), "3,  0.250"),
    ):
        control = make_control(next(entry for entry, _ in FIELDS if entry.name == name))
        qtbot.addWidget(control)
        control.set_value(value)
        assert words in [label.text() for label in control.findChildren(QLabel)]

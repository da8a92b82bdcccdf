from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel

from app.controls.base import same
from app.controls.panel import ControlsPanel
from app.controls.slider import SliderControl
from app.controls.throttle import Throttle
from app.theme import theme
from engine.api.errors import ParameterError
from engine.api.lab import LabInfo
from engine.api.params import to_json
from tests.app.controls.conftest import FIELDS, drag

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    Show = Callable[[QWidget], QWidget]

INFO = LabInfo("test.lab", "A lab", "test", fields=tuple(entry for entry, _ in FIELDS))
OTHERS = {entry.name: other for entry, other in FIELDS}


@pytest.fixture
def panel(shown: Show) -> ControlsPanel:
    made = ControlsPanel()
    made.set_lab(INFO)
    made.resize(320, 700)
    shown(made)
    return made


@pytest.fixture
def told(panel: ControlsPanel) -> list[tuple[str, Any]]:
    heard: list[tuple[str, Any]] = []
    panel.changed.connect(lambda name, value: heard.append((name, value)))
    return heard


def rate(panel: ControlsPanel) -> SliderControl:
    control = panel.rows["rate"].control
    assert isinstance(control, SliderControl)
    return control


def test_it_has_a_row_for_each_parameter_at_its_default(panel: ControlsPanel) -> None:
    assert list(panel.values()) == [entry.name for entry, _ in FIELDS]
    assert all(same(panel.values()[entry.name], entry.default) for entry, _ in FIELDS)


def test_values_that_are_set_are_shown_and_told_to_nobody(panel: ControlsPanel, told: list[Any]) -> None:
    panel.set_values(OTHERS)
    assert all(same(panel.values()[name], value) for name, value in OTHERS.items())
    assert told == []


def test_an_unknown_or_bad_value_is_an_error(panel: ControlsPanel) -> None:
    with pytest.raises(ParameterError, match="no parameter “nonsense”"):
        panel.set_values({"nonsense": 1})
    with pytest.raises(ParameterError, match="rate"):
        panel.set_values({"rate": 7})


# Throttling --------------------------------------------------------------------------------------------------------------


def test_a_drag_tells_at_most_thirty_times_a_second_and_always_the_last_value(
    qtbot: QtBot, panel: ControlsPanel, told: list[Any]
) -> None:
    track = rate(panel).track
    middle = track.height() / 2
    began = time.monotonic()
    for index in range(150):
        drag(track, QPointF(track.width() * (index % 75) / 75, middle))
        qtbot.wait(2)
    last = rate(panel).value()
    seconds = time.monotonic() - began
    qtbot.waitUntil(lambda: bool(told) and told[-1] == ("rate", last))
    assert 3 <= len(told) <= 30 * seconds + 3


def test_the_first_change_is_told_at_once(panel: ControlsPanel, told: list[Any]) -> None:
    panel.rows["noise"].control.offer(False)
    assert told == [("noise", False)]


def test_asking_for_the_values_leaves_nothing_behind(panel: ControlsPanel, told: list[Any]) -> None:
    for value in (0.01, 0.02, 0.03):
        rate(panel).offer(value)
    assert told == [("rate", 0.01)]
    assert panel.values()["rate"] == 0.03
    assert told == [("rate", 0.01), ("rate", 0.03)]


def test_a_value_from_elsewhere_is_not_undone_by_one_that_was_held(
    qtbot: QtBot, panel: ControlsPanel, told: list[Any]
) -> None:
    rate(panel).offer(0.01)
    rate(panel).offer(0.02)
    panel.set_values({"rate": 0.05})
    qtbot.wait(80)
    assert told == [("rate", 0.01)]


def test_every_press_of_a_button_counts(panel: ControlsPanel, told: list[Any]) -> None:
    for count in (1, 2, 3):
        panel.rows["again"].control.offer(count)
    assert told == [("again", 1), ("again", 2), ("again", 3)]


def test_names_are_held_apart_and_the_timer_rests(qtbot: QtBot) -> None:
    throttle = Throttle()
    passed: list[tuple[str, Any]] = []
    throttle.passed.connect(lambda name, value: passed.append((name, value)))
    for name, value in (("a", 1), ("b", 1), ("a", 2), ("a", 3)):
        throttle.push(name, value)
    assert passed == [("a", 1), ("b", 1)]
    qtbot.waitUntil(lambda: ("a", 3) in passed)
    assert ("a", 2) not in passed
    qtbot.wait(120)
    throttle.push("a", 4)
    assert passed[-1] == ("a", 4)
    qtbot.wait(120)


# Defaults ----------------------------------------------------------------------------------------------------------------


def test_a_double_click_on_the_label_brings_the_usual_value_back(
    qtbot: QtBot, panel: ControlsPanel, told: list[Any]
) -> None:
    panel.set_values({"rate": 0.05})
    row = panel.rows["rate"]
    assert row.label.changed
    qtbot.mouseDClick(row.label, Qt.MouseButton.LeftButton)
    assert panel.values()["rate"] == 1e-3
    assert told == [("rate", 1e-3)]
    assert not row.label.changed


def test_the_arrow_marks_what_is_not_usual_and_resets_it(qtbot: QtBot, panel: ControlsPanel, told: list[Any]) -> None:
    row = panel.rows["hidden"]
    assert not row.label.arrow.isVisible()
    row.control.offer(64)
    assert row.label.arrow.isVisible()
    assert "32" in row.label.arrow.toolTip()
    qtbot.mouseClick(row.label.arrow, Qt.MouseButton.LeftButton)
    assert panel.values()["hidden"] == 32
    assert not row.label.arrow.isVisible()


def test_reset_all_brings_back_every_parameter_but_what_was_picked(
    qtbot: QtBot, panel: ControlsPanel, told: list[Any]
) -> None:
    assert not panel.reset_all_button.isEnabled()
    panel.set_values(OTHERS)
    assert panel.reset_all_button.isEnabled()
    qtbot.mouseClick(panel.reset_all_button, Qt.MouseButton.LeftButton)
    values = panel.values()
    events = {"edge", "again"}
    assert {name for name, _ in told} == set(OTHERS) - events
    assert all(same(values[entry.name], entry.default) for entry, _ in FIELDS if entry.name not in events)
    assert values["edge"] == OTHERS["edge"]


# A running model ---------------------------------------------------------------------------------------------------------


def test_what_the_running_model_does_not_have_is_marked_unless_it_acts_at_once(panel: ControlsPanel) -> None:
    def waiting() -> list[str]:
        return [name for name, row in panel.rows.items() if row.label.pending]

    panel.set_running(True)
    panel.rows["hidden"].control.offer(64)
    panel.rows["rate"].control.offer(0.02)
    assert waiting() == ["hidden"]
    panel.set_running(True)  # said again at every step: the marks stay
    assert waiting() == ["hidden"]
    panel.rows["hidden"].control.offer(32)
    assert waiting() == []
    panel.rows["hidden"].control.offer(64)
    panel.set_running(False)
    assert waiting() == []


def test_the_marks_compare_with_what_the_run_was_started_with(panel: ControlsPanel) -> None:
    params = {entry.name: to_json(entry.default) for entry, _ in FIELDS} | {"hidden": 128}
    panel.set_running(True, params)
    assert panel.rows["hidden"].label.pending
    assert not panel.rows["activation"].label.pending
    panel.set_running(True, params | {"hidden": 32})
    assert not panel.rows["hidden"].label.pending


# Looks -------------------------------------------------------------------------------------------------------------------


def test_tooltips_say_what_it_does_what_it_takes_and_when_it_acts(panel: ControlsPanel) -> None:
    words = panel.rows["rate"].label.toolTip()
    for part in ("Step length of the optimiser", "A number from", "Acts at once"):
        assert part in words
    assert "Applies at the next start" in panel.rows["hidden"].label.toolTip()


def test_groups_have_headings_and_keep_their_fields_together(panel: ControlsPanel) -> None:
    headings = {label.text(): label.y() for label in panel.findChildren(QLabel) if label.property("role") == "section"}
    assert set(headings) == {"NETWORK"}
    tops = {name: row.y() for name, row in panel.rows.items()}
    assert tops["camera"] < headings["NETWORK"] < tops["hidden"] < tops["activation"]


def test_a_pick_has_a_row_once_there_is_one(panel: ControlsPanel) -> None:
    assert not panel.rows["edge"].isVisible()
    panel.set_values({"edge": (1.0, 2.0)})
    assert panel.rows["edge"].isVisible()
    panel.set_values({"edge": ()})
    assert not panel.rows["edge"].isVisible()


@pytest.mark.parametrize("width", [240, 320, 400])
def test_it_fits_any_width_it_is_given(qtbot: QtBot, panel: ControlsPanel, width: int) -> None:
    panel.resize(width, 500)
    qtbot.wait(20)
    body = panel.widget()
    assert body is not None
    assert body.width() <= panel.viewport().width()
    rows = [row for row in panel.rows.values() if row.isVisible()]
    columns = {row.control.x() for row in rows if row.control.labelled and not row.control.wide}
    assert len(columns) == 1
    assert panel.verticalScrollBar().maximum() > 0


def test_a_lab_without_parameters_says_so(qtbot: QtBot) -> None:
    panel = ControlsPanel()
    qtbot.addWidget(panel)
    panel.set_lab(LabInfo("test.none", "None", "test"))
    assert panel.values() == {}
    assert "nothing to set" in panel.findChildren(QLabel)[0].text()


def test_another_lab_replaces_the_first(qtbot: QtBot, panel: ControlsPanel, told: list[Any]) -> None:
    panel.set_running(True)
    panel.set_lab(LabInfo("test.other", "Other", "test", fields=(FIELDS[0][0],)))
    assert list(panel.values()) == ["rate"]
    rate(panel).offer(0.02)
    assert told == [("rate", 0.02)]


def test_everything_is_painted_in_both_themes(panel: ControlsPanel) -> None:
    panel.set_values(OTHERS)
    panel.set_running(True)
    pictures = []
    for mode in ("dark", "light"):
        theme().set_mode(mode)
        pictures.append(panel.grab().toImage())
    theme().set_mode("dark")
    assert pictures[0] != pictures[1]

"""The runs of a page on the real engine: look back, fork, resume, compare, throw away."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from app.notify import notifier
from app.topics.fork_card import ForkCard
from app.views.curves import CurvesView
from engine.api.records import read_curves, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.notify import Notice
    from app.places import Places
    from app.runs import LiveRun
    from app.topics.page import LabPage
    from engine.api.lab import LabInfo

    Open = Callable[..., LabPage]

pytestmark = pytest.mark.once
LEFT = Qt.MouseButton.LeftButton
SLOW = 60_000
ENDLESS = {"data": "xor", "order": "random", "steps": 2000}


@pytest.fixture
def notices(qtbot: QtBot) -> Iterator[list[Notice]]:
    told: list[Notice] = []
    notifier().show_with(told.append)
    yield told
    notifier().show_with(None)


@pytest.fixture
def page(open_page: Open, perceptron: LabInfo, qtbot: QtBot) -> LabPage:
    """A page whose run has made some steps and goes on slowly."""
    made = open_page(perceptron, None)
    made.parts.parameters.take(ENDLESS)
    made.conductor.speed(60)
    qtbot.keyClick(made, Qt.Key.Key_Space)
    qtbot.waitUntil(
        lambda: front(made) is not None and front(made).phase == "running" and front(made).at > 5, timeout=SLOW
    )
    return made


def front(page: LabPage) -> Any:
    return page.conductor.front


def chart(page: LabPage) -> CurvesView:
    view = page.parts.grid.panels["mistakes"].view
    assert isinstance(view, CurvesView)
    return view


def row_of(page: LabPage, run: LiveRun, qtbot: QtBot) -> int:
    page.parts.dock.refresh()
    qtbot.waitUntil(lambda: page.parts.dock.model.row_of(run.name) >= 0, timeout=10_000)
    return page.parts.dock.model.row_of(run.name)


def test_a_click_on_the_time_line_looks_back_and_the_button_comes_home(page: LabPage, qtbot: QtBot) -> None:
    line, run = page.parts.scrubber.line, front(page)
    qtbot.mouseClick(line, LEFT, pos=QPoint(round(line.x_of(0)), line.height() // 2))
    qtbot.waitUntil(lambda: run.visiting == 0, timeout=15_000)
    assert page.parts.scrubber.step.text() == "step 0"
    assert "Looking back at step 0" in page.parts.bar.standing.accessibleName()
    qtbot.mouseClick(page.parts.scrubber.home, LEFT)
    qtbot.waitUntil(lambda: run.visiting is None and run.phase == "running", timeout=15_000)
    assert not page.parts.scrubber.home.isEnabled()


def test_arrow_keys_go_from_moment_to_moment(page: LabPage, qtbot: QtBot) -> None:
    line, run = page.parts.scrubber.line, front(page)
    page.save()
    qtbot.waitUntil(lambda: len(run.moments) > 1 and run.at > run.moments[-1], timeout=15_000)
    qtbot.keyClick(line, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: run.visiting is not None and run.visiting > 0, timeout=15_000)
    qtbot.keyClick(line, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: run.visiting == 0, timeout=15_000)
    qtbot.mouseClick(page.parts.scrubber.go_on, LEFT)
    qtbot.waitUntil(lambda: run.visiting is None and run.at > 0 and run.phase == "running", timeout=15_000)
    steps = chart(page).chart.runs[run.name].series["made"].steps
    qtbot.waitUntil(lambda: len(chart(page).chart.runs[run.name].series["made"]) > 3, timeout=15_000)
    assert np.all(np.diff(steps) == 1)


def test_a_fork_is_asked_for_and_drawn_beside_its_parent(page: LabPage, qtbot: QtBot) -> None:
    parent = front(page)
    qtbot.keyClick(page, Qt.Key.Key_F)
    card = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, ForkCard))
    assert not card.button.isEnabled()
    names = [card.list.item(index).data(Qt.ItemDataRole.UserRole) for index in range(card.list.count())]
    assert names[-1] == "steps", "what acts at once comes first"
    card.list.setCurrentRow(names.index("count"))
    assert card._control is not None
    card._control.offer(80)
    assert card.button.isEnabled()
    qtbot.mouseClick(card.button, LEFT)
    qtbot.waitUntil(
        lambda: front(page) is not parent and front(page).phase == "running" and bool(front(page).last), timeout=SLOW
    )
    fork = front(page)
    assert read_record(fork.folder).params["count"] == 80
    assert page.parts.side.controls.values()["count"] == 80
    at = parent.at
    qtbot.waitUntil(lambda: parent.at > at, timeout=15_000)
    assert set(chart(page).chart.runs) == {parent.name, fork.name}
    assert chart(page).chart.runs[fork.name].main
    assert not chart(page).chart.runs[parent.name].main
    assert page.parts.board.colours[fork.name] != page.parts.board.colours[parent.name]
    rows = page.parts.dock.model
    assert row_of(page, fork, qtbot) >= 0
    assert row_of(page, parent, qtbot) >= 0
    assert rows.name_of(rows.rows[rows.row_of(fork.name)]).startswith("fork at")
    page.parts.dock.opened.emit(parent.folder)
    assert front(page) is parent
    assert page.parts.side.controls.values()["count"] == 40


def test_a_killed_run_is_resumed_from_the_toast(page: LabPage, qtbot: QtBot, notices: list[Notice]) -> None:
    run = front(page)
    os.kill(run.session.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: run.phase == "failed", timeout=1000)
    assert page.parts.bar.main.text() == "Resume"
    told = notices[-1]
    assert told.action == "Resume"
    assert told.act is not None
    told.act()
    qtbot.waitUntil(lambda: run.phase == "running" and run.at > 0, timeout=SLOW)


def test_the_end_and_as_many_steps_again(page: LabPage, qtbot: QtBot) -> None:
    page.parts.parameters.take({"steps": 30})
    before = front(page)
    qtbot.keyClick(page, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: front(page).phase == "exploring" and front(page).total == 30, timeout=SLOW)
    run = front(page)
    assert before.phase == "stopped"
    assert read_record(before.folder).state == "stopped"
    assert page.parts.bar.main.text() == "Continue"
    assert page.parts.bar.restart.isVisible()
    qtbot.keyClick(page, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: run.total == 60 and run.at == 60, timeout=SLOW)
    assert np.array_equal(read_curves(run.folder)["mistakes/made"].steps, np.arange(60))
    assert np.array_equal(chart(page).chart.runs[run.name].series["made"].steps, np.arange(60))


def test_a_run_of_yesterday_is_shown_held_at_its_last_moment(
    page: LabPage, open_page: Open, perceptron: LabInfo, qtbot: QtBot
) -> None:
    run = front(page)
    with qtbot.waitSignal(run.ended, timeout=10_000):
        qtbot.mouseClick(page.parts.bar.stop, LEFT)
    at = run.at
    page.close_session()
    tomorrow = open_page(perceptron, None)
    tomorrow.open_run(run.folder)
    assert len(chart(tomorrow).chart.runs[run.name].series["made"]) == at
    assert tomorrow.parts.side.controls.values()["data"] == "xor"
    qtbot.waitUntil(lambda: front(tomorrow).phase == "paused" and front(tomorrow).at == at, timeout=SLOW)
    qtbot.waitUntil(lambda: tomorrow.parts.grid.panels["plane"].view is not None, timeout=15_000)
    qtbot.mouseClick(tomorrow.parts.bar.main, LEFT)
    qtbot.waitUntil(lambda: front(tomorrow).at > at, timeout=15_000)


def test_a_run_that_is_open_here_is_not_taken_up_by_another_window(
    page: LabPage, open_page: Open, perceptron: LabInfo, notices: list[Notice]
) -> None:
    other = open_page(perceptron, None)
    other.open_run(front(page).folder)
    assert "open in another window" in notices[-1].text
    assert front(other).session is None


def test_the_table_renames_ticks_copies_throws_away_and_brings_back(
    page: LabPage, qtbot: QtBot, notices: list[Notice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    run, model = front(page), page.parts.dock.model
    row = row_of(page, run, qtbot)
    assert model.setData(model.index(row, 1), "my first")
    page.parts.desk.throw_away([run.folder])
    assert run.folder.is_dir(), "a run that lives is kept"
    with qtbot.waitSignal(run.ended, timeout=10_000):
        page.conductor.stop()
    assert read_record(run.folder).title == "my first"
    page.start()
    second = front(page)
    qtbot.waitUntil(lambda: second.phase == "running" and bool(second.last), timeout=SLOW)
    assert set(chart(page).chart.runs) == {second.name}
    model.ticked.emit(run.folder, True)
    assert set(chart(page).chart.runs) == {run.name, second.name}
    row = row_of(page, run, qtbot)
    assert model.rows[row].colour >= 0
    page.parts.desk.copy_command(run.folder)
    assert "--set data=xor" in QApplication.clipboard().text()
    page.parts.desk.throw_away([run.folder])
    assert not run.folder.exists()
    assert set(chart(page).chart.runs) == {second.name}
    assert model.row_of(run.name) < 0
    undo = next(notice for notice in notices if notice.action == "Undo")
    assert undo.act is not None
    undo.act()
    assert read_record(run.folder).title == "my first"
    assert model.row_of(run.name) >= 0


def test_closing_the_page_saves_the_run_and_leaves_no_lock(page: LabPage, qtbot: QtBot, places: Places) -> None:
    run = front(page)
    session = run.session
    with qtbot.waitSignal(session.gone, timeout=15_000):
        page.close_session()
    record = read_record(run.folder)
    assert record.state == "stopped"
    assert record.step > 0
    assert not (run.folder / "lock").exists()
    assert not page.running

"""A lab's page, with clicks and keys, on a worker that only pretends."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.notify import notifier
from app.views.curves import CurvesView
from app.views.viewport_stage import Stage
from engine.api.errors import DataError, ParameterError
from engine.api.records import RunRecord, write_record
from engine.api.share import Experiment, read_share_string
from tests.app.page.conftest import fake_lab
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.settings import Settings
    from app.topics.page import LabPage

    Open = Callable[..., LabPage]

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def notices(qtbot: QtBot) -> Iterator[list[str]]:
    told: list[str] = []
    notifier().show_with(lambda notice: told.append(notice.text))
    yield told
    notifier().show_with(None)


def phase(page: LabPage) -> str | None:
    return page.conductor.front.phase if page.conductor.front is not None else None


def test_start_and_stop_by_the_bar(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("pictures"))
    bar = page.parts.bar
    assert bar.main.text() == "Start"
    assert not bar.stop.isEnabled()
    with qtbot.waitSignal(page.running_changed, timeout=10_000) as running:
        qtbot.mouseClick(bar.main, LEFT)
    assert running.args == [True]
    qtbot.waitUntil(lambda: page.parts.grid.panels["grid"].view is not None, timeout=10_000)
    qtbot.waitUntil(lambda: bar.main.text() == "Pause")
    with qtbot.waitSignal(page.conductor.front.ended, timeout=300):
        qtbot.mouseClick(bar.stop, LEFT)
    assert not page.running


def test_space_starts_and_a_focused_button_keeps_its_space(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    qtbot.keyClick(page.parts.grid, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: phase(page) in ("starting", "running"), timeout=10_000)
    qtbot.waitUntil(lambda: phase(page) == "running", timeout=10_000)
    page.parts.side.proof.setFocus()
    page.parts.bar.proof.setFocus()
    qtbot.keyClick(page.parts.bar.proof, Qt.Key.Key_Space)
    assert page.parts.side.currentWidget() is page.parts.side.proof


def test_a_3d_view_keeps_the_keys_that_it_flies_with(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    stage = Stage(page)
    stage.show()
    assert page.deeds.of["step"].shortcut().toString() == "S"
    stage.setFocus()
    qtbot.waitUntil(lambda: page.deeds.of["step"].shortcut().isEmpty())
    page.parts.scrubber.line.setFocus()
    qtbot.waitUntil(lambda: page.deeds.of["step"].shortcut().toString() == "S")


@pytest.mark.once
def test_every_point_of_a_flood_reaches_the_chart(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("flood"))
    page.start()
    run = page.conductor.front
    assert run is not None
    with qtbot.waitSignal(run.ended, timeout=30_000):
        pass
    view = page.parts.grid.panels["loss"].view
    assert isinstance(view, CurvesView)
    series = view.chart.runs[run.name].series["loss"]
    assert np.array_equal(series.steps, np.arange(fake_worker.FLOOD_STEPS))


def test_a_live_change_reaches_the_worker_and_can_be_undone(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    page.start()
    run = page.conductor.front
    assert run is not None
    qtbot.waitUntil(lambda: run.phase == "running", timeout=10_000)
    with qtbot.waitSignal(run.changed, timeout=3000) as changed:
        page.parts.grid.poked.emit("z", (0.5, -0.5))
    assert changed.args[1].new == [0.5, -0.5]
    assert page.parts.side.controls.values()["z"] == (0.5, -0.5)
    assert run.changes[-1][1] == "z"
    with qtbot.waitSignal(run.changed, timeout=3000) as changed:
        qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert changed.args[1].new == [0.0, 0.0]
    assert page.parts.side.controls.values()["z"] == (0.0, 0.0)


def test_a_poke_out_of_range_leaves_the_last_value(open_page: Open) -> None:
    page = open_page(fake_lab("waits"))
    page.parts.grid.poked.emit("z", (5.0, 0.0))
    assert page.parts.parameters.value("z") == (0.0, 0.0)


def test_a_nan_is_told_and_shown_in_the_bar(open_page: Open, qtbot: QtBot, notices: list[str]) -> None:
    page = open_page(fake_lab("held"))
    page.start()
    qtbot.waitUntil(lambda: phase(page) == "paused", timeout=10_000)
    assert any("not a number" in text for text in notices)
    assert "not a number" in page.parts.bar.standing.toolTip()
    assert page.parts.bar.main.text() == "Go on"


def test_after_a_nan_the_past_can_be_shown_but_there_is_no_way_back(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("held"))
    page.start()
    qtbot.waitUntil(lambda: phase(page) == "paused", timeout=10_000)
    page.conductor.visit(3)
    run = page.conductor.front
    assert run is not None
    qtbot.waitUntil(lambda: run.visiting == 3, timeout=3000)
    assert not run.trouble
    assert page.parts.scrubber.go_on.isEnabled()
    assert not page.parts.scrubber.home.isEnabled()


def test_a_run_of_another_lab_is_refused(open_page: Open, notices: list[str], tmp_path: Path) -> None:
    page = open_page(fake_lab("waits"))
    write_record(tmp_path, RunRecord("other.lab", {}))
    page.open_run(tmp_path)
    assert "other.lab" in notices[-1]
    assert page.conductor.front is None


def test_a_lab_that_breaks_is_told_and_leaves_no_empty_folder(
    open_page: Open, qtbot: QtBot, notices: list[str]
) -> None:
    page = open_page(fake_lab("fails"))
    page.start()
    qtbot.waitUntil(lambda: phase(page) == "failed", timeout=10_000)
    assert "the lab is broken" in notices
    assert not list(page.conductor.front.folder.parent.iterdir())
    assert page.parts.bar.main.text() == "Start"


def test_a_killed_worker_is_told(open_page: Open, qtbot: QtBot, notices: list[str]) -> None:
    page = open_page(fake_lab("dies"))
    page.start()
    qtbot.waitUntil(lambda: phase(page) == "failed", timeout=10_000)
    assert any("killed" in text for text in notices)
    assert not page.running


def test_closed_and_hidden_views_are_not_watched(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    watched: list[str] = []
    page.start()
    run = page.conductor.front
    assert run is not None
    run.warned.connect(lambda run, text: watched.append(text))
    qtbot.waitUntil(lambda: run.phase == "running", timeout=10_000)
    assert page.parts.grid.visible_views() == ("loss", "grid", "plane")
    page.parts.grid.panels["grid"].closed.emit("grid")
    qtbot.waitUntil(lambda: watched[-1:] == ["watch ('loss', 'plane')"], timeout=3000)
    page.parts.grid.expand("plane")
    qtbot.waitUntil(lambda: watched[-1] == "watch ('plane',)", timeout=3000)
    page.parts.grid.expand("")
    page.parts.grid.open("grid")
    qtbot.waitUntil(lambda: watched[-1] == "watch ('loss', 'grid', 'plane')", timeout=3000)
    page.showMinimized()
    qtbot.waitUntil(lambda: watched[-1] == "watch ()", timeout=3000)
    page.showNormal()
    qtbot.waitUntil(lambda: watched[-1] == "watch ('loss', 'grid', 'plane')", timeout=3000)
    page.hide()
    qtbot.waitUntil(lambda: watched[-1] == "watch ()", timeout=3000)
    page.show()
    qtbot.waitUntil(lambda: watched[-1] == "watch ('loss', 'grid', 'plane')", timeout=3000)


def test_the_proof_fills_its_cards(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits", checks=("one", "two", "three", "four")))
    qtbot.mouseClick(page.parts.bar.proof, LEFT)
    proof = page.parts.side.proof
    assert page.parts.side.currentWidget() is proof
    with qtbot.waitSignal(page.conductor.proof_ended, timeout=10_000):
        pass
    assert [card.state for card in proof.cards] == ["passed", "passed", "failed", "failed"]
    assert page.parts.side.tabText(3) == "Proof  2/4"
    assert page.parts.bar.proof.text() == "2/4"
    assert "it broke" not in proof.as_text()
    assert proof.as_text().count("\n") == 4


def test_command_and_share_string_say_what_differs(open_page: Open) -> None:
    page = open_page(fake_lab("waits"))
    page.parts.parameters.person_sets("hidden", 32)
    page.parts.side.seed.take(3)
    assert page.command() == "python main.py run waits --set hidden=32 --seed 3"
    page.deeds.of["copy_share"].trigger()
    assert read_share_string(QApplication.clipboard().text()) == Experiment("waits", {"hidden": 32}, 3)
    page.deeds.of["copy_command"].trigger()
    assert QApplication.clipboard().text() == page.command()


def test_an_experiment_is_taken_whole_or_not_at_all(open_page: Open) -> None:
    page = open_page(fake_lab("waits"))
    page.parts.parameters.person_sets("hidden", 32)
    with pytest.raises(ParameterError):
        page.open_experiment(Experiment("waits", {"lr": 0.5, "hidden": 1000}))
    assert page.parts.parameters.value("lr") == 0.1
    page.open_experiment(Experiment("waits", {"lr": 0.5}, 7))
    assert page.parts.side.controls.values()["lr"] == 0.5
    assert page.parts.parameters.value("hidden") == 8
    assert page.parts.side.seed.value() == 7


def test_dropped_pictures_become_the_data(open_page: Open, pictures: Path) -> None:
    page = open_page(fake_lab("waits"))
    assert page.accept_drop((pictures,))
    assert page.parts.side.controls.values()["data"] == str(pictures)
    assert page.accept_drop((pictures / "a.png",))
    gathered = page.parts.parameters.value("data")
    assert gathered != str(pictures)
    assert "--data" in page.command()
    mesh = pictures / "thing.obj"
    mesh.write_text("")
    assert not page.accept_drop((mesh,))
    with pytest.raises(DataError):
        page.accept_drop((pictures / "absent.png",))


def test_the_layout_comes_back(open_page: Open, settings: Settings, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    page.parts.grid.close_view("grid")
    page.plan.show_table(False)
    page.parts.side.show_tab("notes")
    page.plan.keep()
    again = open_page(fake_lab("waits"))
    assert again.parts.grid.closed == {"grid"}
    assert not again.plan.table_shown
    assert again.parts.side.currentIndex() == 1
    again.deeds.of["reset_views"].trigger()
    assert not again.parts.grid.closed


def test_the_views_menu_opens_and_closes(open_page: Open) -> None:
    page = open_page(fake_lab("waits"))
    page.menu.aboutToShow.emit()
    rows = {action.text(): action for action in page.menu.actions()}
    rows["Pictures"].trigger()
    assert page.parts.grid.closed == {"grid"}
    rows["Pictures"].trigger()
    assert not page.parts.grid.closed
    rows["Table of runs"].trigger()
    assert not page.plan.table_shown


def test_the_table_has_keys_and_a_menu(open_page: Open, qtbot: QtBot, places: Places) -> None:
    folder = places.runs / "one"
    folder.mkdir(parents=True)
    write_record(folder, RunRecord("waits", {}, state="stopped"))
    page = open_page(fake_lab("waits"))
    dock = page.parts.dock
    dock.refresh()
    dock.select(folder)
    asked: list[tuple[str, object]] = []
    dock.opened.connect(lambda what: asked.append(("open", what)))
    dock.delete_wanted.disconnect()
    dock.delete_wanted.connect(lambda what: asked.append(("delete", what)))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_T):
        qtbot.keyClick(dock.table, key)
    assert asked == [("open", folder), ("delete", [folder])]
    assert page.parts.board.colours[folder.name] >= 0
    words = {action.text(): action.isEnabled() for action in dock.menu_for(dock.model.rows[0]).actions()}
    assert words["Resume"]
    assert words["Move to the trash"]
    assert words["Take its curves away"]


def test_a_layout_of_nonsense_is_passed_over(open_page: Open, settings: Settings) -> None:
    for nonsense in ("[1]", "{", json.dumps({"views": {"closed": 3, "sizes": {"a": 1}}, "tab": "x", "side": "wide"})):
        settings.layout["lab waits"] = nonsense
        page = open_page(fake_lab("waits"))
        assert not page.parts.grid.closed


def test_keys_of_a_page_that_is_not_in_front_do_nothing(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(fake_lab("waits"))
    assert page.deeds.of["toggle"].isEnabled()
    page.hide()
    assert not page.deeds.of["toggle"].isEnabled()
    page.show()
    assert page.deeds.of["toggle"].isEnabled()
    assert not page.deeds.of["fork"].isEnabled()


def test_everything_has_a_tooltip_and_a_name(open_page: Open) -> None:
    page = open_page(fake_lab("waits"))
    bar, scrubber = page.parts.bar, page.parts.scrubber
    buttons = (bar.main, bar.step, bar.stop, bar.restart, bar.speed, bar.fork, bar.proof, bar.views)
    for button in (*buttons, scrubber.go_on, scrubber.fork, scrubber.home):
        assert button.toolTip(), button
        assert button.text() or button.accessibleName(), button


def test_a_lab_starts_at_the_speed_at_which_it_wants_to_be_watched(open_page: Callable[..., LabPage]) -> None:
    page = open_page(dataclasses.replace(fake_lab("waits"), speed=60.0))
    assert page.parts.bar.speed.text() == "60/s"
    assert page.conductor._speed == 60.0

"""The page's runs on the real engine."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.runs import Conductor, Host, LiveRun
from engine.api.lab import describe
from engine.api.records import read_curves, read_record, snapshot_steps
from engine.run.discovery import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from engine.api.lab import LabInfo

pytestmark = pytest.mark.once
ENDLESS = {"data": "xor", "order": "random", "steps": 100_000}


@pytest.fixture(scope="module")
def info() -> LabInfo:
    return describe(load("neurons.perceptron"))


@pytest.fixture
def real_host(qtbot: QtBot) -> Iterator[Host]:
    host = Host(1)
    yield host
    host.close()


@pytest.fixture
def conductor(info: LabInfo, real_host: Host, tmp_path: Path, qtbot: QtBot) -> Iterator[Conductor]:
    made = Conductor(info, real_host, tmp_path)
    yield made
    made.close()


def phase_is(run: LiveRun, *phases: str) -> Any:
    return lambda: run.phase in phases


def started(conductor: Conductor, qtbot: QtBot, params: dict[str, Any], speed: float = 60.0) -> LiveRun:
    conductor.speed(speed)
    conductor.start(params)
    run = conductor.front
    assert run is not None
    qtbot.waitUntil(lambda: run.phase == "running" and run.at > 3, timeout=60_000)
    return run


def test_a_run_goes_to_its_end_and_its_worker_serves_the_next(conductor: Conductor, qtbot: QtBot) -> None:
    conductor.start({"steps": 40, "data": "xor"})
    run = conductor.front
    assert run is not None
    assert conductor.running
    qtbot.waitUntil(phase_is(run, "exploring"), timeout=60_000)
    assert run.at == 40
    assert run.moments[-1] == 40
    pid = run.session.pid if run.session else 0
    with qtbot.waitSignal(run.ended, timeout=10_000):
        conductor.stop()
    conductor.start({"steps": 5})
    assert conductor.front is not run
    assert conductor.front is not None
    assert conductor.front.session is not None
    assert conductor.front.session.pid == pid


def test_pause_step_and_go_on(conductor: Conductor, qtbot: QtBot) -> None:
    run = started(conductor, qtbot, ENDLESS)
    run.toggle()
    qtbot.waitUntil(phase_is(run, "paused"), timeout=10_000)
    at = run.at
    run.single_step()
    qtbot.waitUntil(lambda: run.at == at + 1, timeout=10_000)
    qtbot.wait(300)
    assert run.at == at + 1
    run.toggle()
    qtbot.waitUntil(lambda: run.at > at + 4, timeout=10_000)


def test_a_rewind_shows_the_past_and_comes_home(conductor: Conductor, qtbot: QtBot) -> None:
    run = started(conductor, qtbot, ENDLESS)
    assert run.moments == (0,)
    with qtbot.waitSignal(run.rewound, timeout=10_000):
        conductor.visit(0)
    assert run.visiting == 0
    home = run.home
    assert home is not None
    assert home > 3
    qtbot.waitUntil(phase_is(run, "paused"), timeout=10_000)
    with qtbot.waitSignal(run.rewound, timeout=10_000):
        run.come_home()
    qtbot.waitUntil(lambda: run.visiting is None)
    qtbot.waitUntil(lambda: run.phase == "running" and run.at > home, timeout=10_000)
    assert {0, home} <= set(run.moments)


def test_going_on_from_the_past_forgets_the_future(conductor: Conductor, qtbot: QtBot) -> None:
    run = started(conductor, qtbot, ENDLESS)
    assert run.session is not None
    run.session.save()
    qtbot.waitUntil(lambda: len(run.moments) > 1, timeout=10_000)
    future = run.moments[-1]
    cuts: list[int] = []
    run.cut.connect(lambda run, step: cuts.append(step))
    with qtbot.waitSignal(run.rewound, timeout=10_000):
        conductor.visit(0)
    with qtbot.waitSignal(run.cut, timeout=10_000):
        run.go_on()
    assert cuts == [0]
    assert run.visiting is None
    assert future not in run.moments
    with qtbot.waitSignal(run.ended, timeout=10_000):
        conductor.stop()
    steps = read_curves(run.folder)["mistakes/made"].steps
    assert np.array_equal(steps, np.arange(len(steps)))


def test_a_fork_runs_beside_its_parent_which_goes_on(conductor: Conductor, qtbot: QtBot) -> None:
    parent = started(conductor, qtbot, ENDLESS)
    with qtbot.waitSignal(conductor.fronted, timeout=15_000):
        conductor.fork("margin", 0.2)
    fork = conductor.front
    assert fork is not None
    assert fork is not parent
    qtbot.waitUntil(lambda: fork.phase == "running" and len(fork.last) > 0, timeout=60_000)
    at = parent.at
    qtbot.waitUntil(lambda: parent.at > at and parent.phase == "running", timeout=10_000)
    record = read_record(fork.folder)
    assert record.parent is not None
    assert record.parent[0] == parent.name
    assert record.params["margin"] == 0.2
    assert fork.forked_from == record.parent


def test_a_fork_from_the_past_sends_the_parent_home(conductor: Conductor, qtbot: QtBot) -> None:
    parent = started(conductor, qtbot, ENDLESS)
    with qtbot.waitSignal(parent.rewound, timeout=10_000):
        conductor.visit(0)
    conductor.fork("margin", 0.2)
    fork = conductor.front
    assert fork is not parent
    qtbot.waitUntil(lambda: parent.visiting is None and parent.phase == "running", timeout=15_000)
    assert parent.at >= (parent.home or 0)
    assert fork is not None
    assert fork.forked_from == (parent.name, 0)


def test_a_fork_of_what_is_built_at_the_start_starts_anew(conductor: Conductor, qtbot: QtBot) -> None:
    parent = started(conductor, qtbot, ENDLESS)
    conductor.fork("steps", 50)
    fork = conductor.front
    assert fork is not None
    assert fork is not parent
    qtbot.waitUntil(lambda: fork.total == 50 and fork.phase == "running", timeout=60_000)
    assert read_record(fork.folder).params["data"] == "xor"


def test_a_killed_run_resumes_from_its_newest_moment(conductor: Conductor, qtbot: QtBot) -> None:
    run = started(conductor, qtbot, ENDLESS)
    assert run.session is not None
    run.session.save()
    with qtbot.waitSignal(run.stood, timeout=10_000, check_params_cb=lambda run: len(run.moments) > 1):
        pass
    newest = run.moments[-1]
    with qtbot.waitSignal(run.lost, timeout=10_000):
        os.kill(run.session.pid, signal.SIGKILL)
    assert not run.live
    assert "killed" in run.trouble
    conductor.take_up(run)
    qtbot.waitUntil(lambda: run.phase == "running" and run.at > newest, timeout=60_000)
    with qtbot.waitSignal(run.ended, timeout=10_000):
        conductor.stop()
    steps = read_curves(run.folder)["mistakes/made"].steps
    assert np.array_equal(steps, np.arange(len(steps)))


def test_a_run_of_yesterday_is_opened_and_its_moments_visited(
    conductor: Conductor, info: LabInfo, real_host: Host, tmp_path: Path, qtbot: QtBot
) -> None:
    run = started(conductor, qtbot, ENDLESS)
    with qtbot.waitSignal(run.ended, timeout=10_000):
        conductor.stop()
    moments = snapshot_steps(run.folder)
    tomorrow = Conductor(info, real_host, tmp_path)
    again = tomorrow.open(run.folder)
    assert again is not None
    assert again.moments == moments
    assert again.at == moments[-1]
    assert not again.live
    tomorrow.visit(0)
    qtbot.waitUntil(lambda: again.visiting == 0 and again.phase == "paused", timeout=60_000)
    assert again.home == moments[-1]
    again.come_home()
    qtbot.waitUntil(lambda: again.visiting is None and again.at == moments[-1], timeout=10_000)
    tomorrow.close()


def test_a_run_that_is_open_elsewhere_is_refused_with_a_sentence(
    conductor: Conductor, info: LabInfo, real_host: Host, tmp_path: Path, qtbot: QtBot
) -> None:
    run = started(conductor, qtbot, ENDLESS)
    other = Conductor(info, real_host, tmp_path)
    seen = other.open(run.folder)
    assert seen is not None
    with qtbot.waitSignal(seen.ended, timeout=60_000) as ended:
        other.take_up(seen)
    assert "open in another window" in ended.args[1].summary
    assert run.live
    other.close()


def test_a_proof_runs_on_the_live_model_and_can_be_cancelled(conductor: Conductor, info: LabInfo, qtbot: QtBot) -> None:
    run = started(conductor, qtbot, ENDLESS)
    with qtbot.waitSignal(conductor.proof_ended, timeout=30_000):
        conductor.prove()
        conductor.cancel_proof()
    assert not conductor.proving
    at = run.at
    qtbot.waitUntil(lambda: run.at > at, timeout=10_000)


def test_a_proof_without_a_run_uses_an_idle_worker(conductor: Conductor, info: LabInfo, qtbot: QtBot) -> None:
    rows: list[str] = []
    conductor.check_row.connect(lambda row: rows.append(row.title))
    with qtbot.waitSignal(conductor.proof_ended, timeout=60_000):
        conductor.prove()
    assert rows == list(info.checks)


def test_a_warmed_worker_runs_and_an_unknown_lab_harms_nothing(
    conductor: Conductor, real_host: Host, qtbot: QtBot
) -> None:
    real_host.warm("neurons.absent")
    real_host.prestart()
    real_host.warm("neurons.perceptron")
    run = started(conductor, qtbot, ENDLESS)
    assert run.phase == "running"


def test_nobody_watches_a_run_behind_the_front(conductor: Conductor, qtbot: QtBot) -> None:
    conductor.watch(("plane",))
    run = started(conductor, qtbot, ENDLESS)
    with qtbot.waitSignal(run.shown, timeout=15_000):
        pass
    conductor.bring_to_front(None)
    qtbot.wait(200)
    shown: list[object] = []
    run.shown.connect(lambda run, frame, step: shown.append(frame))
    qtbot.wait(300)
    assert not shown
    assert run.phase == "running"

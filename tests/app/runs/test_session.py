from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from app.runs import Host
from engine.api.messages import Start
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    Curves = dict[str, tuple[np.ndarray, np.ndarray]]


def test_a_worker_says_that_it_is_ready(host: Host, qtbot: QtBot) -> None:
    with qtbot.waitSignal(host.ready, timeout=10_000):
        host.prestart()
    assert host.about is not None
    assert host.about.device == "CPU · 1 threads"


def test_the_spare_worker_is_handed_out_and_replaced(host: Host, qtbot: QtBot) -> None:
    with qtbot.waitSignal(host.ready, timeout=10_000) as ready:
        host.prestart()
    session = host.session()
    assert session.about is ready.args[0]
    assert host.session() is not session


def test_no_point_of_a_flood_is_lost_across_a_stalled_window(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    got: dict[str, list[np.ndarray]] = {"loss": [], "other": []}

    def keep(curves: Curves) -> None:
        for name, piece in curves.items():
            got[name].append(np.stack(piece))

    session.points.connect(keep)
    with qtbot.waitSignal(session.started, timeout=10_000):
        session.start(Start("flood", ""))
    with qtbot.waitSignal(session.ended, timeout=20_000):
        time.sleep(2)
    for name, factor in (("loss", 2.0), ("other", 3.0)):
        steps, values = np.concatenate(got[name], axis=1)
        assert np.array_equal(steps, np.arange(fake_worker.FLOOD_STEPS))
        assert np.array_equal(values, steps * factor)


def test_a_flood_leaves_the_window_responsive(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    drains = []
    session.points.connect(lambda curves: drains.append(time.monotonic()))
    with qtbot.waitSignal(session.ended, timeout=20_000):
        session.start(Start("flood", ""))
    assert len(drains) > 2
    gaps = np.diff(drains)
    assert np.median(gaps) > 0.025, "more than thirty times a second"


def test_a_window_that_is_slow_to_draw_misses_nothing(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    got = []

    def draw_slowly(curves: Curves) -> None:
        time.sleep(0.01)
        got.append(len(curves["loss"][0]))

    session.points.connect(draw_slowly)
    session.progressed.connect(lambda progress: time.sleep(0.01))
    with qtbot.waitSignal(session.ended, timeout=20_000):
        session.start(Start("flood", ""))
    assert sum(got) == fake_worker.FLOOD_STEPS


def test_points_before_a_rewind_come_before_it(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    story: list[object] = []
    session.points.connect(lambda curves: story.extend(curves["loss"][0].tolist()))
    session.rewound.connect(lambda back: story.append(f"back to {back.step}"))
    with qtbot.waitSignal(session.ended, timeout=10_000):
        session.start(Start("rewinding", ""))
    assert story == [*range(20), "back to 5", *range(20, 40)]


def test_pictures_come_at_the_pace_of_the_window(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    frames: list[tuple[int, int]] = []
    session.shown.connect(lambda frame, step: frames.append((int(frame.pixels[0, 0, 0, 0]), step)))
    with qtbot.waitSignal(session.shown, timeout=10_000):
        session.start(Start("pictures", ""))
    qtbot.wait(600)
    before = len(frames)
    time.sleep(0.5)
    qtbot.wait(40)
    assert len(frames) - before <= 2, "pictures piled up while the window stood still"
    qtbot.wait(300)
    assert 8 <= len(frames) <= 60
    assert all(value == step % 251 for value, step in frames)
    with qtbot.waitSignal(session.ended, timeout=5_000):
        session.stop()


def test_stopping_is_quick(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    with qtbot.waitSignal(session.shown, timeout=10_000):
        session.start(Start("pictures", ""))
    begin = time.monotonic()
    with qtbot.waitSignal(session.ended, timeout=5_000):
        session.stop()
    assert time.monotonic() - begin < 0.3
    assert session.alive
    assert not session.busy


def test_a_killed_worker_is_noticed_within_a_second(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    with qtbot.waitSignal(session.shown, timeout=10_000):
        session.start(Start("pictures", ""))
    begin = time.monotonic()
    with qtbot.waitSignal(session.lost, timeout=5_000) as lost:
        os.kill(session.pid, signal.SIGKILL)
    assert time.monotonic() - begin < 1.0
    assert "killed" in lost.args[0]
    assert not session.alive


def test_a_worker_that_kills_itself_leaves_no_segment(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    with qtbot.waitSignals([session.shown, session.lost], timeout=10_000):
        session.start(Start("dies", ""))


def test_a_worker_that_cannot_start_is_reported(qtbot: QtBot) -> None:
    host = Host(1, None, fake_worker.refuse)
    session = host.session()
    with qtbot.waitSignal(session.lost, timeout=10_000) as lost:
        pass
    assert "code 3" in lost.args[0]
    host.close()


def test_a_deaf_worker_does_not_hold_the_window_and_is_ended(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    with qtbot.waitSignal(session.started, timeout=10_000):
        session.start(Start("deaf", ""))
    begin = time.monotonic()
    drawn = "x" * 20_000
    for number in range(200):
        session.change("canvas", f"{number}{drawn}")
        session.change("other", number)
    assert time.monotonic() - begin < 0.2
    process = psutil.Process(session.pid)
    session.end(0.1)
    assert not process.is_running()


def test_closing_a_session_lets_its_worker_leave(host: Host, qtbot: QtBot) -> None:
    session = host.session()
    with qtbot.waitSignal(session.started, timeout=10_000):
        session.start(Start("waits", ""))
    process = psutil.Process(session.pid)
    with qtbot.waitSignal(session.gone, timeout=3_000):
        session.close()
    assert not process.is_running()


def test_a_closed_host_leaves_no_child(host: Host, qtbot: QtBot) -> None:
    sessions = [host.session(), host.session()]
    with qtbot.waitSignal(sessions[0].started, timeout=10_000):
        sessions[0].start(Start("waits", ""))
    processes = [psutil.Process(session.pid) for session in sessions]
    host.close()
    assert not any(process.is_running() for process in processes)
    with pytest.raises(RuntimeError):
        host.session()


def test_many_starts_leave_no_open_pipe(host: Host, qtbot: QtBot) -> None:
    def once() -> None:
        session = host.session()
        with qtbot.waitSignal(session.gone, timeout=10_000):
            session.close()

    once()
    open_before = psutil.Process().num_fds()
    for _ in range(3):
        once()
    assert psutil.Process().num_fds() <= open_before

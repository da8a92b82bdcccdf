"""The worker, driven through its pipes as the window drives it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.api.messages import (
    Change,
    Changed,
    CheckRow,
    ChecksDone,
    Ended,
    Held,
    Pause,
    Prove,
    Ready,
    Resume,
    Rewind,
    Rewound,
    Saved,
    Speed,
    Started,
    Step,
    Stop,
    TruthLine,
    Warned,
    Watch,
)
from engine.api.records import read_curves, read_record, snapshot_path, snapshot_steps
from tests.run.client import TOY, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    made = Client()
    made.wait(Ready)
    yield made
    made.close()


@pytest.fixture
def client(shared: Client) -> Iterator[Client]:
    """One worker serves all tests, as it serves all runs of a window."""
    yield shared
    shared.send(Stop())
    shared.run_for(0.5)
    shared.forget()


def last_step(client: Client) -> int:
    return client.curves["loss/mse"][-1][0]


def pause(client: Client) -> None:
    client.send(Pause())
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "paused")


def test_every_point_arrives_in_order_and_on_disk(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=5000)
    client.wait(Started)
    assert client.wait(TruthLine).label == "exact fit"
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.send(Stop())
    assert client.wait(Ended).phase == "finished"
    assert [step for step, _ in client.curves["loss/mse"]] == list(range(5000))
    written = read_curves(tmp_path / "run")["loss/mse"]
    assert written.steps.tolist() == list(range(5000))
    assert written.values.tolist() == [value for _, value in client.curves["loss/mse"]]
    assert read_record(tmp_path / "run").state == "finished"


def test_a_stalled_window_loses_no_point_and_stops_no_training(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: len(client.curves.get("loss/mse", [])) > 100)
    before = last_step(client)
    time.sleep(1.0)  # the window takes nothing: pipes fill, training goes on
    client.send(Stop())
    ended = client.wait(Ended)
    client.run_for(0.2)
    steps = [step for step, _ in client.curves["loss/mse"]]
    assert steps == list(range(ended.step))
    assert ended.step > before + 50, "it trained while the window stood still"


def test_pause_step_and_go_on(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "loss/mse" in client.curves)
    pause(client)
    client.run_for(0.2)
    before = last_step(client)
    client.send(Step(2))
    client.wait(lambda: last_step(client) == before + 2)
    client.run_for(0.3)
    assert last_step(client) == before + 2
    client.send(Resume())
    client.wait(lambda: last_step(client) > before + 50)


def test_stop_is_quick_and_keeps_the_last_moment(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "loss/mse" in client.curves)
    begun = time.monotonic()
    client.send(Stop())
    ended = client.wait(Ended)
    assert time.monotonic() - begun < 1.0
    assert ended.phase == "stopped"
    assert snapshot_steps(tmp_path / "run")[-1] == ended.step
    client.start(tmp_path / "next", steps=10)
    client.wait(Started)


def test_a_live_change_acts_at_the_next_step_and_is_recorded(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "loss/mse" in client.curves)
    client.send(Change("lr", 0.5))
    changed = client.wait(Changed)
    client.wait(lambda: last_step(client) > changed.step + 5)
    rates = dict(client.curves["rate/lr"])
    assert (rates[changed.step - 1], rates[changed.step]) == (0.01, 0.5)
    client.send(Stop())
    client.wait(Ended)
    record = read_record(tmp_path / "run")
    assert record.changes == [(changed.step, "lr", 0.01, 0.5)]
    assert record.params["lr"] == 0.5


def test_a_change_that_is_not_live_or_out_of_range_is_refused_with_a_word(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.send(Change("width", 5))
    assert "next start" in client.wait(Warned).text
    client.send(Change("lr", 1e99))
    assert "lr" in client.wait(Warned).text


def test_pokes_are_answered_while_paused_and_after_the_end(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=50, paused=True)
    client.wait(lambda: "picture" in client.frames)
    client.send(Change("z", [2.0, 0.0]))
    client.wait(lambda: client.frames["picture"].pixels.min() >= 2.0)
    assert not client.curves
    client.send(Resume())
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.send(Change("z", [1.0, 0.0]))
    client.wait(lambda: client.frames["picture"].pixels.max() < 1.2)


def test_a_closed_view_is_never_drawn_and_an_opened_one_at_once(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000, watch=("loss",))
    client.wait(lambda: "loss/mse" in client.curves)
    client.run_for(0.3)
    assert not client.frames
    pause(client)
    client.send(Watch(("scene",)))
    client.wait(lambda: {"scene/surface", "scene/samples"} <= set(client.frames))
    assert client.frames["scene/surface"].vertices.dtype == np.float32


def test_one_credit_a_name_without_an_answer_no_second_picture(tmp_path: Path) -> None:
    client = Client(acknowledges=False)
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "picture" in client.frames)
    client.run_for(0.5)
    assert client.shown.count("picture") == 1
    client.close()


def test_rewind_restores_the_moment_and_going_on_repeats_it_exactly(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=4000)
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.wait(Saved)
    first = dict(client.curves["loss/mse"])
    steps = snapshot_steps(tmp_path / "run")
    target = steps[-2]
    assert 0 < target < 4000
    client.curves.clear()
    client.send(Rewind(target))
    assert client.wait(Rewound).step == target
    client.run_for(0.3)
    assert not client.curves
    client.send(Resume())
    client.wait(lambda: client.progress[-1].phase == "exploring" and bool(client.curves) and last_step(client) == 3999)
    assert dict(client.curves["loss/mse"]) == {step: value for step, value in first.items() if step >= target}
    client.send(Stop())
    client.wait(Ended)
    assert read_curves(tmp_path / "run")["loss/mse"].steps.tolist() == list(range(4000))


def test_a_fork_begins_with_its_parents_curves_and_changed_parameter(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "parent", steps=100)
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.send(Stop())
    client.wait(Ended)
    client.forget()
    step = snapshot_steps(tmp_path / "parent")[0]
    source = str(snapshot_path(tmp_path / "parent", step))
    client.start(tmp_path / "child", resume=source, parent=("parent", step), lr=0.2)
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.send(Stop())
    client.wait(Ended)
    parent, child = read_curves(tmp_path / "parent"), read_curves(tmp_path / "child")
    assert child["loss/mse"].steps.tolist() == list(range(100))
    assert child["loss/mse"].values[0] == parent["loss/mse"].values[0]
    assert child["loss/mse"].values[-1] != parent["loss/mse"].values[-1]
    record = read_record(tmp_path / "child")
    assert (record.parent, record.params["lr"], record.params["steps"]) == (("parent", step), 0.2, 100)


def test_a_loss_that_is_not_finite_holds_the_run_and_keeps_no_broken_moment(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "loss/mse" in client.curves)
    client.send(Change("lr", 1e25))
    held = client.wait(Held)
    assert "loss/mse" in held.reason
    client.wait(lambda: client.progress[-1].phase == "paused")
    client.send(Stop())
    client.wait(Ended)
    assert snapshot_steps(tmp_path / "run")[-1] <= held.step


def test_an_exception_is_told_and_the_worker_lives_on(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=100, fail_at=20)
    ended = client.wait(Ended)
    assert (ended.phase, "out of memory (pretended)" in ended.summary) == ("failed", True)
    assert "Traceback" in ended.details
    assert read_record(tmp_path / "run").state == "failed"
    client.forget()
    client.start(tmp_path / "next", steps=5)
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")


def test_bad_parameters_end_the_run_with_a_sentence(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", widht=3)
    assert "did you mean width" in client.wait(Ended).summary


def test_a_run_that_is_open_elsewhere_is_refused(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: "loss/mse" in client.curves)
    other = Client()
    other.start(tmp_path / "run", steps=10)
    assert "open in another window" in other.wait(Ended).summary
    other.close()


def test_a_killed_worker_leaves_a_run_that_resumes(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000)
    client.wait(lambda: len(snapshot_steps(tmp_path / "run")) >= 1 and "loss/mse" in client.curves)
    victim = Client()
    victim.start(tmp_path / "victim", steps=10_000_000)
    victim.wait(lambda: len(snapshot_steps(tmp_path / "victim")) >= 1 and len(victim.curves.get("loss/mse", [])) > 50)
    assert victim.process.pid is not None
    os.kill(victim.process.pid, signal.SIGKILL)
    victim.process.join(5)
    victim.close()
    client.send(Stop())
    client.wait(Ended)
    client.forget()
    client.start(tmp_path / "victim", resume=str(tmp_path / "victim"))
    started = client.wait(Started)
    assert started.step == snapshot_steps(tmp_path / "victim")[0]
    client.wait(lambda: len(client.curves.get("loss/mse", [])) > 10)


def test_a_worker_ends_when_its_window_is_gone() -> None:
    client = Client()
    client.wait(Ready)
    client.commands.close()
    client.process.join(10)
    assert client.process.exitcode == 0
    client.reader.close()
    client.incoming.close()


def test_speed_is_kept_and_lifted(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=10_000_000, speed=20.0)
    client.wait(lambda: "loss/mse" in client.curves)
    first = last_step(client)
    client.run_for(1.0)
    assert 10 <= last_step(client) - first <= 30
    client.send(Speed(0.0))
    client.wait(lambda: last_step(client) > first + 500)


def test_checks_run_on_the_live_model_and_leave_it_untouched(client: Client, tmp_path: Path) -> None:
    client.start(tmp_path / "run", steps=300)
    client.wait(lambda: bool(client.progress) and client.progress[-1].phase == "exploring")
    client.send(Rewind(0))
    client.wait(Rewound)
    client.send(Prove(TOY))
    rows = [client.wait(CheckRow), client.wait(CheckRow)]
    client.wait(ChecksDone)
    assert [row.passed for row in rows] == [True, False]
    first = dict(client.curves["loss/mse"])
    client.curves.clear()
    client.send(Resume())
    client.wait(lambda: client.progress[-1].phase == "exploring" and len(client.curves.get("loss/mse", [])) == 300)
    assert dict(client.curves["loss/mse"]) == first


def test_checks_without_a_run(client: Client) -> None:
    client.send(Prove(TOY))
    assert [client.wait(CheckRow).passed for _ in range(2)] == [True, True]
    client.wait(ChecksDone)

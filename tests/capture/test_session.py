"""The process in which a capture computes: followed, cancelled at every stage, killed, without a disk."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.api.errors import DataError
from engine.capture import session
from engine.capture.events import Event, Failed, Finished, Placed, Progress, Stage, Told, decode, encode
from engine.capture.order import Order, order_from_json

if TYPE_CHECKING:
    from tests.capture.conftest import Captured


def pretend(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Another process takes the capture's place."""
    real = subprocess.Popen
    monkeypatch.setattr(session.subprocess, "Popen", lambda command, **kw: real([sys.executable, "-c", script], **kw))


def test_a_capture_runs_in_a_process_of_its_own(begun: Callable[[], Captured]) -> None:
    second = begun()
    assert session.capture(second.order(second.out), second.told.append)
    assert isinstance(second.told[-1], Finished)
    report = session.read_report(second.out)
    assert report is not None
    assert report["registered"] == 7
    assert report["doctor"]["verdict"].startswith("All 7 photos are placed")


@pytest.mark.parametrize("stage", [Stage.FEATURES, Stage.MAPPING])  # in between, nothing differs for who watches
def test_cancelled_at_any_stage_it_ends_within_two_seconds(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = encode(Progress(stage, 1, 2))
    pretend(monkeypatch, f"import sys, time\nsys.stdin.readline()\nprint({line!r}, flush=True)\ntime.sleep(60)")
    told: list[Event] = []
    begun = time.monotonic()
    assert not session.capture(Order(tmp_path, tmp_path / "out"), told.append, lambda: bool(told))
    assert time.monotonic() - begun < 2.0 + 1.0  # a second for Python to start


def test_a_real_capture_is_cancelled_and_goes_on(begun: Callable[[], Captured]) -> None:
    second = begun()
    stopped: list[float] = []

    def tell(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Stage.PAIRS and not stopped:
            stopped.append(time.monotonic())

    assert not session.capture(second.order(second.out), tell, lambda: bool(stopped))
    assert time.monotonic() - stopped[0] < 2.0
    assert session.read_report(second.out) is None


def test_a_process_that_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, "import os; os.abort()")
    with pytest.raises(DataError, match=r"ended unexpectedly.*capture\.log"):
        session.capture(Order(tmp_path, tmp_path / "out"))


def test_its_failure_is_the_watchers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, f"import sys; sys.stdin.readline(); print({encode(Failed('Too dark.'))!r})")
    with pytest.raises(DataError, match=r"Too dark\."):
        session.capture(Order(tmp_path, tmp_path / "out"))


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match="cannot write"):
        session.capture(Order(tmp_path, tmp_path / "out"))


def test_events_and_orders_survive_the_way() -> None:
    poses = np.arange(32, dtype=np.float64).reshape(2, 4, 4)
    points, colours = np.ones((3, 3), np.float32), np.full((3, 3), 7, np.uint8)
    placed = decode(encode(Placed(("a", "b"), poses, points, colours)))
    assert isinstance(placed, Placed)
    assert placed.names == ("a", "b")
    assert (placed.poses == poses).all()
    assert (placed.points == points).all()
    assert (placed.colours == colours).all()
    for event in (Progress(Stage.MATCHES, 1, 2, 3.0), Told("α"), Failed("x"), Finished(1, 2, {"features": 0.5})):
        assert decode(encode(event)) == event
    order = Order(Path("/a"), Path("/b"), masks=Path("/c"), frames=7)
    assert order_from_json(order.to_json()) == order

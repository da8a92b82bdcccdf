"""How many moments a run keeps, and how often, is the person's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.run import keeper as module
from engine.run.keeper import Keeper
from engine.run.snapshots import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LONG = 1_000_000


def moment(step: int) -> Snapshot:
    return Snapshot("neurons.perceptron", step, {}, {"tracked": {}, "random": {}})


def test_it_holds_as_many_moments_as_it_is_told(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, keep=3)
    for step in range(0, 100, 10):
        kept = keeper.save(moment(step))
        assert len(kept) <= 3
        assert kept[0] == 0
        assert kept[-1] == step
    assert Keeper(tmp_path).steps == kept


def test_a_moment_is_due_after_as_many_seconds_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    keeper = Keeper(tmp_path, every=3.0)
    keeper.save(moment(0))
    now[0] += 2.9
    assert not keeper.due(5, LONG)
    now[0] += 0.2
    assert keeper.due(5, LONG)

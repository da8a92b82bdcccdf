"""Snapshots: read back equal, refused with a sentence when damaged, the older one kept when the disk is full."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.api.errors import SnapshotError
from engine.api.records import snapshot_path, snapshot_steps
from engine.run import keeper as keeper_module
from engine.run import snapshots as snapshots_module
from engine.run.keeper import Keeper
from engine.run.runner import find_snapshot
from engine.run.snapshots import Snapshot, newest_snapshot, read_snapshot, thin, write_snapshot
from engine.run.tracked import copied, must_be_trackable, put_back, state_of

if TYPE_CHECKING:
    from pathlib import Path


def make(step: int = 3, lab: str = "a.b") -> Snapshot:
    state = {
        "weights": torch.arange(6, dtype=torch.float64).reshape(2, 3).t(),
        "numbers": {0: {"step": torch.tensor(3.0)}, "name": "adam", "flags": [True, None, 1.5], "pair": (1, 2)},
        "array": np.arange(4, dtype=np.int64),
    }
    return Snapshot(lab, step, {"lr": 0.1}, state)


def test_a_snapshot_is_read_back_equal(tmp_path: Path) -> None:
    back = read_snapshot(write_snapshot(tmp_path, make()), "a.b")
    assert torch.equal(back.state["weights"], make().state["weights"])
    assert back.state["numbers"]["flags"] == [True, None, 1.5]
    assert back.state["numbers"]["pair"] == (1, 2)
    assert back.state["numbers"][0]["step"] == 3.0
    np.testing.assert_array_equal(back.state["array"], np.arange(4))
    assert (back.step, back.params) == (3, {"lr": 0.1})


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("ending", [".safetensors", ".json"])
def test_a_truncated_snapshot_is_refused_and_an_older_one_serves(tmp_path: Path, share: float, ending: str) -> None:
    write_snapshot(tmp_path, make(1))
    broken = write_snapshot(tmp_path, make(2)).with_suffix(ending)
    broken.write_bytes(broken.read_bytes()[: int(share * broken.stat().st_size)])
    with pytest.raises(SnapshotError, match=r"damaged|truncated"):
        read_snapshot(broken, "a.b")
    assert newest_snapshot(tmp_path, "a.b").step == 1


def test_a_snapshot_of_another_lab_or_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, make())
    with pytest.raises(SnapshotError, match=r"of the lab a\.b, not of c\.d"):
        read_snapshot(path, "c.d")
    meta = path.with_suffix(".json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"format": 99}))
    with pytest.raises(SnapshotError, match="newer"):
        read_snapshot(path, "a.b")


def test_an_absent_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no snapshot"):
        read_snapshot(tmp_path / "000.safetensors", "a.b")
    with pytest.raises(SnapshotError, match="no snapshot"):
        find_snapshot(tmp_path, "a.b")


@pytest.mark.parametrize("text", ["", "[]", "3", '{"format": 1}', '{"format": "x", "lab": "a.b", "step": 1}'])
def test_nonsense_beside_the_tensors_is_refused(tmp_path: Path, text: str) -> None:
    path = write_snapshot(tmp_path, make())
    path.with_suffix(".json").write_text(text)
    with pytest.raises(SnapshotError):
        read_snapshot(path, "a.b")


def test_a_full_disk_leaves_the_older_snapshot_and_no_debris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(tmp_path)
    keeper.save(make(1))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(snapshots_module.os, "fsync", full)
    monkeypatch.setattr("engine.api.records.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keeper.save(make(2))
    monkeypatch.undo()
    assert snapshot_steps(tmp_path) == (1,)
    assert newest_snapshot(tmp_path, "a.b").step == 1
    assert not list((tmp_path / "snapshots").glob(".*"))


def test_the_ring_keeps_the_first_the_newest_and_an_even_spread(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, keep=6)
    for step in range(0, 100, 4):
        keeper.save(make(step))
    steps = snapshot_steps(tmp_path)
    assert (len(steps), steps[0], steps[-1]) == (6, 0, 96)
    gaps = np.diff(steps)
    assert gaps.max() <= 4 * gaps.min()
    assert thin((1, 2, 3), 8) == ()


def test_what_came_after_a_rewind_is_put_aside(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    for step in (0, 10, 20):
        keeper.save(make(step))
    keeper.leave_behind(10)
    assert snapshot_steps(tmp_path) == (0, 10) == keeper.steps
    assert read_snapshot(tmp_path / "snapshots" / "past" / "000000020.safetensors", "a.b").step == 20
    assert keeper_module.snapshot_path(tmp_path, 10) == snapshot_path(tmp_path, 10)


def test_every_kind_of_tracked_object_is_restored_in_place() -> None:
    tensor, array, generator = torch.ones(3), np.ones(3), np.random.default_rng(0)
    average, torch_rng = torch.zeros(2), torch.Generator().manual_seed(1)
    inner: dict[str, Any] = {"ema": average, "count": 1}
    objects = {"tensor": tensor, "array": array, "generator": generator, "inner": inner, "torch_rng": torch_rng}
    states = copied({name: state_of(value) for name, value in objects.items()})
    expected = (generator.random(), float(torch.rand(1, generator=torch_rng)))
    tensor += 5
    array += 5
    average += 5
    inner["count"] = 9
    for name, value in objects.items():
        put_back(name, value, states[name])
    assert [float(tensor.sum()), float(array.sum()), float(average.sum()), inner["count"]] == [3, 3, 0, 1]
    assert (generator.random(), float(torch.rand(1, generator=torch_rng))) == expected


def test_a_state_that_does_not_fit_is_refused_by_name() -> None:
    state = torch.nn.Linear(4, 1).state_dict()
    with pytest.raises(SnapshotError, match="“model” was made with other parameters"):
        put_back("model", torch.nn.Linear(5, 1), state)
    with pytest.raises(SnapshotError, match="“buffer”"):
        put_back("buffer", torch.zeros(2), torch.zeros(3))


def test_what_cannot_be_restored_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="put it into a dict"):
        must_be_trackable("count", 3)

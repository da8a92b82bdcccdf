"""What every lab must do, whatever it is about."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.api.frames import view_of
from engine.api.lab import TOPICS
from engine.api.records import read_curves, snapshot_steps
from engine.run import headless
from engine.run.arrays import with_numpy
from engine.run.checks import CheckContext, run_check
from engine.run.context import Setting
from engine.run.discovery import lab_ids, load
from engine.run.headless import Order, run_headless
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CPU = torch.device("cpu")
LABS = lab_ids()
CHECKS = [(lab_id, check.name) for lab_id in LABS for check in load(lab_id).checks]


def trains(lab_id: str) -> bool:
    return any(entry.name == "steps" for entry in load(lab_id).fields)


def few_steps(lab_id: str, steps: int) -> dict[str, Any]:
    return {"steps": steps} if trains(lab_id) else {}


def arrays_in(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, tuple):
        return [array for part in value for array in arrays_in(part)]
    if dataclasses.is_dataclass(value):
        return [a for entry in dataclasses.fields(value) for a in arrays_in(getattr(value, entry.name))]
    return []


def stop_after(steps: int) -> Callable[..., None]:
    """What stands in for a person who presses stop after so many steps."""
    polls = itertools.count()

    def poll(steering: Steering, timeout: float = 0.0) -> None:
        steering.stop = next(polls) >= steps

    return poll


@pytest.mark.parametrize("lab_id", LABS)
def test_three_steps_are_finite_and_show_every_declared_view(lab_id: str) -> None:
    lab = load(lab_id)
    sink = MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, few_steps(lab_id, 3)), CPU, sink, Steering()))
    assert all(math.isfinite(value) for points in sink.scalars.values() for _, value in points)
    for frame in sink.frames.values():
        for array in arrays_in(with_numpy(frame)):
            assert array.dtype.kind != "f" or not np.isinf(array).any(), f"{frame.name} is infinite"
    shown = {view_of(name) for name in (*sink.scalars, *sink.frames)}
    declared = {view.name for view in lab.views}
    assert shown <= declared, f"not declared: {shown - declared}"
    assert declared <= shown, f"never shown: {declared - shown}"


@pytest.mark.parametrize("lab_id", [lab_id for lab_id in LABS if trains(lab_id)])
def test_resume_equals_the_uninterrupted_run_bit_for_bit(
    lab_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = load(lab_id)
    monkeypatch.setattr(
        headless, "_PICTURES", 1
    )  # pictures at the start and at the end; files of pictures take longer than steps
    run_headless(Order(lab, {"steps": 6}, out=tmp_path / "whole", device="cpu"))
    with monkeypatch.context() as patch:
        patch.setattr(Steering, "poll", stop_after(3))
        run_headless(Order(lab, {"steps": 6}, out=tmp_path / "half", device="cpu"))
    assert snapshot_steps(tmp_path / "half")[-1] == 3
    run_headless(Order(lab, {"steps": 6}, resume=tmp_path / "half", device="cpu"))
    newest = snapshot_steps(tmp_path / "whole")[-1]
    name = f"snapshots/{newest:09d}.safetensors"
    assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "half" / name).read_bytes()
    whole, half = read_curves(tmp_path / "whole"), read_curves(tmp_path / "half")
    assert whole.keys() == half.keys()
    for curve in whole:
        np.testing.assert_array_equal(whole[curve].steps, half[curve].steps)
        np.testing.assert_array_equal(whole[curve].values, half[curve].values)


@pytest.mark.parametrize("lab_id", LABS)
def test_its_page_is_complete(lab_id: str) -> None:
    lab = load(lab_id)
    assert lab.topic == lab_id.split(".")[0]
    assert lab.topic in {topic.id for topic in TOPICS}
    assert lab.summary
    assert lab.source
    assert lab.views
    assert lab.checks
    assert len(lab.notes) > 400
    assert "$" in lab.notes
    for entry in lab.fields:
        assert len(entry.control.help) > 10, f"{entry.name} has no tooltip"
    for view in lab.views:
        assert view.title, f"the view {view.name} has no title"


@pytest.mark.parametrize("lab_id", LABS)
def test_its_portrait_can_be_taken(lab_id: str) -> None:
    lab = load(lab_id)
    if lab.portrait is not None:
        assert lab.portrait.view in {view.name for view in lab.views}
        assert lab.portrait.steps > 0
        make_params(lab, dict(lab.portrait.sets))  # raises for a parameter or value that the lab does not take


@pytest.mark.parametrize("lab_id", LABS)
def test_its_live_numbers_exist(lab_id: str) -> None:
    lab = load(lab_id)
    sink = MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, few_steps(lab_id, 2)), CPU, sink, Steering()))
    known = {*sink.scalars, *(entry.name for entry in lab.fields)}
    named = set(re.findall(r"\{\{([^{}]+)\}\}", lab.notes))
    assert named <= known, f"no such numbers: {named - known}"


@pytest.mark.parametrize(("lab_id", "name"), CHECKS)
def test_its_proof_holds(lab_id: str, name: str) -> None:
    lab = load(lab_id)
    check = next(check for check in lab.checks if check.name == name)
    row = run_check(lab, check, CheckContext(lab, CPU))
    assert row.passed, f"{row.title}: measured {row.measured}, expected {row.expected} ± {row.tolerance} {row.error}"

"""The lab on shapes of sequences beyond what all labs must do: every shape's picture, the time that is looked at, bugs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.api import Heat, Plot, Scatter
from engine.data.shape_tasks import TASKS
from engine.labs.sequences.shapes import FORGETS, LATE, PITCH, SWAPPED, Clock, Params, asked
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering


def ran(**values: Any) -> MemorySink:
    """The lab after one step."""
    lab, sink = load("sequences.shapes"), MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, {"steps": 1, "batch": 4} | values), torch.device("cpu"), sink, Steering()))
    return sink


def rings(sink: MemorySink) -> int:
    """How many answers are drawn."""
    plot = sink.frames["unrolled"]
    assert isinstance(plot, Plot)
    found = [np.asarray(layer.points) for layer in plot.layers if isinstance(layer, Scatter) and layer.hollow]
    return sum(map(len, found))


@pytest.mark.parametrize("shape", TASKS)
def test_each_shape_shows_its_own_inputs_and_answers(shape: str) -> None:
    task, sink = TASKS[shape], ran(shape=shape)
    assert rings(sink) == task.length - task.due
    heard, step = sink.frames["hears"], sink.frames["step"]
    assert isinstance(heard, Plot)
    assert isinstance(heard.layers[0], Heat)
    assert np.asarray(heard.layers[0].values).shape == (task.length - task.due, task.heard)
    assert isinstance(step, Plot)
    assert "torch agrees" in step.note


def test_what_comes_later_is_not_drawn_yet() -> None:
    assert rings(ran(time=6)) == 2


def test_a_click_and_the_slider_each_choose_the_time() -> None:
    p = Params()
    clock = Clock(p)
    assert clock.read() == 7
    p.click = (2.2 * PITCH, 0.0)
    assert clock.read() == 2
    p.time = 5
    assert clock.read() == 4
    p.shape = "one to one"
    assert clock.read() == 0


@pytest.mark.parametrize("bug", [FORGETS, SWAPPED])
def test_a_state_that_goes_astray_is_told_by_the_sum_by_hand(bug: str) -> None:
    assert "DISAGREES" in ran(bug=bug).frames["step"].note


def test_late_targets_are_those_of_the_step_before() -> None:
    batch = TASKS["many to many"].draw(3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(asked(batch, LATE).target[1:], batch.target[:-1])

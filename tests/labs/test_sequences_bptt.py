"""The lab on gradients through time beyond what all labs must do: vanishing, exploding, bugs, the dial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.nn.recurrent import spectral_radius
from engine.run.context import Context, Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering


def ran(steps: int = 2, **values: Any) -> tuple[MemorySink, Context]:
    """The lab after so many steps."""
    lab, sink = load("sequences.bptt"), MemorySink(draws=True)
    params = make_params(lab, {"steps": steps, "delay": 4, "length": 10} | values)
    return sink, run_lab(Setting(lab, params, torch.device("cpu"), sink, Steering()))


def last(sink: MemorySink, curve: str) -> float:
    return sink.scalars[curve][-1][1]


def test_what_vanishes_is_not_learnt() -> None:
    assert last(ran(80, rho=0.1, delay=12, length=20)[0], "loss/clipped") > 0.8
    assert last(ran(80, rho=1.0)[0], "loss/clipped") < 0.5


def test_without_clipping_a_run_is_flung_away_and_says_so_in_finite_numbers() -> None:
    sink, _ = ran(60, rho=2.0, lr=3.0)
    assert last(sink, "loss/not clipped") == 100.0
    assert np.isfinite(last(sink, "loss/clipped"))


def test_clipping_each_tensor_passes_the_threshold() -> None:
    healthy, broken = (ran(5, threshold=0.05, bug=bug)[0] for bug in ("none", "clip each tensor"))
    assert last(healthy, "norm/after clipping") == pytest.approx(0.05, rel=1e-4)
    assert last(broken, "norm/after clipping") > 0.07


@pytest.mark.parametrize(("bug", "agrees"), [("none", True), ("tanh′ forgotten", False)])
def test_the_page_says_whether_autograd_agrees(bug: str, agrees: bool) -> None:
    note = ran(bug=bug)[0].frames["terms"].note
    assert ("DISAGREES" not in note) == agrees


def test_a_linear_rotation_keeps_to_theory_and_a_short_sequence_is_lengthened() -> None:
    sink, context = ran(1, lr=0.001, activation="none", rho=0.9, delay=12, length=4)
    curve, theory = sink.frames["lag"].layers[:2]
    np.testing.assert_allclose(np.asarray(curve.y), np.asarray(theory.y), rtol=0.02)
    assert len(curve.y) == 13
    assert float(spectral_radius(context.tracked["held"]["W_hh"])) == pytest.approx(0.9, rel=0.01)


def test_a_long_sequence_is_drawn_cell_by_cell() -> None:
    assert np.asarray(ran(length=30)[0].frames["terms"].layers[0].values).shape == (120, 120)

"""The threshold neuron under a person's hand: other data in mid-run, points placed, pokes after the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.api import Plot, Scatter, Truth
from engine.labs.neurons.perceptron import Params, choose, make_problem
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

LAB = "neurons.perceptron"


class Hand(Steering):
    """Makes one change at the given poll, and stops at another."""

    def __init__(self, at: int, change: dict[str, Any], stop: int = 10**9) -> None:
        super().__init__(interactive=stop < 10**9)
        self._at, self._change, self._stop, self._polls = at, change, stop, 0

    def poll(self, timeout: float = 0.0) -> None:
        self._polls += 1
        if self._polls == self._at:
            self.changes.update(self._change)
        self.stop = self._polls >= self._stop


class Keeping(MemorySink):
    """Keeps every line that theory gave, in order."""

    def __init__(self) -> None:
        super().__init__(draws=True)
        self.told: list[Truth] = []

    def truth(self, truth: Truth) -> None:
        super().truth(truth)
        self.told.append(truth)


def run(steering: Steering, **params: Any) -> Keeping:
    lab, sink = load(LAB), Keeping()
    run_lab(Setting(lab, make_params(lab, params), torch.device("cpu"), sink, steering))
    return sink


def points_in(frame: Any) -> list[list[float]]:
    assert isinstance(frame, Plot)
    scatter = next(layer for layer in frame.layers if isinstance(layer, Scatter) and layer.groups is not None)
    return np.asarray(scatter.points).tolist()


def test_other_data_in_mid_run_counts_anew_from_the_weights_as_they_are() -> None:
    sink = run(Hand(21, {"data": "xor"}), steps=30)
    made = [value for _, value in sink.scalars["mistakes/made"]]
    assert made[20] == 1
    assert made[19] > 1
    assert made[29] == 10  # XOR: a mistake at every step
    assert sink.told[-1].value == pytest.approx(0.75)


def test_a_point_on_the_wrong_side_moves_the_bound_to_one_from_here() -> None:
    sink = run(
        Hand(60, {"points": [[0.0, 0.0, 1], [0.05, 0.0, 0]]}),
        steps=80,
        data="own points",
        points=[[1, 1, 1], [-1, -1, 0]],
    )
    bounds = [truth for truth in sink.told if truth.name == "mistakes/made"]
    assert bounds[0].label.startswith("(R/γ)²")
    assert bounds[-1].label.startswith("from here")
    assert max(value for step, value in sink.scalars["mistakes/made"] if step >= 60) <= bounds[-1].value


def test_a_poke_after_the_end_is_answered_by_the_picture() -> None:
    sink = run(Hand(12, {"points": [[0.25, 0.75, 1]]}, stop=16), steps=5, data="xor")
    assert [0.25, 0.75] in points_in(sink.frames["plane"])
    assert len(sink.scalars["mistakes/made"]) == 5


def test_no_points_at_all_is_no_mistake() -> None:
    sink = run(Steering(), steps=3, data="own points")
    assert sink.scalars["mistakes/made"][-1][1] == 0
    assert points_in(sink.frames["plane"]) == []


def test_a_settled_line_rests() -> None:
    sink = run(Steering(), steps=400, margin=0.3)
    made = [value for _, value in sink.scalars["mistakes/made"]]
    assert sink.scalars["accuracy/perceptron"][-1][1] == 1
    assert made[-1] == made[-100]
    assert "settled after" in sink.frames["plane"].note


def test_the_order_decides_which_point_pulls() -> None:
    wrong, sums, rng = np.array([2, 5, 9]), np.array([-0.1, -3.0, -1.0]), torch.Generator().manual_seed(0)
    turn = [choose(wrong, sums, Params(order="in turn"), last, rng) for last in (-1, 2, 4, 9)]
    assert turn == [2, 5, 5, 2]
    assert choose(wrong, sums, Params(order="worst first"), 5, rng) == 5
    assert {choose(wrong, sums, Params(order="random"), 5, rng) for _ in range(40)} == {2, 5, 9}


def test_the_same_parameters_are_the_same_problem() -> None:
    assert make_problem("separable", (), 0.1, 40, 3) is make_problem("separable", (), 0.1, 40, 3)
    assert make_problem("separable", (), 0.1, 40, 3).key != make_problem("separable", (), 0.1, 40, 4).key

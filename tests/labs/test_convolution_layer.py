"""The lab on the convolutional layer beyond what all labs must do: clicks, bugs, what learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path


def ran(steps: int = 60, **values: Any) -> MemorySink:
    """The lab after so many steps."""
    lab, sink = load("convolution.layer"), MemorySink(draws=True)
    params = make_params(lab, {"steps": steps} | values)
    run_lab(Setting(lab, params, torch.device("cpu"), sink, Steering()))
    return sink


def last(sink: MemorySink, curve: str) -> float:
    return sink.scalars[f"loss/{curve}"][-1][1]


@pytest.mark.parametrize("learns", ["kernel", "picture"])
def test_by_hand_and_by_autograd_descend_alike(learns: str) -> None:
    sink = ran(learns=learns)
    assert last(sink, "by hand") == pytest.approx(last(sink, "by autograd"), rel=1e-6)
    assert last(sink, "by hand") < 0.05 * sink.scalars["loss/by hand"][0][1]


@pytest.mark.parametrize(("bug", "learns"), [("δ: kernel not turned", "picture"), ("∂w not turned", "kernel")])
def test_a_bug_shows_in_the_loss_and_in_the_words(bug: str, learns: str) -> None:
    sink = ran(bug=bug, learns=learns, operation="cross-correlation")
    assert last(sink, "by hand") > 10 * last(sink, "by autograd")
    assert "DISAGREES" in sink.frames["backward"].note


@pytest.mark.parametrize(
    ("cell", "words"), [((13.5, -1.5), "output (1, 0)"), ((0.5, -0.5), "δ of input (0, 0)"), ((9.5, -2.5), "∂w (2, 0)")]
)
def test_a_click_chooses_a_cell_and_writes_its_sum(cell: tuple[float, float], words: str) -> None:
    sink = ran(steps=1, cell=list(cell))
    assert words in sink.frames["sum"].note


def test_a_bug_of_the_bias_and_a_stride_and_a_matrix() -> None:
    sink = ran(steps=2, stride=2, padding=1, show="matrix", bug="∂b as a mean")
    assert "16 × 64" in sink.frames["sum"].note
    assert "DISAGREES" in sink.frames["backward"].note


def test_a_step_that_is_too_long_explodes_without_becoming_infinite() -> None:
    assert 1e6 < last(ran(steps=150, step_length=2.5), "by hand") <= 1e30


def test_a_picture_of_your_own(tmp_path: Path) -> None:
    Image.new("L", (40, 30), 255).save(tmp_path / "mine.png")
    sheet = ran(steps=1, picture=str(tmp_path / "mine.png"), size=7).frames["forward"].layers[0]
    np.testing.assert_array_equal(sheet.values, np.ones((7, 7)))

"""The lab on pooling beyond what all labs must do: clicks, ways to look, bugs."""

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


def ran(steps: int = 1, **values: Any) -> MemorySink:
    """The lab after so many steps."""
    lab, sink = load("convolution.pooling"), MemorySink(draws=True)
    params = make_params(lab, {"steps": steps} | values)
    run_lab(Setting(lab, params, torch.device("cpu"), sink, Steering()))
    return sink


def sheet(sink: MemorySink, view: str, index: int) -> np.ndarray:
    """The values of a matrix of a page."""
    heats = [layer.values for layer in sink.frames[view].layers if hasattr(layer, "values")]
    return np.asarray(heats[index])[::-1]


def test_a_maximum_sends_its_gradient_to_one_cell_and_an_average_to_all() -> None:
    routed = sheet(ran(), "down", 2)
    assert set(routed.ravel().tolist()) == {0.0, 1.0}
    assert routed.sum() == 16
    np.testing.assert_allclose(sheet(ran(kind="average"), "down", 2), 0.25)


def test_one_value_more_is_spread_at_each_step() -> None:
    early, late = sheet(ran(3, learns="ones"), "up", 2), sheet(ran(15, learns="ones"), "up", 2)
    assert (early[4:] == 0).all()
    assert late[6:].any()


@pytest.mark.parametrize("look", ["zeros inserted", "overlaps", "nearest", "bed of nails", "max unpooling"])
def test_every_way_to_look_is_drawn(look: str) -> None:
    assert sheet(ran(look=look), "up", -1).size >= 64


@pytest.mark.parametrize(
    "values", [{"stride": 4, "window": 4, "up_size": 1, "up_padding": 2}, {"stride": 1, "window": 3, "up_size": 5}]
)
def test_the_ends_of_the_sliders_work(values: dict[str, int]) -> None:
    assert np.isfinite(ran(2, **values).scalars["error/transposed"][-1][1])


def test_bugs_show() -> None:
    assert "DISAGREES" in ran(bug="gradient spread evenly").frames["down"].note
    healthy, broken = (ran(60, bug=bug).scalars["error/transposed"][-1][1] for bug in ("none", "overlaps overwritten"))
    assert broken > 2 * healthy
    unpooled = [ran(bug=bug).scalars["error/max unpooling"][-1][1] for bug in ("none", "switches forgotten")]
    assert unpooled[0] < unpooled[1]


def test_a_shift_changes_the_output_less_than_the_input() -> None:
    words = ran(shift=1).frames["down"].note.replace("%", "").split()
    assert float(words[-2]) < float(words[words.index("input") + 1].strip(","))


def test_a_picture_of_your_own(tmp_path: Path) -> None:
    Image.new("L", (40, 30), 255).save(tmp_path / "mine.png")
    sink = ran(picture=str(tmp_path / "mine.png"), cell=[0.5, -0.5])
    assert sheet(sink, "down", 0).min() == 1.0

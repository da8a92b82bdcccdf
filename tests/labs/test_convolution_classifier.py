"""The lab on digits by convolution beyond what all labs must do: own drawing, own picture, what its bugs look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.api.params import to_json
from engine.data.digits import split_digits
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path


def ran(**values: Any) -> MemorySink:
    """The lab, small, after one step."""
    lab, sink = load("convolution.classifier"), MemorySink(draws=True)
    params = make_params(lab, {"steps": 1, "width": 4, "batch": 8} | values)
    run_lab(Setting(lab, params, torch.device("cpu"), sink, Steering()))
    return sink


def test_a_drawing_takes_the_place_of_the_held_out_digit() -> None:
    paper = np.zeros((64, 64), np.uint8)
    paper[16:48, 30:34] = 255  # a one
    given = np.asarray(ran(drawing=to_json(paper)).frames["maps"].pixels)[0, 0, ::8, 0]
    assert np.flatnonzero(given).tolist() in ([3], [4], [3, 4])


def test_every_held_out_digit_can_stand_in() -> None:
    last = np.asarray(ran(example=359).frames["maps"].pixels)[0, ::8, ::8, 0]
    np.testing.assert_allclose(last, split_digits().test[359, 0], atol=1e-6)


@pytest.mark.parametrize("bug", ["all linear", "softmax twice"])
def test_a_wrong_network_is_not_what_the_hand_computes(bug: str) -> None:
    gaps = [float(ran(bug=name).frames["answer"].note.rsplit(" ", 1)[-1].replace("−", "-")) for name in ("none", bug)]
    assert gaps[0] < 1e-5 < 1e-2 < gaps[1]


def test_a_pair_in_phase_blinks() -> None:
    spreads = [np.ptp(ran(bug=bug).frames["drift"].layers[0].y) for bug in ("none", "pair in phase")]
    assert spreads[0] < 0.03 < 1 < spreads[1]


def test_a_picture_that_cannot_be_read_leaves_the_scene(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert "broken.png" in ran(picture=str(tmp_path / "broken.png")).frames["cells"].note

"""The lab on segmentation beyond what all labs must do: painting on pictures of one's own, and what the bugs do to a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.api.params import to_json
from engine.data.masks import PaintedPictures
from engine.nn.segmentation import RESHAPED, SHIFTED, SWAPPED, Hourglass, said
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"size": "16", "depth": 2, "width": 4, "batch": 2, "steps": 1}


def ran(**values: Any) -> MemorySink:
    """The lab, small, after one step."""
    lab, sink = load("convolution.segmentation"), MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, SMALL | values), torch.device("cpu"), sink, Steering()))
    return sink


def half() -> np.ndarray:
    """A mask whose left half is painted."""
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :32] = 255
    return mask


def test_what_is_painted_is_the_truth_and_moves_with_the_picture() -> None:
    source = PaintedPictures("scene", 16)
    assert source.truth(half())[0, :, :8].all()
    assert not source.truth(half())[0, :, 8:].any()
    source.pictures = source.truth(half())[:, None].expand(1, 3, -1, -1).float()  # a picture of its own mask
    pictures, labels = source.draw(8, torch.Generator().manual_seed(0), half())
    torch.testing.assert_close((pictures[:, 0] > 0.6).long(), labels, rtol=0, atol=1)
    assert ((pictures[:, 0] > 0.6).long() == labels).float().mean() > 0.95


def test_pictures_of_ones_own_are_painted_on_and_the_others_judged_by_eye(tmp_path: Path) -> None:
    for name, grey in (("a", 40), ("b", 200)):
        Image.fromarray(np.full((20, 20), grey, np.uint8)).save(tmp_path / f"{name}.png")
    frames = ran(data=str(tmp_path), mask=to_json(half())).frames
    assert frames["look"].edits == "mask"
    assert len(np.asarray(frames["maps"].pixels)) == 8


@pytest.mark.parametrize("bug", [SHIFTED, SWAPPED])
def test_a_misplaced_skip_changes_the_answer_of_a_network_with_skips_alone(bug: str) -> None:
    net, x = Hourglass(3, 2, 4, 2).eval(), torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        assert not torch.equal(net(x, [1.0, 1.0]), net(x, [1.0, 1.0], bug))
        torch.testing.assert_close(net(x, [0.0, 0.0]), net(x, [0.0, 0.0], bug))


def test_reshaping_in_place_of_permuting_scrambles_the_map() -> None:
    scores = torch.zeros(1, 2, 8, 8)
    scores[:, 1, :, :4] = 1
    assert not torch.equal(said(scores), said(scores, RESHAPED))


def test_skips_are_added_as_fcn_does() -> None:
    assert "overlap/with skips" in ran(joins="added (FCN)", cut="finest").scalars

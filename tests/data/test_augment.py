"""Augmentations leave alone what they are told to leave alone, and the digits laid on a larger square keep their pixels."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from engine.data.augment import STAGES, apply, neutral, up_to, warp
from engine.data.digits import placed


def pictures(channels: int) -> torch.Tensor:
    return torch.rand(5, channels, 7, 9, generator=torch.Generator().manual_seed(0))


def test_neutral_changes_change_nothing() -> None:
    for channels in (1, 3):
        x = pictures(channels)
        torch.testing.assert_close(apply(x, neutral(x.shape)), x)


def test_the_first_stage_is_the_original_and_the_last_has_all_changes() -> None:
    x = pictures(3)
    changes = replace(neutral(x.shape), angle=torch.full((5,), 0.3), noise=0.1 * torch.ones_like(x))
    torch.testing.assert_close(apply(x, up_to(changes, 0)), x)
    torch.testing.assert_close(apply(x, up_to(changes, len(STAGES) - 1)), apply(x, changes))


def test_what_comes_from_outside_is_black() -> None:
    x = torch.ones(1, 1, 8, 8)
    moved = warp(x, replace(neutral(x.shape), shift=torch.tensor([[1.0, 0.0]])))  # half the side to the right
    assert moved[0, 0, :, :3].max() < 1e-6
    assert moved[0, 0, :, 5:].min() > 1 - 1e-6


def test_a_turn_and_back_is_nearly_nothing_in_the_middle() -> None:
    x = pictures(1)[:, :, :7, :7]
    turn = torch.full((5,), math.pi)
    there = replace(neutral(x.shape), angle=turn)
    torch.testing.assert_close(warp(warp(x, there), there), x, atol=1e-4, rtol=0)


def test_placed_digits_keep_their_pixels_and_land_in_different_places() -> None:
    x = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    laid = placed(x, 12, torch.Generator().manual_seed(2))
    assert laid.shape == (40, 1, 12, 12)
    torch.testing.assert_close(laid.sum((1, 2, 3)), x.sum((1, 2, 3)))
    corners = {tuple((picture[0] > 0).nonzero().amin(0).tolist()) for picture in laid}
    assert len(corners) > 10
    assert max(max(corner) for corner in corners) <= 4

"""A layer as a list of wires: what each end gathers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.api import Scatter
from engine.nn.matrix_page import Sheet, cell_at, draw_sheets
from engine.nn.wiring import wire


def test_a_cell_in_the_corner_has_one_wire_and_one_in_the_middle_nine() -> None:
    counts = np.bincount(wire((1, 6, 6), (1, 1, 3, 3)).input, minlength=36).reshape(6, 6)
    assert counts[0, 0] == 1
    assert counts[3, 3] == 9


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_transposed_convolution_is_torchs(stride: int) -> None:
    rng = np.random.default_rng(stride)
    wires = wire((2, 9, 9), (3, 2, 3, 3), stride)
    y, w = rng.standard_normal(wires.outputs), rng.standard_normal(wires.weights)
    theirs = functional.conv_transpose2d(torch.tensor(y)[None], torch.tensor(w), stride=stride)[0].numpy()
    mine = wires.to_input(y, w)
    np.testing.assert_allclose(mine[:, : theirs.shape[1], : theirs.shape[2]], theirs, atol=1e-12)


def test_the_matrix_does_what_the_layer_does() -> None:
    rng = np.random.default_rng(0)
    wires = wire((2, 5, 6), (2, 2, 2, 3), padding=1, turned=True)
    z, w = rng.standard_normal(wires.inputs), rng.standard_normal(wires.weights)
    np.testing.assert_allclose(wires.matrix(w) @ z.ravel(), wires.forward(z, w, np.zeros(2)).ravel(), atol=1e-12)


def test_a_click_finds_its_cell_and_the_space_between_none() -> None:
    sheets = (Sheet("a", np.zeros((3, 4)), 0.0), Sheet("b", np.ones((2, 2)), 5.0, top=1.0))
    at = cell_at(sheets, 6.5, -1.5)
    assert at is not None
    assert (at.sheet, at.row, at.column) == (1, 0, 1)
    assert cell_at(sheets, 4.5, -0.5) is None
    assert cell_at(sheets, 6.5, -0.5) is None


def test_numbers_fit_into_their_cells() -> None:
    values = np.array([[0.52, -0.52, 2.51, -2.51, np.nan, 12.3, -3e13]])
    numbers = draw_sheets("x", [Sheet("a", values, 0.0)]).layers[1]
    assert isinstance(numbers, Scatter)
    assert numbers.labels == (".5", "−.5", "3", "−3", "", "12", "e13")

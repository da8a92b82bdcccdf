"""The landscapes are what their formulas say: lowest places, slopes, curvature, and valleys where somebody drew."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.landscapes import FLAT, HIGH, PAPER, REACH, STEEP, drawn, named

FORMULAS = ("ravine", "Rosenbrock", "Himmelblau", "two wells", "saddle")


@pytest.mark.parametrize(
    ("name", "lowest"), [("ravine", (0, 0)), ("Rosenbrock", (1, 0.4)), ("Himmelblau", (1.2, 0.625))]
)
def test_the_lowest_place_is_known(name: str, lowest: tuple[float, float]) -> None:
    surface = named(name)
    assert surface.floor == pytest.approx(0, abs=1e-12)
    assert float(surface.height(torch.tensor([lowest], dtype=torch.float64))) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_slope_is_flat_at_the_lowest_place_and_nothing_lies_below_it(name: str) -> None:
    surface = named(name)
    assert surface.slopes(torch.tensor([surface.lowest], dtype=torch.float64)).abs().max() < 1e-5
    assert surface.relief(80).min() >= -1e-9


def test_the_ravine_has_the_curvatures_that_it_names() -> None:
    curvature = torch.autograd.functional.hessian(
        lambda at: named("ravine").height(at[None])[0], torch.zeros(2, dtype=torch.float64)
    )
    assert torch.equal(curvature, torch.tensor([[FLAT, 0.0], [0.0, STEEP]], dtype=torch.float64))


def test_a_stroke_digs_a_valley_where_it_was_drawn() -> None:
    picture = np.zeros(PAPER, np.uint8)
    picture[5, 10:40] = 255  # near the top
    surface = drawn(picture)
    above, below = HIGH * (1 - 2 * 5 / (PAPER[0] - 1)), -HIGH * (1 - 2 * 5 / (PAPER[0] - 1))
    heights = surface.height(torch.tensor([[0.0, above], [0.0, below]], dtype=torch.float64))
    assert heights[0] < heights[1] - 0.3


def test_a_blank_paper_and_places_far_outside_are_finite() -> None:
    surface = drawn(np.zeros(PAPER, np.uint8))
    places = torch.tensor([[0.0, 0.0], [50 * REACH, -50.0]], dtype=torch.float64)
    assert surface.height(places).isfinite().all()
    assert surface.slopes(places).isfinite().all()

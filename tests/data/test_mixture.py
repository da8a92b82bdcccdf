"""The densities on the plane: what is sampled is what is evaluated, and noise is added exactly."""

from __future__ import annotations

import math

import pytest
import torch

from engine.data.mixture import NAMES, Mixture, from_points, named


def cells(reach: float = 4.0, side: int = 401) -> tuple[torch.Tensor, float]:
    """Places all over the plane, and the area of each."""
    along = torch.linspace(-reach, reach, side)
    return torch.cartesian_prod(along, along), (2 * reach / (side - 1)) ** 2


@pytest.mark.parametrize("name", NAMES)
def test_the_density_integrates_to_one(name: str) -> None:
    places, area = cells()
    density = torch.cat([named(name).log_density(part).exp() for part in places.split(20_000)])
    assert float(density.sum() * area) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_samples_follow_the_density(name: str) -> None:
    """The mean of log p over samples is its integral p log p: too wide, too narrow or shifted samples would miss it."""
    mixture, (places, area) = named(name), cells()
    log_p = torch.cat([mixture.log_density(part) for part in places.split(20_000)])
    entropy = -float((log_p.exp() * log_p).sum() * area)
    seen = -mixture.log_density(mixture.sample(20_000, torch.Generator().manual_seed(0))).mean()
    assert float(seen) == pytest.approx(entropy, abs=0.03)


def test_noised_samples_follow_the_noised_density() -> None:
    mixture, rng, (places, area) = named("ring"), torch.Generator().manual_seed(0), cells()
    noised = 0.7 * mixture.sample(20_000, rng) + 0.3 * torch.randn(20_000, 2, generator=rng)
    log_p = torch.cat([mixture.log_density(part, 0.7, 0.3) for part in places.split(20_000)])
    entropy = -float((log_p.exp() * log_p).sum() * area)
    assert float(-mixture.log_density(noised, 0.7, 0.3).mean()) == pytest.approx(entropy, abs=0.03)


def test_nearest_measures_in_standard_deviations() -> None:
    distance, which = Mixture(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), 0.5).nearest(
        torch.tensor([[2.0, 1.0], [0.25, 0.0]])
    )
    assert distance.tolist() == pytest.approx([2, 0.5])
    assert which.tolist() == [1, 0]


def test_drawn_points_are_the_centres_and_none_is_one_in_the_middle() -> None:
    assert from_points(((1.0, 2.0, 0), (-1.0, 0.5, 0))).centres.tolist() == [[1, 2], [-1, 0.5]]
    assert from_points(()).centres.tolist() == [[0, 0]]
    peak = from_points(()).log_density(torch.zeros(1, 2))
    assert float(peak) == pytest.approx(-math.log(2 * math.pi * 0.12**2), abs=1e-4)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="rings"):
        named("rings")

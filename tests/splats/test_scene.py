"""Scenes of Gaussians: their shapes are kept, and points become what the paper makes of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from engine.splats.scene import Gaussians, from_points, joined, neighbour_distances


def cloud(n: int = 20, degree: int = 1) -> Gaussians:
    rng = np.random.default_rng(0)
    return from_points(rng.normal(size=(n, 3)), rng.integers(0, 256, (n, 3), np.uint8), degree)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("means", torch.zeros(20, 2)),
        ("log_scales", torch.zeros(19, 3)),
        ("quaternions", torch.zeros(20, 3)),
        ("opacities", torch.zeros(20, 1)),
        ("sh", torch.zeros(20, 5, 3)),
        ("sh", torch.zeros(20, 3)),
        ("opacities", torch.zeros(20, dtype=torch.float64)),
        ("opacities", torch.zeros(20, dtype=torch.int32)),
        ("means", torch.zeros(())),
    ],
)
def test_a_wrong_shape_or_type_is_refused(name: str, wrong: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"must be|of one floating type"):
        dataclasses.replace(cloud(), **{name: wrong})


def test_points_keep_their_colours_and_opacity() -> None:
    colours = np.array([[0, 128, 255], [9, 9, 9]], np.uint8)
    scene = from_points(np.array([[0.0, 0, 0], [0, 0, 2]]), colours, degree=3, opacity=0.25)
    torch.testing.assert_close(scene.base_colours, torch.from_numpy(colours) / 255)
    torch.testing.assert_close(scene.alphas, torch.full((2,), 0.25))
    torch.testing.assert_close(scene.scales, torch.full((2, 3), 2.0))
    assert scene.sh_degree == 3


def test_a_point_is_as_wide_as_its_three_neighbours_are_far() -> None:
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [100, 0, 0]])
    assert neighbour_distances(line)[0] == pytest.approx(np.sqrt((1 + 4 + 9) / 3))
    assert neighbour_distances(line)[1] == pytest.approx(np.sqrt((1 + 1 + 4) / 3))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_points_are_enough(n: int) -> None:
    assert len(cloud(n)) == n
    assert cloud(n).log_scales.isfinite().all()


def test_points_in_one_place_have_a_width() -> None:
    scene = from_points(np.zeros((6, 3)), np.zeros((6, 3), np.uint8))
    assert scene.log_scales.isfinite().all()


def test_parts_join_to_the_whole() -> None:
    scene = cloud()
    mask = torch.arange(20) < 7
    whole = joined(scene[mask], scene[~mask])
    for name, value in whole.tensors().items():
        torch.testing.assert_close(value, getattr(scene, name))
    with pytest.raises(ValueError, match="same degree"):
        joined(scene, cloud(degree=2))


def test_a_higher_degree_keeps_the_lower_one() -> None:
    scene = cloud(degree=1)
    torch.testing.assert_close(scene.with_degree(3).with_degree(1).sh, scene.sh)
    assert scene.with_degree(3).sh[:, 4:].abs().sum() == 0

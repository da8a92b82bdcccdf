"""The canvas: its background, its depth, its samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.raster import Canvas


def test_one_colour_fills_it_exactly() -> None:
    canvas = Canvas(7, 5, (10, 200, 33))
    assert canvas.image().shape == (5, 7, 4)
    assert (canvas.image() == [10, 200, 33, 255]).all()
    assert np.isinf(canvas.depth).all()


def test_a_gradient_runs_from_the_upper_colour_to_the_lower() -> None:
    picture = Canvas(64, 128, ((200, 100, 50), (100, 100, 150))).image()[..., :3].astype(float)
    rows = picture.mean(axis=1)
    expected = np.array([200.0, 100, 50]) + ((np.arange(128) + 0.5) / 128)[:, None] * np.array([-100.0, 0, 100])
    np.testing.assert_allclose(rows, expected, atol=0.5)
    assert np.ptp(picture[64, :, 0]) == 1.0, "dithered between two levels, so that no band shows"


@pytest.mark.parametrize("supersample", [1, 2])
def test_clearing_brings_back_the_background_in_the_same_arrays(supersample: int) -> None:
    canvas = Canvas(6, 4, ((90, 0, 0), (0, 0, 90)), supersample)
    fresh, colour, depth = canvas.image().copy(), canvas.colour, canvas.depth
    canvas.colour[:], canvas.depth[:] = 7, 1.0
    canvas.clear()
    assert (canvas.image() == fresh).all()
    assert np.isinf(canvas.depth).all()
    assert canvas.colour is colour
    assert canvas.depth is depth
    assert canvas.image() is canvas.image()


@pytest.mark.parametrize("supersample", [1, 2, 3, 4])
def test_a_pixel_is_the_mean_of_its_samples(supersample: int) -> None:
    canvas = Canvas(9, 5, supersample=supersample)
    canvas.colour[:] = np.random.default_rng(0).integers(0, 256, canvas.colour.shape)
    blocks = canvas.colour.reshape(5, supersample, 9, supersample, 4)
    np.testing.assert_allclose(canvas.image(), blocks.mean(axis=(1, 3)), atol=0.5)


def test_the_depth_under_a_pixel() -> None:
    canvas = Canvas(4, 3, supersample=2)
    canvas.depth[2, 5] = 1.5
    assert canvas.depth_at(2.5, 1.0) == 1.5
    assert canvas.depth_at(2.0, 1.0) == math.inf
    for outside in ((-0.1, 0.0), (4.0, 0.0), (0.0, 3.0), (math.nan, 0.0)):
        assert canvas.depth_at(*outside) == math.inf


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"width": 0}, "pixels a side"),
        ({"height": 100_000}, "pixels a side"),
        ({"supersample": 0}, "samples"),
        ({"supersample": 9}, "samples"),
        ({"background": (1, 2)}, "background"),
        ({"background": (0, 0, 300)}, "background"),
    ],
)
def test_an_impossible_canvas_is_refused(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Canvas(**({"width": 4, "height": 4} | arguments))

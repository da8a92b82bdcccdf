"""Lenses with distortion: what a photo loses when it is straightened, and lenses that cannot be."""

import cv2
import numpy as np
import pytest

from engine.api.errors import DataError
from engine.capture.lenses import PARAMETERS, Lens, straightener

MODELS = [name for name in PARAMETERS if name not in ("FOV", "THIN_PRISM_FISHEYE")]


def lens_of(model: str) -> Lens:
    values = {"f": 70.0, "fx": 70.0, "fy": 71.0, "cx": 41.0, "cy": 29.0, "k1": 0.08, "p1": 0.003}
    return Lens(model, 80, 60, tuple(values.get(name, 0.0) for name in PARAMETERS[model].split()))


@pytest.mark.parametrize("model", MODELS)
def test_a_ray_falls_on_the_same_thing_before_and_after(model: str) -> None:
    lens = lens_of(model)
    made = straightener(lens)
    ray = np.array([[0.1, -0.15, 1.0]])
    bent = lens.ideal.intrinsics
    project = cv2.fisheye.projectPoints if lens.fisheye else cv2.projectPoints
    there = project(ray[:, None], np.zeros(3), np.zeros(3), bent, lens.distortion[: 4 if lens.fisheye else 8])[
        0
    ].ravel()
    x, y = made.camera.project(ray)[0][0]
    at = np.array([[x - 0.5]], np.float32), np.array([[y - 0.5]], np.float32)
    across, down = (cv2.remap(part, *at, cv2.INTER_LINEAR)[0, 0] for part in (made.across, made.down))
    assert np.allclose((across + 0.5, down + 0.5), there, atol=0.06)


@pytest.mark.parametrize("model", MODELS)
def test_no_pixel_comes_from_outside_the_photo(model: str) -> None:
    made = straightener(lens_of(model))
    assert made.across.min() > -1.0
    assert made.across.max() < 80.0
    assert made.down.min() > -1.0
    assert made.down.max() < 60.0


def test_a_resized_lens_bends_the_same() -> None:
    lens = lens_of("OPENCV")
    half = lens.resized(40, 30)
    assert half.named["fx"] == 35
    assert half.named["k1"] == lens.named["k1"]


@pytest.mark.parametrize(
    ("model", "parameters"),
    [("FOV", (1.0,) * 5), ("NONE", ()), ("PINHOLE", (1.0,)), ("PINHOLE", (np.nan, 1.0, 1.0, 1.0))],
)
def test_a_lens_that_cannot_be_is_a_sentence(model: str, parameters: tuple) -> None:
    with pytest.raises(DataError):
        Lens(model, 80, 60, parameters)

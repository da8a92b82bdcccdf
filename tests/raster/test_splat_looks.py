"""The ways of showing splats beside their plain colours, each against a plain computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.raster import Canvas, Orbit, SplatLook, draw_splats
from engine.splats.harmonics import harmonics

CAMERA = Orbit(distance=5.0).camera(96, 64)
RNG = np.random.default_rng(0)
MEANS = RNG.standard_normal((300, 3)).astype(np.float32)
QUATS = RNG.standard_normal((300, 4)).astype(np.float32)
SCALES = RNG.uniform(0.02, 0.2, (300, 3)).astype(np.float32)
ALPHAS = RNG.uniform(0.1, 0.9, 300).astype(np.float32)
COLOURS = RNG.uniform(0, 1, (300, 3)).astype(np.float32)


def shown(look: SplatLook | None, colours: np.ndarray = COLOURS) -> tuple[np.ndarray, tuple[float, float]]:
    canvas = Canvas(96, 64, (0, 0, 0))
    span = draw_splats(canvas, CAMERA, MEANS, QUATS, SCALES, ALPHAS, colours, look)
    return canvas.image()[..., :3].astype(int), span


@pytest.mark.parametrize("count", [3, 8, 15])
def test_colours_depend_on_the_direction_as_the_harmonics_say(count: int) -> None:
    higher = 0.1 * RNG.standard_normal((300, count, 3)).astype(np.float32)
    away = MEANS - CAMERA.position
    unit = torch.tensor(away / np.linalg.norm(away, axis=1, keepdims=True))
    values = harmonics(unit, 3).numpy()[:, 1 : count + 1]
    plain, _ = shown(None, (COLOURS + np.einsum("nk,nkc->nc", values, higher)).astype(np.float32))
    np.testing.assert_array_equal(shown(SplatLook(harmonics=higher))[0], plain)


def test_opacity_is_that_of_white_on_black() -> None:
    white, _ = shown(None, np.ones((300, 3), np.float32))
    assert np.abs(shown(SplatLook("opacity"))[0] - white).max() <= 1


def test_depth_is_the_mean_depth_of_what_is_seen() -> None:
    picture, (near, far) = shown(SplatLook("depth"))
    depth = MEANS @ CAMERA.camera_from_world[2, :3] + CAMERA.camera_from_world[2, 3]
    assert depth.min() <= near < far <= depth.max()
    share = np.clip((depth - near) / (far - near), 0, 1).astype(np.float32)
    alone, _ = shown(None, share[:, None].repeat(3, 1))
    np.testing.assert_allclose(picture[..., 0], alone[..., 0], atol=3)


def test_counts_are_those_of_one_gaussian_after_the_other() -> None:
    picture, span = shown(SplatLook("contributions"))
    assert span == (0.0, 64.0)
    white = np.ones((1, 3), np.float32)
    plain = np.zeros((64, 96), int)
    for i in range(300):  # over white, black shows wherever one eighth bit is left
        canvas = Canvas(96, 64, (255, 255, 255))
        draw_splats(canvas, CAMERA, MEANS[i : i + 1], QUATS[i : i + 1], SCALES[i : i + 1], ALPHAS[i : i + 1], 0 * white)
        plain += canvas.image()[..., 0] < 255
    counted = picture[..., 0] * 64 / 255
    thin = plain <= 10  # where the light is not used up before the last one
    np.testing.assert_allclose(counted[thin], plain[thin], atol=0.6)


def test_a_disc_shows_its_normal() -> None:
    canvas = Canvas(96, 64, (0, 0, 0))
    turned = np.array([[1.0, 0, 0, 0]])
    flat, front = np.array([[0.001, 1, 1]]), Orbit(yaw=0.0, pitch=0.0).camera(96, 64)
    draw_splats(canvas, front, np.zeros((1, 3)), turned, flat, 1.0, COLOURS[:1], SplatLook("normals"))
    red, green, blue = canvas.image()[32, 48, :3]
    assert blue > 250
    assert abs(int(red) - 127) < 3
    assert abs(int(green) - 127) < 3


def test_a_ring_is_open_inside() -> None:
    canvas = Canvas(96, 64, (0, 0, 0))
    ball = (np.zeros((1, 3)), np.eye(4)[:1], np.full((1, 3), 0.5), 0.9, np.ones((1, 3)))
    draw_splats(canvas, CAMERA, *ball, SplatLook("rings"))
    row = canvas.image()[32, :, 0].astype(int)
    assert row[48] < 40
    assert row.max() > 120


def test_centres_are_dots_and_marks_are_seen() -> None:
    dots, _ = shown(SplatLook("centres"))
    assert 200 < (dots.sum(2) > 0).sum() < 3000
    marked, _ = shown(SplatLook(marked=np.ones(300, bool), mark=(255, 0, 0)))
    plain, _ = shown(None)
    assert marked[..., 0].sum() > plain[..., 0].sum()
    assert marked[..., 1].sum() < plain[..., 1].sum()


def test_harmonics_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="harmonics"):
        shown(SplatLook(harmonics=np.zeros((300, 4, 3), np.float32)))

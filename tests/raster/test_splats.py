"""Splats against every Gaussian composited at every pixel in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster import Camera, Canvas, _binning, draw_mesh, draw_splats
from tests.raster.references import composite_splats, decibels, looking_along_z, random_pose

SIZE = (83, 58)
BLUE = (26, 51, 128)
Scene = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def scene(seed: int, count: int = 300, size: float = 0.08, opacity: tuple[float, float] = (0.0, 1.0)) -> Scene:
    """Means around (0, 0, 3), quats, scales of all shapes, opacities and colours."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(count, 3)) * [1.2, 0.8, 0.7] + [0, 0, 3]
    scales = size * np.exp(rng.normal(size=(count, 3)))
    return means, rng.normal(size=(count, 4)), scales, rng.uniform(*opacity, count), rng.random((count, 3))


def drawn(camera: Camera, parts: Any, supersample: int = 1) -> Canvas:
    canvas = Canvas(*SIZE, BLUE, supersample)
    draw_splats(canvas, camera, *parts)
    return canvas


def rgb(canvas: Canvas) -> NDArray[np.float64]:
    return canvas.colour[..., :3] / 255.0


BACKDROP = np.broadcast_to(np.array(BLUE) / 255.0, (SIZE[1], SIZE[0], 3))


@pytest.mark.parametrize("size", [0.005, 0.08, 0.5], ids=["specks", "blobs", "clouds"])
@pytest.mark.parametrize("seed", range(3))
def test_the_picture_equals_plain_compositing(seed: int, size: float) -> None:
    camera = Camera(random_pose(np.random.default_rng(seed), 0.05), 0.9, *SIZE)
    means, quats, scales, opacities, colours = scene(seed, size=size)
    means = means @ camera.world_from_camera[:3, :3].T + camera.position
    parts = (means, quats, scales, opacities, colours)
    reference = composite_splats(camera, SIZE, parts, BACKDROP)
    assert np.abs(reference - BACKDROP).mean() > 0.001
    # Rounding to eight bits alone leaves 58.9 dB.
    assert decibels(rgb(drawn(camera, parts)), reference) > 55


def test_an_opaque_crowd_ends_early_and_still_equals_it() -> None:
    parts = scene(5, 600, 0.3, (0.9, 1.0))
    camera = looking_along_z(*SIZE)
    canvas = drawn(camera, parts)
    assert decibels(rgb(canvas), composite_splats(camera, SIZE, parts, BACKDROP)) > 55
    assert np.abs(rgb(canvas) - composite_splats(camera, SIZE, parts, BACKDROP)).max() < 1.5 / 255


def test_the_order_of_the_gaussians_does_not_matter() -> None:
    parts = scene(6)
    order = np.random.default_rng(0).permutation(len(parts[0]))
    camera = looking_along_z(*SIZE)
    assert (drawn(camera, parts).colour == drawn(camera, [part[order] for part in parts]).colour).all()


def test_a_quaternion_may_have_any_length_and_either_sign() -> None:
    means, quats, *rest = scene(7)
    camera = looking_along_z(*SIZE)
    first = drawn(camera, (means, quats, *rest)).colour.astype(int)
    for factor in (-1.0, 0.01, 50.0):
        assert np.abs(drawn(camera, (means, factor * quats, *rest)).colour - first).max() <= 1


def test_gaussians_behind_the_near_plane_are_left_out() -> None:
    """One behind the camera would project upside down, as a smear over everything."""
    camera = looking_along_z(*SIZE, near=0.5)
    means, *rest = scene(8)
    behind = means * [1, 1, -0.5]
    assert (drawn(camera, (behind, *rest)).colour[..., :3] == BLUE).all()
    close = means * [0.1, 0.1, 0] + [0, 0, 0.49]
    assert (drawn(camera, (close, *rest)).colour[..., :3] == BLUE).all()


def test_a_surface_hides_gaussians_behind_it_and_shows_through_those_in_front() -> None:
    camera = looking_along_z(*SIZE)
    parts = scene(9)
    wall = np.array([[-99.0, -99, 3], [99, -99, 3], [0, 199, 3]])
    canvas = Canvas(*SIZE, BLUE)
    draw_mesh(canvas, camera, wall, [[0, 1, 2]], base_colour=(200, 60, 20), shading="none")
    draw_splats(canvas, camera, *parts)
    front = parts[0][:, 2] < 3
    means, quats, scales, opacities, colours = (part[front] for part in parts)
    behind = np.full_like(BACKDROP, 1.0) * np.array([200, 60, 20]) / 255.0
    expected = composite_splats(camera, SIZE, (means, quats, scales, opacities, colours), behind)
    assert decibels(rgb(canvas), expected) > 55


def test_the_depth_is_where_half_the_light_is_gone() -> None:
    camera = looking_along_z(*SIZE)
    means = np.array([[0.0, 0, 2], [0, 0, 3], [0, 0, 4], [0, 0, 5]])
    wide = (np.tile([1.0, 0, 0, 0], (4, 1)), np.full((4, 3), 3.0), np.array([0.3, 0.4, 0.9, 0.9]), np.ones((4, 3)))
    canvas = drawn(camera, (means, *wide))
    assert canvas.depth[SIZE[1] // 2, SIZE[0] // 2] == 3.0, "0.7 · 0.6 = 0.42 is the first below a half"
    faint = drawn(camera, (means[:1], *(part[:1] for part in wide)))
    assert np.isinf(faint.depth).all()


def test_more_samples_agree_with_a_larger_picture() -> None:
    camera, parts = looking_along_z(*SIZE), scene(10)
    double = composite_splats(camera, (2 * SIZE[0], 2 * SIZE[1]), parts, BACKDROP.repeat(2, 0).repeat(2, 1))
    mean = double.reshape(SIZE[1], 2, SIZE[0], 2, 3).mean(axis=(1, 3))
    assert decibels(drawn(camera, parts, 2).image()[..., :3] / 255.0, mean) > 55


def test_batches_give_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = scene(11)
    camera = looking_along_z(*SIZE)
    whole = drawn(camera, parts)
    monkeypatch.setattr(_binning, "LARGEST_SORT", 500)
    batched = drawn(camera, parts)
    assert decibels(rgb(batched), rgb(whole)) > 50


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gaussian_that_is_not_finite_is_left_out(part: int, bad: float) -> None:
    parts = scene(12, 40)
    broken = [values.copy() for values in parts]
    broken[part][3, ...] = bad
    rest = [np.delete(values, 3, axis=0) for values in parts]
    camera = looking_along_z(*SIZE)
    assert (drawn(camera, broken).colour == drawn(camera, rest).colour).all()


@pytest.mark.parametrize(
    ("part", "value"),
    [(1, 0.0), (2, 1e30), (2, 1e8), (3, 0.0), (3, 0.0039), (3, -1.0)],
    ids=["no turn", "vast", "veil", "clear", "faint", "less"],
)
def test_a_gaussian_that_cannot_be_seen_is_left_out(part: int, value: float) -> None:
    parts = scene(13, 40)
    broken = [values.copy() for values in parts]
    broken[part][3, ...] = value
    rest = [np.delete(values, 3, axis=0) for values in parts]
    camera = looking_along_z(*SIZE)
    assert (drawn(camera, broken).colour == drawn(camera, rest).colour).all()


def test_a_flat_gaussian_and_one_too_opaque_and_too_bright() -> None:
    means, quats, scales, opacities, colours = scene(14, 60)
    scales[::2, 0], opacities[::3], colours[::4] = 0.0, 7.0, 3.0
    parts = (means, quats, scales, opacities, colours)
    camera = looking_along_z(*SIZE)
    bounded = (means, quats, scales, np.minimum(opacities, 1.0), colours)
    assert decibels(rgb(drawn(camera, parts)), composite_splats(camera, SIZE, bounded, BACKDROP)) > 55


def test_a_colour_below_zero_takes_no_light_away() -> None:
    camera, parts = looking_along_z(*SIZE), scene(15)
    dark = np.where(parts[4] < 0.5, -1.0, parts[4])
    expected = drawn(camera, (*parts[:4], np.maximum(dark, 0.0)))
    assert (drawn(camera, (*parts[:4], dark)).colour == expected.colour).all()


@pytest.mark.parametrize(
    ("part", "values", "complaint"),
    [
        (0, np.zeros((4, 2)), "means must be rows of 3"),
        (1, np.zeros((4, 3)), "quats must be rows of 4"),
        (2, np.zeros((3, 3)), "4 means, 4 quats, 3 scales"),
        (3, np.zeros(3), "opacities must be one number or 4"),
        (4, np.zeros((5, 3)), "5 colours"),
    ],
)
def test_a_wrong_array_is_refused(part: int, values: Any, complaint: str) -> None:
    parts: list[Any] = list(scene(0, 4))
    parts[part] = values
    with pytest.raises(ValueError, match=complaint):
        drawn(looking_along_z(*SIZE), parts)


def test_no_gaussians_draw_nothing() -> None:
    assert (drawn(looking_along_z(*SIZE), [part[:0] for part in scene(0)]).colour[..., :3] == BLUE).all()
    assert (drawn(looking_along_z(*SIZE), ([], [], [], [], [])).colour[..., :3] == BLUE).all()

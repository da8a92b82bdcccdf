"""Points against discs drawn one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster import Camera, Canvas, draw_mesh, draw_points
from tests.raster.references import discs, looking_along_z, random_pose

SIZE = (150, 90)
GREY = (40, 40, 40)
Cloud = tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]


def cloud(seed: int, count: int = 400) -> Cloud:
    """Positions around the camera at the origin, colours and sizes."""
    rng = np.random.default_rng(seed)
    positions = rng.normal(size=(count, 3)).astype(np.float32).astype(np.float64) * [2, 1.5, 2] + [0, 0, 2]
    return positions, rng.integers(0, 256, (count, 3)).astype(np.uint8), rng.uniform(0.2, 30, count)


@pytest.mark.parametrize("supersample", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_points_are_discs(seed: int, supersample: int) -> None:
    positions, colours, sizes = cloud(seed)
    camera = Camera(random_pose(np.random.default_rng(seed), 0.1), 1.0, *SIZE, near=0.1, far=4.0)
    positions = positions @ camera.world_from_camera[:3, :3].T + camera.position
    canvas = Canvas(*SIZE, GREY, supersample)
    expected = discs(canvas, camera, positions, colours, sizes)
    draw_points(canvas, camera, positions, colours, sizes)
    differs = (canvas.colour != expected).any(axis=-1)
    assert (canvas.colour[..., :3] != 40).any(axis=-1).mean() > 0.3
    assert differs.mean() < 2e-4, "but for a pixel on the very edge of a disc in single precision"


def test_the_order_of_the_points_does_not_matter() -> None:
    positions, colours, sizes = cloud(4)
    order = np.random.default_rng(0).permutation(len(positions))
    pictures = []
    for pick in (slice(None), order):
        canvas = Canvas(*SIZE, GREY)
        draw_points(canvas, looking_along_z(*SIZE), positions[pick], colours[pick], sizes[pick])
        pictures.append((canvas.colour, canvas.depth))
    assert (pictures[0][0] == pictures[1][0]).all()
    assert (pictures[0][1] == pictures[1][1]).all()


@pytest.mark.parametrize("place", [(63.5, 63.5), (64.0, 64.0), (64.2, 10.0), (0.4, 89.8)])
def test_a_disc_across_tiles_is_whole(place: tuple[float, float]) -> None:
    camera = looking_along_z(*SIZE)
    origin, direction = camera.ray(*place)
    canvas = Canvas(*SIZE, GREY)
    draw_points(canvas, camera, [origin + 3 * direction], (255, 0, 0), 11.0)
    y, x = np.nonzero(canvas.colour[..., 0] == 255)
    row, column = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    assert len(y) == (np.hypot(column - place[0], row - place[1]) <= 5.5).sum()
    assert np.hypot(x + 0.5 - place[0], y + 0.5 - place[1]).max() <= 5.5


def test_the_smallest_point_still_colours_its_pixel() -> None:
    camera = looking_along_z(*SIZE)
    origin, direction = camera.ray(20.05, 30.95)
    canvas = Canvas(*SIZE, GREY)
    draw_points(canvas, camera, [origin + 2 * direction], (1, 2, 3), 0.01)
    assert canvas.colour[30, 20].tolist() == [1, 2, 3, 255]
    assert (canvas.colour[..., 0] != 40).sum() == 1


def test_a_size_is_in_pixels_of_the_finished_picture() -> None:
    wide = []
    for supersample in (1, 2, 4):
        canvas = Canvas(*SIZE, (0, 0, 0), supersample)
        draw_points(canvas, looking_along_z(*SIZE), [[0, 0, 2]], (255, 255, 255), 20.0)
        wide.append(canvas.image()[..., 0].sum() / 255)
    np.testing.assert_allclose(wide, np.pi * 100, rtol=0.03)


def test_a_surface_hides_what_is_behind_it() -> None:
    canvas, camera = Canvas(*SIZE, GREY), looking_along_z(*SIZE)
    draw_mesh(canvas, camera, [[-9, -9, 2], [9, -9, 2], [0, 19, 2]], [[0, 1, 2]], shading="none")
    draw_points(canvas, camera, [[0.3, 0, 1.9], [-0.3, 0, 2.1]], (255, 0, 0), 5.0)
    pixels = camera.project([[0.3, 0, 1.9], [-0.3, 0, 2.1]])[0].astype(int)
    assert canvas.colour[pixels[0, 1], pixels[0, 0], 0] == 255
    assert canvas.colour[pixels[1, 1], pixels[1, 0], 0] == 205


def test_the_clipping_planes_bound_what_is_seen() -> None:
    camera = looking_along_z(*SIZE, near=1.0, far=2.0)
    for z, seen in ((0.99, False), (1.0, True), (2.0, True), (2.01, False), (-1.5, False)):
        canvas = Canvas(*SIZE, GREY)
        draw_points(canvas, camera, [[0, 0, z]])
        assert np.isfinite(canvas.depth).any() == seen, z


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_point_that_is_not_finite_is_left_out(bad: float) -> None:
    positions, colours, _ = cloud(6, 50)
    broken = positions.copy()
    broken[7] = [0.0, bad, 2.0]
    one, other = Canvas(*SIZE), Canvas(*SIZE)
    draw_points(one, looking_along_z(*SIZE), broken, colours)
    draw_points(other, looking_along_z(*SIZE), np.delete(positions, 7, 0), np.delete(colours, 7, 0))
    assert (one.colour == other.colour).all()


@pytest.mark.parametrize("size", [0.0, -3.0, np.nan])
def test_a_point_without_a_size_is_left_out(size: float) -> None:
    canvas = Canvas(*SIZE)
    draw_points(canvas, looking_along_z(*SIZE), [[0, 0, 2.0], [0, 0, 3.0]], sizes=[size, 4.0])
    assert canvas.depth.min() == 3.0


def test_an_enormous_point_is_bounded() -> None:
    canvas = Canvas(400, 400, GREY)
    draw_points(canvas, looking_along_z(400, 400), [[0, 0, 2.0]], sizes=1e30)
    assert np.isfinite(canvas.depth).sum() == pytest.approx(np.pi * 128**2, rel=0.01)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"positions": np.zeros((3, 2))}, "positions must be rows of 3"),
        ({"colours": np.zeros((3, 3))}, "whole numbers"),
        ({"colours": np.zeros((2, 3), int)}, "one colour or 3"),
        ({"sizes": np.ones(2)}, "sizes must be one number or 3"),
    ],
)
def test_a_wrong_array_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw_points(Canvas(4, 4), looking_along_z(4, 4), **{"positions": np.zeros((3, 3)), **change})


def test_no_points_draw_nothing() -> None:
    canvas = Canvas(*SIZE, GREY)
    draw_points(canvas, looking_along_z(*SIZE), np.zeros((0, 3)), np.zeros((0, 3), np.uint8), np.zeros(0))
    draw_points(canvas, looking_along_z(*SIZE), [])
    assert (canvas.colour[..., :3] == 40).all()

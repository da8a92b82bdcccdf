"""Meshes against rays cast through every pixel, and what must hold for any mesh."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster import Camera, Canvas, Orbit, _binning, draw_mesh
from tests.raster.references import cast_rays, looking_along_z, random_pose

SIZE = (61, 47)
BLACK = (0, 0, 0)
Soup = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.uint8]]


def soup(seed: int, triangles: int = 30, spread: float = 1.5) -> Soup:
    """Triangles at random around (0, 0, 3); with a large spread some lie across the near plane and behind it."""
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(3 * triangles, 3)) * spread + [0, 0, 3]
    faces = rng.permutation(3 * triangles).reshape(-1, 3)
    return vertices, faces, rng.integers(0, 256, vertices.shape).astype(np.uint8)


def picture(
    camera: Camera, vertices: Any, faces: Any, colours: Any = None, supersample: int = 1, **style: Any
) -> Canvas:
    canvas = Canvas(*SIZE, BLACK, supersample)
    draw_mesh(canvas, camera, vertices, faces, colours, **style)
    return canvas


@pytest.mark.parametrize("spread", [0.6, 3.0], ids=["in front", "around the camera"])
@pytest.mark.parametrize("seed", range(4))
def test_depth_and_colour_equal_cast_rays(seed: int, spread: float) -> None:
    vertices, faces, colours = soup(seed, spread=spread)
    camera = looking_along_z(*SIZE, near=0.2, far=6.0)
    canvas = picture(camera, vertices, faces, colours, shading="none")
    depth, seen, weights = cast_rays(camera, SIZE, vertices, faces)
    assert (seen >= 0).mean() > 0.2
    np.testing.assert_array_equal(np.isinf(canvas.depth), np.isinf(depth))
    hit = seen >= 0
    np.testing.assert_allclose(canvas.depth[hit], depth[hit], rtol=1e-6)
    blended = np.einsum("nk,nkc->nc", weights[hit], colours[faces[seen[hit]]].astype(float))
    np.testing.assert_allclose(canvas.colour[hit][:, :3], blended, atol=0.51)
    assert (canvas.colour[~hit] == [0, 0, 0, 255]).all()


def test_any_pose_of_the_camera_sees_what_rays_see() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        vertices, faces, _ = soup(int(rng.integers(1000)), spread=1.0)
        camera = Camera(random_pose(rng, 0.5), 1.2, *SIZE)
        canvas = picture(camera, vertices, faces)
        assert np.allclose(canvas.depth, cast_rays(camera, SIZE, vertices, faces)[0], rtol=1e-6)


def test_a_floor_under_the_camera_reaches_its_feet() -> None:
    """The near plane cuts the triangle; dropping it would leave the lower half of the picture empty."""
    floor = np.array([[-1000.0, 1, -1000], [1000, 1, -1000], [0, 1, 3000]])
    canvas = picture(looking_along_z(*SIZE, near=0.1), floor, [[0, 1, 2]])
    assert np.isfinite(canvas.depth[-1]).all()
    assert np.isinf(canvas.depth[: SIZE[1] // 2]).all()


def test_the_near_plane_cuts_at_its_distance() -> None:
    ramp = np.array([[-100.0, 0.5, -1], [100, 0.5, -1], [0, 0.5, 50]])
    canvas = picture(looking_along_z(*SIZE, near=2.0), ramp, [[0, 1, 2]])
    seen = canvas.depth[np.isfinite(canvas.depth)]
    assert seen.size
    assert 2.0 <= seen.min() < 2.5


def test_the_near_plane_cuts_askew() -> None:
    """Seen by a rolled camera, the cut is slanted, and a box around what is left holds parts of what is not."""
    turn = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]])
    ramp = np.array([[-100.0, 0.5, -1], [100, 0.5, -1], [0, 0.5, 50]]) @ turn
    camera = looking_along_z(*SIZE, near=2.0)
    depth = picture(camera, ramp, [[0, 1, 2]]).depth
    np.testing.assert_array_equal(
        np.isfinite(depth), np.isfinite(cast_rays(camera, SIZE, ramp, np.array([[0, 1, 2]]))[0])
    )
    assert depth.min() >= 2.0


@pytest.mark.parametrize("height", [0.0, 1e-6, -1e-6])
def test_an_edge_that_is_all_but_level_ends_somewhere(height: float) -> None:
    """Where it meets a row of pixels is too far away for a whole number."""
    for tilt in (0.0, 2.3e-16, -2.3e-16, 1e-9, -1e-9):
        for top in (-5.0, 5.0):
            vertices = np.array([[-1e7, height, 2], [1e7, height * (1 + tilt), 2], [0, top, 2]])
            depth = picture(looking_along_z(*SIZE), vertices, [[0, 1, 2]]).depth
            rows = [bool(np.isfinite(row).any()) for row in depth]
            assert all(rows[: SIZE[1] // 2]) == (top < 0)
            assert all(rows[SIZE[1] // 2 + 1 :]) == (top > 0)


def test_a_triangle_whose_edges_overflow_is_left_out() -> None:
    vertices = np.array([[0.0, 0, 1e160], [1e-30, 0, 0.005], [0, 1e160, 1]])
    for roll in range(3):
        assert np.isinf(picture(looking_along_z(*SIZE), np.roll(vertices, roll, axis=0), [[0, 1, 2]]).depth).all()


def test_colours_blend_in_the_world_and_not_in_the_picture() -> None:
    """Halfway between two pixels, a ramp that recedes from 1 m to 9 m has gone a tenth of the way, not half."""
    ramp = np.array([[-1.0, -1, 1], [-1, 1, 1], [9, -9, 9], [9, 9, 9]])
    colours = np.array([[0, 0, 0], [0, 0, 0], [250, 250, 250], [250, 250, 250]], dtype=np.uint8)
    camera = looking_along_z(101, 101, fov_y=np.pi / 2)
    canvas = Canvas(101, 101, BLACK)
    draw_mesh(canvas, camera, ramp, [[0, 1, 2], [2, 1, 3]], colours, shading="none")
    assert canvas.colour[50, 50, 0] == pytest.approx(25, abs=1)


def test_the_order_of_the_faces_does_not_matter() -> None:
    vertices, faces, colours = soup(11, 60)
    camera = looking_along_z(*SIZE)
    first = picture(camera, vertices, faces, colours).colour
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(faces))
        assert (picture(camera, vertices, faces[order], colours).colour == first).all()


def test_two_meshes_hide_each_other_in_any_order() -> None:
    one, two = soup(1), soup(2)
    camera = looking_along_z(*SIZE)
    pictures = []
    for pair in ((one, two), (two, one)):
        canvas = Canvas(*SIZE, BLACK)
        for vertices, faces, colours in pair:
            draw_mesh(canvas, camera, vertices, faces, colours)
        pictures.append(canvas.colour)
    assert (pictures[0] == pictures[1]).all()


def exact_camera() -> Camera:
    """A camera of 256 × 256 pixels with a focal length of 256 to the last bit: at 4 m a pixel is 1/64 m."""
    near = 2 * math.atan(0.5)
    for fov_y in (near, math.nextafter(near, 1), math.nextafter(near, 0)):
        if (camera := Camera(np.eye(4), fov_y, 256, 256)).focal == 256.0:
            return camera
    pytest.skip("this machine's tangent does not reach one half")


@pytest.mark.parametrize("seed", range(6))
def test_neighbouring_triangles_leave_no_gap(seed: int) -> None:
    """Seed 0 has every vertex on the centre of a pixel and every edge level, upright or diagonal: ties everywhere."""
    rng = np.random.default_rng(seed)
    n = 18
    column, row = np.meshgrid(np.arange(n) * 16 - 15.5, np.arange(n) * 16 - 15.5)
    vertices = np.stack([(column - 128) / 64, (row - 128) / 64, np.full_like(row, 4.0)], axis=-1)
    if seed:
        vertices[1:-1, 1:-1] += rng.uniform(-0.1, 0.1, (n - 2, n - 2, 3)) * [1, 1, 3]
    i = np.arange(n * n).reshape(n, n)
    a, b, c, d = i[:-1, :-1].ravel(), i[:-1, 1:].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    flip = rng.random(len(faces)) < 0.5
    faces[flip] = faces[flip][:, ::-1]
    canvas = Canvas(256, 256)
    draw_mesh(canvas, exact_camera(), vertices.reshape(-1, 3), faces)
    assert np.isfinite(canvas.depth).all()


def test_a_triangle_seen_from_behind_is_drawn_only_where_asked() -> None:
    facing = np.array([[-1.0, -1, 3], [1, -1, 3], [0, 1, 3]])
    camera = looking_along_z(*SIZE)
    # Anticlockwise as the camera sees it, whose y axis points down.
    front, back = [[0, 2, 1]], [[0, 1, 2]]
    assert np.isfinite(picture(camera, facing, front, two_sided=False).depth).any()
    assert np.isinf(picture(camera, facing, back, two_sided=False).depth).all()
    assert np.isfinite(picture(camera, facing, back, two_sided=True).depth).any()


@pytest.mark.parametrize("shading", ["flat", "smooth", "none"])
def test_both_sides_are_lit_alike(shading: str) -> None:
    vertices, faces, colours = soup(3)
    camera = looking_along_z(*SIZE)
    one = picture(camera, vertices, faces, colours, shading=shading).colour
    other = picture(camera, vertices, faces[:, ::-1], colours, shading=shading).colour
    assert np.abs(one.astype(int) - other).max() <= 1


def ball(n: int = 24) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, n, endpoint=False), np.linspace(0.05, np.pi - 0.05, n))
    vertices = np.stack([np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(n), indexing="ij")
    a, b, c, d = i * n + j, i * n + (j + 1) % n, (i + 1) * n + j, (i + 1) * n + (j + 1) % n
    return vertices, np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)


def test_smooth_light_varies_smoothly_and_flat_light_in_steps() -> None:
    vertices, faces = ball()
    camera = Orbit(distance=3.2).camera(*SIZE)
    steps = {}
    for shading in ("smooth", "flat"):
        row = picture(camera, vertices, faces, shading=shading).colour[SIZE[1] // 2, 22:40, 0].astype(int)
        steps[shading] = np.abs(np.diff(row))
    assert steps["smooth"].max() <= 5
    assert steps["flat"].max() > 8


def test_the_light_comes_from_above_on_the_left() -> None:
    vertices, faces = ball()
    lit = picture(Orbit(pitch=0.3, distance=3.0).camera(*SIZE), vertices, faces).colour[..., 0].astype(int)
    middle, step = (SIZE[1] // 2, SIZE[0] // 2), 12
    assert lit[middle[0] - step, middle[1]] > lit[middle[0] + step, middle[1]] + 30
    assert lit[middle[0], middle[1] - step] > lit[middle[0], middle[1] + step] + 10
    assert lit[lit > 0].min() > 25, "no part of it is lost in black"
    assert lit.max() < 255, "nor burnt out"


def test_plain_colours_pass_unchanged() -> None:
    large = np.array([[-9.0, -9, 2], [9, -9, 2], [0, 19, 2]])
    for value in (0, 1, 2, 77, 128, 254, 255):
        canvas = picture(looking_along_z(*SIZE), large, [[0, 1, 2]], base_colour=(value, value, value), shading="none")
        assert (canvas.colour[..., :3] == value).all()


def test_wires_darken_the_edges_and_spare_the_middle() -> None:
    triangle = np.array([[-1.5, -1, 3], [1.5, -1, 3], [0, 1.4, 3]])
    camera = looking_along_z(*SIZE)
    lit = [
        picture(camera, triangle, [[0, 1, 2]], wireframe=wires).colour[..., 0].astype(int) for wires in (False, True)
    ]
    change = lit[0] - lit[1]
    assert (change >= 0).all()
    corners = camera.project(triangle)[0]
    inside = np.isfinite(picture(camera, triangle, [[0, 1, 2]]).depth)
    row, column = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    nearest = np.full_like(row, np.inf)
    for start, end in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        across, down = (end - start) / np.linalg.norm(end - start)
        nearest = np.minimum(nearest, np.abs((column - start[0]) * down - (row - start[1]) * across))
        on_edge = inside & (np.abs((column - start[0]) * down - (row - start[1]) * across) < 0.55)
        assert change[on_edge].min() > 10
    assert (change[inside & (nearest > 1.01)] == 0).all()


@pytest.mark.parametrize(
    ("faces", "complaint"),
    [
        ([[0, 1, 3]], "vertex 3, but the mesh has 3 vertices"),
        ([[0, 1, -1]], "vertex -1"),
        (np.array([[0, 1, 2**40]]), "vertex 1099511627776"),
        ([[0.0, 1.0, 2.0]], "whole numbers"),
        ([[0, 1]], "rows of 3"),
        ([0, 1, 2], "rows of 3"),
    ],
)
def test_a_face_that_refers_to_nothing_is_refused(faces: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        picture(looking_along_z(*SIZE), np.eye(3), faces)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"vertices": np.zeros((3, 2))}, "rows of 3"),
        ({"colours": np.zeros((3, 3))}, "whole numbers"),
        ({"colours": np.zeros((2, 3), np.uint8)}, "one colour or 3"),
        ({"shading": "phong"}, "shading is one of"),
    ],
)
def test_a_wrong_array_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        picture(looking_along_z(*SIZE), **{"vertices": np.eye(3), "faces": [[0, 1, 2]], **change})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308])
def test_a_corner_that_is_not_finite_takes_only_its_own_triangles(bad: float) -> None:
    vertices, faces, colours = soup(8)
    camera = looking_along_z(*SIZE)
    broken = vertices.copy()
    broken[faces[4, 1], 2] = bad
    rest = np.delete(faces, 4, axis=0)
    assert (picture(camera, broken, faces, colours).colour == picture(camera, vertices, rest, colours).colour).all()


@pytest.mark.parametrize(("vertices", "faces"), [(np.zeros((0, 3)), np.zeros((0, 3), int)), (np.eye(3), []), ([], [])])
def test_nothing_draws_nothing(vertices: Any, faces: Any) -> None:
    assert (picture(looking_along_z(*SIZE), vertices, faces).colour[..., :3] == 0).all()


def test_a_canvas_of_one_pixel() -> None:
    canvas = Canvas(1, 1, BLACK)
    draw_mesh(canvas, looking_along_z(1, 1), [[-9, -9, 2], [9, -9, 2], [0, 9, 2]], [[0, 1, 2]], shading="none")
    assert canvas.image()[0, 0].tolist() == [205, 208, 214, 255]
    assert canvas.depth[0, 0] == 2.0


def test_more_samples_soften_the_edges() -> None:
    camera, tall = looking_along_z(*SIZE), np.array([[-1.0, -9, 3], [1, -9, 3], [0.2, 9, 3]])
    hard, soft = (picture(camera, tall, [[0, 1, 2]], shading="none", supersample=n).image()[..., 0] for n in (1, 2))
    assert set(np.unique(hard)) == {0, 205}
    assert ((soft > 20) & (soft < 185)).sum() > 20
    assert np.abs(soft.astype(int) - hard).mean() < 10


def test_batches_give_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces, colours = soup(9, 60)
    whole = picture(looking_along_z(*SIZE), vertices, faces, colours).colour
    monkeypatch.setattr(_binning, "LARGEST_SORT", 7)
    assert (picture(looking_along_z(*SIZE), vertices, faces, colours).colour == whole).all()

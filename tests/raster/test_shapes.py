"""Grid, axes, frustum, and normals against the sum over faces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.raster import Camera, shapes
from tests.raster.references import random_pose


@pytest.mark.parametrize(("up", "axis"), [("z", 2), ("y", 1)])
def test_a_grid_lies_on_the_ground(up: str, axis: int) -> None:
    lines = shapes.grid(6.0, 4, up)  # type: ignore[arg-type]
    assert lines.shape == (10, 2, 3)
    assert (lines[..., axis] == 0).all()
    ground = np.delete(lines, axis, axis=2)
    np.testing.assert_allclose(np.linalg.norm(ground[:, 1] - ground[:, 0], axis=1), 6.0)
    places = {tuple(sorted(map(tuple, np.round(line, 6).tolist()))) for line in ground}
    assert len(places) == 10
    assert np.unique(ground).tolist() == [-3.0, -1.5, 0.0, 1.5, 3.0]


def test_a_grid_without_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one cell"):
        shapes.grid(1.0, 0)


def test_axes_are_x_y_z_in_their_own_frame() -> None:
    np.testing.assert_array_equal(shapes.axes(2.0)[:, 1], 2 * np.eye(3))
    pose = random_pose(np.random.default_rng(0))
    segments = shapes.axes(2.0, pose)
    np.testing.assert_allclose(segments[:, 0], np.tile(pose[:3, 3], (3, 1)))
    np.testing.assert_allclose((segments[:, 1] - segments[:, 0]).T, 2 * pose[:3, :3])


def test_a_frustum_joins_the_eye_and_the_corners_of_the_picture() -> None:
    camera = Camera(random_pose(np.random.default_rng(1)), 0.8, 64, 48)
    segments = shapes.frustum(camera, 2.5)
    np.testing.assert_allclose(segments[:4, 0], np.tile(camera.position, (4, 1)))
    pixels, depth = camera.project(segments[:4, 1])
    np.testing.assert_allclose(pixels, [[0, 0], [64, 0], [64, 48], [0, 48]], atol=1e-9)
    np.testing.assert_allclose(depth, 2.5)
    np.testing.assert_allclose(segments[4:8, 0], segments[:4, 1])
    np.testing.assert_allclose(segments[4:8, 1], np.roll(segments[:4, 1], -1, axis=0))
    assert (camera.project(segments[8:].reshape(-1, 3))[0][:, 1] < 0).all(), "the tick stands above the picture"


def test_normals_are_the_mean_of_the_faces_by_area() -> None:
    rng = np.random.default_rng(2)
    vertices, faces = rng.normal(size=(40, 3)), rng.integers(0, 40, (90, 3))
    expected = np.zeros((40, 3))
    for a, b, c in faces:
        area = np.cross(vertices[b] - vertices[a], vertices[c] - vertices[a])
        for corner in (a, b, c):
            expected[corner] += area
    length = np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(shapes.normals(vertices, faces), expected / np.where(length > 0, length, 1), atol=1e-9)


def test_normals_point_out_of_an_anticlockwise_tetrahedron() -> None:
    vertices = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    faces = [[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]
    np.testing.assert_allclose(shapes.normals(vertices, faces), vertices / np.sqrt(3), atol=1e-12)


def test_a_vertex_without_faces_or_with_broken_ones_has_no_normal() -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5], [np.nan, 0, 0]])
    result = shapes.normals(vertices, [[0, 1, 2], [0, 1, 4], [2, 2, 2]])
    np.testing.assert_array_equal(result, [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert shapes.normals([], []).shape == (0, 3)
    with pytest.raises(ValueError, match="vertex 9"):
        shapes.normals(vertices, [[0, 1, 9]])

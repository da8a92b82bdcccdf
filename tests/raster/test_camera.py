"""The camera: projection and line of sight undo each other, and the axes are OpenCV's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.raster import Camera
from tests.raster.references import looking_along_z, random_pose


@given(seed=st.integers(0, 2**32 - 1), px=st.floats(-50, 400), py=st.floats(-50, 300), distance=st.floats(0.1, 1e3))
def test_a_point_on_a_line_of_sight_projects_to_its_pixel(seed: int, px: float, py: float, distance: float) -> None:
    camera = Camera(random_pose(np.random.default_rng(seed), 5.0), 0.9, 320, 200)
    origin, direction = camera.ray(px, py)
    pixels, depth = camera.project([origin + distance * direction])
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    np.testing.assert_allclose(pixels, [[px, py]], atol=1e-6 * (1 + 400 / distance))
    assert 0 < depth[0] <= distance * (1 + 1e-9)


def test_x_points_right_y_down_and_z_away() -> None:
    camera = looking_along_z(200, 100)
    pixels, depth = camera.project([[0, 0, 2], [1, 0, 2], [0, 1, 2]])
    np.testing.assert_allclose(pixels[0], [100, 50])
    assert pixels[1, 0] > 100
    assert pixels[2, 1] > 50
    np.testing.assert_allclose(depth, 2)


def test_the_field_of_view_spans_the_height() -> None:
    camera = looking_along_z(200, 100, fov_y=math.radians(90))
    np.testing.assert_allclose(camera.project([[0, -3, 3], [0, 3, 3]])[0], [[100, 0], [100, 100]], atol=1e-9)


def test_the_intrinsics_are_the_projection() -> None:
    rng = np.random.default_rng(0)
    camera = Camera(random_pose(rng), 1.1, 320, 200)
    points = camera.position + camera.world_from_camera[:3, 2] * 5 + rng.normal(size=(20, 3))
    inside = points @ camera.camera_from_world[:3, :3].T + camera.camera_from_world[:3, 3]
    homogeneous = inside @ camera.intrinsics.T
    pixels, depth = camera.project(points)
    np.testing.assert_allclose(pixels, homogeneous[:, :2] / homogeneous[:, 2:])
    np.testing.assert_allclose(depth, inside[:, 2])


def test_the_two_poses_are_inverse() -> None:
    camera = Camera(random_pose(np.random.default_rng(1), 10.0), 1.0, 8, 8)
    np.testing.assert_allclose(camera.camera_from_world @ camera.world_from_camera, np.eye(4), atol=1e-12)


def test_a_point_behind_has_no_pixel() -> None:
    pixels, depth = looking_along_z(8, 8).project([[0, 0, -1], [0, 0, 0]])
    assert np.isnan(pixels).all()
    assert depth.tolist() == [-1, 0]


def test_another_size_keeps_the_vertical_view() -> None:
    camera = looking_along_z(200, 100)
    larger = camera.resized(500, 300)
    top = camera.ray(100, 0)[1]
    np.testing.assert_allclose(larger.ray(250, 0)[1], top)
    assert (larger.width, larger.height, larger.near, larger.far) == (500, 300, camera.near, camera.far)


def test_the_pose_is_a_copy_that_nobody_changes() -> None:
    pose = np.eye(4)
    camera = Camera(pose, 1.0, 8, 8)
    pose[0, 3] = 9.0
    assert camera.position[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        camera.world_from_camera[0, 3] = 1.0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"world_from_camera": np.eye(3)}, "4 × 4"),
        ({"world_from_camera": 2 * np.eye(4)}, "without scale"),
        ({"world_from_camera": np.diag([-1.0, 1, 1, 1])}, "mirror"),
        ({"world_from_camera": np.full((4, 4), np.nan)}, "finite"),
        ({"fov_y": 0.0}, "fov_y"),
        ({"fov_y": math.pi}, "fov_y"),
        ({"fov_y": math.nan}, "fov_y"),
        ({"width": 0}, "at least one pixel"),
        ({"near": 0.0}, "near"),
        ({"near": 2.0, "far": 1.0}, "near"),
        ({"far": math.inf}, "far"),
    ],
)
def test_an_impossible_camera_is_refused(change: dict[str, Any], complaint: str) -> None:
    arguments: dict[str, Any] = {"world_from_camera": np.eye(4), "fov_y": 1.0, "width": 8, "height": 8}
    with pytest.raises(ValueError, match=complaint):
        Camera(**(arguments | change))

"""A pinhole camera: where it stands, how wide it sees, and the arithmetic between the world and its pixels.

Conventions follow OpenCV: the camera looks along its own +z, x points right and y down. Pixels are square, the
principal point is the middle of the picture, and pixel coordinates are continuous: the centre of the first pixel
is (0.5, 0.5).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RIGID_TOLERANCE = 1e-3
"""How far the rotation's columns may be from orthonormal: float32 poses pass, scaled or sheared ones do not."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A posed pinhole camera.

    Attributes:
        world_from_camera: `[4, 4]` rigid pose, metres; kept as a read-only float64 copy.
        fov_y: the vertical field of view, radians, between 0 and π.
        width: the picture's width, pixels.
        height: the picture's height, pixels.
        near: what lies closer along z than this is not drawn, metres.
        far: what lies farther along z than this is not drawn, metres.

    Raises:
        ValueError: the pose is not rigid, or a number is out of range.
    """

    world_from_camera: NDArray[np.float64]
    fov_y: float
    width: int
    height: int
    near: float = 0.01
    far: float = 1e4

    def __post_init__(self) -> None:
        pose = np.array(self.world_from_camera, dtype=np.float64)
        _check_rigid(pose)
        if not 0.0 < self.fov_y < math.pi:
            raise ValueError(f"a camera's fov_y lies between 0 and π radians, not {self.fov_y}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a camera's picture has at least one pixel, not {self.width} × {self.height}")
        if not 0.0 < self.near < self.far < math.inf:
            raise ValueError(f"a camera needs 0 < near < far, not near {self.near} and far {self.far}")
        pose.flags.writeable = False
        object.__setattr__(self, "world_from_camera", pose)

    @property
    def focal(self) -> float:
        """The focal length, pixels, the same in x and y."""
        return 0.5 * self.height / math.tan(0.5 * self.fov_y)

    @property
    def intrinsics(self) -> NDArray[np.float64]:
        """`[3, 3]` matrix from camera metres to homogeneous pixels."""
        return np.array([[self.focal, 0.0, 0.5 * self.width], [0.0, self.focal, 0.5 * self.height], [0.0, 0.0, 1.0]])

    @property
    def camera_from_world(self) -> NDArray[np.float64]:
        """`[4, 4]` inverse of the pose."""
        rotation, position = self.world_from_camera[:3, :3], self.world_from_camera[:3, 3]
        inverse = np.eye(4)
        inverse[:3, :3] = rotation.T
        inverse[:3, 3] = -rotation.T @ position
        return inverse

    @property
    def position(self) -> NDArray[np.float64]:
        """`[3]` metres, world: where the camera stands."""
        return self.world_from_camera[:3, 3]

    def project(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where points of the world fall in the picture.

        Args:
            points: `[N, 3]` metres, world.

        Returns:
            `[N, 2]` pixels, NaN for a point that is not in front of the camera, and `[N]` depths along z, metres.
        """
        in_world = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        pose = self.camera_from_world
        in_camera = in_world @ pose[:3, :3].T + pose[:3, 3]
        depth = in_camera[:, 2]
        ahead = np.where(depth > 0.0, depth, np.nan)[:, None]
        middle = np.array([0.5 * self.width, 0.5 * self.height])
        return self.focal * in_camera[:, :2] / ahead + middle, depth

    def ray(self, px: float, py: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The line of sight through a pixel.

        Args:
            px: pixels from the left edge.
            py: pixels from the upper edge.

        Returns:
            Its origin `[3]`, metres, and its unit direction `[3]`, both in the world.
        """
        across, down = (px - 0.5 * self.width) / self.focal, (py - 0.5 * self.height) / self.focal
        direction = self.world_from_camera[:3, :3] @ np.array([across, down, 1.0])
        return self.position.copy(), direction / np.linalg.norm(direction)

    def resized(self, width: int, height: int) -> Camera:
        """The same view in a picture of another size; the vertical field of view stays."""
        return dataclasses.replace(self, width=width, height=height)


def _check_rigid(pose: NDArray[np.float64]) -> None:
    if pose.shape != (4, 4):
        raise ValueError(f"a camera's pose is a 4 × 4 matrix, not one of shape {pose.shape}")
    if not np.isfinite(pose).all():
        raise ValueError("a camera's pose has only finite numbers")
    rotation = pose[:3, :3]
    orthonormal = np.allclose(rotation.T @ rotation, np.eye(3), rtol=0.0, atol=RIGID_TOLERANCE)
    if not orthonormal or np.linalg.det(rotation) < 0.0:
        raise ValueError("a camera's pose is a rotation and a translation, without scale, shear or mirror")

"""Navigation: an eye that circles a target, as pure mathematics that knows no window.

Every motion returns a new `Orbit`; the horizon stays level, and pitch stops at straight up and straight down, so
that no sequence of motions can roll the view or turn it over. Drags are in pixels and move the scene with the
pointer.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.raster.camera import Camera

RADIANS_PER_PIXEL = 0.008
PITCH_LIMIT = 0.5 * math.pi
NEAREST, FARTHEST = 1e-6, 1e9
FRAME_MARGIN = 1.15
EMPTY_RADIUS = 1.0


@dataclass(frozen=True)
class Orbit:
    """An eye at some distance from a target that it looks at.

    Attributes:
        target: `[3]` metres, world.
        distance: metres from the target to the eye.
        yaw: the eye's longitude, radians. At 0 it stands on the +x side if z is up, on the +z side if y is up.
        pitch: the eye's latitude, radians, between −π/2 and π/2; positive looks down on the target.
        up: the world's vertical axis.
        fov_y: the vertical field of view, radians.

    Raises:
        ValueError: a number is not finite, or the axis is unknown.
    """

    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance: float = 3.0
    yaw: float = -math.pi / 3
    pitch: float = 0.4
    up: Literal["z", "y"] = "z"
    fov_y: float = math.radians(45.0)

    def __post_init__(self) -> None:
        x, y, z = (float(value) for value in self.target)
        if not all(map(math.isfinite, (x, y, z, self.distance, self.yaw, self.pitch))):
            raise ValueError("an orbit's target, distance, yaw and pitch are finite numbers")
        if self.up not in ("z", "y"):
            raise ValueError(f"an orbit's up axis is 'z' or 'y', not {self.up!r}")
        object.__setattr__(self, "target", (x, y, z))
        object.__setattr__(self, "distance", min(max(float(self.distance), NEAREST), FARTHEST))
        object.__setattr__(self, "yaw", math.remainder(self.yaw, math.tau))
        object.__setattr__(self, "pitch", min(max(float(self.pitch), -PITCH_LIMIT), PITCH_LIMIT))

    @classmethod
    def around(cls, points: ArrayLike, up: Literal["z", "y"] = "z", fov_y: float = math.radians(45.0)) -> Orbit:
        """The orbit that frames some points, around the middle of their bounding box.

        Args:
            points: `[N, 3]` metres, world; those that are not finite are left out. None at all frames a sphere of
                one metre at the origin, as does a box of no size around its own place.
            up: the world's vertical axis.
            fov_y: the vertical field of view, radians.
        """
        cloud = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        cloud = cloud[np.isfinite(cloud).all(axis=1) & (np.abs(cloud) < FARTHEST).all(axis=1)]
        low, high = (cloud.min(axis=0), cloud.max(axis=0)) if len(cloud) else (np.zeros(3), np.zeros(3))
        middle = 0.5 * (low + high)
        radius = float(np.linalg.norm(cloud - middle, axis=1).max(initial=0.0))
        radius = radius if radius > NEAREST else EMPTY_RADIUS
        yaw = -math.pi / 3 if up == "z" else math.pi / 6
        target = (float(middle[0]), float(middle[1]), float(middle[2]))
        return cls(target, FRAME_MARGIN * radius / math.sin(0.5 * fov_y), yaw, 0.4, up, fov_y)

    @property
    def eye(self) -> NDArray[np.float64]:
        """`[3]` metres, world: where the camera stands."""
        return np.asarray(self.target) - self.distance * self._axes()[:, 2]

    def camera(self, width: int, height: int) -> Camera:
        """The camera at the eye, with clipping planes that suit the distance."""
        world_from_camera = np.eye(4)
        world_from_camera[:3, :3] = self._axes()
        world_from_camera[:3, 3] = self.eye
        near = 0.005 * self.distance
        return Camera(world_from_camera, self.fov_y, width, height, near, far=max(1e4, 1e3 * self.distance))

    def rotated(self, dx: float, dy: float) -> Orbit:
        """After a drag by so many pixels: the near side of the scene follows the pointer."""
        pitch = self.pitch + dy * RADIANS_PER_PIXEL
        return dataclasses.replace(self, yaw=self.yaw - dx * RADIANS_PER_PIXEL, pitch=pitch)

    def panned(self, dx: float, dy: float, height: float) -> Orbit:
        """After a drag by so many pixels in a view of this height: the target stays under the pointer."""
        metres_per_pixel = 2.0 * self.distance * math.tan(0.5 * self.fov_y) / max(height, 1.0)
        return self._moved(self._axes() @ np.array([-dx, -dy, 0.0]) * metres_per_pixel)

    def zoomed(self, factor: float) -> Orbit:
        """Closer by a factor: 2 halves the distance, ½ doubles it."""
        return dataclasses.replace(self, distance=self.distance / max(factor, NEAREST))

    def flown(self, forward: float, right: float, up: float) -> Orbit:
        """Eye and target moved together, metres: along the line of sight, sideways, and up in the picture."""
        return self._moved(self._axes() @ np.array([right, -up, forward]))

    def _axes(self) -> NDArray[np.float64]:
        """`[3, 3]` world from camera: the columns are right, down and forward."""
        cos_yaw, sin_yaw = math.cos(self.yaw), math.sin(self.yaw)
        cos_pitch, sin_pitch = math.cos(self.pitch), math.sin(self.pitch)
        right = (-sin_yaw, cos_yaw, 0.0)
        down = (cos_yaw * sin_pitch, sin_yaw * sin_pitch, -cos_pitch)
        forward = (-cos_yaw * cos_pitch, -sin_yaw * cos_pitch, -sin_pitch)
        axes = np.array([right, down, forward]).T
        return axes if self.up == "z" else axes[[1, 2, 0]]

    def _moved(self, step: NDArray[np.float64]) -> Orbit:
        x, y, z = (np.asarray(self.target) + step).tolist()
        return dataclasses.replace(self, target=(x, y, z))

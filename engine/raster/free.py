"""Navigation without a target: an eye that looks around and flies, for walking through a scene and standing where a photo was taken."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.raster.camera import Camera
from engine.raster.orbit import RADIANS_PER_PIXEL

STEEPEST = 0.999
"""The sine of the steepest angle at which one may look up or down: beyond it left and right would change places."""


@dataclass(frozen=True, eq=False)
class Free:
    """An eye at a pose, with the motions of an `Orbit`.

    Attributes:
        pose: `[4, 4]` world from camera, metres; z is the world's up.
        distance: metres to what is looked at: how fast one flies, and where the clipping planes lie.
        fov_y: the vertical field of view, radians.
    """

    pose: NDArray[np.float64]
    distance: float = 1.0
    fov_y: float = math.radians(45.0)

    @property
    def eye(self) -> NDArray[np.float64]:
        """`[3]` metres, world."""
        return self.pose[:3, 3]

    def camera(self, width: int, height: int) -> Camera:
        """The camera at the eye, with clipping planes that suit the distance."""
        return Camera(self.pose, self.fov_y, width, height, 0.005 * self.distance, max(1e4, 1e3 * self.distance))

    def rotated(self, dx: float, dy: float) -> Free:
        """After a drag by so many pixels: the head turns about the world's vertical and nods about its own ears."""
        turned = _about_z(0.5 * dx * RADIANS_PER_PIXEL) @ self.pose[:3, :3]
        nodded = turned @ _about_x(0.5 * dy * RADIANS_PER_PIXEL)
        if abs(nodded[2, 2]) > max(STEEPEST, abs(turned[2, 2])):
            nodded = turned
        return self._at(nodded, self.eye)

    def panned(self, dx: float, dy: float, height: float) -> Free:
        """After a drag by so many pixels in a view of this height: what lies at the distance stays under the pointer."""
        metres = 2.0 * self.distance * math.tan(0.5 * self.fov_y) / max(height, 1.0)
        return self._at(self.pose[:3, :3], self.eye + self.pose[:3, :3] @ np.array([-dx, -dy, 0.0]) * metres)

    def zoomed(self, factor: float) -> Free:
        """Forward by a share of the distance; the distance stays, so that one can go on and on."""
        return self.flown(self.distance * (1.0 - 1.0 / max(factor, 1e-3)), 0.0, 0.0)

    def flown(self, forward: float, right: float, up: float) -> Free:
        """Moved by metres: along the line of sight, sideways, and up in the picture."""
        return self._at(self.pose[:3, :3], self.eye + self.pose[:3, :3] @ np.array([right, -up, forward]))

    def _at(self, rotation: NDArray[np.float64], place: NDArray[np.float64]) -> Free:
        pose = np.eye(4)
        left, _, right = np.linalg.svd(rotation)  # many small turns do not add up to a shear
        pose[:3, :3], pose[:3, 3] = left @ right, place
        return dataclasses.replace(self, pose=pose)


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])

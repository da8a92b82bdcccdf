"""A sparse model as COLMAP keeps it: lenses, posed images, points and who saw them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, UInt8

from engine.capture.lenses import Lens


@dataclass(frozen=True, eq=False)
class ModelImage:
    """One posed image: its name (a path below the images' folder), its lens's id, and its pose (world to camera, OpenCV)."""

    name: str
    lens: int
    camera_from_world: Float64[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class SparseModel:
    """What a structure-from-motion run found. `seen_by`: one row (point, image id) for each time a point was measured."""

    lenses: Mapping[int, Lens]
    images: Mapping[int, ModelImage]
    points: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]
    seen_by: Int[np.ndarray, "m 2"]

    def without_points(self) -> SparseModel:
        """The lenses and poses alone."""
        return dataclasses.replace(
            self, points=self.points[:0], colours=self.colours[:0], seen_by=np.empty((0, 2), np.int64)
        )


def pose_of(quaternion: Float[np.ndarray, "4"], translation: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "4 4"]:
    """The pose that COLMAP writes as a quaternion wxyz, of any length, and a translation; NaN if the quaternion is zero."""
    with np.errstate(all="ignore"):
        w, x, y, z = np.asarray(quaternion, np.float64) / np.linalg.norm(quaternion)
    pose = np.eye(4)
    pose[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    pose[:3, 3] = translation
    return pose


def quaternion_of(pose: Float[np.ndarray, "4 4"]) -> Float64[np.ndarray, "4"]:
    """The quaternion wxyz of a rigid pose, w ≥ 0: the eigenvector of Bar-Itzhack (2000, equation 3) with the largest eigenvalue."""
    r = pose[:3, :3]
    k = np.array(
        [
            [r[0, 0] + r[1, 1] + r[2, 2], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 0] - r[1, 1] - r[2, 2], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], r[1, 1] - r[0, 0] - r[2, 2], r[1, 2] + r[2, 1]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], r[2, 2] - r[0, 0] - r[1, 1]],
        ]
    )
    found = np.linalg.eigh(k)[1][:, -1]
    return found if found[0] >= 0 else -found

"""Posed photos: what a capture hands to whoever learns a scene from it.

Conventions follow OpenCV and COLMAP: a camera looks along its own +z, x points right and y down; poses are rigid and map world to camera;
pixel coordinates are continuous, and the centre of the first pixel is (0.5, 0.5). Lenses are ideal: the readers of `engine.capture` take
distortion out of the photos first. Lengths are in the capture's own unit (metres where the source knows them; photos alone fix no scale).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, UInt8

from engine.api.errors import DataError
from engine.data.photos import read_mask, read_photo

RIGID_TOLERANCE = 1e-3
"""How far a rotation's columns may be from orthonormal: float32 poses pass, scaled, sheared and singular ones do not."""


@dataclass(frozen=True)
class Pinhole:
    """An ideal lens over a picture of `width` × `height` pixels.

    `fx`, `fy`: focal lengths, pixels. `cx`, `cy`: where the axis meets the picture, pixels from its upper left corner.
    Raises DataError if a number is not finite, or a size or focal length is not positive.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.fx, self.fy, self.cx, self.cy)):
            raise DataError("A camera has a focal length or a middle that is not a number.")
        if self.width < 1 or self.height < 1 or self.fx <= 0 or self.fy <= 0:
            raise DataError(f"A camera of {self.width} × {self.height} pixels and focal length {self.fx:g} cannot be.")

    @property
    def intrinsics(self) -> Float64[np.ndarray, "3 3"]:
        """From camera coordinates to homogeneous pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def resized(self, width: int, height: int) -> Pinhole:
        """The same lens over a picture of another size."""
        across, down = width / self.width, height / self.height
        return Pinhole(width, height, self.fx * across, self.fy * down, self.cx * across, self.cy * down)

    def scaled(self, scale: float) -> Pinhole:
        """The same lens over a picture `scale` times as large, rounded to whole pixels."""
        return self.resized(max(1, round(self.width * scale)), max(1, round(self.height * scale)))

    def project(self, points: Float[np.ndarray, "n 3"]) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, " n"]]:
        """Pixels of points given in camera coordinates (NaN for those that are not in front), and their depths along z."""
        points = np.asarray(points, np.float64).reshape(-1, 3)
        depth = points[:, 2]
        ahead = np.where(depth > 0, depth, np.nan)[:, None]
        return points[:, :2] / ahead * (self.fx, self.fy) + (self.cx, self.cy), depth

    def rays(self, pixels: Float[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 3"]:
        """Unit directions through pixels, camera coordinates."""
        pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
        across = (pixels - (self.cx, self.cy)) / (self.fx, self.fy)
        rays = np.concatenate([across, np.ones((len(across), 1))], 1)
        return rays / np.linalg.norm(rays, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class PosedPhoto:
    """A photo without distortion, and from where it was taken.

    `name`: unique in its capture, with `/` between folders. `path`: the file; it may be larger than `camera`, whose size counts.
    `camera_from_world`: rigid, world to camera (OpenCV). `mask`: a picture of the same shape whose brightness, or transparency where it
    has one, says how much a pixel counts; it may be `path` itself. Raises DataError for a pose that is not rigid.
    """

    name: str
    path: Path
    camera: Pinhole
    camera_from_world: Float64[np.ndarray, "4 4"]
    mask: Path | None = None

    def __post_init__(self) -> None:
        pose = np.array(self.camera_from_world, np.float64)
        reason = why_not_rigid(pose)
        if reason:
            raise DataError(f"The pose of {self.name} cannot be used: {reason}.")
        pose.flags.writeable = False
        object.__setattr__(self, "camera_from_world", pose)

    @property
    def world_from_camera(self) -> Float64[np.ndarray, "4 4"]:
        """The inverse of the pose."""
        rotation, translation = self.camera_from_world[:3, :3], self.camera_from_world[:3, 3]
        inverse = np.eye(4)
        inverse[:3, :3] = rotation.T
        inverse[:3, 3] = -rotation.T @ translation
        return inverse

    @property
    def position(self) -> Float64[np.ndarray, "3"]:
        """Where the camera stands, world."""
        return self.world_from_camera[:3, 3]

    def project(self, points: Float[np.ndarray, "n 3"]) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, " n"]]:
        """Pixels of points of the world (NaN for those that are not in front), and their depths along z."""
        points = np.asarray(points, np.float64).reshape(-1, 3)
        return self.camera.project(points @ self.camera_from_world[:3, :3].T + self.camera_from_world[:3, 3])

    def scaled(self, scale: float) -> PosedPhoto:
        """The same photo in another size."""
        return dataclasses.replace(self, camera=self.camera.scaled(scale))

    def pixels(self) -> UInt8[np.ndarray, "h w 3"]:
        """The photo in the camera's size: upright, RGB, averaged over areas. Raises DataError if it is gone or damaged."""
        return read_photo(self.path, self.camera.width, self.camera.height)

    def mask_pixels(self) -> Float32[np.ndarray, "h w"] | None:
        """How much each pixel counts, 0…1, in the camera's size; None if all count alike. Raises DataError."""
        return None if self.mask is None else read_mask(self.mask, self.camera.width, self.camera.height)


@dataclass(frozen=True, eq=False)
class Capture:
    """Posed photos and a sparse cloud of the same world.

    `points` and `colours` may be empty. `seen_by`: for each point the indices of the photos that it was measured in, as one row
    (point, photo) each; empty where that is not known. `cutout`: masks are what the object leaves free, so outside them there is nothing
    (train against a background); otherwise outside them nothing is known (leave those pixels out of the loss). `notes`: sentences that a
    person should know.
    """

    photos: tuple[PosedPhoto, ...]
    points: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]
    seen_by: Int[np.ndarray, "m 2"] = dataclasses.field(default_factory=lambda: np.empty((0, 2), np.int64))
    cutout: bool = False
    notes: tuple[str, ...] = ()

    def scaled(self, scale: float) -> Capture:
        """The same capture with photos of another size."""
        return dataclasses.replace(self, photos=tuple(photo.scaled(scale) for photo in self.photos))

    def split(self, every: int) -> tuple[tuple[PosedPhoto, ...], tuple[PosedPhoto, ...]]:
        """(training, held out): sorted by name, every `every`-th photo, from the first on, is held out; none if `every` is 0."""
        photos = sorted(self.photos, key=lambda photo: photo.name)
        held = photos[::every] if every else []
        return tuple(photo for photo in photos if photo not in held), tuple(held)

    @property
    def middle(self) -> Float64[np.ndarray, "3"]:
        """The mean position of the cameras."""
        return np.mean([photo.position for photo in self.photos], axis=0)

    @property
    def extent(self) -> float:
        """The radius of the scene as 3DGS counts it: 1.1 times the farthest camera's distance from the mean camera."""
        return 1.1 * max(float(np.linalg.norm(photo.position - self.middle)) for photo in self.photos)


def why_not_rigid(pose: np.ndarray) -> str:
    """What is wrong with a pose, as half a sentence; empty for a rotation and a translation."""
    if pose.shape != (4, 4):
        return f"it is not a 4 × 4 matrix but one of shape {pose.shape}"
    if not np.isfinite(pose).all():
        return "it has entries that are not numbers"
    rotation = pose[:3, :3]
    if abs(np.linalg.det(rotation)) < RIGID_TOLERANCE:
        return "it is singular"
    if not np.allclose(rotation.T @ rotation, np.eye(3), rtol=0, atol=RIGID_TOLERANCE) or np.linalg.det(rotation) < 0:
        return "it scales, shears or mirrors"
    if not np.allclose(pose[3], (0, 0, 0, 1), rtol=0, atol=RIGID_TOLERANCE):
        return "its last row is not 0 0 0 1"
    return ""

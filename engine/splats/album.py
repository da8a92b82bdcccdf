"""The photos of a capture in memory: bytes, at every size that training uses."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from engine.api.errors import DataError
from engine.geometry.cameras import Capture, Pinhole, PosedPhoto
from engine.splats.likeness import SMALLEST_SIDE
from engine.splats.viewpoint import Viewpoint


@dataclass(frozen=True)
class Sheet:
    """One photo at one size: `[h, w, 3]` bytes, its mask `[h, w]` bytes or None, and its lens."""

    photo: np.ndarray
    mask: np.ndarray | None
    camera: Pinhole

    def halved(self) -> Sheet:
        """Half as large, averaged over areas."""
        camera = self.camera.scaled(0.5)
        size = (camera.width, camera.height)
        mask = None if self.mask is None else cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA)
        return Sheet(cv2.resize(self.photo, size, interpolation=cv2.INTER_AREA), mask, camera)

    @property
    def pixels(self) -> Float[Tensor, "h w 3"]:
        """The photo, 0…1."""
        return torch.from_numpy(self.photo).float().div_(255)

    @property
    def weights(self) -> Float[Tensor, "h w 1"] | None:
        """The mask, 0…1."""
        return None if self.mask is None else torch.from_numpy(self.mask).float().div_(255)[..., None]


@dataclass(frozen=True)
class Page:
    """A photo of an album: its name, its pose `[4, 4]`, and its sheets, the largest first, each half as large as the one before."""

    name: str
    camera_from_world: Float[Tensor, "4 4"]
    sheets: tuple[Sheet, ...]

    def viewpoint(self, level: int = 0) -> Viewpoint:
        """From where it was taken, for a sheet."""
        return Viewpoint(self.sheets[min(level, len(self.sheets) - 1)].camera, self.camera_from_world)

    @property
    def world_from_camera(self) -> Float32[np.ndarray, "4 4"]:
        """The inverse of the pose."""
        return torch.linalg.inv(self.camera_from_world.double()).float().numpy()

    def sheet(self, level: int = 0) -> Sheet:
        """The sheet of a level, or the smallest there is."""
        return self.sheets[min(level, len(self.sheets) - 1)]


@dataclass(frozen=True)
class Album:
    """Photos to learn from, and photos held out, sorted by name."""

    learnt: tuple[Page, ...]
    held_out: tuple[Page, ...]


def read_album(capture: Capture, scale: float = 1.0, levels: int = 3, every: int = 8) -> Album:
    """Reads a capture's photos.

    Args:
        capture: posed photos.
        scale: of the photos, at most 1.
        levels: how many sizes, each half the one before.
        every: which photos are held out: each eighth; 0 for none.

    Raises:
        DataError: fewer than two photos to learn from, photos too small, a photo that cannot be read.
    """
    learnt, held_out = capture.split(every)
    if len(learnt) < 2:
        raise DataError(
            f"There are {len(learnt)} posed photos to learn from; two are the least, and twenty are better."
        )
    return Album(*(tuple(_page(photo, scale, levels) for photo in part) for part in (learnt, held_out)))


def _page(photo: PosedPhoto, scale: float, levels: int) -> Page:
    scaled = photo.scaled(scale)
    if min(scaled.camera.width, scaled.camera.height) < SMALLEST_SIDE:
        size = f"{scaled.camera.width} × {scaled.camera.height}"
        raise DataError(f"{photo.name} has {size} pixels at this scale; {SMALLEST_SIDE} a side are the least.")
    mask = scaled.mask_pixels()
    bytes_of_mask = None if mask is None else np.round(mask * 255).astype(np.uint8)
    sheets = [Sheet(scaled.pixels(), bytes_of_mask, scaled.camera)]
    while len(sheets) < levels and min(sheets[-1].photo.shape[:2]) >= 4 * SMALLEST_SIDE:
        sheets.append(sheets[-1].halved())
    return Page(photo.name, torch.tensor(photo.camera_from_world, dtype=torch.float32), tuple(sheets))

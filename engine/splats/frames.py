"""A scene and its photos as frames for the viewport, and the turn by which its own upright becomes z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np
import torch
from jaxtyping import Float64

from engine.api.frames import Cameras, Splats
from engine.splats.edit import moved
from engine.splats.scene import Gaussians

if TYPE_CHECKING:
    from engine.splats.album import Album, Page

_THUMB = 160
"""Pixels of the longer side of a photo's small copy."""

Up: TypeAlias = Literal["-y", "y", "z"]
UPRIGHT: dict[str, Float64[np.ndarray, "3 3"]] = {
    "-y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "z": np.eye(3),
}
"""By which axis of a file points up: z up from the file's axes. COLMAP's scenes, and so most files, have y down."""


def frame_of(name: str, scene: Gaussians, note: str = "") -> Splats:
    """The scene as the viewport takes it, with its view-dependent colours."""
    scene = Gaussians(**{key: value.detach() for key, value in scene.tensors().items()})
    higher = scene.sh[:, 1:].contiguous() if scene.sh.shape[1] > 1 else None
    parts = (scene.means, scene.quaternions, scene.scales, scene.alphas, scene.base_colours)
    return Splats(name, *parts, note=note, harmonics=higher)


def cameras_of(name: str, album: Album, likeness: Mapping[str, float]) -> Cameras:
    """An album's photos where they were taken, in the order of their names.

    Args:
        name: of the frame.
        album: photos to learn from and photos held out.
        likeness: dB, of the photos of which it is known, by their names.
    """
    held = {page.name for page in album.held_out}
    pages = sorted((*album.learnt, *album.held_out), key=lambda page: page.name)
    lenses = [page.sheet().camera for page in pages]
    return Cameras(
        name,
        tuple(page.name for page in pages),
        poses=np.stack([page.world_from_camera for page in pages]),
        focal=np.array([(lens.fx, lens.fy) for lens in lenses], np.float32),
        middle=np.array([(lens.cx, lens.cy) for lens in lenses], np.float32),
        size=np.array([(lens.width, lens.height) for lens in lenses], np.int32),
        thumbs=_thumbs(pages),
        psnr=np.array([likeness.get(page.name, np.nan) for page in pages], np.float32),
        held_out=np.array([page.name in held for page in pages]),
    )


def _thumbs(pages: Sequence[Page]) -> np.ndarray:
    """Small copies of the photos, stretched to the shape of the first: `[n, h, w, 3]` bytes."""
    first = pages[0].sheet().photo
    scale = _THUMB / max(first.shape[:2])
    size = (max(1, round(first.shape[1] * scale)), max(1, round(first.shape[0] * scale)))
    smallest = [page.sheets[-1].photo for page in pages]
    return np.stack([cv2.resize(photo, size, interpolation=cv2.INTER_AREA) for photo in smallest])


def upright(scene: Gaussians, up: str, back: bool = False) -> Gaussians:
    """The scene with z up, if `up` points up in it; `back` undoes that."""
    if up == "z":
        return scene
    rotation = UPRIGHT[up].T if back else UPRIGHT[up]
    return moved(scene, rotation, np.zeros(3), 1.0)


def knot(count: int = 4000, degree: int = 1, seed: int = 0) -> Gaussians:
    """A trefoil knot of Gaussians that shimmer with the direction: what is shown before a file is chosen. y is down.

    Args:
        count: how many.
        degree: of the spherical harmonics.
        seed: of what is random.
    """
    rng = torch.Generator().manual_seed(seed)
    t = 2 * torch.pi * torch.rand(count, generator=rng)
    ring = 2 + torch.cos(3 * t)
    path = torch.stack([ring * torch.cos(2 * t), -torch.sin(3 * t), ring * torch.sin(2 * t)], 1) / 3
    around = torch.nn.functional.normalize(torch.randn(count, 3, generator=rng), dim=1)
    sh = torch.zeros(count, (degree + 1) ** 2, 3)
    phases = torch.tensor([0.0, 2.1, 4.2])
    sh[:, 0] = 0.9 * torch.cos(t[:, None] + phases) + 0.2
    if degree:
        sh[:, 1:4] = 0.25 * around[:, [1, 2, 0], None] * torch.tensor([-1.0, 1.0, -1.0])[:, None]
    return Gaussians(
        means=path + 0.13 * around,
        log_scales=torch.log(torch.tensor([0.035, 0.035, 0.012])).repeat(count, 1),
        quaternions=_facing(around),
        opacities=torch.full((count,), 2.0),
        sh=sh,
    )


def _facing(normals: torch.Tensor) -> torch.Tensor:
    """Quaternions that turn z onto unit vectors: half way between the two."""
    x, y, z = normals.unbind(1)
    return torch.stack([1 + z + 1e-6, -y, x, torch.zeros_like(z)], 1)

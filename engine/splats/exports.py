"""Giving a scene away: written, read back, looked at from given views, and what was lost is said."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from engine.api.words import plural, size
from engine.raster import Camera, Canvas, Orbit, SplatLook, draw_splats
from engine.splats.files.formats import format_of, read_scene, write_scene

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians

WIDTH, HEIGHT = 480, 320
BLACK = (0, 0, 0)


@dataclass(frozen=True)
class Export:
    """What became of an export.

    `losses`: for each view, how close the file's picture is to the scene's, dB (peak signal to noise; infinite where no pixel differs);
    empty for a format that is not read here. `notes`: sentences on what the format could not hold.
    """

    path: Path
    title: str
    bytes: int
    gaussians: int
    losses: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def worst(self) -> float:
        """The loss in the worst view, dB; NaN where none was measured."""
        return min(self.losses, default=math.nan)

    def words(self) -> str:
        """The report as a few sentences."""
        head = f"{self.path.name}: {plural(self.gaussians, 'Gaussian')}, {size(self.bytes)}."
        if not self.losses:
            shown = "Not read back here."
        elif math.isinf(self.worst):
            shown = f"Read back and seen from {plural(len(self.losses), 'view')}: no pixel differs."
        else:
            shown = f"Read back and seen from {plural(len(self.losses), 'view')}: {self.worst:.1f} dB at worst."
        return " ".join([head, shown, *self.notes])


def export_scene(path: Path, scene: Gaussians, views: Sequence[Camera] = ()) -> Export:
    """Writes a scene in the format that the name asks for, reads it back, and compares pictures.

    Args:
        path: where to; its ending chooses the format.
        scene: what.
        views: from where it is looked at, held-out photos at best; () looks from three sides.

    Raises:
        DataError: the format is unknown, or the file cannot be written.
    """
    notes = write_scene(path, scene)
    entry = format_of(path)
    losses: tuple[float, ...] = ()
    if entry.read is not None:
        back = read_scene(path)
        notes += back.notes
        eyes = tuple(views) or around(scene)
        losses = tuple(decibels(picture(scene, eye), picture(back.gaussians, eye)) for eye in eyes)
    return Export(path, entry.title, path.stat().st_size, len(scene), losses, notes)


def picture(
    scene: Gaussians, camera: Camera, canvas: Canvas | None = None, look: SplatLook | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """What a camera sees of a scene, on black; a canvas of its size is used again."""
    canvas = canvas or Canvas(camera.width, camera.height, BLACK)
    canvas.clear()
    parts = (scene.means, scene.quaternions, scene.scales, scene.alphas, scene.base_colours)
    means, turns, sigmas, alphas, tints = (part.detach().cpu().float().numpy() for part in parts)
    higher = scene.sh[:, 1:].detach().cpu().float().numpy() if scene.sh.shape[1] > 1 else None
    draw_splats(canvas, camera, means, turns, sigmas, alphas, tints, look or SplatLook(harmonics=higher))
    return canvas.image()[..., :3].copy()


def around(scene: Gaussians, count: int = 3) -> tuple[Camera, ...]:
    """Views from so many sides, which frame all but the farthest Gaussians."""
    means = scene.means.detach().cpu().double().numpy()
    low, high = np.quantile(means, (0.05, 0.95), axis=0)
    orbit = Orbit.around(np.stack([low, high]))
    sides = (dataclasses.replace(orbit, yaw=2 * math.pi * k / count) for k in range(count))
    return tuple(side.camera(WIDTH, HEIGHT) for side in sides)


def decibels(first: UInt8[np.ndarray, "h w 3"], second: UInt8[np.ndarray, "h w 3"]) -> float:
    """Peak signal to noise of two pictures, dB."""
    gap = float(np.square(first.astype(np.float64) - second).mean())
    return math.inf if gap == 0 else 10 * math.log10(255**2 / gap)

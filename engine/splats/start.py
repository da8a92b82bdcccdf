"""Where training begins: the capture's points, or, where there are none, random ones in front of the cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, UInt8

if TYPE_CHECKING:
    from engine.geometry.cameras import Capture

RANDOM_POINTS = 5000
_FEW = 20


def starting_points(
    capture: Capture, extent: float, rng: torch.Generator
) -> tuple[Float[np.ndarray, "n 3"], UInt8[np.ndarray, "n 3"]]:
    """Points `[n, 3]` of the world and their colours.

    Args:
        capture: posed photos, with points or without.
        extent: the scene's radius, metres.
        rng: for random points.
    """
    usable = np.isfinite(capture.points).all(1) if len(capture.points) else np.zeros(0, bool)
    if usable.sum() >= _FEW:
        return np.asarray(capture.points[usable], np.float32), capture.colours[usable]
    places = torch.rand(RANDOM_POINTS, 3, generator=rng).numpy() * 2 - 1
    points = looked_at(capture) + places * extent
    return points.astype(np.float32), np.full((RANDOM_POINTS, 3), 128, np.uint8)


def looked_at(capture: Capture) -> Float[np.ndarray, "3"]:
    """The point that the cameras' axes pass nearest to, in least squares; the cameras' middle for parallel axes, shifted forward."""
    axes = np.stack([photo.world_from_camera[:3, 2] for photo in capture.photos])
    places = np.stack([photo.position for photo in capture.photos])
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    matrix = across.sum(0)
    if np.linalg.cond(matrix) > 1e6:
        return capture.middle + axes.mean(0) * capture.extent
    return np.linalg.solve(matrix, (across @ places[:, :, None]).sum(0)[:, 0])

"""A camera as the kernels take it, for the samples of one canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.raster.camera import Camera
    from engine.raster.canvas import Canvas


class View(NamedTuple):
    """From where, through what, onto how many samples."""

    pose: NDArray[np.float64]
    """`[3, 4]` camera from world."""
    lens: tuple[float, float, float, float, float]
    """Focal length, middle x, middle y in samples; near and far in metres."""
    size: tuple[int, int]
    """Samples across and down."""


def view_of(canvas: Canvas, camera: Camera) -> View:
    """The camera's view, fitted to the canvas: its vertical field of view stays."""
    height, width = canvas.depth.shape
    fitted = camera.resized(width, height)
    lens = (fitted.focal, 0.5 * width, 0.5 * height, float(camera.near), float(camera.far))
    return View(np.ascontiguousarray(fitted.camera_from_world[:3]), lens, (width, height))

"""The picture that is drawn on: colours, depths and the buffers that drawing reuses from frame to frame."""

from __future__ import annotations

import math
from threading import RLock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.raster._arrays import Scratch
from engine.raster._team import Team

Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue in 0…255, sRGB."""

LARGEST_SIDE = 16384
NOTHING = np.float32(math.inf)
STUDIO: tuple[Colour, Colour] = ((43, 48, 58), (20, 22, 28))


class Canvas:
    """A picture with depth.

    Attributes:
        width: pixels of the finished picture.
        height: pixels of the finished picture.
        supersample: how many samples a pixel has along each side; 2 smooths edges at four times the work.
        colour: `[H, W, 4]` uint8 RGBA, where H and W count samples; always opaque.
        depth: `[H, W]` float32, metres along the camera's z; infinite where nothing was drawn.

    The arrays stay the same from frame to frame. A draw holds the canvas's lock, so that two threads that use one
    canvas take turns; on two canvases they draw side by side.
    """

    def __init__(
        self,
        width: int,
        height: int,
        background: Colour | tuple[Colour, Colour] = STUDIO,
        supersample: int = 1,
    ) -> None:
        """Makes an empty picture.

        Args:
            width: pixels.
            height: pixels.
            background: one colour, or the upper and the lower one of a gradient.
            supersample: samples along each side of a pixel, 1 to 4.

        Raises:
            ValueError: a number is out of range.
        """
        if not 1 <= supersample <= 4:
            raise ValueError(f"a canvas takes 1 to 4 samples along each side of a pixel, not {supersample}")
        if not (1 <= width and 1 <= height and max(width, height) * supersample <= LARGEST_SIDE):
            raise ValueError(f"a canvas has 1 to {LARGEST_SIDE // supersample} pixels a side, not {width} × {height}")
        self.width, self.height, self.supersample = width, height, supersample
        backdrop = _backdrop(width, height, *_two_colours(background))
        self._backdrop = backdrop.repeat(supersample, axis=0).repeat(supersample, axis=1)
        self.colour: NDArray[np.uint8] = self._backdrop.copy()
        self.depth: NDArray[np.float32] = np.full(self.colour.shape[:2], NOTHING)
        self._image = np.empty_like(backdrop) if supersample > 1 else self.colour
        self.scratch = Scratch()
        self.team = Team()
        self.lock = RLock()

    @property
    def words(self) -> NDArray[np.uint32]:
        """The colours as `[H, W]`, one number for the four bytes of a sample."""
        return self.colour.view(np.uint32)[..., 0]

    def clear(self) -> None:
        """Back to the background, with nothing in front of it."""
        np.copyto(self.colour, self._backdrop)
        self.depth.fill(NOTHING)

    def image(self) -> NDArray[np.uint8]:
        """The finished picture.

        Returns:
            `[height, width, 4]` uint8 RGBA; the canvas's own array, so it changes with the next frame.
        """
        if self.supersample > 1:
            from engine.raster._canvas_kernels import average_samples

            with self.lock:
                self.team.share_evenly(average_samples, self._image.size, self.colour, self.supersample, self._image)
        return self._image

    def depth_at(self, px: float, py: float) -> float:
        """The depth under a pixel of the finished picture, metres; infinite where nothing is, or outside."""
        if not (0.0 <= px < self.width and 0.0 <= py < self.height):
            return math.inf
        return float(self.depth[int(py * self.supersample), int(px * self.supersample)])


def _two_colours(background: Colour | tuple[Colour, Colour]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    colours = np.asarray(background, dtype=np.float64)
    if colours.shape not in ((3,), (2, 3)) or not ((colours >= 0.0) & (colours <= 255.0)).all():
        raise ValueError("a background is one colour or two, each three numbers from 0 to 255")
    return (colours, colours) if colours.ndim == 1 else (colours[0], colours[1])


def _backdrop(width: int, height: int, top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The gradient, dithered by an ordered 4 × 4 pattern so that its few levels do not show as bands."""
    down = (np.arange(height) + 0.5)[:, None, None] / height
    levels = top + (bottom - top) * down
    order = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    threshold = (np.tile(order, (-(-height // 4), -(-width // 4)))[:height, :width, None] + 0.5) / 16.0
    picture = np.full((height, width, 4), 255, dtype=np.uint8)
    picture[..., :3] = np.floor(levels + threshold).clip(0, 255)
    return picture

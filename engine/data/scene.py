"""A small drawn scene in grey, for labs that look at a picture before the person has given them one of their own.

It has what kernels answer to: a shaded ball (slow change), a hut (straight edges of several directions), grass (fine vertical lines),
a window of single bright pixels, and a sky that brightens slowly.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def draw_scene(size: int) -> Float[Tensor, "1 s s"]:
    """The scene on `size` × `size` pixels, in 0..1."""
    place = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(place, place)
    picture = 0.62 + 0.25 * (1 - y)
    grass = y > 0.78
    picture[grass] = (0.42 + 0.16 * np.sign(np.sin(2 * np.pi * np.arange(size) / 4)))[None].repeat(size, 0)[grass]
    picture = np.where((x > 0.1) & (x < 0.46) & (y > 0.5) & (y < 0.86), 0.3, picture)
    picture = np.where((y > 0.26) & (y < 0.52) & (abs(x - 0.28) < 0.9 * (y - 0.26)), 0.12, picture)
    window = (x > 0.18) & (x < 0.34) & (y > 0.58) & (y < 0.72)
    panes = np.indices((size, size)).sum(0) % 3 > 0
    picture = np.where(window, np.where(panes, 0.95, 0.5), picture)
    u, v = (x - 0.72) / 0.19, (y - 0.66) / 0.19
    height = np.sqrt(np.clip(1 - u * u - v * v, 0, None))
    light = np.clip(0.1 + 0.85 * (-0.5 * u - 0.55 * v + 0.67 * height), 0, 1)
    picture = np.where(u * u + v * v < 1, light, picture)
    sun = (x - 0.8) ** 2 + (y - 0.17) ** 2 < 0.009
    return torch.from_numpy(np.where(sun, 1.0, picture).astype(np.float32))[None]

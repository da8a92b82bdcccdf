"""Procedural sprites: one coloured shape on black, made from six known and independent factors.

As in dSprites (Matthey et al. 2017), so that what a code has learnt can be measured against what made the picture. No
shape has a rotational symmetry, so that every factor can be read off the picture. Edges are smooth: each pixel is the
mean of 3 × 3 samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

SHAPES = ("triangle", "heart", "egg")
COLOURS = np.array(
    [
        *([0.34, 0.71, 0.91], [0.90, 0.62, 0.00], [0.00, 0.62, 0.45]),
        *([0.80, 0.47, 0.65], [0.94, 0.89, 0.26], [0.96, 0.96, 0.96]),
    ]
)
"""RGB in 0..1: Okabe and Ito's, which the colour-blind can tell apart, and white."""

FACTORS = {"shape": len(SHAPES), "scale": 6, "rotation": 16, "x": 16, "y": 16, "colour": len(COLOURS)}
"""Each factor and how many values it takes, evenly spaced (rotation: over the full turn)."""

_SAMPLES = 3
_CHUNK = 100
_RADIUS = (0.32, 0.55)
_REACH = 0.4

Grid = Float[np.ndarray, "n h w"]


@dataclass(frozen=True)
class Sprites:
    """`pictures` [N, 3, S, S] in 0..1 and the `factors` [N, 6] that made them, in the order of `FACTORS`."""

    pictures: Float[Tensor, "n 3 s s"]
    factors: Int[Tensor, "n 6"]


def draw_sprites(count: int, size: int, seed: int) -> Sprites:
    """So many sprites of `size` × `size` pixels with factors drawn evenly and independently."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, values, count) for values in FACTORS.values()], 1)
    return Sprites(render_sprites(factors, size), torch.from_numpy(factors))


def render_sprites(factors: Int[np.ndarray, "n 6"], size: int) -> Float[Tensor, "n 3 s s"]:
    """The pictures of given factors."""
    parts = [_render(factors[start : start + _CHUNK], size) for start in range(0, len(factors), _CHUNK)]
    return torch.from_numpy(np.concatenate(parts))


def _render(factors: Int[np.ndarray, "n 6"], size: int) -> Float[np.ndarray, "n 3 s s"]:
    count = len(factors)
    inside = _inside(factors, size * _SAMPLES)
    coverage = inside.reshape(count, size, _SAMPLES, size, _SAMPLES).mean((2, 4))
    return (coverage[:, None] * COLOURS[factors[:, 5], :, None, None]).astype(np.float32)


def _inside(factors: Int[np.ndarray, "n 6"], samples: int) -> Bool[np.ndarray, "n h w"]:
    """Which samples lie in the shape. The picture spans −1 … 1, x to the right, y upwards."""
    scale, rotation, column, row = (factors[:, index, None, None].astype(np.float32) for index in (1, 2, 3, 4))
    place = ((np.arange(samples, dtype=np.float32) + 0.5) / samples * 2 - 1)[None]
    x = place[:, None, :] - _spread(column, FACTORS["x"])
    y = -place[:, :, None] - _spread(row, FACTORS["y"])
    angle = rotation * np.float32(2 * np.pi / FACTORS["rotation"])
    radius = _RADIUS[0] + scale * np.float32((_RADIUS[1] - _RADIUS[0]) / (FACTORS["scale"] - 1))
    u = np.cos(angle) / radius * x + np.sin(angle) / radius * y
    v = np.cos(angle) / radius * y - np.sin(angle) / radius * x
    inside = np.empty(u.shape, bool)
    for index, shape in enumerate((_triangle, _heart, _egg)):
        chosen = factors[:, 0] == index
        inside[chosen] = shape(u[chosen], v[chosen])
    return inside


def _spread(index: Float[np.ndarray, "n 1 1"], values: int) -> Float[np.ndarray, "n 1 1"]:
    """The value of a position factor in −_REACH … _REACH."""
    return index * np.float32(2 * _REACH / (values - 1)) - np.float32(_REACH)


# The shapes, upright and within the unit circle -----------------------------------------------------------------------


def _triangle(u: Grid, v: Grid) -> Bool[np.ndarray, "n h w"]:
    """Isosceles, tip up."""
    return (v > -0.7) & (v + 2.6 * np.abs(u) < 0.95)


def _heart(u: Grid, v: Grid) -> Bool[np.ndarray, "n h w"]:
    """The sextic (x² + y² − 1)³ < x² y³, shrunk to fit."""
    x, y = 1.4 * u, 1.4 * v + 0.1
    beyond = x * x + y * y - 1
    return beyond * beyond * beyond < x * x * y * y * y


def _egg(u: Grid, v: Grid) -> Bool[np.ndarray, "n h w"]:
    """An ellipse that narrows towards the top."""
    across, along = u / (0.62 - 0.28 * v), v / 0.95
    return across * across + along * along < 1

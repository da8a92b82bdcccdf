"""Shapes whose signed distance is known exactly: the truth beside which a learned surface stands.

Formulas: Quilez, "Distance functions", iquilezles.org/articles/distfunctions.

Points `[N, 3]` metres, z up; distances `[N]`, negative inside.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_SHIFT = np.array([0.21, 0.0, 0.0])


def torus(x: Float[np.ndarray, "n 3"], ring: float = 0.55, tube: float = 0.22) -> Float[np.ndarray, " n"]:
    """Distance to a torus around the z axis."""
    return np.hypot(np.hypot(x[:, 0], x[:, 1]) - ring, x[:, 2]) - tube


def links(x: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
    """Distance to two rings that hang in each other; they do not touch, so the smaller distance is the distance."""
    first = torus(x + _SHIFT, 0.42, 0.13)
    second = torus((x - _SHIFT)[:, [0, 2, 1]], 0.42, 0.13)
    return np.minimum(first, second)


def box(x: Float[np.ndarray, "n 3"], half: float = 0.4, radius: float = 0.12) -> Float[np.ndarray, " n"]:
    """Distance to a cube with rounded edges."""
    q = np.abs(x) - half
    return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(1), 0) - radius


def sphere(x: Float[np.ndarray, "n 3"], radius: float = 0.6) -> Float[np.ndarray, " n"]:
    """Distance to a sphere."""
    return np.linalg.norm(x, axis=1) - radius


SHAPES = {"torus": torus, "links": links, "box": box, "sphere": sphere}


def grid(resolution: int) -> Float[np.ndarray, "n 3"]:
    """The samples of the cube −1 … 1, x slowest."""
    axis = np.linspace(-1, 1, resolution)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)

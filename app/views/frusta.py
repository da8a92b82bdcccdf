"""Posed photos in a viewport: each a pyramid from the camera's place to the corners of its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.views.scene3d import rgb
from engine.api.frames import Cameras, Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.colours import Colours

_SHARE = 0.35
"""How deep a pyramid is, of the distance between neighbours."""


def frusta(frame: Cameras, colours: Colours) -> Lines:
    """The pyramids' edges; those of photos that training never sees stand out."""
    poses = np.asarray(frame.poses, np.float64).reshape(-1, 4, 4)
    depth = _SHARE * spacing(poses[:, :3, 3])
    corners = corners_of(frame, depth)
    places = np.broadcast_to(poses[:, None, :3, 3], corners.shape)
    edges = [np.stack([places, corners], 2), np.stack([corners, np.roll(corners, -1, 1)], 2)]
    segments = np.concatenate(edges, 1).reshape(-1, 2, 3)
    tints = np.array([rgb(colours.dim), rgb(colours.series[1])], np.uint8)
    each = tints[np.asarray(frame.held_out, np.int64)].repeat(8, 0)
    return Lines(frame.name, segments, each, width=1.2, note=frame.note)


def corners_of(frame: Cameras, depth: float) -> NDArray[np.float64]:
    """The corners of each photo at a depth `[n, 4, 3]`, world: upper left, upper right, lower right, lower left."""
    poses = np.asarray(frame.poses, np.float64).reshape(-1, 4, 4)
    size, focal, middle = (np.asarray(value, np.float64) for value in (frame.size, frame.focal, frame.middle))
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    flat = (square * size[:, None] - middle[:, None]) / focal[:, None]
    rays = np.concatenate([flat, np.ones((*flat.shape[:2], 1))], 2) * depth
    return np.asarray(np.einsum("nij,nkj->nki", poses[:, :3, :3], rays) + poses[:, None, :3, 3])


def spacing(places: NDArray[np.float64]) -> float:
    """How far a camera `[n, 3]` typically is from the one next to it; 1 where that cannot be told."""
    if len(places) < 2:
        return 1.0
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.median(apart.min(1))) or 1.0

"""Things to draw that come from no file: a ground grid, the axes, a camera's frustum, and a mesh's normals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.raster._arrays import table
from engine.raster._faces import faces_of

if TYPE_CHECKING:
    from engine.raster.camera import Camera

AXES_COLOURS = np.array([[230, 76, 76], [112, 190, 86], [76, 134, 235]], dtype=np.uint8)
"""`[3, 3]` red, green and blue for x, y and z, to go with `axes()`."""


def grid(size: float = 10.0, cells: int = 10, up: Literal["z", "y"] = "z") -> NDArray[np.float64]:
    """A square grid on the ground, around the origin.

    Args:
        size: metres along a side.
        cells: squares along a side.
        up: the axis that the ground is perpendicular to.

    Returns:
        `[2 · (cells + 1), 2, 3]` segments, metres.

    Raises:
        ValueError: there are no cells.
    """
    if cells < 1:
        raise ValueError(f"a grid has at least one cell along a side, not {cells}")
    place = np.linspace(-0.5 * size, 0.5 * size, cells + 1)
    start, end = np.full_like(place, -0.5 * size), np.full_like(place, 0.5 * size)
    level = np.zeros_like(place)
    along = np.stack([np.stack([start, place, level], 1), np.stack([end, place, level], 1)], 1)
    across = along[:, :, [1, 0, 2]]
    lines = np.concatenate([along, across])
    return lines if up == "z" else lines[:, :, [1, 2, 0]]


def axes(length: float = 1.0, world_from_local: ArrayLike | None = None) -> NDArray[np.float64]:
    """The x, y and z axes as three segments from the origin.

    Args:
        length: metres.
        world_from_local: `[4, 4]` pose of the axes; the world's own where there is none.

    Returns:
        `[3, 2, 3]` metres, world.
    """
    segments = np.zeros((3, 2, 3))
    segments[:, 1] = length * np.eye(3)
    if world_from_local is None:
        return segments
    pose = np.asarray(world_from_local, dtype=np.float64)
    return segments @ pose[:3, :3].T + pose[:3, 3]


def frustum(camera: Camera, depth: float = 1.0) -> NDArray[np.float64]:
    """What a camera sees, as the edges of a pyramid, with a tick on the side that is up in its picture.

    Args:
        camera: whose view.
        depth: metres from its eye to the base.

    Returns:
        `[10, 2, 3]` segments, metres, world.
    """
    right = 0.5 * camera.width / camera.focal * depth
    down = 0.5 * camera.height / camera.focal * depth
    corners = np.array([[-right, -down, depth], [right, -down, depth], [right, down, depth], [-right, down, depth]])
    apex = np.zeros((4, 3))
    tick = np.array([[-0.4 * right, -1.1 * down, depth], [0.0, -1.5 * down, depth], [0.4 * right, -1.1 * down, depth]])
    starts = np.concatenate([apex, corners, tick[:2]])
    ends = np.concatenate([corners, np.roll(corners, -1, axis=0), tick[1:]])
    pose = camera.world_from_camera
    return np.stack([starts, ends], axis=1) @ pose[:3, :3].T + pose[:3, 3]


def normals(vertices: ArrayLike, faces: ArrayLike) -> NDArray[np.float64]:
    """Vertex normals: the mean of the normals of the faces around a vertex, weighted by area.

    Args:
        vertices: `[V, 3]` metres.
        faces: `[F, 3]` vertex indices, anticlockwise seen from outside.

    Returns:
        `[V, 3]` unit vectors; zero for a vertex without a face of finite, positive area.

    Raises:
        ValueError: a face refers to a vertex that is not there.
    """
    from engine.raster._mesh_kernels import vertex_normals

    points = table(vertices, 3, np.float64, "vertices")
    triangles = faces_of(faces, len(points))
    result = np.empty_like(points)
    vertex_normals(points, triangles, result)
    return result

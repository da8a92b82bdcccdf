"""Marching cubes: the surface f = 0 of a grid of values, as a watertight triangle mesh.

Each cube of eight neighbouring samples has 2⁸ patterns of inside and outside. The triangles of a pattern are derived here rather than
copied from a table: on each face the crossing edges are joined around every run of inside corners, which closes them into loops; each
loop is cut into a fan. Two cubes see their common face alike, so the mesh has no cracks. Lorensen & Cline 1987, doi:10.1145/37402.37422;
the face rule (inside corners are kept apart) is that of Montani et al. 1994, doi:10.1007/BF01900830.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float, Int

Vertices = Float[np.ndarray, "v 3"]
Triangles = Int[np.ndarray, "t 3"]

# Corner i of a cube lies at the bits of i: (x, y, z) = (i & 1, i >> 1 & 1, i >> 2 & 1).
_EDGES = tuple((a, a | 1 << axis) for axis in range(3) for a in range(8) if not a >> axis & 1)
# The corners of the six faces, counter-clockwise as seen from outside.
_FACES = ((0, 4, 6, 2), (1, 3, 7, 5), (0, 1, 5, 4), (2, 6, 7, 3), (0, 2, 3, 1), (4, 5, 7, 6))


def marching_cubes(
    values: Float[np.ndarray, "x y z"], low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], level: float = 0.0
) -> tuple[Vertices, Triangles]:
    """The surface where `values` = `level`, in the frame of the box `low … high` whose corners are the first and last sample.

    Inside is where the values are below the level; triangles are counter-clockwise seen from outside. A field that never crosses the
    level gives an empty mesh. Raises ValueError for a grid of fewer than two samples along an axis.
    """
    if min(values.shape) < 2:
        raise ValueError(f"marching cubes needs two samples along each axis, not {values.shape}")
    field = np.asarray(values, np.float64) - level
    inside = field < 0
    vertices, ids = _edge_vertices(field, inside)
    triangles = _triangles(inside, ids)
    scale = (np.asarray(high, np.float64) - low) / (np.array(values.shape) - 1)
    return vertices * scale + low, triangles


def _edge_vertices(field: np.ndarray, inside: np.ndarray) -> tuple[Vertices, list[np.ndarray]]:
    """One vertex on each grid edge that crosses the level, in units of samples, and its number by axis and place of the edge."""
    vertices, ids, count = [], [], 0
    for axis in range(3):
        near, far = [slice(None)] * 3, [slice(None)] * 3
        near[axis], far[axis] = slice(None, -1), slice(1, None)
        crosses = inside[tuple(near)] != inside[tuple(far)]
        place = np.argwhere(crosses).astype(np.float64)
        here, there = field[tuple(near)][crosses], field[tuple(far)][crosses]
        place[:, axis] += here / (here - there)
        numbers = np.full(crosses.shape, -1, np.int64)
        numbers[crosses] = count + np.arange(len(place))
        count += len(place)
        vertices.append(place)
        ids.append(numbers)
    return np.concatenate(vertices), ids


def _triangles(inside: np.ndarray, ids: list[np.ndarray]) -> Triangles:
    """The triangles of every cube, pattern by pattern."""
    cells = tuple(size - 1 for size in inside.shape)
    pattern = np.zeros(cells, np.uint8)
    for corner in range(8):
        x, y, z = corner & 1, corner >> 1 & 1, corner >> 2 & 1
        block = inside[x : x + cells[0], y : y + cells[1], z : z + cells[2]]
        pattern |= block.astype(np.uint8) << np.uint8(corner)
    mixed = np.flatnonzero((pattern != 0) & (pattern != 255))
    if not len(mixed):
        return np.empty((0, 3), np.int64)
    order = mixed[np.argsort(pattern.ravel()[mixed], kind="stable")]
    codes = pattern.ravel()[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    found = []
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        cubes = np.array(np.unravel_index(order[start:end], cells))
        edges = pattern_triangles(int(codes[start]))
        numbers = {edge: ids[edge // 4][tuple(cubes + _offset(edge))] for edge in {e for t in edges for e in t}}
        found += [np.stack([numbers[edge] for edge in triangle], 1) for triangle in edges]
    return np.concatenate(found)


def _offset(edge: int) -> np.ndarray:
    corner = _EDGES[edge][0]
    return np.array([[corner & 1], [corner >> 1 & 1], [corner >> 2 & 1]])


@cache
def pattern_triangles(pattern: int) -> tuple[tuple[int, int, int], ...]:
    """The triangles of one of the 256 patterns (bit i: corner i is inside), as numbers of crossing edges."""
    following = {}
    for face in _FACES:
        for k in range(4):
            corner, before = face[k], face[k - 1]
            if pattern >> corner & 1 and not pattern >> before & 1:
                run = k
                while pattern >> face[(run + 1) % 4] & 1:
                    run += 1
                leave = _edge_between(face[run % 4], face[(run + 1) % 4])
                following[leave] = _edge_between(before, corner)
    triangles = []
    while following:
        first, edge = following.popitem()
        loop = [first]
        while edge != first:
            loop.append(edge)
            edge = following.pop(edge)
        triangles += [(loop[0], loop[k + 1], loop[k]) for k in range(1, len(loop) - 1)]
    return tuple(triangles)


def _edge_between(a: int, b: int) -> int:
    return _EDGES.index((min(a, b), max(a, b)))


def euler_characteristic(triangles: Triangles) -> int:
    """V − E + F: 2 for a closed surface like a sphere, 0 for a torus."""
    if not len(triangles):
        return 0
    edges = np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1), axis=0)
    return len(np.unique(triangles)) - len(edges) + len(triangles)


def is_watertight(triangles: Triangles) -> bool:
    """Whether the mesh is closed: every edge is run along as often in one direction as in the other."""
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    forward, there = np.unique(edges, axis=0, return_counts=True)
    backward, back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    return len(triangles) > 0 and np.array_equal(forward, backward) and np.array_equal(there, back)

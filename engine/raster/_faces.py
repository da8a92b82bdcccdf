"""The faces of a mesh, checked before a kernel trusts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.raster._arrays import table

MOST_FACES = 2**31 - 1


def faces_of(faces: ArrayLike, vertices: int) -> NDArray[np.int32]:
    """Faces as the kernels take them.

    Args:
        faces: `[F, 3]` vertex indices.
        vertices: how many vertices there are.

    Returns:
        `[F, 3]` int32.

    Raises:
        ValueError: a face refers to a vertex that is not there, or the indices are no whole numbers.
    """
    indices = np.array(faces)  # a copy: a kernel trusts what was checked, whoever writes to the original meanwhile
    if indices.size == 0:
        return np.empty((0, 3), dtype=np.int32)
    if indices.dtype.kind not in "ui":
        raise ValueError(f"faces must be whole numbers, indices of vertices, not {indices.dtype}")
    lowest, highest = int(indices.min()), int(indices.max())
    if lowest < 0 or highest >= vertices:
        wrong = lowest if lowest < 0 else highest
        raise ValueError(f"a face refers to vertex {wrong}, but the mesh has {vertices} vertices, counted from 0")
    return table(indices, 3, np.int32, "faces")

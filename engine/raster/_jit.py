"""How the kernels are compiled: cached on disk, without the interpreter's lock, division by zero giving infinity.

One rule keeps the threads out of each other's way. A view of an array, or an array handed to a piece that branches,
costs a reference count, which is one place in memory that all threads then write to: it doubled the time of a mesh. So
kernels index their arrays themselves, and their pieces take and return plain numbers and tuples; a piece that does
read an array has neither branch nor loop.

numba notices a change to a kernel's own file and compiles it anew. It does not notice one to this file: after that,
delete the `__pycache__` folder.
"""

from functools import partial

import numpy as np
from numba import njit

kernel = partial(njit, cache=True, nogil=True, error_model="numpy")
"""A kernel whose first two arguments, `part` and `parts`, say which share of the work is its own, or a whole one."""

inline = partial(njit, nogil=True, error_model="numpy")
"""A piece of a kernel, which the compiler inlines: cached with the kernel, not by itself."""


@inline()
def run_of(things, part, parts):
    """The part's own run of so many things."""
    return range(things * part // parts, things * (part + 1) // parts)


@inline()
def row_of(table, i):
    """The three numbers of a row."""
    return table[i, 0], table[i, 1], table[i, 2]


@inline()
def tile_box(tile, shift, shape):
    """The pixels of a tile, x0, y0, x1, y1, in a picture of H × W, whose tiles are numbered row by row."""
    across = (shape[1] + (1 << shift) - 1) >> shift
    x0, y0 = (tile % across) << shift, (tile // across) << shift
    return x0, y0, min(x0 + (1 << shift), shape[1]), min(y0 + (1 << shift), shape[0])


@inline()
def moved(pose, point):
    """A point in another frame: pose `[3, 4]`, float64."""
    x, y, z = np.float64(point[0]), np.float64(point[1]), np.float64(point[2])
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3],
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3],
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3],
    )

"""Which tiles a thing touches: a counting sort that keeps the order of the things within each tile.

Things are given by their pixel boxes, `[N, 4]` int32: x0, y0, x1, y1, the ends excluded; an empty box is left out.
A tile is 2^shift pixels wide and high. The threads sort a fixed number of runs, each with counters of its own, so that
the result is the same whichever thread comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.raster._jit import inline, kernel, run_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from engine.raster.canvas import Canvas

RUNS = 8
LARGEST_SORT = 8_000_000
"""Tile entries sorted at once, 32 MB: more than that is drawn in several batches."""


def sorted_batches(
    canvas: Canvas, boxes: NDArray[np.int32], order: NDArray[np.int32], shift: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Lists the things of each tile; in several batches, from the last things to the first, where there are too many.

    Args:
        canvas: whose samples, and whose scratch buffers, which hold the lists until the next batch.
        boxes: `[N, 4]` pixels.
        order: `[M]` indices into the boxes.
        shift: the binary logarithm of the tile's side.

    Yields:
        `[tiles + 1]` where each tile's list begins, tiles row by row, and the lists one after another.
    """
    across, down = (-(-side >> shift) for side in (canvas.depth.shape[1], canvas.depth.shape[0]))
    take, share = canvas.scratch.take, canvas.team.share
    places = take("places", (RUNS, across * down), np.int64)
    starts = take("starts", (across * down + 1,), np.int64)
    share(_count, RUNS, boxes, order, shift, across, places)
    total = _starts_from_counts(places, starts)
    if total > LARGEST_SORT and len(order) > 1:
        for half in (order[len(order) // 2 :], order[: len(order) // 2]):
            yield from sorted_batches(canvas, boxes, half, shift)
        return
    entries = take("entries", (total,), np.int32)
    share(_fill, RUNS, boxes, order, shift, across, places, entries)
    yield starts, entries


@inline()
def _tiles_of(low, high, shift):
    """The tiles from the one of the first pixel to after the one of the last."""
    return low >> shift, ((high - 1) >> shift) + 1


@kernel()
def _count(part, parts, boxes, order, shift, across, counts):
    for tile in range(counts.shape[1]):
        counts[part, tile] = 0
    for place in run_of(len(order), part, parts):
        i = order[place]
        if boxes[i, 0] >= boxes[i, 2]:
            continue
        first, last = _tiles_of(boxes[i, 0], boxes[i, 2], shift)
        for y in range(*_tiles_of(boxes[i, 1], boxes[i, 3], shift)):
            for x in range(first, last):
                counts[part, y * across + x] += 1


@kernel()
def _starts_from_counts(counts, starts):
    total = 0
    for tile in range(counts.shape[1]):
        starts[tile] = total
        for part in range(len(counts)):
            count = counts[part, tile]
            counts[part, tile] = total
            total += count
    starts[counts.shape[1]] = total
    return total


@kernel()
def _fill(part, parts, boxes, order, shift, across, places, entries):
    for place in run_of(len(order), part, parts):
        i = order[place]
        if boxes[i, 0] >= boxes[i, 2]:
            continue
        first, last = _tiles_of(boxes[i, 0], boxes[i, 2], shift)
        for y in range(*_tiles_of(boxes[i, 1], boxes[i, 3], shift)):
            for x in range(first, last):
                entries[places[part, y * across + x]] = i
                places[part, y * across + x] += 1

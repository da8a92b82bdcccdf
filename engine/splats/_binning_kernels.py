"""Which tiles each Gaussian is seen in: a counting sort that keeps the order of depth in each tile.

A tile is listed only if the ellipse itself reaches into it, not merely its box. Every pair of a tile and a Gaussian has a slot of its
own, a Gaussian's slots one after another: there the tile leaves its derivatives, and nobody else writes.
"""

import math

import numpy as np

from engine.raster._jit import inline, kernel, run_of
from engine.splats._tile_kernels import LOG2_FAINTEST, TILE


@inline()
def _tile_rows(boxes, i):
    """The first row of tiles that a box touches, and the one after the last."""
    return boxes[i, 1] // TILE, (boxes[i, 3] - 1) // TILE + 1


@inline()
def _reach(a, b, c, level, y):
    """How wide an ellipse a x² + b x y + c y² ≤ l is at a height, times a."""
    return math.sqrt(max(b * b * y * y + 4 * a * (level - c * y * y), 0.0))


@inline()
def _tiles_across(records, boxes, i, row):
    """The tiles of one row that a Gaussian's ellipse reaches into.

    In a band of heights an ellipse reaches farthest where its outermost point lies, or at the edge of the band next to that.
    """
    first, last = boxes[i, 0] // TILE, (boxes[i, 2] - 1) // TILE + 1
    if last - first < 2:
        return first, last
    a, b, c = -np.float64(records[i, 2]), -np.float64(records[i, 3]), -np.float64(records[i, 4])
    level = np.float64(records[i, 5]) - LOG2_FAINTEST
    x, y, width = np.float64(records[i, 0]), np.float64(records[i, 1]), np.float64(records[i, 11])
    low, high = row * TILE + 0.5 - y, (row + 1) * TILE - 0.5 - y
    outermost = -0.5 * b / c * width
    right, left = min(max(outermost, low), high), min(max(-outermost, low), high)
    right = x + 0.5 * (_reach(a, b, c, level, right) - b * right) / a
    left = x - 0.5 * (_reach(a, b, c, level, left) + b * left) / a
    first = max(first, np.int32(math.floor((left - 0.51) / TILE)))
    last = min(last, np.int32(math.floor((right - 0.49) / TILE)) + 1)
    return first, last


@kernel()
def count_pairs(part, parts, records, boxes, order, across, counts, spans):
    """Counts the pairs of each tile, and of each Gaussian.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        records: `[N, RECORD]`.
        boxes: `[N, 4]` pixels.
        order: `[M]` nearest first.
        across: how many tiles lie beside each other.
        counts: `[parts, tiles]` result.
        spans: `[N, 2]` result: how many pairs, in the second column.
    """
    for tile in range(counts.shape[1]):
        counts[part, tile] = 0
    for place in run_of(len(order), part, parts):
        i = order[place]
        pairs = 0
        for row in range(*_tile_rows(boxes, i)):
            first, last = _tiles_across(records, boxes, i, row)
            for column in range(first, last):
                counts[part, row * across + column] += 1
            pairs += max(last - first, 0)
        spans[i, 1] = pairs


@kernel()
def places_from_counts(counts, starts, order, spans):
    """Turns counts into places: of each part in each tile's list, of the lists, and of the slots. Returns how many pairs there are."""
    total = 0
    for tile in range(counts.shape[1]):
        starts[tile] = total
        for part in range(len(counts)):
            count = counts[part, tile]
            counts[part, tile] = total
            total += count
    starts[counts.shape[1]] = total
    slot = 0
    for i in order:
        spans[i, 0] = slot
        slot += spans[i, 1]
        spans[i, 1] = slot
    return total


@kernel()
def fill_lists(part, parts, records, boxes, order, across, places, spans, entries):
    """Writes each tile's list: `[P, 2]` the Gaussian and the slot of the pair."""
    for place in run_of(len(order), part, parts):
        i = order[place]
        slot = spans[i, 0]
        for row in range(*_tile_rows(boxes, i)):
            for column in range(*_tiles_across(records, boxes, i, row)):
                at = places[part, row * across + column]
                entries[at, 0], entries[at, 1] = i, slot
                places[part, row * across + column] = at + 1
                slot += 1

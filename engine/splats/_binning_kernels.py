"""Which tiles each Gaussian is seen in: a counting sort that keeps the order of depth in each tile.

A tile is listed only if the ellipse itself reaches into it, not merely its box. Every pair of a tile and a Gaussian has a slot of its
own, a Gaussian's slots one after another: there the tile leaves its derivatives, and nobody else writes.

The sort visits the Gaussians in the order of depth, all over memory; so what it needs of each is packed closely beforehand.
"""

import math

import numpy as np

from engine.raster._jit import inline, kernel, run_of
from engine.splats._tile_kernels import LOG2_FAINTEST, TILE

SIDE = 8
"""Boxes of up to this many tiles a side have a bit for each tile; larger ones count as a whole."""
_ALL = np.uint64(2**64 - 1)


@inline()
def _reach(a, b, c, level, y):
    """How wide an ellipse a x² + b x y + c y² ≤ l is at a height, times a."""
    return math.sqrt(max(b * b * y * y + 4 * a * (level - c * y * y), 0.0))


@inline()
def _span(ellipse, x, low, high):
    """From where to where an ellipse reaches in a band of heights: to its outermost point, or to the edge of the band next to that."""
    a, b, c, level, outermost = ellipse
    right, left = min(max(outermost, low), high), min(max(-outermost, low), high)
    half = 0.5 / a
    return (
        x - half * (_reach(a, b, c, level, left) + b * left),
        x + half * (_reach(a, b, c, level, right) - b * right),
    )


@inline()
def _bits(records, i, box):
    """One bit for each tile of a box, eight to a row: whether the ellipse reaches into it."""
    x0, y0, x1, y1 = box
    a, b, c = -np.float64(records[i, 2]), -np.float64(records[i, 3]), -np.float64(records[i, 4])
    x, y = np.float64(records[i, 0]), np.float64(records[i, 1])
    ellipse = (a, b, c, np.float64(records[i, 5]) - LOG2_FAINTEST, -0.5 * b / c * np.float64(records[i, 11]))
    found = np.uint64(0)
    for row in range(y1 - y0):
        top = (y0 + row) * TILE + 0.5 - y
        left, right = _span(ellipse, x, top, top + TILE - 1)
        first = max(math.floor((left - 0.51) / TILE) - x0, 0)
        last = min(math.floor((right - 0.49) / TILE) - x0 + 1, x1 - x0)
        for column in range(first, last):
            found |= np.uint64(1) << np.uint64(SIDE * row + column)
    return found


@kernel()
def cover_tiles(part, parts, records, boxes, tiles, covers, spans):
    """Finds the tiles that each ellipse reaches into.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        records: `[N, RECORD]`.
        boxes: `[N, 4]` pixels.
        tiles: `[N, 4]` int16 result: first tile across and down, tiles across and down; 0 for a Gaussian that is not seen.
        covers: `[N]` uint64 result: a bit for each of those tiles, or all bits.
        spans: `[N, 2]` result: no pairs for a Gaussian that is not seen.
    """
    for i in run_of(len(boxes), part, parts):
        x0, y0, x1, y1 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        if x0 >= x1 or y0 >= y1:
            tiles[i, 2], tiles[i, 3], spans[i, 1] = 0, 0, 0
            continue
        x0, y0, x1, y1 = x0 // TILE, y0 // TILE, (x1 - 1) // TILE + 1, (y1 - 1) // TILE + 1
        tiles[i, 0], tiles[i, 1], tiles[i, 2], tiles[i, 3] = x0, y0, x1 - x0, y1 - y0
        covers[i] = _ALL
        if 1 < x1 - x0 <= SIDE and y1 - y0 <= SIDE:
            covers[i] = _bits(records, i, (x0, y0, x1, y1))


@inline()
def _covered(bits, row, column):
    """Whether a tile of a box is covered; of a large box every tile is."""
    return (bits == _ALL) | (((bits >> np.uint64(SIDE * row + column)) & np.uint64(1)) == np.uint64(1))


@kernel()
def count_pairs(part, parts, tiles, covers, order, across, counts, spans):
    """Counts the pairs of each tile, and of each Gaussian.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        tiles: `[N, 4]`.
        covers: `[N]`.
        order: `[M]` nearest first.
        across: how many tiles lie beside each other.
        counts: `[parts, tiles]` result.
        spans: `[N, 2]` result: how many pairs, in the second column.
    """
    for tile in range(counts.shape[1]):
        counts[part, tile] = 0
    for place in run_of(len(order), part, parts):
        i = order[place]
        bits, pairs = covers[i], 0
        corner = np.int64(tiles[i, 1]) * across + tiles[i, 0]
        for row in range(tiles[i, 3]):
            for column in range(tiles[i, 2]):
                if _covered(bits, row, column):
                    counts[part, corner + row * across + column] += 1
                    pairs += 1
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
    for i in range(len(spans)):
        spans[i, 0] = slot
        slot += spans[i, 1]
        spans[i, 1] = slot
    return total


@kernel()
def fill_lists(part, parts, tiles, covers, order, across, places, spans, entries):
    """Writes each tile's list: `[P, 2]` the Gaussian and the slot of the pair."""
    for place in run_of(len(order), part, parts):
        i = order[place]
        bits, slot = covers[i], spans[i, 0]
        corner = np.int64(tiles[i, 1]) * across + tiles[i, 0]
        for row in range(tiles[i, 3]):
            for column in range(tiles[i, 2]):
                if _covered(bits, row, column):
                    at = places[part, corner + row * across + column]
                    entries[at, 0], entries[at, 1] = i, slot
                    places[part, corner + row * across + column] = at + 1
                    slot += 1

"""The inner loops of `draw_lines`: each band of rows draws all strokes that cross it, in their order."""

import math

import numpy as np

from engine.raster._jit import inline, kernel, moved, row_of, run_of

BAND = 16
FARTHEST = 1e12
"""A segment that reaches farther across the picture than so many pixels is left out: its sides would be guesswork."""
CLOSER = 1.0 + 5e-4
"""A line that lies in a surface is drawn on it, not half inside it."""


@inline()
def _cut(p, q, depth):
    """The place between p and q that has this depth."""
    share = (depth - p[2]) / (q[2] - p[2])
    return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]), depth


@inline()
def _clipped(p, q, near, far):
    """The part of a segment between the clipping planes; one of its ends must be there."""
    if p[2] < near:
        p = _cut(p, q, near)
    if q[2] < near:
        q = _cut(q, p, near)
    if p[2] > far:
        p = _cut(p, q, far)
    if q[2] > far:
        q = _cut(q, p, far)
    return p, q


@kernel()
def set_up_strokes(part, parts, pose, pairs, width, lens, size, strokes, spans):
    """Where the segments fall.

    Args:
        part: which share of the segments.
        parts: of how many.
        pose: `[3, 4]` camera from world.
        pairs: `[M, 6]` start and end, metres, world.
        width: samples.
        lens: focal length, middle x, middle y, near, far.
        size: samples across and down.
        strokes: `[M, 6]` result: x, y and inverse depth of start and end.
        spans: `[M, 2]` result: the rows touched, the end excluded; none for a segment that is not seen.
    """
    reach = 0.5 * width + 0.5
    for i in run_of(len(pairs), part, parts):
        spans[i, 0], spans[i, 1] = 0, 0
        p = moved(pose, (pairs[i, 0], pairs[i, 1], pairs[i, 2]))
        q = moved(pose, (pairs[i, 3], pairs[i, 4], pairs[i, 5]))
        if max(p[2], q[2]) < lens[3] or min(p[2], q[2]) > lens[4]:
            continue
        p, q = _clipped(p, q, lens[3], lens[4])
        x0, y0 = lens[0] * p[0] / p[2] + lens[1], lens[0] * p[1] / p[2] + lens[2]
        x1, y1 = lens[0] * q[0] / q[2] + lens[1], lens[0] * q[1] / q[2] + lens[2]
        if not abs(x0) + abs(y0) + abs(x1) + abs(y1) < FARTHEST:  # not a number fails this too
            continue
        strokes[i, 0], strokes[i, 1], strokes[i, 2] = x0, y0, 1.0 / p[2]
        strokes[i, 3], strokes[i, 4], strokes[i, 5] = x1, y1, 1.0 / q[2]
        if max(x0, x1) >= -reach and min(x0, x1) <= size[0] + reach:
            spans[i, 0] = np.int32(min(max(np.floor(min(y0, y1) - reach), 0.0), float(size[1])))
            spans[i, 1] = np.int32(min(max(np.ceil(max(y0, y1) + reach), 0.0), float(size[1])))


@inline()
def _direction(start, end):
    """From one place to the other: a unit vector and the length, or nothing."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.sqrt(across * across + down * down)
    return (across / length, down / length, length) if length > 0.0 else (1.0, 0.0, 0.0)


@inline()
def _columns(start, end, direction, y, reach, width):
    """The pixels of a row that a stroke may touch."""
    left, right = min(start[0], end[0]) - reach, max(start[0], end[0]) + reach
    steep = abs(direction[1])
    if steep > 1e-9:
        # The stroke's sides are slanted lines, reach / steep away from its middle along the row.
        middle = start[0] + (y - start[1]) * direction[0] / direction[1]
        left, right = max(left, middle - reach / steep), min(right, middle + reach / steep)
    return int(min(max(np.floor(left), 0.0), float(width))), int(min(max(np.ceil(right), 0.0), float(width)))


@inline()
def _nearest_on(start, direction, x, y):
    """How far from a place its nearest on the stroke is, and how far along, as a share of the whole."""
    dx, dy, length = x - start[0], y - start[1], direction[2]
    along = min(max(dx * direction[0] + dy * direction[1], 0.0), length)
    aside, ahead = dx - along * direction[0], dy - along * direction[1]
    return math.sqrt(aside * aside + ahead * ahead), along / max(length, 1e-300)


@inline()
def _between(start, end, share):
    return (
        start[0] + share * (end[0] - start[0]),
        start[1] + share * (end[1] - start[1]),
        start[2] + share * (end[2] - start[2]),
    )


@inline()
def _farthest(solid, x, y):
    """The inverse depth that a surface may have at a place anywhere in its pixel, at the least.

    That of the pixel's centre, less what it changes over half a pixel; beside an outline, on the side of the surface.
    Inverse depths, because a plane's are linear in the picture, and because that of nothing is zero.
    """
    row = min(max(int(y), 0), solid.shape[0] - 1)
    column = min(max(int(x), 0), solid.shape[1] - 1)
    here = 1.0 / solid[row, column]
    left = 1.0 / solid[row, max(column - 1, 0)]
    right = 1.0 / solid[row, min(column + 1, solid.shape[1] - 1)]
    above = 1.0 / solid[max(row - 1, 0), column]
    below = 1.0 / solid[min(row + 1, solid.shape[0] - 1), column]
    return here - 0.5 * (min(abs(left - here), abs(right - here)) + min(abs(above - here), abs(below - here)))


@inline()
def _mixed(old, new, share):
    return np.uint8(old + share * (np.float64(new) - np.float64(old)) + 0.5)


@kernel()
def draw_bands(part, parts, strokes, spans, tints, width, solid, depth, colour):
    """Draws strokes.

    Whether a surface hides a stroke is asked where the stroke's middle is, not at each pixel of its width: beside the
    middle, a surface that the stroke lies in is already nearer or farther.

    Args:
        part: which share of the bands.
        parts: of how many.
        strokes: `[M, 6]` x, y and inverse depth of start and end.
        spans: `[M, 2]` rows.
        tints: `[M, 3]` uint8.
        width: samples.
        solid: `[H, W]` float32, the depths before the strokes.
        depth: `[H, W]` float32, the same to begin with, read and written.
        colour: `[H, W, 4]` uint8, blended.
    """
    half, faint = 0.5 * max(width, 1.0), min(width, 1.0)
    for band in range(part, (len(depth) + BAND - 1) // BAND, parts):
        for i in range(len(strokes)):
            start = row_of(strokes, i)
            end = (strokes[i, 3], strokes[i, 4], strokes[i, 5])
            red, green, blue = row_of(tints, i)
            direction = _direction(start, end)
            for row in range(max(spans[i, 0], band * BAND), min(spans[i, 1], (band + 1) * BAND)):
                first, last = _columns(start, end, direction, row + 0.5, half + 0.5, depth.shape[1])
                for pixel in range(first, last):
                    distance, share = _nearest_on(start, direction, pixel + 0.5, row + 0.5)
                    cover = min(max(half + 0.5 - distance, 0.0), 1.0)
                    x, y, inverse = _between(start, end, share)
                    closer = inverse * CLOSER
                    crossed = depth[row, pixel] != solid[row, pixel] and closer * depth[row, pixel] <= 1.0
                    if cover <= 0.0 or crossed or closer <= _farthest(solid, x, y):
                        continue
                    colour[row, pixel, 0] = _mixed(colour[row, pixel, 0], red, faint * cover)
                    colour[row, pixel, 1] = _mixed(colour[row, pixel, 1], green, faint * cover)
                    colour[row, pixel, 2] = _mixed(colour[row, pixel, 2], blue, faint * cover)
                    if cover >= 0.5:
                        depth[row, pixel] = min(np.float32(1.0 / inverse), depth[row, pixel])

"""The inner loops of `draw_splats` beside colour itself: view-dependent colour, depth, opacity, counts, rings."""

import math

import numpy as np

from engine.raster._jit import kernel, row_of, run_of, tile_box
from engine.raster._splat_kernels import (
    AREA,
    BLUE,
    FAST,
    GREEN,
    LIMIT,
    LOG2_E,
    LOG2_FAINTEST,
    MOST_OPAQUE,
    RED,
    SPENT,
    THROUGH,
    TILE,
    TILE_SHIFT,
    _begin,
    _draw_splat,
    _end,
    _exp2,
    _finished,
    _rows,
    fast_inline,
)

DEPTH, OPACITY, COUNT = 0, 1, 2
RING = np.float32(-0.5 * LOG2_E * 4.0)
RING_INSIDE = np.float32(-0.5 * LOG2_E * 3.1)
"""Binary logarithms of a Gaussian at 2 and at 1.76 standard deviations: between them lies its ring."""
RING_ALPHA, FILL_ALPHA = np.float32(0.75), np.float32(0.06)
Y1 = 0.4886025119029199
Y2 = (1.0925484305920792, -1.0925484305920792, 0.31539156525252005, -1.0925484305920792, 0.5462742152960396)
Y3 = (
    -0.5900435899266435,
    2.890611442640554,
    -0.4570457994644658,
    0.3731763325901154,
    -0.4570457994644658,
    1.445305721320277,
    -0.5900435899266435,
)
"""The real spherical harmonics' constants, with the signs of the reference implementation."""


@kernel()
def shade(part, parts, eye, means, base, higher, tints):
    """Colours as seen from the eye: the constant ones plus the higher spherical harmonics of the direction.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        eye: three numbers, metres, world.
        means: `[N, 3]` metres, world.
        base: `[N, 3]` colours without the higher harmonics.
        higher: `[N, K, 3]`, K = 3, 8 or 15.
        tints: `[N, 3]` result.
    """
    y = np.zeros(15, np.float32)
    for i in run_of(len(means), part, parts):
        dx, dy, dz = (
            np.float64(means[i, 0]) - eye[0],
            np.float64(means[i, 1]) - eye[1],
            np.float64(means[i, 2]) - eye[2],
        )
        scale = 1.0 / max(math.sqrt(dx * dx + dy * dy + dz * dz), 1e-12)
        dx, dy, dz = dx * scale, dy * scale, dz * scale
        y[0], y[1], y[2] = -Y1 * dy, Y1 * dz, -Y1 * dx
        if higher.shape[1] > 3:
            xx, yy, zz = dx * dx, dy * dy, dz * dz
            y[3], y[4], y[5] = Y2[0] * dx * dy, Y2[1] * dy * dz, Y2[2] * (2 * zz - xx - yy)
            y[6], y[7] = Y2[3] * dx * dz, Y2[4] * (xx - yy)
            if higher.shape[1] > 8:
                y[8], y[9] = Y3[0] * dy * (3 * xx - yy), Y3[1] * dx * dy * dz
                y[10], y[11] = Y3[2] * dy * (4 * zz - xx - yy), Y3[3] * dz * (2 * zz - 3 * xx - 3 * yy)
                y[12], y[13], y[14] = (
                    Y3[4] * dx * (4 * zz - xx - yy),
                    Y3[5] * dz * (xx - yy),
                    Y3[6] * dx * (xx - 3 * yy),
                )
        for channel in range(3):
            total = base[i, channel]
            for k in range(higher.shape[1]):
                total += y[k] * higher[i, k, channel]
            tints[i, channel] = total


@kernel()
def thinnest_axes(part, parts, pose, means, turns, sigmas, tints):
    """Each Gaussian's shortest axis, turned to the eye, as a colour: right, up and towards the eye are red, green and blue."""
    for i in run_of(len(means), part, parts):
        w, x, y, z = np.float64(turns[i, 0]), np.float64(turns[i, 1]), np.float64(turns[i, 2]), np.float64(turns[i, 3])
        size = 1.0 / max(math.sqrt(w * w + x * x + y * y + z * z), 1e-12)
        w, x, y, z = w * size, x * size, y * size, z * size
        axis = (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y))
        if sigmas[i, 1] < sigmas[i, 0] and sigmas[i, 1] <= sigmas[i, 2]:
            axis = (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x))
        elif sigmas[i, 2] < sigmas[i, 0]:
            axis = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
        mean = row_of(means, i)
        n = (0.0, 0.0, 0.0)
        n0 = pose[0, 0] * axis[0] + pose[0, 1] * axis[1] + pose[0, 2] * axis[2]
        n1 = pose[1, 0] * axis[0] + pose[1, 1] * axis[1] + pose[1, 2] * axis[2]
        n2 = pose[2, 0] * axis[0] + pose[2, 1] * axis[1] + pose[2, 2] * axis[2]
        p0 = pose[0, 0] * mean[0] + pose[0, 1] * mean[1] + pose[0, 2] * mean[2] + pose[0, 3]
        p1 = pose[1, 0] * mean[0] + pose[1, 1] * mean[1] + pose[1, 2] * mean[2] + pose[1, 3]
        p2 = pose[2, 0] * mean[0] + pose[2, 1] * mean[1] + pose[2, 2] * mean[2] + pose[2, 3]
        sign = -1.0 if n0 * p0 + n1 * p1 + n2 * p2 > 0 else 1.0
        n = (sign * n0, sign * n1, sign * n2)
        tints[i, 0], tints[i, 1], tints[i, 2] = 0.5 + 0.5 * n[0], 0.5 - 0.5 * n[1], 0.5 - 0.5 * n[2]


@fast_inline()
def _count_row(tile, row, x, powers, z):
    """Counts one Gaussian in the pixels of a row where it adds light."""
    curve, slope, level = powers
    for pixel in range(TILE):
        at = np.uint64(row * TILE) + np.uint64(pixel)
        dx = np.float32(pixel) - x
        power = (curve * dx + slope) * dx + level
        through = tile[THROUGH + at]
        seen = (power >= LOG2_FAINTEST) & (z < tile[LIMIT + at]) & (through > SPENT)
        alpha = min(_exp2(max(power, np.float32(-9))), MOST_OPAQUE)
        tile[RED + at] += np.float32(1) if seen else np.float32(0)
        tile[THROUGH + at] = through - (alpha * through if seen else np.float32(0))


@fast_inline()
def _ring_row(tile, row, x, powers, strength, z, tint):
    """One Gaussian's ring, and a breath of its inside."""
    curve, slope, level = powers
    for pixel in range(TILE):
        at = np.uint64(row * TILE) + np.uint64(pixel)
        dx = np.float32(pixel) - x
        power = (curve * dx + slope) * dx + level - strength
        through = tile[THROUGH + at]
        alpha = RING_ALPHA if power < RING_INSIDE else FILL_ALPHA
        weight = alpha * through if (power >= RING) & (z < tile[LIMIT + at]) else np.float32(0)
        tile[RED + at] += weight * tint[0]
        tile[GREEN + at] += weight * tint[1]
        tile[BLUE + at] += weight * tint[2]
        tile[THROUGH + at] = through - weight


@fast_inline()
def _each_row(tile, x, y, record, ring):
    conic, strength, height, z = record[0], record[1], record[2], record[3]
    first, last = _rows(y, height)
    for row in range(first, last):
        dy = np.float32(row) - y
        powers = (conic[0], conic[1] * dy, conic[2] * dy * dy + strength)
        if ring:
            _ring_row(tile, row, x, powers, strength, z, record[4])
        else:
            _count_row(tile, row, x, powers, z)


@fast_inline()
def _end_by_table(tile, box, colour, table, kind, most):
    """The tile's values as colours of a table `[256, 3]`, over what the picture holds where nothing is."""
    x0, y0, x1, y1 = box
    for y in range(y0, y1):
        for x in range(x0, x1):
            at = np.uint64((y - y0) * TILE + x - x0)
            there = np.float32(1) - tile[THROUGH + at]
            value = there
            if kind == DEPTH:
                value = tile[RED + at] / max(there, np.float32(1e-6))
            if kind == COUNT:
                value = tile[RED + at] / most
            share = there if kind == DEPTH else np.float32(1)
            level = int(min(max(value, np.float32(0)), np.float32(1)) * np.float32(255) + np.float32(0.5))
            for channel in range(3):
                behind = np.float32(colour[y, x, channel]) * (np.float32(1) - share)
                colour[y, x, channel] = np.uint8(np.float32(table[level, channel]) * share + behind + np.float32(0.5))


@kernel(fastmath=FAST)
def draw_values(part, parts, starts, entries, records, depth, colour, table, kind, most):
    """Draws depth, opacity or the count of contributions, coloured by a table; a record's red holds the depth's share.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: `[tiles + 1]` where each tile's list begins.
        entries: the lists of Gaussians, each in the order of depth.
        records: `[N, RECORD]`.
        depth: `[H, W]` float32, read.
        colour: `[H, W, 4]` uint8, written over.
        table: `[256, 3]` uint8.
        kind: DEPTH, OPACITY or COUNT.
        most: the count that has the last colour.
    """
    tile = np.empty(6 * AREA, np.float32)
    for number in range(part, len(starts) - 1, parts):
        box = tile_box(number, TILE_SHIFT, depth.shape)
        _begin(tile, box, depth)
        for place in range(starts[number], starts[number + 1]):
            i = entries[place]
            x = records[i, 0] - np.float32(box[0]) - np.float32(0.5)
            y = records[i, 1] - np.float32(box[1]) - np.float32(0.5)
            conic = (records[i, 2], records[i, 3], records[i, 4])
            tint = (records[i, 8], np.float32(0), np.float32(0))
            if kind == COUNT:
                _each_row(tile, x, y, (conic, records[i, 5], records[i, 6], records[i, 7], tint), False)
            else:
                _draw_splat(tile, x, y, conic, records[i, 5], records[i, 6], records[i, 7], tint)
            if (place & 15) == 15 and _finished(tile, records[i, 7]):
                break
        _end_by_table(tile, box, colour, table, kind, most)


@kernel(fastmath=FAST)
def draw_rings(part, parts, starts, entries, records, depth, colour):
    """Draws each Gaussian as the ellipse of its two standard deviations; the arguments are those of `draw_tiles`."""
    tile = np.empty(6 * AREA, np.float32)
    for number in range(part, len(starts) - 1, parts):
        box = tile_box(number, TILE_SHIFT, depth.shape)
        _begin(tile, box, depth)
        for place in range(starts[number], starts[number + 1]):
            i = entries[place]
            x = records[i, 0] - np.float32(box[0]) - np.float32(0.5)
            y = records[i, 1] - np.float32(box[1]) - np.float32(0.5)
            conic = (records[i, 2], records[i, 3], records[i, 4])
            tint = (records[i, 8], records[i, 9], records[i, 10])
            _each_row(tile, x, y, (conic, records[i, 5], records[i, 6], records[i, 7], tint), True)
            if (place & 15) == 15 and _finished(tile, records[i, 7]):
                break
        _end(tile, box, depth, colour)

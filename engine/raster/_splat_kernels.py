"""The inner loops of `draw_splats`.

What dominates is the loop over the 16 pixels of a tile's row. It has no branch, its state lies in one array at fixed
distances, and its indices are unsigned (a signed one may count from the end), so that the compiler turns it into
vector instructions: several times as fast.
"""

import math
from functools import partial

import numpy as np

from engine.raster._jit import inline, kernel, moved, row_of, run_of, tile_box

TILE_SHIFT = 4
TILE = 1 << TILE_SHIFT
AREA = TILE * TILE
RED, GREEN, BLUE, THROUGH, LIMIT, FRONT = (np.uint64(part * AREA) for part in range(6))
"""Where the parts of a tile's state begin: light, transmittance, depth of what is behind, and depth of the scene."""

RECORD = 12
"""x, y, three conic coefficients, binary logarithm of opacity, half height, depth, red, green, blue, and nothing."""

DIGITS = np.uint32(2048)
BLUR = 0.3
FAINTEST = 1.0 / 255.0
LOG2_FAINTEST = np.float32(-math.log2(255.0))
LOG2_E = math.log2(math.e)
WIDEST = 1e12
"""Square pixels: a Gaussian wider than a million pixels has no shape left in single precision."""
MOST_OPAQUE = np.float32(0.999)
SPENT = np.float32(1.0 / 1024.0)
"""A pixel that lets less light through than this is finished: a quarter of the smallest step of eight bits."""
SPREAD = 1.3
"""The affine approximation is taken at most this far outside the picture, as a share of half its width."""
FAST = {"nnan", "nsz", "arcp", "contract", "afn", "reassoc"}
"""Every liberty with rounding, but infinities stay: they mark pixels with nothing behind."""
fast_inline = partial(inline, fastmath=FAST)


@inline()
def _rotation(turn):
    """The matrix of a quaternion wxyz of any length but zero."""
    w, x, y, z = np.float64(turn[0]), np.float64(turn[1]), np.float64(turn[2]), np.float64(turn[3])
    scale = 1.0 / math.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w * scale, x * scale, y * scale, z * scale
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


@inline()
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inline()
def _slant(offset, depth, size, focal):
    limit = SPREAD * 0.5 * size / focal
    return min(max(offset / depth, -limit), limit)


@inline()
def _pixel_row(scale, slant, sideways, forward):
    """A row of the projection's Jacobian times the view rotation (Zwicker et al. 2002, equation 29)."""
    return (
        scale * (sideways[0] - slant * forward[0]),
        scale * (sideways[1] - slant * forward[1]),
        scale * (sideways[2] - slant * forward[2]),
    )


@inline()
def _arm(rotation, sigma, axis):
    """One of the ellipsoid's half axes, metres, world."""
    return rotation[0][axis] * sigma, rotation[1][axis] * sigma, rotation[2][axis] * sigma


@inline()
def _covariance(across, down, turn, sigma):
    """The Gaussian's covariance in the picture, square pixels: xx, xy, yy."""
    rotation = _rotation(turn)
    a, b, c = _arm(rotation, sigma[0], 0), _arm(rotation, sigma[1], 1), _arm(rotation, sigma[2], 2)
    x0, x1, x2 = _dot(across, a), _dot(across, b), _dot(across, c)
    y0, y1, y2 = _dot(down, a), _dot(down, b), _dot(down, c)
    return x0 * x0 + x1 * x1 + x2 * x2 + BLUR, x0 * y0 + x1 * y1 + x2 * y2, y0 * y0 + y1 * y1 + y2 * y2 + BLUR


@inline()
def _cut(low, high, size):
    """The pixels whose centres lie between two places."""
    first = min(max(np.ceil(low - 0.5), 0.0), float(size))
    last = min(max(np.floor(high - 0.5) + 1.0, 0.0), float(size))
    return np.int32(first), np.int32(last)


@kernel()
def project(part, parts, pose, lens, size, gaussians, records, boxes):
    """Gaussians of the world to ellipses of the picture.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        pose: `[3, 4]` camera from world.
        lens: focal length, middle x, middle y, near, far.
        size: samples across and down.
        gaussians: means `[N, 3]`, quats `[N, 4]`, scales `[N, 3]`, opacities `[N]`, colours `[N, 3]`.
        records: `[N, RECORD]` result.
        boxes: `[N, 4]` result: samples; empty for a Gaussian that is not seen.
    """
    means, turns, sigmas, alphas, tints = gaussians
    sideways, downwards, forward = row_of(pose, 0), row_of(pose, 1), row_of(pose, 2)
    for i in run_of(len(means), part, parts):
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = 0, 0, 0, 0
        alpha, red, green, blue = np.float64(alphas[i]), tints[i, 0], tints[i, 1], tints[i, 2]
        x, y, depth = moved(pose, row_of(means, i))
        if not (depth >= lens[3] and depth <= lens[4] and alpha > FAINTEST):
            continue
        u, v = lens[0] * x / depth + lens[1], lens[0] * y / depth + lens[2]
        across = _pixel_row(lens[0] / depth, _slant(x, depth, size[0], lens[0]), sideways, forward)
        down = _pixel_row(lens[0] / depth, _slant(y, depth, size[1], lens[0]), downwards, forward)
        turn = (turns[i, 0], turns[i, 1], turns[i, 2], turns[i, 3])
        xx, xy, yy = _covariance(across, down, turn, row_of(sigmas, i))
        determinant = xx * yy - xy * xy
        if not (determinant > 0.0 and xx + yy < WIDEST and math.isfinite(alpha + red + green + blue + u + v)):
            continue
        alpha = np.float64(min(alpha, 1.0))
        reach = 2.0 * math.log(alpha / FAINTEST)
        width, height = math.sqrt(reach * xx), math.sqrt(reach * yy)
        boxes[i, 0], boxes[i, 2] = _cut(u - width, u + width, size[0])
        boxes[i, 1], boxes[i, 3] = _cut(v - height, v + height, size[1])
        records[i, 0], records[i, 1], records[i, 7] = u, v, depth
        records[i, 2] = -0.5 * LOG2_E * yy / determinant
        records[i, 3] = LOG2_E * xy / determinant
        records[i, 4] = -0.5 * LOG2_E * xx / determinant
        records[i, 5], records[i, 6] = math.log2(alpha), height
        records[i, 8], records[i, 9], records[i, 10] = max(red, 0.0), max(green, 0.0), max(blue, 0.0)


@kernel()
def visible(boxes):
    """`[M]` int32: which of the Gaussians are seen."""
    found = np.empty(len(boxes), np.int32)
    count = 0
    for i in range(len(boxes)):
        if boxes[i, 0] < boxes[i, 2] and boxes[i, 1] < boxes[i, 3]:
            found[count] = i
            count += 1
    return found[:count]


@kernel()
def depth_order(records, order):
    """The Gaussians nearest first, equally near ones as they come.

    A radix sort by digits of 11 bits: the bits of positive floats are ordered as the numbers themselves.

    Args:
        records: `[N, RECORD]`.
        order: `[M]` int32, which of them; overwritten.

    Returns:
        `[M]` int32.
    """
    keys = records[:, 7].copy().view(np.uint32)
    other = np.empty_like(order)
    places = np.empty(DIGITS + 1, np.int64)
    for turn in range(3):
        places[:] = 0
        for i in order:
            places[1 + (keys[i] >> np.uint32(11 * turn)) % DIGITS] += 1
        for digit in range(DIGITS):
            places[digit + 1] += places[digit]
        for i in order:
            digit = (keys[i] >> np.uint32(11 * turn)) % DIGITS
            other[places[digit]] = i
            places[digit] += 1
        order, other = other, order
    return order


@fast_inline()
def _exp2(power):
    """2^power for −9 ≤ power ≤ 0, to 4e-5: a polynomial at a sixteenth of the power, squared four times."""
    x = power * np.float32(math.log(2.0) / 16.0)
    series = np.float32(1 / 24) + x * np.float32(1 / 120)
    series = np.float32(1 / 6) + x * series
    series = np.float32(0.5) + x * series
    value = np.float32(1) + x * (np.float32(1) + x * series)
    value *= value
    value *= value
    value *= value
    return value * value


@inline()
def _rows(y, height):
    """The rows of a tile that an ellipse touches."""
    first, last = np.ceil(y - height), np.floor(y + height) + np.float32(1)
    most = np.float32(TILE)
    return int(min(max(first, np.float32(0)), most)), int(min(max(last, np.float32(0)), most))


@inline()
def _most(powers, ridge, x):
    """The largest value of a parabola over the pixels of a tile's row."""
    curve, slope, level = powers
    top = min(max(ridge, -x), np.float32(TILE - 1) - x)
    return (curve * top + slope) * top + level


@fast_inline()
def _begin(tile, box, depth):
    """An empty tile, and how far one sees in each of its pixels; outside the picture, nowhere."""
    x0, y0, x1, y1 = box
    tile[:THROUGH] = np.float32(0)
    tile[THROUGH:LIMIT] = np.float32(1)
    tile[LIMIT:FRONT] = np.float32(0)
    tile[FRONT:] = np.float32(math.inf)
    for y in range(y0, y1):
        for x in range(x0, x1):
            tile[LIMIT + np.uint64((y - y0) * TILE + x - x0)] = depth[y, x]


@fast_inline()
def _draw_row(tile, row, x, powers, z, tint):
    """One Gaussian over one row of a tile; the binary logarithm of its opacity is a parabola in x."""
    curve, slope, level = powers
    for pixel in range(TILE):
        at = np.uint64(row * TILE) + np.uint64(pixel)
        dx = np.float32(pixel) - x
        power = (curve * dx + slope) * dx + level
        through = tile[THROUGH + at]
        seen = (power >= LOG2_FAINTEST) & (z < tile[LIMIT + at])
        alpha = min(_exp2(max(power, np.float32(-9))), MOST_OPAQUE)
        weight = alpha * through if seen else np.float32(0)
        left = through - weight
        tile[RED + at] += weight * tint[0]
        tile[GREEN + at] += weight * tint[1]
        tile[BLUE + at] += weight * tint[2]
        tile[THROUGH + at] = left
        halfway = (through > np.float32(0.5)) & (left <= np.float32(0.5))
        tile[FRONT + at] = z if halfway else tile[FRONT + at]


@fast_inline()
def _draw_splat(tile, x, y, conic, strength, height, z, tint):
    """One Gaussian over a tile, whose upper left pixel has its centre at the origin."""
    ridge = np.float32(-0.5) * conic[1] / conic[0]
    first, last = _rows(y, height)
    for row in range(first, last):
        dy = np.float32(row) - y
        powers = (conic[0], conic[1] * dy, conic[2] * dy * dy + strength)
        if _most(powers, ridge * dy, x) >= LOG2_FAINTEST:
            _draw_row(tile, row, x, powers, z, tint)


@fast_inline()
def _finished(tile, z):
    """Whether no pixel would still show anything at this depth."""
    brightest = np.float32(0)
    for pixel in range(AREA):
        at = np.uint64(pixel)
        brightest = max(brightest, tile[THROUGH + at] if z < tile[LIMIT + at] else np.float32(0))
    return brightest < SPENT


@fast_inline()
def _end(tile, box, depth, colour):
    """The tile's light over what the picture holds."""
    x0, y0, x1, y1 = box
    for y in range(y0, y1):
        for x in range(x0, x1):
            at = np.uint64((y - y0) * TILE + x - x0)
            for channel in range(3):
                behind = np.float32(colour[y, x, channel]) * tile[THROUGH + at]
                light = np.float32(255) * tile[np.uint64(channel * AREA) + at] + behind
                colour[y, x, channel] = np.uint8(min(light, np.float32(255)) + np.float32(0.5))
            depth[y, x] = min(depth[y, x], tile[FRONT + at])


@kernel(fastmath=FAST)
def draw_tiles(part, parts, starts, entries, records, depth, colour):
    """Draws each tile's Gaussians, nearest first.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: `[tiles + 1]` where each tile's list begins.
        entries: the lists of Gaussians, each in the order of depth.
        records: `[N, RECORD]`.
        depth: `[H, W]` float32, read and written.
        colour: `[H, W, 4]` uint8, written over.
    """
    tile = np.empty(6 * AREA, np.float32)
    for number in range(part, len(starts) - 1, parts):
        if starts[number] == starts[number + 1]:
            continue
        box = tile_box(number, TILE_SHIFT, depth.shape)
        _begin(tile, box, depth)
        for place in range(starts[number], starts[number + 1]):
            i = entries[place]
            x = records[i, 0] - np.float32(box[0]) - np.float32(0.5)
            y = records[i, 1] - np.float32(box[1]) - np.float32(0.5)
            conic = (records[i, 2], records[i, 3], records[i, 4])
            tint = (records[i, 8], records[i, 9], records[i, 10])
            _draw_splat(tile, x, y, conic, records[i, 5], records[i, 6], records[i, 7], tint)
            if (place & 15) == 15 and _finished(tile, records[i, 7]):
                break
        _end(tile, box, depth, colour)

"""The inner loops: Gaussians over a tile of the picture, nearest first, and the same again for the derivatives.

What counts is the loop over the pixels of a tile's row. It has no branch, its state lies in one array at fixed distances, and its
indices are unsigned (a signed one may count from the end), so that the compiler turns it into vector instructions. What is summed for the
derivatives lies apart from it on the stack, where the compiler knows that it does: then it keeps the sums in registers from row to row.

A pixel's transmittance carries one more bit in its sign: negative, it is finished. The way back goes from the front as well: what lies
behind a Gaussian is what the whole ray brought, less what came so far. So the way there need not write down where each pixel ended.
"""

import math

import numpy as np
from numba import carray

from engine.raster._jit import inline, kernel, tile_box
from engine.splats._row_kernels import FAST, exp2, fast_inline, row_inline, scratch
from engine.splats.viewpoint import FAINTEST, MOST_OPAQUE, SPENT

TILE_SHIFT = 4
TILE = 1 << TILE_SHIFT
LOG2_FAINTEST = np.float32(math.log2(FAINTEST))
ROW = 6 * TILE
RED, GREEN, BLUE, DEPTH, THROUGH = (np.uint64(part * TILE) for part in range(5))
"""Where the parts of a row's state begin on the way there; on the way back the first four hold the loss's derivatives by them."""
REST = np.uint64(5 * TILE)
"""On the way back: the loss's derivative along what the ray still has to bring."""
RECORD = 12
"""x, y, three conic coefficients, binary logarithm of opacity, half height, depth, red, green, blue, half width."""
NARROW = 8
"""Pixels of half a row: a Gaussian that is not wider goes over so many only, half as many instructions."""
BATCH = 32
"""Gaussians fetched at once, before any of them is drawn: the processor then waits for all of them together."""
SUMS = 9
"""What is summed over the rows of a tile for each column: the derivative by ln α, also times y and y²; by colours and depth; |∂x|, |∂y|."""

_OPAQUE, _SPENT = np.float32(MOST_OPAQUE), np.float32(SPENT)
_SLACK = 0.01
_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
_LEAN = np.float32(-2 * math.log(2))
_tile_scratch, _batch_scratch, _sums_scratch = scratch(TILE * ROW), scratch(BATCH * RECORD), scratch(SUMS * TILE)


@inline()
def columns_of(x, width):
    """The first and the last column of a tile that an ellipse touches; there is none if the first is larger."""
    most = np.float32(TILE - 1)
    return int(max(np.ceil(x - width), _ZERO)), int(min(np.floor(x + width), most))


@inline()
def rows_of(y, conic, level, height, low, high):
    """The rows of a tile, from the first to before the last, that an ellipse a x² + b x y + c y² + l ≥ 0 touches between two places x.

    Its border above is highest where the ellipse is, or, where that lies outside, at the nearer of the two places; below likewise. In
    double precision: of a long, thin ellipse the differences are small.
    """
    a, b, c = np.float64(conic[0]), np.float64(conic[1]), np.float64(conic[2])
    lean, scale = -0.5 * b / a * height, -0.5 / c
    above, below = min(max(lean, low), high), min(max(-lean, low), high)
    bend, room = b * b - 4.0 * a * c, -4.0 * c * level
    top = scale * (b * above + math.sqrt(max(bend * above * above + room, 0.0)))
    bottom = scale * (b * below - math.sqrt(max(bend * below * below + room, 0.0)))
    return int(max(math.ceil(y + bottom - _SLACK), 0.0)), int(min(math.floor(y + top + _SLACK) + 1.0, float(TILE)))


@row_inline()
def draw_row(tile, begin, lanes, x, powers, z, tint):
    """One Gaussian over so many pixels of a tile's row; the binary logarithm of its opacity is a parabola in x."""
    curve, slope, level = powers
    for pixel in range(lanes):
        at = begin + np.uint64(pixel)
        dx = np.float32(pixel) - x
        power = (curve * dx + slope) * dx + level
        through = tile[THROUGH + at]
        alpha = min(exp2(power), _OPAQUE)
        left = through - alpha * through
        seen = power >= LOG2_FAINTEST
        kept = seen & (left > _SPENT)
        weight = alpha * through if kept else _ZERO
        tile[RED + at] += weight * tint[0]
        tile[GREEN + at] += weight * tint[1]
        tile[BLUE + at] += weight * tint[2]
        tile[DEPTH + at] += weight * z
        finished = -abs(through) if seen else through
        tile[THROUGH + at] = left if kept else finished


@row_inline()
def draw_splat(tile, still, batch, at):
    """One Gaussian of a batch over the rows of a tile that it reaches; a narrow one over half a row only."""
    x, y, a, b, c, strength, height, z, red, green, blue, width = splat_of(batch, at)
    left, right = columns_of(x, width)
    if left > right:
        return
    first, last = rows_of(y, (a, b, c), strength - LOG2_FAINTEST, height, left - x, right - x)
    tint = (red, green, blue)
    narrow = right - left < NARROW
    start = np.uint64(min(left, TILE - NARROW)) if narrow else np.uint64(0)
    middle = x - np.float32(start)
    for row in range(first, last):
        if still[np.uint64(row)]:
            dy, begin = np.float32(row) - y, np.uint64(row * ROW) + start
            powers = (a, b * dy, c * dy * dy + strength)
            if narrow:
                draw_row(tile, begin, NARROW, middle, powers, z, tint)
            else:
                draw_row(tile, begin, TILE, middle, powers, z, tint)


@inline()
def gather(batch, records, entries, first, size, box):
    """Records from all over memory side by side, their places counted from the centre of the tile's first pixel."""
    left, top = np.float32(box[0]) + _HALF, np.float32(box[1]) + _HALF
    for k in range(size):
        i = entries[first + k, 0]
        for j in range(RECORD):
            batch[k * RECORD + j] = records[i, j]
        batch[k * RECORD] -= left
        batch[k * RECORD + 1] -= top


@inline()
def splat_of(batch, at):
    """The numbers of one Gaussian of a batch."""
    return (
        batch[at],
        batch[at + np.uint64(1)],
        batch[at + np.uint64(2)],
        batch[at + np.uint64(3)],
        batch[at + np.uint64(4)],
        batch[at + np.uint64(5)],
        batch[at + np.uint64(6)],
        batch[at + np.uint64(7)],
        batch[at + np.uint64(8)],
        batch[at + np.uint64(9)],
        batch[at + np.uint64(10)],
        batch[at + np.uint64(11)],
    )


@fast_inline()
def mark_open(tile, still):
    """Marks the rows in which a pixel is not finished yet; returns whether there is one."""
    found = False
    for row in range(TILE):
        most = -_ONE
        for pixel in range(TILE):
            most = max(most, tile[THROUGH + np.uint64(row * ROW) + np.uint64(pixel)])
        still[np.uint64(row)] = most > _ZERO
        found = found or bool(most > _ZERO)
    return found


@inline()
def begin(tile, box):
    """An empty tile; what lies outside the picture is finished."""
    x0, y0, x1, y1 = box
    for row in range(TILE):
        for pixel in range(ROW):
            tile[np.uint64(row * ROW) + np.uint64(pixel)] = _ZERO
        for column in range(TILE):
            inside = (row < y1 - y0) & (column < x1 - x0)
            tile[THROUGH + np.uint64(row * ROW) + np.uint64(column)] = _ONE if inside else -_ONE


@kernel(fastmath=FAST)
def draw_tiles(part, parts, starts, entries, records, background, colour, depth, alpha, ends):
    """Draws each tile's Gaussians, nearest first.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: `[tiles + 1]` where each tile's list begins.
        entries: `[P, 2]` the lists of Gaussians (and slots), each in the order of depth.
        records: `[N, RECORD]`.
        background: red, green, blue.
        colour: `[H, W, 3]` result.
        depth: `[H, W]` result: weighted sum of depths.
        alpha: `[H, W]` result.
        ends: `[tiles]` result: where in the lists a tile was finished.
    """
    tile, batch = carray(_tile_scratch(), TILE * ROW), carray(_batch_scratch(), BATCH * RECORD)
    still = np.empty(TILE, np.bool_)
    for number in range(part, len(starts) - 1, parts):
        box = tile_box(number, TILE_SHIFT, depth.shape)
        begin(tile, box)
        mark_open(tile, still)
        ends[number] = starts[number + 1]
        for first in range(starts[number], starts[number + 1], BATCH):
            size = min(BATCH, starts[number + 1] - first)
            gather(batch, records, entries, first, size, box)
            for k in range(size):
                draw_splat(tile, still, batch, np.uint64(k * RECORD))
            if not mark_open(tile, still):
                ends[number] = first + size
                break
        x0, y0, x1, y1 = box
        for y in range(y0, y1):
            for x in range(x0, x1):
                at = np.uint64((y - y0) * ROW + x - x0)
                through = abs(tile[THROUGH + at])
                colour[y, x, 0] = tile[RED + at] + through * background[0]
                colour[y, x, 1] = tile[GREEN + at] + through * background[1]
                colour[y, x, 2] = tile[BLUE + at] + through * background[2]
                depth[y, x] = tile[DEPTH + at]
                alpha[y, x] = _ONE - through


@row_inline()
def back_row(tile, sums, begin, lanes, x, dy, powers, z, tint, lean, absolute):
    """The derivatives of one Gaussian over so many pixels of a tile's row, added to the sums of each column."""
    curve, slope, level = powers
    for pixel in range(lanes):
        lane = np.uint64(pixel)
        at = begin + lane
        dx = np.float32(pixel) - x
        power = (curve * dx + slope) * dx + level
        through = tile[THROUGH + at]
        alpha = exp2(power)
        soft = alpha < _OPAQUE
        alpha = min(alpha, _OPAQUE)
        left = through - alpha * through
        seen = power >= LOG2_FAINTEST
        kept = seen & (left > _SPENT)
        weight = alpha * through if kept else _ZERO
        finished = -abs(through) if seen else through
        tile[THROUGH + at] = left if kept else finished
        red, green, blue, far = tile[RED + at], tile[GREEN + at], tile[BLUE + at], tile[DEPTH + at]
        gain = weight * (tint[0] * red + tint[1] * green + tint[2] * blue + z * far)
        rest = tile[REST + at] - gain
        tile[REST + at] = rest
        steep = gain - rest * alpha / (_ONE - alpha)
        steep = steep if kept & soft else _ZERO
        sums[lane] += steep
        sums[lane + np.uint64(TILE)] += steep * dy
        sums[lane + np.uint64(2 * TILE)] += steep * dy * dy
        sums[lane + np.uint64(3 * TILE)] += weight * red
        sums[lane + np.uint64(4 * TILE)] += weight * green
        sums[lane + np.uint64(5 * TILE)] += weight * blue
        sums[lane + np.uint64(6 * TILE)] += weight * far
        if absolute:
            sums[lane + np.uint64(7 * TILE)] += abs(steep * (lean[0] * dx + lean[1] * dy))
            sums[lane + np.uint64(8 * TILE)] += abs(steep * (lean[1] * dx + lean[2] * dy))


@row_inline()
def back_rows(tile, still, sums, rows, start, lanes, splat, absolute, slots, slot):
    """The derivatives of one Gaussian over some rows of a tile, summed for each column, and at the end over all."""
    x, y, a, b, c, strength, z, tint = splat
    lean = (_LEAN * a, _HALF * _LEAN * b, _LEAN * c)
    for part in range(SUMS if absolute else SUMS - 2):
        for pixel in range(lanes):
            sums[np.uint64(part * TILE) + np.uint64(pixel)] = _ZERO
    for row in range(rows[0], rows[1]):
        if still[np.uint64(row)]:
            dy, begin = np.float32(row) - y, np.uint64(row * ROW) + start
            powers = (a, b * dy, c * dy * dy + strength)
            back_row(tile, sums, begin, lanes, x, dy, powers, z, tint, lean, absolute)
    hand_back(sums, slots, slot, x, lanes, absolute)


@row_inline()
def back_splat(tile, still, sums, batch, at, absolute, slots, slot):
    """The derivatives of one Gaussian of a batch over the rows of a tile that it reaches; of a narrow one over half a row only."""
    x, y, a, b, c, strength, height, z, red, green, blue, width = splat_of(batch, at)
    left, right = columns_of(x, width)
    rows = rows_of(y, (a, b, c), strength - LOG2_FAINTEST, height, left - x, right - x)
    if left > right:
        rows = (0, 0)
    narrow = right - left < NARROW and not absolute
    start = np.uint64(min(left, TILE - NARROW)) if narrow else np.uint64(0)
    splat = (x - np.float32(start), y, a, b, c, strength, z, (red, green, blue))
    if absolute:
        back_rows(tile, still, sums, rows, start, TILE, splat, True, slots, slot)
    elif narrow:
        back_rows(tile, still, sums, rows, start, NARROW, splat, False, slots, slot)
    else:
        back_rows(tile, still, sums, rows, start, TILE, splat, False, slots, slot)


@inline()
def begin_back(tile, box, by_colour, by_depth, by_alpha, colour, depth, alpha):
    """The loss's derivatives over a tile, and what all Gaussians of each ray bring along them; the background lies behind them all."""
    x0, y0, x1, y1 = box
    begin(tile, box)
    for y in range(y0, y1):
        for x in range(x0, x1):
            at = np.uint64((y - y0) * ROW + x - x0)
            red, green, blue = by_colour[y, x, 0], by_colour[y, x, 1], by_colour[y, x, 2]
            tile[RED + at], tile[GREEN + at], tile[BLUE + at], tile[DEPTH + at] = red, green, blue, by_depth[y, x]
            rest = colour[y, x, 0] * red + colour[y, x, 1] * green + colour[y, x, 2] * blue
            tile[REST + at] = rest + depth[y, x] * by_depth[y, x] - (_ONE - alpha[y, x]) * by_alpha[y, x]


@row_inline()
def hand_back(sums, slots, slot, x, lanes, absolute):
    """The sums over the columns of a tile, with the powers of x that each column has."""
    s, sx, sxx, sy, sxy, syy = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    red, green, blue, far, side, down = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
    for pixel in range(lanes):
        lane = np.uint64(pixel)
        dx = np.float32(pixel) - x
        steep, high = sums[lane], sums[lane + np.uint64(TILE)]
        s += steep
        sx += steep * dx
        sxx += steep * dx * dx
        sy += high
        sxy += high * dx
        syy += sums[lane + np.uint64(2 * TILE)]
        red += sums[lane + np.uint64(3 * TILE)]
        green += sums[lane + np.uint64(4 * TILE)]
        blue += sums[lane + np.uint64(5 * TILE)]
        far += sums[lane + np.uint64(6 * TILE)]
        if absolute:
            side += sums[lane + np.uint64(7 * TILE)]
            down += sums[lane + np.uint64(8 * TILE)]
    slots[slot, 0], slots[slot, 1], slots[slot, 2] = s, sx, sy
    slots[slot, 3], slots[slot, 4], slots[slot, 5] = sxx, sxy, syy
    slots[slot, 6], slots[slot, 7], slots[slot, 8], slots[slot, 9] = red, green, blue, far
    slots[slot, 10], slots[slot, 11] = side, down


@kernel(fastmath=FAST)
def draw_back(part, parts, starts, entries, records, ends, picture, slopes, absolute, slots):
    """The derivatives of each pair of a tile and a Gaussian, nearest first.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: as for `draw_tiles`.
        entries: as for `draw_tiles`.
        records: as for `draw_tiles`.
        ends: as `draw_tiles` left them.
        picture: colour, depth and alpha, as `draw_tiles` left them.
        slopes: the loss's derivatives by those.
        absolute: whether the sums of absolute values are wanted.
        slots: `[P, SLOT]` result.
    """
    tile, batch = carray(_tile_scratch(), TILE * ROW), carray(_batch_scratch(), BATCH * RECORD)
    sums, still = carray(_sums_scratch(), SUMS * TILE), np.empty(TILE, np.bool_)
    for number in range(part, len(starts) - 1, parts):
        for place in range(ends[number], starts[number + 1]):
            for j in range(slots.shape[1]):
                slots[entries[place, 1], j] = 0
        if starts[number] == ends[number]:
            continue
        box = tile_box(number, TILE_SHIFT, picture[1].shape)
        begin_back(tile, box, slopes[0], slopes[1], slopes[2], picture[0], picture[1], picture[2])
        for first in range(starts[number], ends[number], BATCH):
            size = min(BATCH, ends[number] - first)
            mark_open(tile, still)
            gather(batch, records, entries, first, size, box)
            for k in range(size):
                back_splat(tile, still, sums, batch, np.uint64(k * RECORD), absolute, slots, entries[first + k, 1])

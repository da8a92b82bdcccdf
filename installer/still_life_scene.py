"""The still life: its shapes as signed distances, its colours as functions of a place, all of it procedural.

Distances: Quilez, "Distance functions". Metres, z up, the table's top at z = 0. A place's nearest thing tells its colour; each thing has
enough pattern for a capture to find, and none of it depends on the direction it is seen from.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numba import njit

fast = partial(njit, cache=True, nogil=True, error_model="numpy")

FLOOR, WALL, TABLE, CLOTH, VASE, BOWL, ORANGE, LEMON, APPLE, BOOK_LOW, BOOK_HIGH, CUP, BALL, DIE = range(14)
FLOOR_HEIGHT, WALL_RADIUS = -0.72, 3.4

BOXES = {
    "table": ((-0.82, -0.82, -0.14), (0.82, 0.82, 0.03)),
    "leg": ((-0.42, -0.42, -0.73), (0.42, 0.42, -0.1)),
    "vase": ((-0.22, 0.02, -0.01), (0.22, 0.46, 0.62)),
    "bowl": ((0.04, -0.34, -0.01), (0.50, 0.12, 0.26)),
    "books": ((-0.62, -0.34, -0.01), (-0.12, 0.16, 0.16)),
    "cup": ((-0.30, -0.56, -0.01), (0.02, -0.28, 0.24)),
    "ball": ((0.36, 0.20, -0.01), (0.62, 0.46, 0.25)),
    "die": ((-0.60, -0.62, -0.01), (-0.34, -0.36, 0.20)),
    "on the books": ((-0.50, -0.20, 0.11), (-0.24, 0.06, 0.31)),
}
"""Boxes that the things of the still life lie in: each becomes one mesh."""


@fast()
def _box(x, y, z, a, b, c, r):
    """A box of half sizes a, b, c with edges rounded by r."""
    u, v, w = abs(x) - a + r, abs(y) - b + r, abs(z) - c + r
    out = math.sqrt(max(u, 0.0) ** 2 + max(v, 0.0) ** 2 + max(w, 0.0) ** 2)
    return out + min(max(u, max(v, w)), 0.0) - r


@fast()
def _turned(across, z, radius, thickness):
    """A wall of a vessel: near enough to a distance where its radius changes slowly."""
    return 0.8 * (abs(across - radius) - thickness)


@fast()
def _vase(x, y, z):
    across = math.hypot(x, y)
    t = min(max(z / 0.56, 0.0), 1.0)
    radius = 0.075 + 0.105 * math.sin(math.pi * min(t * 1.25, 1.0)) ** 1.5 + 0.035 * max(0.0, t - 0.78) / 0.22
    wall = max(_turned(across, z, radius, 0.008), z - 0.56)
    return max(min(wall, max(across - radius, z - 0.02)), -z)


@fast()
def _bowl(x, y, z):
    d = math.sqrt(x * x + y * y + (z - 0.21) ** 2)
    shell = max(abs(d - 0.2) - 0.008, z - 0.15)
    foot = max(abs(math.hypot(x, y) - 0.085) - 0.012, abs(z - 0.012) - 0.014)
    return min(shell, foot)


@fast()
def _cup(x, y, z):
    across = math.hypot(x, y)
    wall = max(abs(across - (0.085 + 0.10 * z)) - 0.006, abs(z - 0.09) - 0.09)
    base = max(across - 0.088, abs(z - 0.008) - 0.008)
    ring = math.hypot(math.hypot(x - 0.105, z - 0.09) - 0.048, y) - 0.011
    handle = max(ring, 0.09 - across)
    return min(min(wall, base), handle)


@fast()
def _around(x, y, angle):
    c, s = math.cos(angle), math.sin(angle)
    return c * x + s * y, c * y - s * x


@fast()
def nearest(x, y, z):  # noqa: C901  # one thing after the other
    """The signed distance to the scene without floor and wall, metres, and which thing is nearest."""
    best, thing = max(math.hypot(x, y) - 0.78, abs(z + 0.03) - 0.03), TABLE
    u, v = _around(x, y, 0.35)
    d = _box(u, v, z - 0.002, 0.30, 0.66, 0.004, 0.002)
    if d < best:
        best, thing = d, CLOTH
    d = _vase(x, y - 0.24, z - 0.004)
    if d < best:
        best, thing = d, VASE
    d = _bowl(x - 0.27, y + 0.11, z - 0.004)
    if d < best:
        best, thing = d, BOWL
    d = math.sqrt((x - 0.21) ** 2 + (y + 0.10) ** 2 + (z - 0.125) ** 2) - 0.078
    if d < best:
        best, thing = d, ORANGE
    lx, ly = _around(x - 0.36, y + 0.13, 0.8)
    d = 0.8 * (math.sqrt((lx / 1.35) ** 2 + ly**2 + (z - 0.13) ** 2) - 0.056)
    if d < best:
        best, thing = d, LEMON
    across = math.hypot(x - 0.285, y + 0.205)
    d = math.hypot(across - 0.03, z - 0.165) - 0.05
    if d < best:
        best, thing = d, APPLE
    u, v = _around(x + 0.37, y + 0.08, 0.35)
    d = _box(u, v, z - 0.034, 0.19, 0.145, 0.030, 0.006)
    if d < best:
        best, thing = d, BOOK_LOW
    u, v = _around(x + 0.37, y + 0.08, -0.1)
    d = _box(u, v, z - 0.088, 0.165, 0.125, 0.024, 0.006)
    if d < best:
        best, thing = d, BOOK_HIGH
    d = _cup(x + 0.17, y + 0.42, z - 0.004)
    if d < best:
        best, thing = d, CUP
    d = math.sqrt((x - 0.49) ** 2 + (y - 0.33) ** 2 + (z - 0.112) ** 2) - 0.108
    if d < best:
        best, thing = d, BALL
    u, v = _around(x + 0.47, y + 0.49, 0.5)
    d = _box(u, v, z - 0.079, 0.075, 0.075, 0.075, 0.012)
    if d < best:
        best, thing = d, DIE
    d = math.sqrt((x + 0.37) ** 2 + (y + 0.07) ** 2 + (z - 0.197) ** 2) - 0.085
    if d < best:
        best, thing = d, BALL
    leg = 0.07 + 0.22 * max(0.0, (-0.5 - z) / 0.22) ** 2
    d = 0.7 * max(math.hypot(x, y) - leg, z + 0.05)
    if d < best:
        best, thing = d, TABLE
    return best, thing


@fast()
def fill(low, step, count, values):
    """Distances on a grid of `count` samples along each axis."""
    for i in range(count[0]):
        for j in range(count[1]):
            for k in range(count[2]):
                values[i, j, k] = nearest(low[0] + i * step[0], low[1] + j * step[1], low[2] + k * step[2])[0]


# Colours ------------------------------------------------------------------------------------------------------


@fast()
def cell(x):
    """The whole number below."""
    return int(np.floor(x))


@fast()
def _hash(i, j, k):
    """A number in 0…1 that belongs to three whole numbers."""
    h = (i * 374761393 + j * 668265263 + k * 2147483647) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFFFF) / 16777215.0


@fast()
def _noise(x, y, z):
    """Smooth value noise with one cell a unit, 0…1."""
    i, j, k = cell(x), cell(y), cell(z)
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    total = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                share = (u if a else 1 - u) * (v if b else 1 - v) * (w if c else 1 - w)
                total += share * _hash(i + a, j + b, k + c)
    return total


@fast()
def _rough(x, y, z):
    """Three octaves of noise, 0…1."""
    return (_noise(x, y, z) + 0.5 * _noise(2 * x, 2 * y, 2 * z) + 0.25 * _noise(4 * x, 4 * y, 4 * z)) / 1.75


@fast()
def _mix(a, b, t):
    t = min(max(t, 0.0), 1.0)
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])


@fast()
def _smooth(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@fast()
def _floor(x, y):
    size = 0.42
    u, v = _around(x, y, 0.6)
    i, j = cell(u / size), cell(v / size)
    a, b = u / size - i - 0.5, v / size - j - 0.5
    edge = 0.5 - max(abs(a), abs(b))
    tone = 0.82 + 0.26 * _hash(i, j, 1) + 0.16 * (_rough(14 * u, 14 * v, 3.0) - 0.5)
    warm, cool = (0.60, 0.36, 0.25), (0.30, 0.36, 0.40)
    base = warm if (i + j) % 2 == 0 else cool
    r = math.hypot(a, b)
    star = 0.24 + 0.09 * math.cos(4 * math.atan2(b, a))
    base = _mix(base, (0.84, 0.76, 0.62), 0.85 * (1 - _smooth(star - 0.02, star, r)) * (1.0 if (i + j) % 2 else 0.0))
    base = _mix((0.52, 0.49, 0.45), base, _smooth(0.012, 0.03, edge))
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _wall(x, y, z):
    along = math.atan2(y, x) * WALL_RADIUS
    height = z - FLOOR_HEIGHT
    if height < 0.95:
        plank = math.floor(along / 0.24)
        edge = min(along / 0.24 - plank, plank + 1 - along / 0.24)
        tone = 0.8 + 0.25 * _hash(int(plank), 5, 9) + 0.35 * (_rough(30 * along, 2.5 * z, 1.0) - 0.5)
        base = _mix((0.13, 0.20, 0.19), (0.24, 0.36, 0.33), _smooth(0.01, 0.05, edge))
        return base[0] * tone, base[1] * tone, base[2] * tone
    if height < 1.02:
        return 0.72, 0.62, 0.44
    u, v = along / 0.46, (height - 1.02) / 0.46
    j = math.floor(v)
    u += 0.5 * (int(j) % 2)
    i = math.floor(u)
    a, b = u - i - 0.5, v - j - 0.5
    r, angle = math.hypot(a, b), math.atan2(b, a) + 2.0 * _hash(int(i), int(j), 2)
    petals = 0.22 + 0.11 * math.cos(5 * angle)
    tone = 0.94 + 0.12 * (_rough(5 * along, 5 * z, 7.0) - 0.5)
    kind = _hash(int(i), int(j), 8)
    flower = (0.72, 0.33, 0.27) if kind < 0.34 else ((0.25, 0.42, 0.55) if kind < 0.67 else (0.80, 0.58, 0.20))
    base = _mix(flower, (0.88, 0.83, 0.73), _smooth(petals - 0.02, petals + 0.01, r))
    base = _mix((0.95, 0.90, 0.72), base, _smooth(0.055, 0.075, r))
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _wood(x, y, z, light):
    warp = 0.25 * _rough(2 * x, 6 * y, 5 * z)
    ring = math.hypot(y + 1.9 + 0.1 * warp, z * 3 + 0.4) * 22 + warp * 7
    grain = 0.5 + 0.5 * math.sin(2 * math.pi * ring)
    fibre = _rough(9 * x, 120 * y, 60 * z)
    base = _mix((0.34, 0.19, 0.10), (0.62, 0.40, 0.22), 0.55 * grain + 0.45 * fibre)
    knot = 0.75 + 0.35 * _noise(3 * x, 9 * y, 1.0)
    return base[0] * light * knot, base[1] * light * knot, base[2] * light * knot


@fast()
def _cloth(u, v):
    weave = 0.90 + 0.07 * math.sin(2 * math.pi * u / 0.011) * math.sin(2 * math.pi * v / 0.011)
    band = math.floor(v / 0.11)
    a, b = (u / 0.11) - math.floor(u / 0.11) - 0.5, v / 0.11 - band - 0.5
    diamond = abs(a) + abs(b)
    i = cell(u / 0.11)
    k = (int(band) + 40) % 3
    ground = (0.55, 0.12, 0.13) if k == 0 else ((0.12, 0.20, 0.34) if k == 1 else (0.78, 0.68, 0.48))
    figure = (0.88, 0.78, 0.55) if k != 2 else (0.50, 0.14, 0.14)
    base = figure if diamond < 0.36 else ground
    if diamond < 0.2:
        base = (0.13, 0.33, 0.33) if _hash(i, int(band), 4) < 0.5 else (0.82, 0.45, 0.14)
    if diamond < 0.07:
        base = figure
    if abs(u) > 0.27 or abs(v) > 0.62:
        base = (0.86, 0.80, 0.66) if (cell(v / 0.02) + cell(u / 0.02)) % 2 == 0 else (0.42, 0.12, 0.12)
    worn = 0.9 + 0.25 * (_rough(9 * u, 9 * v, 2.0) - 0.5)
    return base[0] * weave * worn, base[1] * weave * worn, base[2] * weave * worn


@fast()
def _glaze(x, y, z):
    turn = math.atan2(y, x) / (2 * math.pi) + 0.5
    white, blue = (0.90, 0.90, 0.86), (0.10, 0.20, 0.48)
    base = white
    if z < 0.05 or 0.13 < z < 0.145 or 0.36 < z < 0.372 or z > 0.535:
        base = blue
    elif z < 0.13:
        wave = 0.09 + 0.02 * math.sin(2 * math.pi * turn * 14)
        base = (
            blue if abs(z - wave) < 0.009 or (abs(z - 0.09) < 0.035 and _hash(int(turn * 56), 3, 3) < 0.18) else white
        )
    elif z < 0.36:
        a, b = turn * 7 - math.floor(turn * 7) - 0.5, (z - 0.252) / 0.2
        r, angle = math.hypot(a, b), math.atan2(b, a)
        petals = 0.28 + 0.11 * math.cos(6 * angle + math.floor(turn * 7))
        if r < petals:
            base = _mix(blue, (0.35, 0.52, 0.80), _smooth(0.1, 0.3, r))
        if r < 0.1:
            base = (0.83, 0.56, 0.16)
        if abs(r - petals - 0.05) < 0.012:
            base = blue
        if r > petals + 0.09 and _noise(60 * a, 60 * b, 3.0) > 0.73:
            base = (0.35, 0.50, 0.72)
    else:
        a = turn * 18 - math.floor(turn * 18)
        base = blue if abs(a - 0.5) < 0.5 * (z - 0.372) / 0.16 and (z - 0.372) % 0.04 > 0.012 else white
    tone = 0.93 + 0.14 * (_rough(30 * x, 30 * y, 30 * z) - 0.5)
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _cover(u, v, z, half, kind):
    """A book: pages at three of its sides, a cover with a printed ornament."""
    if abs(z) < half[2] - 0.006 and (u > half[0] - 0.004 or abs(v) > half[1] - 0.004):
        leaf = 0.80 + 0.16 * _hash(cell(z / 0.0022), cell(u / 0.05), kind)
        return leaf, leaf * 0.95, leaf * 0.82
    ground = (0.11, 0.27, 0.24) if kind == 1 else (0.52, 0.20, 0.12)
    gold = (0.85, 0.68, 0.32)
    edge = min(half[0] - abs(u), half[1] - abs(v))
    base = ground
    if 0.012 < edge < 0.018 or 0.024 < edge < 0.027:
        base = gold
    r, angle = math.hypot(u, v * 1.25), math.atan2(v, u)
    figure = math.cos(8 * angle + 60 * r) + 0.8 * math.cos(110 * r)
    if r < 0.095 and figure > 0.55:
        base = gold
    if edge > 0.03 and r > 0.1 and _noise(75 * u, 75 * v, kind) > 0.70:
        base = _mix(ground, gold, 0.6)
    tone = 0.85 + 0.3 * _rough(40 * u, 40 * v, 40 * z)
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _marked(x, y, z):
    """A ball painted in patches with dots."""
    r = math.sqrt(x * x + y * y + z * z)
    u, v = math.atan2(y, x) / math.pi * 6, math.asin(min(max(z / r, -1.0), 1.0)) / math.pi * 12
    i, j = cell(u), cell(v)
    a, b = u - i - 0.5, v - j - 0.5
    tint = int(4 * _hash(i, j, 6))
    base = (
        (0.80, 0.28, 0.20)
        if tint == 0
        else ((0.93, 0.83, 0.55) if tint == 1 else ((0.18, 0.42, 0.46) if tint == 2 else (0.90, 0.88, 0.82)))
    )
    if math.hypot(a, b) < 0.23:
        base = (0.14, 0.16, 0.24) if tint != 2 else (0.95, 0.72, 0.25)
    if 0.5 - max(abs(a), abs(b)) < 0.04:
        base = (0.30, 0.24, 0.20)
    tone = 0.9 + 0.2 * (_rough(35 * x, 35 * y, 35 * z) - 0.5)
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _fruit(x, y, z, kind):
    speck = _noise(170 * x, 170 * y, 170 * z)
    broad = _rough(22 * x, 22 * y, 22 * z)
    if kind == ORANGE:
        base = _mix((0.86, 0.38, 0.06), (0.97, 0.58, 0.12), broad)
        return _mix(base, (0.62, 0.25, 0.05), _smooth(0.62, 0.80, speck))
    if kind == LEMON:
        base = _mix((0.90, 0.72, 0.10), (0.98, 0.90, 0.32), broad)
        return _mix(base, (0.66, 0.58, 0.10), _smooth(0.66, 0.82, speck))
    streak = _rough(3 * z, 26 * math.atan2(y, x), 40 * z)
    base = _mix((0.90, 0.72, 0.28), (0.66, 0.07, 0.08), _smooth(0.36, 0.60, streak))
    return _mix(base, (0.93, 0.82, 0.55), _smooth(0.76, 0.86, speck))


@fast()
def _die(u, v, w):
    """Coloured faces with pips in a ring."""
    a, b, face = u, v, 0
    if abs(u) >= abs(v) and abs(u) >= abs(w):
        a, b, face = v, w, 1 if u > 0 else 2
    elif abs(v) >= abs(w):
        a, b, face = u, w, 3 if v > 0 else 4
    tone = 0.86 + 0.28 * _rough(20 * u + 60 * w, 90 * v, 30 * w)
    base = (0.80, 0.66, 0.46)
    frame = max(abs(a), abs(b))
    if 0.050 < frame < 0.056:
        base = (0.42, 0.24, 0.13)
    dots = 3 + face
    r, angle = math.hypot(a, b), math.atan2(b, a)
    near = angle - round(angle / (2 * math.pi / dots)) * (2 * math.pi / dots)
    if math.hypot(r * math.cos(near) - 0.033, r * math.sin(near)) < 0.009:
        base = (0.16, 0.24, 0.42) if face % 2 else (0.60, 0.16, 0.14)
    if r < 0.012:
        base = (0.14, 0.36, 0.30)
    return base[0] * tone, base[1] * tone, base[2] * tone


@fast()
def _banded(x, y, z):
    """The cup: zigzags on cream."""
    turn = math.atan2(y, x) / (2 * math.pi)
    zig = abs((turn * 12) % 1.0 - 0.5) * 2
    level = z / 0.18
    base = (0.90, 0.85, 0.74)
    if abs(level - 0.30 - 0.22 * zig) < 0.045 or abs(level - 0.48 - 0.22 * zig) < 0.03:
        base = (0.70, 0.27, 0.16)
    if abs(level - 0.12) < 0.035 or abs(level - 0.88) < 0.03:
        base = (0.16, 0.34, 0.36)
    if _noise(90 * x, 90 * y, 90 * z) > 0.76:
        base = _mix(base, (0.45, 0.33, 0.24), 0.7)
    return base


@fast()
def colour_of(thing, x, y, z):  # noqa: C901  # one thing after the other
    """The colour of a thing at a place, linear 0…1."""
    if thing == FLOOR:
        return _floor(x, y)
    if thing == WALL:
        return _wall(x, y, z)
    if thing == TABLE:
        return _wood(x, y, z, 1.0)
    if thing == CLOTH:
        u, v = _around(x, y, 0.35)
        return _cloth(u, v)
    if thing == VASE:
        return _glaze(x, y - 0.24, z)
    if thing == BOWL:
        wood = _wood(3 * z, 1.6 * (x - 0.27), 1.6 * (y + 0.11), 1.15)
        return _mix(wood, (0.18, 0.32, 0.30), 0.8 if 0.105 < z < 0.125 else 0.0)
    if thing in (ORANGE, LEMON, APPLE):
        return _fruit(x - 0.285, y + 0.16, z, thing)
    if thing == BOOK_LOW:
        u, v = _around(x + 0.37, y + 0.08, 0.35)
        return _cover(u, v, z - 0.034, (0.19, 0.145, 0.030), 1)
    if thing == BOOK_HIGH:
        u, v = _around(x + 0.37, y + 0.08, -0.1)
        return _cover(u, v, z - 0.088, (0.165, 0.125, 0.024), 2)
    if thing == CUP:
        return _banded(x + 0.17, y + 0.42, z)
    if thing == DIE:
        u, v = _around(x + 0.47, y + 0.49, 0.5)
        return _die(u, v, z - 0.079)
    if x > 0:
        return _marked(x - 0.49, y - 0.33, z - 0.112)
    return _marked(z - 0.197, x + 0.37, y + 0.07)


def grid_of(low: tuple[float, ...], high: tuple[float, ...], step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances `[X, Y, Z]` in a box, and its corners."""
    a, b = np.array(low), np.array(high)
    count = np.ceil((b - a) / step).astype(np.int64) + 1
    values = np.empty(tuple(count), np.float64)
    fill(a, (b - a) / (count - 1), count, values)
    return values, a, b

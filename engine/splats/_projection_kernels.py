"""From Gaussians of the world to ellipses of the picture, and back with derivatives: the compiled twin of `reference.project`.

The numbers of one Gaussian fit in the registers, and nothing is kept for the way back: computing it again is cheaper than reading it.
"""

import math

import numpy as np

from engine.raster._jit import inline, kernel, row_of, run_of
from engine.splats._harmonic_kernels import harmonic_slopes, harmonic_values
from engine.splats.viewpoint import BLUR, FAINTEST, LEAST_SHARE

SLOT = 12
"""What a tile hands back of a Gaussian: the derivative by ln α, summed with 1, x, y, xx, xy, yy; by colours; by depth; |∂x|, |∂y|."""
LOG2_E = math.log2(math.e)
LOG2_FAINTEST = math.log2(FAINTEST)
WIDEST = 1e12
"""Square pixels: a Gaussian wider than a million pixels has no shape left in single precision."""
TINIEST = 1e-12


@inline()
def dot(a, b):
    """The scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inline()
def combined(a, x, b, y):
    """A x + b y of two vectors."""
    return a * x[0] + b * y[0], a * x[1] + b * y[1], a * x[2] + b * y[2]


@inline()
def scaled(a, x):
    """A x of a vector."""
    return a * x[0], a * x[1], a * x[2]


@inline()
def unit_quaternion(turns, i):
    """A quaternion divided by its length, and one over the length."""
    w, x, y, z = np.float64(turns[i, 0]), np.float64(turns[i, 1]), np.float64(turns[i, 2]), np.float64(turns[i, 3])
    scale = 1.0 / math.sqrt(w * w + x * x + y * y + z * z + 1e-30)
    return (w * scale, x * scale, y * scale, z * scale), scale


@inline()
def axes_of(turn):
    """The columns of a unit quaternion's rotation matrix."""
    w, x, y, z = turn
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )


@inline()
def placed(pose, point):
    """A point of the world in the camera's frame."""
    x, y, z = np.float64(point[0]), np.float64(point[1]), np.float64(point[2])
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3],
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3],
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3],
    )


@inline()
def sizes_of(log_scales, i):
    """The ellipsoid's half axes, metres: single precision is what the logarithms have."""
    return (
        np.float64(math.exp(log_scales[i, 0])),
        np.float64(math.exp(log_scales[i, 1])),
        np.float64(math.exp(log_scales[i, 2])),
    )


@inline()
def scaled_axes(axes, sizes):
    """The ellipsoid's half axes as vectors, metres, world."""
    return scaled(sizes[0], axes[0]), scaled(sizes[1], axes[1]), scaled(sizes[2], axes[2])


@inline()
def direction(x, y, z):
    """A vector divided by its length, and one over the length."""
    far = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-30)
    return (x * far, y * far, z * far), far


@inline()
def flattened(across, down, arms):
    """The half axes in the picture, pixels: all x, all y."""
    return (
        (dot(across, arms[0]), dot(across, arms[1]), dot(across, arms[2])),
        (dot(down, arms[0]), dot(down, arms[1]), dot(down, arms[2])),
    )


@inline()
def slants_of(x, y, slants):
    """X/z and y/z, held where the affine approximation is taken."""
    return min(max(x, slants[0]), slants[1]), min(max(y, slants[2]), slants[3])


@inline()
def rows_toward(lens, near, slant, pose):
    """The rows that take a vector of the world to pixels, across and down; and the same without the focal lengths over the depth."""
    right, below, forward = row_of(pose, 0), row_of(pose, 1), row_of(pose, 2)
    toward = combined(1.0, right, -slant[0], forward), combined(1.0, below, -slant[1], forward)
    return (scaled(lens[0] * near, toward[0]), scaled(lens[1] * near, toward[1])), toward


@inline()
def shrinkage(narrow, wide, antialiased):
    """By how much opacity must fall where the blur widens a Gaussian, and whether that depends on its shape."""
    ratio = narrow / wide if antialiased else 1.0
    return math.sqrt(max(ratio, LEAST_SHARE)), antialiased and ratio > LEAST_SHARE


@inline()
def cut(low, high, size):
    """The pixels whose centres lie between two places."""
    first = min(max(math.ceil(low - 0.5), 0.0), float(size))
    last = min(max(math.floor(high - 0.5) + 1.0, 0.0), float(size))
    return np.int32(first), np.int32(last)


@kernel()
def project(part, parts, pose, lens, slants, planes, size, style, gaussians, offsets, records, boxes, radii):
    """Gaussians of the world to ellipses of the picture.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        pose: `[4, 4]` float64, camera from world; its last row holds the eye's place in the world.
        lens: focal lengths x and y, middle x and y, pixels.
        slants: least and largest x/z, least and largest y/z.
        planes: near and far, metres.
        size: pixels across and down.
        style: how many spherical harmonics, and whether anti-aliased.
        gaussians: means `[N, 3]`, log scales `[N, 3]`, quaternions `[N, 4]`, logits of opacity `[N]`, harmonics `[N, K, 3]`.
        offsets: `[N, 2]` pixels, added to the centres.
        records: `[N, RECORD]` result.
        boxes: `[N, 4]` result: pixels; empty for a Gaussian that is not seen.
        radii: `[N]` result: pixels; 0 for a Gaussian that is not seen.
    """
    means, log_scales, turns, logits, sh = gaussians
    basis = np.empty(16)
    for i in run_of(len(means), part, parts):
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = 0, 0, 0, 0
        radii[i] = 0
        px, py, pz = placed(pose, row_of(means, i))
        if not (pz >= planes[0] and pz <= planes[1]):
            continue
        near = 1.0 / pz
        u, v = lens[0] * px * near + lens[2] + offsets[i, 0], lens[1] * py * near + lens[3] + offsets[i, 1]
        rows = rows_toward(lens, near, slants_of(px * near, py * near, slants), pose)[0]
        arms = scaled_axes(axes_of(unit_quaternion(turns, i)[0]), sizes_of(log_scales, i))
        x, y = flattened(rows[0], rows[1], arms)
        xx, xy, yy = dot(x, x), dot(x, y), dot(y, y)
        narrow = xx * yy - xy * xy
        xx, yy = xx + BLUR, yy + BLUR
        wide = xx * yy - xy * xy
        if not (wide > 0.0 and xx + yy < WIDEST and math.isfinite(u + v)):
            continue
        alpha = shrinkage(narrow, wide, style[1])[0] / (1.0 + np.float64(math.exp(-logits[i])))
        if not alpha > FAINTEST:
            continue
        strength = np.float64(math.log2(np.float32(alpha)))
        reach = 2.0 / LOG2_E * max(strength - LOG2_FAINTEST, 0.0)
        width, height = math.sqrt(reach * xx), math.sqrt(reach * yy)
        boxes[i, 0], boxes[i, 2] = cut(u - width, u + width, size[0])
        boxes[i, 1], boxes[i, 3] = cut(v - height, v + height, size[1])
        if boxes[i, 0] >= boxes[i, 2] or boxes[i, 1] >= boxes[i, 3]:
            continue
        radii[i] = max(width, height)
        records[i, 0], records[i, 1], records[i, 7] = u, v, pz
        steep = LOG2_E / wide
        records[i, 2], records[i, 3], records[i, 4] = -0.5 * steep * yy, steep * xy, -0.5 * steep * xx
        records[i, 5], records[i, 6], records[i, 11] = strength, height, width
        look = direction(means[i, 0] - pose[3, 0], means[i, 1] - pose[3, 1], means[i, 2] - pose[3, 2])[0]
        harmonic_values(basis, style[0], look[0], look[1], look[2])
        for channel in range(3):
            light = 0.5
            for k in range(style[0]):
                light += basis[k] * sh[i, k, channel]
            records[i, 8 + channel] = max(light, 0.0)


# The way back ---------------------------------------------------------------------------------------------


@inline()
def turn_slope(turn, slopes, scale):
    """The derivative by a quaternion, from the one by the columns of its rotation matrix."""
    w, x, y, z = turn
    a, b, c = slopes
    by_w = 2 * (x * (b[2] - c[1]) + y * (c[0] - a[2]) + z * (a[1] - b[0]))
    by_x = 2 * (w * (b[2] - c[1]) + y * (b[0] + a[1]) + z * (c[0] + a[2]) - 2 * x * (b[1] + c[2]))
    by_y = 2 * (w * (c[0] - a[2]) + x * (b[0] + a[1]) + z * (c[1] + b[2]) - 2 * y * (a[0] + c[2]))
    by_z = 2 * (w * (a[1] - b[0]) + x * (c[0] + a[2]) + y * (c[1] + b[2]) - 2 * z * (a[0] + b[1]))
    along = w * by_w + x * by_x + y * by_y + z * by_z
    return (
        scale * (by_w - w * along),
        scale * (by_x - x * along),
        scale * (by_y - y * along),
        scale * (by_z - z * along),
    )


@inline()
def covariance_slope(conic, sums):
    """The derivative by xx, xy, yy of a covariance, from the one by its inverse: −K G K."""
    a, b, c = conic
    ga, gb, gc = -0.5 * sums[3], -0.5 * sums[4], -0.5 * sums[5]
    top0, top1 = ga * a + gb * b, ga * b + gb * c
    low0, low1 = gb * a + gc * b, gb * b + gc * c
    return -(a * top0 + b * low0), -2.0 * (a * top1 + b * low1), -(b * top1 + c * low1)


@inline()
def ellipse_slope(flat, sums, antialiased):
    """The derivatives by the place in the picture, u and v, and by the covariance before the blur, xx, xy, yy."""
    x, y = flat
    xx, xy, yy = dot(x, x), dot(x, y), dot(y, y)
    narrow = xx * yy - xy * xy
    wide_x, wide_y = xx + BLUR, yy + BLUR
    wide = wide_x * wide_y - xy * xy
    conic = (wide_y / wide, -xy / wide, wide_x / wide)
    by_xx, by_xy, by_yy = covariance_slope(conic, sums)
    if shrinkage(narrow, wide, antialiased)[1]:
        by_xx += 0.5 * sums[0] * (yy / narrow - wide_y / wide)
        by_yy += 0.5 * sums[0] * (xx / narrow - wide_x / wide)
        by_xy -= sums[0] * xy * (1.0 / narrow - 1.0 / wide)
    by_centre = (conic[0] * sums[1] + conic[1] * sums[2], conic[1] * sums[1] + conic[2] * sums[2])
    return by_centre, (by_xx, by_xy, by_yy)


@inline()
def arm_slopes(by_spread, flat, rows, arms):
    """The derivatives by the three half axes, and by the two rows that flatten them."""
    by_xx, by_xy, by_yy = by_spread
    by_x, by_y = combined(2 * by_xx, flat[0], by_xy, flat[1]), combined(2 * by_yy, flat[1], by_xy, flat[0])
    by_arms = (
        combined(by_x[0], rows[0], by_y[0], rows[1]),
        combined(by_x[1], rows[0], by_y[1], rows[1]),
        combined(by_x[2], rows[0], by_y[2], rows[1]),
    )
    by_across = combined(1.0, combined(by_x[0], arms[0], by_x[1], arms[1]), by_x[2], arms[2])
    by_down = combined(1.0, combined(by_y[0], arms[0], by_y[1], arms[1]), by_y[2], arms[2])
    return by_arms, by_across, by_down


@inline()
def shape_slopes(rows, arms, sums, antialiased):
    """The derivatives by the place in the picture, by the three half axes, and by the two rows that flatten them."""
    flat = flattened(rows[0], rows[1], arms)
    by_centre, by_spread = ellipse_slope(flat, sums, antialiased)
    by_arms, by_across, by_down = arm_slopes(by_spread, flat, rows, arms)
    return by_centre, by_arms, (by_across, by_down)


@inline()
def slant_slope(ratio, low, high, pull):
    """The derivative by a slant: none where it was held at a border."""
    return pull if low < ratio < high else 0.0


@inline()
def place_slope(place, lens, slants, toward, by_rows, by_centre, forward, by_depth):
    """The derivative by the place in the camera's frame."""
    x, y, z = place
    near = 1.0 / z
    by_near = lens[0] * dot(by_rows[0], toward[0]) + lens[1] * dot(by_rows[1], toward[1])
    by_near += by_centre[0] * lens[0] * x + by_centre[1] * lens[1] * y
    side = slant_slope(x * near, slants[0], slants[1], -lens[0] * near * dot(by_rows[0], forward))
    fall = slant_slope(y * near, slants[2], slants[3], -lens[1] * near * dot(by_rows[1], forward))
    by_near += side * x + fall * y
    by_x = (by_centre[0] * lens[0] + side) * near
    by_y = (by_centre[1] * lens[1] + fall) * near
    return by_x, by_y, by_depth - near * near * by_near


@kernel()
def project_back(  # noqa: C901  # one pass over all that a Gaussian has; its pieces read plain numbers
    part, parts, pose, lens, slants, style, gaussians, offsets, radii, spans, slots, slopes, pose_slopes, wants
):
    """Derivatives by the Gaussians, from what the tiles found.

    Args:
        part: which share of the Gaussians.
        parts: of how many.
        pose: as for `project`.
        lens: as for `project`.
        slants: as for `project`.
        style: as for `project`.
        gaussians: as for `project`.
        offsets: `[N, 2]` pixels.
        radii: `[N]`; 0 for a Gaussian that is not seen.
        spans: `[N, 2]` the first of a Gaussian's slots, and the one after its last.
        slots: `[S, SLOT]`; a Gaussian's are always added in the same order.
        slopes: of the shapes of `gaussians`, and of `offsets`: result.
        pose_slopes: `[parts, 12]` result: by the pose's first three rows.
        wants: whether the derivative by the pose is wanted, and whether `offsets` takes the sums of absolute values.
    """
    means, log_scales, turns, logits, sh = gaussians
    by_means, by_log_scales, by_turns, by_logits, by_sh, by_offsets = slopes
    basis, bend, sums = np.zeros(16), np.zeros((16, 3)), np.zeros(SLOT)
    first, last = len(means) * part // parts, len(means) * (part + 1) // parts
    by_means[first:last], by_log_scales[first:last], by_turns[first:last] = 0, 0, 0
    by_logits[first:last], by_sh[first:last], by_offsets[first:last] = 0, 0, 0
    pose_slopes[part] = 0.0
    for i in range(first, last):
        if radii[i] <= 0:
            continue
        for j in range(SLOT):
            sums[j] = 0.0
        for slot in range(spans[i, 0], spans[i, 1]):
            for j in range(SLOT):
                sums[j] += slots[slot, j]

        place, sizes = placed(pose, row_of(means, i)), sizes_of(log_scales, i)
        near = 1.0 / place[2]
        slant = slants_of(place[0] * near, place[1] * near, slants)
        rows, toward = rows_toward(lens, near, slant, pose)
        turn, turn_scale = unit_quaternion(turns, i)
        arms = scaled_axes(axes_of(turn), sizes)
        by_centre, by_arms, by_rows = shape_slopes(rows, arms, sums, style[1])
        by_offsets[i, 0], by_offsets[i, 1] = (sums[10], sums[11]) if wants[1] else by_centre
        by_logits[i] = sums[0] / (1.0 + np.float64(math.exp(logits[i])))
        by_log_scales[i, 0], by_log_scales[i, 1] = dot(by_arms[0], arms[0]), dot(by_arms[1], arms[1])
        by_log_scales[i, 2] = dot(by_arms[2], arms[2])
        by_turn = turn_slope(turn, scaled_axes(by_arms, sizes), turn_scale)
        by_turns[i, 0], by_turns[i, 1], by_turns[i, 2], by_turns[i, 3] = by_turn
        by_place = place_slope(place, lens, slants, toward, by_rows, by_centre, row_of(pose, 2), sums[9])

        look, far = direction(means[i, 0] - pose[3, 0], means[i, 1] - pose[3, 1], means[i, 2] - pose[3, 2])
        harmonic_values(basis, style[0], look[0], look[1], look[2])
        light = (0.5, 0.5, 0.5)
        for k in range(style[0]):
            light = combined(1.0, light, basis[k], (sh[i, k, 0], sh[i, k, 1], sh[i, k, 2]))
        red = sums[6] if light[0] > 0.0 else 0.0
        green = sums[7] if light[1] > 0.0 else 0.0
        blue = sums[8] if light[2] > 0.0 else 0.0
        for k in range(style[0]):
            by_sh[i, k, 0], by_sh[i, k, 1], by_sh[i, k, 2] = basis[k] * red, basis[k] * green, basis[k] * blue
        by_look = (0.0, 0.0, 0.0)
        if style[0] > 1:
            harmonic_slopes(bend, style[0], look[0], look[1], look[2])
            for k in range(1, style[0]):
                share = sh[i, k, 0] * red + sh[i, k, 1] * green + sh[i, k, 2] * blue
                by_look = combined(1.0, by_look, share, row_of(bend, k))
            by_look = combined(far, by_look, -far * dot(by_look, look), look)

        for j in range(3):
            back = by_place[0] * pose[0, j] + by_place[1] * pose[1, j] + by_place[2] * pose[2, j]
            by_means[i, j] = back + by_look[j]
        if wants[0]:
            for j in range(3):
                side, fall = lens[0] * near * by_rows[0][j], lens[1] * near * by_rows[1][j]
                tilted = (side, fall, -slant[0] * side - slant[1] * fall)
                for k in range(3):
                    pose_slopes[part, 4 * k + j] += by_place[k] * means[i, j] + tilted[k] + by_look[j] * pose[k, 3]
            for k in range(3):
                pose_slopes[part, 4 * k + 3] += by_place[k] + dot(by_look, row_of(pose, k))

"""The inner loops of `draw_mesh`.

For a triangle with corners a, b, c in the camera's frame and a line of sight d = (x, y, 1), the edge functions
d·(b×c), d·(c×a), d·(a×b) all have one sign inside (Olano and Greer 1997, section 3), their sum over the
determinant a·(b×c) is the inverse depth, and their shares of the sum are the perspective-correct weights of the
corners. Two triangles that share an edge compute the same function with opposite signs, to the last bit, so that
each pixel of a closed surface belongs to exactly one of them: no fused multiply-add may spoil that, hence no
fastmath here.
"""

import math

import numpy as np

from engine.raster._jit import inline, kernel, moved, row_of, run_of, tile_box

TILE_SHIFT = 6
PLAIN, FLAT, SMOOTH = 0, 1, 2

# The studio, in the camera's frame (y down, z away): a key light above the left shoulder.
KEY_X, KEY_Y, KEY_Z = -0.42, -0.62, -0.663
WIRE_STRENGTH = 0.55
HAIR = 1e-3


@kernel()
def to_camera(part, parts, pose, points, corners):
    """World to camera: pose `[3, 4]`, points and result `[N, 3]`."""
    for i in run_of(len(points), part, parts):
        corners[i, 0], corners[i, 1], corners[i, 2] = moved(pose, row_of(points, i))


@inline()
def _unit(vector):
    x, y, z = vector
    scale = 1.0 / math.sqrt(max(x * x + y * y + z * z, 1e-300))
    return x * scale, y * scale, z * scale


@inline()
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@inline()
def _face_normal(a, b, c):
    return _cross((b[0] - a[0], b[1] - a[1], b[2] - a[2]), (c[0] - a[0], c[1] - a[1], c[2] - a[2]))


@kernel()
def vertex_normals(points, faces, normals):
    """Each vertex's normal, the mean of its faces' by their area; zero where there is none.

    Args:
        points: `[V, 3]` metres.
        faces: `[F, 3]`.
        normals: `[V, 3]` result: unit vectors in the frame of the points.
    """
    for i in range(len(normals)):
        normals[i, 0], normals[i, 1], normals[i, 2] = 0.0, 0.0, 0.0
    for i in range(len(faces)):
        a, b, c = row_of(faces, i)
        normal = _face_normal(row_of(points, a), row_of(points, b), row_of(points, c))
        if math.isfinite(normal[0] + normal[1] + normal[2]):
            for axis in range(3):
                normals[a, axis] += normal[axis]
                normals[b, axis] += normal[axis]
                normals[c, axis] += normal[axis]
    for i in range(len(normals)):
        normals[i, 0], normals[i, 1], normals[i, 2] = _unit(row_of(normals, i))


@inline()
def _grown(bounds, point, lens):
    x = lens[0] * point[0] / point[2] + lens[1]
    y = lens[0] * point[1] / point[2] + lens[2]
    return min(bounds[0], x), min(bounds[1], y), max(bounds[2], x), max(bounds[3], y)


@inline()
def _grown_by_edge(bounds, p, q, lens):
    """Adds p, where it is in front of the near plane, and the place where the edge to q passes through it."""
    near = lens[3]
    if p[2] >= near:
        bounds = _grown(bounds, p, lens)
    if (p[2] >= near) != (q[2] >= near):
        share = (near - p[2]) / (q[2] - p[2])
        bounds = _grown(bounds, (p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]), near), lens)
    return bounds


@inline()
def _pixel_range(low, high, size):
    """The pixels whose centres lie between two places or a hair outside, within a picture: the edges decide."""
    first = min(max(np.ceil(low - 0.5 - HAIR), 0.0), float(size))
    last = min(max(np.floor(high - 0.5 + HAIR), -1.0), float(size - 1))
    return np.int32(first), np.int32(last + 1.0)


@inline()
def _edge(p, q, sign, lens):
    """The edge function d·(p×q) as A·x + B·y + C over pixel indices."""
    normal = _cross(p, q)
    across = sign * normal[0] / lens[0]
    down = sign * normal[1] / lens[0]
    return across, down, sign * normal[2] + across * (0.5 - lens[1]) + down * (0.5 - lens[2])


@inline()
def _total(edge):
    return edge[0] + edge[1] + edge[2]


@inline()
def _pixel_box(a, b, c, lens, size):
    """The pixels that the part of a triangle between the clipping planes may touch: x0, y0, x1, y1."""
    if min(a[2], b[2], c[2]) > lens[4] or max(a[2], b[2], c[2]) < lens[3]:
        return np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    bounds = (math.inf, math.inf, -math.inf, -math.inf)
    bounds = _grown_by_edge(bounds, a, b, lens)
    bounds = _grown_by_edge(bounds, b, c, lens)
    bounds = _grown_by_edge(bounds, c, a, lens)
    x0, x1 = _pixel_range(bounds[0], bounds[2], size[0])
    y0, y1 = _pixel_range(bounds[1], bounds[3], size[1])
    return x0, y0, x1, y1


@kernel()
def set_up_triangles(part, parts, corners, faces, lens, size, two_sided, setup):
    """Everything about the triangles that the pixels share.

    Args:
        part: which share of the triangles.
        parts: of how many.
        corners: `[V, 3]` metres, camera.
        faces: `[F, 3]`.
        lens: focal length, middle x, middle y, near, far.
        size: width and height, pixels.
        two_sided: whether triangles seen from behind count.
        setup: result, three arrays. Edges `[F, 3, 3]`: edge functions over pixel indices, positive inside. Planes
            `[F, 3]`: inverse depth over pixel indices. Boxes `[F, 4]`: pixels; empty for a triangle that is not seen.
    """
    edges, planes, boxes = setup
    for i in run_of(len(faces), part, parts):
        a, b, c = row_of(corners, faces[i, 0]), row_of(corners, faces[i, 1]), row_of(corners, faces[i, 2])
        normal = _cross(b, c)
        determinant = a[0] * normal[0] + a[1] * normal[1] + a[2] * normal[2]
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = 0, 0, 0, 0
        if not (math.isfinite(determinant) and determinant != 0.0) or (determinant > 0.0 and not two_sided):
            continue
        sign = 1.0 if determinant > 0.0 else -1.0
        p, q, r = _edge(b, c, sign, lens), _edge(c, a, sign, lens), _edge(a, b, sign, lens)
        if not math.isfinite(_total(p) + _total(q) + _total(r)):
            continue
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = _pixel_box(a, b, c, lens, size)
        for k in range(3):
            edges[i, 0, k], edges[i, 1, k], edges[i, 2, k] = p[k], q[k], r[k]
            planes[i, k] = (p[k] + q[k] + r[k]) / (sign * determinant)


@inline()
def _narrowed(first, last, slope, level, down):
    """The part of a row's span inside one edge; on the edge, a pixel goes to the triangle on its right."""
    if slope > 0.0:
        return max(first, np.ceil(-level / slope)), last
    if slope < 0.0:
        return first, min(last, np.ceil(-level / slope))
    if level < 0.0 or (level == 0.0 and down < 0.0):
        return first, first
    return first, last


@kernel()
def find_nearest(part, parts, starts, entries, setup, lens, depth, seen):
    """Which triangle each pixel shows: the nearest, and of two equally near the first.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: `[tiles + 1]` where each tile's list begins.
        entries: the lists of triangles.
        setup: edges `[F, 3, 3]`, planes `[F, 3]`, boxes `[F, 4]`.
        lens: focal length, middle x, middle y, near, far.
        depth: `[H, W]` float32, read and written.
        seen: `[H, W]` int32, result: triangles, −1 for none.
    """
    edges, planes, boxes = setup
    for tile in range(part, len(starts) - 1, parts):
        x0, y0, x1, y1 = tile_box(tile, TILE_SHIFT, depth.shape)
        for y in range(y0, y1):
            for x in range(x0, x1):
                seen[y, x] = -1
        for place in range(starts[tile], starts[tile + 1]):
            face = entries[place]
            slope = planes[face, 0]
            for y in range(max(boxes[face, 1], y0), min(boxes[face, 3], y1)):
                first, last = float(max(boxes[face, 0], x0)), float(min(boxes[face, 2], x1))
                for k in range(3):
                    level = edges[face, k, 1] * y + edges[face, k, 2]
                    first, last = _narrowed(first, last, edges[face, k, 0], level, edges[face, k, 1])
                level = planes[face, 1] * y + planes[face, 2]
                for x in range(int(min(first, last)), int(last)):  # a start beyond the end may be too large for int
                    z = np.float32(1.0 / (slope * x + level))
                    if z >= lens[3] and z <= lens[4] and z < depth[y, x]:
                        depth[y, x] = z
                        seen[y, x] = face


@inline()
def _studio_light(normal, sight):
    """How much light a surface sends to the eye: by its colour, and by its gloss.

    A key light that wraps a little around the form, a weak one from the eye, and a sky that is brighter above than
    below; a broad soft highlight (Blinn 1977) and a thin rim where the surface turns away.

    Args:
        normal: unit vector, camera, towards the eye.
        sight: unit vector, camera, from the surface to the eye.
    """
    facing = max(normal[0] * sight[0] + normal[1] * sight[1] + normal[2] * sight[2], 0.0)
    key = max((normal[0] * KEY_X + normal[1] * KEY_Y + normal[2] * KEY_Z + 0.3) / 1.3, 0.0)
    sky = 0.5 - 0.5 * normal[1]
    half = _unit((KEY_X + sight[0], KEY_Y + sight[1], KEY_Z + sight[2]))
    gloss = max(normal[0] * half[0] + normal[1] * half[1] + normal[2] * half[2], 0.0)
    gloss = gloss * gloss
    gloss = gloss * gloss
    gloss = gloss * gloss
    gloss = gloss * gloss
    edge = (1.0 - facing) * (1.0 - facing)
    diffuse = 0.05 + 0.21 * sky + 0.66 * key * key + 0.14 * facing
    return diffuse, 0.06 * gloss * gloss + 0.07 * edge * edge * sky


@inline()
def _blended(weights, p, q, r):
    return (
        weights[0] * p[0] + weights[1] * q[0] + weights[2] * r[0],
        weights[0] * p[1] + weights[1] * q[1] + weights[2] * r[1],
        weights[0] * p[2] + weights[1] * q[2] + weights[2] * r[2],
    )


@inline()
def _facing_normal(e0, e1, e2, lens):
    """The triangle's own normal, towards the eye, of any length: the sum of its edge functions is its plane."""
    across, down = e0[0] + e1[0] + e2[0], e0[1] + e1[1] + e2[1]
    level = e0[2] + e1[2] + e2[2] - across * (0.5 - lens[1]) - down * (0.5 - lens[2])
    return -across * lens[0], -down * lens[0], -level


@inline()
def _rounded(flat, smooth):
    """The normal blended from the corners, turned to the side of the triangle that is seen."""
    same_side = flat[0] * smooth[0] + flat[1] * smooth[1] + flat[2] * smooth[2] >= 0.0
    return smooth if same_side else (-smooth[0], -smooth[1], -smooth[2])


@inline()
def _distance(edge, value):
    """Pixels to a triangle's edge: the edge function over its slope."""
    return value / math.sqrt(max(edge[0] * edge[0] + edge[1] * edge[1], 1e-300))


@inline()
def _to_byte(light):
    """Linear light to a display value; 2 stands for the exponent of sRGB, which is close and one root."""
    return np.uint8(255.0 * math.sqrt(min(light, 1.0)) + 0.5)


@inline()
def _edge_of(edges, face, k):
    return edges[face, k, 0], edges[face, k, 1], edges[face, k, 2]


@inline()
def _value(edge, x, y):
    return edge[0] * x + edge[1] * y + edge[2]


@inline()
def _lit(tint, diffuse, gloss):
    scale = diffuse / (255.0 * 255.0)
    return (
        _to_byte(scale * tint[0] * tint[0] + gloss),
        _to_byte(scale * tint[1] * tint[1] + gloss),
        _to_byte(scale * tint[2] * tint[2] + gloss),
    )


@inline()
def _light_at(x, y, lens, flat, smooth, shading):
    """The light that a place of a surface sends to the eye, `_studio_light` of its normal."""
    if shading == PLAIN:
        return 1.0, 0.0
    normal = _rounded(flat, smooth) if shading == SMOOTH else flat
    sight = ((lens[1] - x - 0.5) / lens[0], (lens[2] - y - 0.5) / lens[0], -1.0)
    return _studio_light(_unit(normal), _unit(sight))


@inline()
def _wire_shadow(e0, e1, e2, values, half_width):
    """What is left of the light on the triangle's edges, drawn as dark lines with smooth sides."""
    if half_width <= 0.0:
        return 1.0
    nearest = min(_distance(e0, values[0]), _distance(e1, values[1]), _distance(e2, values[2]))
    return 1.0 - WIRE_STRENGTH * min(max(half_width + 0.5 - nearest, 0.0), 1.0)


@kernel()
def shade(part, parts, starts, seen, faces, edges, normals, tints, lens, style, colour):
    """Colours the pixels that show a triangle.

    Args:
        part: which share of the tiles.
        parts: of how many.
        starts: `[tiles + 1]` where each tile's list begins; one without triangles is passed over.
        seen: `[H, W]` triangles, −1 for none.
        faces: `[F, 3]`.
        edges: `[F, 3, 3]`.
        normals: `[V, 3]` unit vectors, camera.
        tints: `[V, 3]` uint8.
        lens: focal length, middle x, middle y, near, far.
        style: shading, and half the width of a wire, 0 for no wires.
        colour: `[H, W, 4]` uint8, written where a triangle is seen.
    """
    for tile in range(part, len(starts) - 1, parts):
        if starts[tile] == starts[tile + 1]:
            continue
        x0, y0, x1, y1 = tile_box(tile, TILE_SHIFT, seen.shape)
        for y in range(y0, y1):
            for x in range(x0, x1):
                face = seen[y, x]
                if face < 0:
                    continue
                a, b, c = row_of(faces, face)
                e0, e1, e2 = _edge_of(edges, face, 0), _edge_of(edges, face, 1), _edge_of(edges, face, 2)
                values = _value(e0, x, y), _value(e1, x, y), _value(e2, x, y)
                total = values[0] + values[1] + values[2]
                weights = (values[0] / total, values[1] / total, values[2] / total)
                smooth = _blended(weights, row_of(normals, a), row_of(normals, b), row_of(normals, c))
                diffuse, gloss = _light_at(x, y, lens, _facing_normal(e0, e1, e2, lens), smooth, style[0])
                diffuse *= _wire_shadow(e0, e1, e2, values, style[1])
                tint = _blended(weights, row_of(tints, a), row_of(tints, b), row_of(tints, c))
                colour[y, x, 0], colour[y, x, 1], colour[y, x, 2] = _lit(tint, diffuse, gloss)

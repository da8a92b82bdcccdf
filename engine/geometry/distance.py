"""The exact signed distance from points to a triangle mesh.

The nearest point over all triangles, pruned by bounding spheres; the sign from the angle-weighted normal of the nearest feature (face,
edge or vertex), which is exact for a closed mesh: Bærentzen & Aanæs 2005, doi:10.1109/TVCG.2005.49. The nearest point of a triangle:
Ericson, Real-Time Collision Detection, §5.1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from engine.geometry.meshes import Surface


def signed_distance(surface: Surface, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
    """Metres to the surface, negative inside. For a cloud: the unsigned distance to the nearest point."""
    points = np.ascontiguousarray(points, np.float64)
    if surface.is_cloud:
        return np.asarray(cKDTree(surface.vertices).query(points)[0])
    return Triangles(surface).signed_distance(points)


class Triangles:
    """A mesh made ready to be asked often: corners, bounding spheres with a tree of their middles, and the features' normals."""

    def __init__(self, surface: Surface) -> None:
        self.corners = np.ascontiguousarray(surface.vertices[surface.triangles])
        self.centres = self.corners.mean(1)
        self.radii = np.linalg.norm(self.corners - self.centres[:, None], axis=2).max(1)
        self.normals = feature_normals(surface)
        self.tree = cKDTree(self.centres)

    def signed_distance(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
        """Metres to the surface, negative inside."""
        near = self.tree.query(points)[1].astype(np.int64)
        points = np.ascontiguousarray(points, np.float64)
        return _distances(points, self.corners, self.centres, self.radii, near, self.normals)


def feature_normals(surface: Surface) -> Float[np.ndarray, "f 7 3"]:
    """Per triangle the normals of its face, its edges (01, 12, 20) and its vertices (0, 1, 2), not normalised."""
    triangles = surface.triangles
    corners = surface.vertices[triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face /= np.linalg.norm(face, axis=1, keepdims=True)
    at_vertex = np.zeros_like(surface.vertices)
    for k in range(3):
        first, second = (corners[:, (k + turn) % 3] - corners[:, k] for turn in (1, 2))
        cosine = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
        np.add.at(at_vertex, triangles[:, k], face * np.arccos(np.clip(cosine, -1, 1))[:, None])
    ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    number = np.unique(ends[:, 0] * len(surface.vertices) + ends[:, 1], return_inverse=True)[1].reshape(-1)
    at_edge = np.zeros((number.max() + 1, 3))
    np.add.at(at_edge, number, np.repeat(face, 3, axis=0))
    return np.concatenate([face[:, None], at_edge[number].reshape(-1, 3, 3), at_vertex[triangles]], 1)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _distances(points, corners, centres, radii, near, normals):
    found = np.empty(len(points))
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        squared, feature, ax, ay, az = _nearest(x, y, z, corners, near[i])
        best, best_k, best_feature, bx, by, bz = squared, near[i], feature, ax, ay, az
        reach = np.sqrt(best)
        for k in range(len(corners)):
            dx, dy, dz = x - centres[k, 0], y - centres[k, 1], z - centres[k, 2]
            limit = reach + radii[k]
            if dx * dx + dy * dy + dz * dz > limit * limit:
                continue
            squared, feature, ax, ay, az = _nearest(x, y, z, corners, k)
            if squared < best:
                best, best_k, best_feature, bx, by, bz = squared, k, feature, ax, ay, az
                reach = np.sqrt(best)
        n = normals[best_k, best_feature]
        inside = bx * n[0] + by * n[1] + bz * n[2] < 0.0
        found[i] = -reach if inside else reach
    return found


@numba.njit(cache=True, nogil=True)
def _nearest(x, y, z, corners, k):
    """Squared distance to triangle k, the feature that is nearest, and the vector from there to the point."""
    a0, a1, a2 = corners[k, 0, 0], corners[k, 0, 1], corners[k, 0, 2]
    u0, u1, u2 = corners[k, 1, 0] - a0, corners[k, 1, 1] - a1, corners[k, 1, 2] - a2
    v0, v1, v2 = corners[k, 2, 0] - a0, corners[k, 2, 1] - a1, corners[k, 2, 2] - a2
    p0, p1, p2 = x - a0, y - a1, z - a2
    uu, uv, vv = u0 * u0 + u1 * u1 + u2 * u2, u0 * v0 + u1 * v1 + u2 * v2, v0 * v0 + v1 * v1 + v2 * v2
    s, t, feature = _barycentric(u0 * p0 + u1 * p1 + u2 * p2, v0 * p0 + v1 * p1 + v2 * p2, uu, uv, vv)
    r0, r1, r2 = p0 - s * u0 - t * v0, p1 - s * u1 - t * v1, p2 - s * u2 - t * v2
    return r0 * r0 + r1 * r1 + r2 * r2, feature, r0, r1, r2


@numba.njit(cache=True, nogil=True)
def _barycentric(up, vp, uu, uv, vv):  # the seven regions of a triangle
    """Where the nearest point lies: a + s·u + t·v, and its feature (0 face; 1, 2, 3 edges; 4, 5, 6 vertices)."""
    if up <= 0.0 and vp <= 0.0:
        return 0.0, 0.0, 4
    d3, d4 = up - uu, vp - uv
    if d3 >= 0.0 and d4 <= d3:
        return 1.0, 0.0, 5
    vc = up * d4 - d3 * vp
    if vc <= 0.0 and up >= 0.0 and d3 <= 0.0:
        return up / (up - d3), 0.0, 1
    d5, d6 = up - uv, vp - vv
    if d6 >= 0.0 and d5 <= d6:
        return 0.0, 1.0, 6
    vb = d5 * vp - up * d6
    if vb <= 0.0 and vp >= 0.0 and d6 <= 0.0:
        return 0.0, vp / (vp - d6), 3
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 - d3 >= 0.0 and d5 - d6 >= 0.0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        return 1.0 - w, w, 2
    scale = 1.0 / (va + vb + vc)
    return vb * scale, vc * scale, 0

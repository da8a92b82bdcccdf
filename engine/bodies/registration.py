"""Bending one template onto many scans, so that vertex k is the same place on every body.

Each iteration finds for every vertex the scan near it, and then the vertices that minimise

    Σ_i c_i ‖x_i − y_i‖²  +  μ Σ_m ‖x_m − z_m‖²  +  α Σ_ij ‖(x_i − x_j) − R_i (t_i − t_j)‖²

y: the foot of x on the scan's tangent plane; z: markers; R_i: the turn that fits a vertex's neighbours best, so that limbs may turn for
nothing (as-rigid-as-possible: Sorkine & Alexa 2007). α and μ fall from stiff to soft, as in Amberg, Romdhani & Vetter 2007, "Optimal step
nonrigid ICP". Metres, y up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from engine.bodies.files import SHIPPED, default_body
from engine.data.npz import read_npz
from engine.geometry.meshes import Surface, sample_surface

COARSE = SHIPPED / "coarse.npz"
MARKERS = 73
"""As many as were glued onto each person of the CAESAR survey, whose scans SMPL's shapes were learned from."""
NEIGHBOURS = 8
"""How many points of the scan stand for the surface near a vertex: their mean has less noise."""


@dataclass(frozen=True)
class Template:
    """What is bent: its rest shape, its edges both ways, the Laplacian over them, and which vertices carry a marker.

    `kept`: the vertices of the whole body that it is made of.
    """

    rest: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]
    edges: Int[np.ndarray, "e 2"]
    laplacian: csc_array
    markers: Int[np.ndarray, " m"]
    kept: Int[np.ndarray, " v"]


@dataclass(frozen=True)
class Scan:
    """Points on a body's skin with unit normals, and where the markers were seen. `spacing`: metres between neighbouring points."""

    points: Float[np.ndarray, "n 3"]
    normals: Float[np.ndarray, "n 3"]
    markers: Float[np.ndarray, "m 3"]
    spacing: float
    tree: cKDTree = field(repr=False)


@dataclass(frozen=True)
class Scanner:
    """How a scan is taken: how many points, their noise in metres, how many holes and how large they are, metres."""

    points: int = 8000
    noise: float = 0.002
    holes: int = 6
    radius: float = 0.08
    marker_noise: float = 0.004


@dataclass(frozen=True)
class Stage:
    """One iteration's α and μ, and how far from a vertex its point may lie, metres. `believe_all`: no point is refused."""

    stiffness: float
    markers: float
    reach: float
    believe_all: bool = False


def stages(count: int, softest: float = 0.15) -> tuple[Stage, ...]:
    """From stiff, held by its markers alone, to soft, held by the scan."""
    part = np.linspace(0, 1, count)
    reach = np.where(part < 0.35, 0.0, 0.10 * (1 - part) + 0.02)
    stiff, held = 3.0 * (softest / 3.0) ** part, 1000.0 * 0.003**part
    return tuple(Stage(float(a), float(m), float(r)) for a, m, r in zip(stiff, held, reach, strict=True))


@cache
def coarse_template() -> Template:
    """The mean body that ships, in 1,500 vertices."""
    stored, body = read_npz(COARSE, ("kept", "faces")), default_body()
    kept = stored["kept"].astype(np.int64)
    return make_template(body.template.double().numpy()[kept], stored["faces"].astype(np.int64), kept)


def make_template(rest: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"], kept: np.ndarray) -> Template:
    """Edges, Laplacian, and markers spread evenly."""
    both = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.concatenate([both, both[:, ::-1]]), axis=0)
    count = len(rest)
    adjacent = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    laplacian = csc_array(diags_array(np.bincount(edges[:, 0], minlength=count).astype(float)) - adjacent)
    return Template(rest, faces, edges, laplacian, spread(rest, min(MARKERS, count)), kept)


def spread(points: Float[np.ndarray, "n 3"], count: int) -> Int[np.ndarray, " m"]:
    """Farthest point sampling: each next point is the one farthest from all before it."""
    chosen = [int(points[:, 1].argmax())]
    away = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def take_scan(body: Float[np.ndarray, "w 3"], template: Template, scanner: Scanner, rng: np.random.Generator) -> Scan:
    """Scans the whole body, of the model's own mesh: points anywhere on its skin, noise along the line of sight, holes."""
    faces = default_body().faces.numpy()
    points, normals = sample_surface(Surface(body, faces), scanner.points, rng)
    spacing = float(np.sqrt(_area(body, faces) / scanner.points))
    for middle in points[rng.integers(0, len(points), scanner.holes)]:
        seen = np.linalg.norm(points - middle, axis=1) > scanner.radius
        points, normals = points[seen], normals[seen]
    points = points + normals * rng.normal(0, scanner.noise, (len(points), 1))
    markers = body[template.kept[template.markers]]
    markers = markers + rng.normal(0, scanner.marker_noise, markers.shape)
    return Scan(points, normals, markers, spacing, cKDTree(points))


def _area(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


def place(template: Template, scan: Scan) -> Float[np.ndarray, "v 3"]:
    """The template where the markers have it: turned and shifted, not bent."""
    turn, shift = rigid_motion(template.rest[template.markers], scan.markers)
    return template.rest @ turn.T + shift


def bend(template: Template, scan: Scan, at: Float[np.ndarray, "v 3"], stage: Stage) -> Float[np.ndarray, "v 3"]:
    """One iteration: where the scan is near each vertex, how each vertex has turned, and the vertices that agree with all of it."""
    goal, trusted = targets(template, scan, at, stage)
    turns = vertex_turns(template, at)
    pull, diagonal = goal * trusted[:, None], trusted.astype(float)
    np.add.at(pull, template.markers, stage.markers * scan.markers)
    np.add.at(diagonal, template.markers, stage.markers)
    i, j = template.edges.T
    ahead = 0.5 * ((turns[i] + turns[j]) @ (template.rest[i] - template.rest[j])[..., None])[..., 0]
    for axis in range(3):
        pull[:, axis] += stage.stiffness * np.bincount(i, ahead[:, axis], len(at))
    system = stage.stiffness * template.laplacian + diags_array(diagonal + 1e-9)
    return splu(csc_array(system)).solve(pull)


def targets(
    template: Template, scan: Scan, at: Float[np.ndarray, "v 3"], stage: Stage
) -> tuple[Float[np.ndarray, "v 3"], Bool[np.ndarray, " v"]]:
    """The foot of every vertex on the scan's tangent plane, and whether it is to be trusted.

    Not if it is too far, if the skin there faces another way, or if the nearest point lies beside the foot: then there is a hole.
    """
    if not stage.reach:
        return at, np.zeros(len(at), bool)
    away, index = scan.tree.query(at, NEIGHBOURS)
    normals = scan.normals[index].mean(1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-9)
    along = ((scan.points[index].mean(1) - at) * normals).sum(1)
    beside = np.sqrt((away[:, 0] ** 2 - along**2).clip(0))
    faces_alike = (vertex_normals(at, template.faces) * normals).sum(1) > 0.5
    trusted = (np.abs(along) < stage.reach) & faces_alike & (beside < 2.5 * scan.spacing)
    if stage.believe_all:
        return scan.points[index[:, 0]], np.ones(len(at), bool)
    return at + along[:, None] * normals, trusted


def vertex_turns(template: Template, at: Float[np.ndarray, "v 3"]) -> Float[np.ndarray, "v 3 3"]:
    """For every vertex the rotation, times a scale, that takes its edges at rest nearest to its edges now."""
    i, j = template.edges.T
    before, now = template.rest[i] - template.rest[j], at[i] - at[j]
    products = (now[:, :, None] * before[:, None, :]).reshape(-1, 9)
    sums = np.stack([np.bincount(i, products[:, k], len(at)) for k in range(9)], 1).reshape(-1, 3, 3)
    turns = nearest_rotation(sums)
    scales = (turns * sums).sum((1, 2)) / np.bincount(i, (before**2).sum(1), len(at))
    return scales.clip(0.5, 2.0)[:, None, None] * turns


def nearest_rotation(matrices: Float[np.ndarray, "*n 3 3"]) -> Float[np.ndarray, "*n 3 3"]:
    """The rotation R that maximises tr(Rᵀ M) (Kabsch 1976)."""
    u, _, vt = np.linalg.svd(matrices)
    u[..., 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return u @ vt


def rigid_motion(
    source: Float[np.ndarray, "n 3"], target: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """The rotation and shift that bring `source` nearest to `target`."""
    a, b = source.mean(0), target.mean(0)
    turn = nearest_rotation((target - b).T @ (source - a))
    return turn, b - turn @ a


def vertex_normals(vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"]) -> Float[np.ndarray, "v 3"]:
    """Unit normals, each the mean of its triangles' by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    flat = faces.ravel()
    sums = np.stack([np.bincount(flat, np.repeat(cross[:, axis], 3), len(vertices)) for axis in range(3)], 1)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(1e-12)


def register(template: Template, scan: Scan, plan: Sequence[Stage]) -> Float[np.ndarray, "v 3"]:
    """All iterations."""
    at = place(template, scan)
    for stage in plan:
        at = bend(template, scan, at, stage)
    return at

"""Reads a person's own mesh or point cloud, by trimesh, and refuses what cannot be used with one sentence."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float, Int

from engine.api.errors import DataError

LARGEST_FILE = 500_000_000
LARGEST_MESH = 2_000_000
_RADIUS = 0.8


@dataclass(frozen=True)
class Surface:
    """Triangles `[F, 3]` over vertices `[V, 3]`; no triangles: a point cloud, with unit `normals` `[V, 3]` where the file has them.

    `note`: what a person should know of it.
    """

    vertices: Float[np.ndarray, "v 3"]
    triangles: Int[np.ndarray, "f 3"]
    normals: Float[np.ndarray, "v 3"] | None = None
    note: str = ""

    @property
    def is_cloud(self) -> bool:
        """Whether there are points only."""
        return not len(self.triangles)


def read_surface(path: Path) -> Surface:
    """Reads a mesh or a point cloud and fits it into a ball of radius 0.8 around the origin, in metres, its own axes kept.

    Raises DataError: no file, not a mesh, empty, points that are not finite, too large.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path.name} is larger than {LARGEST_FILE // 1_000_000} MB; simplify it first.")
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a damaged file makes the readers warn before they raise
            loaded = _merged(trimesh.load(path, process=False))
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except DataError:
        raise
    except Exception as error:  # trimesh's readers raise almost anything on a broken file
        raise DataError(f"{path.name} cannot be read as a mesh ({type(error).__name__}); is it damaged?") from error
    vertices, triangles, normals = _parts(loaded, path)
    return _fitted(path, vertices, triangles, normals)


def _merged(loaded: Any) -> Any:
    """All parts of a scene as one; vertices that lie together are one vertex."""
    if isinstance(loaded, trimesh.Scene) and loaded.geometry:
        meshes = [part for part in loaded.dump() if isinstance(part, trimesh.Trimesh)]
        loaded = trimesh.util.concatenate(meshes) if meshes else next(iter(loaded.geometry.values()))
    if isinstance(loaded, trimesh.Trimesh) and len(loaded.faces) and np.isfinite(loaded.vertices).all():
        loaded.merge_vertices(merge_norm=True, merge_tex=True)
    return loaded


def _parts(loaded: Any, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    if isinstance(loaded, trimesh.Scene):
        raise DataError(f"{path.name} holds no mesh.")
    if isinstance(loaded, trimesh.Trimesh):
        return np.asarray(loaded.vertices, np.float64), np.asarray(loaded.faces, np.int64), None
    if isinstance(loaded, trimesh.PointCloud):
        return np.asarray(loaded.vertices, np.float64), np.empty((0, 3), np.int64), _cloud_normals(loaded)
    raise DataError(f"{path.name} holds neither triangles nor points.")


def _cloud_normals(cloud: trimesh.PointCloud) -> np.ndarray | None:
    data = cloud.metadata.get("_ply_raw", {}).get("vertex", {}).get("data")
    named = (
        data
        if isinstance(data, dict)
        else {name: data[name] for name in getattr(data, "dtype", np.dtype([])).names or ()}
    )
    if not {"nx", "ny", "nz"} <= set(named):
        return None
    normals = np.stack([np.ravel(named[axis]) for axis in ("nx", "ny", "nz")], 1).astype(np.float64)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / lengths if np.isfinite(lengths).all() and lengths.min() > 1e-9 else None


def _check_mesh(path: Path, vertices: np.ndarray, triangles: np.ndarray) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3 or (len(triangles) and triangles.shape[1] != 3):
        raise DataError(f"{path.name} is damaged: its points or triangles have another number of entries than three.")
    if not np.isfinite(vertices).all():
        raise DataError(f"{path.name} has points that are not numbers.")
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
        raise DataError(f"{path.name} is damaged: a triangle names a point that does not exist.")


def _fitted(path: Path, vertices: np.ndarray, triangles: np.ndarray, normals: np.ndarray | None) -> Surface:
    if len(vertices) < 4:
        raise DataError(f"{path.name} is empty: it holds {len(vertices)} points.")
    _check_mesh(path, vertices, triangles)
    if len(triangles) > LARGEST_MESH or len(vertices) > LARGEST_MESH:
        raise DataError(f"{path.name} has {len(triangles):,} triangles; simplify it to at most {LARGEST_MESH:,}.")
    used = vertices[np.unique(triangles)] if len(triangles) else vertices
    centre = (used.min(0) + used.max(0)) / 2
    radius = float(np.linalg.norm(used - centre, axis=1).max())
    if not 1e-12 < radius < 1e12:
        raise DataError(f"{path.name} has no extent that can be used: its radius is {radius:g}.")
    fitted = (vertices - centre) * (_RADIUS / radius)
    kept = _with_area(fitted, triangles)
    if len(triangles) and not len(kept):
        raise DataError(f"{path.name} is empty: none of its triangles has an area.")
    return Surface(fitted, kept, normals, _note(path, kept))


def _with_area(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return triangles[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-12]


def _note(path: Path, triangles: np.ndarray) -> str:
    if not len(triangles):
        return f"{path.name}: points only, so the surface is learned from points"
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    counts = np.unique(edges, axis=0, return_counts=True)[1]
    open_edges = int((counts == 1).sum())
    return f"{path.name}: not watertight ({open_edges:,} open edges), inside is a guess" if open_edges else path.name


def sample_surface(
    surface: Surface, count: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """`count` points spread evenly over the area, and the unit normals there (zeros where a cloud has none)."""
    if surface.is_cloud:
        chosen = rng.integers(0, len(surface.vertices), count)
        normals = np.zeros_like(surface.vertices) if surface.normals is None else surface.normals
        return surface.vertices[chosen], normals[chosen]
    a, b, c = (surface.vertices[surface.triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    double_area = np.linalg.norm(cross, axis=1)
    chosen = rng.choice(len(a), count, p=double_area / double_area.sum())
    u, v = rng.random((2, count, 1))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    points = a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]
    return points, cross[chosen] / double_area[chosen, None]

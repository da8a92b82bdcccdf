"""Meshes as PLY, which every program for meshes reads (Turk 1994, "The PLY polygon file format")."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from app.views.scene3d import Surface


def ply_text(surfaces: Sequence[Surface]) -> str:
    """Surfaces as one ASCII PLY: vertices in metres with their colours, then triangles."""
    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces)])
    faces = np.concatenate([surface.faces + start for surface, start in zip(surfaces, starts, strict=False)])
    head = ["ply", "format ascii 1.0", "comment metres, z up", f"element vertex {starts[-1]}"]
    head += [f"property float {axis}" for axis in "xyz"]
    head += [f"property uchar {colour}" for colour in ("red", "green", "blue")]
    head += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    text = io.StringIO()
    text.write("\n".join(head))
    for surface in surfaces:
        tints = np.broadcast_to(surface.tint if surface.colours is None else surface.colours, surface.vertices.shape)
        np.savetxt(text, np.hstack([surface.vertices, tints]), fmt="%.7g %.7g %.7g %d %d %d")
    np.savetxt(text, np.insert(faces, 0, 3, axis=1), fmt="%d")
    return text.getvalue()

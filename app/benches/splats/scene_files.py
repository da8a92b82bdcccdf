"""Which files are scenes of Gaussians: by their ending, and a PLY by the names in its head."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".ply", ".splat", ".spz")
_MARKS = (b"property float scale_0", b"packed_position", b"f_dc_0")
_HEAD = 8192


def is_scene(path: Path) -> bool:
    """Whether a file is a scene; a PLY of triangles is not. One that cannot be read is none."""
    suffix = path.suffix.lower()
    if suffix != ".ply":
        return suffix in SUFFIXES and path.is_file()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(b"ply") and any(mark in head for mark in _MARKS)

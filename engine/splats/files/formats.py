"""The table of formats, and the way in and out of it.

A new format is a module and a row in `FORMATS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.api.errors import DataError
from engine.api.words import near
from engine.splats.files.colmap_points import write_points
from engine.splats.files.compressed_ply import is_compressed, read_compressed_ply, write_compressed_ply
from engine.splats.files.gltf import write_glb
from engine.splats.files.ply import read_ply, write_ply
from engine.splats.files.ply_header import read_head
from engine.splats.files.rows import Read, Rows, cleaned, rows_of, scene_of
from engine.splats.files.splat import read_splat, write_splat
from engine.splats.files.spz import read_spz, write_spz
from engine.splats.scene import Gaussians


@dataclass(frozen=True)
class Format:
    """A format. `suffix`: how its files end. `highest`: the degree of spherical harmonics that it holds. `read` None: out only."""

    name: str
    title: str
    suffix: str
    write: Callable[[Path, Rows], tuple[str, ...]]
    read: Callable[[Path], Read] | None = None
    highest: int = 3


FORMATS = (
    Format(
        "compressed",
        "Compressed PLY, as SuperSplat reads it",
        ".compressed.ply",
        write_compressed_ply,
        read_compressed_ply,
    ),
    Format("ply", "PLY of the reference implementation", ".ply", write_ply, read_ply),
    Format("splat", "SPLAT, for early web viewers", ".splat", write_splat, read_splat, highest=0),
    Format("spz", "SPZ, a tenth of the size", ".spz", write_spz, read_spz),
    Format("glb", "glTF with KHR_gaussian_splatting", ".glb", write_glb),
    Format("points", "COLMAP points", ".txt", write_points, highest=0),
)
"""The longer endings come first."""


@dataclass(frozen=True)
class Loaded:
    """A scene from a file. `notes`: sentences on what was missing, dropped or mended."""

    gaussians: Gaussians
    format: Format
    notes: tuple[str, ...]


def format_of(path: Path) -> Format:
    """The format that a name asks for. Raises DataError with the endings that there are."""
    for entry in FORMATS:
        if path.name.lower().endswith(entry.suffix):
            return entry
    endings = [entry.suffix for entry in FORMATS]
    raise DataError(f"“{path.name}” ends like no format of splats{near(path.suffix, endings)}")


def read_scene(path: Path) -> Loaded:
    """Reads a scene of any format. Raises DataError with a sentence."""
    entry = format_of(path)
    if entry.read is None:
        raise DataError(f"{path.name}: {entry.title} can be written but not read here.")
    try:
        if entry.suffix.endswith(".ply"):
            head = read_head(path)
            entry = FORMATS[0] if is_compressed(head) else FORMATS[1]
        read = entry.read(path)  # type: ignore[misc]  # both kinds of PLY are read
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    except MemoryError as error:
        raise DataError(f"{path.name} is larger than this machine's memory.") from error
    read = cleaned(read, path.name)
    return Loaded(scene_of(read.rows), entry, read.notes)


def write_scene(path: Path, gaussians: Gaussians) -> tuple[str, ...]:
    """Writes a scene in the format that the name asks for; nothing half-written is left.

    Returns:
        Sentences on what the format could not hold.

    Raises:
        DataError: the format is unknown, or the file cannot be written.
    """
    entry = format_of(path)
    rows = rows_of(gaussians)
    notes: tuple[str, ...] = ()
    if rows.degree > entry.highest:
        notes = (
            f"View-dependent colour (degree {rows.degree}) was left out: the format holds degree {entry.highest}.",
        )
        rows = rows.with_degree(entry.highest)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        notes += entry.write(beside, rows)
        beside.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    finally:
        beside.unlink(missing_ok=True)
    return notes

"""PLY as the reference implementation of Kerbl et al. 2023 writes it: every number as it was optimised, nothing is lost.

Rows: x y z, nx ny nz (zeros), f_dc_0…2, f_rest_0… (all of red, then green, then blue), opacity (logit), scale_0…2 (logarithms),
rot_0…3 (wxyz). A file without scales is a cloud of points, and becomes round Gaussians as wide as their neighbours are far.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.api.errors import DataError
from engine.splats.files.ply_header import Element, Head, broken_off, read_head, read_rows, read_text_rows
from engine.splats.files.rows import Read, Rows
from engine.splats.scene import COEFFICIENTS, Y0, neighbour_distances

CHUNK = 1 << 16
"""Rows read at once, so that a large file is never twice in memory."""
POINT_OPACITY = 0.8
"""Of a coloured point: dense enough to be seen, thin enough that neighbours blend."""
_PLACE = ("x", "y", "z")
_COLOUR = ("red", "green", "blue")
_KNOWN = {"x", "y", "z", "nx", "ny", "nz", "opacity", *_COLOUR}


def read_ply(path: Path, head: Head | None = None) -> Read:
    """Reads a scene, or a cloud of coloured points. Raises DataError with a sentence for what is neither."""
    head = head or read_head(path)
    element = head.element("vertex")
    if element is None or not set(_PLACE) <= set(element.row.names or ()):
        raise DataError(f"{path.name} has no vertices with x, y and z; it is a PLY file of something else.")
    names = element.row.names or ()
    degree, notes = _degree(names)
    rows = _gather(head, element, degree)
    notes = (*broken_off(head, element, len(rows)), *notes)
    if "scale_0" not in names:
        return Read(_round_points(rows), (*notes, "The file has points without sizes; each became a round Gaussian."))
    return Read(rows, notes)


def write_ply(path: Path, rows: Rows) -> tuple[str, ...]:
    """Writes every number. Nothing is dropped."""
    with path.open("wb") as file:
        _write(file, rows)
    return ()


def ply_bytes(rows: Rows) -> bytes:
    """The file's contents."""
    file = io.BytesIO()
    _write(file, rows)
    return file.getvalue()


def _write(file: BinaryIO, rows: Rows) -> None:
    rest = 3 * (rows.sh.shape[1] - 1)
    names = [*_PLACE, "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{i}" for i in range(rest))]
    names += ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}"]
    head += [f"property float {name}" for name in names] + ["end_header\n"]
    file.write("\n".join(head).encode("ascii"))
    for first in range(0, len(rows), CHUNK):
        part = rows[first : first + CHUNK]
        higher = part.sh[:, 1:].transpose(0, 2, 1).reshape(len(part), rest)
        nothing = np.zeros((len(part), 3), np.float32)
        columns = (part.means, nothing, part.sh[:, 0], higher, part.opacities[:, None], part.log_scales)
        file.write(np.hstack([*columns, part.quaternions]).astype("<f4").tobytes())


def _degree(names: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """Up to which degree there are spherical harmonics, and what to say of the file's properties."""
    has_base = all(f"f_dc_{i}" in names for i in range(3))
    rest = sum(name.startswith("f_rest_") for name in names)
    each = _each_channel(names) if has_base else 0
    degree = max(index for index, k in enumerate(COEFFICIENTS) if k - 1 <= each)
    notes = []
    if has_base and 3 * (COEFFICIENTS[degree] - 1) != rest:
        notes.append(
            f"{rest} higher spherical harmonics are none of 0, 9, 24, 45; those up to degree {degree} were kept."
        )
    extra = [
        name for name in names if name not in _KNOWN and not name.startswith(("f_dc_", "f_rest_", "scale_", "rot_"))
    ]
    if extra:
        notes.append(f"Properties that are not used: {', '.join(extra[:6])}{' …' if len(extra) > 6 else ''}.")
    for wanted, what in (("opacity", "opacity"), ("rot_0", "rotation")):
        if wanted not in names and "scale_0" in names:
            notes.append(f"The file has no {what}; all Gaussians have the same.")
    return degree, tuple(notes)


def _each_channel(names: tuple[str, ...]) -> int:
    """How many higher harmonics each channel has: they stand channel by channel."""
    rest = sum(name.startswith("f_rest_") for name in names)
    return rest // 3 if rest % 3 == 0 and all(f"f_rest_{i}" in names for i in range(rest)) else 0


def _gather(head: Head, element: Element, degree: int) -> Rows:
    if head.text:
        return _rows(read_text_rows(head, element), degree)
    found = head.available(element)
    rows = Rows(*(np.empty((found, *shape), np.float32) for shape in ((3,), (3,), (4,), (), (COEFFICIENTS[degree], 3))))
    for first in range(0, found, CHUNK):
        part = _rows(read_rows(head, element, first, min(CHUNK, found - first)), degree)
        for name in ("means", "log_scales", "quaternions", "opacities", "sh"):
            getattr(rows, name)[first : first + len(part)] = getattr(part, name)
    return rows


def _rows(table: NDArray[np.void], degree: int) -> Rows:
    names = table.dtype.names or ()
    n, k, each = len(table), COEFFICIENTS[degree], _each_channel(names)
    sh = np.zeros((n, k, 3), np.float32)
    sh[:, 0] = _base(table)
    for channel in range(3):
        for i in range(1, k):
            sh[:, i, channel] = table[f"f_rest_{channel * each + i - 1}"]
    scales = _columns(table, [f"scale_{i}" for i in range(3)], -np.inf if "scale_0" in names else 0.0)
    if "scale_0" in names and "scale_2" not in names:
        scales[:, 2] = scales[:, :2].min(1) - 3.0  # a scene of discs (Huang et al. 2024): thin along its normal
    turns = _columns(table, [f"rot_{i}" for i in range(4)], 0.0)
    if "rot_0" not in names:
        turns[:, 0] = 1.0
    opacity = _columns(table, ["opacity"], float(np.log(POINT_OPACITY / (1 - POINT_OPACITY))))[:, 0]
    return Rows(_columns(table, list(_PLACE), 0.0), scales, turns, opacity, sh)


def _base(table: NDArray[np.void]) -> NDArray[np.float32]:
    """The constant harmonics: as the file has them, or from red, green and blue, or grey."""
    names = table.dtype.names or ()
    if all(f"f_dc_{i}" in names for i in range(3)):
        return _columns(table, [f"f_dc_{i}" for i in range(3)], 0.0)
    if not all(name in names for name in _COLOUR):
        return np.zeros((len(table), 3), np.float32)
    colours = _columns(table, list(_COLOUR), 0.0)
    full = 255.0 if table.dtype["red"].kind in "ui" else 1.0
    return ((colours / full - 0.5) / Y0).astype(np.float32)


def _columns(table: NDArray[np.void], names: list[str], missing: float) -> NDArray[np.float32]:
    result = np.full((len(table), len(names)), missing, np.float32)
    for index, name in enumerate(names):
        if name in (table.dtype.names or ()):
            with np.errstate(over="ignore", invalid="ignore"):
                result[:, index] = table[name]
    return result


def _round_points(rows: Rows) -> Rows:
    finite = np.isfinite(rows.means).all(1)
    widths = np.ones(len(rows), np.float32)
    if finite.any():
        widths[finite] = neighbour_distances(rows.means[finite])
    return Rows(rows.means, np.log(widths)[:, None].repeat(3, 1), rows.quaternions, rows.opacities, rows.sh)

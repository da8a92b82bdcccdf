"""Compressed PLY as PlayCanvas and SuperSplat write it: 16 bytes a Gaussian, and a byte for each higher harmonic.

Chunks of 256 Gaussians share the bounds of their places, logarithmic scales and colours; within these a place and a scale take
11 + 10 + 11 bits, a colour and an opacity four bytes, a rotation 2 + 3 · 10 bits. Higher harmonics are eight bits within ±4.
Source: PlayCanvas, splat-transform (compressed-chunk, write-compressed-ply).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.api.errors import DataError
from engine.splats.files.packing import (
    HALF_ROOT,
    base_of,
    colours_of,
    from_bits,
    logit,
    sigmoid,
    to_bits,
    with_largest,
    without_largest,
)
from engine.splats.files.ply_header import Head, broken_off, read_head, read_rows
from engine.splats.files.rows import Read, Rows
from engine.splats.scene import COEFFICIENTS

CHUNK = 256
_WORDS = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
SH_RANGE = 8.0
LARGEST_SCALE = 20.0


def is_compressed(head: Head) -> bool:
    """Whether a PLY file is of this kind."""
    vertex, chunk = head.element("vertex"), head.element("chunk")
    return vertex is not None and chunk is not None and set(_WORDS) <= set(vertex.row.names or ())


def read_compressed_ply(path: Path, head: Head | None = None) -> Read:
    """Reads a scene. Raises DataError for a damaged file."""
    head = head or read_head(path)
    vertex, chunk, higher = (head.element(name) for name in ("vertex", "chunk", "sh"))
    if vertex is None or chunk is None or head.text:
        raise DataError(f"{path.name} is not a compressed PLY file.")
    count = min(head.available(vertex), CHUNK * head.available(chunk))
    notes = broken_off(head, vertex, count)
    words = read_rows(head, vertex, 0, count)
    bounds = read_rows(head, chunk, 0, chunk.count)
    missing = [name for name in _bound_names()[:12] if name not in (bounds.dtype.names or ())]
    if missing or not set(_WORDS) <= set(words.dtype.names or ()):
        raise DataError(f"{path.name} lacks the bounds {', '.join(missing) or 'of its chunks'}; export it again.")
    sh = np.zeros((count, 1, 3), np.float32)
    if higher is not None and head.available(higher) >= count:
        sh = _higher(read_rows(head, higher, 0, count))
    elif higher is not None:
        notes = (*notes, "The higher spherical harmonics break off and were left out.")
    return Read(_rows(words, bounds, sh), notes)


def write_compressed_ply(path: Path, rows: Rows) -> tuple[str, ...]:
    """Writes a scene, its Gaussians in the order of a Z curve so that those of a chunk lie close together."""
    rows = rows[_z_order(rows.means)]
    bounds, words = _packed(rows)
    rest = 3 * (rows.sh.shape[1] - 1)
    head = ["ply", "format binary_little_endian 1.0", f"element chunk {len(bounds)}"]
    head += [f"property float {name}" for name in _bound_names()]
    head += [f"element vertex {len(rows)}", *(f"property uint {name}" for name in _WORDS)]
    if rest:
        head += [f"element sh {len(rows)}", *(f"property uchar f_rest_{i}" for i in range(rest))]
    higher = rows.sh[:, 1:].transpose(0, 2, 1).reshape(len(rows), rest)
    with path.open("wb") as file:
        file.write(("\n".join([*head, "end_header"]) + "\n").encode("ascii"))
        file.write(bounds.astype("<f4").tobytes())
        file.write(words.astype("<u4").tobytes())
        file.write(((higher / SH_RANGE + 0.5) * 256).clip(0, 255).astype(np.uint8).tobytes())
    return ()


def _bound_names() -> list[str]:
    places = [f"{end}_{axis}" for end in ("min", "max") for axis in "xyz"]
    scales = [f"{end}_scale_{axis}" for end in ("min", "max") for axis in "xyz"]
    return [*places, *scales, *(f"{end}_{channel}" for end in ("min", "max") for channel in "rgb")]


def _rows(words: NDArray[np.void], bounds: NDArray[np.void], sh: NDArray[np.float32]) -> Rows:
    chunk = np.arange(len(words)) // CHUNK

    def spread(what: str, axes: str, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        low, high = (
            np.stack([bounds[f"{end}_{what}{axis}"] for axis in axes], 1).astype(np.float32)[chunk]
            for end in ("min", "max")
        )
        return low + shares * (high - low)

    position, rotation, scale, colour = (words[name].astype(np.uint32) for name in _WORDS)
    tints = np.stack([from_bits(colour, shift, 8) for shift in (24, 16, 8)], 1)
    if set(_bound_names()[12:]) <= set(bounds.dtype.names or ()):  # newer files bound the colours too
        tints = spread("", "rgb", tints)
    sh[:, 0] = base_of(tints)
    parts = np.stack([(from_bits(rotation, shift, 10) - np.float32(0.5)) / HALF_ROOT for shift in (20, 10, 0)], 1)
    return Rows(
        spread("", "xyz", _three(position)),
        spread("scale_", "xyz", _three(scale)),
        with_largest(rotation >> np.uint32(30), parts),
        logit(from_bits(colour, 0, 8)),
        sh,
    )


def _three(words: NDArray[np.uint32]) -> NDArray[np.float32]:
    return np.stack([from_bits(words, 21, 11), from_bits(words, 11, 10), from_bits(words, 0, 11)], 1)


def _higher(table: NDArray[np.void]) -> NDArray[np.float32]:
    """`[n, k, 3]`: the constant ones zero."""
    each = len(table.dtype.names or ()) // 3
    degree = max(index for index, k in enumerate(COEFFICIENTS) if k - 1 <= each)
    bytes_ = np.stack([table[name] for name in table.dtype.names or ()], 1)[:, : 3 * each]
    values = ((bytes_.astype(np.float32) + 0.5) / 256 - 0.5) * SH_RANGE
    sh = np.zeros((len(table), COEFFICIENTS[degree], 3), np.float32)
    sh[:, 1:] = values.reshape(len(table), 3, each).transpose(0, 2, 1)[:, : COEFFICIENTS[degree] - 1]
    return sh


def _packed(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """The bounds of the chunks `[chunks, 18]` and the words `[n, 4]`."""
    starts = np.arange(0, len(rows), CHUNK)
    chunk = np.arange(len(rows)) // CHUNK
    scales = rows.log_scales.clip(-LARGEST_SCALE, LARGEST_SCALE)
    ranges, shares = [], []
    for values in (rows.means, scales, colours_of(rows.sh[:, 0])):
        low, high = np.minimum.reduceat(values, starts, 0), np.maximum.reduceat(values, starts, 0)
        ranges.append(np.hstack([low, high]))
        shares.append((values - low[chunk]) / np.maximum(high - low, 1e-5)[chunk])
    places, sizes, tints = shares
    largest, parts = without_largest(rows.quaternions)
    rotation = largest << np.uint32(30)
    for part, shift in zip(parts.T, (20, 10, 0), strict=True):
        rotation |= to_bits(part * HALF_ROOT + np.float32(0.5), 10) << np.uint32(shift)
    colour = to_bits(sigmoid(rows.opacities), 8)
    for channel, shift in zip(tints.T, (24, 16, 8), strict=True):
        colour |= to_bits(channel, 8) << np.uint32(shift)
    return np.hstack(ranges), np.stack([_pack_three(places), rotation, _pack_three(sizes), colour], 1)


def _pack_three(shares: NDArray[np.float32]) -> NDArray[np.uint32]:
    x, y, z = shares.T
    return to_bits(x, 11) << np.uint32(21) | to_bits(y, 10) << np.uint32(11) | to_bits(z, 11)


def _z_order(means: NDArray[np.float32]) -> NDArray[np.intp]:
    """The order of a Z curve through 1,024 cells a side (Morton 1966)."""
    low, high = means.min(0), means.max(0)
    cells = ((means - low) / np.maximum(high - low, 1e-9) * 1023).astype(np.uint32)
    code = np.zeros(len(means), np.uint32)
    for bit in range(10):
        for axis in range(3):
            code |= ((cells[:, axis] >> np.uint32(bit)) & np.uint32(1)) << np.uint32(3 * bit + axis)
    return np.argsort(code, kind="stable")

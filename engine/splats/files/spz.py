"""SPZ, Niantic's packed format, versions 2 and 3: attribute by attribute, gzipped, about a tenth of the PLY file.

Places are 24-bit fixed point, logarithmic scales, opacities and colours a byte each, rotations three bytes (version 2: x y z of the
quaternion whose w is positive) or four (version 3: the three smallest parts in 9 bits and a sign each), higher harmonics a byte within
±1. Its axes point right, up and back; a scene's here right, down and forward: both are turned by half a turn about x.
Source: Niantic Labs, spz (load-spz.cc).
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.api.errors import DataError
from engine.splats.files.packing import HALF_ROOT, logit, normalised, sigmoid, with_largest, without_largest
from engine.splats.files.rows import Read, Rows
from engine.splats.scene import COEFFICIENTS

MAGIC = 0x5053474E
VERSIONS = (2, 3)
MOST = 10_000_000
"""Gaussians that the format's own reader accepts."""
FRACTION_BITS = 12
COLOUR_SCALE = 0.15
_HEAD = struct.Struct("<IIIBBBB")
_EXTENSIONS = 2
TURN = np.array([1, -1, -1], np.float32)
TURN_QUATERNION = np.array([1, 1, -1, -1], np.float32)
TURN_SH = np.array([1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1], np.float32)
"""The signs of the harmonics after half a turn about x: y and z change theirs."""
_STEP1, _STEP = 8, 16
"""Bytes between two levels of a harmonic: 5 bits for degree 1, 4 bits above."""


def read_spz(path: Path) -> Read:
    """Reads a scene. Raises DataError for a damaged file, or one of another version."""
    data = _unzipped(path)
    if len(data) < _HEAD.size:
        raise DataError(f"{path.name} is too short to be an SPZ file.")
    magic, version, count, degree, fraction, flags, _ = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise DataError(f"{path.name} is not an SPZ file.")
    if version not in VERSIONS or degree > 3 or flags & _EXTENSIONS or count > MOST:
        raise DataError(
            f"{path.name} is an SPZ file of a kind that is not read here (version {version}); save it as version 3."
        )
    k = COEFFICIENTS[degree]
    widths = (9, 1, 3, 3, 4 if version == 3 else 3, 3 * (k - 1))
    if count == 0 or _HEAD.size + count * sum(widths) > len(data):
        raise DataError(
            f"{path.name} declares {count:,} Gaussians but breaks off; export it again from where it came from."
        )
    parts, at = [], _HEAD.size
    for width in widths:
        parts.append(np.frombuffer(data, np.uint8, count * width, at).reshape(count, width))
        at += count * width
    return Read(_rows(parts, k, fraction, version))


def write_spz(path: Path, rows: Rows, version: int = 3) -> tuple[str, ...]:
    """Writes a scene; `version` 2 for older readers. Places are bounded to what 24 bits hold."""
    if len(rows) > MOST:
        raise DataError(f"SPZ holds at most {MOST:,} Gaussians; this scene has {len(rows):,}.")
    largest = float(np.abs(rows.means).max())
    fraction = max(0, min(FRACTION_BITS, int(np.floor(np.log2((2**23 - 1) / max(largest, 1e-9))))))
    fixed = np.round(rows.means.astype(np.float64) * TURN * 2**fraction).clip(-(2**23), 2**23 - 1).astype("<i4")
    places = fixed.view(np.uint8).reshape(len(rows), 3, 4)[:, :, :3]
    tints = rows.sh[:, 0] * (COLOUR_SCALE * 255) + 127.5
    turned = normalised(rows.quaternions) * TURN_QUATERNION
    signs = TURN_SH[: rows.sh.shape[1], None]
    parts = (
        places,
        _byte(sigmoid(rows.opacities) * 255),
        _byte(tints),
        _byte((rows.log_scales + 10) * 16),
        _smallest_three(turned) if version == 3 else _first_three(turned),
        _quantised(rows.sh[:, 1:] * signs[1:]),
    )
    head = _HEAD.pack(MAGIC, version, len(rows), rows.degree, fraction, 0, 0)
    path.write_bytes(gzip.compress(head + b"".join(np.ascontiguousarray(part).tobytes() for part in parts), 6, mtime=0))
    outside = int((np.abs(rows.sh[:, 1:]) > 1).any(axis=(1, 2)).sum())
    return (f"Higher harmonics beyond ±1 were bounded in {outside:,} Gaussians.",) if outside else ()


def _unzipped(path: Path) -> bytes:
    """The file's contents, of which never more is unpacked than the largest scene takes."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        data = unpacker.decompress(path.read_bytes(), _HEAD.size + MOST * 65)
    except zlib.error as error:
        raise DataError(f"{path.name} is not an SPZ file, or it is damaged.") from error
    return data


def _rows(parts: list[NDArray[np.uint8]], k: int, fraction: int, version: int) -> Rows:
    places, alphas, tints, scales, turns, higher = parts
    wide = np.zeros((len(places), 3, 4), np.uint8)
    wide[:, :, 1:] = places.reshape(-1, 3, 3)  # shifted up by a byte: the sign is where a number of 32 bits has it
    means = (wide.view("<i4")[..., 0] >> 8).astype(np.float32) / np.float32(2.0**fraction) * TURN
    sh = np.zeros((len(places), k, 3), np.float32)
    sh[:, 0] = (tints.astype(np.float32) / 255 - 0.5) / COLOUR_SCALE
    sh[:, 1:] = (higher.reshape(-1, k - 1, 3).astype(np.float32) - 128) / 128 * TURN_SH[1:k, None]
    rotation = _from_smallest_three(turns) if version == 3 else _from_first_three(turns)
    return Rows(
        means,
        scales.astype(np.float32) / 16 - 10,
        rotation * TURN_QUATERNION,
        logit(alphas[:, 0].astype(np.float32) / np.float32(255)),
        sh,
    )


def _byte(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    return np.round(values).clip(0, 255).astype(np.uint8)


def _quantised(higher: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Harmonics `[n, k − 1, 3]` as bytes, rounded to 5 bits for degree 1 and 4 above, so that they pack well."""
    steps = np.where(np.arange(higher.shape[1]) < 3, _STEP1, _STEP)[:, None]
    levels = np.round(higher.clip(-1, 1) * 128) + 128
    return np.asarray((np.floor((levels + steps // 2) / steps) * steps).clip(0, 255).astype(np.uint8))


def _smallest_three(quaternions: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Four bytes: which part (of x y z w) is the largest, then a sign and nine bits for each other."""
    largest, parts = without_largest(quaternions[:, [1, 2, 3, 0]])
    word = largest
    for part in parts.T:
        size = (511 * (np.abs(part) / HALF_ROOT) + 0.5).astype(np.uint32).clip(0, 511)
        word = word << np.uint32(10) | (part < 0).astype(np.uint32) << np.uint32(9) | size
    return word.astype("<u4").view(np.uint8).reshape(-1, 4)


def _from_smallest_three(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    word = np.ascontiguousarray(packed).view("<u4")[:, 0].astype(np.uint32)
    parts = []
    for shift in (20, 10, 0):
        field = word >> np.uint32(shift)
        size = (field & np.uint32(511)).astype(np.float32) / 511 * HALF_ROOT
        parts.append(np.where(field & np.uint32(512), -size, size))
    return with_largest(word >> np.uint32(30), np.stack(parts, 1).astype(np.float32))[:, [3, 0, 1, 2]]


def _first_three(quaternions: NDArray[np.float32]) -> NDArray[np.uint8]:
    sign = np.where(quaternions[:, :1] < 0, -1, 1)
    return _byte(quaternions[:, 1:] * sign * 127.5 + 127.5)


def _from_first_three(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = packed.astype(np.float32) / np.float32(127.5) - 1
    return np.hstack([np.sqrt(np.maximum(0, 1 - np.square(parts).sum(1, keepdims=True))), parts]).astype(np.float32)

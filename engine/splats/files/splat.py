"""The `.splat` format of early web viewers: 32 bytes a Gaussian, without view-dependent colour.

Place and scale (linear) as float32, colour and opacity as four bytes, rotation wxyz as four bytes around 128.
Source: Kwok 2023, antimatter15/splat.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.api.errors import DataError
from engine.splats.files.packing import base_of, colours_of, logit, normalised, sigmoid
from engine.splats.files.rows import Read, Rows

ROW = np.dtype([("mean", "<f4", 3), ("scale", "<f4", 3), ("colour", "u1", 4), ("rotation", "u1", 4)])


def read_splat(path: Path) -> Read:
    """Reads a scene. Raises DataError for a file without one whole Gaussian."""
    data = path.read_bytes()
    count = len(data) // ROW.itemsize
    if count == 0:
        raise DataError(f"{path.name} is too short to hold a Gaussian; export it again from where it came from.")
    notes = (
        () if len(data) % ROW.itemsize == 0 else ("The file breaks off in the middle of a Gaussian; that one is lost.",)
    )
    table = np.frombuffer(data, ROW, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        scales = np.log(table["scale"])
    colour = table["colour"].astype(np.float32) / np.float32(255)
    rotation = (table["rotation"].astype(np.float32) - 128) / 128
    return Read(
        Rows(table["mean"].copy(), scales, rotation, logit(colour[:, 3]), base_of(colour[:, :3])[:, None]), notes
    )


def write_splat(path: Path, rows: Rows) -> tuple[str, ...]:
    """Writes a scene, the most seen Gaussians first, as viewers that load little by little expect."""
    weight = sigmoid(rows.opacities) * np.exp(rows.log_scales.sum(1).clip(-60, 60))
    rows = rows[np.argsort(-weight, kind="stable")]
    table = np.empty(len(rows), ROW)
    table["mean"], table["scale"] = rows.means, np.exp(rows.log_scales)
    tints = np.hstack([colours_of(rows.sh[:, 0]), sigmoid(rows.opacities)[:, None]])
    table["colour"] = (tints.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    table["rotation"] = (normalised(rows.quaternions) * 128 + 128.5).clip(0, 255).astype(np.uint8)
    path.write_bytes(table.tobytes())
    return ()

"""A scene as every format sees it: plain float32 arrays, cleaned of what no renderer can draw."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray

from engine.api.errors import DataError
from engine.api.words import plural
from engine.splats.scene import COEFFICIENTS, Gaussians

SMALLEST_LOG_SCALE, LARGEST_LOG_SCALE = -20.0, 20.0
"""Natural logarithms of metres: beyond them a Gaussian is a point, or everything."""
MOST_CERTAIN = 15.0
"""Logits beyond ± this are opaque, or nothing, to every bit that a picture has."""


@dataclass(frozen=True)
class Rows:
    """`n` Gaussians: the fields of `engine.splats.scene.Gaussians` as float32 arrays."""

    means: Float32[np.ndarray, "n 3"]
    log_scales: Float32[np.ndarray, "n 3"]
    quaternions: Float32[np.ndarray, "n 4"]
    opacities: Float32[np.ndarray, " n"]
    sh: Float32[np.ndarray, "n k 3"]

    def __len__(self) -> int:
        return len(self.means)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Rows:
        return Rows(
            self.means[which], self.log_scales[which], self.quaternions[which], self.opacities[which], self.sh[which]
        )

    @property
    def degree(self) -> int:
        """The degree of the spherical harmonics, 0 to 3."""
        return COEFFICIENTS.index(self.sh.shape[1])

    def with_degree(self, degree: int) -> Rows:
        """With spherical harmonics up to this degree at most."""
        return replace(self, sh=self.sh[:, : COEFFICIENTS[degree]])


@dataclass(frozen=True)
class Read:
    """What a format's reader found. `notes`: sentences on what was missing, dropped or mended."""

    rows: Rows
    notes: tuple[str, ...] = ()


def rows_of(scene: Gaussians) -> Rows:
    """A scene's numbers as arrays; they share its memory where they can."""
    arrays = {
        name: np.ascontiguousarray(value.detach().cpu().float().numpy()) for name, value in scene.tensors().items()
    }
    return Rows(**arrays)


def scene_of(rows: Rows) -> Gaussians:
    """Arrays as a scene, float32 on the CPU; it shares their memory."""
    fields = ("means", "log_scales", "quaternions", "opacities", "sh")
    return Gaussians(
        **{name: torch.from_numpy(np.ascontiguousarray(getattr(rows, name), np.float32)) for name in fields}
    )


def cleaned(read: Read, name: str) -> Read:
    """What a renderer can draw: Gaussians without finite numbers are dropped, bounds are kept, and each is said.

    Args:
        read: as the format's reader made it.
        name: the file's, for the error.

    Raises:
        DataError: no Gaussian is left.
    """
    rows, notes = read.rows, list(read.notes)
    unreal = np.isnan(rows.log_scales).any(1) | np.isposinf(rows.log_scales).any(1) | np.isnan(rows.opacities)
    for values in (rows.means, rows.quaternions, rows.sh.reshape(len(rows), -1)):
        unreal |= ~np.isfinite(values).all(1)
    if unreal.any():
        notes.append(f"{plural(int(unreal.sum()), 'Gaussian')} dropped: a number in them is not finite.")
        rows = rows[~unreal]
    if not len(rows):
        raise DataError(f"{name} holds no Gaussian that can be drawn; export it again from where it came from.")
    rows = _with_bounds(rows, notes)
    return Read(_with_rotations(rows, notes), tuple(notes))


def _with_bounds(rows: Rows, notes: list[str]) -> Rows:
    low = (rows.log_scales < SMALLEST_LOG_SCALE).any(1) | (rows.log_scales > LARGEST_LOG_SCALE).any(1)
    if low.any():
        notes.append(f"{plural(int(low.sum()), 'Gaussian')} had no size, or one beyond all measure; it was bounded.")
        rows = replace(rows, log_scales=rows.log_scales.clip(SMALLEST_LOG_SCALE, LARGEST_LOG_SCALE))
    if np.abs(rows.opacities).max() > MOST_CERTAIN:
        rows = replace(rows, opacities=rows.opacities.clip(-MOST_CERTAIN, MOST_CERTAIN))
    return rows


def _with_rotations(rows: Rows, notes: list[str]) -> Rows:
    lengths = np.abs(rows.quaternions).max(axis=1, initial=0.0)  # a sum of squares may overflow
    still = lengths < 1e-12
    if not still.any():
        return rows
    notes.append(f"{plural(int(still.sum()), 'Gaussian')} had a rotation of zeros; it is now none.")
    turned = np.where(still[:, None], np.array([1, 0, 0, 0], np.float32), rows.quaternions)
    return replace(rows, quaternions=turned.astype(np.float32))

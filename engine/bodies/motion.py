"""Bodies in time: a pose for each frame, and AMASS sequences (Mahmood et al. 2019) read into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api.errors import DataError
from engine.bodies.layouts import SMPL, SMPLH, SMPLX, Layout
from engine.bodies.rotation import matrix_from_vector, vector_from_matrix
from engine.data.npz import read_npz

MOST_FRAMES = 200_000
_LAYOUT_OF = {3 * len(layout): layout for layout in (SMPL, SMPLH, SMPLX)}


@dataclass(frozen=True)
class Motion:
    """Poses in time, y up: axis-angle in radians, where the pelvis moved to in metres, frames a second.

    `note`: what a person should know of how it was read.
    """

    layout: Layout
    poses: Float[Tensor, "t j 3"]
    translation: Float[Tensor, "t 3"]
    fps: float
    betas: Float[Tensor, " s"]
    name: str = ""
    gender: str = ""
    note: str = ""

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self) / self.fps


def as_layout(motion: Motion, layout: Layout) -> Motion:
    """The same motion for another layout: joints of the same name keep their turns, others stay straight."""
    poses = torch.zeros(len(motion), len(layout), 3, dtype=motion.poses.dtype)
    for index, joint in enumerate(layout.joints):
        if joint in motion.layout.joints:
            poses[:, index] = motion.poses[:, motion.layout.index(joint)]
    return replace(motion, layout=layout, poses=poses)


def resampled(motion: Motion, fps: float) -> Motion:
    """At another frame rate, each frame the nearest of the old ones."""
    chosen = (torch.arange(0, motion.seconds, 1 / fps) * motion.fps).round().long().clamp_max(len(motion) - 1)
    return replace(motion, poses=motion.poses[chosen], translation=motion.translation[chosen], fps=fps)


def read_amass(path: Path) -> Motion:
    """An AMASS sequence, turned from z up to y up. Raises DataError naming the field that is missing or damaged."""
    found = read_npz(path, ("poses", "trans", "betas", "gender", "mocap_framerate", "mocap_frame_rate"))
    rate = found.get("mocap_framerate", found.get("mocap_frame_rate"))
    for field, present in (
        ("poses", "poses" in found),
        ("trans", "trans" in found),
        ("mocap_framerate", rate is not None),
    ):
        if not present:
            raise DataError(f"“{path.name}” is no AMASS sequence: it has no {field}.")
    poses, trans = _table(found["poses"], path, "poses"), _table(found["trans"], path, "trans")
    layout = _LAYOUT_OF.get(poses.shape[1])
    if layout is None or trans.shape != (len(poses), 3) or not 0 < len(poses) <= MOST_FRAMES:
        raise DataError(f"“{path.name}” is damaged: {poses.shape} poses and {trans.shape} places do not fit together.")
    fps = float(np.asarray(rate).ravel()[0])
    if not 1 <= fps <= 1000:
        raise DataError(f"“{path.name}” is damaged: {fps} frames a second.")
    betas = _table(found.get("betas", np.zeros(10)).reshape(1, -1), path, "betas")[0]
    up = matrix_from_vector(torch.tensor([-torch.pi / 2, 0.0, 0.0]))
    turns = torch.from_numpy(poses.reshape(len(poses), -1, 3))
    turns[:, 0] = vector_from_matrix(up @ matrix_from_vector(turns[:, 0]))
    gender = str(np.asarray(found.get("gender", "")).astype("U").ravel()[0]).strip("b'")
    return Motion(layout, turns, torch.from_numpy(trans) @ up.T, fps, torch.from_numpy(betas), path.stem, gender)


def _table(values: np.ndarray, path: Path, field: str) -> np.ndarray:
    if values.dtype.kind not in "fiu" or values.ndim != 2 or not np.isfinite(values).all():
        raise DataError(f"“{path.name}” is damaged: its {field} is no table of numbers.")
    return values.astype(np.float32)

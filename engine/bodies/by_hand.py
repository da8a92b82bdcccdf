"""The SMPL function written out for one body, to be read beside the paper: no batch, no tricks, in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float

from engine.bodies.rotation import matrix_from_vector

if TYPE_CHECKING:
    from engine.bodies.model import BodyModel


def by_hand(model: BodyModel, betas: np.ndarray, pose: np.ndarray) -> Float[np.ndarray, "v 3"]:
    """The whole formula for one body, written out: sums over directions, the chain of joints, a weighted mean of their motions."""
    unfold = [rows.numpy().reshape(len(rows), 3, -1) for rows in (model.directions, model.pose_directions)]
    turns = matrix_from_vector(torch.from_numpy(pose)).numpy()
    shaped = model.template.numpy() + np.einsum("s,scv->vc", betas, unfold[0][: len(betas)])
    joints = model.regressor.numpy() @ shaped
    rest = shaped + np.einsum("p,pcv->vc", (turns[1:] - np.eye(3)).ravel(), unfold[1]) if len(unfold[1]) else shaped
    frames: list[np.ndarray] = []
    for joint, parent in enumerate(model.layout.parents):
        local = np.eye(4)
        local[:3, :3] = turns[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        frames.append(local if parent < 0 else frames[parent] @ local)
    moved = np.zeros_like(rest)
    for joint, frame in enumerate(frames):
        moved += model.weights.numpy()[:, joint, None] * ((rest - joints[joint]) @ frame[:3, :3].T + frame[:3, 3])
    return moved

"""Turning a scene turns its view-dependent colours: the matrices by which spherical harmonics follow a rotation.

Each degree is closed under rotation, so its matrix follows from any set of directions that determines it: what the harmonics are
at the turned directions, solved for what they are at the directions themselves (Ivanic and Ruedenberg 1996 have the same by recursion).
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from engine.splats.harmonics import harmonics
from engine.splats.scene import COEFFICIENTS


def turned_harmonics(sh: Float[Tensor, "n k 3"], rotation: Float64[np.ndarray, "3 3"]) -> Float[Tensor, "n k 3"]:
    """The harmonics of a scene that was turned: at R d they are what they were at d."""
    turns = np.arange(64) + 0.5
    height, angle = 1 - turns / 32, np.pi * (1 + 5**0.5) * turns
    ring = np.sqrt(1 - height**2)
    directions = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], 1)
    now, before = (harmonics(torch.from_numpy(seen), 3) for seen in (directions, directions @ rotation))
    result = sh.clone()
    for low, high in itertools.pairwise(COEFFICIENTS):
        if high <= sh.shape[1]:
            matrix = torch.linalg.lstsq(now[:, low:high], before[:, low:high]).solution
            result[:, low:high] = torch.einsum("ij,njc->nic", matrix.to(sh), sh[:, low:high])
    return result

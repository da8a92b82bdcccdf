"""Applying edits to a scene of Gaussians: pure functions of a scene and the records of `engine.api.splat_edits`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor

from engine.api.errors import DataError
from engine.api.splat_edits import (
    AlignGround,
    Box,
    CleanFloaters,
    Cloud,
    Crop,
    Delete,
    Edit,
    Isolate,
    Move,
    Pick,
    SetLength,
    chosen_of,
)
from engine.splats.harmonics_turned import turned_harmonics
from engine.splats.scene import Gaussians

TRIES = 400
"""Planes through three points that are tried for the ground."""
SAMPLE = 6000
THICKNESS = 0.01
"""Of the ground, as a share of the scene's extent."""
NEIGHBOURS = 8


def apply_edits(scene: Gaussians, edits: Sequence[Edit]) -> Gaussians:
    """The scene after all edits, in their order. Raises DataError if one cannot be applied."""
    for edit in edits:
        scene = apply_edit(scene, edit)
    return scene


def apply_edit(scene: Gaussians, edit: Edit) -> Gaussians:
    """The scene after one edit. Raises DataError, in a sentence, if nothing would be left or there is no ground."""
    match edit:
        case Delete(chosen):
            return _kept(scene, ~chosen_of(chosen, cloud_of(scene)), edit)
        case Isolate(chosen):
            return _kept(scene, chosen_of(chosen, cloud_of(scene)), edit)
        case Crop(low, high):
            return _kept(scene, chosen_of((Pick(Box(low, high)),), cloud_of(scene)), edit)
        case Move(shift, turn, scale):
            return moved(scene, _matrix(np.array(turn)), np.array(shift), scale)
        case AlignGround(chosen):
            return _aligned(scene, chosen_of(chosen, cloud_of(scene)) if chosen else np.ones(len(scene), np.bool_))
        case CleanFloaters(strength):
            return _kept(scene, ~floaters(scene, strength), edit)
        case SetLength(start, end, metres):
            now = float(np.linalg.norm(np.subtract(start, end)))
            if not now:
                raise DataError("The two ends of a length are one point; measure again between two points.")
            return moved(scene, np.eye(3), np.zeros(3), metres / now)


def cloud_of(scene: Gaussians) -> Cloud:
    """What choosing needs of a scene, as arrays."""
    parts = (scene.means, scene.scales, scene.alphas, scene.base_colours)
    return Cloud(*(part.detach().cpu().float().numpy() for part in parts))


def moved(
    scene: Gaussians, rotation: Float64[np.ndarray, "3 3"], shift: Float64[np.ndarray, "3"], scale: float
) -> Gaussians:
    """The scene scaled and turned about the origin, then moved: x → s R x + t; its colours turn along.

    Args:
        scene: any.
        rotation: R.
        shift: t, metres.
        scale: s > 0.
    """
    turn = torch.from_numpy(rotation).to(scene.means)
    means = scale * scene.means @ turn.T + torch.from_numpy(np.asarray(shift, np.float64)).to(scene.means)
    if np.allclose(rotation, np.eye(3)):
        quaternions, sh = scene.quaternions, scene.sh
    else:
        quaternions = product(torch.from_numpy(quaternion_of(rotation)).to(scene.means), scene.quaternions)
        sh = turned_harmonics(scene.sh, rotation)
    return Gaussians(means, scene.log_scales + float(np.log(scale)), quaternions, scene.opacities, sh)


def product(first: Float[Tensor, "4"], second: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Quaternions wxyz that turn by the second, then by the first."""
    w, x, y, z = first
    left = torch.stack([w, -x, -y, -z, x, w, -z, y, y, z, w, -x, z, -y, x, w]).reshape(4, 4)
    return second @ left.T


def quaternion_of(rotation: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "4"]:
    """The quaternion wxyz of a rotation (Bar-Itzhack 2000: the leading eigenvector of its symmetric matrix)."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    symmetric = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    return np.asarray(np.linalg.eigh(symmetric)[1][:, -1])


def floaters(scene: Gaussians, strength: float) -> NDArray[np.bool_]:
    """Which Gaussians hang alone: far from their neighbours beside the scene's own spacing, or so thin and wide that they are haze.

    Args:
        scene: any.
        strength: 0 chooses next to nothing, 1 the most.
    """
    if len(scene) <= NEIGHBOURS:
        return np.zeros(len(scene), np.bool_)
    cloud = cloud_of(scene)
    gaps = KDTree(cloud.means).query(cloud.means, k=[NEIGHBOURS + 1])[0][:, 0]
    spread = np.log(np.maximum(gaps, 1e-12))
    middle = np.median(spread)
    deviation = 1.4826 * np.median(np.abs(spread - middle)) + 1e-6
    lonely = spread > middle + (6.0 - 3.5 * strength) * deviation
    sizes = cloud.scales.max(1)
    haze = (cloud.opacities < 0.02 + 0.06 * strength) | (
        (cloud.opacities < 0.1 + 0.3 * strength) & (sizes > np.quantile(sizes, 0.999 - 0.01 * strength))
    )
    return np.asarray(lonely | haze)


def ground_of(points: Float64[np.ndarray, "m 3"]) -> tuple[Float64[np.ndarray, "3"], float]:
    """The largest plane among points: normal n towards the side with more of them, and height h, n · x = h.

    Random sample consensus (Fischler and Bolles 1981) over planes through three points, then least squares over those that lie in it.

    Raises:
        DataError: no plane holds even a tenth of the points.
    """
    rng = np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:SAMPLE]]
    low, high = np.quantile(some, (0.02, 0.98), axis=0)
    some = some[((some >= low) & (some <= high)).all(1)]
    if len(some) < 10:
        raise DataError("There are too few Gaussians to find the ground; choose more of it.")
    near = THICKNESS * float(np.linalg.norm(high - low))
    best, normal, height = 0, np.array([0.0, 0.0, 1.0]), 0.0
    for _ in range(TRIES):
        a, b, c = some[rng.choice(len(some), 3, replace=False)]
        across = np.cross(b - a, c - a)
        length = float(np.linalg.norm(across))
        if length < 1e-12:
            continue
        held = int((np.abs((some - a) @ (across / length)) < near).sum())
        if held > best:
            best, normal, height = held, across / length, float(a @ across / length)
    if best < 0.1 * len(some):
        raise DataError("No plane stands out as the ground; choose a part of it first, then align.")
    for _ in range(3):
        inside = some[np.abs(some @ normal - height) < near]
        middle = inside.mean(0)
        normal = np.linalg.svd(inside - middle, full_matrices=False)[2][2]
        height = float(middle @ normal)
    sides = some @ normal - height
    return (-normal, -height) if (sides > near).sum() < (sides < -near).sum() else (normal, height)


def _aligned(scene: Gaussians, chosen: NDArray[np.bool_]) -> Gaussians:
    means = scene.means.detach().cpu().double().numpy()
    weighty = chosen & (scene.alphas.detach().cpu().numpy() > 0.1)
    normal, height = ground_of(means[weighty if weighty.sum() >= 10 else chosen])
    everything = means @ normal - height
    if (everything > 0).sum() < (everything < 0).sum():
        normal, height = -normal, -height
    rotation = rotation_onto_z(normal)
    return moved(scene, rotation, np.array([0.0, 0.0, -height]), 1.0)


def rotation_onto_z(normal: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """The smallest rotation that turns a unit vector upright."""
    x, y, z = normal
    if z < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    k = 1 / (1 + z)
    return np.array([[1 - k * x * x, -k * x * y, -x], [-k * x * y, 1 - k * y * y, -y], [x, y, z]])


def _matrix(quaternion: Float64[np.ndarray, "4"]) -> Float64[np.ndarray, "3 3"]:
    length = float(np.linalg.norm(quaternion))
    if length < 1e-12:
        return np.eye(3)
    w, x, y, z = quaternion / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _kept(scene: Gaussians, stay: NDArray[np.bool_], edit: Edit) -> Gaussians:
    if stay.all():
        return scene
    if not stay.any():
        raise DataError(f"{type(edit).__name__} would leave no Gaussian; undo it and choose fewer.")
    return scene[torch.from_numpy(stay).to(scene.means.device)]

"""A whole pose from the orientations of a few segments, sixty times a second.

Six orientations leave most of 24 joints open; a Gaussian over poses closes the gap. The pose x (axis-angle of every joint) minimises

    Σ_s ‖log(R_s(x)ᵀ R̃_s)‖² / σ² + (x − μ)ᵀ Σ⁻¹ (x − μ)

by Gauss–Newton: a small change dx of joint j turns a segment s below it, in the world, by G_j J(x_j) dx_j, where G_j is the joint's world
orientation and J the right Jacobian of exp. Source of the idea: von Marcard et al. 2017, "Sparse inertial poser".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from engine.bodies.layouts import SMPL
from engine.bodies.turns import matrices_of, right_jacobian, vectors_of

PARENTS = SMPL.parents
JOINTS = len(SMPL)


def world_rotations(pose: Float[ndarray, "*t 24 3"]) -> Float[ndarray, "*t 24 3 3"]:
    """World from joint of every joint."""
    local = matrices_of(pose)
    world = np.empty_like(local)
    for joint, parent in enumerate(PARENTS):
        turned = local[..., joint, :, :]
        world[..., joint, :, :] = turned if parent < 0 else world[..., parent, :, :] @ turned
    return world


def joint_places(
    world: Float[ndarray, "*t 24 3 3"], rest: Float[ndarray, "24 3"], translation: Float[ndarray, "*t 3"]
) -> Float[ndarray, "*t 24 3"]:
    """Where the joints are, metres, for joints that lie at `rest` in the zero pose."""
    places = np.empty((*world.shape[:-3], JOINTS, 3))
    places[..., 0, :] = rest[0] + translation
    for joint, parent in enumerate(PARENTS[1:], start=1):
        offset = rest[joint] - rest[parent]
        places[..., joint, :] = places[..., parent, :] + world[..., parent, :, :] @ offset
    return places


def chain(joint: int) -> tuple[int, ...]:
    """The joints that turn a segment: itself and all above it."""
    above = [joint]
    while PARENTS[above[-1]] >= 0:
        above.append(PARENTS[above[-1]])
    return tuple(above)


@dataclass(frozen=True)
class PosePrior:
    """A Gaussian over poses without the root's turn: `mean` `[69]`, `precision` `[69, 69]`, radians."""

    mean: Float[ndarray, "69"]
    precision: Float[ndarray, "69 69"]

    @classmethod
    def fitted(cls, poses: Float[ndarray, "n 24 3"], slack: float = 0.15) -> PosePrior:
        """To some poses; `slack`, radians, is added to every joint's spread, so that none is held fast."""
        flat = poses[:, 1:].reshape(len(poses), -1)
        centred = flat - flat.mean(0)
        covariance = centred.T @ centred / len(flat) + slack**2 * np.eye(flat.shape[1])
        return cls(flat.mean(0), np.linalg.inv(covariance))


def fit_pose(
    measured: Float[ndarray, "s 3 3"],
    segments: tuple[int, ...],
    prior: PosePrior,
    start: Float[ndarray, "24 3"],
    sigma: float = 0.02,
    steps: int = 2,
) -> Float[ndarray, "24 3"]:
    """The pose whose segments are turned as measured, as far as the prior likes it.

    Args:
        measured: world from segment of each of `segments`.
        segments: joints whose frames were measured.
        prior: of the other joints.
        start: the pose of the frame before.
        sigma: how far off a measurement usually is, radians.
        steps: of Gauss–Newton; two from the frame before, more from a guess.

    Returns:
        Axis-angle of every joint, radians.
    """
    pose = start.copy()
    for _ in range(steps):
        residual, jacobian = _linearised(pose, measured, segments)
        normal = jacobian.T @ jacobian / sigma**2
        slope = jacobian.T @ residual / sigma**2
        normal[3:, 3:] += prior.precision
        slope[3:] -= prior.precision @ (pose[1:].ravel() - prior.mean)
        pose = pose + np.linalg.solve(normal + 1e-9 * np.eye(len(normal)), slope).reshape(JOINTS, 3)
    return pose


def _linearised(
    pose: Float[ndarray, "24 3"], measured: Float[ndarray, "s 3 3"], segments: tuple[int, ...]
) -> tuple[Float[ndarray, "s3"], Float[ndarray, "s3 72"]]:
    """What the segments still have to turn, in the world, and how each joint's axis-angle turns them."""
    world = world_rotations(pose)
    turned_by = {joint: world[joint] @ right_jacobian(pose[joint]) for s in segments for joint in chain(s)}
    jacobian = np.zeros((3 * len(segments), 3 * JOINTS))
    for row, segment in enumerate(segments):
        for joint in chain(segment):
            jacobian[3 * row : 3 * row + 3, 3 * joint : 3 * joint + 3] = turned_by[joint]
    ahead = measured @ np.swapaxes(world[list(segments)], -1, -2)
    return vectors_of(ahead).ravel(), jacobian

"""Inverse kinematics: a hand, foot, head or the pelvis is dragged, and the body follows within its joints' limits.

Damped least squares (Wampler 1986; Buss 2004): the joints' small turns δ that bring the ends nearer solve
(J W Jᵀ + λ² I) y = r, δ = W Jᵀ y, where r is how far the ends are from their targets and W says how readily each joint turns.
A turn that would leave its limits is taken out, and the rest is solved again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from engine.bodies.layouts import Layout

LONGEST_STEP, LARGEST_TURN = 0.25, 0.5  # metres and radians in one iteration: beyond, the linear picture is wrong
_STIFF = {
    "spine1": 0.25,
    "spine2": 0.25,
    "spine3": 0.2,
    "collar": 0.15,
    "neck": 0.4,
    "head": 0.4,
    "foot": 0.1,
    "hand": 0.1,
}


@dataclass(frozen=True)
class Skeleton:
    """Joints that can be turned: places at rest in metres, limits and readiness of each of their three axes."""

    layout: Layout
    rest: Float[ndarray, "j 3"]
    low: Float[ndarray, "j 3"]
    high: Float[ndarray, "j 3"]
    readiness: Float[ndarray, " j"]
    above: Bool[ndarray, "j j"]  # above[e, j]: turning joint j moves joint e


@dataclass(frozen=True)
class Reached:
    """The pose that was found, where the pelvis moved to, and how far the farthest end is from its target, in metres."""

    pose: Float[ndarray, "j 3"]
    translation: Float[ndarray, "3"]
    miss: float
    iterations: int


def make_skeleton(layout: Layout, rest: Float[ndarray, "j 3"], limits: Float[ndarray, "2 j 3"]) -> Skeleton:
    """The skeleton of a body at rest."""
    above = np.zeros((len(layout), len(layout)), bool)
    for joint, parent in enumerate(layout.parents[1:], 1):
        above[joint] = above[parent]
        above[joint, parent] = True
    stems = [name.rpartition("_")[2] for name in layout.joints]
    readiness = np.array([_STIFF.get(stem, 1.0) for stem in stems])
    readiness[0] = 0.0
    return Skeleton(layout, np.asarray(rest, np.float64), limits[0], limits[1], readiness, above)


def place_joints(
    skeleton: Skeleton, pose: Float[ndarray, "j 3"], translation: Float[ndarray, "3"]
) -> tuple[Float[ndarray, "j 3 3"], Float[ndarray, "j 3"]]:
    """World rotations and places of all joints."""
    turns = Rotation.from_rotvec(pose).as_matrix()
    places = np.empty_like(skeleton.rest)
    places[0] = skeleton.rest[0] + translation
    for joint, parent in enumerate(skeleton.layout.parents[1:], 1):
        places[joint] = places[parent] + turns[parent] @ (skeleton.rest[joint] - skeleton.rest[parent])
        turns[joint] = turns[parent] @ turns[joint]
    return turns, places


def reach(
    skeleton: Skeleton,
    pose: Float[ndarray, "j 3"],
    translation: Float[ndarray, "3"],
    targets: Mapping[int, Float[ndarray, "3"]],
    iterations: int = 24,
    damping: float = 0.02,
) -> Reached:
    """Turns the joints until the ends are within a millimetre of their targets, or cannot come nearer.

    Args:
        skeleton: whose limits hold.
        pose: to begin from, axis-angle, radians.
        translation: of the pelvis, metres.
        targets: for each joint that is held, where it should be. The pelvis moves only if it is one of them; the others are pins.
        iterations: at most.
        damping: metres; larger is calmer near a stretched limb.
    """
    pose = np.clip(np.array(pose, np.float64), skeleton.low, skeleton.high)
    translation = np.array(translation, np.float64)
    if 0 in targets:
        translation += targets[0] - (skeleton.rest[0] + translation)
    ends = [joint for joint in targets if joint]
    wanted = np.array([targets[joint] for joint in ends]).reshape(-1, 3)
    best = Reached(pose, translation, np.inf, 0)
    for iteration in range(iterations + 1):
        turns, places = place_joints(skeleton, pose, translation)
        error = wanted - places[ends]
        miss = float(np.linalg.norm(error, axis=1).max(initial=0.0))
        if miss < best.miss:
            best = Reached(pose, translation, miss, iteration)
        if miss < 1e-3 or iteration == iterations:
            break
        pose = _step(skeleton, pose, turns, _jacobian(skeleton, turns, places, ends), error, damping)
    return best


def _jacobian(skeleton: Skeleton, turns: ndarray, places: ndarray, ends: list[int]) -> Float[ndarray, "e3 j3"]:
    """How the ends move when a joint turns about its own axes: axis × lever, for the joints above each end."""
    lever = places[ends][:, None] - places[None]  # [E, J, 3]
    axes = turns.transpose(0, 2, 1)  # [J, axis, 3]
    moved = np.cross(axes[None], lever[:, :, None]) * skeleton.above[ends][:, :, None, None]
    return moved.transpose(0, 3, 1, 2).reshape(3 * len(ends), -1)


def _step(
    skeleton: Skeleton, pose: ndarray, turns: ndarray, jacobian: ndarray, error: ndarray, damping: float
) -> Float[ndarray, "j 3"]:
    length = np.linalg.norm(error, axis=1, keepdims=True)
    goal = (error * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-12))).ravel()
    ready = np.repeat(skeleton.readiness, 3)
    for _ in range(3):
        weighted = jacobian * ready
        system = weighted @ jacobian.T + damping**2 * np.eye(len(goal))
        delta = (weighted.T @ np.linalg.solve(system, goal)).reshape(pose.shape)
        delta *= min(1.0, LARGEST_TURN / max(np.abs(delta).max(initial=0.0), 1e-12))
        turned = (Rotation.from_rotvec(pose) * Rotation.from_rotvec(delta)).as_rotvec()
        outside = (turned < skeleton.low - 1e-6) | (turned > skeleton.high + 1e-6)
        if not outside.any():
            break
        ready = ready * ~outside.ravel()
    return np.clip(turned, skeleton.low, skeleton.high)

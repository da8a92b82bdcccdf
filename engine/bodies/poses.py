"""Named poses, their mirror image, and how far a joint turns.

Angles in degrees about the joint's own axes, which at rest are the body's: x to its left, y up, z ahead; the rest pose is the T.
Limits are boxes around rotation vectors, from the ranges of motion in clinical use (American Academy of Orthopaedic Surgeons 1965),
rounded; a box is a simplification, since a shoulder's range depends on the direction.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api.errors import DataError, ParameterError
from engine.api.words import near

if TYPE_CHECKING:
    from engine.bodies.layouts import Layout

Angles = dict[str, tuple[float, float, float]]

_DOWN: Angles = {
    "left_shoulder": (0, 0, -72),
    "right_shoulder": (0, 0, 72),
    "left_elbow": (0, -12, 0),
    "right_elbow": (0, 12, 0),
}
POSES: dict[str, Angles] = {
    "T": {},
    "A": {"left_shoulder": (0, 0, -45), "right_shoulder": (0, 0, 45)},
    "stand": _DOWN,
    "walk": {
        "left_hip": (-28, 0, 0), "left_knee": (12, 0, 0), "left_ankle": (-8, 0, 0), "right_hip": (16, 0, 0),
        "right_knee": (22, 0, 0), "right_ankle": (12, 0, 0), "right_foot": (-22, 0, 0), "spine1": (3, 4, 0), "spine3": (0, -8, 0),
        "left_shoulder": (0, 24, -70), "right_shoulder": (0, 24, 70), "left_elbow": (0, -14, 0), "right_elbow": (0, 38, 0),
    },
    "run": {
        "left_hip": (-68, 0, 0), "left_knee": (78, 0, 0), "right_hip": (22, 0, 0), "right_knee": (48, 0, 0),
        "right_ankle": (26, 0, 0), "right_foot": (-24, 0, 0), "spine1": (8, 6, 0), "spine3": (6, -14, 0), "head": (-8, 4, 0),
        "left_shoulder": (0, 46, -66), "right_shoulder": (0, 34, 62), "left_elbow": (0, -88, 0), "right_elbow": (0, 92, 0),
    },
    "sit": {
        "left_hip": (-88, 0, 6), "right_hip": (-88, 0, -6), "left_knee": (86, 0, 0), "right_knee": (86, 0, 0),
        "left_shoulder": (0, -28, -64), "right_shoulder": (0, 28, 64), "left_elbow": (0, -58, 0), "right_elbow": (0, 58, 0),
    },
    "squat": {
        "left_hip": (-104, 0, 16), "right_hip": (-104, 0, -16), "left_knee": (118, 0, 0), "right_knee": (118, 0, 0),
        "left_ankle": (-22, 0, 0), "right_ankle": (-22, 0, 0), "spine1": (22, 0, 0), "spine2": (14, 0, 0), "head": (-18, 0, 0),
        "left_shoulder": (0, -84, -6), "right_shoulder": (0, 84, 6),
    },
    "wave": {
        **_DOWN, "right_shoulder": (-10, 10, 0), "right_elbow": (-80, 40, -72), "right_collar": (0, 0, -8),
        "head": (0, -10, -4), "spine2": (0, 0, 4),
    },
    "reach": {
        **_DOWN, "left_collar": (0, -4, 18), "left_shoulder": (0, -28, 66), "left_elbow": (0, -10, 0), "spine3": (-4, 0, -6),
        "head": (-20, 16, 0), "right_ankle": (24, 0, 0), "left_ankle": (24, 0, 0), "right_foot": (-22, 0, 0), "left_foot": (-22, 0, 0),
    },
    "kick": {
        "left_hip": (-84, 0, 0), "left_knee": (8, 0, 0), "left_ankle": (18, 0, 0), "right_hip": (10, 0, 0), "right_knee": (14, 0, 0),
        "spine1": (-10, 0, 0), "spine2": (-6, 0, 0), "head": (14, 0, 0), "left_shoulder": (0, 38, -34),
        "right_shoulder": (0, 52, 24), "left_elbow": (0, -34, 0), "right_elbow": (0, 26, 0),
    },
    "think": {
        **_DOWN, "right_shoulder": (0, 46, 58), "right_elbow": (0, 132, 0), "right_wrist": (0, 8, 0), "left_shoulder": (0, -34, -64),
        "left_elbow": (0, -84, 0), "head": (16, -12, 6), "neck": (8, 0, 0), "spine3": (6, 0, 0),
    },
}  # fmt: skip

_LIMITS: dict[str, tuple[tuple[float, float], ...]] = {
    "pelvis": ((-180, 180),) * 3, "spine1": ((-15, 35), (-20, 20), (-18, 18)), "spine2": ((-15, 25), (-20, 20), (-15, 15)),
    "spine3": ((-12, 20), (-20, 20), (-12, 12)), "neck": ((-30, 30), (-40, 40), (-25, 25)),
    "head": ((-30, 30), (-40, 40), (-20, 20)), "jaw": ((0, 30), (-5, 5), (-5, 5)), "eye": ((-30, 30), (-40, 40), (-5, 5)),
    "hip": ((-125, 35), (-45, 45), (-30, 60)), "knee": ((-2, 150), (-12, 12), (-6, 6)), "ankle": ((-30, 50), (-20, 20), (-25, 25)),
    "foot": ((-40, 40), (-8, 8), (-8, 8)), "collar": ((-12, 12), (-18, 18), (-12, 30)),
    "shoulder": ((-80, 80), (-120, 60), (-90, 85)), "elbow": ((-85, 85), (-150, 3), (-75, 75)),
    "wrist": ((-40, 40), (-35, 35), (-75, 75)), "hand": ((-15, 15), (-15, 15), (-60, 20)),
}  # fmt: skip
_FINGER, _THUMB = ((-10, 10), (-20, 20), (-90, 25)), ((-40, 40), (-50, 50), (-50, 50))


def named_pose(name: str, layout: Layout) -> Float[Tensor, "j 3"]:
    """A pose of `POSES` in radians; joints that the layout lacks are left out. Raises ParameterError with near names."""
    if name not in POSES:
        raise ParameterError(f"There is no pose “{name}”{near(name, tuple(POSES))}")
    return pose_of(POSES[name], layout)


def pose_of(angles: Angles, layout: Layout) -> Float[Tensor, "j 3"]:
    """A pose from degrees by joint. A finger's layout has no joint “hand”; a hand's has no body."""
    pose = torch.zeros(len(layout), 3)
    for joint, degrees in angles.items():
        if joint in layout.joints:
            pose[layout.index(joint)] = torch.tensor(degrees) * (math.pi / 180)
    return pose


def mirrored(pose: Float[Tensor, "*b j 3"], layout: Layout) -> Float[Tensor, "*b j 3"]:
    """The pose in a mirror: left and right change places, and turns about y and z change their sign."""
    return pose[..., list(layout.mirror), :] * torch.tensor([1.0, -1.0, -1.0], dtype=pose.dtype)


def symmetric(pose: Float[Tensor, "j 3"], layout: Layout, side: str = "left") -> Float[Tensor, "j 3"]:
    """One side's pose on both sides; joints in the middle keep only what a mirror keeps."""
    other, kept = mirrored(pose, layout), pose.clone()
    for joint, name in enumerate(layout.joints):
        if layout.mirror[joint] == joint and joint:
            kept[joint] = 0.5 * (pose[joint] + other[joint])
        elif not name.startswith(f"{side}_") and joint:
            kept[joint] = other[joint]
    return kept


def joint_limits(layout: Layout) -> Float[np.ndarray, "2 j 3"]:
    """The least and the greatest rotation vector of every joint, radians."""
    limits = np.empty((2, len(layout), 3))
    for joint, name in enumerate(layout.joints):
        side, line, stem = name.partition("_")
        stem = stem if line else side
        finger = _THUMB if stem.startswith("thumb") else _FINGER
        low, high = np.radians(_LIMITS["pelvis"] if layout.parents[joint] < 0 else _LIMITS.get(stem, finger)).T
        if side == "right":
            low, high = np.array([low[0], -high[1], -high[2]]), np.array([high[0], -low[1], -low[2]])
        limits[:, joint] = low, high
    return limits


def read_pose(path: Path, layout: Layout) -> Float[Tensor, "j 3"]:
    """A pose from a JSON file: `{"joint": [x, y, z], …}` in degrees. Raises DataError naming the joint that is unknown."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise DataError(f"“{path.name}” is no JSON file.") from error
    if not isinstance(found, dict):
        raise DataError(
            f'“{path.name}” is no pose: it should hold joints and their degrees, as {{"left_knee": [90, 0, 0]}}.'
        )
    for joint, degrees in found.items():
        if joint not in layout.joints:
            raise DataError(f"“{path.name}” names a joint “{joint}”{near(joint, layout.joints)}")
        plain = isinstance(degrees, list) and len(degrees) == 3 and all(type(part) in (int, float) for part in degrees)
        if not plain or not all(math.isfinite(part) for part in degrees):
            raise DataError(f"“{path.name}” is damaged: {joint} takes three numbers of degrees.")
    return pose_of({joint: tuple(degrees) for joint, degrees in found.items()}, layout)

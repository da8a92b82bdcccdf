"""BVH, the old text format of motion capture: read and retargeted to the 24 joints, and written.

Retargeting goes by directions in the world: a bone of ours points where the file's bone points, whatever rest pose the file has.
A joint whose name nobody knows is passed over; its turn reaches ours through its children.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from engine.api.errors import DataError
from engine.bodies.layouts import SMPL
from engine.bodies.model import BodyModel, rest_joints
from engine.bodies.motion import MOST_FRAMES, Motion
from engine.bodies.rotation import matrix_from_vector, rotation_between, vector_from_matrix

MOST_JOINTS = 1000
_CHANNELS = {f"{axis}{kind}": (axis, kind) for axis in "XxYyZz" for kind in ("position", "rotation")}
_SIDES = (("left", ("left", "l_", "l")), ("right", ("right", "r_", "r")))
_SAME = {
    "pelvis": ("hips", "hip", "pelvis", "root"), "spine1": ("lowerback", "spine1", "spine"),
    "spine2": ("spine2", "spine1", "spine", "chest"), "spine3": ("spine3", "spine2", "chest2", "chest3", "upperchest", "chest4"),
    "neck": ("neck", "neck1"), "head": ("head",),
    "_hip": ("hip", "upleg", "thigh", "upperleg"), "_knee": ("knee", "leg", "shin", "lowerleg"), "_ankle": ("ankle", "foot"),
    "_foot": ("toebase", "toe", "ball", "toes"), "_collar": ("collar", "shoulder", "clavicle"),
    "_shoulder": ("shoulder", "arm", "uparm", "upperarm"), "_elbow": ("elbow", "forearm", "lowerarm", "lowarm"),
    "_wrist": ("wrist", "hand"), "_hand": ("handindex1", "fingerbase", "middle1", "handmiddle1"),
}  # fmt: skip


@dataclass
class _Joint:
    name: str
    parent: int
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()


# Reading --------------------------------------------------------------------------------------------------------------


def read_bvh(path: Path, model: BodyModel) -> Motion:
    """The motion for a body of 24 joints. Raises DataError: no BVH, cut short, or a skeleton in which no body is recognised."""
    try:
        tokens = path.read_text("utf-8", errors="replace").split()
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror}).") from error
    try:
        joints, rest = _hierarchy(tokens)
        frames, period = _frames(tokens[rest:], sum(len(joint.channels) for joint in joints))
    except (ValueError, IndexError, KeyError) as error:
        raise DataError(f"“{path.name}” is damaged, cut short, or no BVH file.") from error
    return _retargeted(joints, frames, period, model, path)


def _hierarchy(tokens: list[str]) -> tuple[list[_Joint], int]:  # noqa: C901  # one word of the grammar a case
    if tokens[0].upper() != "HIERARCHY":
        raise ValueError("no HIERARCHY")
    joints: list[_Joint] = []
    open_joints, at = [-1], 1
    while tokens[at].upper() != "MOTION":
        match tokens[at].upper():
            case "ROOT" | "JOINT":
                joints.append(_Joint(tokens[at + 1], open_joints[-1]))
                at += 2
            case "END":
                joints.append(_Joint("", open_joints[-1]))
                at += 2
            case "{":
                open_joints.append(len(joints) - 1)
                at += 1
            case "}":
                open_joints.pop()
                at += 1
            case "OFFSET":
                joints[open_joints[-1]].offset = np.array([float(number) for number in tokens[at + 1 : at + 4]])
                at += 4
            case "CHANNELS":
                count = int(tokens[at + 1])
                channels = tuple(tokens[at + 2 : at + 2 + count])
                if count > 6 or any(channel not in _CHANNELS for channel in channels):
                    raise ValueError("no channels")
                joints[open_joints[-1]].channels = channels
                at += 2 + count
            case _:
                raise ValueError("no hierarchy")
        if len(joints) > MOST_JOINTS:
            raise ValueError("too many joints")
    if not joints or any(joint.offset.shape != (3,) for joint in joints):
        raise ValueError("no joints")
    return joints, at + 1


def _frames(tokens: list[str], channels: int) -> tuple[np.ndarray, float]:
    if [token.upper() for token in (tokens[0], tokens[2], tokens[3])] != ["FRAMES:", "FRAME", "TIME:"]:
        raise ValueError("no frames")
    count, period = int(tokens[1]), float(tokens[4])
    values = np.array(tokens[5:], np.float64)
    if not 0 < count <= MOST_FRAMES or not 1e-4 < period < 10 or not np.isfinite(values).all():
        raise ValueError("no frames")
    return values.reshape(count, channels), period


def _world(joints: list[_Joint], frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations `[T, J, 3, 3]` of every joint, and where the root is `[T, 3]`, in the file's unit."""
    turns, root, column = np.empty((len(frames), len(joints), 3, 3)), np.zeros((len(frames), 3)), 0
    for index, joint in enumerate(joints):
        local = np.broadcast_to(np.eye(3), (len(frames), 3, 3))
        for channel in joint.channels:
            axis, kind = _CHANNELS[channel]
            values = frames[:, column]
            column += 1
            if kind == "rotation":
                local = local @ Rotation.from_euler(axis.upper(), values[:, None], degrees=True).as_matrix()
            elif index == 0:
                root[:, "XYZ".index(axis.upper())] = values
        turns[:, index] = local if joint.parent < 0 else turns[:, joint.parent] @ local
    return turns, root


def _recognised(joints: list[_Joint]) -> dict[str, int]:
    """Which joint of the file each of our 24 is; of several candidates the first in the list of names."""
    plain: dict[str, int] = {}
    for index, joint in enumerate(joints):
        name = joint.name.rpartition(":")[2].lower().replace("_", "").replace("-", "").replace(" ", "").replace(".", "")
        plain.setdefault(name, index)
    found: dict[str, int] = {}
    for ours in SMPL.joints:
        side, line, stem = ours.partition("_")
        prefixes = dict(_SIDES)[side] if line else ("",)
        names = [ours.replace("_", "")]
        names += [prefix.strip("_") + same for same in _SAME[f"_{stem}" if line else ours] for prefix in prefixes]
        names += [same + prefix.strip("_") for same in _SAME[f"_{stem}"] for prefix in prefixes] if line else []
        match = next((plain[name] for name in names if name in plain and plain[name] not in found.values()), None)
        if match is not None:
            found[ours] = match
    return found


def _retargeted(joints: list[_Joint], frames: np.ndarray, period: float, model: BodyModel, path: Path) -> Motion:
    known = _recognised(joints)
    unknown = sorted({joint.name for index, joint in enumerate(joints) if joint.name and index not in known.values()})
    needed = ("pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_shoulder", "right_shoulder")
    missing = [joint for joint in needed if joint not in known]
    if missing:
        raise DataError(
            f"“{path.name}” has no joint that could be the {missing[0].replace('_', ' ')}"
            + (f"; it has {', '.join(unknown[:6])}." if unknown else ".")
        )
    turns, root = _world(joints, frames)
    rest = np.zeros((len(joints), 3))
    for index, joint in enumerate(joints):
        rest[index] = joint.offset + (rest[joint.parent] if joint.parent >= 0 else 0)
    ours = rest_joints(model, torch.zeros(1, 1, dtype=model.dtype))[0].numpy().astype(np.float64)
    world = _aligned(known, turns, rest, ours)
    local = torch.empty(len(frames), len(SMPL), 3)
    for ours_index, parent in enumerate(SMPL.parents):
        own = world[:, ours_index]
        own = own if parent < 0 else world[:, parent].transpose(0, 2, 1) @ own
        local[:, ours_index] = vector_from_matrix(torch.from_numpy(own)).float()
    scale = _legs(ours, {name: SMPL.index(name) for name in known}) / max(_legs(rest, known), 1e-9)
    place = torch.from_numpy(root * scale - ours[0]).float()
    note = f"not used: {', '.join(unknown)}" if unknown else ""
    return Motion(SMPL, local, place, 1 / period, torch.zeros(1), path.stem, note=note)


def _aligned(
    known: dict[str, int], turns: np.ndarray, rest: np.ndarray, ours: np.ndarray
) -> Float[np.ndarray, "t 24 3 3"]:
    """Our joints' world rotations: the file's, after the turn that brings our rest bone onto the file's."""
    world = np.empty((len(turns), len(SMPL), 3, 3))
    for joint, name in enumerate(SMPL.joints):
        parent = SMPL.parents[joint]
        if name not in known:
            world[:, joint] = world[:, parent]
            continue
        children = [child for child, above in enumerate(SMPL.parents) if above == joint]
        bone = next((child for child in children if SMPL.joints[child] in known), None) if len(children) == 1 else None
        turn = np.eye(3)
        if bone is not None:
            theirs = rest[known[SMPL.joints[bone]]] - rest[known[name]]
            if np.linalg.norm(theirs) > 1e-9:
                pair = torch.from_numpy(np.stack([ours[bone] - ours[joint], theirs]))
                turn = rotation_between(pair[0], pair[1]).numpy()
        world[:, joint] = turns[:, known[name]] @ turn
    return world


def _legs(places: np.ndarray, index: dict[str, int]) -> float:
    """How long a leg is, from hip to knee and on to the ankle where there is one."""
    chain = [index[name] for name in ("left_hip", "left_knee", "left_ankle") if name in index]
    return float(sum(np.linalg.norm(places[b] - places[a]) for a, b in pairwise(chain)))


# Writing --------------------------------------------------------------------------------------------------------------


def write_bvh(motion: Motion, model: BodyModel, path: Path) -> None:
    """Writes a motion with the skeleton of a body, in centimetres and degrees, rotations in the order Z X Y."""
    joints = rest_joints(model, motion.betas[None, : model.shapes].to(model.dtype))[0].numpy() * 100
    lines = ["HIERARCHY", *_written_joint(motion, joints, 0, 0), "MOTION"]
    lines += [f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.8f}"]
    places = motion.translation.numpy() * 100 + joints[0]
    turns = matrix_from_vector(motion.poses.double()).numpy()
    angles = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_euler("ZXY", degrees=True).reshape(len(motion), -1, 3)
    order = _depth_first(motion.layout.parents)
    for place, frame in zip(places, angles[:, order], strict=True):
        lines.append(" ".join(f"{number:.6f}" for number in (*place, *frame.ravel())))
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _depth_first(parents: tuple[int, ...]) -> list[int]:
    def below(joint: int) -> list[int]:
        return [joint] + [found for child, parent in enumerate(parents) if parent == joint for found in below(child)]

    return below(0)


def _written_joint(motion: Motion, joints: np.ndarray, joint: int, depth: int) -> list[str]:
    pad, parent = "  " * depth, motion.layout.parents[joint]
    offset = joints[joint] - joints[parent] if parent >= 0 else np.zeros(3)
    rotations = "Zrotation Xrotation Yrotation"
    lines = [
        f"{pad}{'ROOT' if parent < 0 else 'JOINT'} {motion.layout.joints[joint]}",
        f"{pad}{{",
        f"{pad}  OFFSET {' '.join(f'{number:.6f}' for number in offset)}",
        f"{pad}  CHANNELS " + (f"6 Xposition Yposition Zposition {rotations}" if parent < 0 else f"3 {rotations}"),
    ]
    children = [child for child, above in enumerate(motion.layout.parents) if above == joint]
    for child in children:
        lines += _written_joint(motion, joints, child, depth + 1)
    if not children:
        tip = 0.5 * offset
        lines += [
            f"{pad}  End Site",
            f"{pad}  {{",
            f"{pad}    OFFSET {' '.join(f'{n:.6f}' for n in tip)}",
            f"{pad}  }}",
        ]
    return [*lines, f"{pad}}}"]

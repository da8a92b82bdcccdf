"""Bodies of a scene at a moment: their models, shapes and motions read once, poses between key frames, and what a hand does to one.

Between two key frames every joint turns by spherical linear interpolation (Shoemake 1985, "Animating rotation with quaternion curves"):
about one fixed axis, at a constant speed, the short way round; the pelvis goes straight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api.body_scenes import DIGITS, Actor, Deed, KeyPose, Pose, Vector
from engine.api.errors import StudioError
from engine.bodies.bvh import read_bvh
from engine.bodies.files import default_body, find_model
from engine.bodies.measures import height_of, is_closed, shape_for, weight_of
from engine.bodies.model import BodyModel, Posed, pose_body, posed_joints, rest_joints, shape_offsets
from engine.bodies.motion import Motion, as_layout, read_amass
from engine.bodies.poses import joint_limits, mirrored, named_pose, read_pose, symmetric
from engine.bodies.reaching import Reached, make_skeleton, place_joints, reach
from engine.bodies.rotation import (
    angle_between,
    matrix_from_quaternion,
    matrix_from_vector,
    quaternion_from_matrix,
    vector_from_matrix,
)

if TYPE_CHECKING:
    from engine.bodies.layouts import Layout

How = Literal["slerp", "mixed vectors", "the long way"]
ENDS = ("pelvis", "head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
FEET = ("left_ankle", "right_ankle")
MOST_SHAPES_KEPT, MOST_GHOSTS, MOST_LOOKS = 256, 8, 2000
USUAL_INDEX = 22.0
"""Kilograms by square metres: the weight of a body of which only the height is given."""


@dataclass(frozen=True)
class Stance:
    """A pose of a model as tensors: rotation vectors `[j, 3]` radians, and where the pelvis went `[3]` metres, y up."""

    turns: Float[Tensor, "j 3"]
    place: Float[Tensor, "3"]

    @cached_property
    def quaternions(self) -> Float[Tensor, "j 4"]:
        """The turns as unit quaternions wxyz, in 64 bits."""
        return quaternion_from_matrix(matrix_from_vector(self.turns.double()))


@dataclass(frozen=True)
class Standing:
    """A body of the scene at a moment: its stages in its own axes, and the way from there to the scene's (z up)."""

    actor: Actor
    model: BodyModel
    stance: Stance
    betas: Float[Tensor, " s"]
    posed: Posed
    lift: float  # metres: the sole of the body at rest is on the ground
    miss: float = 0.0  # metres by which a pulled end is off

    @property
    def turn(self) -> Float[np.ndarray, "3 3"]:
        """The scene's axes from the body's."""
        cosine, sine = math.cos(math.radians(self.actor.heading)), math.sin(math.radians(self.actor.heading))
        about = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(about @ np.eye(3)[[2, 0, 1]])

    def in_scene(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Places of the body's own axes as places of the scene, z up."""
        return np.asarray(np.asarray(points, np.float64) @ self.turn.T + (*self.actor.ground, self.lift))

    def from_scene(self, point: Vector) -> Float[np.ndarray, "3"]:
        """The way back from `in_scene`."""
        return np.asarray((np.array(point) - (*self.actor.ground, self.lift)) @ self.turn)


def between(first: Stance, second: Stance, share: float, how: How = "slerp") -> Stance:
    """The stance at a share 0…1 of the way. `how`: two ways that people take by mistake."""
    place = torch.lerp(first.place, second.place, share)
    if how == "mixed vectors":
        return Stance(torch.lerp(first.turns, second.turns, share), place)
    start, goal = first.quaternions, second.quaternions
    cosine = (start * goal).sum(-1, keepdim=True)
    if how == "slerp":  # q and −q are the same rotation: of the two ways the short one
        goal, cosine = torch.where(cosine < 0, -goal, goal), cosine.abs()
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin().clamp_min(1e-9)
    near = angle < 1e-6
    left = torch.where(near, torch.full_like(angle, 1 - share), ((1 - share) * angle).sin() / sine)
    right = torch.where(near, torch.full_like(angle, share), (share * angle).sin() / sine)
    mixed = left * start + right * goal
    mixed = torch.where(mixed.norm(dim=-1, keepdim=True) < 1e-9, start, mixed)
    turns = vector_from_matrix(matrix_from_quaternion(mixed))
    return Stance(turns.to(first.turns.dtype), place)


@lru_cache(maxsize=1024)
def stance_of(pose: Pose, layout: Layout) -> Stance:
    """A pose as tensors; joints that it does not name stay straight."""
    turns = torch.zeros(len(layout), 3)
    given = torch.tensor(pose.turns[: len(layout)]).reshape(-1, 3)
    turns[: len(given)] = given
    return Stance(turns, torch.tensor(pose.place))


def pose_from(stance: Stance) -> Pose:
    """The way back from `stance_of`, as it is written down."""
    rows = [[round(part, DIGITS) for part in row] for row in stance.turns.double().tolist()]
    place = [round(part, DIGITS) for part in stance.place.double().tolist()]
    return Pose(tuple((x, y, z) for x, y, z in rows), (place[0], place[1], place[2]))


def at_time(keys: Sequence[KeyPose], time: float, layout: Layout, how: How = "slerp") -> Stance:
    """The stance of key frames at a moment: before the first and after the last it stands still."""
    after = next((number for number, key in enumerate(keys) if key.time >= time), len(keys) - 1)
    before = max(0, after - 1) if keys[after].time >= time else after
    start, goal = keys[before], keys[after]
    share = (time - start.time) / (goal.time - start.time) if goal.time > start.time else 0.0
    return between(stance_of(start.pose, layout), stance_of(goal.pose, layout), min(max(share, 0.0), 1.0), how)


def read_sequence(path: Path) -> Motion:
    """A motion from an AMASS .npz or a BVH file. Raises DataError."""
    return read_bvh(path, default_body()) if path.suffix.lower() == ".bvh" else read_amass(path)


class Cast:
    """Models, shapes and motions of a scene, each read or solved once; what cannot be read is said once and left out."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._models: dict[str, BodyModel] = {}
        self._motions: dict[tuple[str, str], Motion | None] = {}
        self._shapes: dict[tuple[Any, ...], tuple[Tensor, float, float, float]] = {}
        self._speeds: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = {}
        self._ghosts: dict[tuple[Any, ...], Standing] = {}
        self._pull: tuple[tuple[Any, ...], Reached] | None = None

    def model(self, actor: Actor) -> BodyModel:
        """Its model; the body that ships in place of one that cannot be read."""
        if actor.model not in self._models:
            try:
                self._models[actor.model] = find_model(actor.model)
            except StudioError as error:
                self.refused.append(str(error))
                self._models[actor.model] = default_body()
        return self._models[actor.model]

    def motion(self, actor: Actor) -> Motion | None:
        """The sequence that moves it, for its layout; None for none."""
        if not actor.sequence:
            return None
        key = (actor.sequence, actor.model)
        if key not in self._motions:
            try:
                found = read_sequence(Path(actor.sequence))
                self._motions[key] = grounded(self.model(actor), as_layout(found, self.model(actor).layout))
                self.refused += [f"{Path(actor.sequence).name}: {found.note}."] if found.note else []
            except StudioError as error:
                self.refused.append(str(error))
                self._motions[key] = None
        return self._motions[key]

    def betas(self, actor: Actor) -> Float[Tensor, " s"]:
        """β: the shortest with its height and weight where the model is a whole body, and what is added to it."""
        return self._shape(actor)[0]

    def lift(self, actor: Actor) -> float:
        """Metres by which the body at rest is lifted so that its soles are on the ground."""
        return self._shape(actor)[1]

    def _shape(self, actor: Actor) -> tuple[Tensor, float, float, float]:
        """β, the lift, height and weight."""
        key = (actor.model, actor.shape)
        if key not in self._shapes:
            if len(self._shapes) > MOST_SHAPES_KEPT:
                self._shapes.clear()
            model, shape = self.model(actor), actor.shape
            betas = _betas(model, shape.height, shape.weight, shape.betas)
            shaped = model.template + shape_offsets(model, betas[None])[0]
            weight = float(weight_of(shaped, model.faces)) if weighs(model) else 0.0
            self._shapes[key] = betas, -float(shaped[:, 1].min()), float(height_of(shaped)), weight
        return self._shapes[key]

    def stance(self, actor: Actor, time: float, how: How = "slerp") -> Stance:
        """How it stands at a moment: by its sequence, its key frames, or its pose."""
        layout, motion = self.model(actor).layout, self.motion(actor)
        if motion is not None:
            return _of_motion(motion, time)
        return at_time(actor.keys, time, layout, how) if actor.keys else stance_of(actor.pose, layout)

    def speeds(self, actor: Actor, joint: int, seconds: float, how: How = "slerp") -> tuple[np.ndarray, np.ndarray]:
        """`[t]` seconds and `[t]` degrees a second: how fast a joint turns in its parent's frame; empty where nothing moves."""
        key = (actor, joint, seconds, how)
        if key not in self._speeds:
            times = np.linspace(0, seconds, 97) if actor.keys or actor.sequence else np.zeros(1)
            turns = torch.stack([self.stance(actor, float(time), how).turns[joint] for time in times])
            matrices = matrix_from_vector(turns.double())
            degrees = angle_between(matrices[:-1], matrices[1:]).rad2deg().numpy()
            self._speeds = {key: (0.5 * (times[:-1] + times[1:]), degrees * (len(times) - 1) / seconds)}
        return self._speeds[key]

    def stand(self, actor: Actor, stance: Stance, used: bool = True, miss: float = 0.0) -> Standing:
        """The body in a stance. `used`: with its shape."""
        model, betas = self.model(actor), self.betas(actor)
        shown = betas if used else torch.zeros_like(betas)
        posed = pose_body(model, shown[None], stance.turns[None], stance.place[None])
        low = float(posed.shaped[0, :, 1].min())
        return Standing(actor, model, stance, shown, posed, -low, miss)

    def ghost(self, actor: Actor, time: float) -> Standing:
        """The body at another moment than the one that is shown; the last few are kept."""
        key = (actor, time)
        if key not in self._ghosts:
            if len(self._ghosts) >= MOST_GHOSTS:
                del self._ghosts[next(iter(self._ghosts))]
            self._ghosts[key] = self.stand(actor, self.stance(actor, time))
        return self._ghosts[key]

    def size(self, actor: Actor) -> tuple[float, float]:
        """Its height in metres, and its weight in kilograms: 0 where its skin is open, so that it has none."""
        return self._shape(actor)[2:]

    def follow(self, actor: Actor, deed: Deed, stance: Stance) -> Stance:
        """The stance that comes of a deed. Raises StudioError for a pose that is unknown or cannot be read."""
        layout = self.model(actor).layout
        match deed.what:
            case "preset":
                return self.landed(actor, Stance(named_pose(deed.name, layout), torch.zeros(3)))
            case "file":
                return self.landed(actor, Stance(read_pose(Path(deed.name), layout), torch.zeros(3)))
            case "land":
                return self.landed(actor, stance)
            case "mirror":
                return Stance(mirrored(stance.turns, layout), stance.place * torch.tensor([-1.0, 1.0, 1.0]))
        return stance

    def turned(self, actor: Actor, turns: Mapping[int, Vector], both: bool, stance: Stance) -> Stance:
        """The stance after joints were turned to rotation vectors; `both`: the other side does the same."""
        layout = self.model(actor).layout
        now = stance.turns.clone()
        for joint, turn in turns.items():
            if joint < len(layout):
                now[joint] = torch.tensor(turn)
        return replace(stance, turns=_both(now, layout, list(turns)) if both else now)

    def pulled(self, actor: Actor, ends: Mapping[int, Vector], both: bool, stance: Stance) -> tuple[Stance, float]:
        """Inverse kinematics: joints are pulled to places of the scene. Returns by how far the farthest misses, metres.

        Who moves the pelvis keeps the feet where they are. A gesture goes on from where its last motion led, so that a body follows
        the hand without jumps; `let_go` ends it.
        """
        standing = self.stand(actor, stance)
        layout = standing.model.layout
        targets = {joint: standing.from_scene(place) for joint, place in ends.items() if joint < len(layout)}
        if not targets:
            return stance, 0.0
        rest = rest_joints(standing.model, standing.betas[None])[0].numpy()
        skeleton = make_skeleton(layout, rest, joint_limits(layout))
        turns, place = stance.turns.double().numpy(), stance.place.double().numpy()
        if 0 in targets:
            _, places = place_joints(skeleton, turns, place)
            feet = [layout.index(foot) for foot in FEET if foot in layout.joints]
            targets |= {foot: places[foot] for foot in feet if foot not in targets}
        key = (actor, tuple(sorted(ends)))
        warm = self._pull[1] if self._pull is not None and self._pull[0] == key else None
        begin = (turns, place) if warm is None else (warm.pose, warm.translation)
        found = reach(skeleton, *begin, targets, iterations=40 if warm is None else 16)
        self._pull = (key, found)
        now = torch.from_numpy(found.pose).float()
        moved = Stance(_both(now, layout, list(ends)) if both else now, torch.from_numpy(found.translation).float())
        return moved, found.miss

    def let_go(self) -> None:
        """No end is pulled any more: the next pull begins from the stance."""
        self._pull = None

    def landed(self, actor: Actor, stance: Stance) -> Stance:
        """Raised or lowered until its lowest vertex is on the ground."""
        posed = self.stand(actor, stance).posed
        gap = float(posed.shaped[0, :, 1].min() - posed.vertices[0, :, 1].min())
        return replace(stance, place=stance.place + torch.tensor([0.0, gap, 0.0]))


def _both(turns: Tensor, layout: Layout, joints: list[int]) -> Tensor:
    """What one side does on both sides; the side is that of the joint touched last."""
    side = "right" if joints and layout.joints[min(joints[-1], len(layout) - 1)].startswith("right_") else "left"
    return symmetric(turns, layout, side)


def _betas(model: BodyModel, height: float, weight: float, added: tuple[float, ...]) -> Tensor:
    betas = torch.zeros(model.shapes)
    whole = "pelvis" in model.layout.joints
    if whole and (height or weight):
        metres = height / 100 or float(height_of(model.template))
        found = shape_for(model, metres, weight or USUAL_INDEX * metres * metres)
        betas[: len(found)] = found
    more = torch.tensor(added[: model.shapes])
    betas[: len(more)] += more
    return betas


def grounded(model: BodyModel, motion: Motion) -> Motion:
    """The motion from where the body stands: it begins at its place, and its lowest step is on the ground.

    Files do not agree on where the ground is; the feet tell.
    """
    some = slice(None, None, max(1, len(motion) // MOST_LOOKS))
    betas = torch.zeros(1, model.shapes)
    joints = posed_joints(model, betas, motion.poses[some].float(), motion.translation[some].float())
    drop = joints[..., 1].min() - model.joint_template[:, 1].min()
    start = torch.stack([motion.translation[0, 0].float(), drop, motion.translation[0, 2].float()])
    return replace(motion, poses=motion.poses.float(), translation=motion.translation.float() - start)


def _of_motion(motion: Motion, time: float) -> Stance:
    """A sequence at a moment, between its frames."""
    at = min(max(time * motion.fps, 0.0), len(motion) - 1.0)
    first = int(at)
    second = min(first + 1, len(motion) - 1)
    stances = [Stance(motion.poses[frame], motion.translation[frame]) for frame in (first, second)]
    return between(stances[0], stances[1], at - first)


def weighs(model: BodyModel) -> bool:
    """Whether its skin is closed, so that it has a weight."""
    return "pelvis" in model.layout.joints and is_closed(model.faces)


def motion_of(cast: Cast, actor: Actor, seconds: float, fps: float = 30.0) -> Motion:
    """What a body does in its own axes, for other programs: one moment where it neither has key frames nor a sequence."""
    model, moves = cast.model(actor), bool(actor.keys) or cast.motion(actor) is not None
    times = np.arange(0, seconds + 0.5 / fps, 1 / fps) if moves else np.zeros(1)
    stances = [cast.stance(actor, float(time)) for time in times]
    turns, places = torch.stack([s.turns for s in stances]), torch.stack([s.place for s in stances])
    lift = torch.tensor([0.0, cast.lift(actor), 0.0])
    return Motion(model.layout, turns, places + lift, fps, cast.betas(actor), actor.name)

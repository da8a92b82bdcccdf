"""What the viewport is sent of a scene of bodies: skins, heat maps, ghosts, bones, axes, and what one takes hold of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from engine.api import Frame, Handles, Lines, Mesh, Points
from engine.api.body_scenes import BodyScene
from engine.api.words import number
from engine.bodies.acting import ENDS, Cast, Standing
from engine.bodies.model import BodyModel, Posed, skin

SHOWS = ("skin", "weights", "shape offsets", "pose offsets", "one direction")
COOL, WARM = np.array([0.80, 0.80, 0.82]), np.array([0.84, 0.28, 0.10])
GHOST = 1800
"""Points of a ghost, about."""
ONION = 0.25
"""Seconds to the neighbours of a moment where no key frames say which they are."""


@dataclass(frozen=True)
class Look:
    """How a scene is shown: with which tool in the hand, coloured by what, and which terms of the formula are on."""

    tool: str = "none"
    show: str = "skin"
    joint: int = 0
    direction: int = 1
    ghost: bool = False
    onion: bool = False
    with_shape: bool = True
    with_pose: bool = True
    with_skinning: bool = True


@dataclass(frozen=True)
class Moment:
    """All bodies at a moment, seconds, and which of them is chosen."""

    scene: BodyScene
    bodies: tuple[Standing, ...]
    chosen: int
    time: float

    @property
    def body(self) -> Standing:
        """The chosen one."""
        return self.bodies[self.chosen]


def stages(look: Look, body: Standing) -> list[Float[np.ndarray, "v 3"]]:
    """The body after each term that is on, from the template onwards, in the scene."""
    posed = body.posed
    steps = [body.model.template.numpy()]
    steps += [posed.shaped[0].numpy()] if look.with_shape else []
    offsets = posed.rest[0] - posed.shaped[0]
    rest = posed.rest[0] if look.with_pose else posed.shaped[0]
    steps += [rest.numpy()] if look.with_pose else []
    if look.with_skinning:
        skinned = posed.vertices[0]
        if not look.with_pose and float(offsets.abs().max()) > 0:
            skinned = skin(body.model, posed.shaped, posed.frames, posed.rest_joints)[0]
        steps += [skinned.numpy()]
    return [body.in_scene(step) for step in steps]


def draw_scene(look: Look, cast: Cast, moment: Moment) -> Iterator[Frame]:
    """Skins, ghosts, bones, and what one takes hold of."""
    bones, axes = [], []
    for index, body in enumerate(moment.bodies):
        steps = stages(look, body)
        values, unit = heat_of(look, body.model, body.posed) if index == moment.chosen else (None, "")
        note = "" if values is None else f"grey 0, red {number(float(values.max()))} {unit}"
        colours = None if values is None else COOL + (values / max(values.max(), 1e-9))[:, None] * (WARM - COOL)
        yield Mesh(f"scene/body {index + 1}", steps[-1], body.model.faces, colours, note=note)
        joints = joints_of(look, body)
        bones.append(joints[np.array(body.model.layout.bones)])
        axes.append(axes_of(body, joints) if index == moment.chosen else np.empty((0, 2, 3)))
        if index == moment.chosen:
            yield Points(
                "scene/before the last term",
                thin(steps[-2]) if look.ghost and len(steps) > 1 else NOTHING,
                colour=2,
                size=1.5,
            )
    yield Lines("scene/bones", np.concatenate(bones), colour=1, width=2.0)
    yield Lines("scene/axes", np.concatenate(axes), width=2.0)
    for name, time, colour in neighbours(moment):
        skin_then = NOTHING
        if look.onion and time is not None:
            ghost = cast.ghost(moment.body.actor, time)
            skin_then = thin(ghost.in_scene(ghost.posed.vertices[0].numpy()))
        yield Points(f"scene/{name}", skin_then, colour=colour, size=1.5)
    yield from draw_handles(look, moment.body)


NOTHING = np.empty((0, 3))


def thin(vertices: Float[np.ndarray, "v 3"]) -> Float[np.ndarray, "n 3"]:
    """A few of the vertices, for a ghost."""
    return vertices[:: max(1, len(vertices) // GHOST)]


def joints_of(look: Look, body: Standing) -> Float[np.ndarray, "j 3"]:
    """Where the joints are in the scene, before or after skinning."""
    return body.in_scene((body.posed.joints if look.with_skinning else body.posed.rest_joints)[0].numpy())


def axes_of(body: Standing, joints: Float[np.ndarray, "j 3"], length: float = 0.07) -> Float[np.ndarray, "j3 2 3"]:
    """Three strokes at each joint, along its own axes: x, y, z."""
    ends = joints[:, None] + length * np.swapaxes(body.turn @ body.posed.frames[0, :, :3, :3].double().numpy(), -1, -2)
    return np.asarray(np.stack([np.broadcast_to(joints[:, None], ends.shape), ends], 2).reshape(-1, 2, 3))


def neighbours(moment: Moment) -> list[tuple[str, float | None, int]]:
    """The moments before and after: the next key frames, or a little earlier and later in a sequence."""
    actor = moment.body.actor
    if actor.sequence:
        return [("earlier", max(0.0, moment.time - ONION), 0), ("later", moment.time + ONION, 5)]
    times = [key.time for key in actor.keys]
    before = [time for time in times if time < moment.time - 1e-3]
    after = [time for time in times if time > moment.time + 1e-3]
    return [("earlier", max(before, default=None), 0), ("later", min(after, default=None), 5)]


def draw_handles(look: Look, body: Standing) -> Iterator[Frame]:
    """Rings at the joints, or dots at the ends, by the tool in the hand."""
    layout, joints = body.model.layout, joints_of(look, body)
    labels = tuple(name.replace("_", " ") for name in layout.joints)
    frames = torch.cat([torch.eye(3)[None], body.posed.frames[0, :, :3, :3]])[[parent + 1 for parent in layout.parents]]
    parents = body.turn @ frames.double().numpy()
    shown = joints if look.tool == "turn joints" else NOTHING
    turns = body.stance.turns[: len(shown)]
    yield Handles("scene/joints", shown, turns, parents[: len(shown)], labels, edits="turned", colour=0)
    ends = [layout.index(end) for end in ENDS if end in layout.joints]
    places = joints[ends] if look.tool == "pull ends" else NOTHING
    note = f"{number(1e3 * body.miss)} mm short" if body.miss > 0.002 else ""
    yield Handles("scene/ends", places, labels=tuple(labels[end] for end in ends), edits="pulled", colour=4, note=note)


def heat_of(look: Look, model: BodyModel, posed: Posed) -> tuple[np.ndarray | None, str]:
    """What colours the skin `[v]`, with its unit."""
    if look.show == "weights":
        joint = min(look.joint, len(model.layout) - 1)
        name = model.layout.joints[joint].replace("_", " ")
        return model.weights[:, joint].numpy(), f"of a vertex's weight on the {name}"
    if look.show == "shape offsets":
        return 1e3 * (posed.shaped[0] - model.template).norm(dim=-1).numpy(), "mm by the shape"
    if look.show == "pose offsets":
        return 1e3 * (posed.rest - posed.shaped)[0].norm(dim=-1).numpy(), "mm by the pose"
    if look.show == "one direction":
        row = model.directions[min(look.direction, model.shapes) - 1].unflatten(0, (3, -1))
        return 1e3 * row.norm(dim=0).numpy(), f"mm for each unit of β{min(look.direction, model.shapes)}"
    return None, ""

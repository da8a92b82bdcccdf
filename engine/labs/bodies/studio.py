r"""Several bodies on a stage: posed by hand, moved by key frames or by a captured sequence, and given to other programs.

A pose is a rotation for each joint, and rotations do not add up like places. Halfway between two of them lies the rotation that
**spherical linear interpolation** finds: of unit quaternions $q_0, q_1$ with $\cos\Omega = q_0 \cdot q_1$,

$$ q(t) = \frac{\sin\big((1-t)\,\Omega\big)}{\sin\Omega}\; q_0 + \frac{\sin(t\,\Omega)}{\sin\Omega}\; q_1 . $$

The joint turns about one fixed axis at a constant speed. Two things go wrong easily. A quaternion and its opposite, $q$ and $-q$,
are the same rotation; where $q_0 \cdot q_1 < 0$, one of them must be turned round, or the arm takes **the long way**. And mixing the
rotation *vectors*, $\theta(t) = (1-t)\,\theta_0 + t\,\theta_1$, is right only while the axis stays: else the axis wanders and the speed
swells and ebbs between the key frames, which an eye sees at once.

$$ \omega(t) = \lim_{h \to 0} \tfrac1h \left\lVert \log\big(R(t)^\top R(t+h)\big) \right\rVert $$

is that speed; its curve should be flat from key frame to key frame. At each of them it jumps: slerp is continuous, not smooth.

Bodies are told what to do on the **Bodies workbench**; this lab is the engine behind it. At {{moment}} of the time line you see the pose
between two key frames, with ghosts of the neighbours.

**Try**: drag the moment; then choose *mixed vectors* under *What if it were wrong* and look at the speed of the shoulder.

Shoemake 1985, Animating rotation with quaternion curves, SIGGRAPH; Loper et al. 2015 for the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import numpy as np
import torch
from jaxtyping import Float

from engine.api import (
    Axis,
    Button,
    Choice,
    DataError,
    File,
    Frame,
    Line,
    Measured,
    Pick,
    Plot,
    Portrait,
    Record,
    Scatter,
    Slider,
    StudioError,
    Table,
    Text,
    Toggle,
    View,
    check,
    lab,
)
from engine.api.body_scenes import (
    MOST_BODIES,
    Actor,
    BodyScene,
    KeyPose,
    deed_from_text,
    files_from_text,
    scene_from_text,
)
from engine.bodies.acting import ENDS, Cast, How, Stance, at_time, between, motion_of, pose_from
from engine.bodies.inspecting import inspect_file
from engine.bodies.layouts import SMPL
from engine.bodies.poses import POSES, joint_limits, named_pose
from engine.bodies.readback import ENDINGS, export_body
from engine.bodies.rotation import angle_between, matrix_from_vector
from engine.bodies.scene_frames import SHOWS, Look, Moment, draw_scene

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context


@dataclass
class Params:
    """What a person sets."""

    scene: Annotated[
        str, Record(kind="bodies", live=True, help="The bodies of the workbench; none shows one that moves")
    ] = ""
    preset: Annotated[str, Choice(*POSES, help="What that one does between standing and standing")] = "reach"
    moment: Annotated[float, Slider(0, 1, live=True, help="The moment that is shown, as a share of the time line")] = (
        0.3
    )
    chosen: Annotated[
        int, Slider(1, MOST_BODIES, live=True, label="Body", help="Which of the bodies hands and tables belong to")
    ] = 1
    tool: Annotated[
        str,
        Choice(
            "none",
            "turn joints",
            "pull ends",
            live=True,
            group="Pose",
            help="Rings that turn a joint, or dots that are dragged",
        ),
    ] = "none"
    turned: Annotated[tuple[float, ...], Pick(live=True, group="Pose", help="Joints that were turned in the view")] = ()
    pulled: Annotated[
        tuple[float, ...], Pick(live=True, group="Pose", help="Where ends of the body were dragged to")
    ] = ()
    symmetric: Annotated[bool, Toggle(live=True, group="Pose", help="The other side does what one side does")] = False
    deed: Annotated[
        str, Record(kind="deed", live=True, group="Pose", help="What the workbench asks the body to do")
    ] = ""
    show: Annotated[str, Choice(*SHOWS, live=True, group="Look", help="What colours the skin of the chosen body")] = (
        "skin"
    )
    joint: Annotated[
        int, Slider(0, 54, live=True, group="Look", help="The joint whose weights and speed are shown")
    ] = 16
    direction: Annotated[
        int, Slider(1, 32, live=True, group="Look", help="Which shape direction “one direction” shows")
    ] = 1
    ghost: Annotated[bool, Toggle(live=True, group="Look", help="Points: the body before the last term that is on")] = (
        False
    )
    onion: Annotated[
        bool, Toggle(live=True, group="Look", label="Onion skin", help="Ghosts of the key frames before and after")
    ] = True
    with_shape: Annotated[bool, Toggle(live=True, group="Formula", label="Bₛ(β)", help="Adds the shape's offsets")] = (
        True
    )
    with_pose: Annotated[bool, Toggle(live=True, group="Formula", label="Bₚ(θ)", help="Adds the pose's offsets")] = True
    with_skinning: Annotated[
        bool, Toggle(live=True, group="Formula", label="W", help="Moves the skin with the joints")
    ] = True
    bug: Annotated[
        str,
        Choice(*get_args(How), live=True, label="What if it were wrong", help="How joints turn between two key frames"),
    ] = "slerp"
    files: Annotated[
        str, Record(kind="files", live=True, group="Files", help="Files of which the workbench asks what they are")
    ] = ""
    save_as: Annotated[
        str,
        File(
            *ENDINGS, kind="body", live=True, group="Files", help="Where the chosen body goes; the ending is the format"
        ),
    ] = ""
    save: Annotated[
        int, Button(live=True, label="Export", group="Files", help="Writes the chosen body and reads it back")
    ] = 0


def shown_scene(p: Params) -> BodyScene:
    """The workbench's bodies, or one that stands, does something and stands again."""
    scene = scene_from_text(p.scene)
    if scene.actors:
        return scene
    poses = [pose_from(Stance(named_pose(name, SMPL), torch.zeros(3))) for name in ("stand", p.preset, "walk", "stand")]
    keys = tuple(KeyPose(1.3 * index, pose) for index, pose in enumerate(poses))
    return BodyScene((Actor("Body", keys=keys),), 4.0)


def moment_of(p: Params, cast: Cast) -> Moment:
    """Everything from the parameters alone. Raises StudioError for a deed that cannot be done."""
    scene = shown_scene(p)
    chosen, time = min(p.chosen, len(scene.actors)) - 1, p.moment * scene.seconds
    how: How = next(how for how in get_args(How) if how == p.bug)
    bodies = []
    for index, actor in enumerate(scene.actors):
        stance, miss = cast.stance(actor, time, how), 0.0
        if index == chosen:
            stance, miss = by_hand(p, cast, actor, stance)
        bodies.append(cast.stand(actor, stance, p.with_shape, miss))
    return Moment(scene, tuple(bodies), chosen, time)


def by_hand(p: Params, cast: Cast, actor: Actor, stance: Stance) -> tuple[Stance, float]:
    """The stance of the chosen body after what hands and deeds have made of it."""
    layout, miss = cast.model(actor).layout, 0.0
    quads = [(int(k), (x, y, z)) for k, x, y, z in zip(*[iter(p.turned)] * 4, strict=False)]
    stance = cast.turned(actor, dict(quads), p.symmetric, stance) if quads else stance
    ends = [layout.index(end) for end in ENDS if end in layout.joints]
    pulls = {ends[int(k)]: (x, y, z) for k, x, y, z in zip(*[iter(p.pulled)] * 4, strict=False) if k < len(ends)}
    if pulls:
        stance, miss = cast.pulled(actor, pulls, p.symmetric, stance)
    else:
        cast.let_go()
    return cast.follow(actor, deed_from_text(p.deed), stance), miss


def asked_moment(p: Params, ctx: Context, cast: Cast) -> Moment:
    """The moment; what cannot be done or read is said, once, and left."""
    try:
        moment = moment_of(p, cast)
    except StudioError as error:
        ctx.say(str(error))
        p.deed = ""
        moment = moment_of(p, cast)
    while cast.refused:
        ctx.say(cast.refused.pop(0))
    return moment


@lab(
    title="Bodies in time",
    topic="bodies",
    place=14,
    source="Shoemake 1985, Animating rotation with quaternion curves",
    summary="Key frames, ghosts of the neighbours, and joints that turn at a constant speed between them",
    portrait=Portrait("scene", steps=1, sets={"moment": 0.42}),
    views=(
        View("scene", "Bodies", "drag the moment; the dots are the key frames before and after", wide=True),
        View("speed", "Speed of the joint", unit="°/s"),
        View("bodies", "Who is there"),
        View("pose", "The pose, in degrees"),
        View("export", "Export", "choose a file and press Export"),
        View("files", "Files", "what files are that were dropped on the workbench"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Answers every slider, hand and deed."""
    cast, saved, report = Cast(), 0, Text("export", "Nothing was exported yet.")
    for _ in ctx.explore():
        moment = asked_moment(p, ctx, cast)
        if p.save > saved:
            saved, report = p.save, Text("export", exported(p, cast, moment), note=f"export {p.save}")
        drawings: dict[str, Callable[[], Iterable[Frame]]] = {
            "scene": partial(draw_scene, look_of(p), cast, moment),
            "pose": lambda: [draw_pose(p, moment)],  # noqa: B023  # called at once
            "bodies": lambda: [draw_bodies(cast, moment)],  # noqa: B023
            "speed": lambda: [draw_speed(p, cast, moment)],  # noqa: B023
            "export": lambda: [report],  # noqa: B023
            "files": lambda: [draw_files(p)],
        }
        for name, draw in drawings.items():
            if ctx.due(name):
                yield from draw()


def look_of(p: Params) -> Look:
    """How the scene is shown, of the parameters."""
    return Look(**{entry.name: getattr(p, entry.name) for entry in fields(Look)})


def exported(p: Params, cast: Cast, moment: Moment) -> str:
    """Exports the chosen body, and says what became of it."""
    if not p.save_as:
        return "Choose where the export goes first."
    actor, path = moment.body.actor, Path(p.save_as)
    try:
        motion = motion_of(cast, actor, moment.scene.seconds)
        if path.suffix.lower() in (".obj", ".ply", ".png") or len(motion) == 1:
            stance = moment.body.stance
            lift = torch.tensor([0.0, cast.lift(actor), 0.0])
            motion = replace(motion, poses=stance.turns[None], translation=(stance.place + lift)[None])
        report = export_body(path, moment.body.model, motion)
    except DataError as error:
        return f"**Not exported.** {error}"
    return f"**Exported** {report.path.name}: {report.words}."


# Pictures ---------------------------------------------------------------------------------------------------------------------------


def draw_pose(p: Params, moment: Moment) -> Table:
    """Each joint's rotation vector; the workbench reads the pose from here. `note`: the deed that it answers."""
    stance, deed = moment.body.stance, deed_from_text(p.deed)
    limits = joint_limits(moment.body.model.layout)
    turns = stance.turns.double().numpy()
    beyond = ((turns < limits[0] - 1e-3) | (turns > limits[1] + 1e-3)).any(1)
    rows = [
        (name.replace("_", " "), *np.degrees(turn).round(4).tolist(), "beyond its limits" if out else "")
        for name, turn, out in zip(moment.body.model.layout.joints, turns, beyond, strict=True)
    ]
    place = tuple(round(part, 5) for part in stance.place.double().tolist())
    return Table(
        "pose", ("joint", "x", "y", "z", ""), (*rows, ("pelvis moved, m", *place, "")), note=f"deed {deed.number}"
    )


def draw_bodies(cast: Cast, moment: Moment) -> Table:
    """Every body in numbers."""
    rows = []
    for body in moment.bodies:
        model, (tall, heavy) = body.model, cast.size(body.actor)
        weight = f"{heavy:.0f}" if heavy else ""
        motion = cast.motion(body.actor)
        moves = f"{motion.seconds:.1f} s of a sequence" if motion is not None else f"{len(body.actor.keys)} key frames"
        rows.append((body.actor.name, model.layout.name, f"{100 * tall:.0f}", weight, model.shapes, moves))
    return Table("bodies", ("body", "layout", "height, cm", "weight, kg", "shape directions", "moved by"), tuple(rows))


def draw_files(p: Params) -> Table:
    """What the workbench's files are."""
    rows = tuple(map(inspect_file, files_from_text(p.files)))
    return Table("files", ("file", "is", "layout", "seconds", "words"), rows)


def draw_speed(p: Params, cast: Cast, moment: Moment) -> Plot:
    """How fast the chosen joint turns in its parent's frame, along the time line; the dots are key frames."""
    actor, layout = moment.body.actor, moment.body.model.layout
    joint = min(p.joint, len(layout) - 1)
    how: How = next(how for how in get_args(How) if how == p.bug)
    middles, gaps = cast.speeds(actor, joint, moment.scene.seconds, how)
    marks = np.array([(key.time, 0.0) for key in actor.keys]).reshape(-1, 2)
    top = float(gaps.max(initial=10.0))
    now = Line(np.full(2, moment.time), np.array([0, top]), "now", 3, dashed=True)
    layers = (
        Line(middles, gaps, layout.joints[joint].replace("_", " "), 0),
        Scatter(marks, label="key frames", colour=1),
        now,
    )
    return Plot("speed", layers, Axis("time", "s"), Axis("speed", "°/s"))


# Proof ------------------------------------------------------------------------------------------------------------------------------


def two(ctx: CheckContext, size: float = 2.5) -> tuple[Stance, Stance]:
    """Two random stances, in 64 bits; each joint is turned by at most `size`."""

    def one() -> Stance:
        axis = torch.randn(24, 3, generator=ctx.rng, dtype=torch.float64)
        angle = size * torch.rand(24, 1, generator=ctx.rng, dtype=torch.float64)
        return Stance(angle * axis / axis.norm(dim=1, keepdim=True), torch.zeros(3, dtype=torch.float64))

    return one(), one()


def gap(first: Stance, second: Stance) -> Float[torch.Tensor, " j"]:
    """The angle between two stances, joint by joint, radians."""
    return angle_between(matrix_from_vector(first.turns.double()), matrix_from_vector(second.turns.double()))


@check(
    "every joint turns at a constant speed", tolerance=1e-6, source="Shoemake 1985", catches="mixed rotation vectors"
)
def constant(ctx: CheckContext) -> Measured:
    """The largest difference between the angle turned by a share of the way and that share of the whole angle, radians."""
    start, goal = two(ctx)
    whole, wrong = gap(start, goal), 0.0
    for share in (0.2, 0.5, 0.9):
        wrong = max(wrong, float((gap(start, between(start, goal, share)) - share * whole).abs().max()))
    return Measured(0.0, wrong)


@check(
    "no joint takes the long way",
    tolerance=1e-6,
    source="q and −q are one rotation",
    catches="a sign that nobody minds",
)
def short(ctx: CheckContext) -> Measured:
    """How much farther than half the angle between the ends the middle is, radians."""
    start, goal = two(ctx, 3.1)
    middle = between(start, goal, 0.5)
    return Measured(0.0, float((gap(start, middle) + gap(middle, goal) - gap(start, goal)).abs().max()), "at most")


@check(
    "a key frame is met at its moment",
    tolerance=1e-5,
    source="interpolation",
    catches="the neighbour of the right key frame",
)
def met(ctx: CheckContext) -> Measured:
    """The largest angle between a key frame and the stance at its time, and before and after all of them, radians."""
    stances = [stance for _ in range(3) for stance in two(ctx)]
    keys = [KeyPose(0.5 + index * 0.7, pose_from(stance)) for index, stance in enumerate(stances)]
    wrong = [float(gap(at_time(keys, key.time, SMPL), stance).max()) for key, stance in zip(keys, stances, strict=True)]
    wrong += [
        float(gap(at_time(keys, 0.0, SMPL), stances[0]).max()),
        float(gap(at_time(keys, 99.0, SMPL), stances[-1]).max()),
    ]
    return Measured(0.0, max(wrong))


@check(
    "a body turned about the vertical is pulled to the same place",
    tolerance=0.0,
    source="p = R q + t",
    catches="a way back that forgets the heading",
)
def arrives(ctx: CheckContext) -> Measured:
    """How far the wrist is from where it was pulled to in the scene, metres."""
    cast = Cast()
    actor = Actor(ground=(1.5, -0.7), heading=float(ctx.numpy_rng.uniform(30, 330)))
    stance, wrist = Stance(named_pose("stand", SMPL), torch.zeros(3)), SMPL.index("left_wrist")
    body = cast.stand(actor, stance)
    target = body.in_scene(body.posed.joints[0, wrist].numpy()) + np.array([0.0, 0.0, 0.25])
    moved, _ = cast.pulled(actor, {wrist: (target[0], target[1], target[2])}, False, stance)
    after = cast.stand(actor, moved)
    return Measured(
        2e-3, float(np.linalg.norm(after.in_scene(after.posed.joints[0, wrist].numpy()) - target)), "at most"
    )

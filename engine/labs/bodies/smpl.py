r"""A body that can be shaped and posed is one differentiable function of two short vectors: **SMPL**.

$$ M(\beta, \theta) = W\big(T(\beta, \theta),\ J(\beta),\ \theta,\ \mathcal{W}\big), \qquad
   T(\beta, \theta) = \bar T + B_S(\beta) + B_P(\theta) $$

Read it from the inside out, and switch each term off to see what it did.

## The template, $\bar T$
A mesh of $V$ vertices in the T-pose: the mean body. Everything that follows moves these vertices.

## Shape, $B_S(\beta)$
$$ B_S(\beta) = \sum_n \beta_n\, S_n $$

Each $S_n$ is a direction in the space of all bodies, learned by principal components from many people in the same pose. Height and
weight are no parameters of the model: the sliders look for the shortest $\beta$ that has them.

## Pose, $B_P(\theta)$
$$ B_P(\theta) = \sum_n \big(R_n(\theta) - R_n(\theta^*)\big)\, P_n $$

A joint that bends bulges and folds the skin. That is learned too, as a *linear* function of the entries of $R - I$, nine for each
joint: the heat map shows them. They are zero in the rest pose $\theta^*$, so that $B_P(\theta^*) = 0$. In the body that ships, $P_n$ was
learned from dual-quaternion skinning, which loses no volume; in the official files, from thousands of scans.

## Joints, $J(\beta)$, and their frames, $G$
$$ J(\beta) = \mathcal{J}\,(\bar T + B_S(\beta)), \qquad
   G_k = \prod_{j \in A(k)} \begin{pmatrix} R(\theta_j) & j_j - j_{\mathrm{parent}} \\ 0 & 1 \end{pmatrix} $$

A taller person's knee is elsewhere: each joint is a fixed mean of vertices near it.

## Blend skinning, $W$
$$ t_i' = \sum_k w_{k,i}\; G_k\, G_k(\theta^*)^{-1}\; t_i $$

Each vertex follows the mean motion of its joints. Colour the body by a joint's weights to see who follows whom.

## Pulling instead of turning
**Inverse kinematics** goes backwards: say where the hand should be. The joints' small turns $\delta$ solve
$(J W J^\top + \lambda^2 I)\,y = r,\ \delta = W J^\top y$, again and again, and a turn that would leave its joint's limits is taken out.

**Try**: bend an elbow far and switch $B_P$ off; make the person 2 m tall while the joints stay those of the template (*What if it
were wrong*); pull the pelvis down and watch the knees; drop an SMPL file of your own on the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Bars,
    Choice,
    File,
    Frame,
    Handles,
    Heat,
    Lines,
    Matrix,
    Measured,
    Mesh,
    Pick,
    Plot,
    Points,
    Portrait,
    Slider,
    Table,
    Text,
    Toggle,
    View,
    check,
    lab,
)
from engine.api.words import number
from engine.bodies.by_hand import by_hand
from engine.bodies.files import MODEL_SUFFIXES, default_body, read_model
from engine.bodies.layouts import SMPL
from engine.bodies.measures import height_of, shape_for, weight_of
from engine.bodies.model import (
    BodyModel,
    Posed,
    kinematics,
    pose_body,
    pose_feature,
    pose_offsets,
    rest_joints,
    shape_offsets,
    skin,
)
from engine.bodies.picture import y_up, z_up
from engine.bodies.poses import POSES, joint_limits, named_pose, symmetric
from engine.bodies.reaching import Skeleton, make_skeleton, place_joints, reach
from engine.bodies.rotation import matrix_from_vector, vector_from_matrix
from engine.bodies.scene_frames import Look, heat_of

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

ENDS = ("pelvis", "head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
BUGS = ("none", "R in place of R − I", "joints of the template", "no parents")
COOL, WARM = np.array([0.80, 0.80, 0.82]), np.array([0.84, 0.28, 0.10])


@dataclass
class Params:
    """What a person sets."""

    model: Annotated[
        str, File(*MODEL_SUFFIXES, kind="body model", label="Own model", help="An SMPL, SMPL-H, SMPL-X or MANO file")
    ] = ""
    preset: Annotated[
        str, Choice(*POSES, live=True, group="Pose", help="The pose that everything else goes on from")
    ] = "walk"
    handles: Annotated[
        str,
        Choice(
            "turn joints",
            "pull ends",
            live=True,
            group="Pose",
            help="Rings that turn a joint, or dots that are dragged",
        ),
    ] = "turn joints"
    turned: Annotated[tuple[float, ...], Pick(live=True, group="Pose", help="Joints that were turned in the view")] = ()
    pulled: Annotated[
        tuple[float, ...], Pick(live=True, group="Pose", help="Where ends of the body were dragged to")
    ] = ()
    joint: Annotated[
        str, Choice(*SMPL.joints, live=True, group="Pose", help="The joint that the sliders turn and the weights show")
    ] = "left_elbow"
    turn_x: Annotated[float, Slider(-150, 150, live=True, unit="°", group="Pose", help="Turns it about its x axis")] = (
        0.0
    )
    turn_y: Annotated[float, Slider(-150, 150, live=True, unit="°", group="Pose", help="Turns it about its y axis")] = (
        0.0
    )
    turn_z: Annotated[float, Slider(-150, 150, live=True, unit="°", group="Pose", help="Turns it about its z axis")] = (
        0.0
    )
    symmetric: Annotated[bool, Toggle(live=True, group="Pose", help="The right side does what the left side does")] = (
        False
    )
    height: Annotated[float, Slider(120, 210, live=True, unit="cm", group="Shape", help="From sole to crown")] = 176.0
    weight: Annotated[
        float, Slider(20, 160, live=True, unit="kg", group="Shape", help="Volume of the body times its density")
    ] = 66.0
    betas: Annotated[
        tuple[tuple[float, ...], ...],
        Matrix(
            2, 5, live=True, group="Shape", label="β, added", help="Raw coefficients of the first ten shape directions"
        ),
    ] = ((0.0,) * 5, (0.0,) * 5)
    with_shape: Annotated[bool, Toggle(live=True, group="Formula", label="B_S(β)", help="Adds the shape's offsets")] = (
        True
    )
    with_pose: Annotated[bool, Toggle(live=True, group="Formula", label="B_P(θ)", help="Adds the pose's offsets")] = (
        True
    )
    with_skinning: Annotated[
        bool, Toggle(live=True, group="Formula", label="W", help="Moves the skin with the joints")
    ] = True
    ghost: Annotated[
        bool, Toggle(live=True, group="Formula", help="Points: the body before the last term that is on")
    ] = True
    colour: Annotated[
        str,
        Choice(
            "skin", "weights", "shape offsets", "pose offsets", live=True, group="Formula", help="What colours the skin"
        ),
    ] = "skin"
    bug: Annotated[
        str, Choice(*BUGS, live=True, label="What if it were wrong", help="A mistake that people make in this formula")
    ] = "none"


@dataclass(frozen=True)
class Body:
    """The body that a person asked for, all its stages, and what stands before the last term that is on."""

    pose: Float[Tensor, "j 3"]
    betas: Float[Tensor, " s"]
    posed: Posed
    shown: Float[np.ndarray, "v 3"]
    before: Float[np.ndarray, "v 3"]
    miss: float  # metres by which the farthest pulled end is off


def shape_of(p: Params, model: BodyModel, whole: bool) -> Float[Tensor, " s"]:
    """β of the sliders: the shortest with this height and weight where the model is a whole body, and what is added to it."""
    betas = torch.zeros(model.shapes)
    if whole:
        found = shape_for(model, p.height / 100, p.weight)
        betas[: len(found)] = found
    added = torch.tensor(p.betas).flatten()[: model.shapes]
    betas[: len(added)] += added
    return betas


def pose_of(p: Params, model: BodyModel) -> Float[Tensor, "j 3"]:
    """θ before anything is pulled: the preset, the joints that were turned in the view, the sliders, the other side."""
    pose = named_pose(p.preset, model.layout)
    for joint, *vector in zip(*[iter(p.turned)] * 4, strict=False):
        if joint < len(pose):
            pose[int(joint)] = torch.tensor(vector)
    if p.joint in model.layout.joints:
        index = model.layout.index(p.joint)
        extra = torch.tensor([p.turn_x, p.turn_y, p.turn_z]).deg2rad()
        pose[index] = vector_from_matrix(matrix_from_vector(pose[index]) @ matrix_from_vector(extra))
    return symmetric(pose, model.layout) if p.symmetric else pose


def pulled(p: Params, model: BodyModel, skeleton: Skeleton, pose: Tensor) -> tuple[Tensor, Tensor, float]:
    """The pose after pulling, where the pelvis went, and by how much the farthest end is off."""
    ends = [model.layout.index(end) for end in ENDS if end in model.layout.joints]
    targets = {
        ends[int(end)]: y_up(np.array(place))
        for end, *place in zip(*[iter(p.pulled)] * 4, strict=False)
        if end < len(ends)
    }
    if not targets:
        return pose, torch.zeros(3), 0.0
    if 0 in targets:  # who lowers the pelvis keeps the feet on the ground
        _, places = place_joints(skeleton, pose.numpy().astype(np.float64), np.zeros(3))
        targets |= {joint: places[joint] for joint in ends[-2:] if joint not in targets}
    found = reach(skeleton, pose.numpy(), np.zeros(3), targets, iterations=40)
    return torch.from_numpy(found.pose).float(), torch.from_numpy(found.translation).float(), found.miss


def make_body(p: Params, model: BodyModel, limits: np.ndarray, whole: bool) -> Body:
    """Everything from the parameters alone: shape, pose, inverse kinematics, and the stages with a bug or without."""
    betas = shape_of(p, model, whole)
    used = betas if p.with_shape else torch.zeros_like(betas)
    skeleton = make_skeleton(model.layout, rest_joints(model, used[None])[0].numpy(), limits)
    pose, translation, miss = pulled(p, model, skeleton, pose_of(p, model))
    posed = stages(p, model, used, pose, translation)
    steps = [model.template, posed.shaped[0], posed.rest[0] if p.with_pose else posed.shaped[0]]
    steps += [posed.vertices[0]] if p.with_skinning else []
    before = next((step for step in reversed(steps[:-1]) if step is not steps[-1]), steps[0])
    return Body(pose, betas, posed, z_up(steps[-1].numpy()), z_up(before.numpy()), miss)


def stages(p: Params, model: BodyModel, betas: Tensor, pose: Tensor, translation: Tensor) -> Posed:
    """The stages of the formula, one by one; a bug changes one of them."""
    rotations = matrix_from_vector(pose)[None]
    shaped = model.template + shape_offsets(model, betas[None])
    offsets = pose_offsets(model, rotations)
    if p.bug == "R in place of R − I" and len(model.pose_directions):
        offsets = offsets + pose_offsets(model, rotations + torch.eye(3)) - pose_offsets(model, rotations)
    rest = shaped + offsets if p.with_pose else shaped
    joints = rest_joints(model, 0 * betas[None] if p.bug == "joints of the template" else betas[None])
    frames = kinematics(model, rotations, joints, translation[None])
    if p.bug == "no parents":
        frames = torch.cat([torch.cat([rotations, joints[..., None]], -1), frames[..., 3:, :]], -2)
    return Posed(shaped, rest, joints, frames, skin(model, rest, frames, joints), frames[..., :3, 3])


@lab(
    title="SMPL, term by term",
    topic="bodies",
    place=8,
    source="Loper et al. 2015, SMPL: a skinned multi-person linear model",
    summary="Shape, pose and skin a body, and take each term of its formula away",
    portrait=Portrait("scene", steps=1, sets={"preset": "run"}),
    views=(
        View("scene", "Body", "click a dot and turn its rings, or pull ends instead", wide=True),
        View("formula", "The formula"),
        View("feature", "What B_P sees", "entries of R − I, zero at rest"),
        View("offsets", "What the terms do"),
        View("joints", "Joints"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Answers every slider, handle and switch."""
    model = read_model(Path(p.model)) if p.model else default_body()
    limits, whole = joint_limits(model.layout), "pelvis" in model.layout.joints
    for _ in ctx.explore():
        body = make_body(p, model, limits, whole)
        if ctx.due("scene"):
            yield from draw_scene(p, model, body)
        if ctx.due("formula"):
            yield draw_formula(p, model, body, whole)
        if ctx.due("feature"):
            yield draw_feature(model, body)
        if ctx.due("offsets"):
            yield draw_offsets(model, body)
        if ctx.due("joints"):
            yield draw_joints(model, body, limits)


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_scene(p: Params, model: BodyModel, body: Body) -> Iterator[Frame]:
    """The skin, what it was before, the joints and what one takes hold of."""
    joint = model.layout.index(p.joint) if p.joint in model.layout.joints else 0
    values, unit = heat_of(Look(show=p.colour, joint=joint), model, body.posed)
    note = "" if values is None else f"grey 0, red {number(float(values.max()))} {unit}"
    colours = None if values is None else COOL + (values / max(values.max(), 1e-9))[:, None] * (WARM - COOL)
    yield Mesh("scene/body", body.shown, model.faces, colours, note=note)
    joints = z_up((body.posed.joints if p.with_skinning else body.posed.rest_joints)[0].numpy())
    yield Lines("scene/bones", joints[np.array(model.layout.bones)], colour=1, width=2.0)
    before = body.before[:: max(1, len(body.before) // 1800)] if p.ghost else np.empty((0, 3))
    yield Points("scene/ghost", before, colour=5, size=1.5)
    if p.handles == "turn joints":
        world = torch.cat([torch.eye(3)[None], body.posed.frames[0, :, :3, :3]])[[k + 1 for k in model.layout.parents]]
        turn = np.eye(3)[[2, 0, 1]]  # z up from y up
        labels = tuple(name.replace("_", " ") for name in model.layout.joints)
        yield Handles("scene/handles", joints, body.pose, turn @ world.numpy(), labels, edits="turned", colour=0)
    else:
        ends = [model.layout.index(end) for end in ENDS if end in model.layout.joints]
        labels = tuple(model.layout.joints[end].replace("_", " ") for end in ends)
        yield Handles("scene/handles", joints[ends], labels=labels, edits="pulled", colour=4)


def draw_formula(p: Params, model: BodyModel, body: Body, whole: bool) -> Text:
    """The formula with what is on, its numbers, and the same computed by hand."""
    terms = [r"\bar T", "B_S(\\beta)" if p.with_shape else "0", "B_P(\\theta)" if p.with_pose else "0"]
    inner = " + ".join(terms)
    formula = rf"W\big({inner},\ J(\beta),\ \theta\big)" if p.with_skinning else inner
    posed, used = body.posed, body.betas if p.with_shape else 0 * body.betas
    lines = [f"$$ {formula} $$", ""]
    if whole:
        weight = float(weight_of(posed.shaped[0], model.faces))
        lines += [
            f"{100 * float(height_of(posed.shaped[0])):.0f} cm and {weight:.0f} kg, ‖β‖ = {float(used.norm()):.2f}.",
            "",
        ]
    if p.pulled:
        lines += [f"The farthest pulled end is **{number(1e3 * body.miss)} mm** from its target.", ""]
    wanted = by_hand(model, used.numpy(), body.pose.numpy())
    shift = (posed.joints[0, 0] - posed.rest_joints[0, 0]).numpy()
    gap = 1e3 * float(np.abs(posed.vertices[0].numpy() - wanted - shift).max())
    verdict = "the same" if gap < 0.1 else "**not the same**: a term is off, or wrong"
    lines.append(f"Written out by hand, the skinned body is {verdict} (largest difference {gap:.3f} mm).")
    return Text("formula", "\n".join(lines), note=f"{len(model.template):,} vertices, {len(model.layout)} joints")


def draw_feature(model: BodyModel, body: Body) -> Plot:
    """R − I of every joint but the root: a row each, nine entries."""
    rows = pose_feature(matrix_from_vector(body.pose)[None]).view(-1, 9).flip(0)
    names = [name.replace("_", " ") for name in reversed(model.layout.joints[1:])]
    ticks = tuple((index + 0.5, name) for index, name in enumerate(names) if index % 3 == 0)
    entries = tuple((column + 0.5, f"{column // 3 + 1}{column % 3 + 1}") for column in range(9))
    heat = Heat(rows, (0, 9, 0, len(rows)), "diverging", (-2, 2), legend="entry of R − I")
    return Plot("feature", (heat,), Axis("entry", ticks=entries), Axis("", ticks=ticks))


def draw_offsets(model: BodyModel, body: Body) -> Plot:
    """How far both terms move the skin around each joint, in the mean."""
    share = model.weights / model.weights.sum(0).clamp_min(1e-9)
    moved = [(body.posed.shaped[0] - model.template), (body.posed.rest - body.posed.shaped)[0]]
    shape, pose = (1e3 * share.T @ offset.norm(dim=-1) for offset in moved)
    x = np.arange(len(model.layout), dtype=float)
    every = 1 if len(x) < 30 else 4
    ticks = tuple((float(k), model.layout.joints[k].replace("_", " ")) for k in range(0, len(x), max(every, 4)))
    layers = (Bars(x - 0.2, shape, "B_S", 0, 0.4), Bars(x + 0.2, pose, "B_P", 1, 0.4))
    return Plot("offsets", layers, Axis("", ticks=ticks), Axis("mean offset", "mm"))


def draw_joints(model: BodyModel, body: Body, limits: np.ndarray) -> Table:
    """Every joint: how far it is turned, where it is, and whether it is beyond what a body can."""
    pose = body.pose.numpy()
    beyond = ((pose < limits[0] - 1e-3) | (pose > limits[1] + 1e-3)).any(1)
    rows = []
    for joint, name in enumerate(model.layout.joints):
        x, y, z = (f"{100 * value:.0f}" for value in body.posed.joints[0, joint].tolist())
        state = "beyond its limits" if beyond[joint] else ""
        rows.append(
            (name.replace("_", " "), f"{np.degrees(np.linalg.norm(pose[joint])):.0f}°", f"{x}, {y}, {z}", state)
        )
    return Table("joints", ("joint", "turned by", "x, y, z in cm", ""), tuple(rows))


# Proof ----------------------------------------------------------------------------------------------------------------


def drawn(ctx: CheckContext, model: BodyModel) -> tuple[Tensor, Tensor]:
    """A random shape and pose, in 64 bits."""
    betas = torch.randn(1, model.shapes, generator=ctx.rng, dtype=torch.float64)
    return betas, 0.6 * torch.randn(1, len(model.layout), 3, generator=ctx.rng, dtype=torch.float64)


@check(
    "the fast function equals the formula written out",
    tolerance=1e-9,
    source="Loper et al. 2015, eqs. 1 to 10; smplx to 1e-5 in tests/bodies",
    catches="a chain multiplied in the wrong order",
)
def equal(ctx: CheckContext) -> Measured:
    """Largest difference of a coordinate, metres."""
    model = default_body().to(torch.float64)
    betas, pose = drawn(ctx, model)
    fast = pose_body(model, betas, pose).vertices[0].numpy()
    return Measured(0.0, float(np.abs(fast - by_hand(model, betas[0].numpy(), pose[0].numpy())).max()))


@check(
    "at zero pose the body is the shaped template",
    tolerance=1e-12,
    source="M(β, 0) = T̄ + B_S(β)",
    catches="skinning that does not take the rest frames away",
)
def rest(ctx: CheckContext) -> Measured:
    """Largest difference, metres."""
    model = default_body().to(torch.float64)
    betas, pose = drawn(ctx, model)
    still = pose_body(model, betas, 0 * pose).vertices
    return Measured(0.0, float((still - model.template - shape_offsets(model, betas)).abs().max()))


@check("B_P(θ*) = 0", tolerance=0.0, source="Loper et al. 2015, eq. 8", catches="R in place of R − I")
def rest_offsets(ctx: CheckContext) -> Measured:
    """Largest offset in the rest pose, metres."""
    model = default_body()
    return Measured(0.0, float(pose_offsets(model, torch.eye(3).expand(1, len(model.layout), 3, 3)).abs().max()))


@check(
    "its gradient is the slope of the vertices",
    tolerance=1e-6,
    source="central differences in 64 bits",
    catches="a stage that is cut out of the gradient",
)
def gradient(ctx: CheckContext) -> Measured:
    """Largest difference between the derivative along a random direction and the difference quotient."""
    model = default_body().to(torch.float64)
    betas, pose = drawn(ctx, model)
    along = tuple(torch.randn(part.shape, generator=ctx.rng, dtype=torch.float64) for part in (betas, pose))

    def moved(by: float) -> Tensor:
        return pose_body(model, betas + by * along[0], pose + by * along[1]).vertices

    seen = torch.randn(moved(0.0).shape, generator=ctx.rng, dtype=torch.float64)
    inputs = betas.requires_grad_(), pose.requires_grad_()
    slopes = torch.autograd.grad((pose_body(model, *inputs).vertices * seen).sum(), inputs)
    exact = sum(float((slope * step).sum()) for slope, step in zip(slopes, along, strict=True))
    with torch.no_grad():
        quotient = float(((moved(1e-6) - moved(-1e-6)) * seen).sum()) / 2e-6
    return Measured(0.0, abs(exact - quotient) / max(1.0, abs(exact)), "at most")


@check(
    "a pulled hand arrives, within every joint's limits",
    tolerance=0.0,
    source="Buss 2004, damped least squares",
    catches="levers from the wrong joint; limits that nobody keeps",
)
def arrives(ctx: CheckContext) -> Measured:
    """The median miss over places that a pose within the limits reaches, metres; a broken limit counts as a metre."""
    limits, misses = joint_limits(SMPL), []
    skeleton = make_skeleton(SMPL, default_body().joint_template.numpy(), limits)
    wrist, start = SMPL.index("left_wrist"), named_pose("stand", SMPL).numpy()
    for _ in range(9):
        goal = np.clip(ctx.numpy_rng.normal(0, 0.3, (24, 3)), 0.8 * limits[0], 0.8 * limits[1])
        goal[0] = 0
        target = place_joints(skeleton, goal, np.zeros(3))[1][wrist]
        found = reach(skeleton, start, np.zeros(3), {wrist: target})
        broken = ((found.pose < limits[0] - 1e-9) | (found.pose > limits[1] + 1e-9)).any()
        real = np.linalg.norm(place_joints(skeleton, found.pose, found.translation)[1][wrist] - target)
        misses.append(1.0 if broken else float(real))
    return Measured(1.1e-3, float(np.median(misses)), "at most")

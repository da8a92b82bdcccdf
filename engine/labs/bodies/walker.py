r"""A dozen moving points, and everyone sees a person walk. Hold them still, and nobody does: **biological motion** (Johansson 1973).

Each point is a joint of a body whose angles swing with the step. With $\varphi$ the phase of the step, a joint's angle is a few harmonics

$$ \theta_j(\varphi) = a_{j0} + \sum_h a_{jh} \cos(h\,\varphi - b_{jh}), \qquad
   x_k(\varphi) = \Pi\Big(\prod_{j \in A(k)} G_j(\theta_j(\varphi))\Big) $$

and forward kinematics makes places out of angles. What holds the points together is invisible: **bones keep their length**,

$$ \lVert x_k - x_{\mathrm{parent}(k)} \rVert = \text{const}, $$

in space. In the picture they seem to grow and shrink, by {{lengths/in the picture}} cm in the mean, and that is how the eye finds depth.

## Taking it apart
- **Inverted**: every distance and every speed is the same, and yet it is hard to see a person in it. What is lost is gravity: feet that
  swing like a pendulum under a body.
- **Scrambled**: each point keeps its own motion and starts from another's place. Locally nothing has changed; the bones are gone.
- **Masked**: more points that move just like the walker's, each from somewhere else. Only the whole tells them apart.
- **Still**: the same points, not moving.

**Try**: invert it, then hide the body and ask somebody which way it walks; add masking points until you lose it; then turn it upright.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
from jaxtyping import Float

from engine.api import (
    Axis,
    Choice,
    Frame,
    Line,
    Lines,
    Measured,
    Mesh,
    Plot,
    Points,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.bodies.files import default_body
from engine.bodies.gait import make_motion
from engine.bodies.layouts import SMPL
from engine.bodies.model import pose_body
from engine.bodies.picture import z_up
from engine.bodies.poses import joint_limits
from engine.bodies.reaching import make_skeleton, place_joints

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

RATE, FRAMES = 30.0, 100  # three whole cycles of 0.9 a second
DOTS = (
    "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "pelvis",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
STICKS = (
    (0, 7), (1, 2), (1, 3), (3, 5), (2, 4), (4, 6), (7, 8), (7, 9), (8, 10), (10, 12), (9, 11), (11, 13),
)  # fmt: skip
LIMBS = ((1, 3), (3, 5), (2, 4), (4, 6), (8, 10), (10, 12), (9, 11), (11, 13))


@dataclass
class Params:
    """What a person sets."""

    inverted: Annotated[bool, Toggle(live=True, help="Upside down: every speed is the same, gravity is not")] = False
    scrambled: Annotated[
        bool, Toggle(live=True, help="Each point keeps its motion and starts from another's place")
    ] = False
    still: Annotated[bool, Toggle(live=True, help="The points of one moment, not moving")] = False
    mask: Annotated[int, Slider(0, 120, live=True, help="Points that move like the walker's, from anywhere")] = 0
    yaw: Annotated[float, Slider(-180, 180, live=True, unit="°", help="From where one looks: 90° is from the side")] = (
        60.0
    )
    sticks: Annotated[bool, Toggle(live=True, help="Joins the points by the body's limbs")] = False
    bug: Annotated[
        str,
        Choice(
            "none",
            "joints lag behind",
            live=True,
            label="What if it were wrong",
            help="Each joint's place comes a little later",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many moments are shown, thirty a second")] = 900


@dataclass(frozen=True)
class Walker:
    """A walker on the spot: `pose` `[T, 24, 3]` radians and `places` `[T, 14, 3]` metres of its dots, z up, walking along +x."""

    pose: Float[np.ndarray, "t 24 3"]
    places: Float[np.ndarray, "t 14 3"]


@cache
def walker() -> Walker:
    """Whole cycles, so that the last moment leads on to the first."""
    motion = make_motion("walk", FRAMES, RATE)
    skeleton = make_skeleton(SMPL, default_body().joint_template.numpy(), joint_limits(SMPL))
    chosen = [SMPL.index(name) for name in DOTS]
    poses = motion.poses.double().numpy()
    places = np.stack([place_joints(skeleton, pose, np.zeros(3))[1][chosen] for pose in poses])
    return Walker(poses, z_up(places))


def lagging(places: Float[np.ndarray, "t k 3"]) -> Float[np.ndarray, "t k 3"]:
    """The bug: every point is two moments later than the one before it in the list."""
    return np.stack([np.roll(places[:, k], 2 * k, axis=0) for k in range(places.shape[1])], 1)


def inverted(places: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Upside down, about the pelvis."""
    return places * np.array([1.0, 1.0, -1.0])


def scrambled(places: Float[np.ndarray, "t k 3"], order: np.ndarray) -> Float[np.ndarray, "t k 3"]:
    """Each point's own motion, around the mean place of another."""
    middle = places.mean(0, keepdims=True)
    return places - middle + middle[:, order]


def masking(places: Float[np.ndarray, "t k 3"], count: int, rng: np.random.Generator) -> Float[np.ndarray, "t m 3"]:
    """Points that each move as one of the walker's does, at another phase, around a place in the box."""
    which = rng.integers(0, places.shape[1], count)
    late = rng.integers(0, len(places), count)
    around = rng.uniform((-1.2, -1.2, -1.0), (1.2, 1.2, 1.0), (count, 3))
    motion = places - places.mean(0)
    shifted = [np.roll(motion[:, k], shift, axis=0) for k, shift in zip(which, late, strict=True)]
    return np.stack(shifted, 1) + around if count else motion[:, :0]


def flat(places: Float[np.ndarray, "*n 3"], yaw: float) -> Float[np.ndarray, "*n 2"]:
    """The picture from a direction in degrees: across and up, metres. 0 looks it in the face."""
    turn = np.radians(yaw)
    return np.stack([places[..., 1] * np.cos(turn) + places[..., 0] * np.sin(turn), places[..., 2]], -1)


def spread(points: Float[np.ndarray, "t k d"]) -> float:
    """How much the limbs' lengths vary over time: the mean of their standard deviations."""
    ends = np.array(LIMBS)
    return float(np.linalg.norm(points[:, ends[:, 0]] - points[:, ends[:, 1]], axis=-1).std(0).mean())


def dots_of(p: Params, seed: int) -> tuple[Float[np.ndarray, "t k 3"], Float[np.ndarray, "t m 3"]]:
    """The walker's points as the switches have them, and those that mask it."""
    rng = np.random.default_rng(seed)
    places = walker().places
    order, others = rng.permutation(len(DOTS)), masking(places, p.mask, rng)
    places = lagging(places) if p.bug == "joints lag behind" else places
    places = scrambled(places, order) if p.scrambled else places
    return (inverted(places), inverted(others)) if p.inverted else (places, others)


@lab(
    title="Point-light walker",
    topic="bodies",
    place=1,
    source="Johansson 1973; Troje & Westhoff 2006; Winter 1991 for the angles",
    summary="Fourteen moving points, and everyone sees a person",
    portrait=Portrait("dots", steps=20, sets={"sticks": True}),
    views=(
        View("dots", "Points of light", "invert, scramble and mask them"),
        View("body", "Who walks", "drag to turn"),
        View("tracks", "One cycle of each point"),
        View("lengths", "How much limbs change their length", unit="cm"),
    ),
    speed=RATE,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Walks on the spot."""
    model, shown = default_body(), np.zeros(1)
    ctx.track(shown=shown)

    def draw() -> Iterator[Frame]:
        moment = 0 if p.still else ctx.step % FRAMES
        places, others = dots_of(p, ctx.seed)
        if ctx.due("dots"):
            yield draw_dots(p, flat(places[moment], p.yaw), flat(others[moment], p.yaw))
        if ctx.due("body"):
            pose = model.template.new_tensor(walker().pose[moment])[None]
            vertices = z_up(pose_body(model, model.template.new_zeros(1, 1), pose).vertices[0].numpy())
            yield Mesh("body/skin", inverted(vertices) if p.inverted else vertices, model.faces)
            yield Points("body/points", places[moment], colour=1, size=7)
            yield Lines("body/limbs", places[moment][np.array(STICKS)] if p.sticks else np.empty((0, 2, 3)), colour=1)
        if ctx.due("tracks"):
            yield draw_tracks(flat(places, p.yaw))

    ctx.draw_with(draw)
    yield Truth("lengths/in space", 0.0, "bones")
    for _ in ctx.steps(p.steps):
        shown[0] = ctx.step
        places, _ = dots_of(p, ctx.seed)
        yield Scalar("lengths/in space", 100 * spread(places))
        yield Scalar("lengths/in the picture", 100 * spread(flat(places, p.yaw)))


def draw_dots(p: Params, points: Float[np.ndarray, "k 2"], others: Float[np.ndarray, "m 2"]) -> Plot:
    """Points of light, all alike, as an observer sees them."""
    every = np.concatenate([points, others])
    sticks = np.full((len(STICKS) * 3, 2), np.nan)
    sticks[0::3], sticks[1::3] = points[[a for a, _ in STICKS]], points[[b for _, b in STICKS]]
    limbs = (Line(sticks[:, 0], sticks[:, 1], colour=0, width=1.5),) if p.sticks else ()
    x, y = Axis("across", "m", range=(-1.3, 1.3)), Axis("up", "m", range=(-1.3, 1.1))
    kind = " and ".join(
        name for name, on in (("inverted", p.inverted), ("scrambled", p.scrambled), ("still", p.still)) if on
    )
    return Plot("dots", (*limbs, Scatter(every, colour=1, size=9)), x, y, equal=True, note=kind or "upright")


def draw_tracks(points: Float[np.ndarray, "t k 2"]) -> Plot:
    """Where each point goes in one cycle."""
    cycle = np.concatenate([points[:34], np.full((1, points.shape[1], 2), np.nan)])
    path = cycle.transpose(1, 0, 2).reshape(-1, 2)
    middle = points.mean(0)
    layers = (Line(path[:, 0], path[:, 1], "paths", 0), Scatter(middle, label="mean places", colour=1, size=4))
    return Plot("tracks", layers, Axis("across", "m"), Axis("up", "m"), equal=True)


# Proof ----------------------------------------------------------------------------------------------------------------


@check("bones keep their length", tolerance=1e-9, source="curriculum B1", catches="joints that move each on its own")
def lengths(ctx: CheckContext) -> Measured:
    """Mean standard deviation of the limbs' lengths over three cycles, metres; the detail says it for lagging joints."""
    places, _ = dots_of(Params(), ctx.seed)
    return Measured(0.0, spread(places), detail=f"{100 * spread(lagging(places)):.1f} cm where joints lag behind")


@check(
    "inverted, every distance is the same",
    tolerance=1e-12,
    source="a mirror keeps distances",
    catches="an inversion that moves the points",
)
def mirror(ctx: CheckContext) -> Measured:
    """Largest change of a distance between two points at one moment, metres."""

    def distances(p: Params) -> np.ndarray:
        places, _ = dots_of(p, ctx.seed)
        return np.linalg.norm(places[:, :, None] - places[:, None], axis=-1)

    return Measured(0.0, float(abs(distances(Params()) - distances(Params(inverted=True))).max()))


@check(
    "scrambled, every point keeps its speed, and no bone its length",
    tolerance=1e-12,
    source="Troje & Westhoff 2006: local motion is kept",
    catches="points that are shuffled together with their motion",
)
def local(ctx: CheckContext) -> Measured:
    """Largest change of a point's step from one moment to the next, metres; none if bones still have their length."""
    before, after = (dots_of(Params(scrambled=on), ctx.seed)[0] for on in (False, True))
    if spread(after) < 1e-3:
        return Measured(0.0, 1.0, detail="the bones are still there")
    return Measured(0.0, float(abs(np.diff(before, axis=0) - np.diff(after, axis=0)).max()))


@check(
    "the walk repeats", tolerance=1e-9, source="whole cycles", catches="a period that is not a whole number of moments"
)
def repeats(ctx: CheckContext) -> Measured:
    """How far the points of the first cycle are from those of the last, metres."""
    places = walker().places
    ahead = np.concatenate([places, places])[FRAMES : FRAMES + 5]
    again = make_motion("walk", FRAMES + 5, RATE)
    return Measured(
        0.0, float(abs(again.poses[FRAMES:].double().numpy() - walker().pose[:5]).max() + abs(ahead - places[:5]).max())
    )

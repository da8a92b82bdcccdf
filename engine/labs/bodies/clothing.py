r"""The simplest cloth that moves with a body is a piece of its own skin, moved off it: a **layer of displacements**.

$$ T_c(\beta, \theta) = P\big(\bar T + B_S(\beta) + B_P(\theta)\big) + d \odot n, \qquad
   M_c(\beta, \theta) = W\big(T_c(\beta, \theta),\ J(\beta),\ \theta,\ P\,\mathcal{W}\big) $$

$P$ cuts the piece out of the skin along its hems, $n$ are the normals of the body *before* it is posed, $d$ says how far off each place
lies, and $P\,\mathcal{W}$ are the skin's own weights: whatever shapes, poses and moves the body does the same to the cloth, without a word
about forces. That is SMPL + D, which people in clothes are reconstructed with.

## Displace, then pose
The order matters. Normals of the resting body added *after* posing point where the limb pointed before it moved: raise an arm and its
sleeve slides off sideways (the bug “normals not posed”).

## Inside the body
Where an arm comes near the chest or a knee bends, the layer of one limb meets the skin of another. The deepest vertex is now
**{{inside/as skinned}}** mm inside. Afterwards each one is put 2 mm off the nearest skin, in a few rounds, since what leaves one limb may
enter another: **{{inside/pushed out}}** mm. What is still inside where the body folds onto itself is laid onto its own skin.

## What it cannot do
A skirt: it hangs across from leg to leg, and there is no skin between them to displace. Nor does it lag behind, fold where the body bends,
or fall. For those one needs cloth with a mesh of its own.

**Try**: pull a dot off the body in the picture; make it tight and bend; take the pushing out away; leave $B_P$ out of the cloth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Bars,
    Choice,
    Frame,
    Handles,
    Line,
    Measured,
    Mesh,
    Pick,
    Plot,
    Portrait,
    Scalar,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.bodies.clothing import (
    GARMENTS,
    Cut,
    Dressed,
    Garment,
    bumps,
    depth,
    dress,
    generated,
    push_out,
    tailor,
)
from engine.bodies.files import default_body
from engine.bodies.gait import make_motion
from engine.bodies.layouts import SMPL
from engine.bodies.measures import shape_for
from engine.bodies.model import Posed, pose_body
from engine.bodies.picture import y_up, z_up
from engine.bodies.poses import named_pose
from engine.bodies.registration import spread, vertex_normals
from engine.geometry.distance import signed_distance
from engine.geometry.meshes import Surface

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

RATE, PLACES = 30.0, 9
MOTIONS = ("walk", "wave", "squat")
SKIN = np.array([0.80, 0.72, 0.66])
COLOURS = {"T-shirt": 0, "jumper": 0, "shorts": 4, "trousers": 4, "overall": 2}


@dataclass
class Params:
    """What a person sets."""

    garment: Annotated[str, Choice(*GARMENTS, help="Which piece of the skin it is cut from")] = "jumper"
    motion: Annotated[str, Choice(*MOTIONS, "T", "sit", "run", live=True, help="What the body does")] = "walk"
    height: Annotated[float, Slider(145, 200, unit="cm", group="Body", help="Of the body in it")] = 172.0
    weight: Annotated[float, Slider(45, 130, unit="kg", group="Body", help="Of the body in it")] = 68.0
    ease: Annotated[float, Slider(0, 40, live=True, unit="mm", group="Cut", help="How far off the skin it lies")] = 10.0
    flare: Annotated[
        float, Slider(0, 80, live=True, unit="mm", group="Cut", help="How much wider it is at its hems")
    ] = 20.0
    folds: Annotated[float, Slider(0, 20, live=True, unit="mm", group="Cut", help="How deep its folds are")] = 6.0
    brush: Annotated[
        float, Slider(20, 200, live=True, unit="mm", group="Cut", help="How much around a dot goes with it")
    ] = 70.0
    pulled: Annotated[
        tuple[float, ...], Pick(live=True, keeps=True, group="Cut", help="Dots that were pulled off the body")
    ] = ()
    push: Annotated[bool, Toggle(live=True, label="Push out", help="Puts what is inside 2 mm off the skin")] = True
    bug: Annotated[
        str,
        Choice(
            "none",
            "normals not posed",
            "cloth without B_P",
            live=True,
            label="What if it were wrong",
            help="A usual mistake",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many moments are shown, thirty a second")] = 600


class Wardrobe:
    """A garment on a body, and how far each of its dots was pulled off."""

    def __init__(self, p: Params) -> None:
        self.model = default_body()
        self.garment: Garment = tailor(self.model, p.garment)
        self.betas = shape_for(self.model, p.height / 100, p.weight)[None]
        rest = pose_body(self.model, self.betas, torch.zeros(1, 24, 3)).vertices[0].double().numpy()
        self.rest = self.garment.of(rest)
        self.dots, self.heights = spread(self.rest, PLACES), np.zeros(PLACES)
        self.motions = {name: make_motion(name, 240, RATE).poses.float() for name in MOTIONS}
        self._pulled: tuple[float, ...] = ()
        self._key: tuple[object, ...] = ()
        self._now: tuple[Dressed, np.ndarray]

    def pose(self, name: str, moment: int) -> Tensor:
        """`[24, 3]` of a motion's moment, or of a pose that does not move."""
        return self.motions[name][moment % 240] if name in MOTIONS else named_pose(name, SMPL)

    def offsets(self, p: Params) -> Float[np.ndarray, " g"]:
        """d: what the cut says, and what was pulled."""
        cut = Cut(1e-3 * p.ease, 1e-3 * p.flare, 1e-3 * p.folds)
        return generated(self.garment, self.rest, cut) + bumps(
            self.rest, self.rest[self.dots], self.heights, 1e-3 * p.brush
        )

    def at(self, p: Params, moment: int) -> tuple[Dressed, Float[np.ndarray, "g 3"]]:
        """The body and its cloth as it is skinned, and the cloth as it is shown. What was pulled since is taken in first."""
        key = (moment, *(getattr(p, entry.name) for entry in fields(p)))
        if key != self._key:
            with torch.no_grad():
                posed = pose_body(self.model, self.betas, self.pose(p.motion, moment)[None])
            if p.pulled != self._pulled:
                self.take(p, dress(self.model, posed, self.garment, self.offsets(p)))
            dressed = dress(self.model, posed, self.garment, self.offsets(p), p.bug)
            self._key, self._now = key, (dressed, push_out(dressed) if p.push else dressed.cloth)
        return self._now

    def take(self, p: Params, now: Dressed) -> None:
        """How high each dot stands, from where it was brought: only what is along the cloth's normal counts."""
        before = {int(k): place for k, *place in zip(*[iter(self._pulled)] * 4, strict=False)}
        after = {int(k): place for k, *place in zip(*[iter(p.pulled)] * 4, strict=False)}
        normals = vertex_normals(now.cloth, self.garment.faces)[self.dots]
        for dot in (before.keys() | after.keys()) & set(range(PLACES)):
            if dot not in after:
                self.heights[dot] = 0.0
            elif after[dot] != before.get(dot):
                away = y_up(np.array(after[dot])) - now.cloth[self.dots[dot]]
                self.heights[dot] = np.clip(self.heights[dot] + away @ normals[dot], -0.1, 0.4)
        self._pulled = p.pulled


@lab(
    title="Clothes as displacements",
    topic="bodies",
    source="Alldieck et al. 2018, arXiv:1803.04758 (SMPL + D); Loper et al. 2015",
    summary="A piece of the skin, moved off it and skinned like it: dress a body and move it",
    portrait=Portrait("scene", steps=8),
    place=13,
    views=(
        View("scene", "Dressed", "pull a dot: the cloth around it follows"),
        View("inside", "Deepest inside", unit="mm"),
        View("gaps", "How far off the skin"),
        View("rest", "The cut"),
    ),
    speed=RATE,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Moves the body and its cloth, moment by moment."""
    wardrobe = Wardrobe(p)
    ctx.track(heights=wardrobe.heights)
    yield Truth("inside/pushed out", 2.0, "2 mm")

    def draw() -> Iterator[Frame]:
        dressed, cloth = wardrobe.at(p, ctx.step)
        if ctx.due("scene"):
            yield from draw_scene(p, wardrobe, dressed, cloth)
        if ctx.due("gaps"):
            yield draw_gaps(dressed, cloth)
        if ctx.due("rest"):
            yield draw_rest(p, wardrobe)

    ctx.draw_with(draw)
    for step in ctx.steps(p.steps):
        dressed, cloth = wardrobe.at(p, step + 1)  # what is drawn after this step
        yield Scalar("inside/as skinned", deepest(dressed, dressed.cloth))
        yield Scalar("inside/pushed out", deepest(dressed, cloth))


def deepest(dressed: Dressed, cloth: Float[np.ndarray, "g 3"]) -> float:
    """By how much the cloth is inside the body where it is most, millimetres; 0 where it is nowhere."""
    return 1e3 * max(0.0, float(depth(dressed, cloth).max()))


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_scene(p: Params, wardrobe: Wardrobe, dressed: Dressed, cloth: Float[np.ndarray, "g 3"]) -> Iterator[Frame]:
    """The body, its cloth, and the dots by which one pulls it."""
    faces = wardrobe.model.faces.numpy()
    yield Mesh("scene/body", z_up(dressed.body), faces, np.tile(SKIN, (len(dressed.body), 1)))
    inside = int((depth(dressed, cloth) > 0).sum())
    note = f"{len(cloth):,} vertices of cloth, {inside:,} of them inside the body"
    yield Mesh("scene/cloth", z_up(cloth), wardrobe.garment.faces, colour=COLOURS[p.garment], note=note)
    yield Handles("scene/dots", z_up(cloth[wardrobe.dots]), edits="pulled", colour=1)


def draw_gaps(dressed: Dressed, cloth: Float[np.ndarray, "g 3"]) -> Plot:
    """How many vertices lie how far off the skin, as skinned and pushed out."""
    edges = np.linspace(-20, 60, 41)
    middle = 0.5 * (edges[1:] + edges[:-1])
    before, after = (
        100 * np.histogram(-1e3 * depth(dressed, part), edges)[0] / len(part) for part in (dressed.cloth, cloth)
    )
    layers = (
        Bars(middle, after, "shown", 0, 2.0),
        Line(middle, before, "as skinned", 1),
        Line(np.zeros(2), np.array([0.0, max(after.max(), before.max())]), "the skin", 2, dashed=True),
    )
    return Plot("gaps", layers, Axis("off the skin", "mm"), Axis("of the cloth", "%"))


def draw_rest(p: Params, wardrobe: Wardrobe) -> Mesh:
    """The cloth at rest by itself, redder where it lies farther off."""
    offsets = wardrobe.offsets(p)
    share = (offsets / max(float(offsets.max()), 1e-6)).clip(0, 1)[:, None]
    colours = np.array([0.74, 0.75, 0.78]) + share * (np.array([0.90, 0.25, 0.16]) - np.array([0.74, 0.75, 0.78]))
    rest = dress(wardrobe.model, rest_of(wardrobe), wardrobe.garment, offsets).cloth
    note = f"red: {1e3 * float(offsets.max()):.0f} mm off the skin"
    return Mesh("rest/cloth", z_up(rest), wardrobe.garment.faces, colours, note=note)


def rest_of(wardrobe: Wardrobe, pose: Tensor | None = None) -> Posed:
    """The body, not posed or posed, in its shape."""
    with torch.no_grad():
        return pose_body(wardrobe.model, wardrobe.betas, torch.zeros(1, 24, 3) if pose is None else pose[None])


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "after moving, no vertex of the cloth is more than 2 mm inside the body",
    tolerance=0.0,
    source="curriculum B13; exact signed distance (Bærentzen & Aanæs 2005)",
    catches="cloth that is pushed in, not out; one round where a limb enters another",
)
def outside(ctx: CheckContext) -> Measured:
    """The deepest vertex of a walk's moment and of a squat's, millimetres, by the exact distance to the skin's triangles."""
    worst, wardrobe = 0.0, Wardrobe(Params(weight=60.0 + 15 * ctx.seed))
    for motion, moment in (("walk", 8), ("squat", 25)):
        dressed, cloth = wardrobe.at(Params(motion=motion, ease=8.0), moment + 5 * ctx.seed)
        away = signed_distance(Surface(dressed.body, dressed.faces), cloth)
        worst = max(worst, -1e3 * float(away.min()))
    return Measured(2.0, worst, "at most")


@check(
    "at rest the cloth lies d off the skin, along its normal",
    tolerance=1e-6,
    source="M(β, 0) = T̄ + B_S(β): skinning does nothing at rest",
    catches="cloth that is skinned with other weights than it was cut with",
)
def at_rest(ctx: CheckContext) -> Measured:
    """The largest difference from the skin's place plus d n, metres."""
    wardrobe = Wardrobe(Params())
    offsets = ctx.numpy_rng.uniform(0, 0.05, len(wardrobe.rest))
    posed = rest_of(wardrobe)
    normals = wardrobe.garment.of(vertex_normals(posed.rest[0].double().numpy(), wardrobe.model.faces.numpy()))
    wanted = wardrobe.rest + offsets[:, None] * normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return Measured(0.0, float(np.abs(dress(wardrobe.model, posed, wardrobe.garment, offsets).cloth - wanted).max()))


@check(
    "a turn of the whole body turns its cloth",
    tolerance=1e-5,
    source="blend skinning commutes with rigid motions",
    catches="displacements along normals that were not posed",
)
def turns(ctx: CheckContext) -> Measured:
    """The largest distance between the turned cloth and the cloth of the turned body, metres."""
    from engine.bodies.turns import matrices_of

    wardrobe = Wardrobe(Params())
    turn = ctx.numpy_rng.normal(0, 1, 3)
    pose = named_pose("run", SMPL)
    turned = pose.clone()
    turned[0] = torch.from_numpy(turn).float()
    first, second = (
        dress(wardrobe.model, rest_of(wardrobe, each), wardrobe.garment, wardrobe.offsets(Params())).cloth
        for each in (pose, turned)
    )
    pelvis = rest_of(wardrobe).joints[0, 0].double().numpy()
    wanted = (first - pelvis) @ matrices_of(turn).T + pelvis
    return Measured(0.0, float(np.abs(second - wanted).max()))

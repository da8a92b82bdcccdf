"""Clothes as a layer of displacements: a piece of the body's own skin, moved off it and skinned like it.

    T_cloth(β, θ) = P (T̄ + B_S(β) + B_P(θ)) + d ⊙ n,        W(T_cloth, J(β), θ, P 𝒲)

P cuts the piece out along clean hems, n are the normals of the unposed body, d metres. Source: Alldieck et al. 2018, "Video based
reconstruction of 3D people models" (SMPL + D). What motion brings inside the body is pushed out afterwards. Metres, y up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from engine.bodies.layouts import SMPL
from engine.bodies.learning import blend
from engine.bodies.registration import vertex_normals
from engine.geometry.distance import Triangles
from engine.geometry.meshes import Surface

if TYPE_CHECKING:
    from engine.bodies.model import BodyModel, Posed

GAP = 0.002
"""How far off the skin whatever was inside is put, metres."""
GARMENTS = ("T-shirt", "jumper", "shorts", "trousers", "overall")


@dataclass(frozen=True)
class Garment:
    """A piece of the body's skin: each vertex lies between two of the body's, `share` of the way to the second.

    `ends` `[g, 2]`; `faces` into the garment's own vertices; `weights` `[g, J]`; `down` `[g]` from 0 at its top to 1 at its hems.
    """

    ends: Int[np.ndarray, "g 2"]
    share: Float[np.ndarray, " g"]
    faces: Int[np.ndarray, "f 3"]
    weights: Float[np.ndarray, "g j"]
    down: Float[np.ndarray, " g"]

    def of(self, rows: Float[np.ndarray, "v *c"]) -> Float[np.ndarray, "g *c"]:
        """Whatever is known of the body's vertices, of the garment's."""
        share = self.share.reshape(-1, *[1] * (rows.ndim - 1))
        return (1 - share) * rows[self.ends[:, 0]] + share * rows[self.ends[:, 1]]


def tailor(model: BodyModel, name: str) -> Garment:
    """Cuts a garment of `GARMENTS` out of the template."""
    template = model.template.double().numpy()
    inside = _measures(model, template, name)
    ends, share, faces = clip(model.faces.numpy(), inside)
    weights = model.weights.double().numpy()
    piece = Garment(ends, share, faces, weights, np.zeros(len(ends)))
    at = piece.of(template)
    top, arm = at[:, 1].max(), np.abs(at[:, 0]).max()
    down = np.clip((top - at[:, 1]) / max(float(np.ptp(at[:, 1])), 1e-6), 0, 1)
    if name not in ("shorts", "trousers"):  # a sleeve hangs from the shoulder
        shoulder = abs(float(model.joint_template[SMPL.index("left_shoulder"), 0]))
        along = (np.abs(at[:, 0]) - shoulder) / max(arm - shoulder, 1e-6)
        down = np.where(along > 0, along, down)
    return Garment(ends, share, faces, piece.of(weights), down)


def _measures(model: BodyModel, at: Float[np.ndarray, "v 3"], name: str) -> Float[np.ndarray, " v"]:
    """By how much each vertex of the template lies inside the garment's cut, metres; negative outside."""
    joint = {key: model.joint_template[SMPL.index(key)].double().numpy() for key in SMPL.joints}
    x, y, z = at.T
    waist, crotch = joint["spine1"][1], joint["left_hip"][1]
    elbow, wrist = joint["left_elbow"][0], joint["left_wrist"][0]
    knee, ankle = joint["left_knee"][1], joint["left_ankle"][1]
    neckline = joint["neck"][1] + 0.015 - 0.35 * (z - joint["neck"][2]) - y
    sleeve = {"T-shirt": elbow - 0.04, "jumper": wrist - 0.03, "overall": wrist - 0.03}
    hem = {"T-shirt": crotch - 0.02, "jumper": crotch + 0.02, "overall": ankle + 0.03}
    leg = {"shorts": knee + 0.08, "trousers": ankle + 0.03}
    if name in leg:
        return np.minimum(waist + 0.02 - y, y - leg[name])
    return np.minimum.reduce([neckline, sleeve[name] - np.abs(x), y - hem[name]])


def clip(
    faces: Int[np.ndarray, "f 3"], inside: Float[np.ndarray, " v"]
) -> tuple[Int[np.ndarray, "g 2"], Float[np.ndarray, " g"], Int[np.ndarray, "h 3"]]:
    """The part of a mesh where a function of its vertices is positive, triangles cut where it is zero on their edges.

    Returns the new vertices as pairs of old ones and the share of the way between them, and the faces over the new ones.
    """
    inside = np.where(inside == 0, -1e-12, inside)
    pieces: list[tuple[tuple[int, int], ...]] = []
    counts = (inside[faces] > 0).sum(1)
    pieces += [tuple((int(v), int(v)) for v in face) for face in faces[counts == 3]]
    for face in faces[(counts == 1) | (counts == 2)]:
        a, b, c = np.roll(face, -_odd_one(inside[face] > 0)).tolist()  # a alone is in, or alone is out
        ab, ac = (min(a, b), max(a, b)), (min(a, c), max(a, c))
        pieces += [((a, a), ab, ac)] if inside[a] > 0 else [(ab, (b, b), (c, c)), (ab, (c, c), ac)]
    keys = np.array(pieces).reshape(-1, 2)
    ends, index = np.unique(keys, axis=0, return_inverse=True)
    first, second = inside[ends[:, 0]], inside[ends[:, 1]]
    share = np.where(ends[:, 0] == ends[:, 1], 0.0, first / np.where(first == second, 1.0, first - second))
    return ends, share, index.reshape(-1, 3)


def _odd_one(within: np.ndarray) -> int:
    return int(np.flatnonzero(within == (within.sum() == 1))[0])


@dataclass(frozen=True)
class Cut:
    """What a garment is generated with, metres: how wide it is, how much wider at its hems, how deep its folds are."""

    ease: float = 0.012
    flare: float = 0.02
    folds: float = 0.006
    count: int = 7


def generated(garment: Garment, at: Float[np.ndarray, "g 3"], cut: Cut) -> Float[np.ndarray, " g"]:
    """How far each vertex lies off the skin, metres: wider towards the hems, with folds that run down them."""
    around = np.arctan2(at[:, 2], np.abs(at[:, 0]) - np.abs(at[:, 0]).mean())
    wave = 0.5 + 0.5 * np.sin(cut.count * around + 9.0 * at[:, 1])
    return cut.ease + garment.down**2 * (cut.flare + cut.folds * wave)


def bumps(
    at: Float[np.ndarray, "g 3"], places: Float[np.ndarray, "k 3"], heights: Float[np.ndarray, " k"], width: float
) -> Float[np.ndarray, " g"]:
    """What pulling adds: around each place a Gaussian bump of this height, metres."""
    away = np.linalg.norm(at[:, None] - places, axis=2)
    return np.asarray(np.exp(-0.5 * (away / width) ** 2) @ heights)


@dataclass(frozen=True)
class Dressed:
    """A body in its garment at one moment: its skin, the cloth, and the places of the skin that the cloth was cut from. Metres, y up."""

    body: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]
    cloth: Float[np.ndarray, "g 3"]
    under: Float[np.ndarray, "g 3"]

    @cached_property
    def skin(self) -> Triangles:
        """The body, ready to be asked how far it is."""
        return Triangles(Surface(self.body, self.faces))


def above(skin: Triangles, points: Float[np.ndarray, "n 3"]) -> tuple[np.ndarray, np.ndarray]:
    """How far each point is above the plane of the triangle with the nearest middle, metres, and that plane's normal."""
    near = skin.tree.query(points)[1]
    normals = skin.normals[near, 0]
    return ((points - skin.centres[near]) * normals).sum(1), normals


def dress(
    model: BodyModel, posed: Posed, garment: Garment, offsets: Float[np.ndarray, " g"], bug: str = "none"
) -> Dressed:
    """Skins the displaced piece like the body. A bug displaces after posing along normals that were not posed, or leaves B_P out."""
    faces = model.faces.numpy()
    rest = (posed.shaped if bug == "cloth without B_P" else posed.rest)[0].double().numpy()
    along = garment.of(vertex_normals(posed.rest[0].double().numpy(), faces))
    along = offsets[:, None] * along / np.linalg.norm(along, axis=1, keepdims=True)
    frames, joints = posed.frames[0].double().numpy(), posed.rest_joints[0].double().numpy()
    turns = frames[:, :3, :3]
    shifts = frames[:, :3, 3] - (turns @ joints[..., None])[..., 0]
    late = bug == "normals not posed"
    start = garment.of(rest) + (0.0 if late else along)
    cloth = blend(start, garment.weights, (turns[None], shifts[None]))[0] + (along if late else 0.0)
    body = posed.vertices[0].double().numpy()
    return Dressed(body, faces, cloth, garment.of(body))


def depth(dressed: Dressed, cloth: Float[np.ndarray, "g 3"]) -> Float[np.ndarray, " g"]:
    """By how much each vertex of the cloth is inside the body, metres; below zero, how far it is off.

    Exact where one of the eight triangles around is near or above it; elsewhere the height above the nearest one's plane.
    """
    skin = dressed.skin
    near = skin.tree.query(cloth, 8)[1]
    heights = ((cloth[:, None] - skin.centres[near]) * skin.normals[near, 0]).sum(2)
    found, unsure = heights[:, 0], np.flatnonzero(heights.min(1) < GAP)
    found[unsure] = skin.signed_distance(cloth[unsure])
    return -found


def push_out(dressed: Dressed, rounds: int = 4, gap: float = GAP) -> Float[np.ndarray, "g 3"]:
    """The cloth, with whatever is inside the body, or nearer to it than `gap`, put that far off it.

    In several rounds, since what leaves one limb may enter another. What is still inside then, where the body folds onto itself, goes
    back to the place of the skin that it was cut from: of that, nobody is inside.
    """
    cloth = dressed.cloth.copy()
    for _ in range(rounds):
        heights, normals = above(dressed.skin, cloth)
        inside = heights < gap - 1e-9
        if not inside.any():
            break
        cloth[inside] += (gap - heights[inside])[:, None] * normals[inside]
    stuck = depth(dressed, cloth) > 0
    cloth[stuck] = dressed.under[stuck]
    return cloth

"""A survey of hidden people, and the body model that is learned from its scans: shapes, joints, skin.

As SMPL was learned (Loper et al. 2015, section 4): many people in one pose for the shape, a few people in many poses for joints and
skinning weights. The truth is the model that ships, so that everything learned can be held against it. Metres, y up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int

from engine.bodies.files import default_body
from engine.bodies.layouts import SMPL
from engine.bodies.learning import blend, joint_centre, point_regressor, shape_basis, shape_errors, skinning_weights
from engine.bodies.model import pose_body, rest_joints
from engine.bodies.poses import joint_limits
from engine.bodies.registration import (
    Scan,
    Scanner,
    Stage,
    Template,
    bend,
    coarse_template,
    place,
    rigid_motion,
    take_scan,
)

POSED_PEOPLE = 2
HELD_OUT, HELD_OUT_POSES = 12, 6
SPREAD = 0.25
"""Of the shape coefficients: one is the spread over all ages, and these are adults."""
FIXED = tuple(SMPL.index(name) for name in ("left_hand", "right_hand", "left_foot", "right_foot"))
"""Joints that nobody moved during the survey: fingers and toes are too small for its scans."""

Motions = tuple[Float[np.ndarray, "p j 3 3"], Float[np.ndarray, "p j 3"]]


@dataclass(frozen=True)
class Person:
    """One scan's truth: `betas` `[24]` and `pose` `[24, 3]` radians, and whose it is."""

    betas: np.ndarray
    pose: np.ndarray
    subject: int

    @cached_property
    def vertices(self) -> Float[np.ndarray, "w 3"]:
        """The whole body."""
        betas, pose = (torch.from_numpy(part).float()[None] for part in (self.betas, self.pose))
        return pose_body(default_body(), betas, pose).vertices[0].double().numpy()


@dataclass(frozen=True)
class Survey:
    """Who is scanned: first `shapes` people at rest, then the first of them in `poses` poses each. And who is held out."""

    people: tuple[Person, ...]
    shapes: int
    held_out: tuple[Person, ...]
    held_out_poses: tuple[Person, ...]


def make_survey(shapes: int, poses: int, seed: int) -> Survey:
    """People drawn from the shapes that ship, poses within a third of the joints' limits."""
    rng = np.random.default_rng([seed, 17])
    directions = default_body().shapes
    betas = SPREAD * rng.normal(size=(shapes + HELD_OUT, directions))
    still = np.zeros((24, 3))
    at_rest = [Person(shape, still, index) for index, shape in enumerate(betas)]
    posed = [Person(betas[who], drawn_pose(rng), who) for _ in range(poses) for who in range(POSED_PEOPLE)]
    others = tuple(Person(betas[0], drawn_pose(rng), 0) for _ in range(HELD_OUT_POSES))
    return Survey((*at_rest[:shapes], *posed), shapes, tuple(at_rest[shapes:]), others)


def drawn_pose(rng: np.random.Generator) -> Float[np.ndarray, "24 3"]:
    """Every joint turned within a third of its limits, but the hands, the toes and the pelvis."""
    low, high = joint_limits(SMPL)
    pose = rng.uniform(0.35 * low, 0.35 * high)
    pose[[0, *FIXED]] = 0.0
    return pose


@dataclass(frozen=True)
class Learned:
    """A body model, learned from registered bodies: what it is made of, as far as the scans go."""

    mean: Float[np.ndarray, "v 3"]
    directions: Float[np.ndarray, "v 3 s"]


@dataclass(frozen=True)
class Skin:
    """What poses teach: `joints` `[24, 3]` of the first person, the regressor's rows, and each vertex's weights."""

    joints: Float[np.ndarray, "24 3"]
    regressor: Float[np.ndarray, "24 v"]
    weights: Float[np.ndarray, "v 24"]


def learn_shapes(bodies: Float[np.ndarray, "n v 3"], centred: bool = True) -> Learned:
    """Mean and principal directions of bodies at rest."""
    mean = bodies.mean(0) if centred else np.zeros_like(bodies[0])
    return Learned(mean, shape_basis(bodies, mean, max(1, len(bodies) - 1)))


def errors_by_count(
    learned: Learned, bodies: Float[np.ndarray, "n v 3"], counts: Int[np.ndarray, " c"]
) -> Float[np.ndarray, " c"]:
    """Mean distance of held-out bodies from their best likeness with so many directions, metres."""
    each = [shape_errors(bodies, learned.mean, learned.directions[..., :count]).mean() for count in counts if count]
    none = np.linalg.norm(bodies - learned.mean, axis=2).mean()
    return np.array([none, *each] if counts[0] == 0 else each)


def painted_parts(template: Template) -> Int[np.ndarray, " v"]:
    """Which joint's part of the body each vertex belongs to, as an artist would paint it once on the template."""
    weights = default_body().weights.numpy()[template.kept].copy()
    for joint in FIXED:
        weights[:, SMPL.parents[joint]] += weights[:, joint]
        weights[:, joint] = 0.0
    weights[:, [SMPL.index("left_collar"), SMPL.index("right_collar")]] *= 2.5  # else nearly nothing is theirs
    return np.asarray(weights.argmax(1))


def part_motions(
    rest: Float[np.ndarray, "v 3"], posed: Float[np.ndarray, "p v 3"], parts: Int[np.ndarray, " v"]
) -> Motions:
    """How each painted part moved as a whole, in every pose; a part without vertices moves with its parent."""
    count = len(posed)
    turns, shifts = np.tile(np.eye(3), (count, 24, 1, 1)), np.zeros((count, 24, 3))
    for joint, parent in enumerate(SMPL.parents):
        own = parts == joint
        for pose in range(count):
            if own.sum() >= 4:
                turns[pose, joint], shifts[pose, joint] = rigid_motion(rest[own], posed[pose, own])
            elif parent >= 0:
                turns[pose, joint], shifts[pose, joint] = turns[pose, parent], shifts[pose, parent]
    return turns, shifts


def learn_joints(
    template: Template, rest: Float[np.ndarray, "v 3"], motions: Motions, parts: Int[np.ndarray, " v"]
) -> Float[np.ndarray, "24 3"]:
    """Each joint is where its part and its parent's are carried along alike; the root is its part's middle. Metres."""
    joints = np.tile(rest[parts == 0].mean(0), (24, 1))
    for joint, parent in enumerate(SMPL.parents[1:], 1):
        if joint in FIXED:
            joints[joint] = joints[parent]
            continue
        of_parent, of_child = ((motions[0][:, index], motions[1][:, index]) for index in (parent, joint))
        joints[joint] = joint_centre(of_parent, of_child, seam(template, rest, parts, joint), damping=0.004)
    return joints


def seam(template: Template, rest: Float[np.ndarray, "v 3"], parts: np.ndarray, joint: int) -> Float[np.ndarray, "3"]:
    """The middle of the ring where a part meets its parent's; where they do not meet, the middle between them."""
    i, j = template.edges.T
    ring = i[(parts[i] == joint) & (parts[j] == SMPL.parents[joint])]
    if len(ring):
        return np.asarray(rest[ring].mean(0))
    return np.asarray(0.5 * (rest[parts == joint].mean(0) + rest[parts == SMPL.parents[joint]].mean(0)))


def learn_skin(
    template: Template,
    rests: Float[np.ndarray, "s v 3"],
    posed: Float[np.ndarray, "p v 3"],
    subjects: Int[np.ndarray, " p"],
) -> Skin:
    """Joints, regressor and weights from the first people at rest and in their poses."""
    parts, joints, motions = painted_parts(template), [], []
    for subject, rest in enumerate(rests):
        motions.append(part_motions(rest, posed[subjects == subject], parts))
        joints.append(learn_joints(template, rest, motions[-1], parts))
    weights = skinning_weights(rests[0], posed[subjects == 0], motions[0], allowed_parts(parts))
    return Skin(joints[0], regressor_rows(rests, np.stack(joints), parts), weights)


def allowed_parts(parts: Int[np.ndarray, " v"]) -> np.ndarray:
    """A vertex may be moved by its own part, the part's parent, and the part's children. `[v, 24]`."""
    allowed = np.eye(24, dtype=bool)[parts]
    for joint, parent in enumerate(SMPL.parents[1:], 1):
        if joint not in FIXED:
            allowed[parts == joint, parent] = True
            allowed[parts == parent, joint] = True
    return allowed


def regressor_rows(
    rests: Float[np.ndarray, "s v 3"], joints: Float[np.ndarray, "s 24 3"], parts: np.ndarray
) -> np.ndarray:
    """A row of non-negative weights a joint, over the vertices of its part and its parent's around it. `[24, v]`."""
    rows = np.zeros((24, len(parts)))
    for joint, parent in enumerate(SMPL.parents):
        if joint in FIXED:
            continue
        own = (parts == joint) | (parts == parent)
        away = np.where(own, np.linalg.norm(rests[0] - joints[0, joint], axis=1), np.inf)
        rows[joint] = point_regressor(rests, joints[:, joint], away <= np.sort(away)[40])
    return rows


def skin_error(survey: Survey, template: Template, weights: Float[np.ndarray, "v 24"]) -> float:
    """The mean error of the first person's skin in poses held out, skinned with these weights, metres."""
    posed = np.stack([person.vertices[template.kept] for person in survey.held_out_poses])
    rest = survey.people[0].vertices[template.kept]
    moved = blend(rest, weights, part_motions(rest, posed, painted_parts(template)))
    return float(np.linalg.norm(moved - posed, axis=2).mean())


def true_weights(template: Template) -> Float[np.ndarray, "v 24"]:
    """The weights of the model that ships."""
    return default_body().weights.double().numpy()[template.kept]


def true_joints(person: Person) -> Float[np.ndarray, "24 3"]:
    """Where a person's joints are at rest, metres."""
    return rest_joints(default_body(), torch.from_numpy(person.betas).float()[None])[0].double().numpy()


class Work:
    """A survey under way: which scan is bent onto, in so many iterations each, and what was learned from those that are done."""

    def __init__(self, survey: Survey, scanner: Scanner, iterations: int, seed: int) -> None:
        self.survey, self.template, self.iterations = survey, coarse_template(), iterations
        self.at = self.template.rest.copy()
        self.done = np.zeros((len(survey.people), *self.at.shape))
        self.held_out = np.stack([person.vertices for person in survey.held_out])[:, self.template.kept]
        self.true = np.stack([each.vertices for each in survey.people[: survey.shapes]])[:, self.template.kept]
        self._scanner, self._seed = scanner, seed
        self._scan: tuple[int, Scan | None] = (-1, None)
        self._skin: tuple[int, Skin | None] = (0, None)

    def scan(self, index: int) -> Scan:
        """The scan of a person, always the same one."""
        if self._scan[0] != index:
            rng = np.random.default_rng([self._seed, index])
            self._scan = (index, take_scan(self.survey.people[index].vertices, self.template, self._scanner, rng))
        assert self._scan[1] is not None
        return self._scan[1]

    def where(self, step: int) -> tuple[int, int]:
        """Which scan a step works on, and its iteration."""
        return min(step // self.iterations, len(self.done) - 1), step % self.iterations

    def advance(self, step: int, stage: Stage) -> None:
        """One iteration; after a scan's last, the body is put to the others."""
        index, iteration = self.where(step)
        scan = self.scan(index)
        if iteration == 0:
            self.at[:] = place(self.template, scan)
        self.at[:] = bend(self.template, scan, self.at, stage)
        if iteration == self.iterations - 1:
            self.done[index] = self.at

    def off(self, step: int) -> Float[np.ndarray, " v"]:
        """How far each vertex is from where it truly belongs, metres."""
        truth = self.survey.people[self.where(step)[0]].vertices[self.template.kept]
        return np.asarray(np.linalg.norm(self.at - truth, axis=1))

    def finished(self, step: int) -> tuple[Float[np.ndarray, "n v 3"], Float[np.ndarray, "m v 3"]]:
        """The bodies at rest, and those in a pose, that are registered so far."""
        count, shapes = min(step // self.iterations, len(self.done)), self.survey.shapes
        return self.done[: min(count, shapes)], self.done[shapes:count]

    def skin(self, step: int) -> Skin | None:
        """Joints and weights from the poses so far, learned anew after every fourth; none before."""
        rests, posed = self.finished(step)
        whole = len(posed) == len(self.done) - self.survey.shapes
        count = len(posed) if whole else len(posed) // 4 * 4
        if count >= 2 * POSED_PEOPLE and self._skin[0] != count:
            subjects = np.arange(count) % POSED_PEOPLE
            self._skin = (count, learn_skin(self.template, rests[:POSED_PEOPLE], posed[:count], subjects))
        return self._skin[1] if count else None

"""SMPLify: a body found from keypoints in a picture (Bogo et al. 2016), or in space.

First the camera, from the torso; then pose and shape, with priors that grow weaker from stage to stage. The objective is a sum of squares,

    Σ conf ρ(‖Π(x_k) − y_k‖)  +  λ_pose min_c E_c(θ)  +  λ_shape ‖β‖²  +  λ_limits Σ max(0, θ − high, low − θ)²  +  λ_apart Σ overlap²

The last is how far balls in one part of the body are inside balls of another. A body with fingers (SMPLify-X, Pavlakos et al. 2019) has
the hands' joints as more unknowns, of which a prior keeps the size small; they are freed in the last stage. It is solved
with Geman and McClure's robust ρ by reweighting, so that Levenberg and Marquardt's method solves it: the derivatives are differences over a
batch of bodies, one for each unknown. Camera: pixels, x right, y down, looking along +z, the body's y up turned to y down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.bodies.keypoint_body import COCO, SHAPES, KeypointBody
from engine.bodies.layouts import SMPL
from engine.bodies.model import BodyModel, pose_body
from engine.bodies.poses import joint_limits
from engine.bodies.prior import FITTED, PosePrior
from engine.bodies.rotation import matrix_from_vector

_PLACE, _ROOT, _POSE, _SHAPE, _HANDS = slice(0, 3), slice(3, 6), slice(6, 69), slice(69, 79), slice(79, 169)
UNKNOWNS = 69 + SHAPES
"""Of a body without fingers; one with them has 90 more."""
_FLIP = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
_STEP, _NEAR = 1e-6, 0.03
SETTLED = 1e-3


@dataclass(frozen=True)
class Seen:
    """Keypoints of one person: `points` `[K, 2]` pixels or `[K, 3]` metres, `confidence` `[K]` in 0..1 (0: absent).

    `focal` and `centre` of the picture's camera, pixels; not used for points in space.
    """

    points: Float[np.ndarray, "k d"]
    confidence: Float[np.ndarray, " k"]
    focal: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)

    @property
    def in_space(self) -> bool:
        """Whether the keypoints are places rather than pixels."""
        return self.points.shape[1] == 3

    def padded(self, count: int) -> Seen:
        """With so many keypoints: those too many left out, those too few absent."""
        points, confidence = np.zeros((count, self.points.shape[1])), np.zeros(count)
        shared = min(count, len(self.points))
        points[:shared], confidence[:shared] = self.points[:shared], self.confidence[:shared]
        return replace(self, points=points, confidence=confidence)


@dataclass(frozen=True)
class Weights:
    """How much each term counts.

    `robust`: beyond how many units, half per cents of the person's extent in the picture, a keypoint is doubted. `apart`: an overlap of
    a centimetre counts as one; `hands`: how small fingers' turns are kept.
    """

    pose: float = 3.0
    shape: float = 2.0
    limits: float = 10.0
    robust: float = 20.0
    apart: float = 0.3
    hands: float = 1.0


@dataclass(frozen=True)
class Fit:
    """What was found so far: all unknowns, the objective, and what is doing at the moment.

    Unknowns `[79]`: place, root, pose, shape; with fingers `[169]`: their joints too.
    """

    unknowns: Float[np.ndarray, " n"]
    cost: float
    stage: str = ""
    step: int = 0

    @property
    def betas(self) -> Tensor:
        """`[10]`."""
        return torch.from_numpy(self.unknowns[_SHAPE])

    @property
    def pose(self) -> Tensor:
        """`[24, 3]`, with fingers `[52, 3]`: axis-angle, radians."""
        return _pose(torch.from_numpy(self.unknowns[None]))[0]

    @property
    def place(self) -> Tensor:
        """`[3]` metres: where the pelvis's rest place is, in the camera's frame (in space: the translation)."""
        return torch.from_numpy(self.unknowns[_PLACE])


def in_camera(body: KeypointBody, unknowns: Float[Tensor, "b n"]) -> Float[Tensor, "b k 3"]:
    """Keypoints in the camera's frame, metres."""
    return body(unknowns[:, _SHAPE], _pose(unknowns)) * _FLIP + unknowns[:, None, _PLACE]


def projected(points: Float[Tensor, "*b k 3"], seen: Seen) -> Float[Tensor, "*b k 2"]:
    """Pixels; a point behind the camera is held just before it."""
    depth = points[..., 2:].clamp_min(0.05)
    return seen.focal * points[..., :2] / depth + torch.tensor(seen.centre, dtype=points.dtype)


def camera_vertices(model: BodyModel, fit: Fit) -> Float[np.ndarray, "v 3"]:
    """The whole body in the camera's frame, metres."""
    posed = pose_body(model, fit.betas[None].to(model.dtype), fit.pose[None].to(model.dtype))
    return posed.vertices[0].numpy() * _FLIP.numpy() + fit.place.numpy()


def _pose(unknowns: Float[Tensor, "b n"]) -> Float[Tensor, "b j 3"]:
    """Every joint's turn; the two stiff hands of a body without fingers do not turn."""
    fingers = unknowns.shape[1] > UNKNOWNS
    hands = unknowns[:, _HANDS] if fingers else torch.zeros(len(unknowns), 6, dtype=unknowns.dtype)
    return torch.cat([unknowns[:, _ROOT], unknowns[:, _POSE], hands], 1).unflatten(1, (-1, 3))


# The objective --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """All that the objective needs beside the unknowns. `unit`: what counts as one, pixels or metres."""

    body: KeypointBody
    seen: Seen
    prior: PosePrior
    weights: Weights
    unit: float

    def misses(self, unknowns: Float[Tensor, "b n"]) -> Float[Tensor, "b k d"]:
        """Keypoints less what was seen, in units; only those that were seen."""
        goal = torch.from_numpy(self.seen.points)
        if self.seen.in_space:
            points = self.body(unknowns[:, _SHAPE], _pose(unknowns)) + unknowns[:, None, _PLACE]
        else:
            points = projected(in_camera(self.body, unknowns), self.seen)
        return (points - goal) / self.unit

    def residuals(
        self, unknowns: Float[Tensor, "b n"], trust: Tensor, component: int, pairs: Tensor | None = None
    ) -> Float[Tensor, "b r"]:
        """Everything whose squares are summed.

        `trust` `[K]` is how much each keypoint counts after reweighting, `pairs` are the balls to keep apart (None: not one).
        """
        pose = unknowns[:, _POSE]
        offsets = (pose - torch.from_numpy(self.prior.means[component])) @ torch.from_numpy(
            self.prior.whiten[component]
        )
        low, high = _limits()
        beyond = (pose - high).clamp_min(0) + (low - pose).clamp_min(0)
        terms = [
            (trust.sqrt()[:, None] * self.misses(unknowns)).flatten(1),
            self.weights.pose**0.5 * 0.3 * offsets,
            self.weights.limits**0.5 * 10 * beyond,
            self.weights.shape**0.5 * unknowns[:, _SHAPE],
        ]
        if self.body.has_fingers:
            terms.append(self.weights.hands**0.5 * unknowns[:, _HANDS])
        if pairs is not None and len(pairs):
            overlaps = self.body.balls.overlaps(unknowns[:, _SHAPE], _pose(unknowns), pairs)
            terms.append(self.weights.apart**0.5 * 100 * overlaps)
        return torch.cat(terms, 1)

    def pairs(self, unknowns: Float[Tensor, "1 n"]) -> Tensor | None:
        """The balls that a step from here might bring together."""
        return self.body.balls.close(unknowns[:, _SHAPE], _pose(unknowns), _NEAR) if self.weights.apart else None

    def trust(self, unknowns: Float[Tensor, "b n"]) -> Tensor:
        """Geman and McClure's weight of each keypoint at these unknowns, times its confidence."""
        square = self.misses(unknowns)[0].square().sum(-1)
        return (
            torch.from_numpy(self.seen.confidence) * (self.weights.robust**2 / (self.weights.robust**2 + square)) ** 2
        )


@cache
def _limits() -> tuple[Tensor, Tensor]:
    low, high = joint_limits(SMPL)[:, FITTED].reshape(2, -1)
    return torch.from_numpy(low), torch.from_numpy(high)


def make_problem(body: KeypointBody, seen: Seen, prior: PosePrior, weights: Weights) -> Problem:
    """The unit is half a per cent of the person's extent, so that the weights mean the same in every picture."""
    known = seen.confidence > 0
    points = np.where(np.isfinite(seen.points), seen.points, 0.0)
    extent = float(np.linalg.norm(np.ptp(points[known], axis=0))) if known.any() else 1.0
    confidence = np.where(np.isfinite(seen.points).all(1), seen.confidence, 0.0)
    clean = replace(seen, points=points.astype(np.float64), confidence=confidence.astype(np.float64))
    return Problem(body, clean, prior, weights, 0.005 * max(extent, 1e-6))


# Solving --------------------------------------------------------------------------------------------------------------


def levenberg(problem: Problem, start: Fit, free: list[int], iterations: int, stage: str) -> Iterator[Fit]:
    """Levenberg and Marquardt's method over the free unknowns; yields after each step that made the objective smaller."""
    at, damping = torch.from_numpy(start.unknowns.copy()), 1e-2
    directions = torch.zeros(len(free), len(at), dtype=torch.float64)
    directions[range(len(free)), free] = _STEP
    for step in range(iterations):
        trust = problem.trust(at[None])
        component = problem.prior.nearest(at[_POSE].numpy())
        pairs = problem.pairs(at[None]) if len(free) > 6 else None  # a rigid motion brings nothing together
        batch = problem.residuals(torch.cat([at[None], at + directions]), trust, component, pairs)
        here, slope = batch[0], (batch[1:] - batch[0]) / _STEP
        normal, pull = slope @ slope.T, slope @ here
        cost = float(here.square().sum())
        for _ in range(6):
            damped = normal + damping * torch.diag(normal.diagonal() + 1e-6)
            moved = at.clone()
            moved[free] -= torch.linalg.solve(damped, pull)
            after = float(problem.residuals(moved[None], trust, component, pairs).square().sum())
            if after < cost:
                break
            damping *= 4
        else:
            return
        at, damping = moved, max(damping / 5, 1e-7)
        yield Fit(at.numpy().copy(), after, stage, step)
        if cost - after < SETTLED * cost:
            return


def first_guesses(problem: Problem) -> list[Fit]:
    """Every component's mean pose in sixteen directions, placed by a similarity in the picture (Π without perspective), the likest first.

    Keypoints of which none was seen leave the likeliest pose, three metres away.
    """
    prior, seen, known = problem.prior, problem.seen, problem.seen.confidence > 0
    unknowns = np.zeros((len(prior.means), problem.body.unknowns))
    unknowns[:, _POSE] = prior.means
    if not known.any():
        unknowns[:, 2] = 0.0 if seen.in_space else 3.0
        return [Fit(unknowns[prior.levels.argmin()], np.inf)]
    still = problem.body(torch.zeros(len(unknowns), SHAPES, dtype=torch.float64), _pose(torch.from_numpy(unknowns)))
    found = []
    for yaw in np.linspace(-np.pi, np.pi, 16, endpoint=False):
        turn = matrix_from_vector(torch.tensor([0.0, yaw, 0.0], dtype=torch.float64))
        for component, points in enumerate((still @ turn.T).numpy()):
            place, cost = _placed(points[known], problem, known)
            fit = unknowns[component].copy()
            fit[_ROOT], fit[_PLACE] = (0.0, yaw, 0.0), place
            found.append(Fit(fit, cost + 2 * prior.levels[component], STAGES[0][0]))
    return sorted(found, key=lambda each: each.cost)


def _placed(points: Float[np.ndarray, "k 3"], problem: Problem, known: np.ndarray) -> tuple[np.ndarray, float]:
    """Where points belong so that they look most like what was seen, and what that costs."""
    seen, trust = problem.seen, problem.seen.confidence[known][:, None]
    goal = seen.points[known]
    flat = points if seen.in_space else (points * _FLIP.numpy())[:, :2]
    goal_mean, flat_mean = ((trust * part).sum(0) / trust.sum() for part in (goal, flat))
    ahead, wanted = flat - flat_mean, goal - goal_mean
    scale = 1.0
    if not seen.in_space:
        farthest, nearest = seen.focal / 100.0, seen.focal / 0.5
        likest = float((trust * ahead * wanted).sum() / max((trust * ahead**2).sum(), 1e-12))
        scale = float(np.clip(likest, farthest, nearest))
    cost = float((trust * (scale * ahead - wanted) ** 2).sum()) / problem.unit**2
    if seen.in_space:
        return goal_mean - flat_mean, cost
    depth = seen.focal / scale
    middle = (goal_mean - seen.centre) * depth / seen.focal - flat_mean
    return np.array([middle[0], middle[1], depth]), cost


STAGES = (("camera", 6.0), ("pose, held tightly", 12.0), ("pose and shape", 3.0), ("pose and shape, freed", 1.0))
"""What each stage solves for, and how many times the pose and shape priors count in it."""
STARTS = (8, 3, 2, 1, 1)
"""How many first guesses there are, and how many go on after each stage."""


def fit_stages(
    body: KeypointBody, seen: Seen, prior: PosePrior, weights: Callable[[], Weights] | None = None, iterations: int = 30
) -> Iterator[Fit]:
    """The whole fit; yields after every step. `weights` is asked again at each stage, so that they can be moved meanwhile.

    The camera is found for the likest first guesses; the best few of them go on, and fewer after the pose's first stage. The last fit
    that is yielded is the best.
    """
    asked = weights or Weights

    def problem_at(factor: float, doubt: float, hands: bool) -> Problem:
        base = asked()
        return make_problem(
            body,
            seen
            if hands
            else replace(seen, confidence=np.where(np.arange(len(seen.points)) < COCO, seen.confidence, 0.0)),
            prior,
            replace(base, pose=factor * base.pose, shape=factor * base.shape, robust=doubt * base.robust),
        )

    wide = problem_at(STAGES[0][1], 5.0, hands=False)
    fits, kept = first_guesses(wide)[: STARTS[0]], STARTS[1:]
    for number, (stage, factor) in enumerate(STAGES):
        last_stage = number == len(STAGES) - 1
        problem = problem_at(factor, 5.0 if number == 0 else 1.0 if last_stage else 3.0, hands=last_stage)
        free = list(range(6 if number == 0 else body.unknowns if last_stage else UNKNOWNS))
        after = []
        for fit in fits:
            last = fit
            for last in levenberg(problem, fit, free, 10 if number == 0 else iterations, stage):
                yield last
            after.append(last)
        fits = sorted(after, key=lambda each: each.cost)[: kept[number]]
    yield replace(fits[0], stage="done")


def refine(body: KeypointBody, seen: Seen, prior: PosePrior, weights: Weights, start: Fit) -> Iterator[Fit]:
    """Goes on from a fit after keypoints or weights were moved."""
    problem, last = make_problem(body, seen, prior, weights), start
    for last in levenberg(problem, start, list(range(body.unknowns)), 30, STAGES[-1][0]):
        yield last
    yield replace(last, stage="done")


def fit_keypoints(body: KeypointBody, seen: Seen, prior: PosePrior, weights: Weights | None = None) -> Fit:
    """The fit at its end."""
    return list(fit_stages(body, seen, prior, (lambda: weights) if weights else None))[-1]


def reprojection(body: KeypointBody, fit: Fit, seen: Seen) -> Float[np.ndarray, " k"]:
    """How far each keypoint falls from where it was seen: pixels, or metres in space; NaN for an absent one."""
    points = torch.from_numpy(fit.unknowns[None])
    found = body(points[:, _SHAPE], _pose(points)) + points[:, None, _PLACE] if seen.in_space else None
    found = projected(in_camera(body, points), seen) if found is None else found
    away = np.linalg.norm(found[0].numpy() - seen.points, axis=1)
    return np.where(seen.confidence > 0, away, np.nan)


def aligned_error(found: Float[np.ndarray, "k 3"], truth: Float[np.ndarray, "k 3"]) -> float:
    """Mean distance after the best rotation, scale and shift (Procrustes), metres."""
    a, b = found - found.mean(0), truth - truth.mean(0)
    u, s, vt = np.linalg.svd(a.T @ b)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (s * sign).sum() / max((a**2).sum(), 1e-12)
    return float(np.linalg.norm(scale * a @ (u * sign) @ vt - b, axis=1).mean())

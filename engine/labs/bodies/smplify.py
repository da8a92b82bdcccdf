r"""A picture is flat, and yet seventeen points in it nearly say how a person stands. **SMPLify** asks which body would have put them there.

$$ E(\beta, \theta, t) = \underbrace{\sum_k c_k\,\rho\big(\lVert \Pi(x_k(\beta,\theta) + t) - y_k \rVert\big)}_{\text{data}}
   + \lambda_\theta \underbrace{\min_m E_m(\theta)}_{\text{poses people take}}
   + \lambda_\beta \lVert \beta \rVert^2
   + \lambda_l \sum_i \max(0,\ \theta_i - h_i,\ l_i - \theta_i)^2 $$

## Data
$x_k$ is a keypoint of the body, $y_k$ where it was seen, $c_k$ how sure one is of it, and $\Pi$ the camera. The robust
$\rho(r) = r^2 / (1 + r^2/\sigma^2)$ of Geman and McClure stops pulling where a keypoint is hopelessly wrong: set $\sigma$ high and one wild
point bends the whole body.

## Priors
One view leaves depth open: an arm that points at the camera looks like one that points away. What decides is which poses people take: a
mixture of eight Gaussians, of which the nearest counts. It was learned from generated poses, since the usual motion capture may not be
shipped. With $\lambda_\theta = 0$ the points are met better and the body is **{{joints/aligned}}** mm off in space.

## Stages
First the camera and the direction that the person faces, from each component's mean pose in sixteen directions; then the pose, held tightly
by its prior; then pose and shape, ever more freely. Coarse to fine: the tight prior keeps the fit out of wrong valleys.

## How it is solved
Every term is a square, so that Levenberg and Marquardt's method applies: with residuals $r$ and their derivatives $J$ each step solves
$(J^\top J + \mu D)\,\delta = -J^\top r$. The derivatives are differences over a batch of 79 bodies. No vertex is ever computed: a keypoint
is a weighted mean of skinned vertices, so the weights' moments about each joint are all it takes.

The re-projection error is now **{{error/reprojection}}** px.

**Try**: set the pose prior to zero and turn the scene to the side; swap left and right; give a keypoint a wild place by clicking far away.
Use a picture of your own: choose a keypoint, click where it is, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from torch import Tensor

from engine.api import (
    Axis,
    Bars,
    Choice,
    File,
    Frame,
    Keypoints,
    Lines,
    Measured,
    Mesh,
    Pick,
    Picture,
    Plot,
    Points,
    Portrait,
    Scalar,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.api.errors import DataError
from engine.api.params import PICTURE_SUFFIXES
from engine.bodies.files import default_body
from engine.bodies.fitting import (
    UNKNOWNS,
    Fit,
    Seen,
    Weights,
    aligned_error,
    camera_vertices,
    fit_keypoints,
    fit_stages,
    in_camera,
    projected,
    refine,
    reprojection,
)
from engine.bodies.keypoint_body import KeypointBody, default_keypoints
from engine.bodies.keypoints import FOCAL, read_keypoints
from engine.bodies.layouts import KEYPOINT_BONES, KEYPOINTS
from engine.bodies.picture import overlay
from engine.bodies.prior import FITTED, default_prior, generate_poses

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

SIZE, COUNT = 512, 17
BONES = np.array([bone for bone in KEYPOINT_BONES if max(bone) < COUNT])
SWAPPED = [
    KEYPOINTS.index(name.replace("left", "~").replace("right", "left").replace("~", "right"))
    for name in KEYPOINTS[:COUNT]
]
SEEN_COLOUR, FOUND_COLOUR = 1, 0


@dataclass
class Params:
    """What a person sets."""

    person: Annotated[int, Slider(0, 49, help="Which of fifty generated people stands before the camera")] = 0
    picture: Annotated[
        str, File(*PICTURE_SUFFIXES, kind="picture", label="Own picture", help="A person in a picture of yours")
    ] = ""
    keypoints: Annotated[
        str,
        File(".json", kind="keypoints", label="Keypoint file", help="COCO keypoints of your picture, if you have them"),
    ] = ""
    noise: Annotated[float, Slider(0, 20, unit="px", help="How far each keypoint was seen from its place")] = 0.0
    missing: Annotated[int, Slider(0, 12, help="How many of the keypoints nobody saw")] = 0
    joint: Annotated[
        str,
        Choice(
            *KEYPOINTS[:COUNT], live=True, group="Keypoints", help="The keypoint that a click in the picture places"
        ),
    ] = "left_wrist"
    place: Annotated[
        tuple[float, ...], Pick(live=True, group="Keypoints", help="Where it was placed in the picture")
    ] = ()
    pose_prior: Annotated[
        float, Slider(0, 60, live=True, group="Weights", label="Pose prior λ_θ", help="How much likely poses count")
    ] = 3.0
    shape_prior: Annotated[
        float, Slider(0, 60, live=True, group="Weights", label="Shape prior λ_β", help="How much ordinary shapes count")
    ] = 2.0
    limits: Annotated[
        float,
        Slider(0, 60, live=True, group="Weights", label="Joint limits λ_l", help="How much bending beyond them costs"),
    ] = 10.0
    robust: Annotated[
        float,
        Slider(
            1, 200, log=True, live=True, group="Weights", label="Robust σ", help="Half per cents of the person's extent"
        ),
    ] = 20.0
    bug: Annotated[
        str,
        Choice(
            "none",
            "left and right swapped",
            "focal ×4",
            live=True,
            label="What if it were wrong",
            help="A usual mistake",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 2000, log=True, help="How many steps of the solver are made")] = 80


@dataclass(frozen=True)
class Subject:
    """A picture, what was seen in it, and for a generated person the truth."""

    pixels: np.ndarray
    seen: Seen
    truth: Fit | None


def generated(body: KeypointBody, number: int, noise: float, missing: int, rng: np.random.Generator) -> Subject:
    """A body of the prior's kind, not one that it was learned from, in a picture of its own."""
    draw = np.random.default_rng(1000 + number)
    unknowns = np.zeros(UNKNOWNS)
    unknowns[6:69] = generate_poses(1, draw)[0, FITTED].ravel()
    unknowns[:6] = *draw.normal(0, 0.05, 2), 2.5, 0.0, draw.uniform(-0.7, 0.7), 0.0
    unknowns[69:] = draw.normal(0, 0.4, 10)
    camera = Seen(np.zeros((COUNT, 2)), np.ones(COUNT), FOCAL * SIZE, (SIZE / 2, SIZE / 2))
    points = projected(in_camera(body, torch.from_numpy(unknowns[None])), camera)[0].numpy()
    sure = np.ones(COUNT)
    sure[rng.permutation(COUNT)[:missing]] = 0.0
    seen = replace(camera, points=points + rng.normal(0, noise, points.shape), confidence=sure)
    truth = Fit(unknowns, 0.0)
    grey = np.full((SIZE, SIZE, 3), 52, np.uint8)
    pixels = overlay(grey, camera_vertices(default_body(), truth), default_body().faces.numpy(), seen.focal, 1.0)
    return Subject(np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8), seen, truth)


def own(p: Params, ctx: Context) -> Subject:
    """The person's own picture, with its file of keypoints or none yet. Raises DataError."""
    from PIL import Image

    try:
        image = Image.open(p.picture).convert("RGB")
    except OSError as error:
        raise DataError(f"“{Path(p.picture).name}” cannot be read as a picture.") from error
    if not p.keypoints:  # a file of keypoints counts the pixels of the whole picture
        image.thumbnail((2 * SIZE, 2 * SIZE))
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    if p.keypoints:
        seen, notes = read_keypoints(Path(p.keypoints), width, height)
        for note in notes:
            ctx.say(note)
        return Subject(pixels, seen, None)
    empty = Seen(np.zeros((COUNT, 2)), np.zeros(COUNT), FOCAL * max(width, height), (width / 2, height / 2))
    return Subject(pixels, empty, None)


def weights_of(p: Params) -> Weights:
    """The sliders."""
    return Weights(p.pose_prior, p.shape_prior, p.limits, p.robust)


class Search:
    """The fit while it goes on; starts anew from where it is when keypoints or weights are moved."""

    def __init__(self, p: Params, body: KeypointBody, subject: Subject) -> None:
        self.subject, self.placed = subject, (subject.seen.points.copy(), subject.seen.confidence.copy())
        self.body, self.prior = body, default_prior()
        self.fit = Fit(np.zeros(UNKNOWNS), 0.0, "waiting for keypoints")
        self._key = self._wish(p)
        self._fits = self._begin(p, whole=True)

    def _wish(self, p: Params) -> tuple[object, ...]:
        return (*weights_of(p).__dict__.values(), p.bug, p.place)

    def seen(self, p: Params) -> Seen:
        """What the solver is told: with a bug, something else than what was seen."""
        points, sure = self.placed
        order = SWAPPED if p.bug == "left and right swapped" else list(range(COUNT))
        focal = self.subject.seen.focal * (4 if p.bug == "focal ×4" else 1)
        return replace(self.subject.seen, points=points[order], confidence=sure[order], focal=focal)

    def _begin(self, p: Params, whole: bool) -> Iterator[Fit]:
        seen = self.seen(p)
        if (seen.confidence > 0).sum() < 3:
            return iter(())
        if whole or not self.fit.unknowns[2]:
            return fit_stages(self.body, seen, self.prior, lambda: weights_of(p))
        return refine(self.body, seen, self.prior, weights_of(p), self.fit)

    def advance(self, p: Params) -> Fit:
        """One more step, after whatever the person moved."""
        wish = self._wish(p)
        if wish != self._key:
            whole = wish[4] != self._key[4]  # another bug is another problem
            if p.place and wish[5] != self._key[5]:
                index = KEYPOINTS.index(p.joint)
                self.placed[0][index], self.placed[1][index] = p.place[:2], 1.0
            self._key, self._fits = wish, self._begin(p, whole)
        self.fit = next(self._fits, self.fit)
        return self.fit

    def settle(self, p: Params) -> Fit:
        """All steps at once, for a change after the run has ended."""
        if self._wish(p) != self._key:
            self.advance(p)
            self.fit = [self.fit, *self._fits][-1]
        return self.fit


@lab(
    title="SMPLify",
    topic="bodies",
    place=9,
    source="Bogo et al. 2016, Keep it SMPL, arXiv:1607.08128",
    summary="Find a body from seventeen points in a picture",
    portrait=Portrait("picture", steps=80),
    views=(
        View("picture", "Picture", "choose a keypoint at the left and click where it is"),
        View("scene", "From anywhere", "drag to turn: is the depth right, too?"),
        View("error", "Re-projection", unit="px", log=True),
        View("joints", "In space", unit="mm"),
        View("residuals", "Keypoint by keypoint"),
    ),
    speed=25,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Fits step by step; a resumed run goes through the same steps again, which takes no time."""
    body = default_keypoints()
    subject = own(p, ctx) if p.picture else generated(body, p.person, p.noise, p.missing, ctx.numpy_rng)
    search = Search(p, body, subject)
    unknowns = torch.zeros(UNKNOWNS, dtype=torch.float64)
    ctx.track(unknowns=unknowns)
    for _ in range(ctx.step):
        search.advance(p)

    def draw() -> Iterator[Frame]:
        fit = search.settle(p)
        if ctx.due("picture"):
            yield draw_picture(p, search, fit)
        if ctx.due("scene"):
            yield from draw_scene(subject, fit)
        if ctx.due("residuals"):
            yield draw_residuals(p, search, fit)

    if subject.truth is not None:
        mean = Fit(np.zeros(UNKNOWNS), 0.0)
        mean.unknowns[6:69] = default_prior().means[default_prior().levels.argmin()]
        yield Truth("joints/aligned", 1e3 * off_by(body, mean, subject.truth), "the mean pose")
    yield Truth("error/reprojection", 2.0, "2 px")
    for _ in ctx.steps(p.steps):
        fit = search.advance(p)
        if ctx.step == 0:
            ctx.draw_with(draw)
        unknowns.copy_(torch.from_numpy(fit.unknowns))
        away = reprojection(body, fit, search.seen(p))
        yield Scalar("error/reprojection", float(np.nanmean(away)) if np.isfinite(away).any() else 0.0)
        yield Scalar("joints/aligned", 1e3 * off_by(body, fit, subject.truth) if subject.truth else 0.0)


def off_by(body: KeypointBody, fit: Fit, truth: Fit) -> float:
    """Mean distance of the keypoints in space after the best rotation, scale and shift, metres."""
    points = [in_camera(body, torch.from_numpy(each.unknowns[None]))[0].numpy() for each in (fit, truth)]
    return aligned_error(points[0], points[1])


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_picture(p: Params, search: Search, fit: Fit) -> Picture:
    """The body over the picture, keypoints as they were seen and as the body has them."""
    seen, pixels = search.seen(p), search.subject.pixels
    layers = [Keypoints(seen.points, BONES[(seen.confidence[BONES] > 0).all(1)], seen.confidence, colour=SEEN_COLOUR)]
    if fit.unknowns[2]:
        pixels = overlay(pixels, camera_vertices(default_body(), fit), default_body().faces.numpy(), seen.focal, 0.6)
        found = projected(in_camera(search.body, torch.from_numpy(fit.unknowns[None])), seen)[0].numpy()
        layers.append(Keypoints(found, BONES, colour=FOUND_COLOUR))
    return Picture("picture", pixels, tuple(layers), edits="place", note=fit.stage)


def draw_scene(subject: Subject, fit: Fit) -> Iterator[Frame]:
    """The body as the camera's neighbour sees it, and where the true joints are."""
    turn = np.array([[0, 0, -1.0], [1, 0, 0], [0, -1, 0]])  # z up, towards the camera along +x
    middle = fit.place.numpy()
    yield Mesh("scene/body", (camera_vertices(default_body(), fit) - middle) @ turn.T, default_body().faces)
    if subject.truth is not None:
        body = default_keypoints()
        true, found = (
            in_camera(body, torch.from_numpy(each.unknowns[None]))[0].numpy() for each in (subject.truth, fit)
        )
        true = (true - true.mean(0) + found.mean(0) - middle) @ turn.T
        yield Points("scene/truth", true, colour=SEEN_COLOUR, size=6, note="orange: the true keypoints")
        yield Lines("scene/bones", true[BONES], colour=SEEN_COLOUR)


def draw_residuals(p: Params, search: Search, fit: Fit) -> Plot:
    """How far each keypoint is off in the picture, and how far one must be to be doubted."""
    away = np.nan_to_num(reprojection(search.body, fit, search.seen(p)))
    x = np.arange(COUNT, dtype=float)
    short = [name.replace("left_", "l ").replace("right_", "r ") for name in KEYPOINTS[:COUNT]]
    ticks = tuple((float(k), short[k]) for k in range(0, COUNT, 2))
    return Plot("residuals", (Bars(x, away, "off by"),), Axis("", ticks=ticks), Axis("off by", "px"), note=fit.stage)


# Proof ----------------------------------------------------------------------------------------------------------------


def found(ctx: CheckContext, number: int, weights: Weights | None = None) -> tuple[KeypointBody, Subject, Fit]:
    """A generated person, fitted."""
    body = default_keypoints()
    subject = generated(body, number + 7 * ctx.seed, 0.0, 0, ctx.numpy_rng)
    return body, subject, fit_keypoints(body, subject.seen, default_prior(), weights)


@check(
    "the body meets its keypoints",
    tolerance=0.0,
    source="Bogo et al. 2016; curriculum B9",
    catches="a data term that is lost among the priors",
)
def meets(ctx: CheckContext) -> Measured:
    """Mean re-projection error, pixels."""
    body, subject, fit = found(ctx, 0)
    return Measured(2.0, float(reprojection(body, fit, subject.seen).mean()), "at most")


@check(
    "in space it is nearer than the mean pose",
    tolerance=0.0,
    source="one view leaves depth open; the prior decides",
    catches="a pose prior that pulls nowhere",
)
def nearer(ctx: CheckContext) -> Measured:
    """The mean over two people of the aligned error, as a share of the mean pose's."""
    shares = []
    for number in (1, 2):
        body, subject, fit = found(ctx, number)
        assert subject.truth is not None
        mean = Fit(np.zeros(UNKNOWNS), 0.0)
        mean.unknowns[6:69] = default_prior().means[default_prior().levels.argmin()]
        shares.append(off_by(body, fit, subject.truth) / off_by(body, mean, subject.truth))
    return Measured(0.6, float(np.mean(shares)), "at most")


@check(
    "from keypoints in space it is within 5 mm",
    tolerance=0.0,
    source="curriculum B9",
    catches="a shape that is never fitted",
)
def in_space(ctx: CheckContext) -> Measured:
    """Mean distance of the keypoints, metres."""
    body = default_keypoints()
    truth = generated(body, 3 + ctx.seed, 0.0, 0, ctx.numpy_rng).truth
    assert truth is not None
    points: Tensor = body(truth.betas[None], truth.pose[None])[0]
    seen = Seen(points.numpy(), np.ones(COUNT))
    return Measured(5e-3, float(reprojection(body, fit_keypoints(body, seen, default_prior()), seen).mean()), "at most")

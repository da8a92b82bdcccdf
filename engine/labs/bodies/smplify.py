r"""A picture is flat, and yet seventeen points in it nearly say how a person stands. **SMPLify** asks which body would have put them there.

$$ E(\beta, \theta, t) = \underbrace{\sum_k c_k\,\rho\big(\lVert \Pi(x_k(\beta,\theta) + t) - y_k \rVert\big)}_{\text{data}}
   + \lambda_\theta \underbrace{\min_m E_m(\theta)}_{\text{poses people take}}
   + \lambda_\beta \lVert \beta \rVert^2
   + \lambda_l \sum_i \max(0,\ \theta_i - h_i,\ l_i - \theta_i)^2
   + \lambda_a \sum_{ij} \max(0,\ r_i + r_j - \lVert b_i - b_j \rVert)^2 $$

## Data
$x_k$ is a keypoint of the body, $y_k$ where it was seen, $c_k$ how sure one is of it, and $\Pi$ the camera. The robust
$\rho(r) = r^2 / (1 + r^2/\sigma^2)$ of Geman and McClure stops pulling where a keypoint is hopelessly wrong: set $\sigma$ high and one wild
point bends the whole body.

## Priors
One view leaves depth open: an arm that points at the camera looks like one that points away. What decides is which poses people take: a
mixture of eight Gaussians, of which the nearest counts. It was learned from generated poses, since the usual motion capture may not be
shipped. With $\lambda_\theta = 0$ the points are met better and the body is **{{joints/aligned}}** mm off in space.

Nobody's hand is inside the hip: balls $b_i$ of radius $r_i$ fill the body, and balls of different parts must not overlap.

## Stages
First the camera and the direction that the person faces, from each component's mean pose in sixteen directions; then the pose, held tightly
by its prior; then pose and shape, ever more freely. Coarse to fine: the tight prior keeps the fit out of wrong valleys.

## How it is solved
Every term is a square, so that Levenberg and Marquardt's method applies: with residuals $r$ and their derivatives $J$ each step solves
$(J^\top J + \mu D)\,\delta = -J^\top r$. The derivatives are differences over a batch of 79 bodies. No vertex is ever computed: a keypoint
is a weighted mean of skinned vertices, so the weights' moments about each joint are all it takes.

The re-projection error is now **{{error/reprojection}}** px.

**Try**: set the pose prior to zero and turn the scene to the side; swap left and right; drag a keypoint to a wild place. Use a picture of
your own: choose a keypoint, click where it is, and so on. With a file of OpenPose that has hands, fingers are fitted too (SMPLify-X).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from engine.bodies.fitting import (
    UNKNOWNS,
    Fit,
    Seen,
    Weights,
    aligned_error,
    camera_vertices,
    fit_keypoints,
    in_camera,
    projected,
    reprojection,
)
from engine.bodies.keypoint_body import KeypointBody, default_keypoints
from engine.bodies.keypoints import FOCAL, read_keypoints
from engine.bodies.layouts import KEYPOINT_BONES, KEYPOINTS
from engine.bodies.picture import overlay
from engine.bodies.prior import default_prior
from engine.bodies.searching import SIZE, Search, Subject, Wish, generated

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

COUNT = 17
BONES = np.array([bone for bone in KEYPOINT_BONES if max(bone) < COUNT])
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
        File(
            ".json",
            kind="keypoints",
            label="Keypoint file",
            help="COCO or OpenPose keypoints of your picture, if you have them",
        ),
    ] = ""
    noise: Annotated[float, Slider(0, 20, unit="px", help="How far each keypoint was seen from its place")] = 0.0
    missing: Annotated[int, Slider(0, 12, help="How many of the keypoints nobody saw")] = 0
    joint: Annotated[
        str,
        Choice(
            *KEYPOINTS[:COUNT], live=True, group="Keypoints", help="The keypoint that a click beside all others places"
        ),
    ] = "left_wrist"
    sure: Annotated[
        float,
        Slider(
            0, 1, live=True, group="Keypoints", label="Confidence", help="Of the next that is placed; 0 takes it away"
        ),
    ] = 1.0
    place: Annotated[
        tuple[float, ...], Pick(live=True, group="Keypoints", help="Which was placed, or dragged, and where")
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
    apart: Annotated[
        float,
        Slider(0, 30, live=True, group="Weights", label="Apart λ_a", help="How much one part inside another costs"),
    ] = 0.3
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


def wish_of(p: Params) -> Wish:
    """The sliders, and what was placed."""
    weights = Weights(p.pose_prior, p.shape_prior, p.limits, p.robust, p.apart)
    return Wish(weights, p.bug, p.place, p.joint, p.sure)


@lab(
    title="SMPLify",
    topic="bodies",
    place=9,
    source="Bogo et al. 2016, Keep it SMPL, arXiv:1607.08128",
    summary="Find a body from seventeen points in a picture",
    portrait=Portrait("picture", steps=80),
    views=(
        View("picture", "Picture", "drag a keypoint, or choose one and click where it is"),
        View("scene", "From anywhere", "drag to turn: is the depth right, too?"),
        View("error", "Re-projection", unit="px", log=True),
        View("joints", "In space", unit="mm"),
        View("residuals", "Keypoint by keypoint"),
    ),
    speed=25,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Fits step by step; a resumed run goes through the same steps again, which takes no time."""
    known = default_keypoints()
    subject = own(p, ctx) if p.picture else generated(known, p.person, p.noise, p.missing, ctx.numpy_rng)
    search = Search(wish_of(p), subject)
    body = search.body
    unknowns = torch.zeros(body.unknowns, dtype=torch.float64)
    ctx.track(unknowns=unknowns)
    for _ in range(ctx.step):
        search.advance(wish_of(p))

    def draw() -> Iterator[Frame]:
        fit = search.settle(wish_of(p))
        if ctx.due("picture"):
            yield draw_picture(p, search, fit)
        if ctx.due("scene"):
            yield from draw_scene(search, fit)
        if ctx.due("residuals"):
            yield draw_residuals(p, search, fit)

    if subject.truth is not None:
        mean = Fit(np.zeros(UNKNOWNS), 0.0)
        mean.unknowns[6:69] = default_prior().means[default_prior().levels.argmin()]
        yield Truth("joints/aligned", 1e3 * off_by(body, mean, subject.truth), "the mean pose")
    yield Truth("error/reprojection", 2.0, "2 px")
    for _ in ctx.steps(p.steps):
        fit = search.advance(wish_of(p))
        if ctx.step == 0:
            ctx.draw_with(draw)
        unknowns.copy_(torch.from_numpy(fit.unknowns))
        away = reprojection(body, fit, search.seen(wish_of(p)))
        yield Scalar("error/reprojection", float(np.nanmean(away)) if np.isfinite(away).any() else 0.0)
        yield Scalar("joints/aligned", 1e3 * off_by(body, fit, subject.truth) if subject.truth else 0.0)


def off_by(body: KeypointBody, fit: Fit, truth: Fit) -> float:
    """Mean distance of the keypoints in space after the best rotation, scale and shift, metres."""
    points = [in_camera(body, torch.from_numpy(each.unknowns[None]))[0].numpy() for each in (fit, truth)]
    return aligned_error(points[0], points[1])


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_picture(p: Params, search: Search, fit: Fit) -> Picture:
    """The body over the picture, keypoints as they were seen and as the body has them."""
    seen, pixels = search.seen(wish_of(p)), search.subject.pixels
    layers = [Keypoints(seen.points, BONES[(seen.confidence[BONES] > 0).all(1)], seen.confidence, colour=SEEN_COLOUR)]
    if fit.unknowns[2]:
        pixels = overlay(
            pixels, camera_vertices(search.body.model, fit), search.body.model.faces.numpy(), seen.focal, 0.6
        )
        found = projected(in_camera(search.body, torch.from_numpy(fit.unknowns[None])), seen)[0].numpy()
        layers.append(Keypoints(found, BONES, colour=FOUND_COLOUR))  # the first layer's are those one takes hold of
    return Picture("picture", pixels, tuple(layers), edits="place", note=fit.stage)


def draw_scene(search: Search, fit: Fit) -> Iterator[Frame]:
    """The body as the camera's neighbour sees it, and where the true joints are."""
    turn = np.array([[0, 0, -1.0], [1, 0, 0], [0, -1, 0]])  # z up, towards the camera along +x
    middle = fit.place.numpy()
    body, truth = search.body, search.subject.truth
    yield Mesh("scene/body", (camera_vertices(body.model, fit) - middle) @ turn.T, body.model.faces)
    if truth is not None:
        true, found = (in_camera(body, torch.from_numpy(each.unknowns[None]))[0].numpy() for each in (truth, fit))
        true = (true - true.mean(0) + found.mean(0) - middle) @ turn.T
        yield Points("scene/truth", true, colour=SEEN_COLOUR, size=6, note="orange: the true keypoints")
        yield Lines("scene/bones", true[BONES], colour=SEEN_COLOUR)


def draw_residuals(p: Params, search: Search, fit: Fit) -> Plot:
    """How far each keypoint is off in the picture, and how far one must be to be doubted."""
    away = np.nan_to_num(reprojection(search.body, fit, search.seen(wish_of(p))))[:COUNT]
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
        body, subject, fit = found(ctx, number, Weights(apart=0.0))
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

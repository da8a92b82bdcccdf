r"""Six matchboxes on a body: what they feel is enough to see it move.

**The sensors.** Each measures how fast it turns, what a mass inside it feels, and where the earth's field points:

$$ \tilde\omega = \omega + b + \sigma_g n, \qquad \tilde a = R^\top(\ddot p - g) + \sigma_a n, \qquad \tilde m = R^\top m + \sigma_m n $$

**Drift.** Summing up the turning gives the orientation, and sums up the errors too: noise makes a random walk, a bias a straight
line. After a time $t$ the expected error is $\sqrt{3\sigma_g^2 t + b^2 t^2}$, drawn dashed. Gravity shows which way is up and the field
which way is north; the filter turns gently towards both, and learns the bias from what is left to turn (Mahony, Hamel & Pflimlin 2008).
Now the sensors are off by **{{error/sensors}}°**.

**Calibration.** Nobody straps a sensor on straight: $R_{sensor} = R_{segment} M$. Standing still in a known pose for a second gives
$M = R_{segment}^\top R_{sensor}$ — and every degree by which the pose was wrong stays in it.

**Six of twenty-four.** The other joints are not measured. The pose minimises

$$ \sum_s \lVert \log(R_s(\theta)^\top \tilde R_s) \rVert^2 / \sigma^2 + (\theta - \mu)^\top \Sigma^{-1} (\theta - \mu), $$

a Gauss–Newton step or two from the frame before (von Marcard et al. 2017). Measured segments are off by **{{error/segments}}°**,
all joints by **{{error/joints}}°**; where the body *is*, six sensors do not tell.

**Try**: trust only the gyroscope and watch the drift; bring iron near the arms, then close the gate; weaken the prior; be sloppy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from engine.api import (
    Axis,
    Choice,
    File,
    Frame,
    Line,
    Lines,
    Measured,
    Mesh,
    Plot,
    Points,
    Portrait,
    Scalar,
    Slider,
    Table,
    View,
    check,
    lab,
)
from engine.bodies.bvh import read_bvh
from engine.bodies.files import default_body
from engine.bodies.gait import make_motion
from engine.bodies.inertial import (
    PLACES,
    SEGMENTS,
    SENSORS,
    Chance,
    Faults,
    Orientation,
    Recording,
    Trust,
    advance,
    drift,
    faulty,
    ideal_recording,
)
from engine.bodies.layouts import SMPL
from engine.bodies.model import BodyModel, pose_body
from engine.bodies.motion import as_layout, read_amass, resampled
from engine.bodies.session import (
    BLEND,
    HISTORY,
    STILL,
    Session,
    Tracker,
    recorded,
    sensor_axes,
    simulate,
    start,
)
from engine.bodies.sparse_pose import PosePrior, fit_pose, joint_places, world_rotations
from engine.bodies.turns import angles_between, matrices_of

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

RATE = 60.0
JOINTS = ("left_knee", "right_knee", "left_hip", "left_elbow", "right_elbow", "left_shoulder", "spine2", "neck")
TRAINED_ON = ("walk", "wave", "squat")


@dataclass
class Params:
    """What a person sets."""

    motion: Annotated[str, Choice(*TRAINED_ON, help="What the body does after it stood still")] = "walk"
    own_motion: Annotated[
        str, File(".bvh", ".npz", kind="motion", help="A BVH or AMASS file to measure instead of the motion above")
    ] = ""
    recording: Annotated[
        str,
        File(".csv", kind="recording", help="Your own six sensors: time,sensor,gx,gy,gz,ax,ay,az,mx,my,mz a row"),
    ] = ""
    trust: Annotated[
        str,
        Choice(
            "gyroscope", "with gravity", "with north", "north if believable", live=True, help="What the filter heeds"
        ),
    ] = "with north"
    gain: Annotated[
        float, Slider(0.05, 10, log=True, live=True, unit="1/s", help="How fast it turns towards up and north")
    ] = 0.5
    gyro_noise: Annotated[
        float, Slider(0, 6, live=True, unit="°/√s", group="Faults", help="Makes the integral walk at random")
    ] = 0.3
    gyro_bias: Annotated[
        float, Slider(0, 6, live=True, unit="°/s", group="Faults", help="Makes the integral run away in a line")
    ] = 1.2
    shake: Annotated[
        float,
        Slider(
            0,
            2,
            live=True,
            unit="m/s²",
            group="Faults",
            label="Shaking",
            help="Noise of the accelerometers: hides gravity",
        ),
    ] = 0.1
    iron: Annotated[
        float, Slider(0, 1, live=True, group="Faults", label="Iron nearby", help="Bends the field at both forearms")
    ] = 0.0
    sloppy: Annotated[
        float, Slider(0, 20, unit="°", group="Faults", label="Sloppy pose", help="How wrong the calibration pose is")
    ] = 0.0
    prior: Annotated[
        float, Slider(0.01, 10, log=True, live=True, help="How strongly joints without a sensor keep to usual poses")
    ] = 1.0
    joint: Annotated[str, Choice(*JOINTS, live=True, group="Look", help="Which joint is drawn in time")] = "left_knee"
    bug: Annotated[
        str,
        Choice(
            "none", "no calibration", "mounts transposed", "gravity reversed", live=True, help="What if it were wrong"
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 36_000, log=True, help="How many frames, sixty a second")] = 1800


def make_session(p: Params, body: BodyModel, rng: np.random.Generator) -> Session:
    """The person's recording, or a simulation of their motion or ours. Raises DataError."""
    if p.recording:
        return recorded(Path(p.recording), RATE)
    rest = body.joint_template.double().numpy()
    if p.own_motion:
        path = Path(p.own_motion)
        motion = read_bvh(path, body) if path.suffix.lower() == ".bvh" else read_amass(path)
        motion = resampled(as_layout(motion, SMPL), RATE)
    else:
        frames = max(p.steps - round((STILL + BLEND) * RATE), 0) + 4  # forces need a frame on either side
        motion = make_motion(p.motion, frames, RATE)
    return simulate(motion, rest, rng, np.radians(p.sloppy))


def faults_of(p: Params) -> Faults:
    """What is wrong with the sensors now."""
    return Faults(np.radians(p.gyro_noise), np.radians(p.gyro_bias), p.shake, disturbance=p.iron)


def trust_of(p: Params) -> Trust:
    """What the filter heeds now."""
    level = 0.0 if p.trust == "gyroscope" else p.gain
    heading = p.gain if "north" in p.trust else 0.0
    gate = 0.15 if p.trust == "north if believable" else np.inf
    return Trust(-level if p.bug == "gravity reversed" else level, heading, 0.2 * level, gate)


def segments_of(tracker: Tracker, bug: str) -> Float[ndarray, "s 3 3"]:
    """World from segment: the sensor's orientation with its mount taken off."""
    if bug == "no calibration":
        return tracker.filter.rotation
    mounts = tracker.mounts if bug == "mounts transposed" else np.swapaxes(tracker.mounts, -1, -2)
    return np.asarray(tracker.filter.rotation @ mounts)


def follow(tracker: Tracker, session: Session, frame: int, p: Params, prior: PosePrior) -> None:
    """One frame: fits the pose to the sensors as they are now, writes down how well, and moves the filter on."""
    scaled = PosePrior(prior.mean, p.prior * prior.precision)
    tracker.pose[:] = fit_pose(segments_of(tracker, p.bug), SEGMENTS, scaled, tracker.pose)
    tracker.angle[frame % HISTORY] = [bend(tracker.pose, joint) for joint in JOINTS]
    if session.truth is not None:
        tracker.off[frame % HISTORY] = np.degrees(angles_between(tracker.filter.rotation, session.truth.sensors[frame]))
    tracker.at[0] = frame
    if frame >= session.still:  # while it stands, nothing has turned
        advance(tracker.filter, session.reading(frame, faults_of(p)), 1 / session.rate, trust_of(p))


def bend(pose: Float[ndarray, "24 3"], joint: str) -> float:
    """By how much a joint is turned, degrees."""
    turn = matrices_of(pose[SMPL.index(joint)])
    return float(np.degrees(angles_between(np.eye(3), turn)))


def usual_poses() -> PosePrior:
    """Fitted to the motions that ship."""
    return PosePrior.fitted(np.concatenate([make_motion(name, 300, RATE).poses.numpy() for name in TRAINED_ON]))


@lab(
    title="A body from six sensors",
    topic="bodies",
    place=12,
    source="von Marcard et al. 2017, arXiv:1703.08014; Mahony, Hamel & Pflimlin 2008",
    summary="Gyroscopes drift, gravity and north hold them, and a prior fills in the joints that wear no sensor",
    portrait=Portrait("body", steps=400),
    speed=RATE,
    views=(
        View("body", "Body", "the estimate, and beside it the true bones", wide=True),
        View("drift", "Drift of the sensors", "dashed: expected of a gyroscope alone"),
        View("joint", "A joint in time"),
        View("error", "Error", unit="°"),
        View("sensors", "Sensors"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Follows a body, frame by frame."""
    body = default_body()
    session = make_session(p, body, ctx.numpy_rng)
    if session.note:
        ctx.say(session.note)
    prior = usual_poses()
    tracker = start(session, faults_of(p), len(JOINTS))
    ctx.track(**tracker.tracked())
    ctx.draw_with(lambda: draw(p, ctx, session, tracker, body))
    for frame in ctx.steps(min(p.steps, len(session))):
        follow(tracker, session, frame, p, prior)
        if session.truth is not None:
            yield Scalar("error/sensors", float(tracker.off[frame % HISTORY].mean()))
            off = angles_between(world_rotations(tracker.pose), session.truth.world[frame])
            yield Scalar("error/segments", float(np.degrees(off[list(SEGMENTS)].mean())))
            yield Scalar("error/joints", float(np.degrees(off.mean())))


def upright(points: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3"]:
    """From y up to z up."""
    return np.asarray(points)[..., [0, 2, 1]] * np.array([1.0, -1.0, 1.0])


def draw(p: Params, ctx: Context, session: Session, tracker: Tracker, body: BodyModel) -> Iterator[Frame]:
    """The pictures of the page."""
    if ctx.due("body"):
        yield from draw_body(session, tracker, body)
    if ctx.due("drift") and session.truth is not None:
        yield drift_plot(p, session, tracker)
    if ctx.due("joint"):
        yield joint_plot(p, session, tracker)
    if ctx.due("sensors"):
        yield sensor_table(p, session, tracker)


def drift_plot(p: Params, session: Session, tracker: Tracker) -> Plot:
    """How far off each sensor's orientation was in the last minute, and what is expected of a gyroscope alone."""
    frames = tracker.recent(60, session.rate)
    seconds = session.recording.time[frames]
    lines = [Line(seconds, tracker.off[frames % HISTORY, k], name, k) for k, name in enumerate(SENSORS)]
    expected = drift(np.maximum(seconds - STILL, 0), p.gyro_noise, p.gyro_bias)
    lines.append(Line(seconds, expected, "expected", 7, dashed=True))
    return Plot("drift", tuple(lines), Axis("time", unit="s"), Axis("off", unit="°"))


def joint_plot(p: Params, session: Session, tracker: Tracker) -> Plot:
    """How far a joint was turned in the last seconds, as estimated and in truth."""
    frames = tracker.recent(6, session.rate)
    seconds = session.recording.time[frames]
    lines = [Line(seconds, tracker.angle[frames % HISTORY, JOINTS.index(p.joint)], "estimated", 0, width=2.5)]
    if session.truth is not None:
        true = [bend(pose, p.joint) for pose in session.truth.pose[frames]]
        lines.append(Line(seconds, np.array(true), "true", 1, dashed=True))
    return Plot("joint", tuple(lines), Axis("time", unit="s"), Axis(p.joint.replace("_", " "), unit="°"))


def draw_body(session: Session, tracker: Tracker, body: BodyModel) -> Iterator[Frame]:
    """The body as it is estimated, the true bones, and the sensors with their axes."""
    pose = torch.from_numpy(tracker.pose).float()[None]
    posed = pose_body(body, torch.zeros(1, 1), pose)
    yield Mesh("body/estimate", upright(posed.vertices[0].numpy()), body.faces.numpy())
    frames = posed.frames[0].double().numpy()[list(SEGMENTS)]
    places = frames[:, :3, 3] + (frames[:, :3, :3] @ PLACES[..., None])[..., 0]
    yield Points("body/sensors", upright(places), colour=1, size=9.0)
    axes = sensor_axes(tracker.filter.rotation, places, 0.12)
    colours = np.tile(np.array([[230, 76, 76], [112, 190, 86], [76, 134, 235]], np.uint8), (len(SENSORS), 1))
    yield Lines("body/axes", upright(axes), colours, width=2.0)
    if session.truth is not None:
        rest = body.joint_template.double().numpy()
        joints = joint_places(session.truth.world[int(tracker.at[0])], rest, np.zeros(3))
        bones = np.array([[joints[a], joints[b]] for a, b in SMPL.bones])
        yield Lines("body/true bones", upright(bones) + np.array([0.9, 0.0, 0.0]), colour=2, width=3.0)


def sensor_table(p: Params, session: Session, tracker: Tracker) -> Table:
    """A row a sensor: how far off it is, and the bias that it has learned beside the true one."""
    rows = []
    for k, name in enumerate(SENSORS):
        learned = float(np.degrees(np.linalg.norm(tracker.filter.bias[k])))
        if session.truth is None or session.chance is None:
            rows.append((name, "", f"{learned:.2f}", ""))
            continue
        left = float(np.linalg.norm(tracker.filter.bias[k] - np.radians(p.gyro_bias) * session.chance.bias[k]))
        rows.append(
            (name, f"{tracker.off[int(tracker.at[0]) % HISTORY, k]:.1f}", f"{learned:.2f}", f"{np.degrees(left):.2f}")
        )
    return Table("sensors", ("worn at", "off °", "bias °/s", "wrong °/s"), tuple(rows))


@check(
    "faultless sensors, calibrated, give their segments back",
    tolerance=0.5,
    source="M = R_segmentᵀ R_sensor; what is left is the noise of the compass in the second of standing",
    catches="mounts taken off the wrong way round",
)
def calibration(ctx: CheckContext) -> Measured:
    """The largest error of a measured segment over half a second of walking, degrees."""
    p = Params(trust="gyroscope", gyro_noise=0, gyro_bias=0, shake=0, steps=130, prior=1e-4)
    session, tracker, prior = _session(p, ctx)
    worst = 0.0
    for frame in range(len(session)):
        follow(tracker, session, frame, p, prior)
        assert session.truth is not None
        off = angles_between(world_rotations(tracker.pose), session.truth.world[frame])[list(SEGMENTS)]
        worst = max(worst, float(np.degrees(off.max())))
    return Measured(0.0, worst, "at most")


@check(
    "a gyroscope's noise drifts as a random walk: √(3σ²t)",
    tolerance=0.06,
    source="the variance of a sum of independent turns",
    catches="noise that does not scale with the rate",
)
def random_walk(ctx: CheckContext) -> Measured:
    """The root mean square drift of 400 gyroscopes after five seconds, as a share of theory."""
    noise, count, frames = 0.01, 400, 300
    rest = np.broadcast_to(np.eye(3), (frames, count, 3, 3))
    ideal = ideal_recording(rest, np.zeros((frames, count, 3)), RATE)
    chance = Chance.draw(frames, count, ctx.numpy_rng)
    state = Orientation(rest[0].copy(), np.zeros((count, 3)))
    for frame in range(frames):
        reading = faulty(ideal, frame, Faults(noise, 0.0), chance, np.zeros((count, 3)))
        advance(state, reading, 1 / RATE, Trust(0, 0, 0))
    off = angles_between(rest[0], state.rotation)
    return Measured(1.0, float(np.sqrt((off**2).mean()) / drift(np.array(frames / RATE), noise, 0.0)))


@check(
    "a pose held after calibration is off by at most 2°",
    tolerance=0.0,
    source="issue: static pose after calibration",
    catches="a filter that turns away from gravity",
)
def held(ctx: CheckContext) -> Measured:
    """The mean error of the measured segments in the tenth second of standing, degrees, with every fault as usual."""
    p = Params(steps=600)
    motion = make_motion("wave", 500, RATE)
    still = replace(motion, poses=motion.poses[:1].expand(500, -1, -1))
    rest = default_body().joint_template.double().numpy()
    session = simulate(still, rest, ctx.numpy_rng)
    tracker, prior = start(session, faults_of(p), len(JOINTS)), usual_poses()
    for frame in range(len(session)):
        if frame < len(session) - 60:
            advance(tracker.filter, session.reading(frame, faults_of(p)), 1 / RATE, trust_of(p))
        else:
            follow(tracker, session, frame, p, prior)
    assert session.truth is not None
    off = angles_between(world_rotations(tracker.pose), session.truth.world[-1])[list(SEGMENTS)]
    return Measured(2.0, float(np.degrees(off.mean())), "at most")


@check(
    "a steady bias is learned from gravity and north",
    tolerance=0.12,
    source="Mahony, Hamel & Pflimlin 2008, eq. 48b",
    catches="a bias learned with the wrong sign",
)
def bias(ctx: CheckContext) -> Measured:
    """The bias that is left after a minute at rest, as a share of what it was; 0.03 to 0.07 over six seeds."""
    faults = Faults(0.0, 0.05, 0.0, 0.0)
    ideal, chance, state = _at_rest(ctx)
    for _ in range(3600):
        advance(state, faulty(ideal, 0, faults, chance, np.zeros((6, 3))), 1 / RATE, Trust(1.0, 1.0, 0.2))
    left = np.linalg.norm(state.bias - 0.05 * chance.bias, axis=-1) / 0.05
    return Measured(0.0, float(left.mean()), "at most")


@check(
    "iron turns the heading, and does not tip the horizon",
    tolerance=0.05,
    source="the correction is projected onto up",
    catches="a heading correction that is not about the vertical",
)
def horizon(ctx: CheckContext) -> Measured:
    """The tilt after ten seconds beside a magnet, degrees; the heading is off by far more."""
    ideal, chance, state = _at_rest(ctx)
    faults = Faults(0.0, 0.0, 0.0, 0.0, disturbance=0.5)
    for _ in range(600):
        advance(state, faulty(ideal, 0, faults, chance, np.tile([0.8, 0.6, 0.0], (6, 1))), 1 / RATE, Trust(0.3, 1, 0))
    tilt = np.arccos(np.clip(state.rotation[:, 1, 1], -1, 1))
    return Measured(0.0, float(np.degrees(tilt.max())), "at most")


def _session(p: Params, ctx: CheckContext) -> tuple[Session, Tracker, PosePrior]:
    session = make_session(p, default_body(), ctx.numpy_rng)
    return session, start(session, faults_of(p), len(JOINTS)), usual_poses()


def _at_rest(ctx: CheckContext) -> tuple[Recording, Chance, Orientation]:
    """Six sensors that lie still, as the world lies."""
    rest = np.broadcast_to(np.eye(3), (2, 6, 3, 3))
    chance = Chance.draw(2, 6, ctx.numpy_rng)
    return ideal_recording(rest, np.zeros((2, 6, 3)), RATE), chance, Orientation(rest[0].copy(), np.zeros((6, 3)))

"""The figures of the bodies: the model beside smplx, a slider to pixels, inverse kinematics, fits of held-out people, six sensors."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from engine.bodies.files import default_body, model_of
from engine.bodies.fitting import UNKNOWNS, Fit, Seen, aligned_error, fit_keypoints, in_camera, projected, reprojection
from engine.bodies.keypoint_body import default_keypoints, keypoints_with_hands
from engine.bodies.layouts import SMPL
from engine.bodies.model import pose_body, posed_joints
from engine.bodies.picture import orbit_around, z_up
from engine.bodies.poses import joint_limits, named_pose
from engine.bodies.prior import FITTED, default_prior, generate_poses
from engine.bodies.reaching import make_skeleton, reach
from engine.labs.bodies import imu
from engine.raster import Canvas, draw_mesh
from engine.run.checks import CheckContext
from engine.run.discovery import load
from tests.bench.figures import Figure
from tests.bodies.fakes import fake_arrays

PEOPLE = 50


def all_figures() -> Iterator[Figure]:
    """One after the other, in one thread."""
    torch.set_num_threads(1)
    for batch in (1, 32):
        yield forward(batch)
    yield joints_only()
    yield slider_to_pixels()
    yield solves()
    yield from people()
    yield in_space()
    yield with_hands()
    yield from sensors()


def milliseconds(work: Callable[[], object], runs: int = 40) -> float:
    """The median time of a call."""
    for _ in range(3):
        work()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(times)


def forward(batch: int) -> Figure:
    """Turn and turn about, so that whatever else the machine does hits both alike."""
    import smplx
    from smplx.utils import Struct

    arrays = fake_arrays(SMPL, 6890)
    theirs = smplx.SMPL(
        "",
        data_struct=Struct(**(arrays | {"kintree_table": arrays["kintree_table"].astype(np.int64)})),
        batch_size=batch,
    )
    ours = model_of(arrays, "fake")
    betas, pose = torch.randn(batch, 10), 0.4 * torch.randn(batch, 24, 3)
    root, body = pose[:, 0], pose[:, 1:].flatten(1)
    with torch.no_grad():
        pairs = []
        for _ in range(7):
            them = milliseconds(lambda: theirs(betas=betas, global_orient=root, body_pose=body), 10)
            pairs.append((milliseconds(lambda: pose_body(ours, betas, pose).vertices.contiguous(), 10), them))
    own, other = statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    what = f"forward, 6,890 vertices, batch {batch}, against smplx"
    return Figure(what, "≤ 0.7 of its time", f"{ratio:.2f} ({own:.1f} ms and {other:.1f} ms)", ratio <= 0.7)


def joints_only() -> Figure:
    """Forward and backward, batch 1."""
    model = default_body()
    betas, pose = torch.zeros(1, 10, requires_grad=True), (0.4 * torch.randn(1, 24, 3)).requires_grad_()
    took = milliseconds(lambda: posed_joints(model, betas, pose).square().sum().backward(), 300)
    return Figure("joints only, forward + backward", "≤ 1.0 ms", f"{took:.2f} ms", took <= 1.0)


def slider_to_pixels() -> Figure:
    """A new pose to a shaded picture, 1280 × 720, in one thread."""
    model, canvas = default_body(), Canvas(1280, 720)
    pose, faces = named_pose("walk", SMPL)[None], model.faces.numpy()
    camera = orbit_around(model.template.numpy()).camera(1280, 720)

    def draw() -> None:
        pose[0, 18, 1] += 0.01
        with torch.no_grad():
            vertices = z_up(pose_body(model, torch.zeros(1, 24), pose).vertices[0].numpy())
        canvas.clear()
        draw_mesh(canvas, camera, vertices, faces)
        canvas.image()

    took = milliseconds(draw)
    return Figure("pose slider to pixels, default body, 1280 × 720", "≤ 33 ms", f"{took:.0f} ms", took <= 33)


def solves() -> Figure:
    """A hand dragged in small steps."""
    skeleton = make_skeleton(SMPL, default_body().joint_template.numpy(), joint_limits(SMPL))
    state, wrist, step = [named_pose("stand", SMPL).numpy()], SMPL.index("left_wrist"), [0]

    def drag() -> None:
        step[0] += 1
        target = np.array([0.35, 0.3 + 0.2 * np.sin(0.1 * step[0]), 0.35])
        state[0] = reach(skeleton, state[0], np.zeros(3), {wrist: target}).pose

    rate = 1e3 / milliseconds(drag, 100)
    return Figure("inverse kinematics", "≥ 30 solves/s", f"{rate:.0f}", rate >= 30)


def person(rng: np.random.Generator) -> Fit:
    """A body of the prior's kind that the prior has not seen, about four metres away."""
    unknowns = np.zeros(UNKNOWNS)
    unknowns[6:69] = generate_poses(1, rng)[0, FITTED].ravel()
    unknowns[:6] = (
        *rng.normal(0, 0.3, 2),
        rng.uniform(3.5, 5),
        rng.normal(0, 0.1),
        rng.uniform(-0.8, 0.8),
        rng.normal(0, 0.1),
    )
    unknowns[69:] = rng.normal(0, 0.4, 10)
    return Fit(unknowns, 0.0)


def joints_of(fit: Fit) -> np.ndarray:
    """`[24, 3]` metres."""
    body = default_keypoints().model
    return posed_joints(body, fit.betas[None], fit.pose[None])[0].numpy()


def people() -> Iterator[Figure]:
    """SMPLify on seventeen synthetic keypoints, perspective, no noise."""
    rng, body, prior = np.random.default_rng(123), default_keypoints(), default_prior()
    mean = Fit(np.zeros(UNKNOWNS), 0.0)
    mean.unknowns[6:69] = prior.means[prior.levels.argmin()]
    times, misses, errors, still = [], [], [], []
    for _ in range(PEOPLE):
        truth = person(rng)
        camera = Seen(np.zeros((17, 2)), np.ones(17), 1000.0, (500.0, 500.0))
        points = projected(in_camera(body, torch.from_numpy(truth.unknowns[None])), camera)[0].numpy()
        seen = Seen(points, camera.confidence, camera.focal, camera.centre)
        begun = time.perf_counter()
        fit = fit_keypoints(body, seen, prior)
        times.append(time.perf_counter() - begun)
        misses.append(float(reprojection(body, fit, seen).mean()))
        errors.append(1e3 * aligned_error(joints_of(fit), joints_of(truth)))
        still.append(1e3 * aligned_error(joints_of(mean), joints_of(truth)))
    slowest, worst, middle = statistics.median(times), max(misses), statistics.median(errors)
    yield Figure(
        "SMPLify on 17 keypoints, from the mean poses",
        "≤ 3 s",
        f"{slowest:.2f} s, at most {max(times):.2f} s",
        slowest <= 3,
    )
    failed = [
        number for number, (miss, error) in enumerate(zip(misses, errors, strict=True)) if miss > 2 or error > 150
    ]
    measured = f"mean {statistics.mean(misses):.2f} px, worst {worst:.2f} px; over 2 px or 150 mm: {failed or 'none'}"
    yield Figure(f"re-projection over {PEOPLE} held-out people", "≤ 2 px", measured, statistics.mean(misses) <= 2)
    beside = f"{middle:.0f} mm beside {statistics.median(still):.0f} mm of the mean pose"
    yield Figure("their median aligned joint error", "≤ 70 mm", beside, middle <= 70)


def in_space() -> Figure:
    """Fits to keypoints in space."""
    rng, body, errors = np.random.default_rng(7), default_keypoints(), []
    for _ in range(10):
        truth = person(rng)
        points = body(truth.betas[None], truth.pose[None])[0].numpy()
        seen = Seen(points, np.ones(17))
        errors.append(1e3 * float(reprojection(body, fit_keypoints(body, seen, default_prior()), seen).mean()))
    return Figure("from 3-D keypoints, ten people", "≤ 5 mm", f"{max(errors):.1f} mm at most", max(errors) <= 5)


def with_hands() -> Figure:
    """SMPLify-X: seventeen keypoints and both hands, of a body with fingers that are half closed."""
    body, unknowns = keypoints_with_hands(), np.zeros(UNKNOWNS + 90)
    unknowns[:UNKNOWNS] = person(np.random.default_rng(3)).unknowns
    unknowns[UNKNOWNS:].reshape(30, 3)[:, 2] = np.repeat([-0.4, 0.4], 15)
    camera = Seen(np.zeros((59, 2)), np.ones(59), 1000.0, (500.0, 500.0))
    points = projected(in_camera(body, torch.from_numpy(unknowns[None])), camera)[0].numpy()
    seen = Seen(points, camera.confidence, camera.focal, camera.centre)
    begun = time.perf_counter()
    miss = float(reprojection(body, fit_keypoints(body, seen, default_prior()), seen).mean())
    measured = f"{miss:.2f} px in {time.perf_counter() - begun:.1f} s"
    return Figure("SMPLify-X on 17 keypoints and 21 of each hand", "≤ 2 px", measured, miss <= 2)


def sensors() -> Iterator[Figure]:
    """Six sensors: a filter's step and a fit of the pose for every frame of a walk; and a pose that is held."""
    p, body = imu.Params(steps=400), default_body()
    session = imu.make_session(p, body, np.random.default_rng(0))
    tracker, prior = imu.start(session, imu.faults_of(p), len(imu.JOINTS)), imu.usual_poses()
    begun, frames = time.perf_counter(), min(p.steps, len(session))
    for frame in range(frames):
        imu.follow(tracker, session, frame, p, prior)
    rate = frames / (time.perf_counter() - begun)
    yield Figure("six IMUs followed", "≥ 60 frames/s", f"{rate:.0f} frames/s", rate >= 60)
    found = load("bodies.imu")
    contexts = [CheckContext(found, torch.device("cpu"), numpy_rng=np.random.default_rng(seed)) for seed in range(5)]
    off = max(imu.held(context).measured for context in contexts)
    yield Figure("six IMUs, a pose held after calibration, five times", "≤ 2°", f"{off:.1f}° at most", off <= 2)

r"""A camera flies through a scene of Gaussians along key frames, and films it.

Between key frames the eye follows a **cubic spline**: pieces of third degree that meet with the same slope and the same curvature,

$$ p(t) = a_i + b_i\,\tau + c_i\,\tau^2 + d_i\,\tau^3, \qquad \tau = t - t_i, $$

so that neither the path nor its speed has a corner. Rotations do not add up like places; they follow a spline of their own, cubic
in the rotation vector, whose angular velocity is continuous too (Park and Ravani 1997). Straight lines between the key frames pass
through the same points, and yet the film jerks at each: the speed jumps.

Now at **{{speed/eye}}** metres a second. **Try**: choose the bug *straight lines* and watch the curve of the speed; then film your
own flight from the Splats workbench, where a key frame is one press away. A film ends with .mp4, or with .png for single pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from engine.api import Choice, File, Frame, Lines, Measured, Picture, Points, Record, Scalar, Slider, View, check, lab
from engine.api.flights import Flight, Key, flight_from_text
from engine.api.splat_edits import edits_from_text
from engine.raster import Camera, Canvas
from engine.splats.edit import apply_edits
from engine.splats.exports import BLACK, picture
from engine.splats.files.formats import read_scene
from engine.splats.files.moment import SUFFIX, read_moment
from engine.splats.film import Film, camera_at, share_of, turntable
from engine.splats.frames import frame_of, knot, upright

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context
    from engine.splats.scene import Gaussians

SIZES = {"640 × 360": (640, 360), "1280 × 720": (1280, 720), "1920 × 1080": (1920, 1080)}


@dataclass
class Params:
    """What a person sets."""

    file: Annotated[
        str, File(".ply", ".splat", ".spz", SUFFIX, kind="scene", help="A scene of Gaussians; none films a knot")
    ] = ""
    up: Annotated[str, Choice("-y", "y", "z", label="Up in the file", help="Which of the file's axes points up")] = "-y"
    edits: Annotated[str, Record(kind="edits", help="What was done to the scene before it is filmed")] = ""
    flight: Annotated[str, Record(kind="flight", help="The key frames; none flies once around")] = ""
    out: Annotated[
        str, File(".mp4", ".png", kind="film", label="Film", help="Where the film goes; none shows it only")
    ] = ""
    size: Annotated[str, Choice(*SIZES, help="Pixels of the film")] = "640 × 360"
    fps: Annotated[int, Slider(1, 60, label="Pictures a second", help="How smoothly the film plays")] = 24
    bug: Annotated[
        str,
        Choice("none", "straight lines", live=True, label="What if it were wrong", help="Leaves the spline out"),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, label="Pictures", help="How many pictures the film has")] = 96


def eye_at(flight: Flight, share: float, width: int, height: int, bug: str = "none") -> Camera:
    """The camera after a share 0…1 of the flight; the bug goes straight from key frame to key frame."""
    smooth = camera_at(flight, share, width, height)
    if bug == "none":
        return smooth
    keys = (*flight.keys, flight.keys[0]) if flight.closed else flight.keys
    places = np.array([key.place for key in keys])
    pose = smooth.world_from_camera.copy()
    times = np.linspace(0, 1, len(keys))
    pose[:3, 3] = [np.interp(share, times, places[:, axis]) for axis in range(3)]
    return Camera(pose, smooth.fov_y, width, height)


def scene_of(p: Params, seed: int) -> Gaussians:
    """The scene of the parameters, edited, with z up. Raises DataError."""
    if p.file:
        path = Path(p.file)
        scene = read_moment(path) if path.suffix == SUFFIX else read_scene(path).gaussians
    else:
        scene = knot(seed=seed)
    return apply_edits(upright(scene, p.up), edits_from_text(p.edits))


@lab(
    title="Camera flight",
    topic="radiance",
    place=9,
    source="Park and Ravani 1997, ACM Transactions on Graphics 16",
    summary="Film a scene of Gaussians along key frames, without a jerk",
    views=(
        View("film", "The film", wide=True),
        View("speed", "Speed of the eye", unit="m/s"),
        View("path", "The flight", "the line is the eye's path, the dots are key frames"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """A step is a picture of the film."""
    scene = scene_of(p, ctx.seed)
    flight = flight_from_text(p.flight) or turntable(scene, p.steps / p.fps, up="z")
    width, height = SIZES[p.size]
    canvas = Canvas(width, height, BLACK)
    shown = {"film": np.zeros((height, width, 3), np.uint8)}
    ctx.track(shown=shown)

    def take(index: int) -> np.ndarray:
        eye = eye_at(flight, share_of(flight, index, p.steps), width, height, p.bug)
        return picture(scene, eye, canvas)

    def draw() -> Iterator[Frame]:
        if ctx.due("film"):
            yield Picture("film", shown["film"], note=f"{min(ctx.step, p.steps)} of {p.steps}")
        if ctx.due("path"):
            places = path_of(flight, p.bug)
            yield frame_of("path/scene", scene)
            yield Lines("path/flight", np.stack([places[:-1], places[1:]], 1), colour=0, width=2.5)
            yield Points("path/key frames", np.array([key.place for key in flight.keys]), colour=1, size=9.0)

    ctx.draw_with(draw)
    film = Film(Path(p.out), width, height, p.fps) if p.out else None
    try:
        for index in range(ctx.step if film is not None else 0):
            film.add(take(index))  # type: ignore[union-attr]  # a film that goes on begins with what it had
        for index in ctx.steps(p.steps):
            shown["film"] = take(index)
            if film is not None:
                film.add(shown["film"])
            yield Scalar("speed/eye", speed_at(flight, share_of(flight, index, p.steps), p.steps / p.fps, p.bug))
        if film is not None and ctx.step >= p.steps:
            film.done()
    finally:
        if film is not None:
            film.__exit__(None, None, None)


def path_of(flight: Flight, bug: str, count: int = 200) -> np.ndarray:
    """`[count, 3]` metres: where the eye goes."""
    return np.array([eye_at(flight, share, 2, 2, bug).position for share in np.linspace(0, 1, count)])


def speed_at(flight: Flight, share: float, seconds: float, bug: str = "none") -> float:
    """How fast the eye goes, metres a second."""
    step = 1e-4
    low, high = max(0.0, share - step), min(1.0, share + step)
    ends = (eye_at(flight, at, 2, 2, bug).position for at in (high, low))
    return float(np.linalg.norm(np.subtract(*ends)) / ((high - low) * seconds))


# Proof ------------------------------------------------------------------------------------------------------------------------------


def wild_flight(ctx: CheckContext, count: int = 6) -> Flight:
    """Key frames anywhere, looking anywhere."""
    rng = ctx.numpy_rng
    keys = (Key(tuple(rng.normal(size=3)), tuple(rng.normal(size=4)), rng.uniform(0.5, 1.2)) for _ in range(count))
    return Flight(tuple(keys), 4.0)


@check(
    "the eye passes through every key frame",
    tolerance=1e-9,
    source="an interpolating spline",
    catches="a clock that is off",
)
def through(ctx: CheckContext) -> Measured:
    """The largest distance to a key frame at its moment, metres."""
    flight = wild_flight(ctx)
    moments = enumerate(flight.keys)
    gaps = [np.subtract(eye_at(flight, i / (len(flight.keys) - 1), 2, 2).position, key.place) for i, key in moments]
    return Measured(0.0, float(np.abs(gaps).max()))


@check(
    "the speed does not jump at a key frame",
    tolerance=0.02,
    source="cubic splines are C²",
    catches="straight lines between key frames",
)
def smooth(ctx: CheckContext) -> Measured:
    """The largest jump of the velocity over a key frame, beside the mean speed."""
    flight, step = wild_flight(ctx), 1e-4
    jumps, speeds = [], []
    for index in range(1, len(flight.keys) - 1):
        at = index / (len(flight.keys) - 1)
        before, now, after = (eye_at(flight, at + shift, 2, 2).position for shift in (-step, 0.0, step))
        jumps.append(float(np.linalg.norm((after - now) - (now - before))))
        speeds.append(float(np.linalg.norm(after - now)))
    return Measured(0.0, max(jumps) / float(np.mean(speeds)))

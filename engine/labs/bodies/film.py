r"""A film is a sampled motion: so many pictures a second, each of them open for a share of its time.

What turns faster than half the pictures a second is seen turning the other way, as the spokes of a wagon wheel do: a picture
every $T$ seconds tells an angle only up to whole turns, so that a rotation of $\omega$ looks like

$$ \omega' = \omega - \frac{2\pi}{T}\,\operatorname{round}\!\Big(\frac{\omega\,T}{2\pi}\Big). $$

A camera's shutter softens that. It stays open for a share $s$ of the time between two pictures, and the picture is the mean of what
was seen meanwhile,

$$ \bar I_k = \frac{1}{sT} \int_{kT}^{kT + sT} I(t)\,dt \approx \frac1n \sum_{i<n} I\big(kT + \tfrac{i + 1/2}{n}\,sT\big), $$

which blurs what moves and leaves what stands. Here the integral is a sum of {{samples}} moments.

The scene is that of the **Bodies workbench**; *turns* sends the eye around it, for a turntable. A film ends with .mp4, or with .png for
single pictures.

**Try**: the shutter at 1 with one sample, then with eight: ghosts become a blur. Let the eye go round 24 times in 48 pictures, and
watch it stand still.

Potmesil and Chakravarty 1983, Modeling motion blur in computer-generated images, SIGGRAPH.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from jaxtyping import UInt8

from engine.api import (
    Axis,
    Choice,
    File,
    Frame,
    Line,
    Measured,
    Picture,
    Plot,
    Record,
    Scalar,
    Slider,
    View,
    check,
    lab,
)
from engine.api.body_scenes import Actor, BodyScene, KeyPose, Pose, scene_from_text
from engine.bodies.acting import Cast, Standing
from engine.raster import Canvas, Orbit, draw_lines, draw_mesh, shapes
from engine.splats.film import Film

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

SIZES = {"640 × 360": (640, 360), "1280 × 720": (1280, 720), "1920 × 1080": (1920, 1080)}
SKINS = ((214, 196, 182), (156, 178, 206), (198, 170, 140), (170, 192, 168))
ROOM = 0.25
"""Metres around the joints in which the skin is."""
GRID, METRES = (62, 68, 80), 8
"""Colour and size of the ground's grid, a line each metre."""
LOOKS = 24
"""Moments that the eye takes into account to see everything."""


@dataclass
class Params:
    """What a person sets."""

    scene: Annotated[str, Record(kind="bodies", help="The bodies of the workbench; none films one that waves")] = ""
    turns: Annotated[float, Slider(0, 60, help="How often the eye goes around in the whole film")] = 1.0
    shutter: Annotated[
        float, Slider(0, 1, live=True, help="For which share of the time between two pictures the shutter is open")
    ] = 0.0
    samples: Annotated[
        int, Slider(1, 16, live=True, help="How many moments a picture is the mean of, if the shutter is open")
    ] = 4
    out: Annotated[
        str, File(".mp4", ".png", kind="film", label="Film", help="Where the film goes; none shows it only")
    ] = ""
    size: Annotated[str, Choice(*SIZES, help="Pixels of the film")] = "640 × 360"
    fps: Annotated[int, Slider(1, 60, label="Pictures a second", help="How smoothly the film plays")] = 24
    bug: Annotated[
        str,
        Choice("none", "sum of the samples", live=True, label="What if it were wrong", help="Forgets to divide"),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, label="Pictures", help="How many pictures the film has")] = 48


def scene_of(p: Params) -> BodyScene:
    """The workbench's scene, or one body that lifts an arm and lets it sink."""
    scene = scene_from_text(p.scene)
    if scene.actors:
        return scene
    down = [(0.0, 0.0, 0.0)] * 24
    down[16], down[17] = (0.0, 0.0, -1.2), (0.0, 0.0, 1.2)
    up = [*down[:17], (0.0, 0.2, -1.0), *down[18:]]
    keys = tuple(KeyPose(time, Pose(tuple(turns))) for time, turns in ((0.0, down), (1.2, up), (2.4, down)))
    return BodyScene((Actor("Body", keys=keys),), 2.4)


class Studio:
    """The bodies of a scene before a camera that sees all they do. `turns`: how often it goes around in the whole time."""

    def __init__(self, scene: BodyScene, size: tuple[int, int], turns: float) -> None:
        self.scene, self.turns = scene, turns
        self._cast, self._canvas = Cast(), Canvas(*size, supersample=2)
        self._orbit = self._framing()
        x, y, _ = np.round(self._orbit.target)
        self._ground = shapes.grid(METRES, METRES) + np.array([x, y, 0.0])

    def bodies(self, time: float) -> list[Standing]:
        """Everyone at a moment, seconds."""
        return [self._cast.stand(actor, self._cast.stance(actor, time)) for actor in self.scene.actors]

    def orbit(self, time: float) -> Orbit:
        """Where the eye is at a moment."""
        yaw = self._orbit.yaw + math.tau * self.turns * time / self.scene.seconds
        return dataclasses.replace(self._orbit, yaw=yaw)

    def picture(self, time: float) -> UInt8[np.ndarray, "h w 3"]:
        """What is seen at one moment."""
        canvas = self._canvas
        canvas.clear()
        eye = self.orbit(time).camera(canvas.width, canvas.height)
        for index, body in enumerate(self.bodies(time)):
            vertices = body.in_scene(body.posed.vertices[0].numpy())
            draw_mesh(canvas, eye, vertices, body.model.faces.numpy(), base_colour=SKINS[index % len(SKINS)])
        draw_lines(canvas, eye, self._ground, np.array(GRID, np.uint8), 1.0)
        return canvas.image()[..., :3].copy()

    def exposed(self, time: float, open_for: float, samples: int, bug: str = "none") -> UInt8[np.ndarray, "h w 3"]:
        """The mean of what is seen while the shutter is open, from `time` on for `open_for` seconds."""
        if open_for <= 0 or samples == 1:
            return self.picture(time + 0.5 * open_for)
        light = np.zeros((self._canvas.height, self._canvas.width, 3), np.uint16)
        for number in range(samples):
            light += self.picture(time + (number + 0.5) / samples * open_for)
        return np.minimum((light + samples // 2) // (1 if bug != "none" else samples), 255).astype(np.uint8)

    def _framing(self) -> Orbit:
        times = np.linspace(0, self.scene.seconds, LOOKS)
        joints = [body.in_scene(body.posed.joints[0].numpy()) for time in times for body in self.bodies(float(time))]
        seen = np.concatenate(joints)
        orbit = Orbit.around(np.concatenate([seen - ROOM, seen + ROOM]), fov_y=math.radians(35))
        return dataclasses.replace(orbit, yaw=0.6, pitch=0.12, distance=0.8 * orbit.distance)


def seen_speed(speed: float, period: float) -> float:
    """The speed, radians a second, that pictures every `period` seconds show of one."""
    return speed - math.tau / period * round(speed * period / math.tau)


@lab(
    title="Film and shutter",
    topic="bodies",
    place=15,
    source="Potmesil and Chakravarty 1983, SIGGRAPH",
    summary="Film bodies, open the shutter, and send the eye around faster than the pictures come",
    views=(
        View("film", "The film", wide=True),
        View("eye", "What the pictures show of the eye's speed", "pictures a second fold it back"),
        View("time", "The moment", unit="s"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """A step is a picture of the film."""
    scene, (width, height) = scene_of(p), SIZES[p.size]
    studio = Studio(scene, (width, height), p.turns)
    period = scene.seconds / p.steps
    shown = {"film": np.zeros((height, width, 3), np.uint8)}
    ctx.track(shown=shown)

    def take(index: int) -> UInt8[np.ndarray, "h w 3"]:
        return studio.exposed(index * period, p.shutter * period, p.samples, p.bug)

    def draw() -> Iterator[Frame]:
        if ctx.due("film"):
            yield Picture("film", shown["film"], note=f"{min(ctx.step, p.steps)} of {p.steps}")
        if ctx.due("eye"):
            yield draw_speed(scene.seconds, period, p.turns)

    ctx.draw_with(draw)
    film = Film(Path(p.out), width, height, p.fps) if p.out else None
    try:
        for index in range(ctx.step if film is not None else 0):
            film.add(take(index))  # type: ignore[union-attr]  # a film that goes on begins with what it had
        for index in ctx.steps(p.steps):
            shown["film"] = take(index)
            if film is not None:
                film.add(shown["film"])
            yield Scalar("time/moment", index * period)
        if film is not None and ctx.step >= p.steps:
            film.done()
    finally:
        if film is not None:
            film.__exit__(None, None, None)


def draw_speed(seconds: float, period: float, turns: float) -> Plot:
    """True speed of the eye against the one that the pictures show, in turns of the whole film; the film is a cross."""
    most = max(1.5 * turns, 1.5 * seconds / period)
    true = np.linspace(0, most, 600)
    seen = [seen_speed(math.tau * turn / seconds, period) * seconds / math.tau for turn in true]
    here = np.array([turns]), np.array([seen_speed(math.tau * turns / seconds, period) * seconds / math.tau])
    jumps = np.abs(np.diff(seen, prepend=seen[0])) > 0.25 * seconds / period
    folded = Line(true, np.where(jumps, np.nan, seen), "as the pictures show it")
    cross = Line(np.repeat(here[0], 2), np.array([0.0, here[1][0]]), "this film", 1, width=3.0)
    return Plot("eye", (folded, cross), Axis("turns of the eye in the film"), Axis("turns that one sees"))


# Proof ------------------------------------------------------------------------------------------------------------------------------


def small_studio(turns: float = 0.0) -> Studio:
    """One moving body, few pixels."""
    return Studio(scene_of(Params()), (96, 72), turns)


@check(
    "a shutter lets no more light in than there is",
    tolerance=0.51,
    source="the mean of the samples",
    catches="samples that are added and not divided",
)
def light(ctx: CheckContext) -> Measured:
    """The mean brightness with the shutter open, beside the mean over the same moments, 0…255."""
    studio, moments = small_studio(), np.array([0.1, 0.3, 0.5, 0.7])
    wanted = float(np.mean([studio.picture(float(moment)) for moment in moments]))
    return Measured(wanted, float(studio.exposed(0.0, 0.8, 4).mean()))


@check(
    "after a whole turn the eye is where it was",
    tolerance=1e-9,
    source="a circle",
    catches="an angle that is not of the whole time",
)
def around(ctx: CheckContext) -> Measured:
    """How far it is from there, metres."""
    studio = small_studio(turns=1.0)
    return Measured(0.0, float(np.linalg.norm(studio.orbit(0.0).eye - studio.orbit(studio.scene.seconds).eye)))


@check(
    "pictures show the speed that places at their moments have",
    tolerance=1e-9,
    source="sampling: angles up to whole turns",
    catches="a fold at the wrong frequency",
)
def folded(ctx: CheckContext) -> Measured:
    """The largest difference between the formula and the smallest angle between two pictures, radians."""
    wrong = 0.0
    for speed in ctx.numpy_rng.uniform(-200, 200, 50):
        period = 1 / 24
        gap = math.remainder(float(speed) * period, math.tau)
        wrong = max(wrong, abs(math.remainder(seen_speed(float(speed), period) * period - gap, math.tau)))
        wrong = max(wrong, abs(seen_speed(float(speed), period)) * period - math.pi)
    return Measured(0.0, wrong, "at most")

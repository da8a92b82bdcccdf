"""What stands in a viewport: the frames of its items as plain arrays, the ground under them, and how they are to look.

Both backends draw the same `Scene`; it is frozen, so that a thread may draw one while the window makes the next.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.api.frames import Lines, Mesh, Points, Splats
from engine.raster import Free, Orbit, SplatLook, shapes

if TYPE_CHECKING:
    from app.colours import Colours

Rgb: TypeAlias = tuple[int, int, int]
Drawn3d: TypeAlias = Mesh | Points | Lines | Splats
RINGS = ((0.35, 0.8), (0.6, 0.5), (0.8, 0.28), (1.0, 0.12))
"""How the ground fades: up to which share of its radius a line has which width, in pixels; a thin line is a faint one."""
OUTLIERS = (0.01, 0.99)
NUDGE = 0.996
"""How much of their distance points and lines on a surface keep."""
_SOME = 20_000
PLAINLY = SplatLook()


@dataclass(frozen=True, eq=False)
class Surface:
    """A mesh: `[V, 3]` metres, `[F, 3]`, `[V, 3]` uint8 or one colour."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    colours: NDArray[np.uint8] | None
    tint: Rgb
    wireframe: bool


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points: `[N, 3]` metres, `[N, 3]` or `[3]` uint8, a diameter in pixels."""

    positions: NDArray[np.float32]
    colours: NDArray[np.uint8]
    size: float


@dataclass(frozen=True, eq=False)
class Strokes:
    """Segments: `[M, 2, 3]` metres, `[M, 3]` or `[3]` uint8, a width in pixels."""

    segments: NDArray[np.float64]
    colours: NDArray[np.uint8]
    width: float


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Splats: as in the frame, float32. `harmonics` None: their colours do not depend on the direction."""

    means: NDArray[np.float32]
    rotations: NDArray[np.float32]
    scales: NDArray[np.float32]
    opacities: NDArray[np.float32]
    colours: NDArray[np.float32]
    harmonics: NDArray[np.float32] | None = None


Item: TypeAlias = Surface | Cloud | Strokes | Gaussians


@dataclass(frozen=True)
class Look:
    """How everything is drawn. `background`: the upper and the lower colour of a gradient; `ground` None draws no grid.

    `splats`: how scenes of Gaussians are shown; its harmonics are those of each scene.
    """

    background: tuple[Rgb, Rgb]
    line: Rgb
    shading: Literal["smooth", "flat"] = "smooth"
    wireframe: bool = False
    ground: Ground | None = None
    splats: SplatLook = PLAINLY

    @functools.cached_property
    def lines(self) -> tuple[Strokes, ...]:
        """The ground, as both backends draw it; the same objects each time, so that they are kept on a graphics card."""
        colour = np.array(self.line, np.uint8)
        rings = self.ground.rings() if self.ground is not None else []
        return tuple(Strokes(segments, colour, width) for segments, width in rings)


@dataclass(frozen=True)
class Ground:
    """A round grid at height `z` around `x`, `y`, of squares `step` metres wide."""

    x: float
    y: float
    z: float
    radius: float
    step: float

    def rings(self) -> list[tuple[NDArray[np.float64], float]]:
        """Segments `[M, 2, 3]` with the width of their lines, from the middle outwards."""
        cells = max(2, 2 * math.ceil(self.radius / self.step))
        lines = shapes.grid(cells * self.step, cells)
        share = np.linspace(0, 1, 2 * cells + 1)
        along = lines[:, None, 0] + share[None, :, None] * (lines[:, 1] - lines[:, 0])[:, None]
        pieces = np.stack([along[:, :-1], along[:, 1:]], axis=2).reshape(-1, 2, 3)
        far = np.linalg.norm(pieces.mean(axis=1), axis=1) / self.radius
        pieces = pieces + np.array([self.x, self.y, self.z])
        inner = np.array([0.0, *(reach for reach, _ in RINGS[:-1])])
        return [(pieces[(far > low) & (far <= high)], width) for low, (high, width) in zip(inner, RINGS, strict=True)]


@dataclass(frozen=True, eq=False)
class Scene:
    """What to draw, how, and from where."""

    items: tuple[Item, ...]
    look: Look
    orbit: Orbit | Free


def item_of_frame(frame: Drawn3d, colours: Colours) -> Item:
    """A frame as arrays that both backends take. Raises ValueError where its arrays do not fit together."""
    if isinstance(frame, Mesh):
        vertices = _rows(frame.vertices, (3,), np.float64)
        faces = _rows(frame.faces, (3,), np.int32)
        if faces.size and not (faces.min() >= 0 and faces.max() < len(vertices)):
            raise ValueError(f"a face of the mesh refers to a vertex that is not among its {len(vertices)}")
        tints = None if frame.colours is None else _tints(frame.colours, len(vertices))
        return Surface(vertices, faces, tints, tint_of(frame, colours), frame.wireframe)
    if isinstance(frame, Points):
        positions = _rows(frame.positions, (3,), np.float32)
        return Cloud(positions, _tints_or_one(frame, len(positions), colours), float(frame.size))
    if isinstance(frame, Lines):
        segments = _rows(frame.segments, (2, 3), np.float64)
        return Strokes(segments, _tints_or_one(frame, len(segments), colours), max(float(frame.width), 0.1))
    means = _rows(frame.means, (3,), np.float32)
    lights = _rows(frame.colours, (3,), np.float32)
    opacities = np.asarray(frame.opacities, np.float32).reshape(-1)
    higher = None if frame.harmonics is None else _rows(frame.harmonics, np.shape(frame.harmonics)[1:], np.float32)
    turns, sigmas = _rows(frame.rotations, (4,), np.float32), _rows(frame.scales, (3,), np.float32)
    return Gaussians(means, turns, sigmas, opacities, lights, higher)


def tint_of(frame: Drawn3d, colours: Colours) -> Rgb:
    """The colour of an item as a whole: its series', else a quiet one that stands out from the background."""
    series = getattr(frame, "colour", None)
    if series is not None:
        return rgb(colours.series[series % len(colours.series)])
    if isinstance(frame, Mesh):
        return (205, 208, 214) if colours.dark else (172, 179, 190)
    return rgb(colours.text if isinstance(frame, Points) else colours.dim)


def places(frame: Drawn3d) -> NDArray[np.float64]:
    """`[N, 3]` metres: what the camera is to frame. The few farthest splats are left out; they float about."""
    cloud: NDArray[np.float64]
    if isinstance(frame, Mesh):
        cloud = _rows(frame.vertices, (3,), np.float64)
    elif isinstance(frame, Points):
        cloud = _rows(frame.positions, (3,), np.float64)
    elif isinstance(frame, Lines):
        cloud = _rows(frame.segments, (2, 3), np.float64).reshape(-1, 3)
    else:
        cloud = _rows(frame.means, (3,), np.float64)
    cloud = np.asarray(cloud[np.isfinite(cloud).all(axis=1)], np.float64)
    if not isinstance(frame, Splats) or len(cloud) < 100:
        return cloud
    some = cloud[:: -(-len(cloud) // _SOME)]
    low, high = np.quantile(some, OUTLIERS, axis=0)
    return np.asarray(cloud[((cloud >= low) & (cloud <= high)).all(axis=1)])


def raised(places: NDArray[Any], orbit: Orbit | Free) -> NDArray[np.float64]:
    """Places `[…, 3]` a little nearer to the eye: what lies on a surface is seen whole, and at the same pixels as before."""
    return np.asarray(orbit.eye + NUDGE * (places - orbit.eye), np.float64)


def ground_under(points: NDArray[np.float64]) -> Ground:
    """A grid at the foot of some points `[N, 3]`, with squares of 1, 2 or 5 times a power of ten metres."""
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (-np.ones(3), np.ones(3))
    radius = 0.5 * float(np.linalg.norm(high - low)) or 1.0
    step = _round_number(0.35 * radius)
    x, y = (round(float(value) / step) * step for value in 0.5 * (low + high)[:2])
    return Ground(x, y, float(low[2]), 2.4 * radius, step)


def rgb(colour: str) -> Rgb:
    """`#rrggbb` as numbers."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def mixed(first: str, second: str, share: float) -> Rgb:
    """A colour between two: `share` of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))
    return red, green, blue


def _round_number(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return power * next(digit for digit in (1, 2, 5, 10) if digit * power >= value * 0.999)


def _rows(values: Any, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size == 0:
        return np.empty((0, *shape), dtype)
    if array.shape[1:] != shape:
        raise ValueError(f"an item's array has the shape {array.shape}, not [N, {', '.join(map(str, shape))}]")
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite, and is not drawn
        return np.require(array, dtype, ["C", "A", "W"])


def _tints_or_one(frame: Points | Lines, count: int, colours: Colours) -> NDArray[np.uint8]:
    if frame.colours is not None:
        return _tints(frame.colours, count)
    return np.array(tint_of(frame, colours), np.uint8)


def _tints(values: Any, count: int) -> NDArray[np.uint8]:
    """Colours `[N, 3]`, in 0..1 or uint8, as uint8; what is not a number is black."""
    array = np.asarray(values)
    if array.size == 0 and count == 0:
        return np.empty((0, 3), np.uint8)
    if array.shape != (count, 3):
        raise ValueError(f"an item's colours have the shape {array.shape}, not [{count}, 3]")
    if array.dtype.kind != "f":
        return np.ascontiguousarray(array.clip(0, 255), np.uint8)
    return np.asarray(np.nan_to_num(array, nan=0.0).clip(0, 1) * 255 + 0.5).astype(np.uint8)

"""Edits of a Gaussian scene as records: what the window writes down and the engine applies.

The list of edits is the state: undo is one fewer, redo one more. A selection is written as what the person drew, a line in a view or a
body in the scene, never as indices, so that a list stays short, is readable, and fits a scene that was trained on since. Lengths are
metres of the scene as the edits before have left it; views are `[3, 4]` camera from world, and lines in them are slopes (x/z, y/z).
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from engine.api.errors import ParameterError

Point2: TypeAlias = tuple[float, float]
Point3: TypeAlias = tuple[float, float, float]
How: TypeAlias = Literal["add", "remove"]
Quantity: TypeAlias = Literal["opacity", "size", "brightness"]
NEAREST = 1e-6


# What is chosen ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outline:
    """All whose centres lie inside a closed line in a view: a rectangle or a lasso."""

    view: tuple[float, ...]
    points: tuple[Point2, ...]


@dataclass(frozen=True)
class Stroke:
    """All whose centres lie within `radius` (a slope) of a line in a view: a brush."""

    view: tuple[float, ...]
    points: tuple[Point2, ...]
    radius: float


@dataclass(frozen=True)
class Sphere:
    """All whose centres lie in a sphere."""

    centre: Point3
    radius: float


@dataclass(frozen=True)
class Box:
    """All whose centres lie in a box along the axes."""

    low: Point3
    high: Point3


@dataclass(frozen=True)
class Range:
    """All whose opacity (0…1), size (longest standard deviation, metres) or brightness (0…1) lies between two numbers."""

    quantity: Quantity
    low: float
    high: float


@dataclass(frozen=True)
class Colour:
    """All whose colour is no farther than `tolerance` from one, both in 0…1."""

    colour: Point3
    tolerance: float


@dataclass(frozen=True)
class Everything:
    """All there are."""


Region: TypeAlias = Outline | Stroke | Sphere | Box | Range | Colour | Everything


@dataclass(frozen=True)
class Pick:
    """A step of a selection: these are added to what is chosen, or removed from it."""

    region: Region
    how: How = "add"


Selection: TypeAlias = tuple[Pick, ...]


# What is done with it ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delete:
    """The chosen ones go."""

    chosen: Selection


@dataclass(frozen=True)
class Isolate:
    """All but the chosen ones go."""

    chosen: Selection


@dataclass(frozen=True)
class Crop:
    """Only what lies in a box stays."""

    low: Point3
    high: Point3


@dataclass(frozen=True)
class Move:
    """The scene is scaled and turned about the origin (quaternion wxyz), then moved."""

    shift: Point3 = (0.0, 0.0, 0.0)
    turn: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    scale: float = 1.0


@dataclass(frozen=True)
class AlignGround:
    """The largest plane becomes the ground: z is up and 0 on it, the scene above. `chosen`: only these show where it lies."""

    chosen: Selection = ()


@dataclass(frozen=True)
class CleanFloaters:
    """What hangs alone in the air goes; `strength` in 0…1 says how much."""

    strength: float = 0.5


@dataclass(frozen=True)
class SetLength:
    """The scene is scaled so that two points lie `metres` apart."""

    start: Point3
    end: Point3
    metres: float


Edit: TypeAlias = Delete | Isolate | Crop | Move | AlignGround | CleanFloaters | SetLength
_EDITS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Delete, Isolate, Crop, Move, AlignGround, CleanFloaters, SetLength)
}
_REGIONS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Outline, Stroke, Sphere, Box, Range, Colour, Everything)
}


@dataclass(frozen=True, eq=False)
class Cloud:
    """What choosing needs of `n` Gaussians: `[n, 3]` metres, `[n, 3]` metres, `[n]` in 0…1, `[n, 3]` in 0…1."""

    means: NDArray[np.float32]
    scales: NDArray[np.float32]
    opacities: NDArray[np.float32]
    colours: NDArray[np.float32]


def chosen_of(selection: Selection, cloud: Cloud) -> NDArray[np.bool_]:
    """Which Gaussians a selection chooses, `[n]`."""
    chosen = np.zeros(len(cloud.means), np.bool_)
    for pick in selection:
        inside = inside_of(pick.region, cloud)
        chosen = chosen | inside if pick.how == "add" else chosen & ~inside
    return chosen


def inside_of(region: Region, cloud: Cloud) -> NDArray[np.bool_]:
    """Which Gaussians lie in a region, `[n]`."""
    match region:
        case Outline(view, points):
            return _in_view(view, cloud, lambda slopes: _in_polygon(np.array(points, np.float64), slopes))
        case Stroke(view, points, radius):
            return _in_view(view, cloud, lambda slopes: _near_line(np.array(points, np.float64), radius, slopes))
        case Sphere(centre, radius):
            return np.asarray(np.square(cloud.means - np.array(centre, np.float32)).sum(1) <= radius * radius)
        case Box(low, high):
            return np.asarray(
                ((cloud.means >= np.array(low, np.float32)) & (cloud.means <= np.array(high, np.float32))).all(1)
            )
        case Range(quantity, low, high):
            values = values_of(quantity, cloud)
            return np.asarray((values >= np.array(low, np.float32)) & (values <= np.array(high, np.float32)))
        case Colour(colour, tolerance):
            return np.asarray(np.square(cloud.colours - np.array(colour, np.float32)).sum(1) <= tolerance * tolerance)
        case _:
            return np.ones(len(cloud.means), np.bool_)


def values_of(quantity: Quantity, cloud: Cloud) -> NDArray[np.float32]:
    """A number of each Gaussian, `[n]`."""
    if quantity == "opacity":
        return cloud.opacities
    if quantity == "size":
        return np.asarray(cloud.scales.max(1, initial=0.0))
    return np.asarray(cloud.colours.clip(0, 1) @ np.array([0.2126, 0.7152, 0.0722], np.float32))


def _in_view(view: tuple[float, ...], cloud: Cloud, inside: Any) -> NDArray[np.bool_]:
    """Those before the camera whose slopes are inside."""
    pose = np.array(view, np.float64).reshape(3, 4)
    place = cloud.means @ pose[:, :3].T + pose[:, 3]
    ahead = np.flatnonzero(place[:, 2] > NEAREST)
    found = np.zeros(len(place), np.bool_)
    found[ahead] = inside(place[ahead, :2] / place[ahead, 2:])
    return found


def _in_polygon(corners: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The even-odd rule, for those within the bounds of the corners."""
    found = np.zeros(len(points), np.bool_)
    if len(corners) < 3:
        return found
    near = np.flatnonzero(((points >= corners.min(0)) & (points <= corners.max(0))).all(1))
    x, y = points[near].T
    inside = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    found[near] = inside
    return found


def _near_line(line: NDArray[np.float64], radius: float, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Those within a radius of a line's pieces."""
    found = np.zeros(len(points), np.bool_)
    near = np.flatnonzero(((points >= line.min(0) - radius) & (points <= line.max(0) + radius)).all(1))
    some = points[near]
    close = np.zeros(len(near), np.bool_)
    for start, end in zip(line, line[1:] if len(line) > 1 else line, strict=False):
        along = end - start
        share = ((some - start) @ along / max(float(along @ along), 1e-18)).clip(0, 1)
        close |= np.square(some - start - share[:, None] * along).sum(1) <= radius * radius
    found[near] = close
    return found


# Words and JSON ---------------------------------------------------------------------------------------------------------------------

_WORDS = {
    Outline: "an outline",
    Stroke: "a brush stroke",
    Sphere: "a sphere",
    Box: "a box",
    Colour: "a colour",
    Everything: "everything",
}


def words_of(edit: Edit) -> str:
    """An edit in words, for a list of what was done: "Delete, by an outline"."""
    match edit:
        case Delete(chosen) | Isolate(chosen):
            kinds = dict.fromkeys(_region_words(pick.region) for pick in chosen)
            return f"{type(edit).__name__}, by {' and '.join(kinds)}"
        case Crop():
            return "Crop to a box"
        case Move(shift, turn, scale):
            parts = (
                ["moved"] * (shift != (0.0, 0.0, 0.0))
                + ["turned"] * (turn != (1.0, 0.0, 0.0, 0.0))
                + ["scaled"] * (scale != 1)
            )
            return " and ".join(parts).capitalize() or "Not moved"
        case AlignGround():
            return "Ground aligned"
        case CleanFloaters(strength):
            return f"Floaters cleaned, {strength:.0%}"
        case SetLength(_, _, metres):
            return f"Length set, {metres:g} m"


def _region_words(region: Region) -> str:
    return region.quantity if isinstance(region, Range) else _WORDS[type(region)]


def edits_to_text(edits: tuple[Edit, ...]) -> str:
    """A list of edits as JSON, "" for none; `edits_from_text` reads it back to the same."""
    return json.dumps([_to_json(edit) for edit in edits], separators=(",", ":")) if edits else ""


def edits_from_text(text: str) -> tuple[Edit, ...]:
    """The edits in a text. Raises ParameterError for what is none."""
    if not text.strip():
        return ()
    try:
        entries = json.loads(text)
        if not isinstance(entries, list):
            raise TypeError
        return tuple(_edit_from_json(entry) for entry in entries)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParameterError("These are not edits of a scene as Perception Studio writes them down.") from error


def _to_json(record: Any) -> dict[str, Any]:
    values = {entry.name: getattr(record, entry.name) for entry in dataclasses.fields(record)}
    if "chosen" in values:
        values["chosen"] = [[pick.how, _to_json(pick.region)] for pick in values["chosen"]]
    return {"is": type(record).__name__} | values


def _edit_from_json(entry: dict[str, Any]) -> Edit:
    values = dict(entry)
    kind = _EDITS[values.pop("is")]
    if "chosen" in values:
        values["chosen"] = tuple(_pick_from_json(pick) for pick in values["chosen"])
    return cast("Edit", _checked(kind, values))


def _pick_from_json(entry: Any) -> Pick:
    how, region = entry
    values = dict(region)
    if how not in ("add", "remove"):
        raise ValueError
    return Pick(_checked(_REGIONS[values.pop("is")], values), how)


def _checked(kind: type[Any], values: dict[str, Any]) -> Any:
    """A record of its kind whose numbers are finite, and as many as it takes."""
    record = kind(**{name: _tupled(value) for name, value in values.items()})
    for name, length in (
        ("view", 12),
        ("low", 3),
        ("high", 3),
        ("centre", 3),
        ("colour", 3),
        ("shift", 3),
        ("turn", 4),
    ):
        value = getattr(record, name, None)
        if isinstance(value, tuple) and len(value) != length:
            raise ValueError
    points = getattr(record, "points", ((0.0, 0.0),))
    if not points or any(len(point) != 2 for point in points):
        raise ValueError
    if getattr(record, "quantity", "opacity") not in ("opacity", "size", "brightness"):
        raise ValueError
    if any(getattr(record, name, 1.0) <= 0 for name in ("scale", "metres")):
        raise ValueError
    return record


def _tupled(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_tupled(part) for part in value)
    if isinstance(value, Pick | str):
        return value
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError
    return float(value)

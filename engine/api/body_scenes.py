"""Bodies on a stage as records: what the Bodies workbench writes down and the engine poses and films.

The scene is the state: undo is the scene before, and a file of it is a project. A pose is a rotation vector, radians, for each joint in the
order of the model's layout, and where the pelvis went, metres, y up; `()` is the model's rest pose. Places on the ground are metres, z up.
A deed is what one body is asked to do; the engine answers with the pose that comes of it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

from engine.api.errors import ParameterError

Vector: TypeAlias = tuple[float, float, float]
What: TypeAlias = Literal["", "keep", "preset", "file", "land", "mirror"]
MOST_BODIES, MOST_KEYS, MOST_SECONDS = 24, 500, 600.0
MOST_JOINTS, MOST_BETAS = 55, 32
DIGITS = 6
SAME_MOMENT = 1 / 120
"""Seconds: a key frame this near to the moment is the one that is meant."""


@dataclass(frozen=True)
class Pose:
    """How a body stands: a rotation vector for each joint, and where its pelvis went."""

    turns: tuple[Vector, ...] = ()
    place: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class KeyPose:
    """A pose at a moment, seconds."""

    time: float
    pose: Pose


@dataclass(frozen=True)
class Shape:
    """Height in cm and weight in kg (0: the model's own), and coefficients of the shape directions that are added."""

    height: float = 0.0
    weight: float = 0.0
    betas: tuple[float, ...] = ()


@dataclass(frozen=True)
class Actor:
    """A body of the scene. `model`: "body", "fingers", "hand" or a file; `sequence`: a file that moves it, "" for none.

    Key frames, in the order of time, go before the pose; a sequence before both. `ground`: where it stands; `heading`: degrees.
    """

    name: str = "Body"
    model: str = "body"
    shape: Shape = Shape()
    pose: Pose = Pose()
    keys: tuple[KeyPose, ...] = ()
    sequence: str = ""
    ground: tuple[float, float] = (0.0, 0.0)
    heading: float = 0.0


@dataclass(frozen=True)
class BodyScene:
    """Bodies, and how long the time line is."""

    actors: tuple[Actor, ...] = ()
    seconds: float = 4.0


@dataclass(frozen=True)
class Deed:
    """What a body is asked to do: keep what a hand has made of it, take a named pose or one of a file, land, or change its sides.

    `number`: which deed it is, from 1; the pose that comes of it carries the number.
    """

    number: int = 0
    what: What = ""
    name: str = ""


# What the window does to a scene ------------------------------------------------------------------------------------------------


def changed(scene: BodyScene, index: int, **values: Any) -> BodyScene:
    """The scene with one body changed."""
    actors = list(scene.actors)
    actors[index] = replace(actors[index], **values)
    return replace(scene, actors=tuple(actors))


def free_name(scene: BodyScene) -> str:
    """What one more body may be called."""
    taken = {actor.name for actor in scene.actors}
    return next(name for number in range(1, MOST_BODIES + 2) if (name := f"Body {number}") not in taken)


def posed(scene: BodyScene, index: int, pose: Pose, time: float) -> BodyScene:
    """A body in another pose: where it has key frames, the one of this moment is changed or made; else the pose it stands in."""
    actor = scene.actors[index]
    if actor.keys:
        return with_key(scene, index, KeyPose(time, pose))
    return changed(scene, index, pose=pose)


def with_key(scene: BodyScene, index: int, key: KeyPose) -> BodyScene:
    """A key frame more, in place of the one of the same moment. Raises ParameterError if there are too many."""
    actor = scene.actors[index]
    others = tuple(other for other in actor.keys if abs(other.time - key.time) > SAME_MOMENT)
    if len(others) >= MOST_KEYS:
        raise ParameterError(f"A body has at most {MOST_KEYS} key frames; delete some first.")
    keys = tuple(sorted((*others, key), key=lambda entry: entry.time))
    return changed(scene, index, keys=keys)


def without_key(scene: BodyScene, index: int, number: int) -> BodyScene:
    """A key frame fewer; with the last one the body keeps its pose."""
    keys = scene.actors[index].keys
    left = keys[:number] + keys[number + 1 :]
    return changed(scene, index, keys=left, **({} if left else {"pose": keys[number].pose}))


def moved_key(scene: BodyScene, index: int, number: int, time: float) -> BodyScene:
    """A key frame at another moment; one that stands there already gives way."""
    key = scene.actors[index].keys[number]
    return with_key(without_key(scene, index, number), index, replace(key, time=min(max(time, 0.0), scene.seconds)))


def key_at(actor: Actor, time: float) -> int:
    """The key frame of this moment; −1 for none."""
    return next((number for number, key in enumerate(actor.keys) if abs(key.time - time) <= SAME_MOMENT), -1)


# As text ------------------------------------------------------------------------------------------------------------------------


def scene_to_text(scene: BodyScene) -> str:
    """A scene as JSON, "" for one without bodies; `scene_from_text` reads it back to the same."""
    return json.dumps(_plain(scene), separators=(",", ":")) if scene.actors else ""


@lru_cache(maxsize=8)
def scene_from_text(text: str) -> BodyScene:
    """The scene in a text, an empty one for "". Raises ParameterError for what is none."""
    if not text.strip():
        return BodyScene()
    try:
        data = json.loads(text)
        scene = BodyScene(tuple(_actor(entry) for entry in data["actors"]), _number(data["seconds"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ParameterError("This is no scene of bodies as Perception Studio writes it down.") from error
    if len(scene.actors) > MOST_BODIES or not 0 < scene.seconds <= MOST_SECONDS:
        raise ParameterError(f"A scene has up to {MOST_BODIES} bodies and lasts up to {MOST_SECONDS:.0f} seconds.")
    return scene


def deed_to_text(deed: Deed) -> str:
    """A deed as JSON, "" for none."""
    return json.dumps(_plain(deed), separators=(",", ":")) if deed.what else ""


def deed_from_text(text: str) -> Deed:
    """The deed in a text. Raises ParameterError for what is none."""
    if not text.strip():
        return Deed()
    try:
        data = json.loads(text)
        if data["what"] not in get_args(What) or not isinstance(data["name"], str):
            raise ValueError
        return Deed(int(data["number"]), data["what"], data["name"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParameterError("This is nothing that can be done to a body.") from error


def files_to_text(paths: tuple[str, ...]) -> str:
    """Files as JSON, "" for none."""
    return json.dumps(list(paths)) if paths else ""


def files_from_text(text: str) -> tuple[str, ...]:
    """The files in a text. Raises ParameterError for what is no list of paths."""
    if not text.strip():
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError('Files are written as ["/a/file", …].') from error
    if not isinstance(found, list) or not all(isinstance(path, str) and "\0" not in path for path in found):
        raise ParameterError('Files are written as ["/a/file", …].')
    return tuple(found)


def _plain(value: Any) -> Any:
    """Records as dicts, numbers to a micrometre or a microradian."""
    if dataclasses.is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _actor(data: Any) -> Actor:
    texts = {name: data[name] for name in ("name", "model", "sequence")}
    if not all(isinstance(text, str) and "\0" not in text for text in texts.values()):
        raise TypeError
    keys = tuple(KeyPose(_number(key["time"]), _pose(key["pose"])) for key in data["keys"])
    if len(keys) > MOST_KEYS or any(later.time <= key.time for key, later in pairwise(keys)):
        raise ValueError
    shape, (x, y) = data["shape"], data["ground"]
    betas = tuple(_number(part) for part in shape["betas"])
    height, weight = _number(shape["height"]), _number(shape["weight"])
    if len(betas) > MOST_BETAS or min(height, weight) < 0:
        raise ValueError
    return Actor(
        shape=Shape(height, weight, betas),
        pose=_pose(data["pose"]),
        keys=keys,
        ground=(_number(x), _number(y)),
        heading=_number(data["heading"]),
        **texts,
    )


def _pose(data: Any) -> Pose:
    turns = tuple(_vector(turn) for turn in data["turns"])
    if len(turns) > MOST_JOINTS:
        raise ValueError
    return Pose(turns, _vector(data["place"]))


def _vector(data: Any) -> Vector:
    x, y, z = (_number(part) for part in data)
    return (x, y, z)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e6:
        raise ValueError
    return float(value)

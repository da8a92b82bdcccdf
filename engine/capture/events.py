"""What a capture says while it works. Each event is one line of JSON between the process that computes and the one that watches."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, UInt8


class Stage(Enum):
    """The parts of a capture, in their order, as a person reads them."""

    FRAMES = "Choosing frames"
    FEATURES = "Finding features"
    PAIRS = "Looking for pairs"
    MATCHES = "Matching"
    MAPPING = "Placing cameras"
    PHOTOS = "Taking out distortion"


@dataclass(frozen=True)
class Progress:
    """How far a stage is; `left`: seconds until it ends, as far as one can tell (NaN: one cannot)."""

    stage: Stage
    done: int
    total: int
    left: float = float("nan")


@dataclass(frozen=True, eq=False)
class Placed:
    """The cameras and points so far, world, while the capture still maps. `names` and `poses` (camera from world) belong together."""

    names: tuple[str, ...]
    poses: Float64[np.ndarray, "c 4 4"]
    points: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]


@dataclass(frozen=True)
class Told:
    """A sentence that the person should read."""

    sentence: str


@dataclass(frozen=True)
class Failed:
    """The capture ends without a result, and why."""

    sentence: str


@dataclass(frozen=True)
class Finished:
    """The capture has its result in its folder."""

    registered: int
    images: int
    seconds: dict[str, float] = field(default_factory=dict)


Event = Progress | Placed | Told | Failed | Finished


def encode(event: Event) -> str:
    """The event as one line of JSON."""
    values = {name: _plain(value) for name, value in vars(event).items()}
    return json.dumps({"event": type(event).__name__} | values)


def decode(line: str) -> Event:
    """The event of a line. Raises ValueError or KeyError for a line that is none."""
    values = json.loads(line)
    match values.pop("event"):
        case "Progress":
            return Progress(Stage[values["stage"]], values["done"], values["total"], values["left"])
        case "Placed":
            points, colours = _array(values["points"], np.float32, 3), _array(values["colours"], np.uint8, 3)
            poses = _array(values["poses"], np.float64, 16).reshape(-1, 4, 4)
            return Placed(tuple(values["names"]), poses, points, colours)
        case "Told":
            return Told(values["sentence"])
        case "Failed":
            return Failed(values["sentence"])
        case "Finished":
            return Finished(**values)
    raise ValueError(line)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return value.name if isinstance(value, Stage) else value


def _array(text: str, kind: Any, columns: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).reshape(-1, columns)

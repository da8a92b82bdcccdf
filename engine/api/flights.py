"""A camera's flight through a scene: key frames, and how long it takes. What the window writes down and the engine films.

Poses are world from camera (OpenCV: z forward, y down), metres and quaternions wxyz; angles are radians.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from engine.api.errors import ParameterError

MOST_KEYS = 500


@dataclass(frozen=True)
class Key:
    """Where the camera is at a moment: `place` `[3]`, `turn` wxyz, the vertical field of view."""

    place: tuple[float, ...]
    turn: tuple[float, ...]
    fov_y: float


@dataclass(frozen=True)
class Flight:
    """Key frames, evenly spread over `seconds`. `closed`: from the last one it flies back to the first."""

    keys: tuple[Key, ...]
    seconds: float = 8.0
    closed: bool = False


def flight_to_text(flight: Flight | None) -> str:
    """A flight as JSON, "" for none."""
    return "" if flight is None else json.dumps(asdict(flight), separators=(",", ":"))


def flight_from_text(text: str) -> Flight | None:
    """The flight in a text, None for "". Raises ParameterError for what is none."""
    if not text.strip():
        return None
    try:
        data = json.loads(text)
        keys = tuple(_key(entry) for entry in data["keys"])
        flight = Flight(keys, float(data.get("seconds", 8.0)), bool(data.get("closed", False)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ParameterError(
            'A flight is written as {"keys":[{"place":[x,y,z],"turn":[w,x,y,z],"fov_y":0.7},…]}.'
        ) from error
    if not 1 <= len(keys) <= MOST_KEYS or not 0 < flight.seconds <= 3600:
        raise ParameterError(f"A flight has 1 to {MOST_KEYS} key frames and lasts up to an hour.")
    return flight


def _key(entry: Any) -> Key:
    place, turn = (tuple(float(value) for value in entry[name]) for name in ("place", "turn"))
    key = Key(place, turn, float(entry["fov_y"]))
    finite = all(math.isfinite(value) for value in (*place, *turn, key.fov_y))
    if len(place) != 3 or len(turn) != 4 or not finite or not any(turn) or not 0 < key.fov_y < math.pi:
        raise ValueError
    return key

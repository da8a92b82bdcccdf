"""Keypoints from a file: `{"keypoints": {"nose": [x, y, confidence], …}, "focal": pixels}`; names of COCO, an absent one is left out.

Or as OpenPose writes them (github.com/CMU-Perceptual-Computing-Lab/openpose, doc/02_output.md): of its BODY_25 those that COCO has, and
both hands where they are given.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from engine.api.errors import DataError
from engine.api.words import near
from engine.bodies.fitting import Seen
from engine.bodies.keypoint_body import COCO, HAND, NAMES
from engine.bodies.layouts import KEYPOINTS

FOCAL = 1.2
"""Focal length over the picture's longer side, where nobody knows it: a field of view of 45°."""


BODY_25 = (0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11)
"""Where OpenPose's list has each of COCO's keypoints."""


def read_keypoints(path: Path, width: int, height: int) -> tuple[Seen, tuple[str, ...]]:
    """COCO's seventeen keypoints of a picture of this size, with hands 21 more of each, and sentences about those that were left out.

    Raises DataError: no file, not this shape, an unknown name, or fewer than three that lie in the picture.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        named = openpose(found["people"], path) if "people" in found else from_names(found["keypoints"], path)
        focal = float(found.get("focal", FOCAL * max(width, height)))
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f'“{path.name}” should hold {{"keypoints": {{"nose": [x, y, confidence], …}}}}.') from error
    if not 1 <= focal < 1e6:
        raise DataError(f"“{path.name}” has no focal length that can be used: {focal:g} pixels.")
    x, y, _ = named.T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    outside = np.flatnonzero(~inside & (named[:, 2] > 0))
    notes = [
        f"The {NAMES[index].replace('_', ' ')} lies outside the picture and is not used." for index in outside.tolist()
    ]
    points, confidence = np.where(inside[:, None], named[:, :2], 0.0), np.where(inside, named[:, 2].clip(0, 1), 0.0)
    if (confidence > 0).sum() < 3:
        raise DataError(
            f"“{path.name}” has {int((confidence > 0).sum())} keypoints in the picture; a fit needs three at least."
        )
    return Seen(points, confidence, focal, (width / 2, height / 2)), tuple(notes)


def from_names(keypoints: dict[str, Any], path: Path) -> Float[np.ndarray, "17 3"]:
    """x, y and confidence of each of COCO's keypoints by its name. Raises DataError."""
    rows = np.zeros((COCO, 3))
    for name, numbers in keypoints.items():
        if name not in KEYPOINTS[:COCO]:
            raise DataError(f"“{path.name}” names a keypoint “{name}”{near(name, KEYPOINTS[:COCO])}")
        rows[KEYPOINTS.index(name)] = _numbers(numbers, name, path)
    return rows


def openpose(people: list[dict[str, Any]], path: Path) -> Float[np.ndarray, "k 3"]:
    """x, y and confidence of the first person's keypoints: seventeen, or with hands 59. Raises DataError."""
    if not isinstance(people, list):
        raise TypeError
    if not people:
        raise DataError(f"“{path.name}” has nobody in it.")
    body = _triples(people[0].get("pose_keypoints_2d"), 25, path)[list(BODY_25)]
    keys = [f"hand_{side}_keypoints_2d" for side in ("left", "right")]
    if not any(people[0].get(key) for key in keys):
        return body
    hands = [_triples(people[0].get(key) or [0.0] * 3 * HAND, HAND, path) for key in keys]
    return np.concatenate([body, *hands])


def _triples(numbers: Any, count: int, path: Path) -> Float[np.ndarray, "k 3"]:
    plain = isinstance(numbers, list) and len(numbers) == 3 * count
    if not plain or not all(type(part) in (int, float) and math.isfinite(part) for part in numbers):
        raise DataError(f"“{path.name}” is damaged: a list of OpenPose's should have {3 * count} numbers.")
    return np.array(numbers, float).reshape(count, 3)


def _numbers(numbers: Any, name: str, path: Path) -> tuple[float, float, float]:
    plain = isinstance(numbers, list) and len(numbers) in (2, 3) and all(type(part) in (int, float) for part in numbers)
    if not plain or not all(math.isfinite(part) for part in numbers):
        raise DataError(f"“{path.name}” is damaged: {name} takes x, y and perhaps a confidence.")
    x, y, sure = (*numbers, 1.0)[:3]
    return float(x), float(y), float(np.clip(sure, 0.0, 1.0))

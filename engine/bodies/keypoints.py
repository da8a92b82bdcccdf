"""Keypoints from a file: `{"keypoints": {"nose": [x, y, confidence], …}, "focal": pixels}`; names of COCO, an absent one is left out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from engine.api.errors import DataError
from engine.api.words import near
from engine.bodies.fitting import Seen
from engine.bodies.layouts import KEYPOINTS

FOCAL = 1.2
"""Focal length over the picture's longer side, where nobody knows it: a field of view of 45°."""


def read_keypoints(path: Path, width: int, height: int) -> tuple[Seen, tuple[str, ...]]:
    """COCO's seventeen keypoints of a picture of this size, and sentences about those that were left out.

    Raises DataError: no file, not this shape, an unknown name, or none that lies in the picture.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        named = found["keypoints"]
        items = list(named.items())
        focal = float(found.get("focal", FOCAL * max(width, height)))
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f'“{path.name}” should hold {{"keypoints": {{"nose": [x, y, confidence], …}}}}.') from error
    if not 1 <= focal < 1e6:
        raise DataError(f"“{path.name}” has no focal length that can be used: {focal:g} pixels.")
    points, confidence, notes = np.zeros((17, 2)), np.zeros(17), []
    for name, numbers in items:
        if name not in KEYPOINTS[:17]:
            raise DataError(f"“{path.name}” names a keypoint “{name}”{near(name, KEYPOINTS[:17])}")
        x, y, sure = _numbers(numbers, name, path)
        index = KEYPOINTS.index(name)
        if 0 <= x < width and 0 <= y < height:
            points[index], confidence[index] = (x, y), sure
        elif sure:
            notes.append(f"The {name.replace('_', ' ')} lies outside the picture and is not used.")
    if (confidence > 0).sum() < 3:
        raise DataError(
            f"“{path.name}” has {int((confidence > 0).sum())} keypoints in the picture; a fit needs three at least."
        )
    return Seen(points, confidence, focal, (width / 2, height / 2)), tuple(notes)


def _numbers(numbers: Any, name: str, path: Path) -> tuple[float, float, float]:
    plain = isinstance(numbers, list) and len(numbers) in (2, 3) and all(type(part) in (int, float) for part in numbers)
    if not plain or not all(math.isfinite(part) for part in numbers):
        raise DataError(f"“{path.name}” is damaged: {name} takes x, y and perhaps a confidence.")
    x, y, sure = (*numbers, 1.0)[:3]
    return float(x), float(y), float(np.clip(sure, 0.0, 1.0))

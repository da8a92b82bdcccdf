"""glTF out: a `.glb` of points that carry their Gaussians by KHR_gaussian_splatting; a reader without it sees coloured points.

glTF's axes point right, up and towards the eye; the node turns the scene by half a turn about x, and the numbers stay as they are.
Source: Khronos, KHR_gaussian_splatting (release candidate).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.splats.files.packing import colours_of, normalised, sigmoid

if TYPE_CHECKING:
    from engine.splats.files.rows import Rows

EXTENSION = "KHR_gaussian_splatting"
_FLOAT, _BYTE, _POINTS, _ARRAY = 5126, 5121, 0, 34962
_KINDS = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
_HALF_TURN_ABOUT_X = [1.0, 0.0, 0.0, 0.0]


def write_glb(path: Path, rows: Rows) -> tuple[str, ...]:
    """Writes a scene. Nothing is dropped; a reader without the extension shows points."""
    parts = {name: np.ascontiguousarray(values) for name, values in _attributes(rows).items()}
    views, accessors, at = [], [], 0
    for name, values in parts.items():
        views.append({"buffer": 0, "byteOffset": at, "byteLength": values.nbytes, "target": _ARRAY})
        accessors.append(_accessor(name, values, len(views) - 1))
        at += -(-values.nbytes // 4) * 4
    document = _document(views, accessors, {name: index for index, name in enumerate(parts)}, at)
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    with path.open("wb") as file:
        file.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + at))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        file.write(struct.pack("<I4s", at, b"BIN\0"))
        for values in parts.values():
            file.write(values.tobytes() + b"\0" * (-values.nbytes % 4))
    return ("Readers that do not know KHR_gaussian_splatting show the centres as points.",)


def _attributes(rows: Rows) -> dict[str, NDArray[Any]]:
    tints = np.hstack([colours_of(rows.sh[:, 0]), sigmoid(rows.opacities)[:, None]])
    parts: dict[str, NDArray[Any]] = {
        "POSITION": rows.means,
        "COLOR_0": (tints.clip(0, 1) * 255 + 0.5).astype(np.uint8),
        f"{EXTENSION}:ROTATION": normalised(rows.quaternions)[:, [1, 2, 3, 0]],
        f"{EXTENSION}:SCALE": rows.log_scales,
        f"{EXTENSION}:OPACITY": sigmoid(rows.opacities)[:, None],
    }
    for degree in range(rows.degree + 1):
        for index in range(2 * degree + 1):
            parts[f"{EXTENSION}:SH_DEGREE_{degree}_COEF_{index}"] = rows.sh[:, degree * degree + index]
    return parts


def _accessor(name: str, values: NDArray[Any], view: int) -> dict[str, Any]:
    kind = _BYTE if values.dtype == np.uint8 else _FLOAT
    made: dict[str, Any] = {
        "bufferView": view,
        "componentType": kind,
        "count": len(values),
        "type": _KINDS[values.shape[1]],
    }
    if kind == _BYTE:
        made["normalized"] = True
    if name == "POSITION":
        made |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
    return made


def _document(views: list[Any], accessors: list[Any], attributes: dict[str, int], size: int) -> dict[str, Any]:
    details = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display", "projection": "perspective"}
    primitive = {"attributes": attributes, "mode": _POINTS, "extensions": {EXTENSION: details}}
    return {
        "asset": {"version": "2.0", "generator": "Perception Studio"},
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "rotation": _HALF_TURN_ABOUT_X}],
        "meshes": [{"primitives": [primitive]}],
        "buffers": [{"byteLength": size}],
        "bufferViews": views,
        "accessors": accessors,
    }

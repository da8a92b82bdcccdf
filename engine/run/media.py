"""What a run without a window shows: each view's frames as files in `media/`, in the format that other programs read."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from engine.api.frames import Cameras, Drawn, Handles, Images, Lines, Mesh, Picture, Plot, Points, Splats, Table, Text
from engine.run.arrays import as_bytes


def write_media(folder: Path, frame: Drawn, step: int) -> Path:
    """Writes a frame (numpy arrays) as `media/NAME_STEP.ENDING`. Raises OSError."""
    ending, encode = _WRITERS[type(frame)]
    folder = folder / "media"
    folder.mkdir(exist_ok=True)
    path = folder / f"{frame.name.replace('/', '-')}_{step:06d}.{ending}"
    try:
        path.write_bytes(encode(frame))
    except OSError:
        path.unlink(missing_ok=True)  # a full disk leaves no half of a picture
        raise
    return path


def tile(pixels: np.ndarray, columns: int = 0) -> np.ndarray:
    """Pictures `[N, H, W(, 3)]` as one sheet with a gap of one pixel, uint8; small ones are enlarged by whole factors."""
    pixels = as_bytes(pixels)
    count, height, width = pixels.shape[:3]
    columns = columns or max(1, round(np.sqrt(count * height / width)))
    rows = -(-count // columns)
    factor = max(1, 48 // max(height, width))
    pixels = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = pixels.shape[1:3]
    sheet = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, *pixels.shape[3:]), np.uint8)
    for index, picture in enumerate(pixels):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(as_bytes(pixels)).save(buffer, "PNG")
    return buffer.getvalue()


def _images(frame: Images) -> bytes:
    return _png(tile(frame.pixels, frame.columns)) if len(frame.pixels) else _png(np.zeros((1, 1), np.uint8))


def _picture(frame: Picture) -> bytes:
    return _png(frame.pixels)


def _mesh(frame: Mesh) -> bytes:
    mesh = trimesh.Trimesh(frame.vertices, frame.faces, process=False)
    return bytes(trimesh.exchange.ply.export_ply(mesh))


def _points(frame: Points) -> bytes:
    return bytes(trimesh.exchange.ply.export_ply(trimesh.PointCloud(frame.positions)))


def _splats(frame: Splats) -> bytes:
    """As the reference implementation writes a scene."""
    from engine.splats.files.packing import base_of, logit
    from engine.splats.files.ply import ply_bytes
    from engine.splats.files.rows import Rows

    base = base_of(np.asarray(frame.colours, np.float32))[:, None]
    sh = base if frame.harmonics is None else np.concatenate([base, frame.harmonics], 1)
    with np.errstate(divide="ignore"):
        scales = np.log(np.asarray(frame.scales, np.float32))
    return ply_bytes(Rows(frame.means, scales, frame.rotations, logit(np.asarray(frame.opacities, np.float32)), sh))


def _cameras(frame: Cameras) -> bytes:
    """As instant-ngp's transforms.json names posed photos: a camera looks along its −z there, and its y points up."""
    rows = zip(frame.names, np.asarray(frame.poses), frame.focal, frame.middle, frame.size, strict=True)
    frames = [
        {"file_path": name, "transform_matrix": (pose * (1, -1, -1, 1)).tolist()}
        | dict(zip(("fl_x", "fl_y", "cx", "cy"), (float(number) for number in (*focal, *middle)), strict=True))
        | {"w": int(size[0]), "h": int(size[1])}
        for name, pose, focal, middle, size in rows
    ]
    return json.dumps({"camera_model": "OPENCV", "frames": frames}, indent=1).encode()


def _table(frame: Table) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([frame.columns, *frame.rows])
    return buffer.getvalue().encode()


def _text(frame: Text) -> bytes:
    return frame.markdown.encode()


def _json(frame: Drawn) -> bytes:
    return json.dumps(_plain(frame), separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """Records as dicts with their kind, arrays as lists; NaN as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        entries = {entry.name: _plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
        return {"kind": type(value).__name__} | entries
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


_WRITERS: dict[type, tuple[str, Callable[[Any], bytes]]] = {
    Images: ("png", _images),
    Picture: ("png", _picture),
    Plot: ("json", _json),
    Mesh: ("ply", _mesh),
    Points: ("ply", _points),
    Lines: ("json", _json),
    Handles: ("json", _json),
    Splats: ("ply", _splats),
    Cameras: ("json", _cameras),
    Table: ("csv", _table),
    Text: ("md", _text),
}

"""Posed photos as nerfstudio, instant-ngp and the Blender scenes of NeRF keep them: transforms.json.

Poses are camera to world with OpenGL's axes (x right, y up, the camera looks along −z); ours are world to camera with OpenCV's. Lens:
`fl_x … cy`, `w`, `h`, distortion as OpenCV names it, for all frames or for each; or `camera_angle_x`, radians, alone. Sources:
docs.nerf.studio/quickstart/data_conventions.html; github.com/NVlabs/instant-ngp, docs/nerf_dataset_tips.md; Mildenhall et al. 2020.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float32, UInt8

from engine.api.errors import DataError
from engine.capture.lenses import Lens
from engine.capture.model import ModelImage, SparseModel
from engine.data.photos import SUFFIXES, photo_size
from engine.geometry.cameras import why_not_rigid

_OPENCV_FROM_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
_LARGEST = 200_000_000


@dataclass(frozen=True, eq=False)
class PosedFiles:
    """A model, where its photos and masks lie (by name), and (name, reason) of what is missing."""

    model: SparseModel
    paths: Mapping[str, Path]
    masks: Mapping[str, Path]
    missing: tuple[tuple[str, str], ...] = ()


def read_transforms(path: Path) -> PosedFiles:
    """Reads the file; photos that are missing are left out and listed. Raises DataError for damage, poses or lenses that cannot be."""
    content = _json(path)
    frames = content.get("frames")
    if not isinstance(frames, list) or not frames:
        raise DataError(f"“{path}” lists no frames; is it a transforms.json?")
    lenses: dict[Lens, int] = {}
    images: dict[int, ModelImage] = {}
    paths: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    missing = []
    for number, frame in enumerate(frames, 1):
        name, file = _file_of(path, frame, number)
        pose = _pose_of(path, frame, name)
        if file is None:
            missing.append((name, "there is no such file"))
            continue
        try:
            lens = _lens_of(content | frame, file)
        except DataError as error:
            raise DataError(f"{name} in “{path}”: {error}") from error
        images[number] = ModelImage(name, lenses.setdefault(lens, len(lenses) + 1), pose)
        paths[name] = file
        mask = frame.get("mask_path")
        if isinstance(mask, str) and (path.parent / mask).is_file():
            masks[name] = path.parent / mask
    if not images:
        raise DataError(f"None of the {len(frames)} photos that “{path}” names is there; put them beside it.")
    points, colours = _points(path, content.get("ply_file_path"))
    model = SparseModel({k: lens for lens, k in lenses.items()}, images, points, colours, np.empty((0, 2), np.int64))
    return PosedFiles(model, paths, masks, tuple(missing))


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"“{path}” is too large for a transforms.json.")
        content = json.loads(path.read_text("utf-8", "replace"))
    except OSError as error:
        raise DataError(f"“{path}” cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"“{path}” is no JSON, or is cut off; copy it again.") from error
    if not isinstance(content, dict):
        raise DataError(f"“{path}” is not a transforms.json.")
    return content


def _file_of(path: Path, frame: Any, number: int) -> tuple[str, Path | None]:
    """A frame's name, and its file if it is there; the Blender scenes leave the suffix out."""
    written = frame.get("file_path") if isinstance(frame, dict) else None
    if not isinstance(written, str) or not written or "\0" in written:
        raise DataError(f"Frame {number} of “{path}” names no file.")
    name = written.replace("\\", "/").removeprefix("./")
    base = path.parent / name
    candidates = [base, *(base.with_name(base.name + suffix) for suffix in SUFFIXES)]
    try:
        found = next((file for file in candidates if file.is_file()), None)
    except OSError:  # a name that no file system takes
        found = None
    return name, found


def _pose_of(path: Path, frame: dict[str, Any], name: str) -> np.ndarray:
    try:
        matrix = np.array(frame.get("transform_matrix"), np.float64)
    except (TypeError, ValueError):
        raise DataError(f"The pose of {name} in “{path}” is no matrix of numbers.") from None
    if matrix.shape == (3, 4):
        matrix = np.concatenate([matrix, [[0.0, 0.0, 0.0, 1.0]]])
    reason = why_not_rigid(matrix)
    if reason:
        raise DataError(f"The pose of {name} in “{path}” cannot be used: {reason}.")
    return np.linalg.inv(matrix @ _OPENCV_FROM_OPENGL)


def _lens_of(entry: dict[str, Any], file: Path) -> Lens:
    """A frame's lens. Where the file gives no size, it is the photo's own."""

    def number(name: str, otherwise: float = 0.0) -> float:
        value = entry.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise DataError(f"its {name} is not a number.")
        return float(value)

    width, height = int(number("w")), int(number("h"))
    if not width or not height:
        width, height = photo_size(file)
    angle = number("camera_angle_x")
    guessed = width / (2 * math.tan(angle / 2)) if 0 < angle < math.pi else 0.0
    fx = number("fl_x", guessed)
    fy = number("fl_y", fx)
    middle = number("cx", width / 2), number("cy", height / 2)
    if "FISHEYE" in str(entry.get("camera_model", "")):
        bent = tuple(number(name) for name in ("k1", "k2", "k3", "k4"))
        return Lens("OPENCV_FISHEYE", width, height, (fx, fy, *middle, *bent))
    bent = tuple(number(name) for name in ("k1", "k2", "p1", "p2", "k3"))
    if not any(bent):
        lens = Lens("PINHOLE", width, height, (fx, fy, *middle))
    else:
        lens = Lens("FULL_OPENCV", width, height, (fx, fy, *middle, *bent, 0.0, 0.0, 0.0))
    _ = lens.ideal  # refuses a lens without focal length
    return lens


def _points(path: Path, named: Any) -> tuple[Float32[np.ndarray, "n 3"], UInt8[np.ndarray, "n 3"]]:
    """Nerfstudio's cloud, if there is one that can be read."""
    nothing = np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8)
    if not isinstance(named, str) or not (path.parent / named).is_file():
        return nothing
    try:
        cloud: Any = trimesh.load(path.parent / named, process=False)
        places = np.asarray(cloud.vertices, np.float32)
        tints = np.asarray(getattr(cloud, "colors", np.full((len(places), 3), 128)), np.uint8)[:, :3]
    except Exception:  # noqa: BLE001  # trimesh raises almost anything on a damaged file; the points are a help, not a need
        return nothing
    return (places, tints) if tints.shape == places.shape and np.isfinite(places).all() else nothing

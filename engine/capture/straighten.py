"""The end of a capture: photos without distortion, and the model that fits them, in a frame that a person would have chosen.

Photos alone fix neither up, nor the origin, nor a scale. Up is where the cameras' own up points on average, or across the plane that they
stand in; the origin is the middle of the points; one unit is the cameras' mean distance from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Float, Float64

from engine.api.errors import DataError
from engine.capture.lenses import Lens, Straightener, straightener
from engine.data.photos import read_mask, read_photo

if TYPE_CHECKING:
    from engine.capture.intake import Found
    from engine.capture.model import SparseModel
    from engine.geometry.cameras import Capture

_QUALITY = 95
_FLAT = 0.1
_UPRIGHT = np.cos(np.radians(10))


def straighten(
    model: SparseModel,
    photos: Mapping[str, Found],
    folders: tuple[Path, Path],
    side: int,
    tell: Callable[[int, int], None],
    threads: int = 1,
) -> tuple[SparseModel, list[tuple[str, str]]]:
    """Writes each posed photo, and its mask, without distortion, at most `side` pixels long; says how far it is.

    Returns the model for the new photos, and (name, reason) for each photo that could not be read any more.
    """
    sizes = {number: _size_of(photos, image.name, side) for number, image in model.images.items()}
    straight = {
        (image.lens, sizes[number]): straightener(model.lenses[image.lens].resized(*sizes[number]))
        for number, image in model.images.items()
    }
    numbered = {key: k + 1 for k, key in enumerate(straight)}
    lost: list[tuple[str, str]] = []
    done = 0

    def write(number: int) -> None:
        nonlocal done
        image = model.images[number]
        try:
            _write_photo(photos[image.name], straight[image.lens, sizes[number]], folders)
        except DataError as error:
            lost.append((image.name, str(error)))
        done += 1
        tell(done, len(model.images))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(write, model.images))
    gone = {name for name, _ in lost}
    lenses = {numbered[key]: _pinhole_of(made) for key, made in straight.items()}
    images = {
        number: dataclasses.replace(image, name=stored_name(image.name), lens=numbered[image.lens, sizes[number]])
        for number, image in model.images.items()
        if image.name not in gone
    }
    kept = np.isin(model.seen_by[:, 1], list(images))
    return dataclasses.replace(model, lenses=lenses, images=images, seen_by=model.seen_by[kept]), sorted(lost)


def stored_name(name: str) -> str:
    """The name under which a photo without distortion is kept: below the folder whatever its own name was, and a JPEG."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    path = PurePosixPath(*parts)
    kept = path.name if path.suffix.lower() in (".jpg", ".jpeg") else path.name + ".jpg"
    return path.with_name(kept).as_posix()


def _size_of(photos: Mapping[str, Found], name: str, side: int) -> tuple[int, int]:
    photo = photos[name]
    scale = min(1.0, side / max(photo.width, photo.height))
    return round(photo.width * scale), round(photo.height * scale)


def _pinhole_of(made: Straightener) -> Lens:
    lens = made.camera
    return Lens("PINHOLE", lens.width, lens.height, (lens.fx, lens.fy, lens.cx, lens.cy))


def _write_photo(photo: Found, made: Straightener, folders: tuple[Path, Path]) -> None:
    """The photo as a JPEG and its mask as a PNG. Raises DataError if it cannot be read, OSError if it cannot be written."""
    width, height = made.camera.width, made.camera.height
    pixels = made.apply(read_photo(photo.path, width, height))
    name = stored_name(photo.name)
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _write(folders[0] / name, cv2.imencode(".jpg", pixels[..., ::-1], options)[1])
    if photo.mask is not None:
        mask = made.apply(read_mask(photo.mask, width, height))
        _write((folders[1] / name).with_suffix(".png"), cv2.imencode(".png", (255 * mask).round().astype(np.uint8))[1])


def _write(path: Path, data: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


# A frame that a person would have chosen --------------------------------------------------------------------


def upright(model: SparseModel) -> SparseModel:
    """The same model with z up, the middle of its points at the origin, and its cameras one unit from it on average."""
    inverses = np.linalg.inv(np.stack([image.camera_from_world for image in model.images.values()]))
    turn, positions = _turn_to(_up(inverses)), inverses[:, :3, 3]
    middle = np.median(model.points, axis=0) if len(model.points) else positions.mean(0)
    size = float(np.linalg.norm(positions - middle, axis=1).mean()) or 1.0
    images = {}
    for number, image in model.images.items():
        pose = np.eye(4)
        pose[:3, :3] = image.camera_from_world[:3, :3] @ turn.T
        pose[:3, 3] = (image.camera_from_world[:3, 3] + image.camera_from_world[:3, :3] @ middle) / size
        images[number] = dataclasses.replace(image, camera_from_world=pose)
    points = ((model.points - middle) / size @ turn.T).astype(np.float32)
    return dataclasses.replace(model, images=images, points=points)


def levelled(capture: Capture) -> Capture:
    """The same capture with z up; one whose z points up already, to within ten degrees, as it is."""
    up = _up(np.stack([photo.world_from_camera for photo in capture.photos]))
    if up[2] > _UPRIGHT:
        return capture
    turn = np.eye(4)
    turn[:3, :3] = _turn_to(up)
    photos = tuple(
        dataclasses.replace(photo, camera_from_world=photo.camera_from_world @ turn.T) for photo in capture.photos
    )
    points = (capture.points @ turn[:3, :3].T).astype(np.float32)
    return dataclasses.replace(capture, photos=photos, points=points)


def _up(world_from_camera: Float[np.ndarray, "c 4 4"]) -> Float64[np.ndarray, "3"]:
    up, ahead = -world_from_camera[:, :3, 1].mean(0), world_from_camera[:, :3, 2].mean(0)
    positions = world_from_camera[:, :3, 3]
    spread, axes = np.linalg.svd(positions - positions.mean(0), full_matrices=False)[1:]
    if len(positions) > 3 and spread[-1] < _FLAT * spread[1]:
        plane = axes[-1]
        looks_along = abs(ahead @ plane) > abs(up @ plane)  # from a drone, down; around an object, across
        return plane * np.sign(-(ahead @ plane) if looks_along else up @ plane)
    return up / max(float(np.linalg.norm(up)), 1e-9)


def _turn_to(up: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """The rotation that turns `up` to +z by the shortest way (Rodrigues)."""
    axis, cosine = np.cross(up, (0, 0, 1)), float(up[2])
    if cosine < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    x, y, z = axis
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + skew + skew @ skew / (1 + cosine)

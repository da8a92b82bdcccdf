"""COLMAP's sparse models, binary and text, in and out (colmap.github.io/format.html).

A file may be cut off, hostile or of another kind: every count is compared with the bytes that are left before anything is made of it, and
whatever is wrong ends in one sentence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.api.errors import DataError
from engine.capture.lenses import PARAMETERS, Lens
from engine.capture.model import ModelImage, SparseModel, pose_of, quaternion_of
from engine.geometry.cameras import why_not_rigid

FILES = ("cameras", "images", "points3D")
_MODELS = tuple(PARAMETERS)
_LONGEST_NAME = 4096
_LARGEST_TEXT = 2_000_000_000


def holds_model(folder: Path) -> bool:
    """Whether a folder holds a COLMAP model; its points may be missing."""
    return any(all((folder / f"{name}{suffix}").is_file() for name in FILES[:2]) for suffix in (".bin", ".txt"))


def read_model(folder: Path) -> SparseModel:
    """Reads a model, binary if it is there, else text. Raises DataError with one sentence."""
    for suffix, cameras, images, points in (
        (".bin", _binary_cameras, _binary_images, _binary_points),
        (".txt", _text_cameras, _text_images, _text_points),
    ):
        if all((folder / f"{name}{suffix}").is_file() for name in FILES[:2]):
            lenses = dict(cameras(folder / f"cameras{suffix}"))
            posed = dict(images(folder / f"images{suffix}"))
            cloud = folder / f"points3D{suffix}"
            xyz, rgb, seen = _stacked(list(points(cloud)) if cloud.is_file() else [])
            return _checked(folder, SparseModel(lenses, posed, xyz, rgb, seen))
    raise DataError(f"“{folder}” holds no COLMAP model: cameras.bin and images.bin, or the same as .txt.")


_Point = tuple[tuple[float, ...], tuple[int, ...], np.ndarray]


def _stacked(points: list[_Point]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xyz = np.array([point[0] for point in points], np.float64).reshape(-1, 3)
    rgb = np.array([point[1] for point in points], np.uint8).reshape(-1, 3)
    lengths = [len(point[2]) for point in points]
    of_point = np.repeat(np.arange(len(points)), lengths)
    images = np.concatenate([point[2] for point in points]) if points else np.empty(0, np.int64)
    good = np.asarray((np.abs(xyz) < 1e30).all(1))  # neither infinite nor NaN
    if good.all():
        return xyz.astype(np.float32), rgb, np.stack([of_point, images.astype(np.int64)], 1)
    renamed, kept = np.cumsum(good) - 1, good[of_point]
    return (
        xyz[good].astype(np.float32),
        rgb[good],
        np.stack([renamed[of_point[kept]], images[kept].astype(np.int64)], 1),
    )


def _checked(folder: Path, model: SparseModel) -> SparseModel:
    if not model.images:
        raise DataError(f"The COLMAP model in “{folder}” has no images; run its mapping again.")
    for image in model.images.values():
        if image.lens not in model.lenses:
            raise DataError(
                f"The COLMAP model in “{folder}” is damaged: {image.name} has a camera that does not exist."
            )
        reason = why_not_rigid(image.camera_from_world)
        if reason:
            raise DataError(f"The pose of {image.name} in “{folder}” cannot be used: {reason}.")
    return model


# Binary ---------------------------------------------------------------------------------------------------


class _Bytes:
    """A file's bytes and how far they were read. Every step looks first whether so much is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise DataError(f"“{path}” cannot be read ({error.strerror}).") from error
        self.at = 0

    def take(self, layout: struct.Struct) -> tuple:
        self.need(layout.size)
        self.at += layout.size
        return layout.unpack_from(self.data, self.at - layout.size)

    def need(self, count: int) -> None:
        if count > len(self.data) - self.at:
            raise DataError(f"“{self.path}” ends in the middle; copy it again or run COLMAP anew.")

    def count(self, smallest: int) -> int:
        """How many records follow, none of which is smaller than so many bytes."""
        (count,) = self.take(_COUNT)
        self.need(count * smallest)
        return count

    def name(self) -> str:
        end = self.data.find(b"\0", self.at, self.at + _LONGEST_NAME)
        if end < 0:
            raise DataError(f"“{self.path}” is damaged: the name of an image does not end.")
        self.at, text = end + 1, self.data[self.at : end]
        return text.decode("utf-8", "replace")


_COUNT, _CAMERA, _IMAGE = struct.Struct("<Q"), struct.Struct("<iiQQ"), struct.Struct("<I7dI")
_POINT = struct.Struct("<Q3d3BdQ")
_SEEN, _TRACK = 24, 8


def _binary_cameras(path: Path) -> Iterator[tuple[int, Lens]]:
    file = _Bytes(path)
    for _ in range(file.count(_CAMERA.size)):
        name, model, width, height = file.take(_CAMERA)
        if not 0 <= model < len(_MODELS):
            raise DataError(f"“{path}” is damaged or of a newer COLMAP: there is no camera model {model}.")
        numbers = file.take(struct.Struct(f"<{len(PARAMETERS[_MODELS[model]].split())}d"))
        yield name, Lens(_MODELS[model], width, height, numbers)


def _binary_images(path: Path) -> Iterator[tuple[int, ModelImage]]:
    file = _Bytes(path)
    for _ in range(file.count(_IMAGE.size + 1 + _COUNT.size)):
        number, *pose, lens = file.take(_IMAGE)
        name = file.name()
        skipped = file.count(_SEEN) * _SEEN
        file.at += skipped
        yield number, ModelImage(name, lens, pose_of(np.array(pose[:4]), np.array(pose[4:])))


def _binary_points(path: Path) -> Iterator[_Point]:
    file = _Bytes(path)
    for _ in range(file.count(_POINT.size)):
        _, x, y, z, r, g, b, _, length = file.take(_POINT)
        file.need(length * _TRACK)
        track = np.frombuffer(file.data, "<u4", 2 * length, file.at)[::2]
        file.at += length * _TRACK
        yield (x, y, z), (r, g, b), track


# Text -----------------------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as words; comments are left out, empty lines are not."""
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise DataError(f"“{path}” is too large for text; let COLMAP write it as binary.")
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise DataError(f"“{path}” cannot be read ({error.strerror}).") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            yield number, line.split()


def _numbers(path: Path, line: int, words: list[str], count: int) -> list[float]:
    """The first so many words as numbers. Raises DataError."""
    if len(words) < count:
        raise DataError(f"Line {line} of “{path}” is cut off; copy the file again.")
    try:
        return [float(word) for word in words[:count]]
    except ValueError:
        raise DataError(f"Line {line} of “{path}” is damaged: numbers were expected.") from None


def _whole(path: Path, line: int, *numbers: float) -> list[int]:
    if not all(abs(number) < 2**62 and number == int(number) for number in numbers):
        raise DataError(f"Line {line} of “{path}” is damaged: whole numbers were expected.")
    return [int(number) for number in numbers]


def _text_cameras(path: Path) -> Iterator[tuple[int, Lens]]:
    for line, words in _lines(path):
        if not words:
            continue
        if len(words) < 4 or words[1] not in PARAMETERS:
            raise DataError(f"Line {line} of “{path}” is no camera: number, model, width, height, parameters.")
        width = len(PARAMETERS[words[1]].split())
        numbers = _numbers(path, line, [words[0], *words[2:]], 3 + width)
        number, across, down = _whole(path, line, *numbers[:3])
        yield number, Lens(words[1], across, down, tuple(numbers[3:]))


def _text_images(path: Path) -> Iterator[tuple[int, ModelImage]]:
    """Two lines an image: its pose and name, then its features, of which there may be none."""
    lines = _lines(path)
    for line, words in lines:
        if not words:
            continue
        numbers = _numbers(path, line, words, 9)
        if len(words) < 10:
            raise DataError(f"Line {line} of “{path}” is cut off; copy the file again.")
        number, lens = _whole(path, line, numbers[0], numbers[8])
        yield number, ModelImage(" ".join(words[9:]), lens, pose_of(np.array(numbers[1:5]), np.array(numbers[5:8])))
        if next(lines, None) is None:
            raise DataError(f"“{path}” ends in the middle; copy it again.")


def _text_points(path: Path) -> Iterator[_Point]:
    for line, words in _lines(path):
        if not words:
            continue
        numbers = _numbers(path, line, words, max(8, len(words)))
        r, g, b = _whole(path, line, *numbers[4:7])
        if len(numbers) % 2 or not all(0 <= value < 256 for value in (r, g, b)):
            raise DataError(f"Line {line} of “{path}” is cut off or damaged; copy the file again.")
        yield tuple(numbers[1:4]), (r, g, b), np.array(_whole(path, line, *numbers[8::2]), np.int64)


# Out ------------------------------------------------------------------------------------------------------


def write_model(folder: Path, model: SparseModel) -> None:
    """Writes the model as binary. Raises OSError.

    COLMAP wants a feature of an image for each time that a point was seen. Where it was measured is not kept, so the point's projection
    through the lens without distortion stands there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = np.lexsort((model.seen_by[:, 0], model.seen_by[:, 1]))
    points, images = model.seen_by[order].T
    first = np.searchsorted(images, images, side="left")
    place = np.arange(len(images)) - first  # the number of each feature in its image
    parts = (
        _packed_cameras(model),
        _packed_images(model, points, images),
        _packed_points(model, points, images, place),
    )
    for name, data in zip(FILES, parts, strict=True):
        _write(folder / f"{name}.bin", data)


def _packed_cameras(model: SparseModel) -> bytes:
    packed = [_COUNT.pack(len(model.lenses))]
    for number, lens in model.lenses.items():
        head = _CAMERA.pack(number, _MODELS.index(lens.model), lens.width, lens.height)
        packed.append(head + struct.pack(f"<{len(lens.parameters)}d", *lens.parameters))
    return b"".join(packed)


def _packed_images(model: SparseModel, points: np.ndarray, images: np.ndarray) -> bytes:
    packed = [_COUNT.pack(len(model.images))]
    for number, image in model.images.items():
        pose = image.camera_from_world
        begin, end = np.searchsorted(images, [number, number + 1])
        in_camera = model.points[points[begin:end]] @ pose[:3, :3].T + pose[:3, 3]
        features = np.empty(end - begin, np.dtype([("place", "<f8", 2), ("point", "<i8")]))
        features["place"] = np.nan_to_num(model.lenses[image.lens].ideal.project(in_camera)[0])
        features["point"] = points[begin:end] + 1
        packed.append(_IMAGE.pack(number, *quaternion_of(pose), *pose[:3, 3], image.lens) + image.name.encode() + b"\0")
        packed.append(_COUNT.pack(end - begin) + features.tobytes())
    return b"".join(packed)


def _packed_points(model: SparseModel, points: np.ndarray, images: np.ndarray, place: np.ndarray) -> bytes:
    order = np.argsort(points, kind="stable")
    tracks = np.stack([images[order], place[order]], 1).astype("<u4")
    ends = np.searchsorted(points[order], np.arange(len(model.points) + 1))
    packed = [_COUNT.pack(len(model.points))]
    for k, (xyz, rgb) in enumerate(zip(model.points.tolist(), model.colours.tolist(), strict=True)):
        track = tracks[ends[k] : ends[k + 1]]
        packed.append(_POINT.pack(k + 1, *xyz, *rgb, 0.0, len(track)) + track.tobytes())
    return b"".join(packed)


def _write(path: Path, data: bytes) -> None:
    """Beside, then renamed, so that no reader sees a half."""
    beside = path.with_name(f".{path.name}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)

"""What a person handed over: a folder of photos, a video, or posed data; and what is known of each photo before it is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PIL import Image

from engine.api.errors import DataError
from engine.api.words import plural
from engine.capture.colmap import holds_model
from engine.data.photos import SUFFIXES, photo_size

VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".3gp")
FEWEST = 3
"""With fewer photos no scene can be told from another."""

_MASKS = ("masks", "mask")
_FULL_FRAME = 36.0  # millimetres: what a "35 mm equivalent" focal length refers to
_EXIF, _FOCAL_35, _MAKER, _MODEL = 0x8769, 0xA405, 0x010F, 0x0110
_MODEL_FOLDERS = ("", "sparse/0", "sparse", "colmap/sparse/0", "colmap", "dense/sparse", "poses")


class Kind(Enum):
    """What an input is."""

    PHOTOS = "photos"
    VIDEO = "a video"
    COLMAP = "a COLMAP model"
    TRANSFORMS = "a transforms.json"


@dataclass(frozen=True)
class Found:
    """A photo: its name below the folder, file, upright size in pixels, focal length in the same pixels (0: not known), and its camera."""

    name: str
    path: Path
    width: int
    height: int
    focal: float = 0.0
    camera: str = ""
    mask: Path | None = None

    @property
    def group(self) -> tuple[object, ...]:
        """Photos of one camera, size and zoom have this in common."""
        return (self.camera, self.width, self.height, round(self.focal))


def kind_of(path: Path) -> Kind:
    """What is at a path. Raises DataError if it is nothing that a scene can be learned from."""
    if not path.exists():
        raise DataError(f"There is nothing at “{path}”.")
    if path.is_file():
        if path.suffix.lower() == ".json":
            return Kind.TRANSFORMS
        if path.suffix.lower() in SUFFIXES:
            raise DataError(f"“{path.name}” is a single photo; choose the folder with all photos of the scene.")
        return Kind.VIDEO  # whatever else it is, the video reader says so
    if model_folder(path) is not None:
        return Kind.COLMAP
    return Kind.TRANSFORMS if transforms_file(path) is not None else Kind.PHOTOS


def model_folder(folder: Path) -> Path | None:
    """Where below a folder a COLMAP model lies."""
    return next((folder / name for name in _MODEL_FOLDERS if holds_model(folder / name)), None)


def transforms_file(folder: Path) -> Path | None:
    """The camera file of nerfstudio, instant-ngp or the Blender scenes below a folder."""
    names = ("transforms.json", "transforms_train.json")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def find_photos(folder: Path, masks: Path | None = None) -> tuple[list[Found], list[tuple[str, str]]]:
    """The photos below a folder by name, and (name, reason) of those that cannot be read.

    A folder "images" in it stands for all of it; one called "masks", and hidden ones, are left out. Raises DataError if it holds none.
    """
    images = folder / "images" if (folder / "images").is_dir() else folder
    mask_folders = [masks] if masks else [place / name for place in (folder, images) for name in _MASKS]
    found, skipped = [], []
    for path in _photo_files(images):
        name = path.relative_to(images).as_posix()
        try:
            found.append(_looked_at(name, path, _mask_of(name, mask_folders)))
        except DataError as error:
            skipped.append((name, str(error)))
    if not found:
        why = f" ({plural(len(skipped), 'file')} cannot be read: {skipped[0][1]})" if skipped else ""
        raise DataError(f"There are no photos in “{folder}”{why}; put JPEG or PNG files there.")
    return found, skipped


def _photo_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name.lower() not in _MASKS)
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)


def _mask_of(name: str, folders: list[Path]) -> Path | None:
    """`masks/NAME.png`, whatever its suffix, or COLMAP's `masks/NAME.jpg.png`."""
    for folder in folders:
        for candidate in (folder / f"{name}.png", *((folder / name).with_suffix(suffix) for suffix in SUFFIXES)):
            if candidate.is_file():
                return candidate
    return None


def _looked_at(name: str, path: Path, mask: Path | None) -> Found:
    width, height = photo_size(path)
    focal_35, camera, transparent = _metadata(path)
    focal = focal_35 / _FULL_FRAME * max(width, height)
    return Found(name, path, width, height, focal, camera, mask or (path if transparent else None))


def _metadata(path: Path) -> tuple[float, str, bool]:
    """The focal length as on a 35 mm camera, the camera's name, and whether the photo has transparency; odd entries count as absent."""
    with Image.open(path) as image:
        exif = image.getexif()
        try:
            focal = float(exif.get_ifd(_EXIF).get(_FOCAL_35, 0) or 0)
        except (TypeError, ValueError, OSError, ZeroDivisionError):
            focal = 0.0
        camera = " ".join(str(exif.get(tag, "")).strip("\0 ") for tag in (_MAKER, _MODEL)).strip()
        return focal if 5 < focal < 1500 else 0.0, camera, image.has_transparency_data

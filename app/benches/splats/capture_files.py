"""A capture's folder as the window reads and writes it: what the doctor found, masks that a person painted, photos to leave out.

capture.json   written by the capture, last of all        masks/NAME.png   white counts, black does not
photos/        without distortion                         dropped.json     names of photos that are left out
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.api.errors import DataError
from engine.api.frames import Points
from engine.api.own_files import PICTURE_SUFFIXES
from engine.api.records import write_text_atomically

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".3gp")
_PLAIN = ("images", "photos", "input", "jpg", "jpeg", "dcim", "rgb")
"""Names that say nothing: the folder above them is called as the scene is."""
_MARK = 8
_POINT = struct.Struct("<Q3d3BdQ")
_POSED = ("transforms.json", "transforms_train.json", "capture.json", "cameras.bin", "cameras.txt")
_MODELS = ("", "sparse/0", "sparse", "colmap/sparse/0", "colmap", "dense/sparse", "poses")


@dataclass(frozen=True)
class Finding:
    """What the doctor found: a word for it, the photos it befell, a sentence, and how sure that is, 0…1."""

    trouble: str
    photos: tuple[str, ...]
    sentence: str
    sure: float


@dataclass(frozen=True)
class Diagnosis:
    """`placed` of `photos` have a pose. `verdict` sums up; `sure`: how far the poses can be trusted, 0…1."""

    placed: int
    photos: int
    verdict: str
    sure: float
    findings: tuple[Finding, ...]

    @property
    def moving(self) -> bool:
        """Whether something moves by itself, so that masks or a box are needed."""
        return any(finding.trouble == "moving" for finding in self.findings)


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its name."""
    return path.suffix.lower() in VIDEOS and path.is_file()


def is_posed(folder: Path) -> bool:
    """Whether a folder holds poses already: a finished capture, a COLMAP model, a camera file of nerfstudio."""
    return folder.is_dir() and any((folder / below / name).is_file() for below in _MODELS for name in _POSED)


def folder_for(source: Path, root: Path) -> Path:
    """Where the capture of a source lies; the same each time, so that a broken-off one goes on."""
    mark = hashlib.sha256(str(source.absolute()).encode()).hexdigest()[:_MARK]
    return root / f"{title_of(source).lower()}-{mark}"


def title_of(source: Path) -> str:
    """What a person would call a source, or the folder of its capture."""
    name = source.parent.name if source.name.lower() in _PLAIN and source.parent.name else source.stem
    head, _, mark = name.rpartition("-")
    if head and len(mark) == _MARK and set(mark) <= set("0123456789abcdef"):
        name = head
    return name[:1].upper() + name[1:]


def read_diagnosis(folder: Path) -> Diagnosis | None:
    """What a finished capture says of itself; None where there is none that can be read."""
    try:
        said = json.loads((folder / "capture.json").read_text("utf-8"))
        doctor = said["doctor"]
        findings = tuple(
            Finding(str(row["trouble"]), tuple(map(str, row["photos"])), str(row["sentence"]), float(row["sure"]))
            for row in doctor["findings"]
        )
        registered, images = int(said["registered"]), int(said["images"])
        return Diagnosis(registered, images, str(doctor["verdict"]), float(doctor["sure"]), findings)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_points(folder: Path) -> Points | None:
    """The sparse cloud of a finished capture, metres, world, as training sees it; None where there is none that can be read.

    COLMAP's points3D.bin: a count, then for each point its number, place, colour, error, and a track of so many pairs of numbers.
    """
    try:
        said = (folder / "sparse" / "0" / "points3D.bin").read_bytes()
        (count,) = struct.unpack_from("<Q", said)
        at, places, colours = 8, [], []
        for _ in range(count):
            _, x, y, z, red, green, blue, _, track = _POINT.unpack_from(said, at)
            places.append((x, y, z))
            colours.append((red, green, blue))
            at += _POINT.size + 8 * track
    except (OSError, struct.error, OverflowError):
        return None
    if not places:
        return None
    return Points("scene/points", np.array(places, np.float32), np.array(colours, np.uint8), size=2.5)


def photo_names(folder: Path) -> list[str]:
    """The photos of a capture, by their names below `photos`."""
    root = folder / "photos"
    found = (path for path in root.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    return sorted(path.relative_to(root).as_posix() for path in found)


def mask_path(folder: Path, name: str) -> Path:
    """Where the mask of a photo lies."""
    return (folder / "masks" / name).with_suffix(".png")


def read_dropped(folder: Path) -> frozenset[str]:
    """Names of the photos that are left out."""
    try:
        said = json.loads((folder / "dropped.json").read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for name in said if isinstance(name, str)) if isinstance(said, list) else frozenset()


def write_dropped(folder: Path, names: frozenset[str]) -> None:
    """Leaves out these photos. Raises DataError."""
    try:
        write_text_atomically(folder / "dropped.json", json.dumps(sorted(names)) + "\n")
    except OSError as error:
        raise DataError(f"“{folder.name}” cannot be written ({error.strerror}); make room on the disk.") from error


def write_mask(path: Path, mask: QImage | None) -> None:
    """Writes a mask beside its place and renames it; None takes it away. Raises DataError."""
    try:
        if mask is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.stem}.{os.getpid()}.tmp.png")
        if not mask.save(str(beside)):
            raise OSError(0, "the picture could not be written")
        beside.replace(path)
    except OSError as error:
        raise DataError(f"The mask of {path.stem} cannot be written ({error.strerror}); make room.") from error

"""Which of a person's own files are which, judged by their names alone; window and engine agree by asking here.

Pictures may come packed: IDX files (MNIST, Fashion-MNIST) or CIFAR's batches, in a folder of their own.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.api.idx import is_idx_name

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
MESH_SUFFIXES = (".obj", ".ply", ".stl", ".off", ".glb", ".gltf")
TEXT_SUFFIXES = (".txt", ".md", ".text", ".tex", ".py", ".html", ".xml", ".json", ".srt", ".log")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab")

_BATCH = re.compile(r"data_batch(_\d+)?|test_batch")


def is_packed_name(name: str) -> bool:
    """Whether a file is called as packed pictures are."""
    return (is_idx_name(name) and "idx1" not in name.lower()) or _BATCH.fullmatch(name) is not None


def is_packed(place: Path) -> bool:
    """Whether a folder or file is packed pictures."""
    return bool(idx_files(place) or batch_files(place))


def idx_files(place: Path) -> list[Path]:
    """The IDX files of pictures in a folder, or the file itself; a file and its gzipped twin count once."""
    if place.is_file():
        return [place] if is_idx_name(place.name) and "idx1" not in place.name.lower() else []
    found = sorted(path for path in place.glob("*") if is_idx_name(path.name) and "idx3" in path.name.lower())
    return list({path.name.removesuffix(".gz"): path for path in found}.values())


def batch_files(place: Path) -> list[Path]:
    """CIFAR's batches in a folder, or the file itself."""
    if place.is_file():
        return [place] if _BATCH.fullmatch(place.name) else []
    return sorted(path for path in place.glob("*_batch*") if _BATCH.fullmatch(path.name) and path.is_file())

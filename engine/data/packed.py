"""Pictures that come packed into a few files: MNIST's and Fashion-MNIST's (IDX, also gzipped) and CIFAR's batches.

A person gives the folder, or one of its files. What is there to be judged by ("t10k…", "test_batch") is kept apart, as published.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from engine.api.errors import DataError
from engine.api.idx import read_idx
from engine.api.own_files import batch_files, idx_files
from engine.data.unpickle import read_pickle

_CIFAR_SIDE = 32


@dataclass(frozen=True)
class Part:
    """Pictures [N, C, H, W] in 0..255 and what each shows [N]."""

    pictures: UInt8[np.ndarray, "n c h w"]
    labels: Int[np.ndarray, "n"]


@dataclass(frozen=True)
class Packed:
    """What to learn from, what to be judged by (None: nothing was published), and the names of the classes."""

    train: Part
    test: Part | None
    names: tuple[str, ...]


def read_packed(place: Path) -> Packed:
    """Reads the pictures of a folder, or of one file. Raises DataError with one sentence."""
    idx, batches = idx_files(place), batch_files(place)
    if idx:
        return _gathered(idx, _read_idx_part)
    if batches:
        return _gathered(batches, _read_batch, _class_names(batches[0].parent))
    raise DataError(f"“{place}” holds neither IDX files (as of MNIST) nor batches of CIFAR.")


def _gathered(files: list[Path], read: Any, names: tuple[str, ...] = ()) -> Packed:
    """All files' pictures; those called “t…” are there to be judged by, if there are others."""
    parts = [(file, read(file)) for file in files]
    held = [part for file, part in parts if _is_test(file.name)]
    learnt = [part for file, part in parts if not _is_test(file.name)]
    train, test = (_joined(learnt), _joined(held) if held else None) if learnt else (_joined(held), None)
    most = max(int(part.labels.max(initial=0)) for part in (train, test) if part is not None)
    return Packed(train, test, names if len(names) > most else tuple(str(label) for label in range(most + 1)))


def _is_test(name: str) -> bool:
    return name.lower().startswith(("t10k", "test"))


def _joined(parts: list[Part]) -> Part:
    if len({part.pictures.shape[1:] for part in parts}) > 1:
        raise DataError("The files there hold pictures of different sizes; choose one of them.")
    return Part(np.concatenate([part.pictures for part in parts]), np.concatenate([part.labels for part in parts]))


# ------------------------------------------------------------------------------------------------------ IDX
def _read_idx_part(path: Path) -> Part:
    pictures = read_idx(path)
    if pictures.ndim != 3 or pictures.dtype != np.uint8 or not pictures.size:
        raise DataError(
            f"“{path.name}” holds no pictures: an array of {pictures.ndim} dimensions, {pictures.dtype.name}."
        )
    beside = _labels_beside(path)
    labels = read_idx(beside).astype(np.int64) if beside else np.zeros(len(pictures), np.int64)
    if labels.shape != (len(pictures),) or labels.min(initial=0) < 0 or labels.max(initial=0) > 999:
        raise DataError(f"The labels beside “{path.name}” are not one for each of its {len(pictures):,} pictures.")
    return Part(pictures[:, None], labels)


def _labels_beside(path: Path) -> Path | None:
    """“train-labels-idx1-ubyte” for “train-images-idx3-ubyte”, with or without “.gz”."""
    name = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    beside = (path.with_name(name + ending) for ending in ("", ".gz"))
    return next((file for file in beside if file.is_file() and file != path), None)


# ------------------------------------------------------------------------------------------------------ CIFAR
def _read_batch(path: Path) -> Part:
    """One batch: rows of 3,072 bytes, a red, a green and a blue plane of 32 × 32 (Krizhevsky 2009)."""
    batch = read_pickle(path)
    rows = np.asarray(batch.get("data")) if isinstance(batch, dict) else np.empty(0)
    if rows.ndim != 2 or rows.dtype != np.uint8 or rows.shape[1] != 3 * _CIFAR_SIDE**2 or not len(rows):
        raise DataError(f"“{path.name}” is no batch of CIFAR: it holds no rows of 3 × 32 × 32 bytes.")
    labels = np.asarray(batch.get("labels", batch.get("fine_labels", [0] * len(rows))))
    if labels.shape != (len(rows),) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 999:
        raise DataError(f"The labels in “{path.name}” are not one for each of its {len(rows):,} pictures.")
    return Part(rows.reshape(-1, 3, _CIFAR_SIDE, _CIFAR_SIDE), labels.astype(np.int64))


def _class_names(folder: Path) -> tuple[str, ...]:
    """What the classes are called, if “batches.meta” lies there and says so."""
    meta = folder / "batches.meta"
    found = read_pickle(meta) if meta.is_file() else None
    names = found.get("label_names") if isinstance(found, dict) else None
    return tuple(str(name) for name in names) if isinstance(names, list) else ()

"""The first pictures of MNIST's and CIFAR's files, for their preview: read from the beginning of a file, never unpickled."""

from __future__ import annotations

import pickletools
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from engine.api.errors import DataError
from engine.api.idx import idx_count, read_idx
from engine.api.own_files import batch_files, idx_files

if TYPE_CHECKING:
    from pathlib import Path

_SIDE = 32
_ROW = 3 * _SIDE**2
_MOST_BYTES = 64_000_000


def first_packed(place: Path, most: int) -> tuple[list[QImage], int]:
    """The first pictures in a folder or file, and how many there are. Raises DataError with one sentence."""
    if files := idx_files(place):
        pictures = read_idx(files[0], most)
        if pictures.ndim != 3 or pictures.dtype != np.uint8:
            raise DataError(f"“{files[0].name}” holds no pictures.")
        return [_grey(picture) for picture in pictures], sum(idx_count(file) for file in files)
    files = batch_files(place)
    rows = [_rows(file) for file in files]
    return [_colour(row) for row in rows[0][:most]], sum(len(some) for some in rows)


def _grey(picture: np.ndarray) -> QImage:
    height, width = picture.shape
    return QImage(np.ascontiguousarray(picture).tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def _colour(row: np.ndarray) -> QImage:
    pixels = row.reshape(3, _SIDE, _SIDE).transpose(1, 2, 0).tobytes()
    return QImage(pixels, _SIDE, _SIDE, 3 * _SIDE, QImage.Format.Format_RGB888).copy()


def _rows(path: Path) -> np.ndarray:
    """A batch's rows: the first long run of bytes in it, found by walking over its operations without running one."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"“{path.name}” is too large for a batch of CIFAR.")
        for operation, argument, _ in pickletools.genops(path.read_bytes()):
            if operation.arg is not None and isinstance(argument, str | bytes) and len(argument) >= _ROW:
                raw = argument.encode("latin-1") if isinstance(argument, str) else argument
                if len(raw) % _ROW == 0:
                    return np.frombuffer(raw, np.uint8).reshape(-1, _ROW)
    except (OSError, ValueError, UnicodeError) as error:
        raise DataError(f"“{path.name}” is damaged, or may not be read.") from error
    raise DataError(f"“{path.name}” is no batch of CIFAR: it holds no rows of 3 × 32 × 32 bytes.")

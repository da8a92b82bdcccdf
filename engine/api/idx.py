"""IDX, the format of MNIST and Fashion-MNIST: a magic number, sizes, then plain numbers with the highest byte first; often gzipped.

Source: LeCun, Cortes & Burges, "The MNIST database", file formats. The engine reads it to train, the window to preview.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from engine.api.errors import DataError

MOST_BYTES = 1024**3
"""A file that says it holds more is refused before it is unpacked."""

_NAME = re.compile(r"[-._]idx[1-4]([-_]u?byte)?(\.gz)?$", re.IGNORECASE)
_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_BROKEN = (OSError, EOFError, zlib.error, struct.error, ValueError)


def is_idx_name(name: str) -> bool:
    """Whether a file is called as IDX files are: "train-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte"."""
    return _NAME.search(name) is not None


def read_idx(path: Path, most: int | None = None) -> np.ndarray:
    """The array in a file, in the numbers' own type. `most`: so many of its first items are enough.

    Raises DataError with one sentence for what is not IDX, is cut short, or says it holds more than `MOST_BYTES`.
    """
    try:
        with _opened(path) as file:
            dtype, shape = _header(file, path.name)
            wanted = (min(shape[0], most), *shape[1:]) if most is not None else shape
            size = math.prod(wanted) * dtype.itemsize
            raw = file.read(size)
            if len(raw) != size or (wanted == shape and file.read(1)):
                raise DataError(f"“{path.name}” does not hold as much as it says: it is damaged or cut short.")
            return np.frombuffer(raw, dtype).reshape(wanted)
    except FileNotFoundError as error:
        raise DataError(f"There is no file “{path}”.") from error
    except PermissionError as error:
        raise DataError(f"“{path.name}” may not be read; allow it, or choose another.") from error
    except _BROKEN as error:
        raise DataError(f"“{path.name}” is damaged or cut short.") from error


def idx_count(path: Path) -> int:
    """How many items a file says it holds. Raises DataError."""
    try:
        with _opened(path) as file:
            return _header(file, path.name)[1][0]
    except _BROKEN as error:
        raise DataError(f"“{path.name}” is damaged, or may not be read.") from error


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _header(file: IO[bytes], name: str) -> tuple[np.dtype, tuple[int, ...]]:
    """Type and sizes."""
    zero, kind, ranks = struct.unpack(">HBB", file.read(4))
    if zero != 0 or kind not in _DTYPES or not 1 <= ranks <= 4:
        raise DataError(f"“{name}” is called as an IDX file is, but holds something else.")
    shape = struct.unpack(f">{ranks}I", file.read(4 * ranks))
    dtype = np.dtype(_DTYPES[kind])
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise DataError(f"“{name}” says it holds more than {MOST_BYTES // 1024**3} GB, so it is not read.")
    return dtype, shape

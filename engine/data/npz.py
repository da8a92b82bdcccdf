"""Reads arrays out of .npz files of others: no objects, nothing larger than it says, nothing that is not wanted."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np

from engine.api.errors import DataError

MOST_BYTES = 1_500_000_000
"""What one array may take."""


def read_npz(path: Path, wanted: Collection[str] = ()) -> dict[str, np.ndarray]:
    """The arrays of these names that the file has; all of them if none is named.

    Raises DataError: no file, no .npz, cut short, an array of Python objects (which only a pickle could read), or one of gigabytes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            return {name: _read(archive, members[name], name) for name in members if not wanted or name in wanted}
    except _Refused as error:
        raise DataError(f"“{path.name}” {error}, so it is not opened.") from error
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror or error}).") from error
    except Exception as error:  # a damaged archive raises anything at all
        raise DataError(f"“{path.name}” is damaged, cut short, or no .npz file.") from error


class _Refused(Exception):
    """Continues the sentence “NAME …”."""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> np.ndarray:
    with archive.open(info) as stream:
        shape, fortran, kind = _header(stream)
        if kind.hasobject or kind.names is not None:
            raise _Refused(f"holds Python objects under “{name}”, which only a pickle could read")
        length = math.prod(shape) * kind.itemsize
        if length > MOST_BYTES or length > info.file_size:
            raise _Refused(f"says that “{name}” has {length / 1e9:.1f} GB")
        values = np.frombuffer(stream.read(length), kind)
    return values.reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return reader(stream)

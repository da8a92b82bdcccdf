"""What enters a kernel: arrays of one dtype and layout each, so that no kernel is compiled for a second kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


class Scratch:
    """Named buffers that grow and are never given back: a frame like the last one allocates nothing."""

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[Any]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An uninitialised array; what the name held before is lost.

        Args:
            name: whose buffer.
            shape: of the array.
            dtype: always the same for one name.
        """
        wanted = int(np.prod(shape))
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < wanted:
            buffer = self._buffers[name] = np.empty(wanted + wanted // 4, dtype=dtype)
        return buffer[:wanted].reshape(shape)


def table(values: ArrayLike, columns: int, dtype: DTypeLike, what: str) -> NDArray[Any]:
    """Rows of numbers as a kernel takes them: of one dtype, contiguous, aligned and writable.

    Args:
        values: `[N, columns]`.
        columns: how many.
        dtype: of the result.
        what: the rows' name in an error.

    Raises:
        ValueError: the shape is another one.
    """
    array = np.asarray(values)
    if array.size == 0:
        return np.empty((0, columns), dtype=dtype)
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"{what} must be rows of {columns} numbers, not an array of shape {array.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # too large for the dtype: becomes infinite and is dropped
        return np.require(array, dtype, ["C", "A", "W"])


def column(values: ArrayLike, length: int, dtype: DTypeLike, what: str) -> NDArray[Any]:
    """One number for each row, or one for all of them.

    Args:
        values: `[N]` or a scalar.
        length: N.
        dtype: of the result.
        what: the numbers' name in an error.

    Raises:
        ValueError: there are neither one nor N of them.
    """
    array = np.asarray(values)
    if array.ndim != 0 and array.shape != (length,):
        raise ValueError(f"{what} must be one number or {length}, not an array of shape {array.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.require(np.broadcast_to(array, (length,)), dtype, ["C", "A", "W"])


def byte_colours(values: ArrayLike | None, length: int, default: tuple[int, int, int], what: str) -> NDArray[np.uint8]:
    """A colour for each row.

    Args:
        values: `[N, 3]` or `[3]` in 0…255, or None for the default.
        length: N.
        default: red, green, blue.
        what: the rows' name in an error.

    Returns:
        `[N, 3]` uint8.

    Raises:
        ValueError: another shape, or fractions (colours in 0…1 would all come out black).
    """
    colours = np.asarray(default if values is None else values)
    if colours.dtype.kind not in "ui" and colours.size:
        raise ValueError(f"the colours of {what} must be whole numbers from 0 to 255, not {colours.dtype}")
    if colours.shape not in ((3,), (length, 3)):
        raise ValueError(f"{what} need one colour or {length}, not an array of shape {colours.shape}")
    if colours.dtype != np.uint8:
        colours = colours.clip(0, 255)
    return np.require(np.broadcast_to(colours, (length, 3)), np.uint8, ["C", "A", "W"])

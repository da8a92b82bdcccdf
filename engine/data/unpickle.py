"""Reads data out of pickle files of others without ever running what they name.

A pickle is a small program: it may call whatever it can name, so an ordinary `pickle.load` of a downloaded file runs its author's
code. Here a name is looked up in an allow-list and refused by name if it is not there; operations that data does not need are
refused before anything is read; and numpy's own entries are stand-ins that check shape, type and length before an array is made.

A format adds its classes: `unpickle(data, {**NUMPY, ("chumpy.ch", "Ch"): Ch}, name)`. Whatever is added must be a function, or a
class that defines `__setstate__`: it is then all that a file can reach.
"""

from __future__ import annotations

import io
import math
import pickle  # noqa: TID251  # the one place: it finds nothing that is not allowed
import pickletools
import re
from collections.abc import Callable, Mapping
from inspect import isfunction
from pathlib import Path
from typing import Any

import numpy as np

from engine.api.errors import DataError

Allowed = Mapping[tuple[str, str], Callable[..., Any]]
"""(module, name) as they stand in the file, and what is used in their place."""

MOST_BYTES = 2 * 1024**3
"""A larger file is refused before it is read."""

_UNUSED = frozenset(
    "INST OBJ EXT1 EXT2 EXT4 PERSID BINPERSID NEXT_BUFFER READONLY_BUFFER NEWOBJ_EX FROZENSET DUP".split()
)
"""Operations that no data file of ours holds."""

_NUMBERS = re.compile(r"[|<>=]?[biuf][1248]|\?")
_BYTE_ORDERS = ("<", ">", "=", "|")


def read_pickle(path: Path, allowed: Allowed | None = None) -> Any:
    """What a pickle file holds. `allowed`: the only names that it may use (default: numpy's arrays).

    Strings of Python 2 are read as Latin-1. Raises DataError with one sentence for what is no pickle, is cut short, or names
    anything else.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"“{path.name}” is larger than {MOST_BYTES // 1024**3} GB, so it is not read.")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read ({error.strerror}).") from error
    return unpickle(data, allowed, path.name)


def unpickle(data: bytes, allowed: Allowed | None = None, name: str = "the file") -> Any:
    """What these bytes hold; see `read_pickle`. `name` stands in the refusals."""
    try:
        _look_ahead(data)
        return _Reader(data, NUMPY if allowed is None else allowed).load()
    except _Refused as error:
        raise DataError(f"“{name}” {error}, so it is not opened.") from error
    except Exception as error:  # a damaged pickle raises anything at all, from its stand-ins too
        raise DataError(f"“{name}” is damaged, cut short, or no pickle.") from error


class _Refused(Exception):
    """Continues the sentence “NAME …”."""


def _look_ahead(data: bytes) -> None:
    """Refuses odd operations, and places in the memo far beyond what was stored: they cost gigabytes when they are run."""
    for stored, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if operation.name in _UNUSED:
            raise _Refused(f"uses {operation.name}, which no data needs")
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > stored + 1:
            raise _Refused("asks for more memory than its content")


class _Reader(pickle.Unpickler):
    """An unpickler that finds what is allowed, and nothing else."""

    def __init__(self, data: bytes, allowed: Allowed) -> None:
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in of a name."""
        try:
            found = self._allowed[module, name]
        except KeyError:
            raise _Refused(f"names {module}.{name}, which its format does not need") from None
        return _Sealed(found) if isfunction(found) else found

    def persistent_load(self, pid: Any) -> Any:
        """Refused: data refers to nothing outside itself."""
        raise _Refused("refers to something outside itself")


class _Sealed:
    """A function whose attributes a file cannot set."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _Refused("changes a function")


# ------------------------------------------------------------------------------------------------------ numpy
class Kind:
    """Stands in for `numpy.dtype`: whole numbers, floating ones and truth values, of either byte order; never objects."""

    __slots__ = ("dtype",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise _Refused(f"holds an array of {str(code)[:20]!r} rather than of numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """`(version, byte order, …)`; the rest describes records, which are not read."""
        if state[1] not in _BYTE_ORDERS:
            raise ValueError("no byte order")
        self.dtype = self.dtype.newbyteorder(state[1])


class Numbers(np.ndarray):
    """Stands in for `numpy.ndarray`. It is one; `np.asarray` gives the plain array."""

    def __new__(cls, *_: Any) -> Numbers:
        """Refused: an array comes with its bytes, and never of a mere size."""
        raise _Refused("makes an array by its size alone")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """`(version, shape, dtype, Fortran order, bytes)`, each checked before numpy sees it."""
        _, shape, kind, fortran, raw = state
        shape = checked_shape(shape)
        plain = _plain_bytes(raw)
        if len(plain) != math.prod(shape) * kind.dtype.itemsize:
            raise ValueError("an array of another length than its bytes")
        super().__setstate__((1, shape, kind.dtype, bool(fortran), plain))  # type: ignore[arg-type]  # numpy wants a plain bool


def checked_shape(shape: Any) -> tuple[int, ...]:
    """A shape of at most eight sizes, none negative. Raises ValueError."""
    sizes = tuple(shape)
    if len(sizes) > 8 or not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError("not a shape")
    return sizes


def _plain_bytes(raw: Any) -> bytes:
    """The bytes of an array; Python 2 wrote them as a string."""
    return raw.encode("latin1") if isinstance(raw, str) else bytes(memoryview(raw))


def _begun(kind: Any, *_: Any) -> Numbers:
    """`numpy.core.multiarray._reconstruct`: an empty array, whose state follows."""
    if kind is not Numbers:
        raise _Refused("makes an array of something else")
    return np.empty(0, np.uint8).view(Numbers)


def _scalar(kind: Kind, raw: Any) -> Any:
    return np.frombuffer(_plain_bytes(raw), kind.dtype, 1)[0]


def _from_buffer(raw: Any, kind: Kind, shape: Any, order: Any) -> np.ndarray:
    """`numpy._core.numeric._frombuffer`, which protocol 5 uses."""
    if order not in ("C", "F"):
        raise ValueError("no order")
    return np.frombuffer(_plain_bytes(raw), kind.dtype).reshape(checked_shape(shape), order=order)


def _encoded(text: Any, encoding: Any) -> bytes:
    """`_codecs.encode`, with which Python 3 writes bytes for Python 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _Refused("encodes text in another way than Latin-1")
    return text.encode("latin1")


NUMPY: Allowed = {
    ("numpy", "ndarray"): Numbers,
    ("numpy", "dtype"): Kind,
    ("_codecs", "encode"): _encoded,
    **{
        (f"{package}.{name}", function): stand_in
        for package in ("numpy.core", "numpy._core")
        for name, function, stand_in in (
            ("multiarray", "_reconstruct", _begun),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}
"""Arrays and numbers of numpy: what CIFAR's batches hold, and the ground that other formats build on."""

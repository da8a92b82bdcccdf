"""What stands in the official .pkl files for numbers: objects of chumpy and scipy, as stand-ins that keep their state and do nothing.

A dependency on chumpy is out of the question: it does not run on today's Python. The names below are all that these files need.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.unpickle import NUMPY, Allowed, checked_shape

MOST_CELLS = 200_000_000


class _Kept:
    """An object of a pickle: nothing but its state."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise TypeError("a state that is no dict")
        object.__setattr__(self, "state", state)


class _Ch(_Kept):
    """chumpy.ch.Ch: an array in its attribute `x`."""


class _Select(_Kept):
    """chumpy.reordering.Select: entries `idxs` of the array `a`, in `preferred_shape`."""


class _Compressed(_Kept):
    """scipy's csc_matrix."""


class _Rows(_Kept):
    """scipy's csr_matrix."""


class _Triplets(_Kept):
    """scipy's coo_matrix."""


def _reconstructed(kind: Any, base: Any, state: Any) -> _Kept:
    """copy_reg._reconstructor, for the stand-ins alone."""
    if state is not None or kind not in (_Ch, _Select, _Compressed, _Rows, _Triplets):
        raise TypeError("an object of another class")
    return kind()


def _object(*_: Any) -> None:
    """The base of every class, which _reconstructor names."""


def _set(*_: Any) -> frozenset[str]:
    """Chumpy's bookkeeping, which nobody needs."""
    return frozenset()


CHUMPY: Allowed = {
    **NUMPY,
    ("chumpy.ch", "Ch"): _Ch,
    ("chumpy.reordering", "Select"): _Select,
    **{(f"{module}", "_reconstructor"): _reconstructed for module in ("copy_reg", "copyreg")},
    **{(module, "object"): _object for module in ("__builtin__", "builtins")},
    **{(module, "set"): _set for module in ("__builtin__", "builtins")},
    **{
        (f"scipy.sparse.{mark}{short}", f"{short}_matrix"): stand_in
        for mark in ("", "_")
        for short, stand_in in (("csc", _Compressed), ("csr", _Rows), ("coo", _Triplets))
    },
}
"""The names that the official files need."""


def numbers_of(value: Any) -> np.ndarray:
    """The numbers of an object. Raises KeyError, TypeError, ValueError or IndexError for what holds none."""
    match value:
        case _Ch():
            return numbers_of(value.state["x"])
        case _Select():
            chosen = numbers_of(value.state["a"]).ravel()[numbers_of(value.state["idxs"]).ravel()]
            shape = value.state.get("preferred_shape")
            return chosen if shape is None else chosen.reshape(checked_shape(shape))
        case _Compressed() | _Rows() | _Triplets():
            return _dense(value)
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError("no numbers")
    return array


def _dense(sparse: _Kept) -> np.ndarray:
    state = sparse.state
    rows, columns = checked_shape(state.get("_shape", state.get("shape", ())))
    if rows * columns > MOST_CELLS:
        raise ValueError("a matrix of gigabytes")
    values = numbers_of(state["data"])
    full = np.zeros((rows, columns), values.dtype)
    if isinstance(sparse, _Triplets):
        np.add.at(full, (numbers_of(state["row"]), numbers_of(state["col"])), values)
        return full
    inner, starts = numbers_of(state["indices"]), numbers_of(state["indptr"])
    outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    np.add.at(full, (inner, outer) if isinstance(sparse, _Compressed) else (outer, inner), values)
    return full

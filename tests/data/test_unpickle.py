"""What a pickle of another may do here: hold arrays, text and numbers; and nothing else, however it asks."""

from __future__ import annotations

import contextlib
import os
import pickle  # noqa: TID251  # to make what is read, and what is refused
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.errors import DataError
from engine.data.unpickle import NUMPY, Numbers, read_pickle, unpickle

CONTENT = {
    "data": np.arange(24, dtype=np.uint8).reshape(4, 6),
    "labels": [3, 1, 4, 1],
    "name": "batch",
    "half": np.float64(0.5),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "swapped": np.arange(3, dtype=">i4"),
    "truth": np.array([True, False]),
    "none": None,
}


class Runs:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_text_and_numbers_come_back(protocol: int) -> None:
    found = unpickle(pickle.dumps(CONTENT, protocol=protocol))
    assert found.keys() == CONTENT.keys()
    for name, value in CONTENT.items():
        np.testing.assert_array_equal(np.asarray(found[name]), np.asarray(value))


def test_bytes_and_strings_of_python_2_are_latin_1() -> None:
    """A protocol-2 pickle as Python 2 wrote it: the array's bytes are a string (opcode U)."""
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85"
    array += b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array += b"\x89U\x02\x07\xfftb"
    found = unpickle(b"\x80\x02}U\x04data" + array + b"s.")
    np.testing.assert_array_equal(np.asarray(found["data"]), [7, 255])


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_function_is_refused_by_its_name_and_not_called(protocol: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    data = pickle.dumps({"data": Runs(os.mkdir, str(made))}, protocol=protocol)
    with pytest.raises(
        DataError, match=r"“a.pkl” names posix.mkdir, which its format does not need, so it is not opened"
    ):
        unpickle(data, name="a.pkl")
    assert not made.exists()


@pytest.mark.parametrize(
    "module_and_name",
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("numpy", "ndarray.tofile"),
        ("engine.data.unpickle", "io"),
    ],
)
def test_neither_neighbours_nor_attributes_of_the_allowed_are_found(module_and_name: tuple[str, str]) -> None:
    module, name = (pickle.dumps(part, protocol=4)[2:-1].split(b"\x95")[-1][8:] for part in module_and_name)
    with pytest.raises(DataError, match=r"names .*, which its format does not need"):
        unpickle(b"\x80\x04" + module + name + b"\x93.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}X\x01\x00\x00\x00aK\x01sb.", "changes a function"),
        (b"P0\n.", "PERSID"),
        (b"\x80\x02K\x01Q.", "BINPERSID"),
        (b"(ios\nsystem\n.", "INST"),
        (b"\x82\x01.", "EXT1"),
        (b"K\x01r\xff\xff\xff\x7f.", "more memory than its content"),
        (b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x81.", "by its size alone"),
        (b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.", "by its size alone"),
        (pickle.dumps(np.array([{}], dtype=object)), "array of 'O8' rather than of numbers"),
        (pickle.dumps(np.array([(1, 2)], dtype="i4,i4")), "array of 'V8' rather than of numbers"),
    ],
)
def test_tricks_are_refused_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        unpickle(data)


def test_the_allowed_cannot_be_changed_for_the_next_file() -> None:
    """A file that sets attributes of a stand-in's class: numpy.dtype.__init__ = 5."""
    with pytest.raises(DataError):
        unpickle(b"\x80\x02cnumpy\ndtype\nN}X\x08\x00\x00\x00__init__K\x05s\x86b.")
    assert unpickle(pickle.dumps(np.arange(3))).tolist() == [0, 1, 2]


def state_of(shape: Any, raw: Any) -> bytes:
    """An array's pickle with any state."""
    begun = (pickle.loads(b"cnumpy.core.multiarray\n_reconstruct\n."), (np.ndarray, (0,), b"b"))

    class Odd:
        def __reduce__(self) -> Any:
            return (*begun, (1, shape, np.dtype("u1"), False, raw))

    return pickle.dumps(Odd(), protocol=2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("shape", "raw"),
    [((10**12,), b"ab"), ((-1, -2), b"ab"), ((2, "x"), b"ab"), (2, b"ab"), ((1,) * 40, b"a"), ((2,), 5), ((3,), b"ab")],
)
def test_an_array_that_does_not_fit_its_bytes_is_refused(shape: Any, raw: Any) -> None:
    assert unpickle(state_of((2,), b"ab")).tolist() == [97, 98]
    with pytest.raises(DataError, match="damaged"):
        unpickle(state_of(shape, raw))


def test_a_class_may_be_allowed_and_gets_its_state() -> None:
    class Ch:
        def __setstate__(self, state: dict[str, Any]) -> None:
            self.x = state["x"]

    data = b"\x80\x02cchumpy.ch\nCh\n)\x81}X\x01\x00\x00\x00xK\x05sb."
    found = unpickle(data, {**NUMPY, ("chumpy.ch", "Ch"): Ch})
    assert found.x == 5
    with pytest.raises(DataError, match=r"chumpy\.ch\.Ch"):
        unpickle(data)


def test_every_cut_is_refused() -> None:
    data = pickle.dumps(CONTENT, protocol=2)
    for length in range(0, len(data) - 1, 3):
        with pytest.raises(DataError, match="damaged, cut short, or no pickle"):
            unpickle(data[:length])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 5))
def test_bytes_changed_at_random_are_read_or_refused(changes: list[tuple[int, int]], protocol: int) -> None:
    data = bytearray(pickle.dumps(CONTENT, protocol=protocol))
    for place, value in changes:
        data[place % len(data)] = value
    with contextlib.suppress(DataError):  # anything else is a defect
        unpickle(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataError):
        unpickle(b"\x80\x02" + data + b".")


def test_a_length_beyond_the_file_costs_nothing() -> None:
    for opcode, size in (
        (b"\x8e", struct.pack("<Q", 1 << 40)),
        (b"\x96", struct.pack("<Q", 1 << 40)),
        (b"B", b"\xff\xff\xff\x7f"),
    ):
        with pytest.raises(DataError, match="damaged"):
            unpickle(b"\x80\x05" + opcode + size + b"ab.")


def test_a_file_is_read_or_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data_batch_1"
    with pytest.raises(DataError, match="“data_batch_1” cannot be read"):
        read_pickle(path)
    path.write_bytes(pickle.dumps(CONTENT))
    assert isinstance(read_pickle(path)["data"], Numbers)
    monkeypatch.setattr("engine.data.unpickle.MOST_BYTES", 10)
    with pytest.raises(DataError, match="larger"):
        read_pickle(path)

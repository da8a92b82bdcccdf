"""MNIST's and CIFAR's files, made small here: as published, gzipped, cut, and with lies in them."""

from __future__ import annotations

import contextlib
import gzip
import pickle  # noqa: TID251  # CIFAR's batches are pickles
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api import idx
from engine.api.errors import DataError
from engine.api.idx import idx_count, is_idx_name, read_idx
from engine.api.own_files import is_packed
from engine.data import table
from engine.data.packed import read_packed
from engine.data.table import load_pictures

RNG = np.random.default_rng(0)


def idx_bytes(array: np.ndarray) -> bytes:
    kind = {"u1": 8, "i4": 12, "f4": 13}[array.dtype.str[1:]]
    return (
        struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def mnist(folder: Path, train: int = 20, test: int = 6, ending: str = "-ubyte") -> Path:
    folder.mkdir(exist_ok=True)
    for part, count in (("train", train), ("t10k", test)):
        pictures = RNG.integers(0, 256, (count, 28, 28), np.uint8)
        pack = gzip.compress if ending.endswith(".gz") else bytes
        (folder / f"{part}-images-idx3{ending}").write_bytes(pack(idx_bytes(pictures)))
        (folder / f"{part}-labels-idx1{ending}").write_bytes(pack(idx_bytes(np.arange(count).astype(np.uint8) % 10)))
    return folder


def batch(path: Path, count: int = 5, **changes: Any) -> Path:
    rows = RNG.integers(0, 256, (count, 3072), np.uint8)
    path.write_bytes(pickle.dumps({"data": rows, "labels": [i % 10 for i in range(count)], **changes}, protocol=2))
    return path


def cifar(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        batch(folder / name)
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}, protocol=2))
    return folder


@pytest.mark.parametrize("ending", ["-ubyte", "-ubyte.gz"])
def test_mnist_is_read_with_what_it_is_judged_by(tmp_path: Path, ending: str) -> None:
    data = load_pictures(str(mnist(tmp_path / "mnist", ending=ending)), 28, 1)
    assert data.train.shape == (20, 1, 28, 28)
    assert data.test.shape == (6, 1, 28, 28)
    assert data.test_labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert data.names == tuple("0123456789")
    assert data.note == "26 pictures, 6 published to be judged by"
    raw = read_idx(tmp_path / "mnist" / f"train-images-idx3{ending}")
    torch.testing.assert_close(data.train[:, 0], torch.from_numpy(raw.astype(np.float32) / 255))


def test_one_file_is_split_and_finds_its_labels(tmp_path: Path) -> None:
    data = load_pictures(str(mnist(tmp_path / "m") / "train-images-idx3-ubyte"), 14, 3)
    assert data.train.shape == (16, 3, 14, 14)
    assert len(data.test) == 4
    assert sorted([*data.train_labels.tolist(), *data.test_labels.tolist()]) == sorted([*range(10), *range(10)])


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    folder = mnist(tmp_path / "m")
    whole = (folder / "train-images-idx3-ubyte").read_bytes()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole))
    assert len(read_packed(folder).train.labels) == 20


def test_cifar_is_read_with_its_names(tmp_path: Path) -> None:
    data = load_pictures(str(cifar(tmp_path / "cifar-10-batches-py")), 32, 3)
    assert data.train.shape == (10, 3, 32, 32)
    assert data.test.shape == (5, 3, 32, 32)
    assert data.names == tuple("abcdefghij")
    assert load_pictures(str(tmp_path / "cifar-10-batches-py" / "test_batch"), 16, 1).train.shape == (4, 1, 16, 16)


def test_planes_of_a_cifar_row_are_red_green_and_blue(tmp_path: Path) -> None:
    row = np.repeat(np.array([[255, 128, 0]], np.uint8), 1024, axis=1)
    data = load_pictures(str(batch(tmp_path / "data_batch_1", data=row, labels=[3])), 8, 3)
    torch.testing.assert_close(data.train[0, :, 4, 4], torch.tensor([1.0, 128 / 255, 0.0]))


def test_what_does_not_fit_into_memory_is_left_out_evenly_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MAX_BYTES", 13 * 4 * 28 * 28)
    data = load_pictures(str(mnist(tmp_path / "m")), 28, 1)
    assert (len(data.train), len(data.test)) == (10, 3)
    assert data.train_labels.float().mean() > 3
    assert data.unread == "In “m”: 13 of 26 pictures left out for memory."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a-idx3-ubyte", b"", "damaged or cut short"),
        ("a-idx3-ubyte", b"\x00\x00\x08", "damaged or cut short"),
        ("a-idx3-ubyte", b"PNG\x00\x00\x00\x00\x00", "holds something else"),
        ("a-idx3-ubyte", idx_bytes(np.zeros((2, 3, 3), np.uint8))[:-1], "does not hold as much as it says"),
        ("a-idx3-ubyte", idx_bytes(np.zeros((2, 3, 3), np.uint8)) + b"x", "does not hold as much as it says"),
        ("a-idx3-ubyte", struct.pack(">HBB3I", 0, 8, 3, 1 << 31, 1 << 31, 1 << 31), "more than 1 GB"),
        ("a-idx3-ubyte", struct.pack(">HBB3I", 0, 8, 3, 0, 28, 28), "holds no pictures"),
        ("a-idx3-ubyte", idx_bytes(np.zeros((2, 3, 3), np.float32)), "holds no pictures"),
        ("a-idx3-ubyte.gz", b"\x1f\x8b\x08damaged", "damaged or cut short"),
        (
            "a-idx3-ubyte.gz",
            gzip.compress(idx_bytes(np.zeros((9, 9, 9), np.uint8)), mtime=0)[:-20],
            "damaged or cut short",
        ),
        ("data_batch_1", b"no pickle", "is damaged, cut short, or no pickle"),
        ("data_batch_1", pickle.dumps([1, 2]), "is no batch of CIFAR"),
        ("data_batch_1", pickle.dumps({"data": np.zeros((2, 9), np.uint8)}), "is no batch of CIFAR"),
        ("data_batch_1", pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [1]}), "not one for each"),
        ("data_batch_1", pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [1, -1]}), "not one for each"),
        (
            "data_batch_1",
            pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": ["a", "b"]}),
            "not one for each",
        ),
        ("data_batch_1", b"cos\nsystem\n(X\x02\x00\x00\x00lstR.", "names os.system"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    for place in (tmp_path / name, tmp_path):
        with pytest.raises(DataError, match=reason):
            load_pictures(str(place), 8, 1)


def test_labels_that_do_not_belong_are_refused(tmp_path: Path) -> None:
    folder = mnist(tmp_path / "m")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(3, np.uint8)))
    with pytest.raises(DataError, match="labels beside “train-images-idx3-ubyte” are not one for each of its 20"):
        read_packed(folder)


def test_a_bomb_is_unpacked_no_further_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros((2, 3, 3), np.uint8)) + bytes(50_000_000)))
    with pytest.raises(DataError, match="does not hold as much as it says"):
        read_idx(path)
    assert len(read_idx(path, most=1)) == 1
    assert idx_count(path) == 2
    monkeypatch.setattr(idx, "MOST_BYTES", 10)
    with pytest.raises(DataError, match="says it holds more"):
        idx_count(path)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *(
            (name, True)
            for name in ("train-images-idx3-ubyte", "t10k-labels.idx1-ubyte", "x-idx3-ubyte.gz", "X-IDX3-UBYTE")
        ),
        *((name, False) for name in ("index.html", "a.idx", "my-idx-ubyte", "photo.png", "data_batch_1")),
    ],
)
def test_names(name: str, is_one: bool, tmp_path: Path) -> None:
    assert is_idx_name(name) == is_one
    assert not is_packed(tmp_path)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 40))
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(idx_bytes(np.arange(36, dtype=np.uint8).reshape(4, 3, 3)))
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "fuzzed-idx3-ubyte"
    path.write_bytes(data[: len(data) - cut] if cut > 30 else data)
    with contextlib.suppress(DataError):
        read_packed(path)

"""Model files: the official formats are read, hostile and damaged ones refused with one sentence."""

from __future__ import annotations

import os
import pickle  # noqa: TID251  # makes the files that must be refused
import struct
import sys
import types
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse
import torch

from engine.api.errors import DataError
from engine.bodies.files import SHIPPED, default_body, model_of, read_model, write_model
from engine.bodies.layouts import MANO, SMPL, SMPLH, SMPLX
from tests.bodies.fakes import fake_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def chumpy() -> Iterator[Any]:
    """Classes as chumpy has them, to be pickled and then gone."""

    class Ch:
        def __init__(self, x: Any) -> None:
            self.__dict__.update(x=np.asarray(x, float), _dirty_vars=set(), _itr=None, _depends_on_deps={})

    class Select(Ch):
        def __init__(self, a: Any, idxs: Any, shape: Any) -> None:
            self.__dict__.update(a=a, idxs=idxs, preferred_shape=shape, _dirty_vars=set())

    names = ("chumpy", "chumpy.ch", "chumpy.reordering")
    modules = {name: types.ModuleType(name) for name in names}
    Ch.__module__, Ch.__qualname__ = "chumpy.ch", "Ch"
    Select.__module__, Select.__qualname__ = "chumpy.reordering", "Select"
    modules["chumpy.ch"].Ch, modules["chumpy.reordering"].Select = Ch, Select  # type: ignore[attr-defined]  # made up here
    sys.modules.update(modules)
    yield types.SimpleNamespace(Ch=Ch, Select=Select)
    for name in names:
        del sys.modules[name]


def official(chumpy: Any, arrays: dict[str, Any]) -> dict[str, Any]:
    """As basicModel_neutral_lbs_10_207_0_v1.0.0.pkl has it: chumpy's arrays, a selection of more shapes, a sparse regressor."""
    shapes = arrays["shapedirs"]
    more = np.concatenate([shapes, np.zeros_like(shapes)], 2)
    chosen = np.arange(more.size).reshape(more.shape)[:, :, : shapes.shape[2]].ravel()
    return arrays | {
        "v_template": chumpy.Ch(arrays["v_template"]),
        "shapedirs": chumpy.Select(chumpy.Ch(more), chosen, shapes.shape),
        "J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"]),
        "bs_type": "lrotmin",
        "pose_training_info": {"gender": "neutral", "n": np.float64(3)},
    }


@pytest.mark.parametrize("layout", [SMPL, SMPLH, SMPLX, MANO])
@pytest.mark.parametrize("protocol", [0, 2])
def test_an_official_pickle_is_read(layout: Any, protocol: int, chumpy: Any, tmp_path: Path) -> None:
    arrays = fake_arrays(layout, 40)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(official(chumpy, arrays), protocol=protocol, fix_imports=True))
    model, plain = read_model(path, layout), model_of(arrays, "plain")
    torch.testing.assert_close(model.directions, plain.directions)
    torch.testing.assert_close(model.regressor, plain.regressor)
    assert model.layout == layout


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_written_is_read_back(suffix: str, tmp_path: Path) -> None:
    model = model_of(fake_arrays(SMPLH, 30), "fake")
    path = tmp_path / f"body{suffix}"
    write_model(model, path)
    again = read_model(path)
    torch.testing.assert_close(again.pose_directions, model.pose_directions)
    torch.testing.assert_close(again.joint_directions, model.joint_directions)


def test_what_is_written_of_the_shipped_body_keeps_its_keypoints(tmp_path: Path) -> None:
    write_model(default_body(), tmp_path / "body.safetensors")
    assert read_model(tmp_path / "body.safetensors", SMPL).keypoint_regressor is not None


def test_official_smplx_archives_keep_objects_that_nobody_needs(tmp_path: Path) -> None:
    arrays = fake_arrays(SMPLX, 30, 20)
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **arrays, part2num=np.array({"head": 1}, dtype=object))
    model = read_model(tmp_path / "SMPLX_NEUTRAL.npz")
    assert model.shapes == 20
    assert model.expressions == 10


def test_the_hands_mean_pose_is_kept(tmp_path: Path) -> None:
    np.savez(tmp_path / "hand.npz", **fake_arrays(MANO, 30), hands_mean=np.arange(45.0))
    mean = read_model(tmp_path / "hand.npz").mean_pose
    assert mean is not None
    assert mean[0].abs().sum() == 0
    assert mean[-1].tolist() == [42.0, 43.0, 44.0]


# What is refused ------------------------------------------------------------------------------------------------------


class Command:
    """Runs a command when it is unpickled by anyone careless."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def test_a_pickle_that_runs_a_command_is_refused_and_named_and_not_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "ran", tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"v_template": Command(mark)}, protocol=2))
    with pytest.raises(DataError, match=r"(posix|nt)\.system"):
        read_model(path)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["eval", "getattr", "exec", "__import__", "open"])
def test_every_other_name_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(f"c__builtin__\n{name}\n(S'1'\ntR.".encode())
    with pytest.raises(DataError, match=name):
        read_model(tmp_path / "evil.pkl")


@pytest.mark.parametrize(
    "odd",
    [
        b"cchumpy.ch\nCh\n(tR(dS'x'\nI5\nsb.",  # a state that is no array
        b"cchumpy.ch\nCh\n(I1\nI2\ntRI5\nb.",  # a state that is no dict
        b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR.",
    ],
)
def test_odd_uses_of_what_is_allowed_are_one_sentence_too(odd: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.pkl").write_bytes(odd)
    with pytest.raises(DataError, match=r"odd\.pkl"):
        read_model(tmp_path / "odd.pkl")


def test_a_sparse_matrix_of_gigabytes_is_refused(tmp_path: Path) -> None:
    tiny = scipy.sparse.csc_matrix(np.eye(3))
    tiny._shape = (10**6, 10**6)
    (tmp_path / "big.pkl").write_bytes(pickle.dumps(dict.fromkeys(["J_regressor"], tiny), protocol=2))
    with pytest.raises(DataError):
        read_model(tmp_path / "big.pkl")


def test_every_truncation_of_a_pickle_is_refused(chumpy: Any, tmp_path: Path) -> None:
    whole = pickle.dumps(official(chumpy, fake_arrays(SMPL, 5, 2)), protocol=2)
    for length in range(0, len(whole) - 1, len(whole) // 40):
        (tmp_path / "cut.pkl").write_bytes(whole[:length])
        with pytest.raises(DataError):
            read_model(tmp_path / "cut.pkl")


def test_an_archive_that_declares_five_gigabytes_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (625000000,), }"
    header += b" " * (-len(header) - 11 % 64) + b"\n"
    with zipfile.ZipFile(tmp_path / "big.npz", "w") as archive:
        archive.writestr("v_template.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 64)
    with pytest.raises(DataError, match=r"5\.0 GB"):
        read_model(tmp_path / "big.npz")


def test_an_array_of_objects_is_refused_by_name(tmp_path: Path) -> None:
    arrays = fake_arrays(SMPL, 5) | {"weights": np.array([[{}]], dtype=object)}
    np.savez(tmp_path / "objects.npz", **arrays)
    with pytest.raises(DataError, match="weights"):
        read_model(tmp_path / "objects.npz")


@pytest.mark.parametrize("length", [0, 10, 500, 5000])
def test_a_truncated_archive_is_refused(length: int, tmp_path: Path) -> None:
    for name in ("body.npz", "body.safetensors"):
        (tmp_path / name).write_bytes((SHIPPED / "hand.npz").read_bytes()[:length])
        with pytest.raises(DataError, match="damaged"):
            read_model(tmp_path / name)


def spoiled(key: str, change: Any) -> dict[str, Any]:
    arrays = fake_arrays(SMPL, 9, 3)
    return arrays | {key: change(arrays[key])}


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        (spoiled("weights", lambda w: 1.1 * w), "sum to 1.1"),
        (spoiled("weights", lambda w: w[:-1]), "weights is 8 × 24, not 9 × 24"),
        (spoiled("shapedirs", lambda d: d[:, :2]), "shapedirs"),
        (spoiled("posedirs", lambda d: d[:, :, :-1]), "posedirs"),
        (spoiled("v_template", lambda v: np.full_like(v, np.nan)), "v_template has entries that are not numbers"),
        (spoiled("f", lambda f: f + 9), "a vertex that does not exist"),
        (spoiled("J_regressor", lambda r: r.astype("U4")), "holds no numbers"),
        (spoiled("kintree_table", lambda k: k[:, ::-1].copy()), "in another order"),
        ({key: value for key, value in fake_arrays(SMPL, 9).items() if key != "f"}, "it has no f"),
        (spoiled("weights", lambda w: np.full((9, 10), 0.1)), "10 joints"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_in_one_sentence(arrays: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        model_of(arrays, "mine.npz")
    assert str(caught.value).startswith("“mine.npz”")
    assert "\n" not in str(caught.value)


def test_the_wrong_layout_says_which_file_is_which_and_where_it_is_to_be_had(tmp_path: Path) -> None:
    np.savez(tmp_path / "MANO_RIGHT.npz", **fake_arrays(MANO, 20))
    with pytest.raises(DataError, match=r"MANO layout \(16 joints\), and SMPL is needed here.*smpl\.is\.tue\.mpg\.de"):
        read_model(tmp_path / "MANO_RIGHT.npz", SMPL)


def test_another_ending_and_no_file_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "body.txt", tmp_path / "none.pkl", tmp_path / "none.npz", tmp_path / "none.safetensors"):
        with pytest.raises(DataError):
            read_model(path)

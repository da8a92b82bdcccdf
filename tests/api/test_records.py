"""Run folders: what is read back, what is forgiven, what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.errors import RunFolderError
from engine.api.records import (
    RunRecord,
    append_rewind,
    list_runs,
    new_run_folder,
    read_curves,
    read_record,
    write_record,
)
from engine.run.folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path


def make_run(folder: Path, points: int = 10) -> None:
    with RunFolder(folder, RunRecord("a.b", {"lr": 0.1}, created=1.0)) as run:
        run.append("loss/one", np.arange(points), np.arange(points) * 0.5)
        run.append("loss/two", np.arange(points), np.arange(points) * 2.0)


def test_curves_and_record_are_read_back(tmp_path: Path) -> None:
    make_run(tmp_path)
    curves = read_curves(tmp_path)
    assert list(curves) == ["loss/one", "loss/two"]
    np.testing.assert_array_equal(curves["loss/two"].values, np.arange(10) * 2.0)
    record = read_record(tmp_path)
    assert (record.lab, record.last) == ("a.b", {"loss/one": 4.5, "loss/two": 18.0})


def test_points_before_a_rewind_are_of_the_past(tmp_path: Path) -> None:
    make_run(tmp_path)
    append_rewind(tmp_path, 4)
    with RunFolder(tmp_path, read_record(tmp_path)) as run:
        run.append("loss/one", np.array([4, 5]), np.array([-1.0, -2.0]))
    curves = read_curves(tmp_path)
    assert curves["loss/one"].steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert curves["loss/one"].values.tolist()[-2:] == [-1.0, -2.0]
    assert curves["loss/two"].steps.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("cut", range(1, 45))
def test_curves_cut_anywhere_lose_only_their_end(tmp_path: Path, cut: int) -> None:
    make_run(tmp_path, points=2)
    path = tmp_path / "scalars.bin"
    path.write_bytes(path.read_bytes()[:-cut])
    assert sum(len(curve.steps) for curve in read_curves(tmp_path).values()) == (80 - cut) // 20


def test_a_half_record_is_cut_back_before_more_is_appended(tmp_path: Path) -> None:
    make_run(tmp_path, points=2)
    path = tmp_path / "scalars.bin"
    path.write_bytes(path.read_bytes()[:-7])
    with RunFolder(tmp_path, read_record(tmp_path)) as run:
        run.append("loss/one", np.array([2]), np.array([7.0]))
    assert read_curves(tmp_path)["loss/one"].values.tolist() == [0.0, 0.5, 7.0]


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no run\.json"):
        read_record(tmp_path)


def test_a_run_of_a_newer_version(tmp_path: Path) -> None:
    write_record(tmp_path, RunRecord("a.b", {}, format=99))
    with pytest.raises(RunFolderError, match="newer"):
        read_record(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60) | st.sampled_from(["[]", "{}", '{"lab": 3}', '{"lab": "a", "params": []}']).map(str.encode)
)
def test_nonsense_in_run_json_is_refused_and_passed_over(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "run").mkdir(exist_ok=True)
    (tmp_path / "run" / "run.json").write_bytes(text)
    with pytest.raises(RunFolderError):
        read_record(tmp_path / "run")
    assert list_runs(tmp_path) == []


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    for index in range(3):
        folder = new_run_folder(tmp_path, "a.b")
        write_record(folder, RunRecord("a.b", {}, created=float(index)))
    assert [record.created for _, record in list_runs(tmp_path)] == [2.0, 1.0, 0.0]


def test_damaged_types_are_refused(tmp_path: Path) -> None:
    write_record(tmp_path, RunRecord("a.b", {}))
    data = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(data | {"changes": [1, 2]}))
    with pytest.raises(RunFolderError):
        read_record(tmp_path)

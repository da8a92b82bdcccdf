"""The command line: shapes, exit statuses, and one sentence for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import main as main_program
from engine.api.records import read_curves, read_record, snapshot_steps
from engine.run import discovery
from engine.run.cli import main
from tests.run.client import TOY

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    places = SimpleNamespace(cache=tmp_path / "cache", runs=tmp_path / "runs")

    def call(*words: str) -> int:
        try:
            return main(words, places)
        except SystemExit as leaving:
            return int(str(leaving.code))

    return call


def test_a_run_writes_its_folder_and_result(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("run", TOY, "--steps", "50", "--set", "lr=0.02", "--seed", "3", "--out", str(out)) == 0
    result = json.loads((out / "result.json").read_text())
    assert (result["lab"], result["steps"]) == ("toys.toy", 50)
    assert result["scalars"]["loss/mse"] == read_curves(out)["loss/mse"].values[-1]
    record = read_record(out)
    assert (record.params["lr"], record.seed, record.state) == (0.02, 3, "finished")
    assert list((out / "media").glob("picture_000050.png"))
    assert "step" in capsys.readouterr().err


@pytest.mark.parametrize("command", sorted(main_program.HEADLESS))
def test_every_command_is_reached_through_main(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main_program.main([command, "--help"])
    assert leaving.value.code == 0
    assert f"usage: main.py {command}" in capsys.readouterr().out
    assert f"`{command}`" in (main_program.__doc__ or "")


def test_without_out_the_run_lands_among_the_runs(run: Callable[..., int], tmp_path: Path) -> None:
    assert run("run", TOY, "--steps", "5") == 0
    assert [read_record(folder).lab for folder in (tmp_path / "runs").iterdir()] == ["toys.toy"]


def test_a_run_goes_on_where_it_ended(run: Callable[..., int], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("run", TOY, "--steps", "20", "--seed", "4", "--out", str(out)) == 0
    assert run("run", TOY, "--steps", "30", "--resume", str(out)) == 0
    assert read_curves(out)["loss/mse"].steps.tolist() == list(range(30))
    assert read_record(out).seed == 4
    first = out / "snapshots" / f"{snapshot_steps(out)[0]:09d}.safetensors"
    assert run("run", TOY, "--steps", "30", "--resume", str(first), "--seed", "4", "--out", str(tmp_path / "fork")) == 0
    assert read_curves(tmp_path / "fork")["loss/mse"].values.tolist() == read_curves(out)["loss/mse"].values.tolist()


BAD: list[tuple[tuple[str, ...], str]] = [
    (("run", "toys.ty"), "no lab"),
    (("run", "nowhere/lab.py"), "no file"),
    (("run", TOY, "--set", "lr"), "NAME=VALUE"),
    (("run", TOY, "--set", "rl=1"), "did you mean lr"),
    (("run", TOY, "--set", "lr=-1"), "takes a number from"),
    (("run", TOY, "--steps", "many"), "whole number"),
    (("run", TOY, "--steps", "0"), "whole number"),
    (("run", TOY, "--data", "/nowhere"), "takes no data"),
    (("run", TOY, "--device", "tpu"), "no device"),
    (("run", TOY, "--resume", "/nowhere"), "nothing to resume"),
    (("run", TOY, "--seed", "x"), "--seed"),
    (("run",), "LAB"),
    (("prove", "nothing.here"), "no lab"),
    (("fly",), "invalid choice"),
]


@pytest.mark.parametrize(
    ("words", "part"), BAD, ids=lambda value: " ".join(value)[-30:] if isinstance(value, tuple) else ""
)
def test_bad_input_is_one_line_and_exit_2(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], part: str
) -> None:
    assert run(*words) == 2
    said = capsys.readouterr().err
    assert part in said
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_holds_a_run_is_not_overwritten(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    run("run", TOY, "--steps", "5", "--out", out)
    before = (tmp_path / "out" / "result.json").read_bytes()
    assert run("run", TOY, "--steps", "9", "--out", out) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert (tmp_path / "out" / "result.json").read_bytes() == before


def test_a_place_that_cannot_be_written(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run("run", TOY, "--steps", "5", "--out", str(tmp_path / "file" / "out")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_ends_the_run_with_1(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("run", TOY, "--steps", "500", "--set", "lr=1e25", "--out", str(out)) == 1
    assert "loss/mse" in capsys.readouterr().err
    assert read_record(out).state == "failed"
    assert snapshot_steps(out) == (0,)


def test_prove_prints_a_row_each_and_fails_with_1(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("prove", TOY, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["checks"]
    keys = {"lab", "title", "expected", "measured", "tolerance", "passed", "seconds"}
    assert all(keys <= set(row) for row in rows)
    assert [row["passed"] for row in rows] == [True, True]
    broken = tmp_path / "toys" / "broken.py"
    broken.parent.mkdir()
    broken.write_text(Path(TOY).read_text().replace("return Measured(0.0,", "return Measured(5.0,"))
    assert run("prove", str(broken)) == 1
    assert "✗" in capsys.readouterr().out


def test_a_check_that_raises_has_failed_with_its_reason(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "toys" / "broken.py"
    broken.parent.mkdir()
    broken.write_text(Path(TOY).read_text().replace("return Measured(0.0,", "return 1 // 0 or Measured(0.0,"))
    assert run("prove", str(broken), "--json") == 1
    row = json.loads(capsys.readouterr().out)["checks"][0]
    assert (row["passed"], row["measured"], "ZeroDivisionError" in row["error"]) == (False, None, True)


def test_labs_are_listed_from_the_cache_until_a_file_changes(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = tmp_path / "engine"
    (engine / "labs" / "neurons").mkdir(parents=True)
    lab = engine / "labs" / "neurons" / "mine.py"
    lab.write_text(Path(TOY).read_text())
    monkeypatch.setattr("engine.api.catalogue.ENGINE", engine)
    monkeypatch.setattr(discovery, "LABS", engine / "labs")
    monkeypatch.setattr(discovery.importlib, "import_module", lambda name: discovery.module_from_file(lab, name))
    assert run("labs", "--json") == 0
    first = json.loads(capsys.readouterr().out)["labs"][0]
    assert (first["id"], first["title"], first["broken"]) == ("neurons.mine", "Toy", None)
    assert {"id", "title", "topic", "source", "parameters", "broken"} <= set(first)
    monkeypatch.setattr(discovery, "load", lambda _: pytest.fail("the cache was not used"))
    run("labs", "--json")
    assert json.loads(capsys.readouterr().out)["labs"][0] == first
    monkeypatch.undo()
    monkeypatch.setattr("engine.api.catalogue.ENGINE", engine)
    monkeypatch.setattr(discovery, "LABS", engine / "labs")
    monkeypatch.setattr(discovery.importlib, "import_module", lambda name: discovery.module_from_file(lab, name))
    lab.write_text(Path(TOY).read_text().replace('title="Toy"', 'title="Changed toy"'))
    run("labs", "--json")
    assert json.loads(capsys.readouterr().out)["labs"][0]["title"] == "Changed toy"
    lab.write_text("import nothing_of_that_name\n")
    run("labs", "--json")
    broken = json.loads(capsys.readouterr().out)["labs"][0]
    assert "nothing_of_that_name" in broken["broken"]
    assert "line 1" in broken["broken"]


def test_doctor_says_what_is_there(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["speed"] > 0.1
    assert report["versions"]["torch"].startswith("2.")
    assert isinstance(report["cameras"], list)

"""`main.py splat`: photos alone to a measured scene, resumed in the middle; films, formats, and what it refuses."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch

from engine.api.errors import RunFolderError
from engine.capture.colmap import read_model
from engine.capture.opening import open_capture
from engine.data.photos import read_photo
from engine.run import cli_splat
from engine.splats.files.formats import read_scene
from engine.splats.job import Job, Wish, begin

if TYPE_CHECKING:
    from tests.capture.conftest import Captured

CPU = torch.device("cpu")
OPTIONS = ("--scale", "0.3", "--every-nth-test", "4", "--device", "cpu")

pytestmark = pytest.mark.xdist_group("command")  # one process compiles the rasteriser, not two at once


@pytest.fixture
def ready(captured: Captured, tmp_path: Path) -> tuple[str, Path]:
    """The photos, and a scene's folder in which their capture is finished."""
    out = tmp_path / "scene"
    shutil.copytree(captured.out, out / "capture")
    order = captured.order(out / "capture")
    key = dataclasses.replace(order, source=captured.photos.resolve(), long_side=1000).key
    (out / "capture" / "order.json").write_text(key)
    return str(captured.photos), out


def run(*words: str | Path) -> int:
    return cli_splat.main([str(word) for word in words])


def test_photos_become_a_measured_scene_and_go_on(ready: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = ready
    assert run(photos, "--out", out, "--steps", "12", *OPTIONS) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics.keys() >= {"psnr", "ssim", "views", "gaussians", "steps", "seconds", "registered", "images"}
    assert (metrics["registered"], metrics["images"], metrics["steps"]) == (7, 7, 12)
    assert set(metrics["views"]) == {"photo_0.jpg", "photo_4.jpg"}
    assert set(metrics["views"]["photo_0.jpg"]) == {"psnr", "ssim"}
    assert len(read_scene(out / "scene.ply").gaussians) == metrics["gaussians"]
    assert len(read_model(out / "poses").images) == 7
    assert read_photo(out / "previews" / "photo_4.png").shape[1] == 2 * 96
    assert run(photos, "--out", out, "--steps", "12", *OPTIONS) == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert run(photos, "--out", out, "--steps", "20", "--resume", *OPTIONS) == 0
    assert json.loads((out / "metrics.json").read_text())["steps"] == 20
    assert "Going on after 12 steps" in capsys.readouterr().err


def test_a_resumed_scene_equals_an_uninterrupted_one(captured: Captured, tmp_path: Path) -> None:
    opened = open_capture(captured.order(captured.out))
    assert opened is not None
    wish = Wish("photos", steps=24, scale=0.3, strategy="mcmc", budget=1500, every=4)

    def job(name: str) -> Job:
        begin(tmp_path / name, wish, resume=True)
        return Job(tmp_path / name, wish, opened, CPU)

    whole = job("whole")
    losses = [moment.loss for moment in whole.train()]
    first = job("parts")
    begun = [moment.loss for moment in islice(first.train(), 11)]
    first.save()
    second = job("parts")
    second.resume()
    assert second.done == len(begun) == 11
    assert begun + [moment.loss for moment in second.train()] == losses
    for name, value in whole.trainer.state["values"].items():
        assert torch.equal(value, second.trainer.state["values"][name])


def test_schedules_fit_themselves_to_the_minutes(
    captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_capture(captured.order(captured.out))
    assert opened is not None
    clock = itertools.count()
    monkeypatch.setattr("engine.splats.job.time", SimpleNamespace(monotonic=lambda: float(next(clock))))  # 1 s a step
    monkeypatch.setattr("engine.splats.job.SAVE_EVERY", 1e9)
    job = Job(tmp_path, Wish("photos", steps=30_000, minutes=1.0, scale=0.2, strategy="none", every=4), opened, CPU)
    totals = [moment.total for moment in job.train()]
    assert len(totals) == 60
    assert totals[0] == 30_000
    assert set(totals[20:]) == {60}


def test_ctrl_c_keeps_the_moment(ready: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    photos, out = ready
    monkeypatch.setattr(cli_splat._Interrupt, "came", True)
    assert run(photos, "--out", out, "--steps", "12", *OPTIONS) == 130
    assert not (out / "metrics.json").exists()
    assert list((out / "snapshots").glob("*.safetensors"))
    monkeypatch.setattr(cli_splat._Interrupt, "came", False)
    assert run(photos, "--out", out, "--steps", "12", "--resume", *OPTIONS) == 0


def test_a_folder_begun_otherwise_is_refused(tmp_path: Path) -> None:
    begin(tmp_path, Wish("a"), resume=False)
    with pytest.raises(RunFolderError, match="--resume"):
        begin(tmp_path, Wish("a"), resume=False)
    with pytest.raises(RunFolderError, match="another seed"):
        begin(tmp_path, Wish("a", seed=1), resume=True)
    begin(tmp_path, Wish("a", steps=9, minutes=1), resume=True)


def test_a_scene_becomes_a_film_and_another_format(ready: tuple[str, Path], tmp_path: Path) -> None:
    photos, out = ready
    assert run(photos, "--out", out, "--steps", "2", *OPTIONS) == 0
    scene = out / "scene.ply"
    film = tmp_path / "film.mp4"
    assert run("render", scene, "--turntable", "--out", film, "--size", "64x48", "--fps", "4", "--seconds", "1") == 0
    assert film.stat().st_size > 500
    assert run("convert", scene, tmp_path / "scene.spz") == 0
    assert len(read_scene(tmp_path / "scene.spz").gaussians) == len(read_scene(scene).gaussians)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere", "--out", "{tmp}/x"), "There is nothing at"),
        (("{tmp}/empty", "--out", "{tmp}/x"), "no photos"),
        (("{tmp}/file.mp4", "--out", "{tmp}/x"), "choose a video"),
        (("render", "nowhere.ply", "--turntable", "--out", "{tmp}/x.mp4"), "nowhere.ply"),
        (("render", "{tmp}/file.mp4", "--turntable", "--out", "{tmp}/x.mp4"), "format"),
        (("convert", "nowhere.ply", "{tmp}/x.spz"), "nowhere.ply"),
    ],
)
def test_bad_input_is_one_sentence(
    words: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.mp4").write_bytes(b"")
    assert run(*(word.format(tmp=tmp_path) for word in words)) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert sentence in told[-1]


@pytest.mark.parametrize(
    "words", [("--steps", "0"), ("--scale", "2"), ("--seed", "-1"), ("--minutes", "x"), ("--budget", "a")]
)
def test_options_out_of_range_are_refused(words: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("photos", "--out", tmp_path, *words)

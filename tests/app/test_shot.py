"""`main.py` and its pictures: what the command line understands, what it refuses, and one real picture of a real lab."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from PySide6.QtGui import QImage

import main as program
from app.launch import ShotOrder, WindowOrder, read_order
from app.places import find_places
from app.shot import _prepare
from engine.api.catalogue import write_cache
from engine.api.errors import StudioError
from tests.app.samples import keep_labs

if TYPE_CHECKING:
    from app.places import Places

ROOT = Path(__file__).resolve().parents[2]
LAB = "neurons.perceptron"


def run_main(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PERCEPTION_STUDIO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=110, check=False)


@pytest.fixture
def labs(places: Places) -> Places:
    keep_labs(places.cache)
    return places


def refusal(order: ShotOrder, places: Places) -> str:
    with pytest.raises(StudioError) as caught:
        _prepare(order, places)
    return str(caught.value)


# What it understands ------------------------------------------------------------------------------------------------


def test_no_arguments_are_a_window(tmp_path: Path) -> None:
    assert read_order([], ("run",)) == WindowOrder()
    assert read_order(["--page", "neurons"], ("run",)) == WindowOrder("neurons")
    assert read_order([str(tmp_path)], ("run",)) == WindowOrder("", (str(tmp_path),))


def test_every_option_of_a_shot() -> None:
    words = "shot --page autoencoders.vae --out a.png --size 1024x700 --steps 7 --theme light --set beta=4 --set z=1,2"
    order = read_order([*words.split(), "--data", "photos", "--seed", "3", "--tab", "notes"], ())
    expected = ShotOrder(
        "autoencoders.vae", Path("a.png"), (1024, 700), 7, "light", ("beta=4", "z=1,2"), "photos", 3, "notes"
    )
    assert order == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("rnu", "no command or file “rnu”; did you mean run?"),
        ("--pgae start", "unrecognized arguments"),
        ("/no/such/file.png", "There is no file or folder /no/such/file.png."),
        ("shot --page start", "--out"),
        ("shot --page start --out a.png --size big", "1440x900"),
        ("shot --page start --out a.png --size 10x10", "1440x900"),
        ("shot --page start --out a.png --steps -4", "argument --steps"),
        ("shot --page start --out a.png --steps many", "whole number"),
        ("shot --page start --out a.png --theme blue", "dark"),
        ("shot --page start --out a.png --seed -1", "from 0 to 2147483647"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_2(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_order(words.split(), ("run", "labs")) == 2
    shown = capsys.readouterr().err
    assert sentence in shown
    assert shown.count("\n") == 1


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_order(["--help"], ()) == 0
    assert "main.py shot" in capsys.readouterr().out


def test_a_window_without_a_screen_says_what_works_without_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(tmp_path))
    assert program.main([]) == 2
    assert "main.py run LAB" in capsys.readouterr().err


def test_an_unknown_page_of_the_window_is_refused_before_it_opens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], labs: Places
) -> None:
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(labs.cache.parent))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert program.main(["--page", "neurns"]) == 2
    assert "did you mean neurons" in capsys.readouterr().err


def test_what_torchrun_sets_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[list[str], Path, object]] = []
    cli = importlib.import_module("engine.run.cli")

    def note(argv: list[str], places: Places, ranks: object, opengl: object) -> int:
        seen.append((argv, places.runs, ranks))
        return 0

    monkeypatch.setattr(cli, "main", note)
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(tmp_path))
    assert program.main(["prove"]) == 0
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    assert program.main(["run", LAB]) == 0
    ranks = importlib.import_module("engine.run.ranks").Ranks
    assert seen == [(["prove"], tmp_path / "runs", None), (["run", LAB], tmp_path / "runs", ranks(1, 2, 1))]


def test_places_are_the_systems_own_or_below_one_home(tmp_path: Path) -> None:
    ours = find_places(str(tmp_path))
    assert {path.parent for path in (ours.config, ours.data, ours.cache, ours.runs)} == {tmp_path}
    theirs = find_places()
    assert theirs.runs.is_relative_to(theirs.data)
    assert "perception-studio" in theirs.config.parts
    assert not tmp_path.joinpath("config").exists(), "nothing is made before it is needed"


# What a shot refuses ------------------------------------------------------------------------------------------------


def test_pages_and_parameters_are_checked_first(labs: Places, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert "did you mean neurons.perceptron" in refusal(ShotOrder("neurons.perceptrn", out), labs)
    assert "did you mean neurons" in refusal(ShotOrder("neurns", out), labs)
    assert "does not load" in refusal(ShotOrder("neurons.broken", out), labs)
    assert "did you mean steps?" in refusal(ShotOrder(LAB, out, sets=("stpes=4",)), labs)
    assert "from 1 to 1000" in refusal(ShotOrder(LAB, out, sets=("steps=0",)), labs)
    assert "NAME=VALUE" in refusal(ShotOrder(LAB, out, sets=("steps",)), labs)
    assert "takes no data" in refusal(ShotOrder(LAB, out, data="photos"), labs)
    assert "no file or folder" in refusal(ShotOrder("autoencoders.vae", out, data="/no/photos"), labs)
    assert "is not a lab" in refusal(ShotOrder("start", out, steps=5), labs)


def test_the_place_of_the_picture_is_checked_first(labs: Places, tmp_path: Path) -> None:
    assert ".png" in refusal(ShotOrder("start", tmp_path / "a.jpeg"), labs)
    (tmp_path / "b.png").mkdir()
    assert "is a folder" in refusal(ShotOrder("start", tmp_path / "b.png"), labs)
    assert "cannot be written" in refusal(ShotOrder("start", tmp_path / "no" / "a.png"), labs)
    assert not (tmp_path / "no").exists()


def test_an_order_becomes_an_experiment(labs: Places, tmp_path: Path) -> None:
    order = ShotOrder("autoencoders.vae", tmp_path / "a.png", sets=("steps=40",), data=str(tmp_path), seed=5)
    info, experiment = _prepare(order, labs)
    assert info is not None
    assert experiment is not None
    assert (info.id, experiment.params, experiment.seed) == (
        "autoencoders.vae",
        {"steps": 40, "data": str(tmp_path)},
        5,
    )
    assert _prepare(ShotOrder("neurons", tmp_path / "a.png"), labs) == (None, None)


# Real pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.timeout(240)
def test_a_lab_trains_its_steps_and_is_pictured(tmp_path: Path, real_labs: list[dict[str, object]]) -> None:
    write_cache(tmp_path / "home" / "cache", real_labs)
    out = tmp_path / "lab.png"
    done = run_main(
        "shot", "--page", LAB, "--out", str(out), "--steps", "12", "--size", "1024x700", home=tmp_path / "home"
    )
    assert (done.returncode, done.stderr) == (0, "")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1024, 700)
    assert len({picture.pixel(x, y) for x in range(0, 1024, 4) for y in range(0, 700, 4)}) > 50
    assert not list((tmp_path / "home").glob("runs/*")), "a picture leaves no run behind"


@pytest.mark.timeout(240)
def test_a_bad_page_is_one_line_and_exit_2(tmp_path: Path, real_labs: list[dict[str, object]]) -> None:
    write_cache(tmp_path / "home" / "cache", real_labs)
    done = run_main("shot", "--page", "nowhere.atall", "--out", str(tmp_path / "a.png"), home=tmp_path / "home")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "There is no lab “nowhere.atall”" in done.stderr
    assert not (tmp_path / "a.png").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a console there sends its own event")
@pytest.mark.timeout(120)
def test_an_interrupt_closes_the_window_properly(labs: Places) -> None:
    environment = {**os.environ, "PERCEPTION_STUDIO_HOME": str(labs.cache.parent), "QT_QPA_PLATFORM": "offscreen"}
    window = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 30
    while not psutil.Process(window.pid).children() and time.monotonic() < until:
        time.sleep(0.05)  # the worker comes after the first paint
    workers = psutil.Process(window.pid).children(recursive=True)
    window.send_signal(signal.SIGINT)
    _, errors = window.communicate(timeout=30)
    assert (window.returncode, errors.decode()) == (0, "")
    assert (labs.config / "settings.json").is_file(), "it was left in order"
    assert not psutil.wait_procs(workers, timeout=10)[1]

"""What bad input gets: a clear sentence and nothing lost. The map of every case to the tests that prove it, and the command line's share.

The command line is called as a person calls it, through `main.py` with a home of its own: one line on stderr, exit 2, no
traceback, and no folder left behind.
"""

from __future__ import annotations

import ast
import json
import shutil
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

import main as program
from engine.api.records import read_record, snapshot_path, snapshot_steps
from engine.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
HERE = "tests/test_bad_input.py::"
DROPS = "tests/window_stories/test_bad_drops.py::"
PLACES = "tests/run/test_bad_places.py::"
PICTURES = "tests/data/test_pictures.py::"
SNAPSHOTS = "tests/run/test_snapshots.py::"

PROVED_BY: dict[str, tuple[str, ...]] = {
    "not a picture": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        PICTURES + "test_alone_a_file_that_is_no_picture_is_an_error",
        DROPS + "test_any_other_file_is_answered_with_what_can_be_dropped",
        DROPS + "test_pictures_that_are_none_leave_no_run_and_the_same_worker_trains_next",
    ),
    "a truncated picture": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_truncated_anywhere_gives_a_picture_or_a_sentence",
        DROPS + "test_photographs_train_and_what_was_skipped_is_told",
    ),
    "16-bit": (
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_16_bit_grey_keeps_its_range",
    ),
    "CMYK": (HERE + "test_good_pictures_train_and_the_bad_ones_are_counted", PICTURES + "test_cmyk"),
    "grey": (
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_grey_and_black_and_white_become_three_equal_channels",
    ),
    "palette": (
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_transparency_lies_on_white",
    ),
    "alpha": (
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_transparency_lies_on_white",
    ),
    "1×1": (
        HERE + "test_good_pictures_train_and_the_bad_ones_are_counted",
        PICTURES + "test_1x1_fills_the_square",
    ),
    "30,000×30,000": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        PICTURES + "test_too_many_pixels_are_refused_before_decoding",
        "tests/app/controls/test_files.py::test_a_huge_picture_is_not_decoded",
    ),
    "a folder with no pictures": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        PICTURES + "test_a_folder_without_pictures",
        DROPS + "test_a_folder_without_pictures_is_refused_and_the_data_stays",
    ),
    "an unreadable folder": (
        PLACES + "test_a_folder_that_may_not_be_read",
        PICTURES + "test_an_unreadable_folder",
        "tests/app/test_drops.py::test_a_folder_that_cannot_be_read",
    ),
    "an empty or broken mesh": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        "tests/geometry/test_meshes.py::test_a_broken_or_empty_mesh_is_refused",
        DROPS + "test_a_broken_mesh_opens_its_lab_and_is_refused_at_the_start",
    ),
    "an unknown lab": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        "tests/app/test_window.py::test_a_page_that_cannot_be_opened_is_a_toast",
        "tests/app/test_shot.py::test_a_bad_page_is_one_line_and_exit_2",
    ),
    "an unknown or out-of-range parameter": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        "tests/run/test_worker.py::test_bad_parameters_end_the_run_with_a_sentence",
        "tests/app/page/test_page.py::test_an_experiment_is_taken_whole_or_not_at_all",
        "tests/app/page/test_page.py::test_a_poke_out_of_range_leaves_the_last_value",
    ),
    "a truncated snapshot": (
        HERE + "test_a_broken_snapshot_is_refused_and_the_run_is_untouched",
        HERE + "test_an_older_moment_serves_where_the_newest_is_broken",
        SNAPSHOTS + "test_a_truncated_snapshot_is_refused_and_an_older_one_serves",
        DROPS + "test_a_run_with_a_broken_moment_is_told_and_an_earlier_one_serves",
    ),
    "a snapshot of another lab": (
        HERE + "test_a_broken_snapshot_is_refused_and_the_run_is_untouched",
        SNAPSHOTS + "test_a_snapshot_of_another_lab_or_a_newer_version_is_refused",
        DROPS + "test_a_run_with_a_broken_moment_is_told_and_an_earlier_one_serves",
    ),
    "a snapshot of a newer version": (
        HERE + "test_a_broken_snapshot_is_refused_and_the_run_is_untouched",
        SNAPSHOTS + "test_a_snapshot_of_another_lab_or_a_newer_version_is_refused",
        DROPS + "test_a_run_with_a_broken_moment_is_told_and_an_earlier_one_serves",
    ),
    "a full disk while saving": (
        PLACES + "test_a_disk_that_fills_up_keeps_the_older_moments_and_the_run_can_go_on",
        PLACES + "test_a_real_disk_that_fills_up",
        PLACES + "test_a_full_disk_is_not_tried_again_at_every_step",
        PLACES + "test_a_worker_bears_a_full_disk_and_says_so_once",
        SNAPSHOTS + "test_a_full_disk_leaves_the_older_snapshot_and_no_debris",
        "tests/app/test_settings.py::test_a_full_disk_leaves_the_older_file",
    ),
    "a settings file of nonsense": (
        PLACES + "test_the_window_opens_over_settings_of_nonsense_and_keeps_them",
        "tests/app/test_settings.py::test_nonsense_is_set_aside_and_told",
        "tests/app/test_window.py::test_a_problem_with_the_settings_is_told_once",
    ),
    "a read-only home": (
        PLACES + "test_a_home_that_may_not_be_written",
        PLACES + "test_the_window_opens_over_a_home_that_may_not_be_written",
        DROPS + "test_a_home_that_cannot_be_written_is_told_and_the_window_works",
    ),
    "a worker killed in mid-run": (
        DROPS + "test_the_window_outlives_its_worker_and_the_run_goes_on",
        PLACES + "test_a_killed_run_goes_on_from_the_command_line",
        "tests/run/test_worker.py::test_a_killed_worker_leaves_a_run_that_resumes",
        "tests/app/runs/test_session.py::test_a_killed_worker_is_noticed_within_a_second",
    ),
    "two windows on one run folder": (
        HERE + "test_a_run_that_is_open_is_not_taken_up_a_second_time",
        "tests/run/test_worker.py::test_a_run_that_is_open_elsewhere_is_refused",
        "tests/app/page/test_runs_of_a_page.py::test_a_run_that_is_open_here_is_not_taken_up_by_another_window",
    ),
    "no OpenGL": (PLACES + "test_a_scene_is_pictured_without_opengl",),
    "no camera": (
        HERE + "test_a_refusal_is_one_line_and_leaves_nothing",
        "tests/data/test_camera.py::test_a_machine_without_that_camera_says_so_quietly",
        "tests/labs/test_kernels.py::test_a_camera_that_is_not_there_leaves_the_picture_in_mid_run",
    ),
    "no GPU": (HERE + "test_no_gpu_is_said_and_auto_does_without",),
}


@pytest.mark.parametrize("case", PROVED_BY)
def test_each_case_is_proved_by_tests_that_exist(case: str) -> None:
    for name in PROVED_BY[case]:
        path, _, test = name.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


# Things of no use ---------------------------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, and which holds none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands are given: it holds nothing that can be used."""
    folder = tmp_path / "things"
    for name in ("empty", "letters"):
        (folder / name).mkdir(parents=True)
    (folder / "letters" / "a.txt").write_text("dear reader")
    (folder / "notes.txt").write_text("no picture")
    (folder / "huge.png").write_bytes(png_of(30_000, 30_000))
    random = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(random).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:900])
    (folder / "empty.obj").write_text("")
    (folder / "words.ply").write_text("this is no mesh")
    (folder / "flat.off").write_text("OFF\n4 1 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 9\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`main.py` with these words, in a home of this test's own. Any exception is a traceback, and fails the test."""
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(tmp_path / "home"))

    def call(*words: str) -> int:
        try:
            return program.main(list(words))
        except SystemExit as leaving:
            return int(str(leaving.code))

    return call


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


VAE, DDPM, KERNELS, SDF, NEURON = (
    "autoencoders.vae",
    "diffusion.ddpm",
    "convolution.kernels",
    "surfaces.sdf",
    "neurons.perceptron",
)

REFUSED: list[tuple[str, str]] = [
    (f"{VAE} --data empty", "There are no pictures in “empty”"),
    (f"{VAE} --data letters", "No picture in “letters” can be used"),
    (f"{VAE} --data notes.txt", "“notes.txt” cannot be used: not a picture"),
    (f"{VAE} --data cut.png", "“cut.png” cannot be used: the picture is damaged or incomplete"),
    (f"{VAE} --data huge.png", "“huge.png” cannot be used: it is too large"),
    (f"{VAE} --data gone", "There is no folder gone"),
    (f"{DDPM} --data letters", "No picture in “letters” can be used"),
    (f"{KERNELS} --data cut.png", "damaged or incomplete"),
    (f"{KERNELS} --data huge.png", "it is too large"),
    (f"{KERNELS} --data empty", "There is no file empty"),
    (f"{KERNELS} --set camera=97", "There is no camera 97"),
    (f"{SDF} --data empty.obj", "empty.obj holds no mesh"),
    (f"{SDF} --data words.ply", "words.ply cannot be read as a mesh"),
    (f"{SDF} --data flat.off", "flat.off"),
    (f"{NEURON} --data letters", "takes no data of your own"),
    ("autoencoders.va", "did you mean autoencoders.vae?"),
    (f"{NEURON} --set stpes=3", "did you mean steps?"),
    (f"{NEURON} --set steps=0", "“steps” takes a whole number from 1"),
    (f"{NEURON} --set steps=many", "“steps” takes a whole number from 1"),
    (f"{NEURON} --set data=spirals", "spirals"),
    (f"{NEURON} --seed -1", "a seed is a whole number from 0"),
    (f"{NEURON} --seed 99999999999999999999", "a seed is a whole number from 0"),
    (f"{NEURON} --resume letters", "letters"),
    (f"{NEURON} --resume notes.txt", "There is no snapshot"),
]


@pytest.mark.parametrize("placed", [False, True], ids=["", "out"])
@pytest.mark.parametrize(("words", "part"), REFUSED, ids=[words for words, _ in REFUSED])
def test_a_refusal_is_one_line_and_leaves_nothing(
    studio: Callable[..., int],
    things: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    words: str,
    part: str,
    placed: bool,
) -> None:
    """`placed`: with `--out`. Libraries that write to stderr by themselves count too, so the descriptor is read."""
    before = files_below(things)
    out = ["--out", str(tmp_path / "out")] if placed else []
    assert studio("run", *words.split(), *out) == 2
    said = capfd.readouterr().err
    assert part in said
    assert said.count("\n") == 1, said
    assert not list((tmp_path / "home").glob("runs/*"))
    assert not (tmp_path / "out").exists()
    assert files_below(things) == before


def test_an_empty_folder_of_the_persons_own_stays(studio: Callable[..., int], things: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert studio("run", VAE, "--data", "letters", "--out", str(tmp_path / "out")) == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_good_pictures_train_and_the_bad_ones_are_counted(
    studio: Callable[..., int], things: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every mode that a camera, a scanner or a drawing program writes, among things that are no pictures."""
    mixed = tmp_path / "mixed"
    shutil.copytree(things, mixed)
    grey = np.linspace(0, 65535, 96).reshape(8, 12).astype(np.uint16)
    Image.fromarray(grey).save(mixed / "16 bit.png")
    for mode, name in (("CMYK", "c.jpg"), ("L", "l.bmp"), ("P", "p.gif"), ("RGBA", "a.png"), ("LA", "la.png")):
        Image.new(mode, (12, 8)).save(mixed / name)
    Image.new("RGB", (1, 1), "red").save(mixed / "one.png")
    out = tmp_path / "out"
    assert studio("run", VAE, "--data", str(mixed), "--steps", "2", "--set", "batch=8", "--out", str(out)) == 0
    said = capfd.readouterr().err
    assert "In “mixed”: 7 pictures, 7 skipped (" in said
    scalars = json.loads((out / "result.json").read_text("utf-8"))["scalars"]
    assert np.isfinite(list(scalars.values())).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu_is_said_and_auto_does_without(
    studio: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in (["run", NEURON, "--device", "cuda"], ["prove", NEURON, "--device", "cuda"]):
        assert studio(*words) == 2
        said = capfd.readouterr().err
        assert "There is no working CUDA GPU here" in said
        assert said.count("\n") == 1
    assert not (tmp_path / "home" / "runs").exists()
    assert studio("run", NEURON, "--steps", "3", "--out", str(tmp_path / "out")) == 0
    assert read_record(tmp_path / "out").device.startswith("CPU")


# Snapshots ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def past(studio: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """A finished run with several moments."""
    out = tmp_path / "past"
    words = ["--set", "data=xor", "--set", "order=random", "--steps", "40", "--out", str(out)]
    assert studio("run", NEURON, *words) == 0
    capfd.readouterr()
    return out


def spoil(snapshot: Path, how: str) -> str:
    """Breaks a snapshot; a part of the sentence that it should get."""
    beside = snapshot.with_suffix(".json")
    match how:
        case "truncated":
            snapshot.write_bytes(snapshot.read_bytes()[:-20])
            return "is truncated"
        case "half described":
            beside.write_bytes(beside.read_bytes()[:80])
            return "is damaged"
        case "newer":
            beside.write_text(beside.read_text("utf-8").replace('"format": 1', '"format": 7'), "utf-8")
            return "newer Perception Studio; update the program"
        case _:
            beside.write_text(beside.read_text("utf-8").replace(NEURON, "neurons.playground"), "utf-8")
            return "is of the lab neurons.playground, not of neurons.perceptron"


HOWS = ("truncated", "half described", "newer", "of another lab")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("whole", [False, True], ids=["the snapshot", "every one of the run"])
def test_a_broken_snapshot_is_refused_and_the_run_is_untouched(
    studio: Callable[..., int], past: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], how: str, whole: bool
) -> None:
    newest = snapshot_path(past, snapshot_steps(past)[-1])
    for step in snapshot_steps(past):
        part = spoil(snapshot_path(past, step), how)
    before = files_below(past)
    assert studio("run", NEURON, "--resume", str(past if whole else newest), "--steps", "60") == 2
    said = capfd.readouterr().err
    assert part in said
    assert said.count("\n") == 1
    assert files_below(past) == before
    assert not list((tmp_path / "home").glob("runs/*"))


@pytest.mark.parametrize("how", HOWS)
def test_an_older_moment_serves_where_the_newest_is_broken(studio: Callable[..., int], past: Path, how: str) -> None:
    spoil(snapshot_path(past, snapshot_steps(past)[-1]), how)
    assert studio("run", NEURON, "--resume", str(past), "--steps", "60") == 0
    assert read_record(past).step == 60


def test_a_fork_that_is_refused_leaves_nothing_and_its_parent_whole(
    studio: Callable[..., int], things: Path, tmp_path: Path
) -> None:
    parent, fork = tmp_path / "parent", tmp_path / "fork"
    assert studio("run", VAE, "--steps", "2", "--set", "batch=8", "--out", str(parent)) == 0
    before = files_below(parent)
    words = ["--resume", str(parent), "--data", "letters", "--steps", "4", "--out", str(fork)]
    assert studio("run", VAE, *words) == 2
    assert not fork.exists()
    assert files_below(parent) == before


def test_a_run_that_is_open_is_not_taken_up_a_second_time(
    studio: Callable[..., int], past: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with RunFolder(past, read_record(past)):
        before = files_below(past)
        assert studio("run", NEURON, "--resume", str(past), "--steps", "60") == 2
        said = capfd.readouterr().err
        assert "is open in another window" in said
        assert said.count("\n") == 1
        assert files_below(past) == before
    assert studio("run", NEURON, "--resume", str(past), "--steps", "60") == 0

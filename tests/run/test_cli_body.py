"""`main.py body …`: what it writes, and the one sentence for what it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from engine.bodies.files import read_model
from engine.bodies.layouts import MANO
from engine.run import cli_body
from tests.bodies.fakes import fake_arrays


@pytest.mark.parametrize("ending", [".obj", ".ply", ".glb", ".gltf", ".png", ".bvh"])
def test_a_pose_is_written_in_every_format(ending: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / f"body{ending}"
    assert cli_body.main(["pose", "--pose", "walk", "--shape", "1,-0.5", "--out", str(out)]) == 0
    if ending in (".obj", ".ply"):
        mesh: Any = trimesh.load(out, process=False)
        assert len(mesh.vertices) == 7000
    if ending == ".png":
        assert np.asarray(Image.open(out)).std() > 10
    assert out.stat().st_size > 1000


def test_height_and_weight_make_the_shape(tmp_path: Path) -> None:
    out = tmp_path / "tall.obj"
    assert cli_body.main(["pose", "--pose", "T", "--height", "190", "--weight", "90", "--out", str(out)]) == 0
    mesh: Any = trimesh.load(out, process=False)
    assert np.ptp(mesh.vertices[:, 1]) == pytest.approx(1.9, abs=1e-3)
    assert 985 * mesh.volume == pytest.approx(90, abs=0.5)


def test_a_model_is_converted_and_a_pose_file_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "hand.npz", **fake_arrays(MANO, 40))
    out = tmp_path / "hand.safetensors"
    assert cli_body.main(["convert", str(tmp_path / "hand.npz"), "--out", str(out)]) == 0
    assert read_model(out).layout == MANO
    (tmp_path / "pose.json").write_text(json.dumps({"index1": [0, 0, 40]}))
    again = tmp_path / "hand.ply"
    assert cli_body.main(["pose", "--model", str(out), "--pose", str(tmp_path / "pose.json"), "--out", str(again)]) == 0


def test_a_sequence_is_filmed_and_converted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    poses = np.cumsum(0.02 * rng.normal(size=(12, 156)), 0)
    np.savez(tmp_path / "run.npz", poses=poses, trans=np.zeros((12, 3)), mocap_framerate=60.0)
    assert cli_body.main(["play", str(tmp_path / "run.npz"), "--out", str(tmp_path / "run.mp4")]) == 0
    assert (tmp_path / "run.mp4").read_bytes()[4:8] == b"ftyp"
    assert cli_body.main(["convert", str(tmp_path / "run.npz"), "--out", str(tmp_path / "run.bvh")]) == 0
    assert cli_body.main(["play", str(tmp_path / "run.bvh"), "--out", str(tmp_path / "run.glb")]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pose", "--pose", "wlak", "--out", "x.obj"], "walk"),
        (["pose", "--out", "x.fbx"], "x.fbx"),
        (["pose", "--shape", "a,b", "--out", "x.obj"], "commas"),
        (["pose", "--shape", "nan", "--out", "x.obj"], "−20 to 20"),
        (["pose", "--height", "400", "--out", "x.obj"], "120 to 210 cm"),
        (["pose", "--model", "none.pkl", "--out", "x.obj"], "no model file none.pkl"),
        (["convert", "none.npz", "--out", "x.obj"], "no file none.npz"),
        (["play", "none.bvh", "--out", "x.mp4"], "no file none.bvh"),
    ],
)
def test_bad_input_is_one_line_and_two(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli_body.main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert sentence in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_a_fit_writes_parameters_mesh_overlay_and_metrics(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage.data")
    Image.fromarray(data.astronaut()).save(tmp_path / "person.png")
    keypoints = Path(__file__).parents[1] / "bodies" / "astronaut.json"
    out = tmp_path / "fit"
    assert cli_body.main(["fit", str(tmp_path / "person.png"), "--keypoints", str(keypoints), "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"parameters.json", "metrics.json", "body.obj", "overlay.png"}
    assert json.loads((out / "metrics.json").read_text())["reprojection_pixels"] < 12


def test_a_fit_without_keypoints_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "person.png")
    (tmp_path / "none.json").write_text('{"keypoints": {}}')
    arguments = [
        "fit",
        str(tmp_path / "person.png"),
        "--keypoints",
        str(tmp_path / "none.json"),
        "--out",
        str(tmp_path / "fit"),
    ]
    assert cli_body.main(arguments) == 2
    assert "three at least" in capsys.readouterr().err
    assert not (tmp_path / "fit").exists()

"""Every format: there and back, beside a second reader, and what hostile files get."""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import plyfile
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.errors import DataError
from engine.splats.exports import export_scene
from engine.splats.files.formats import FORMATS, Format, read_scene, write_scene
from engine.splats.files.ply_header import read_head
from engine.splats.files.rows import rows_of
from engine.splats.files.spz import write_spz
from tests.splats.scenes import blobs

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians

READ = [entry for entry in FORMATS if entry.read is not None]
NAMES = {"float": "f4", "uint": "u4", "uchar": "u1"}


def unit(quaternions: torch.Tensor) -> torch.Tensor:
    return quaternions / quaternions.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("degree", range(4))
def test_ply_keeps_every_bit(tmp_path: Path, degree: int) -> None:
    scene = blobs(70, degree)
    assert write_scene(tmp_path / "s.ply", scene) == ()
    back = read_scene(tmp_path / "s.ply")
    assert back.notes == ()
    for name, value in scene.tensors().items():
        assert torch.equal(value, back.gaussians.tensors()[name]), name


def test_a_second_reader_sees_the_same_ply(tmp_path: Path) -> None:
    scene = blobs(50, 2)
    write_scene(tmp_path / "s.ply", scene)
    vertex = plyfile.PlyData.read(tmp_path / "s.ply")["vertex"]
    assert len(vertex) == 50
    np.testing.assert_array_equal(vertex["y"], scene.means[:, 1])
    np.testing.assert_array_equal(vertex["rot_0"], scene.quaternions[:, 0])
    np.testing.assert_array_equal(vertex["f_rest_8"], scene.sh[:, 1, 1])  # eight a channel: the first of green


def test_a_second_writer_is_read(tmp_path: Path) -> None:
    scene = blobs(20, 1)
    for text, order in ((False, "<"), (False, ">"), (True, "=")):
        write_scene(tmp_path / "a.ply", scene)
        data = plyfile.PlyData.read(tmp_path / "a.ply")
        data.text, data.byte_order = text, order
        data.write(tmp_path / "b.ply")
        back = read_scene(tmp_path / "b.ply").gaussians
        torch.testing.assert_close(back.sh, scene.sh)
        torch.testing.assert_close(back.means, scene.means)


@pytest.mark.parametrize("entry", READ, ids=lambda entry: entry.name)
def test_there_and_back(tmp_path: Path, entry: Format) -> None:
    """Each number comes back within the format's own step, whatever the order of the Gaussians."""
    scene = blobs(600)
    path = tmp_path / f"s{entry.suffix}"
    write_scene(path, scene)
    back = read_scene(path)
    assert back.format is entry
    was, now = _matched(scene, back.gaussians)
    torch.testing.assert_close(now.means, was.means, atol=8e-3, rtol=0)
    torch.testing.assert_close(now.log_scales, was.log_scales, atol=0.04, rtol=0)
    torch.testing.assert_close(now.alphas, was.alphas, atol=3e-3, rtol=0)
    torch.testing.assert_close(now.base_colours.clamp(0, 1), was.base_colours.clamp(0, 1), atol=0.01, rtol=0)
    agreement = (unit(now.quaternions) * unit(was.quaternions)).sum(1).abs()
    assert agreement.min() > 1 - 5e-4
    if entry.highest:
        torch.testing.assert_close(now.sh[:, 1:], was.sh[:, 1:], atol=0.075, rtol=0)


def _matched(scene: Gaussians, back: Gaussians) -> tuple[Gaussians, Gaussians]:
    nearest = torch.cdist(back.means, scene.means).argmin(1)
    assert len(nearest.unique()) == len(scene)
    return scene[nearest], back


def test_spz_version_2(tmp_path: Path) -> None:
    scene = blobs(100, 1)
    write_spz(tmp_path / "s.spz", rows_of(scene), version=2)
    back = read_scene(tmp_path / "s.spz").gaussians
    agreement = (unit(back.quaternions) * unit(scene.quaternions)).sum(1).abs()
    assert agreement.min() > 1 - 5e-3


def test_spz_stands_upright(tmp_path: Path) -> None:
    """SPZ points up and back where a scene here points down and forward: the bytes say so."""
    scene = replace(blobs(1, 0), means=torch.tensor([[1.0, 2.0, 3.0]]))
    write_spz(tmp_path / "s.spz", rows_of(scene))
    import gzip

    data = gzip.decompress((tmp_path / "s.spz").read_bytes())
    numbers = [int.from_bytes(data[16 + 3 * i : 19 + 3 * i], "little", signed=True) / 4096 for i in range(3)]
    assert numbers == [1.0, -2.0, -3.0]


def test_glb_is_well_formed(tmp_path: Path) -> None:
    scene = blobs(33, 1)
    notes = write_scene(tmp_path / "s.glb", scene)
    assert "points" in notes[0]
    data = (tmp_path / "s.glb").read_bytes()
    magic, version, length, text, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON")
    document = json.loads(data[20 : 20 + text])
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    assert {"POSITION", "COLOR_0", "KHR_gaussian_splatting:SH_DEGREE_1_COEF_2"} <= set(attributes)
    view = document["bufferViews"][document["accessors"][attributes["POSITION"]]["bufferView"]]
    begin = 20 + text + 8 + view["byteOffset"]
    np.testing.assert_array_equal(np.frombuffer(data, "<f4", 99, begin).reshape(33, 3), scene.means)
    trimesh = pytest.importorskip("trimesh")
    assert len(trimesh.load(tmp_path / "s.glb").geometry) == 1


def test_points_for_colmap(tmp_path: Path) -> None:
    scene = blobs(5)
    notes = write_scene(tmp_path / "points3D.txt", scene)
    assert any("size" in note for note in notes)
    rows = np.loadtxt(tmp_path / "points3D.txt")
    np.testing.assert_allclose(rows[:, 1:4], scene.means, rtol=1e-6)


@pytest.mark.parametrize(("name", "least"), [("s.ply", np.inf), ("s.spz", 28), ("s.compressed.ply", 30)])
def test_an_export_says_what_was_lost(tmp_path: Path, name: str, least: float) -> None:
    report = export_scene(tmp_path / name, blobs(300))
    assert len(report.losses) == 3
    assert report.worst >= least
    assert str(report.gaussians) in report.words()


def test_splat_says_that_colours_are_flat(tmp_path: Path) -> None:
    report = export_scene(tmp_path / "s.splat", blobs(300))
    assert "View-dependent colour" in report.words()
    assert 15 < report.worst < 50


# Bad input --------------------------------------------------------------------------------------------------------------------------


def vertices(path: Path, names: str, rows: Sequence[tuple[float, ...]], count: int | None = None) -> Path:
    """A PLY of float vertices, which declares `count` of them."""
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(rows) if count is None else count}\n"
    head += "".join(f"property float {name}\n" for name in names.split()) + "end_header\n"
    path.write_bytes(head.encode() + np.array(rows, "<f4").tobytes())
    return path


ALL = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
GOOD = (0, 0, 1, 0, 0, 0, 1, -2, -2, -2, 1, 0, 0, 0)


def test_a_billion_vertices_in_a_small_file(tmp_path: Path) -> None:
    back = read_scene(vertices(tmp_path / "s.ply", ALL, [GOOD] * 3, 10**9))
    assert len(back.gaussians) == 3
    assert "1,000,000,000" in back.notes[0]
    with pytest.raises(DataError, match="holds none"):
        read_scene(vertices(tmp_path / "s.ply", ALL, [], 10**9))


def test_numbers_that_are_none_are_dropped_and_said(tmp_path: Path) -> None:
    bad = [(np.nan, *GOOD[1:]), (*GOOD[:6], np.nan, *GOOD[7:]), (*GOOD[:7], np.inf, *GOOD[8:]), (np.inf, *GOOD[1:])]
    back = read_scene(vertices(tmp_path / "s.ply", ALL, [GOOD, *bad]))
    assert len(back.gaussians) == 1
    assert "4 Gaussians dropped" in back.notes[0]
    with pytest.raises(DataError, match="no Gaussian that can be drawn"):
        read_scene(vertices(tmp_path / "s.ply", ALL, bad))


def test_no_size_and_no_rotation_are_mended(tmp_path: Path) -> None:
    flat = (*GOOD[:7], -np.inf, -2, -2, 0, 0, 0, 0)
    back = read_scene(vertices(tmp_path / "s.ply", ALL, [flat]))
    assert torch.isfinite(back.gaussians.log_scales).all()
    assert back.gaussians.quaternions.tolist() == [[1, 0, 0, 0]]
    assert len(back.notes) == 2


def test_missing_and_extra_properties(tmp_path: Path) -> None:
    row = (*GOOD, 5.0)
    assert "glow" in read_scene(vertices(tmp_path / "s.ply", ALL + " glow", [row])).notes[0]
    names, short = ALL.replace("opacity ", ""), (*GOOD[:6], *GOOD[7:])
    assert "no opacity" in read_scene(vertices(tmp_path / "s.ply", names, [short])).notes[0]
    back = read_scene(vertices(tmp_path / "s.ply", "x y z", [(0, 0, 0), (1, 0, 0)]))
    assert "points" in back.notes[0]
    with pytest.raises(DataError, match="no vertices"):
        read_scene(vertices(tmp_path / "s.ply", "x y", [(0, 0)]))
    wrong = read_scene(vertices(tmp_path / "s.ply", ALL + " f_rest_0 f_rest_1", [(*GOOD, 1, 1)]))
    assert wrong.gaussians.sh_degree == 0
    assert "none of 0, 9, 24, 45" in wrong.notes[0]


@pytest.mark.parametrize("entry", READ, ids=lambda entry: entry.name)
def test_every_truncation_is_a_sentence(tmp_path: Path, entry: Format) -> None:
    """Cut off anywhere, a file is read as far as it goes, or refused with a sentence; nothing else happens."""
    path = tmp_path / f"s{entry.suffix}"
    write_scene(path, blobs(12, 1))
    data = path.read_bytes()
    for length in [*range(0, min(len(data), 90)), *range(90, len(data), max(1, len(data) // 120))]:
        path.write_bytes(data[:length])
        with contextlib.suppress(DataError):
            assert len(read_scene(path).gaussians) >= 1


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_a_reader(tmp_path: Path, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(READ))
    path = tmp_path / f"s{entry.suffix}"
    write_scene(path, blobs(6, 1))
    contents = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(contents))
    try:
        scene = read_scene(path).gaussians
    except DataError:
        return
    assert torch.isfinite(scene.means).all()
    assert torch.isfinite(scene.sh).all()


def test_what_is_no_splat_file(tmp_path: Path) -> None:
    (tmp_path / "s.obj").write_text("v 0 0 0")
    with pytest.raises(DataError, match="no format of splats"):
        read_scene(tmp_path / "s.obj")
    (tmp_path / "s.ply").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a PLY"):
        read_head(tmp_path / "s.ply")
    with pytest.raises(DataError, match="cannot be read"):
        read_scene(tmp_path / "absent.ply")


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_scene(tmp_path / "folder.ply", blobs(3))
    assert [path.name for path in tmp_path.iterdir()] == ["folder.ply"]

"""A person's own mesh: read, fitted, sampled, measured, and refused with a sentence when it is empty or broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.errors import DataError
from engine.geometry.distance import signed_distance
from engine.geometry.meshes import read_surface, sample_surface

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("ending", ["obj", "ply", "stl", "off", "glb"])
def test_a_mesh_of_each_format_is_fitted_into_the_ball(tmp_path: Path, ending: str) -> None:
    mesh = trimesh.creation.icosphere(2, 30.0)
    mesh.apply_translation([100, 5, -7])
    mesh.export(tmp_path / f"ball.{ending}")
    surface = read_surface(tmp_path / f"ball.{ending}")
    assert np.linalg.norm(surface.vertices, axis=1).max() == pytest.approx(0.8, rel=1e-3)
    assert (len(surface.vertices), len(surface.triangles)) == (162, 320)
    assert "watertight" not in surface.note


def test_distances_to_a_ball_are_those_of_a_sphere(tmp_path: Path) -> None:
    trimesh.creation.icosphere(4).export(tmp_path / "ball.ply")
    surface = read_surface(tmp_path / "ball.ply")
    points = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    exact = np.linalg.norm(points, axis=1) - 0.8
    assert np.abs(signed_distance(surface, points) - exact).max() < 0.003


def test_samples_lie_on_the_surface_evenly_with_outward_normals(tmp_path: Path) -> None:
    trimesh.creation.box((1, 1, 3)).export(tmp_path / "box.ply")
    surface = read_surface(tmp_path / "box.ply")
    points, normals = sample_surface(surface, 7000, np.random.default_rng(0))
    assert np.abs(signed_distance(surface, points)).max() < 1e-9
    assert ((points * normals).sum(1) > 0).all()
    ends = (np.abs(normals[:, 2]) > 0.9).mean()
    assert ends == pytest.approx(2 / 14, abs=0.02)


def test_an_open_mesh_says_so(tmp_path: Path) -> None:
    mesh = trimesh.creation.icosphere(2)
    mesh.update_faces(np.arange(len(mesh.faces)) > 20)
    mesh.export(tmp_path / "open.ply")
    assert "not watertight" in read_surface(tmp_path / "open.ply").note


def test_a_cloud_has_points_and_perhaps_normals(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(100, 3))
    trimesh.PointCloud(points).export(tmp_path / "cloud.ply")
    surface = read_surface(tmp_path / "cloud.ply")
    assert surface.is_cloud
    assert not sample_surface(surface, 10, np.random.default_rng(0))[1].any()
    rows = "\n".join(f"{x} {y} {z} 0 0 2" for x, y, z in points)
    header = "ply\nformat ascii 1.0\nelement vertex 100\n" + "".join(
        f"property float {n}\n" for n in "x y z nx ny nz".split()
    )
    (tmp_path / "normals.ply").write_text(f"{header}end_header\n{rows}\n")
    assert np.allclose(
        sample_surface(read_surface(tmp_path / "normals.ply"), 10, np.random.default_rng(0))[1], [0, 0, 1]
    )


BROKEN = {
    "empty.obj": "",
    "words.ply": "this is no mesh",
    "nothing.off": "OFF\n0 0 0\n",
    "flat.obj": "v 0 0 0\nv 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\nf 2 3 4\n",
    "nan.obj": "v nan 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n",
    "line.obj": "v 0 0 0\nv 1 0 0\nv 2 0 0\nv 3 0 0\nf 1 2 3\nf 2 3 4\n",
    "beyond.off": "OFF\n4 1 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 9\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_or_empty_mesh_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BROKEN[name])
    with pytest.raises(DataError, match=name):
        read_surface(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        read_surface(tmp_path / "gone.ply")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["obj", "ply", "stl", "off", "glb"]), st.floats(0, 1), st.binary(max_size=8))
def test_cut_and_scribbled_files_raise_nothing_else(tmp_path: Path, ending: str, share: float, scribble: bytes) -> None:
    whole = trimesh.creation.icosphere(1).export(file_type=ending)
    data = whole.encode() if isinstance(whole, str) else bytes(whole)
    at = int(share * len(data))
    (tmp_path / f"cut.{ending}").write_bytes(data[:at] + scribble + (data[at + 8 :] if len(scribble) > 4 else b""))
    try:
        surface = read_surface(tmp_path / f"cut.{ending}")
    except DataError:
        return
    assert np.isfinite(surface.vertices).all()

"""The signed distance field beyond what all labs must do: a person's own mesh and point cloud, with and without normals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from engine.api.errors import DataError
from engine.geometry.shapes import grid, sphere
from engine.labs.surfaces.sdf import Params, extract, make_field, prepare
from engine.nn.fields import value_and_gradient
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

if TYPE_CHECKING:
    from pathlib import Path

QUICK = {"steps": 3, "batch": 256, "width": 16, "depth": 1, "resolution": 12}


def trained(**values: Any) -> MemorySink:
    lab, sink = load("surfaces.sdf"), MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, QUICK | values), torch.device("cpu"), sink, Steering()))
    return sink


def write_cloud(path: Path, normals: bool) -> Path:
    """A PLY file with 2,000 points of a sphere of radius 3 around (5, 0, 0)."""
    unit = np.random.default_rng(0).normal(size=(2000, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rows = np.hstack([3 * unit + [5, 0, 0], unit]) if normals else 3 * unit + [5, 0, 0]
    names = ("x", "y", "z", "nx", "ny", "nz")[: rows.shape[1]]
    header = ["ply", "format ascii 1.0", f"element vertex {len(rows)}", *(f"property float {n}" for n in names)]
    lines = [*header, "end_header", *(" ".join(f"{v:.6f}" for v in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


def write_mesh(path: Path) -> Path:
    """An OBJ file with a sphere of radius 0.6, closed."""
    vertices, triangles = extract(sphere(grid(16)), 16)
    lines = [f"v {x} {y} {z}" for x, y, z in vertices] + [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in triangles]
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


@pytest.mark.parametrize("normals", [True, False])
def test_a_cloud_is_learned_from_points_even_if_distances_were_chosen(tmp_path: Path, normals: bool) -> None:
    sink = trained(mesh=str(write_cloud(tmp_path / "cloud.ply", normals)), learn="distances")
    assert "loss/eikonal" in sink.scalars
    assert "loss/distance" not in sink.scalars, "a cloud's distances have no sign"
    assert ("loss/normals" in sink.scalars) == normals
    assert ("loss/size" in sink.scalars) != normals, "without normals, the size of the distance keeps stray sheets away"
    assert [layer.label for layer in sink.frames["slice"].layers[-2:]] == ["points", "f = 0"]


def test_a_cloud_without_normals_becomes_a_closed_surface_with_an_inside(tmp_path: Path) -> None:
    cloud = str(write_cloud(tmp_path / "cloud.ply", normals=False))
    sink = trained(mesh=cloud, steps=80, batch=512, width=32, resolution=20)
    rows = {row[0]: row[1] for row in sink.frames["mesh"].rows}
    assert rows["watertight"] == "yes"
    assert rows["V − E + F"] == 2
    assert sink.scalars["error/distance"][-1][1] < 0.04
    surface = sink.frames["scene/surface"]
    assert np.linalg.norm(np.asarray(surface.vertices), axis=1).mean() == pytest.approx(0.8, abs=0.05)


def test_a_mesh_is_learned_with_its_distances(tmp_path: Path) -> None:
    path = str(write_mesh(tmp_path / "ball.obj"))
    sink = trained(mesh=path)
    assert "loss/distance" in sink.scalars
    target = prepare(Params(mesh=path), np.random.default_rng(0))
    assert target.signed
    assert target.distance(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])) == pytest.approx([-0.8, 0.2], abs=0.02)
    assert ((target.on * target.normals).sum(-1) > 0).all(), "normals point outwards"


def test_a_damaged_mesh_is_refused_with_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.obj"
    broken.write_text("v 0 0 0\n", "ascii")
    with pytest.raises(DataError, match=r"broken\.obj"):
        trained(mesh=str(broken))


@pytest.mark.parametrize("resolution", [8, 31])
def test_the_resolution_decides_the_grid(resolution: int) -> None:
    rows = {row[0]: row[1] for row in trained(resolution=resolution, shape="sphere").frames["mesh"].rows}
    assert rows["grid"].startswith(f"{resolution}³")
    assert rows["spacing h"] == pytest.approx(2 / (resolution - 1))


@pytest.mark.parametrize("network", ["siren", "softplus"])
def test_a_fresh_field_is_about_a_sphere(network: str) -> None:
    torch.manual_seed(0)
    field = make_field(Params(network=network, width=128))
    points = torch.nn.functional.normalize(torch.randn(200, 3)) * torch.tensor([[[0.1]], [[0.9]]])
    value, _ = value_and_gradient(field, points.reshape(-1, 3))
    assert (value[:200] < 0).all()
    assert (value[200:] > 0).all()


def test_normals_can_be_hidden() -> None:
    assert trained(normals=False).frames["scene/surface"].colours is None

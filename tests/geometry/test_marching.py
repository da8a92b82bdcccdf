"""Marching cubes: closed on every field, oriented, and exact where the field is linear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import marching_cubes as reference

from engine.geometry.marching import euler_characteristic, is_watertight, marching_cubes, pattern_triangles
from engine.geometry.shapes import SHAPES, grid

ZERO, ONE = np.zeros(3), np.ones(3)


@pytest.mark.parametrize("pattern", range(256))
def test_every_pattern_uses_each_crossing_edge_and_only_those(pattern: int) -> None:
    edges = [(a, a | 1 << axis) for axis in range(3) for a in range(8) if not a >> axis & 1]
    crossing = {k for k, (a, b) in enumerate(edges) if (pattern >> a & 1) != (pattern >> b & 1)}
    assert {edge for triangle in pattern_triangles(pattern) for edge in triangle} == crossing


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (5, 4, 6), elements=st.floats(0.01, 1).flatmap(lambda v: st.sampled_from((v, -v)))))
def test_any_field_that_is_outside_at_its_border_gives_a_closed_mesh(field: np.ndarray) -> None:
    padded = np.pad(field, 1, constant_values=1.0)
    vertices, triangles = marching_cubes(padded, ZERO, ONE)
    assert is_watertight(triangles) or not (field < 0).any()
    assert len(vertices) == len(np.unique(triangles))


def test_a_plane_is_found_exactly_and_faces_outwards() -> None:
    points = grid(9)
    vertices, triangles = marching_cubes((points @ [1.0, 2.0, -0.5] - 0.21).reshape(9, 9, 9), -ONE, ONE)
    assert np.abs(vertices @ [1.0, 2.0, -0.5] - 0.21).max() < 1e-12
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a) @ [1.0, 2.0, -0.5] > 0).all()


@pytest.mark.parametrize(("name", "euler"), [("sphere", 2), ("box", 2), ("torus", 0), ("links", 0)])
def test_shapes_have_their_euler_characteristic_and_the_area_of_another_implementation(name: str, euler: int) -> None:
    field = SHAPES[name](grid(40)).reshape(40, 40, 40)
    vertices, triangles = marching_cubes(field, -ONE, ONE)
    assert (euler_characteristic(triangles), is_watertight(triangles)) == (euler, True)

    def area(v: np.ndarray, t: np.ndarray) -> float:
        return float(np.linalg.norm(np.cross(v[t[:, 1]] - v[t[:, 0]], v[t[:, 2]] - v[t[:, 0]]), axis=1).sum() / 2)

    theirs = reference(field, 0.0, spacing=(2 / 39,) * 3)
    assert area(vertices, triangles) == pytest.approx(area(theirs[0], theirs[1]), rel=0.01)


def test_a_field_without_a_surface_is_an_empty_mesh() -> None:
    vertices, triangles = marching_cubes(np.ones((3, 3, 3)), ZERO, ONE)
    assert (len(vertices), len(triangles), euler_characteristic(triangles)) == (0, 0, 0)
    assert not is_watertight(triangles)


def test_one_sample_is_no_grid() -> None:
    with pytest.raises(ValueError, match="two samples"):
        marching_cubes(np.ones((1, 3, 3)), ZERO, ONE)

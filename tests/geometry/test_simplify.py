"""Fewer triangles: the shape and its closedness stay."""

from __future__ import annotations

import numpy as np

from engine.geometry.marching import euler_characteristic, is_watertight, marching_cubes
from engine.geometry.shapes import grid, sphere, torus
from engine.geometry.simplify import simplify


def test_a_torus_stays_a_closed_torus_close_to_itself() -> None:
    vertices, faces = marching_cubes(torus(grid(32)).reshape(32, 32, 32), np.full(3, -1.0), np.full(3, 1.0))
    kept, fewer = simplify(vertices, faces, len(vertices) // 4)
    assert len(kept) == len(vertices) // 4
    assert is_watertight(fewer)
    assert euler_characteristic(fewer) == euler_characteristic(faces) == 0
    middles = vertices[kept][fewer].mean(1)
    assert np.abs(torus(middles)).max() < 0.03


def test_what_is_important_keeps_more_vertices() -> None:
    vertices, faces = marching_cubes(sphere(grid(24)).reshape(24, 24, 24), np.full(3, -1.0), np.full(3, 1.0))
    upper = vertices[:, 2] > 0
    kept, _ = simplify(vertices, faces, len(vertices) // 3, np.where(upper, 100.0, 0.01))
    assert upper[kept].mean() > 0.6


def test_it_stops_where_nothing_can_go() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    kept, fewer = simplify(vertices, faces, 1)
    assert len(kept) == 4
    assert len(fewer) == 4

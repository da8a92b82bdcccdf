"""Whatever the numbers: every draw ends, leaves an opaque picture, and believes no depth nearer than the near plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.extra.numpy as npst
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.raster import Canvas, Orbit, draw_lines, draw_mesh, draw_points, draw_splats

if TYPE_CHECKING:
    from engine.raster.mesh import Shading

NEAR = 0.01
wild = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, -1e150, 1e155, 1e300, np.nan, np.inf, -np.inf, NEAR]),
    st.floats(-5, 5),
    st.floats(allow_nan=True, allow_infinity=True),
)
counts = st.integers(0, 12)
canvases = st.builds(
    Canvas, st.integers(1, 90), st.integers(1, 70), st.just((9, 9, 9)), supersample=st.sampled_from([1, 2])
)
eyes = st.builds(Orbit, distance=st.floats(0.01, 10), yaw=st.floats(-3, 3), pitch=st.floats(-1.5, 1.5))


def rows(columns: int, count: int) -> st.SearchStrategy[Any]:
    return npst.arrays(np.float64, (count, columns), elements=wild)


def check(canvas: Canvas, near: float) -> None:
    assert (canvas.image()[..., 3] == 255).all()
    assert not np.isnan(canvas.depth).any()
    assert canvas.depth.min() >= near * (1 - 1e-3)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), canvas=canvases, eye=eyes, count=counts)
def test_a_mesh(data: st.DataObject, canvas: Canvas, eye: Orbit, count: int) -> None:
    camera = eye.camera(canvas.width, canvas.height)
    vertices = data.draw(rows(3, count + 1))
    faces = data.draw(npst.arrays(np.int64, (count, 3), elements=st.integers(0, count)))
    shading: Shading = data.draw(st.sampled_from(["smooth", "flat", "none"]))
    draw_mesh(canvas, camera, vertices, faces, shading=shading, wireframe=data.draw(st.booleans()))
    check(canvas, camera.near)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), canvas=canvases, eye=eyes, count=counts)
def test_points(data: st.DataObject, canvas: Canvas, eye: Orbit, count: int) -> None:
    camera = eye.camera(canvas.width, canvas.height)
    sizes = data.draw(npst.arrays(np.float64, count, elements=wild))
    draw_points(canvas, camera, data.draw(rows(3, count)), sizes=sizes)
    check(canvas, camera.near)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), canvas=canvases, eye=eyes, count=counts, width=st.floats(1e-6, 1e6))
def test_lines(data: st.DataObject, canvas: Canvas, eye: Orbit, count: int, width: float) -> None:
    camera = eye.camera(canvas.width, canvas.height)
    draw_lines(canvas, camera, data.draw(rows(6, count)).reshape(-1, 2, 3), width=width)
    check(canvas, camera.near)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), canvas=canvases, eye=eyes, count=counts)
def test_splats(data: st.DataObject, canvas: Canvas, eye: Orbit, count: int) -> None:
    camera = eye.camera(canvas.width, canvas.height)
    means, quats, scales, colours = (data.draw(rows(columns, count)) for columns in (3, 4, 3, 3))
    opacities = data.draw(npst.arrays(np.float64, count, elements=wild))
    draw_splats(canvas, camera, means, quats, scales, opacities, colours)
    check(canvas, camera.near)

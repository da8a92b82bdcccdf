"""Compiling the kernels before somebody waits for them."""

from __future__ import annotations

import numpy as np

from engine.raster import shapes
from engine.raster.canvas import Canvas
from engine.raster.mesh import draw_mesh
from engine.raster.orbit import Orbit
from engine.raster.points import draw_lines, draw_points
from engine.raster.splats import SplatLook, draw_splats


def warm_up() -> None:
    """Draws one of everything on a tiny canvas, which compiles every kernel.

    Takes under a second where an earlier run left the compiled kernels on the disk, and about ten seconds of one core
    where none did; so call it in a background thread or process.
    """
    canvas = Canvas(8, 8, supersample=2)
    camera = Orbit().camera(8, 8)
    corners = np.eye(3)
    draw_mesh(canvas, camera, corners, np.array([[0, 1, 2]]))
    draw_points(canvas, camera, corners)
    draw_lines(canvas, camera, shapes.axes())
    shades = SplatLook(harmonics=np.zeros((3, 3, 3), np.float32))
    draw_splats(canvas, camera, corners, np.eye(4)[:3], 0.1 * np.ones((3, 3)), np.ones(3), corners, shades)
    shapes.normals(corners, np.array([[0, 1, 2]]))
    canvas.image()

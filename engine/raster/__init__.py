"""Pictures of meshes, points, lines and Gaussian splats without a GPU.

A `Canvas` holds the picture and its depth, a `Camera` says from where, and the `draw_*` functions add to the
canvas in any order: everything is depth-tested against what is there. The inner loops are numba kernels in the
modules whose names begin with an underscore; they are imported by the first draw, never by `import engine.raster`,
because numba takes half a second to import and the window should be painted sooner. Call `warm_up()` from a
background thread to have them ready.

Frames: right-handed metres; a camera looks along +z with x to the right and y down (OpenCV). Pixel (0, 0) is the
upper left one and its centre lies at (0.5, 0.5).
"""

from engine.raster.camera import Camera
from engine.raster.canvas import Canvas
from engine.raster.free import Free
from engine.raster.mesh import draw_mesh
from engine.raster.orbit import Orbit
from engine.raster.points import draw_lines, draw_points
from engine.raster.splats import SplatLook, draw_splats, splat_colours
from engine.raster.warm import warm_up

__all__ = [
    "Camera",
    "Canvas",
    "Free",
    "Orbit",
    "SplatLook",
    "draw_lines",
    "draw_mesh",
    "draw_points",
    "draw_splats",
    "splat_colours",
    "warm_up",
]

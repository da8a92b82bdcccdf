"""Triangle meshes: hidden surfaces by a depth buffer, soft studio light, and wires on request.

Triangles are rasterised in homogeneous coordinates (Olano and Greer, "Triangle scan conversion using 2D homogeneous
coordinates", 1997): the three edge functions of a triangle are linear in the pixel whatever lies behind the camera,
so that the near plane cuts each triangle exactly, pixel by pixel, and no polygon is ever clipped. A tile first finds
the nearest triangle of each pixel, then shades each pixel once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from engine.raster._arrays import byte_colours, table
from engine.raster._faces import faces_of
from engine.raster._team import PARTS
from engine.raster._view import view_of

if TYPE_CHECKING:
    from engine.raster.camera import Camera
    from engine.raster.canvas import Canvas, Colour

Shading: TypeAlias = Literal["smooth", "flat", "none"]
SHADINGS: dict[str, int] = {"none": 0, "flat": 1, "smooth": 2}
PORCELAIN: Colour = (205, 208, 214)


def draw_mesh(
    canvas: Canvas,
    camera: Camera,
    vertices: ArrayLike,
    faces: ArrayLike,
    colours: ArrayLike | None = None,
    base_colour: Colour = PORCELAIN,
    shading: Shading = "smooth",
    wireframe: bool = False,
    two_sided: bool = True,
) -> None:
    """Draws a triangle mesh.

    Args:
        canvas: what to draw on; its size counts, not the camera's.
        camera: from where.
        vertices: `[V, 3]` metres, world; a triangle with a corner that is not finite is left out.
        faces: `[F, 3]` vertex indices, anticlockwise seen from outside.
        colours: `[V, 3]` in 0…255, blended across each triangle; `base_colour` everywhere where there are none.
        base_colour: the colour of a mesh without colours.
        shading: light on rounded ("smooth") or faceted ("flat") surfaces, or the plain colours ("none").
        wireframe: draws the triangles' edges on the surface.
        two_sided: draws triangles seen from behind too.

    Raises:
        ValueError: a face refers to a vertex that is not there, an array has the wrong shape, or the shading is unknown.
    """
    if shading not in SHADINGS:
        raise ValueError(f"a mesh's shading is one of {', '.join(SHADINGS)}, not {shading!r}")
    points = table(vertices, 3, np.float64, "vertices")
    triangles = faces_of(faces, len(points))
    tints = byte_colours(colours, len(points), base_colour, "vertices")
    if len(triangles) == 0:
        return
    from engine.raster import _mesh_kernels as kernels
    from engine.raster._binning import sorted_batches

    with canvas.lock:
        view, team, take = view_of(canvas, camera), canvas.team, canvas.scratch.take
        corners, normals = take("corners", points.shape, np.float64), take("normals", points.shape, np.float64)
        edges = take("edges", (len(triangles), 3, 3), np.float64)
        planes = take("planes", (len(triangles), 3), np.float64)
        boxes, seen = take("boxes", (len(triangles), 4), np.int32), take("seen", canvas.depth.shape, np.int32)
        setup = (edges, planes, boxes)
        team.share_evenly(kernels.to_camera, len(points), view.pose, points, corners)
        if shading == "smooth":
            kernels.vertex_normals(corners, triangles, normals)
        team.share_evenly(
            kernels.set_up_triangles, len(triangles), corners, triangles, view.lens, view.size, two_sided, setup
        )
        order = np.arange(len(triangles), dtype=np.int32)
        style = (SHADINGS[shading], 0.5 * canvas.supersample if wireframe else 0.0)
        for starts, entries in sorted_batches(canvas, boxes, order, kernels.TILE_SHIFT):
            team.share(kernels.find_nearest, PARTS, starts, entries, setup, view.lens, canvas.depth, seen)
            team.share(
                kernels.shade, PARTS, starts, seen, triangles, edges, normals, tints, view.lens, style, canvas.colour
            )

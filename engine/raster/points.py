"""Points as round discs and segments as smooth lines, both hidden by what stands in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.raster._arrays import byte_colours, column, table
from engine.raster._team import PARTS
from engine.raster._view import view_of

if TYPE_CHECKING:
    from engine.raster.camera import Camera
    from engine.raster.canvas import Canvas, Colour

LARGEST_POINT = 256.0
WIDEST_LINE = 64.0
CHALK: Colour = (214, 217, 222)


def draw_points(
    canvas: Canvas,
    camera: Camera,
    positions: ArrayLike,
    colours: ArrayLike | None = None,
    sizes: ArrayLike = 3.0,
) -> None:
    """Draws points as discs that face the camera.

    A point in front of the camera always colours the pixel that it falls into, however small it is.

    Args:
        canvas: what to draw on; its size counts, not the camera's.
        camera: from where.
        positions: `[N, 3]` metres, world; one that is not finite is left out.
        colours: `[N, 3]` or `[3]` in 0…255; chalk where there are none.
        sizes: a diameter, pixels of the finished picture, for all or `[N]`; at most 256. A point whose size is not
            positive is left out.

    Raises:
        ValueError: an array has the wrong shape, or colours are fractions.
    """
    points = table(positions, 3, np.float32, "positions")
    tints = byte_colours(colours, len(points), CHALK, "points")
    radii = column(sizes, len(points), np.float32, "sizes") * np.float32(0.5 * canvas.supersample)
    if len(points) == 0:
        return
    from engine.raster import _disc_kernels as kernels
    from engine.raster._binning import sorted_batches

    with canvas.lock:
        view, team, take = view_of(canvas, camera), canvas.team, canvas.scratch.take
        discs, boxes = (
            take("discs", (len(points), kernels.RECORD), np.float32),
            take("boxes", (len(points), 4), np.int32),
        )
        words, largest = discs.view(np.uint32), 0.5 * LARGEST_POINT * canvas.supersample
        shape = (points, radii, largest, tints)
        team.share_evenly(
            kernels.set_up_discs, len(points), view.pose, *shape, view.lens, view.size, discs, words, boxes
        )
        order = np.arange(len(points), dtype=np.int32)
        for starts, entries in sorted_batches(canvas, boxes, order, kernels.TILE_SHIFT):
            in_tiles = take("discs in tiles", (len(entries), kernels.RECORD), np.float32)
            team.share_evenly(kernels.gather, len(entries), entries, words, in_tiles.view(np.uint32))
            team.share(
                kernels.draw_tiles, PARTS, starts, in_tiles, in_tiles.view(np.uint32), canvas.depth, canvas.words
            )


def draw_lines(
    canvas: Canvas,
    camera: Camera,
    segments: ArrayLike,
    colours: ArrayLike | None = None,
    width: float = 1.5,
) -> None:
    """Draws straight segments with smooth edges and round ends, cut off at the near plane.

    Draw them after the surfaces: their edges blend with what is there.

    Args:
        canvas: what to draw on; its size counts, not the camera's.
        camera: from where.
        segments: `[M, 2, 3]` metres, world: start and end; one that is not finite is left out.
        colours: `[M, 3]` or `[3]` in 0…255; chalk where there are none.
        width: pixels of the finished picture, at most 64; below one pixel a line grows fainter instead of thinner.

    Raises:
        ValueError: an array has the wrong shape, colours are fractions, or the width is not positive.
    """
    ends = np.asarray(segments)
    if ends.size and (ends.ndim != 3 or ends.shape[1:] != (2, 3)):
        raise ValueError(f"segments must be pairs of points, [M, 2, 3], not an array of shape {ends.shape}")
    if not width > 0.0:
        raise ValueError(f"a line's width is positive, not {width}")
    pairs = table(ends.reshape(-1, 6), 6, np.float64, "segments")
    tints = byte_colours(colours, len(pairs), CHALK, "lines")
    if len(pairs) == 0:
        return
    from engine.raster import _line_kernels as kernels

    with canvas.lock:
        view, team, take = view_of(canvas, camera), canvas.team, canvas.scratch.take
        strokes = take("strokes", (len(pairs), 6), np.float64)
        spans = take("spans", (len(pairs), 2), np.int32)
        solid = take("solid", canvas.depth.shape, np.float32)
        np.copyto(solid, canvas.depth)
        samples = min(float(width), WIDEST_LINE) * canvas.supersample
        team.share_evenly(
            kernels.set_up_strokes, len(pairs), view.pose, pairs, samples, view.lens, view.size, strokes, spans
        )
        team.share(kernels.draw_bands, PARTS, strokes, spans, tints, samples, solid, canvas.depth, canvas.colour)

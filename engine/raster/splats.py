"""Gaussian splats for viewing: elliptical weighted averaging, front to back, straight to eight bits.

The picture follows Kerbl et al., "3D Gaussian splatting for real-time radiance field rendering" (2023): each Gaussian
is projected by the local affine approximation of Zwicker et al., "EWA splatting" (2002), widened by 0.3 square pixels,
cut off where its opacity falls below 1/255, and composited in the order of depth. Tiles of 16 × 16 pixels, a list of
Gaussians for each, and an end to a tile as soon as nothing more would be seen. Gaussians whose centre is nearer
than the near plane are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.raster._arrays import column, table
from engine.raster._team import PARTS
from engine.raster._view import view_of

if TYPE_CHECKING:
    from engine.raster.camera import Camera
    from engine.raster.canvas import Canvas


def draw_splats(
    canvas: Canvas,
    camera: Camera,
    means: ArrayLike,
    quats: ArrayLike,
    scales: ArrayLike,
    opacities: ArrayLike,
    colours: ArrayLike,
) -> None:
    """Draws a scene of Gaussians over what the canvas holds, hidden where that is nearer.

    A pixel that the Gaussians cover more than half takes the depth of the one that passes the half, so that later
    lines and points are hidden by the scene.

    Args:
        canvas: what to draw on; its size counts, not the camera's.
        camera: from where.
        means: `[N, 3]` metres, world.
        quats: `[N, 4]` rotations wxyz, world from Gaussian; of any length but zero.
        scales: `[N, 3]` standard deviations, metres.
        opacities: `[N]` in 0…1.
        colours: `[N, 3]` in 0…1; less than 0 counts as 0.
            A Gaussian with a number that is not finite is left out.

    Raises:
        ValueError: an array has the wrong shape.
    """
    centres = table(means, 3, np.float32, "means")
    count = len(centres)
    turns, sigmas = table(quats, 4, np.float32, "quats"), table(scales, 3, np.float32, "scales")
    tints, alphas = table(colours, 3, np.float32, "colours"), column(opacities, count, np.float32, "opacities")
    if not count == len(turns) == len(sigmas) == len(tints):
        lengths = f"{count} means, {len(turns)} quats, {len(sigmas)} scales and {len(tints)} colours"
        raise ValueError(f"every Gaussian needs a mean, a quat, a scale and a colour, but there are {lengths}")
    if count == 0:
        return
    from engine.raster import _splat_kernels as kernels
    from engine.raster._binning import sorted_batches

    with canvas.lock:
        view, team, take = view_of(canvas, camera), canvas.team, canvas.scratch.take
        records = take("records", (count, kernels.RECORD), np.float32)
        boxes = take("boxes", (count, 4), np.int32)
        gaussians = (centres, turns, sigmas, alphas, tints)
        team.share_evenly(kernels.project, count, view.pose, view.lens, view.size, gaussians, records, boxes)
        order = kernels.depth_order(records, kernels.visible(boxes))
        for starts, entries in sorted_batches(canvas, boxes, order, kernels.TILE_SHIFT):
            team.share(kernels.draw_tiles, PARTS, starts, entries, records, canvas.depth, canvas.colour)

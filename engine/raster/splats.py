"""Gaussian splats for viewing: elliptical weighted averaging, front to back, straight to eight bits.

The picture follows Kerbl et al., "3D Gaussian splatting for real-time radiance field rendering" (2023): each Gaussian
is projected by the local affine approximation of Zwicker et al., "EWA splatting" (2002), widened by 0.3 square pixels,
cut off where its opacity falls below 1/255, and composited in the order of depth. Tiles of 16 × 16 pixels, a list of
Gaussians for each, and an end to a tile as soon as nothing more would be seen. Gaussians whose centre is nearer
than the near plane are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.raster._arrays import column, table
from engine.raster._team import PARTS
from engine.raster._view import view_of
from engine.raster.canvas import Colour

if TYPE_CHECKING:
    from engine.raster._view import View
    from engine.raster.camera import Camera
    from engine.raster.canvas import Canvas

Mode = Literal["colour", "depth", "normals", "opacity", "centres", "rings", "contributions"]
GREY = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
HARMONICS = (3, 8, 15)
CENTRE_PIXELS = 2.2
MOST_CONTRIBUTIONS = 64.0
"""Gaussians in a pixel that have the table's last colour."""
NEAR_SHARE, FAR_SHARE = 0.02, 0.98
"""The depths, as shares of the Gaussians in the picture, between which the table's colours lie."""
MARK_SHARE = 0.65


@dataclass(frozen=True, eq=False)
class SplatLook:
    """How a scene of Gaussians is shown.

    `mode`: its colour, or something about it. `harmonics`: `[N, 3 | 8 | 15, 3]` higher spherical harmonics, None for colours that
    do not depend on the direction. `marked`: `[N]` of bool, which are mixed with `mark`. `values`: `[256, 3]` uint8, the
    colours of depth and counts.
    """

    mode: Mode = "colour"
    harmonics: NDArray[np.float32] | None = None
    marked: NDArray[np.bool_] | None = None
    mark: Colour = (255, 200, 40)
    values: NDArray[np.uint8] | None = None


def draw_splats(
    canvas: Canvas,
    camera: Camera,
    means: ArrayLike,
    quats: ArrayLike,
    scales: ArrayLike,
    opacities: ArrayLike,
    colours: ArrayLike,
    look: SplatLook | None = None,
) -> tuple[float, float]:
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
        look: how; None is plainly in its colours.

    Returns:
        What the first and the last colour of `look.values` stand for: metres of depth, opacity or a count; (0, 1) without.

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
        return 0.0, 1.0
    look = look or SplatLook()
    with canvas.lock:
        tints = _tints(canvas, camera, (centres, turns, sigmas, tints), look)
        if look.mode == "centres":
            _draw_centres(canvas, camera, centres, alphas, tints)
            return 0.0, 1.0
        return _draw(canvas, view_of(canvas, camera), (centres, turns, sigmas, alphas, tints), look)


def _draw(
    canvas: Canvas, view: View, gaussians: tuple[NDArray[np.float32], ...], look: SplatLook
) -> tuple[float, float]:
    """Projects, sorts and composites."""
    from engine.raster import _splat_kernels as kernels
    from engine.raster._binning import sorted_batches

    count, team, take = len(gaussians[0]), canvas.team, canvas.scratch.take
    records = take("records", (count, kernels.RECORD), np.float32)
    boxes = take("boxes", (count, 4), np.int32)
    team.share_evenly(kernels.project, count, view.pose, view.lens, view.size, gaussians, records, boxes)
    order = kernels.depth_order(records, kernels.visible(boxes))
    span = _span(records, order, look)
    for starts, entries in sorted_batches(canvas, boxes, order, kernels.TILE_SHIFT):
        listed = (starts, entries, records, canvas.depth, canvas.colour)
        if look.mode in ("depth", "opacity", "contributions"):
            from engine.raster import _splat_mode_kernels as modes

            kind = {"depth": modes.DEPTH, "opacity": modes.OPACITY}.get(look.mode, modes.COUNT)
            colours = table(GREY if look.values is None else look.values, 3, np.uint8, "values")
            team.share(modes.draw_values, PARTS, *listed, colours, kind, np.float32(MOST_CONTRIBUTIONS))
        elif look.mode == "rings":
            from engine.raster import _splat_mode_kernels as modes

            team.share(modes.draw_rings, PARTS, *listed)
        else:
            team.share(kernels.draw_tiles, PARTS, *listed)
    return span


def splat_colours(
    canvas: Canvas,
    camera: Camera,
    means: ArrayLike,
    quats: ArrayLike,
    scales: ArrayLike,
    colours: ArrayLike,
    look: SplatLook,
) -> NDArray[np.float32]:
    """The colours that `draw_splats` draws with, for who draws by other means: `[N, 3]`, until the canvas is used again."""
    given = ((means, 3, "means"), (quats, 4, "quats"), (scales, 3, "scales"), (colours, 3, "colours"))
    parts = tuple(table(values, columns, np.float32, what) for values, columns, what in given)
    with canvas.lock:
        return _tints(canvas, camera, parts, look)


def _tints(
    canvas: Canvas, camera: Camera, gaussians: tuple[NDArray[np.float32], ...], look: SplatLook
) -> NDArray[np.float32]:
    """`[N, 3]`: each Gaussian's colour from here, marked or not, or its normal."""
    centres, turns, sigmas, tints = gaussians
    team, count = canvas.team, len(centres)
    if look.mode == "normals":
        from engine.raster import _splat_mode_kernels as modes

        shown = canvas.scratch.take("tints", (count, 3), np.float32)
        pose = np.ascontiguousarray(camera.camera_from_world[:3])
        team.share_evenly(modes.thinnest_axes, count, pose, centres, turns, sigmas, shown)
        tints = shown
    elif look.harmonics is not None and look.harmonics.size:
        higher = np.require(look.harmonics, np.float32, ["C", "A", "W"])
        if higher.shape not in [(count, k, 3) for k in HARMONICS]:
            raise ValueError(f"harmonics must be [{count}, 3 | 8 | 15, 3], not {higher.shape}")
        from engine.raster import _splat_mode_kernels as modes

        shown = canvas.scratch.take("tints", (count, 3), np.float32)
        eye = tuple(float(value) for value in camera.position)
        team.share_evenly(modes.shade, count, eye, centres, tints, higher, shown)
        tints = shown
    if look.marked is None or not look.marked.any():
        return tints
    mark = np.array(look.mark, np.float32) / 255
    return np.where(look.marked[:, None], tints * np.float32(1 - MARK_SHARE) + mark * np.float32(MARK_SHARE), tints)


def _span(records: NDArray[np.float32], order: NDArray[np.int32], look: SplatLook) -> tuple[float, float]:
    """What the first and last colour stand for; for depth, each record's red becomes its share of the way."""
    if look.mode == "contributions":
        return 0.0, MOST_CONTRIBUTIONS
    if look.mode != "depth" or not len(order):
        return 0.0, 1.0
    low, high = (int(share * (len(order) - 1)) for share in (NEAR_SHARE, FAR_SHARE))
    near, far = float(records[order[low], 7]), float(records[order[high], 7])
    records[order, 8] = ((records[order, 7] - near) / max(far - near, 1e-9)).clip(0, 1)
    return near, far


def _draw_centres(
    canvas: Canvas,
    camera: Camera,
    centres: NDArray[np.float32],
    alphas: NDArray[np.float32],
    tints: NDArray[np.float32],
) -> None:
    """A dot for each Gaussian that could be seen."""
    from engine.raster.points import draw_points

    seen = alphas > 1 / 255
    with np.errstate(invalid="ignore"):
        bytes_ = (np.nan_to_num(tints[seen]).clip(0, 1) * 255 + 0.5).astype(np.uint8)
    draw_points(canvas, camera, centres[seen], bytes_, CENTRE_PIXELS)

"""The picture of a scene on the CPU, compiled: forward and backward on all cores, the same to the last bit whatever the threads do.

It equals `reference.render`, in single precision. Kernels are compiled at their first use and kept on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.raster._team import PARTS, Team
from engine.splats.scene import COEFFICIENTS, Gaussians
from engine.splats.viewpoint import Rendered, Style, Viewpoint

if TYPE_CHECKING:
    from jaxtyping import Float

_RUNS = 8
_SHARES = 16


class Workspace:
    """Buffers that one picture needs from the way there to the way back; kept, because fresh memory costs more than filling it."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        """An array with anything in it."""
        size = int(np.prod(shape))
        kept = self._kept.get(name)
        if kept is None or kept.size < size or kept.dtype != dtype:
            kept = self._kept[name] = np.empty(size + size // 4, dtype)
        return kept[:size].reshape(shape)


@dataclass(frozen=True)
class Scene:
    """What the kernels take of a scene, a viewpoint and a style."""

    gaussians: tuple[np.ndarray, ...]
    pose: np.ndarray
    lens: tuple[float, float, float, float]
    slants: tuple[float, float, float, float]
    planes: tuple[float, float]
    size: tuple[int, int]
    style: tuple[int, bool]
    offsets: np.ndarray


@dataclass(frozen=True)
class Sorted:
    """What is kept of the way there: records, the tiles' lists and where each was finished, the Gaussians' slots."""

    records: np.ndarray
    radii: np.ndarray
    spans: np.ndarray
    starts: np.ndarray
    entries: np.ndarray
    ends: np.ndarray


class Rasteriser:
    """Draws scenes of Gaussians. It has a team of threads and buffers; one picture at a time goes through it."""

    def __init__(self) -> None:
        self._team = Team()
        self._spare: list[Workspace] = []

    def render(
        self,
        gaussians: Gaussians,
        viewpoint: Viewpoint,
        style: Style | None = None,
        background: Float[Tensor, "3"] | None = None,
        offsets: Float[Tensor, "n 2"] | None = None,
        absolute: bool = False,
    ) -> Rendered:
        """Draws the scene, as `reference.render` does.

        Args:
            gaussians: float32, on the CPU.
            viewpoint: from where.
            style: near plane, degree, anti-aliasing; None is the default one.
            background: `[3]` what shines through; black if None.
            offsets: `[n, 2]` pixels added to the centres.
            absolute: the derivative by `offsets` is instead the sum over pixels of its absolute values (Ye et al. 2024, "AbsGS").

        Returns:
            Colour, depth, alpha and radii.
        """
        style = style or Style()
        behind = torch.zeros(3) if background is None else background
        moved = torch.zeros(len(gaussians), 2) if offsets is None else offsets
        tensors = (*gaussians.tensors().values(), viewpoint.camera_from_world, behind, moved)
        colour, depth, alpha, radii = _Draw.apply(self, viewpoint, style, absolute, *tensors)
        return Rendered(colour, depth, alpha, radii)

    def lend(self) -> Workspace:
        """Buffers for one picture."""
        return self._spare.pop() if self._spare else Workspace()

    def take_back(self, workspace: Workspace) -> None:
        """The picture is done with."""
        self._spare.append(workspace)

    def draw(
        self, scene: Scene, background: np.ndarray, workspace: Workspace
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], Sorted]:
        """The way there: colour, depth and alpha, and what the way back needs."""
        from engine.splats import _tile_kernels as tiles

        found = self._sort(scene, workspace)
        width, height = scene.size
        picture = (
            np.empty((height, width, 3), np.float32),
            np.empty((height, width), np.float32),
            np.empty((height, width), np.float32),
        )
        light = tuple(np.float32(part) for part in background)
        self._team.share(
            tiles.draw_tiles, _SHARES, found.starts, found.entries, found.records, light, *picture, found.ends
        )
        return picture, found

    def _sort(self, scene: Scene, workspace: Workspace) -> Sorted:
        """Projects the Gaussians and lists them for each tile, nearest first."""
        from engine.raster._splat_kernels import depth_order, visible
        from engine.splats import _binning_kernels as binning
        from engine.splats import _projection_kernels as projection
        from engine.splats._tile_kernels import RECORD, TILE

        n, (width, height) = len(scene.gaussians[0]), scene.size
        across, down = -(-width // TILE), -(-height // TILE)
        records = workspace.take("records", (n, RECORD), np.float32)
        boxes = workspace.take("boxes", (n, 4), np.int32)
        where = workspace.take("tiles", (n, 4), np.int16), workspace.take("covers", (n,), np.uint64)
        spans = workspace.take("spans", (n, 2), np.int64)
        counts = workspace.take("counts", (_RUNS, across * down), np.int64)
        starts = workspace.take("starts", (across * down + 1,), np.int64)
        ends = workspace.take("ends", (across * down,), np.int64)
        radii = np.empty(n, np.float32)
        self._team.share_evenly(
            projection.project,
            n,
            scene.pose,
            scene.lens,
            scene.slants,
            scene.planes,
            scene.size,
            scene.style,
            scene.gaussians,
            scene.offsets,
            records,
            boxes,
            radii,
        )
        self._team.share_evenly(binning.cover_tiles, n, records, boxes, *where, spans)
        order = depth_order(records, visible(boxes))
        self._team.share(binning.count_pairs, _RUNS, *where, order, across, counts, spans)
        pairs = binning.places_from_counts(counts, starts, order, spans)
        entries = workspace.take("entries", (pairs, 2), np.int32)
        self._team.share(binning.fill_lists, _RUNS, *where, order, across, counts, spans, entries)
        return Sorted(records, radii, spans, starts, entries, ends)

    def draw_back(
        self,
        scene: Scene,
        found: Sorted,
        picture: tuple[np.ndarray, ...],
        slopes: tuple[np.ndarray, ...],
        wants: tuple[bool, bool],
        workspace: Workspace,
    ) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """The way back: derivatives by the Gaussians and the offsets, and by the pose `[3, 4]`."""
        from engine.splats import _projection_kernels as projection
        from engine.splats import _tile_kernels as tiles

        slots = workspace.take("slots", (len(found.entries), projection.SLOT), np.float32)
        self._team.share(
            tiles.draw_back,
            _SHARES,
            found.starts,
            found.entries,
            found.records,
            found.ends,
            picture,
            slopes,
            wants[1],
            slots,
        )
        results = tuple(np.empty_like(value) for value in (*scene.gaussians, scene.offsets))
        by_pose = np.zeros((PARTS, 12))
        self._team.share_evenly(
            projection.project_back,
            len(found.radii),
            scene.pose,
            scene.lens,
            scene.slants,
            scene.style,
            scene.gaussians,
            scene.offsets,
            found.radii,
            found.spans,
            slots,
            results,
            by_pose,
            wants,
        )
        return results, by_pose.sum(0).reshape(3, 4)


def scene_of(viewpoint: Viewpoint, style: Style, tensors: tuple[Tensor, ...], offsets: Tensor) -> Scene:
    """Everything as the kernels take it. Raises TypeError for tensors that are not float32 on the CPU."""
    for value in tensors:
        if value.dtype != torch.float32 or value.device.type != "cpu":
            raise TypeError(f"the compiled rasteriser takes float32 on the CPU, not {value.dtype} on {value.device}")
    lens = viewpoint.camera
    pose = viewpoint.camera_from_world.detach().double().numpy().copy()
    pose[3, :3] = -pose[:3, :3].T @ pose[:3, 3]
    used = COEFFICIENTS[min(style.degree, COEFFICIENTS.index(tensors[4].shape[1]))]
    return Scene(
        tuple(np.ascontiguousarray(value.detach().numpy()) for value in tensors),
        pose,
        (float(lens.fx), float(lens.fy), float(lens.cx), float(lens.cy)),
        viewpoint.slants,
        (float(style.near), float(style.far)),
        (lens.width, lens.height),
        (used, style.antialiased),
        np.ascontiguousarray(offsets.detach().numpy()),
    )


class _Draw(torch.autograd.Function):
    """The rasteriser as a node of torch's graph. It goes back once."""

    @staticmethod
    def forward(
        ctx: Any, rasteriser: Rasteriser, viewpoint: Viewpoint, style: Style, absolute: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        *gaussians, _pose, background, offsets = tensors
        scene = scene_of(viewpoint, style, tuple(gaussians), offsets)
        workspace = rasteriser.lend()
        picture, found = rasteriser.draw(scene, background.detach().numpy(), workspace)
        if any(ctx.needs_input_grad):
            ctx.kept = (rasteriser, scene, found, picture, workspace, absolute)
        else:
            rasteriser.take_back(workspace)
        radii = torch.from_numpy(found.radii)
        ctx.mark_non_differentiable(radii)
        return *(torch.from_numpy(part) for part in picture), radii

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        if ctx.kept is None:
            raise RuntimeError("a picture of the compiled rasteriser goes back once; draw it again")
        rasteriser, scene, found, picture, workspace, absolute = ctx.kept
        ctx.kept = None
        by_picture = tuple(np.ascontiguousarray(slope.numpy()) for slope in slopes[:3])
        wants = (bool(ctx.needs_input_grad[9]), absolute)
        results, by_pose = rasteriser.draw_back(scene, found, picture, by_picture, wants, workspace)
        rasteriser.take_back(workspace)
        *by_gaussians, by_offsets = (torch.from_numpy(value) for value in results)
        pose = torch.zeros(4, 4)
        pose[:3] = torch.from_numpy(by_pose)
        through = 1 - torch.from_numpy(picture[2])
        by_background = (slopes[0] * through[..., None]).sum((0, 1)) if ctx.needs_input_grad[10] else None
        return None, None, None, None, *by_gaussians, pose if wants[0] else None, by_background, by_offsets

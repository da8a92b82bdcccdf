"""How like a photo a picture is: mean absolute difference, structural similarity, and the loss that training makes of the two.

Similarity is that of Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity", with a Gaussian window
of 11 pixels and σ = 1.5. The loss counts the windows that lie in the picture as a whole; the score mirrors the picture at its edges first,
as torchmetrics does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.raster._team import PARTS, Team

SMALLEST_SIDE = 11
"""Pixels: a smaller picture has no window."""


@dataclass(frozen=True)
class Likeness:
    """The loss of a picture beside its photo, and what it is made of: mean absolute difference and similarity (no derivative)."""

    loss: Float[Tensor, ""]
    difference: float
    similarity: float


class Judge:
    """Compares pictures with photos on all cores, forwards and backwards at once; it keeps its buffers."""

    def __init__(self, team: Team | None = None) -> None:
        self._team = team or Team()
        self._buffers: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def compare(
        self, picture: Float[Tensor, "h w 3"], photo: Float[Tensor, "h w 3"], structure: float = 0.2
    ) -> Likeness:
        """(1 − λ) · mean |x − y| + λ · (1 − similarity): Kerbl et al. 2023, equation 7.

        Args:
            picture: `[h, w, 3]` float32 on the CPU, 0…1; 11 pixels a side at least.
            photo: likewise.
            structure: λ.
        """
        loss, difference, similarity = _Compare.apply(self, picture, photo, structure)
        return Likeness(loss, float(difference), float(similarity))

    def measure(self, picture: np.ndarray, photo: np.ndarray, structure: float) -> tuple[float, float, np.ndarray]:
        """Mean absolute difference, similarity, and the loss's derivative `[h, 3 w]`, of pictures `[h, 3 w]`."""
        from engine.splats import _likeness_kernels as kernels

        weights = kernels.window()
        similarity, slopes = self._similarity(picture, photo, weights)
        count, windows = picture.size, slopes[0].size
        shares = (np.float32((1 - structure) / count), np.float32(-structure / windows))
        result, apart = np.empty_like(picture), np.zeros(PARTS)
        self._team.share(kernels.likeness_back, PARTS, picture, photo, weights, slopes, shares, result, apart)
        return float(apart.sum() / count), similarity, result

    def score(self, picture: Float[Tensor, "h w 3"], photo: Float[Tensor, "h w 3"]) -> float:
        """The similarity over all pixels, the picture clamped to 0…1: torchmetrics' number."""
        from engine.splats._likeness_kernels import window

        pads = [(SMALLEST_SIDE // 2,) * 2] * 2 + [(0, 0)]
        arrays = [np.pad(value.detach().clamp(0, 1).numpy(), pads, mode="reflect") for value in (picture, photo)]
        rows = [array.reshape(len(array), -1) for array in arrays]
        return self._similarity(rows[0], rows[1], window())[0]

    def _similarity(self, picture: np.ndarray, photo: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The mean over all windows, and each window's derivatives."""
        from engine.splats import _likeness_kernels as kernels

        height, width = picture.shape
        inside = (height - len(weights) + 1, width - 3 * (len(weights) - 1))
        if min(inside) < 1:
            raise ValueError(f"a picture of {width // 3} × {height} pixels is too small to be compared")
        if picture.shape not in self._buffers:
            self._buffers.clear()
            buffers = np.empty((5, height, inside[1]), np.float32), np.empty((3, *inside), np.float32)
            self._buffers[picture.shape] = buffers
        sums, slopes = self._buffers[picture.shape]
        similar = np.zeros(PARTS)
        self._team.share(kernels.blur_across, PARTS, picture, photo, weights, sums)
        self._team.share(kernels.compare, PARTS, sums, weights, slopes, similar)
        return float(similar.sum() / slopes[0].size), slopes


class _Compare(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, judge: Judge, picture: Tensor, photo: Tensor, structure: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        rows = [np.ascontiguousarray(value.detach().numpy()).reshape(len(value), -1) for value in (picture, photo)]
        difference, similarity, slope = judge.measure(rows[0], rows[1], structure)
        ctx.slope = torch.from_numpy(slope).reshape(picture.shape)
        loss = torch.tensor((1 - structure) * difference + structure * (1 - similarity))
        parts = torch.tensor(difference), torch.tensor(similarity)
        ctx.mark_non_differentiable(*parts)
        return loss, *parts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        return None, ctx.slope * slope, None, None


def peak_ratio(picture: Float[Tensor, "h w 3"], photo: Float[Tensor, "h w 3"], share: float = 1.0) -> float:
    """Peak signal-to-noise ratio, decibels, of numbers in 0…1; 100 for equal pictures. `share`: how much of them counts, if not all."""
    error = float((picture.clamp(0, 1) - photo).square().mean()) / max(share, 1e-6)
    return -10 * math.log10(max(error, 1e-10))


def similarity_map(picture: Float[Tensor, "h w 3"], photo: Float[Tensor, "h w 3"]) -> Float[Tensor, "hh ww 3"]:
    """The similarity of every window, in plain torch: the compiled one is compared with its mean."""
    at = torch.arange(SMALLEST_SIDE, dtype=picture.dtype, device=picture.device) - SMALLEST_SIDE // 2
    weights = torch.exp(-0.5 * (at / 1.5) ** 2)
    kernel = torch.outer(weights, weights) / weights.sum() ** 2
    x, y = picture.permute(2, 0, 1)[:, None], photo.permute(2, 0, 1)[:, None]
    sums = [functional.conv2d(value, kernel[None, None]) for value in (x, y, x * x, y * y, x * y)]
    mx, my, xx, yy, xy = sums
    shared, contrast = 2 * (xy - mx * my) + 0.03**2, xx - mx * mx + yy - my * my + 0.03**2
    both, light = 2 * mx * my + 0.01**2, mx * mx + my * my + 0.01**2
    return (both * shared / (light * contrast))[:, 0].permute(1, 2, 0)

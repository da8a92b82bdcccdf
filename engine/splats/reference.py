"""The picture of a scene of Gaussians in plain torch: slow, short, exact in float64, with torch's own derivatives.

Each Gaussian is projected by the local affine approximation (Zwicker et al. 2002, "EWA splatting"), widened by 0.3 square pixels, and
composited in the order of depth (Kerbl et al. 2023, equations 1 to 5). The fast rasterisers are compared with this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from engine.splats.harmonics import colours
from engine.splats.viewpoint import BLUR, FAINTEST, LEAST_SHARE, MOST_OPAQUE, SPENT, Rendered, Style, Viewpoint

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians

_PIXELS = 4096
"""Pixels composited at once: memory is this times the number of Gaussians."""


@dataclass(frozen=True)
class Projected:
    """Gaussians in the picture: centres `[n, 2]` pixels, covariances `[n, 2, 2]` square pixels, depths, opacities, colours."""

    centres: Float[Tensor, "n 2"]
    covariances: Float[Tensor, "n 2 2"]
    depths: Float[Tensor, "n"]
    alphas: Float[Tensor, "n"]
    colours: Float[Tensor, "n 3"]
    seen: Bool[Tensor, "n"]


def render(
    gaussians: Gaussians,
    viewpoint: Viewpoint,
    style: Style | None = None,
    background: Float[Tensor, "3"] | None = None,
    offsets: Float[Tensor, "n 2"] | None = None,
) -> Rendered:
    """Draws the scene.

    Args:
        gaussians: `n` of them.
        viewpoint: from where.
        style: near plane, degree, anti-aliasing; None is the default one.
        background: `[3]` what shines through; black if None.
        offsets: `[n, 2]` pixels added to the centres; their derivative steers densification.

    Returns:
        Colour, depth, alpha and radii.
    """
    style = style or Style()
    dtype = gaussians.means.dtype
    found = project(gaussians, viewpoint, style, offsets)
    radii = _radii(found, viewpoint)
    order = found.depths.argsort(stable=True)
    order = order[radii[order] > 0]
    lens = viewpoint.camera
    behind = torch.zeros(3, dtype=dtype) if background is None else background
    y, x = torch.meshgrid(torch.arange(lens.height), torch.arange(lens.width), indexing="ij")
    pixels = torch.stack([x, y], -1).reshape(-1, 2).to(dtype) + 0.5
    parts = [composite(found, order, part, behind) for part in pixels.split(_PIXELS)]
    picture = torch.cat(parts).reshape(lens.height, lens.width, 5)
    return Rendered(picture[..., :3], picture[..., 3], picture[..., 4], radii)


def project(
    gaussians: Gaussians, viewpoint: Viewpoint, style: Style, offsets: Float[Tensor, "n 2"] | None = None
) -> Projected:
    """Gaussians of the world to ellipses of the picture; those that are not between the planes are marked and moved to depth 1."""
    lens, pose = viewpoint.camera, viewpoint.camera_from_world.to(gaussians.means.dtype)
    turn, shift = pose[:3, :3], pose[:3, 3]
    placed = gaussians.means @ turn.T + shift
    seen = (placed[:, 2] >= style.near) & (placed[:, 2] <= style.far)
    placed = torch.where(seen[:, None], placed, placed.new_tensor([0.0, 0.0, 1.0]))
    x, y, depths = placed.unbind(-1)
    focal, middle = placed.new_tensor([lens.fx, lens.fy]), placed.new_tensor([lens.cx, lens.cy])
    centres = placed[:, :2] / depths[:, None] * focal + middle
    low_x, high_x, low_y, high_y = viewpoint.slants
    slants = (x / depths).clamp(low_x, high_x), (y / depths).clamp(low_y, high_y)
    nought = torch.zeros_like(depths)
    across = torch.stack([lens.fx / depths, nought, -lens.fx * slants[0] / depths], -1)
    down = torch.stack([nought, lens.fy / depths, -lens.fy * slants[1] / depths], -1)
    arms = rotations(gaussians.quaternions) * gaussians.scales[:, None, :]
    flat = torch.stack([across, down], 1) @ turn @ arms
    narrow = flat @ flat.transpose(1, 2)
    wide = narrow + BLUR * torch.eye(2, dtype=narrow.dtype)
    alphas = gaussians.alphas
    if style.antialiased:
        alphas = alphas * (narrow.det() / wide.det()).clamp(min=LEAST_SHARE).sqrt()
    eye = -turn.T @ shift
    directions = torch.nn.functional.normalize(gaussians.means - eye, dim=-1)
    tints = colours(gaussians.sh, directions, style.degree)
    return Projected(centres if offsets is None else centres + offsets, wide, depths, alphas, tints, seen)


def rotations(quaternions: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
    """Rotation matrices of quaternions wxyz of any length but zero."""
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=-1).unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def composite(
    found: Projected, order: Tensor, pixels: Float[Tensor, "p 2"], background: Float[Tensor, "3"]
) -> Float[Tensor, "p 5"]:
    """Colour over the background, weighted depth and alpha of pixels (their centres): Kerbl et al. 2023, equation 3."""
    weights, through = weights_of(found, order, pixels)
    colour = weights @ found.colours[order] + through[:, None] * background
    return torch.cat([colour, (weights @ found.depths[order])[:, None], 1 - through[:, None]], 1)


def weights_of(
    found: Projected, order: Tensor, pixels: Float[Tensor, "p 2"]
) -> tuple[Float[Tensor, "p m"], Float[Tensor, "p"]]:
    """How much each Gaussian, nearest first, adds to each pixel, and how much light comes through all of them; together 1."""
    away = pixels[:, None] - found.centres[order]
    conics = found.covariances[order].inverse()
    power = -0.5 * torch.einsum("pmi,mij,pmj->pm", away, conics, away)
    alpha = (found.alphas[order] * power.exp()).clamp(max=MOST_OPAQUE)
    alpha = torch.where(alpha >= FAINTEST, alpha, 0)
    left = torch.log1p(-alpha).cumsum(1)
    used = torch.where(left.exp() > SPENT, alpha, 0)
    left = torch.log1p(-used).cumsum(1)
    before = torch.cat([torch.zeros_like(left[:, :1]), left[:, :-1]], 1)
    weights = used * before.exp()
    return weights, left[:, -1].exp() if left.shape[1] else torch.ones_like(pixels[:, 0])


@torch.no_grad()
def _radii(found: Projected, viewpoint: Viewpoint) -> Float[Tensor, "n"]:
    """Half the longer side of the box in which a Gaussian is seen, pixels; 0 if the box does not touch the picture."""
    reach = (2 * (found.alphas / FAINTEST).log()).clamp(min=0)
    half = (reach[:, None] * found.covariances.diagonal(dim1=1, dim2=2)).sqrt()
    size = half.new_tensor([viewpoint.camera.width, viewpoint.camera.height])
    inside = ((found.centres + half > 0.5) & (found.centres - half < size - 0.5)).all(1)
    return torch.where(found.seen & inside & (reach > 0), half.amax(1), 0)

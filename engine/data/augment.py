"""Changes of pictures that keep their label: geometry by one affine map, sampled by hand, then colour and noise.

What is drawn at random is kept apart from what is done with it, so that the same changes can be applied again, in part, or by torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

LUMA = (0.299, 0.587, 0.114)
"""Y of ITU-R BT.601: what red, green and blue add to the grey of a pixel."""

STAGES = (
    "original",
    "rotated",
    "scaled",
    "sheared",
    "flipped",
    "moved",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "noise",
)


@dataclass(frozen=True)
class Changes:
    """What was drawn for n pictures. Lengths are in half sides of the picture, x to the right, y down; angles in radians."""

    angle: Float[Tensor, "n"]
    scale: Float[Tensor, "n"]
    shear: Float[Tensor, "n"]
    flip: Float[Tensor, "n"]  # −1 mirrored, 1 not
    shift: Float[Tensor, "n 2"]
    brightness: Float[Tensor, "n"]
    contrast: Float[Tensor, "n"]
    saturation: Float[Tensor, "n"]
    hue: Float[Tensor, "n"]
    noise: Float[Tensor, "n c h w"]


def neutral(shape: torch.Size | tuple[int, ...]) -> Changes:
    """Changes that leave pictures `[n, c, h, w]` as they are."""
    one, none = torch.ones(shape[0]), torch.zeros(shape[0])
    return Changes(none, one, none, one, torch.zeros(shape[0], 2), one, one, one, none, torch.zeros(shape))


def matrices(c: Changes) -> Float[Tensor, "n 2 2"]:
    """M: mirrored and scaled, sheared, turned."""
    cos, sin, none, one = c.angle.cos(), c.angle.sin(), torch.zeros_like(c.angle), torch.ones_like(c.angle)

    def stack(a: Tensor, b: Tensor, d: Tensor, e: Tensor) -> Tensor:
        return torch.stack([a, b, d, e], -1).reshape(-1, 2, 2)

    turned, sheared = stack(cos, -sin, sin, cos), stack(one, c.shear, none, one)
    return turned @ sheared @ stack(c.flip * c.scale, none, none, c.scale)


def warp(pictures: Float[Tensor, "n c h w"], c: Changes) -> Float[Tensor, "n c h w"]:
    """Every pixel takes the colour of the place it came from, mixed from the four pixels around; outside is black."""
    n, channels, height, width = pictures.shape
    kind = pictures.dtype
    y, x = torch.meshgrid(torch.arange(height, dtype=kind), torch.arange(width, dtype=kind), indexing="ij")
    places = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1).reshape(-1, 2)
    back = torch.linalg.inv(matrices(c).to(kind))
    came = (places - c.shift[:, None].to(kind)) @ back.transpose(1, 2)
    column, row = ((came[..., 0] + 1) * width - 1) / 2, ((came[..., 1] + 1) * height - 1) / 2
    left, top = column.floor(), row.floor()
    flat, found = pictures.reshape(n, channels, -1), torch.zeros(n, channels, height * width, dtype=kind)
    for down in (0, 1):
        for right in (0, 1):
            at_row, at_column = (top + down).long(), (left + right).long()
            share = (1 - (row - top - down).abs()) * (1 - (column - left - right).abs())
            inside = (at_row >= 0) & (at_row < height) & (at_column >= 0) & (at_column < width)
            index = at_row.clamp(0, height - 1) * width + at_column.clamp(0, width - 1)
            seen = flat.gather(2, index[:, None].expand(-1, channels, -1))
            found += (share * inside)[:, None] * seen
    return found.reshape(pictures.shape)


def warp_by_torch(pictures: Float[Tensor, "n c h w"], c: Changes) -> Float[Tensor, "n c h w"]:
    """The same by torch's own sampler."""
    back = torch.linalg.inv(matrices(c).to(pictures.dtype))
    theta = torch.cat([back, -back @ c.shift[..., None].to(pictures.dtype)], 2)
    grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, "bilinear", "zeros", align_corners=False)


def grey_of(pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """Y of every pixel; a grey picture is its own."""
    if pictures.shape[1] == 1:
        return pictures
    return (pictures * torch.tensor(LUMA, dtype=pictures.dtype)[:, None, None]).sum(1, keepdim=True)


def colour(pictures: Float[Tensor, "n c h w"], c: Changes) -> Float[Tensor, "n c h w"]:
    """Brightness, contrast, saturation and hue, in this order, without clipping."""

    def each(values: Tensor) -> Tensor:
        return values[:, None, None, None].to(pictures.dtype)

    x = pictures * each(c.brightness)
    middle = grey_of(x).mean((2, 3), keepdim=True)
    x = middle + each(c.contrast) * (x - middle)
    grey = grey_of(x)
    x = grey + each(c.saturation) * (x - grey)
    return turn_hue(x, c.hue) if x.shape[1] == 3 else x


def turn_hue(x: Float[Tensor, "n 3 h w"], angle: Float[Tensor, "n"]) -> Float[Tensor, "n 3 h w"]:
    """The two colour differences B − Y and R − Y, scaled as U and V of television, turned; Y stays."""
    grey = grey_of(x)
    u, v = 0.492 * (x[:, 2:] - grey), 0.877 * (x[:, :1] - grey)
    cos, sin = (part[:, None, None, None].to(x.dtype) for part in (angle.cos(), angle.sin()))
    u, v = cos * u - sin * v, sin * u + cos * v
    red, blue = grey + v / 0.877, grey + u / 0.492
    green = (grey - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return torch.cat([red, green, blue], 1)


def apply(pictures: Float[Tensor, "n c h w"], c: Changes) -> Float[Tensor, "n c h w"]:
    """The whole pipeline: geometry, colour, noise; back to 0..1 at the end."""
    return (colour(warp(pictures, c), c) + c.noise).clamp(0, 1)


def up_to(c: Changes, stage: int) -> Changes:
    """The changes of the first stages alone, in the order of `STAGES`."""
    order = ("angle", "scale", "shear", "flip", "shift", "brightness", "contrast", "saturation", "hue", "noise")
    return replace(neutral(c.noise.shape), **{name: getattr(c, name) for name in order[:stage]})

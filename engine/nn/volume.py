"""Volume rendering: what a ray brings home through fog of density σ and colour c.

Max 1995, "Optical models for direct volume rendering"; Mildenhall et al. 2020, equations 1 to 3. A ray is cut into stretches of length
δ, in each of which density and colour are taken as constant; that is exact for such a fog.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Ray:
    """Rays composited.

    `alphas` `[… n]`: the share of the light that each stretch keeps. `before` `[… n]`: the share that comes as far as it.
    `weights` `[… n]`: their product, its part of the pixel. `left` `[…]`: the share that passes all of them.
    """

    alphas: Float[Tensor, "*r n"]
    before: Float[Tensor, "*r n"]
    weights: Float[Tensor, "*r n"]
    left: Float[Tensor, "*r"]

    def blend(self, values: Float[Tensor, "*r n k"]) -> Float[Tensor, "*r k"]:
        """The weighted sum of what lies along the rays: colours to a pixel, distances to a depth."""
        return (self.weights[..., None] * values).sum(-2)


def composite(density: Float[Tensor, "*r n"], lengths: Float[Tensor, "*r n"]) -> Ray:
    """Composites rays.

    Args:
        density: `[… n]` per metre, not negative, from the eye on.
        lengths: `[… n]` metres.
    """
    alphas = -torch.expm1(-density * lengths)
    through = torch.cumprod(1 - alphas, -1)
    before = torch.cat([torch.ones_like(through[..., :1]), through[..., :-1]], -1)
    return Ray(alphas, before, before * alphas, through[..., -1])

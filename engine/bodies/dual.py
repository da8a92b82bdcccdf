"""Dual-quaternion skinning (Kavan et al. 2007): the blend of motions is again a rigid motion, so that no joint collapses.

It is what the default body's pose directions learn to imitate; linear blending alone loses volume where joints bend and twist.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from engine.bodies.rotation import matrix_from_quaternion, quaternion_from_matrix


def quaternion_product(a: Float[Tensor, "*n 4"], b: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """A ∘ b, wxyz: first b, then a."""
    real = a[..., :1] * b[..., :1] - (a[..., 1:] * b[..., 1:]).sum(-1, keepdim=True)
    cross = torch.linalg.cross(a[..., 1:], b[..., 1:])
    return torch.cat([real, a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + cross], -1)


def blended_motions(
    weights: Float[Tensor, "v j"], rotations: Float[Tensor, "b j 3 3"], moved: Float[Tensor, "b j 3"]
) -> tuple[Float[Tensor, "b v 3 3"], Float[Tensor, "b v 3"]]:
    """The rigid motion of each vertex, from the joints' motions x ↦ R x + t. Antipodal quaternions are brought to one side first."""
    real = quaternion_from_matrix(rotations)
    pivot = weights.argmax(1)
    dual = 0.5 * quaternion_product(torch.cat([torch.zeros_like(moved[..., :1]), moved], -1), real)
    side = torch.where(real[:, pivot] @ real.mT < 0, -1.0, 1.0) * weights  # [b, v, j]
    blended, other = side @ real, side @ dual
    length = blended.norm(dim=-1, keepdim=True)
    blended, other = blended / length, other / length
    conjugate = torch.cat([blended[..., :1], -blended[..., 1:]], -1)
    return matrix_from_quaternion(blended), 2 * quaternion_product(other, conjugate)[..., 1:]

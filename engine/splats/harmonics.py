"""Real spherical harmonics up to degree 3: how a Gaussian's colour changes with the direction it is seen from.

The order and the signs are those of the reference implementation (Kerbl et al. 2023), which follow Sloan, "Efficient spherical harmonic
evaluation" (2013).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from engine.splats.scene import COEFFICIENTS, Y0

Y1 = 0.4886025119029199
Y2 = (1.0925484305920792, -1.0925484305920792, 0.31539156525252005, -1.0925484305920792, 0.5462742152960396)
Y3 = (
    -0.5900435899266435,
    2.890611442640554,
    -0.4570457994644658,
    0.3731763325901154,
    -0.4570457994644658,
    1.445305721320277,
    -0.5900435899266435,
)


def harmonics(directions: Float[Tensor, "n 3"], degree: int) -> Float[Tensor, "n k"]:
    """The values of the first (degree + 1)² spherical harmonics in unit directions."""
    x, y, z = directions.unbind(-1)
    found = [torch.full_like(x, Y0)]
    if degree >= 1:
        found += [-Y1 * y, Y1 * z, -Y1 * x]
    xx, yy, zz = x * x, y * y, z * z
    if degree >= 2:
        found += [Y2[0] * x * y, Y2[1] * y * z, Y2[2] * (2 * zz - xx - yy), Y2[3] * x * z, Y2[4] * (xx - yy)]
    if degree >= 3:
        found += [
            Y3[0] * y * (3 * xx - yy),
            Y3[1] * x * y * z,
            Y3[2] * y * (4 * zz - xx - yy),
            Y3[3] * z * (2 * zz - 3 * xx - 3 * yy),
            Y3[4] * x * (4 * zz - xx - yy),
            Y3[5] * z * (xx - yy),
            Y3[6] * x * (xx - 3 * yy),
        ]
    return torch.stack(found, -1)


def colours(sh: Float[Tensor, "n k 3"], directions: Float[Tensor, "n 3"], degree: int) -> Float[Tensor, "n 3"]:
    """Colours seen along unit directions (from the eye to each Gaussian), never below 0."""
    degree = min(degree, COEFFICIENTS.index(sh.shape[1]))
    weights = harmonics(directions, degree)
    return ((weights[:, :, None] * sh[:, : COEFFICIENTS[degree]]).sum(1) + 0.5).clamp(min=0)

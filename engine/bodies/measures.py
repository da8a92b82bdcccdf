"""A body in units that a person knows: height and weight, and the shape that has them.

Height is the rest pose's extent along y. Weight is the volume inside the skin (divergence theorem, Zhang & Chen 2001) times the density
of a body, 985 kg/m³ with air in the lungs (Krzywicki & Chinn 1967).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.bodies.model import BodyModel, shape_offsets

DENSITY = 985.0
SHORTEST, TALLEST, LIGHTEST, HEAVIEST = 1.2, 2.1, 20.0, 160.0


def height_of(vertices: Float[Tensor, "*b v 3"]) -> Float[Tensor, "*b"]:
    """From sole to crown, metres."""
    return vertices[..., 1].amax(-1) - vertices[..., 1].amin(-1)


def weight_of(vertices: Float[Tensor, "*b v 3"], faces: Int[Tensor, "f 3"]) -> Float[Tensor, "*b"]:
    """Kilograms. The surface should be closed."""
    a, b, c = (vertices[..., faces[:, corner], :] for corner in range(3))
    return DENSITY / 6 * (torch.linalg.cross(a, b) * c).sum((-1, -2))


def is_closed(faces: Int[Tensor, "f 3"]) -> bool:
    """Whether every edge has a triangle on both sides, so that there is an inside."""
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward, back = (edges[:, 0] * 10**7 + edges[:, 1]).sort().values, (edges[:, 1] * 10**7 + edges[:, 0]).sort().values
    return bool(torch.equal(forward, back))


def shape_for(
    model: BodyModel, height: float, weight: float, used: int = 10, iterations: int = 8
) -> Float[Tensor, " s"]:
    """The smallest β with this height in metres and, if the surface is closed, this weight in kilograms.

    Newton's method for two equations in `used` unknowns; each step is the shortest that solves them (pseudo-inverse).
    """
    betas = torch.zeros(min(used, model.shapes), dtype=model.dtype)
    closed = is_closed(model.faces)
    wanted = torch.tensor([height, weight / 100] if closed else [height], dtype=model.dtype)

    def measured(shape: Tensor) -> Tensor:
        vertices = model.template + shape_offsets(model, shape[None])[0]
        rows = [height_of(vertices), weight_of(vertices, model.faces) / 100]
        return torch.stack(rows if closed else rows[:1])

    for _ in range(iterations):
        missing = wanted - measured(betas)
        if missing.abs().max() < 1e-4:
            break
        jacobian = torch.autograd.functional.jacobian(measured, betas)
        betas = betas + torch.linalg.pinv(jacobian) @ missing
        norm = float(betas.norm())
        betas = betas * min(1.0, 8.0 / max(norm, 1e-9))  # a shape far outside of what was learned is no body
    return betas

"""Networks that map a place to a value: the implicit surfaces and, later, the radiance fields share them.

SIREN: Sitzmann et al. 2020, arXiv:2006.09661. Geometric initialisation: Atzmon & Lipman 2020, arXiv:1911.10414.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn


class Sine(nn.Module):
    """sin(ω x): with ω = 30 a network that can follow fine detail, and whose derivatives are of the same kind."""

    def __init__(self, omega: float) -> None:
        super().__init__()
        self.omega = omega

    def forward(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "*b c"]:
        """Applies the sine elementwise."""
        return torch.sin(self.omega * x)


def siren(dimensions: int, width: int, depth: int, omega: float = 30.0) -> nn.Sequential:
    """A SIREN with one output. Its weights are drawn so that every layer's input keeps its spread (paper, §3.2)."""
    layers: list[nn.Module] = []
    sizes = [dimensions] + [width] * depth
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        layer = nn.Linear(fan_in, fan_out)
        limit = 1 / fan_in if number == 0 else math.sqrt(6 / fan_in) / omega
        nn.init.uniform_(layer.weight, -limit, limit)
        layers += [layer, Sine(omega)]
    last = nn.Linear(width, 1)
    limit = math.sqrt(6 / width) / omega
    nn.init.uniform_(last.weight, -limit, limit)
    return nn.Sequential(*layers, last)


def softplus_field(dimensions: int, width: int, depth: int, radius: float = 0.5, beta: float = 100.0) -> nn.Sequential:
    """A network of soft rectifiers that begins as the distance to a sphere of this radius (Atzmon & Lipman, theorem 1)."""
    layers: list[nn.Module] = []
    sizes = [dimensions] + [width] * depth
    for fan_in, fan_out in itertools.pairwise(sizes):
        layer = nn.Linear(fan_in, fan_out)
        nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / fan_out))
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.Softplus(beta)]
    last = nn.Linear(width, 1)
    nn.init.normal_(last.weight, math.sqrt(math.pi / width), 1e-5)
    nn.init.constant_(last.bias, -radius)
    return nn.Sequential(*layers, last)


class FromSphere(nn.Module):
    """The distance to a sphere, plus what a network adds: inside and outside are right from the start."""

    def __init__(self, correction: nn.Module, radius: float = 0.5) -> None:
        super().__init__()
        self.correction = correction
        self.radius = radius

    def forward(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n 1"]:
        """The field at the points."""
        length = (x.square().sum(-1, keepdim=True) + 1e-9).sqrt()
        return length - self.radius + self.correction(x)


def value_and_gradient(
    field: nn.Module, points: Float[Tensor, "n d"], train: bool = False
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n d"]]:
    """The field f and its slope ∇f at the points; `train` keeps the graph, so that a loss on ∇f has gradients too."""
    points = points.detach().requires_grad_(True)
    with torch.enable_grad():
        value = field(points).squeeze(-1)
        (gradient,) = torch.autograd.grad(value.sum(), points, create_graph=train)
    return (value, gradient) if train else (value.detach(), gradient)


def sampled(field: nn.Module, points: np.ndarray, device: torch.device) -> np.ndarray:
    """The field at many points, in blocks that fit into a CPU's cache."""
    with torch.no_grad():
        blocks = floats(points).to(device).split(16384)
        return torch.cat([field(block).squeeze(-1) for block in blocks]).cpu().numpy()


def floats(points: np.ndarray) -> Float[Tensor, "n 3"]:
    """Points as float32."""
    return torch.from_numpy(points.astype(np.float32))

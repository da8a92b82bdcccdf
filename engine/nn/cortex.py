r"""Simple and complex cells: Gabor filters in pairs, and what pools over them.

A simple cell answers to an edge or bar of one direction at one place and phase: a grating under a Gaussian. A complex cell adds the
squares of two simple cells a quarter of a wave apart, and takes the largest over a small region: it answers to the direction wherever
the bar lies there. Hubel & Wiesel 1962; Adelson & Bergen 1985 (energy model); S- and C-cells of the neocognitron, Fukushima 1980.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Cells:
    """A bank of cells: directions evenly over half a turn, `wavelength` in pixels, complex cells pooling over `region` pixels (odd).

    `lag`: by how much of a wave the second cell of a pair stands behind the first.
    """

    directions: int = 4
    wavelength: float = 6.0
    region: int = 5
    lag: float = 0.25

    @property
    def size(self) -> int:
        """Side of a receptive field in pixels: three standard deviations of its Gaussian to either side."""
        return 2 * math.ceil(1.5 * self.wavelength) + 1

    def filters(self) -> Float[Tensor, "d 2 s s"]:
        """For each direction the two filters of a pair, even and (a quarter of a wave behind) odd: without a mean, and of length 1."""
        reach = self.size // 2
        y, x = torch.meshgrid(*(torch.arange(-reach, reach + 1, dtype=torch.float64),) * 2, indexing="ij")
        under = torch.exp(-(x * x + y * y) / (2 * (0.5 * self.wavelength) ** 2))
        bank = []
        for index in range(self.directions):
            angle = math.pi * index / self.directions
            phase = 2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / self.wavelength
            for wave in (phase.cos(), (phase - 2 * math.pi * self.lag).cos()):
                cell = under * wave
                cell = cell - under * (cell.sum() / under.sum())
                bank.append(cell / cell.norm())
        return torch.stack(bank).reshape(self.directions, 2, self.size, self.size)

    def simple(self, picture: Float[Tensor, "h w"]) -> Float[Tensor, "d 2 h w"]:
        """The answers of the simple cells, before any threshold; beyond the border the picture is mirrored."""
        reach = self.size // 2
        padded = functional.pad(picture.double()[None, None], (reach,) * 4, mode="reflect")
        answers = functional.conv2d(padded, self.filters().flatten(0, 1)[:, None])[0]
        return answers.reshape(self.directions, 2, *picture.shape)

    def energy(self, simple: Float[Tensor, "d 2 h w"]) -> Float[Tensor, "d h w"]:
        """The root of the sum of squares of each pair: the same at every phase of a grating, because cos² + sin² = 1."""
        return simple.square().sum(1).sqrt()

    def complex(self, simple: Float[Tensor, "d 2 h w"]) -> Float[Tensor, "d h w"]:
        """The answers of the complex cells: the largest energy of a region."""
        return functional.max_pool2d(self.energy(simple), self.region, 1, self.region // 2)

    def drifting(self, phases: int) -> tuple[Float[Tensor, "n 2"], Float[Tensor, "n"]]:
        """What the first pair answers to a grating of its own that drifts by one wave, and the pair's energy, relative to its mean."""
        reach = self.size // 2
        x = torch.arange(-reach, reach + 1, dtype=torch.float64) / self.wavelength
        steps = torch.arange(phases, dtype=torch.float64) / phases
        gratings = (2 * math.pi * (x[None] - steps[:, None])).cos()[:, None].expand(-1, self.size, -1)
        pair = torch.einsum("nij,kij->nk", gratings, self.filters()[0])
        energy = pair.square().sum(1).sqrt()
        return pair / energy.mean(), energy / energy.mean()

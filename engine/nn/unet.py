"""Networks that are told the time: a small U-Net for pictures, a multi-layer perceptron for points. Both predict what they are given.

U-Net: Ronneberger et al. 2015, arXiv:1505.04597; the embedding of time: Vaswani et al. 2017, arXiv:1706.03762, §3.5.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def time_waves(time: Float[Tensor, "b"], count: int) -> Float[Tensor, "b c"]:
    """Sines and cosines of time in 0…1, from one turn to a thousand."""
    rates = torch.exp(torch.linspace(0, math.log(1000.0), count // 2, device=time.device))
    angles = time[:, None] * rates * math.pi
    return torch.cat([angles.sin(), angles.cos()], 1)


class TimedMlp(nn.Module):
    """Points `[B, D]` and times `[B]` in 0…1 → vectors `[B, D]`."""

    def __init__(self, dimensions: int, width: int, depth: int = 3) -> None:
        super().__init__()
        self.waves = width // 2 * 2
        self.enter = nn.Linear(dimensions, width)
        self.times = nn.Sequential(nn.Linear(self.waves, width), nn.SiLU())
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.leave = nn.Linear(width, dimensions)

    def forward(self, x: Float[Tensor, "b d"], time: Float[Tensor, "b"]) -> Float[Tensor, "b d"]:
        """Adds the time to every layer."""
        moment = self.times(time_waves(time, self.waves))
        hidden = self.enter(x)
        for layer in self.layers:
            hidden = hidden + layer(nn.functional.silu(hidden + moment))
        return self.leave(nn.functional.silu(hidden))


class Block(nn.Module):
    """Two 3 × 3 convolutions with the time added between them, around a shortcut."""

    def __init__(self, inputs: int, outputs: int, moment: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(math.gcd(8, channels), channels) for channels in (inputs, outputs))
        self.time = nn.Linear(moment, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Float[Tensor, "b c h w"], moment: Float[Tensor, "b m"]) -> Float[Tensor, "b o h w"]:
        """The residual block."""
        hidden = self.first(nn.functional.silu(self.norms[0](x))) + self.time(moment)[:, :, None, None]
        return self.shortcut(x) + self.second(nn.functional.silu(self.norms[1](hidden)))


class UNet(nn.Module):
    """Pictures `[B, C, S, S]` and times `[B]` in 0…1 → pictures `[B, C, S, S]`; S is a multiple of 4."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.waves, moment = width, 2 * width
        self.times = nn.Sequential(nn.Linear(width, moment), nn.SiLU(), nn.Linear(moment, moment), nn.SiLU())
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.ModuleList([Block(width, width, moment), Block(width, 2 * width, moment)])
        self.middle = Block(2 * width, 2 * width, moment)
        self.up = nn.ModuleList([Block(4 * width, width, moment), Block(2 * width, width, moment)])
        self.leave = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x: Float[Tensor, "b c s s"], time: Float[Tensor, "b"]) -> Float[Tensor, "b c s s"]:
        """Down by halves, up again, with what was seen on the way down beside what is drawn on the way up."""
        moment = self.times(time_waves(time, self.waves))
        hidden, seen = self.enter(x), []
        for block in self.down:
            hidden = block(hidden, moment)
            seen.append(hidden)
            hidden = nn.functional.avg_pool2d(hidden, 2)
        hidden = self.middle(hidden, moment)
        for block in self.up:
            hidden = nn.functional.interpolate(hidden, scale_factor=2.0)
            hidden = block(torch.cat([hidden, seen.pop()], 1), moment)
        return self.leave(nn.functional.silu(hidden))

"""Networks between pictures and vectors: the two halves of an autoencoder, and the body of a classifier.

Three kinds: "linear" (one affine map, for which theory is exact), "dense" (two hidden layers, right for 8 × 8 digits) and
"convolution" (three halvings by strided convolution, right for 16 × 16 and more).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from torch import nn

Network = Literal["linear", "dense", "convolution"]
Shape = tuple[int, int, int]
"""Channels, height and width of a picture."""

_HALVINGS = 3
_GROUP = 8


def make_encoder(kind: Network, shape: Shape, width: int, outputs: int) -> nn.Sequential:
    """A network [B, C, H, W] → [B, outputs]. `width`: hidden units, or twice the channels of the last convolution."""
    channels, height, breadth = shape
    pixels = channels * height * breadth
    if kind == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, outputs))
    if kind == "dense":
        return nn.Sequential(nn.Flatten(), *_hidden(pixels, width), nn.Linear(width, outputs))
    widths = [channels, *_widths(width)]
    layers: list[nn.Module] = []
    for entering, leaving in pairwise(widths):
        layers += [nn.Conv2d(entering, leaving, 4, stride=2, padding=1), nn.GroupNorm(_GROUP, leaving), nn.SiLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * _small(height) * _small(breadth), outputs))


def make_decoder(kind: Network, shape: Shape, width: int, inputs: int) -> nn.Sequential:
    """A network [B, inputs] → [B, C, H, W], the encoder turned round; its output is not squashed."""
    channels, height, breadth = shape
    pixels = channels * height * breadth
    if kind == "linear":
        return nn.Sequential(nn.Linear(inputs, pixels), nn.Unflatten(1, shape))
    if kind == "dense":
        return nn.Sequential(*_hidden(inputs, width), nn.Linear(width, pixels), nn.Unflatten(1, shape))
    widths = [*reversed(_widths(width)), channels]
    start = (widths[0], _small(height), _small(breadth))
    layers: list[nn.Module] = [nn.Linear(inputs, start[0] * start[1] * start[2]), nn.Unflatten(1, start)]
    for entering, leaving in pairwise(widths):
        layers += [nn.GroupNorm(_GROUP, entering), nn.SiLU(), nn.ConvTranspose2d(entering, leaving, 4, 2, 1)]
    return nn.Sequential(*layers)


def _hidden(inputs: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()


def _widths(width: int) -> list[int]:
    """Channels after each halving, doubling up to half of `width`, in multiples of the normalisation's groups."""
    return [max(_GROUP, width >> shift) // _GROUP * _GROUP for shift in range(_HALVINGS, 0, -1)]


def _small(side: int) -> int:
    """The side of a picture after all halvings."""
    if side % 2**_HALVINGS:
        raise ValueError(f"a convolutional codec takes sides that are multiples of {2**_HALVINGS}, not {side}")
    return side >> _HALVINGS

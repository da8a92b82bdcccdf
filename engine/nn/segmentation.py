"""A fully convolutional network from pictures to maps of classes, with skips that can be cut; and how such maps are judged.

U-Net (Ronneberger et al. 2015, arXiv:1505.04597) sets what was seen on the way down beside what comes from below, FCN (Long et al. 2015,
arXiv:1411.4038) adds it. The U-Net of `engine.nn.unet` is told the time and has shortcuts in its blocks; here every stage is kept to be
looked at. Maps are judged as a whole by the intersection over union, at their edges by precision and recall (Csurka et al. 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from engine.nn.wiring import wire

Labels = Int[Tensor, "b h w"]
SHIFTED, SWAPPED = "skips one pixel off", "skips of another picture"
RESHAPED, ACCURACY = "reshape in place of permute", "right pixels in place of IoU"


@dataclass(frozen=True)
class Stages:
    """What pictures become; lists begin with the finest level.

    `seen` on the way down, the last one at the bottom; on the way up what has `risen` from below, and the `skips` it meets; the `scores`.
    """

    seen: list[Float[Tensor, "b c h w"]]
    risen: list[Float[Tensor, "b c h w"]]
    skips: list[Float[Tensor, "b c h w"]]
    scores: Float[Tensor, "b k h w"]


class Hourglass(nn.Module):
    """Pictures `[B, C, S, S]` → scores of classes `[B, K, S, S]`; S is a multiple of 2^depth.

    Each of `depth` levels has half the side and twice the maps of the one above. `adds`: skips are added, else set beside.
    """

    def __init__(self, channels: int, classes: int, width: int, depth: int, adds: bool = False) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.adds = adds
        self.down = nn.ModuleList(map(block, [channels, *widths], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * maps, maps, 2, 2) for maps in widths[:-1])
        self.join = nn.ModuleList(block(maps if adds else 2 * maps, maps) for maps in widths[:-1])
        self.score = nn.Conv2d(width, classes, 1)

    def stages(self, x: Float[Tensor, "b c s s"], gains: Sequence[float], bug: str = "none") -> Stages:
        """Everything on the way. `gains`: what each level's skip is multiplied by, finest first; 0 cuts it."""
        seen: list[Tensor] = []
        for down in self.down:
            seen.append(down(functional.max_pool2d(seen[-1], 2) if seen else x))
        hidden, risen, skips = seen[-1], [], []
        for level in reversed(range(len(self.up))):
            risen.append(self.up[level](hidden))
            skips.append(gains[level] * misled(seen[level], bug))
            both = risen[-1] + skips[-1] if self.adds else torch.cat([risen[-1], skips[-1]], 1)
            hidden = self.join[level](both)
        return Stages(seen, risen[::-1], skips[::-1], self.score(hidden))

    @property
    def lowest(self) -> nn.ConvTranspose2d:
        """The transposed convolution that leaves the bottom."""
        layer = self.up[-1]
        assert isinstance(layer, nn.ConvTranspose2d)
        return layer

    def forward(self, x: Float[Tensor, "b c s s"], gains: Sequence[float], bug: str = "none") -> Tensor:
        """The scores."""
        return self.stages(x, gains, bug).scores


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3 × 3 convolutions that keep the size, each normalised over the batch and rectified; He's initialisation."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        convolution = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


def misled(skip: Float[Tensor, "b c h w"], bug: str) -> Float[Tensor, "b c h w"]:
    """A skip as it should be, or as a bug has it: cropped one pixel too far to the right and below, or from the batch's next picture."""
    if bug == SHIFTED:
        return skip.roll((1, 1), (2, 3))
    return skip.roll(1, 0) if bug == SWAPPED else skip


def spread_by_hand(layer: nn.ConvTranspose2d, values: Float[Tensor, "c h w"]) -> Float[np.ndarray, "o h2 w2"]:
    """The transposed convolution wire by wire: every value times the kernel of each map, spread, and summed over all maps."""
    weights = layer.weight.detach().cpu().double().numpy()
    stride, taps = int(layer.stride[0]), weights.shape[-1]
    shape = (weights.shape[1], *(stride * (n - 1) + taps for n in values.shape[1:]))
    spread = wire(shape, weights.shape, stride).to_input(values.detach().cpu().double().numpy(), weights)
    assert layer.bias is not None
    return spread + layer.bias.detach().cpu().double().numpy()[:, None, None]


# Judging --------------------------------------------------------------------------------------------------------------


def confusion(said: Int[Tensor, "n"], true: Int[Tensor, "n"], classes: int) -> Int[Tensor, "k k"]:
    """How many pixels of each true class (rows) were said to be of which (columns)."""
    return torch.bincount(true.flatten() * classes + said.flatten(), minlength=classes**2).reshape(classes, classes)


def overlaps(counts: Int[Tensor, "k k"]) -> Float[Tensor, "k"]:
    """Intersection over union of each class; not a number for one that neither exists nor was said."""
    both = counts.diagonal().double()
    return both / (counts.sum(0) + counts.sum(1) - both)


def said(scores: Float[Tensor, "b k h w"], bug: str = "none") -> Labels:
    """The class of the highest score in each pixel; with a bug, of scores whose axes are reshaped where they should be permuted."""
    if bug == RESHAPED:
        b, k, h, w = scores.shape
        return scores.reshape(b, h, w, k).argmax(3)
    return scores.argmax(1)


def mean_overlap(answers: Labels, true: Labels, classes: int, bug: str = "none") -> float:
    """Mean IoU over the classes that there are; with a bug, the share of pixels that are right."""
    counts = confusion(answers, true, classes)
    if bug == ACCURACY:
        return float(counts.diagonal().sum() / counts.sum())
    return float(overlaps(counts).nanmean())


def edges(labels: Labels) -> Bool[Tensor, "b h w"]:
    """Pixels with another class to the left, right, above or below."""
    found = torch.zeros_like(labels, dtype=torch.bool)
    across, down = labels[:, :, 1:] != labels[:, :, :-1], labels[:, 1:] != labels[:, :-1]
    found[:, :, 1:] |= across
    found[:, :, :-1] |= across
    found[:, 1:] |= down
    found[:, :-1] |= down
    return found


def within(found: Bool[Tensor, "b h w"], reach: int) -> Bool[Tensor, "b h w"]:
    """Pixels at most so far from one that was found, diagonals counted as one."""
    return functional.max_pool2d(found[:, None].float(), 2 * reach + 1, 1, reach)[:, 0] > 0


def edge_score(said: Labels, true: Labels, reach: int) -> float:
    """F, the harmonic mean: of the edges that were said, the share within `reach` pixels of true ones, and the other way round."""
    ours, theirs = edges(said), edges(true)
    precision = float((ours & within(theirs, reach)).sum()) / max(int(ours.sum()), 1)
    recall = float((theirs & within(ours, reach)).sum()) / max(int(theirs.sum()), 1)
    return 2 * precision * recall / max(precision + recall, 1e-12)


def blocks_of(true: Labels, side: int) -> Labels:
    """The best that blocks of `side` pixels can do: each has the class that most of its pixels have."""
    count, height, width = true.shape
    tiles = true.reshape(count, height // side, side, width // side, side).transpose(2, 3).flatten(3)
    return tiles.mode(3).values.repeat_interleave(side, 1).repeat_interleave(side, 2)

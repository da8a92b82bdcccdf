"""Pictures whose every pixel has a class: sprites that cover each other, or a picture of the person's own with a painted mask.

The class of a sprite is its colour. Below noise, one pixel cannot tell it: only many together can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from engine.data.augment import neutral, warp
from engine.data.pictures import Watch, unwatched
from engine.data.scene import draw_scene
from engine.data.sprites import COLOURS, FACTORS, render_sprites
from engine.data.table import load_pictures

Labels = Int[Tensor, "n s s"]
Pair = tuple[Float[Tensor, "n 3 s s"], Labels]
"""Pictures in 0..1 and the class of each of their pixels; class 0 is the background."""

Mask = np.ndarray | None
"""What a person painted: `[h, w]` uint8, 0 is nothing and 255 is full; None before the first stroke."""

COLOUR_NAMES = ("blue", "orange", "green")
PALETTE = np.vstack([np.zeros(3), COLOURS[: len(COLOUR_NAMES)]])
"""RGB of each class of the sprites, the background's first."""

MOST_OWN = 8
EXAM = 48


def draw_covering(count: int, size: int, rng: np.random.Generator) -> Pair:
    """Two sprites in a picture, the second in front; classes are the colours, from 1 on."""
    pictures, labels = torch.zeros(count, 3, size, size), torch.zeros(count, size, size, dtype=torch.long)
    for _ in range(2):
        factors = np.stack([rng.integers(0, values, count) for values in FACTORS.values()], 1)
        factors[:, 5] %= len(COLOUR_NAMES)
        sprites = render_sprites(factors, size)
        cover = sprites.amax(1) / torch.from_numpy(COLOURS[factors[:, 5]].max(1)).float()[:, None, None]
        pictures = sprites + (1 - cover[:, None]) * pictures
        labels = torch.where(cover >= 0.5, torch.from_numpy(factors[:, 5] + 1)[:, None, None], labels)
    return pictures, labels


class CoveringSprites:
    """Endless sprites; `pictures` [n, 3, S, S] are put aside to be judged by."""

    names: tuple[str, ...] = ("background", *COLOUR_NAMES)

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size, self._rng = size, rng
        self.pictures, self._labels = draw_covering(EXAM, size, rng)

    def truth(self, mask: Mask) -> Labels:
        """The classes of all pictures; nothing painted changes them."""
        return self._labels

    def draw(self, count: int, rng: torch.Generator, mask: Mask) -> Pair:
        """Pictures to learn from."""
        return draw_covering(count, self.size, self._rng)


class PaintedPictures:
    """The scene, or pictures of the person's own; the first of them is painted on. `pictures` [n, 3, S, S]."""

    names: tuple[str, ...] = ("background", "painted")

    def __init__(self, name_or_path: str, size: int, watch: Watch = unwatched) -> None:
        """Raises DataError if there is no such picture."""
        self.size, self.unread = size, ""
        if name_or_path == "scene":
            self.pictures = draw_scene(size).expand(1, 3, -1, -1)
        else:
            found = load_pictures(name_or_path, size, 3, watch=watch)
            self.pictures, self.unread = torch.cat([found.train, found.test])[:MOST_OWN], found.unread

    def truth(self, mask: Mask) -> Labels:
        """The classes of the first picture alone, `[1, S, S]`: as painted, or, before the first stroke, what is brighter than its mean."""
        if mask is None or not mask.any():
            grey = self.pictures[:1].mean(1)
            return (grey > grey.mean()).long()
        painted = torch.from_numpy(mask.astype(np.float32) / 255)[None, None]
        return (functional.interpolate(painted, (self.size, self.size), mode="bilinear")[:, 0] > 0.5).long()

    def draw(self, count: int, rng: torch.Generator, mask: Mask) -> Pair:
        """The first picture turned, scaled, moved, mirrored and brightened at random, and its mask along with it."""
        both = torch.cat([self.pictures[:1], self.truth(mask)[:, None]], 1).expand(count, -1, -1, -1)
        even = 2 * torch.rand(count, 6, generator=rng) - 1
        changes = replace(
            neutral(both.shape),
            angle=0.3 * even[:, 0],
            scale=1.15 + 0.2 * even[:, 1],
            shift=0.15 * even[:, 2:4],
            flip=even[:, 4].sign(),
        )
        moved = warp(both, changes)
        return moved[:, :3] * (1 + 0.2 * even[:, 5, None, None, None]), (moved[:, 3] > 0.5).long()


def each_by_itself(noisy: Float[Tensor, "n 3 s s"], true: Labels, noise: float) -> Labels:
    """What Bayes' rule says of every pixel of noisy sprites alone: how common a colour is, and how far the pixel's is from it."""
    share = torch.bincount(true.flatten(), minlength=len(PALETTE)) / true.numel()
    far = (noisy[:, None] - torch.from_numpy(PALETTE).float()[:, :, None, None]).square().sum(2)
    return (share.log()[:, None, None] - far / (2 * max(noise, 0.01) ** 2)).argmax(1)

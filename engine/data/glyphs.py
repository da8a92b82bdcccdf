"""Letters and figures drawn from the fonts that ship, each one slightly turned, scaled and shifted.

The set has as many pictures as one likes, and one knows of each which letter it is and in which style it is drawn.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIGURES = "0123456789"
STYLES = {
    "regular": "Inter-Regular.otf",
    "medium": "Inter-Medium.otf",
    "semi-bold": "Inter-SemiBold.otf",
    "bold": "Inter-Bold.otf",
    "typewriter": "JetBrainsMono-Regular.ttf",
}
_FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
_SIDE = 96
_HEIGHT = 64
"""A letter is drawn once, `_HEIGHT` pixels high in the middle of a square of `_SIDE`, and then laid down turned and shrunk."""


@dataclass(frozen=True)
class Glyphs:
    """White letters on black: `pictures` [N, 1, S, S] in 0..1, `labels` [N] into `letters`, `styles` [N] into `STYLES`."""

    pictures: Float[Tensor, "n 1 s s"]
    labels: Int[Tensor, "n"]
    styles: Int[Tensor, "n"]
    letters: str


def draw_glyphs(
    count: int, size: int, seed: int = 0, letters: str = LETTERS, loose: float = 1.0, rows: Sequence[int] | None = None
) -> Glyphs:
    """So many letters on squares of `size` pixels, every letter and style alike often.

    `loose`: how far they are turned, scaled and shifted: 1 is up to 12°, 15 % and 8 % of the side; 0 sets them straight. `rows`: only
    these of the `count` are drawn, in this order; a thousand take a third of a second.
    """
    rng = np.random.default_rng(seed)
    chosen = np.arange(count) if rows is None else np.asarray(rows)
    labels, styles = rng.integers(len(letters), size=count)[chosen], rng.integers(len(STYLES), size=count)[chosen]
    turns, scales, shifts = (part[chosen] for part in _poses(rng, count, loose))
    names = tuple(STYLES)
    pictures = np.stack(
        [
            _laid_down(_master(names[style], letters[label]), size, turn, scale, shift)
            for label, style, turn, scale, shift in zip(labels, styles, turns, scales, shifts, strict=True)
        ]
    )
    values = torch.from_numpy(pictures.astype(np.float32) / 255.0)[:, None]
    return Glyphs(values, torch.from_numpy(labels), torch.from_numpy(styles), letters)


def _poses(rng: np.random.Generator, count: int, loose: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turns in radians, scales, and shifts in sides of the square."""
    turns = rng.uniform(-1, 1, count) * math.radians(12) * loose
    scales = 1 + rng.uniform(-1, 1, count) * 0.15 * loose
    return turns, scales, rng.uniform(-1, 1, (count, 2)) * 0.08 * loose


@functools.lru_cache(maxsize=1024)
def _master(style: str, letter: str) -> Image.Image:
    """The letter, large and straight, its ink in the middle."""
    font = ImageFont.truetype(_FONTS / STYLES[style], round(_HEIGHT / 0.727))  # Inter's capitals are .727 of its size
    left, top, right, bottom = font.getbbox(letter)
    page = Image.new("L", (_SIDE, _SIDE))
    at = ((_SIDE - left - right) / 2, (_SIDE - top - bottom) / 2)
    ImageDraw.Draw(page).text(at, letter, fill=255, font=font)
    return page


def _laid_down(master: Image.Image, size: int, turn: float, scale: float, shift: np.ndarray) -> np.ndarray:
    """The letter turned, scaled and shifted, shrunk by averaging areas."""
    cos, sin = math.cos(turn) / scale, math.sin(turn) / scale
    middle = _SIDE / 2
    x, y = (middle + part * _SIDE for part in shift)
    back = (cos, sin, middle - cos * x - sin * y, -sin, cos, middle + sin * x - cos * y)
    turned = master.transform((_SIDE, _SIDE), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.asarray(turned.resize((size, size), Image.Resampling.BOX))

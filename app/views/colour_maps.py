"""From numbers to colours, so that equal steps look equal.

Sequential is viridis (Smith, van der Walt and Firing; CC0). Diverging is made here in Oklab (Ottosson 2020): from the theme's own
ground in the middle to blue below and orange above, with the same lightness at the same distance on both sides. Classes take the
series colours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from app.colours import Colours

_VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e 23898e 21918c"
    " 1f978b 1f9f88 21a685 27ad81 31b57b 3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725"
)
_STEPS = 256
_BLUE, _ORANGE = np.deg2rad((245.0, 62.0))
_NAN = "#f2555a"


def rgb_of(colour: str) -> np.ndarray:
    """`#rrggbb` as three numbers 0..255."""
    return np.array(list(bytes.fromhex(colour.lstrip("#"))), np.float64)


@lru_cache(maxsize=16)
def colour_table(kind: str, colours: Colours) -> np.ndarray:
    """The colours `[K, 3]` uint8 of a map, lowest first. `kind`: "sequential", "diverging", "grey" or "classes"."""
    match kind:
        case "diverging":
            table = _diverging(colours.dark)
        case "grey":
            table = np.repeat(np.linspace(0, 255, _STEPS)[:, None], 3, axis=1)
        case "classes":
            table = np.stack([rgb_of(colour) for colour in colours.series])
        case _:
            anchors = np.stack([rgb_of(colour) for colour in _VIRIDIS.split()])
            at = np.linspace(0, len(anchors) - 1, _STEPS)
            table = np.stack(
                [np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)], axis=1
            )
    return np.asarray(table.round(), np.uint8)


def _diverging(dark: bool) -> np.ndarray:
    """Blue, ground, orange: lightness and chroma are the same to both sides."""
    along = np.linspace(-1.0, 1.0, _STEPS)
    size = np.abs(along)
    light = 0.22 + 0.56 * size if dark else 0.97 - 0.40 * size
    chroma = 0.145 * size
    hue = np.where(along < 0, _BLUE, _ORANGE)
    return oklab_to_rgb(np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1))


def oklab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Oklab `[N, 3]` (lightness 0..1, a, b) as sRGB `[N, 3]` 0..255, clipped. Ottosson 2020, “A perceptual color space”."""
    to_roots = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_roots.T) ** 3 @ to_linear.T, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255)


def scale_of(
    values: np.ndarray, kind: str, given: tuple[float, float] | None, centre: float = 0.0
) -> tuple[float, float]:
    """The values at both ends of a map: as `given`, else what the values `[…]` need; even to both sides of `centre` if diverging."""
    if given is not None:
        return given
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    lo, hi = float(finite.min()), float(finite.max())
    if kind == "diverging":
        reach = max(hi - centre, centre - lo) or 1.0
        return centre - reach, centre + reach
    return (lo, hi) if hi > lo else (lo - 0.5, lo + 0.5)


def paint_values(
    values: np.ndarray, kind: str, scale: tuple[float, float], colours: Colours, opacity: float = 1.0
) -> np.ndarray:
    """Values `[H, W]` as premultiplied pixels `[H, W]` uint32 0xAARRGGBB. What is not a number gets a colour of its own."""
    table = colour_table(kind, colours)
    gaps = ~np.isfinite(values)
    known = np.where(gaps, scale[0], values)
    if kind == "classes":
        index = known.astype(np.int64) % len(table)
    else:
        index = np.clip((known - scale[0]) / (scale[1] - scale[0]) * (len(table) - 1) + 0.5, 0, len(table) - 1).astype(
            np.int64
        )
    packed = pack(np.vstack([table, rgb_of(_NAN)[None].astype(np.uint8)]), opacity)
    index[gaps] = len(table)
    return packed[index]


def pack(rgb: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """Colours `[N, 3]` 0..255 as premultiplied uint32 `[N]` 0xAARRGGBB."""
    red, green, blue = (np.rint(rgb[:, channel] * opacity).astype(np.uint32) for channel in range(3))
    alpha = np.uint32(round(255 * opacity))
    return np.asarray((alpha << np.uint32(24)) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue, np.uint32)

"""Thousands of round points as one picture: each disc's soft rim first, its middle over it, all by numpy.

A painter needs 2 µs a point; this needs 0.5 and places each at a fraction of a pixel, so that slow points do not tremble.
"""

from __future__ import annotations

import numpy as np

from app.views.colour_maps import pack

_MANY = 6000
"""Above so many points the rims are left out."""


def disc_pixels(
    centres: np.ndarray, rgb: np.ndarray, diameter: float, size: tuple[int, int], hollow: bool = False
) -> np.ndarray:
    """Premultiplied pixels `[height, width]` uint32 with a disc at each of `centres` `[N, 2]` (x, y), in pixels of that picture.

    `rgb` `[N, 3]` 0..255; `size` (width, height); `hollow` draws rings. Centres that are not finite are left out.
    """
    width, height = size
    out = np.zeros(height * width, np.uint32)
    reach = int(np.ceil(diameter / 2 + 0.5))
    inside = np.isfinite(centres).all(axis=1)
    inside &= (np.abs(centres - (width / 2, height / 2)) < (width / 2 + reach, height / 2 + reach)).all(axis=1)
    centres, rgb = centres[inside], rgb[inside]
    if not len(centres):
        return out.reshape(height, width)
    corner = np.floor(centres).astype(np.int64)
    offset = np.stack(np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1)), axis=-1).reshape(
        -1, 1, 2
    )
    pixel = corner + offset
    cover = _cover(np.hypot(*np.moveaxis(pixel + 0.5 - centres, -1, 0)), diameter / 2, hollow)
    cover[(pixel < 0).any(axis=-1) | (pixel >= (width, height)).any(axis=-1)] = 0
    flat = pixel[..., 1] * width + pixel[..., 0]
    if len(centres) <= _MANY:
        _write_rims(out, flat, cover, rgb)
    where, point = np.nonzero(cover >= (0.99 if len(centres) <= _MANY else 0.5))
    out[flat[where, point]] = pack(rgb)[point]
    return out.reshape(height, width)


def _cover(distance: np.ndarray, radius: float, hollow: bool) -> np.ndarray:
    """How much of a pixel at this distance of the centre a disc (or a ring 1.5 pixels wide) covers."""
    if hollow:
        return np.clip(1.25 - np.abs(distance - radius + 0.75), 0, 1)
    return np.clip(radius + 0.5 - distance, 0, 1)


def _write_rims(out: np.ndarray, flat: np.ndarray, cover: np.ndarray, rgb: np.ndarray) -> None:
    where, point = np.nonzero((cover > 0.02) & (cover < 0.99))
    alpha = cover[where, point]
    order = np.argsort((alpha * 16).astype(np.uint8), kind="stable")
    where, point, alpha = where[order], point[order], alpha[order]
    red, green, blue = (np.rint(rgb[point, channel] * alpha).astype(np.uint32) for channel in range(3))
    packed = (
        (np.rint(alpha * 255).astype(np.uint32) << np.uint32(24))
        | (red << np.uint32(16))
        | (green << np.uint32(8))
        | blue
    )
    out[flat[where, point]] = packed

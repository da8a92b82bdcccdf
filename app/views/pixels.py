"""Arrays as pictures that Qt can paint."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

_GAP = np.array([242, 85, 90], np.uint8)
"""The colour of a pixel that is not a number."""


def to_bytes(pixels: np.ndarray, colour: bool) -> np.ndarray:
    """Pictures in float 0..1, bool or uint8 as uint8: `[…, H, W]`, or `[…, H, W, 3]` if `colour` (or where a NaN needs one)."""
    pixels = np.asarray(pixels)
    if pixels.dtype == np.uint8:
        return pixels
    if not np.issubdtype(pixels.dtype, np.floating):
        scaled = pixels * 255 if pixels.dtype == np.bool_ else np.clip(pixels, 0, 255)
        return scaled.astype(np.uint8)
    gaps = np.isnan(pixels)
    scaled = (np.clip(np.where(gaps, 0, pixels), 0, 1) * 255 + 0.5).astype(np.uint8)
    if not gaps.any():
        return scaled
    rgb = scaled if colour else np.repeat(scaled[..., None], 3, axis=-1)
    rgb[gaps.any(axis=-1) if colour else gaps] = _GAP
    return rgb


def to_image(picture: np.ndarray) -> QImage:
    """A uint8 picture `[H, W]`, `[H, W, 3]` RGB or `[H, W, 4]` RGBA as a QImage with its own memory."""
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    channels = picture.shape[2] if picture.ndim == 3 else 1
    kinds = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}
    return QImage(picture.data, width, height, width * channels, kinds[channels]).copy()


def packed_image(argb: np.ndarray) -> QImage:
    """Premultiplied pixels `[H, W]` uint32 0xAARRGGBB as a QImage with its own memory."""
    argb = np.ascontiguousarray(argb, np.uint32)
    height, width = argb.shape
    return QImage(argb.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


def value_words(pixel: np.ndarray) -> str:
    """A pixel's value in words: "0.73", "0.20 0.31 0.40", "128"."""
    parts = np.atleast_1d(pixel)
    if parts.dtype == np.uint8:
        return " ".join(str(int(part)) for part in parts)
    return " ".join(f"{float(part):.2f}".replace("-", "−") if np.isfinite(part) else "not a number" for part in parts)

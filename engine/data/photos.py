"""One photo of a person's own as pixels: upright (EXIF), RGB, shrunk by averaging areas; and how large it is, from its header.

Unlike `engine.data.pictures` a photo keeps its shape, and its transparency is kept apart as a mask. Knows nothing of torch.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps

from engine.api.errors import DataError

MAX_PIXELS = 200_000_000
"""A photo with more pixels is refused before it is decoded."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm")
"""What counts as a photo in a folder."""

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "MPO")
_TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange width and height
_ORIENTATION = 0x0112
_BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError),
    *(RuntimeError, MemoryError, AssertionError, struct.error, zlib.error),
)
"""What Pillow's readers raise on a damaged file."""


def photo_size(path: Path) -> tuple[int, int]:
    """Width and height of the upright photo, pixels, from the header alone. Raises DataError."""
    with _opened(path) as image:
        width, height = image.size
        return (height, width) if image.getexif().get(_ORIENTATION) in _TURNED else (width, height)


def read_photo(path: Path, width: int = 0, height: int = 0) -> UInt8[np.ndarray, "h w 3"]:
    """The upright photo in RGB, at its own size or averaged down to another; transparency is left out of account. Raises DataError."""
    with _opened(path) as image:
        if width and image.format == "JPEG":
            wide, high = (height, width) if image.getexif().get(_ORIENTATION) in _TURNED else (width, height)
            image.draft(
                "RGB", (2 * wide, 2 * high)
            )  # decodes at half, a quarter or an eighth, never below twice the size
        upright = ImageOps.exif_transpose(image)
        return np.array(_sized(_rgb(upright), width, height))


def read_mask(path: Path, width: int = 0, height: int = 0) -> Float[np.ndarray, "h w"]:
    """How much each pixel counts, 0…1: the transparency of a picture that has one, else its brightness. Raises DataError."""
    with _opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        grey = upright.convert("RGBA").getchannel("A") if has_alpha(upright) else upright.convert("L")
        return np.asarray(_sized(grey, width, height), np.float32) / 255


def has_alpha(image: Image.Image) -> bool:
    """Whether the picture has transparency of any kind."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def photo_has_alpha(path: Path) -> bool:
    """Whether the photo in a file has transparency. Raises DataError."""
    with _opened(path) as image:
        return has_alpha(image)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        image = Image.fromarray((np.asarray(image, np.float64) / 257).clip(0, 255).astype(np.uint8))
    return image.convert("RGB")


def _sized(image: Image.Image, width: int, height: int) -> Image.Image:
    if not width or image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling.BOX if width <= image.width else Image.Resampling.BICUBIC)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The file as a picture whose pixels are not decoded yet; whatever goes wrong inside becomes one sentence."""
    if not path.exists():
        raise DataError(f"There is no photo “{path}”.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata before it raises
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise DataError(
                        f"“{path.name}” has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller."
                    )
                yield image
    except DataError:
        raise
    except _BROKEN as error:
        raise DataError(f"“{path.name}” cannot be read as a photo; is it damaged? ({error})") from error

"""A person's own pictures, of any size and mode, as a tensor in 0..1.

What arrives is whatever a camera, a scanner or a drawing program wrote, so everything is brought to one form: turned
upright (EXIF), the first frame of an animation, transparency laid over white (as on a page), 16 bits and CMYK and
palettes to plain grey or RGB, cut to the centred square and shrunk by averaging areas. The size is read from the header
first: a picture of too many pixels is refused before it is decoded.
"""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image, ImageOps
from torch import Tensor

from engine.api.errors import DataError
from engine.api.words import plural

MAX_PIXELS = 100_000_000
"""A picture with more pixels is refused: decoded, it would take half a gigabyte."""

MAX_BYTES = 512 * 1024**2
"""A folder's tensor takes at most this much memory; of a larger folder, evenly spaced pictures are read."""

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_WHITE = (255, 255, 255, 255)
_SIXTEEN_BITS = 65535.0
_BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError),
    *(RuntimeError, MemoryError, AssertionError, struct.error, zlib.error),
)
"""What Pillow's readers raise on a damaged file."""


@dataclass(frozen=True)
class PictureFolder:
    """The pictures of one folder.

    `pictures` [N, C, S, S] in 0..1; `labels` [N] indices into `names` (the sub-folders; one name if there are none);
    `skipped`: (file, reason) of what could not be read; `left_out`: how many did not fit into memory.
    """

    pictures: Float[Tensor, "n c s s"]
    labels: Int[Tensor, "n"]
    names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    left_out: int = 0

    @property
    def note(self) -> str:
        """How many were read and how many were not, in words."""
        words = [plural(len(self.pictures), "picture")]
        if self.skipped:
            words.append(f"{len(self.skipped)} skipped ({self.skipped[0][0]}: {self.skipped[0][1]})")
        if self.left_out:
            words.append(f"{self.left_out:,} more left out for memory")
        return ", ".join(words)


def read_picture(path: Path, size: int, channels: int) -> Float[Tensor, "c s s"]:
    """One picture as a square of `size` pixels with 1 (grey) or 3 (RGB) channels, in 0..1.

    Raises DataError with one sentence.
    """
    if not path.exists():
        raise DataError(f"There is no file “{path}”.")
    try:
        return _read(path, size, channels)
    except DataError as error:
        raise DataError(f"“{path.name}” cannot be used: {error}") from error


Watch = Callable[[int, int], None]
"""Is told before each picture how many are read and how many there are; may raise to end the reading (`Context.reading`)."""


def unwatched(done: int, total: int) -> None:
    """Nobody waits for it."""


def read_folder(
    folder: Path, size: int, channels: int, max_bytes: int = MAX_BYTES, watch: Watch = unwatched
) -> PictureFolder:
    """Every picture below `folder`, in the order of their names; a first-level sub-folder is a class.

    What is no picture is skipped and reported. Raises DataError if there is no such folder, it cannot be read, or
    nothing in it can.
    """
    files, skipped = _files_below(folder)
    room = max(1, max_bytes // (4 * channels * size * size))
    chosen = _evenly(files, room)
    pictures, classes = [], []
    for done, file in enumerate(chosen):
        watch(done, len(chosen))
        try:
            pictures.append(_read(file, size, channels))
            classes.append(_class_of(file, folder))
        except DataError as error:
            skipped.append((str(file.relative_to(folder)), str(error)))
    watch(len(chosen), len(chosen))
    if not pictures:
        raise DataError(_nothing_found(folder, skipped))
    names = tuple(sorted(set(classes)))
    labels = torch.tensor([names.index(name) for name in classes])
    return PictureFolder(torch.stack(pictures), labels, names, tuple(skipped), len(files) - len(chosen))


def _files_below(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """The plain files below a folder, sorted, without hidden ones; and the sub-folders that cannot be read."""
    if not folder.is_dir():
        raise DataError(f"There is no folder “{folder}”.")
    refused: list[OSError] = []
    files = []
    for parent, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    for error in refused:
        if Path(error.filename) == folder:
            raise DataError(f"The folder “{folder}” cannot be read: {error.strerror}.") from error
    unread = [(str(Path(error.filename).relative_to(folder)), "the folder cannot be read") for error in refused]
    return [file for file in files if file.is_file()], unread


def _class_of(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else folder.resolve().name


def _evenly(files: list[Path], most: int) -> list[Path]:
    """At most so many of the files, spread over all of them."""
    if len(files) <= most:
        return files
    return [files[index] for index in np.linspace(0, len(files) - 1, most).round().astype(int)]


def _nothing_found(folder: Path, skipped: list[tuple[str, str]]) -> str:
    if not skipped:
        return f"There are no pictures in “{folder}”: put PNG, JPEG or WebP files there."
    name, reason = skipped[0]
    return f"No picture in “{folder}” can be used ({plural(len(skipped), 'file')}; {name}: {reason})."


def _read(path: Path, size: int, channels: int) -> Float[Tensor, "c s s"]:
    """Reads, converts and shrinks one picture. Raises DataError with the reason alone."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata and of sizes that are checked below; neither is the person's concern.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as picture:
                return square_tensor(_upright(picture, size), size, channels)
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(_too_large("more pixels than can be decoded")) from error
    except Image.UnidentifiedImageError as error:
        raise DataError("not a picture that can be read") from error
    except PermissionError as error:
        raise DataError("it may not be read") from error
    except _BROKEN as error:
        raise DataError("the picture is damaged or incomplete") from error


def _too_large(measure: str) -> str:
    return f"it is too large ({measure}; the limit is {MAX_PIXELS // 1_000_000} million pixels)"


def _upright(picture: Image.Image, size: int) -> Image.Image:
    """The first frame, decoded and turned as the camera was held. Refuses by size before decoding."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise DataError(_too_large(f"{width:,} × {height:,} pixels"))
    picture.draft(None, (2 * size, 2 * size))  # a JPEG then decodes straight to a smaller size, many times as fast
    picture.load()
    return ImageOps.exif_transpose(picture)


def square_tensor(picture: Image.Image, size: int, channels: int) -> Float[Tensor, "c s s"]:
    """The centred square of a decoded picture, `size` × `size` with 1 or 3 channels, in 0..1."""
    plain = _plain(picture, channels)
    side = min(plain.size)
    left, top = (plain.width - side) / 2, (plain.height - side) / 2
    area = Image.Resampling.BOX if side >= size else Image.Resampling.BILINEAR
    square = plain.resize((size, size), area, box=(left, top, left + side, top + side))
    values = np.array(square, np.float32)
    if square.mode != "F":
        values /= 255.0
    values = values.reshape(size, size, -1).transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(values)).expand(channels, size, size).contiguous()


def _plain(picture: Image.Image, channels: int) -> Image.Image:
    """The picture as "L" or "RGB" (0..255), or as "F" (0..1) where it holds more than eight bits."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_deep_grey(np.array(picture)))
    if picture.has_transparency_data:
        page = Image.new("RGBA", picture.size, _WHITE)
        page.alpha_composite(picture.convert("RGBA"))
        picture = page
    return picture.convert("RGB" if channels == 3 else "L")


def _deep_grey(values: np.ndarray) -> np.ndarray:
    """Grey of more than eight bits in 0..1: 16-bit numbers by their range, 32-bit and floating ones by their own."""
    grey = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(grey.min()), float(grey.max())
    if values.dtype.kind == "f" and 0.0 <= low and high <= 1.0:
        return grey
    if values.dtype.kind != "f" and 0.0 <= low and high <= _SIXTEEN_BITS:
        return grey / np.float32(_SIXTEEN_BITS)
    return (grey - low) / np.float32(max(high - low, 1e-12))

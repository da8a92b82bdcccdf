"""The sharpest frame of each stretch of a video, as photos."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from engine.api.errors import DataError
from engine.capture.features import sharpness

_QUALITY = 95


@dataclass
class _Best:
    """The sharpest frame of the stretch so far."""

    sharp: float = -1.0
    frame: UInt8[np.ndarray, "h w 3"] | None = None
    index: int = 0


def sharpest_frames(
    video: Path, folder: Path, count: int, long_side: int, tell: Callable[[int, int], None] = lambda done, total: None
) -> list[Path]:
    """Cuts a video into `count` stretches of the same length and writes the sharpest frame of each as a JPEG.

    `long_side`: pixels at most. `tell` hears how many of how many frames were looked at. Raises DataError for what is no video.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(video) as reader:
        declared = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
        stretch = max(1.0, declared / count) if declared > 0 else 15.0
        written, best = [], _Best()
        for index, frame in enumerate(_frames(reader)):
            if index and math.floor(index / stretch) != math.floor((index - 1) / stretch):
                written.append(_write(folder, best, long_side))
                best = _Best()
            sharp = sharpness(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
            if sharp > best.sharp:
                best = _Best(sharp, frame, index)
            tell(index + 1, max(declared, index + 1))
    if best.frame is not None:
        written.append(_write(folder, best, long_side))
    if not written:
        raise DataError(f"“{video.name}” holds no frame that can be read; is it damaged?")
    return written


@contextmanager
def _opened(video: Path) -> Iterator[Any]:
    if not video.is_file() or not video.stat().st_size:
        raise DataError(f"“{video}” is empty or not a file; choose a video or a folder of photos.")
    reader = cv2.VideoCapture(str(video))
    try:
        if not reader.isOpened():
            raise DataError(f"“{video.name}” cannot be read as a video; choose a video or a folder of photos.")
        yield reader
    finally:
        reader.release()


def _frames(reader: Any) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    while True:
        good, frame = reader.read()
        if not good:
            return
        yield frame


def _write(folder: Path, best: _Best, long_side: int) -> Path:
    assert best.frame is not None
    scale = long_side / max(best.frame.shape[:2])
    frame = cv2.resize(best.frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else best.frame
    path = folder / f"frame_{best.index:06d}.jpg"
    good, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert good
    path.write_bytes(data.tobytes())
    return path

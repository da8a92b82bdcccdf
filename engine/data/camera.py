"""A webcam as a source of pictures, by OpenCV: opened when the first one is asked for, and always released."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PIL import Image

from engine.api.errors import DataError
from engine.data.pictures import square_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jaxtyping import Float
    from torch import Tensor


class Webcam:
    """Camera number `index`. Use it in a `with` block, or call `close()`."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._device: Any = None

    def read(self, size: int, channels: int) -> Float[Tensor, "c s s"]:
        """The newest picture as a square of `size` pixels, grey (1) or RGB (3), in 0..1, mirrored like a mirror.

        Raises DataError if there is no such camera, or it gives no picture; the camera is then released.
        """
        import cv2

        if self._device is None:
            self._device = _open(self.index)
        good, frame = self._device.read()
        if not good or frame is None or frame.ndim != 3:
            self.close()
            raise DataError(f"Camera {self.index} gives no picture; see that no other program uses it.")
        upright = cv2.flip(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), 1)
        return square_tensor(Image.fromarray(upright), size, channels)

    def close(self) -> None:
        """Releases the camera; it may be read again, which opens it anew."""
        if self._device is not None:
            self._device.release()
            self._device = None

    def __enter__(self) -> Webcam:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open(index: int) -> Any:
    import cv2

    with _quiet(cv2):
        device = cv2.VideoCapture(index)
    if not device.isOpened():
        device.release()
        raise DataError(f"There is no camera {index} on this machine, or it may not be used; choose another number.")
    return device


@contextmanager
def _quiet(cv2: Any) -> Iterator[None]:
    """OpenCV prints pages about each backend that finds no camera; one sentence follows instead."""
    logging = cv2.utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)

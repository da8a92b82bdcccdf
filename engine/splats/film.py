"""Filming a scene: a smooth flight through key frames, or once around, as MP4 or as PNG pictures.

Places follow a cubic spline and rotations one of their own (Park and Ravani 1997), both through every key frame, so that neither the
path nor the speed has a corner. The film is written by FFmpeg's libraries (PyAV).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import av
import numpy as np
from jaxtyping import UInt8
from PIL import Image
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from engine.api.errors import DataError
from engine.api.flights import Flight, Key
from engine.raster import Camera, Canvas, Orbit
from engine.splats.exports import BLACK, picture

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians

ENDINGS = (".mp4", ".png")
QUALITY = "18"
"""FFmpeg's constant rate factor: lower is better; 18 can hardly be told from the pictures."""
_CODECS = ("libx264", "h264", "mpeg4")


@dataclass(frozen=True)
class Progress:
    """How far a film is. `left`: seconds, NaN before the first picture."""

    frame: int
    total: int
    left: float


def camera_at(flight: Flight, share: float, width: int, height: int) -> Camera:
    """The camera after a share 0…1 of a flight.

    Args:
        flight: one key frame at least.
        share: of the time.
        width: pixels.
        height: pixels.
    """
    keys = (*flight.keys, flight.keys[0]) if flight.closed else flight.keys
    pose = np.eye(4)
    if len(keys) == 1:
        pose[:3, :3], pose[:3, 3], fov = _rotation(keys[:1])[0].as_matrix(), keys[0].place, keys[0].fov_y
        return Camera(pose, fov, width, height)
    times = np.linspace(0, 1, len(keys))
    at = min(max(share, 0.0), 1.0)
    ends: Any = "periodic" if flight.closed else "natural"
    numbers = np.array([[*key.place, key.fov_y] for key in keys])
    *place, fov = CubicSpline(times, numbers, bc_type=ends if len(keys) > 2 else "natural")(at)
    pose[:3, 3] = place
    pose[:3, :3] = RotationSpline(times, _rotation(keys))(at).as_matrix()
    return Camera(pose, float(np.clip(fov, 0.05, 3.0)), width, height)


def turntable(scene: Gaussians, seconds: float = 8.0, height: float = 0.35, count: int = 12, up: str = "-y") -> Flight:
    """Once around a scene.

    Args:
        scene: whose middle is circled; `up` points up in it.
        seconds: for the whole round.
        height: the angle above the horizon, radians.
        count: of the key frames.
        up: "-y" in most files, "y" or "z".
    """
    from engine.splats.frames import UPRIGHT

    turn = UPRIGHT[up]
    means = scene.means.detach().cpu().double().numpy() @ turn.T
    low, high = np.quantile(means, (0.03, 0.97), axis=0)
    orbit = Orbit.around(np.stack([low, high]))
    keys = []
    for index in range(count):
        round_ = Orbit(orbit.target, orbit.distance, 2 * math.pi * index / count, height, fov_y=orbit.fov_y)
        pose = round_.camera(1, 1).world_from_camera
        keys.append(key_of(turn.T @ pose[:3, :3], turn.T @ pose[:3, 3], orbit.fov_y))
    return Flight(tuple(keys), seconds, closed=True)


def key_of(rotation: np.ndarray, place: np.ndarray, fov_y: float) -> Key:
    """A key frame from a pose, world from camera: `[3, 3]` and `[3]` metres."""
    turn = Rotation.from_matrix(rotation).as_quat(scalar_first=True)
    return Key(tuple(place.tolist()), tuple(turn.tolist()), fov_y)


def pictures(
    scene: Gaussians, flight: Flight, count: int, width: int, height: int
) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """So many pictures of a flight, evenly spread; a closed one does not show its first moment twice."""
    canvas = Canvas(width, height, BLACK)
    for index in range(count):
        yield picture(scene, camera_at(flight, share_of(flight, index, count), width, height), canvas)


def share_of(flight: Flight, index: int, count: int) -> float:
    """At which share of a flight its picture `index` of `count` is taken."""
    return index / max(1, count if flight.closed else count - 1)


class Writer(Protocol):
    """Takes a film's pictures."""

    def add(self, pixels: UInt8[np.ndarray, "h w 3"]) -> None:
        """The next picture."""

    def close(self, whole: bool) -> None:
        """The end. A film that is not whole is taken away."""


class Mp4:
    """An MP4 file, written beside its place and moved there when it is whole."""

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        if width % 2 or height % 2:
            raise DataError(f"A film has even sides, not {width} × {height} pixels.")
        self._path, self._beside = path, path.with_name(f".{path.name}.part")
        self._file = av.open(str(self._beside), "w", format="mp4")
        codec = next(name for name in _CODECS if name in av.codecs_available)
        options = {"crf": QUALITY} if codec == "libx264" else {}
        stream: Any = self._file.add_stream(codec, Fraction(fps), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        self._stream = stream

    def add(self, pixels: UInt8[np.ndarray, "h w 3"]) -> None:
        """Encodes the next picture."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        self._file.mux(self._stream.encode(frame))

    def close(self, whole: bool) -> None:
        """Writes what the encoder holds back."""
        if whole:
            self._file.mux(self._stream.encode(None))
        self._file.close()
        if whole:
            self._beside.replace(self._path)
        self._beside.unlink(missing_ok=True)


class Pngs:
    """Pictures `NAME_0001.png`, …; those of a film that was given up are taken away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: list[Path] = []

    def add(self, pixels: UInt8[np.ndarray, "h w 3"]) -> None:
        """Writes the next picture."""
        made = self._path.with_name(f"{self._path.stem}_{len(self._made) + 1:04d}.png")
        self._made.append(made)
        Image.fromarray(pixels).save(made)

    def close(self, whole: bool) -> None:
        """Nothing more comes."""
        if not whole:
            for made in self._made:
                made.unlink(missing_ok=True)


class Film:
    """A film being written: `with Film(…) as film: film.add(picture)`. One that was not `done()` leaves nothing behind."""

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        """Opens the file. Raises DataError for another ending, or a place that cannot be written."""
        if path.suffix.lower() not in ENDINGS:
            raise DataError(f"A film ends with {' or '.join(ENDINGS)}, not “{path.name}”.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer: Writer = Pngs(path) if path.suffix.lower() == ".png" else Mp4(path, width, height, fps)
        except OSError as error:
            raise DataError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
        self._whole = False

    def add(self, pixels: UInt8[np.ndarray, "h w 3"]) -> None:
        """The next picture. Raises DataError when the disk is full."""
        try:
            self._writer.add(pixels)
        except OSError as error:
            raise DataError(f"The film could not be written ({error.strerror}).") from error

    def done(self) -> None:
        """All pictures are there."""
        self._whole = True

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close(self._whole and kind is None)


def write_film(
    path: Path,
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
    count: int,
    fps: int = 30,
    told: Callable[[Progress], bool] | None = None,
) -> bool:
    """Writes a film, or nothing.

    Args:
        path: ends with .mp4, or with .png for pictures.
        frames: `count` pictures of one size.
        count: how many.
        fps: pictures a second.
        told: hears after each picture how far it is; what returns False gives it up.

    Returns:
        Whether it is whole.

    Raises:
        DataError: the ending is another, or the file cannot be written.
    """
    begun, film = time.perf_counter(), None
    try:
        for number, pixels in enumerate(frames, 1):
            if film is None:
                film = Film(path, pixels.shape[1], pixels.shape[0], fps)
            film.add(pixels)
            left = (time.perf_counter() - begun) / number * (count - number)
            if told is not None and not told(Progress(number, count, left)):
                return False
        if film is None:
            raise DataError("A film has one picture at least.")
        film.done()
        return True
    finally:
        if film is not None:
            film.__exit__(None, None, None)


def _rotation(keys: tuple[Key, ...]) -> Rotation:
    return Rotation.from_quat(np.array([key.turn for key in keys]), scalar_first=True)

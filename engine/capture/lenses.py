"""Lenses with distortion, as COLMAP and OpenCV write them, and photos freed from it.

Models and the order of their parameters: COLMAP, src/colmap/sensor/models.h. The arithmetic is OpenCV's, whose pixel centres lie at whole
numbers; here, as in COLMAP, the first pixel's centre is (0.5, 0.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, Shaped

from engine.api.errors import DataError
from engine.geometry.cameras import Pinhole

PARAMETERS = {
    "SIMPLE_PINHOLE": "f cx cy",
    "PINHOLE": "fx fy cx cy",
    "SIMPLE_RADIAL": "f cx cy k1",
    "RADIAL": "f cx cy k1 k2",
    "OPENCV": "fx fy cx cy k1 k2 p1 p2",
    "OPENCV_FISHEYE": "fx fy cx cy k1 k2 k3 k4",
    "FULL_OPENCV": "fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6",
    "FOV": "fx fy cx cy omega",
    "SIMPLE_RADIAL_FISHEYE": "f cx cy k1",
    "RADIAL_FISHEYE": "f cx cy k1 k2",
    "THIN_PRISM_FISHEYE": "fx fy cx cy k1 k2 p1 p2 k3 k4 sx1 sy1",
}
"""Each model's parameters; a model's number in COLMAP's files is its place here."""

_UNKNOWN = ("FOV", "THIN_PRISM_FISHEYE")
_STRAIGHT = 1e-9
_LARGEST = 1_000_000


@dataclass(frozen=True)
class Lens:
    """A lens over a picture of `width` × `height` pixels; `parameters` in the order that `PARAMETERS` gives for its model.

    Raises DataError for a model that is not known, or numbers that cannot be.
    """

    model: str
    width: int
    height: int
    parameters: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.model not in PARAMETERS or self.model in _UNKNOWN:
            raise DataError(f"The camera model {self.model} is not supported; convert the model to OPENCV in COLMAP.")
        if len(self.parameters) != len(PARAMETERS[self.model].split()):
            raise DataError(
                f"A camera of model {self.model} has {len(self.parameters)} parameters, which is not its number."
            )
        if not all(math.isfinite(number) and abs(number) < 1e9 for number in self.parameters):
            raise DataError("A camera has a parameter that is not a number.")
        if not (0 < self.width < _LARGEST and 0 < self.height < _LARGEST):
            raise DataError(f"A camera of {self.width} × {self.height} pixels cannot be.")

    @property
    def named(self) -> dict[str, float]:
        """The parameters by name, `fx` and `fy` always among them."""
        named = dict(zip(PARAMETERS[self.model].split(), self.parameters, strict=True))
        return {"fx": named.get("f", 0.0), "fy": named.get("f", 0.0)} | named

    @property
    def ideal(self) -> Pinhole:
        """The lens without its distortion. Raises DataError."""
        named = self.named
        return Pinhole(self.width, self.height, named["fx"], named["fy"], named["cx"], named["cy"])

    @property
    def fisheye(self) -> bool:
        """Whether distortion acts on the angle rather than on its tangent."""
        return "FISHEYE" in self.model

    @property
    def distortion(self) -> Float[np.ndarray, " k"]:
        """OpenCV's coefficients: k1…k4 for a fisheye, else k1 k2 p1 p2 k3…k6."""
        names = "k1 k2 k3 k4" if self.fisheye else "k1 k2 p1 p2 k3 k4 k5 k6"
        return np.array([self.named.get(name, 0.0) for name in names.split()])

    @property
    def straight(self) -> bool:
        """Whether there is no distortion to take out."""
        return not self.fisheye and bool(np.abs(self.distortion).max() < _STRAIGHT)

    def resized(self, width: int, height: int) -> Lens:
        """The same lens over a picture of another size."""
        across, down = width / self.width, height / self.height
        factors = {"f": (across + down) / 2, "fx": across, "cx": across, "fy": down, "cy": down}
        names = PARAMETERS[self.model].split()
        scaled = (number * factors.get(name, 1.0) for name, number in zip(names, self.parameters, strict=True))
        return Lens(self.model, width, height, tuple(scaled))


@dataclass(frozen=True, eq=False)
class Straightener:
    """Where each pixel of a photo without distortion comes from, and the lens that it then has."""

    camera: Pinhole
    across: Float32[np.ndarray, "h w"]
    down: Float32[np.ndarray, "h w"]

    def apply(self, picture: Shaped[np.ndarray, "h w ..."]) -> Shaped[np.ndarray, "h w ..."]:
        """The photo, or a mask of it, without distortion."""
        return cv2.remap(picture, self.across, self.down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def straightener(lens: Lens) -> Straightener:
    """Takes the distortion out, keeping the size; the field of view shrinks until no pixel comes from outside the photo."""
    size = (lens.width, lens.height)
    bent = lens.ideal.intrinsics
    bent[:2, 2] -= 0.5
    coefficients, upright = lens.distortion, np.eye(3)
    if lens.fisheye:
        straight = cv2.fisheye.estimateNewCameraMatrixForUndistortRectify(
            bent, coefficients, size, upright, balance=0.0
        )
        across, down = cv2.fisheye.initUndistortRectifyMap(bent, coefficients, upright, straight, size, cv2.CV_32FC1)
    else:
        straight = cv2.getOptimalNewCameraMatrix(bent, coefficients, size, 0.0, size)[0]
        across, down = cv2.initUndistortRectifyMap(bent, coefficients, upright, straight, size, cv2.CV_32FC1)
    fx, fy, cx, cy = straight[0, 0], straight[1, 1], straight[0, 2] + 0.5, straight[1, 2] + 0.5
    if not (np.isfinite(straight).all() and fx > 0 and fy > 0):
        raise DataError("The distortion of a camera cannot be undone; is its calibration damaged?")
    return Straightener(Pinhole(*size, float(fx), float(fy), float(cx), float(cy)), across, down)

"""Masks from the crop box: what a box in the scene covers in each photo counts, the rest does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.benches.splats.shots import Shot

LONG_SIDE = 640
_CELLS = 12
"""Parts of a face's side: a part with a corner behind the camera is left out, so that a box around the camera is covered too."""


def box_mask(shot: Shot, low: NDArray[np.float64], high: NDArray[np.float64]) -> QImage:
    """White where the box lies, metres of the world, black elsewhere; of the photo's shape, its longer side `LONG_SIDE` pixels."""
    scale = LONG_SIDE / max(shot.size)
    width, height = (max(1, round(side * scale)) for side in shot.size)
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    for quad in _quads(low, high):
        camera = (quad - shot.pose[:3, 3]) @ shot.pose[:3, :3]
        if (camera[:, 2] > 1e-6).all():
            pixels = (camera[:, :2] / camera[:, 2:] * shot.focal + shot.middle) * scale
            painter.drawPolygon(QPolygonF([QPointF(*pixel) for pixel in pixels.clip(-1e5, 1e5).tolist()]))
    painter.end()
    return image


def _quads(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[n, 4, 3]`: the six faces in small parts; each reaches a little over the next, so that no line stays between them."""
    steps = np.linspace(0, 1, _CELLS + 1)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    cells = np.array([[[steps[i + a], steps[j + b]] for a, b in corners] for i in range(_CELLS) for j in range(_CELLS)])
    middle = cells.mean(1, keepdims=True)
    cells = middle + (cells - middle) * 1.02
    faces = []
    for axis in range(3):
        for side in (0.0, 1.0):
            faces.append(np.insert(cells, axis, side, axis=2))
    return np.asarray(low + np.concatenate(faces) * (high - low))

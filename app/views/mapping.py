"""From an axis's units to pixels of a widget and back. Pure arithmetic; knows nothing of Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.views.span import Span

_FAR = 1e5
"""Pixels beyond which a point is drawn no further away: painters overflow."""


@dataclass(frozen=True)
class Mapping:
    """A rectangle of pixels (`left`, `top`, `width`, `height`) over the ranges `x` and `y`; y grows upwards."""

    left: float
    top: float
    width: float
    height: float
    x: Span
    y: Span

    @property
    def right(self) -> float:
        """The right edge in pixels."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge in pixels."""
        return self.top + self.height

    @property
    def x_scale(self) -> float:
        """Pixels per drawn unit of x."""
        return self.width / ((self.x.high - self.x.low) or 1.0)

    @property
    def y_scale(self) -> float:
        """Pixels per drawn unit of y."""
        return self.height / ((self.y.high - self.y.low) or 1.0)

    def x_pixels(self, values: np.ndarray | float) -> np.ndarray:
        """Pixels of x values `[N]`; NaN where a value cannot be drawn."""
        return np.clip(self.left + (_drawn(values, self.x) - self.x.low) * self.x_scale, -_FAR, _FAR)

    def y_pixels(self, values: np.ndarray | float) -> np.ndarray:
        """Pixels of y values `[N]`; NaN where a value cannot be drawn."""
        return np.clip(self.bottom - (_drawn(values, self.y) - self.y.low) * self.y_scale, -_FAR, _FAR)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Pixels `[N, 2]` of points `[N, 2]`."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        return np.stack([self.x_pixels(points[:, 0]), self.y_pixels(points[:, 1])], axis=1)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The units under a pixel."""
        return (
            self.x.at(self.x.low + (x - self.left) / self.x_scale),
            self.y.at(self.y.low + (self.bottom - y) / self.y_scale),
        )

    def contains(self, x: float, y: float) -> bool:
        """Whether a pixel lies inside."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def shrunk(self) -> Mapping:
        """The same ranges with as many pixels per unit on both axes, in the middle of the rectangle."""
        scale = min(self.x_scale, self.y_scale)
        width, height = (self.x.high - self.x.low) * scale, (self.y.high - self.y.low) * scale
        left, top = self.left + (self.width - width) / 2, self.top + (self.height - height) / 2
        return replace(self, left=left, top=top, width=width, height=height)

    def to_one_scale(self) -> Mapping:
        """The same middle with as many pixels per unit on both axes, so that nothing leaves the rectangle."""
        scale = min(self.x_scale, self.y_scale)
        return replace(self, x=_around(self.x, self.width / scale), y=_around(self.y, self.height / scale))


def _drawn(values: np.ndarray | float, span: Span) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if not span.log:
        return values
    return np.asarray(np.log10(values, where=values > 0, out=np.full(values.shape, np.nan)))


def _around(span: Span, width: float) -> Span:
    middle = (span.low + span.high) / 2
    return Span(span.at(middle - width / 2), span.at(middle + width / 2), span.log)

"""Painting with a soft round brush on a small picture, with undo. Knows nothing of Qt."""

from __future__ import annotations

import numpy as np


class Drawing:
    """A picture `[height, width]` uint8 that one paints: 0 is empty, 255 full."""

    _DEEPEST = 50

    def __init__(self, height: int, width: int) -> None:
        self.pixels = np.zeros((height, width), np.uint8)
        self._undo: list[np.ndarray] = []
        self._redo: list[np.ndarray] = []

    def take(self, pixels: np.ndarray | None) -> None:
        """Shows another picture; None is an empty one. One of another size is scaled."""
        height, width = self.pixels.shape
        if pixels is None:
            self.pixels = np.zeros((height, width), np.uint8)
            return
        rows, columns = np.arange(height) * pixels.shape[0] // height, np.arange(width) * pixels.shape[1] // width
        self.pixels = np.asarray(pixels)[np.ix_(rows, columns)].astype(np.uint8)

    def begin(self) -> None:
        """A stroke begins: `undo` comes back to here."""
        self._undo = [*self._undo[-self._DEEPEST + 1 :], self.pixels.copy()]
        self._redo.clear()

    def stroke(self, start: tuple[float, float], end: tuple[float, float], radius: float, erase: bool = False) -> None:
        """Paints from `start` to `end` (x, y) with a brush of `radius`, all in pixels of the picture; the rim is soft."""
        height, width = self.pixels.shape
        reach = radius + 1
        left, right = sorted((start[0], end[0]))
        top, bottom = sorted((start[1], end[1]))
        columns = slice(max(int(left - reach), 0), max(min(int(right + reach) + 1, width), 0))
        rows = slice(max(int(top - reach), 0), max(min(int(bottom + reach) + 1, height), 0))
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        y, x = np.mgrid[rows, columns] + 0.5
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        distance = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
        ink = (np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(np.uint8)
        under = self.pixels[rows, columns]
        self.pixels[rows, columns] = np.minimum(under, 255 - ink) if erase else np.maximum(under, ink)

    def empty(self) -> None:
        """Wipes everything; `undo` brings it back."""
        self.begin()
        self.pixels = np.zeros_like(self.pixels)

    def undo(self) -> bool:
        """Back before the last stroke; whether there was one."""
        return self._swap(self._undo, self._redo)

    def redo(self) -> bool:
        """Forward again; whether there was anything to repeat."""
        return self._swap(self._redo, self._undo)

    def _swap(self, source: list[np.ndarray], other: list[np.ndarray]) -> bool:
        if not source:
            return False
        other.append(self.pixels)
        self.pixels = source.pop()
        return True

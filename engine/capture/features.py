"""Places in photos that can be found again, and which of two photos show the same place.

Detection and description: SIFT (Lowe 2004) by OpenCV, with the root of its L1-normalised histogram (Arandjelović and Zisserman 2012, "Three
things everyone should know"). Matching: mutual nearest neighbours that pass Lowe's ratio test, by one matrix product and one compiled pass.
Photos are compared in full only with those whose largest features match best (after Wu 2013, "Towards linear-time incremental structure
from motion", section 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from numba import njit

MOST = 4096
"""Features kept of a photo: the largest, which other photos are most likely to show too."""

_CONTRAST = 0.013  # OpenCV divides it by the three layers of an octave
_RATIO = 0.8
_FARTHEST = 0.7  # radians between two descriptors
PREVIEW = 1000
"""So many of the largest features tell whether two photos show the same at all."""

PARTNERS = 16
"""With how many others each photo is compared in full, at most."""

_PREVIEW_MATCHES = 8
_ROWS = 256
_FEW = 250
_SMALL = 480
"""Sharpness is measured on a picture of this long side, so that it does not depend on the photo's size."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a photo, largest first.

    `places` `[n, 2]` pixels (the first pixel's centre is 0.5, 0.5); `sizes`, pixels; `angles`, radians; `descriptors` of unit length.
    """

    places: Float32[np.ndarray, "n 2"]
    sizes: Float32[np.ndarray, " n"]
    angles: Float32[np.ndarray, " n"]
    descriptors: Float32[np.ndarray, "n 128"]

    def __len__(self) -> int:
        return len(self.places)


_compiled: Any = njit(cache=True, nogil=True)


def find_features(grey: UInt8[np.ndarray, "h w"], mask: Float[np.ndarray, "h w"] | None = None) -> Features:
    """The largest features of a photo, none of them where the mask is below one half."""
    allowed = None if mask is None else (mask >= 0.5).astype(np.uint8)
    detector = getattr(cv2, "SIFT_create")(0, 3, _CONTRAST, 10, 1.6, cv2.CV_32F, True)  # noqa: B009  # unknown to the stubs
    found, described = detector.detectAndCompute(grey, allowed)
    if not found:
        return Features(*(np.empty(shape, np.float32) for shape in ((0, 2), 0, 0, (0, 128))))
    sizes = np.array([feature.size for feature in found], np.float32)
    order = np.argsort(-sizes, kind="stable")[:MOST]
    places = np.array([found[k].pt for k in order], np.float32) + np.float32(0.5)
    angles = np.radians(np.array([found[k].angle for k in order], np.float32))
    return Features(places, sizes[order], angles, _rooted(described[order]))


def _rooted(histograms: Float32[np.ndarray, "n 128"]) -> Float32[np.ndarray, "n 128"]:
    return np.sqrt(histograms / np.maximum(histograms.sum(1, keepdims=True), 1e-9))


def match(first: Features, second: Features, most: int = MOST) -> Int[np.ndarray, "m 2"]:
    """Pairs of indices of features that look alike, among the `most` largest of each photo."""
    return _matched(first.descriptors[:most], second.descriptors[:most])


def _matched(first: Float32[np.ndarray, "n 128"], second: Float32[np.ndarray, "m 128"]) -> Int[np.ndarray, "k 2"]:
    if not len(first) or not len(second):
        return np.empty((0, 2), np.uint32)
    best, runner_up = np.empty((2, len(first)), np.float32)
    partner = np.empty(len(first), np.int64)
    top, of_column = np.full(len(second), -1, np.float32), np.zeros(len(second), np.int64)
    block = np.empty((min(_ROWS, len(first)), len(second)), np.float32)  # stays in the cache
    for start in range(0, len(first), _ROWS):
        rows = first[start : start + _ROWS]
        np.matmul(rows, second.T, out=block[: len(rows)])
        _scan(block[: len(rows)], start, best, runner_up, partner, top, of_column)
    angle, next_angle = (np.arccos(np.clip(cosine, -1, 1)) for cosine in (best, runner_up))
    row = np.arange(len(first))
    good = (of_column[partner] == row) & (angle < _RATIO * next_angle) & (angle < _FARTHEST)
    return np.stack([row[good], partner[good]], 1).astype(np.uint32)


@_compiled
def _scan(cosines, start, best, runner_up, partner, top, of_column):
    """Some rows' two largest entries and the column of the largest; each column's largest so far and its row."""
    for i in range(cosines.shape[0]):
        first, second, where = np.float32(-1), np.float32(-1), 0
        for j in range(cosines.shape[1]):
            value = cosines[i, j]
            if value > second:
                if value > first:
                    first, second, where = value, first, j
                else:
                    second = value
            if value > top[j]:
                top[j] = value
                of_column[j] = start + i
        best[start + i], runner_up[start + i], partner[start + i] = first, second, where


def sharpness(grey: UInt8[np.ndarray, "h w"]) -> float:
    """The variance of the Laplacian of a photo shrunk to 480 pixels; a blurred photo has less of it than its neighbours."""
    scale = _SMALL / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    return float(cv2.Laplacian(small, cv2.CV_32F).var())


def fingerprint(grey: UInt8[np.ndarray, "h w"]) -> str:
    """Sixty-four signs of neighbouring differences of a 9 × 8 picture (dHash), as hexadecimal: alike for copies of one photo."""
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    signs = (small[:, 1:] > small[:, :-1]).ravel()
    return f"{int(''.join('1' if sign else '0' for sign in signs), 2):016x}"


def apart(first: str, second: str) -> int:
    """In how many of the sixty-four signs two fingerprints differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def likely_pairs(scores: Int[np.ndarray, "p"], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those pairs whose largest features match, for each photo the best `PARTNERS` of them."""
    ranked: dict[int, list[int]] = {}
    for k in np.argsort(-scores, kind="stable"):
        if scores[k] >= _PREVIEW_MATCHES:
            for photo in pairs[k]:
                ranked.setdefault(photo, []).append(int(k))
    chosen = {k for of_photo in ranked.values() for k in of_photo[:PARTNERS]}
    return [pairs[k] for k in sorted(chosen)]


def all_pairs(count: int) -> list[tuple[int, int]]:
    """Which of `count` photos to look at: every pair.

    Of very many only neighbours, photos 16, 32, … apart, and a few hundred spread over all with each other.
    """
    if count <= _FEW:
        return [(i, j) for i in range(count) for j in range(i + 1, count)]
    steps = [*range(1, 13), *(2**k for k in range(4, 1 + int(math.log2(count))))]
    pairs = {(i, i + step) for i in range(count) for step in steps if i + step < count}
    keys = range(0, count, max(1, count // _FEW))
    return sorted(pairs | {(i, j) for i in keys for j in keys if i < j})

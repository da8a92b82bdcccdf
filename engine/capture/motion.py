"""Whether something in the photos moves by itself: a pot on a turned sheet before a wall that stands still.

Mapping follows the motion that most features agree on. Where a second thing moves, the matches that this motion does not explain agree
among themselves on another one; where the scene is rigid, what is left over is chance and agrees on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from engine.capture.features import Features
    from engine.capture.model import ModelImage, SparseModel

_PAIRS = 40
_OFF, _AGREE = 6.0, 3.0  # pixels
_LEAST, _LEAST_SHARE = 12, 0.3


@dataclass(frozen=True)
class SecondMotion:
    """In how many of the pairs looked at a second motion shows, with how many features each, and how far from the middle these lie.

    `rim`: their mean distance from the picture's middle, divided by that of the features that follow the cameras' motion.
    """

    pairs: int
    tried: int
    features: float
    rim: float

    @property
    def share(self) -> float:
        """The part of the pairs in which something moves by itself."""
        return self.pairs / max(1, self.tried)


Matches = Mapping[tuple[str, str], Int[np.ndarray, "m 2"]]
"""For pairs of photos, indices of features that look alike."""


def second_motion(features: Mapping[str, Features], matches: Matches, model: SparseModel, seed: int) -> SecondMotion:
    """Looks at some of the matched pairs, at the matches that the model does not explain."""
    by_name = {image.name: image for image in model.images.values()}
    pairs = sorted(pair for pair, found in matches.items() if len(found) >= 2 * _LEAST and by_name.keys() >= set(pair))
    found = []
    tried = 0
    for k in sorted(np.random.default_rng(seed).permutation(len(pairs))[:_PAIRS]):
        one, two = pairs[k]
        columns = matches[one, two].astype(np.int64).T
        places = features[one].places[columns[0]], features[two].places[columns[1]]
        off = _epipolar_distance(model, (by_name[one], by_name[two]), places) > _OFF
        if (~off).sum() < _LEAST:
            continue
        tried += 1
        agreeing = _agreeing(places[0][off], places[1][off])
        if len(agreeing) >= max(_LEAST, _LEAST_SHARE * off.sum()):
            lens = model.lenses[by_name[one].lens]
            middle = np.array([lens.width, lens.height]) / 2
            away = [np.linalg.norm(part - middle, axis=1).mean() for part in (agreeing, places[0][~off])]
            found.append((len(agreeing), away[0] / max(away[1], 1e-9)))
    mean = np.mean(found, axis=0) if found else (0.0, 0.0)
    return SecondMotion(len(found), tried, float(mean[0]), float(mean[1]))


def _epipolar_distance(
    model: SparseModel,
    images: tuple[ModelImage, ModelImage],
    places: tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]],
) -> Float[np.ndarray, " n"]:
    """How far each match lies from the line that the model's poses allow, pixels of the second photo."""
    one, two = images
    rays = []
    for image, part in zip(images, places, strict=True):
        lens = model.lenses[image.lens]
        matrix = lens.ideal.intrinsics
        straight = cv2.undistortPoints(part[:, None].astype(np.float64), matrix, lens.distortion)[:, 0]
        rays.append(np.concatenate([straight, np.ones((len(part), 1))], 1))
    relative = two.camera_from_world @ np.linalg.inv(one.camera_from_world)
    x, y, z = relative[:3, 3]
    essential = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ relative[:3, :3]
    lines = rays[0] @ essential.T
    misses = np.abs((rays[1] * lines).sum(1)) / np.maximum(np.linalg.norm(lines[:, :2], axis=1), 1e-12)
    return misses * model.lenses[two.lens].ideal.fx


def _agreeing(first: Float[np.ndarray, "n 2"], second: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "m 2"]:
    """Those places whose move to the second photo is one homography: a wall, or anything far away."""
    if len(first) < _LEAST:
        return first[:0]
    _, inlier = cv2.findHomography(first.astype(np.float64), second.astype(np.float64), cv2.USAC_MAGSAC, _AGREE)
    chosen = np.asarray(inlier).ravel().astype(bool)  # a single None where nothing was found
    return first[_spread(first, chosen)] if len(chosen) == len(first) else first[:0]


def _spread(places: Float[np.ndarray, "n 2"], inlier: np.ndarray) -> Int[np.ndarray, " m"]:
    """The chosen ones, at most one in each 8 × 8 pixels: a repeated corner counts once."""
    chosen = np.flatnonzero(inlier)
    cells = (places[chosen] // 8).astype(np.int64)
    return chosen[np.unique(cells @ np.array([1_000_003, 1]), return_index=True)[1]]

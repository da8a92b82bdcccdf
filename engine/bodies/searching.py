"""A fit that goes on while a person moves its keypoints, weights and camera: each wish continues from where the fit is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from engine.bodies.files import default_body
from engine.bodies.fitting import (
    UNKNOWNS,
    Fit,
    Seen,
    Weights,
    camera_vertices,
    fit_stages,
    in_camera,
    projected,
    refine,
)
from engine.bodies.keypoint_body import COCO, KeypointBody, default_keypoints, keypoints_with_hands
from engine.bodies.keypoints import FOCAL
from engine.bodies.layouts import KEYPOINTS
from engine.bodies.picture import overlay
from engine.bodies.prior import FITTED, default_prior, generate_poses

SIZE = 512
"""Of a generated picture, pixels each way."""
SWAPPED = [
    KEYPOINTS.index(name.replace("left", "~").replace("right", "left").replace("~", "right"))
    for name in KEYPOINTS[:COCO]
]


@dataclass(frozen=True)
class Subject:
    """A picture, what was seen in it, and for a generated person the truth."""

    pixels: np.ndarray
    seen: Seen
    truth: Fit | None


def generated(body: KeypointBody, number: int, noise: float, missing: int, rng: np.random.Generator) -> Subject:
    """A body of the prior's kind, not one that it was learned from, in a picture of its own."""
    draw = np.random.default_rng(1000 + number)
    unknowns = np.zeros(UNKNOWNS)
    unknowns[6:69] = generate_poses(1, draw)[0, FITTED].ravel()
    unknowns[:6] = *draw.normal(0, 0.05, 2), 2.5, 0.0, draw.uniform(-0.7, 0.7), 0.0
    unknowns[69:] = draw.normal(0, 0.4, 10)
    camera = Seen(np.zeros((COCO, 2)), np.ones(COCO), FOCAL * SIZE, (SIZE / 2, SIZE / 2))
    points = projected(in_camera(body, torch.from_numpy(unknowns[None])), camera)[0].numpy()
    sure = np.ones(COCO)
    sure[rng.permutation(COCO)[:missing]] = 0.0
    seen = replace(camera, points=points + rng.normal(0, noise, points.shape), confidence=sure)
    truth = Fit(unknowns, 0.0)
    grey = np.full((SIZE, SIZE, 3), 52, np.uint8)
    pixels = overlay(grey, camera_vertices(default_body(), truth), default_body().faces.numpy(), seen.focal, 1.0)
    return Subject(np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8), seen, truth)


@dataclass(frozen=True)
class Wish:
    """What a person has set: the weights, a mistake on purpose, and the keypoint last placed.

    `place`: x and y in pixels and, where one took hold of a keypoint, its number; else it is `joint` that was placed. `sure`: how much
    it counts, 0 makes it absent.
    """

    weights: Weights = field(default_factory=Weights)
    bug: str = "none"
    place: tuple[float, ...] = ()
    joint: str = "nose"
    sure: float = 1.0


class Search:
    """The fit while it goes on; starts anew from where it is when keypoints or weights are moved."""

    def __init__(self, wish: Wish, subject: Subject) -> None:
        self.subject, self.placed = subject, (subject.seen.points.copy(), subject.seen.confidence.copy())
        with_hands = len(subject.seen.points) > COCO
        self.body, self.prior = keypoints_with_hands() if with_hands else default_keypoints(), default_prior()
        self.fit = Fit(np.zeros(self.body.unknowns), 0.0, "waiting for keypoints")
        self._wish = wish
        self._fits = self._begin(wish, whole=True)

    def order(self, wish: Wish) -> list[int]:
        """Which of the placed keypoints is taken for each."""
        swapped = wish.bug == "left and right swapped"
        return (SWAPPED if swapped else list(range(COCO))) + list(range(COCO, len(self.placed[0])))

    def seen(self, wish: Wish) -> Seen:
        """What the solver is told: with a bug, something else than what was seen."""
        (points, sure), order = self.placed, self.order(wish)
        focal = self.subject.seen.focal * (4 if wish.bug == "focal ×4" else 1)
        return replace(self.subject.seen, points=points[order], confidence=sure[order], focal=focal)

    def _begin(self, wish: Wish, whole: bool) -> Iterator[Fit]:
        seen = self.seen(wish)
        if (seen.confidence > 0).sum() < 3:
            return iter(())
        if whole or not self.fit.unknowns[2]:
            return fit_stages(self.body, seen, self.prior, lambda: self._wish.weights)
        return refine(self.body, seen, self.prior, wish.weights, self.fit)

    def advance(self, wish: Wish) -> Fit:
        """One more step, after whatever the person moved."""
        before = self._wish
        if self._moved(wish):
            if wish.place != before.place and len(wish.place) >= 2:
                self._put(wish)
            self._wish = wish
            self._fits = self._begin(wish, whole=wish.bug != before.bug)  # another bug is another problem
        self.fit = next(self._fits, self.fit)
        return self.fit

    def _moved(self, wish: Wish) -> bool:
        """Whether there is something new to fit; which keypoint the next click means, and how sure one is of it, is nothing yet."""
        return replace(wish, joint=self._wish.joint, sure=self._wish.sure) != self._wish

    def _put(self, wish: Wish) -> None:
        named = KEYPOINTS.index(wish.joint)
        held = int(wish.place[2]) if len(wish.place) == 3 and 0 <= wish.place[2] < len(self.placed[0]) else named
        index = self.order(wish)[held]
        self.placed[0][index], self.placed[1][index] = wish.place[:2], wish.sure

    def settle(self, wish: Wish) -> Fit:
        """All steps at once, for a change after the run has ended."""
        if self._moved(wish):
            self.advance(wish)
            self.fit = [self.fit, *self._fits][-1]
        return self.fit

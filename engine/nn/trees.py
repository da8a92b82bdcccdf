"""Small trees by hand: piecewise constant functions of one number, and stumps in the plane that AdaBoost weighs.

A training set drawn with replacement is the same set with whole-number weights, so every learner here takes weights.
Sources: Breiman et al. 1984 (CART); Breiman 1996 (bagging); Freund & Schapire 1997 (AdaBoost); Friedman 2001 (gradient boosting).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Steps:
    """A regression tree on the line: level k holds between cut k − 1 and cut k."""

    cuts: Float[np.ndarray, "k"]
    levels: Float[np.ndarray, "k+1"]

    def __call__(self, x: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The level at each place."""
        return self.levels[np.searchsorted(self.cuts, x)]


def grow(
    x: Float[np.ndarray, "n"],
    y: Float[np.ndarray, "n"],
    weights: Float[np.ndarray, "n"],
    depth: int,
    chance: np.random.Generator | None = None,
) -> Steps:
    """The greedy tree of least weighted squared error; x is sorted, weights are not all 0.

    `chance`: at each node only a random third of the cuts is looked at, as in a random forest.
    """
    kept = weights > 0
    x, y, weights = x[kept], y[kept], weights[kept]
    mean = float(np.average(y, weights=weights))
    cut = best_cut(x, y, weights, chance) if depth > 0 else None
    if cut is None:
        return Steps(np.empty(0), np.array([mean]))
    left, right = (grow(x[part], y[part], weights[part], depth - 1, chance) for part in (slice(cut), slice(cut, None)))
    middle = (x[cut - 1] + x[cut]) / 2
    return Steps(np.concatenate([left.cuts, [middle], right.cuts]), np.concatenate([left.levels, right.levels]))


def best_cut(
    x: Float[np.ndarray, "n"],
    y: Float[np.ndarray, "n"],
    weights: Float[np.ndarray, "n"],
    chance: np.random.Generator | None = None,
) -> int | None:
    """How many of the sorted points go left in the best cut; None if there is nothing to part.

    Σ w (y − mean)² = Σ w y² − (Σ w y)² / Σ w on either side: the first term is the same for all cuts.
    """
    total, mass = np.cumsum(weights * y), np.cumsum(weights)
    gain = total[:-1] ** 2 / mass[:-1] + (total[-1] - total[:-1]) ** 2 / (mass[-1] - mass[:-1])
    gain = np.where(x[1:] > x[:-1], gain, -np.inf)
    if chance is not None and len(gain) > 3:
        gain[chance.random(len(gain)) > 1 / 3] = -np.inf
    if not len(gain) or not np.isfinite(gain.max()):
        return None
    return int(gain.argmax()) + 1


@dataclass(frozen=True)
class Stump:
    """One question in the plane: is coordinate `axis` above `cut`? Answers `sign` if so, else −`sign`."""

    axis: int
    cut: float
    sign: int
    error: float  # the weighted share that it gets wrong

    def __call__(self, points: Float[np.ndarray, "n 2"]) -> Int[np.ndarray, "n"]:
        """Its vote at each place, ±1."""
        return np.where(points[:, self.axis] > self.cut, self.sign, -self.sign)


def best_stump(points: Float[np.ndarray, "n 2"], signs: Int[np.ndarray, "n"], weights: Float[np.ndarray, "n"]) -> Stump:
    """The stump of least weighted error; weights add up to 1."""
    found = []
    for axis in (0, 1):
        order = np.argsort(points[:, axis], kind="stable")
        at = points[order, axis]
        # votes +1 right of the cut: wrong are the positive points on its left and the negative ones on its right
        below = np.cumsum((weights * signs)[order])[:-1]
        wrong = below + weights[signs < 0].sum()
        usable = at[1:] > at[:-1]
        for sign, errors in ((1, wrong), (-1, 1 - wrong)):
            best = int(np.where(usable, errors, np.inf).argmin())
            found.append(Stump(axis, float((at[best] + at[best + 1]) / 2), sign, max(0.0, float(errors[best]))))
    return min(found, key=lambda stump: stump.error)


def vote_weight(error: float) -> float:
    """How much a stump's vote counts: α = ½ ln((1 − ε)/ε)."""
    kept = min(max(error, 1e-9), 1 - 1e-9)
    return float(0.5 * np.log((1 - kept) / kept))


def reweighted(
    weights: Float[np.ndarray, "n"], votes: Int[np.ndarray, "n"], signs: Int[np.ndarray, "n"], alpha: float
) -> Float[np.ndarray, "n"]:
    """AdaBoost's weights for the next stump: e^α more for what this one got wrong, e^α less for the rest, adding up to 1."""
    grown = weights * np.exp(-alpha * votes * signs)
    return np.asarray(grown / grown.sum())

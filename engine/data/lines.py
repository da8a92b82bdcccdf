"""What straight lines can do with a planar set of two classes: the best of them all, mistakes, distances.

A line is (w₁, w₂, b): the places where w·x + b = 0, positive where a threshold neuron fires.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int  # shape checks read the annotations at run time


def best_line_accuracy(points: Float[np.ndarray, "n 2"], signs: Int[np.ndarray, "n"]) -> float:
    """The largest share of the points that any straight line gets right, by trying them all.

    Every way in which a line can split points in general position is had from a line through two of them, nudged so that these two
    fall on whichever side one likes. O(n³) in all, one row of pairs at a time.

    Args:
        points: the points.
        signs: +1 or −1 for each.
    """
    count = len(points)
    if count < 3 or abs(int(signs.sum())) == count:
        return 1.0
    best = max(float((signs > 0).mean()), float((signs < 0).mean()))
    for first in range(count - 1):
        gap = points - points[first]
        later = np.arange(first + 1, count)
        # [pairs, n]: on which side of the line through `first` and each later point every point lies; 0 for the two themselves
        side = np.sign(np.outer(gap[later, 0], gap[:, 1]) - np.outer(gap[later, 1], gap[:, 0]))
        side[:, first] = side[np.arange(len(later)), later] = 0
        right = np.maximum((side == signs).sum(1), (side == -signs).sum(1))
        best = max(best, float(right.max() + 2) / count)
    return best


def mistake_bound(
    inputs: Float[np.ndarray, "n d"],
    signs: Int[np.ndarray, "n"],
    unit: Float[np.ndarray, "d"],
    start: Float[np.ndarray, "d"],
) -> float:
    """The most mistakes that the perceptron rule can make (Novikoff 1962): (R/γ)² from zero weights.

    After k mistakes from the weights w₀,  a + kγ ≤ u·w ≤ ‖w‖ ≤ √(‖w₀‖² + kR²)  with a = u·w₀; the bound is the larger root of that
    quadratic in k.

    Args:
        inputs: what the neuron sees, the constant input of its bias included; R is the length of the longest.
        signs: +1 or −1 for each.
        unit: u, a unit vector that gets all of them right; γ is its margin. The best one gives the tightest bound.
        start: w₀.
    """
    margin = float((signs * (inputs @ unit)).min())
    longest = float(np.linalg.norm(inputs, axis=1).max())
    ahead = float(unit @ start)
    half = longest**2 / 2 - margin * ahead
    inside = half**2 - margin**2 * (ahead**2 - float(start @ start))
    return (half + math.sqrt(max(inside, 0.0))) / margin**2


def line_distance(line: Float[np.ndarray, "3"], places: Float[np.ndarray, "... 2"]) -> Float[np.ndarray, "..."]:
    """Signed distance of places from the line w·x + b = 0, in plot units; 0 everywhere while w = 0, where there is no line."""
    length = float(np.linalg.norm(line[:2]))
    return (places @ line[:2] + line[2]) / length if length else np.zeros(places.shape[:-1])


def line_margin(line: Float[np.ndarray, "3"], points: Float[np.ndarray, "n 2"], signs: Int[np.ndarray, "n"]) -> float:
    """Distance from the line to the nearest point; negative while a point lies on the wrong side, 0 without points or line."""
    return float((signs * line_distance(line, points)).min()) if len(signs) else 0.0


def line_foot(line: Float[np.ndarray, "3"]) -> Float[np.ndarray, "2"]:
    """The place on the line that is nearest to the origin. The line must have w ≠ 0."""
    return -line[2] * line[:2] / float(line[:2] @ line[:2])


def line_ends(line: Float[np.ndarray, "3"], reach: float) -> Float[np.ndarray, "2 2"]:
    """Where the line enters and leaves the square −reach … reach; NaN where it does not, or while w = 0."""
    missing = np.full((2, 2), np.nan)
    length = float(np.linalg.norm(line[:2]))
    if not length:
        return missing
    middle, along = line_foot(line), np.array([-line[1], line[0]]) / length
    with np.errstate(divide="ignore", invalid="ignore"):
        # how far along the line each pair of opposite sides is; ±∞ for sides that the line runs parallel to
        times = np.sort((np.array([[-reach], [reach]]) - middle) / along, axis=0)
    enter, leave = float(np.max(times[0])), float(np.min(times[1]))
    return middle + np.outer((enter, leave), along) if enter < leave else missing

"""Two-dimensional point sets with labels: what labs draw a decision boundary through.

Every set but `separable` is one generative model: per class a *skeleton* (clusters, arcs, rings, spiral arms) from which a place is drawn
evenly, plus Gaussian noise of standard deviation `noise`. The density of each class is then known, and with it the best that any
classifier can do: the Bayes error and the entropy H(Y|X), by quadrature over a fine grid. Coordinates lie in about −1 … 1, all classes
are equally likely, and the same generator and count give the same underlying draws at every noise level, so that a slider morphs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int  # a dataclass's annotations are read at run time

Points = Float[np.ndarray, "n 2"]
Labels = Int[np.ndarray, "n"]


@dataclass(frozen=True)
class PlanarSet:
    """Points `[n, 2]` and their classes `[n]`, 0 … classes − 1."""

    points: Points
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """How many classes there are; at least two."""
        return max(2, int(self.labels.max(initial=0)) + 1)


@dataclass(frozen=True)
class Bayes:
    """What the best possible classifier reaches: its share of errors, and its cross-entropy H(Y|X) in nats."""

    error: float
    entropy: float


# Skeletons: a place `t` in [0, 1) along class `k` becomes a point in the plane ------------------------------------------------

Skeleton = Callable[[Float[np.ndarray, "m"], int], Float[np.ndarray, "m 2"]]


def _circles(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """A ring of radius 0.35 inside one of radius 0.9."""
    angle = 2 * np.pi * t
    return (0.35, 0.9)[k] * np.stack([np.cos(angle), np.sin(angle)], -1)


def _xor(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """Two clusters on opposite corners of a square for each class."""
    side = np.where(t < 0.5, -0.7, 0.7)
    return np.stack([side, side if k == 0 else -side], -1)


def _blobs(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """One cluster for each class, 1.2 apart."""
    corner = np.array([(-0.5, -1 / 3), (0.5, 1 / 3)])[k]
    return np.broadcast_to(corner * (0.6 / np.hypot(0.5, 1 / 3)), (len(t), 2)).copy()


def _moons(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """Two half rings that reach into each other."""
    angle = np.pi * t
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], -1)
    return 0.65 * (upper if k == 0 else -upper)


def _spirals(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """Two arms that wind once and a half around each other."""
    return _arm(t, turns=1.5, start=np.pi * k)


def _pinwheel(t: Float[np.ndarray, "m"], k: int) -> Float[np.ndarray, "m 2"]:
    """Three arms of three quarters of a turn."""
    return _arm(t, turns=0.75, start=2 * np.pi * k / 3)


def _arm(t: Float[np.ndarray, "m"], turns: float, start: float) -> Float[np.ndarray, "m 2"]:
    radius = 0.1 + 0.85 * t
    angle = start + 2 * np.pi * turns * t
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)


_SKELETONS: dict[str, tuple[Skeleton, int]] = {
    "circles": (_circles, 2),
    "xor": (_xor, 2),
    "blobs": (_blobs, 2),
    "moons": (_moons, 2),
    "spirals": (_spirals, 2),
    "pinwheel": (_pinwheel, 3),
}
NAMES = tuple(_SKELETONS)


# Drawing ----------------------------------------------------------------------------------------------------------------------


def sample(name: str, count: int, noise: float, rng: np.random.Generator) -> PlanarSet:
    """`count` points of the named set, classes taken in turn, in random order.

    Args:
        name: one of `NAMES`.
        count: number of points, all classes together.
        noise: standard deviation of the Gaussian noise, in plot units.
        rng: where the draws come from; the same state gives the same draws at every noise level.
    """
    skeleton, classes = _SKELETONS[name]
    labels = np.arange(count) % classes
    # Even strides, shuffled within the class, keep the clusters of a class equally full.
    places = (np.arange(count) // classes + rng.random(count)) / max(1, -(-count // classes))
    points = np.zeros((count, 2))
    for k in range(classes):
        points[labels == k] = skeleton(np.minimum(places[labels == k], 1 - 1e-9), k)
    points += noise * rng.standard_normal((count, 2))
    order = rng.permutation(count)
    return PlanarSet(points[order], labels[order])


def separable(count: int, margin: float, rng: np.random.Generator, reach: float = 1.0) -> PlanarSet:
    """Points of two classes on either side of a line, whose best possible margin is exactly `margin`.

    The best line is pinned by three points at that very distance: two on one side, and one on the other that stands between them. No
    wider street fits. All other points keep at least that distance and lie in the square of half-width `reach`.

    Args:
        count: number of points, at least 3.
        margin: distance from the best line to the nearest point, in plot units; at most half of `reach`.
        rng: where the draws come from.
        reach: half-width of the square.
    """
    if count < 3 or not 0 < margin <= reach / 2:
        raise ValueError(f"separable needs 3 points or more and a margin in (0, {reach / 2}], not {count} and {margin}")
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.2) * reach
    normal, along = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    labels = np.arange(count) % 2
    pins = np.array([(0.0, 1.0), (-0.4, -1.0), (0.4, -1.0)]) * (reach, margin)
    points = offset * normal + pins[:, :1] * along + pins[:, 1:] * normal
    labels[:3] = (1, 0, 0)
    while len(points) < count:
        side = 1.0 if labels[len(points)] else -1.0
        point = rng.uniform(-reach, reach, 2)
        if side * (point @ normal - offset) >= margin:
            points = np.concatenate([points, point[None]])
    order = rng.permutation(count)
    return PlanarSet(points[order], labels[order])


def with_own(base: PlanarSet, own: tuple[tuple[float, float, int], ...]) -> PlanarSet:
    """The set with the points that a person placed, `(x, y, class)`, after its own."""
    if not own:
        return base
    placed = np.array(own, dtype=np.float64)
    return PlanarSet(
        np.concatenate([base.points, placed[:, :2]]), np.concatenate([base.labels, placed[:, 2].astype(np.int64)])
    )


def empty() -> PlanarSet:
    """No points at all: what a person starts from who places every one."""
    return PlanarSet(np.zeros((0, 2)), np.zeros(0, np.int64))


# What is known about them -----------------------------------------------------------------------------------------------------


def densities(
    name: str, noise: float, xs: Float[np.ndarray, "w"], ys: Float[np.ndarray, "h"], nodes: int = 400
) -> Float[np.ndarray, "k h w"]:
    """The density of each class on the grid `xs` × `ys`, in points per unit of area.

    A skeleton is a mixture of `nodes` Gaussians, and a Gaussian in the plane is a product of two on the axes, so that the sum over nodes
    is one matrix product.
    """
    skeleton, classes = _SKELETONS[name]
    places = (np.arange(nodes) + 0.5) / nodes
    return np.stack([_mixture(skeleton(places, k), noise, xs, ys) for k in range(classes)])


def _mixture(
    centres: Float[np.ndarray, "m 2"], noise: float, xs: Float[np.ndarray, "w"], ys: Float[np.ndarray, "h"]
) -> Float[np.ndarray, "h w"]:
    along_x = _gaussian(xs[None] - centres[:, :1], noise)
    along_y = _gaussian(ys[None] - centres[:, 1:], noise)
    return along_y.T @ along_x / len(centres)


def _gaussian(gap: np.ndarray, deviation: float) -> np.ndarray:
    return np.exp(-0.5 * (gap / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))


def bayes(name: str, noise: float, grid: int = 400) -> Bayes:
    """The Bayes error and H(Y|X) of a named set, by the midpoint rule over all places where there is anything to confuse.

    Args:
        name: one of `NAMES`.
        noise: standard deviation of the noise. Below 0.02 the skeletons are too far apart for any error worth a digit, and the grid too
            coarse for so thin a density: both figures are then 0.
        grid: points of the quadrature on each axis.
    """
    if noise < 0.02:
        return Bayes(0.0, 0.0)
    reach = 1.0 + 5 * noise
    cell = 2 * reach / grid
    axis = -reach + cell * (np.arange(grid) + 0.5)
    joint = densities(name, noise, axis, axis)
    joint = joint / (joint.sum() * cell**2)
    total = joint.sum(0)
    posterior = joint / np.maximum(total, 1e-300)
    surprise = -np.log(np.maximum(posterior, 1e-300))
    error = float(((total - joint.max(0)) * cell**2).sum())
    entropy = float(((joint * surprise).sum(0) * cell**2).sum())
    return Bayes(error, entropy)


@lru_cache(maxsize=8)
def bayes_leads(name: str, noise: float, reach: float, size: int) -> tuple[Float[np.ndarray, "h w"], ...]:
    """One map of −1 … 1 for each class (one for two classes): how far it leads over the others. The Bayes rule's boundaries are its zeros.

    Args:
        name: one of `NAMES`.
        noise: standard deviation of the noise. Below 0.05 densities vanish in places, so that there is no boundary to speak of: none.
        reach: the maps cover −reach … reach on both axes.
        size: points on each axis, ends included.
    """
    if noise < 0.05:
        return ()
    axis = np.linspace(-reach, reach, size)
    joint = densities(name, noise, axis, axis)
    rivals = [np.delete(joint, k, 0).max(0) for k in range(len(joint))]
    leads = [(mine - rival) / np.maximum(mine + rival, 1e-300) for mine, rival in zip(joint, rivals, strict=True)]
    return tuple(leads[1:]) if len(leads) == 2 else tuple(leads)

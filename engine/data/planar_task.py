"""A planar set as a task for a network: tensors to learn from and to test on, with the person's own points and the best possible result."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.data import planar

OWN = "own points"
"""The name of a set that holds nothing but what the person places."""

Places = tuple[tuple[float, float, int], ...]
"""Points as a `PointSet` gives them: (x, y, class)."""


@dataclass(frozen=True)
class PlanarTask:
    """What a network learns from and is tested on. `bayes` is None where the density is not known."""

    places: dict[str, Float[Tensor, "n 2"]]  # under "train" and "test", as are the labels
    labels: dict[str, Int[Tensor, "n"]]
    classes: int
    bayes: planar.Bayes | None
    key: int  # tells one set of points from another


@lru_cache(maxsize=8)
def make_task(
    name: str,
    points: Places,
    noise: float,
    count: int,
    train_share: float,
    seeds: tuple[int, ...],
    device: torch.device = torch.device("cpu"),  # noqa: B008  # immutable
) -> PlanarTask:
    """The task that these parameters describe, always the same for the same ones.

    Args:
        name: one of `planar.NAMES`, or `OWN`.
        points: the person's own; they join the training set.
        noise: standard deviation of the noise, in plot units.
        count: number of points drawn, for training and test together.
        train_share: the share of them to learn from.
        seeds: of the draws.
        device: where the tensors live.
    """
    known = name != OWN
    drawn = planar.sample(name, count, noise, np.random.default_rng(seeds)) if known else planar.empty()
    cut = round(train_share * len(drawn))
    parts = {
        "train": planar.with_own(planar.PlanarSet(drawn.points[:cut], drawn.labels[:cut]), points),
        "test": planar.PlanarSet(drawn.points[cut:], drawn.labels[cut:]),
    }
    return PlanarTask(
        {part: torch.tensor(found.points, dtype=torch.float32, device=device) for part, found in parts.items()},
        {part: torch.tensor(found.labels, device=device) for part, found in parts.items()},
        max(found.classes for found in parts.values()),
        planar.bayes(name, noise) if known else None,
        zlib.crc32(b"".join(found.points.tobytes() + found.labels.tobytes() for found in parts.values())),
    )

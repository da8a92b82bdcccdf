"""Classification tasks for learning from few labels: digits placed on a larger square, a subset of their classes, a few of each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.data.digits import placed, split_digits

SIDE = 12
"""Side of a task's pictures in pixels: a digit of 8 × 8 has room to lie at different places."""


@dataclass(frozen=True)
class Task:
    """Pictures `[n, 1, 12, 12]` to learn from and to be judged by, their labels, and the classes' names."""

    train: Float[Tensor, "n 1 s s"]
    labels: Int[Tensor, "n"]
    test: Float[Tensor, "m 1 s s"]
    answers: Int[Tensor, "m"]
    names: tuple[str, ...]


def digits_task(low: int, high: int, rng: torch.Generator, copies: int = 1) -> Task:
    """The digits from `low` to `high`, each at `copies` random places."""
    digits = split_digits()
    ours = (digits.train_labels >= low) & (digits.train_labels <= high)
    theirs = (digits.test_labels >= low) & (digits.test_labels <= high)
    train = torch.cat([placed(digits.train[ours], SIDE, rng) for _ in range(copies)])
    labels = (digits.train_labels[ours] - low).repeat(copies)
    names = tuple(str(digit) for digit in range(low, high + 1))
    return Task(train, labels, placed(digits.test[theirs], SIDE, rng), digits.test_labels[theirs] - low, names)


def few_of_each(labels: Int[Tensor, "n"], count: int, rng: torch.Generator) -> Int[Tensor, "k"]:
    """Indices of up to so many examples of every class."""
    found = []
    for label in labels.unique():
        those = (labels == label).nonzero()[:, 0]
        found.append(those[torch.randperm(len(those), generator=rng)[:count]])
    return torch.cat(found)

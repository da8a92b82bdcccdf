"""Five small tasks, one for each way in which inputs and outputs of a sequence can lie in time.

The names are those of Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from engine.data.sequence_tasks import Batch

HIGHEST = 7
"""The largest number that is counted down from."""

BITS = 7
"""Length of the sequences of bits: odd, so that there is always a majority."""

WORDS = 4
"""Different words, and how many of them are said."""


@dataclass(frozen=True)
class ShapeTask:
    """Inputs at the times 0 … `heard` − 1, answers from `due` on, `length` times in all.

    `blind`: the loss (nats) of the best answers that do not look at the inputs.
    `says`: the task in a sentence; `word(x)` an input `[D]` as one reads it, `letters` the answers.
    """

    says: str
    length: int
    heard: int
    due: int
    inputs: int
    outputs: int
    blind: float
    draw: Callable[[int, torch.Generator], Batch]
    word: Callable[[Float[Tensor, "d"]], str]
    letters: str


def _larger(count: int, rng: torch.Generator) -> Batch:
    x = 2 * torch.rand(1, count, 2, generator=rng) - 1
    return Batch(x, (x[..., 0] > x[..., 1]).long(), 0)


def _countdown(count: int, rng: torch.Generator) -> Batch:
    first = torch.randint(1, HIGHEST + 1, (count,), generator=rng)
    x = torch.zeros(HIGHEST + 1, count, HIGHEST)
    x[0] = functional.one_hot(first - 1, HIGHEST)
    return Batch(x, (first - torch.arange(HIGHEST + 1)[:, None]).clamp(min=0), 0)


def _bits(count: int, rng: torch.Generator) -> Int[Tensor, "t b"]:
    return torch.randint(2, (BITS, count), generator=rng)


def _majority(count: int, rng: torch.Generator) -> Batch:
    bits = _bits(count, rng)
    return Batch(2.0 * bits[..., None] - 1, (2 * bits.sum(0) > BITS).long().expand(BITS, -1), BITS - 1)


def _changes(count: int, rng: torch.Generator) -> Batch:
    bits = _bits(count, rng)
    before = torch.cat([torch.zeros_like(bits[:1]), bits[:-1]])
    return Batch(2.0 * bits[..., None] - 1, (bits != before).long(), 0)


def _backwards(count: int, rng: torch.Generator) -> Batch:
    words = torch.randint(WORDS, (WORDS, count), generator=rng)
    x = torch.zeros(2 * WORDS, count, WORDS)
    x[:WORDS] = functional.one_hot(words, WORDS)
    return Batch(x, torch.cat([torch.zeros_like(words), words.flip(0)]), WORDS)


def _counted(t: int) -> float:
    """Entropy of the number that is said at time t, in nats."""
    return (HIGHEST - t) / HIGHEST * math.log(HIGHEST) - (t / HIGHEST * math.log(t / HIGHEST) if t else 0.0)


_COUNT = [_counted(t) for t in range(HIGHEST + 1)]
_LN2, _LN_WORDS = math.log(2), math.log(WORDS)

TASKS = {
    "one to one": ShapeTask(
        "Is the first number the larger one?", 1, 1, 0, 2, 2, _LN2, _larger,
        lambda x: ", ".join(f"{value:.1f}".replace("-", "−") for value in x.tolist()),
        "✗✓",
    ),
    "one to many": ShapeTask(
        "Count down from a number that is said once", HIGHEST + 1, 1, 0, HIGHEST, HIGHEST + 1,
        sum(_COUNT) / len(_COUNT), _countdown,
        lambda x: str(int(x.argmax()) + 1), "01234567",
    ),
    "many to one": ShapeTask(
        "Were there more ones than zeros?", BITS, BITS, BITS - 1, 1, 2, _LN2, _majority,
        lambda x: str(int(x[0] > 0)), "✗✓",
    ),
    "many to many": ShapeTask(
        "Is this bit another than the one before?", BITS, BITS, 0, 1, 2, _LN2, _changes,
        lambda x: str(int(x[0] > 0)), "✗✓",
    ),
    "delayed": ShapeTask(
        "Hear four words, then say them backwards", 2 * WORDS, WORDS, WORDS, WORDS, WORDS, _LN_WORDS,
        _backwards, lambda x: "abcd"[int(x.argmax())], "abcd",
    ),
}  # fmt: skip
"""The tasks by the names of their shapes."""

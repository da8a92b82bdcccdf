"""Tasks for a memory: add two numbers that were marked long apart, repeat what was said before a silence, foretell the next letter.

Adding: Hochreiter & Schmidhuber 1997, experiment 4, as in Le et al. 2015, arXiv:1504.00941. Copying: Arjovsky et al. 2016,
arXiv:1511.06464.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from engine.data.texts import TextData, load_text

SYMBOLS = 8
"""Different symbols of the copy task; beside them a silence and a signal to speak."""

SAID = 5
"""Symbols that are to be repeated."""


@dataclass(frozen=True)
class Batch:
    """`x` [T, B, D]; `target` [T, B], a number (float) or a class (long); an answer is due from time `due` on."""

    x: Float[Tensor, "t b d"]
    target: Tensor
    due: int

    def miss(self, answers: Float[Tensor, "t b o"]) -> Float[Tensor, ""]:
        """Mean squared error of numbers, cross-entropy of classes (nats), where an answer is due."""
        given, wanted = answers[self.due :], self.target[self.due :]
        if wanted.is_floating_point():
            return (given[..., 0] - wanted).square().mean()
        return functional.cross_entropy(given.flatten(0, 1), wanted.flatten())


@dataclass(frozen=True)
class Adding:
    """Numbers in 0..1, two of them marked: one in each half. The answer, at the end, is the sum of those two."""

    length: int
    inputs: int = 2
    outputs: int = 1
    blind: float = 1 / 6  # the variance of the sum of two even numbers, 2 · 1/12: always answer 1
    words: str = "always 1: 1/6"
    unit: str = "mean square"

    def draw(self, count: int, rng: torch.Generator) -> Batch:
        """Random numbers and marks."""
        values, marks = torch.rand(self.length, count, generator=rng), torch.zeros(self.length, count)
        half, every = self.length // 2, torch.arange(count)
        marks[torch.randint(half, (count,), generator=rng), every] = 1
        marks[torch.randint(half, self.length, (count,), generator=rng), every] = 1
        return Batch(torch.stack([values, marks], -1), (values * marks).cumsum(0), self.length - 1)


@dataclass(frozen=True)
class Copying:
    """Five symbols, a silence of `length` steps, a signal; then the five are to be said again."""

    length: int
    inputs: int = SYMBOLS + 2
    outputs: int = SYMBOLS
    blind: float = math.log(SYMBOLS)
    words: str = "any of 8: ln 8"
    unit: str = "nats"

    def draw(self, count: int, rng: torch.Generator) -> Batch:
        """Random symbols; while nothing is due, the target is 0."""
        said = torch.randint(SYMBOLS, (SAID, count), generator=rng)
        silence = torch.full((self.length, count), SYMBOLS)
        heard = torch.cat([said, silence, torch.full((SAID, count), SYMBOLS + 1)])
        target = torch.cat([torch.zeros_like(said), torch.zeros_like(silence), said])
        return Batch(functional.one_hot(heard, self.inputs).float(), target, SAID + self.length)


@dataclass(frozen=True)
class Letters:
    """Pieces of a text of `length` letters; the answer to each letter is the next one."""

    text: TextData
    length: int
    inputs: int
    outputs: int
    blind: float
    words: str = "letters alone"
    unit: str = "nats"

    def draw(self, count: int, rng: torch.Generator) -> Batch:
        """Pieces from anywhere."""
        length = min(self.length, len(self.text.ids) - 1)
        begins = torch.randint(len(self.text.ids) - length, (count,), generator=rng)
        pieces = self.text.ids[begins + torch.arange(length + 1)[:, None]]
        return Batch(functional.one_hot(pieces[:-1], self.inputs).float(), pieces[1:], 0)


Task = Adding | Copying | Letters
"""What a memory is to do. `blind`: the loss of the best answer without one, said in `words`."""


def sequence_task(name_or_path: str, length: int, seed: int = 0) -> Task:
    """The task "adding" or "copying", or the letters of a text by its name or path. Raises DataError for a text that cannot be read."""
    if name_or_path == "adding":
        return Adding(length)
    if name_or_path == "copying":
        return Copying(length)
    text = load_text(name_or_path, seed)
    count = len(text.letters)
    share = torch.bincount(text.ids, minlength=count) / len(text.ids)
    return Letters(text, length, count, count, float(-torch.special.xlogy(share, share).sum()))

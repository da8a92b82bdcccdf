"""The 1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn (UCI, Alpaydin & Kaynak 1998, CC BY 4.0).

The split is the one behind every figure that the labs quote: 80/20, each class in proportion,
`train_test_split(test_size=0.2, stratify=y, random_state=0)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

CLASSES = tuple("0123456789")
BRIGHTEST = 16.0
"""The pictures hold counts of 0 to 16 set pixels of a 4 × 4 block."""


@dataclass(frozen=True)
class Digits:
    """The split digits: pictures [N, 1, 8, 8] in 0..1 and what they show, 0 to 9."""

    train: Float[Tensor, "n 1 8 8"]
    test: Float[Tensor, "m 1 8 8"]
    train_labels: Int[Tensor, "n"]
    test_labels: Int[Tensor, "m"]


def split_digits(seed: int = 0) -> Digits:
    """1,437 digits to learn from and 360 to be judged by. `seed`: of the split; 0 is the one that figures refer to."""
    pictures, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        pictures, labels, test_size=0.2, stratify=labels, random_state=seed
    )
    return Digits(_pictures(train), _pictures(test), torch.from_numpy(train_labels), torch.from_numpy(test_labels))


def placed(pictures: Float[Tensor, "n 1 8 8"], size: int, rng: torch.Generator) -> Float[Tensor, "n 1 s s"]:
    """Each picture at a random place of a black square of `size` pixels."""
    n, side = len(pictures), pictures.shape[-1]
    corner = torch.randint(size - side + 1, (n, 2), generator=rng)
    rows = (corner[:, :1] + torch.arange(side))[:, :, None].expand(n, side, side)
    columns = (corner[:, 1:] + torch.arange(side))[:, None].expand(n, side, side)
    paper = torch.zeros(n, 1, size, size)
    paper[torch.arange(n)[:, None, None], 0, rows, columns] = pictures[:, 0]
    return paper


def _pictures(rows: np.ndarray) -> Float[Tensor, "n 1 8 8"]:
    return torch.from_numpy((rows / BRIGHTEST).astype(np.float32)).reshape(-1, 1, 8, 8)

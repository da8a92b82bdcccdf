"""The 1,797 handwritten digits of 8 × 8 pixels that scikit-learn carries (UCI, Alpaydin & Kaynak 1998, CC BY 4.0).

They lie in assets/digits, with the split that every figure of the labs refers to, 80/20 with each class in proportion: scikit-learn's
`train_test_split(test_size=0.2, stratify=y, random_state=0)`. Importing scikit-learn for them would cost each start a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.data.npz import read_npz

CLASSES = tuple("0123456789")
BRIGHTEST = 16.0
"""The pictures hold counts of 0 to 16 set pixels of a 4 × 4 block."""

_FILE = Path(__file__).resolve().parents[2] / "assets" / "digits" / "digits.npz"


@dataclass(frozen=True)
class Digits:
    """The split digits: pictures [N, 1, 8, 8] in 0..1 and what they show, 0 to 9."""

    train: Float[Tensor, "n 1 8 8"]
    test: Float[Tensor, "m 1 8 8"]
    train_labels: Int[Tensor, "n"]
    test_labels: Int[Tensor, "m"]


def split_digits(seed: int = 0) -> Digits:
    """1,437 digits to learn from and 360 to be judged by. `seed`: of the split; 0 is the one that figures refer to."""
    found = read_npz(_FILE)
    labels = found["labels"].astype(np.int64)
    train, test = (found["train"], found["test"]) if seed == 0 else _split(labels, seed)
    pictures = torch.from_numpy((found["pictures"] / BRIGHTEST).astype(np.float32))[:, None]
    classes = torch.from_numpy(labels)
    first, second = (torch.from_numpy(part.astype(np.int64)) for part in (train, test))
    return Digits(pictures[first], pictures[second], classes[first], classes[second])


def _split(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=seed)
    return train, test


def placed(pictures: Float[Tensor, "n 1 8 8"], size: int, rng: torch.Generator) -> Float[Tensor, "n 1 s s"]:
    """Each picture at a random place of a black square of `size` pixels."""
    n, side = len(pictures), pictures.shape[-1]
    corner = torch.randint(size - side + 1, (n, 2), generator=rng)
    rows = (corner[:, :1] + torch.arange(side))[:, :, None].expand(n, side, side)
    columns = (corner[:, 1:] + torch.arange(side))[:, None].expand(n, side, side)
    paper = torch.zeros(n, 1, size, size)
    paper[torch.arange(n)[:, None, None], 0, rows, columns] = pictures[:, 0]
    return paper

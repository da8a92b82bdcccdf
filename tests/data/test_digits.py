"""The digits are scikit-learn's, and so is their split."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from engine.data.digits import split_digits


@pytest.mark.parametrize("seed", [0, 3])
def test_they_are_those_of_scikit_learn_split_alike(seed: int) -> None:
    pictures, labels = load_digits(return_X_y=True)
    parts = train_test_split(pictures, labels, test_size=0.2, stratify=labels, random_state=seed)
    digits = split_digits(seed)
    for ours, theirs in zip((digits.train, digits.test), parts[:2], strict=True):
        assert torch.equal(ours, torch.from_numpy((theirs / 16).astype(np.float32)).reshape(-1, 1, 8, 8))
    assert digits.train_labels.tolist() == parts[2].tolist()
    assert digits.test_labels.tolist() == parts[3].tolist()

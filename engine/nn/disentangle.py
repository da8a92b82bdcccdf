"""How far each known factor of a picture lies in one dimension of its code: the mutual information gap (Chen et al. 2018, eq. 6)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BINS = 20
"""A dimension of the code is cut into so many equal intervals (Locatello et al. 2019)."""


def mutual_information_gap(codes: Float[np.ndarray, "n d"], factors: Int[np.ndarray, "n f"]) -> float:
    """The gap between the best and the second-best dimension for each factor, as a share of the factor's entropy, averaged.

    1 if every factor has a dimension to itself; 0 if each is spread over two dimensions or more, or is not there at all.
    """
    if codes.shape[1] < 2:
        return 0.0
    binned = np.stack([_bins(column) for column in codes.T])
    gaps = []
    for factor in factors.T:
        information = np.sort([mutual_information(column, factor) for column in binned])
        gaps.append((information[-1] - information[-2]) / max(entropy(factor), 1e-12))
    return float(np.mean(gaps))


def mutual_information(a: Int[np.ndarray, "n"], b: Int[np.ndarray, "n"]) -> float:
    """I(A; B) in nats, of the joint histogram."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    apart = np.outer(joint.sum(1), joint.sum(0))
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / apart[seen])).sum())


def entropy(values: Int[np.ndarray, "n"]) -> float:
    """H in nats, of the histogram."""
    share = np.bincount(values) / len(values)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def _bins(values: Float[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    return np.digitize(values, np.linspace(values.min(), values.max(), BINS + 1)[1:-1])

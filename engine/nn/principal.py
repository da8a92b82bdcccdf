"""The directions in which vectors vary most, for pictures of what a layer answers."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def principal_axes(values: Float[Tensor, "n d"], count: int = 2) -> Float[Tensor, "k d"]:
    """The first principal directions, as rows of length 1; rows of zeros where there are fewer.

    The largest entry of each is positive: without a fixed sign, pictures of a network that learns would flip from frame to frame.
    """
    _, _, axes = torch.linalg.svd(values - values.mean(0).nan_to_num(), full_matrices=False)
    axes = functional.pad(axes[:count], (0, 0, 0, max(0, count - len(axes))))
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    return axes * torch.where(largest < 0, -1.0, 1.0)

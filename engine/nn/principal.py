"""The plane from which to look at vectors of many dimensions: where they vary most, or where a layer decides."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def principal_axes(values: Float[Tensor, "n d"], count: int = 2) -> Float[Tensor, "k d"]:
    """The first principal directions, as rows of length 1; rows of zeros where nothing varies any more.

    The largest entry of each is positive: without a fixed sign, pictures of a network that learns would flip from frame to frame.
    """
    _, spread, axes = torch.linalg.svd(values - values.mean(0).nan_to_num(), full_matrices=False)
    axes = (axes * (spread > 1e-6).to(axes)[:, None])[:count]
    axes = functional.pad(axes, (0, 0, 0, max(0, count - len(axes))))
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    return axes * torch.where(largest < 0, -1.0, 1.0)


def decision_plane(weights: Float[Tensor, "c d"], values: Float[Tensor, "n d"]) -> Float[Tensor, "2 d"]:
    """The plane in which a linear layer decides between two or three classes: two orthogonal directions, as rows of length 1.

    Which class wins depends on the differences of the classes' weights alone, so that nothing of the decision is lost. Two classes need
    one direction (the second class lies on its far side); the other is the principal one of what is left.

    Args:
        weights: a row for each class.
        values: what the layer is given.
    """
    axes, upper = torch.linalg.qr((weights[1:] - weights[:1]).T)
    axes = (axes * torch.where(upper.diagonal() < 0, -1.0, 1.0)).T
    rest = values - values @ axes.T @ axes
    return torch.cat([axes, principal_axes(rest, 2 - len(axes))])

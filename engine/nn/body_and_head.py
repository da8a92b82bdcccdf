r"""A network in two parts that learn apart: a body that turns a picture into a code, a linear head that turns the code into scores.

scores = V h(x) + c        ∂L/∂V = mean (p − y) h(x)ᵀ,  ∂L/∂c = mean (p − y)        of the cross-entropy
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional


def make_body(code: int, side: int, rng: torch.Generator) -> nn.Sequential:
    """Two convolutions, each with a pooling, and one layer: a picture `[n, 1, side, side]` to its code `[n, code]`."""
    body = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(24 * (side // 4) ** 2, code), nn.ReLU(),
    )  # fmt: skip
    for layer in body:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=rng)
            layer.bias.data.zero_()  # type: ignore[union-attr]  # it has one
    return body


def make_head(code: int, classes: int, rng: torch.Generator) -> nn.Linear:
    """A linear layer that knows nothing yet."""
    head = nn.Linear(code, classes)
    nn.init.normal_(head.weight, std=0.1 * code**-0.5, generator=rng)
    nn.init.zeros_(head.bias)
    return head


class Network(nn.Module):
    """A body and a head."""

    def __init__(self, body: nn.Sequential, head: nn.Linear) -> None:
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x: Float[Tensor, "n 1 s s"], frozen: bool = False) -> Float[Tensor, "n c"]:
        """Scores. `frozen`: no gradient reaches the body."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            code = self.body(x)
        return self.head(code)


def head_gradient(
    network: Network, x: Float[Tensor, "n 1 s s"], y: Int[Tensor, "n"]
) -> tuple[Float[Tensor, "c h"], Float[Tensor, "c"]]:
    """∂L/∂V and ∂L/∂c of the mean cross-entropy, by hand."""
    with torch.no_grad():
        code = network.body(x)
        wrong = network.head(code).softmax(1) - functional.one_hot(y, network.head.out_features)
        return wrong.T @ code / len(y), wrong.mean(0)


def adam(network: Network) -> torch.optim.Adam:
    """An optimiser with a group for the head and one for the body."""
    return torch.optim.Adam([{"params": network.head.parameters()}, {"params": network.body.parameters()}])

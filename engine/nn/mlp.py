"""A multi-layer perceptron that keeps what every neuron answers, so that each can be drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": functional.tanh,
    "ReLU": functional.relu,
    "leaky ReLU": functional.leaky_relu,
    "GELU": functional.gelu,
    "sigmoid": functional.sigmoid,
    "linear": lambda z: z,
}


class Mlp(nn.Module):
    """Fully connected layers; the activation is chosen at each call, so that it can change in mid-run.

    Hidden weights start from N(0, 1/n) with n inputs, which keeps the variance of what flows through (LeCun et al. 1998, section 4.6).
    The last layer starts ten times smaller: all scores begin near 0, the softmax near uniform, and the loss near ln C.

    Args:
        sizes: neurons of each layer, inputs first, outputs last.
        inputs_on: how many of the inputs are not held at zero; the first layer's n.
    """

    def __init__(self, sizes: tuple[int, ...], inputs_on: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        for depth, layer in enumerate(self.linears):
            scale = 0.1 if depth == len(sizes) - 2 else 1.0
            fan_in = layer.in_features if depth else max(1, inputs_on)
            nn.init.normal_(layer.weight, std=scale / fan_in**0.5)
            nn.init.zeros_(layer.bias)

    @property
    def linears(self) -> list[nn.Linear]:
        """The layers, the first one first."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer, inputs first."""
        return (self.linears[0].in_features, *(layer.out_features for layer in self.linears))

    def forward(self, inputs: Float[Tensor, "n i"], activation: str) -> list[Float[Tensor, "n _"]]:
        """What every layer answers: the inputs first, the last layer's scores last."""
        answers = [inputs]
        for layer in self.linears[:-1]:
            answers.append(ACTIVATIONS[activation](layer(answers[-1])))
        return [*answers, self.linears[-1](answers[-1])]

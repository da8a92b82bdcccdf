"""Several small networks of one shape as the rows of one tensor, computed side by side by batched matrix products.

Labs that race methods against each other train eight networks in about the time that one takes when each is a module of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

EPSILON = 1e-5


@dataclass(frozen=True)
class RowNetworks:
    """Fully connected networks with neurons `sizes`, inputs first; `activation` between the layers."""

    sizes: tuple[int, ...]
    activation: Callable[[Tensor], Tensor] = functional.relu

    @property
    def parameters(self) -> int:
        """Numbers in a row: the weights and biases of one network."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.sizes))

    def start(self, rng: torch.Generator) -> Float[Tensor, "p"]:
        """The parameters of one network at its start: He's weights, biases of 0, a last layer ten times smaller."""
        parts = []
        for depth, (inputs, outputs) in enumerate(pairwise(self.sizes)):
            scale = (2 / inputs) ** 0.5 * (0.1 if depth == len(self.sizes) - 2 else 1.0)
            parts += [scale * torch.randn(inputs * outputs, generator=rng), torch.zeros(outputs)]
        return torch.cat(parts)

    def layers(self, rows: Float[Tensor, "k p"]) -> list[tuple[Float[Tensor, "k i o"], Float[Tensor, "k 1 o"]]]:
        """Weights and biases of every layer, of all networks."""
        found, place = [], 0
        for inputs, outputs in pairwise(self.sizes):
            weights = rows[:, place : place + inputs * outputs].reshape(-1, inputs, outputs)
            place += inputs * outputs
            found.append((weights, rows[:, place : place + outputs][:, None]))
            place += outputs
        return found

    def scores(self, rows: Float[Tensor, "k p"], x: Float[Tensor, "k n i"]) -> Float[Tensor, "k n c"]:
        """Each network's scores for its own inputs."""
        for depth, (weights, bias) in enumerate(self.layers(rows)):
            x = torch.baddbmm(bias, self.activation(x) if depth else x, weights)
        return x

    def losses(
        self, rows: Float[Tensor, "k p"], x: Float[Tensor, "k n i"], y: Int[Tensor, "k n"]
    ) -> Float[Tensor, "k"]:
        """Each network's mean cross-entropy, in nats."""
        scores = self.scores(rows, x)
        return functional.cross_entropy(scores.transpose(1, 2), y, reduction="none").mean(1)

    def slopes(
        self, rows: Float[Tensor, "k p"], x: Float[Tensor, "k n i"], y: Int[Tensor, "k n"]
    ) -> Float[Tensor, "k p"]:
        """The gradient of each network's loss by its own parameters."""
        rows = rows.detach().requires_grad_()
        return torch.autograd.grad(self.losses(rows, x, y).sum(), rows)[0]


Statistics = list[tuple[Float[Tensor, "k 1 d"], Float[Tensor, "k 1 d"]]]


def normalised_scores(
    networks: RowNetworks, rows: Float[Tensor, "k p"], x: Float[Tensor, "n i"], kept: Statistics | None = None
) -> tuple[Tensor, Statistics]:
    """Scores `[k, n, c]` of the same networks with batch normalisation before each bias and ReLU.

    Also the statistics used: those `kept`, or (None) those of `x` itself, which is `[n, i]` or `[k, n, i]`.
    """
    layers, used = networks.layers(rows), []
    x = x.expand(len(rows), *x.shape[-2:])
    for depth, (weights, bias) in enumerate(layers[:-1]):
        z = x @ weights
        mean, variance = kept[depth] if kept is not None else (z.mean(1, True), z.var(1, correction=0, keepdim=True))
        used.append((mean, variance))
        x = torch.relu((z - mean) / (variance + EPSILON).sqrt() + bias)
    return torch.baddbmm(layers[-1][1], x, layers[-1][0]), used


def losses(scores: Float[Tensor, "k n c"], y: Int[Tensor, "n"]) -> Float[Tensor, "k"]:
    """Mean cross-entropy of every row, in nats."""
    found: Tensor = -scores.log_softmax(-1)[:, torch.arange(len(y)), y].mean(1)
    return found


def ensemble_loss(scores: Float[Tensor, "k n c"], y: Int[Tensor, "n"]) -> Tensor:
    """Cross-entropy of the mean of the rows' probabilities."""
    mean = scores.log_softmax(-1).logsumexp(0) - math.log(len(scores))
    found: Tensor = -mean[torch.arange(len(y)), y].mean()
    return found

"""Back-propagation by hand: over graphs of single numbers, node by node, and over a layer with matrices.

The rules stand in one table, each beside torch's function of the same name. Graphs are written down as tuples of nodes, each after
its inputs. Numbers are float64. Sources: Rumelhart, Hinton & Williams 1986; Karpathy's micrograd.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Rule:
    """What a node computes, the slope of that by each input (from the inputs and the output), and the same in torch."""

    forward: Callable[[Numbers], float]
    slopes: Callable[[Numbers, float], Numbers]
    torch: Callable[..., Tensor]


RULES = {
    "+": Rule(sum, lambda u, v: (1.0,) * len(u), lambda *u: torch.stack(u).sum()),
    "−": Rule(lambda u: u[0] - u[1], lambda u, v: (1.0, -1.0), torch.sub),
    "×": Rule(lambda u: u[0] * u[1], lambda u, v: (u[1], u[0]), torch.mul),
    "/": Rule(lambda u: u[0] / u[1], lambda u, v: (1 / u[1], -u[0] / u[1] ** 2), torch.div),
    "½e²": Rule(lambda u: u[0] ** 2 / 2, lambda u, v: (u[0],), lambda u: u.square() / 2),
    "exp": Rule(lambda u: math.exp(u[0]), lambda u, v: (v,), torch.exp),
    "−ln": Rule(lambda u: -math.log(u[0]), lambda u, v: (-1 / u[0],), lambda u: -u.log()),
    "sigmoid": Rule(lambda u: 1 / (1 + math.exp(-u[0])), lambda u, v: (v * (1 - v),), torch.sigmoid),
    "tanh": Rule(lambda u: math.tanh(u[0]), lambda u, v: (1 - v * v,), torch.tanh),
    "ReLU": Rule(lambda u: max(0.0, u[0]), lambda u, v: (float(u[0] > 0),), torch.relu),
    "identity": Rule(lambda u: u[0], lambda u, v: (1.0,), lambda u: u * 1),
}
ACTIVATIONS = ("sigmoid", "tanh", "ReLU", "identity")


@dataclass(frozen=True)
class Node:
    """One node: its name, its rule ("" is a leaf, "φ" the chosen activation), what it takes, and where it is drawn."""

    name: str
    rule: str
    takes: tuple[str, ...]
    at: tuple[float, float]
    learns: bool = False


def leaf(name: str, x: float, y: float, learns: bool = False) -> Node:
    """A node with a value of its own."""
    return Node(name, "", (), (x, y), learns)


GRAPHS: dict[str, tuple[Node, ...]] = {
    "one neuron": (
        leaf("x₁", 0, 4),
        leaf("w₁", 0, 3, True),
        leaf("x₂", 0, 2),
        leaf("w₂", 0, 1, True),
        leaf("b", 2, 0.6, True),
        leaf("t", 4, 0.6),
        Node("p", "×", ("x₁", "w₁"), (1, 3.5)),
        Node("q", "×", ("x₂", "w₂"), (1, 1.5)),
        Node("s", "+", ("p", "q"), (2, 2.5)),
        Node("z", "+", ("s", "b"), (3, 2)),
        Node("a", "φ", ("z",), (4, 2)),
        Node("e", "−", ("a", "t"), (5, 1.5)),
        Node("L", "½e²", ("e",), (6, 1.5)),
    ),
    "three in a row": (
        leaf("x", 0, 3),
        leaf("w₁", 0, 1, True),
        leaf("w₂", 2, 1, True),
        leaf("w₃", 4, 1, True),
        leaf("t", 6, 1),
        Node("z₁", "×", ("x", "w₁"), (1, 2.4)),
        Node("a₁", "φ", ("z₁",), (2, 2.4)),
        Node("z₂", "×", ("a₁", "w₂"), (3, 2.4)),
        Node("a₂", "φ", ("z₂",), (4, 2.4)),
        Node("z₃", "×", ("a₂", "w₃"), (5, 2.4)),
        Node("a₃", "φ", ("z₃",), (6, 2.4)),
        Node("e", "−", ("a₃", "t"), (7, 2)),
        Node("L", "½e²", ("e",), (8, 2)),
    ),
    "softmax": (
        leaf("z₁", 0, 3, True),
        leaf("z₂", 0, 2, True),
        leaf("z₃", 0, 1, True),
        Node("e₁", "exp", ("z₁",), (1.3, 3)),
        Node("e₂", "exp", ("z₂",), (1.3, 2)),
        Node("e₃", "exp", ("z₃",), (1.3, 1)),
        Node("S", "+", ("e₁", "e₂", "e₃"), (2.6, 1.5)),
        Node("p₁", "/", ("e₁", "S"), (3.9, 2.4)),
        Node("L", "−ln", ("p₁",), (5.2, 2.4)),
    ),
    "used twice": (
        leaf("a", 0, 2.5, True),
        leaf("b", 0, 1, True),
        leaf("t", 2.6, 0.8),
        Node("u", "×", ("a", "b"), (1.3, 1.5)),
        Node("v", "+", ("a", "u"), (2.6, 2)),
        Node("e", "−", ("v", "t"), (3.9, 1.5)),
        Node("L", "½e²", ("e",), (5.2, 1.5)),
    ),
}
BUGS = ("none", "paths overwrite each other", "φ′ taken at a, not at z", "gradients never cleared")


@dataclass(frozen=True)
class Pass:
    """One pass over a graph by hand: every node's value, its δ, and what each edge (node, place among its inputs) carried back."""

    nodes: tuple[Node, ...]
    values: dict[str, float]
    deltas: dict[str, float]
    carried: dict[tuple[str, int], float]
    slopes: dict[str, Numbers]


def inner(nodes: tuple[Node, ...]) -> list[Node]:
    """The nodes that compute, in an order in which each finds its inputs ready."""
    return [node for node in nodes if node.rule]


def by_hand(nodes: tuple[Node, ...], leaves: Numbers, activation: str, bug: str = "none", most: int = 10**9) -> Pass:
    """Forward over the whole graph, then backward over the last `most` nodes that compute."""
    values = dict(zip((node.name for node in nodes if not node.rule), leaves, strict=False))
    slopes: dict[str, Numbers] = {}
    for node in inner(nodes):
        rule, taken = RULES[node.rule.replace("φ", activation)], tuple(values[name] for name in node.takes)
        values[node.name] = rule.forward(taken)
        slopes[node.name] = rule.slopes(taken, values[node.name])
        if node.rule == "φ" and bug == "φ′ taken at a, not at z":
            again = (values[node.name],)
            slopes[node.name] = rule.slopes(again, rule.forward(again))
    deltas = {node.name: 0.0 for node in nodes} | {nodes[-1].name: 1.0}
    carried: dict[tuple[str, int], float] = {}
    for node in inner(nodes)[::-1][:most]:
        for place, (name, slope) in enumerate(zip(node.takes, slopes[node.name], strict=True)):
            carried[node.name, place] = deltas[node.name] * slope
            kept = 0.0 if bug == "paths overwrite each other" else deltas[name]
            deltas[name] = kept + carried[node.name, place]
    return Pass(nodes, values, deltas, carried, slopes)


def by_autograd(nodes: tuple[Node, ...], leaves: Numbers, activation: str) -> dict[str, float]:
    """The same δ of every node from torch, float64."""
    values: dict[str, Tensor] = {}
    own = iter(leaves)
    for node in nodes:
        if node.rule:
            values[node.name] = RULES[node.rule.replace("φ", activation)].torch(*(values[name] for name in node.takes))
        else:
            values[node.name] = torch.tensor(next(own), dtype=torch.float64, requires_grad=True)
    found = torch.autograd.grad(values[nodes[-1].name], list(values.values()))
    return dict(zip(values, (float(part) for part in found), strict=True))


@dataclass(frozen=True)
class Layers:
    """A network of two layers on four samples, for the same rules with matrices."""

    w1: Float[Tensor, "4 2"]
    w2: Float[Tensor, "3 4"]
    inputs: Float[Tensor, "2 n"]
    targets: Float[Tensor, "3 n"]

    @staticmethod
    def drawn(rng: torch.Generator) -> Layers:
        """Random weights and samples, float64."""
        shapes = ((4, 2), (3, 4), (2, 4), (3, 4))
        return Layers(*(0.5 * torch.randn(shape, generator=rng, dtype=torch.float64) for shape in shapes))

    def loss(self, activation: str) -> tuple[Tensor, Tensor, Tensor]:
        """z¹, a¹ and the loss ½ Σ (W²a¹ − t)²."""
        z1 = self.w1 @ self.inputs
        a1 = RULES[activation].torch(z1)
        return z1, a1, (self.w2 @ a1 - self.targets).square().sum() / 2

    def backward(self, activation: str, bug: str = "none") -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """By hand: what comes back, W²ᵀδ²; σ′(z¹); δ¹; and ∂L/∂W¹ = δ¹ xᵀ."""
        z1, a1, _ = self.loss(activation)
        back = self.w2.T @ (self.w2 @ a1 - self.targets)
        at = a1 if bug == "φ′ taken at a, not at z" else z1
        rule = RULES[activation]
        slope = torch.tensor(
            [[rule.slopes((u,), rule.forward((u,)))[0] for u in row] for row in at.tolist()], dtype=z1.dtype
        )
        delta = back * slope
        return back, slope, delta, delta @ self.inputs.T


def layer_gap(layers: Layers, activation: str, bug: str = "none") -> float:
    """How far ∂L/∂W¹ by hand is from autograd's, at most."""
    free = Layers(layers.w1.clone().requires_grad_(), layers.w2, layers.inputs, layers.targets)
    (torchs,) = torch.autograd.grad(free.loss(activation)[2], free.w1)
    return float((layers.backward(activation, bug)[3] - torchs).abs().max())

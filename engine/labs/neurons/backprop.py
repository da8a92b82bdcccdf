r"""Every node knows how fast its output moves when its inputs do. Multiply along a path, add over the paths.

Forward, a value goes through the graph from left to right. Backward, a slope comes from the right: $\delta_v = \partial L / \partial v$,
how much the loss $L$ at the end would rise for each unit more at $v$. It begins with $\partial L / \partial L = 1$, and each node
hands to its inputs what it was given, times its **local slope**:

$$ \delta_u \leftarrow \delta_u + \delta_v \cdot \frac{\partial v}{\partial u} $$

Note the $+$: a value that is used twice is blamed twice (see *used twice*).

| node | local slope |
|---|---|
| $u + w$ | $1$ to both: the gradient is copied |
| $u \cdot w$ | $w$ and $u$: each gets the other's value |
| $\sigma(z)$ | $\sigma (1 - \sigma)$, at most $\tfrac14$ |
| $\tanh z$ | $1 - \tanh^2 z$, at most $1$ |
| ReLU | $1$ or $0$ |
| $e^z$ | $e^z$ |
| $-\ln p$ | $-1/p$ |

A step of this lab is one node. After the whole way back comes one update of the weights, $w \leftarrow w - \eta\,\delta_w$, and it begins
again. Now $\eta$ is **{{lr}}**.

## A whole layer at once
Stack the neurons of a layer in a vector, $z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}$ and $a^{(l)} = \varphi(z^{(l)})$. With
$\delta^{(l)} = \partial L / \partial z^{(l)}$ the same two rules read

$$ \delta^{(l)} = \big(W^{(l+1)}\big)^\top \delta^{(l+1)} \odot \varphi'(z^{(l)}) $$

$$ \frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} \big(a^{(l-1)}\big)^\top $$

*A layer at once* shows the first one with its numbers: four neurons down, four samples across. Nothing is computed twice: the whole
gradient costs about as much as the forward pass, however many weights there are.

## Try
- *Softmax*: follow $\delta$ back to the scores; what arrives is $p - y$.
- *Three in a row* with the sigmoid: each stage costs a factor of four or more. Now choose ReLU.
- Edit the values of the leaves (in the order of the table), and step once.
- Let gradients overwrite each other: only *used twice* and *softmax* go wrong. Why?

Sources: Rumelhart, Hinton & Williams 1986; notes, Backpropagation; Karpathy's micrograd.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from torch import Tensor

from engine.api import (
    Axis,
    Choice,
    Frame,
    Graph,
    Matrix,
    Measured,
    Plot,
    Portrait,
    Scatter,
    Slider,
    Table,
    View,
    check,
    lab,
)
from engine.api.words import number
from engine.nn.matrices import Block, side_by_side
from engine.nn.scalar_graph import (
    ACTIVATIONS,
    BUGS,
    GRAPHS,
    Layers,
    Node,
    Numbers,
    Pass,
    by_autograd,
    by_hand,
    inner,
    layer_gap,
)

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context


SPOT = np.array([0.4, 0.352])  # the place of an edge's numbers, as a share of its way: 3t² − 2t³ up at t across


@dataclass
class Params:
    """What a person sets."""

    graph: Annotated[str, Choice(*GRAPHS, live=True, help="What is computed, and differentiated")] = "one neuron"
    activation: Annotated[str, Choice(*ACTIVATIONS, live=True, help="What φ does to the weighted sum z")] = "sigmoid"
    leaves: Annotated[
        tuple[tuple[float, ...], ...],
        Matrix(1, 6, live=True, help="Values of the leaves, in the table's order; weights begin again from here"),
    ] = ((1.0, -0.8, 0.6, 0.9, 0.2, 1.0),)
    lr: Annotated[
        float,
        Slider(0.01, 5.0, log=True, live=True, label="Learning rate", help="Length of the update after each pass"),
    ] = 0.5
    bug: Annotated[
        str, Choice(*BUGS, live=True, label="Bug", group="What if it were wrong", help="A bug in the pass made by hand")
    ] = "none"
    steps: Annotated[int, Slider(1, 10_000, log=True, help="Nodes that it visits, forward and backward")] = 191


@dataclass(frozen=True)
class Moment:
    """Where the walk over the graph is: nodes that have their value, that have handed back their δ, and the one at work."""

    forward: int
    backward: int
    at: Node | None
    word: str


def moment_of(nodes: tuple[Node, ...], clock: int) -> Moment:
    """Clock 0 … 2n + 1 of a graph with n nodes that compute: n forward, the 1 at the end, n backward, the update."""
    order = inner(nodes)
    n = len(order)
    if clock <= n:
        at = order[clock - 1] if clock else None
        return Moment(clock, -1, at, "forward" if clock else "begin")
    if clock == n + 1:
        return Moment(n, 0, order[-1], "∂L/∂L = 1")
    return Moment(n, clock - n - 1, order[2 * n + 1 - clock], "backward")


@lab(
    title="Back-propagation",
    topic="neurons",
    place=3,
    source="Rumelhart, Hinton & Williams 1986; notes, Backpropagation",
    summary="Follow a gradient back, edge by edge",
    speed=1,
    portrait=Portrait("graph", steps=8, sets={"graph": "used twice"}),
    views=(
        View("graph", "The graph", wide=True),
        View("table", "Every node"),
        View("layer", "A layer at once"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Visits one node a step: all forward, all backward, then one update."""
    leaves = torch.tensor(p.leaves[0], dtype=torch.float64)
    stale = torch.zeros_like(leaves)
    state: dict[str, Any] = {"clock": 0, "updates": 0, "graph": p.graph, "leaves": list(p.leaves[0])}
    ctx.track(leaves=leaves, stale=stale, state=state)

    def draw() -> Iterator[Frame]:
        nodes = GRAPHS[p.graph]
        moment = moment_of(nodes, state["clock"] if state["graph"] == p.graph else 0)
        walked = by_hand(nodes, tuple(leaves.tolist()), p.activation, p.bug, max(0, moment.backward))
        if ctx.due("graph"):
            yield draw_graph(walked, moment, p.activation, state["updates"])
        if ctx.due("table"):
            yield draw_table(walked, moment, by_autograd(nodes, tuple(leaves.tolist()), p.activation))
        if ctx.due("layer"):
            yield draw_layer(Layers.drawn(ctx.view_rng()), p.activation, p.bug)

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        if (state["graph"], state["leaves"]) != (p.graph, list(p.leaves[0])):
            state.update(clock=0, updates=0, graph=p.graph, leaves=list(p.leaves[0]))
            leaves.copy_(torch.tensor(p.leaves[0]))
            stale.zero_()
        nodes = GRAPHS[p.graph]
        state["clock"] += 1
        if state["clock"] == 2 * len(inner(nodes)) + 2:
            update(nodes, leaves, stale, p)
            state.update(clock=0, updates=state["updates"] + 1)
    yield from ()  # all that it shows are pictures, which come from `draw`


def update(nodes: tuple[Node, ...], leaves: Tensor, stale: Tensor, p: Params) -> None:
    """Every leaf that learns goes down its δ. `stale`: the last one's δ, which stays only if nobody clears it."""
    deltas = by_hand(nodes, tuple(leaves.tolist()), p.activation, p.bug).deltas
    own = [node for node in nodes if not node.rule]
    for index, node in enumerate(own):
        kept = float(stale[index]) if p.bug == "gradients never cleared" else 0.0
        stale[index] = deltas[node.name] + kept
        leaves[index] -= p.lr * float(stale[index]) * node.learns


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_graph(walked: Pass, moment: Moment, activation: str, updates: int) -> Plot:
    """The graph; over each edge the value that went along it, under it the gradient that came back."""
    nodes, order = walked.nodes, inner(walked.nodes)
    index = {node.name: k for k, node in enumerate(nodes)}
    places = np.array([node.at for node in nodes], float)
    known = {node.name for node in nodes if not node.rule} | {node.name for node in order[: moment.forward]}
    edges = [
        (index[name], index[node.name], node.name, place) for node in order for place, name in enumerate(node.takes)
    ]
    back = np.array([walked.carried.get((name, place), 0.0) for *_, name, place in edges])
    there = np.array([walked.values[nodes[start].name] * (nodes[start].name in known) for start, *_ in edges])
    along = np.array([(places[start], places[end]) for start, end, *_ in edges])
    middle = along[:, 0] + (along[:, 1] - along[:, 0]) * SPOT  # where edges to one node are still apart
    names = tuple(symbol(node, activation) for node in nodes)
    graph = Graph(
        places, np.array([edge[:2] for edge in edges]), back if moment.backward > 0 else there, names, node_size=40
    )
    lift = np.array([0, 0.16])
    values = tuple(
        short(value) if nodes[edge[0]].name in known else "" for value, edge in zip(there, edges, strict=True)
    )
    slopes = tuple(f"δ {short(b)}" if edge[2:] in walked.carried else "" for b, edge in zip(back, edges, strict=True))
    ends = (f"L = {short(walked.values['L'])}" if "L" in known else "", "δ 1" if moment.backward >= 0 else "")
    layers: list[Any] = [graph]
    if moment.at is not None:
        layers.append(Scatter(np.array([moment.at.at]), colour=1 if moment.backward < 0 else 6, size=50, hollow=True))
    layers += [
        texts(middle + lift, values),
        texts(middle - lift, slopes),
        texts(places[-1] + np.array([[-0.1, 0.6], [0, -0.6]]), ends),
    ]
    bare = ((-99.0, ""),)  # no ticks: where a node stands says nothing
    return Plot("graph", tuple(layers), Axis(ticks=bare), Axis(ticks=bare), note=said(walked, moment, updates))


def texts(places: np.ndarray, words: tuple[str, ...]) -> Scatter:
    """Words at places `[N, 2]`; an empty one leaves no dot."""
    kept = [k for k, word in enumerate(words) if word]
    return Scatter(places[kept].reshape(-1, 2), labels=tuple(words[k] for k in kept), size=1)


def symbol(node: Node, activation: str) -> str:
    """What is written in a node: a leaf's name, else what it does."""
    return (
        {"sigmoid": "σ", "tanh": "tanh", "ReLU": "ReLU", "identity": "id"}[activation]
        if node.rule == "φ"
        else node.rule or node.name
    )


def short(value: float) -> str:
    """A number with a true minus sign, short enough for an edge."""
    return number(value, 2)


def said(walked: Pass, moment: Moment, updates: int) -> str:
    """What happens now, as a sentence with its numbers."""
    node, count = moment.at, f"update {updates + 1}: "
    if node is None:
        return count + "the leaves have their values"
    taken = [short(walked.values[name]) for name in node.takes]
    if moment.word == "forward":
        return f"{count}forward, {node.name} = {node.rule} of {', '.join(taken)} = {short(walked.values[node.name])}"
    if moment.word != "backward":
        return f"{count}the loss moves with itself, δ = 1"
    given = short(walked.deltas[node.name])
    parts = [
        f"{name} gets {given} · {short(slope)}"
        for name, slope in zip(node.takes, walked.slopes[node.name], strict=True)
    ]
    return f"{count}backward, {', '.join(parts)}"


def draw_table(walked: Pass, moment: Moment, torchs: dict[str, float]) -> Table:
    """Every node with its value, its local slopes, its δ by hand and torch's; a dot where the walk has not been."""
    order, reached = inner(walked.nodes), moment.backward
    handed = {node.name for node in order[::-1][: max(0, reached)]}
    done = {name for node in order if node.name in handed for name in node.takes} | ({"L"} if reached >= 0 else set())
    rows = []
    for node in walked.nodes:
        known = not node.rule or node in order[: moment.forward]
        slopes = ", ".join(short(slope) for slope in walked.slopes.get(node.name, ()))
        value, local = (short(walked.values[node.name]), slopes or "—") if known else ("·", "·")
        hand = short(walked.deltas[node.name]) if node.name in done else "·"
        rows.append((node.name, value, local, hand, short(torchs[node.name])))
    gap = max(abs(walked.deltas[name] - torchs[name]) for name in torchs)
    agree = "by hand = autograd" if gap < 1e-9 else f"by hand off by {number(gap, 2)}"
    note = agree if reached == len(order) else ""
    return Table("table", ("node", "value", "slope", "δ", "autograd"), tuple(rows), note=note)


def draw_layer(layers: Layers, activation: str, bug: str) -> Plot:
    """(W²)ᵀδ² ⊙ σ′(z¹) = δ¹, number by number."""
    back, slope, delta, _ = layers.backward(activation, bug)
    reach = max(float(back.abs().max()), 1e-9)
    blocks = (
        Block("W²ᵀ δ²", back.numpy(), (-reach, reach)),
        Block("φ′(z¹)", slope.numpy(), (0, 1)),
        Block("δ¹", delta.numpy(), (-reach, reach)),
    )
    gap = layer_gap(layers, activation, bug)
    note = "δ¹ xᵀ = autograd" if gap < 1e-9 else f"δ¹ xᵀ off by {number(gap, 2)}"
    return side_by_side("layer", blocks, ("⊙", "="), note)


# Proof ----------------------------------------------------------------------------------------------------------------


def cases(ctx: CheckContext) -> Iterator[tuple[tuple[Node, ...], Numbers, str]]:
    """Every graph with every activation at five random leaves."""
    for nodes in GRAPHS.values():
        for activation in ACTIVATIONS:
            for leaves in torch.randn(5, 6, generator=ctx.rng, dtype=torch.float64).tolist():
                yield nodes, tuple(leaves), activation


@check(
    "every δ equals autograd's",
    tolerance=1e-9,
    source="torch.autograd, float64",
    catches="a product that hands each factor its own value, φ′ taken at a instead of z",
)
def agrees(ctx: CheckContext) -> Measured:
    """Four graphs, four activations, five sets of leaves: the largest difference of any node."""
    worst = 0.0
    for nodes, leaves, activation in cases(ctx):
        hand, torchs = by_hand(nodes, leaves, activation, Params.bug).deltas, by_autograd(nodes, leaves, activation)
        worst = max(worst, *(abs(hand[name] - torchs[name]) / max(1.0, abs(torchs[name])) for name in torchs))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "a value that is used twice adds up both paths",
    tolerance=1e-12,
    source="L = ½(a + ab − t)²: ∂L/∂a = (a + ab − t)(1 + b)",
    catches="gradients that overwrite each other",
)
def adds(ctx: CheckContext) -> Measured:
    """With a = 1.3, b = −0.4, t = 0.2."""
    found = by_hand(GRAPHS["used twice"], (1.3, -0.4, 0.2), "identity", Params.bug).deltas["a"]
    return Measured((1.3 - 0.52 - 0.2) * 0.6, found)


@check(
    "back at the scores, softmax and −ln leave p − y",
    tolerance=1e-12,
    source="notes, Gradient of Softmax Activation",
    catches="a quotient whose denominator gets no gradient",
)
def leaves_p_minus_y(ctx: CheckContext) -> Measured:
    """The largest difference over random scores."""
    worst = 0.0
    for z in torch.randn(20, 3, generator=ctx.rng, dtype=torch.float64):
        found = by_hand(GRAPHS["softmax"], tuple(z.tolist()), "identity").deltas
        hand = torch.tensor([found["z₁"], found["z₂"], found["z₃"]], dtype=torch.float64)
        worst = max(worst, float((hand - z.softmax(0) + torch.tensor([1.0, 0, 0])).abs().max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "δ is the slope that one measures by nudging",
    tolerance=1e-6,
    source="central differences, h = 1e−5",
    catches="a slope of the wrong sign",
)
def nudged(ctx: CheckContext) -> Measured:
    """Every leaf of every graph, tanh: the loss at ± h."""
    worst, h = 0.0, 1e-5
    for nodes in GRAPHS.values():
        own = [node.name for node in nodes if not node.rule]
        leaves = torch.randn(len(own), generator=ctx.rng, dtype=torch.float64)
        deltas = by_hand(nodes, tuple(leaves.tolist()), "tanh").deltas
        for index, name in enumerate(own):
            nudge = h * torch.eye(len(own), dtype=torch.float64)[index]
            up, down = (by_hand(nodes, tuple((leaves + way * nudge).tolist()), "tanh").values["L"] for way in (1, -1))
            worst = max(worst, abs((up - down) / (2 * h) - deltas[name]) / max(1.0, abs(deltas[name])))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "δ¹ = W²ᵀδ² ⊙ φ′(z¹), and ∂L/∂W¹ = δ¹xᵀ",
    tolerance=1e-12,
    source="notes, Backpropagation; torch.autograd, float64",
    catches="φ′ taken at the activation",
)
def layer_agrees(ctx: CheckContext) -> Measured:
    """All four activations."""
    layers = Layers.drawn(ctx.rng)
    return Measured(0.0, max(layer_gap(layers, name) for name in ACTIVATIONS), detail="largest difference")


@check(
    "twenty updates take the loss down",
    tolerance=0.0,
    source="gradient descent",
    catches="an update uphill, gradients that are never cleared",
)
def descends(ctx: CheckContext) -> Measured:
    """Every graph with tanh: the largest share of the first loss that is left."""
    shares = []
    for name, nodes in GRAPHS.items():
        walk = 2 * len(inner(nodes)) + 2
        end = tuple(ctx.train(graph=name, activation="tanh", lr=0.3, steps=20 * walk).tracked["leaves"].tolist())
        first = by_hand(nodes, Params().leaves[0], "tanh").values["L"]
        shares.append(by_hand(nodes, end, "tanh").values["L"] / first)
    return Measured(0.5, max(shares), "at most", "share of the loss that is left")

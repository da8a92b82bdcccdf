r"""One neuron draws one straight line. A layer draws several, and the next layer weighs them until one line is enough.

$$ a^{(0)} = \varphi(x), \qquad a^{(l)} = \sigma\big(W^{(l)} a^{(l-1)} + b^{(l)}\big) $$

$$ p = \operatorname{softmax}\big(W^{(L)} a^{(L-1)} + b^{(L)}\big) $$

$\varphi$ are the features that you switch on, $\sigma$ the activation. Every node of the drawn network is a map of the plane: what this
neuron answers at each place. The last maps are the decision. *Last hidden layer* shows the same points as the output sees them, in
the plane in which it decides: there its borders are straight, whatever they look like here.

## The loss and where it starts
Training lowers the cross-entropy of the right class $y$, in nats, with a penalty on the weights if you choose one:

$$ \mathcal L = -\frac1N \sum_i \ln p_{y_i}(x_i) \;+\; \lambda \sum_{w} w^2 \quad\text{or}\quad \lambda \sum_w \lvert w \rvert $$

A network that knows nothing should say so: $p = 1/C$ for each of $C$ classes, a loss of $\ln C$ ($0.693$ for two). Hidden weights start
from $\mathcal N(0, 1/n)$ with $n$ inputs, which keeps the size of what flows through. The last layer starts ten times smaller, so that
all scores begin near 0 and the softmax near $1/C$. With large last weights it would begin *sure and wrong*, and first unlearn that.

## The best that anyone can do
The classes overlap where the noise carries points across. With densities $p_k$ that are known, no classifier beats the Bayes rule, nor the
entropy of the answer given the place:

$$ \text{error}^* = 1 - \int \max_k \tfrac1C\, p_k(x)\,dx, \qquad H(Y \mid X) = \mathbb E\big[-\ln p(y \mid x)\big] $$

They are the dashed lines of the charts and the thin boundary in the plane. The test loss is **{{loss/test}}** now, the train loss
**{{loss/train}}**: a train loss below the entropy has learned the noise by heart.

## Try
- XOR with no hidden layer: three corners of four. Switch on $x_1 x_2$: one weight solves it.
- Linear as the activation: however deep, one line.
- Pause, drag an edge of the network, and see every map behind it answer. Build XOR by hand.
- Spirals with 8 and 8 neurons; then few points, much noise, and L2.

An edited weight is set once and training goes on from it. The data, your points and your edits are parameters like any other, so the
share string of the page carries the whole experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Axis,
    Button,
    Choice,
    Contour,
    Frame,
    Graph,
    Heat,
    Layer,
    Measured,
    Pick,
    Plot,
    PointSet,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.data.lines import best_line_accuracy
from engine.data.planar import NAMES, bayes, bayes_leads
from engine.data.planar_task import OWN, Places, PlanarTask, make_task
from engine.nn.mlp import ACTIVATIONS, Mlp
from engine.nn.network_graph import edge_weights, picture_of_one, set_edge, tint, wire
from engine.nn.principal import decision_plane

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH, GRID, THUMB = 1.5, 72, 28
EXTENT = (-REACH, REACH, -REACH, REACH)
CLASSES = 3  # outputs of the network; data of two classes uses the first two
TINTS = np.array([[0.337, 0.706, 0.914], [0.902, 0.624, 0.0], [0.0, 0.62, 0.451]])  # of the classes, as in the theme

FEATURES: dict[str, Callable[[Tensor], Tensor]] = {
    "x₁": lambda x: x[:, 0],
    "x₂": lambda x: x[:, 1],
    "x₁²": lambda x: x[:, 0] ** 2,
    "x₂²": lambda x: x[:, 1] ** 2,
    "x₁x₂": lambda x: x[:, 0] * x[:, 1],
    "sin 2πx₁": lambda x: torch.sin(2 * torch.pi * x[:, 0]),
    "sin 2πx₂": lambda x: torch.sin(2 * torch.pi * x[:, 1]),
}
OPTIMISERS: dict[str, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "SGD": lambda weights: torch.optim.SGD(weights),
    "momentum": lambda weights: torch.optim.SGD(weights, momentum=0.9),
    "Nesterov": lambda weights: torch.optim.SGD(weights, momentum=0.9, nesterov=True),
    "Adagrad": lambda weights: torch.optim.Adagrad(weights),
    "RMSProp": lambda weights: torch.optim.RMSprop(weights),
    "Adam": lambda weights: torch.optim.Adam(weights),
}
PENALTIES: dict[str, Callable[[Tensor], Tensor]] = {"none": torch.zeros_like, "L1": torch.abs, "L2": torch.square}


def feature(name: str) -> Toggle:
    """The switch of a feature."""
    return Toggle(
        label=name, live=True, group="Features", help=f"Feed the network {name}; off holds that input at zero"
    )


def hidden(number: int) -> Slider:
    """The width of a hidden layer."""
    help_text = "Neurons in this hidden layer: each draws a line of its own; 0 leaves the layer out"
    return Slider(0, 8, label=f"Hidden layer {number}", group="Network", help=help_text)


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[str, Choice(*NAMES, OWN, live=True, group="Data", help="The points that it learns to colour")] = (
        "xor"
    )
    points: Annotated[
        Places,
        PointSet(-REACH, REACH, CLASSES, live=True, group="Data", help="Points you place; they join the training set"),
    ] = ()
    noise: Annotated[
        float,
        Slider(0.0, 0.5, step=0.01, live=True, group="Data", help="How far points stray from their class's shape"),
    ] = 0.15
    count: Annotated[
        int, Slider(10, 2000, log=True, live=True, group="Data", help="Points to learn from and to test on, together")
    ] = 400
    train_share: Annotated[
        float, Slider(0.1, 0.9, step=0.05, live=True, group="Data", help="The share it learns from; the rest tests it")
    ] = 0.5
    redraw: Annotated[
        int, Button(label="Draw other points", live=True, group="Data", help="Another sample of the same data set")
    ] = 0
    x1: Annotated[bool, feature("x₁")] = True
    x2: Annotated[bool, feature("x₂")] = True
    x1_squared: Annotated[bool, feature("x₁²")] = False
    x2_squared: Annotated[bool, feature("x₂²")] = False
    product: Annotated[bool, feature("x₁x₂")] = False
    sine_x1: Annotated[bool, feature("sin 2πx₁")] = False
    sine_x2: Annotated[bool, feature("sin 2πx₂")] = False
    layer_1: Annotated[int, hidden(1)] = 6
    layer_2: Annotated[int, hidden(2)] = 4
    layer_3: Annotated[int, hidden(3)] = 0
    layer_4: Annotated[int, hidden(4)] = 0
    activation: Annotated[
        str, Choice(*ACTIVATIONS, live=True, group="Network", help="What each hidden neuron does to its weighted sum")
    ] = "tanh"
    edit: Annotated[
        tuple[float, ...],
        Pick(
            label="Edited weights",
            live=True,
            group="Network",
            help="Weights set by hand, as edge, weight, edge, weight …",
        ),
    ] = ()
    optimiser: Annotated[
        str, Choice(*OPTIMISERS, live=True, group="Training", help="How the gradient becomes a step")
    ] = "Adam"
    lr: Annotated[
        float, Slider(1e-4, 10.0, log=True, live=True, label="Learning rate", group="Training", help="Length of a step")
    ] = 0.01
    batch: Annotated[
        int, Slider(1, 256, log=True, live=True, group="Training", help="Points in each step's gradient: few are noisy")
    ] = 32
    penalty: Annotated[
        str, Choice(*PENALTIES, live=True, group="Training", help="L1 empties weights, L2 shrinks them; biases go free")
    ] = "none"
    strength: Annotated[
        float,
        Slider(1e-5, 1.0, log=True, live=True, label="Penalty λ", group="Training", help="The price of the weights"),
    ] = 0.001
    steps: Annotated[int, Slider(1, 100_000, log=True, group="Training", help="How many gradient steps it makes")] = (
        3000
    )


def switches(p: Params) -> tuple[bool, ...]:
    """Which features are on, in their order."""
    return (p.x1, p.x2, p.x1_squared, p.x2_squared, p.product, p.sine_x1, p.sine_x2)


def features_of(places: Float[Tensor, "n 2"]) -> Float[Tensor, "n 7"]:
    """Every feature at these places, whether it is on or off."""
    return torch.stack([make(places) for make in FEATURES.values()], 1)


def answers_of(net: Mlp, p: Params, places: Float[Tensor, "n 2"], classes: int) -> list[Float[Tensor, "n _"]]:
    """What every layer answers at these places: the features first, the scores of the classes that there are last."""
    on = torch.tensor(switches(p), dtype=places.dtype, device=places.device)
    answers: list[Tensor] = net(features_of(places) * on, p.activation)
    return [*answers[:-1], answers[-1][:, :classes]]


def make_net(p: Params) -> Mlp:
    """The network that the parameters describe, at its start."""
    widths = (width for width in (p.layer_1, p.layer_2, p.layer_3, p.layer_4) if width)
    return Mlp((len(FEATURES), *widths, CLASSES), inputs_on=sum(switches(p)))


def apply_edits(net: Mlp, edits: tuple[float, ...], applied: Float[Tensor, "e"]) -> None:
    """Sets the weights that the person edited since.

    Args:
        net: the network.
        edits: edge, weight, edge, weight …; an edge that this network does not have is passed over.
        applied: the weight last set by hand on each edge, NaN for never; kept up to date here.
    """
    for number, weight in zip(edits[::2], edits[1::2], strict=False):
        edge = int(number)
        if 0 <= edge < len(applied) and applied[edge] != weight:
            set_edge(net.linears, wire(net.sizes).places[edge], weight)
            applied[edge] = weight


def train_step(net: Mlp, optimiser: torch.optim.Optimizer, p: Params, data: PlanarTask, rng: torch.Generator) -> None:
    """One step down the gradient of a mini-batch's loss and of the penalty."""
    for group in optimiser.param_groups:
        group["lr"] = p.lr
    chosen = torch.randint(len(data.labels["train"]), (p.batch,), generator=rng).to(data.labels["train"].device)
    scores = answers_of(net, p, data.places["train"][chosen], data.classes)[-1]
    price = torch.stack([PENALTIES[p.penalty](layer.weight).sum() for layer in net.linears]).sum()
    optimiser.zero_grad()
    (functional.cross_entropy(scores, data.labels["train"][chosen]) + p.strength * price).backward()
    optimiser.step()


@torch.no_grad()
def scores_of(net: Mlp, p: Params, data: PlanarTask) -> list[Frame]:
    """Loss and accuracy on all the points that there are, before the step."""
    frames: list[Frame] = []
    for part, labels in data.labels.items():
        if len(labels):
            scores = answers_of(net, p, data.places[part], data.classes)[-1]
            frames.append(Scalar(f"loss/{part}", functional.cross_entropy(scores, labels)))
            frames.append(Scalar(f"accuracy/{part}", (scores.argmax(1) == labels).float().mean()))
    return frames


@lab(
    title="Network playground",
    topic="neurons",
    place=5,
    source="Rumelhart, Hinton & Williams 1986; notes, Neural Network Basics and Training",
    summary="Bend the plane until one line is enough",
    portrait=Portrait("network", steps=600, sets={"data": "xor"}),
    speed=60,
    views=(
        View("plane", "The decision", "click adds a point, drag moves it, right-click removes it"),
        View("network", "Every neuron's map", "drag an edge up or down to change its weight"),
        View("hidden", "Last hidden layer", "straight borders are enough here"),
        View("loss", "Cross-entropy", unit="nats"),
        View("accuracy", "Accuracy"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains the network, one mini-batch a step."""
    net = make_net(p).to(ctx.device)
    optimisers = {name: make(list(net.parameters())) for name, make in OPTIMISERS.items()}
    applied = torch.full((sum(weights.numel() for weights in net.parameters()),), torch.nan)
    known: dict[str, Any] = {"data": 0, "optimiser": p.optimiser}
    ctx.track(net=net, optimisers=optimisers, applied=applied, known=known)

    def data_now() -> PlanarTask:
        return make_task(p.data, p.points, p.noise, p.count, p.train_share, (ctx.seed, p.redraw), ctx.device)

    def draw() -> Iterator[Frame]:
        apply_edits(net, p.edit, applied)  # an edit shows at once, even while the run is paused
        for name, picture in (("plane", draw_plane), ("network", draw_network), ("hidden", draw_hidden)):
            if ctx.due(name):
                yield picture(net, p, data_now())

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        apply_edits(net, p.edit, applied)
        data = data_now()
        if known["data"] != data.key:
            known["data"] = data.key
            yield from truths(data)
        if known["optimiser"] != p.optimiser:
            known["optimiser"] = p.optimiser
            optimisers[p.optimiser].state.clear()  # it begins afresh, without the momentum of an earlier turn
        yield from scores_of(net, p, data)
        if len(data.labels["train"]):
            train_step(net, optimisers[p.optimiser], p, data, ctx.rng)


def truths(data: PlanarTask) -> Iterator[Frame]:
    """The best that any classifier can do, where the density of the data is known."""
    if data.bayes is not None:
        yield Truth("loss/test", data.bayes.entropy, "entropy H(Y|X)")
        yield Truth("accuracy/test", 1 - data.bayes.error, "Bayes")


# Pictures -------------------------------------------------------------------------------------------------------------


def grid(size: int) -> Float[Tensor, "s 2"]:
    """Places evenly over the plane, row by row from its low edge."""
    axis = torch.linspace(-REACH, REACH, size)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).reshape(-1, 2)


@torch.no_grad()
def maps_of(net: Mlp, p: Params, classes: int, size: int) -> list[Float[np.ndarray, "n h w"]]:
    """What every neuron answers all over the plane, layer by layer; the last ones are probabilities."""
    answers = answers_of(net, p, grid(size).to(net.linears[0].weight.device), classes)
    answers[-1] = answers[-1].softmax(1)
    return [answer.T.reshape(-1, size, size).cpu().numpy() for answer in answers]


def scatters(places: dict[str, Any], data: PlanarTask) -> tuple[Scatter, Scatter]:
    """The points at these places: hollow to test, filled to learn from."""
    return (
        Scatter(places["test"], groups=data.labels["test"], size=6, hollow=True),
        Scatter(places["train"], groups=data.labels["train"], size=7),
    )


def regions(chance: Float[np.ndarray, "c h w"], extent: tuple[float, float, float, float], legend: str) -> list[Layer]:
    """Which class wins where: with two classes how surely, and the border; with three whose region it is."""
    if len(chance) > 2:
        return [Heat(chance.argmax(0), extent, "classes", opacity=0.4)]
    return [
        Heat(chance[1], extent, "diverging", (0, 1), legend=legend, centre=0.5, opacity=0.75),
        Contour(chance[1], extent, (0.5,), label="border", colour=7, width=2),
    ]


def draw_plane(net: Mlp, p: Params, data: PlanarTask) -> Plot:
    """The decision at every place, its border beside the Bayes rule's, and the points."""
    layers = regions(maps_of(net, p, data.classes, GRID)[-1], EXTENT, "p(class 1)")
    for lead in bayes_leads(p.data, p.noise, REACH, GRID) if data.bayes is not None else ():
        layers.append(Contour(lead, EXTENT, label="Bayes rule", colour=3, width=1))
    x, y = (Axis(name, range=(-REACH, REACH)) for name in ("x₁", "x₂"))
    return Plot("plane", (*layers, *scatters(data.places, data)), x, y, equal=True, edits="points")


def draw_network(net: Mlp, p: Params, data: PlanarTask) -> Plot:
    """The network, with every neuron's map in its node; an edge's width is its weight. A feature that is off is pale, without edges."""
    _, *layers, chance = maps_of(net, p, data.classes, THUMB)
    on = np.array(switches(p))
    features = features_of(grid(THUMB)).T.reshape(-1, THUMB, THUMB).numpy()
    columns = [sized(features) * np.where(on, 1.0, 0.25)[:, None, None], *(sized(layer) for layer in layers)]
    # the first row of a map is its lowest, that of a picture its highest
    pictures = [np.concatenate([tint(column[:, ::-1], *TINTS[:2]), picture_of_one(THUMB)]) for column in columns]
    pictures += [tint(part[None, ::-1], TINTS[k], TINTS[k]) for k, part in enumerate(chance)]
    wiring = wire((*(len(column) for column in columns), data.classes))
    # An edge from a feature that is off shrinks to a point under its node: it keeps its number, and nobody can grasp it.
    off = (wiring.places[:, 0] == 0) & ~np.append(on, True)[wiring.places[:, 2].clip(max=len(on))]
    ends = np.where(off[:, None], wiring.ends[:, :1], wiring.ends)
    weights = edge_weights(net.linears, data.classes).cpu().numpy()
    labels = [name.replace("2π", "") for name in FEATURES]  # short ones: the network needs the room
    labels += ["", *("" for layer in layers for _ in range(len(layer) + 1)), *("p₀ p₁ p₂".split()[: data.classes])]
    graph = Graph(wiring.nodes, ends, np.where(off, 0.0, weights), tuple(labels), pictures=np.concatenate(pictures))
    return Plot("network", (graph,), edits="edit")


def sized(maps: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n h w"]:
    """Every map scaled to −1 … 1; a map of next to nothing stays pale."""
    return maps / np.abs(maps).max((1, 2), keepdims=True).clip(0.05)


@torch.no_grad()
def draw_hidden(net: Mlp, p: Params, data: PlanarTask) -> Plot:
    """The points as the last layer gets them, seen in the plane in which it decides, and its straight borders there."""
    seen = {part: answers_of(net, p, places, data.classes)[-2] for part, places in data.places.items()}
    last, centre = net.linears[-1], seen["train"].mean(0).nan_to_num()
    axes = decision_plane(last.weight[: data.classes], seen["train"] - centre)
    flat = {part: ((values - centre) @ axes.T).cpu() for part, values in seen.items()}
    reach = 1.1 * max([float(points.abs().max()) for points in flat.values() if len(points)], default=1.0)
    scores = last(grid(GRID).to(axes) * (reach / REACH) @ axes + centre)[:, : data.classes]
    chance = scores.softmax(1).T.reshape(-1, GRID, GRID).cpu().numpy()
    layers = (*regions(chance, (-reach, reach, -reach, reach), ""), *scatters(flat, data))
    return Plot("hidden", layers, Axis("where the layer decides"), Axis("the rest"))


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "XOR is learned to the last training point, from three starts",
    tolerance=0.0,
    source="Rumelhart, Hinton & Williams 1986",
    catches="hidden layers without their activation",
)
def xor_is_solved(ctx: CheckContext) -> Measured:
    """Six and four tanh neurons, 200 steps of Adam."""
    trained = (replace(ctx, seed=seed).train(noise=0.1, steps=200) for seed in (0, 1, 2))
    return Measured(1.0, min(run.last("accuracy/train") for run in trained), detail="lowest of three")  # 1, 1, 1


@check(
    "the first loss is ln C",
    tolerance=0.02,
    source="entropy of the uniform answer",
    catches="a last layer that starts as large as the others",
)
def first_loss(ctx: CheckContext) -> Measured:
    """Two and three classes, three starts each: the loss furthest from ln C, as a share of it."""
    shares = []
    for name, classes in (("xor", 2), ("pinwheel", 3)):
        for seed in (0, 1, 2):
            loss = replace(ctx, seed=seed).train(data=name, steps=1).last("loss/train")
            shares.append(loss / float(np.log(classes)))
    return Measured(1.0, max(shares, key=lambda share: abs(share - 1)), detail="loss / ln C, the furthest of six")


@check(
    "layers without an activation draw one line: XOR stays where the best line is",
    tolerance=0.0,
    source="brute force over every line through two points",
    catches="an activation that acts although it is linear",
)
def linear_is_one_line(ctx: CheckContext) -> Measured:
    """However deep, a product of matrices is a matrix."""
    trained = ctx.train(noise=0.1, activation="linear", steps=400).last("accuracy/train")
    data = make_task("xor", (), 0.1, 400, 0.5, (ctx.seed, 0))
    best = best_line_accuracy(data.places["train"].double().numpy(), 2 * data.labels["train"].numpy() - 1)
    return Measured(best, trained, "at most", "accuracy, beside the best of all lines")


@check(
    "an edge raised by δ moves the neuron at its end by δ times the neuron at its start",
    tolerance=1e-9,
    source="∂z_j/∂w_ij = a_i",
    catches="rows and columns taken for each other, a bias counted as a weight",
)
def edges_are_weights(ctx: CheckContext) -> Measured:
    """Every edge of the drawn graph in turn, in float64: the largest error over all places."""
    p = Params(layer_1=5, layer_2=3, activation="linear", product=True)
    net = make_net(p).double()
    places = torch.rand(7, 2, generator=ctx.rng, dtype=torch.float64)
    wiring, worst = wire(net.sizes), 0.0
    with torch.no_grad():
        before = answers_of(net, p, places, CLASSES)
        # the value at every node of the graph, the "1" behind each layer included
        at_node = torch.cat([torch.cat([layer, torch.ones(7, 1)], 1) for layer in before], 1)
        for edge, weight in enumerate(edge_weights(net.linears, CLASSES).tolist()):
            apply_edits(net, (edge, weight + 0.5), torch.full((len(wiring.ends),), torch.nan))
            after = answers_of(net, p, places, CLASSES)
            apply_edits(net, (edge, weight), torch.full((len(wiring.ends),), torch.nan))
            moved = torch.cat([torch.cat([layer, torch.ones(7, 1)], 1) for layer in after], 1) - at_node
            start, end = wiring.ends[edge]
            worst = max(worst, float((moved[:, end] - 0.5 * at_node[:, start]).abs().max()))
    return Measured(0.0, worst, detail="largest error over all edges")


@check(
    "the test loss of overlapping rings is their entropy H(Y|X)",
    tolerance=0.04,  # three groups of three samples gave 0.023, 0.022 and 0.023 above the entropy; 3 standard errors are 0.03
    source="H(Y|X) by quadrature",
    catches="a density that is not the one the points come from",
)
def entropy_is_the_floor(ctx: CheckContext) -> Measured:
    """1,000 points to learn from and 1,000 to test: the mean of three samples. A leak would fall below, a poor fit stay above."""
    trained = [replace(ctx, seed=seed).train(data="circles", noise=0.2, count=2000, steps=600) for seed in (0, 1, 2)]
    losses = [run.last("loss/test") for run in trained]
    return Measured(bayes("circles", 0.2).entropy, float(np.mean(losses)), detail="nats")

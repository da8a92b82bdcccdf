r"""Switch units off at random while the network learns: none can lean on another, and the whole is a crowd.

A unit that may find itself without its neighbours cannot make up for their mistakes (*co-adapt*); it must be of use by itself. In every
pass each hidden unit stays with probability $1 - p$, drawn anew:

$$ \tilde h_j = \frac{m_j}{1 - p}\, h_j, \qquad m_j \sim \text{Bernoulli}(1 - p) $$

## Why divide
With the factor the next sum keeps its mean, and only scatters. For a linear layer $\tilde y = \sum_j w_j \tilde h_j$,

$$ \mathbb E\,\tilde y = \sum_j w_j h_j, \qquad \operatorname{var} \tilde y = \frac{p}{1 - p} \sum_j w_j^2 h_j^2 $$

So at test time nothing is left to do: use all units as they are (*inverted* dropout). The original scales the other way, leaves the units
alone in training and multiplies the weights by $1 - p$ at test time. Forget both, and every layer shouts $1/(1-p)$ times too loud: choose
the bug and look at the whole network's curve.

## A crowd
A network with $n$ hidden units holds $2^n$ thinned networks that share weights. Each step trains some of them a little. The whole network
stands for their average: exactly so for one linear layer, as a geometric mean for one softmax layer, and nearly so for deeper ones.
*How many votes* shows the error of the average of $T$ thinned networks, beside the whole one's.

## Monte Carlo dropout
Keep dropping at test time and look at how far the thinned networks disagree. Where there were data they were all held to the same values;
beyond, they go apart: the band, mean ± 2 standard deviations, widens where the network does not know. It scatters by
**{{spread/at the data}}** at the data and by **{{spread/beyond}}** at $\lvert x \rvert = 2.5$. In the narrow gap between the data it
hardly grows: thinned networks share their weights and guess alike, so the band is a lower bound of doubt, not a promise.

**Try**: $p$ up and down in mid-run; place a few points far out and see the band close; drop at test time but once; freeze the mask.

Sources: notes, Dropout; Srivastava et al. 2014; Gal & Ghahramani 2016, arXiv:1506.02142; Goodfellow et al. 2016, section 7.12.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Axis,
    Band,
    Choice,
    Frame,
    Graph,
    Layer,
    Line,
    Measured,
    Plot,
    PointSet,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    View,
    check,
    lab,
)
from engine.api.words import number

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH, GAP, NOISE, EXAMPLES = 2.5, 0.45, 0.15, 32
DRAWN, PASSES, EVERY = (
    10,
    50,
    10,
)  # units of a layer that are drawn; thinned networks a picture; steps between two spreads
WITH, WITHOUT, TRUTH, WHOLE = 0, 1, 7, 2  # series colours
Data = dict[str, tuple[Tensor, Tensor]]  # x and y `[n]` of "train" and "test"
BUGS = ("none", "units not scaled", "still dropping at test time", "one mask for ever")


@dataclass
class Params:
    """What a person sets."""

    p: Annotated[
        float, Slider(0.0, 0.8, step=0.05, live=True, label="Dropped share p", help="The chance that a unit is off")
    ] = 0.2
    width: Annotated[int, Slider(4, 200, log=True, help="Units in each of the two hidden layers")] = 64
    points: Annotated[
        tuple[tuple[float, float, int], ...],
        PointSet(-REACH, REACH, 1, live=True, help="Points you place; both networks learn them too"),
    ] = ()
    probe: Annotated[
        float, Slider(-REACH, REACH, live=True, help="The input at which the last layer's scatter is measured")
    ] = 1.0
    lr: Annotated[
        float, Slider(1e-4, 0.03, log=True, live=True, label="Learning rate", help="Length of Adam's steps")
    ] = 0.005
    bug: Annotated[
        str,
        Choice(
            *BUGS,
            live=True,
            label="Bug",
            group="What if it were wrong",
            help="No 1/(1 − p); dropping where nobody asked for it; a mask that never changes",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many gradient steps both networks make")] = 2000


def draw_mask(shape: tuple[int, ...], p: float, rng: torch.Generator) -> Tensor:
    """Ones and zeros, zero with probability p."""
    return (torch.rand(shape, generator=rng) >= p).float()


def dropped(h: Tensor, mask: Tensor, p: float, bug: str = "none") -> Tensor:
    """Units behind a mask, scaled so that their mean stays."""
    return h * mask if bug == BUGS[1] else h * mask / (1 - p)


class Net(nn.Module):
    """One input, two hidden ReLU layers, one output."""

    def __init__(self, width: int, rng: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in ((1, width), (width, width), (width, 1)))
        for layer in self.linears:
            bound = 1 / math.sqrt(layer.in_features)
            nn.init.uniform_(layer.weight, -math.sqrt(3) * bound, math.sqrt(3) * bound, generator=rng)
            nn.init.uniform_(layer.bias, -bound, bound, generator=rng)

    @property
    def linears(self) -> list[nn.Linear]:
        """The three layers, the first one first."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    def hidden(self, x: Float[Tensor, "n"], masks: tuple[Tensor, Tensor] | None, p: float, bug: str = "none") -> Tensor:
        """The last hidden layer; with masks `[…, n or 1, width]` in front of it and of the layer before."""
        h: Tensor = x[:, None]
        for depth, layer in enumerate(self.linears[:2]):
            h = functional.relu(layer(h))
            if masks is not None:
                h = dropped(h, masks[depth], p, bug)
        return h

    def forward(
        self, x: Float[Tensor, "n"], masks: tuple[Tensor, Tensor] | None = None, p: float = 0.0, bug: str = "none"
    ) -> Tensor:
        """The answers `[…, n]`."""
        answer: Tensor = self.linears[2](self.hidden(x, masks, p, bug))
        return answer[..., 0]


def target(x: np.ndarray) -> np.ndarray:
    """The function behind the data."""
    return 0.9 * np.sin(2.6 * x) + 0.3 * x


@lru_cache(maxsize=8)
def make_data(points: tuple[tuple[float, float, int], ...], seed: int) -> Data:
    """Examples on both sides of a gap, to learn from (with the person's own) and to test on."""
    rng = np.random.default_rng(seed)
    found: Data = {}
    for part, count in (("train", EXAMPLES), ("test", 400)):
        x = rng.uniform(GAP, 1.5, count) * rng.choice([-1, 1], count)
        y = target(x) + NOISE * rng.standard_normal(count)
        own = np.array([(a, b) for a, b, _ in points]).reshape(-1, 2) if part == "train" else np.empty((0, 2))
        inputs, targets = np.concatenate([x, own[:, 0]]), np.concatenate([y, own[:, 1]])
        found[part] = (torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32))
    return found


def masks_for(
    net: Net, shape: tuple[int, ...], p: Params, rng: torch.Generator, frozen: Tensor
) -> tuple[Tensor, Tensor]:
    """Masks of both hidden layers, `[*shape, width]`. `frozen` `[2, width]`: random numbers of a mask that never changes."""
    width = net.linears[0].out_features
    if p.bug == BUGS[3]:
        mask = (frozen >= p.p).float().expand(2, width)
        return mask[0].expand(*shape, width), mask[1].expand(*shape, width)
    return draw_mask((*shape, width), p.p, rng), draw_mask((*shape, width), p.p, rng)


@torch.no_grad()
def thinned(net: Net, x: Tensor, passes: int, p: Params, rng: torch.Generator, frozen: Tensor) -> Float[Tensor, "t n"]:
    """What thinned networks answer: each one mask for the whole line."""
    answers: Tensor = net(x, masks_for(net, (passes, 1), p, rng, frozen), p.p, p.bug)
    return answers


@torch.no_grad()
def tested(net: Net, x: Tensor, p: Params, rng: torch.Generator, frozen: Tensor) -> Float[Tensor, "n"]:
    """The whole network's answer, as it is used after training."""
    if p.bug == BUGS[2]:
        return thinned(net, x, 1, p, rng, frozen)[0]
    answer: Tensor = net(x)
    return answer


@lab(
    title="Dropout",
    topic="training",
    place=3,
    source="Srivastava et al. 2014; Gal & Ghahramani 2016; notes, Dropout",
    summary="A crowd of networks in one, and what it does not know",
    speed=60,
    portrait=Portrait("fit", steps=400),
    views=(
        View("fit", "What it knows", "click adds a point, drag moves it, right-click removes it"),
        View("network", "This step's units"),
        View("scatter", "A linear layer scatters"),
        View("error", "Squared error"),
        View("spread", "How far they disagree"),
        View("votes", "How many votes"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Two networks from one start; one of them drops units."""
    nets = {"with": Net(p.width, ctx.rng), "without": Net(p.width, ctx.rng)}
    nets["without"].load_state_dict(nets["with"].state_dict())
    optimisers = {name: torch.optim.Adam(net.parameters()) for name, net in nets.items()}
    frozen, shown = torch.rand(2, p.width, generator=ctx.rng), torch.ones(2, p.width)
    ctx.track(**nets, **{f"optimiser {name}": one for name, one in optimisers.items()}, frozen=frozen, shown=shown)

    def draw() -> Iterator[Frame]:
        pictures = {"fit": draw_fit, "votes": draw_votes}
        for name, picture in pictures.items():
            if ctx.due(name):
                yield picture(nets, p, make_data(p.points, ctx.seed), ctx.view_rng(), frozen)
        if ctx.due("network"):
            yield draw_network(nets["with"], shown)
        if ctx.due("scatter"):
            yield draw_scatter(nets["with"], p, ctx.view_rng())

    ctx.draw_with(draw)
    for step in ctx.steps(p.steps):
        data = make_data(p.points, ctx.seed)
        x, y = data["train"]
        for name, net in nets.items():
            masks = masks_for(net, (len(x),), p, ctx.rng, frozen) if name == "with" else None
            loss = (net(x, masks, p.p, p.bug) - y).square().mean()
            optimisers[name].zero_grad()
            loss.backward()
            optimisers[name].param_groups[0]["lr"] = p.lr
            optimisers[name].step()
            if masks is not None:
                shown.copy_(torch.stack([mask[0] for mask in masks]))
        if step % EVERY == 0:
            yield from measured(nets, p, data, ctx.rng, frozen)


def measured(nets: dict[str, Net], p: Params, data: Data, rng: torch.Generator, frozen: Tensor) -> Iterator[Frame]:
    """Errors on new data, and how far thirty thinned networks disagree."""
    x, y = data["test"]
    yield Scalar("error/with", (tested(nets["with"], x, p, rng, frozen) - y).square().mean())
    with torch.no_grad():
        yield Scalar("error/without", (nets["without"](x) - y).square().mean())
    for place, at in (
        ("at the data", x[:60]),
        ("in the gap", torch.linspace(-0.8 * GAP, 0.8 * GAP, 20)),
        ("beyond", torch.tensor([-REACH, REACH])),
    ):
        yield Scalar(f"spread/{place}", thinned(nets["with"], at, 30, p, rng, frozen).std(0).mean())


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_fit(nets: dict[str, Net], p: Params, data: Data, rng: torch.Generator, frozen: Tensor) -> Plot:
    """Some thinned networks, their mean ± 2 standard deviations, the whole network, and the one that never dropped."""
    x = torch.linspace(-REACH, REACH, 121)
    crowd = thinned(nets["with"], x, PASSES, p, rng, frozen)
    mean, spread = crowd.mean(0), 2 * crowd.std(0)
    with torch.no_grad():
        plain = nets["without"](x)
    layers: list[Layer] = [Band(x, mean - spread, mean + spread, "mean ± 2 sd", WITH)]
    layers += [Line(x, one, colour=WITH, width=0.5) for one in crowd[:8]]
    layers += [
        Line(x, target(x.numpy()), "truth", TRUTH, True, 1),
        Line(x, plain, "without", WITHOUT, width=1.5),
        Line(x, tested(nets["with"], x, p, rng, frozen), "whole", WHOLE, width=2.5),
        Scatter(torch.stack(data["train"], 1)[:EXAMPLES], colour=TRUTH, size=5),
    ]
    return Plot("fit", tuple(layers), Axis("x", range=(-REACH, REACH)), Axis("y", range=(-2, 2)), edits="points")


def draw_network(net: Net, shown: Float[Tensor, "2 w"]) -> Plot:
    """The first units of both hidden layers, and what is left of their connections in this step."""
    k = min(DRAWN, shown.shape[1])
    heights = np.arange(k) - (k - 1) / 2
    columns = [
        np.array([[0.0, 0.0]]),
        *(np.stack([np.full(k, at), heights], 1) for at in (1.0, 2.0)),
        np.array([[3.0, 0.0]]),
    ]
    first = np.cumsum([0, *(len(column) for column in columns)])
    masks = [torch.ones(1), shown[0, :k], shown[1, :k], torch.ones(1)]
    ends, weights = [], []
    for depth in range(3):
        a, b = len(columns[depth]), len(columns[depth + 1])
        kept = masks[depth + 1][:, None] * masks[depth][None]
        live = (net.linears[depth].weight.detach()[:b, :a] * kept).numpy()
        ends += [
            (first[depth] + i, first[depth + 1] + j) for j, i in itertools.product(range(b), range(a)) if live[j, i]
        ]
        weights += [
            live[j, i] / max(abs(live).max(), 1e-9) for j, i in itertools.product(range(b), range(a)) if live[j, i]
        ]
    graph = Graph(
        np.concatenate(columns),
        np.array(ends).reshape(-1, 2),
        np.array(weights),
        ("x", *("" for _ in range(2 * k)), "y"),
        values=torch.cat(masks).numpy(),
        node_size=20,
    )
    off = int((1 - shown).sum())
    return Plot("network", (graph,), note=f"{off} are off")


def draw_scatter(net: Net, p: Params, rng: torch.Generator) -> Plot:
    """The output at the probe behind 4000 masks of the last layer, by hand and by torch, and the bell with theory's variance."""
    with torch.no_grad():
        terms = net.hidden(torch.tensor([p.probe]), None, 0.0)[0] * net.linears[2].weight[0]
        start = float(net.linears[2].bias[0])
        hand = dropped(terms, draw_mask((4000, len(terms)), p.p, rng), p.p, p.bug).sum(1).numpy() + start
    theory = math.sqrt(linear_variance(terms.numpy(), p.p))
    middle = float(terms.sum()) + start
    reach = max(4.5 * theory, 0.05)
    edges = np.linspace(middle - reach, middle + reach, 49)
    height = np.histogram(hand, edges)[0] / len(hand) / (edges[1] - edges[0])
    x = np.linspace(edges[0], edges[-1], 161)
    bell = np.exp(-(((x - middle) / max(theory, 1e-6)) ** 2) / 2) / (max(theory, 1e-6) * math.sqrt(2 * math.pi))
    top = 1.3 * float(bell.max())
    layers = (
        Line(np.repeat(edges, 2)[1:-1], np.repeat(height, 2), "dropped", WITH, width=2),
        Line(x, bell, "p/(1 − p) Σ w²h²", TRUTH, True, 2),
        Line(np.full(2, middle), np.array([0, top]), "whole", WHOLE, width=2),
    )
    note = f"sd {number(float(hand.std()), 2)}, theory {number(theory, 2)}"
    return Plot("scatter", layers, Axis("output at the probe"), Axis("density", range=(0, top)), note=note)


def linear_variance(terms: Float[np.ndarray, "n"], p: float) -> float:
    """p/(1 − p) Σ (w h)²."""
    return float(p / (1 - p) * np.square(terms).sum())


def draw_votes(nets: dict[str, Net], p: Params, data: Data, rng: torch.Generator, frozen: Tensor) -> Plot:
    """The error of the average of T thinned networks, beside the whole one's."""
    x, y = data["test"]
    crowd = thinned(nets["with"], x, 64, p, rng, frozen)
    counts = (1, 2, 4, 8, 16, 32, 64)
    errors = [float((crowd.view(-1, t, len(x)).mean(1) - y).square().mean()) for t in counts]
    whole = float((tested(nets["with"], x, p, rng, frozen) - y).square().mean())
    n = np.array(counts, float)
    layers = (
        Line(n, np.array(errors), "average of T", WITH, width=2),
        Scatter(np.stack([n, errors], 1), colour=WITH, size=6),
        Line(n, np.full(len(n), whole), "whole network", WHOLE, width=2),
        Line(n, np.full(len(n), NOISE**2), "noise", TRUTH, True),
    )
    top = max(0.1, math.ceil(12 * max(*errors, whole)) / 10)
    return Plot(
        "votes", layers, Axis("thinned networks T", log=True, range=(0.9, 72)), Axis("squared error", range=(0, top))
    )


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "a linear layer scatters by p/(1 − p) Σ w²x²",
    tolerance=0.05,
    source="variance of a sum of independent Bernoulli terms",
    catches="a variance of p(1 − p): units that are not scaled",
)
def variance(ctx: CheckContext) -> Measured:
    """Thirty inputs, p = 0.3, 40,000 masks: measured over theory."""
    terms = torch.randn(30, generator=ctx.rng)
    found = dropped(terms, draw_mask((40_000, 30), 0.3, ctx.rng), 0.3, Params.bug).sum(1)
    return Measured(1.0, float(found.var()) / linear_variance(terms.numpy(), 0.3), detail="measured / theory")


@check(
    "inverted scaling keeps the mean",
    tolerance=0.01,
    source="E m/(1 − p) = 1; notes, Dropout: Weight Scaling",
    catches="units that are not scaled, a mask that keeps p and not 1 − p",
)
def keeps_mean(ctx: CheckContext) -> Measured:
    """P = 0.1, 0.5, 0.8 on a million ones: the mean furthest from 1."""
    ones = torch.ones(1_000_000)
    means = [float(dropped(ones, draw_mask((1_000_000,), p, ctx.rng), p, Params.bug).mean()) for p in (0.1, 0.5, 0.8)]
    return Measured(1.0, max(means, key=lambda mean: abs(mean - 1)))


def every_mask(n: int, p: float) -> tuple[Tensor, Tensor]:
    """All 2^n masks `[2^n, n]` and their probabilities, float64."""
    masks = torch.tensor(list(itertools.product((0.0, 1.0), repeat=n)), dtype=torch.float64)
    return masks, (1 - p) ** masks.sum(1) * p ** (n - masks.sum(1))


@check(
    "over all 1,024 thinned networks, the linear mean and the softmax's geometric mean are the whole network's",
    tolerance=1e-12,
    source="Goodfellow et al. 2016, section 7.12, by enumeration, float64",
    catches="units that are not scaled",
)
def crowd_is_whole(ctx: CheckContext) -> Measured:
    """Ten units, three classes, p = 0.4: the largest difference."""
    h, w = torch.randn(10, generator=ctx.rng).double(), torch.randn(3, 10, generator=ctx.rng).double()
    masks, chances = every_mask(10, 0.4)
    scores = dropped(h, masks, 0.4, Params.bug) @ w.T
    linear = (chances @ scores - w @ h).abs().max()
    geometric = (chances @ scores.log_softmax(1)).softmax(0)
    return Measured(
        0.0, float(torch.maximum(linear, (geometric - (w @ h).softmax(0)).abs().max())), detail="largest difference"
    )


@check(
    "a unit that is off learns nothing, one that is on learns 1/(1 − p) as much",
    tolerance=1e-12,
    source="∂/∂w of w m h/(1 − p), torch.autograd, float64",
    catches="a mask that is left out backward",
)
def backward(ctx: CheckContext) -> Measured:
    """The largest difference from m h/(1 − p)."""
    h, mask = torch.randn(40, generator=ctx.rng).double(), draw_mask((40,), 0.4, ctx.rng).double()
    w = torch.randn(40, generator=ctx.rng).double().requires_grad_()
    (slope,) = torch.autograd.grad((w * dropped(h, mask, 0.4, Params.bug)).sum(), w)
    exact = torch.where(mask > 0, h / 0.6, 0.0)
    return Measured(0.0, float((slope - exact).abs().max()), detail="largest difference")


@check(
    "the crowd disagrees more where there were no data",
    tolerance=0.0,
    source="Gal & Ghahramani 2016; far from the data, at x = ±4, against at the data",
    catches="one mask for ever",
)
def knows_where(ctx: CheckContext) -> Measured:
    """The scatter of 100 thinned networks at ±4 over that at the examples, after 100 steps."""
    p = Params()
    trained = ctx.train(steps=100).tracked
    x = make_data((), ctx.seed)["train"][0]
    near, far = (
        float(thinned(trained["with"], at, 100, p, ctx.rng, trained["frozen"]).std(0).mean())
        for at in (x, torch.tensor([-4.0, 4.0]))
    )
    return Measured(
        1.3, far / max(near, 1e-9) if near > 1e-3 else 0.0, "at least", f"{near:.2f} at the data, {far:.2f} beyond"
    )

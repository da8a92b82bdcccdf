r"""Numbers of one size are easy to learn from. Standardise what comes in; **batch normalisation** does the same inside the network.

## Inputs
A feature measured in thousands pulls its weight a thousand times harder than one measured in units, and one learning rate has to serve
both. So each feature gets mean 0 and variance 1, with the mean and deviation of the **training** set, at test time too:

$$ x'_{ij} = \frac{x_{ij} - \mu_j}{\sigma_j} $$

Here every pixel is in a unit of its own, spread over {{spread}} decades. Standardising takes that away; *raw* has to live with it.

## Layers
While it learns, each layer changes what the next one sees. Batch normalisation takes the mean and variance of each unit over the
mini-batch $\mathcal B$, and lets the network choose a scale and a shift anew:

$$ \hat x_i = \frac{x_i - \mu_{\mathcal B}}{\sqrt{\sigma_{\mathcal B}^2 + \epsilon}}, \qquad y_i = \gamma\,\hat x_i + \beta $$

Multiply the weights before it by 10, or add a bias: $\hat x$ stays as it is. That is why it bears a higher learning rate and a worse
start, and why the layer before it needs no bias. $\mu$ and $\sigma$ depend on every example of the batch, so the gradient goes
through them too:

$$ \frac{\partial L}{\partial x_i} = \frac{\gamma}{\sigma}\Big(\delta_i - \overline{\delta} - \hat x_i\,\overline{\delta \hat x}\Big),
\qquad \delta_i = \frac{\partial L}{\partial y_i} $$

That line is the backward pass of this lab, by hand. The gradient can push no batch in the direction of its mean or its size.

## Train mode, eval mode
At test time there may be no batch, and the answer for one picture must not depend on its neighbours. So running averages are kept,

$$ \bar\mu \leftarrow (1-m)\,\bar\mu + m\,\mu_{\mathcal B}, \qquad
\bar\sigma^2 \leftarrow (1-m)\,\bar\sigma^2 + m\,\tfrac{n}{n-1}\sigma_{\mathcal B}^2 $$

and used in eval mode. *Two modes* judges the same network three ways: with running averages; with each test batch's own statistics, classes
mixed; and with batches of one class. In the last, what makes a 3 a 3 is the batch's mean, and is subtracted: chance is left. The running
averages start at 0 and 1, so at first eval mode lags behind.

## Try
- Spread 0, then 2.5: who minds?
- A start five times too large, or a learning rate of 1.
- Batches of 4: the statistics become noise. That noise regularises a little, and costs a lot.
- The bugs: statistics of the test batch, for layers or for inputs; a backward pass that takes $\mu$ and $\sigma$ for constants.

Sources: LeCun et al. 1998, *Efficient BackProp*, §4.3; Ioffe & Szegedy 2015, arXiv:1502.03167; notes, Data and Batch Normalization.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Axis,
    Band,
    Choice,
    Frame,
    Layer,
    Line,
    Measured,
    Plot,
    Scalar,
    Scatter,
    Slider,
    Table,
    Truth,
    View,
    check,
    lab,
)
from engine.api.lab import Portrait
from engine.api.words import number
from engine.data.digits import split_digits

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

EPSILON, WIDTH = 1e-5, 32
KINDS = ("raw", "standardised", "raw + BN", "standardised + BN")
BEST = KINDS[3]


@dataclass
class Params:
    """What a person sets."""

    spread: Annotated[float, Slider(0, 3, step=0.1, help="Decades over which the units of the inputs are spread")] = 1.5
    gain: Annotated[
        float, Slider(0.05, 10, log=True, label="Size of the start", help="Start weights, as a multiple of He's")
    ] = 1.0
    depth: Annotated[int, Slider(1, 10, label="Hidden layers", help="Hidden layers of 32 units each")] = 4
    lr: Annotated[
        float, Slider(1e-3, 3, log=True, live=True, label="Learning rate", help="Length of a step, for all networks")
    ] = 0.3
    batch: Annotated[int, Slider(2, 256, log=True, live=True, help="Digits in a batch: few make noisy statistics")] = 64
    momentum: Annotated[
        float,
        Slider(0.01, 1, log=True, live=True, label="Running m", help="What a new batch weighs in the running averages"),
    ] = 0.1
    bug: Annotated[
        str,
        Choice(
            "none",
            "layers: test batch’s statistics",
            "inputs: test batch’s statistics",
            "constant μ and σ in the gradient",
            live=True,
            label="What if it were wrong",
            help="Judge test digits, which come class by class, by their own statistics; forget μ and σ backwards",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 10_000, log=True, help="How many batches every network sees")] = 400


# Batch normalisation by hand --------------------------------------------------------------------------------------------


class Normalise(torch.autograd.Function):
    """x̂ over the batch, with the gradient by hand (Ioffe & Szegedy 2015, p. 4)."""

    @staticmethod
    def forward(ctx: Any, x: Float[Tensor, "n d"], constant: bool) -> Float[Tensor, "n d"]:
        """Mean 0 and variance 1 of every column. `constant`: the bug, μ and σ taken for constants backwards."""
        deviation = (x.var(0, correction=0) + EPSILON).sqrt()
        normal = (x - x.mean(0)) / deviation
        ctx.save_for_backward(normal, deviation)
        ctx.constant = constant
        return normal

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        """∂L/∂x from ∂L/∂x̂: what would move the mean or the size of the batch is taken out."""
        (slope,) = slopes
        normal, deviation = ctx.saved_tensors
        if not ctx.constant:
            slope = slope - slope.mean(0) - normal * (slope * normal).mean(0)
        return slope / deviation, None


def normalised(x: Float[Tensor, "n d"], constant: bool = False) -> Float[Tensor, "n d"]:
    """x̂ over the batch."""
    normal: Tensor = Normalise.apply(x, constant)
    return normal


class BatchNorm(nn.Module):
    """Normalises each unit, with running averages for eval mode."""

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(units)), nn.Parameter(torch.zeros(units))
        self.register_buffer("running_mean", torch.zeros(units))
        self.register_buffer("running_variance", torch.ones(units))

    def forward(self, x: Float[Tensor, "n d"], own: bool, constant: bool = False) -> Float[Tensor, "n d"]:
        """`own`: by this batch's statistics (train mode), else by the running averages (eval mode)."""
        if own:
            return self.scale * normalised(x, constant) + self.shift
        normal = (x - self.running_mean) / (self.running_variance + EPSILON).sqrt()
        return self.scale * normal + self.shift

    @torch.no_grad()
    def remember(self, x: Float[Tensor, "n d"], momentum: float) -> None:
        """Moves the running averages towards this batch; the variance as the unbiased estimate."""
        self.running_mean.lerp_(x.mean(0), momentum)
        self.running_variance.lerp_(x.var(0, correction=1), momentum)


class Network(nn.Module):
    """A deep network of ReLUs, with or without batch normalisation before each."""

    def __init__(self, normalised: bool, depth: int, weights: list[Tensor]) -> None:
        super().__init__()
        self.linears = nn.ModuleList(
            nn.Linear(w.shape[1], w.shape[0], bias=not normalised or k == depth) for k, w in enumerate(weights)
        )
        self.norms = nn.ModuleList(BatchNorm(WIDTH) for _ in range(depth if normalised else 0))
        for linear, weight in zip(self.linears, weights, strict=True):
            linear.weight.data.copy_(weight)  # type: ignore[operator]  # Linear's
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)  # type: ignore[arg-type]  # Linear's

    def forward(
        self, x: Float[Tensor, "n i"], own: bool, constant: bool = False, momentum: float = 0.0
    ) -> tuple[Float[Tensor, "n c"], list[Float[Tensor, "n d"]]]:
        """The scores, and what goes into each ReLU. `momentum` above 0 moves the running averages."""
        seen = []
        for k, linear in enumerate(self.linears[:-1]):
            x = linear(x)
            if len(self.norms):
                if momentum:
                    self.norms[k].remember(x, momentum)  # type: ignore[operator]  # BatchNorm's
                x = self.norms[k](x, own, constant)
            seen.append(x)
            x = functional.relu(x)
        return self.linears[-1](x), seen


# Data -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inputs:
    """Digits whose pixels are in units of their own, with the training set's mean and deviation of each pixel."""

    train: Float[Tensor, "n 64"]
    test: Float[Tensor, "m 64"]
    labels: Tensor
    answers: Tensor
    mean: Float[Tensor, "64"]
    deviation: Float[Tensor, "64"]

    def standardised(self, x: Float[Tensor, "n 64"]) -> Float[Tensor, "n 64"]:
        """By the training set's statistics, whatever `x` is."""
        return (x - self.mean) / self.deviation


def make_inputs(spread: float, rng: torch.Generator) -> Inputs:
    """Digits with pixel j multiplied by a power of ten, from −spread/2 to spread/2. A pixel that never changes keeps deviation 1."""
    digits = split_digits()
    unit = 10 ** (spread * (torch.rand(64, generator=rng) - 0.5))
    train, test = digits.train.flatten(1) * unit, digits.test.flatten(1) * unit
    order = digits.test_labels.argsort(stable=True)  # class by class, as a stream might come
    return Inputs(train, test[order], digits.train_labels, digits.test_labels[order], *statistics(train))


def statistics(x: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Mean and deviation of every column; 1 for a column that hardly changes."""
    deviation = x.std(0, correction=0)
    return x.mean(0), torch.where(deviation > 1e-3 * deviation.mean(), deviation, torch.ones_like(deviation))


def fed(kind: str, x: Tensor, inputs: Inputs) -> Tensor:
    """What the network of that kind is given for `x`."""
    return x if kind.startswith("raw") else inputs.standardised(x)


def make_networks(p: Params, rng: torch.Generator) -> dict[str, Network]:
    """Four networks with the same start weights: He's, times the chosen size."""
    sizes = (64, *[WIDTH] * p.depth, 10)
    weights = [p.gain * torch.randn(b, a, generator=rng) * (2 / a) ** 0.5 for a, b in pairwise(sizes)]
    return {kind: Network("BN" in kind, p.depth, weights) for kind in KINDS}


@torch.no_grad()
def judge(network: Network, kind: str, inputs: Inputs, bug: str = "none", own: bool = False) -> tuple[Tensor, Tensor]:
    """Loss (nats) and accuracy on the test digits. `own`: batch statistics of the whole set; the bugs take them class by class."""
    if bug == "none" or "gradient" in bug:
        scores = network(fed(kind, inputs.test, inputs), own)[0]
    else:
        parts = [inputs.test[inputs.answers == digit] for digit in range(10)]
        if bug.startswith("inputs") and kind.startswith("standardised"):
            parts = [(part - statistics(part)[0]) / statistics(part)[1] for part in parts]
        else:
            parts = [fed(kind, part, inputs) for part in parts]
        scores = torch.cat([network(part, bug.startswith("layers"))[0] for part in parts])
    return functional.cross_entropy(scores, inputs.answers), (scores.argmax(1) == inputs.answers).float().mean()


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Normalisation",
    topic="training",
    place=4,
    source="notes, Data Normalization, Batch Normalization; Ioffe & Szegedy 2015, arXiv:1502.03167",
    summary="Mean 0, variance 1: outside and inside",
    portrait=Portrait("statistics", steps=200),
    views=(
        View("loss", "Test loss, four networks", unit="nats", log=True),
        View("statistics", "What goes into the ReLUs", "dots are the means of single units"),
        View("shift", "Shift of the third layer’s inputs", unit="deviations"),
        View("modes", "Two modes of one network"),
        View("hand", "One unit, one batch"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains four networks from the same start on the same batches, by plain gradient descent."""
    inputs = make_inputs(p.spread, ctx.rng)
    networks = make_networks(p, ctx.rng)
    probe = torch.randint(len(inputs.train), (256,), generator=ctx.rng)
    deep = min(2, p.depth - 1)
    first = {kind: spread_of(networks[kind], kind, inputs, probe)[deep] for kind in KINDS}
    before = {kind: torch.stack(first[kind]) for kind in KINDS}
    ctx.track(networks=networks, before=before)

    def draw() -> Iterator[Frame]:
        if ctx.due("statistics"):
            yield draw_statistics(networks, inputs, probe)
        if ctx.due("hand"):
            yield draw_hand(networks[BEST], inputs, probe[:6])

    ctx.draw_with(draw)
    yield Truth("modes/own batch, one class", 0.1, "chance")
    for step in ctx.steps(p.steps):
        chosen = torch.randint(len(inputs.train), (p.batch,), generator=ctx.rng)
        for kind, network in networks.items():
            train_step(network, fed(kind, inputs.train[chosen], inputs), inputs.labels[chosen], p)
            loss = float(judge(network, kind, inputs, p.bug)[0])
            if math.isfinite(loss):
                yield Scalar(f"loss/{kind}", loss)
            mean = spread_of(network, kind, inputs, probe)[deep][0]
            moved = float(((mean - before[kind][0]) / before[kind][1]).square().mean().sqrt())
            if math.isfinite(moved):
                yield Scalar(f"shift/{kind}", moved)
        if step % 5 == 0:
            yield Scalar("modes/running averages", judge(networks[BEST], BEST, inputs)[1])
            yield Scalar("modes/own batch, mixed", judge(networks[BEST], BEST, inputs, own=True)[1])
            one = judge(networks[BEST], BEST, inputs, "layers")[1]
            yield Scalar("modes/own batch, one class", one)


def train_step(network: Network, x: Tensor, y: Tensor, p: Params) -> None:
    """One step down the gradient of the batch's loss."""
    scores, _ = network(x, True, p.bug.startswith("constant"), p.momentum)
    weights = list(network.parameters())
    slopes = torch.autograd.grad(functional.cross_entropy(scores, y), weights)
    with torch.no_grad():
        for weight, slope in zip(weights, slopes, strict=True):
            weight.sub_(slope, alpha=p.lr)


@torch.no_grad()
def spread_of(network: Network, kind: str, inputs: Inputs, probe: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Mean and deviation of every unit's input on some training digits, layer by layer; in train mode."""
    seen = network(fed(kind, inputs.train[probe], inputs), True)[1]
    return [(layer.mean(0), layer.std(0) + 1e-9) for layer in seen]


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_statistics(networks: dict[str, Network], inputs: Inputs, probe: Tensor) -> Plot:
    """Mean and deviation of what goes into each layer's ReLUs, without and with batch normalisation, and each unit's mean."""
    layers: list[Layer] = []
    for colour, kind, aside in ((1, KINDS[1], -0.1), (3, BEST, 0.1)):
        found = spread_of(networks[kind], kind, inputs, probe)
        place = torch.arange(1, len(found) + 1) + aside
        mean = torch.stack([means.mean() for means, _ in found])
        deviation = torch.stack([(d.square().mean() + m.var(correction=0)).sqrt() for m, d in found])
        layers.append(Band(place, mean - deviation, mean + deviation, "", colour))
        layers.append(Line(place, mean, kind, colour, width=2))
        dots = torch.cat(
            [torch.stack([torch.full_like(m, float(x)), m], 1) for x, (m, _) in zip(place, found, strict=True)]
        )
        layers.append(Scatter(dots, colour=colour, size=4))
    ticks = tuple((float(k), str(k)) for k in range(1, len(found) + 1))
    return Plot(
        "statistics", tuple(layers), Axis("layer", ticks=ticks), Axis("input of a ReLU"), note="band: ± 1 deviation"
    )


def draw_hand(network: Network, inputs: Inputs, chosen: Tensor) -> Table:
    """A unit of the first layer for six digits: its sum, normalised by hand, scaled and shifted, and torch's answer beside it."""
    with torch.no_grad():
        z = network.linears[0](inputs.standardised(inputs.train[chosen]))
        norm = network.norms[0]
        assert isinstance(norm, BatchNorm)
        unit = int(z.var(0).argmax())
        normal, ours = normalised(z), norm(z, True)
        theirs = functional.batch_norm(z, None, None, norm.scale, norm.shift, training=True, eps=EPSILON)
    columns = torch.stack([values[:, unit] for values in (z, normal, ours)], 1)
    named = [
        ("mean", columns.mean(0)),
        ("variance", columns.var(0, correction=0)),
        *((str(int(inputs.labels[index])), columns[k]) for k, index in enumerate(chosen)),
    ]
    rows = tuple((name, *(f"{value + 0.0:.3f}".replace("-", "−") for value in line.tolist())) for name, line in named)
    note = f"off torch {number(float((ours - theirs).abs().max()), 1)}"
    return Table("hand", ("Digit", "x", "x̂", "γx̂ + β"), rows, note=note)


# Proof ----------------------------------------------------------------------------------------------------------------


def some(ctx: CheckContext, rows: int, columns: int) -> Float[Tensor, "n d"]:
    """Random numbers far from mean 0 and variance 1, float64."""
    drawn = torch.randn(rows, columns, generator=ctx.rng, dtype=torch.float64)
    return drawn * (3 + torch.arange(columns)) + 5


@check(
    "before γ and β every unit has mean 0 and variance 1",
    tolerance=1e-6,
    source="Ioffe & Szegedy 2015, algorithm 1; the variance is σ²/(σ² + ε)",
    catches="statistics over the wrong dimension, an unbiased variance, ε outside of the root",
)
def unit_variance(ctx: CheckContext) -> Measured:
    """The largest deviation of a mean from 0, and of a variance from σ²/(σ² + ε)."""
    x = some(ctx, 20, 6)
    normal = normalised(x)
    variance = x.var(0, correction=0)
    off = (normal.var(0, correction=0) - variance / (variance + EPSILON)).abs().max()
    return Measured(0.0, max(float(normal.mean(0).abs().max()), float(off)))


@check(
    "the backward pass by hand is autograd's",
    tolerance=1e-9,
    source="Ioffe & Szegedy 2015, p. 4; torch.nn.functional.batch_norm, float64",
    catches="μ and σ taken for constants",
)
def backward(ctx: CheckContext) -> Measured:
    """The largest difference of ∂L/∂x, for a loss that weighs every output differently."""
    x, weights = some(ctx, 12, 5), some(ctx, 12, 5)
    slopes = []
    for make in (normalised, lambda v: functional.batch_norm(v, None, None, training=True)):
        at = x.clone().requires_grad_()
        slopes.append(torch.autograd.grad((weights * make(at).sin()).sum(), at)[0])
    return Measured(0.0, float((slopes[0] - slopes[1]).abs().max()))


@check(
    "running averages and eval mode are those of torch.nn.BatchNorm1d",
    tolerance=1e-12,
    source="torch.nn.BatchNorm1d, float64, 20 batches",
    catches="a biased running variance, a momentum on the wrong side, eval mode with the batch's statistics",
)
@torch.no_grad()
def eval_mode(ctx: CheckContext) -> Measured:
    """The largest difference of the answers to five further rows."""
    ours, theirs = BatchNorm(4).double(), nn.BatchNorm1d(4, eps=EPSILON, momentum=0.1).double()
    for _ in range(20):
        x = some(ctx, 8, 4)
        ours.remember(x, 0.1)
        theirs(x)
    theirs.eval()
    x = some(ctx, 5, 4)
    return Measured(0.0, float((ours(x, own=False) - theirs(x)).abs().max()))


@check(
    "a test digit is standardised by the training set, whatever comes with it",
    tolerance=0.0,
    source="notes, Data Normalization: test time",
    catches="statistics of the test set",
)
def training_statistics(ctx: CheckContext) -> Measured:
    """The network's answers to test digits alone and in company: the largest difference."""
    inputs = make_inputs(1.0, ctx.rng)
    network = make_networks(Params(depth=2), ctx.rng)[BEST].double()
    with torch.no_grad():
        whole = network(fed(BEST, inputs.test[:6], inputs).double(), False)[0]
        alone = torch.cat([network(fed(BEST, inputs.test[k : k + 1], inputs).double(), False)[0] for k in range(6)])
    return Measured(0.0, round(float((whole - alone).abs().max()), 9))


@check(
    "weights ten times as large and a bias before it change nothing",
    tolerance=1e-4,
    source="Ioffe & Szegedy 2015, §3.3: BN((aW)u + b) = BN(Wu)",
    catches="a mean or a deviation that is left out",
)
def invariance(ctx: CheckContext) -> Measured:
    """The largest difference; ε leaves a little."""
    x = some(ctx, 16, 5)
    changed = normalised(10 * x + 7)
    return Measured(0.0, float((changed - normalised(x)).abs().max()))

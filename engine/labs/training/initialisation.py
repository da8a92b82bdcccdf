r"""A signal goes through twenty layers and its gradient comes back. Each layer multiplies both by something; only near 1 do they survive.

$$ z^{(l)} = W^{(l)} a^{(l-1)} + b, \qquad a^{(l)} = f(z^{(l)}), \qquad
\delta^{(l-1)} = \big(W^{(l)\top} \delta^{(l)}\big) \odot f'(z^{(l-1)}) $$

## Activations
- **sigmoid** $1/(1+e^{-x})$: in (0, 1), $f' \le \frac14$, not centred; saturates
- **tanh** $(e^x - e^{-x})/(e^x + e^{-x})$: in (−1, 1), centred; saturates too
- **ReLU** $\max(0, x)$: cheap, $f' = 1$ where it is on; may die
- **leaky** $\max(\alpha x, x)$: with $\alpha = 0.01$ never quite off
- **PReLU**: $\alpha$ is learned, from 0.25; **RReLU**: $\alpha \sim U(\frac18, \frac13)$ in training, its mean at test time
- **GELU** $x\,\Phi(x)$: smooth, a little negative

GELU is often computed as $\frac x2\big(1 + \tanh[\sqrt{2/\pi}\,(x + 0.044715\,x^3)]\big)$, which is nowhere off by more than
0.0005. A unit is **dead** if its slope is 0 for every picture: no gradient reaches it, and it never comes back. The chart also counts
saturated ones.

## The start
With $n$ inputs, independent weights of variance $\sigma_w^2/n$ and bias $b$, the mean square $q$ of a wide layer follows

$$ q_{l} = \mathbb E\, f\big(b + \sigma_w \sqrt{q_{l-1}}\;\xi\big)^2, \qquad \xi \sim \mathcal N(0, 1) $$

and the gradient's is multiplied by $\chi = \sigma_w^2\,\mathbb E f'(\cdot)^2$ on its way down: the dashed lines. ReLU halves the mean
square, so **He** takes $\sigma_w^2 = 2$ and both stay as they are. **LeCun** takes 1, right for what is linear near 0, and **Glorot**
$2n/(n + n_{out})$, a compromise between forward and backward. With 1 under ReLU, twenty layers leave $2^{-20}$. For comparison: all
weights of deviation 0.01, and of deviation 1. Same draws for all five, scaled.

**Try**: sigmoid, and look at the gradients of the first layers; ReLU with a start bias of −2; the same with *leaky*; tanh with a
deviation of 1; a depth of 5, where nearly everything works. The five networks learn digits meanwhile. A bug to choose: a backward pass
that forgets $f'$, or takes it at the output instead of the input.

Sources: LeCun et al. 1998; Glorot & Bengio 2010; He et al. 2015, arXiv:1502.01852; Hendrycks & Gimpel 2016, arXiv:1606.08415;
Xu et al. 2015 (RReLU), arXiv:1505.00853; Poole et al. 2016, arXiv:1606.05340; notes, Activation Functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.api import Axis, Choice, Frame, Heat, Layer, Line, Measured, Plot, Scalar, Slider, Truth, View, check, lab
from engine.api.lab import Portrait
from engine.api.words import number
from engine.data.digits import split_digits

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

ACTIVATIONS = ("ReLU", "leaky ReLU", "PReLU", "RReLU", "GELU", "GELU, tanh form", "tanh", "sigmoid")
STARTS = ("He", "Glorot", "LeCun", "σ 0.01", "σ 1")
LEAKS = {"ReLU": 0.0, "leaky ReLU": 0.01, "PReLU": 0.25, "RReLU": 11 / 48}  # α; of RReLU the mean
RANDOM_LEAK = (1 / 8, 1 / 3)
WIDTH = 64
BINS = 48
PICTURED = 120  # digits of which pictures are made
Pass = tuple[list[Tensor], list[Tensor], list[Tensor]]
"""Sums, answers and leaks of every layer, as `Networks.forward` gives them."""


@dataclass
class Params:
    """What a person sets."""

    activation: Annotated[str, Choice(*ACTIVATIONS, help="What every hidden unit does to its weighted sum")] = "ReLU"
    start: Annotated[
        str, Choice(*STARTS, live=True, label="Show", help="Which of the five networks the histograms look into")
    ] = "He"
    depth: Annotated[int, Slider(2, 40, label="Hidden layers", help="Hidden layers of 64 units each")] = 20
    bias: Annotated[
        float,
        Slider(-3, 3, step=0.1, label="Start bias", help="Bias of every hidden unit at the start; far below 0 kills"),
    ] = 0.0
    lr: Annotated[
        float,
        Slider(1e-4, 1, log=True, live=True, label="Learning rate", help="Length of a step, for all five networks"),
    ] = 0.02
    bug: Annotated[
        str,
        Choice(
            "none",
            "backward without f′",
            "f′ at the output",
            live=True,
            label="What if it were wrong",
            help="Slopes left out of the backward pass, or taken at a instead of z",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 5000, log=True, help="How many batches of 64 digits the networks see")] = 400


# Activations and their slopes, by hand ----------------------------------------------------------------------------------


def cumulative(x: Tensor) -> Tensor:
    """Φ, the standard normal distribution."""
    return 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def tanh_of_gelu(x: Tensor) -> Tensor:
    """The tanh in GELU's approximation."""
    return torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def value(name: str, x: Tensor, leak: Tensor | float) -> Tensor:
    """f(x). `leak`: α of the leaky ones, one for all or one each."""
    if name in LEAKS:
        return torch.where(x > 0, x, leak * x)
    if name == "GELU":
        return x * cumulative(x)
    if name == "GELU, tanh form":
        return 0.5 * x * (1 + tanh_of_gelu(x))
    return torch.tanh(x) if name == "tanh" else 1 / (1 + torch.exp(-x))


def slope(name: str, x: Tensor, leak: Tensor | float) -> Tensor:
    """f′(x)."""
    if name in LEAKS:
        return torch.where(x > 0, torch.ones_like(x), leak * torch.ones_like(x))
    if name == "GELU":
        return cumulative(x) + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    if name == "GELU, tanh form":
        t = tanh_of_gelu(x)
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    if name == "tanh":
        return 1 - torch.tanh(x) ** 2
    return value(name, x, leak) * (1 - value(name, x, leak))


# Five networks at once --------------------------------------------------------------------------------------------------


def deviation(start: str, inputs: int, outputs: int) -> float:
    """The standard deviation of a weight."""
    known = {"He": (2 / inputs) ** 0.5, "Glorot": (2 / (inputs + outputs)) ** 0.5, "LeCun": inputs**-0.5}
    return known[start] if start in known else float(start.removeprefix("σ "))


class Networks:
    """Networks of one shape as the rows `k` of its tensors, with every gradient by hand.

    Args:
        activation: of the hidden layers.
        sizes: units of each layer, inputs first.
        starts: how each row's weights are drawn.
        bias: of every hidden unit at the start.
        rng: where the draws come from. `alike`: all rows get the same draws, scaled.
    """

    def __init__(
        self,
        activation: str,
        sizes: tuple[int, ...],
        starts: tuple[str, ...],
        bias: float,
        rng: torch.Generator,
        alike: bool = True,
    ) -> None:
        self.activation, rows = activation, len(starts)
        self.weights: list[Tensor] = []
        self.biases: list[Tensor] = []
        for a, b in pairwise(sizes):
            drawn = torch.randn(1 if alike else rows, a, b, generator=rng)
            size = torch.tensor([deviation(start, a, b) for start in starts])
            self.weights.append(drawn * size[:, None, None])
            self.biases.append(torch.full((rows, 1, b), bias if len(self.biases) < len(sizes) - 2 else 0.0))
        self.leak = torch.full((rows, 1, 1), LEAKS.get(activation, 0.0))
        self.tracked = {"leak": self.leak} | {
            f"{name}{k}": part
            for name, parts in (("w", self.weights), ("b", self.biases))
            for k, part in enumerate(parts)
        }

    def forward(
        self, x: Float[Tensor, "k n i"], rng: torch.Generator | None = None
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Sums z and answers a of every layer, inputs first, scores last; and the leaks used. `rng`: draws RReLU's, in training."""
        sums, answers, leaks = [x], [x], [self.leak]
        for k, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = torch.baddbmm(bias, answers[-1], weights)
            leak = self.leak
            if self.activation == "RReLU" and rng is not None:
                leak = torch.empty(z.shape, dtype=z.dtype).uniform_(*RANDOM_LEAK, generator=rng)
            sums.append(z)
            leaks.append(leak)
            answers.append(z if k == len(self.weights) - 1 else value(self.activation, z, leak))
        return sums, answers, leaks

    def backward(
        self, kept: tuple[list[Tensor], list[Tensor], list[Tensor]], y: Int[Tensor, "n"], bug: str = "none"
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """δ of every layer, ∂L/∂W, and ∂L/∂α, for the mean cross-entropy of each row."""
        sums, answers, leaks = kept
        right = torch.nn.functional.one_hot(y, answers[-1].shape[-1])
        delta = (answers[-1].softmax(-1) - right) / len(y)
        deltas, slopes, of_leak = [delta], [], torch.zeros_like(self.leak)
        for k in reversed(range(len(self.weights))):
            slopes.append(answers[k].transpose(1, 2) @ delta)
            if k == 0:
                break
            back = delta @ self.weights[k].transpose(1, 2)
            of_leak += (back * sums[k].clamp(max=0)).sum((1, 2), keepdim=True)
            at = answers[k] if bug == "f′ at the output" else sums[k]
            delta = back if bug == "backward without f′" else back * slope(self.activation, at, leaks[k])
            deltas.append(delta)
        return deltas[::-1], slopes[::-1], of_leak

    def step(self, x: Tensor, y: Tensor, p: Params, rng: torch.Generator) -> None:
        """Everyone goes one step down its own gradient."""
        rows = len(self.leak)
        deltas, slopes, of_leak = self.backward(self.forward(x.expand(rows, *x.shape), rng), y, p.bug)
        for weights, bias, found, delta in zip(self.weights, self.biases, slopes, deltas, strict=True):
            weights -= p.lr * found
            bias -= p.lr * delta.sum(1, keepdim=True)
        if self.activation == "PReLU":
            self.leak -= p.lr * of_leak


@cache
def expected(activation: str, start: str, sizes: tuple[int, ...], bias: float) -> tuple[list[float], list[float]]:
    """Mean squares q of every layer's answers at the start (inputs have 1), and χ, by which each multiplies the gradient's."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)  # an even number: no node on the kink of ReLU
    xi, mass = torch.from_numpy(nodes), torch.from_numpy(weights / weights.sum())
    q, found, factors = 1.0, [], []
    leak = LEAKS.get(activation, 0.0)
    for a, b in pairwise(sizes[:-1]):
        variance = deviation(start, a, b) ** 2 * a
        z = bias + math.sqrt(min(variance * q, 1e24)) * xi
        q = float((mass * value(activation, z, leak) ** 2).sum())
        factors.append(deviation(start, a, b) ** 2 * b * float((mass * slope(activation, z, leak) ** 2).sum()))
        found.append(q)
    return found, factors


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Activations and initialisation",
    topic="training",
    place=7,
    source="notes, Activation Functions; Glorot & Bengio 2010; He et al. 2015, arXiv:1502.01852",
    summary="Twenty layers forward, twenty back",
    portrait=Portrait("activations", steps=60, sets={"activation": "tanh", "start": "LeCun"}),
    views=(
        View("function", "The activation"),
        View("activations", "Answers, layer by layer"),
        View("gradients", "Gradients, layer by layer"),
        View("variance", "Mean square of the answers", "dashed: a wide network at its start"),
        View("loss", "Test loss, five starts", "cut off at 10", unit="nats", log=True),
        View("dead", "Dead or saturated units"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains five networks that differ in the size of their start."""
    digits = split_digits()
    flat = digits.train.flatten(1)
    mean, spread = flat.mean(0), flat.std(0).clamp(min=0.05)
    train, test = (flat - mean) / spread, (digits.test.flatten(1) - mean) / spread
    sizes = (64, *[WIDTH] * p.depth, 10)
    networks = Networks(p.activation, sizes, STARTS, p.bias, ctx.rng)
    ctx.track(networks=networks.tracked)

    def draw() -> Iterator[Frame]:
        kept = cache(lambda: networks.forward(test[:PICTURED].expand(len(STARTS), -1, -1)))  # one pass for all views
        if ctx.due("function"):
            yield draw_function(p.activation, float(networks.leak[STARTS.index(p.start)]))
        if ctx.due("activations"):
            yield draw_activations(p, kept())
        if ctx.due("gradients"):
            yield draw_gradients(networks, p, kept(), digits.test_labels[:PICTURED])
        if ctx.due("variance"):
            yield draw_variance(p, sizes, kept())

    ctx.draw_with(draw)
    yield Truth("loss/He", math.log(10), "knows nothing: ln 10")
    for step in ctx.steps(p.steps):
        chosen = torch.randint(len(train), (64,), generator=ctx.rng)
        if step % 4 == 0:
            yield from examine(networks, test, digits.test_labels)
        networks.step(train[chosen], digits.train_labels[chosen], p, ctx.rng)


def examine(networks: Networks, x: Float[Tensor, "n 64"], y: Int[Tensor, "n"]) -> Iterator[Frame]:
    """Loss of every network, and the share of its units whose slope is (nearly) 0 for all digits."""
    sums, answers, _ = networks.forward(x.expand(len(STARTS), *x.shape))
    loss = -answers[-1].log_softmax(-1)[:, torch.arange(len(y)), y].mean(1)
    flat = [(slope(networks.activation, z, networks.leak).abs() < 1e-3).all(1).float() for z in sums[1:-1]]
    dead = torch.cat(flat, 1).mean(1)
    for k, start in enumerate(STARTS):
        if bool(loss[k].isfinite()):
            yield Scalar(f"loss/{start}", loss[k].clamp(max=10))
        yield Scalar(f"dead/{start}", dead[k])


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_function(name: str, leak: float) -> Plot:
    """F and f′, and how far the slope by hand is from autograd's."""
    x = torch.linspace(-4, 4, 321, dtype=torch.float64, requires_grad=True)
    y = value(name, x, leak)
    (automatic,) = torch.autograd.grad(y.sum(), x)
    at, by_hand = x.detach(), slope(name, x.detach(), leak)
    layers: list[Layer] = [
        Line(at, y.detach(), "f", 0, width=2.5),
        Line(at, by_hand, "f′", 1, width=2.5),
    ]
    if name.startswith("GELU"):
        other = "GELU, tanh form" if name == "GELU" else "GELU"
        layers.append(Line(at, value(other, at, leak), other, 7, dashed=True))
    gap = float((by_hand - automatic).abs().max())
    learned = f"α {leak:.3f}, " if name == "PReLU" else ""
    axes = Axis("x", range=(-4, 4)), Axis("", range=(-1.2, 2.2))
    return Plot("function", tuple(layers), *axes, note=f"{learned}f′ off autograd {number(gap, 1)}")


def histograms(layers: list[Tensor], low: float, high: float) -> Float[Tensor, "bins l"]:
    """A histogram of each layer as a column, its highest bar 1; what lies outside is in the outermost bars."""
    columns = []
    for values in layers:
        inside = values.nan_to_num(high, high, low).clamp(low, high)
        counts = torch.histc(inside, BINS, low, high)
        columns.append(counts / counts.max())
    return torch.stack(columns, 1)


def draw_activations(p: Params, kept: Pass) -> Plot:
    """Every layer's answers as a histogram, and where ± their root mean square lies."""
    row, answers = STARTS.index(p.start), kept[1]
    low, high = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}.get(p.activation, (-1.0, 4.0))
    shown = [layer[row] for layer in answers[1:-1]]
    heat = Heat(histograms(shown, low, high).sqrt(), (0.5, p.depth + 0.5, low, high), range=(0, 1))
    size = torch.stack([layer.square().mean().sqrt() for layer in shown])
    line = Line(torch.arange(1, p.depth + 1), size.clamp(low, high), "root mean square", 1, width=2)
    return Plot("activations", (heat, line), Axis("layer"), Axis("a", range=(low, high)), note=p.start)


def draw_gradients(networks: Networks, p: Params, kept: Pass, y: Tensor) -> Plot:
    """Every layer's δ as a histogram of its size, with what theory says of it seen from the last layer."""
    row = STARTS.index(p.start)
    deltas = [layer[row] * len(y) for layer in networks.backward(kept, y, p.bug)[0][:-1]]
    low, high = -10.0, 2.0
    logs = [layer.abs().clamp(min=1e-30).log10() for layer in deltas]
    heat = Heat(histograms(logs, low, high).sqrt(), (0.5, p.depth + 0.5, low, high), range=(0, 1))
    place = torch.arange(1, p.depth + 1)
    size = torch.stack([layer.square().mean().sqrt() for layer in deltas]).clamp(1e-30, 1e30).log10()
    _, factors = expected(p.activation, p.start, (64, *[WIDTH] * p.depth, 10), p.bias)
    down = torch.tensor([0.0, *(0.5 * math.log10(max(f, 1e-30)) for f in factors[-2::-1])]).cumsum(0).flip(0)
    layers = (
        heat,
        Line(place, size.clamp(low, high), "root mean square", 1, width=2),
        Line(place, (size[-1] + down).clamp(low, high), "theory at the start", 7, dashed=True),
    )
    ticks = tuple((float(k), "1" if k == 0 else f"1e{k}".replace("-", "−")) for k in range(-10, 3, 2))
    return Plot("gradients", layers, Axis("layer"), Axis("|δ|", range=(low, high), ticks=ticks), note=p.start)


def draw_variance(p: Params, sizes: tuple[int, ...], kept: Pass) -> Plot:
    """The mean square of every layer's answers for the five starts, and of a wide network's."""
    answers = kept[1]
    place = torch.arange(1, p.depth + 1)
    measured = torch.stack([layer.square().mean((1, 2)) for layer in answers[1:-1]], 1).nan_to_num(math.inf)
    low, high = -8.0, 4.0
    layers: list[Layer] = []
    for k, start in enumerate(STARTS):
        theory = torch.tensor(expected(p.activation, start, sizes, p.bias)[0]).clamp(1e-30, 1e30).log10()
        here = measured[k].clamp(1e-30, 1e30).log10()
        layers.append(Line(place, here.clamp(low, high), start, k, width=2))
        layers.append(Line(place, theory.clamp(low, high), "", k, dashed=True, width=1))
    ticks = tuple((float(k), "1" if k == 0 else f"1e{k}".replace("-", "−")) for k in range(-8, 5, 2))
    note = "dashed: theory at the start"
    return Plot("variance", tuple(layers), Axis("layer"), Axis("mean a²", range=(low, high), ticks=ticks), note=note)


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "GELU's tanh form is nowhere off by more than 0.001",
    tolerance=0.001,
    source="Hendrycks & Gimpel 2016, §2",
    catches="a wrong constant in the cubic",
)
def gelu_form(ctx: CheckContext) -> Measured:
    """The largest difference on −8 … 8."""
    x = torch.linspace(-8, 8, 20_001, dtype=torch.float64)
    return Measured(0.0, float((value("GELU", x, 0) - value("GELU, tanh form", x, 0)).abs().max()))


@check(
    "every slope by hand is autograd's",
    tolerance=1e-12,
    source="torch.autograd, float64",
    catches="a derivative with a missing factor",
)
def slopes_agree(ctx: CheckContext) -> Measured:
    """Eight activations at 500 random places: the largest difference."""
    worst = 0.0
    for name in ACTIVATIONS:
        x = 3 * torch.randn(500, generator=ctx.rng, dtype=torch.float64)
        x.requires_grad_()
        (automatic,) = torch.autograd.grad(value(name, x, 0.1).sum(), x)
        worst = max(worst, float((slope(name, x.detach(), 0.1) - automatic).abs().max()))
    return Measured(0.0, worst)


@check(
    "the backward pass by hand is autograd's, through six layers",
    tolerance=1e-12,
    source="torch.autograd, float64; every activation, ∂α of PReLU",
    catches="f′ left out, or taken at the output",
)
def backward_agrees(ctx: CheckContext) -> Measured:
    """The largest difference of any weight's gradient, relative to the largest gradient of its layer."""
    worst = 0.0
    for name in ACTIVATIONS:
        networks = Networks(name, (5, 6, 6, 6, 6, 6, 3), ("He", "LeCun"), 0.1, ctx.rng, alike=False)
        leaves = [*networks.weights, networks.leak]
        networks.weights = [w.double().requires_grad_() for w in networks.weights]
        networks.biases = [b.double() for b in networks.biases]
        networks.leak = networks.leak.double().requires_grad_()
        x = torch.randn(2, 9, 5, generator=ctx.rng, dtype=torch.float64)
        y = torch.randint(3, (9,), generator=ctx.rng)
        kept = networks.forward(x, ctx.rng)
        loss = -kept[1][-1].log_softmax(-1)[:, torch.arange(9), y].mean(1).sum()
        leaves = [*networks.weights, *([networks.leak] if name == "PReLU" else [])]
        automatic = torch.autograd.grad(loss, leaves)
        with torch.no_grad():
            _, slopes, of_leak = networks.backward(kept, y)
        for ours, theirs in zip([*slopes, of_leak], automatic, strict=False):
            worst = max(worst, float((ours - theirs).abs().max() / theirs.abs().max()))
    return Measured(0.0, worst)


@check(
    "He keeps the mean square within 10 % over 20 ReLU layers",
    tolerance=0.1,
    source="He et al. 2015, eq. 10: n σ_w² / 2 = 1",
    catches="the factor 2 left out, or 1/n_out for 1/n_in",
)
def he_keeps(ctx: CheckContext) -> Measured:
    """16,000 narrow networks: the product over layers of the mean factor, whose expectation is exactly 1 at any width."""
    rows, width = 16_000, 8
    networks = Networks("ReLU", (width, *[width] * 20, 2 * width), ("He",) * rows, 0.0, ctx.rng, alike=False)
    _, answers, _ = networks.forward(torch.randn(rows, 1, width, generator=ctx.rng))
    q = torch.stack([layer.double().square().mean((1, 2)) for layer in answers[:-1]])
    total = 1.0
    for before, after in pairwise(q):
        total *= float((after / before)[before > 0].mean())
    return Measured(1.0, total, detail="of the mean square of the input")


@check(
    "five layers' mean squares and gradients are those of the recursion",
    tolerance=0.15,
    source="Poole et al. 2016, eq. 3; Schoenholz et al. 2017, eq. 5",
    catches="a bias that is left out, f in place of f′",
)
def recursion(ctx: CheckContext) -> Measured:
    """tanh, GELU and sigmoid, bias 0.3, 300 networks of 64: the largest relative gap of q, and of what comes back to layer 1."""
    worst = 0.0
    for name in ("tanh", "GELU", "sigmoid"):
        sizes = (64, *[64] * 5, 10)
        networks = Networks(name, sizes, ("He",) * 300, 0.3, ctx.rng, alike=False)
        x = torch.randn(300, 1, 64, generator=ctx.rng)
        kept = networks.forward(x / x.square().mean(-1, keepdim=True).sqrt())
        q, factors = expected(name, "He", sizes, 0.3)
        deltas = networks.backward(kept, torch.zeros(1, dtype=torch.long))[0]
        came = float(deltas[0].square().mean() / deltas[4].square().mean())
        worst = max(worst, abs(float(kept[1][5].square().mean()) / q[4] - 1))
        worst = max(worst, abs(came / math.prod(factors[:4]) - 1) if name != "GELU" else 0.0)  # GELU's needs more draws
    return Measured(0.0, worst)

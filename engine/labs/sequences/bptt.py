r"""A recurrent network has one memory and rewrites it at every time. To learn, the gradient must go back through all the rewritings.

$$ h^t = \tanh(W_{hh} h^{t-1} + W_{xh} x^t + b_h), \qquad \hat y^t = W_{hy} h^t + b_y $$

The same five weights act at every time. Here the task is an echo: say what you heard {{delay}} steps ago,
$L^t = \Vert \hat y^t - x^{t-d} \Vert^2$. A network without memory can only answer 0; as the inputs have variance 1, its loss is 1, the
dashed line.

## Through time
Each weight is at fault for the loss at $t$ by way of every earlier state:

$$ \frac{\partial L}{\partial W} = \sum_{t=1}^{S} \sum_{k=1}^{t} \frac{\partial L^t}{\partial \hat y^t}
\frac{\partial \hat y^t}{\partial h^t} \frac{\partial h^t}{\partial h^k} \frac{\partial^+ h^k}{\partial W} $$

where $\partial^+$ is the immediate derivative, all else held. *Who taught it* shows each of these terms, for every pair of $t$ and
$k$. What the echo needs lies on the dashed line, $k = t - d$. Where that is dark, the network is told nothing of what it should keep.

## Vanishing, exploding
$$ \frac{\partial h^t}{\partial h^k} = \prod_{i=k+1}^{t} \frac{\partial h^i}{\partial h^{i-1}}, \qquad
\frac{\partial h^i}{\partial h^{i-1}} = \text{diag}\big(1 - (h^i)^2\big)\, W_{hh} $$

(The derivative of $\tanh$ is taken at its own output $h^i$.) Without the tanh and with $W_{hh} = \rho\,Q$ for an orthogonal $Q$, the norm
of the product is exactly $\rho^{\,t-k}$: the straight line. Below 1 a distant past is forgotten exponentially; above 1 it is
magnified. The tanh can only make it smaller. Move $\rho$ while it learns: the memory is rescaled at once.

## Clipping
$$ g \leftarrow \frac{\tau}{\Vert g \Vert}\, g \quad \text{if } \Vert g \Vert_2 > \tau $$

with $g$ **all** weights together, so that its direction stays. Its norm is now {{norm/gradient}}. The second run, from the same start
on the same data, does without: one steep wall, and its weights are flung away. Clipping does not help against vanishing.

**Try**: $\rho = 0.4$, and nothing is learnt: no term on the dashed line. Switch *clip each tensor* on: the norm after clipping passes
the threshold. Switch *only k = t* on: no weight is taught by way of time, and yet an echo remains, for a random rotation is a memory
by itself (a reservoir); with few hidden numbers it does not suffice.

Sources: notes, Vanilla RNN, Gradient Clipping; Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063; Bengio, Simard & Frasconi 1994.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Choice,
    Frame,
    Heat,
    Line,
    Measured,
    Plot,
    Portrait,
    Scalar,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.api.words import number
from engine.nn.recurrent import (
    Weights,
    forward,
    lag_norms,
    new_weights,
    orthogonal,
    shares,
    slopes,
    spectral_radius,
    through_time,
)

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

BUGS = ("none", "clip each tensor", "tanh′ forgotten", "only k = t")
LOST = 100.0  # a loss beyond which a run counts as flung away, and is left alone
SHOWN = 8  # sequences that the pictures are drawn from
DECADES = 6  # of the colours of the terms


@dataclass
class Params:
    """What a person sets."""

    rho: Annotated[
        float,
        Slider(0.1, 2.0, live=True, label="Radius ρ", help="Spectral radius that W_hh is scaled to when you move this"),
    ] = 1.0
    threshold: Annotated[
        float, Slider(0.01, 100, log=True, live=True, label="Threshold τ", help="Longest gradient of the clipped run")
    ] = 1.0
    lr: Annotated[
        float, Slider(1e-3, 3.0, log=True, live=True, label="Learning rate", help="Step of plain gradient descent")
    ] = 0.3
    bug: Annotated[
        str,
        Choice(*BUGS, live=True, label="What if", help="Puts a mistake into the gradient by hand of the clipped run"),
    ] = "none"
    delay: Annotated[int, Slider(1, 30, help="How many steps ago the answer was heard")] = 10
    length: Annotated[int, Slider(4, 60, help="Steps of a sequence; longer than the delay")] = 20
    hidden: Annotated[int, Slider(2, 64, help="Numbers in the memory")] = 24
    start: Annotated[
        str,
        Choice(
            "orthogonal", "Gaussian", help="What W_hh is at first, but for its scale: a rotation, or random numbers"
        ),
    ] = "orthogonal"
    activation: Annotated[
        str, Choice("tanh", "none", help="None is a linear memory, for which ρ to the lag is exact")
    ] = "tanh"
    batch: Annotated[int, Slider(1, 256, log=True, help="Sequences in a step")] = 32
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many batches to learn from")] = 2000


# The task and its gradient --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Echo:
    """A batch: `heard` [T, B, 1], evenly drawn with variance 1; the answer to each is itself, `delay` steps later."""

    heard: Float[Tensor, "t b 1"]
    delay: int

    def miss(self, answers: Float[Tensor, "t b 1"]) -> tuple[Tensor, Float[Tensor, "t b 1"]]:
        """The mean squared error where an answer is due, and its gradient."""
        gap = torch.zeros_like(answers)
        gap[self.delay :] = answers[self.delay :] - self.heard[: len(answers) - self.delay]
        count = answers[self.delay :].numel()
        return gap.square().sum() / count, 2 * gap / count


def draw_echo(p: Params, batch: int, rng: torch.Generator) -> Echo:
    """A batch of random sequences; one that is too short for the delay is lengthened by one answer."""
    length = max(p.length, p.delay + 1)
    return Echo((2 * torch.rand(length, batch, 1, generator=rng) - 1) * 3**0.5, p.delay)


def gradient(w: Weights, task: Echo, linear: bool, bug: str = "none") -> tuple[Tensor, Weights]:
    """Loss and gradient by hand; `bug` is what if it were wrong."""
    states, answers = forward(w, task.heard, linear)
    loss, delta = task.miss(answers)
    slope = slopes(states, linear or bug == BUGS[2])
    through = w | {"W_hh": torch.zeros_like(w["W_hh"])} if bug == BUGS[3] else w
    return loss, through_time(through, task.heard, states, slope, delta)


def norm_of(gradients: Weights) -> Tensor:
    """The Euclidean length of all of them as one vector."""
    return torch.stack([part.square().sum() for part in gradients.values()]).sum().sqrt()


def clipped(gradients: Weights, threshold: float, bug: str = "none") -> Weights:
    """The gradient, shortened to the threshold if it is longer. `bug` shortens each tensor by itself."""
    if bug == BUGS[1]:
        return {name: part * min(1.0, threshold / float(part.norm() + 1e-12)) for name, part in gradients.items()}
    factor = (threshold / (norm_of(gradients) + 1e-12)).clamp(max=1.0)
    return {name: part * factor for name, part in gradients.items()}


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Gradients through time",
    topic="sequences",
    place=3,
    source="notes, Vanilla RNN, Gradient Clipping; Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063",
    summary="Why a distant past is hard to learn from",
    views=(
        View("lag", "Gradient against lag"),
        View("terms", "Who taught it", "each term of the gradient, by t and k"),
        View("loss", "Loss", unit="mean square", log=True),
        View("norm", "Length of the gradient", log=True),
    ),
    portrait=Portrait("terms", 600),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Learns the echo twice from one start on the same data: with clipping and without."""
    linear = p.activation == "none"
    held = new_weights(1, p.hidden, 1, p.rho, p.start == "Gaussian", ctx.rng)
    free = {name: value.clone() for name, value in held.items()}
    dial = {"rho": p.rho}
    ctx.track(held=held, free=free, dial=dial)

    def draw() -> Iterator[Frame]:
        if ctx.due("lag") or ctx.due("terms"):
            moment = Moment(p, held, draw_echo(p, SHOWN, ctx.view_rng()))
            yield moment.lags()
            yield moment.terms()

    ctx.draw_with(draw)
    yield Truth("loss/clipped", 1.0, "without memory")
    for _ in ctx.steps(p.steps):
        if p.rho != dial["rho"]:
            dial["rho"] = p.rho
            for w in (held, free):
                w["W_hh"] *= p.rho / spectral_radius(w["W_hh"]).clamp(min=1e-6)
        task = draw_echo(p, p.batch, ctx.rng)
        loss, raw = gradient(held, task, linear, p.bug)
        short = clipped(raw, p.threshold, p.bug)
        loose_loss, loose = gradient(free, task, linear)
        yield Scalar("loss/clipped", loss.clamp(max=LOST))
        yield Scalar("loss/not clipped", loose_loss.nan_to_num(LOST).clamp(max=LOST))
        yield Scalar("norm/gradient", norm_of(raw))
        yield Scalar("norm/after clipping", norm_of(short))
        yield Scalar("norm/τ", p.threshold)
        descend(held, short, p.lr, loss)
        descend(free, loose, p.lr, loose_loss)


def descend(w: Weights, gradients: Weights, lr: float, loss: Tensor) -> None:
    """One step, in place, unless the run is lost."""
    if float(loss) < LOST:
        for name, part in gradients.items():
            w[name] -= lr * part


# Pictures -------------------------------------------------------------------------------------------------------------


class Moment:
    """The clipped run's network at one moment, in float64, on a few sequences that are always the same."""

    def __init__(self, p: Params, weights: Weights, task: Echo) -> None:
        self.p, self.linear = p, p.activation == "none"
        self.w = {name: value.detach().double().cpu() for name, value in weights.items()}
        self.task = Echo(task.heard.double(), task.delay)
        self.states, answers = forward(self.w, self.task.heard, self.linear)
        self.delta = self.task.miss(answers)[1]
        self.slope = slopes(self.states, self.linear or p.bug == BUGS[2])

    def lags(self) -> Plot:
        """How much of a state is left of one k steps before: this network, and theory for a rotation without tanh."""
        norms = lag_norms(self.w, self.slope).clamp(min=1e-12)
        lag = torch.arange(1, len(norms) + 1, dtype=torch.float64)
        radius = float(spectral_radius(self.w["W_hh"]))
        widest = float(torch.linalg.matrix_norm(self.w["W_hh"], 2))
        low = min(float(norms.min()), radius ** len(lag), 0.5)
        high = max(float(norms.max()), radius ** len(lag), 2.0)
        span = (10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high)))
        layers = (
            Line(lag, norms, label="this network", width=2.5),
            Line(lag, (radius**lag).clamp(1e-12, 1e12), label="ρ to the lag", colour=2, dashed=True),
            Line(lag, (widest**lag).clamp(1e-12, 1e12), label="σ to the lag", colour=3, dashed=True),
            Line(torch.full((2,), self.p.delay), torch.tensor(span), label="lag of the task", colour=1, width=1),
        )
        note = f"ρ = {number(radius)}, σ = {number(widest)}"
        return Plot("lag", layers, Axis("lag k"), Axis("‖∂hᵀ/∂hᵀ⁻ᵏ‖", log=True, range=span), note=note)

    def terms(self) -> Plot:
        """The size of every term of the gradient of W_hh; their sum beside autograd's."""
        parts = shares(self.w, self.states, self.slope, self.delta)
        gap = float((parts.sum((0, 1)) - self.by_autograd()).abs().max())
        sizes = parts.norm(dim=(2, 3))
        top = float(sizes.max().clamp(min=1e-300).log10())
        seen = sizes.clamp(min=1e-300).log10().clamp(min=top - DECADES)
        count, fine = (
            len(sizes),
            1 if len(sizes) <= 20 else 4,
        )  # a finer one would be drawn smoothly, and its cells blurred
        cells = seen.repeat_interleave(fine, 0).repeat_interleave(fine, 1)
        end = (0.5, count + 0.5)
        times = torch.arange(self.p.delay + 1, count + 1)
        layers = (
            Heat(cells, (*end, *end), range=(top - DECADES, top), legend="log₁₀ size"),
            Line(times - self.p.delay, times, label="what the task needs", colour=1, dashed=True, width=2),
        )
        agree = "autograd agrees" if gap < 1e-9 else "AUTOGRAD DISAGREES"
        return Plot(
            "terms",
            layers,
            Axis("state k", range=end),
            Axis("loss at t", range=end),
            note=f"{agree}, gap {number(gap, 2)}",
        )

    def by_autograd(self) -> Float[Tensor, "h h"]:
        """The gradient of W_hh by torch."""
        leaf = self.w["W_hh"].clone().requires_grad_()
        loss = self.task.miss(forward(self.w | {"W_hh": leaf}, self.task.heard, self.linear)[1])[0]
        (slope,) = torch.autograd.grad(loss, leaf)
        return slope


# Proof ----------------------------------------------------------------------------------------------------------------


def exact_network(ctx: CheckContext, rho: float, hidden: int = 8) -> tuple[Weights, Echo]:
    """A network and a task in float64."""
    w = {name: value.double() for name, value in new_weights(1, hidden, 1, rho, False, ctx.rng).items()}
    w["W_hh"] = rho * orthogonal(hidden, ctx.rng).double()
    w["W_hh"] = rho * torch.linalg.qr(w["W_hh"]).Q  # orthogonal to the last bit of float64
    task = draw_echo(Params(delay=3, length=12), 4, ctx.rng)
    return w, Echo(task.heard.double(), task.delay)


@check(
    "for W = ρ · orthogonal and no tanh, ‖∂h_T/∂h_{T−k}‖ = ρᵏ",
    tolerance=1e-9,
    source="an orthogonal matrix keeps lengths; Pascanu et al. 2013, §2.1",
    catches="a product with one factor too many, a transposed or missing W_hh",
)
def power(ctx: CheckContext) -> Measured:
    """The largest relative difference over ρ = 0.5, 0.9, 1, 1.5 and lags up to 12; the derivative itself by autograd."""
    worst = 0.0
    for rho in (0.5, 0.9, 1.0, 1.5):
        w, task = exact_network(ctx, rho)
        states, _ = forward(w, task.heard, linear=True)
        norms = lag_norms(w, slopes(states, linear=True))
        truth = rho ** torch.arange(1, len(norms) + 1, dtype=torch.float64)
        worst = max(worst, float((norms / truth - 1).abs().max()))
    return Measured(0.0, worst, detail="largest relative difference")


@check(
    "back-propagation through time by hand = autograd",
    tolerance=1e-9,
    source="torch.autograd, float64",
    catches="a tanh′ that is forgotten or taken at the state before, a state of the wrong time",
)
def gradients(ctx: CheckContext) -> Measured:
    """All five gradients, relative to the largest."""
    w, task = exact_network(ctx, 1.1)
    leaves = {name: value.clone().requires_grad_() for name, value in w.items()}
    loss = task.miss(forward(leaves, task.heard)[1])[0]
    truths = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
    mine = gradient(w, task, linear=False)[1]
    scale = max(float(part.abs().max()) for part in truths.values())
    return Measured(0.0, max(float((mine[name] - truths[name]).abs().max()) for name in truths) / scale)


@check(
    "the terms of all t and k add up to the gradient",
    tolerance=1e-12,
    source="notes, Vanilla RNN: the double sum over t and k",
    catches="a term that is counted for the wrong pair, a pair with k > t",
)
def adds_up(ctx: CheckContext) -> Measured:
    """The gradient of W_hh against its 78 terms; nothing may lie where k > t."""
    w, task = exact_network(ctx, 1.1)
    states, answers = forward(w, task.heard)
    terms = shares(w, states, slopes(states), task.miss(answers)[1])
    whole = gradient(w, task, linear=False)[1]["W_hh"]
    beyond = terms.norm(dim=(2, 3)).triu(1).max()
    return Measured(0.0, float((terms.sum((0, 1)) - whole).abs().max() + beyond), detail="largest difference")


@check(
    "after clipping, the norm is min(‖g‖, τ) and the direction the same",
    tolerance=1e-9,
    source="notes, Gradient Clipping; Pascanu et al. 2013, algorithm 1",
    catches="clipping of each tensor by itself, in place of the global norm",
)
def clips(ctx: CheckContext) -> Measured:
    """For thresholds from a tenth of the norm to ten times."""
    w, task = exact_network(ctx, 1.1)
    raw = gradient(w, task, linear=False)[1]
    length, worst = float(norm_of(raw)), 0.0
    for share in (0.1, 0.5, 1.0, 2.0, 10.0):
        short = clipped(raw, share * length)
        along = sum(float((short[name] * raw[name]).sum()) for name in raw)
        norm = float(norm_of(short))
        worst = max(worst, abs(norm - min(length, share * length)), abs(along / (norm * length) - 1))
    return Measured(0.0, worst)


@check(
    "with clipping and ρ = 1 it learns the echo",
    tolerance=0.0,
    source="the loss without memory is 1; measured 0.14 to 0.15 over three seeds, a reservoir 0.38 to 0.50",
    catches="a gradient that does not go through time",
)
def learns(ctx: CheckContext) -> Measured:
    """A delay of 6 in sequences of 12, with 8 numbers of memory."""
    return Measured(0.28, ctx.train(hidden=8, delay=6, length=12, steps=200).last("loss/clipped"), "at most")

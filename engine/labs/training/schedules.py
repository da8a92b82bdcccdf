r"""A large step is quick and never settles; a small one settles and never arrives. A **schedule** goes from one to the other.

$$ \theta_{t+1} = \theta_t - \eta_t\, g_t $$

Every schedule is drawn before it runs. Six copies of one network then see the same batches, each with its own $\eta_t$.

| schedule | rate at step $t$ |
|---|---|
| step decay | $\eta_t = \eta_0\, f^{\lfloor t/s \rfloor}$ |
| exponential | $\eta_t = \eta_0\, e^{-kt}$ |
| time-based | $\eta_t = \eta_0 / (1 + kt)$ |

*Cosine* glides down half a wave over one cycle; with *restarts* $T_{cur}$ then goes back to 0, and the next cycle is $m$ times as long:

$$ \eta_t = \eta_{min} + \tfrac12(\eta_0 - \eta_{min})\Big(1 + \cos \pi\frac{T_{cur}}{T_{cycle}}\Big) $$

For *cosine* the one cycle is the whole run of {{steps}} steps. Time $t$ is counted in steps; an epoch of the digits is
$\lceil 1437/B \rceil$ of them.

## Why it must shrink
Near the bottom a loss is a bowl, $\tfrac h2 x^2$, and the slope of a batch is the true one with noise: $g = hx + \sigma\epsilon$. Then

$$ \mathbb E[x_{t+1}^2] = (1-\eta_t h)^2\, \mathbb E[x_t^2] + \eta_t^2 \sigma^2 $$

With a constant step this does not go to zero but to a **ball** of

$$ \mathbb E[x^2] \to \frac{\eta\,\sigma^2}{h\,(2 - \eta h)} $$

the dashed line (here $h = \sigma = 1$). A step that shrinks like $1/t$ averages the noise away: with $\eta_t = 1/(1+t)$, $x_t$ *is* the
mean of $t$ noises and its variance is $\sigma^2/t$, the best there is. Steps that shrink faster stop on the way: it takes
$\sum_t \eta_t = \infty$ to arrive from anywhere and $\sum_t \eta_t^2 < \infty$ to settle (Robbins & Monro 1951). The lower left chart
has 500 such walkers for each schedule; the table puts the formula beside their mean.

## Restarts
Each return to a large step throws the network out of where it has settled, and the loss jumps; the next descent is often into a better
place. The ends of the cycles are good networks of their own: snapshots to average (see *Averages and snapshots*).

**Try**: make $\eta_0$ small and see who suffers; let *step* drop early; cycles of 100 that double; then the bugs: a schedule that is one
step ahead, one that never starts its cycle again, one that counts epochs where steps are meant.

Sources: Robbins & Monro 1951; Loshchilov & Hutter 2017 (SGDR), arXiv:1608.03983; Smith 2017, arXiv:1506.01186.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim import lr_scheduler

from engine.api import (
    Axis,
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
from engine.nn.row_networks import RowNetworks

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

NETWORK = RowNetworks((64, 32, 10))
WALKERS, FAR = 500, 3.0  # walkers in the bowl for each schedule, and where they start
EPOCH = 100  # steps that the bug takes for one


@dataclass
class Params:
    """What a person sets."""

    eta: Annotated[
        float, Slider(1e-3, 1.5, log=True, live=True, label="First rate η₀", help="Where every schedule begins")
    ] = 0.6
    floor: Annotated[
        float, Slider(0, 0.5, live=True, label="Lowest η", help="Where cosine and restarts bottom out")
    ] = 0.0
    factor: Annotated[
        float, Slider(0.05, 0.95, live=True, label="Step: factor", help="What is left of the rate at each drop")
    ] = 0.25
    every: Annotated[int, Slider(1, 2000, log=True, live=True, label="Step: every", help="Steps from drop to drop")] = (
        300
    )
    exponential: Annotated[
        float, Slider(1e-5, 0.1, log=True, live=True, label="Exponential k", help="Decay per step; e-fold in 1/k steps")
    ] = 0.004
    time: Annotated[
        float, Slider(1e-5, 1, log=True, live=True, label="Time-based k", help="The rate is halved after 1/k steps")
    ] = 0.02
    cycle: Annotated[
        int, Slider(2, 2000, log=True, live=True, label="First cycle", help="Steps to the first restart")
    ] = 300
    grow: Annotated[
        int, Slider(1, 3, live=True, label="Growth m", help="Each cycle is so many times as long as the last")
    ] = 1
    batch: Annotated[int, Slider(1, 256, log=True, live=True, help="Digits in a step's slope: few make it noisy")] = 8
    bug: Annotated[
        str,
        Choice(
            "none",
            "one step ahead",
            "no new cycle",
            "epochs for steps",
            live=True,
            label="What if it were wrong",
            help="η of the next step; T_cur that runs on past its cycle; t counted in epochs of 100 steps",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many steps; also the one cycle of cosine")] = 900


# The schedules, in closed form ------------------------------------------------------------------------------------------

Times = Float[np.ndarray, "t"]


def constant(p: Params, t: Times) -> Times:
    """η₀ for ever."""
    return np.full_like(t, p.eta)


def step_decay(p: Params, t: Times) -> Times:
    """A factor at every drop."""
    return p.eta * p.factor ** np.floor(t / p.every)


def exponential(p: Params, t: Times) -> Times:
    """The same share lost at each step."""
    return p.eta * np.exp(-p.exponential * t)


def time_based(p: Params, t: Times) -> Times:
    """Like 1/t in the end."""
    return p.eta / (1 + p.time * t)


def cosine(p: Params, t: Times) -> Times:
    """Half a wave over the whole run."""
    return p.floor + 0.5 * (p.eta - p.floor) * (1 + np.cos(np.pi * t / p.steps))


def restarts(p: Params, t: Times) -> Times:
    """Half a wave over each cycle."""
    since, cycle = in_cycle(p, t)
    return p.floor + 0.5 * (p.eta - p.floor) * (1 + np.cos(np.pi * since / cycle))


def in_cycle(p: Params, t: Times) -> tuple[Times, Times]:
    """Steps since the last restart, and the length of the cycle that is running.

    With m > 1 the first n cycles take T (mⁿ − 1) / (m − 1) steps, so n follows from t by a logarithm.
    """
    if p.bug == "no new cycle":
        return t, np.full_like(t, p.cycle)
    if p.grow == 1:
        return t % p.cycle, np.full_like(t, p.cycle)
    share = t / p.cycle * (p.grow - 1) + 1
    gone = np.floor(np.log(share) / math.log(p.grow) + 1e-9)
    return t - p.cycle * (p.grow**gone - 1) / (p.grow - 1), p.cycle * p.grow**gone


SCHEDULES: dict[str, Callable[[Params, Times], Times]] = {
    "constant": constant,
    "step": step_decay,
    "exponential": exponential,
    "time-based": time_based,
    "cosine": cosine,
    "restarts": restarts,
}


def rates_at(p: Params, t: Times) -> Float[np.ndarray, "6 t"]:
    """η of every schedule at the steps `t`, with the bug if one is chosen."""
    if p.bug == "one step ahead":
        t = t + 1
    if p.bug == "epochs for steps":
        t = np.floor(t / EPOCH)
    return np.stack([schedule(p, np.asarray(t, np.float64)) for schedule in SCHEDULES.values()])


def by_torch(p: Params, steps: int) -> Float[np.ndarray, "6 t"]:
    """The same rates from torch's schedulers, stepped one by one; time-based by its own class's lambda."""

    def rates(make: Callable[[torch.optim.Optimizer], Any]) -> list[float]:
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], p.eta)
        scheduler, found = make(optimiser), []
        for _ in range(steps):
            found.append(float(optimiser.param_groups[0]["lr"]))
            scheduler.step()
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would like to see optimiser.step() too; there is nothing to optimise
        made = [
            rates(lambda o: lr_scheduler.ConstantLR(o, 1.0)),
            rates(lambda o: lr_scheduler.StepLR(o, p.every, p.factor)),
            rates(lambda o: lr_scheduler.ExponentialLR(o, math.exp(-p.exponential))),
            rates(lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + p.time * t))),
            rates(lambda o: lr_scheduler.CosineAnnealingLR(o, p.steps, p.floor)),
            rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, p.cycle, p.grow, p.floor)),
        ]
    return np.array(made)


@lru_cache(maxsize=16)
def torch_gaps(values: tuple[Any, ...], steps: int) -> tuple[float, ...]:
    """The largest difference to torch's rates over the first steps, for each schedule. `values`: the parameters in their order."""
    p = Params(*values)
    gaps = abs(rates_at(p, np.arange(steps, dtype=np.float64)) - by_torch(p, steps)).max(1)
    return tuple(gaps.tolist())


def squares(p: Params, steps: int) -> Float[np.ndarray, "6 s"]:
    """E[x²] of a walker in the bowl before each step and after the last, by its recursion; h = σ = 1."""
    rates = rates_at(p, np.arange(steps, dtype=np.float64))
    found = [np.full(len(rates), FAR**2)]
    for eta in rates.T:
        found.append((1 - eta) ** 2 * found[-1] + eta**2)
    return np.stack(found, 1)


# The run --------------------------------------------------------------------------------------------------------------


class Copies:
    """Six copies of a network of digits and six crowds of walkers in a bowl, each with a schedule of its own."""

    def __init__(self, p: Params, rng: torch.Generator) -> None:
        digits = split_digits()
        self.p, self.rng = p, rng
        self.x, self.y = digits.train.flatten(1), digits.train_labels
        self.exam, self.answers = digits.test.flatten(1), digits.test_labels
        self.rows = NETWORK.start(rng).repeat(len(SCHEDULES), 1)
        self.walkers = torch.full((len(SCHEDULES), WALKERS), FAR, dtype=torch.float64)
        self.expected = torch.full((len(SCHEDULES),), FAR**2, dtype=torch.float64)
        self.tracked = {"rows": self.rows, "walkers": self.walkers, "expected": self.expected}

    def step(self, t: int) -> Float[np.ndarray, "6"]:
        """One step of all with the rates of step `t`, which it returns. All see the same batch and the same noise."""
        rates = rates_at(self.p, np.array([t], np.float64))[:, 0]
        eta = torch.from_numpy(rates)[:, None]
        chosen = torch.randint(len(self.x), (self.p.batch,), generator=self.rng)
        x, y = self.x[chosen], self.y[chosen]
        slopes = NETWORK.slopes(self.rows, x.expand(len(rates), *x.shape), y.expand(len(rates), *y.shape))
        self.rows -= eta.float() * slopes
        noise = torch.randn(WALKERS, generator=self.rng, dtype=torch.float64)
        self.walkers -= eta * (self.walkers + noise)
        self.expected.mul_((1 - eta[:, 0]) ** 2).add_(eta[:, 0] ** 2)
        return rates

    @torch.no_grad()
    def examine(self) -> tuple[Tensor, Tensor]:
        """Loss (nats) and accuracy of every copy on the digits that none has seen."""
        scores = NETWORK.scores(self.rows, self.exam.expand(len(self.rows), *self.exam.shape))
        sure = scores.log_softmax(2).gather(2, self.answers.expand(len(self.rows), -1)[..., None])
        return -sure[..., 0].mean(1), (scores.argmax(2) == self.answers).float().mean(1)


@lab(
    title="Learning-rate schedules",
    topic="training",
    place=9,
    source="notes, Learning Rate Schedules; Robbins & Monro 1951; Loshchilov & Hutter 2017, arXiv:1608.03983",
    summary="Begin boldly, end carefully",
    portrait=Portrait("schedule", steps=560),
    speed=60,
    views=(
        View("schedule", "The learning rate", "drawn before it runs"),
        View("loss", "Test loss of six copies", unit="nats", log=True),
        View("ball", "Mean square of walkers in a noisy bowl", log=True),
        View("table", "Measured and theory"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains six copies of one network on the same batches, each by its own schedule."""
    copies = Copies(p, ctx.rng)
    ctx.track(copies=copies.tracked)

    def draw() -> Iterator[Frame]:
        if ctx.due("schedule"):
            yield draw_schedule(p, min(ctx.step, p.steps - 1))
        if ctx.due("table"):
            yield draw_table(p, min(ctx.step, p.steps - 1), copies)

    ctx.draw_with(draw)
    eta = math.nan
    for t in ctx.steps(p.steps):
        if p.eta != eta:
            eta = p.eta
            yield Truth("ball/constant", eta / (2 - eta), f"ball of a constant rate {eta / (2 - eta):.2f}")
        copies.step(t)
        loss, around = copies.examine()[0].tolist(), copies.walkers.square().mean(1).tolist()
        for k, name in enumerate(SCHEDULES):
            if math.isfinite(loss[k]):
                yield Scalar(f"loss/{name}", loss[k])
            yield Scalar(f"ball/{name}", around[k])


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_schedule(p: Params, now: int) -> Plot:
    """Every schedule over the whole run, what has been run in full colour, and where each stands."""
    t = np.unique(np.linspace(0, p.steps, min(p.steps + 1, 1500)).astype(int)).astype(np.float64)
    rates, here = rates_at(p, t), rates_at(p, np.array([now], np.float64))[:, 0]
    layers: list[Layer] = []
    for k, name in enumerate(SCHEDULES):
        gone = t <= now
        layers.append(Line(t, rates[k], "", k, dashed=True, width=1))
        layers.append(Line(t[gone], rates[k][gone], name, k, width=2.5))
    layers.append(Line(np.full(2, float(now)), np.array([0.0, 1.05 * p.eta]), "", 7, width=1))
    layers.append(Scatter(np.stack([np.full(len(here), now), here], 1), groups=np.arange(len(here)), size=8))
    top = max(1.05 * p.eta, float(rates.max()))
    return Plot(
        "schedule", tuple(layers), Axis("step", range=(0, p.steps)), Axis("η", range=(0, top)), note=f"step {now:,}"
    )


def draw_table(p: Params, now: int, copies: Copies) -> Table:
    """The rate now, how far any closed form ever is from torch's, walkers beside their theory, and the digits."""
    values = tuple(getattr(p, name) for name in Params.__dataclass_fields__)
    gaps = torch_gaps(values, min(p.steps, 1000))
    here = rates_at(p, np.array([now], np.float64))[:, 0]
    around, right = copies.walkers.square().mean(1).tolist(), copies.examine()[1].tolist()
    rows = tuple(
        (
            name,
            number(float(here[k])),
            f"{number(around[k], 2)} ({number(float(copies.expected[k]), 2)})",
            f"{right[k]:.1%}",
        )
        for k, name in enumerate(SCHEDULES)
    )
    note = f"off torch by {number(max(gaps), 1)}"
    return Table("table", ("Schedule", "η now", "x² (theory)", "Digits"), rows, note=note)


# Proof ----------------------------------------------------------------------------------------------------------------


def some(rng: np.random.Generator) -> Params:
    """Parameters drawn at random, with the default bug: none."""
    return replace(
        Params(),
        eta=float(rng.uniform(0.1, 1)),
        floor=float(rng.uniform(0, 0.05)),
        factor=float(rng.uniform(0.1, 0.9)),
        every=int(rng.integers(2, 60)),
        exponential=float(rng.uniform(1e-3, 1e-2)),
        time=float(rng.uniform(1e-2, 1)),
        cycle=int(rng.integers(5, 60)),
        steps=300,
    )


@check(
    "every closed form is torch's scheduler, step by step",
    tolerance=1e-12,
    source="torch.optim.lr_scheduler; Loshchilov & Hutter 2017, eq. 5",
    catches="a step count that is off by one, a drop at the wrong step, cycles of the wrong length",
)
def closed_forms(ctx: CheckContext) -> Measured:
    """Six schedules, three draws of their parameters, 300 steps each: the largest difference."""
    worst = 0.0
    for grow in (1, 2, 3):
        p = replace(some(ctx.numpy_rng), grow=grow)
        worst = max(worst, float(abs(rates_at(p, np.arange(300.0)) - by_torch(p, 300)).max()))
    return Measured(0.0, worst)


@check(
    "cycles of 10 that double begin again at steps 10, 30, 70 and 150",
    tolerance=0.0,
    source="T(mⁿ − 1)/(m − 1)",
    catches="a cycle that does not grow, or grows too early",
)
def restart_steps(ctx: CheckContext) -> Measured:
    """The steps with the full rate, added up: 10 + 30 + 70 + 150."""
    rates = restarts(replace(Params(), cycle=10, grow=2), np.arange(300.0))
    again = np.flatnonzero(rates[1:] > rates[:-1]) + 1
    return Measured(260, float(again.sum()), detail=f"restarts at {', '.join(map(str, again))}")


@check(
    "η = 1/(1 + t) averages the noise: E[x²] = 1/t",
    tolerance=1e-12,
    source="Robbins & Monro 1951; the variance of a mean",
    catches="time-based decay that begins one step late",
)
def averages(ctx: CheckContext) -> Measured:
    """The recursion after 200 steps, times 200."""
    p = replace(Params(), eta=1.0, time=1.0, steps=200)
    return Measured(1.0, 200 * float(squares(p, 200)[list(SCHEDULES).index("time-based"), -1]))


@check(
    "with a constant rate walkers keep a ball of ησ²/(h(2 − ηh))",
    tolerance=0.02,
    source="fixed point of E[x²] = (1 − ηh)² E[x²] + η²σ²",
    catches="noise that is not multiplied by the rate, steps with another rate than the schedule's",
)
def ball(ctx: CheckContext) -> Measured:
    """500 walkers over the last 250 of 300 steps, as a share of the formula's."""
    p = replace(Params(), eta=0.6, batch=1, steps=300)
    copies, found = Copies(p, ctx.rng), []
    for t in range(300):
        copies.step(t)
        if t >= 50:
            found.append(float(copies.walkers[0].square().mean()))
    return Measured(1.0, float(np.mean(found)) / (0.6 / 1.4))

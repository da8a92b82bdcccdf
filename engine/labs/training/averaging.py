r"""One run of training passes through many good networks. Average their **predictions** or their **weights**, and it costs one run.

SGD never settles: with a rate $\eta$ it wanders around the bottom of the loss like a ball that is shaken. The middle of its walk is a
better place than any place on it.

## In a bowl
For $\tfrac h2 x^2$ with slopes $hx + \sigma\epsilon$, the walker keeps a variance $v$, and the mean of $T$ of its places

$$ v = \frac{\eta\sigma^2}{h(2 - \eta h)}, \qquad \operatorname{Var}\bar x_T \to \frac{\sigma^2}{h^2\,T} $$

whatever the rate (Polyak & Ruppert). With $\eta = 0.1$, $h = 1$ and $T = 2000$ the average is **105** times better. The chart has both.

## Four recipes
- **Polyak–Ruppert**: the mean over all steps of the last phase. **EMA** forgets: $\bar w \leftarrow \alpha \bar w + (1-\alpha) w$.
- **Snapshot ensemble**: cosine cycles from the beginning, a snapshot at the end of each, predictions averaged.
- **FGE**: first train as usual, then *short* cycles. Good networks are joined by valleys of low loss, and short cycles walk along one.
- **SWA**: a constant, rather high rate in the last phase, and the mean of the weights of its snapshots:

$$ w_{SWA} = \frac1N \sum_{i=1}^N w_i $$

An average of predictions is never worse than its members on average: $-\ln$ is convex (Jensen). An average of *weights* has no such
promise: it needs its members in one valley. The table has both for the three rates; long cycles may leap from valley to valley.

## The plane
Three networks span a plane, $w = w_1 + s\,u + t\,v$ with orthonormal $u, v$. Each place in it is a network: here is its loss. Members
tend to lie on the rim of a flat basin, their mean in the middle (Izmailov et al. 2018, figure 1). Until three snapshots are there, the
plane goes through the start, the middle and the end of the walk so far.

## Batch normalisation
The average is a network that never ran, so nobody has its running statistics. After averaging, one pass over the training data
re-estimates them. *Stale* in the table is the same average with the last member's statistics.

**Try**: a higher last rate, until the average leaves its members far behind; the bugs: stale statistics in the curves too, or snapshots
at the top of the cycle. Then *long cycles*: whose mean of weights suffers?

Sources: Polyak & Juditsky 1992; Huang et al. 2017 (snapshots), arXiv:1704.00109; Garipov et al. 2018 (FGE), arXiv:1802.10026;
Izmailov et al. 2018 (SWA), arXiv:1803.05407; notes, Weight Averaging Techniques.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engine.api import (
    Axis,
    Choice,
    Contour,
    Frame,
    Heat,
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
from engine.data.digits import split_digits
from engine.nn.row_networks import RowNetworks, ensemble_loss, losses, normalised_scores

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

NETWORK = RowNetworks((64, 32, 32, 10))  # every hidden layer is normalised over the batch, its bias added afterwards
RATES = ("constant", "short cycles", "long cycles")  # SWA, FGE, snapshot ensemble
KINDS = ("newest", "mean of weights", "all steps", "EMA")
MEMBERS, CHECKPOINTS, GRID = 6, 40, 21
WALKERS, BOWL_RATE, BOWL_STEPS = 500, 0.1, 3


@dataclass
class Params:
    """What a person sets."""

    rate: Annotated[
        str,
        Choice(*RATES, label="Look at", help="SWA’s constant rate, FGE’s short cycles, or long cycles from the start"),
    ] = "constant"
    surface: Annotated[str, Choice("train loss", "test loss", live=True, help="Which loss the plane shows")] = (
        "train loss"
    )
    first: Annotated[
        float,
        Slider(0.01, 2, log=True, live=True, label="First rate", help="Where the first phase and long cycles begin"),
    ] = 0.5
    last: Annotated[
        float,
        Slider(0.01, 2, log=True, live=True, label="Last rate", help="The constant rate, and the top of short cycles"),
    ] = 0.5
    share: Annotated[
        float, Slider(0.2, 0.9, label="First phase", help="Share of the steps before averaging begins; 0.75 is common")
    ] = 0.5
    keep: Annotated[
        float, Slider(0.5, 0.999, live=True, label="EMA α", help="Share of the moving average kept at each step")
    ] = 0.98
    batch: Annotated[int, Slider(4, 128, log=True, live=True, help="Digits in a step’s slope: few shake it more")] = 16
    examples: Annotated[int, Slider(100, 1437, log=True, help="Digits to learn from: few leave more to gain")] = 400
    bug: Annotated[
        str,
        Choice(
            "none",
            "statistics not re-estimated",
            "snapshots at the top",
            live=True,
            label="What if it were wrong",
            help="The average judged by the last member’s statistics; snapshots taken mid-cycle, at the highest rate",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many batches; both phases together")] = 900


# Rates and averages -----------------------------------------------------------------------------------------------------


def begins(p: Params) -> int:
    """The step at which the last phase begins."""
    return round(p.share * p.steps)


def cycle_of(p: Params, rate: str) -> int:
    """Steps from snapshot to snapshot."""
    return max(1, (p.steps if rate == "long cycles" else p.steps - begins(p)) // MEMBERS)


def rate_at(p: Params, rate: str, t: int) -> float:
    """η at step t: long cosine cycles throughout; else one cosine down to a tenth, and then a constant or short cycles."""
    if rate == "long cycles":
        return 0.5 * p.first * (1 + math.cos(math.pi * (t % cycle_of(p, rate)) / cycle_of(p, rate)))
    if t < begins(p):
        low = 0.1 * p.first
        return low + 0.5 * (p.first - low) * (1 + math.cos(math.pi * t / begins(p)))
    if rate == "constant":
        return p.last
    turn = (t - begins(p)) % cycle_of(p, rate) / cycle_of(p, rate)
    return p.last * (0.05 + 0.95 * abs(1 - 2 * abs(turn - 0.5)))  # a triangle: low, top in the middle, low


def snapshot_due(p: Params, rate: str, t: int) -> bool:
    """Whether the network after step t is kept: at the end of a cycle."""
    since = t + 1 - (0 if rate == "long cycles" else begins(p))
    wrong = cycle_of(p, rate) // 2 if p.bug == "snapshots at the top" else 0
    return since > 0 and (since - wrong) % cycle_of(p, rate) == 0


class Walk:
    """Three networks as rows, on their way with a rate of their own, and what is kept of each way."""

    def __init__(self, p: Params, rng: torch.Generator) -> None:
        digits = split_digits()
        self.p, self.rng = p, rng
        chosen = torch.randperm(len(digits.train), generator=rng)[: p.examples]
        self.x, self.y = digits.train.flatten(1)[chosen], digits.train_labels[chosen]
        self.exam, self.answers = digits.test.flatten(1), digits.test_labels
        start = NETWORK.start(rng)
        self.rows = start.repeat(len(RATES), 1)
        self.means = start.repeat(2, len(RATES), 1)  # over all steps of the last phase; forgetting
        self.members = torch.zeros(len(RATES), MEMBERS, len(start))
        self.path = torch.zeros(CHECKPOINTS + 1, len(start))
        self.path[0] = start
        self.counts: dict[str, Any] = {"members": [0] * len(RATES), "averaged": 0, "path": 1}
        self.tracked = {
            "rows": self.rows,
            "means": self.means,
            "members": self.members,
            "path": self.path,
            "counts": self.counts,
        }

    def step(self, t: int) -> None:
        """Everyone makes a step by the same batch; what is due is kept."""
        chosen = torch.randint(len(self.x), (self.p.batch,), generator=self.rng)
        rows = self.rows.detach().clone().requires_grad_()
        loss = losses(normalised_scores(NETWORK, rows, self.x[chosen])[0], self.y[chosen]).sum()
        rates = torch.tensor([[rate_at(self.p, rate, t)] for rate in RATES])
        self.rows -= rates * torch.autograd.grad(loss, rows)[0]
        if t >= begins(self.p):
            self.counts["averaged"] += 1
            self.means[0] += (self.rows - self.means[0]) / self.counts["averaged"]
            self.means[1].lerp_(self.rows, 1 - self.p.keep)
        else:
            self.means[:] = self.rows
        for k, rate in enumerate(RATES):
            if snapshot_due(self.p, rate, t):
                made = self.counts["members"]
                self.counts["members"] = [*made[:k], made[k] + 1, *made[k + 1 :]]
                self.members[k, made[k] % MEMBERS] = self.rows[k]
        if (t + 1) % max(1, self.p.steps // CHECKPOINTS) == 0 and self.counts["path"] <= CHECKPOINTS:
            self.path[self.counts["path"]] = self.rows[RATES.index(self.p.rate)]
            self.counts["path"] += 1

    def kept(self, k: int) -> Float[Tensor, "m p"]:
        """The snapshots of one way; the network as it is, before there is one."""
        made = min(self.counts["members"][k], MEMBERS)
        return self.members[k, :made] if made else self.rows[k : k + 1]

    @torch.no_grad()
    def judged(self, k: int) -> dict[str, float]:
        """Test losses on one way: the newest network, the averages, the ensemble, and the mean with stale statistics."""
        members = self.kept(k)
        rows = torch.stack([self.rows[k], members.mean(0), *self.means[:, k]])
        fresh = normalised_scores(NETWORK, rows, self.x)[1]
        stale = [(mean[:1], variance[:1]) for mean, variance in fresh]
        found = dict(
            zip(
                KINDS, losses(normalised_scores(NETWORK, rows, self.exam, fresh)[0], self.answers).tolist(), strict=True
            )
        )
        found["stale"] = float(losses(normalised_scores(NETWORK, rows[1:2], self.exam, stale)[0], self.answers)[0])
        if self.p.bug == "statistics not re-estimated":
            found["mean of weights"] = found["stale"]
        theirs = normalised_scores(NETWORK, members, self.exam, normalised_scores(NETWORK, members, self.x)[1])[0]
        found["ensemble"] = float(ensemble_loss(theirs, self.answers))
        return found


class Bowl:
    """Walkers in a noisy bowl (h = σ = 1) and the mean of the places of each."""

    def __init__(self, rng: torch.Generator, walkers: int = WALKERS) -> None:
        self.rng = rng
        self.at = torch.zeros(walkers, dtype=torch.float64)
        self.mean = torch.zeros_like(self.at)
        self.count: dict[str, Any] = {"steps": 0}
        self.tracked = {"at": self.at, "mean": self.mean, "count": self.count}

    def step(self) -> None:
        """One step of every walker; the mean takes its new place in."""
        self.count["steps"] += 1
        self.at -= BOWL_RATE * (self.at + torch.randn(len(self.at), generator=self.rng, dtype=torch.float64))
        self.mean += (self.at - self.mean) / self.count["steps"]


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Averages and snapshots",
    topic="training",
    place=10,
    source="notes, Advanced Ensemble and Weight Averaging Techniques; Izmailov et al. 2018, arXiv:1803.05407",
    summary="The middle of a walk is better than its end",
    portrait=Portrait("plane", steps=900),
    views=(
        View("loss", "Test loss along one walk", unit="nats", log=True),
        View("rate", "The three rates", "dots: snapshots"),
        View("bowl", "Walkers and averages in a bowl", log=True),
        View("plane", "The loss in a plane through three networks"),
        View("table", "Test loss in nats, three rates"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains one network three times, with three rates, and averages on the way."""
    walk, bowl = Walk(p, ctx.rng), Bowl(ctx.rng)
    ctx.track(walk=walk.tracked, bowl=bowl.tracked)
    looked = RATES.index(p.rate)

    def draw() -> Iterator[Frame]:
        if ctx.due("plane"):
            yield draw_plane(walk, looked)
        if ctx.due("table"):
            yield draw_table(walk)
        if ctx.due("rate"):
            yield draw_rates(p, ctx.step)

    ctx.draw_with(draw)
    yield Truth("bowl/walker", BOWL_RATE / (2 - BOWL_RATE), f"η/(2 − η) = {BOWL_RATE / (2 - BOWL_RATE):.4f}")
    for t in ctx.steps(p.steps):
        walk.step(t)
        for _ in range(BOWL_STEPS):
            bowl.step()
        yield Scalar("bowl/walker", bowl.at.square().mean())
        yield Scalar("bowl/average", bowl.mean.square().mean())
        yield Scalar("bowl/1/T", 1 / bowl.count["steps"])
        if t % 10 == 0:
            found = walk.judged(looked)
            for kind in (*KINDS, "ensemble"):
                yield Scalar(f"loss/{kind}", found[kind])


# Pictures -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plane:
    """An origin `[p]` and two orthonormal directions `[2, p]`."""

    origin: Tensor
    directions: Float[Tensor, "2 p"]

    def places(self, rows: Float[Tensor, "k p"]) -> Float[Tensor, "k 2"]:
        """Where networks lie in the plane, or where their shadows do."""
        return (rows - self.origin) @ self.directions.T

    def rows(self, places: Float[Tensor, "k 2"]) -> Float[Tensor, "k p"]:
        """The networks at these places."""
        return self.origin + places @ self.directions


def plane_through(corners: Float[Tensor, "3 p"]) -> Plane | None:
    """The plane of three networks; None if they lie on a line."""
    u = corners[1] - corners[0]
    if float(u.norm()) < 1e-6:
        return None
    u = u / u.norm()
    v = corners[2] - corners[0]
    v = v - (v @ u) * u
    return Plane(corners[0], torch.stack([u, v / v.norm()])) if float(v.norm()) > 1e-6 else None


def corners_of(walk: Walk, k: int) -> tuple[Tensor, str]:
    """The newest three snapshots; before there are three, the start, the middle and the end of the path."""
    made = walk.counts["members"][k]
    if made >= 3:
        return walk.members[k, [(made - back) % MEMBERS for back in (3, 2, 1)]], "three snapshots"
    last = walk.counts["path"] - 1
    return walk.path[[0, last // 2, last]], "start, middle and now"


@torch.no_grad()
def draw_plane(walk: Walk, k: int) -> Plot:
    """Loss over the plane (statistics re-estimated at each place), its three networks, their mean and the walk's shadow."""
    corners, note = corners_of(walk, k)
    plane = plane_through(corners)
    x, y = Axis("distance along u"), Axis("distance along v")
    if plane is None:
        return Plot("plane", (Scatter(torch.zeros(0, 2)),), x, y, note="waits for three networks")
    three = plane.places(corners)
    mean = corners.mean(0, keepdim=True)
    pad = 0.45 * float((three.amax(0) - three.amin(0)).max())
    (left, low), (right, high) = (three.amin(0) - pad).tolist(), (three.amax(0) + pad).tolist()
    across, up = torch.linspace(left, right, GRID), torch.linspace(low, high, GRID)
    grid = torch.stack(torch.meshgrid(across, up, indexing="xy"), -1).reshape(-1, 2)
    rows, statistics = plane.rows(grid), None
    if walk.p.surface == "test loss":
        statistics = normalised_scores(NETWORK, rows, walk.x)[1]
    data = (walk.exam, walk.answers) if walk.p.surface == "test loss" else (walk.x, walk.y)
    loss = losses(normalised_scores(NETWORK, rows, data[0], statistics)[0], data[1]).log10().reshape(GRID, GRID)
    extent = (left, right, low, high)
    levels = tuple(float(v) for v in torch.linspace(float(loss.min()), float(loss.max()), 9)[1:-1])
    path = plane.places(walk.path[: walk.counts["path"]])
    inside = ((path >= three.amin(0) - pad) & (path <= three.amax(0) + pad)).all(1, keepdim=True)
    path = torch.where(inside, path, torch.nan)
    layers: tuple[Layer, ...] = (
        Heat(loss, extent, legend=f"log₁₀ {walk.p.surface}"),
        Contour(loss, extent, levels, colour=7, width=0.8),
        Line(path[:, 0], path[:, 1], "the walk’s shadow", 7, dashed=True, width=1),
        Scatter(three, label="networks", colour=1, size=12, labels=("1", "2", "3")),
        Scatter(plane.places(mean), label="mean", colour=6, size=14, labels=("mean",)),
    )
    return Plot("plane", layers, x, y, note=note)


def draw_table(walk: Walk) -> Table:
    """Every average of every way, beside its newest member."""
    found = [walk.judged(k) for k in range(len(RATES))]
    rows = tuple(
        (kind, *(f"{of[kind]:.3f}" for of in found))
        for kind in ("newest", "ensemble", "mean of weights", "stale", "all steps", "EMA")
    )
    made = ", ".join(str(count) for count in walk.counts["members"])
    return Table("table", ("", "Constant", "Short", "Long"), rows, note=f"{made} snapshots")


def draw_rates(p: Params, now: int) -> Plot:
    """η of every way over the whole run, and where snapshots are taken."""
    t = np.unique(np.linspace(0, p.steps - 1, min(p.steps, 600)).astype(int))
    layers: list[Layer] = []
    for k, rate in enumerate(RATES):
        layers.append(Line(t, np.array([rate_at(p, rate, int(at)) for at in t]), rate, k, width=2))
        due = [at for at in range(p.steps) if snapshot_due(p, rate, at)]
        dots = np.array([(at, rate_at(p, rate, at)) for at in due]).reshape(-1, 2)
        layers.append(Scatter(dots, colour=k, size=8))
    top = 1.05 * max(p.first, p.last)
    layers.append(Line(np.full(2, min(now, p.steps)), np.array([0.0, top]), "", 7, width=1))
    return Plot("rate", tuple(layers), Axis("step", range=(0, p.steps)), Axis("η", range=(0, top)))


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "averaging 2,000 places of a walk in a bowl divides its variance by 105",
    tolerance=16.0,
    source="Polyak & Juditsky 1992: Var x̄ = σ²/(h²T), against ησ²/(h(2 − ηh)) = 0.0526",
    catches="an average that weighs its newest place too much",
)
def bowl_ratio(ctx: CheckContext) -> Measured:
    """3,000 walkers; over 50 is asked of it, 105 is theory's."""
    bowl = Bowl(ctx.rng, 3000)
    for _ in range(2000):
        bowl.step()
    return Measured(2000 * BOWL_RATE / (2 - BOWL_RATE), float(bowl.at.var() / bowl.mean.var()))


@check(
    "the mean of all steps and the EMA are torch's",
    tolerance=1e-5,
    source="torch.optim.swa_utils.AveragedModel, get_ema_multi_avg_fn",
    catches="an average that begins one step late, an EMA with α on the wrong side",
)
def means_agree(ctx: CheckContext) -> Measured:
    """30 steps, ten of them before averaging begins: the largest difference of a weight."""
    walk = Walk(Params(steps=30, share=0.34, examples=100), ctx.rng)
    model = nn.ParameterList([nn.Parameter(walk.rows.clone())])
    plain: AveragedModel | None = None
    for t in range(30):
        if t == begins(walk.p):
            forgetting = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(walk.p.keep))
            forgetting.update_parameters(model)
            plain = AveragedModel(model)
        walk.step(t)
        model[0].data.copy_(walk.rows)
        if plain is not None:
            plain.update_parameters(model)
            forgetting.update_parameters(model)
    assert plain is not None
    theirs = torch.stack([next(plain.parameters()), next(forgetting.parameters())]).detach()
    return Measured(0.0, float((walk.means - theirs).abs().max()))


def walked(ctx: CheckContext) -> Walk:
    """A short walk with a high last rate."""
    walk = Walk(Params(steps=240, last=1.0), ctx.rng)
    for t in range(240):
        walk.step(t)
    return walk


@check(
    "an ensemble is never worse than its members on average",
    tolerance=0.0,
    source="Jensen's inequality: −ln is convex",
    catches="averaged scores in place of averaged probabilities, a sum that is not divided",
)
def jensen(ctx: CheckContext) -> Measured:
    """Excess of the ensemble's loss over the members' mean, of six random networks on digits with wrong answers too."""
    walk = Walk(Params(), ctx.rng)
    members = torch.stack([NETWORK.start(ctx.rng) * 3 for _ in range(6)])
    scores = normalised_scores(NETWORK, members, walk.exam)[0]
    by_hand = -torch.log(scores.softmax(-1).mean(0)[torch.arange(360), walk.answers]).mean()
    gap = abs(float(ensemble_loss(scores, walk.answers) - by_hand))
    excess = float(ensemble_loss(scores, walk.answers) - losses(scores, walk.answers).mean())
    return Measured(0.0, excess if gap < 1e-4 else math.inf, "at most")


@check(
    "without re-estimating the statistics the mean of the weights is worse",
    tolerance=0.0,
    source="Izmailov et al. 2018, §3.2",
    catches="statistics of a member under the name of the average's",
)
def stale_is_worse(ctx: CheckContext) -> Measured:
    """What stale statistics cost, in nats of test loss."""
    found = walked(ctx).judged(0)
    return Measured(0.003, found["stale"] - found["mean of weights"], "at least", "nats")


@check(
    "the three networks lie in their plane, where it says",
    tolerance=1e-4,
    source="Gram & Schmidt",
    catches="directions that are not at right angles",
)
def in_the_plane(ctx: CheckContext) -> Measured:
    """Distance between each network and the one that the plane has at its place."""
    corners = torch.stack([NETWORK.start(ctx.rng) for _ in range(3)])
    plane = plane_through(corners)
    assert plane is not None
    return Measured(0.0, float((plane.rows(plane.places(corners)) - corners).norm(dim=1).max()))

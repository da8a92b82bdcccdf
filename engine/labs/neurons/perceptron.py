r"""A threshold neuron weighs its inputs, adds them up and **fires** when the sum is positive. A straight line is all that it can draw.

$$ y = \begin{cases} +1 & w^\top x + b > 0 \\ -1 & \text{otherwise} \end{cases} $$

The line $w^\top x + b = 0$ splits the plane; the weight vector $w$ stands on it and points to the side that fires. Write the bias as one
more weight on an input that is always 1, so that $\tilde w = (w, b)$ and $\tilde x = (x, 1)$.

## The rule
Take a point on the wrong side, $y\,\tilde w^\top \tilde x \le 0$, and add it to the weights with its sign:

$$ \tilde w \leftarrow \tilde w + y\,\tilde x $$

A step of this lab is one such update. The arrows in the plane add up: the old $w$, the pull of the point, the new $w$. There is no learning
rate, since from $\tilde w = 0$ it would only stretch $\tilde w$, and stretching turns no line.

## Why it stops
Let $\gamma$ be the margin of the best unit vector $u$ in this three-dimensional space and $R$ the length of the longest $\tilde x$. Each
mistake carries $\tilde w$ at least $\gamma$ further along $u$, and makes $\lVert \tilde w \rVert^2$ at most $R^2$ larger, because the point
was on the wrong side. After $k$ mistakes from zero,

$$ k\,\gamma \;\le\; u^\top \tilde w \;\le\; \lVert \tilde w \rVert \;\le\; \sqrt{k}\,R \qquad\Longrightarrow\qquad k \le (R/\gamma)^2 $$

So far it has made **{{mistakes/made}}** mistakes. Change the data in mid-run and the count starts again, with the same argument from the
weights as they are. If no line separates the data, nothing stops it: on XOR it turns for ever, and no line gets more than 75 % right.

## Which line
The rule takes the first line that works. The support vector machine takes the middle of the widest street, with $m$ on either side:

$$ \min_{w,\,b} \tfrac12 \lVert w \rVert^2 \quad\text{so that}\quad y_i\,(w^\top x_i + b) \ge 1, \qquad m = 1 / \lVert w \rVert $$

## The cell that it was named after
A nerve cell adds up the currents that its dendrites bring in, leaks, and fires at a threshold $\theta$. Here the weighted sum, as the
signed distance $z$ of the stimulus from the line, sets the potential that the cell is pulled to:

$$ \tau\,\dot V = -(V - V_\infty), \qquad V_\infty = \theta + g z $$

$$ \text{rate} = \Big(t_r + \tau \ln \frac{V_\infty - V_0}{V_\infty - \theta}\Big)^{-1} $$

It fires exactly if $z > 0$: the same decision. What the threshold unit leaves out is *how fast*.

**Try**: make the margin small and see the mistakes rise; drop one point on the wrong side of a settled line; choose XOR; move the
stimulus across the line.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float, Int

from engine.api import (
    Arrows,
    Axis,
    Choice,
    Frame,
    Heat,
    Layer,
    Line,
    Measured,
    Pad,
    Plot,
    PointSet,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.data import planar
from engine.data.lines import best_line_accuracy, line_distance, line_ends, line_foot, line_margin, mistake_bound
from engine.data.street import best_direction, widest_street
from engine.nn.spiking import Cell

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH = 1.5
CELL, GAIN = Cell(), 20.0  # mV of pull for each unit of distance from the line
SILENT, FIRES, WIDEST, LINE, STIMULUS, WRONG = range(6)  # series colours; the first two are the classes

Places = tuple[tuple[float, float, int], ...]


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[
        str, Choice("separable", "xor", "own points", live=True, help="The points that the neuron learns to tell apart")
    ] = "separable"
    points: Annotated[
        Places, PointSet(-REACH, REACH, live=True, help="Points you place yourself; they join the data")
    ] = ()
    margin: Annotated[
        float, Slider(0.02, 0.4, log=True, live=True, help="Half the width of the empty street: a narrow one is hard")
    ] = 0.1
    count: Annotated[int, Slider(4, 120, live=True, help="How many points the data has, beside your own")] = 40
    order: Annotated[
        str, Choice("in turn", "random", "worst first", live=True, help="Which misclassified point pulls the line next")
    ] = "in turn"
    stimulus: Annotated[
        tuple[float, float], Pad(-REACH, REACH, live=True, help="The input that drives the spiking cell")
    ] = (-0.5, -0.5)
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many updates it makes at most")] = 1000


@dataclass(frozen=True)
class Problem:
    """The data, and what is known about it before the neuron has learned anything. No `street` and no `unit`: no line separates it."""

    points: Float[np.ndarray, "n 2"]
    inputs: Float[np.ndarray, "n 3"]  # x̃ = (x, 1)
    signs: Int[np.ndarray, "n"]  # +1 should fire, −1 should not
    street: Float[np.ndarray, "3"] | None  # the middle of the widest street in the plane
    unit: Float[np.ndarray, "3"] | None  # u of the theorem
    ceiling: float  # the share that the best of all lines gets right
    key: int  # tells one data set from another

    def margin(self, line: Float[np.ndarray, "3"]) -> float:
        """Distance from a line to the nearest point, in plot units; negative while a point lies on the wrong side."""
        return line_margin(line, self.points, self.signs)

    def bound(self, start: Float[np.ndarray, "3"]) -> float:
        """The most mistakes from the weights `start`, (R/γ)² from zero; infinite if no line separates the data."""
        return math.inf if self.unit is None else mistake_bound(self.inputs, self.signs, self.unit, start)


@lru_cache(maxsize=8)
def make_problem(data: str, points: Places, margin: float, count: int, seed: int) -> Problem:
    """The data that the parameters describe, its widest street, and the best that any line can do on it."""
    rng = np.random.default_rng(seed)
    if data == "separable":
        base = planar.separable(count, margin, rng)
    else:
        base = planar.sample("xor", count, 0.1, rng) if data == "xor" else planar.empty()
    chosen = planar.with_own(base, points)
    places, signs = chosen.points, 2 * chosen.labels - 1
    inputs = np.concatenate([places, np.ones((len(chosen), 1))], 1)
    street, unit = widest_street(places, signs), best_direction(inputs, signs)
    ceiling = best_line_accuracy(places, signs) if street is None else 1.0
    return Problem(places, inputs, signs, street, unit, ceiling, zlib.crc32(inputs.tobytes() + signs.tobytes()))


def truths(problem: Problem, start: Float[np.ndarray, "3"]) -> Iterator[Frame]:
    """What theory says about the data: the most mistakes, the widest margin, the best line."""
    if problem.street is not None:
        name, bound = "from here at most" if start.any() else "(R/γ)² =", problem.bound(start)
        yield Truth("mistakes/made", bound, f"{name} {bound:.0f}")
        yield Truth(
            "margin/perceptron",
            problem.margin(problem.street),
            f"widest street (SVM) {problem.margin(problem.street):.3f}",
        )
    yield Truth("accuracy/perceptron", problem.ceiling, f"best of all lines {problem.ceiling:.1%}")


def on_wrong_side(weights: Float[np.ndarray, "3"], problem: Problem) -> Int[np.ndarray, "m"]:
    """Indices of the misclassified points. A point on the line itself counts, so at zero weights all do."""
    return np.flatnonzero(problem.signs * (problem.inputs @ weights) <= 0)


def choose(
    wrong: Int[np.ndarray, "m"], sums: Float[np.ndarray, "m"], p: Params, last: int, rng: torch.Generator
) -> int:
    """Which misclassified point the update takes. `sums`: y w̃·x̃ of each; `last`: the point before."""
    if p.order == "random":
        return int(wrong[int(torch.randint(len(wrong), (), generator=rng))])
    if p.order == "worst first":
        return int(wrong[np.argmin(sums)])
    return int(wrong[np.searchsorted(wrong, last + 1) % len(wrong)])


@lab(
    title="Threshold neuron",
    topic="neurons",
    place=1,
    source="Rosenblatt 1958; Novikoff 1962; notes, Neural Network Basics",
    summary="One line, turned by every mistake",
    portrait=Portrait("plane", steps=40, sets={"data": "separable"}),
    speed=10,
    views=(
        View("plane", "The plane", "click adds a point, drag moves it, right-click removes it"),
        View("neuron", "The cell integrates"),
        View("rate", "Firing rate"),
        View("mistakes", "Mistakes", log=True),
        View("margin", "Margin", unit="plot units"),
        View("accuracy", "On the right side"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Steps the perceptron rule, one update a step."""
    kept = torch.zeros(3, 3, dtype=torch.float64)
    weights, before, start = kept.numpy()  # three views of the tracked tensor
    count: dict[str, Any] = {"made": 0, "last": -1, "data": 0}
    ctx.track(weights=kept, count=count)

    def problem_now() -> Problem:
        return make_problem(p.data, p.points, p.margin, p.count, ctx.seed)

    def draw() -> Iterator[Frame]:
        problem = problem_now()
        if ctx.due("plane"):
            update = before if count["data"] == problem.key and (weights != before).any() else None
            yield draw_plane(problem, weights, update, count, p.stimulus)
        if ctx.due("neuron"):
            yield draw_cell(weights, p.stimulus)
        if ctx.due("rate"):
            yield draw_rates(problem, weights, p.stimulus)

    ctx.draw_with(draw)
    yield from truths(problem_now(), start)
    for _ in ctx.steps(p.steps):
        problem = problem_now()
        if count["data"] != problem.key:  # other data: the same theorem, from the weights as they are now
            count.update(made=0, last=-1, data=problem.key)
            start[:] = weights
            yield from truths(problem, start)
        before[:] = weights
        wrong = on_wrong_side(weights, problem)
        if len(wrong):
            sums = (problem.signs * (problem.inputs @ weights))[wrong]
            index = choose(wrong, sums, p, count["last"], ctx.rng)
            weights += problem.signs[index] * problem.inputs[index]
            count.update(made=count["made"] + 1, last=index)
        yield Scalar("mistakes/made", count["made"])
        yield Scalar("margin/perceptron", problem.margin(weights))
        yield Scalar("accuracy/perceptron", 1 - len(on_wrong_side(weights, problem)) / max(1, len(problem.signs)))


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_plane(
    problem: Problem,
    weights: Float[np.ndarray, "3"],
    before: Float[np.ndarray, "3"] | None,
    count: dict[str, Any],
    stimulus: tuple[float, float],
) -> Plot:
    """The points, the line and its two sides, the widest street, and the update that turned the line from `before`."""
    grid = np.stack(np.meshgrid(*[np.linspace(-REACH, REACH, 61)] * 2), -1)
    sides = line_distance(weights, grid).clip(-1, 1)
    wrong = on_wrong_side(weights, problem)
    layers: list[Layer] = [Heat(sides, (-REACH, REACH, -REACH, REACH), "diverging", (-1, 1), opacity=0.35)]
    if problem.street is not None:
        kerb = problem.margin(problem.street) * np.array([0, 0, 1])
        layers.append(line_of(problem.street, "SVM", WIDEST))
        layers += [line_of(problem.street + side * kerb, "", WIDEST, dashed=True, width=1) for side in (-1, 1)]
    layers += [
        line_of(weights, "perceptron", LINE, width=2.5),
        Scatter(problem.points, groups=(problem.signs > 0).astype(int), size=8),
        Scatter(problem.points[wrong], label="wrong side", colour=WRONG, size=13, hollow=True),
        Scatter(np.array([stimulus]), colour=STIMULUS, size=11, hollow=True, labels=("stimulus",)),
    ]
    if before is not None:
        layers.append(line_of(before, "", LINE, dashed=True, width=1))
        layers.append(
            Scatter(problem.points[[count["last"]]], label="pulls it now", colour=WRONG, size=24, hollow=True)
        )
        layers += arrows_of(before[:2], weights)
    state = f"{len(wrong)} of {len(problem.signs)} on the wrong side" if len(wrong) else "settled"
    note = f"{state} after {count['made']} updates"
    x, y = (Axis(name, range=(-REACH, REACH)) for name in ("x₁", "x₂"))
    return Plot("plane", tuple(layers), x, y, equal=True, edits="points", note=note)


def line_of(line: Float[np.ndarray, "3"], label: str, colour: int, *, dashed: bool = False, width: float = 1.5) -> Line:
    """The line across the whole plane."""
    ends = line_ends(line, REACH)
    return Line(ends[:, 0], ends[:, 1], label, colour, dashed, width)


def arrows_of(before: Float[np.ndarray, "2"], weights: Float[np.ndarray, "3"]) -> tuple[Arrows, ...]:
    """Old w + pull = new w, tip to tail on the new line, scaled so that the longest fits the plane."""
    if not weights[:2].any():
        return ()
    pull, foot = weights[:2] - before, line_foot(weights)
    scale = 0.7 / max(float(np.linalg.norm(arrow)) for arrow in (before, pull, weights[:2]))
    return (
        Arrows(foot[None], scale * before[None], "", STIMULUS),
        Arrows((foot + scale * before)[None], scale * pull[None], "", WRONG),
        Arrows(foot[None], scale * weights[None, :2], "w", LINE),
    )


def draw_cell(weights: Float[np.ndarray, "3"], stimulus: tuple[float, float]) -> Plot:
    """The potential of the spiking cell while the stimulus lasts."""
    z = float(line_distance(weights, np.array(stimulus)))
    goal = CELL.threshold + GAIN * z
    trace = CELL.trace(goal, duration=120.0, onset=10.0)
    time = CELL.tick * np.arange(len(trace))
    spikes = int((trace == CELL.spike).sum())
    layers = (
        Line(time[[0, -1]], np.full(2, CELL.threshold), "threshold θ", WRONG, dashed=True),
        Line(np.array([10.0, time[-1]]), np.full(2, goal), "pulled to θ + gz", STIMULUS, dashed=True),
        Line(time, trace, "potential V", FIRES if spikes else SILENT),
        Scatter(np.array([(114.0, CELL.threshold + 6), (16.0, goal + 6)]), size=1, labels=("θ", "θ + gz")),
    )
    note = f"z = {z:+.2f}: {f'{spikes} spikes' if spikes else 'silent'}"
    return Plot("neuron", layers, Axis("time", "ms"), Axis("potential", "mV", range=(-115, 30)), note=note)


def draw_rates(problem: Problem, weights: Float[np.ndarray, "3"], stimulus: tuple[float, float]) -> Plot:
    """The cell's firing rate against the weighted sum, beside the all-or-nothing answer of the threshold unit."""
    z = np.linspace(-2.5, 2.5, 401)

    def rated(at: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 2"]:
        return np.stack([at, CELL.rate(CELL.threshold + GAIN * at)], -1)

    curve, probe = rated(z), rated(line_distance(weights, np.array([stimulus])))
    top, classes = float(curve[:, 1].max()), (problem.signs > 0).astype(int)
    layers = (
        Line(z, np.where(z > 0, top, 0.0), "threshold unit", LINE, dashed=True),
        Line(z, curve[:, 1], "spiking cell", WIDEST),
        Scatter(rated(line_distance(weights, problem.points)), groups=classes, size=7),
        Scatter(probe, label="stimulus", colour=STIMULUS, size=11, hollow=True),
        Scatter(np.array([(1.25, 1.03 * top), (1.75, 0.55 * top)]), size=1, labels=("threshold unit", "spiking cell")),
    )
    sums = Axis("signed distance from the line, z", range=(-2.5, 2.5))
    return Plot("rate", layers, sums, Axis("rate", "Hz", range=(-5, 1.1 * top)))


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "mistakes stay below (R/γ)², and then it settles",
    tolerance=0.0,
    source="Novikoff 1962",
    catches="an update with the wrong sign, which never settles",
)
def novikoff(ctx: CheckContext) -> Measured:
    """Four margins and three orders: the largest share of the allowed mistakes that was made."""
    worst = 0.0
    for margin in (0.02, 0.05, 0.1, 0.3):
        for order in ("in turn", "random", "worst first"):
            trained = ctx.train(margin=margin, order=order, steps=2000)
            share = trained.last("mistakes/made") / make_problem("separable", (), margin, 40, ctx.seed).bound(
                np.zeros(3)
            )
            worst = max(worst, share if trained.last("accuracy/perceptron") == 1 else math.inf)
    return Measured(1.0, worst, "at most", "largest share of the allowed mistakes")


@check(
    "three inputs at right angles cost every one of the (R/γ)² = 3 mistakes",
    tolerance=1e-4,
    source="Novikoff 1962, the case of equality",
    catches="a bound that is not squared, or that leaves out the bias input",
)
def equality(ctx: CheckContext) -> Measured:
    """With orthogonal x̃ each update mends one point and leaves the others as they were."""
    turns = ((0, 1), (2 * math.pi / 3, 0), (4 * math.pi / 3, 1))
    corners = tuple((math.sqrt(2) * math.cos(turn), math.sqrt(2) * math.sin(turn), k) for turn, k in turns)
    made = ctx.train(data="own points", points=corners, steps=10).last("mistakes/made")
    return Measured(
        make_problem("own points", corners, 0.1, 40, 0).bound(np.zeros(3)), made, detail="mistakes, beside the bound"
    )


@check(
    "on XOR it never settles: 2,000 steps are 2,000 mistakes",
    tolerance=0.0,
    source="Minsky & Papert 1969",
    catches="a step that passes over misclassified points",
)
def restless(ctx: CheckContext) -> Measured:
    """No line separates XOR, so at every step some point is on the wrong side."""
    return Measured(2000, ctx.train(data="xor", steps=2000).last("mistakes/made"))


@check(
    "no line gets more than 75 % of XOR right, and one gets 75 %",
    tolerance=0.0,
    source="brute force over every line through two points",
    catches="the two points that a line runs through left out, or a split that no line makes",
)
def ceiling(ctx: CheckContext) -> Measured:
    """Of any four points, one from each corner, a line loses at least one."""
    return Measured(0.75, make_problem("xor", (), 0.1, 40, ctx.seed).ceiling, detail="the best of all lines")


@check(
    "no line that the rule settles on has a wider margin than the SVM's",
    tolerance=1e-6,
    source="notes, Perceptron: a solution, not the best one",
    catches="a soft margin in place of the hard one",
)
def widest(ctx: CheckContext) -> Measured:
    """Five margins: the perceptron's margin as a share of the SVM's, at its largest."""
    shares = []
    for margin in (0.03, 0.05, 0.1, 0.2, 0.4):
        problem = make_problem("separable", (), margin, 40, ctx.seed)
        settled = ctx.train(margin=margin, steps=2000).last("margin/perceptron")
        best = 0.0 if problem.street is None else problem.margin(problem.street)
        shares.append(settled / best if settled > 0 and best > 0 else math.inf)
    return Measured(1.0, max(shares), "at most", "largest share of the SVM's margin")


@check(
    "the cell keeps the closed-form interval between spikes",
    tolerance=CELL.tick,
    source="leaky integrate-and-fire: t_r + τ ln((V∞ − V₀)/(V∞ − θ))",
    catches="a leak that pulls the wrong way, or a silence left out",
)
def interval(ctx: CheckContext) -> Measured:
    """Pulled 20 mV past its threshold: 2 + 20 ln 2 = 15.86 ms."""
    spikes = np.flatnonzero(CELL.trace(CELL.threshold + 20.0, duration=2000.0) == CELL.spike)
    closed = 1000 / float(CELL.rate(np.array(CELL.threshold + 20.0)))
    return Measured(closed, float(np.diff(spikes).mean()) * CELL.tick, detail="ms")

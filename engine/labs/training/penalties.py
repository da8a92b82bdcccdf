r"""Weights should cost something. What they cost, their square or their size, decides whether they shrink or vanish.

$$ L = \frac1n \sum_i \big(y_i - w^\top x_i - b\big)^2 + \lambda \sum_j w_j^2 \quad\text{or}\quad \lambda \sum_j \lvert w_j \rvert $$

The price is paid for a smaller *test* error: **{{test/none}}** without a penalty, **{{test/L2}}** with L2 and **{{test/L1}}** with L1, from
the same data and the same start. On its own training data the model without a penalty has **{{test/none, training}}**: the difference is
the *generalisation gap*. Only a few of the inputs matter here; the rest invite the model to learn noise by heart.

## One step
With a learning rate $\eta$ and nothing else pulling,

$$ \text{L2:}\quad w_j \leftarrow (1 - 2\eta\lambda)\, w_j $$

$$ \text{L1:}\quad w_j \leftarrow w_j - \eta\lambda\, \text{sign}(w_j) $$

L2 takes a **share**: less and less, never all (*weight decay*). L1 takes the **same amount** from each, and so gets to the end. Its bare
sign step jumps over 0 and back for ever, by $\eta\lambda$; a *soft threshold* stops where it would change sign, and the zero is exact.

## Balls
Paying a price is living on a budget. The solution with price $\lambda$ is also the best inside a ball of its own norm: where an ellipse of
equal loss first touches the ball, there

$$ \text{L2:}\quad -\nabla L_\text{data} = 2\lambda w $$

$$ \text{L1:}\quad -\frac{\partial L_\text{data}}{\partial w_j} = \lambda\, \text{sign}(w_j) $$

for $w_j \neq 0$; where $w_j = 0$, L1 holds any slope from $-\lambda$ to $\lambda$ in balance. The disc is smooth and touched anywhere; the
diamond has corners on the axes, and corners stick out. Drag the cross, the loss's own minimum, and see from how many places the diamond
is touched at a corner.

## Paths
Raise $\lambda$ from left to right: under L2 all weights fade together, under L1 they die one by one, the unimportant first, until at
$\lambda_\text{max} = \max_j \lvert \partial L_\text{data} / \partial w_j \rvert_{w=0}$ none is left. Now $\lambda$ is **{{strength}}**.

As a prior, L2 is a Gaussian belief about weights and L1 a Laplace one: see *Maximum likelihood*. The bias $b$ goes free: it carries no
complexity, and shrinking it only moves the answer off centre, as the bug shows.

**Try**: λ up and down in mid-run; the sign step; fewer examples than inputs; the bias penalised.

Sources: notes, Parameter Norm Penalties; Tibshirani 1996; Hastie, Tibshirani & Friedman 2009, section 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Choice,
    Contour,
    Frame,
    Layer,
    Line,
    Measured,
    Pad,
    Plot,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.api.words import number

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

INPUTS, BIAS, NOISE = 40, 2.0, 1.0
TRUE = np.zeros(INPUTS)
TRUE[[3, 8, 14, 21, 29, 36]] = (1.2, -0.8, 0.6, -1.5, 0.9, 0.5)
KINDS = ("none", "L2", "L1")
NONE, L2, L1, TRUTH = 0, 1, 2, 7  # series colours
LAMBDAS = np.geomspace(1e-4, 10, 60)
TILT = np.array([[1.0, 0.6], [0.6, 1.0]])  # the curvature of the two-weight example: its inputs go together


@dataclass
class Params:
    """What a person sets."""

    strength: Annotated[
        float, Slider(1e-4, 3.0, log=True, live=True, label="Penalty λ", help="The price of the weights")
    ] = 0.1
    l1_step: Annotated[
        str, Choice("soft threshold", "sign", live=True, label="L1 step", help="Whether a step of L1 may jump over 0")
    ] = "soft threshold"
    examples: Annotated[int, Slider(20, 400, log=True, help="Examples to learn 40 weights from")] = 50
    lr: Annotated[
        float, Slider(1e-3, 0.1, log=True, live=True, label="Learning rate η", help="Length of a gradient step")
    ] = 0.08
    optimum: Annotated[
        tuple[float, float],
        Pad(-2, 2, live=True, group="Two weights", help="Where the loss of the two-weight example is least; drag it"),
    ] = (0.1, 1.5)
    price: Annotated[
        float, Slider(0.01, 3.0, log=True, live=True, label="Their λ", group="Two weights", help="The price of the two")
    ] = 0.3
    bug: Annotated[
        str,
        Choice(
            "none",
            "penalty with its sign turned",
            "bias penalised too",
            live=True,
            label="Bug",
            group="What if it were wrong",
            help="Weights that are paid for being large; a bias that is drawn to 0",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many gradient steps each of the three makes")] = 1500


@dataclass(frozen=True)
class Task:
    """Examples to learn from and to test on, float64."""

    x: Float[Tensor, "n 40"]
    y: Float[Tensor, "n"]
    test_x: Float[Tensor, "m 40"]
    test_y: Float[Tensor, "m"]


@lru_cache(maxsize=8)
def make_task(examples: int, seed: int) -> Task:
    """Gaussian inputs of which six matter, an offset, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((examples + 2000, INPUTS))
    y = x @ TRUE + BIAS + NOISE * rng.standard_normal(len(x))
    inputs, targets = torch.tensor(x), torch.tensor(y)
    return Task(inputs[:examples], targets[:examples], inputs[examples:], targets[examples:])


def data_slope(w: Float[Tensor, "41"], x: Float[Tensor, "n 40"], y: Float[Tensor, "n"]) -> Float[Tensor, "41"]:
    """∂(mean squared error) by hand; the last entry belongs to the bias."""
    miss = x @ w[:-1] + w[-1] - y
    return 2 / len(y) * torch.cat([x.T @ miss, miss.sum()[None]])


def threshold(w: Tensor, amount: float) -> Tensor:
    """Takes `amount` from the size of each, and stops at 0."""
    return w.sign() * (w.abs() - amount).clamp_min(0) if amount >= 0 else w - amount * w.sign()


def shrink(w: Tensor, kind: str, amount: float) -> Tensor:
    """What a penalty alone does to weights in one gradient step; `amount` is ηλ."""
    return w * (1 - 2 * amount) if kind == "L2" else w - amount * w.sign() * (kind == "L1")


def step(w: Float[Tensor, "41"], kind: str, task: Task, p: Params) -> Float[Tensor, "41"]:
    """One step of a model down the slope of data and penalty; a soft L1 is thresholded after the data's step."""
    down = p.lr * data_slope(w, task.x, task.y)
    amount = p.lr * p.strength * (-1 if p.bug == "penalty with its sign turned" else 1)
    if kind == "L1" and p.l1_step == "soft threshold":
        moved = threshold(w - down, amount)
    else:
        moved = shrink(w, kind, amount) - down
    if p.bug != "bias penalised too":
        moved[-1] = w[-1] - down[-1]
    return moved.clamp(-50, 50)


@lru_cache(maxsize=4)
def paths(examples: int, seed: int) -> dict[str, Float[np.ndarray, "40 l"]]:
    """The exact solutions at every λ: ridge in closed form, lasso by coordinate descent (scikit-learn's α is λ/2)."""
    from sklearn.linear_model import lasso_path

    task = make_task(examples, seed)
    x, y = (task.x - task.x.mean(0)).numpy(), (task.y - task.y.mean()).numpy()
    ridge = [np.linalg.solve(x.T @ x / len(y) + one * np.eye(INPUTS), x.T @ y / len(y)) for one in LAMBDAS]
    lasso = lasso_path(x, y, alphas=LAMBDAS / 2)[1][:, ::-1]  # it begins with the largest α
    return {"L2": np.stack(ridge, 1), "L1": lasso}


def corner(optimum: Float[np.ndarray, "2"], kind: str, price: float) -> Float[np.ndarray, "2"]:
    """The least of ½ (w − o)ᵀ H (w − o) + λ‖w‖² or λ‖w‖₁ for two weights: closed, or one weight after the other."""
    pull = TILT @ optimum
    if kind == "L2":
        return np.asarray(np.linalg.solve(TILT + 2 * price * np.eye(2), pull))
    w = np.zeros(2)
    for _ in range(60):
        for j in (0, 1):
            rest = pull[j] - TILT[j, 1 - j] * w[1 - j]
            w[j] = np.sign(rest) * max(abs(rest) - price, 0.0)
    return w


@lab(
    title="L1 and L2 penalties",
    topic="training",
    place=1,
    source="notes, Parameter Norm Penalties; Tibshirani 1996",
    summary="Make weights pay: some shrink, some vanish",
    speed=60,
    portrait=Portrait("balls", steps=1, sets={"price": 0.5}),
    views=(
        View("weights", "Every weight"),
        View("balls", "Two weights", "drag the cross, the least of the loss"),
        View("histogram", "Their sizes"),
        View("test", "Squared error", log=True),
        View("L2", "L2 path"),
        View("L1", "L1 path"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Three models from one start, a gradient step each."""
    weights = {kind: torch.zeros(INPUTS + 1, dtype=torch.float64) for kind in KINDS}
    ctx.track(**weights)
    task = make_task(p.examples, ctx.seed)

    def draw() -> Iterator[Frame]:
        found = {kind: w.numpy() for kind, w in weights.items()}
        if ctx.due("weights"):
            yield draw_weights(found)
        if ctx.due("balls"):
            yield draw_balls(np.array(p.optimum), p.price)
        if ctx.due("histogram"):
            yield draw_histogram(found)
        for kind, colour in (("L2", L2), ("L1", L1)):
            if ctx.due(kind):
                yield draw_path(kind, colour, paths(p.examples, ctx.seed)[kind], found[kind], p.strength)

    ctx.draw_with(draw)
    yield Truth("test/none", NOISE**2, f"noise σ² = {NOISE**2:.0f}")
    for _ in ctx.steps(p.steps):
        miss = task.x @ weights["none"][:-1] + weights["none"][-1] - task.y
        for kind, w in weights.items():
            w.copy_(step(w, kind, task, p))
            yield Scalar(f"test/{kind}", (task.test_x @ w[:-1] + w[-1] - task.test_y).square().mean())
        yield Scalar("test/none, training", miss.square().mean())


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_weights(found: dict[str, np.ndarray]) -> Plot:
    """All forty weights of the three models on their true values."""
    at = np.arange(INPUTS, dtype=float)
    stems = np.stack([np.zeros(INPUTS), TRUE, np.full(INPUTS, np.nan)], 1).ravel()
    layers: list[Layer] = [Line(np.repeat(at, 3), stems, "true", TRUTH, width=5)]
    for kind, colour, size in (("none", NONE, 6), ("L2", L2, 6), ("L1", L1, 7)):
        layers.append(
            Scatter(np.stack([at, found[kind][:-1]], 1), label=kind, colour=colour, size=size, hollow=kind == "none")
        )
    biases = ", ".join(f"{found[kind][-1]:.1f}" for kind in KINDS)
    y = Axis("weight", range=(-2.2, 2.2))
    return Plot("weights", tuple(layers), Axis("input", range=(-1, INPUTS)), y, note=f"b = {biases}")


def draw_histogram(found: dict[str, np.ndarray]) -> Plot:
    """How many weights are how large; the bar at 0 of L1 counts the exact zeros."""
    edges = np.linspace(-2.1, 2.1, 43)  # one bin has 0 in its middle
    layers = []
    for kind, colour in zip(KINDS, (NONE, L2, L1), strict=True):
        counts = np.histogram(found[kind][:-1], edges)[0]
        layers.append(Line(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), kind, colour, width=2))
    zeros = int((found["L1"][:-1] == 0).sum())
    return Plot(
        "histogram",
        tuple(layers),
        Axis("weight", range=(-2.1, 2.1)),
        Axis("weights", range=(0, 42)),
        note=f"L1: {zeros} are 0",
    )


def draw_path(kind: str, colour: int, path: Float[np.ndarray, "40 l"], w: np.ndarray, price: float) -> Plot:
    """The exact solution at every λ, the inputs that matter in colour, and the descending model at its λ."""
    layers: list[Layer] = []
    for weights, true in sorted(zip(path, TRUE, strict=True), key=lambda pair: abs(pair[1])):
        layers.append(Line(LAMBDAS, weights, colour=colour if true else TRUTH, width=2 if true else 0.6))
    layers.append(Line(np.full(2, price), np.array([-2.0, 2.0]), colour=6, dashed=True))
    layers.append(Scatter(np.stack([np.full(INPUTS, price), w[:-1]], 1), label="now", colour=6, size=4))
    left = int((abs(w[:-1]) > 0).sum())
    y = Axis("weight", range=(-2, 2))
    return Plot(kind, tuple(layers), Axis("λ", log=True, range=(1e-4, 10)), y, note=f"{left} weights left")


def draw_balls(optimum: Float[np.ndarray, "2"], price: float) -> Plot:
    """The disc and the diamond of two weights, each with the ellipse of equal loss that touches it."""
    axis = np.linspace(-2, 2, 81)
    grid = np.stack(np.meshgrid(axis, axis), -1) - optimum
    loss, extent = np.einsum("hwi,ij,hwj->hw", grid, TILT, grid) / 2, (-2.0, 2.0, -2.0, 2.0)
    layers: list[Layer] = []
    turn = np.linspace(0, 2 * np.pi, 121)
    for kind, colour in (("L2", L2), ("L1", L1)):
        w = corner(optimum, kind, price)
        size = float(np.linalg.norm(w, 2 if kind == "L2" else 1))
        shape = np.stack([np.cos(turn), np.sin(turn)], 1)
        if kind == "L1":
            shape = shape / abs(shape).sum(1, keepdims=True)
        gap = w - optimum
        way = np.array([corner(optimum, kind, one) for one in np.geomspace(1e-3, 20, 40)])
        layers += [
            Contour(loss, extent, (float(gap @ TILT @ gap) / 2,), colour=colour, width=1),
            Line(size * shape[:, 0], size * shape[:, 1], f"{kind} budget", colour, width=2),
            Line(way[:, 0], way[:, 1], colour=colour, dashed=True, width=1),
            Scatter(w[None], colour=colour, size=10),
        ]
    x, y = (Axis(f"w{sub}", range=(-2, 2)) for sub in "₁₂")
    return Plot("balls", tuple(layers), x, y, equal=True, edits="optimum", note=f"λ = {number(price, 2)}")


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "one step of L2 shrinks every weight by 1 − 2ηλ",
    tolerance=1e-15,
    source="notes, Parameter Norm Penalties",
    catches="a slope of λw in the place of 2λw",
)
def decays(ctx: CheckContext) -> Measured:
    """With η = 0.1 and λ = 0.3 and data that do not pull: the share that is left."""
    w = torch.randn(INPUTS, generator=ctx.rng, dtype=torch.float64)
    shares = shrink(w, "L2", 0.1 * 0.3) / w
    return Measured(1 - 2 * 0.1 * 0.3, float(shares[(shares - 0.94).abs().argmax()]), detail="the share furthest off")


@check(
    "one step of L1 takes ηλ from every weight, and stops at 0",
    tolerance=1e-15,
    source="notes, Parameter Norm Penalties; soft threshold",
    catches="a step that jumps over 0",
)
def takes_the_same(ctx: CheckContext) -> Measured:
    """The largest difference from sign(w) · max(|w| − ηλ, 0)."""
    w = torch.randn(200, generator=ctx.rng, dtype=torch.float64)
    exact = torch.where(w.abs() > 0.2, w - 0.2 * w.sign(), 0.0)
    return Measured(0.0, float((threshold(w, 0.2) - exact).abs().max()), detail="largest difference")


@check(
    "descending with L2 ends at ridge, with L1 at lasso",
    tolerance=1e-3,
    source="(XᵀX/n + λ1)⁻¹ Xᵀy/n; scikit-learn's lasso",
    catches="a penalty with its sign turned, a bias that pays",
)
def rests(ctx: CheckContext) -> Measured:
    """300 steps at 0.1 with 200 examples, against the exact paths' solver at λ = 0.3."""
    from sklearn.linear_model import Lasso, Ridge

    trained = ctx.train(examples=200, strength=0.3, lr=0.1, steps=300).tracked
    task = make_task(200, ctx.seed)
    exact = {"L2": Ridge(alpha=0.3 * 200), "L1": Lasso(alpha=0.15, tol=1e-10)}
    gaps = [
        abs(trained[kind][:-1].numpy() - model.fit(task.x.numpy(), task.y.numpy()).coef_).max()
        for kind, model in exact.items()
    ]
    return Measured(0.0, float(max(gaps)), detail="largest difference")


@check(
    "L1 sets every irrelevant weight to exactly 0, L2 none",
    tolerance=0.0,
    source="Tibshirani 1996; λ above the noise's largest pull",
    catches="a sign step in the place of the soft threshold",
)
def selects(ctx: CheckContext) -> Measured:
    """With 400 examples and λ = 0.5: the zeros among the 34 of L1, less those of L2."""
    trained = ctx.train(examples=400, strength=0.5, lr=0.1, steps=300).tracked
    idle = torch.tensor(TRUE == 0)
    zeros = {kind: int((trained[kind][:-1][idle] == 0).sum()) for kind in ("L1", "L2")}
    return Measured(int(idle.sum()), zeros["L1"] - zeros["L2"])


@check(
    "at the solution the data's slope stands on the ball",
    tolerance=1e-9,
    source="Karush–Kuhn–Tucker: −∇ = 2λw; |∂| = λ where w ≠ 0, at most λ where w = 0",
    catches="a threshold at half the price",
)
def touches(ctx: CheckContext) -> Measured:
    """Two weights, twenty places of the loss's minimum, four prices."""
    worst = 0.0
    for optimum in ctx.numpy_rng.uniform(-2, 2, (20, 2)):
        for price in (0.05, 0.2, 0.8, 2.0):
            ridge, lasso = corner(optimum, "L2", price), corner(optimum, "L1", price)
            worst = max(worst, float(abs(TILT @ (optimum - ridge) - 2 * price * ridge).max()))
            pull = TILT @ (optimum - lasso)
            off = np.where(lasso == 0, np.maximum(abs(pull) - price, 0), abs(pull - price * np.sign(lasso)))
            worst = max(worst, float(off.max()))
    return Measured(0.0, worst, detail="largest miss")


@check(
    "at λ_max the last weight of L1 dies",
    tolerance=0.0,
    source="λ_max = max |∂L/∂w| at w = 0",
    catches="a gradient of half its size",
)
def dies(ctx: CheckContext) -> Measured:
    """Weights that are left after one step from 0 at 1.001 λ_max, and at 0.999 λ_max: 0 and 1."""
    task = make_task(50, ctx.seed)
    start = torch.cat([torch.zeros(INPUTS, dtype=torch.float64), task.y.mean()[None]])
    top = float((2 / 50 * task.x.T @ (task.y - task.y.mean())).abs().max())
    left = [int((step(start, "L1", task, Params(strength=top * share))[:-1] != 0).sum()) for share in (1.001, 0.999)]
    return Measured(1, left[1] + 10 * left[0])

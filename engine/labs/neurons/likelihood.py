r"""A loss is a belief about noise: say how a measurement misses the truth, and the loss follows.

Ask which line makes what you saw *least surprising*:

$$ \hat\theta = \arg\max_\theta \prod_i p(y_i \mid x_i, \theta) = \arg\min_\theta \; -\sum_i \ln p(y_i \mid x_i, \theta) $$

With the residual $r_i = y_i - (\theta_1 x_i + \theta_0)$, one point costs, in nats,

$$ \text{Gaussian:}\;\; \tfrac12 \ln 2\pi\sigma^2 + \frac{r_i^2}{2\sigma^2} $$

$$ \text{Laplace:}\;\; \ln 2b + \frac{\lvert r_i \rvert}{b} $$

What does not depend on $\theta$ drops out: the first is the mean squared error (the **mean**), the second the mean absolute error (the
**median**). A square makes one outlier shout; an absolute value lets it count as one point and no more. The cost is
**{{loss/this θ}}** nats a point now.

## A prior is data that you made up
Maximum a posteriori adds $\ln p(\theta)$. A Gaussian prior of width $\alpha$ is ridge, a Laplace prior lasso:

$$ \frac{\theta_j^2}{2\alpha^2} \qquad\text{and}\qquad \frac{\lvert \theta_j \rvert}{\alpha} $$

Look at their form: each is one more point, "at $x = e_j$ I saw $y = 0$". With squares the penalty's weight is
$\lambda = \sigma^2 / \alpha^2$. The surface shows the price of every line; the thin rings are the prior's, round or with corners. A
narrow Laplace prior holds a coordinate at exactly 0.

## How good an estimate can be
Do it all again with other data, and the estimate scatters. Of $N$ points, no unbiased estimate of a location scatters less than

$$ \operatorname{var} \hat\mu \;\ge\; \frac{1}{N\, I}, \qquad I_\text{Gauss} = \frac1{\sigma^2}, \qquad I_\text{Laplace} = \frac1{b^2} $$

the Cramér–Rao bound. The likelihood's own estimate reaches it (*efficient*), closes in on the truth as $1/N$ (*consistent*), and
scatters as a bell (*normal*). The other one wastes data: under Gaussian noise the median needs $\pi/2$ times as many points as the mean,
under Laplace noise the mean needs twice as many as the median.

## Classes
With a softmax, $p_j = e^{z_j} / \sum_k e^{z_k}$, and the cost $-\ln p_y$ of the right class,

$$ \frac{\partial p_j}{\partial z_k} = p_j\,(\delta_{jk} - p_k), \qquad \frac{\partial(-\ln p_y)}{\partial z_k} = p_k - \mathbf 1[k = y] $$

Two scores make a sigmoid of their difference, with $\sigma' = \sigma (1 - \sigma)$. The gradient is what was answered minus what was right.

**Try**: add outliers and switch the assumed noise; drag the cross on the surface; narrow the Laplace prior; make the real noise
another one than the assumed, and look at the bells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from engine.api import (
    Axis,
    Bars,
    Choice,
    Contour,
    Frame,
    Heat,
    Layer,
    Line,
    Matrix,
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
from engine.api.words import number
from engine.nn.likelihood import (
    NOISES,
    REACH,
    TRUE,
    Problem,
    by_autograd,
    cost_slopes,
    estimates,
    information,
    make_problem,
    make_rows,
    observed,
    sigmoid_slope,
    softmax,
    softmax_slopes,
)

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

SIZES = (3, 9, 27, 81, 243, 729)  # odd, so that there is a point in the middle
SHOWN = 2  # which of them the bells are drawn for
REPEATS, KEPT = 10, 4000  # fresh data sets a step, and how many estimates the bells are made of
SPACING = 0.01  # between two places of the descent that are kept
GAUSS, LAPLACE, FIT, DATA, BOUND = 0, 1, 3, 7, 5  # series colours


@dataclass
class Params:
    """What a person sets."""

    assumed: Annotated[
        str, Choice(*NOISES, live=True, group="Belief", help="The noise that the likelihood takes for granted")
    ] = "Laplace"
    scale: Annotated[
        float, Slider(0.05, 1.0, log=True, live=True, group="Belief", help="Its σ or b; alone it moves no arg-min")
    ] = 0.2
    prior: Annotated[
        str, Choice("flat", *NOISES, live=True, group="Belief", help="What you held likely before you saw any data")
    ] = "flat"
    width: Annotated[
        float,
        Slider(0.005, 1.0, log=True, live=True, label="Prior's width α", group="Belief", help="Narrow is stubborn"),
    ] = 0.05
    noise: Annotated[str, Choice(*NOISES, live=True, group="World", help="The noise that the data really have")] = (
        "Gaussian"
    )
    count: Annotated[int, Slider(2, 200, log=True, live=True, group="World", help="Points on the true line")] = 30
    outliers: Annotated[int, Slider(0, 10, live=True, group="World", help="Points that have nothing to do with it")] = 4
    points: Annotated[
        tuple[tuple[float, float, int], ...],
        PointSet(-REACH, REACH, 1, live=True, group="World", help="Points you place; they count like the others"),
    ] = ()
    start: Annotated[
        tuple[float, float],
        Pad(-REACH, REACH, live=True, group="Descent", help="Slope and intercept where the descent begins; drag it"),
    ] = (-1.0, -1.0)
    lr: Annotated[
        float, Slider(1e-3, 1.0, log=True, live=True, label="Learning rate", group="Descent", help="Length of a step")
    ] = 0.05
    scores: Annotated[
        tuple[tuple[float, ...], ...],
        Matrix(1, 3, max_columns=5, live=True, group="Classes", help="Scores z before the softmax; class 0 is right"),
    ] = ((0.5, 1.5, -0.5),)
    bug: Annotated[
        str,
        Choice(
            "none",
            "prior's sign turned",
            "Laplace with squares",
            live=True,
            group="What if it were wrong",
            help="A bug in the gradient made by hand: watch the descent miss its mark",
        ),
    ] = "none"
    steps: Annotated[
        int, Slider(1, 10_000, log=True, group="Descent", help="How many steps down the surface it makes")
    ] = 1000


@lab(
    title="Maximum likelihood",
    topic="neurons",
    place=2,
    source="Fisher 1922; Cramér 1946; notes, Neural Network Basics: MLE, MAP",
    summary="A loss is a belief about noise",
    portrait=Portrait("surface", steps=400, sets={"prior": "Laplace"}),
    views=(
        View("fit", "The fit", "click adds a point, drag moves it, right-click removes it"),
        View("surface", "Price of every line", "drag the cross: the descent begins there"),
        View("loss", "Cost of a point", unit="nats"),
        View("bells", "Again and again"),
        View("variance", "Its variance"),
        View("softmax", "At a softmax"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """One step down the surface and ten fresh data sets a step."""
    theta = torch.tensor([p.start[1], p.start[0]], dtype=torch.float64)
    path = torch.full((300, 2), torch.nan, dtype=torch.float64)
    scattered = torch.full((2, KEPT), torch.nan, dtype=torch.float64)
    sums = torch.zeros(len(SIZES), 2, 2, dtype=torch.float64)  # of the squares, and how many
    known: dict[str, Any] = {"start": list(p.start), "noise": p.noise, "made": 0}
    ctx.track(theta=theta, path=path, scattered=scattered, sums=sums, known=known)

    def problem_now() -> Problem:
        world = (p.noise, p.count, p.outliers, p.points, ctx.seed)
        return make_problem(world, (p.assumed, p.scale, p.prior, p.width))

    def draw() -> Iterator[Frame]:
        problem = problem_now()
        if ctx.due("fit"):
            yield draw_fit(p, problem, theta)
        if ctx.due("surface"):
            yield draw_surface(p, problem, path)
        if ctx.due("bells"):
            yield draw_bells(p.noise, scattered.numpy())
        if ctx.due("variance"):
            yield draw_variance(p.noise, sums.numpy())
        if ctx.due("softmax"):
            yield draw_softmax(torch.tensor(p.scores[0], dtype=torch.float64))

    ctx.draw_with(draw)
    told: Problem | None = None
    for _ in ctx.steps(p.steps):
        problem = problem_now()
        belief, share = problem.belief, 1 / max(1, problem.belief.data)
        if told is not problem:
            told = problem
            yield Truth("loss/this θ", float(belief.energy(problem.best)) * share + problem.constant, "least possible")
        begin_again(p, known, theta, path, scattered, sums)
        yield Scalar("loss/this θ", belief.energy(theta) * share + problem.constant)
        remember(path, theta)
        theta -= p.lr * p.scale**2 * share * belief.gradient(theta, p.bug)
        theta.clamp_(-5, 5)
        repeat(p.noise, scattered, sums, known, ctx.numpy_rng)


def remember(path: Float[Tensor, "n 2"], theta: Float[Tensor, "2"]) -> None:
    """Adds a place to the path once it is some way from the last, which is nowhere (NaN) after a start."""
    if not float((theta - path[-1]).norm()) < SPACING:
        path.copy_(torch.cat([path[1:], theta[None]]))


def begin_again(p: Params, known: dict[str, Any], theta: Tensor, path: Tensor, scattered: Tensor, sums: Tensor) -> None:
    """Takes the descent to its new start, and empties the bells when the noise is another."""
    if known["start"] != list(p.start):
        known["start"], path[:] = list(p.start), torch.nan
        theta[0], theta[1] = p.start[1], p.start[0]
    if known["noise"] != p.noise:
        known.update(noise=p.noise, made=0)
        scattered[:], sums[:] = torch.nan, 0


def repeat(noise: str, scattered: Tensor, sums: Tensor, known: dict[str, Any], rng: np.random.Generator) -> None:
    """Ten fresh data sets of every size; what they say is added to the bells and to the variances."""
    found = torch.tensor(estimates(noise, SIZES, REPEATS, rng))
    at = known["made"] % KEPT
    scattered[:, at : at + REPEATS] = found[SHOWN]
    sums[..., 0] += found.square().sum(2)
    sums[..., 1] += REPEATS
    known["made"] += REPEATS


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_fit(p: Params, problem: Problem, theta: Tensor) -> Plot:
    """The data, the true line, the two lines of maximum likelihood, and where the descent is."""
    x, odd = np.array([-REACH, REACH]), np.arange(len(problem.seen)) >= p.count

    def line(at: Any, label: str, colour: int, dashed: bool = False, width: float = 1.5) -> Line:
        return Line(x, float(at[0]) + float(at[1]) * x, label, colour, dashed, width)

    slope = problem.belief.gradient(theta, p.bug)
    gap = float((slope - by_autograd(problem.belief, theta)).norm() / slope.norm().clamp_min(1))
    layers = (
        Scatter(problem.seen[~odd], colour=DATA, size=6),
        Scatter(problem.seen[odd], colour=6, size=8, hollow=True),
        line(theta, "descent", FIT, width=3),
        line(problem.likeliest["Gaussian"], "least r²", GAUSS),
        line(problem.likeliest["Laplace"], "least |r|", LAPLACE),
        line(TRUE, "truth", DATA, True, 1),
    )
    note = "∇ = autograd" if gap < 1e-9 else f"∇ off by {number(100 * gap, 2)} %"
    axes = (Axis("x", range=(-REACH, REACH)), Axis("y", range=(-REACH, REACH)))
    return Plot("fit", layers, *axes, edits="points", note=note)


def draw_surface(p: Params, problem: Problem, path: Tensor) -> Plot:
    """The price of every line in nats a point above the best, the rings of the prior, and the way of the descent."""
    axis = torch.linspace(-REACH, REACH, 61, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)
    belief, extent = problem.belief, (-REACH, REACH, -REACH, REACH)
    price = ((belief.energy(grid) - belief.energy(problem.best)) / max(1, belief.data)).log1p().numpy()
    rings = tuple(np.log1p([0.05, 0.2, 0.6, 1.5, 4.0, 10.0]).tolist())
    layers: list[Layer] = [
        Heat(price, extent, legend="ln(1 + nats above the best)"),
        Contour(price, extent, rings, colour=DATA, width=0.7),
    ]
    if p.prior != "flat":
        size = grid.square().sum(-1).sqrt() if p.prior == "Gaussian" else grid.abs().sum(-1)
        layers.append(Contour(size.numpy(), extent, (0.25, 0.5, 1.0, 1.5), "prior", 6, 1))
    likeliest = problem.likeliest[p.assumed]
    layers += [
        Line(path[:, 1], path[:, 0], "descent", FIT, width=2.5),
        Scatter(likeliest.flip(0)[None].numpy(), label="likeliest", colour=LAPLACE, size=10, hollow=True),
    ]
    if p.prior != "flat":
        layers.append(Scatter(problem.best.flip(0)[None].numpy(), label="with the prior", colour=6, size=9))
    x, y = Axis("slope θ₁", range=(-REACH, REACH)), Axis("intercept θ₀", range=(-REACH, REACH))
    return Plot("surface", tuple(layers), x, y, edits="start")


def draw_bells(noise: str, scattered: Float[np.ndarray, "2 k"]) -> Plot:
    """How mean and median scatter, beside the narrowest bell that the bound allows."""
    n, edges = SIZES[SHOWN], np.linspace(-1, 1, 61)
    x, deviation = np.linspace(-1, 1, 201), 1 / math.sqrt(SIZES[SHOWN] * information(noise))
    layers: list[Layer] = []
    for found, label, colour in ((scattered[0], "mean", GAUSS), (scattered[1], "median", LAPLACE)):
        kept = found[np.isfinite(found)]
        height = np.histogram(kept, edges)[0] / max(1, len(kept)) / (edges[1] - edges[0])
        layers.append(Line(np.repeat(edges, 2)[1:-1], np.repeat(height, 2), label, colour, width=1.5))
    bell = np.exp(-((x / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
    layers.append(Line(x, bell, "Cramér–Rao", BOUND, dashed=True))
    top = 1.35 * float(bell.max())
    kept = int(np.isfinite(scattered[0]).sum())
    note = f"{kept:,} times {n} points, {noise} noise"
    return Plot(
        "bells", tuple(layers), Axis("estimate − truth", "σ or b", (-1, 1)), Axis("density", range=(0, top)), note=note
    )


def draw_variance(noise: str, sums: Float[np.ndarray, "s 2 2"]) -> Plot:
    """The variance of both estimates against the number of points, and the bound."""
    n = np.array(SIZES, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = sums[..., 0] / sums[..., 1]
    bound = 1 / (n * information(noise))
    layers = [Line(n, found[:, k], label, k, width=2) for k, label in ((0, "mean"), (1, "median"))]
    layers.append(Line(n, bound, "Cramér–Rao 1/(N I)", BOUND, dashed=True))
    dots = [Scatter(np.stack([n, found[:, k]], 1), colour=k, size=6) for k in (0, 1)]
    shares = [number(float(bound[-1] / v), 2) if np.isfinite(v) else "—" for v in found[-1]]
    note = f"efficiency {shares[0]}, {shares[1]}"
    y = Axis("variance", "σ² or b²", log=True, range=(8e-4, 1.2))
    return Plot("variance", (*layers, *dots), Axis("points N", log=True, range=(2.5, 900)), y, note=note)


def draw_softmax(z: Float[Tensor, "c"]) -> Plot:
    """What is answered, what is right, and torch's gradient with p − y on it."""
    free = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(functional.cross_entropy(free[None], torch.tensor([0])), free)
    at, right = np.arange(len(z), dtype=float), np.eye(len(z))[0]
    hand = np.stack([at + 0.27, cost_slopes(z, 0).numpy()], 1)
    layers = (
        Bars(at - 0.27, softmax(z).numpy(), "p", GAUSS, 0.24),
        Bars(at, right, "y", 3, 0.24),
        Bars(at + 0.27, slope.numpy(), "∂/∂z, autograd", LAPLACE, 0.24),
        Scatter(hand, label="p − y", colour=DATA, size=11, hollow=True),
    )
    x = Axis(
        "class",
        range=(-0.6, len(z) - 0.4),
        ticks=tuple((float(k), f"{k}: z = {number(float(z[k]))}") for k in range(len(z))),
    )
    return Plot("softmax", layers, x, Axis(range=(-1.05, 1.05)))


# Proof ----------------------------------------------------------------------------------------------------------------


def some_data(ctx: CheckContext, outliers: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Forty-one points, an odd number that leaves the median no choice."""
    return observed("Gaussian", 41 - outliers, outliers, (), ctx.seed)


@check(
    "the Gaussian likelihood is largest where the squared error is least",
    tolerance=1e-9,
    source="notes, MLE and Common Loss Functions; numpy.polyfit",
    catches="absolute values in the place of squares",
)
def gauss_is_mse(ctx: CheckContext) -> Measured:
    """The arg-min beside numpy's least squares."""
    x, y = some_data(ctx)
    found = make_rows(x, y, "Gaussian", 0.3, "flat", 1.0).best().numpy()
    return Measured(0.0, float(abs(found - np.polyfit(x, y, 1)[::-1]).max()), detail="largest difference")


@check(
    "the Laplace likelihood is largest where the absolute error is least",
    tolerance=1e-6,
    source="notes, MLE and Common Loss Functions; every line through two points",
    catches="a row weighed by its distance in the place of its inverse",
)
def laplace_is_mae(ctx: CheckContext) -> Measured:
    """The mean absolute error at the arg-min beside the least of all lines through two points: one of them is best."""
    x, y = some_data(ctx)
    i, j = np.triu_indices(len(x), 1)
    slopes = (y[j] - y[i]) / (x[j] - x[i])
    least = abs(y - (y[i] - slopes * x[i])[:, None] - slopes[:, None] * x).mean(1).min()
    found = make_rows(x, y, "Laplace", 0.3, "flat", 1.0).best().numpy()
    return Measured(float(least), float(abs(y - found[0] - found[1] * x).mean()), detail="mean absolute error")


@check(
    "a Gaussian prior is ridge with λ = σ²/α²",
    tolerance=1e-9,
    source="notes, MLE and Regularization; (XᵀX + λ1)⁻¹ Xᵀy",
    catches="a prior's scale that is not squared",
)
def ridge(ctx: CheckContext) -> Measured:
    """Beside the closed form."""
    x, y = some_data(ctx)
    design = np.stack([np.ones_like(x), x], 1)
    closed = np.linalg.solve(design.T @ design + (0.3 / 0.07) ** 2 * np.eye(2), design.T @ y)
    found = make_rows(x, y, "Gaussian", 0.3, "Gaussian", 0.07).best().numpy()
    return Measured(0.0, float(abs(found - closed).max()), detail="largest difference")


@check(
    "a Laplace prior is lasso with λ = σ²/α",
    tolerance=1e-3,
    source="notes, MLE and Regularization; scikit-learn's Lasso",
    catches="squares in the prior",
)
def lasso(ctx: CheckContext) -> Measured:
    """Three widths, the narrowest of which holds both coordinates at 0."""
    from sklearn.linear_model import Lasso

    x, y = some_data(ctx)
    design, worst = np.stack([np.ones_like(x), x], 1), 0.0
    for width in (0.05, 0.01, 0.001):
        model = Lasso(alpha=0.3**2 / width / len(x), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(design, y)
        found = make_rows(x, y, "Gaussian", 0.3, "Laplace", width).best().numpy()
        worst = max(worst, float(abs(found - model.coef_).max()))
    return Measured(0.0, worst, detail="largest difference of three widths")


@check(
    "the gradient by hand is autograd's, for every noise and prior",
    tolerance=1e-12,
    source="torch.autograd, float64",
    catches="a prior that pushes away, squares under a Laplace likelihood",
)
def gradient_agrees(ctx: CheckContext) -> Measured:
    """Six beliefs at ten places, relative to the gradient's size."""
    x, y = some_data(ctx)
    worst = 0.0
    for assumed in NOISES:
        for prior in ("flat", *NOISES):
            belief = make_rows(x, y, assumed, 0.3, prior, 0.1)
            for theta in torch.randn(10, 2, generator=ctx.rng, dtype=torch.float64):
                hand, torchs = belief.gradient(theta, Params.bug), by_autograd(belief, theta)
                worst = max(worst, float((hand - torchs).norm() / torchs.norm()))
    return Measured(0.0, worst, detail="largest relative difference")


@check(
    "descending, the fit comes to rest at the arg-min",
    tolerance=0.02,
    source="the arg-min by reweighted least squares",
    catches="a step up in the place of down",
)
def descends(ctx: CheckContext) -> Measured:
    """Gaussian noise assumed, a Gaussian prior, 300 steps at 0.3."""
    theta = ctx.train(assumed="Gaussian", prior="Gaussian", lr=0.3, steps=300).tracked["theta"]
    x, y = observed("Gaussian", Params.count, Params.outliers, (), ctx.seed)
    best = make_rows(x, y, "Gaussian", Params.scale, "Gaussian", Params.width).best()
    return Measured(0.0, float((theta - best).abs().max()), detail="largest difference")


@check(
    "the likelihood's own estimate reaches the Cramér–Rao bound, the median under Gaussian noise π/2 of it",
    tolerance=0.1,
    source="Cramér 1946; asymptotic variance of the median, 1/(4 N f(0)²)",
    catches="mean and median exchanged, a median that is another average",
)
def efficient(ctx: CheckContext) -> Measured:
    """Variance at N = 1001 over what theory says, the furthest of three from 1, from 5000 data sets each."""
    gauss, laplace = (estimates(noise, (1001,), 5000, ctx.numpy_rng)[0].var(1) * 1001 for noise in NOISES)
    ratios = (float(gauss[0]), float(gauss[1] / (math.pi / 2)), float(laplace[1]))
    return Measured(1.0, max(ratios, key=lambda ratio: abs(ratio - 1)), detail="variance / theory")


@check(
    "the estimate scatters as a normal distribution",
    tolerance=0.04,
    source="asymptotic normality; Kolmogorov–Smirnov distance",
    catches="estimates that are drawn from something else",
)
def normal(ctx: CheckContext) -> Measured:
    """The median of 243 Laplace points, 3000 times, against the bell of its own width."""
    from scipy.stats import kstest

    found = estimates("Laplace", (243,), 3000, ctx.numpy_rng)[0, 1]
    return Measured(
        0.0, float(kstest(found / found.std(), "norm").statistic), "at most", "distance of the distributions"
    )


@check(
    "∂(−ln p)/∂z = p − y, and ∂p_j/∂z_k = p_j (δ_jk − p_k)",
    tolerance=1e-14,
    source="notes, Gradient of Softmax Activation; torch.autograd, float64",
    catches="y − p; p_j p_k on the diagonal",
)
def softmax_agrees(ctx: CheckContext) -> Measured:
    """Five random scores, every class the right one in turn."""
    z = 3 * torch.randn(5, generator=ctx.rng, dtype=torch.float64)
    worst = float((torch.autograd.functional.jacobian(lambda s: s.softmax(0), z) - softmax_slopes(z)).abs().max())
    for right in range(5):
        free = z.clone().requires_grad_()
        (slope,) = torch.autograd.grad(functional.cross_entropy(free[None], torch.tensor([right])), free)
        worst = max(worst, float((slope - cost_slopes(z, right)).abs().max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "σ' = σ (1 − σ)",
    tolerance=1e-14,
    source="notes, Gradient of Sigmoid Activation; torch.autograd, float64",
    catches="σ (1 + σ)",
)
def sigmoid_agrees(ctx: CheckContext) -> Measured:
    """At 101 places from −8 to 8."""
    z = torch.linspace(-8, 8, 101, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(z.sigmoid().sum(), z)
    return Measured(0.0, float((slope - sigmoid_slope(z.detach())).abs().max()), detail="largest difference")

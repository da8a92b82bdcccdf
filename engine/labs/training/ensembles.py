r"""Many weak opinions, put together well, beat a strong one. *Well* can mean two things: average them, or let each mend the last.

## Averaging: bagging
A deep tree follows every data point; from other data it would look quite different. That is **variance**. Draw the training set anew
with replacement (a *bootstrap sample*), grow a tree, again and again, and average. With $M$ members of variance $\sigma^2$ and
correlation $\rho$,

$$ \operatorname{var} \Big(\frac1M \sum_m f_m\Big) = \rho\,\sigma^2 + \frac{1 - \rho}{M}\,\sigma^2 $$

Independent members ($\rho = 0$, *fresh data*) would bring it to nothing as $1/M$. Bootstrap members share their data, so something stays.
What makes members differ more lowers $\rho$: a *random forest* looks at a few random cuts only; other networks, or other initial weights,
do the same. The **bias**, what all of them get wrong together, no average removes.

## Mending: boosting
A shallow tree is too stiff: high bias, little variance. *Gradient boosting* fits each new one to what is left over, and adds a share
$\nu$ of it:

$$ F_m = F_{m-1} + \nu f_m, \qquad f_m \approx y - F_{m-1} $$

The bias falls step by step, and the variance creeps up. The expected error is the sum of both, and the noise that nobody can learn:

$$ \mathbb E\,(y - \hat f)^2 = \text{bias}^2 + \text{variance} + \sigma^2_\text{noise} $$

The split is measured on forty worlds at once, each with data of its own. Here one tree has an error of **{{error/one tree}}**, bagging
**{{error/bagging}}**, boosting **{{error/boosting}}**.

## A weighted vote: AdaBoost
A stump asks one question. It votes with weight $\alpha = \tfrac12 \ln \frac{1 - \epsilon}{\epsilon}$, where $\epsilon$ is its weighted
error; then the weights of what it got wrong grow by $e^{\alpha}$ and the others shrink (the size of the points). To the new weights, this
very stump is a coin toss. The share that the vote gets wrong stays below

$$ \prod_m 2\sqrt{\epsilon_m (1 - \epsilon_m)} $$

so any edge over a coin is enough. On XOR no stump has one.

**Try**: fresh data against bootstrap; random cuts; depth 1 in the bag and 4 in the boost; XOR.

Sources: notes, Ensemble Methods; Breiman 1996, 2001; Freund & Schapire 1997; Friedman 2001.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float

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
from engine.data import planar
from engine.nn.trees import Steps, best_stump, grow, reweighted, vote_weight

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

WORLDS, EXAMPLES, MOST, REACH, SIDE = 40, 60, 200, 1.5, 48
NOISE = 0.3
ONE, BAG, BOOST, TRUTH = 0, 1, 2, 7  # series colours
GRID = np.linspace(0.01, 0.99, 99)
DRAWS = ("bootstrap", "bootstrap, random cuts", "fresh data")
BUGS = ("none", "the same sample for all", "boosting fits y, not what is left", "AdaBoost's weights upside down")


@dataclass
class Params:
    """What a person sets."""

    draw: Annotated[str, Choice(*DRAWS, live=True, group="Bagging", help="Where each member's data come from")] = (
        "bootstrap"
    )
    bag_depth: Annotated[
        int, Slider(1, 6, label="Depth", group="Bagging", help="Questions in a row that a member may ask")
    ] = 5
    rate: Annotated[
        float,
        Slider(0.05, 1.0, live=True, label="Share ν", group="Boosting", help="How much of each new tree is added"),
    ] = 0.3
    boost_depth: Annotated[
        int, Slider(1, 6, label="Depth", group="Boosting", help="Questions in a row that a boosted tree may ask")
    ] = 1
    data: Annotated[
        str, Choice("moons", "circles", "blobs", "xor", group="AdaBoost", help="The points that the stumps vote on")
    ] = "moons"
    bug: Annotated[
        str,
        Choice(
            *BUGS,
            live=True,
            label="Bug",
            group="What if it were wrong",
            help="Members that cannot differ; mending what is mended; looking away from mistakes",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, MOST, log=True, help="How many members each of the ensembles gets")] = 100


def target(x: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """The function behind the data."""
    return np.sin(2 * math.pi * x) + 0.5 * np.sin(6 * math.pi * x)


def fresh(rng: np.random.Generator, count: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Examples with noise, sorted by x."""
    x = np.sort(rng.random(count))
    return x, target(x) + NOISE * rng.standard_normal(count)


def draw_weights(rng: np.random.Generator, count: int, bug: str = "none") -> Float[np.ndarray, "n"]:
    """How often each example is in a sample drawn with replacement."""
    if bug == "the same sample for all":
        return np.ones(count)
    return np.bincount(rng.integers(count, size=count), minlength=count).astype(float)


def member(x: np.ndarray, y: np.ndarray, p: Params, rng: np.random.Generator) -> Steps:
    """One member of a bag."""
    if p.draw == "fresh data" and p.bug != "the same sample for all":
        x, y = fresh(rng, len(x))
        return grow(x, y, np.ones(len(x)), p.bag_depth)
    chance = rng if p.draw == "bootstrap, random cuts" else None
    return grow(x, y, draw_weights(rng, len(x), p.bug), p.bag_depth, chance)


def split_of(answers: Float[np.ndarray, "w g"]) -> tuple[float, float]:
    """Squared bias and variance over the worlds, averaged over the line; both without the bias of a finite number of worlds."""
    variance = float(answers.var(0, ddof=1).mean())
    return float(np.square(answers.mean(0) - target(GRID)).mean()) - variance / len(answers), variance


@lru_cache(maxsize=8)
def crowd(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The points of the plane and their signs."""
    found = planar.sample(name, 240, 0.15, np.random.default_rng(seed))
    return found.points, 2 * found.labels - 1


def places() -> Float[np.ndarray, "s 2"]:
    """The middles of the plane's cells, row by row from its low edge."""
    axis = np.linspace(-REACH, REACH, SIDE)
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)


class Ensembles:
    """All that has been learned so far: forty bags, forty boosted sums, one vote. Arrays, so that a snapshot can hold them."""

    def __init__(self, p: Params, seed: int, worlds: int = WORLDS) -> None:
        rng = np.random.default_rng(seed)
        self.p = p
        self.data = [fresh(rng) for _ in range(worlds)]
        self.points, self.signs = crowd(p.data, seed)
        n = len(self.points)
        self.bags, self.boosts = np.zeros((2, worlds, len(GRID)))  # the sum of the bags, the boosted sum
        self.fitted = np.zeros((worlds, EXAMPLES))  # the boosted sum at the examples
        self.members = np.full((MOST, len(GRID)), np.nan)  # of the first world's bag
        self.history = np.full((MOST, 4), np.nan)  # bias² and variance of bag and boost
        self.first_two = np.zeros((2, worlds, len(GRID)))
        self.weights = np.full(n, 1 / n)
        self.score, self.scores = np.zeros(n), np.zeros(SIDE * SIDE)
        self.said = np.zeros(4)  # axis, cut and weighted error of the last stump; the logarithm of the bound

    def arrays(self) -> dict[str, np.ndarray]:
        """What a snapshot holds."""
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray) and name not in ("points", "signs")
        }

    def grow_on(self, made: int, rng: np.random.Generator) -> None:
        """One more member everywhere. `made`: how many there are."""
        for world, (x, y) in enumerate(self.data):
            answer = member(x, y, self.p, rng)(GRID)
            self.bags[world] += answer
            if made < 2:
                self.first_two[made, world] = answer
            if world == 0:
                self.members[made] = answer
            left = y if self.p.bug == BUGS[2] else y - self.fitted[world]
            tree = grow(x, left, np.ones(len(x)), self.p.boost_depth)
            self.fitted[world] += self.p.rate * tree(x)
            self.boosts[world] += self.p.rate * tree(GRID)
        self.history[made] = *split_of(self.bags / (made + 1)), *split_of(self.boosts)

    def vote_on(self) -> None:
        """One more stump."""
        stump = best_stump(self.points, self.signs, self.weights)
        alpha = vote_weight(stump.error)
        self.score += alpha * stump(self.points)
        self.scores += alpha * stump(places())
        turned = -alpha if self.p.bug == BUGS[3] else alpha
        self.weights[:] = reweighted(self.weights, stump(self.points), self.signs, turned)
        bound = self.said[3] + math.log(max(2 * math.sqrt(stump.error * (1 - stump.error)), 1e-12))
        self.said[:] = stump.axis, stump.cut, stump.error, bound


@lab(
    title="Ensembles",
    topic="training",
    place=2,
    source="notes, Ensemble Methods; Breiman 1996; Freund & Schapire 1997; Friedman 2001",
    summary="Average to calm, boost to bend",
    speed=10,
    portrait=Portrait("bag", steps=40),
    views=(
        View("bag", "Bagging"),
        View("boost", "Boosting"),
        View("error", "Error on new data"),
        View("split", "Bias and variance"),
        View("plane", "AdaBoost"),
        View("vote", "The vote's mistakes"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """One more member a step, everywhere."""
    all_of = Ensembles(p, ctx.seed)
    ctx.track(**{name: torch.from_numpy(value) for name, value in all_of.arrays().items()})

    def draw() -> Iterator[Frame]:
        if ctx.due("bag"):
            yield draw_bag(all_of, ctx.step)
        if ctx.due("boost"):
            yield draw_boost(all_of, ctx.step)
        if ctx.due("split"):
            yield draw_split(all_of)
        if ctx.due("plane"):
            yield draw_plane(all_of)

    ctx.draw_with(draw)
    yield Truth("error/one tree", NOISE**2, "noise σ²")
    for made in ctx.steps(p.steps):
        all_of.grow_on(made, ctx.numpy_rng)
        all_of.vote_on()
        means = {"one tree": all_of.first_two[0], "bagging": all_of.bags / (made + 1), "boosting": all_of.boosts}
        for name, answers in means.items():
            yield Scalar(f"error/{name}", np.square(answers - target(GRID)).mean() + NOISE**2)
        yield Scalar("vote/wrong", (all_of.score * all_of.signs <= 0).mean())
        yield Scalar("vote/bound", math.exp(all_of.said[3]))


# Pictures -------------------------------------------------------------------------------------------------------------

X, Y = Axis("x", range=(0, 1)), Axis("y", range=(-2.4, 2.4))


def draw_bag(found: Ensembles, made: int) -> Plot:
    """The first world's members, their average, and the function behind the data."""
    x, y = found.data[0]
    layers: list[Layer] = [Line(GRID, row, colour=ONE, width=0.5) for row in found.members[max(0, made - 15) : made]]
    layers += [Scatter(np.stack([x, y], 1), colour=TRUTH, size=4), Line(GRID, target(GRID), "truth", TRUTH, True)]
    if made:
        layers.append(Line(GRID, found.bags[0] / made, "average", BAG, width=3))
    return Plot("bag", tuple(layers), X, Y, note=f"{made} members")


def draw_boost(found: Ensembles, made: int) -> Plot:
    """The boosted sum of the first world, and what is left over for the next tree."""
    x, y = found.data[0]
    left = y - found.fitted[0]
    stems = np.stack([y, found.fitted[0], np.full(len(y), np.nan)], 1).ravel()
    layers = (
        Line(np.repeat(x, 3), stems, "left over", 6, width=1),
        Scatter(np.stack([x, y], 1), colour=TRUTH, size=4),
        Line(GRID, target(GRID), "truth", TRUTH, True),
        Line(GRID, found.boosts[0], "sum", BOOST, width=3),
    )
    return Plot("boost", layers, X, Y, note=f"left over ±{number(float(left.std()), 2)}")


def draw_split(found: Ensembles) -> Plot:
    """Squared bias and variance of both against the number of members, and what theory says of the bag's variance."""
    kept = found.history[np.isfinite(found.history[:, 0])]
    m = np.arange(1, len(kept) + 1, dtype=float)
    layers: list[Layer] = []
    for column, (label, colour, dashed) in enumerate(
        (("bag: bias²", BAG, True), ("variance", BAG, False), ("boost: bias²", BOOST, True), ("variance", BOOST, False))
    ):
        layers.append(Line(m, kept[:, column].clip(1e-4), label, colour, dashed, 2))
    if len(kept) > 1:
        spread, shared = spread_of(found.first_two)
        layers.append(Line(m, shared + (spread - shared) / m, "ρσ² + (1 − ρ)σ²/M", TRUTH, width=1))
    y = Axis("error", log=True, range=(1e-3, 1))
    return Plot(
        "split", tuple(layers), Axis("members M", log=True, range=(0.9, MOST)), y, note=f"{len(found.data)} worlds"
    )


def spread_of(two: Float[np.ndarray, "2 w g"]) -> tuple[float, float]:
    """σ² and ρσ² from two members of each world: their variance and their covariance over the worlds."""
    gap = two - two.mean(1, keepdims=True)
    worlds = two.shape[1] - 1
    return float((gap**2).sum(1).mean() / worlds), float((gap[0] * gap[1]).sum(0).mean() / worlds)


def draw_plane(found: Ensembles) -> Plot:
    """What the vote says everywhere, the last stump's line, and the points as large as their weights."""
    grid, extent = found.scores.reshape(SIDE, SIDE), (-REACH, REACH, -REACH, REACH)
    classes = (found.signs > 0).astype(int)
    layers: list[Layer] = [
        Heat(np.tanh(grid), extent, "diverging", (-1, 1), opacity=0.6),
        Contour(grid, extent, label="border", colour=TRUTH, width=2),
    ]
    bins = np.digitize(found.weights * len(found.weights), (0.3, 1.0, 2.0, 4.0))
    for k, size in enumerate((3, 5, 8, 12, 17)):
        layers.append(Scatter(found.points[bins == k], groups=classes[bins == k], size=size))
    axis, cut = int(found.said[0]), found.said[1]
    ends = np.array([[cut, cut], [-REACH, REACH]])
    if found.said[2]:
        layers.append(Line(ends[axis], ends[1 - axis], "last stump", 6, True, 2))
    x, y = (Axis(f"x{sub}", range=(-REACH, REACH)) for sub in "₁₂")
    return Plot("plane", tuple(layers), x, y, equal=True, note=f"ε = {number(float(found.said[2]), 2)}")


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "the variance of an average of M independent members is σ²/M",
    tolerance=0.2,
    source="var Σ = Σ var for independent members",
    catches="members that share their data",
)
def falls(ctx: CheckContext) -> Measured:
    """Sixteen trees on fresh data in 80 worlds: the variance of the average, over σ²/16."""
    worlds = Ensembles(Params(draw="fresh data", bag_depth=2), ctx.seed, 80)
    found = np.array([[member(x, y, worlds.p, ctx.numpy_rng)(GRID) for x, y in worlds.data] for _ in range(16)])
    single = found.var(1, ddof=1).mean()
    return Measured(1.0, float(16 * found.mean(0).var(0, ddof=1).mean() / single), detail="variance / (σ²/M)")


@check(
    "bootstrap members leave ρσ² + (1 − ρ)σ²/M",
    tolerance=0.12,
    source="notes, Ensemble Methods; Hastie et al. 2009, equation 15.1",
    catches="the same sample for every member",
)
def correlated(ctx: CheckContext) -> Measured:
    """Ten trees in 40 worlds; ρ from all pairs. The second number that must hold: ρ is well below 1."""
    worlds = Ensembles(Params(bag_depth=3), ctx.seed, 40)
    found = np.array([[member(x, y, worlds.p, ctx.numpy_rng)(GRID) for x, y in worlds.data] for _ in range(10)])
    pairs = [spread_of(found[[i, j]]) for i in range(10) for j in range(i)]
    spread, shared = np.mean(pairs, 0)
    theory = shared + (spread - shared) / 10
    ratio = found.mean(0).var(0, ddof=1).mean() / theory
    return Measured(1.0, float(ratio) if shared < 0.9 * spread else math.inf, detail=f"ρ = {shared / spread:.2f}")


@check(
    "the tree by hand is scikit-learn's",
    tolerance=1e-9,
    source="sklearn.tree.DecisionTreeRegressor, with bootstrap weights",
    catches="a cut that is one point off",
)
def tree_agrees(ctx: CheckContext) -> Measured:
    """Depths 1 to 4 on a bootstrap sample."""
    from sklearn.tree import DecisionTreeRegressor

    x, y = fresh(ctx.numpy_rng)
    weights, worst = draw_weights(ctx.numpy_rng, len(x)), 0.0
    for depth in (1, 2, 3, 4):
        kept = weights > 0
        known = DecisionTreeRegressor(max_depth=depth).fit(x[kept, None], y[kept], weights[kept])
        worst = max(worst, float(abs(grow(x, y, weights, depth)(x) - known.predict(x[:, None])).max()))
    return Measured(0.0, worst, detail="largest difference at the examples")


@check(
    "to the next weights, the last stump is a coin toss",
    tolerance=1e-12,
    source="Freund & Schapire 1997",
    catches="an α without its half, weights upside down",
)
def tossed(ctx: CheckContext) -> Measured:
    """Twenty rounds on the moons: the weighted error of each stump after its weights were changed, furthest from ½."""
    found, worst = Ensembles(Params(), ctx.seed, 1), 0.5
    for _ in range(20):
        stump = best_stump(found.points, found.signs, found.weights)
        found.vote_on()
        error = float(found.weights[stump(found.points) != found.signs].sum())
        worst = max(worst, error, key=lambda value: abs(value - 0.5))
    return Measured(0.5, worst)


@check(
    "the vote's mistakes stay below Π 2√(ε(1 − ε)), and they end",
    tolerance=0.0,
    source="Freund & Schapire 1997, theorem 6",
    catches="a stump that is right less often than a coin counted as if it were right",
)
def bounded(ctx: CheckContext) -> Measured:
    """Sixty rounds on the moons: the largest share of the bound; at the end at most one in ten is wrong."""
    found, worst = Ensembles(Params(), ctx.seed, 1), 0.0
    for _ in range(60):
        found.vote_on()
        wrong = float((found.score * found.signs <= 0).mean())
        worst = max(worst, wrong / math.exp(found.said[3]))
    return Measured(1.0, worst if wrong <= 0.1 else math.inf, "at most", f"{wrong:.1%} wrong at the end")


@check(
    "boosting lowers the bias, bagging the variance",
    tolerance=0.0,
    source="notes, Ensemble Methods",
    catches="boosting that fits y again and not what is left",
)
def divides(ctx: CheckContext) -> Measured:
    """After 20 members in 16 worlds: the larger share that is left of either, of a first member's."""
    found = Ensembles(Params(), ctx.seed, 16)
    for made in range(20):
        found.grow_on(made, ctx.numpy_rng)
    return Measured(0.6, float(max(found.history[19, [1, 2]] / found.history[0, [1, 2]])), "at most")

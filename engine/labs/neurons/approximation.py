r"""Enough bends make any curve. One layer of units, each a bent line, adds up to whatever continuous function you draw.

$$ g(x) = c + \sum_{i=1}^{N} v_i\, \sigma(w_i x + b_i) $$

Unit $i$ bends where $w_i x + b_i = 0$, that is at $x = -b_i / w_i$; $w_i$ says how sharply, $v_i$ how high. *Each unit's part* draws all
$v_i\,\sigma(w_i x + b_i)$: the thick line is their sum.

## The theorem
For any continuous $f$ on a closed box and any $\varepsilon > 0$ there are $N$, $v$, $w$, $b$ with
$\sup \lvert g - f \rvert < \varepsilon$, if $\sigma$ is continuous and bounded and not constant (Cybenko 1989; Hornik et al. 1989; ReLU,
which is not bounded, has theorems of its own). It is easy to see with steep sigmoids, each of which is a stair: put one half-way between
neighbouring points of a grid, as high as $f$ rises between them. With $N$ stairs over a length $\ell$ and $\lvert f' \rvert \le K$, nobody
is further off than half a stair; with ReLU as hinges of straight pieces and $\lvert f'' \rvert \le K_2$ it is better still:

$$ \sup \lvert g - f \rvert \le \frac{K \ell}{2N}, \qquad \sup \lvert g - f \rvert \le \frac{K_2\, \ell^2}{8N^2} $$

That is the thin line *built*: nothing was learned. **{{units}}** units now.

## What it does not say
It says that the weights *exist*, not how to find them. Descent usually finds far better ones than stairs, and sometimes none: see
the bug *all units alike*. And $N$ may be large. Without a bend, though, nothing helps: units in a sum of lines are one line, and on a sine
wave over $[-\pi, \pi]$ the best line leaves

$$ \frac{1}{2\pi}\int (\sin x - a x)^2 dx \;\ge\; \frac12 - \frac{3}{\pi^2} = 0.196 $$

The loss is **{{loss/network}}** for the network, **{{loss/line}}** for the line that learns beside it.

**Try**: draw a curve of your own (press and drag on the picture); one unit, two units, three; a jump, which is not continuous; leave
$\sigma'$ out of the gradient; make all units alike.

Sources: notes, Universal Approximation Theorem; Cybenko 1989; Hornik, Stinchcombe & White 1989.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from engine.api import (
    Axis,
    Choice,
    Frame,
    Layer,
    Line,
    Measured,
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

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

PI, SAMPLES = math.pi, 256
TARGET, NETWORK, LINE, BUILT, RELU = 7, 0, 1, 2, 3  # series colours
WIDTHS = (2, 4, 8, 16, 32, 64, 128)
Points = tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class Bend:
    """An activation, and its slope by hand from z and σ(z)."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]


BENDS = {
    "tanh": Bend(torch.tanh, lambda z, a: 1 - a * a),
    "sigmoid": Bend(torch.sigmoid, lambda z, a: a * (1 - a)),
    "ReLU": Bend(torch.relu, lambda z, a: (z > 0).to(z)),
    "none": Bend(lambda z: z, lambda z, a: torch.ones_like(z)),
}
CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sine": np.sin,
    "zigzag": lambda x: 2 / PI * np.arcsin(np.sin(2 * x)),
    "chirp": lambda x: np.sin(0.7 * x * np.abs(x)),
    "jump": lambda x: np.where(x < 0.4, -0.8, 0.8),
}


@dataclass
class Params:
    """What a person sets."""

    target: Annotated[str, Choice(*CURVES, live=True, help="The curve to make; your own drawing replaces it")] = "sine"
    points: Annotated[
        Points, PointSet(-PI, PI, 1, live=True, help="A curve of your own through these points: press and drag")
    ] = ()
    units: Annotated[int, Slider(1, 64, log=True, help="How many units the layer has; they begin anew")] = 8
    activation: Annotated[
        str, Choice("tanh", "sigmoid", "ReLU", live=True, help="How a unit bends: softly, or at one place")
    ] = "tanh"
    lr: Annotated[
        float, Slider(1e-3, 0.3, log=True, live=True, label="Learning rate", help="Length of Adam's steps")
    ] = 0.02
    bug: Annotated[
        str,
        Choice(
            "none",
            "no bend",
            "σ′ left out",
            "all units alike",
            live=True,
            label="Bug",
            group="What if it were wrong",
            help="Lines only; a chain rule with a link missing; units that can never part",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many gradient steps it makes")] = 3000


def curve(target: str, points: Points, x: np.ndarray) -> np.ndarray:
    """The target at x `[n]`: the drawn curve (smooth through its points, level beyond) if there are two points, else the named one."""
    own = np.array(sorted({round(a, 3): b for a, b, _ in points}.items()))
    if len(own) < 2:
        return CURVES[target](x)
    smooth = PchipInterpolator(own[:, 0], own[:, 1])
    return np.asarray(smooth(x.clip(own[0, 0], own[-1, 0])))


@dataclass(frozen=True)
class Units:
    """One hidden layer on the line: g(x) = c + Σ vᵢ σ(wᵢ x + bᵢ)."""

    w: Float[Tensor, "n"]
    b: Float[Tensor, "n"]
    v: Float[Tensor, "n"]
    c: Float[Tensor, "1"]

    def parts(self, x: Float[Tensor, "s"], bend: Bend) -> Float[Tensor, "s n"]:
        """What each unit adds."""
        return self.v * bend.value(x[:, None] * self.w + self.b)

    def __call__(self, x: Float[Tensor, "s"], bend: Bend) -> Float[Tensor, "s"]:
        """The sum."""
        return self.c + self.parts(x, bend).sum(1)

    def all(self) -> tuple[Tensor, ...]:
        """Everything that learns."""
        return self.w, self.b, self.v, self.c


def drawn_units(count: int, rng: torch.Generator) -> Units:
    """Units whose bends lie anywhere on the interval, with small heights of either sign."""
    w = torch.randn(count, generator=rng, dtype=torch.float64) + 0.5
    at = PI * (2 * torch.rand(count, generator=rng, dtype=torch.float64) - 1)
    v = 0.3 * torch.randn(count, generator=rng, dtype=torch.float64)
    return Units(w, -w * at, v, torch.zeros(1, dtype=torch.float64))


def slopes(units: Units, x: Tensor, y: Tensor, bend: Bend, bug: str = "none") -> tuple[Tensor, ...]:
    """∂(mean squared error) by w, b, v and c, by the chain rule. x, y `[s]`."""
    z = x[:, None] * units.w + units.b
    a = bend.value(z)
    delta = 2 * (units.c + a @ units.v - y) / len(x)
    back = delta[:, None] * units.v * (1.0 if bug == "σ′ left out" else bend.slope(z, a))
    return x @ back, back.sum(0), delta @ a, delta.sum()[None]


def by_autograd(units: Units, x: Tensor, y: Tensor, bend: Bend) -> tuple[Tensor, ...]:
    """The same slopes from torch."""
    free = Units(*(part.detach().clone().requires_grad_() for part in units.all()))
    return torch.autograd.grad((free(x, bend) - y).square().mean(), free.all())


def stairs(f: Callable[[np.ndarray], np.ndarray], count: int) -> Units:
    """Units that nobody trained: one steep tanh half-way between neighbouring points of a grid, half as high as f rises there."""
    grid = np.linspace(-PI, PI, count + 1)
    rise, steep = np.diff(f(grid)) / 2, 40 * count / (2 * PI)
    middle = (grid[1:] + grid[:-1]) / 2
    numbers = (np.full(count, steep), -steep * middle, rise, f(grid[:1]) + rise.sum())
    return Units(*(torch.tensor(part, dtype=torch.float64) for part in numbers))


def hinges(f: Callable[[np.ndarray], np.ndarray], count: int) -> Units:
    """Straight pieces between the points of a grid: one ReLU at each, as high as the slope changes there."""
    grid = np.linspace(-PI, PI, count + 1)
    tilt = np.diff(f(grid)) / np.diff(grid)
    numbers = (np.ones(count), -grid[:-1], np.diff(tilt, prepend=0.0), f(grid[:1]))
    return Units(*(torch.tensor(part, dtype=torch.float64) for part in numbers))


@lru_cache(maxsize=4)
def built_errors(target: str, points: Points) -> Float[np.ndarray, "2 w"]:
    """The largest error of stairs and of hinges, at every width."""

    def f(x: np.ndarray) -> np.ndarray:
        return curve(target, points, x)

    x = np.linspace(-PI, PI, 2001)
    made = ((stairs, BENDS["tanh"]), (hinges, BENDS["ReLU"]))
    return np.array(
        [[abs(make(f, n)(torch.tensor(x), bend).numpy() - f(x)).max() for n in WIDTHS] for make, bend in made]
    )


def samples() -> Float[Tensor, "s"]:
    """The places that it learns from: the middles of equal cells, so that a mean over them is the integral to 1e−5."""
    return (torch.arange(SAMPLES, dtype=torch.float64) + 0.5) * (2 * PI / SAMPLES) - PI


@lab(
    title="Universal approximation",
    topic="neurons",
    place=4,
    source="Cybenko 1989; Hornik, Stinchcombe & White 1989; notes, Universal Approximation Theorem",
    summary="Draw a curve; a sum of bends becomes it",
    speed=60,
    portrait=Portrait("units", steps=2000, sets={"units": 12, "target": "chirp"}),
    views=(
        View("curve", "The curve", "press and drag to draw your own; right-click removes a point"),
        View("units", "Each unit's part"),
        View("loss", "Mean squared error", log=True),
        View("width", "How many units"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """One step of Adam on the gradient made by hand; beside it a line learns in the same way."""
    units = drawn_units(p.units, ctx.rng)
    line = torch.zeros(2, dtype=torch.float64)  # height at 0, slope
    parts = [part.requires_grad_() for part in units.all()]
    optimiser = torch.optim.Adam([*parts, line.requires_grad_()])
    ctx.track(w=parts[0], b=parts[1], v=parts[2], c=parts[3], line=line, optimiser=optimiser)
    x = samples()

    def draw() -> Iterator[Frame]:
        still = Units(*(part.detach() for part in parts))
        if ctx.due("curve"):
            yield draw_curve(still, line.detach(), p)
        if ctx.due("units"):
            yield draw_units(still, p)
        if ctx.due("width"):
            yield draw_width(still, p)

    ctx.draw_with(draw)
    told: Any = None
    for _ in ctx.steps(p.steps):
        y = torch.tensor(curve(p.target, p.points, x.numpy()))
        if told != (p.target, p.points):
            told = (p.target, p.points)
            floor = line_floor(x, y)
            yield Truth("loss/line", floor, f"no line below {number(floor, 4)}")
        if p.bug == "all units alike":
            with torch.no_grad():
                for part in parts[:3]:
                    part.fill_(float(part[0]))
        bend = bend_of(p)
        with torch.no_grad():
            yield Scalar("loss/network", (units(x, bend) - y).square().mean())
            miss = line[0] + line[1] * x - y
            yield Scalar("loss/line", miss.square().mean())
            for part, slope in zip(parts, slopes(units, x, y, bend, p.bug), strict=True):
                part.grad = slope
            line.grad = 2 * torch.stack([miss.mean(), (miss * x).mean()])
        optimiser.param_groups[0]["lr"] = p.lr
        optimiser.step()


def bend_of(p: Params) -> Bend:
    """The activation, which a bug may take away."""
    return BENDS["none" if p.bug == "no bend" else p.activation]


def line_floor(x: Tensor, y: Tensor) -> float:
    """The mean squared error of the best line."""
    fit = np.polynomial.Polynomial.fit(x.numpy(), y.numpy(), 1)
    return float(np.square(fit(x.numpy()) - y.numpy()).mean())


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_curve(units: Units, line: Tensor, p: Params) -> Plot:
    """The target, the network, the line beside it, and the network of as many units that was built and not trained."""
    x = torch.linspace(-PI, PI, 401, dtype=torch.float64)
    y = torch.tensor(curve(p.target, p.points, x.numpy()))
    make, bend = (hinges, BENDS["ReLU"]) if p.activation == "ReLU" else (stairs, BENDS["tanh"])
    built = make(lambda at: curve(p.target, p.points, at), len(units.w))
    layers = (
        Line(x, y, "target", TARGET, width=3),
        Line(x, built(x, bend), "built", BUILT, width=1),
        Line(x, line[0] + line[1] * x, "line", LINE, dashed=True),
        Line(x, units(x, bend_of(p)), "network", NETWORK, width=2),
    )
    cells = samples()
    goal = torch.tensor(curve(p.target, p.points, cells.numpy()))
    hand, torchs = slopes(units, cells, goal, bend_of(p), p.bug), by_autograd(units, cells, goal, bend_of(p))
    gap = max(float((a - b).abs().max()) for a, b in zip(hand, torchs, strict=True))
    note = "∇ by hand = autograd" if gap < 1e-9 else f"∇ off by {number(gap, 2)}"
    return Plot("curve", layers, Axis("x", range=(-PI, PI)), Axis("y", range=span_of(y)), edits="points", note=note)


def span_of(y: Tensor) -> tuple[float, float]:
    """A range that holds the target with room around, and at least −1.6 … 1.6."""
    low, high = min(-1.6, 1.15 * float(y.min())), max(1.6, 1.15 * float(y.max()))
    return low, high


def draw_units(units: Units, p: Params) -> Plot:
    """What each unit adds, from its own level at the left, and where it bends."""
    x = torch.linspace(-PI, PI, 201, dtype=torch.float64)
    parts = units.parts(x, bend_of(p))
    parts = parts - parts.mean(0)  # a part's level says nothing: c takes it up
    layers: list[Layer] = [Line(x, part, colour=k % 7, width=1.3) for k, part in enumerate(parts.T)]
    total = parts.sum(1)
    layers.append(Line(x, total, "their sum, around 0", TARGET, width=3))
    bends = -units.b / units.w
    inside = bends.abs() <= PI
    reach = max(1.2, 1.15 * float(torch.cat([parts.flatten(), total]).abs().max()))
    reach = math.ceil(2 * reach) / 2
    feet = torch.stack([bends, torch.full_like(bends, -0.96 * reach)], 1)[inside]
    layers.append(Scatter(feet, label="bends", colour=NETWORK, size=6))
    note = f"{int(inside.sum())} of {len(bends)} bend inside"
    return Plot("units", tuple(layers), Axis("x", range=(-PI, PI)), Axis("part", range=(-reach, reach)), note=note)


def draw_width(units: Units, p: Params) -> Plot:
    """The largest error against the number of units: built by hand at every width, trained at this one."""
    n = np.array(WIDTHS, float)
    errors = built_errors(p.target, p.points)
    x = torch.linspace(-PI, PI, 1001, dtype=torch.float64)
    here = float((units(x, bend_of(p)) - torch.tensor(curve(p.target, p.points, x.numpy()))).abs().max())
    layers: list[Layer] = [
        Line(n, errors[0], "stairs (tanh)", BUILT, width=2),
        Line(n, errors[1], "hinges (ReLU)", RELU, width=2),
        Scatter(np.stack([n, errors[0]], 1), colour=BUILT),
        Scatter(np.stack([n, errors[1]], 1), colour=RELU),
    ]
    if p.target == "sine" and len(p.points) < 2:
        layers += [Line(n, PI / n, "bounds", TARGET, True, 1), Line(n, (PI / n) ** 2 / 2, "", TARGET, True, 1)]
    layers.append(Scatter(np.array([[len(units.w), here]]), label="trained", colour=NETWORK, size=12))
    y = Axis("largest error", log=True, range=(1e-4, 4))
    return Plot(
        "width", tuple(layers), Axis("units N", log=True, range=(0.9, 160)), y, note=f"trained: {number(here, 2)}"
    )


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "without a bend nothing gets below ½ − 3/π² on a sine",
    tolerance=1e-3,
    source="least squares: a = 3/π², ½ − 3/π² = 0.1960",
    catches="a gradient with half its size missing from the line's own slope",
)
def floor(ctx: CheckContext) -> Measured:
    """Eight units that are lines, and the line beside them: the one further off after 400 steps."""
    trained = ctx.train(bug="no bend", lr=0.05, steps=400)
    losses = (trained.last("loss/network"), trained.last("loss/line"))
    exact = 0.5 - 3 / PI**2
    return Measured(exact, max(losses, key=lambda loss: abs(loss - exact)))


@check(
    "32 tanh units learn a sine to 1e−3",
    tolerance=0.0,
    source="Universal Approximation Theorem, trained by Adam",
    catches="σ′ left out of the chain rule, units that start alike",
)
def learns(ctx: CheckContext) -> Measured:
    """The mean squared error after 500 steps."""
    return Measured(1e-3, ctx.train(units=32, steps=500).last("loss/network"), "at most")


@check(
    "stairs are within π/N of a sine",
    tolerance=1e-9,
    source="Cybenko's theorem by construction: half a stair, K ℓ / 2N",
    catches="stairs that stand on the grid and not half-way between",
)
def stairs_hold(ctx: CheckContext) -> Measured:
    """The largest share of the bound at seven widths."""
    errors = built_errors("sine", ())[0]
    return Measured(1.0, float((errors * np.array(WIDTHS) / PI).max()), "at most", "largest share of the bound")


@check(
    "hinges are within (2π/N)²/8 of a sine",
    tolerance=1e-9,
    source="linear interpolation, K₂ h²/8",
    catches="a slope in the place of its change",
)
def hinges_hold(ctx: CheckContext) -> Measured:
    """The largest share of the bound at seven widths."""
    errors = built_errors("sine", ())[1]
    return Measured(
        1.0, float((errors * 2 * (np.array(WIDTHS) / PI) ** 2).max()), "at most", "largest share of the bound"
    )


@check(
    "the gradient by hand is autograd's",
    tolerance=1e-12,
    source="torch.autograd, float64",
    catches="σ′ of another activation",
)
def gradient_agrees(ctx: CheckContext) -> Measured:
    """All activations, nine units, a chirp."""
    x, worst = samples(), 0.0
    y = torch.tensor(CURVES["chirp"](x.numpy()))
    for bend in BENDS.values():
        units = drawn_units(9, ctx.rng)
        pairs = zip(slopes(units, x, y, bend, Params.bug), by_autograd(units, x, y, bend), strict=True)
        worst = max(worst, *(float((a - b).abs().max()) for a, b in pairs))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "units that start alike stay alike: eight are one",
    tolerance=1e-12,
    source="equal units have equal gradients",
    catches="a start that differs after all",
)
def alike(ctx: CheckContext) -> Measured:
    """The spread of their weights after 200 steps."""
    w = ctx.train(bug="all units alike", steps=200).tracked["w"].detach()
    return Measured(0.0, float(w.max() - w.min()), detail="largest less smallest w")

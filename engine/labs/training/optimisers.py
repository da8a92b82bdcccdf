r"""All methods walk downhill. They differ in **which slope** they look at, **what they remember**, and **how far** they step.

$$ \theta \leftarrow \theta - \eta\, g, \qquad g = \nabla_\theta \frac1{|B|}\sum_{i\in B} \ell_i(\theta) $$

## Which slope
**GD** takes the mean over all examples: exact and dear. **SGD** takes one example: cheap, right on average, wrong each time. A
**mini-batch** of $B$ has $1/B$ of SGD's variance. Noise is not only a price: it shakes a walker off a saddle and out of a shallow well.
On the landscape SGD feels noise of strength {{noise}}, the mini-batch $\sqrt B$ times less.

## What is remembered
**Polyak's** heavy ball keeps a velocity, **Nesterov's** asks for the slope where that velocity is about to carry it:

$$ v \leftarrow \beta v + g, \qquad \theta \leftarrow \theta - \eta v; \qquad \text{Nesterov: } g = \nabla J(\theta - \eta\beta v) $$

Many texts write an average, $v \leftarrow \beta v + (1-\beta)\,g$: the same walk with $\eta$ made $1-\beta$ times smaller. Switch between
the two and see. Torch writes Nesterov's walk in $\varphi = \theta - \eta\beta v$, the place looked ahead to; here they are compared
there.

## How far
Each parameter gets a step of its own, by the size of the slopes it has seen. **Adagrad** adds all squares up, so rare slopes make
large steps, and all steps shrink for ever. **RMSProp** forgets; **Adam** also averages the slope, and corrects both averages for having
started at zero:

$$ G \leftarrow G + g^2, \quad \Delta = \frac{\eta\, g}{\sqrt{G}+\epsilon} $$

$$ E \leftarrow \gamma E + (1-\gamma) g^2, \quad \Delta = \frac{\eta\, g}{\sqrt{E}+\epsilon} $$

$$ m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
\Delta = \frac{\eta\; m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)}+\epsilon} $$

At $t=1$ the correction leaves $\Delta = \eta\operatorname{sign} g$. Without it the first step is
$(1-\beta_1)/\sqrt{1-\beta_2} = 3.2$ times as long: choose that bug and look at *Step 1* in the table. RMSProp has no such
correction: its first step is $1/\sqrt{1-\gamma} = 10$ times $\eta$.

## What theory says
On a quadratic with curvatures from $\mu$ to $L$, $\kappa = L/\mu = 100$, the error shrinks each step by at best

$$ \underbrace{\tfrac{\kappa-1}{\kappa+1}}_{\text{GD } 0.980} \qquad
\underbrace{\tfrac{\sqrt\kappa-1}{\sqrt\kappa+1}}_{\text{Polyak } 0.818} \qquad
\underbrace{1-\tfrac1{\sqrt\kappa}}_{\text{Nesterov } 0.900} $$

with $\eta = \frac{2}{L+\mu}$; $\eta = \frac{4}{(\sqrt L+\sqrt\mu)^2}$, $\beta = \big(\tfrac{\sqrt\kappa-1}{\sqrt\kappa+1}\big)^2$; and
$\eta = \frac1L$, $\beta = \tfrac{\sqrt\kappa-1}{\sqrt\kappa+1}$. *Best on the ravine* sets these; the table puts the measured rate
beside them.

**Try**: drag the start; draw a valley of your own; *saddle* with the start on its ridge ($y = 0$) and some noise; *two wells* from the
right; a learning rate just above $2/L = 0.2$; then look who wins on the network, where no theory told you the step.

Sources: Polyak 1964; Nesterov 1983; Duchi et al. 2011; Tieleman & Hinton 2012; Kingma & Ba 2015, arXiv:1412.6980.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Canvas,
    Choice,
    Contour,
    Frame,
    Heat,
    Layer,
    Line,
    Measured,
    Pad,
    Plot,
    Scalar,
    Scatter,
    Slider,
    Table,
    Toggle,
    View,
    check,
    lab,
)
from engine.api.lab import Portrait
from engine.api.words import number
from engine.data import landscapes
from engine.data.digits import split_digits
from engine.data.landscapes import FLAT, HIGH, OWN, PAPER, REACH, STEEP, Landscape
from engine.nn.descent import METHODS, Race, Rule, step, torch_gaps
from engine.nn.row_networks import RowNetworks

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

ADAPTIVE = METHODS[5:]
NETWORK = RowNetworks((64, 32, 10))
LAPS = 2000  # the race on the landscape ends here; its paths are drawn whole
KAPPA = STEEP / FLAT
ROOT = math.sqrt(KAPPA)
THEORY = {"GD": (KAPPA - 1) / (KAPPA + 1), "Polyak": (ROOT - 1) / (ROOT + 1), "Nesterov": 1 - 1 / ROOT}
BEST = {  # step and momentum that reach these rates
    "GD": (2 / (STEEP + FLAT), 0.0),
    "Polyak": (4 / (STEEP**0.5 + FLAT**0.5) ** 2, ((ROOT - 1) / (ROOT + 1)) ** 2),
    "Nesterov": (1 / STEEP, (ROOT - 1) / (ROOT + 1)),
}


@dataclass
class Params:
    """What a person sets."""

    landscape: Annotated[
        str, Choice(*landscapes.NAMES, live=True, group="Landscape", help="The surface that all methods walk down")
    ] = "ravine"
    start: Annotated[
        tuple[float, float],
        Pad(-REACH, REACH, live=True, group="Landscape", help="Where all begin; moving it starts the race again"),
    ] = (-1.8, 0.4)
    drawing: Annotated[
        np.ndarray | None,
        Canvas(
            *PAPER,
            "draw valleys",
            live=True,
            group="Landscape",
            help="Strokes become valleys of your own surface",
        ),
    ] = None
    noise: Annotated[
        float, Slider(0, 3, live=True, group="Landscape", help="Noise in the slope that SGD sees on the landscape")
    ] = 0.5
    tuned: Annotated[
        bool,
        Toggle(
            label="Best on the ravine",
            live=True,
            group="Landscape",
            help="There GD, Polyak and Nesterov take the step and momentum that theory finds best",
        ),
    ] = True
    lr: Annotated[
        float,
        Slider(1e-3, 1, log=True, live=True, label="Learning rate", group="Methods", help="Step of the first five"),
    ] = 0.05
    adaptive_lr: Annotated[
        float,
        Slider(
            1e-4, 1, log=True, live=True, label="Adaptive rate", group="Methods", help="Step of Adagrad, RMSProp, Adam"
        ),
    ] = 0.02
    beta: Annotated[
        float,
        Slider(0, 0.99, live=True, label="Momentum β", group="Methods", help="Share of the velocity that is kept"),
    ] = 0.9
    velocity: Annotated[
        str,
        Choice("sum", "average", live=True, group="Methods", help="v = βv + g, or v = βv + (1 − β)g as an average"),
    ] = "sum"
    decay: Annotated[
        float,
        Slider(0.5, 0.999, live=True, label="RMSProp γ", group="Methods", help="Share of old squared slopes it keeps"),
    ] = 0.99
    beta_2: Annotated[
        float,
        Slider(0.5, 0.9999, live=True, label="Adam β₂", group="Methods", help="Share of old squares that Adam keeps"),
    ] = 0.999
    batch: Annotated[
        int, Slider(2, 256, log=True, live=True, group="Methods", help="Digits in a mini-batch; GD takes all, SGD one")
    ] = 32
    bug: Annotated[
        str,
        Choice(
            "none",
            "no bias correction",
            "momentum that brakes",
            "looks behind",
            live=True,
            label="What if it were wrong",
            group="Methods",
            help="Adam without its correction; velocity subtracted; Nesterov asking where it came from",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 20_000, log=True, group="Methods", help="How many steps everyone makes")] = 600


def rule_of(method: str, p: Params, best: bool) -> Rule:
    """The numbers that the parameters give a method. `best`: on the ravine, those that theory gives."""
    if best and method in BEST:
        return Rule(method, *BEST[method], bug=p.bug)
    rule = Rule(method, p.adaptive_lr if method in ADAPTIVE else p.lr, bug=p.bug)
    if method in ("Polyak", "Nesterov"):
        return replace(rule, beta=p.beta, weight=1.0 if p.velocity == "sum" else 1 - p.beta)
    return replace(rule, beta=0.9, keep=p.beta_2 if method == "Adam" else p.decay)


# The two tracks ---------------------------------------------------------------------------------------------------------


class Track:
    """The race on the landscape: restarted when surface or start change, its paths kept."""

    def __init__(self, p: Params) -> None:
        self.p = p
        self.race = Race(torch.tensor(p.start, dtype=torch.float64))
        self.paths = torch.full((LAPS + 1, len(METHODS), 2), torch.nan, dtype=torch.float64)
        self.known: dict[str, Any] = {"scene": self._scene()}
        self.surface = self._look()
        self.tracked = self.race.tracked | {"paths": self.paths, "known": self.known}
        self.paths[0] = self.race.at

    def _scene(self) -> str:
        p = self.p
        ink = "" if p.drawing is None or p.landscape != OWN else p.drawing.tobytes().hex()
        return f"{p.landscape} {p.start} {ink}"

    def _look(self) -> Landscape:
        return landscapes.drawn(self.p.drawing) if self.p.landscape == OWN else landscapes.named(self.p.landscape)

    def keep_up(self) -> None:
        """Starts the race again if the person has changed the surface or the start."""
        if self._scene() != self.known["scene"]:
            self.known["scene"], self.surface = self._scene(), self._look()
            self.race.restart(torch.tensor(self.p.start, dtype=torch.float64))
            self.paths.fill_(torch.nan)
            self.paths[0] = self.race.at

    @property
    def t(self) -> int:
        """Steps made since the start."""
        return int(self.race.state["t"])

    def rules(self) -> list[Rule]:
        """Every method's numbers on this surface."""
        best = self.p.tuned and self.p.landscape == "ravine"
        return [rule_of(method, self.p, best) for method in METHODS]

    def step(self, rng: torch.Generator) -> None:
        """Everyone makes a step; SGD and the mini-batch see the slope through noise."""
        noise = self.p.noise * torch.randn(2, 2, generator=rng, dtype=torch.float64)
        if self.t >= LAPS:
            return
        rules = self.rules()
        slopes = self.surface.slopes(self.race.asked(rules))
        slopes[1] += noise[0]
        slopes[2] += noise[1] / self.p.batch**0.5
        self.race.step(rules, slopes)
        self.paths[self.t] = self.race.at

    def heights(self) -> list[float]:
        """How high above the lowest place each is."""
        above: list[float] = (self.surface.height(self.race.at) - self.surface.floor).clamp(min=1e-16).tolist()
        return above

    def rates(self, over: int = 30) -> list[float]:
        """By what factor the distance to the lowest place shrank each step, lately; NaN before it can be told."""
        if self.t <= over:
            return [math.nan] * len(METHODS)
        gone = (self.paths[[self.t - over, self.t]] - torch.tensor(self.surface.lowest, dtype=torch.float64)).norm(
            dim=2
        )
        shrunk: list[float] = ((gone[1] / gone[0]) ** (1 / over)).tolist()
        return shrunk


class Classroom:
    """The race on a network: eight copies learn the digits, each by its own method."""

    def __init__(self, p: Params, rng: torch.Generator, device: torch.device) -> None:
        digits = split_digits()
        self.p, self.rng = p, rng
        self.x, self.y = digits.train.flatten(1).to(device), digits.train_labels.to(device)
        self.exam, self.answers = digits.test.flatten(1).to(device), digits.test_labels.to(device)
        self.race = Race(NETWORK.start(rng).to(device))

    def draw(self, batch: int) -> Tensor:
        """Indices of a batch of examples, with replacement. `[batch]`."""
        return torch.randint(len(self.x), (batch,), generator=self.rng).to(self.x.device)

    def step(self) -> None:
        """Everyone makes a step."""
        rules = [rule_of(method, self.p, best=False) for method in METHODS]
        places, slopes = self.race.asked(rules), torch.empty_like(self.race.at)
        few = self.draw(self.p.batch)
        for rows, chosen in (([0], slice(None)), ([1], self.draw(1)), (list(range(2, len(METHODS))), few)):
            x, y = self.x[chosen], self.y[chosen]
            slopes[rows] = NETWORK.slopes(places[rows], x.expand(len(rows), *x.shape), y.expand(len(rows), *y.shape))
        self.race.step(rules, slopes)

    @torch.no_grad()
    def examine(self) -> tuple[Float[Tensor, "8"], Float[Tensor, "8"]]:
        """Every network's loss (nats) and accuracy on the digits that none has seen."""
        rows = len(METHODS)
        scores = NETWORK.scores(self.race.at, self.exam.expand(rows, *self.exam.shape))
        sure = scores.log_softmax(2).gather(2, self.answers.expand(rows, -1)[..., None])
        return -sure[..., 0].mean(1), (scores.argmax(2) == self.answers).float().mean(1)


@lab(
    title="Optimisers",
    topic="training",
    place=8,
    source="notes, Optimization Algorithms; Polyak 1964; Nesterov 1983; Kingma & Ba 2015, arXiv:1412.6980",
    summary="Eight ways downhill, side by side",
    portrait=Portrait("landscape", steps=90, sets={"landscape": "own drawing"}),
    speed=30,
    views=(
        View("landscape", "The landscape", "drag the cross to start somewhere else"),
        View("height", "Height above the lowest place", log=True),
        View("network", "The network’s test loss", unit="nats", log=True),
        View("table", "Measured and theory"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Every method makes one step on the landscape and one on a network of digits."""
    track, classroom = Track(p), Classroom(p, ctx.rng, ctx.device)
    ctx.track(track=track.tracked, classroom=classroom.race.tracked)

    def draw() -> Iterator[Frame]:
        track.keep_up()
        if ctx.due("landscape"):
            yield draw_landscape(track)
        if ctx.due("table"):
            yield draw_table(track, classroom)

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        track.keep_up()
        track.step(ctx.rng)
        yield from curves("height", track.heights())
        classroom.step()
        yield from curves("network", classroom.examine()[0].tolist())


def curves(view: str, values: list[float]) -> Iterator[Frame]:
    """A point for each method; none for one that has run away to infinity."""
    for method, value in zip(METHODS, values, strict=True):
        if math.isfinite(value):
            yield Scalar(f"{view}/{method}", value)


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_landscape(track: Track) -> Plot:
    """Heights, the way that each has come, and where it is now."""
    heights = track.surface.relief(121).clamp(min=0)
    relief = (heights / heights.median()).sqrt()
    extent = (-REACH, REACH, -HIGH, HIGH)
    levels = tuple(float(relief.max()) * share for share in (0.08, 0.16, 0.28, 0.42, 0.58, 0.76))
    layers: list[Layer] = [
        Heat(relief, extent, "grey", opacity=0.35),
        Contour(relief, extent, levels, colour=7, width=0.8),
        Scatter(np.array([track.surface.lowest]), label="lowest", colour=7, size=12, hollow=True),
    ]
    paths = track.paths[: track.t + 1]
    paths = torch.where(paths.abs().amax(2, keepdim=True) <= 3 * REACH, paths, torch.nan)
    for k, method in enumerate(METHODS):
        layers.append(Line(paths[:, k, 0], paths[:, k, 1], method, k, width=2))
    heads = paths[-1]
    inside = heads.isfinite().all(1)
    layers.append(Scatter(heads[inside], groups=np.arange(len(METHODS))[inside.numpy()], size=9))
    x, y = Axis("θ₁", range=(-REACH, REACH)), Axis("θ₂", range=(-HIGH, HIGH))
    return Plot("landscape", tuple(layers), x, y, equal=True, edits="start", note=f"after {track.t:,} steps")


def draw_table(track: Track, classroom: Classroom) -> Table:
    """Each method's rate beside theory's, its result on the digits, and how far it is from torch's own."""
    rules, p = track.rules(), track.p
    compared = min(track.t, 50) if p.landscape != OWN else 0
    gaps = torch_gaps(tuple(rules), p.landscape, p.start, 50) if compared else (math.nan,) * len(METHODS)
    ravine = p.landscape == "ravine"
    right = classroom.examine()[1].tolist()
    first = (track.paths[1] - track.paths[0]).abs().amax(1).tolist()
    rows = []
    for rule, length, rate, accuracy, gap in zip(rules, first, track.rates(), right, gaps, strict=True):
        row = [rule.method, f"{number(length / rule.lr)} η" if track.t else "—", f"{accuracy:.1%}"]
        row.append(number(gap, 1) if math.isfinite(gap) else "—")
        if ravine:
            theory = THEORY.get(rule.method) if p.tuned else None
            row.insert(2, shown(rate, theory) if rule.method in BEST else "—")
        rows.append(tuple(row))
    columns = ("Method", "Step 1", *(("Rate (theory)",) if ravine else ()), "Digits", "Off torch")
    return Table("table", columns, tuple(rows), note="rate: error left per step" if ravine else "")


def shown(rate: float, theory: float | None) -> str:
    """Three decimals, with theory's where it holds; a dash before the rate can be told."""
    if not math.isfinite(rate):
        return "—"
    return f"{rate:.3f}" + (f" ({theory:.3f})" if theory is not None else "")


# Proof ----------------------------------------------------------------------------------------------------------------


def defaults(**changes: Any) -> Params:
    """The default parameters with some changed."""
    return replace(Params(), **changes)


@check(
    "on a ravine of κ = 100 the errors of GD, Polyak and Nesterov shrink by 0.980, 0.818 and 0.900 a step",
    tolerance=0.01,
    source="Polyak 1964; Nesterov 2004, §2.2; Lessard et al. 2016, arXiv:1408.3595, table 1",
    catches="a momentum of the wrong size, a slope that is not asked ahead",
)
def rates(ctx: CheckContext) -> Measured:
    """Measured over the last 30 of 400 steps; the largest of three gaps."""
    track = Track(defaults())
    for _ in range(400):
        track.step(ctx.rng)
    found = dict(zip(METHODS, track.rates(), strict=True))
    gap = max(abs(found[method] - rate) for method, rate in zip(BEST, (0.980, 0.818, 0.900), strict=True))
    return Measured(0.0, gap, detail=", ".join(f"{method} {found[method]:.3f}" for method in BEST))


@check(
    "Adam's first step is −η sign g, however long the slope",
    tolerance=1e-4,
    source="Kingma & Ba 2015, §2.1",
    catches="missing bias correction",
)
def first_step(ctx: CheckContext) -> Measured:
    """Slopes from 10⁻³ to 10³ of either sign; the largest deviation in units of η."""
    size = torch.logspace(-3, 3, 40, dtype=torch.float64)
    g = size * torch.randn(40, generator=ctx.rng, dtype=torch.float64).sign()
    rule, at = rule_of("Adam", defaults(), False), torch.zeros(40, dtype=torch.float64)
    step(rule, 1, at, torch.zeros_like(at), torch.zeros_like(at), g)
    return Measured(0.0, float((at / rule.lr + g.sign()).abs().max()), detail="of η")


@check(
    "100 steps of all eight by hand are torch.optim's",
    tolerance=1e-6,
    source="torch.optim, float64, on Rosenbrock's valley; velocity as sum and as average",
    catches="an ε, a decay or a lookahead in another place than the library's",
)
def parity(ctx: CheckContext) -> Measured:
    """The largest distance between two walks."""
    start = tuple((torch.rand(2, generator=ctx.rng, dtype=torch.float64) * 2 - 1).tolist())
    gaps = [0.0]
    for velocity in ("sum", "average"):
        rules = tuple(rule_of(method, defaults(lr=0.02, velocity=velocity), False) for method in METHODS)
        gaps += torch_gaps(rules, "Rosenbrock", start, 100)
    return Measured(0.0, max(gaps), detail="plot units")


@check(
    "a mini-batch of 16 has a sixteenth of SGD's variance",
    tolerance=0.15,
    source="variance of a mean of independent draws",
    catches="a batch that is summed, or that is not drawn at random",
)
def batches(ctx: CheckContext) -> Measured:
    """Slopes of 400 batches of a network of digits, against those of single examples; the ratio, times 16."""
    classroom = Classroom(defaults(), ctx.rng, ctx.device)

    def scatter(batch: int) -> float:
        chosen = torch.stack([classroom.draw(batch) for _ in range(400)])
        rows = classroom.race.at[:1].expand(400, -1)
        return float(NETWORK.slopes(rows, classroom.x[chosen], classroom.y[chosen]).var(0).sum())

    return Measured(1.0, 16 * scatter(16) / scatter(1), detail="of what independence gives")

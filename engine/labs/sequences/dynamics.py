r"""A recurrent network is a rule for the next state. What it remembers is where such rules lead in the end.

$$ h^{t} = \tanh\big(W h^{t-1} + b\big), \qquad b = W_{xh}\, x + b_h $$

With a steady input $x$ everything but the state stands still, and two units make a plane that one can look at. Each arrow of the phase
portrait says where a state goes next. A continuous-time network does the same with a leak: $\dot h = -h + \tanh(Wh + b)$.

## Without the tanh
all is known. Along an eigenvector $W v = \lambda v$ a step multiplies by $\lambda$, so that

$$ h^{t} = W^t h^0 = \sum_k c_k\, \lambda_k^t\, v_k, \qquad h(t) = e^{Wt} h(0) \;\text{ for the flow } \dot h = Wh $$

$$ \lambda = \tfrac{\tau}{2} \pm \sqrt{\tfrac{\tau^2}{4} - \Delta}, \qquad \tau = \operatorname{tr} W, \quad \Delta = \det W $$

A pair of complex $\lambda$ turns by its angle in each step; $\lvert \lambda \rvert < 1$ (inside the circle) dies out, beyond it grows. For
a flow the border is the imaginary axis. The rings in *State in time* are this closed form.

## With it
A state that maps to itself is a **fixed point**. Near one, the system is linear again, with the Jacobian

$$ J = \operatorname{diag}\big(1 - \tanh^2(W h + b)\big)\, W $$

Filled points are stable: all $\lvert \lambda(J) \rvert < 1$. They are the memories. With small weights there is one, and every start
is forgotten; raise the gain past $\lvert \lambda \rvert = 1$ and it splits (*As the gain grows*): now the end tells where it began.
Complex pairs that leave the circle leave a ring of states behind, an oscillation.

## What a gradient sees
The same Jacobians, multiplied along the way, carry a gradient back through time:

$$ \frac{\partial h^t}{\partial h^0} = J^t J^{t-1} \cdots J^1, \qquad \text{about } \rho(W)^t \text{ without the tanh} $$

A memory that is held well ($\lvert \lambda \rvert < 1$) is one whose gradient vanishes. A hidden Markov model is a dynamical system too,
but its states are few and its steps random; here the state is continuous, and the rule is learned. The gain is **{{gain}}** now.

**Try**: drag the columns of $W$; a turn (0.9, 0.5) and (−0.5, 0.9), first linear, then as RNN; gain 0.8, 1, 1.5; a bias that tips the
balance; a Jacobian without its slope, which calls the memories unstable.

Sources: notes, RNNs as Dynamical Systems; Sussillo & Barak 2013; Strogatz 2015, chapters 5 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float

from engine.api import (
    Arrows,
    Axis,
    Choice,
    Frame,
    Layer,
    Line,
    Measured,
    Pad,
    Plot,
    PointSet,
    Portrait,
    Scatter,
    Slider,
    View,
    check,
    lab,
)
from engine.api.words import number
from engine.nn.planar_dynamics import KINDS, System, eigenvalues, solved

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH, LIFE, RING, DT = 1.5, 60, 20, 0.1
TRAIL, OWN, STABLE, UNSTABLE, PALE = 0, 1, 2, 3, 7  # series colours
Columns = tuple[tuple[float, float, int], ...]
BUGS = ("none", "W transposed", "Jacobian without φ′")


@dataclass
class Params:
    """What a person sets."""

    system: Annotated[
        str, Choice(*KINDS, live=True, help="With or without the tanh; in steps or in continuous time")
    ] = "RNN"
    columns: Annotated[
        Columns,
        PointSet(
            -2, 2, 2, live=True, label="Columns of W", help="Where W takes (1, 0) and (0, 1): drag them on the plot"
        ),
    ] = ((0.95, 0.5, 0), (-0.3, 0.95, 1))
    gain: Annotated[float, Slider(0.0, 3.0, step=0.01, live=True, help="A factor on all of W")] = 1.3
    bias: Annotated[tuple[float, float], Pad(-1, 1, live=True, help="The steady input b of both units")] = (0.0, 0.0)
    start: Annotated[
        tuple[float, float],
        Pad(-REACH, REACH, live=True, help="Where the followed state begins; drag it on the portrait"),
    ] = (0.2, 0.1)
    bug: Annotated[
        str,
        Choice(
            *BUGS,
            live=True,
            label="Bug",
            group="What if it were wrong",
            help="Rows taken for columns; a stability that looks at W alone",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 100_000, log=True, help="Steps in time; every sixty it begins again")] = 600


def matrix_of(columns: Columns, gain: float = 1.0) -> Float[np.ndarray, "2 2"]:
    """W from its columns, the first point of each class; a missing one is a column of the identity."""
    found = np.eye(2)
    for kind in (0, 1):
        own = [(x, y) for x, y, group in columns if group == kind]
        if own:
            found[:, kind] = own[0]
    return gain * found


def system_of(p: Params) -> System:
    """The system as it is computed, bugs included."""
    w = matrix_of(p.columns, p.gain)
    moving = w.T if p.bug == "W transposed" else w
    return System(p.system, moving, np.array(p.bias), p.bug != "Jacobian without φ′")


def starts(p: Params) -> Float[np.ndarray, "k 2"]:
    """The followed state, and a ring of others."""
    turn = np.linspace(0, 2 * np.pi, RING, endpoint=False)
    return np.concatenate([[p.start], 0.9 * REACH * np.stack([np.cos(turn), np.sin(turn)], 1)])


@lab(
    title="Recurrent dynamics",
    topic="sequences",
    place=2,
    source="notes, RNNs as Dynamical Systems; Sussillo & Barak 2013",
    summary="Drag W and see where memories live",
    speed=10,
    portrait=Portrait("phase", steps=45),
    views=(
        View("phase", "Phase portrait", "drag the cross: the state begins there"),
        View("w", "Columns of W", "drag the two points"),
        View("eigenvalues", "Eigenvalues"),
        View("time", "State in time"),
        View("gradient", "Gradient and lag"),
        View("bifurcation", "As the gain grows"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """One step in time for every state; after sixty, or when something is changed, all begin again."""
    trail = torch.full((LIFE + 1, RING + 1, 2), torch.nan, dtype=torch.float64)
    state: dict[str, Any] = {"t": 0, "key": ""}
    ctx.track(trail=trail, state=state)

    def begin_again_if_changed() -> None:
        key = repr((p.system, p.columns, p.gain, p.bias, p.start, p.bug))
        if state["key"] != key or state["t"] >= LIFE:
            state.update(key=key, t=0)
            trail.fill_(torch.nan)
            trail[0] = torch.from_numpy(starts(p))

    def draw() -> Iterator[Frame]:
        begin_again_if_changed()
        system, t = system_of(p), state["t"]
        path = trail.numpy()[: t + 1]
        w = matrix_of(p.columns, p.gain)
        pictures: dict[str, Callable[[], Plot]] = {
            "phase": lambda: draw_phase(system, path),
            "w": lambda: draw_matrix(matrix_of(p.columns), p.gain),
            "eigenvalues": lambda: draw_eigenvalues(system),
            "time": lambda: draw_time(system, path[:, 0], w),
            "gradient": lambda: draw_gradient(system, path[:, 0]),
            "bifurcation": lambda: draw_bifurcation(p),
        }
        for name, picture in pictures.items():
            if ctx.due(name):
                yield picture()

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        begin_again_if_changed()
        trail[state["t"] + 1] = torch.from_numpy(system_of(p).step(trail[state["t"]].numpy(), DT))
        state["t"] += 1
    yield from ()  # all that it shows are pictures, which come from `draw`


# Pictures -------------------------------------------------------------------------------------------------------------

H1, H2 = Axis("h₁", range=(-REACH, REACH)), Axis("h₂", range=(-REACH, REACH))


def draw_phase(system: System, path: Float[np.ndarray, "t k 2"]) -> Plot:
    """Where every state goes, the ways of a ring of states and of the followed one, and the fixed points."""
    axis = np.linspace(-0.93 * REACH, 0.93 * REACH, 15)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    velocity = system.velocity(grid)
    length = np.linalg.norm(velocity, axis=1, keepdims=True)
    layers: list[Layer] = [Arrows(grid, velocity / (length + 0.25) * 0.16, colour=PALE)]
    for k in range(1, path.shape[1]):
        layers.append(Line(path[:, k, 0], path[:, k, 1], colour=TRAIL, width=1))
    layers += [
        Scatter(path[-1, 1:], colour=TRAIL, size=5),
        Line(path[:, 0, 0], path[:, 0, 1], "followed", OWN, width=2.5),
        Scatter(path[-1:, 0], colour=OWN, size=9),
    ]
    points = system.fixed_points()
    stable = np.array([system.is_stable(h) for h in points], bool)
    layers.append(Scatter(points[stable], label="stable", colour=STABLE, size=12))
    layers.append(Scatter(points[~stable], label="unstable", colour=UNSTABLE, size=12, hollow=True))
    time = f"t = {(len(path) - 1) * DT:.1f}" if system.flows else f"t = {len(path) - 1}"
    return Plot("phase", tuple(layers), H1, H2, equal=True, edits="start", note=time)


def draw_matrix(w: Float[np.ndarray, "2 2"], gain: float) -> Plot:
    """W's columns, what it makes of the unit circle, and the directions that it does not turn."""
    turn = np.linspace(0, 2 * np.pi, 91)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    ellipse = w @ circle
    layers: list[Layer] = [
        Line(circle[0], circle[1], "unit circle", PALE, True, 1),
        Line(ellipse[0], ellipse[1], "W · circle", STABLE, width=2),
        *(Arrows(np.zeros((1, 2)), w[None, :, k], colour=k) for k in (0, 1)),
        Scatter(0.5 * w.T + 0.1, labels=("W e₁", "W e₂"), size=1),
    ]
    values, vectors = np.linalg.eig(w)
    if not np.iscomplexobj(values):
        for v in vectors.T:
            layers.append(Line(np.array([-3, 3]) * v[0], np.array([-3, 3]) * v[1], colour=4, width=1))
    rows = ", ".join(f"({number(a, 2)}, {number(b, 2)})" for a, b in gain * w)
    axes = (Axis("", range=(-2, 2)), Axis("", range=(-2, 2)))
    return Plot("w", tuple(layers), axes[0], axes[1], equal=True, edits="columns", note=rows)


def draw_eigenvalues(system: System) -> Plot:
    """Eigenvalues of W and of the Jacobian at each fixed point, and the border between dying out and growing."""
    turn = np.linspace(0, 2 * np.pi, 91)
    if system.flows:
        border = Line(np.zeros(2), np.array([-3.0, 3.0]), "border", PALE, True)
    else:
        border = Line(np.cos(turn), np.sin(turn), "border", PALE, True)

    def dots(values: np.ndarray, label: str, colour: int, hollow: bool = False, size: float = 9) -> Scatter:
        return Scatter(
            np.stack([values.real, values.imag], -1).reshape(-1, 2),
            label=label,
            colour=colour,
            size=size,
            hollow=hollow,
        )

    own = eigenvalues(system.w)
    layers: list[Layer] = [border, dots(own, "of W", OWN, True, 13)]
    for stable, label, colour in ((True, "stable", STABLE), (False, "unstable", UNSTABLE)):
        near = [eigenvalues(system.jacobian(h)) for h in system.fixed_points() if system.is_stable(h) == stable]
        layers.append(dots(np.array(near).reshape(-1), label, colour))
    reach = max(1.4, 1.15 * float(abs(own).max()))
    x, y = Axis("real", range=(-reach, reach)), Axis("imaginary", range=(-reach, reach))
    return Plot("eigenvalues", tuple(layers), x, y, equal=True, note=f"ρ(W) = {number(float(abs(own).max()), 2)}")


def draw_time(system: System, path: Float[np.ndarray, "t 2"], w: Float[np.ndarray, "2 2"]) -> Plot:
    """Both parts of the followed state; rings: the closed form of a linear system."""
    time = np.arange(len(path)) * (DT if system.flows else 1)
    layers: list[Layer] = [Line(time, path[:, k], name, k, width=2) for k, name in ((0, "h₁"), (1, "h₂"))]
    note = ""
    if not system.bends:
        exact = solved(System(system.kind, w, system.b), path[0], time)
        layers += [Scatter(np.stack([time, exact[:, k]], 1)[::3], colour=k, size=8, hollow=True) for k in (0, 1)]
        gap = float(abs(exact - path).max() / max(1.0, float(abs(exact).max())))
        form = "e^Wt" if system.flows else "Wᵗ"
        note = f"= {form} h⁰" if gap < 1e-5 else f"off {form} h⁰ by {number(gap, 2)}"
    top = max(1.2, min(5.0, 1.1 * float(abs(path).max())))
    last = LIFE * (DT if system.flows else 1)
    return Plot("time", tuple(layers), Axis("t", range=(0, last)), Axis("state", range=(-top, top)), note=note)


def draw_gradient(system: System, path: Float[np.ndarray, "t 2"]) -> Plot:
    """How much a nudge at the start still moves the state: the norm of the product of Jacobians, beside ρ(W)^t."""
    norms = gains(system, path)
    t = np.arange(len(norms)) * (DT if system.flows else 1)
    own = eigenvalues(system.w - np.eye(2) if system.flows and system.bends else system.w)
    theory = np.exp(own.real.max() * t) if system.flows else np.maximum(abs(own).max(), 1e-9) ** t
    layers = (
        Line(t, theory.clip(1e-6, 1e6), "e^(Re λ t)" if system.flows else "ρ(W)ᵗ", PALE, True),
        Line(t, norms.clip(1e-6, 1e6), "‖∂hᵗ/∂h⁰‖", OWN, width=2.5),
    )
    last = LIFE * (DT if system.flows else 1)
    y = Axis("", log=True, range=(1e-6, 1e4))
    return Plot("gradient", layers, Axis("lag t", range=(0, last)), y, note=number(float(norms[-1]), 2))


def gains(system: System, path: Float[np.ndarray, "t 2"]) -> Float[np.ndarray, "t"]:
    """The spectral norm of ∂h^t/∂h⁰ along a path; a flow's Jacobians are carried by their matrix exponential."""
    from scipy.linalg import expm

    product, found = np.eye(2), [1.0]
    for h in path[:-1]:
        jacobian = system.jacobian(h)
        product = (expm(DT * jacobian) if system.flows else jacobian) @ product
        found.append(float(np.linalg.norm(product, 2)))
    return np.array(found)


@lru_cache(maxsize=16)
def branches(system: str, columns: Columns, bias: tuple[float, float]) -> list[tuple[float, float, bool]]:
    """(gain, h₁, stable) of every fixed point for gains from 0 to 3."""
    found = []
    for gain in np.linspace(0, 3, 61):
        one = System(system, matrix_of(columns, float(gain)), np.array(bias))
        found += [(float(gain), float(h[0]), one.is_stable(h)) for h in one.fixed_points()]
    return found


def draw_bifurcation(p: Params) -> Plot:
    """The fixed points against the gain: one, until it splits."""
    found = branches(p.system, p.columns, p.bias)
    layers: list[Layer] = []
    for stable, label, colour in ((True, "stable", STABLE), (False, "unstable", UNSTABLE)):
        points = np.array([(gain, h) for gain, h, kind in found if kind == stable]).reshape(-1, 2)
        layers.append(Scatter(points, label=label, colour=colour, size=4, hollow=not stable))
    layers.append(Line(np.full(2, p.gain), np.array([-REACH, REACH]), colour=OWN, dashed=True))
    return Plot("bifurcation", tuple(layers), Axis("gain", range=(0, 3)), H1)


# Proof ----------------------------------------------------------------------------------------------------------------


def drawn(ctx: CheckContext, kind: str, size: float = 0.8) -> System:
    """A random system."""
    return System(kind, size * ctx.numpy_rng.standard_normal((2, 2)), 0.3 * ctx.numpy_rng.standard_normal(2))


@check(
    "a linear map after t steps is Wᵗ",
    tolerance=1e-9,
    source="numpy.linalg.matrix_power",
    catches="W transposed",
)
def powers(ctx: CheckContext) -> Measured:
    """Fifty steps of the lab's own run from (0.2, 0.1): the difference, over the size."""
    columns = ((0.95, 0.5, 0), (-0.3, 0.95, 1))
    trail = ctx.train(system="linear map", columns=columns, gain=0.95, steps=50).tracked["trail"].numpy()
    exact = np.linalg.matrix_power(0.95 * np.array([[0.95, -0.3], [0.5, 0.95]]), 50) @ (0.2, 0.1)
    return Measured(0.0, float(abs(trail[50, 0] - exact).max() / abs(exact).max()))


@check(
    "a linear flow is the matrix exponential",
    tolerance=1e-4,
    source="scipy.linalg.expm; Runge & Kutta with dt = 0.1",
    catches="a leak in a flow that has none",
)
def exponential(ctx: CheckContext) -> Measured:
    """Thirty steps of six random systems: the largest difference, over the size."""
    worst = 0.0
    for _ in range(6):
        system, h = drawn(ctx, "linear flow", 0.5), np.array([0.5, -0.3])
        exact = solved(system, h, np.array([3.0]))[0]
        for _ in range(30):
            h = system.step(h, DT)
        worst = max(worst, float(abs(h - exact).max() / abs(exact).max()))
    return Measured(0.0, worst)


@check(
    "λ from trace and determinant are the eigenvalues",
    tolerance=1e-7,
    source="numpy.linalg.eigvals",
    catches="a determinant with a plus",
)
def from_trace(ctx: CheckContext) -> Measured:
    """Two hundred random matrices."""
    worst = 0.0
    for matrix in ctx.numpy_rng.standard_normal((200, 2, 2)):
        own, theirs = (
            np.sort_complex(values.astype(complex)) for values in (eigenvalues(matrix), np.linalg.eigvals(matrix))
        )
        worst = max(worst, float(abs(own - theirs).max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "the Jacobian by hand is autograd's",
    tolerance=1e-12,
    source="torch.autograd, float64",
    catches="a slope that multiplies the columns and not the rows, a slope left out",
)
def jacobian_agrees(ctx: CheckContext) -> Measured:
    """Both kinds of RNN at ten states."""
    worst = 0.0
    for kind in ("RNN", "RNN flow"):
        p = Params(system=kind)
        for h in ctx.numpy_rng.uniform(-1, 1, (10, 2)):
            system = System(kind, drawn(ctx, kind).w, np.array(p.bias), system_of(p).slopes)
            w = torch.from_numpy(system.w)
            torchs = torch.autograd.functional.jacobian(lambda x, w=w: torch.tanh(w @ x), torch.from_numpy(h)).numpy()
            worst = max(worst, float(abs(system.jacobian(h) - torchs + np.eye(2) * system.flows).max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "two units that hold themselves have nine fixed points, four of them stable",
    tolerance=0.0,
    source="h = tanh(1.5 h) has three solutions, and the units are independent",
    catches="stability that is read from W alone",
)
def nine(ctx: CheckContext) -> Measured:
    """10 × all + the stable ones."""
    system = system_of(Params(columns=((1.0, 0.0, 0), (0.0, 1.0, 1)), gain=1.5))
    points = system.fixed_points()
    return Measured(94, 10 * len(points) + sum(system.is_stable(h) for h in points))


@check(
    "a state returns to a fixed point exactly where it is called stable",
    tolerance=0.0,
    source="linearisation; 400 steps from 1e−4 beside it",
    catches="a border at |λ| < 1 for a flow",
)
def returns(ctx: CheckContext) -> Measured:
    """Twelve random systems of both kinds: fixed points that behave otherwise (those within 0.05 of the border left out)."""
    wrong = 0
    for kind in ("RNN", "RNN flow"):
        for _ in range(6):
            system = drawn(ctx, kind, 1.5)
            for point in system.fixed_points():
                values = eigenvalues(system.jacobian(point))
                edge = values.real.max() if system.flows else abs(values).max() - 1
                if abs(edge) < 0.05:
                    continue
                h = point + 1e-4 * np.array([0.8, 0.6])
                for _ in range(400):
                    h = system.step(h, DT)
                wrong += (abs(h - point).max() < 5e-5) != system.is_stable(point)
    return Measured(0, wrong)


@check(
    "a turn by an angle with gain ρ carries gradients by exactly ρᵗ",
    tolerance=1e-9,
    source="‖(ρR)ᵗ‖ = ρᵗ",
    catches="Jacobians that are added up, not multiplied",
)
def gradient_grows(ctx: CheckContext) -> Measured:
    """ρ = 0.9, forty steps."""
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    found = gains(System("linear map", 0.9 * turn, np.zeros(2)), np.zeros((41, 2)))
    return Measured(1.0, float(found[-1] / 0.9**40), detail="over ρᵗ")

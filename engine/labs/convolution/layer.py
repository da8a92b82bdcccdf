r"""A convolutional layer is a list of wires. Forward, backward and learning are three sums over that one list.

Each wire joins an input cell, a weight and an output cell. **Click any cell** and its wires light up, in the forward pass and in
the backward pass alike: the weights and cells that are read on the way forward are those to which the gradient goes on the way back.

## Forward
$$ z^{[l]}_{i,j} = \sum_{m,n} w_{m,n}\, z^{[l-1]}_{i-m,\,j-n} + b $$

With $i + m$ in place of $i - m$ it is cross-correlation, which libraries compute under the same name; *Operation* switches.

## Backward
Let $\delta^{[l]} = \partial L / \partial z^{[l]}$ be what the next layer sends back. The chain rule follows each wire the other way:

$$ \delta^{[l-1]}_{i,j} = \sum_{m,n} \delta^{[l]}_{i+m,\,j+n}\, w_{m,n}, \qquad \delta^{[l-1]} = \delta^{[l]} * \text{rot180}(w) $$

$$ \frac{\partial L}{\partial w_{m,n}} = \sum_{i,j} \delta^{[l]}_{i,j}\, z^{[l-1]}_{i-m,\,j-n} $$

$$ \frac{\partial L}{\partial b} = \sum_{i,j} \delta^{[l]}_{i,j} $$

The first is a convolution with the kernel **turned by 180°** (it stands below $\partial L/\partial w$), the second the
cross-correlation of what went in with what came back. A layer with weights $w$ is also a matrix $A$: choose *Show* matrix. Each row of it
is one output cell, and the same few numbers come again in every row. The way back multiplies by its transpose:
$\langle A x, y\rangle = \langle x, A^\top y\rangle$.

## Learning
A hidden kernel has made a picture, and the layer is to do the same: $L = \tfrac12 \sum (z - t)^2$, now **{{loss/by hand}}**. For a
sum of squares, descent converges when the step is below 2 divided by the largest curvature. *Step length* counts in such curvatures:
1 is safe, above 2 the loss must explode. Set *Learns* to picture, and the gradient $\delta^{[l-1]}$ draws instead: from grey, it finds
a picture that the kernel turns into the same output.

**Try**: click a corner cell of the input: one output only has seen it. Put the stride to 2, and click cells that one wire or four
reach. Switch a bug on: the loss by hand leaves the one by autograd.

Sources: notes, Mathematical Derivation of a Convolutional Layer; Dumoulin & Visin 2016, arXiv:1603.07285 (strides, transposes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from engine.api import (
    Axis,
    Choice,
    File,
    Frame,
    Heat,
    Matrix,
    Measured,
    Pick,
    Plot,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    View,
    check,
    lab,
)
from engine.api.params import PICTURE_SUFFIXES
from engine.api.words import number
from engine.data.digits import split_digits
from engine.data.pictures import read_picture
from engine.nn.matrices import Block, side_by_side
from engine.nn.matrix_page import CellAt, Sheet, cell_at, draw_sheets, even_span
from engine.nn.sliding import PRESETS, Kernel, Layer
from engine.nn.wiring import Maps, Weights, Wiring, wire

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

BUGS = ("none", "δ: kernel not turned", "∂w not turned", "∂b as a mean")
CHOSEN, USED = 1, 2  # series colours
GAP = 1.0  # cells between two matrices
INPUT, WEIGHT, OUTPUT = range(3)  # the ends of a wire, in the order of the page
WORDS = ("inputs", "weights", "δ of outputs")


@dataclass
class Params:
    """What a person sets."""

    cell: Annotated[
        tuple[float, ...], Pick(live=True, help="The cell that you clicked in the forward or the backward pass")
    ] = ()
    show: Annotated[
        str, Choice("products", "matrix", live=True, help="The chosen cell's sum, or the whole layer as one matrix")
    ] = "products"
    operation: Annotated[
        str,
        Choice("convolution", "cross-correlation", live=True, help="Convolution lays the kernel down turned by 180°"),
    ] = "convolution"
    stride: Annotated[int, Slider(1, 3, live=True, help="Input cells from one output cell to the next")] = 1
    padding: Annotated[int, Slider(0, 2, live=True, help="Rings of zeros around the input")] = 0
    learns: Annotated[
        str, Choice("kernel", "picture", help="What descends: weights and bias by ∂w and ∂b, or the input by δ")
    ] = "kernel"
    step_length: Annotated[
        float, Slider(0.0, 2.5, live=True, help="In units of one over the largest curvature; above 2 the loss explodes")
    ] = 1.0
    bug: Annotated[str, Choice(*BUGS, live=True, label="What if", help="Puts a mistake into the gradients by hand")] = (
        "none"
    )
    hidden: Annotated[
        Kernel, Matrix(3, 3, max_rows=5, max_columns=5, label="Hidden kernel", help="What made the target picture")
    ] = PRESETS["Sobel x"]
    picture: Annotated[
        str, File(*PICTURE_SUFFIXES, kind="picture", help="A picture of your own as input; none is a digit")
    ] = ""
    digit: Annotated[int, Slider(0, 9, help="Which digit goes in where there is no picture of your own")] = 5
    size: Annotated[int, Slider(6, 12, help="Side of the input in cells")] = 8
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many steps of descent are made")] = 600


# The layer ------------------------------------------------------------------------------------------------------------


def backward(
    wires: Wiring, z: Maps, w: Weights, delta: Maps, bug: str = "none"
) -> tuple[Maps, Weights, Float[np.ndarray, "f"]]:
    """The three gradients, given that of the output; `bug` is what if it were wrong."""
    to_input = wires.to_input(delta, w[:, :, ::-1, ::-1] if bug == BUGS[1] else w)
    to_weights = wires.to_weights(delta, z)
    to_bias = delta.mean((1, 2)) if bug == BUGS[3] else delta.sum((1, 2))
    return to_input, to_weights[:, :, ::-1, ::-1] if bug == BUGS[2] else to_weights, to_bias


def by_torch(z: Tensor, w: Tensor, b: Tensor, stride: int, padding: int, turned: bool) -> Tensor:
    """The same layer by torch's `conv2d`, which correlates."""
    kernel = w.flip(2, 3) if turned else w
    return functional.conv2d(z[None], kernel, b, stride=stride, padding=padding)[0]


@dataclass
class State:
    """What descends: input `[C, H, W]`, weights `[F, C, k, k]` and bias `[F]`, float64."""

    z: Maps
    w: Weights
    b: Float[np.ndarray, "f"]


class Bench:
    """The layer that the parameters describe now, its target, and the curvature that limits the step."""

    def __init__(self, p: Params, picture: Maps) -> None:
        self.p, self.picture = p, picture
        self.hidden = np.array(p.hidden, float)[None, None]
        self._key: tuple[object, ...] = ()

    def fit(self) -> None:
        """Wires again whatever was changed."""
        p = self.p
        key = (p.operation, p.stride, p.padding)
        if key == self._key:
            return
        self._key, self.turned = key, p.operation == "convolution"
        self.wires = wire(self.picture.shape, self.hidden.shape, p.stride, p.padding, self.turned)
        self.target = self.wires.forward(self.picture, self.hidden, np.zeros(1))
        self.curvature = np.linalg.norm(self._slopes(), 2) ** 2

    def _slopes(self) -> Float[np.ndarray, "o n"]:
        """How each output cell depends on everything that learns."""
        wires = self.wires
        if self.p.learns == "picture":
            return wires.matrix(self.hidden)
        slopes = np.zeros((int(np.prod(wires.outputs)), self.hidden.size + 1))
        slopes[wires.output, wires.weight] = self.picture.ravel()[wires.input]
        slopes[:, -1] = 1.0
        return slopes

    def step(self, state: State, gradients: tuple[np.ndarray, ...]) -> None:
        """One step of descent, in place."""
        rate = self.p.step_length / self.curvature
        if self.p.learns == "picture":
            state.z -= rate * gradients[0]
        else:
            state.w -= rate * gradients[1]
            state.b -= rate * gradients[2]

    def by_autograd(self, state: State) -> tuple[float, tuple[np.ndarray, ...]]:
        """Loss and gradients by torch."""
        leaves = [torch.tensor(part, requires_grad=True) for part in (state.z, state.w, state.b)]
        output = by_torch(leaves[0], leaves[1], leaves[2], self.p.stride, self.p.padding, self.turned)
        loss = 0.5 * (output - torch.tensor(self.target)).square().sum()
        return float(loss.detach()), tuple(slope.numpy() for slope in torch.autograd.grad(loss, leaves))


@lab(
    title="The layer's two passes",
    topic="convolution",
    place=2,
    source="notes, Mathematical Derivation of a Convolutional Layer; Dumoulin & Visin 2016, arXiv:1603.07285",
    summary="Click a cell: the wires forward and the wires back",
    views=(
        View("forward", "Forward", "click a cell to see its wires"),
        View("backward", "Backward", "click a cell to see what its gradient sums"),
        View("sum", "The chosen cell"),
        View("loss", "Loss", log=True),
    ),
    portrait=Portrait("forward", 60, {"cell": (16.5, -2.5)}),
    speed=20,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Descends twice from one start: with the gradients by hand, and with autograd's."""
    bench = Bench(p, input_of(p))
    start = 0.3 * ctx.numpy_rng.standard_normal(bench.hidden.shape)
    hand, library = (first_state(p, bench, start) for _ in range(2))
    ctx.track(hand=vars(hand), library=vars(library))

    def draw() -> Iterator[Frame]:
        bench.fit()
        page = Page(bench, hand, p.cell)
        if ctx.due("forward"):
            yield page.forward()
        if ctx.due("backward"):
            yield page.backward()
        if ctx.due("sum"):
            yield page.matrix() if p.show == "matrix" else page.products()

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        bench.fit()
        delta = bench.wires.forward(hand.z, hand.w, hand.b) - bench.target
        loss, slopes = bench.by_autograd(library)
        yield Scalar("loss/by hand", 0.5 * min(float((delta**2).sum()), 1e30))
        yield Scalar("loss/by autograd", min(loss, 1e30))
        if np.abs(delta).max() < 1e14:  # a run that explodes ends in large numbers, not in none
            bench.step(hand, backward(bench.wires, hand.z, hand.w, delta, p.bug))
        if loss < 1e28:
            bench.step(library, slopes)


def input_of(p: Params) -> Maps:
    """The picture that goes in, `[1, size, size]` in 0..1."""
    if p.picture:
        return read_picture(Path(p.picture), p.size, 1).double().numpy()
    digits = split_digits()
    picture = digits.train[digits.train_labels == p.digit][:1].double()
    return functional.interpolate(picture, (p.size, p.size), mode="area" if p.size < 8 else "nearest")[0].numpy()


def first_state(p: Params, bench: Bench, start: Weights) -> State:
    """Random weights below the true picture; or an even grey below the true weights."""
    if p.learns == "picture":
        return State(np.full_like(bench.picture, 0.5), bench.hidden.copy(), np.zeros(1))
    return State(bench.picture.copy(), start.copy(), np.zeros(1))


# Pictures -------------------------------------------------------------------------------------------------------------


class Page:
    """What is drawn of one moment: the layer's numbers, and the wires of the chosen cell."""

    def __init__(self, bench: Bench, state: State, click: tuple[float, ...]) -> None:
        self.bench, self.state, self.wires = bench, state, bench.wires
        self.output = self.wires.forward(state.z, state.w, state.b)
        self.delta = self.output - bench.target
        self.gradients = backward(self.wires, state.z, state.w, self.delta, bench.p.bug)
        self.cell = self._clicked(click)
        ends = (self.wires.input, self.wires.weight, self.wires.output)
        shapes = (self.wires.inputs, self.wires.weights, self.wires.outputs)
        flat = self.cell.row * shapes[self.cell.sheet][-1] + self.cell.column
        self.lit = [end[ends[self.cell.sheet] == flat] for end in ends]

    def _clicked(self, click: tuple[float, ...]) -> CellAt:
        """The chosen cell; before a click, and if the layer no longer has it, the middle of the output."""
        sheets = self._sheets(("", "", ""), (self.state.z[0], self.state.w[0, 0], self.output[0]))
        found = cell_at(sheets, click[0], click[1]) if len(click) >= 2 else None
        rows, columns = self.wires.outputs[1:]
        return found or CellAt(OUTPUT, rows // 2, columns // 2)

    def _sheets(self, titles: tuple[str, str, str], values: tuple[np.ndarray, ...], grey: bool = False) -> list[Sheet]:
        """Three matrices in a row: what belongs to the input, to the weights, to the output; lit wires framed."""
        lefts = np.cumsum([0, values[0].shape[1] + GAP, values[1].shape[1] + GAP]).tolist()
        sheets = []
        for end, (title, part, left) in enumerate(zip(titles, values, lefts, strict=True)):
            framed = np.unique(self.lit[end]) if hasattr(self, "lit") else np.zeros(0, int)
            colour = CHOSEN if hasattr(self, "cell") and end == self.cell.sheet else USED
            sheets.append(Sheet(title, part, left, grey=grey and end == INPUT, framed=framed, colour=colour))
        return sheets

    def forward(self) -> Plot:
        """Input, weights and output; below the weights, the hidden ones."""
        state, hidden = self.state, self.bench.hidden[0, 0]
        titles = ("input z", "w", f"output, b = {number(float(state.b[0]), 2)}")
        sheets = self._sheets(titles, (state.z[0], state.w[0, 0], self.output[0]), grey=True)
        if self.bench.p.learns == "kernel":
            sheets.append(Sheet("hidden", hidden, sheets[WEIGHT].left, len(hidden) + 1.6))
        return draw_sheets("forward", sheets, "cell", f"{self.bench.p.operation}, {len(self.lit[0])} wires lit")

    def backward(self) -> Plot:
        """Each gradient where its quantity stands in the forward pass; below ∂w, the kernel as it lies on the way back."""
        to_input, to_weights, to_bias = self.gradients
        titles = ("δ of the input", "∂L/∂w", f"δ, ∂b = {number(float(to_bias[0]), 2)}")
        sheets = self._sheets(titles, (to_input[0], to_weights[0, 0], self.delta[0]))
        turned = self.state.w[0, 0, ::-1, ::-1]
        sheets.append(Sheet("rot180(w)", turned, sheets[WEIGHT].left, len(turned) + 1.6))
        truths = self.bench.by_autograd(self.state)[1]
        gap = max(float(abs(mine - true).max()) for mine, true in zip(self.gradients, truths, strict=True))
        agree = gap <= 1e-9 * max(1.0, float(abs(self.delta).max()))
        return draw_sheets(
            "backward", sheets, "cell", f"autograd {'agrees' if agree else 'DISAGREES'}, gap {number(gap, 2)}"
        )

    def products(self) -> Plot:
        """The chosen cell's sum written out: two factors and their product for each wire."""
        quantities = (self.state.z, self.state.w, self.delta)
        first, second = ((INPUT, WEIGHT), (OUTPUT, INPUT), (OUTPUT, WEIGHT))[
            (OUTPUT, WEIGHT, INPUT).index(self.cell.sheet)
        ]
        slots, size = (OUTPUT, self.wires.outputs) if self.cell.sheet == WEIGHT else (WEIGHT, self.wires.weights)
        grid = np.zeros((2, *size[-2:]))
        for values, end in zip(grid, (first, second), strict=True):
            values.flat[self.lit[slots]] = quantities[end].ravel()[self.lit[end]]
        terms = grid[0] * grid[1]
        named = ((WORDS[first], grid[0]), (WORDS[second], grid[1]), ("products", terms))
        blocks = tuple(Block(word, values, even_span(values)) for word, values in named)
        goal = ("δ of input", "∂w", "output")[self.cell.sheet]
        at = f"{goal} ({self.cell.row}, {self.cell.column})"
        bias = float(self.state.b[0]) if self.cell.sheet == OUTPUT else 0.0
        note = f"{at} = Σ{' + b' if bias else ''} = {number(float(terms.sum()) + bias)}"
        return side_by_side("sum", blocks, ("×", "="), note)

    def matrix(self) -> Plot:
        """The layer as one matrix, output cells by input cells, with the lit wires ringed."""
        dense = self.wires.matrix(self.state.w)
        rows, columns = dense.shape
        fine = dense[::-1].repeat(4, 0).repeat(4, 1)
        lit = np.stack([self.lit[INPUT] + 0.5, rows - self.lit[OUTPUT] - 0.5], 1)
        layers = (
            Heat(fine, (0, columns, 0, rows), "diverging", even_span(dense)),
            Scatter(lit, label="lit wires", colour=CHOSEN, size=6, hollow=True),
        )
        note = (
            f"{rows} × {columns}; {np.count_nonzero(dense) / dense.size:.0%} are not zero, {self.state.w.size} differ"
        )
        return Plot(
            "sum", layers, Axis("input cell"), Axis("output cell", ticks=((rows, "first"), (0, "last"))), note=note
        )


# Proof ----------------------------------------------------------------------------------------------------------------


def layers_of_all_kinds(ctx: CheckContext) -> Iterator[tuple[Wiring, State, tuple[int, int, bool]]]:
    """Two channels, three filters, every stride, padding and operation, with random numbers in them."""
    rng = ctx.numpy_rng
    for stride, padding, turned in product((1, 2, 3), (0, 1, 2), (False, True)):
        state = State(rng.standard_normal((2, 7, 8)), rng.standard_normal((3, 2, 3, 2)), rng.standard_normal(3))
        yield wire((2, 7, 8), (3, 2, 3, 2), stride, padding, turned), state, (stride, padding, turned)


@check(
    "output and three gradients by hand = autograd",
    tolerance=1e-11,
    source="torch.nn.functional.conv2d and autograd, float64",
    catches="a stride that is forgotten, a border off by one, a bias gradient that is a mean",
)
def gradients(ctx: CheckContext) -> Measured:
    """18 layers with two channels and three filters."""
    worst = 0.0
    for wires, state, kind in layers_of_all_kinds(ctx):
        leaves = [torch.tensor(part, requires_grad=True) for part in (state.z, state.w, state.b)]
        output = by_torch(leaves[0], leaves[1], leaves[2], *kind)
        delta = torch.tensor(ctx.numpy_rng.standard_normal(output.shape))
        truths = torch.autograd.grad(output, leaves, delta)
        mine = (wires.forward(state.z, state.w, state.b), *backward(wires, state.z, state.w, delta.numpy()))
        pairs = zip(mine, (output.detach(), *truths), strict=True)
        worst = max(worst, *(float(abs(a - b.numpy()).max()) for a, b in pairs))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "the way back is the adjoint: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩",
    tolerance=1e-12,
    source="the transpose of a linear map; Dumoulin & Visin 2016, §4.1",
    catches="a kernel that is not turned on the way back",
)
def adjoint(ctx: CheckContext) -> Measured:
    """Relative to the size of the product, over 18 layers."""
    worst = 0.0
    for wires, state, _ in layers_of_all_kinds(ctx):
        y = ctx.numpy_rng.standard_normal(wires.outputs)
        there = float((wires.forward(state.z, state.w, np.zeros(3)) * y).sum())
        back = float((state.z * backward(wires, state.z, state.w, y)[0]).sum())
        worst = max(worst, abs(there - back) / (abs(state.z).sum() * abs(y).max()))
    return Measured(0.0, worst, detail="largest difference, relative")


@check(
    "δ of the input = δ * rot180(w), ∂w = z ⋆ δ",
    tolerance=1e-12,
    source="notes, Mathematical Derivation of a Convolutional Layer, backward pass 1 and 2",
    catches="a convolution where the derivation has a cross-correlation",
)
def rotated(ctx: CheckContext) -> Measured:
    """A convolution of 7 × 8 cells by 3 × 2 weights, against the sliding window of the kernels lab."""
    rng = ctx.numpy_rng
    z, w = rng.standard_normal((1, 7, 8)), rng.standard_normal((1, 1, 3, 2))
    wires = wire(z.shape, w.shape, turned=True)
    delta = rng.standard_normal(wires.outputs)
    around = np.pad(delta[0], ((2, 2), (1, 1)))
    back = Layer(kernel_of(w[0, 0, ::-1, ::-1]), turned=True).by_hand(around)
    seen = Layer(kernel_of(delta[0]), turned=False).by_hand(z[0])[::-1, ::-1]
    to_input, to_weights, _ = backward(wires, z, w, delta)
    gap = max(abs(to_input[0] - back).max(), abs(to_weights[0, 0] - seen).max())
    return Measured(0.0, float(gap), detail="largest difference")


def kernel_of(values: np.ndarray) -> Kernel:
    """A matrix as the sliding window takes it."""
    return tuple(map(tuple, values.tolist()))


@check(
    "just above the longest step, the loss grows by (1 − 2.1)² = 1.21 a step",
    tolerance=1e-3,
    source="descent on a quadratic: an error along curvature λ is multiplied by 1 − ηλ",
    catches="a gradient that is scaled, so that the border is not at 2",
)
def border(ctx: CheckContext) -> Measured:
    """The steepest direction soon outgrows the others."""
    losses = [loss for _, loss in ctx.train(step_length=2.1, steps=150).scalars["loss/by hand"]]
    return Measured(1.21, losses[-1] / losses[-2])

r"""Pooling makes a picture small, so that later layers see more of it at once. Something has to make it large again.

## Smaller
A window of $k \times k$ cells goes over the picture in strides of $s$. **Max** pooling keeps the largest cell of each window, **average**
pooling the mean; neither has weights. A **strided convolution** has: it learns how to summarise, and often replaces pooling today.

On the way back an average gives each cell its share, $\delta / k^2$. A maximum gives everything to the one cell that was the
largest, and nothing to the others, which did not matter: the matrix on the right shows who gets how much. Because
small shifts rarely change a maximum, the output moves less than the picture: try *Shift*, and read the figures beside the title.

## Larger
*Nearest* repeats each value. *Bed of nails* puts it into a corner of zeros. *Max unpooling* remembers where the maximum had been. A
**transposed convolution** learns: each value multiplies the kernel, is spread over the output, and what overlaps is summed:

$$ H_{out} = s\,(H_{in} - 1) + k - 2p $$

Here $k$ is {{up_size}} and $p$ {{up_padding}}. It is the adjoint of the convolution with the same kernel,
$\langle A x, y\rangle = \langle x, A^\top y\rangle$; not its inverse, whatever "deconvolution" promises. *Look* at it as zeros inserted
between the values, over which the turned kernel slides with stride 1: the same numbers.

If $s$ does not divide $k$, some cells are reached by more values than their neighbours: a **checkerboard**. Look at the
overlaps with $k = 3$, then with $k = 4$.

## Which is best?
The chart compares the mean squared error of the four on the picture. The kernel descends by its gradient, from ones, now at
**{{error/transposed}}**; no kernel of its size can go below *best kernel*, the least-squares solution.

**Try**: click a cell in any matrix. Put the window to 3 with stride 2, and find a cell that two windows chose. Step once, and see one
value spread. Take your own picture.

Sources: notes, Pooling Layers, Transposed Convolution; Dumoulin & Visin 2016, arXiv:1603.07285; Odena, Dumoulin & Olah 2016,
doi:10.23915/distill.00003 (checkerboards).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from torch.nn import functional

from engine.api import (
    Choice,
    File,
    Frame,
    Images,
    Matrix,
    Measured,
    Pick,
    Plot,
    Portrait,
    Scalar,
    Slider,
    View,
    check,
    lab,
)
from engine.api.params import PICTURE_SUFFIXES
from engine.data.digits import split_digits
from engine.data.pictures import read_picture
from engine.data.scene import draw_scene
from engine.nn.matrix_page import CellAt, Sheet, cell_at, draw_sheets
from engine.nn.pooling import (
    Grid,
    KernelFit,
    Pool,
    Pooled,
    bed_of_nails,
    fitted,
    max_unpool,
    nearest,
    overlaps,
    pooled,
    spread,
    transposed,
    transposed_size,
    transposed_wires,
    zeros_inserted,
)
from engine.nn.sliding import Kernel, Layer

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

SMALL, LARGE = 8, 48  # cells of the matrices, pixels of the pictures
BUGS = ("none", "gradient spread evenly", "switches forgotten", "overlaps overwritten")
CHOSEN, USED = 1, 2  # series colours


@dataclass
class Params:
    """What a person sets."""

    cell: Annotated[tuple[float, ...], Pick(live=True, help="The cell that you clicked on the way down")] = ()
    kind: Annotated[
        str,
        Choice(
            "max", "average", "strided", live=True, label="Pooling", help="Largest, mean, or weighted sum of a window"
        ),
    ] = "max"
    window: Annotated[int, Slider(2, 4, live=True, help="Side of a window of max and average pooling, in cells")] = 2
    stride: Annotated[int, Slider(1, 4, live=True, help="Cells from one window to the next, on both ways")] = 2
    shift: Annotated[int, Slider(0, 3, live=True, help="Moves the picture to the right by so many cells")] = 0
    look: Annotated[
        str,
        Choice(
            "spread",
            "zeros inserted",
            "overlaps",
            "nearest",
            "bed of nails",
            "max unpooling",
            live=True,
            label="Look at",
            help="The transposed convolution in three ways, or another way to make it larger",
        ),
    ] = "spread"
    up_size: Annotated[int, Slider(1, 5, label="Kernel size k", help="Side of the transposed kernel")] = 3
    up_padding: Annotated[
        int, Slider(0, 2, live=True, label="Padding p", help="Rings that the transposed convolution cuts off")
    ] = 0
    learns: Annotated[
        str,
        Choice("learnt", "ones", live=True, label="Kernel", help="Descends on the picture's error, or stays at ones"),
    ] = "learnt"
    bug: Annotated[str, Choice(*BUGS, live=True, label="What if", help="Puts a mistake into the sums by hand")] = "none"
    weights: Annotated[
        Kernel,
        Matrix(
            2,
            2,
            max_rows=4,
            max_columns=4,
            live=True,
            label="Strided kernel",
            help="Weights of the strided convolution",
        ),
    ] = ((0.5, 0.2), (0.2, 0.1))
    picture: Annotated[
        str, File(*PICTURE_SUFFIXES, kind="picture", help="A picture of your own; none is a digit and the drawn scene")
    ] = ""
    steps: Annotated[int, Slider(1, 100_000, log=True, help="Values that are spread; the kernel descends at each")] = (
        480
    )


@dataclass(frozen=True)
class Bench:
    """One picture small enough to read its numbers, and one large enough to see; float64 in 0..1."""

    small: Grid
    large: Grid


def bench_of(p: Params) -> Bench:
    """The person's picture, or a digit and the drawn scene."""
    if p.picture:
        small, large = (read_picture(Path(p.picture), size, 1)[0].double().numpy() for size in (SMALL, LARGE))
        return Bench(small, large)
    return Bench(split_digits().train[3, 0].double().numpy(), draw_scene(LARGE)[0].double().numpy())


def margin(p: Params) -> int:
    """The padding of the transposed convolution: less than its kernel, or nothing might be left."""
    return min(p.up_padding, p.up_size - 1)


def pool_of(p: Params) -> Pool:
    """How the parameters pool now."""
    return Pool(p.kind, p.window, p.stride, np.array(p.weights, float))


def larger(down: Pooled, method: str, p: Params, kernel: Grid) -> Grid:
    """The pooled values made larger by one of the four methods; `bug` is what if it were wrong."""
    values, stride, shape = down.values, p.stride, down.wires.inputs[1:]
    match method:
        case "nearest":
            return nearest(values, stride)
        case "bed of nails":
            return bed_of_nails(values, stride)
        case "max unpooling":
            return (
                fitted(bed_of_nails(values, stride), shape)
                if p.bug == BUGS[2]
                else max_unpool(values, down.switches, shape)
            )
    if p.bug == BUGS[3]:
        *_, last = spread(values, kernel, stride, margin(p), overwrites=True)
        return last
    return transposed(values, kernel, stride, margin(p))


# The run --------------------------------------------------------------------------------------------------------------

METHODS = ("transposed", "nearest", "bed of nails", "max unpooling")


@lab(
    title="Pooling and its undoing",
    topic="convolution",
    place=3,
    source="notes, Pooling Layers, Transposed Convolution; Dumoulin & Visin 2016, arXiv:1603.07285",
    summary="Make a picture small, and large again in four ways",
    views=(
        View("down", "Smaller", "click a cell"),
        View("up", "Larger"),
        View("pictures", "On a whole picture"),
        View("error", "Error of the enlarged picture", unit="mean square", log=True),
    ),
    portrait=Portrait("up", 5),
    speed=6,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Spreads one value a step, and takes one step of descent with the transposed kernel."""
    bench = bench_of(p)
    kernel = np.ones((p.up_size, p.up_size))
    ctx.track(kernel=kernel)

    def draw() -> Iterator[Frame]:
        if ctx.due("down"):
            yield draw_down(bench, p)
        if ctx.due("up"):
            yield draw_up(bench, p, kernel, ctx.step)
        if ctx.due("pictures"):
            yield draw_pictures(bench, p, kernel)

    ctx.draw_with(draw)
    for _ in ctx.steps(p.steps):
        if p.learns == "ones":
            kernel[:] = 1.0
        down = pooled(bench.large, pool_of(p))
        for method in METHODS:
            yield Scalar(f"error/{method}", float(error(larger(down, method, p, kernel), bench.large)))
        fit = KernelFit(down.values, bench.large, len(kernel), p.stride, margin(p))
        yield Scalar("error/best kernel", fit.floor)
        if p.learns == "learnt":
            kernel -= fit.slope(kernel) / fit.curvature


def error(picture: Grid, truth: Grid) -> float:
    """Mean squared error; what does not reach the edge counts as zeros."""
    return float(((fitted(picture, truth.shape) - truth) ** 2).mean())


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_down(bench: Bench, p: Params) -> Plot:
    """Input, pooled output, and how much of the gradient each input cell gets where each output cell sends 1."""
    picture = np.roll(bench.small, p.shift, 1)
    down = pooled(picture, pool_of(p))
    delta = np.ones_like(down.values)
    slopes = down.to_input(delta, evenly=p.bug == BUGS[1])
    sheets = [
        Sheet("input", picture, 0.0, grey=True),
        Sheet("pooled", down.values, SMALL + 1.0, grey=True),
    ]
    sheets.append(Sheet("gradient", slopes, SMALL + 2.0 + max(down.values.shape[1], 4)))
    middle = CellAt(1, down.values.shape[0] // 2, down.values.shape[1] // 2)
    found = (cell_at(sheets, p.cell[0], p.cell[1]) if len(p.cell) >= 2 else None) or middle
    wires, at_output = down.wires, found.sheet == 1
    flat = found.row * sheets[found.sheet].values.shape[1] + found.column
    lit = (wires.output if at_output else wires.input) == flat
    inputs, outputs = np.unique(wires.input[lit]), np.unique(wires.output[lit])
    colours = (USED, CHOSEN, USED) if at_output else (CHOSEN, USED, CHOSEN)
    framed = (inputs, outputs, inputs)
    sheets = [
        Sheet(s.title, s.values, s.left, 0.0, s.grey, f, c) for s, f, c in zip(sheets, framed, colours, strict=True)
    ]
    return draw_sheets("down", sheets, "cell", down_note(bench, p, down, slopes))


def down_note(bench: Bench, p: Params, down: Pooled, slopes: Grid) -> str:
    """Whether autograd agrees; with a shift, how much of the input and of the output it changed."""
    if p.shift:
        still = pooled(bench.small, pool_of(p)).values
        moved = abs(np.roll(bench.small, p.shift, 1) - bench.small).sum() / bench.small.sum()
        return (
            f"shift: input {moved:.0%}, output {abs(down.values - still).sum() / max(abs(still).sum(), 1e-9):.0%} other"
        )
    values, truth = pooled_by_torch(np.roll(bench.small, p.shift, 1), down.pool, np.ones_like(down.values))
    gap = max(abs(values - down.values).max(), abs(truth - slopes).max())
    return f"autograd {'agrees' if gap < 1e-12 else 'DISAGREES'}"


def draw_up(bench: Bench, p: Params, kernel: Grid, step: int) -> Plot:
    """The pooled values, the kernel, and the output as far as it has come: one value more at each step."""
    down = pooled(np.roll(bench.small, p.shift, 1), pool_of(p))
    values, size = down.values, kernel.shape
    place = step % values.size
    source = Sheet("values", values, 0.0, grey=True, framed=np.array([place]))
    middle = values.shape[1] + 1.0
    if p.look in ("nearest", "bed of nails", "max unpooling"):
        return draw_sheets("up", [source, Sheet(p.look, larger(down, p.look, p, kernel), middle, grey=True)])
    right = middle + size[1] + 1.0
    wires = transposed_wires(values.shape, size, p.stride, margin(p))
    mine = wires.input[wires.output == place]
    sheets = [source, Sheet("kernel", kernel, middle)]
    length = values.shape[0]
    formula = f"{p.stride} · ({length} − 1) + {size[0]} − 2 · {margin(p)} = {transposed_size(length, size[0], p.stride, margin(p))}"
    if p.look == "overlaps":
        sheets.append(
            Sheet(
                "values that reach it",
                overlaps(values.shape, size, p.stride, margin(p)),
                right,
                framed=mine,
                colour=USED,
            )
        )
    elif p.look == "zeros inserted":
        sheets[1] = Sheet("turned", kernel[::-1, ::-1], middle)
        sheets.append(
            Sheet("zeros between and around", zeros_inserted(values, size, p.stride, margin(p)), right, grey=True)
        )
    else:
        so_far = list(spread(values, kernel, p.stride, margin(p), p.bug == BUGS[3]))[place]
        sheets.append(Sheet("output so far", so_far, right, framed=mine, colour=USED))
    return draw_sheets("up", sheets, note=formula)


def draw_pictures(bench: Bench, p: Params, kernel: Grid) -> Images:
    """The large picture, pooled, and made larger by each method."""
    down = pooled(bench.large, pool_of(p))
    shown = [bench.large, down.values, *(larger(down, method, p, kernel) for method in METHODS)]
    labels = ("original", f"pooled, {down.values.shape[0]} × {down.values.shape[1]}", *METHODS)
    return Images("pictures", np.stack([fitted(one, bench.large.shape) for one in shown]).clip(0, 1), labels, 3)


# Proof ----------------------------------------------------------------------------------------------------------------


def pooled_by_torch(picture: Grid, pool: Pool, delta: Grid) -> tuple[Grid, Grid]:
    """The same pooling by torch, and autograd's gradient of the input for a gradient of the output."""
    x = torch.tensor(picture[None, None], requires_grad=True)
    if pool.kind == "max":
        out = functional.max_pool2d(x, pool.size, pool.stride)
    elif pool.kind == "average":
        out = functional.avg_pool2d(x, pool.size, pool.stride)
    else:
        out = functional.conv2d(x, torch.tensor(pool.weights)[None, None], stride=pool.stride)
    # a sum, since a gradient that is handed over makes torch import its symbolic shapes, which takes half a second
    (slope,) = torch.autograd.grad((out * torch.tensor(delta)).sum(), x)
    return out.detach()[0, 0].numpy(), slope[0, 0].numpy()


def by_torch(operation: Callable[..., torch.Tensor], picture: Grid, kernel: Grid, stride: int, padding: int) -> Grid:
    """A picture and a kernel through one of torch's convolutions."""
    x, weight = (torch.tensor(part)[None, None] for part in (picture, kernel))
    return operation(x, weight, stride=stride, padding=padding)[0, 0].numpy()


def transposed_cases(ctx: CheckContext) -> Iterator[tuple[Grid, Grid, int, int]]:
    """Random values and kernels of every size, stride and padding: 33 cases."""
    for size, stride in product((1, 2, 3, 4, 5), (1, 2, 3)):
        for padding in range(min(size, 3)):
            yield ctx.numpy_rng.standard_normal((4, 5)), ctx.numpy_rng.standard_normal((size, size)), stride, padding


@check(
    "pooling and its gradient by hand = torch and autograd",
    tolerance=1e-12,
    source="torch.nn.functional.max_pool2d, avg_pool2d, conv2d; float64",
    catches="a maximum's gradient that goes to the whole window",
)
def routes(ctx: CheckContext) -> Measured:
    """Max, average and strided convolution; windows that touch, overlap and leave gaps."""
    worst = 0.0
    for kind, size, stride in product(("max", "average", "strided"), (2, 3), (1, 2, 3)):
        picture = ctx.numpy_rng.standard_normal((9, 8))
        pool = Pool(kind, size, stride, ctx.numpy_rng.standard_normal((size, size)))
        down = pooled(picture, pool)
        delta = ctx.numpy_rng.standard_normal(down.values.shape)
        values, slope = pooled_by_torch(picture, pool, delta)
        worst = max(worst, float(abs(values - down.values).max()), float(abs(slope - down.to_input(delta)).max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "a transposed convolution has s (H − 1) + k − 2p cells a side",
    tolerance=0,
    source="notes, Transposed Convolution; torch.nn.functional.conv_transpose2d",
    catches="a size of s H, padding that is taken off once",
)
def size(ctx: CheckContext) -> Measured:
    """How many of 33 cases torch makes of another size."""
    wrong = 0
    for values, kernel, stride, padding in transposed_cases(ctx):
        theirs = by_torch(functional.conv_transpose2d, values, kernel, stride, padding)
        wrong += tuple(transposed_size(n, len(kernel), stride, padding) for n in values.shape) != theirs.shape
    return Measured(0, wrong)


@check(
    "spreading values = sliding over inserted zeros = torch",
    tolerance=1e-12,
    source="Dumoulin & Visin 2016, §4; torch.nn.functional.conv_transpose2d, float64",
    catches="overlaps that overwrite each other, a kernel that is not turned",
)
def spreads(ctx: CheckContext) -> Measured:
    """Three ways to the same numbers, in 33 cases."""
    worst = 0.0
    for values, kernel, stride, padding in transposed_cases(ctx):
        *_, mine = spread(values, kernel, stride, padding)
        turned = Layer(tuple(map(tuple, kernel[::-1, ::-1].tolist())), turned=False)
        slid = turned.by_hand(zeros_inserted(values, kernel.shape, stride, padding))
        theirs = by_torch(functional.conv_transpose2d, values, kernel, stride, padding)
        worst = max(worst, float(abs(mine - theirs).max()), float(abs(slid - theirs).max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "it is the adjoint of the convolution: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩",
    tolerance=1e-12,
    source="Dumoulin & Visin 2016, §4.1",
    catches="a kernel that is turned where it should not be",
)
def adjoint(ctx: CheckContext) -> Measured:
    """Relative to the size of the product, in 33 cases."""
    worst = 0.0
    for y, kernel, stride, padding in transposed_cases(ctx):
        back = transposed(y, kernel, stride, padding)
        x = ctx.numpy_rng.standard_normal(back.shape)
        there = by_torch(functional.conv2d, x, kernel, stride, padding)
        worst = max(worst, abs(float((there * y).sum() - (x * back).sum())) / float(abs(x).sum()))
    return Measured(0.0, worst, detail="largest difference, relative")


@check(
    "pooled again, an unpooled picture gives the same values",
    tolerance=1e-12,
    source="notes, Fully Convolutional Networks: max unpooling; torch.nn.functional.max_unpool2d",
    catches="switches that are forgotten",
)
def unpools(ctx: CheckContext) -> Measured:
    """On a picture without negative numbers; and beside torch's unpooling."""
    picture = ctx.numpy_rng.random((8, 10))
    p = Params(window=2, stride=2)
    down = pooled(picture, pool_of(p))
    again = larger(down, "max unpooling", p, np.ones((1, 1)))
    indices = torch.tensor(down.switches)[None, None]
    theirs = functional.max_unpool2d(torch.tensor(down.values)[None, None], indices, [2, 2])[0, 0].numpy()
    gap = max(abs(pooled(again, pool_of(p)).values - down.values).max(), abs(again - theirs).max())
    return Measured(0.0, float(gap), detail="largest difference")


@check(
    "no checkerboard if and only if the stride divides the kernel's size",
    tolerance=0,
    source="Odena, Dumoulin & Olah 2016, doi:10.23915/distill.00003",
    catches="overlaps that are counted by a kernel of another size",
)
def checkerboards(ctx: CheckContext) -> Measured:
    """Of 25 pairs of size and stride, how many are otherwise; away from the border, whose cells are always reached by fewer."""
    wrong = 0
    for taps, stride in product(range(1, 6), range(1, 6)):
        counts = overlaps((8, 8), (taps, taps), stride, 0)[taps:-taps, taps:-taps]
        wrong += (np.ptp(counts) == 0) != (taps % stride == 0)
    return Measured(0, wrong)


@check(
    "the kernel descends to the least-squares kernel",
    tolerance=1e-3,
    source="the normal equations of a linear least-squares problem",
    catches="a slope of the wrong sign or shape, a step that is too long",
)
def learns(ctx: CheckContext) -> Measured:
    """Relative excess of the error over the best kernel's."""
    trained = ctx.train(steps=300, up_size=2)
    floor = trained.last("error/best kernel")
    return Measured(0.0, trained.last("error/transposed") / floor - 1, "at most")

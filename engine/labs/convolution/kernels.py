r"""A small matrix of weights slides over a picture; at every place it is multiplied with what lies under it, and the products are summed.

That is all that a convolutional layer does. With a few numbers it finds edges, smooths, sharpens. Two ways to lay the kernel $K$ on
the picture $I$ go by nearly the same name:

$$ (I \star K)(i, j) = \sum_{m,n} K(m, n)\, I(i + m,\, j + n) \qquad \text{cross-correlation} $$

$$ (I * K)(i, j) = \sum_{m,n} K(m, n)\, I(i - m,\, j - n) \qquad \text{convolution} $$

Convolution reads the picture backwards, or, which is the same, lays the kernel down **turned by 180°**. What deep learning calls
convolution is cross-correlation: a learnt kernel does not care which way round it is learnt. Here correlation's first argument is the
picture and its second the kernel; then

$$ A * \text{rot180}(B) = A \star B, \qquad A \star B = \text{rot180}(B) * A $$

Only convolution commutes, $A * B = B * A$. For a symmetric kernel the two agree: choose the Gaussian and switch. For a Sobel kernel
the sign turns over. Both move with the picture: shift the input, and the output is shifted by as much (exactly so where the border is
circular).

## How large the output is
With a picture of $H$ pixels, a kernel of $k$, padding $p$ on either side, stride $s$ and dilation $d$:

$$ H' = \left\lfloor \frac{H + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1 $$

The *stride* leaves places out; the *dilation* spreads the kernel, which then sees further with no more weights. *Padding* says what
lies beyond the border: nothing (valid), black (zero), the mirror image (reflect), or the other side of the picture (circular).

**Try**: pause and step once, and follow the sum cell by cell. Click a pixel to lay the window there. Edit a cell of the kernel. Drop
your own picture, or turn the camera on.

Sources: notes, Convolution and Cross-Correlation Identities; Dumoulin & Visin 2016, arXiv:1603.07285 (sizes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from engine import api
from engine.api import (
    Boxes,
    Choice,
    File,
    Frame,
    Matrix,
    Measured,
    Pick,
    Picture,
    Plot,
    Portrait,
    Slider,
    Text,
    View,
    check,
)
from engine.api.errors import DataError
from engine.api.params import PICTURE_SUFFIXES
from engine.api.words import number
from engine.data.camera import Webcam
from engine.data.pictures import read_picture
from engine.data.scene import draw_scene
from engine.nn.matrices import Block, side_by_side
from engine.nn.sliding import PADDINGS, PRESETS, Grid, Kernel, Layer, Sweep

if TYPE_CHECKING:
    from torch import Tensor

    from engine.run.checks import CheckContext
    from engine.run.context import Context

EVERYWHERE = 2**31  # the window has been at every place, however many there are
UNSEEN = (0.16, 0.19, 0.24)  # the colour of places of the output that the window has not reached
BORDER, WINDOW = 0, 1  # series colours


@dataclass
class Params:
    """What a person sets."""

    preset: Annotated[
        str, Choice(*PRESETS, "custom", live=True, help="A kernel with a name; custom takes the numbers below")
    ] = "Sobel x"
    kernel: Annotated[
        Kernel,
        Matrix(
            3,
            3,
            max_rows=7,
            max_columns=7,
            live=True,
            label="Own kernel",
            help="Edit a cell, and these weights replace the preset",
        ),
    ] = PRESETS["identity"]
    operation: Annotated[
        str,
        Choice("convolution", "cross-correlation", live=True, help="Convolution lays the kernel down turned by 180°"),
    ] = "convolution"
    padding: Annotated[
        str, Choice(*PADDINGS, live=True, help="What lies beyond the border; valid stays inside the picture")
    ] = "zero"
    stride: Annotated[int, Slider(1, 4, live=True, help="Pixels from one place of the window to the next")] = 1
    dilation: Annotated[int, Slider(1, 4, live=True, help="Pixels from one weight of the kernel to the next")] = 1
    pixel: Annotated[tuple[float, ...], Pick(live=True, help="The pixel that you clicked: the window goes there")] = ()
    picture: Annotated[
        str, File(*PICTURE_SUFFIXES, kind="picture", live=True, help="A picture of your own; none is the drawn scene")
    ] = ""
    camera: Annotated[int, api.Camera(live=True, help="Number of a webcam to look through; −1 is off")] = -1
    size: Annotated[int, Slider(32, 96, help="Side of the picture in pixels; smaller ones show the window better")] = 48
    steps: Annotated[
        int, Slider(1, 100_000, log=True, help="Places that the window visits; after the last, the first")
    ] = 2304


# The run --------------------------------------------------------------------------------------------------------------


class Bench:
    """What lies on the bench: a picture, from the camera, a file or the project, and the kernel that the person chose last."""

    def __init__(self, p: Params, window: dict[str, int]) -> None:
        self.p, self.window = p, window
        self._webcam = Webcam(p.camera)
        self._chosen, self._clicked = (p.preset, p.kernel), p.pixel
        self._seen: tuple[str, int] | None = None
        self._picture: Grid | None = None
        self._sweep: Sweep | None = None
        self.trouble = ""

    def sweep(self, new_frame: bool = False) -> Sweep:
        """The sweep that the parameters describe now, as far as the window has come. `new_frame`: also look through the camera again."""
        p, window = self.p, self.window
        if (p.preset, p.kernel) != self._chosen:
            window["edited"] = int(p.preset == self._chosen[0])
            self._chosen = (p.preset, p.kernel)
        kernel = p.kernel if window["edited"] or p.preset == "custom" else PRESETS[p.preset]
        layer = Layer(kernel, p.operation == "convolution", p.padding, p.stride, p.dilation)
        if self._seen != (p.picture, p.camera) or (new_frame and p.camera >= 0):
            self._seen, self._sweep = (p.picture, p.camera), None
            self._look()
        assert self._picture is not None
        if self._sweep is None or self._sweep.layer != layer:
            self._sweep = Sweep(layer, self._picture)
        if p.pixel != self._clicked and len(p.pixel) >= 2:
            self._clicked, window["place"] = p.pixel, self._sweep.under(p.pixel[0], p.pixel[1])
        window["swept"] = max(window["swept"], window["place"] + 1)
        if window["swept"] >= self._sweep.places:
            window["swept"] = EVERYWHERE
        self._sweep.fill(window["swept"])
        return self._sweep

    def _look(self) -> None:
        """Takes in the picture. One that cannot be had in mid-run leaves the one before it on the bench, and the reason."""
        try:
            self._picture = self._source()[0].double().numpy()
            self.trouble = ""
        except DataError as error:
            if self._picture is None:
                raise
            self.trouble = str(error)

    def _source(self) -> Tensor:
        p = self.p
        if p.camera != self._webcam.index:
            self.close()
            self._webcam = Webcam(p.camera)
        if p.camera >= 0:
            return self._webcam.read(p.size, 1)
        return read_picture(Path(p.picture), p.size, 1) if p.picture else draw_scene(p.size)

    def close(self) -> None:
        """Lets the camera go."""
        self._webcam.close()


@api.lab(
    title="Kernels",
    topic="convolution",
    place=1,
    source="notes, Convolution and Cross-Correlation Identities; Dumoulin & Visin 2016, arXiv:1603.07285",
    summary="Slide a small matrix over your picture",
    portrait=Portrait("output", steps=20_000),
    views=(
        View("input", "Picture and window", "click a pixel to lay the window there"),
        View("output", "Output", "fills as the window goes; click to look at a place"),
        View("products", "Under the window"),
        View("size", "Size of the output"),
    ),
    speed=60,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Moves the window on by one place a step; what it passes over is summed by hand."""
    window = {"place": 0, "swept": 0, "edited": int(p.kernel != Params.kernel and p.preset == Params.preset)}
    ctx.track(window=window)
    bench = Bench(p, window)

    def draw() -> Iterator[Frame]:
        sweep = bench.sweep()
        here = sweep.at(window["place"])
        if ctx.due("input"):
            yield draw_input(sweep, here, bench.trouble)
        if ctx.due("output"):
            yield draw_output(sweep, here)
        if ctx.due("products"):
            yield draw_products(sweep, here)
        if ctx.due("size"):
            yield draw_size(sweep)

    try:
        bench.sweep()
        ctx.draw_with(draw)
        for _ in ctx.steps(p.steps):
            sweep = bench.sweep(new_frame=True)
            window["place"] = (window["place"] + 1) % sweep.places
        for _ in ctx.explore():
            bench.sweep(new_frame=True)
            yield from draw()
    finally:
        bench.close()


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_input(sweep: Sweep, here: tuple[int, int], trouble: str = "") -> Picture:
    """The padded picture, where its own border is, and each pixel under the window."""
    layer, (above, beside), (rows, columns) = sweep.layer, sweep.layer.margins(), sweep.picture.shape
    top, left, (down, across) = here[0] * layer.stride, here[1] * layer.stride, layer.spans()
    overlays = [Boxes(np.array([[left, top, left + across + 1, top + down + 1]]), colour=WINDOW)]
    if layer.dilation > 1:
        y, x = np.mgrid[top : top + down + 1 : layer.dilation, left : left + across + 1 : layer.dilation]
        overlays.append(Boxes(np.stack([x, y, x + 1, y + 1], -1).reshape(-1, 4), colour=WINDOW))
    if above or beside:
        overlays.append(Boxes(np.array([[beside, above, beside + columns, above + rows]]), colour=BORDER))
    kind = f"{layer.padding} padding" if above + beside else "no padding"
    return Picture("input", sweep.padded, tuple(overlays), edits="pixel", note=trouble or f"{rows} × {columns}, {kind}")


def draw_output(sweep: Sweep, here: tuple[int, int]) -> Picture:
    """The output so far: as grey where it fits into 0..1, else with 0 in the middle of the greys."""
    values, seen = sweep.output, np.isfinite(sweep.output)
    low, high = (float(values[seen].min()), float(values[seen].max())) if seen.any() else (0.0, 1.0)
    if low >= -1e-9 and high <= 1 + 1e-9:
        grey, note = values, "black 0, white 1"
    else:
        reach = max(-low, high)
        grey, note = 0.5 + values / (2 * reach), f"black {number(-reach)}, grey 0, white {number(reach)}"
    pixels = np.where(seen[..., None], np.nan_to_num(grey)[..., None], UNSEEN)
    box = np.array([[here[1], here[0], here[1] + 1, here[0] + 1]])
    return Picture("output", pixels.clip(0, 1), (Boxes(box, colour=WINDOW),), note=note)


def draw_products(sweep: Sweep, here: tuple[int, int]) -> Plot:
    """Three matrices side by side: the pixels under the window, the weights as they lie there, and their products."""
    layer, (row, column) = sweep.layer, here
    weights = np.array(layer.laid)
    top, left, (down, across) = row * layer.stride, column * layer.stride, layer.spans()
    pixels = sweep.padded[top : top + down + 1 : layer.dilation, left : left + across + 1 : layer.dilation]
    reach = max(float(abs(weights).max()), 1e-9)
    blocks = (
        Block("pixels", pixels, (0, 1)),
        Block("weights, turned" if layer.turned else "weights", weights, (-reach, reach)),
        Block("products", pixels * weights, (-reach, reach)),
    )
    note = f"Σ = {number(float(sweep.output[row, column]))} at row {row}, column {column}"
    return side_by_side("products", blocks, ("×", "="), note)


def draw_size(sweep: Sweep) -> Text:
    """The formula with the numbers in it, and how far the sums by hand are from torch's."""
    layer, (margin, _) = sweep.layer, sweep.layer.margins()
    rows, columns = sweep.output.shape
    taps, length = len(layer.kernel), sweep.picture.shape[0]
    inside = rf"{length} + 2 \cdot {margin} - {layer.dilation} \cdot ({taps} - 1) - 1"
    seen = np.isfinite(sweep.output)
    gap = float(abs(sweep.output - layer.by_torch(sweep.picture))[seen].max(initial=0.0))
    return Text(
        "size",
        rf"$$ H' = \left\lfloor \frac{{{inside}}}{{{layer.stride}}} \right\rfloor + 1 = {rows} $$"
        f"\n\nThe output has {rows} × {columns} = {rows * columns:,} numbers, each a sum of {taps * len(layer.kernel[0])} products.\n\n"
        f"By hand and by torch’s `conv2d` the {int(seen.sum()):,} sums so far differ by at most **{number(gap)}**.",
    )


# Proof ----------------------------------------------------------------------------------------------------------------


def drawn(ctx: CheckContext, rows: int, columns: int) -> Grid:
    """A picture of random numbers, of either sign."""
    return ctx.numpy_rng.standard_normal((rows, columns))


def full(picture: Grid, kernel: Grid, turned: bool) -> Grid:
    """Convolution or cross-correlation wherever the two overlap at all, with black around."""
    around = [(length - 1, length - 1) for length in kernel.shape]
    return Layer(tuple(map(tuple, kernel.tolist())), turned).by_hand(np.pad(picture, around))


def rot180(grid: Grid) -> Grid:
    """Turned by half a turn."""
    return np.rot90(grid, 2)


@check(
    "A * rot180(B) = A ⋆ B",
    tolerance=1e-12,
    source="notes, Convolution and Cross-Correlation Identities, 1",
    catches="a kernel that is mirrored along one axis only",
)
def turned_kernel(ctx: CheckContext) -> Measured:
    """On a 9 × 11 picture with a 4 × 3 kernel."""
    a, b = drawn(ctx, 9, 11), drawn(ctx, 4, 3)
    return Measured(0.0, float(abs(full(a, rot180(b), True) - full(a, b, False)).max()), detail="largest difference")


@check(
    "A ⋆ B = rot180(B) * A",
    tolerance=1e-12,
    source="notes, Convolution and Cross-Correlation Identities, 2",
    catches="a transposed kernel in place of a turned one",
)
def turned_picture(ctx: CheckContext) -> Measured:
    """Picture and kernel change places; both have the same full output."""
    a, b = drawn(ctx, 9, 11), drawn(ctx, 4, 3)
    return Measured(0.0, float(abs(full(a, b, False) - full(rot180(b), a, True)).max()), detail="largest difference")


@check(
    "convolution commutes: A * B = B * A",
    tolerance=1e-12,
    source="notes, The Convolution Operation: Commutativity",
    catches="cross-correlation under the name of convolution",
)
def commutes(ctx: CheckContext) -> Measured:
    """The detail says by how much cross-correlation fails to."""
    a, b = drawn(ctx, 9, 11), drawn(ctx, 4, 3)
    other = abs(full(a, b, False) - full(b, a, False)).max()
    gap = float(abs(full(a, b, True) - full(b, a, True)).max())
    return Measured(0.0, gap, detail=f"largest difference; {number(float(other))} for cross-correlation")


@check(
    "a shifted picture gives the shifted output",
    tolerance=1e-12,
    source="notes, The Convolution Operation: shift equivariance; circular border",
    catches="a border that is not circular",
)
def shifts(ctx: CheckContext) -> Measured:
    """Every shift of a 7 × 8 picture, both operations, dilations 1 and 2."""
    picture, kernel, worst = drawn(ctx, 7, 8), tuple(map(tuple, drawn(ctx, 3, 3).tolist())), 0.0
    for turned, dilation in product((False, True), (1, 2)):
        layer = Layer(kernel, turned, "circular", 1, dilation)
        output = layer.by_hand(picture)
        for shift in product(range(7), range(8)):
            moved = layer.by_hand(np.roll(picture, shift, (0, 1)))
            worst = max(worst, float(abs(moved - np.roll(output, shift, (0, 1))).max()))
    return Measured(0.0, worst, detail="largest difference")


def layers_of_all_kinds(ctx: CheckContext) -> Iterator[Layer]:
    """Every operation, padding, stride and dilation, with kernels of three shapes."""
    for rows, columns in ((3, 3), (2, 5), (5, 1)):
        kernel = tuple(map(tuple, drawn(ctx, rows, columns).tolist()))
        for turned, padding, stride, dilation in product((False, True), PADDINGS, (1, 2, 3), (1, 2, 3)):
            yield Layer(kernel, turned, padding, stride, dilation)


@check(
    "by hand = torch, for every stride, dilation and padding",
    tolerance=1e-12,
    source="torch.nn.functional.conv2d and pad, float64",
    catches="a dilation that is applied to the wrong thing, a border that is off by one",
)
def agrees(ctx: CheckContext) -> Measured:
    """216 layers on a 13 × 14 picture."""
    picture = drawn(ctx, 13, 14)
    worst = max(
        float(abs(layer.by_hand(picture) - layer.by_torch(picture)).max()) for layer in layers_of_all_kinds(ctx)
    )
    return Measured(0.0, worst, detail="largest difference")


@check(
    "the size of the output is what the formula says",
    tolerance=0.0,
    source="Dumoulin & Visin 2016, relationship 15",
    catches="a span of k in place of k − 1, a rounding to the nearest",
)
def size(ctx: CheckContext) -> Measured:
    """The number of layers, of 216, whose output torch makes of another size."""
    picture = drawn(ctx, 13, 14)
    return Measured(
        0, sum(layer.output_size(picture) != layer.by_torch(picture).shape for layer in layers_of_all_kinds(ctx))
    )

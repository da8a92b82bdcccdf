r"""Pictures made smaller and larger again, by hand: pooling, unpooling, transposed convolution. One channel, float64 `[H, W]`.

    pooled size        ⌊(H − k) / s⌋ + 1
    transposed size    s (H − 1) + k − 2 p        Dumoulin & Visin 2016, arXiv:1603.07285, relationship 14

A window of a pool is the wires of one output cell (`engine.nn.wiring`); the transposed convolution follows the wires of a convolution
from its output to its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from engine.nn.wiring import Wiring, wire

Grid = Float[np.ndarray, "h w"]


@dataclass(frozen=True)
class Pool:
    """How a picture is pooled: `kind` "max", "average" or "strided" (a convolution with `weights`); windows of `size`, `stride` apart."""

    kind: str
    size: int
    stride: int
    weights: Grid | None = None

    def wires(self, shape: tuple[int, ...]) -> Wiring:
        """Which input cell lies in which window, for a picture of this shape."""
        kernel = (self.size, self.size) if self.weights is None or self.kind != "strided" else self.weights.shape
        return wire((1, *shape), (1, 1, *kernel), self.stride)


@dataclass(frozen=True)
class Pooled:
    """What pooling gives: `values` [h, w]; `switches` [h, w], the flat index of the largest input in each window; what it was made of."""

    values: Grid
    switches: Int[np.ndarray, "h w"]
    pool: Pool
    wires: Wiring

    def to_input(self, delta: Grid, evenly: bool = False) -> Grid:
        """The gradient of the input, given that of the output: a maximum sends it to one cell alone. `evenly`: wrongly, to all of them."""
        shape = self.wires.inputs[1:]
        if self.pool.kind == "max" and not evenly:
            return np.bincount(self.switches.ravel(), delta.ravel(), int(np.prod(shape))).reshape(shape)
        return self.wires.to_input(delta[None], self._weights())[0]

    def _weights(self) -> Float[np.ndarray, "1 1 kh kw"]:
        if self.pool.kind == "strided" and self.pool.weights is not None:
            return self.pool.weights[None, None]
        return np.full(self.wires.weights, 1 / np.prod(self.wires.weights))


def pooled(picture: Grid, pool: Pool) -> Pooled:
    """The picture, pooled."""
    wires = pool.wires(picture.shape)
    order = np.lexsort((wires.weight, wires.output))  # the cells of each window together, in reading order
    windows = wires.input[order].reshape(int(np.prod(wires.outputs)), -1)
    switches = windows[np.arange(len(windows)), picture.ravel()[windows].argmax(1)].reshape(wires.outputs[1:])
    result = Pooled(picture.ravel()[switches], switches, pool, wires)
    if pool.kind == "max":
        return result
    values = wires.forward(picture[None], result._weights(), np.zeros(1))[0]
    return Pooled(values, switches, pool, wires)


# Larger again ---------------------------------------------------------------------------------------------------------


def nearest(values: Grid, stride: int) -> Grid:
    """Each value repeated over a square."""
    return values.repeat(stride, 0).repeat(stride, 1)


def bed_of_nails(values: Grid, stride: int) -> Grid:
    """Each value in the upper left corner of its square, zeros around it."""
    out = np.zeros((values.shape[0] * stride, values.shape[1] * stride))
    out[::stride, ::stride] = values
    return out


def max_unpool(values: Grid, switches: Int[np.ndarray, "h w"], shape: tuple[int, ...]) -> Grid:
    """Each value where the largest one had been; the last of several in reading order, as torch has it."""
    out = np.zeros(int(np.prod(shape)))
    out[switches.ravel()] = values.ravel()
    return out.reshape(shape)


def transposed_size(length: int, size: int, stride: int, padding: int) -> int:
    """Cells of a transposed convolution's output."""
    return stride * (length - 1) + size - 2 * padding


def transposed_wires(shape: tuple[int, ...], size: tuple[int, ...], stride: int, padding: int) -> Wiring:
    """The wires of the convolution that goes the other way: its output has this shape."""
    rows, columns = (transposed_size(length, taps, stride, padding) for length, taps in zip(shape, size, strict=True))
    return wire((1, rows, columns), (1, 1, *size), stride, padding)


def transposed(values: Grid, kernel: Grid, stride: int, padding: int = 0) -> Grid:
    """Every value times the kernel, spread over the output; what overlaps is summed."""
    wires = transposed_wires(values.shape, kernel.shape, stride, padding)
    return wires.to_input(values[None], kernel[None, None])[0]


def spread(values: Grid, kernel: Grid, stride: int, padding: int, overwrites: bool = False) -> Iterator[Grid]:
    """The same, one value after the other: the output so far. `overwrites`: wrongly, the last value in a cell stands alone."""
    wires = transposed_wires(values.shape, kernel.shape, stride, padding)
    out = np.zeros(wires.inputs[1:])
    for place in range(values.size):
        mine = wires.output == place
        products = values.flat[place] * kernel.ravel()[wires.weight[mine]]
        if overwrites:
            out.flat[wires.input[mine]] = products
        else:
            out.flat[wires.input[mine]] += products
        yield out.copy()


def zeros_inserted(values: Grid, size: tuple[int, ...], stride: int, padding: int) -> Grid:
    """What the turned kernel slides over to give the same: stride − 1 zeros between values, size − 1 − padding around (padding < size)."""
    rows, columns = values.shape
    out = np.zeros((stride * (rows - 1) + 1, stride * (columns - 1) + 1))
    out[::stride, ::stride] = values
    return np.pad(out, [(taps - 1 - padding, taps - 1 - padding) for taps in size])


def overlaps(shape: tuple[int, ...], size: tuple[int, ...], stride: int, padding: int) -> Grid:
    """How many values reach each cell of the output: uneven wherever the stride does not divide the size (Odena et al. 2016)."""
    return transposed(np.ones(shape), np.ones(size), stride, padding)


class KernelFit:
    """The transposed convolution as a linear function of its kernel: which picture it should give, and how near it can come.

    `curvature`: the largest, of half the summed square; `floor`: the mean square of the best kernel (least squares).
    """

    def __init__(self, values: Grid, truth: Grid, size: int, stride: int, padding: int) -> None:
        wires = transposed_wires(values.shape, (size, size), stride, padding)
        columns = np.zeros((int(np.prod(wires.inputs)), size**2))
        np.add.at(columns, (wires.input, wires.weight), values.ravel()[wires.output])
        maps = columns.T.reshape(-1, *wires.inputs[1:])
        parts = np.stack([fitted(part, truth.shape).ravel() for part in maps], 1)
        self.gram, self.pull = parts.T @ parts, parts.T @ truth.ravel()
        self.curvature = float(np.linalg.eigvalsh(self.gram)[-1]) or 1.0
        best = np.linalg.lstsq(parts, truth.ravel(), rcond=None)[0]
        self.floor = float(((parts @ best - truth.ravel()) ** 2).mean())

    def slope(self, kernel: Grid) -> Grid:
        """The gradient of half the summed square."""
        return (self.gram @ kernel.ravel() - self.pull).reshape(kernel.shape)


def fitted(picture: Grid, shape: tuple[int, ...]) -> Grid:
    """The picture cut, or filled up with zeros at its lower right, to a shape."""
    out = np.zeros(shape)
    rows, columns = min(shape[0], picture.shape[0]), min(shape[1], picture.shape[1])
    out[:rows, :columns] = picture[:rows, :columns]
    return out

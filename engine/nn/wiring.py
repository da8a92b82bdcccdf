r"""A convolutional layer as a list of wires: which weight joins which input to which output.

Every pass of the layer is a sum over one and the same list, gathered at another end:

    forward          z′(o) = Σ w(k) z(i) + b     gathered by output
    to the input     δ(i)  = Σ w(k) δ′(o)        gathered by input
    to the weights   ∂w(k) = Σ δ′(o) z(i)        gathered by weight

The transposed convolution is the second sum used as a layer. Nothing here is fast; it is what the fast one is compared with.
Arrays are float64: pictures `[C, H, W]`, weights `[F, C, k, k]` with F the filters; strides and paddings as in Dumoulin & Visin 2016,
arXiv:1603.07285.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Maps = Float[np.ndarray, "c h w"]
Weights = Float[np.ndarray, "f c kh kw"]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Wiring:
    """The wires, one a row: flat indices `[N]` of output, weight and input; and the shapes that these count in."""

    output: Int[np.ndarray, "n"]
    weight: Int[np.ndarray, "n"]
    input: Int[np.ndarray, "n"]
    outputs: Shape
    weights: Shape
    inputs: Shape

    def forward(self, z: Maps, w: Weights, b: Float[np.ndarray, "f"]) -> Maps:
        """The layer's output."""
        products = w.ravel()[self.weight] * z.ravel()[self.input]
        return _gather(self.output, products, self.outputs) + b[:, None, None]

    def to_input(self, delta: Maps, w: Weights) -> Maps:
        """The gradient of the input, given that of the output; as a layer: the transposed convolution."""
        return _gather(self.input, w.ravel()[self.weight] * delta.ravel()[self.output], self.inputs)

    def to_weights(self, delta: Maps, z: Maps) -> Weights:
        """The gradient of the weights, given that of the output."""
        return _gather(self.weight, delta.ravel()[self.output] * z.ravel()[self.input], self.weights)

    def matrix(self, w: Weights) -> Float[np.ndarray, "o i"]:
        """The layer as one matrix from the flat input to the flat output, without its bias."""
        dense = np.zeros((int(np.prod(self.outputs)), int(np.prod(self.inputs))))
        dense[self.output, self.input] = w.ravel()[self.weight]
        return dense


def wire(inputs: Shape, weights: Shape, stride: int = 1, padding: int = 0, turned: bool = False) -> Wiring:
    """The wires of a layer. `inputs` (C, H, W); `weights` (F, C, k, k); `turned`: a convolution, else cross-correlation.

    An input beyond the border has no wire: it counts as 0.
    """
    filters, channels, rows, columns = weights
    _, height, width = inputs
    outputs = (filters, (height + 2 * padding - rows) // stride + 1, (width + 2 * padding - columns) // stride + 1)
    f, i, j, c, m, n = (axis.ravel() for axis in np.indices((*outputs, channels, rows, columns)))
    down, across = (rows - 1 - m, columns - 1 - n) if turned else (m, n)
    y, x = i * stride + down - padding, j * stride + across - padding
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    output = np.ravel_multi_index((f, i, j), outputs)
    weight = np.ravel_multi_index((f, c, m, n), weights)
    source = np.ravel_multi_index((c, y.clip(0, height - 1), x.clip(0, width - 1)), inputs)
    return Wiring(output[inside], weight[inside], source[inside], outputs, weights, inputs)


def _gather(ends: Int[np.ndarray, "n"], products: Float[np.ndarray, "n"], shape: Shape) -> np.ndarray:
    return np.bincount(ends, products, int(np.prod(shape))).reshape(shape)

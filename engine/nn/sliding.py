"""Convolution and cross-correlation by hand, one window at a time, beside torch's; and kernels that have a name.

    (I ⋆ K)(i, j) = Σ K(m, n) I(i + m, j + n)        cross-correlation
    (I * K)(i, j) = Σ K(m, n) I(i − m, j − n)        convolution: the kernel lies on the picture turned by 180°

with rows and columns counted from wherever the window begins, and strides and dilations as in Dumoulin & Visin 2016, arXiv:1603.07285.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional

Grid = Float[np.ndarray, "h w"]
Kernel = tuple[tuple[float, ...], ...]
PADDINGS = {"valid": "constant", "zero": "constant", "reflect": "reflect", "circular": "wrap"}
"""What lies beyond the border, and numpy's word for it."""

_TORCH_MODES = {"reflect": "reflect", "circular": "circular"}


def gabor(size: int = 7, wavelength: float = 4.0, spread: float = 1.8) -> Kernel:
    """A grating under a Gaussian, what a simple cell answers to; its mean is taken off, so that even grey gives 0."""
    y, x = np.mgrid[:size, :size] - size // 2
    values = np.exp(-(x * x + y * y) / (2 * spread**2)) * np.cos(2 * np.pi * x / wavelength)
    return tuple(map(tuple, ((values - values.mean()) / 3).tolist()))


PRESETS: dict[str, Kernel] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "box": ((1 / 9,) * 3,) * 3,
    "Gaussian": tuple(tuple(a * b / 256 for b in (1, 4, 6, 4, 1)) for a in (1, 4, 6, 4, 1)),
    "Sobel x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "Sobel y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "Laplacian": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "Gabor": gabor(),
}


@dataclass(frozen=True)
class Layer:
    """A kernel, and how it is laid on the picture. Pictures are float64 `[H, W]`."""

    kernel: Kernel
    turned: bool  # convolution; otherwise cross-correlation
    padding: str = "valid"
    stride: int = 1
    dilation: int = 1

    @cached_property
    def laid(self) -> Kernel:
        """The weights as they lie on the picture: a convolution's are turned by 180°."""
        rows, columns = len(self.kernel), len(self.kernel[0])
        if not self.turned:
            return self.kernel
        return tuple(tuple(self.kernel[rows - 1 - m][columns - 1 - n] for n in range(columns)) for m in range(rows))

    def spans(self) -> tuple[int, int]:
        """Pixels from the first to the last weight, by row and column."""
        return self.dilation * (len(self.kernel) - 1), self.dilation * (len(self.kernel[0]) - 1)

    def margins(self) -> tuple[int, int]:
        """Padding on either side: half of what the kernel spans, so that the output can be as large as the picture."""
        rows, columns = self.spans()
        return (0, 0) if self.padding == "valid" else (rows // 2, columns // 2)

    def padded(self, picture: Grid) -> Grid:
        """The picture with its border."""
        widths = [(margin, margin) for margin in self.margins()]
        return np.pad(picture, widths, mode=PADDINGS[self.padding])  # type: ignore[call-overload]  # a mode by its name

    def output_size(self, picture: Grid) -> tuple[int, int]:
        """Rows and columns of the output."""
        rows, columns = (
            (length + 2 * margin - span - 1) // self.stride + 1
            for length, margin, span in zip(picture.shape, self.margins(), self.spans(), strict=True)
        )
        return rows, columns

    def cell(self, padded: list[list[float]], i: int, j: int) -> float:
        """One number of the output: weight times pixel, summed over the window that begins at row i s, column j s."""
        total = 0.0
        for m, weights in enumerate(self.laid):
            row = padded[i * self.stride + m * self.dilation]
            for n, weight in enumerate(weights):
                total += weight * row[j * self.stride + n * self.dilation]
        return total

    def by_hand(self, picture: Grid) -> Grid:
        """The whole output, cell by cell."""
        sweep = Sweep(self, picture)
        return sweep.fill(sweep.places)

    def by_torch(self, picture: Grid) -> Grid:
        """The same by torch's padding and its `conv2d`, which correlates."""
        kernel = torch.tensor(self.kernel, dtype=torch.float64)
        kernel = kernel.flip(0, 1) if self.turned else kernel
        (above, beside), mode = self.margins(), _TORCH_MODES.get(self.padding, "constant")
        padded = functional.pad(torch.tensor(picture)[None, None], (beside, beside, above, above), mode=mode)
        return functional.conv2d(padded, kernel[None, None], stride=self.stride, dilation=self.dilation)[0, 0].numpy()


class Sweep:
    """The window's way over one picture, row by row. `output` is NaN where it has not been."""

    def __init__(self, layer: Layer, picture: Grid) -> None:
        self.layer, self.picture = layer, picture
        self.padded = layer.padded(picture)
        self.output = np.full(layer.output_size(picture), np.nan)
        self.places = self.output.size
        self._rows: list[list[float]] = self.padded.tolist()
        self._done = 0

    def fill(self, places: int) -> Grid:
        """Sums, by hand, at the first so many places; returns the output so far."""
        for place in range(self._done, min(places, self.places)):
            self.output.flat[place] = self.layer.cell(self._rows, *self.at(place))
        self._done = max(self._done, min(places, self.places))
        return self.output

    def at(self, place: int) -> tuple[int, int]:
        """Row and column of the output."""
        row, column = divmod(place % self.places, self.output.shape[1])
        return row, column

    def under(self, x: float, y: float) -> int:
        """The place whose window has its middle nearest to a pixel of the padded picture."""
        nearest = [
            int(np.clip(round((at - 0.5 - span / 2) / self.layer.stride), 0, length - 1))
            for at, span, length in zip((y, x), self.layer.spans(), self.output.shape, strict=True)
        ]
        return nearest[0] * self.output.shape[1] + nearest[1]

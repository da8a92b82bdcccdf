"""Small matrices side by side with their numbers written in the cells: an equation that one can check by eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from engine.api import Axis, Heat, Plot, Scatter

if TYPE_CHECKING:
    from engine.api.frames import Layer


@dataclass(frozen=True)
class Block:
    """A matrix with its name. `span` fixes the colours: grey from 0 on, diverging where it begins below 0."""

    name: str
    values: Float[np.ndarray, "r c"]
    span: tuple[float, float]


def side_by_side(name: str, blocks: tuple[Block, ...], signs: tuple[str, ...], note: str = "") -> Plot:
    """The matrices from left to right, all of one size, with a sign between each two."""
    rows, columns = blocks[0].values.shape
    layers: list[Layer] = []
    ticks = []
    for index, block in enumerate(blocks):
        start = index * (columns + 1)
        colours = "grey" if block.span[0] >= 0 else "diverging"
        layers.append(Heat(block.values[::-1], (start, start + columns, 0, rows), colours, block.span))
        layers.append(written(block.values, start))
        ticks.append((start + columns / 2, block.name))
    gaps = [[(index + 1) * (columns + 1) - 0.5, rows / 2] for index in range(len(signs))]
    layers.append(Scatter(np.array(gaps).reshape(-1, 2), labels=signs, size=1))
    x = Axis(range=(-0.2, len(blocks) * (columns + 1) - 0.8), ticks=tuple(ticks))
    y = Axis(range=(-0.2, rows + 0.2), ticks=((-1.0, ""),))
    return Plot(name, tuple(layers), x, y, equal=True, note=note)


def written(values: Float[np.ndarray, "r c"], start: int) -> Scatter:
    """The numbers of a matrix, each in the middle of its cell."""
    rows, columns = values.shape
    texts = tuple(short(value, 2 if columns <= 5 else 1) for value in values.ravel().tolist())
    places = np.array([(start + n + 0.5, rows - m - 0.5) for m in range(rows) for n in range(columns)])
    return Scatter(places, labels=texts, size=1)


def short(value: float, digits: int) -> str:
    """As few signs as a cell has room for: .87, −2, 0, 3e13."""
    if abs(value) >= 1e4:
        mantissa, _, exponent = f"{value:.0e}".partition("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    text = f"{abs(value):.{digits}f}".rstrip("0").rstrip(".")
    sign = "−" if value < 0 and text != "0" else ""
    return sign + (text.removeprefix("0") or "0")

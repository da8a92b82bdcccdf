"""A transposed convolution by 2 × 2 kernels as one page: a map's values, its kernel, what they spread; all maps by hand, and by torch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from engine.api.words import number
from engine.nn.matrix_page import Sheet, cell_at, draw_sheets
from engine.nn.segmentation import spread_by_hand

if TYPE_CHECKING:
    from engine.api import Plot

FROM, TO = 2, 1  # series colours


def draw_spread(
    layer: nn.ConvTranspose2d,
    below: Float[Tensor, "c h w"],
    above: Float[Tensor, "o h2 w2"],
    click: tuple[float, ...],
) -> Plot:
    """The view "spread", which edits "cell": the middle of the livelier maps. `above`: what torch made of `below`."""
    mine, theirs = spread_by_hand(layer, below), above.detach().cpu().double().numpy()
    values, weights = below.detach().cpu().double().numpy(), layer.weight.detach().cpu().double().numpy()
    out = int(mine.std((1, 2)).argmax())
    begin = max(values.shape[1] // 2 - 1, 0)
    here, there = slice(begin, begin + 2), slice(2 * begin, 2 * begin + 4)
    source = int((abs(values[:, here, here]).max((1, 2)) * abs(weights[:, out]).max((1, 2))).argmax())
    part, kernel = values[source, here, here], weights[source, out]
    foot = 2 * len(part) + 1.6
    sheets = [
        Sheet(f"map {source + 1}", part, 0.0),
        Sheet("kernel", kernel, 3.0),
        Sheet("spread", np.kron(part, kernel), 6.0),
        Sheet(f"all {len(weights)}, by hand", mine[out, there, there], 0.0, foot),
        Sheet("torch", theirs[out, there, there], 6.0, foot),
    ]
    gap = float(abs(mine - theirs).max())
    agrees = gap <= 1e-5 * max(1.0, float(abs(theirs).max()))
    note = f"torch {'agrees' if agrees else 'DISAGREES'}, gap {number(gap, 2)}"
    return draw_sheets("spread", traced(sheets, click), "cell", note)


def traced(sheets: list[Sheet], click: tuple[float, ...]) -> list[Sheet]:
    """Frames the cell of the output that was clicked, and the one value and the one weight that it was spread from."""
    found = cell_at(sheets, click[0], click[1]) if len(click) >= 2 else None
    wide = len(sheets[2].values)
    row, column = (found.row, found.column) if found and found.sheet >= 2 else (wide // 2, wide // 2)
    at = row * wide + column
    ends = ((row // 2) * (wide // 2) + column // 2, (row % 2) * 2 + column % 2, at, at, at)
    return [
        replace(sheet, framed=np.array([end]), colour=TO if n >= 2 else FROM)
        for n, (sheet, end) in enumerate(zip(sheets, ends, strict=True))
    ]

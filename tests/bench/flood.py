"""A lab that does nothing but yield points, two hundred a step: how many can be carried?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from engine.api import Frame, Scalar, Slider, View, lab

if TYPE_CHECKING:
    from engine.run.context import Context


@dataclass
class Params:
    """The length of the flood."""

    steps: Annotated[int, Slider(1, 1_000_000, help="Steps of two hundred points")] = 2000


@lab(title="Flood", topic="neurons", source="none", views=(View("points"),))
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Two hundred points a step, of twenty curves."""
    names = [f"points/{k}" for k in range(20)]
    for step in ctx.steps(p.steps):
        for k in range(200):
            yield Scalar(names[k % 20], step * 10 + k // 20)

"""What the pages of autoencoders have in common: the map of codes, walks through them, pictures beside their reconstruction."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.api import Axis, Images, Plot, Scatter


def as_pictures(x: Float[Tensor, "b c h w"]) -> Tensor:
    """Grey without its channel, colour with it last."""
    return x[:, 0] if x.shape[1] == 1 else x.movedim(1, -1)


def draw_map(
    points: Float[Tensor, "n 2"],
    shown: list[int],
    labels: Int[Tensor, "n"],
    names: tuple[str, ...],
    reach: float,
) -> Plot:
    """The codes of held-out pictures in the two dimensions `shown`, with the name of each class in its middle.

    The view is called "latent", and the parameter that is dragged on it "z".
    """
    layers = [Scatter(points, groups=labels, size=5)]
    if len(names) > 1:
        there = labels.unique().tolist()
        middles = torch.stack([points[labels == group].median(0).values for group in there])
        layers.append(Scatter(middles, labels=tuple(names[group] for group in there), size=1))
    x, y = (Axis(f"z{index + 1}", range=(-reach, reach)) for index in shown)
    return Plot("latent", tuple(layers), x, y, equal=True, edits="z", note="held-out pictures")


def walks(
    cross: Float[Tensor, "l"], weight: Float[Tensor, "l"], columns: int = 7, rows: int = 5
) -> tuple[Tensor, tuple[str, ...]]:
    """Codes to decode, row by row: from the origin to the cross, then the dimensions of most weight from −3 to 3 through it.

    Returns:
        The codes `[rows · columns, L]`, and a caption for each, empty but for the first of a row.
    """
    found, captions = [torch.linspace(0, 1, columns).to(cross)[:, None] * cross], ["path"]
    for index in weight.argsort(descending=True)[:rows].sort().values.tolist():
        row = cross.repeat(columns, 1)
        row[:, index] = torch.linspace(-3, 3, columns).to(cross)
        found.append(row)
        captions.append(f"z{index + 1}")
    labels = tuple(caption if column == 0 else "" for caption in captions for column in range(columns))
    return torch.cat(found), labels


def draw_pairs(name: str, before: Tensor, after: Tensor, columns: int = 6) -> Images:
    """Rows of pictures, each above the row of what comes back of them."""
    columns = min(columns, len(before))
    whole = len(before) // columns * columns
    pairs = zip(before[:whole].split(columns), after[:whole].split(columns), strict=True)
    rows = [row for pair in pairs for row in pair]
    return Images(name, torch.cat(rows), columns=columns)

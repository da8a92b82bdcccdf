"""What the pages of diffusions have in common: samples, the film from noise to data, two fields of arrows, the loss over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from engine.api import Arrows, Axis, Images, Line, Plot, Scatter
from engine.nn.code_pages import as_pictures

if TYPE_CHECKING:
    from engine.nn.diffusion import Moment, Schedule

BLUE, ORANGE = (0.34, 0.71, 0.91), (0.90, 0.62, 0.0)


def plane(name: str, layers: tuple[Scatter | Arrows, ...], reach: float, note: str) -> Plot:
    """Layers over −reach … reach in both directions."""
    return Plot(name, layers, Axis("x", range=(-reach, reach)), Axis("y", range=(-reach, reach)), equal=True, note=note)


def cloud(name: str, x: Float[Tensor, "n 2"], real: Float[Tensor, "m 2"], reach: float, note: str) -> Plot:
    """Generated points over real ones."""
    layers = (Scatter(real, label="real", colour=0, size=3), Scatter(x, label="generated", colour=1, size=3))
    return plane(name, layers, reach, note)


def lattice(reach: float, side: int = 11) -> Float[Tensor, "n 2"]:
    """Where the arrows of a field begin."""
    along = torch.linspace(-0.87 * reach, 0.87 * reach, side)
    return torch.cartesian_prod(along, along)


def two_fields(
    name: str,
    points: Float[Tensor, "n 2"],
    places: Float[Tensor, "m 2"],
    network: Float[Tensor, "m 2"],
    oracle: Float[Tensor, "m 2"],
    reach: float,
) -> Plot:
    """The network's arrows on top of the oracle's, so that these show where the two differ; the note says by how much."""
    length = oracle.norm(dim=1)
    scale = 0.15 * reach / length.quantile(0.9).clamp(min=1e-3)
    layers = (
        Scatter(points, label="x_t", colour=0, size=2.5),
        Arrows(places, scale * oracle, label="oracle", colour=2),
        Arrows(places, scale * network, label="network", colour=1),
    )
    return plane(name, layers, reach, f"{float((network - oracle).norm(dim=1).mean() / length.mean()):.0%} off")


def film_strip(name: str, film: list[Moment], reach: float) -> Images:
    """Over time: what is there, and below it the clean data that is guessed behind it; of pictures, the first."""
    parts = ([frame.x for frame in film], [frame.clean for frame in film])
    if film[0].x.ndim == 2:
        rows = [[glow(x, reach, tint) for x in part] for part, tint in zip(parts, (BLUE, ORANGE), strict=True)]
    else:
        rows = [[pixels(x[:1])[0] for x in part] for part in parts]
    labels = (*(f"t = {frame.t}" for frame in film), *("guess" for _ in film))
    cells = torch.stack([cell for row in rows for cell in row])
    return Images(name, cells, labels, columns=len(film))


def pixels(x: Float[Tensor, "b c s s"]) -> Tensor:
    """Pictures in −1 … 1 as a view takes them."""
    return as_pictures((x.cpu() + 1) / 2)


def glow(
    x: Float[Tensor, "n 2"], reach: float, tint: tuple[float, float, float], side: int = 48
) -> Float[Tensor, "s s 3"]:
    """Where points lie within ±reach, y upwards, glowing from black through a colour to white."""
    cells = ((x.cpu() / reach + 1) / 2 * side).floor().long()
    inside = ((cells >= 0) & (cells < side)).all(1)
    flat = (side - 1 - cells[inside, 1]) * side + cells[inside, 0]
    counts = torch.bincount(flat, minlength=side * side).float().reshape(1, side, side)
    soft = nn.functional.avg_pool2d(counts, 3, stride=1, padding=1)[0]
    light = (soft / soft.max().clamp(min=0.5)).sqrt()[..., None]
    colour = torch.tensor(tint)
    return (light * colour + light**4 * (1 - colour)).clamp(max=1)


def over_time(schedule: Schedule, time: float, network: Float[Tensor, "p"], oracle: Float[Tensor, "p"] | None) -> Plot:
    """What is left of the data, and the loss in each part of time; the dashed upright is the moment that is looked at."""
    t, middle = torch.linspace(0, 1, schedule.moments + 1), (torch.arange(len(network)) + 0.5) / len(network)
    layers = [
        Line(t, schedule.alpha_bar.float().sqrt(), label="data √ᾱ", colour=0),
        Line(middle, network, label="network's loss", colour=1),
        Line(torch.full((2,), time), torch.tensor([0.0, 1.0]), label="time", colour=7, dashed=True),
    ]
    if oracle is not None:
        layers.insert(2, Line(middle, oracle, label="oracle's", colour=2, dashed=True))
    return Plot("moments", tuple(layers), Axis("t / T", range=(0, 1)), Axis("share, loss", range=(0, 1.05)))

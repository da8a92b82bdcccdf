"""A fully connected network as a drawn graph: where its nodes stand, which edge is which weight, and a neuron's map as a picture.

Nodes stand in columns, layer by layer; every column but the last ends with a node "1", whose edges are the biases. Edges are numbered
layer by layer, within a layer by the node they lead to, and within that by the node they come from: cutting off the last outputs leaves
the other numbers as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

NEUTRAL, DARK = np.array([0.93, 0.93, 0.93]), np.array([0.25, 0.28, 0.32])


@dataclass(frozen=True)
class Wiring:
    """The graph of a network with these layer sizes, inputs first."""

    nodes: Float[np.ndarray, "n 2"]  # columns one apart from left to right, the first node of each on top
    ends: Int[np.ndarray, "e 2"]  # from which node to which
    places: Int[np.ndarray, "e 3"]  # (layer, row, column) of each edge's weight; the column behind the last is the bias


def wire(sizes: tuple[int, ...]) -> Wiring:
    """The wiring of a network with `sizes` neurons in its layers, inputs first and outputs last."""
    heights = [size + (layer < len(sizes) - 1) for layer, size in enumerate(sizes)]
    first = np.concatenate([[0], np.cumsum(heights)])
    nodes = [(layer, (height - 1) / 2 - at) for layer, height in enumerate(heights) for at in range(height)]
    places = [
        (layer, row, column)
        for layer in range(len(sizes) - 1)
        for row in range(sizes[layer + 1])
        for column in range(sizes[layer] + 1)
    ]
    ends = [(first[layer] + column, first[layer + 1] + row) for layer, row, column in places]
    return Wiring(np.array(nodes, float), np.array(ends), np.array(places))


def edge_weights(layers: list[nn.Linear], outputs: int) -> Float[Tensor, "e"]:
    """The weight of every edge, in the wiring's order. `outputs`: how many of the last layer's neurons are drawn."""
    joined = [torch.cat([layer.weight, layer.bias[:, None]], 1) for layer in layers]
    joined[-1] = joined[-1][:outputs]
    return torch.cat([rows.flatten() for rows in joined]).detach()


@torch.no_grad()
def set_edge(layers: list[nn.Linear], place: Int[np.ndarray, "3"], value: float) -> None:
    """Sets the weight (or bias) at a place of the wiring."""
    layer, row, column = (int(part) for part in place)
    target = layers[layer]
    if column == target.in_features:
        target.bias[row] = value
    else:
        target.weight[row, column] = value


def picture_of_one(size: int) -> Float[np.ndarray, "1 h w 3"]:
    """The picture of a bias: the figure 1 on near white."""
    picture = np.ones((1, size, size, 3)) * NEUTRAL
    thick, top, middle = max(1, size // 10), size // 5, size // 2
    picture[:, top : size - top, middle : middle + thick] = DARK
    for step in range(size // 7):
        picture[:, top + step : top + step + thick, middle - step - 1] = DARK
    return picture


def tint(
    values: Float[np.ndarray, "n h w"], low: Float[np.ndarray, "3"], high: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "n h w 3"]:
    """Maps of −1 … 1 as pictures: `low` at −1, near white at 0, `high` at 1 (RGB in 0..1). Values beyond are cut."""
    strength = np.abs(values).clip(0, 1)[..., None]
    return NEUTRAL + strength * (np.where(values[..., None] < 0, low, high) - NEUTRAL)

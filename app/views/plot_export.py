"""The numbers of a plot as rows of a CSV file: layer, series, x, y, value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from app.views.heat import is_matrix
from engine.api import Arrows, Band, Bars, Contour, Graph, Heat, Line, Plot, Scatter

Row = list[object]
HEADING: Row = ["layer", "label", "x", "y", "value"]


def plot_rows(frame: Plot) -> list[Row]:
    """A heading and a row for each point, bar, cell, arrow or edge."""
    return [HEADING, *(row for layer in frame.layers for row in _rows(layer))]


def _rows(layer: object) -> Iterator[Row]:
    kind, label = type(layer).__name__.lower(), getattr(layer, "label", "")
    for x, y, value in _points(layer):
        yield [kind, label, x, y, value]


def _points(layer: object) -> Iterable[tuple[object, object, object]]:
    match layer:
        case Line():
            return ((x, y, "") for x, y in zip(_list(layer.x), _list(layer.y), strict=True))
        case Band():
            return zip(_list(layer.x), _list(layer.low), _list(layer.high), strict=True)
        case Scatter():
            points = np.asarray(layer.points).reshape(-1, 2)
            groups = [""] * len(points) if layer.groups is None else _list(layer.groups)
            return zip(_list(points[:, 0]), _list(points[:, 1]), groups, strict=True)
        case Bars():
            return ((x, height, "") for x, height in zip(_list(layer.x), _list(layer.height), strict=True))
        case Arrows():
            start, vector = np.asarray(layer.start).reshape(-1, 2), np.asarray(layer.vector).reshape(-1, 2)
            return ((*at, f"{dx} {dy}") for at, (dx, dy) in zip(start.tolist(), vector.tolist(), strict=True))
        case Graph():
            return (
                (*ends, weight)
                for ends, weight in zip(np.asarray(layer.edges).tolist(), _list(np.ravel(layer.weights)), strict=True)
            )
        case Heat() | Contour():
            return _cells(layer)
    return ()


def _cells(layer: Heat | Contour) -> Iterator[tuple[object, object, object]]:
    values, (x0, x1, y0, y1) = np.asarray(layer.values), layer.extent
    inset = 0.5 if isinstance(layer, Heat) and is_matrix(layer) else 0.0
    half_x, half_y = inset * (x1 - x0) / values.shape[1], inset * (y1 - y0) / values.shape[0]
    xs, ys = (
        np.linspace(x0 + half_x, x1 - half_x, values.shape[1]),
        np.linspace(y0 + half_y, y1 - half_y, values.shape[0]),
    )
    for y, line in zip(ys.tolist(), values.tolist(), strict=True):
        for x, value in zip(xs.tolist(), line, strict=True):
            yield x, y, value


def _list(values: object) -> list[object]:
    return list(np.asarray(values).tolist())

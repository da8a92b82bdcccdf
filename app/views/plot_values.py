"""What a plot says about the place under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.views.graph import edge_at, node_at
from app.views.heat import is_matrix
from app.views.readout import Row
from app.views.scene import Focus, Scene
from engine.api import Graph, Heat, Line, Plot
from engine.api.words import number

if TYPE_CHECKING:
    from app.views.mapping import Mapping


def focus_at(frame: Plot, m: Mapping, x: float, y: float) -> Focus:
    """The node or edge of the plot's graph under a pixel."""
    graph = graph_of(frame)
    if graph is None:
        return Focus()
    node = node_at(graph, m, x, y)
    return Focus(node, -1 if node >= 0 else edge_at(graph, m, x, y))


def graph_of(frame: Plot) -> Graph | None:
    """The plot's graph, if it draws one."""
    return next((layer for layer in frame.layers if isinstance(layer, Graph)), None)


def rows_at(frame: Plot, scene: Scene, x: float, y: float) -> list[Row]:
    """Rows for the read-out of the plot's place (`x`, `y`), in its units."""
    graph = graph_of(frame)
    if graph is not None and len(frame.layers) == 1:
        return _graph_rows(graph, scene)
    lines = [layer for layer in frame.layers if isinstance(layer, Line) and layer.label and _ascends(layer)]
    rows = [Row(frame.x.label or "x", number(_plain(x)))]
    if lines:
        return rows + [Row(layer.label, number(_line_value(layer, x)), scene.series(layer.colour)) for layer in lines]
    rows.append(Row(frame.y.label or "y", number(_plain(y))))
    return rows + [row for layer in frame.layers if isinstance(layer, Heat) for row in _heat_row(layer, x, y)]


def _plain(value: float) -> float:
    return float(f"{value:.3g}")


def _graph_rows(graph: Graph, scene: Scene) -> list[Row]:
    focus = scene.focus
    if focus.edge >= 0:
        weight = focus.weights.get(focus.edge, float(np.asarray(graph.weights).reshape(-1)[focus.edge]))
        return [Row("weight", number(weight), scene.series(1 if weight > 0 else 0))]
    if focus.node < 0:
        return []
    label = graph.labels[focus.node] if focus.node < len(graph.labels) else f"node {focus.node}"
    value = "" if graph.values is None else number(float(np.asarray(graph.values)[focus.node]))
    return [Row(label or f"node {focus.node}", value)]


def _ascends(layer: Line) -> bool:
    x = np.asarray(layer.x, np.float64)
    return len(x) > 1 and bool((np.diff(x[np.isfinite(x)]) >= 0).all())


def _line_value(layer: Line, x: float) -> float:
    xs, ys = np.asarray(layer.x, np.float64), np.asarray(layer.y, np.float64)
    return float(np.interp(x, xs, ys, left=np.nan, right=np.nan))


def _heat_row(layer: Heat, x: float, y: float) -> list[Row]:
    values, (x0, x1, y0, y1) = np.asarray(layer.values), layer.extent
    u, v = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
    if not (0 <= u <= 1 and 0 <= v <= 1):
        return []
    rows, columns = values.shape
    if is_matrix(layer):
        row, column = min(int(v * rows), rows - 1), min(int(u * columns), columns - 1)
    else:
        row, column = round(v * (rows - 1)), round(u * (columns - 1))
    return [Row(layer.legend or "value", number(float(values[row, column])))]

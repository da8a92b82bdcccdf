"""A 2-D canvas of layers, on which parameters can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import theme
from app.views.axes import AxisLook
from app.views.base import LegendEntry, View
from app.views.canvas import AxesCanvas
from app.views.colour_bar import ROOM, paint_colour_bar
from app.views.edits import PadTool, PointSetTool, Tool, WeightTool, tool_for
from app.views.graph import graph_inset
from app.views.layers import KINDS
from app.views.pixels import to_bytes, to_image
from app.views.plot_export import plot_rows
from app.views.plot_values import focus_at, graph_of, rows_at
from app.views.readout import paint_readout
from app.views.scene import Bounds, Focus, Scene
from app.views.span import FollowingSpan, Span
from engine.api import Arrows, Axis, Band, Bars, Frame, Graph, Heat, Layer, Line, Plot, Scatter

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

    from app.views.mapping import Mapping
    from engine.api.params import Field


class PlotCanvas(AxesCanvas):
    """Paints the layers of a `Plot`; gestures inside go to its tool first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_span, self.y_span = FollowingSpan(parts=4), FollowingSpan(parts=4)
        self.frame: Plot | None = None
        self.tool: Tool | None = None
        self.hidden: frozenset[str] = frozenset()
        self._cache: dict[object, object] = {}
        self._editing = False
        theme().changed.connect(self._cache.clear)

    def show_plot(self, frame: Plot) -> None:
        """Takes the layers of a frame; the ranges follow."""
        self.frame = frame
        self._cache.clear()
        graph_only = all(isinstance(layer, Graph) for layer in frame.layers)
        matrix_only = all(isinstance(layer, Heat) for layer in frame.layers) and frame.x == frame.y == Axis()
        bare, heat = graph_only or matrix_only, any(isinstance(layer, Heat) for layer in frame.layers)
        self.looks = (_look(frame.x, bare, grid=not heat), _look(frame.y, bare, grid=not heat))
        graph = graph_of(frame)
        self.inset = graph_inset(graph) if graph is not None else (0.0, 0.0, 0.0)
        self.zooms = "" if graph_only else "xy"
        self.equal = frame.equal
        if isinstance(self.tool, WeightTool) and graph is not None:
            self.tool.show(graph)
        self._follow_ranges()

    # ranges -----------------------------------------------------------------------------------------------------------------------

    def _follow_ranges(self) -> None:
        if self.frame is None or self.zoomed:
            self.follow()
            return
        bounds = self._bounds()
        layers = self.frame.layers
        exact = any(isinstance(layer, Heat) and KINDS[Heat].bounds(layer) == bounds for layer in layers)
        self.framed = exact
        exact = exact or all(isinstance(layer, Graph) for layer in layers)
        for axis, span, (lo, hi) in ((self.frame.x, self.x_span, bounds[:2]), (self.frame.y, self.y_span, bounds[2:])):
            _follow_axis(axis, span, lo, hi, exact)
        self.follow()

    def _bounds(self) -> Bounds:
        layers = self.frame.layers if self.frame is not None else ()
        found = [
            _with_room(layer, bounds) for layer in layers if (bounds := KINDS[type(layer)].bounds(layer)) is not None
        ]
        if isinstance(self.tool, PadTool | PointSetTool):
            found.append((self.tool.lo, self.tool.hi, self.tool.lo, self.tool.hi))
        if not found:
            return (0.0, 1.0, 0.0, 1.0)
        x0, x1, y0, y1 = zip(*found, strict=True)
        return min(x0), max(x1), min(y0), max(y1)

    def ranges_moved(self) -> None:
        """Fits the data again where the person let go."""
        self._follow_ranges()

    def right_margin(self) -> float:
        """Room for a colour bar, where a heat map has a legend."""
        return ROOM if self.bars() else 12.0

    def top_margin(self) -> float:
        """Room for the colour bar's name."""
        return 24.0 if self.bars() else super().top_margin()

    def bars(self) -> list[Heat]:
        """The heat map whose colours need a bar, if any."""
        layers = self.frame.layers if self.frame is not None else ()
        return [layer for layer in layers if isinstance(layer, Heat) and layer.legend and layer.colours != "classes"][
            :1
        ]

    def shown(self) -> list[Layer]:
        """The layers that the legend does not hide, in order."""
        layers = self.frame.layers if self.frame is not None else ()
        return [layer for layer in layers if (getattr(layer, "label", "") or None) not in self.hidden]

    # painting -----------------------------------------------------------------------------------------------------------------------

    def _scene(self, m: Mapping) -> Scene:
        focus = Focus()
        if self.hover is not None and self.frame is not None:
            focus = focus_at(self.frame, m, self.hover.x(), self.hover.y())
        weights = self.tool.weights if isinstance(self.tool, WeightTool) else {}
        return Scene(m, theme().colours, self._cache, Focus(focus.node, focus.edge, weights))

    def paint_data(self, painter: QPainter, m: Mapping) -> None:
        """The layers in their order, then what the tool edits."""
        scene = self._scene(m)
        for layer in self.shown():
            KINDS[type(layer)].paint(painter, layer, scene)
        if self.tool is not None:
            self.tool.paint(painter, scene)

    def paint_over(self, painter: QPainter, m: Mapping) -> None:
        """Colour bar, and what is known about the place under the cursor."""
        colours = theme().colours
        for layer in self.bars():
            paint_colour_bar(painter, m, layer, colours, self.width())
        if self.frame is None or self.hover is None or not m.contains(self.hover.x(), self.hover.y()):
            return
        scene = self._scene(m)
        rows = rows_at(self.frame, scene, *m.point(self.hover.x(), self.hover.y()))
        plot = QRectF(m.left, m.top, m.width, m.height)
        if rows:
            paint_readout(painter, plot, rows, colours, on_left=self.hover.x() > m.left + m.width / 2, low=False)
        self._paint_node(painter, plot, scene)

    def _paint_node(self, painter: QPainter, plot: QRectF, scene: Scene) -> None:
        """The picture in the node under the cursor, enlarged in the lower corner."""
        graph = graph_of(self.frame) if self.frame is not None else None
        if graph is None or graph.pictures is None or scene.focus.node < 0 or self.hover is None:
            return
        side = min(140.0, plot.height() * 0.45)
        left = plot.left() + 4 if self.hover.x() > plot.center().x() else plot.right() - side - 4
        area = QRectF(left, plot.bottom() - side - 4, side, side)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, to_image(to_bytes(np.asarray(graph.pictures)[scene.focus.node], colour=True)))
        painter.setPen(QPen(QColor(scene.colours.edge), 1))
        painter.drawRect(area)

    # gestures -----------------------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The tool first, else the plot is moved."""
        m = self.mapping()
        if (
            self.tool is not None
            and m.contains(event.position().x(), event.position().y())
            and self.tool.press(event, m)
        ):
            self._editing = True
            self.update()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The tool first, else the plot is moved."""
        if self._editing and self.tool is not None:
            self.hover = event.position()
            self.tool.drag(event, self.mapping())
            self.update()
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends the gesture."""
        if self._editing and self.tool is not None and self.tool.busy:
            self.tool.release()
        self._editing = False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks are two edits; without a tool they show everything again."""
        if self.tool is not None:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The tool first, else zoom."""
        if self.tool is not None and self.tool.wheel(event.position(), event.angleDelta().y(), self.mapping()):
            event.accept()
            self.update()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The tool first."""
        if self.tool is not None and self.tool.key(event):
            self.update()
            return
        super().keyPressEvent(event)


def _with_room(layer: object, bounds: Bounds) -> Bounds:
    """The bounds of lines and points with a little room around, so that none lies on the frame. Zero stays where it is."""
    if not isinstance(layer, Line | Band | Scatter | Arrows | Bars):
        return bounds
    x0, x1, y0, y1 = bounds
    across, along = 0.03 * (x1 - x0), 0.03 * (y1 - y0)
    return (x0 - across if x0 else 0.0, x1 + across, y0 - along if y0 else 0.0, y1 + along if y1 else 0.0)


def _look(axis: Axis, bare: bool, grid: bool) -> AxisLook:
    return AxisLook(axis.label, axis.unit, axis.ticks, shown=not bare, grid=grid and not bare)


def _follow_axis(axis: Axis, span: FollowingSpan, lo: float, hi: float, exact: bool) -> None:
    if axis.range is not None:
        span.fix(Span(*axis.range, log=axis.log))
        return
    if axis.log:
        hi = max(hi, 1e-300)
        lo = lo if lo > 0 else hi / 1e4
    if span.fixed:
        span.free()
    span.hold(lo, hi, axis.log, exact and not axis.log)


class PlotView(View):
    """Shows `Plot`."""

    has_numbers = True
    has_vectors = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PlotCanvas(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        self._edits = ""
        self._values: dict[str, object] = {}
        self._legend: tuple[LegendEntry, ...] = ()
        theme().changed.connect(self._show_legend)

    def show_frame(self, frame: Frame) -> None:
        """Shows the layers."""
        frame = cast("Plot", frame)
        if frame.edits != self._edits or (frame.edits and self.canvas.tool is None):
            self._edits = frame.edits
            self._take_tool(graph_of(frame) is not None)
        self.canvas.show_plot(frame)
        self._show_legend()

    def _take_tool(self, on_graph: bool) -> None:
        name, field = self._edits, self.fields.get(self._edits)
        tool = (
            tool_for(field.control, on_graph, lambda value, last: self.poke(name, value, last))
            if field is not None
            else None
        )
        if tool is not None and name in self._values:
            tool.take(self._values[name])
        if isinstance(tool, PointSetTool):
            tool.group_chosen = self._show_legend
        self.canvas.tool = tool
        self.canvas.setCursor(tool.cursor if tool is not None else Qt.CursorShape.ArrowCursor)

    def bind_fields(self, fields: Sequence[Field]) -> None:
        """Finds the control of what is edited."""
        super().bind_fields(fields)
        for field in fields:
            self._values.setdefault(field.name, field.default)
        if self._edits and self.canvas.frame is not None:
            self._take_tool(graph_of(self.canvas.frame) is not None)

    def set_parameter(self, name: str, value: object) -> None:
        """Moves what is edited to where the parameter is."""
        self._values[name] = value
        if name == self._edits and self.canvas.tool is not None:
            self.canvas.tool.take(value)
            self.canvas.update()

    # legend and export --------------------------------------------------------------------------------------------------------------

    def legend(self) -> tuple[LegendEntry, ...]:
        """A chip for each labelled layer, and one for each class that the person can place."""
        frame, tool = self.canvas.frame, self.canvas.tool
        series = theme().colours.series
        entries: dict[str, LegendEntry] = {}
        for layer in frame.layers if frame is not None else ():
            mark, label = KINDS[type(layer)].mark, getattr(layer, "label", "")
            if mark is None or not label:
                continue
            kind = "dashed" if getattr(layer, "dashed", False) else "ring" if getattr(layer, "hollow", False) else mark
            grouped = isinstance(layer, Scatter) and layer.groups is not None
            colour = theme().colours.dim if grouped else series[getattr(layer, "colour", 0) % len(series)]
            entries.setdefault(label, LegendEntry(label, colour, kind, label, label in self.canvas.hidden))
        classes = tool.classes if isinstance(tool, PointSetTool) else 0
        chips = [
            LegendEntry(
                f"class {group}", series[group % len(series)], "dot" if group == tool.group else "ring", f"\0{group}"
            )
            for group in range(classes)
            if isinstance(tool, PointSetTool)
        ]
        return (*entries.values(), *chips)

    def _show_legend(self) -> None:
        legend = self.legend()
        if legend != self._legend:
            self._legend = legend
            self.legend_changed.emit()

    def toggle(self, key: str) -> None:
        """Hides or shows a layer; chooses the class of the next points."""
        if key.startswith("\0") and isinstance(self.canvas.tool, PointSetTool):
            self.canvas.tool.choose(int(key[1:]))
            return
        self.canvas.hidden = self.canvas.hidden ^ {key}
        self.canvas.update()
        self._show_legend()

    def svg(self) -> str:
        """The layers in sight."""
        from app.views.vector_export import plot_svg  # brings pyqtgraph, which only an export needs

        return plot_svg(self)

    def csv_rows(self) -> Sequence[Sequence[object]]:
        """The numbers of every layer."""
        return plot_rows(self.canvas.frame) if self.canvas.frame is not None else ()

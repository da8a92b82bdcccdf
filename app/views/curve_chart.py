"""The chart itself: curves over steps, true values, live changes, and the values under the cursor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QTimer
from PySide6.QtGui import QColor, QPainter, QPen

from app.theme import theme
from app.views import curve_traces as traces
from app.views.axes import AxisLook
from app.views.canvas import AxesCanvas
from app.views.readout import Row, paint_readout
from app.views.span import Span
from app.views.strokes import draw_dots, draw_path
from app.views.truth_lines import TruthLine, TruthPainter
from engine.api.words import number

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent
    from PySide6.QtWidgets import QWidget

    from app.colours import Colours
    from app.views.curve_store import Run, SeriesColours
    from app.views.mapping import Mapping

_REFRESH_MS = 40
"""Curves are redrawn at most 25 times a second, however often points come."""
_TICK_REACH = 5.0


class CurveChart(AxesCanvas):
    """Draws `runs`; whoever changes them calls `refresh`."""

    def __init__(self, indices: SeriesColours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.zooms = "x"
        self.runs: dict[str, Run] = {}
        self.truths: dict[str, tuple[float, str]] = {}
        self.marks: list[tuple[int, str]] = []
        self.hidden: frozenset[str] = frozenset()
        self.emphasised = ""
        self.log = False
        self.smoothing = 0.0
        self.indices = indices
        self.looks = (AxisLook("step", whole=True, grid=False), AxisLook())
        self.traces: list[traces.Trace] = []
        self._gaps = np.empty(0, np.int64)
        self._truth_painter = TruthPainter()
        self._pace = QTimer(self, interval=_REFRESH_MS)
        self._pace.timeout.connect(self._catch_up)
        self._stale = False
        theme().changed.connect(self.refresh)

    # data to polylines ----------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Something changed: redraw now, or within 40 ms of the last time."""
        self._stale = True
        if not self._pace.isActive() and self.isVisible():
            self._catch_up()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what came while it was hidden."""
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if not self._stale:
            self._pace.stop()
            return
        self._stale = False
        self._pace.start()
        self.rebuild()

    def rebuild(self) -> None:
        """Thins the curves to the pixels, and lets the ranges follow."""
        steps = traces.step_range(self.runs, self.hidden)
        if steps is None:
            self.traces = []
            self.update()
            return
        self.x_span.hold(min(steps[0], 0.0) if steps[0] < 0.2 * steps[1] else steps[0], max(steps[1], steps[0] + 1))
        goal = self.x_span.goal
        choice = traces.Choice(self.hidden, self.emphasised, self.smoothing, goal.lo, goal.hi, max(self.width(), 50))
        self.traces = traces.make_traces(self.runs, choice, self.indices, theme().colours)
        values = traces.value_range(self.traces, [value for value, _ in self.truths.values()], self.log)
        if values is not None:
            self.y_span.hold(*values, log=self.log)
        self._gaps = traces.gap_steps(self.runs, self.hidden)
        self.follow()

    def ranges_moved(self) -> None:
        """Thins again for the new range; values follow it."""
        self.rebuild()

    def set_log(self, log: bool) -> None:
        """A logarithmic axis of values, or a linear one."""
        self.log = log
        self.y_span.reset()
        self.rebuild()

    # painting -------------------------------------------------------------------------------------------------------------------

    def paint_data(self, painter: QPainter, m: Mapping) -> None:
        """Curves, dots at their ends, gaps and live changes on the axis."""
        for trace in self.traces:
            draw_path(
                painter, np.stack([m.x_pixels(trace.x), m.y_pixels(trace.y)], axis=1), QColor(trace.colour), trace.width
            )
        self._paint_gaps(painter, m)
        self._paint_marks(painter, m)

    def _paint_gaps(self, painter: QPainter, m: Mapping) -> None:
        painter.setPen(QPen(QColor(theme().colours.bad), 1.5))
        for x in m.x_pixels(self._gaps).tolist():
            painter.drawLine(QPointF(x - 3, m.bottom - 7), QPointF(x + 3, m.bottom - 1))
            painter.drawLine(QPointF(x - 3, m.bottom - 1), QPointF(x + 3, m.bottom - 7))

    def _paint_marks(self, painter: QPainter, m: Mapping) -> None:
        near = self._marks_near(m)
        for step, text in self.marks:
            x = float(m.x_pixels(step))
            painter.setPen(QPen(QColor(theme().colours.live), 2))
            painter.drawLine(QPointF(x, m.bottom), QPointF(x, m.bottom - (12 if (step, text) in near else 7)))

    def _marks_near(self, m: Mapping) -> list[tuple[int, str]]:
        if self.hover is None or not m.contains(self.hover.x(), self.hover.y()):
            return []
        return [mark for mark in self.marks if abs(float(m.x_pixels(mark[0])) - self.hover.x()) <= _TICK_REACH]

    def paint_over(self, painter: QPainter, m: Mapping) -> None:
        """True values with their labels, dots at the ends, the cursor's line and its values."""
        solid = [trace for trace in self.traces if trace.end and len(trace.x)]
        pixels = [np.stack([m.x_pixels(trace.x), m.y_pixels(trace.y)], axis=1) for trace in solid]
        self._truth_painter.paint(
            painter, m, self.truth_lines(theme().colours), np.concatenate(pixels) if pixels else np.empty((0, 2))
        )
        for trace, points in zip(solid, pixels, strict=True):
            if m.contains(*points[-1]):
                draw_dots(painter, points[-1:], QColor(trace.end), 2.5)
        if self.hover is not None and m.contains(self.hover.x(), self.hover.y()) and self.traces:
            self._paint_cursor(painter, m, self.hover)

    def truth_lines(self, colours: Colours) -> list[TruthLine]:
        """The true values that are shown, each in its curve's colour where there are several."""
        names = {name for run in self.runs.values() for name in run.series}
        found = []
        for name, (value, label) in self.truths.items():
            if name in self.hidden or (self.log and value <= 0) or not math.isfinite(value):
                continue
            own = (
                colours.series[self.indices.index(name) % len(colours.series)]
                if len(names) > 1 and name in names
                else colours.dim
            )
            found.append(TruthLine(name, value, label, own))
        return found

    def _paint_cursor(self, painter: QPainter, m: Mapping, at: QPointF) -> None:
        colours = theme().colours
        step = self.nearest_step(m.point(at.x(), at.y())[0])
        x = float(m.x_pixels(step))
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawLine(QPointF(x, m.top), QPointF(x, m.bottom))
        rows = self.values_at(step)
        for row, value in rows:
            dot = np.array([[x, float(m.y_pixels(value))]])
            if np.isfinite(dot).all() and m.contains(*dot[0]):
                draw_dots(painter, dot, QColor(row.colour), 3.0)
        heading = Row(f"step {step:,}")
        changes = [Row(text, colour=colours.live) for _, text in self._marks_near(m)]
        plot = QRectF(m.left, m.top, m.width, m.height)
        paint_readout(
            painter,
            plot,
            [heading, *(row for row, _ in rows), *changes],
            colours,
            on_left=at.x() > m.left + m.width / 2,
        )

    def nearest_step(self, step: float) -> int:
        """The step of the page's own run (else of any) that is nearest."""
        drawn = [series for *_, series in traces.shown(self.runs, self.hidden) if len(series)]
        found = drawn[-1].at(min(max(step, drawn[-1].steps[0]), drawn[-1].steps[-1])) if drawn else None
        return found[0] if found else round(step)

    def values_at(self, step: float) -> list[tuple[Row, float]]:
        """What every visible curve is worth at a step: a row for the read-out, and the value as it is drawn."""
        colours, several = theme().colours, len([run for run in self.runs.values() if run.series]) > 1
        rows = []
        for _, run, name, series in sorted(traces.shown(self.runs, self.hidden), key=lambda part: not part[1].main):
            found = series.at(step, self.smoothing)
            if found is None:
                continue
            colour = traces.colour_of(run, name, self.runs, self.indices, colours)
            raw = series.at(step)
            aside = number(raw[1]) if self.smoothing and raw else ""
            title = (
                name
                if not (several and run.label)
                else run.label
                if traces.by_run(self.runs)
                else f"{name} · {run.label}"
            )
            rows.append((Row(title, number(found[1]), colour, aside), found[1]))
        return rows

    def show_steps(self, lo: float, hi: float) -> None:
        """Looks at a range of steps."""
        self.x_span.fix(Span(lo, hi))
        self.rebuild()

"""A chart of many curves: loss and its parts, several runs over each other. It takes points, not frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget, QWidgetAction

from app.theme import theme
from app.views.axes import AxisLook
from app.views.base import LegendEntry, View
from app.views.curve_chart import CurveChart
from app.views.curve_store import Run, Series, SeriesColours
from app.views.curve_traces import by_run, run_key
from app.views.word_switch import WordSwitch

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QKeyEvent


class CurvesView(View):
    """Curves by run and series name. `colours`: shared by the charts of a page, so that a name keeps its colour."""

    has_numbers = True
    has_vectors = True

    def __init__(
        self, colours: SeriesColours | None = None, unit: str = "", log: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.chart = CurveChart(colours or SeriesColours(), self)
        self.chart.looks = (self.chart.looks[0], AxisLook(unit=unit))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.chart)
        self.setFocusProxy(self.chart)
        self._switch = WordSwitch(("lin", "log"), "Axis of values: linear, or by factors (L)", self)
        self._switch.hide()  # until a header takes it
        self._switch.chosen.connect(lambda index: self.chart.set_log(index == 1))
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing_action = self._make_smoothing()
        theme().changed.connect(self.legend_changed)
        self.set_log(log)

    # what the page says -----------------------------------------------------------------------------------------------------------

    def append(self, run: str, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """New points of a curve: `steps` `[N]` and `values` `[N]`, in order."""
        held = self.chart.runs.setdefault(run, Run(colour=len(self.chart.runs)))
        known = name in held.series
        held.series.setdefault(name, Series()).append(np.asarray(steps, np.int64), np.asarray(values, np.float64))
        if not known:
            self.chart.indices.index(name)
            self.legend_changed.emit()
        self.chart.refresh()

    def set_run(self, run: str, label: str, colour_index: int, main: bool) -> None:
        """How a run is called and coloured; `main`: it is the page's own."""
        held = self.chart.runs.setdefault(run, Run())
        held.label, held.colour, held.main = label, colour_index, main
        self._changed()

    def remove_run(self, run: str) -> None:
        """Takes a run out of the chart."""
        self.chart.runs.pop(run, None)
        self._changed()

    def set_truth(self, name: str, value: float, label: str) -> None:
        """Theory's value for a curve: a dashed line."""
        self.chart.truths[name] = (float(value), label)
        self.chart.refresh()

    def mark(self, step: int, text: str) -> None:
        """A live change at `step`: a tick on the axis, told in words under the cursor."""
        self.chart.marks.append((step, text))
        self.chart.refresh()

    def rewind(self, run: str, step: int) -> None:
        """The run is back at `step`: what came later stays as a ghost until new points replace it."""
        held = self.chart.runs.get(run)
        if held is None:
            return
        for series in held.series.values():
            series.rewind(step)
        if held.main:
            self.chart.marks = [mark for mark in self.chart.marks if mark[0] <= step]
        self.chart.refresh()

    def clear(self) -> None:
        """Forgets all curves, true values and marks; colours stay with their names."""
        self.chart.runs.clear()
        self.chart.truths.clear()
        self.chart.marks.clear()
        self.chart.x_span.reset()
        self.chart.y_span.reset()
        self._changed()

    def _changed(self) -> None:
        self.legend_changed.emit()
        self.chart.refresh()

    def set_unit(self, unit: str) -> None:
        """The unit of the values."""
        self.chart.looks = (self.chart.looks[0], AxisLook(unit=unit))
        self.chart.update()

    def set_log(self, log: bool) -> None:
        """A logarithmic axis of values, or a linear one."""
        self._switch.choose(int(log))

    def set_smoothing(self, amount: float) -> None:
        """Exponential smoothing, 0 (none) … 0.999; the raw curve stays faint underneath."""
        self._smoothing.setValue(round(amount * 1000))

    # header and menu --------------------------------------------------------------------------------------------------------------

    def legend(self) -> tuple[LegendEntry, ...]:
        """A chip for each series, or for each run where several runs share one series."""
        colours, chart = theme().colours.series, self.chart
        if by_run(chart.runs):
            return tuple(
                LegendEntry(
                    run.label or run_id or "this run",
                    colours[run.colour % len(colours)],
                    "line",
                    run_key(run_id),
                    run_key(run_id) in chart.hidden,
                )
                for run_id, run in chart.runs.items()
                if run.series
            )
        names = dict.fromkeys(name for run in chart.runs.values() for name in run.series)
        return tuple(
            LegendEntry(name, colours[chart.indices.index(name) % len(colours)], "line", name, name in chart.hidden)
            for name in names
        )

    def toggle(self, key: str) -> None:
        """Hides or shows a series or a run."""
        self.chart.hidden = self.chart.hidden ^ {key}
        self._changed()

    def emphasise(self, key: str) -> None:
        """Lets a series or a run stand out."""
        self.chart.emphasised = key
        self.chart.refresh()

    def tools(self) -> list[QWidget]:
        """The switch between a linear and a logarithmic axis."""
        return [self._switch]

    def menu_actions(self) -> list[QAction]:
        """Smoothing."""
        return [self._smoothing_action]

    def _make_smoothing(self) -> QWidgetAction:
        self._smoothing.setRange(0, 990)
        self._smoothing.setFixedWidth(140)
        self._smoothing.setToolTip(
            "Averages each curve over its past; the raw one stays faint underneath. The model is not touched."
        )
        self._smoothing.setAccessibleName("Smoothing")
        self._smoothing.valueChanged.connect(self._smooth)
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(12, 4, 12, 4)
        row.addWidget(QLabel("Smoothing"))
        row.addWidget(self._smoothing)
        action = QWidgetAction(self)
        action.setDefaultWidget(holder)
        return action

    def _smooth(self, value: int) -> None:
        self.chart.smoothing = value / 1000
        self.chart.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """L switches the axis of values."""
        if event.key() == Qt.Key.Key_L and not event.modifiers():
            self._switch.choose(1 - self._switch.index)
        else:
            super().keyPressEvent(event)

    # export -----------------------------------------------------------------------------------------------------------------------

    def svg(self) -> str:
        """The curves in sight."""
        from app.views.vector_export import chart_svg  # brings pyqtgraph, which only an export needs

        return chart_svg(self)

    def csv_rows(self) -> Sequence[Sequence[object]]:
        """A row for each step, a column for each curve; empty where a curve has no point."""
        curves = [
            (f"{run.label or run_id}/{name}" if len(self.chart.runs) > 1 else name, series)
            for run_id, run in self.chart.runs.items()
            for name, series in run.series.items()
        ]
        steps = np.unique(np.concatenate([series.steps for _, series in curves])) if curves else np.empty(0, np.int64)
        table = np.full((len(steps), len(curves)), None, object)
        for column, (_, series) in enumerate(curves):
            table[np.searchsorted(steps, series.steps), column] = series.values
        heading: list[object] = ["step", *(name for name, _ in curves)]
        return [heading, *([int(step), *row] for step, row in zip(steps, table.tolist(), strict=True))]

"""The curves of every run that is drawn on a page, across its charts: who is in front, who lies under it, in which colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.topics.run_words import change_words
from app.views.curves import CurvesView
from engine.api.frames import item_of, view_of
from engine.api.records import read_curves

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from app.topics.view_grid import ViewGrid
    from engine.api.lab import LabInfo


class CurveBoard:
    """Draws runs by name. `colours`: which series colour each drawn run has."""

    def __init__(self, grid: ViewGrid, info: LabInfo) -> None:
        self.colours: dict[str, int] = {}
        self.front = ""
        self._grid = grid
        self._info = info
        self._labels: dict[str, str] = {}
        self._marks: list[tuple[int, str]] = []
        self._truths: dict[str, tuple[float, str]] = {}

    # Runs ------------------------------------------------------------------------------------------------------------

    def show(self, run: str, label: str) -> None:
        """Gives a run a place, the first free colour and its name."""
        if run not in self.colours:
            taken = set(self.colours.values())
            self.colours[run] = next(index for index in range(len(taken) + 1) if index not in taken)
        if self._labels.get(run) != label:
            self._labels[run] = label
            self._tell(run)

    def load(self, run: str, label: str, folder: Path) -> None:
        """Draws a run from its folder, as far as it had come."""
        self.show(run, label)
        for name, curve in read_curves(folder).items():
            self._chart(name, run).append(run, item_of(name), curve.steps, curve.values)

    def hide(self, run: str) -> None:
        """Takes a run out of every chart."""
        self.colours.pop(run, None)
        self._labels.pop(run, None)
        for view in self._charts():
            view.remove_run(run)

    def set_front(self, run: str) -> None:
        """This run is the page's own: the others lie dim under it; marks and true values are its."""
        self.front = run
        for name in self.colours:
            self._tell(name)

    def append(self, run: str, curves: dict[str, Any]) -> None:
        """New points of a run: name → (steps `[N]`, values `[N]`)."""
        for name, (steps, values) in curves.items():
            self._chart(name, run).append(run, item_of(name), steps, values)

    def cut(self, run: str, step: int) -> None:
        """A run goes on from `step`: points of that step and later are of the past."""
        for view in self._charts():
            view.rewind(run, step - 1)

    # What stands beside the curves of the front ----------------------------------------------------------------------

    def set_truths(self, truths: dict[str, tuple[float, str]]) -> None:
        """Theory's values by curve name: (value, label)."""
        self._truths = dict(truths)
        for view in self._charts():
            view.chart.truths.clear()
        for name, (value, label) in truths.items():
            self.add_truth(name, value, label)

    def add_truth(self, name: str, value: float, label: str) -> None:
        """One more."""
        self._truths[name] = (value, label)
        self._grid.panel(view_of(name)).curves().set_truth(item_of(name), value, label)

    def set_marks(self, changes: Iterable[tuple[int, str, Any, Any]], fork: int | None = None) -> None:
        """Ticks at live changes (step, parameter, old, new), and where the run was forked."""
        marks = [(step, change_words(self._info, name, old, new)) for step, name, old, new in changes]
        if fork:
            marks.insert(0, (fork, "fork"))
        if marks == self._marks:
            return
        self._marks = marks
        for view in self._charts():
            self._mark(view)

    # Inside ----------------------------------------------------------------------------------------------------------

    def series(self) -> dict[str, int]:
        """Which series colour each curve name has."""
        return {
            f"{name}/{series}" if series != name else name: self._grid.colours.index(series)
            for name, panel in self._grid.panels.items()
            if isinstance(panel.view, CurvesView)
            for run in panel.view.chart.runs.values()
            for series in run.series
        }

    def _charts(self) -> list[CurvesView]:
        return [panel.view for panel in self._grid.panels.values() if isinstance(panel.view, CurvesView)]

    def _chart(self, name: str, run: str) -> CurvesView:
        """The chart of a curve, in which this run has its place."""
        panel = self._grid.panel(view_of(name))
        fresh = not isinstance(panel.view, CurvesView)
        view = panel.curves()
        if fresh:
            self._mark(view)
        if run not in view.chart.runs:
            view.set_run(run, self._labels.get(run, run), self.colours.get(run, 0), run == self.front)
        return view

    def _mark(self, view: CurvesView) -> None:
        view.chart.marks.clear()
        for step, text in self._marks:
            view.mark(step, text)
        view.chart.refresh()

    def _tell(self, run: str) -> None:
        for view in self._charts():
            if run in view.chart.runs:
                view.set_run(run, self._labels[run], self.colours[run], run == self.front)

"""What a chart draws of its curves: thinned to the pixels, coloured by series or by run, and the range that they fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.style import mixed
from app.views.robust import robust_range
from app.views.thinning import thin

if TYPE_CHECKING:
    from app.colours import Colours
    from app.views.curve_store import Run, Series, SeriesColours


@dataclass(frozen=True)
class Trace:
    """A polyline `x`, `y` `[N]` in the chart's units. `end`: the colour of the dot at its newest point ("" for none)."""

    run: str
    name: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    width: float
    end: str = ""


@dataclass(frozen=True)
class Choice:
    """What of the curves is shown, and how."""

    hidden: frozenset[str]
    emphasised: str
    smoothing: float
    lo: float
    hi: float
    columns: int


def shown(runs: Mapping[str, Run], hidden: frozenset[str]) -> Iterator[tuple[str, Run, str, Series]]:
    """Every curve that is not hidden, the page's own run last, so that it lies on top."""
    for run_id, run in sorted(runs.items(), key=lambda pair: pair[1].main):
        for name, series in run.series.items():
            if len(series) + len(series.ghost_steps) and not {name, run_key(run_id)} & hidden:
                yield run_id, run, name, series


def run_key(run: str) -> str:
    """How a legend entry names a run, apart from a series of the same name."""
    return f"\0{run}"


def by_run(runs: Mapping[str, Run]) -> bool:
    """Whether runs are told by colour: several of them share a single curve."""
    drawn = [run for run in runs.values() if run.series]
    return len(drawn) > 1 and len({name for run in drawn for name in run.series}) == 1


def colour_of(run: Run, name: str, runs: Mapping[str, Run], indices: SeriesColours, colours: Colours) -> str:
    """A curve's colour: the run's where runs share a single curve; else the series', faint for a run beside the page's own."""
    if by_run(runs):
        return colours.series[run.colour % len(colours.series)]
    own = colours.series[indices.index(name) % len(colours.series)]
    return own if run.main else mixed(own, colours.panel, 0.5)


def make_traces(runs: Mapping[str, Run], choice: Choice, indices: SeriesColours, colours: Colours) -> list[Trace]:
    """The polylines of a chart, in the order of painting: ghosts, raw curves under smoothed ones, the curves."""
    under, over = [], []
    several = len([run for run in runs.values() if run.series]) > 1
    for run_id, run, name, series in shown(runs, choice.hidden):
        colour = colour_of(run, name, runs, indices, colours)
        if choice.emphasised and choice.emphasised not in (name, run_key(run_id)):
            colour = mixed(colour, colours.panel, 0.25)
        faint = mixed(colour, colours.panel, 0.32)
        if len(series.ghost_steps):
            under.append(_trace(run_id, name, series.ghost_steps, series.ghost_values, faint, 1.0, choice))
        if not len(series):
            continue
        if choice.smoothing:
            under.append(_trace(run_id, name, series.steps, series.values, faint, 1.0, choice))
        end = colours.series[run.colour % len(colours.series)] if several and not by_run(runs) else colour
        values = series.smoothed(choice.smoothing)
        over.append(_trace(run_id, name, series.steps, values, colour, 1.5 if run.main else 1.2, choice, end))
    return under + over


def _trace(
    run: str, name: str, steps: np.ndarray, values: np.ndarray, colour: str, width: float, choice: Choice, end: str = ""
) -> Trace:
    x, y = thin(steps, values, choice.lo, choice.hi, choice.columns)
    return Trace(run, name, x.astype(np.float64), y.copy(), colour, width, end)


def step_range(runs: Mapping[str, Run], hidden: frozenset[str]) -> tuple[float, float] | None:
    """The first and last step of what is shown."""
    parts = [steps for *_, series in shown(runs, hidden) for steps in (series.steps, series.ghost_steps) if len(steps)]
    return (float(min(part[0] for part in parts)), float(max(part[-1] for part in parts))) if parts else None


def value_range(traces: list[Trace], truths: list[float], log: bool) -> tuple[float, float] | None:
    """The range of values that a chart shows: its curves', stretched to true values that lie near."""
    ranges = [found for trace in traces if (found := robust_range(trace.y, log)) is not None]
    if not ranges:
        return None
    lo, hi = min(low for low, _ in ranges), max(high for _, high in ranges)
    if not log:
        reach = (hi - lo) or abs(hi) or 1.0
        near = [value for value in truths if lo - reach <= value <= hi + reach]
        lo, hi = min([lo, *near]), max([hi, *near])
        if 0 < lo < 0.3 * hi:
            lo = 0.0  # a loss reads best against its zero
        if near and max(near) >= hi - 0.03 * (hi - lo):
            hi += 0.12 * (hi - lo)  # the words of a true value at the top stand above its line, not on the curve
    return lo, hi


def gap_steps(runs: Mapping[str, Run], hidden: frozenset[str]) -> np.ndarray:
    """The steps at which a curve stops being a number, at most fifty: the first of each gap."""
    found = []
    for *_, series in shown(runs, hidden):
        bad = ~np.isfinite(series.values)
        if bad.any():
            found.append(series.steps[bad & ~np.insert(bad[:-1], 0, False)])
    return np.unique(np.concatenate(found))[:50] if found else np.empty(0, np.int64)

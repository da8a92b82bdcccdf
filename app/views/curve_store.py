"""The points behind a chart: curves by run and name, appended, rewound, smoothed. Knows nothing of Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.views.smoothing import Smoother


class Column:
    """An array that grows at its end, in place."""

    def __init__(self, dtype: type) -> None:
        self._room: np.ndarray = np.empty(256, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> np.ndarray:
        """What it holds `[N]`; valid until the next change."""
        return self._room[: self._count]

    def extend(self, values: np.ndarray) -> None:
        """Appends `values` `[M]`."""
        wanted = self._count + len(values)
        if wanted > len(self._room):
            room = np.empty(max(wanted, 2 * len(self._room)), self._room.dtype)
            room[: self._count] = self.values
            self._room = room
        self._room[self._count : wanted] = values
        self._count = wanted

    def cut(self, count: int) -> None:
        """Keeps the first `count`."""
        self._count = min(self._count, count)


class Series:
    """One curve of one run: steps ascending, values, the smoothed values, and the ghost of what a rewind undid."""

    def __init__(self) -> None:
        self._steps = Column(np.int64)
        self._values = Column(np.float64)
        self._smooth = Column(np.float64)
        self._smoother = Smoother(0.0)
        self.ghost_steps = np.empty(0, np.int64)
        self.ghost_values = np.empty(0)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> np.ndarray:
        """Steps `[N]`, ascending."""
        return self._steps.values

    @property
    def values(self) -> np.ndarray:
        """Values `[N]`."""
        return self._values.values

    def append(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Adds points. A step before the last one means that the run went back; the ghost gives way to the new points."""
        if not len(steps):
            return
        if len(self) and steps[0] < self.steps[-1]:
            self.rewind(int(steps[0]) - 1)
        self._steps.extend(steps)
        self._values.extend(values)
        if len(self.ghost_steps):
            left = self.ghost_steps > steps[-1]
            self.ghost_steps, self.ghost_values = self.ghost_steps[left], self.ghost_values[left]

    def rewind(self, step: int) -> None:
        """Turns the points after `step` into a ghost."""
        keep = int(np.searchsorted(self.steps, step, "right"))
        if keep == len(self):
            return
        self.ghost_steps, self.ghost_values = self.steps[keep:].copy(), self.values[keep:].copy()
        self._steps.cut(keep)
        self._values.cut(keep)
        self._smooth.cut(0)
        self._smoother = Smoother(self._smoother.amount)

    def smoothed(self, amount: float) -> np.ndarray:
        """The values `[N]` smoothed by `amount` (0 … 0.999)."""
        if amount == 0.0:
            return self.values
        if amount != self._smoother.amount:
            self._smoother = Smoother(amount)
            self._smooth.cut(0)
        self._smooth.extend(self._smoother.feed(self.values[len(self._smooth) :]))
        return self._smooth.values

    def at(self, step: float, smoothing: float = 0.0) -> tuple[int, float] | None:
        """The step nearest to `step` and the value there; None for an empty curve or a step beyond its ends."""
        if not len(self) or not self.steps[0] <= round(step) <= self.steps[-1]:
            return None
        right = min(int(np.searchsorted(self.steps, step)), len(self) - 1)
        left = max(right - 1, 0)
        index = left if step - self.steps[left] <= self.steps[right] - step else right
        return int(self.steps[index]), float(self.smoothed(smoothing)[index])


@dataclass
class Run:
    """A run in the chart: its name for people, its colour among runs, whether it is the one on the page, and its curves."""

    label: str = ""
    colour: int = 0
    main: bool = True
    series: dict[str, Series] = field(default_factory=dict)


class SeriesColours:
    """Which series colour a name has, in order of first sight. Charts of a page share one, so that a name keeps its colour."""

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}

    @property
    def indices(self) -> dict[str, int]:
        """The colour's index of every series seen so far."""
        return dict(self._indices)

    def index(self, name: str) -> int:
        """The colour's index of a series."""
        return self._indices.setdefault(name, len(self._indices))

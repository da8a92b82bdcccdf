"""Shows on a page what its runs tell: pictures in the views, points in the charts, how the front stands in the bars."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.notify import notify
from app.views.curves import CurvesView
from engine.api.frames import view_of
from engine.api.words import ago, size

if TYPE_CHECKING:
    from app.runs import Conductor, LiveRun
    from app.topics.page_parts import Parts
    from engine.api.messages import Ended, Held, Rewound, TruthLine

_NUMBERS_MS = 250
_SECOND_MS = 1000
_WORDS = {
    "starting": "starting",
    "running": "training",
    "paused": "paused",
    "exploring": "exploring",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "broken off",
}


class Stage(QObject):
    """Follows every run of a page. `told(text)` and `titled(text)` are for the window's bars; `ran(bool)`: any run goes on."""

    told = Signal(str)
    titled = Signal(str)
    ran = Signal(bool)
    stood = Signal()

    def __init__(self, parts: Parts, conductor: Conductor, parent: QObject) -> None:
        super().__init__(parent)
        self.running = False
        self._parts = parts
        self._conductor = conductor
        self._told_controls: dict[str, Any] | None = None
        self._numbers = QTimer(self, singleShot=True, interval=_NUMBERS_MS)
        self._numbers.timeout.connect(self._write_numbers)
        self._clock = QTimer(self, interval=_SECOND_MS)
        self._clock.timeout.connect(self._tell)
        conductor.added.connect(self._wire)
        conductor.fronted.connect(self.show_front)

    def close(self) -> None:
        """Nothing more is told."""
        self._numbers.stop()
        self._clock.stop()
        self._tell_running()

    # The front -------------------------------------------------------------------------------------------------------

    def show_front(self, run: LiveRun | None) -> None:
        """Another run is in front: views begin anew, charts change places, controls take its values."""
        parts = self._parts
        for panel in parts.grid.panels.values():
            if not isinstance(panel.view, CurvesView):
                panel.clear()
        self._drop_old_curves(run)
        parts.board.set_front(run.name if run is not None else "")
        if run is not None:
            self._draw(run)
            parts.board.set_truths(run.truths)
            parts.parameters.take(run.params)
            parts.dock.select(run.folder)
        self._mark(run)
        parts.dock.model.set_colours(parts.board.colours)
        self.show_state()
        self._numbers.start()

    def _draw(self, run: LiveRun) -> None:
        board = self._parts.board
        if run.name in board.colours:
            return
        label = self._parts.desk.label(run.folder)
        if run.live:
            board.show(run.name, label)
        else:
            board.load(run.name, label, run.folder)

    def _drop_old_curves(self, front: LiveRun | None) -> None:
        """What neither lives nor was ticked leaves the charts; the parent of a fork stays to be compared."""
        parts, runs = self._parts, self._conductor.runs
        kept = set(parts.desk.ticked) | {name for name, run in runs.items() if run.live}
        if front is not None:
            kept.add(front.name)
            if front.forked_from is not None:
                kept.add(front.forked_from[0])
        for name in [name for name in parts.board.colours if name not in kept]:
            parts.board.hide(name)

    def show_state(self) -> None:
        """The bars, the time line, the table and the window's bars say how the front stands."""
        run, parts = self._conductor.front, self._parts
        parts.bar.show_run(run, run is not None and parts.parameters.pending(run.params))
        parts.scrubber.show_run(run)
        self._tell_controls(run)
        self._tell()
        self._tell_running()
        self.stood.emit()

    def _tell_controls(self, run: LiveRun | None) -> None:
        params = dict(run.params) if run is not None and run.live else None
        if params != self._told_controls:
            self._told_controls = params
            self._parts.side.controls.set_running(params is not None, params)

    # What runs tell --------------------------------------------------------------------------------------------------

    def _wire(self, run: LiveRun) -> None:
        run.stood.connect(self._on_stood)
        run.points.connect(self._on_points)
        run.cut.connect(self._on_cut)
        run.truth.connect(self._on_truth)
        run.shown.connect(self._on_shown)
        run.rewound.connect(self._on_rewound)
        run.held.connect(self._on_held)
        run.warned.connect(self._on_warned)
        run.ended.connect(self._on_ended)
        run.lost.connect(self._on_lost)

    def _on_stood(self, run: LiveRun) -> None:
        dock = self._parts.dock
        dock.model.touch(run)
        if run.phase != "starting" and run.live and dock.isVisible() and dock.model.row_of(run.name) < 0:
            dock.refresh_soon()
        if run is self._conductor.front:
            self._mark(run)
            self.show_state()
        else:
            self._tell_running()

    def _on_points(self, run: LiveRun, curves: dict[str, Any]) -> None:
        if run.name not in self._parts.board.colours:
            self._parts.board.show(run.name, self._parts.desk.label(run.folder))
            self._parts.dock.model.set_colours(self._parts.board.colours)
        self._parts.board.append(run.name, curves)
        if run is self._conductor.front and not self._numbers.isActive():
            self._numbers.start()

    def _on_cut(self, run: LiveRun, step: int) -> None:
        self._parts.board.cut(run.name, step)

    def _on_truth(self, run: LiveRun, line: TruthLine) -> None:
        if run is self._conductor.front:
            self._parts.board.add_truth(line.name, line.value, line.label)

    def _on_shown(self, run: LiveRun, frame: Any, step: int) -> None:
        if run is self._conductor.front:
            self._parts.grid.panel(view_of(frame.name)).accept(frame)

    def _on_rewound(self, run: LiveRun, back: Rewound) -> None:
        if run is self._conductor.front:
            self._parts.parameters.take(back.params)

    def _on_held(self, run: LiveRun, held: Held) -> None:
        notify(held.reason, "error")

    def _on_warned(self, run: LiveRun, text: str) -> None:
        notify(text, "info")

    def _on_ended(self, run: LiveRun, ended: Ended) -> None:
        if ended.phase == "failed":
            notify(ended.summary or "The run broke off.", details=ended.details)
        self._parts.dock.refresh_soon()

    def _on_lost(self, run: LiveRun, sentence: str) -> None:
        kept = f" Its moment at step {run.moments[-1]:,} is kept." if run.moments else ""
        act = (lambda: self._conductor.take_up(run)) if run.moments else None
        notify(f"{sentence}{kept}", action="Resume" if act else "", act=act)
        self._parts.dock.refresh_soon()

    # Words -----------------------------------------------------------------------------------------------------------

    def _mark(self, run: LiveRun | None) -> None:
        fork = run.forked_from[1] if run is not None and run.forked_from is not None else None
        self._parts.board.set_marks(run.changes if run is not None else (), fork)

    def _write_numbers(self) -> None:
        run, notes = self._conductor.front, self._parts.side.notes
        if run is None:
            return
        values = {name: float(value) for name, value in self._parts.parameters.json().items() if _is_number(value)}
        notes.set_series_colours(self._parts.board.series())
        notes.set_live(values | {name: value for name, value in run.last.items() if math.isfinite(value)})

    def _tell(self) -> None:
        run = self._conductor.front
        self.told.emit(status_words(run))
        self.titled.emit(self._title(run))
        if run is not None and run.live:
            if not self._clock.isActive():
                self._clock.start()
        else:
            self._clock.stop()

    def _title(self, run: LiveRun | None) -> str:
        title = self._parts.info.title
        return f"{title}, step {run.at:,}" if run is not None and run.at and run.live else title

    def _tell_running(self) -> None:
        running = self._conductor.running
        if running != self.running:
            self.running = running
            self.ran.emit(running)


def status_words(run: LiveRun | None) -> str:
    """The window's foot: what happens, what it takes, when it was last kept."""
    if run is None or run.phase is None:
        return "ready"
    words = [_WORDS[run.phase]]
    if run.live and run.memory:
        words.append(f"worker {size(run.memory)}")
    if run.live and run.saved_at is not None:
        seconds = time.monotonic() - run.saved_at
        words.append(f"kept {int(seconds)} s ago" if seconds < 60 else f"kept {ago(seconds)}")
    return "   ·   ".join(words)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

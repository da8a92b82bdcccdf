"""A worker as the page sees it: methods that send commands, Qt signals that carry what comes back.

At most thirty times a second the inbox is emptied into signals, a few milliseconds at a time, so that neither a flood
of points nor a heavy picture holds the window. A picture counts as taken once the window has had the chance to paint
it: the worker draws no faster than a person can see.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs.inbox import Arrived, Entry, Gone
from app.runs.worker import Worker
from engine.api import messages

if TYPE_CHECKING:
    from app.runs.worker import Serve

_PERIOD = 1 / 30
_BUDGET = 0.006
_PATIENCE_MS = 5000


@dataclass
class Moments:
    """What a person wants kept for rewinding: `keep` snapshots at most, one after `every` seconds at the latest."""

    keep: int = 24
    every: float = 10.0


class Session(QObject):
    """One worker, one run at a time. `phase`, `folder`, `at` (its step) and `total` always tell how it stands."""

    ready = Signal(object)  # Ready
    started = Signal(object)  # Started
    points = Signal(object)  # dict: name -> (steps [N], values [N])
    truth = Signal(object)  # TruthLine
    shown = Signal(object, int)  # frame, step
    progressed = Signal(object)  # Progress
    saved = Signal(object)  # Saved
    changed = Signal(object)  # Changed
    rewound = Signal(object)  # Rewound
    held = Signal(object)  # Held
    warned = Signal(str)
    check_started = Signal(object)  # CheckStarted
    check_row = Signal(object)  # CheckRow
    checks_done = Signal(str)
    ended = Signal(object)  # Ended
    lost = Signal(str)  # a sentence
    gone = Signal(object)  # this session: its process is over and cleared away

    _arrived = Signal()

    def __init__(
        self, serve: Serve, threads: int, parent: QObject | None = None, moments: Moments | None = None
    ) -> None:
        super().__init__(parent)
        self._moments = moments or Moments()
        self.about: messages.Ready | None = None
        self.phase: messages.Phase | None = None
        self.folder = ""
        self.at = 0
        self.total = 0
        self._closing = False
        self._over = False
        self._pending: deque[Entry] = deque()
        self._drained = 0.0
        self._rung = False  # something lies in the inbox that was not taken yet
        self._drain_timer = QTimer(self, singleShot=True)
        self._drain_timer.timeout.connect(self._drain)
        self._grace_timer = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._grace_timer.timeout.connect(self._clear)
        self._arrived.connect(self._schedule)
        self._worker = Worker(serve, threads, self._arrived.emit)

    # What the page asks ----------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._worker.pid

    @property
    def alive(self) -> bool:
        """Whether commands still reach a worker."""
        return not (self._over or self._closing)

    @property
    def busy(self) -> bool:
        """Whether a run holds the worker: from `start` to its end."""
        return self.alive and self.phase in ("starting", "running", "paused", "exploring")

    def start(self, start: messages.Start) -> None:
        """Runs a lab."""
        self.phase, self.folder = "starting", start.folder
        self._send(replace(start, keep=self._moments.keep, every=self._moments.every))

    def pause(self) -> None:
        """Holds at the next step."""
        self._send(messages.Pause())

    def resume(self) -> None:
        """Goes on."""
        self._send(messages.Resume())

    def step(self, count: int = 1) -> None:
        """While paused: `count` steps."""
        self._send(messages.Step(count))

    def stop(self) -> None:
        """Ends the run; the worker stays for the next."""
        self._send(messages.Stop())

    def change(self, name: str, value: Any) -> None:
        """Sets a live parameter; `value` as JSON."""
        self._send(messages.Change(name, value))

    def watch(self, views: tuple[str, ...] | None) -> None:
        """Only these views are computed (None: all)."""
        self._send(messages.Watch(views))

    def speed(self, per_second: float) -> None:
        """At most so many steps a second; 0 is free."""
        self._send(messages.Speed(per_second))

    def save(self) -> None:
        """Writes a snapshot at the next step."""
        self._send(messages.Save())

    def rename(self, title: str) -> None:
        """What the person calls the run."""
        self._send(messages.Rename(title))

    def rewind(self, step: int) -> None:
        """Goes back to a snapshot and holds there."""
        self._send(messages.Rewind(step))

    def prove(self, lab: str) -> None:
        """Runs the checks of a lab."""
        self._send(messages.Prove(lab))

    def warm(self, lab: str) -> None:
        """Lets an idle worker import a lab in advance."""
        self._send(messages.Warm(lab))

    def cancel_proof(self) -> None:
        """Leaves the checks that have not run."""
        self._send(messages.CancelProof())

    def close(self) -> None:
        """Lets the worker save and leave in the background; no signal but `gone` follows."""
        if self._closing or self._over:
            return
        self._closing = True
        self._pending.clear()
        self._worker.quit()
        self._grace_timer.start()

    def end(self, patience: float) -> None:
        """The same, waited for: at most `patience` seconds, then by force."""
        self.close()
        self._clear(patience)

    # What comes back -------------------------------------------------------------------------------------------------

    def _send(self, command: messages.Command) -> None:
        if self.alive:
            self._worker.post.send(command)

    def _schedule(self) -> None:
        self._rung = True
        if not self._drain_timer.isActive() and not self._over:
            wait = self._drained + _PERIOD - time.monotonic()
            self._drain_timer.start(max(0, round(wait * 1000)))

    def _drain(self) -> None:
        if not self._pending:
            self._drained, self._rung = time.monotonic(), False
            self._pending.extend(self._worker.inbox.take())
        until = time.monotonic() + _BUDGET
        while self._pending and time.monotonic() < until and not self._over:
            entry = self._pending.popleft()
            self._tell(entry)
            if isinstance(
                entry, Arrived
            ):  # it is painted before the next one is shown, so that no tick waits for all of them
                QTimer.singleShot(0, self, partial(self._acknowledge, entry.frame.name))
                break
        if self._pending:
            self._drain_timer.start(0)
        elif self._rung:
            self._schedule()

    def _acknowledge(self, name: str) -> None:
        self._send(messages.Taken(name))

    def _tell(self, entry: Entry) -> None:
        if isinstance(entry, Gone):
            self._finish()
            return
        if self._closing:
            return
        self._note(entry)
        match entry:
            case Arrived():
                self.shown.emit(entry.frame, entry.step)
            case messages.CurvePoints():
                self.points.emit(entry.curves)
            case messages.Warned():
                self.warned.emit(entry.text)
            case messages.ChecksDone():
                self.checks_done.emit(entry.lab)
            case _:
                self._signal_of(entry).emit(entry)

    def _note(self, entry: Entry) -> None:
        match entry:
            case messages.Ready():
                self.about = entry
            case messages.Started():
                self.phase, self.folder, self.at, self.total = "running", entry.folder, entry.step, entry.total
            case messages.Progress():
                self.phase, self.at, self.total = entry.phase, entry.step, entry.total
            case messages.Held():
                self.phase = "paused"
            case messages.Ended():
                self.phase, self.at = entry.phase, entry.step

    def _signal_of(self, entry: Entry) -> Any:
        return {
            messages.Ready: self.ready,
            messages.Started: self.started,
            messages.TruthLine: self.truth,
            messages.Progress: self.progressed,
            messages.Saved: self.saved,
            messages.Changed: self.changed,
            messages.Rewound: self.rewound,
            messages.Held: self.held,
            messages.CheckStarted: self.check_started,
            messages.CheckRow: self.check_row,
            messages.Ended: self.ended,
        }[type(entry)]

    def _finish(self) -> None:
        if self._over:
            return
        if not self._closing:
            sentence = _farewell(self._worker.exit_code())
            self._clear(1.0)
            self.lost.emit(sentence)
        else:
            self._clear(1.0)

    def _clear(self, patience: float = 0.0) -> None:
        if self._over:
            return
        self._over = True
        self._grace_timer.stop()
        self._drain_timer.stop()
        self._pending.clear()
        self._worker.end(patience)
        self.phase = None
        self.gone.emit(self)


def _farewell(code: int | None) -> str:
    if code is not None and code == -9:
        return "The worker was killed; perhaps the machine ran out of memory."
    if code is not None and code < 0:
        return f"The worker crashed (signal {-code})."
    return f"The worker left by itself (code {code})."

"""The way from a training loop to the window and to disk.

The training thread only puts things down; a second thread carries them off thirty times a second. Points of curves are all carried,
first to disk, then to the window. Pictures go through shared memory with one credit per name: the next is drawn when the window has
taken the last, and drawing all views together takes no more than a fixed share of the time.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import torch

from engine.api.frames import Drawn, Truth, view_of
from engine.api.messages import Changed, CurvePoints, Event, Phase, Progress, TruthLine, Warned
from engine.run.clock import Clock

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from engine.api.slots import SlotWriter
    from engine.run.context import Context
    from engine.run.folder import RunFolder
    from engine.run.steering import Steering

_PERIOD = 1 / 30
_PROGRESS_PERIOD = 0.2
_RECORD_PERIOD = 2.0
_FASTEST = 1 / 20
_SHARE = 0.25


class Outbox:
    """A sink with a thread of its own. `close()` carries off everything that is left."""

    def __init__(self, events: Connection, slots: SlotWriter, folder: RunFolder, steering: Steering) -> None:
        self.watched: frozenset[str] | None = None
        self.phase: Phase = "running"
        self._where: Context | None = None
        self._events = events
        self._folder = folder
        self._steering = steering
        self._lock = threading.Lock()
        self._curves: dict[str, tuple[list[int], list[Any]]] = {}
        self._queue: list[Event] = []
        self._slots = slots
        self._owed: set[str] = set()
        self._refused: set[str] = set()
        self._asked: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._clock = Clock()
        self._process = psutil.Process()
        self._warned = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="outbox", daemon=True)
        self._thread.start()

    # The training thread --------------------------------------------------------------------------------

    def wants(self, name: str) -> bool:
        """Whether the view is open, its last frames were taken, and drawing has time left."""
        view, now = view_of(name), time.perf_counter()
        if self.watched is not None and view not in self.watched:
            return False
        if not self._free(view):
            self._refused.add(view)
            return False
        self._refused.discard(view)
        self._asked[view] = now
        return True

    def behind(self) -> bool:
        """Whether a view that was refused could be drawn now: it would else show an older moment than its neighbours."""
        return any(self._free(view) for view in self._refused)

    def _free(self, view: str) -> bool:
        """Whether the view's last frames were taken, and its time has come."""
        owed = any(view_of(name) == view for name in self._owed)
        return not owed and time.perf_counter() >= self._next.get(view, 0.0)

    def scalar(self, name: str, step: int, value: Any) -> None:
        """Puts down a point of a curve; one that is not finite holds the run."""
        if isinstance(value, torch.Tensor):
            value = value.clone() if value.is_cuda else float(value)
        if not isinstance(value, torch.Tensor):
            if not math.isfinite(value) and is_loss(name):
                self._steering.break_off(lost(name, step, value))
        with self._lock:
            steps, values = self._curves.setdefault(name, ([], []))
            steps.append(step)
            values.append(value)

    def truth(self, truth: Truth) -> None:
        """Puts down theory's value for a curve."""
        self._folder.record.truths[truth.name] = (float(truth.value), truth.label)
        self.tell(TruthLine(truth.name, float(truth.value), truth.label))

    def show(self, frame: Drawn, step: int) -> None:
        """Puts a picture into its slot."""
        shown = self._slots.write(frame, step)
        view, now = view_of(frame.name), time.perf_counter()
        cost = now - self._asked.get(view, now)
        self._next[view] = now + max(_FASTEST, cost * len(self._asked) / _SHARE)
        self._owed.add(frame.name)
        self.tell(shown)

    def tell(self, event: Event) -> None:
        """Puts down an event; a live change also goes into the run's record."""
        if isinstance(event, Progress):
            self.phase = event.phase
            self._folder.record.state = "finished" if event.phase == "exploring" else event.phase
            self._clock.forget()
            return
        with self._lock:
            self._queue.append(event)
            if isinstance(event, Changed):
                self._folder.note_change(event)

    def follow(self, context: Context) -> None:
        """Progress is told of this context from now on."""
        self._where = context

    def taken(self, name: str) -> None:
        """The window has taken the last frame of this name."""
        self._owed.discard(name)

    def keep(self) -> None:
        """Points are at most a thirtieth of a second from the disk, and training does not wait for that."""

    def rename(self, title: str) -> None:
        """What the person calls the run."""
        with self._lock:
            self._folder.record.title = title

    def redraw(self) -> None:
        """Every view may be drawn at once: something was poked."""
        self._next = dict.fromkeys(self._next, 0.0)

    def flush(self) -> None:
        """Waits until everything put down so far has been carried off."""
        while self._curves or self._queue:
            time.sleep(_PERIOD / 4)

    def close(self) -> None:
        """Carries off everything that is left."""
        self._closing.set()
        self._thread.join()

    # The carrying thread --------------------------------------------------------------------------------

    def _carry(self) -> None:
        next_progress = next_record = 0.0
        closing = False
        while not closing:
            closing = self._closing.wait(_PERIOD)
            now = time.perf_counter()
            try:
                self._flush()
                if now >= next_progress or closing:
                    next_progress = now + _PROGRESS_PERIOD
                    self._events.send(self._progress())
            except (BrokenPipeError, OSError):
                self._steering.stop = True
            if now >= next_record:
                next_record = now + _RECORD_PERIOD
                with self._lock, contextlib.suppress(OSError):
                    self._folder.write_record()

    def _flush(self) -> None:
        with self._lock:
            curves, self._curves = self._curves, {}
            queue, self._queue = self._queue, []
        packed = {name: (np.asarray(steps, np.int64), _values(values)) for name, (steps, values) in curves.items()}
        for name, (steps, values) in packed.items():
            wrong = np.flatnonzero(~np.isfinite(values))
            if len(wrong) and is_loss(name):
                self._steering.break_off(lost(name, int(steps[wrong[0]]), float(values[wrong[0]])))
        self._to_disk(packed)
        if packed:
            self._events.send(CurvePoints(packed))
        for event in queue:
            self._events.send(event)

    def _to_disk(self, packed: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        for name, (steps, values) in packed.items():
            try:
                self._folder.append(name, steps, values)
            except OSError as error:
                if not self._warned:
                    self._warned = True
                    self._events.send(
                        Warned(f"The curves cannot be written to disk ({error.strerror}); the run goes on.")
                    )

    def _progress(self) -> Progress:
        step, total = (self._where.step, self._where.total) if self._where is not None else (0, 0)
        self._folder.record.step, self._folder.record.total = step, total
        self._clock.mark(step)
        rate = self._clock.rate if self.phase == "running" else 0.0
        left = self._clock.left(total) if rate else math.nan
        on_device = torch.cuda.memory_reserved() if torch.cuda.is_initialized() else 0
        doing = self._where.doing if self._where is not None else ""
        return Progress(self.phase, step, total, rate, left, self._process.memory_info().rss, on_device, doing)


def is_loss(name: str) -> bool:
    """Whether a curve is a loss: a run whose loss is not finite has gone wrong."""
    return view_of(name).endswith("loss")


def lost(name: str, step: int, value: float) -> str:
    """The sentence for a loss that is not finite."""
    what = "is not a number" if math.isnan(value) else "became infinite"
    return f"{name} {what} at step {step:,}; go back to an earlier moment and lower the learning rate."


def _values(values: list[Any]) -> np.ndarray:
    """Points as float64 `[N]`; the ones on a GPU come over in one transfer."""
    device = next((value.device for value in values if isinstance(value, torch.Tensor)), None)
    if device is not None:
        values = torch.stack([torch.as_tensor(value, device=device).double() for value in values]).cpu().tolist()
    return np.asarray(values, np.float64)

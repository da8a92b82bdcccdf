"""What a worker said, kept until the window has time for it.

A thread reads the worker's pipe and copies pictures out of shared memory, so that the pipe never fills and a busy
window never slows training. Points of curves are joined, never dropped; of `Progress` only the newest stays; pictures
cannot pile up, because the worker sends the next one of a name only after `Taken`. Everything else keeps its place in
the order, so a rewind parts the points before it from those after it.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

import numpy as np

from engine.api.frames import Drawn
from engine.api.messages import CurvePoints, Ended, Event, Progress, Rewound, Shown, Started
from engine.api.slots import SlotReader

if TYPE_CHECKING:
    from collections.abc import Callable

Series = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A frame, copied out of shared memory; the worker waits for `Taken` before it sends the next of this name."""

    frame: Drawn
    step: int


@dataclass(frozen=True, slots=True)
class Gone:
    """The worker's process is over; nothing follows."""


@dataclass(slots=True)
class Points:
    """Points that wait: per curve the pieces in order, joined when the window takes them."""

    pieces: dict[str, Series] = field(default_factory=dict)

    def add(self, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Puts new points behind those that wait."""
        for name, piece in curves.items():
            self.pieces.setdefault(name, []).append(piece)

    def joined(self) -> CurvePoints:
        """All of them as one message."""
        return CurvePoints(
            {
                name: (np.concatenate([steps for steps, _ in series]), np.concatenate([values for _, values in series]))
                for name, series in self.pieces.items()
            }
        )


Entry = Event | Arrived | Gone
_BORDERS = (Started, Rewound, Ended)


class Inbox:
    """Listens to one worker in a thread of its own.

    `arrived` is called from that thread when something lies in an inbox that was empty. The thread ends with the
    worker.
    """

    def __init__(self, events: Connection, sentinel: int, arrived: Callable[[], None]) -> None:
        self._events = events
        self._sentinel = sentinel
        self._arrived = arrived
        self._lock = threading.Lock()
        self._waiting: list[Entry | Points] = []
        self._points: Points | None = None
        self._progress: int | None = None
        self._slots = SlotReader()
        self._thread = threading.Thread(target=self._listen, name="inbox", daemon=True)
        self._thread.start()

    def take(self) -> list[Entry]:
        """Everything that arrived since the last call, in order, the points of each stretch joined."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            self._points = self._progress = None
        return [entry.joined() if isinstance(entry, Points) else entry for entry in taken]

    def join(self, timeout: float) -> bool:
        """Waits for the thread, which ends with the worker; whether it did."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _listen(self) -> None:
        try:
            while self._events in wait([self._events, self._sentinel]):
                self._receive(self._events.recv())
        except (EOFError, OSError):
            pass  # the pipe ended: so did the worker, or it is about to
        finally:
            wait([self._sentinel], timeout=1.0)
            self._slots.forget()
            self._put(Gone())
            del self._arrived  # it holds the window's object, which must not be freed by this thread

    def _receive(self, event: Event) -> None:
        if not isinstance(event, Shown):
            self._put(event)
            return
        frame = self._slots.read(event)
        if frame is not None:
            self._put(Arrived(frame, event.step))

    def _put(self, entry: Entry) -> None:
        with self._lock:
            was_empty = not self._waiting
            self._place(entry)
        if was_empty:
            with contextlib.suppress(RuntimeError):  # who listened is gone with its window
                self._arrived()

    def _place(self, entry: Entry) -> None:
        if isinstance(entry, CurvePoints):
            if self._points is None:
                self._points = Points()
                self._waiting.append(self._points)
            self._points.add(entry.curves)
        elif isinstance(entry, Progress) and self._progress is not None:
            self._waiting[self._progress] = entry
        else:
            if isinstance(entry, Progress):
                self._progress = len(self._waiting)
            elif isinstance(entry, _BORDERS):
                self._points = self._progress = None
            self._waiting.append(entry)

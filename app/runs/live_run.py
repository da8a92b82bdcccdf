"""One run as the window follows it: how it stands, which moments it keeps, and the worker that computes it, if one does.

A run outlives its worker: after its end, or after the worker was lost, it can be taken up again from a snapshot.
"""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.api.errors import RunFolderError
from engine.api.records import read_record, snapshot_path, snapshot_steps

if TYPE_CHECKING:
    from app.runs.session import Session
    from engine.api import messages

LIVE = ("starting", "running", "paused", "exploring")
_SAME_GESTURE = 1.0


class LiveRun(QObject):
    """A run with or without a worker. Every signal carries the run first.

    `visiting` is the step of the earlier moment that is shown, while the run is held there; `home` the moment that it
    came from.
    """

    stood = Signal(object)  # the phase, the step, the moments or the changes are other than before
    points = Signal(object, object)  # dict: name -> (steps, values)
    cut = Signal(object, int)  # the run goes on from this step: later points are of the past
    truth = Signal(object, object)  # TruthLine
    shown = Signal(object, object, int)  # frame, step
    changed = Signal(object, object)  # Changed
    rewound = Signal(object, object)  # Rewound
    held = Signal(object, object)  # Held
    warned = Signal(object, str)
    ended = Signal(object, object)  # Ended
    lost = Signal(object, str)

    def __init__(self, lab: str, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lab = lab
        self.folder = folder
        self.session: Session | None = None
        self.phase: messages.Phase | None = None
        self.at = 0
        self.total = 0
        self.rate = 0.0
        self.left = math.nan
        self.memory = 0
        self.device_memory = 0
        self.doing = ""
        self.device = ""
        self.seed = 0
        self.params: dict[str, Any] = {}
        self.moments: tuple[int, ...] = ()
        self.changes: list[tuple[int, str, Any, Any]] = []
        self.forked_from: tuple[str, int] | None = None
        self.last: dict[str, float] = {}
        self.truths: dict[str, tuple[float, str]] = {}
        self.saved_at: float | None = None  # by time.monotonic
        self.trouble = ""
        self.visiting: int | None = None
        self.home: int | None = None
        self._was_running = False
        self._cut_at: int | None = None
        self._after_saving = False
        self._held_start = False
        self._changed_at = 0.0
        self._changes_then = 0
        self._next: tuple[Session, messages.Start] | None = None

    @property
    def name(self) -> str:
        """What tells this run from every other: its folder's name."""
        return self.folder.name

    @property
    def live(self) -> bool:
        """Whether a worker has it open."""
        return self.session is not None and self.phase in LIVE

    @property
    def newest(self) -> Path | None:
        """The file of the newest moment that it keeps."""
        return snapshot_path(self.folder, self.moments[-1]) if self.moments else None

    def read_folder(self) -> None:
        """Takes over what the run's folder says. Raises RunFolderError."""
        record = read_record(self.folder)
        if record.lab != self.lab:
            raise RunFolderError(f"{self.folder.name} is a run of {record.lab}; open it there.")
        self.params, self.seed, self.changes = dict(record.params), record.seed, list(record.changes)
        self.at, self.total, self.device, self.last = record.step, record.total, record.device, dict(record.last)
        self.truths = dict(record.truths)
        self.forked_from, self.moments = record.parent, snapshot_steps(self.folder)
        if not self.live:
            self.phase = (
                "failed" if record.state == "failed" else "finished" if record.state == "finished" else "stopped"
            )

    # What the page asks ----------------------------------------------------------------------------------------------

    def begin(self, session: Session, start: messages.Start) -> None:
        """Runs on this worker; where the run is still live, once it has stopped."""
        if self.live and self.session is session:
            self._next = (session, start)
            session.stop()
            return
        self._take(session)
        self.params.update(start.params)
        self.phase, self.trouble, self.rate, self.left = "starting", "", 0.0, math.nan
        self.visiting, self._held_start = None, start.paused
        self._cut_at = int(Path(start.resume).stem) if start.resume else None  # known before the first point comes
        session.start(start)
        self.stood.emit(self)

    def toggle(self) -> None:
        """Holds a run that goes on, and lets one go on that is held."""
        if self.session is None:
            return
        if self.phase == "paused":
            self.go_on()
        elif self.phase == "running":
            self.session.pause()

    def go_on(self) -> None:
        """Lets the run go on from where it is; after a rewind that makes the earlier moment the present."""
        if self.session is not None:
            self._leave_the_past()
            self.trouble = ""
            self.session.resume()

    def single_step(self, count: int = 1) -> None:
        """Makes one step and holds."""
        if self.session is not None:
            self._leave_the_past()
            self.session.step(count)

    def visit(self, step: int) -> None:
        """Shows the moment of a snapshot and holds there; the present is kept first, so that one can come back to it."""
        if self.session is None or not self.live:
            return
        if self.visiting is None:
            self._was_running = self.phase == "running"
            self.home, self._after_saving = None, True  # a run whose numbers went wrong keeps no such moment
            self.session.save()
        self.session.rewind(step)

    def come_home(self) -> None:
        """Back from an earlier moment to the newest one; goes on if it was going on before."""
        if self.session is not None and self.visiting is not None and self.home is not None:
            self.session.rewind(self.home)

    # What the worker tells -------------------------------------------------------------------------------------------

    def release(self) -> Session | None:
        """Lets go of the worker and hands it over."""
        session, self.session = self.session, None
        if session is not None:
            for signal, slot in self._wires(session):
                with contextlib.suppress(RuntimeError):
                    signal.disconnect(slot)
        return session

    def _take(self, session: Session) -> None:
        self.release()
        self.session = session
        for signal, slot in self._wires(session):
            signal.connect(slot)

    def _wires(self, session: Session) -> list[tuple[Any, Any]]:
        return [
            (session.started, self._on_started),
            (session.points, self._on_points),
            (session.truth, self._on_truth),
            (session.shown, self._on_shown),
            (session.progressed, self._on_progress),
            (session.saved, self._on_saved),
            (session.changed, self._on_changed),
            (session.rewound, self._on_rewound),
            (session.held, self._on_held),
            (session.warned, self._on_warned),
            (session.ended, self._on_ended),
            (session.lost, self._on_lost),
        ]

    def _on_started(self, started: messages.Started) -> None:
        self.at, self.device = started.step, started.device
        self.total = started.total or self.total
        if self.phase == "starting":
            self.phase = "running"
            if self._held_start and self.moments and started.step < self.moments[-1]:
                self.visiting, self.home, self._was_running = started.step, self.moments[-1], False
                self._changes_then = len(self.changes)
        self.stood.emit(self)

    def _on_points(self, curves: dict[str, Any]) -> None:
        if self._cut_at is not None:
            self.cut.emit(self, self._cut_at)
            self._cut_at = None
        for name, (_, values) in curves.items():
            self.last[name] = float(values[-1])
        self.points.emit(self, curves)

    def _on_truth(self, line: messages.TruthLine) -> None:
        self.truths[line.name] = (line.value, line.label)
        self.truth.emit(self, line)

    def _on_shown(self, frame: object, step: int) -> None:
        self.shown.emit(self, frame, step)

    def _on_progress(self, progress: messages.Progress) -> None:
        self.phase, self.at, self.total = progress.phase, progress.step, progress.total or self.total
        self.rate, self.left = progress.rate, progress.left
        self.memory, self.device_memory, self.doing = progress.memory, progress.device_memory, progress.doing
        self.stood.emit(self)

    def _on_saved(self, saved: messages.Saved) -> None:
        self.moments, self.saved_at = saved.steps, time.monotonic()
        self.at = max(self.at, saved.step) if self.visiting is None else self.at
        if self._after_saving:
            self._after_saving, self.home = False, saved.step
        self.stood.emit(self)

    def _on_changed(self, change: messages.Changed) -> None:
        now, old = time.monotonic(), change.old
        if self.changes and self.changes[-1][1] == change.name and now - self._changed_at < _SAME_GESTURE:
            old = self.changes.pop()[2]
        self._changed_at = now
        self.changes.append((change.step, change.name, old, change.new))
        self.params[change.name] = change.new
        self.changed.emit(self, change)
        self.stood.emit(self)

    def _on_rewound(self, back: messages.Rewound) -> None:
        self.at, self._cut_at = back.step, back.step
        self.trouble, self._after_saving = "", False
        self.params.update(back.params)
        if back.step == self.home:
            self.visiting = None
            if self._was_running and self.session is not None:
                self.session.resume()
        else:
            self.visiting, self._changes_then = back.step, len(self.changes)
        self.rewound.emit(self, back)
        self.stood.emit(self)

    def _on_held(self, held: messages.Held) -> None:
        self.phase, self.trouble = "paused", held.reason
        self.held.emit(self, held)
        self.stood.emit(self)

    def _on_warned(self, text: str) -> None:
        self.warned.emit(self, text)

    def _on_ended(self, ended: messages.Ended) -> None:
        if self._next is not None:
            (session, start), self._next = self._next, None
            self.phase = ended.phase
            self.begin(session, start)
            return
        if ended.phase != "failed":
            self.at = ended.step
        self._stand_still(ended.phase, ended.summary)
        self.ended.emit(self, ended)
        self.stood.emit(self)

    def _on_lost(self, sentence: str) -> None:
        self.release()
        self._next = None
        self._stand_still("failed", sentence)
        self.lost.emit(self, sentence)
        self.stood.emit(self)

    def _stand_still(self, phase: messages.Phase, trouble: str) -> None:
        self.phase, self.trouble, self.rate, self.left = phase, trouble, 0.0, math.nan
        self.doing = ""
        self.visiting = None
        self.moments = snapshot_steps(self.folder)

    def _leave_the_past(self) -> None:
        """An earlier moment becomes the present: what came after it is forgotten here as it is in the folder."""
        if self.visiting is None:
            return
        step, self.visiting = self.visiting, None
        self.moments = tuple(moment for moment in self.moments if moment <= step)
        past, since = self.changes[: self._changes_then], self.changes[self._changes_then :]
        self.changes = [change for change in past if change[0] < step] + since
        self.stood.emit(self)

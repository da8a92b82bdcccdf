"""`main.py run`: a lab without a window. A progress bar on stderr; curves, snapshots, pictures and `result.json` in the run's folder."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import torch

from engine.api.errors import RunFolderError, StudioError
from engine.api.frames import Drawn, Truth, view_of
from engine.api.lab import Lab
from engine.api.messages import Event, Progress, Warned
from engine.api.records import read_record, write_text_atomically
from engine.api.words import duration, number, plural
from engine.run.arrays import with_numpy
from engine.run.clock import Clock
from engine.run.context import Context, Setting
from engine.run.device import pick_device
from engine.run.folder import RunFolder, removed_if_refused, unwritten
from engine.run.keeper import Keeper
from engine.run.media import write_media
from engine.run.outbox import is_loss, lost
from engine.run.ranks import Ranks, joined
from engine.run.runner import copy_history, find_snapshot, known_values, make_params, run_lab
from engine.run.sink import NullSink
from engine.run.steering import Steering
from engine.run.worker import new_record

if TYPE_CHECKING:
    from engine.run.snapshots import Snapshot

_PICTURES = 10
_FLUSH = 2.0
_BAR = 24


@dataclass(frozen=True)
class Order:
    """What the person asked for. `resume`: a run's folder or a snapshot. `out`: the run's folder (None with `resume`: go on in place)."""

    lab: Lab
    values: dict[str, Any]
    seed: int = 0
    device: str = "auto"
    out: Path | None = None
    resume: Path | None = None
    ranks: Ranks = field(default_factory=Ranks)


class FolderSink:
    """Points of curves to disk every two seconds, pictures to `media/` ten times in a run, progress to stderr."""

    def __init__(self, folder: RunFolder, steering: Steering, bar: Bar) -> None:
        self._folder = folder
        self._steering = steering
        self._bar = bar
        self._curves: dict[str, tuple[list[int], list[float]]] = {}
        self._flushed = time.monotonic()
        self._drawn: dict[str, tuple[int, int]] = {}
        self._warned = False
        self.context: Context | None = None

    def wants(self, name: str) -> bool:
        """At the start of each tenth of the run, and at its end; before it has steps, or where it has none, once."""
        assert self.context is not None
        step, total = self.context.step, self.context.total
        part = (total, step * _PICTURES // total if total else 0)
        if self._drawn.get(view_of(name)) == part:
            return False
        self._drawn[view_of(name)] = part
        return True

    def scalar(self, name: str, step: int, value: Any) -> None:
        """Keeps the point for the next write."""
        value = float(value)
        if not math.isfinite(value) and is_loss(name):
            self._steering.break_off(lost(name, step, value))
        steps, values = self._curves.setdefault(name, ([], []))
        steps.append(step)
        values.append(value)
        if time.monotonic() - self._flushed > _FLUSH:
            self.flush()
        self._bar.draw(self.context, name, value)

    def truth(self, truth: Truth) -> None:
        """Keeps theory's value in the record."""
        self._folder.record.truths[truth.name] = (float(truth.value), truth.label)

    def show(self, frame: Drawn, step: int) -> None:
        """Writes the picture."""
        with self._going_on():
            write_media(self._folder.path, with_numpy(frame), step)

    def tell(self, event: Event) -> None:
        """Says what a person should know."""
        if isinstance(event, Warned):
            self._bar.say(event.text)
        elif isinstance(event, Progress) and event.doing:
            self._bar.note(event.doing)

    def keep(self) -> None:
        """A run that is killed loses no point before its newest snapshot."""
        self.flush()

    def flush(self) -> None:
        """Writes the points that are waiting; what a full disk does not take is tried again with the next."""
        self._flushed = time.monotonic()
        curves, self._curves = self._curves, {}
        for name, (steps, values) in curves.items():
            with self._going_on():
                self._folder.append(
                    name, torch.tensor(steps).numpy(), torch.tensor(values, dtype=torch.float64).numpy()
                )
        if self.context is not None:
            self._folder.record.step, self._folder.record.total = self.context.step, self.context.total
        with self._going_on():
            self._folder.write_record()

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """A disk that takes no more is told once, and training goes on: there may be room again before its end."""
        try:
            yield
        except OSError as error:
            if not self._warned:
                self._warned = True
                self._bar.say(f"The run cannot be written to disk ({error.strerror}); it goes on.")


class Bar:
    """One line on stderr that is drawn over and over; only milestones where stderr is not a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._clock = Clock()
        self._next = 0.0
        self._tenth = -1

    def draw(self, context: Context | None, name: str, value: float) -> None:
        """Draws at most ten times a second (to a file: at each tenth of the run)."""
        now = time.monotonic()
        if context is None or not context.total:
            return
        tenth = context.step * 10 // context.total
        if (now < self._next) if self._live else (tenth == self._tenth):
            return
        self._next, self._tenth = now + 0.1, tenth
        self._clock.mark(context.step)
        done = round(_BAR * context.step / context.total)
        rate, left = self._clock.rate, self._clock.left(context.total)
        line = (
            f"[{'█' * done}{'·' * (_BAR - done)}] step {context.step:,} of {context.total:,}"
            f"  {number(rate)} steps/s  {duration(left)} left  {name} {number(value)}"
        )
        self._stream.write(f"\r\x1b[K{line}" if self._live else line + "\n")
        self._stream.flush()

    def note(self, text: str) -> None:
        """A line that the next one replaces; nothing where stderr is not a terminal."""
        if self._live:
            self._stream.write(f"\r\x1b[K{text}")
            self._stream.flush()

    def say(self, text: str) -> None:
        """A whole line."""
        self._stream.write(f"\r\x1b[K{text}\n" if self._live else text + "\n")
        self._stream.flush()


def run_headless(order: Order) -> int:
    """Runs to the end (or to Ctrl+C, which saves). Returns the exit status. Raises StudioError for bad input."""
    device = pick_device(order.device, order.ranks.local_rank)
    if order.ranks.world > 1 and not order.lab.distributed:
        raise StudioError(f"The lab {order.lab.id} does not train data-parallel; run it without torchrun.")
    resume, source = find_snapshot(order.resume, order.lab.id) if order.resume is not None else (None, None)
    path = order.out or source
    assert path is not None
    values = (known_values(order.lab, resume.params) if resume else {}) | order.values
    params = make_params(order.lab, values)
    with joined(order.ranks, device):
        if order.ranks.rank > 0:
            setting = Setting(order.lab, params, device, NullSink(), Steering(), order.seed, None, resume, order.ranks)
            run_lab(setting)
            return 0
        with removed_if_refused(path):
            return _run_in_folder(order, path, source, params, device, resume)


def _run_in_folder(
    order: Order, path: Path, source: Path | None, params: Any, device: torch.device, resume: Snapshot | None
) -> int:
    record = new_record(order.lab, params, order.seed, device)
    if (path / "run.json").exists():
        if source is None or path.resolve() != source.resolve():
            raise RunFolderError(f"{path} already holds a run; choose another --out, or go on with --resume {path}.")
        record = replace(read_record(path), params=record.params, device=record.device, state="running", error="")
    steering, bar = Steering(), Bar(sys.stderr)
    if source is not None and source.resolve() != path.resolve():
        record.parent = (source.name, resume.step if resume else 0)
        copy_history(source, path, record.parent[1])
    with RunFolder(path, record) as folder, _interruptible(steering, bar):
        sink = FolderSink(folder, steering, bar)
        setting = Setting(
            lab=order.lab,
            params=params,
            device=device,
            sink=sink,
            steering=steering,
            seed=record.seed,
            keeper=Keeper(path),
            resume=resume,
            ranks=order.ranks,
            go_on=None if resume is None else (lambda: folder.rewind(resume.step)),
        )
        return _run_and_report(setting, sink, folder, bar)


def _run_and_report(setting: Setting, sink: FolderSink, folder: RunFolder, bar: Bar) -> int:
    begun = time.perf_counter()
    try:
        context = run_lab(setting, lambda made: _follow(sink, made))
    except BaseException as error:
        folder.record.state, folder.record.error = "failed", f"{type(error).__name__}: {error}"
        sink.flush()
        raise
    if setting.steering.stop:
        context.save()
    seconds = time.perf_counter() - begun
    finished = not setting.steering.stop
    folder.record.state = "finished" if finished else "failed" if setting.steering.broken else "stopped"
    folder.record.error = setting.steering.held
    sink.flush()
    result = {"lab": setting.lab.id, "steps": context.step, "seconds": round(seconds, 3), "scalars": folder.record.last}
    try:
        write_text_atomically(folder.path / "result.json", json.dumps(result, indent=1) + "\n")
    except OSError as error:
        raise unwritten(folder.path, error) from error
    if setting.steering.broken:
        bar.say(f"The run ended: {setting.steering.held}")
        return 1
    bar.say(
        f"{'Done' if finished else 'Stopped'}: {plural(context.step, 'step')} in {duration(seconds)}; the run is in {folder.path}"
    )
    return 0


def _follow(sink: FolderSink, context: Context) -> None:
    sink.context = context


class _interruptible:  # reads as a verb in a with statement
    """Ctrl+C ends the run after the step that is running, with everything saved; a second one ends it at once."""

    def __init__(self, steering: Steering, bar: Bar) -> None:
        self._steering = steering
        self._bar = bar
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, self._interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._steering.stop:
            raise KeyboardInterrupt
        self._steering.stop = True
        self._bar.say("Stopping after this step; the run is being saved.")

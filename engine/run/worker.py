"""The worker process: waits for a run, runs it, and answers the window meanwhile. It ends when the window does.

One run at a time, on one thread that computes; an outbox thread carries frames away. A command takes effect between two steps.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import platform
import threading
import time
import traceback
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.api.errors import StudioError
from engine.api.messages import (
    CancelProof,
    Change,
    ChecksDone,
    CheckStarted,
    Command,
    Ended,
    Pause,
    Phase,
    Prove,
    Quit,
    Ready,
    Rename,
    Resume,
    Rewind,
    Rewound,
    Save,
    Speed,
    Start,
    Started,
    Step,
    Stop,
    Taken,
    Warm,
    Warned,
    Watch,
)
from engine.api.params import params_to_json
from engine.api.records import RunRecord, read_record, snapshot_path
from engine.api.slots import SlotWriter
from engine.run.checks import CheckCancelled, CheckContext, run_check
from engine.run.context import Context, Setting
from engine.run.device import device_words, pick_device
from engine.run.discovery import load
from engine.run.folder import RunFolder, removed_if_refused
from engine.run.keeper import Keeper
from engine.run.outbox import Outbox
from engine.run.runner import copy_history, find_snapshot, known_values, make_params, run_lab
from engine.run.snapshots import Snapshot, read_snapshot
from engine.run.steering import Steering
from engine.run.uncompiled import keep_compiler_out

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from engine.api.lab import Lab

_PARENT_PERIOD = 0.5
_GRACE = 5.0


class PipeSteering(Steering):
    """Filled from the window's pipe."""

    def __init__(self, commands: Connection) -> None:
        super().__init__(interactive=True)
        self.quit = False
        self.cancel_proof = False
        self.outbox: Outbox | None = None
        self.idle_prove = ""
        self.warm = ""
        self.start: Start | None = None
        self._commands = commands

    def poll(self, timeout: float = 0.0) -> None:
        """Reads every command that has come; a closed pipe means that the window is gone.

        What comes after a `Start` is meant for that run: it stays in the pipe until the run has begun.
        """
        try:
            while self.start is None and self._commands.poll(timeout):
                self.take(self._commands.recv())
                timeout = 0.0
        except (EOFError, OSError):
            self.stop = self.quit = True
        if self.outbox is not None and self.outbox.behind():
            self.poked = True

    def take(self, command: Command) -> None:  # noqa: C901  # one flat table of commands reads best
        """Notes what one command asks for."""
        match command:
            case Start():
                self.start, self.stop = command, True
            case Pause():
                self.paused = True
            case Resume():
                self.paused, self.broken = False, False
            case Step(count):
                self.paused, self.budget = True, self.budget + count
            case Stop():
                self.stop = True
            case Change(name, value):
                self.changes[name] = value
                self._redraw()
            case Watch(views):
                if self.outbox is not None:
                    self.outbox.watched = None if views is None else frozenset(views)
                self._redraw()
            case Taken(name):
                if self.outbox is not None:
                    self.outbox.taken(name)
            case Speed(per_second):
                self.speed = max(0.0, per_second)
            case Save():
                self.save = True
            case Rename(title):
                if self.outbox is not None:
                    self.outbox.rename(title)
            case Rewind(step):
                self.rewind = step
            case Prove(lab):
                self.prove, self.idle_prove, self.cancel_proof = True, lab, False
            case Warm(lab):
                self.warm = lab
            case CancelProof():
                self.cancel_proof = True
            case Quit():
                self.stop = self.quit = True

    def proof_is_over(self) -> bool:
        """Whether the person has stopped the checks, or everything."""
        self.poll()
        return self.stop or self.cancel_proof

    def _redraw(self) -> None:
        self.poked = True
        if self.outbox is not None:
            self.outbox.redraw()


class Worker:
    """Serves one window until it quits."""

    def __init__(self, commands: Connection, events: Connection) -> None:
        self._steering = PipeSteering(commands)
        self._events = events
        self._slots = SlotWriter()

    def serve(self) -> None:
        """Waits for commands; every run and every proof happens inside."""
        self._events.send(Ready(os.getpid(), device_words(pick_device("auto"))))
        try:
            while not self._steering.quit:
                self._steering.poll(_PARENT_PERIOD)
                self._serve_once()
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            self._slots.close()

    def _serve_once(self) -> None:
        steering = self._steering
        if steering.start is not None:
            start, steering.start = steering.start, None
            self._reset()
            self._run(start)
        elif steering.prove:
            steering.prove = False
            steering.stop = False
            self._prove_alone(steering.idle_prove)
        elif steering.warm:
            lab, steering.warm = steering.warm, ""
            warm_up(lab)

    def _reset(self) -> None:
        """What was asked of the last run does not bind the next one."""
        steering = self._steering
        steering.stop = steering.paused = steering.save = steering.prove = steering.broken = False
        steering.budget, steering.rewind, steering.held, steering.speed = 0, None, "", 0.0
        steering.changes.clear()

    def _run(self, start: Start) -> None:
        phase: Phase = "failed"
        step, summary, details = 0, "", ""
        try:
            phase, step = Run(start, self._steering, self._events, self._slots).go()
        except StudioError as error:
            summary, details = str(error), traceback.format_exc()
        except Exception as error:  # noqa: BLE001  # the border: whatever a lab raises is told, and the worker lives on
            summary, details = f"{type(error).__name__}: {error}", traceback.format_exc()
        self._events.send(Ended(phase, step, summary, details))

    def _prove_alone(self, lab_id: str) -> None:
        try:
            lab = load(lab_id)
        except StudioError as error:
            self._events.send(Warned(str(error)))
            return
        device = pick_device("auto")
        prove(lab, CheckContext(lab, device, cancelled=self._steering.proof_is_over), self._events.send)


class Run:
    """One run inside the worker: its folder, its outbox, and the moments it goes back to."""

    def __init__(self, start: Start, steering: PipeSteering, events: Connection, slots: SlotWriter) -> None:
        self._start = start
        self._steering = steering
        self._events = events
        self._slots = slots
        self._lab = load(start.lab)
        self._device = pick_device(start.device)
        self._path = Path(start.folder)

    def go(self) -> tuple[Phase, int]:
        """Runs to the end; how it ended, and at which step. Raises whatever the lab raises."""
        with removed_if_refused(self._path):
            resume = self._moment(self._start.resume)
            return self._in_folder(self._params(resume), resume)

    def _in_folder(self, params: Any, resume: Snapshot | None) -> tuple[Phase, int]:
        with RunFolder(self._path, self._record(params)) as folder:
            outbox = Outbox(self._events, self._slots, folder, self._steering)
            outbox.watched = None if self._start.watch is None else frozenset(self._start.watch)
            self._steering.outbox = outbox
            self._steering.paused, self._steering.speed = self._start.paused, self._start.speed
            try:
                context = self._run_and_rewind(folder, outbox, params, resume)
            except BaseException as error:
                folder.record.state, folder.record.error = "failed", f"{type(error).__name__}: {error}"
                raise
            finally:
                self._steering.outbox = None
                outbox.close()
            finished = context.total > 0 and context.step >= context.total
            folder.record.step, folder.record.total = context.step, context.total
            folder.record.state = "finished" if finished else "stopped"
            return ("finished" if finished else "stopped"), context.step

    def _moment(self, path: str) -> Snapshot | None:
        if not path:
            return None
        snapshot, source = find_snapshot(Path(path), self._lab.id)
        if source.resolve() != self._path.resolve():
            copy_history(source, self._path, snapshot.step)
        return snapshot

    def _params(self, resume: Snapshot | None) -> Any:
        values = known_values(self._lab, resume.params) if resume else {}
        return make_params(self._lab, values | self._start.params)

    def _record(self, params: Any) -> RunRecord:
        """The record of a resumed run is carried on, any other begins."""
        fresh = new_record(self._lab, params, self._start.seed, self._device)
        if (self._path / "run.json").is_file():
            old = read_record(self._path)
            return replace(
                old, params=fresh.params, device=fresh.device, versions=fresh.versions, state="running", error=""
            )
        fresh.parent = self._start.parent
        return fresh

    def _run_and_rewind(self, folder: RunFolder, outbox: Outbox, params: Any, resume: Snapshot | None) -> Context:
        """Runs; where the person goes back to an earlier moment, runs again from there."""
        while True:
            keeper = Keeper(self._path, self._start.keep, self._start.every)
            setting = Setting(
                lab=self._lab,
                params=params,
                device=self._device,
                sink=outbox,
                steering=self._steering,
                seed=folder.record.seed,
                keeper=keeper,
                resume=resume,
                prove=partial(self._prove_live, outbox),
                go_on=None if resume is None else partial(self._go_on, folder, keeper, resume.step),
            )
            context = run_lab(setting, lambda made: self._begin(made, outbox, folder))
            if self._steering.rewind is None or self._steering.stop:
                context.save()
                return context
            resume = self._rewind(self._steering.rewind, outbox) or context.moment()
            params = make_params(self._lab, known_values(self._lab, resume.params))
            folder.record.params = params_to_json(self._lab.fields, params)

    def _begin(self, context: Context, outbox: Outbox, folder: RunFolder) -> None:
        outbox.follow(context)
        outbox.phase = "running"
        device = device_words(self._device)
        outbox.tell(Started(str(self._path), self._lab.id, context.step, context.total, device))

    def _go_on(self, folder: RunFolder, keeper: Keeper, step: int) -> None:
        """The run goes on from an earlier moment: what came after it is of the past."""
        folder.rewind(step)
        keeper.leave_behind(step)

    def _rewind(self, step: int, outbox: Outbox) -> Snapshot | None:
        """The moment to go back to, held there; None (and a word to the person) if it cannot be read."""
        steering = self._steering
        steering.rewind, steering.paused, steering.broken, steering.budget = None, True, False, 0
        steering.poked = True
        try:
            snapshot = read_snapshot(snapshot_path(self._path, step), self._lab.id)
        except StudioError as error:
            outbox.tell(Warned(str(error)))
            return None
        outbox.flush()
        outbox.tell(Rewound(step, snapshot.params))
        outbox.redraw()
        return snapshot

    def _prove_live(self, outbox: Outbox, context: Context) -> None:
        live = CheckContext(
            self._lab,
            self._device,
            params=context.params,
            live=context.tracked,
            seed=context.seed,
            cancelled=self._steering.proof_is_over,
        )
        with context.undisturbed():
            prove(self._lab, live, outbox.tell)


def prove(lab: Lab, context: CheckContext, send: Any) -> None:
    """Runs every check of a lab and tells of each; ends early when the person stops."""
    for index, check in enumerate(lab.checks):
        send(CheckStarted(lab.id, check.title, index, len(lab.checks)))
        try:
            send(run_check(lab, check, context))
        except CheckCancelled:
            break
    send(ChecksDone(lab.id))


def warm_up(lab_id: str) -> None:
    """Imports a lab, and what torch imports only when the first optimiser is made (seconds), before anyone waits for it."""
    with contextlib.suppress(StudioError):  # a lab that does not load says so when it is started
        load(lab_id)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def new_record(lab: Lab, params: Any, seed: int, device: torch.device) -> RunRecord:
    """The record of a run that begins now."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return RunRecord(
        lab=lab.id,
        params=params_to_json(lab.fields, params),
        seed=seed,
        device=device_words(device),
        title=lab.title,
        created=time.time(),
        versions=versions,
    )


def serve(commands: Connection, events: Connection, threads: int) -> None:
    """The child's main function: serves until `Quit`, and never outlives its window."""
    torch.set_num_threads(max(1, threads))
    keep_compiler_out()
    threading.Thread(target=_watch_parent, name="parent-watch", daemon=True).start()
    Worker(commands, events).serve()


def _watch_parent() -> None:
    """A step may take long; a worker whose window is gone must still end."""
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        time.sleep(_PARENT_PERIOD)
    time.sleep(_GRACE)
    os._exit(1)

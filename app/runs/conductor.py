"""The runs of one page: which of them live, which is in front, and which worker computes what.

The one in front has the views, the controls and the run bar; the others go on behind it, and their workers draw
nothing. A person starts, forks and rewinds through here; the page only shows what the signals say.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.runs.live_run import LiveRun
from engine.api.errors import StudioError
from engine.api.messages import CheckRow, CheckStarted, Saved, Start
from engine.api.params import find_field
from engine.api.records import new_run_folder, snapshot_path

if TYPE_CHECKING:
    from pathlib import Path

    from app.runs.host import Host
    from app.runs.session import Session
    from engine.api.lab import LabInfo

MOST_LIVE = 4


class Conductor(QObject):
    """Starts, follows and ends the runs of one lab. `runs`: the folder that new runs go to."""

    added = Signal(object)  # LiveRun: connect to its signals
    fronted = Signal(object)  # LiveRun, or None: what the page shows now
    refused = Signal(str)  # a sentence: why something that was asked for was not done
    check_started = Signal(object)  # CheckStarted
    check_row = Signal(object)  # CheckRow
    proof_ended = Signal(str)  # "" or why the proof broke off

    def __init__(self, info: LabInfo, host: Host, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.front: LiveRun | None = None
        self.runs: dict[str, LiveRun] = {}
        self.proving = False
        self._info = info
        self._host = host
        self._root = runs
        self._idle: list[Session] = []
        self._owned: list[Session] = []
        self._watched: tuple[str, ...] = ()
        self._speed = 0.0
        self._prover: Session | None = None
        self._start_wanted: tuple[dict[str, Any], int] | None = None
        self._fork_wanted: tuple[LiveRun, str, Any] | None = None

    # Starting --------------------------------------------------------------------------------------------------------

    def start(self, params: dict[str, Any], seed: int = 0) -> None:
        """Starts a fresh run with these parameters (JSON), in front. The one that was in front ends, and is kept."""
        front = self.front
        if front is not None and front.live and front.session is not None:
            self._start_wanted = (params, seed)
            front.session.stop()
            return
        if self._too_many():
            return
        folder = self._new_folder()
        if folder is not None:
            run = self._add(folder)
            run.seed = seed
            self._begin(run, Start(self._info.id, str(folder), params, seed))

    def take_up(self, run: LiveRun, params: dict[str, Any] | None = None, paused: bool = False, step: int = -1) -> None:
        """Takes up a run that stands still, from its newest moment or that of `step`, with `params` (JSON) changed."""
        moment = snapshot_path(run.folder, step) if step >= 0 else run.newest
        if moment is None:
            self.refused.emit("This run kept no moment to go on from; start again with the same parameters.")
            return
        if not run.live and self._too_many():
            return
        start = Start(self._info.id, str(run.folder), params or {}, run.seed, resume=str(moment), paused=paused)
        self._begin(run, start)

    def open(self, folder: Path) -> LiveRun | None:
        """Brings a run to the front; one that does not live here stands still until it is taken up."""
        run = self.runs.get(folder.name)
        if run is None:
            run = LiveRun(self._info.id, folder, self)
            try:
                run.read_folder()
            except StudioError as error:
                run.deleteLater()
                self.refused.emit(str(error))
                return None
            self._adopt(run)
        elif not run.live:
            with contextlib.suppress(StudioError):
                run.read_folder()
        self.bring_to_front(run)
        return run

    def forget(self, folder: Path) -> None:
        """Lets go of a run whose folder goes away."""
        run = self.runs.pop(folder.name, None)
        if run is None:
            return
        if run is self.front:
            self.bring_to_front(None)
        run.deleteLater()

    # Steering --------------------------------------------------------------------------------------------------------

    def bring_to_front(self, run: LiveRun | None) -> None:
        """Shows another run; the one that was in front goes on unseen."""
        if run is self.front:
            return
        if self.front is not None and self.front.session is not None:
            self.front.session.watch(())
        self.front = run
        self.fronted.emit(run)
        if run is not None and run.session is not None:
            run.session.watch(self._watched)

    def watch(self, views: tuple[str, ...]) -> None:
        """These views can be seen; nothing else is computed."""
        if views == self._watched:
            return
        self._watched = views
        if self.front is not None and self.front.session is not None:
            self.front.session.watch(views)

    def speed(self, per_second: float) -> None:
        """At most so many steps a second from now on; 0 is free."""
        self._speed = per_second
        if self.front is not None and self.front.session is not None:
            self.front.session.speed(per_second)

    def stop(self) -> None:
        """Ends the run in front."""
        if self.front is not None and self.front.session is not None and self.front.live:
            self.front.session.stop()

    def visit(self, step: int) -> None:
        """Shows an earlier moment of the run in front, whether it lives or not."""
        if self.front is None:
            return
        if self.front.live:
            self.front.visit(step)
        else:
            self.take_up(self.front, paused=True, step=step)

    def fork(self, name: str, value: Any) -> None:
        """Starts a second run from the moment that is shown, with one parameter changed (JSON) and the same seed.

        What a parameter that is not live changes is built when a run starts, so such a fork starts at step 0. The run
        that was forked goes on as it was.
        """
        run = self.front
        if run is None or self._too_many():
            return
        if not find_field(self._info.fields, name).control.live:
            self._fork_from(run, None, name, value)
        elif run.visiting is not None:
            step = run.visiting
            self._fork_from(run, step, name, value)
            run.come_home()
        elif run.live and run.session is not None and not run.trouble:
            self._fork_wanted = (run, name, value)
            run.session.saved.connect(self._fork_when_saved)
            run.session.save()
        elif run.moments:
            self._fork_from(run, run.moments[-1], name, value)
        else:
            self._fork_from(run, None, name, value)

    # Proving ---------------------------------------------------------------------------------------------------------

    def prove(self) -> None:
        """Runs the lab's checks: on the live model if there is one, else on an idle worker."""
        if self.proving:
            return
        front = self.front.session if self.front is not None and self.front.live else None
        if front is None:
            front = self._free_session()
            self._idle.append(front)
        self._prover, self.proving = front, True
        front.prove(self._info.id)

    def cancel_proof(self) -> None:
        """Leaves the checks that have not run."""
        if self._prover is not None:
            self._prover.cancel_proof()

    # The end ---------------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether any run of this page goes on."""
        return any(run.phase in ("starting", "running") and run.live for run in self.runs.values())

    def close(self) -> None:
        """Lets every worker save its run and leave."""
        for run in self.runs.values():
            run.release()
        for session in self._owned:
            self._unwire(session)
            session.close()
        self._owned.clear()
        self._idle.clear()
        self.runs.clear()
        self.front = self._prover = None

    # Inside ----------------------------------------------------------------------------------------------------------

    def _begin(self, run: LiveRun, start: Start) -> None:
        session = run.session if run.live and run.session is not None else self._free_session()
        run.begin(session, replace(start, watch=self._watched, speed=self._speed))
        self.bring_to_front(run)

    def _fork_when_saved(self, saved: Saved) -> None:
        if self._fork_wanted is None:
            return
        (run, name, value), self._fork_wanted = self._fork_wanted, None
        if run.session is not None:
            run.session.saved.disconnect(self._fork_when_saved)
        self._fork_from(run, saved.step, name, value)

    def _fork_from(self, run: LiveRun, step: int | None, name: str, value: Any) -> None:
        folder = self._new_folder()
        if folder is None:
            return
        fork = self._add(folder)
        fork.seed, fork.forked_from = run.seed, (run.name, step or 0)
        fork.params = dict(run.params)
        if step is None:
            start = Start(self._info.id, str(folder), {**run.params, name: value}, run.seed, parent=(run.name, 0))
        else:
            moment = str(snapshot_path(run.folder, step))
            start = Start(self._info.id, str(folder), {name: value}, run.seed, resume=moment, parent=(run.name, step))
        self._begin(fork, start)

    def _new_folder(self) -> Path | None:
        try:
            return new_run_folder(self._root, self._info.id)
        except StudioError as error:
            self.refused.emit(str(error))
            return None

    def _add(self, folder: Path) -> LiveRun:
        run = LiveRun(self._info.id, folder, self)
        self._adopt(run)
        return run

    def _adopt(self, run: LiveRun) -> None:
        self.runs[run.name] = run
        run.ended.connect(self._on_ended)
        run.lost.connect(self._on_lost)
        run.warned.connect(self._on_warned)
        self.added.emit(run)

    def _too_many(self) -> bool:
        if sum(run.live for run in self.runs.values()) < MOST_LIVE:
            return False
        self.refused.emit(f"{MOST_LIVE} runs of this lab are open; stop one of them first.")
        return True

    def _free_session(self) -> Session:
        for session in self._idle:
            if session.alive and session is not self._prover:
                self._idle.remove(session)
                return session
        session = self._host.session()
        self._owned.append(session)
        session.check_started.connect(self._on_check_started)
        session.check_row.connect(self._on_check_row)
        session.checks_done.connect(self._on_checks_done)
        session.gone.connect(self._on_gone)
        return session

    def _unwire(self, session: Session) -> None:
        for signal, slot in (
            (session.check_started, self._on_check_started),
            (session.check_row, self._on_check_row),
            (session.checks_done, self._on_checks_done),
            (session.gone, self._on_gone),
        ):
            with contextlib.suppress(RuntimeError):
                signal.disconnect(slot)

    def _on_ended(self, run: LiveRun, ended: object) -> None:
        session = run.release()
        if session is not None and session.alive:
            self._idle.append(session)
        with contextlib.suppress(OSError):
            run.folder.rmdir()  # nothing was written: the run never began
        if self._start_wanted is not None:
            (params, seed), self._start_wanted = self._start_wanted, None
            self.start(params, seed)

    def _on_lost(self, run: LiveRun, sentence: str) -> None:
        if self._fork_wanted is not None and self._fork_wanted[0] is run:
            self._fork_wanted = None

    def _on_warned(self, run: LiveRun, text: str) -> None:
        """The moment that a fork waits for could not be written: the fork is off."""
        if self._fork_wanted is not None and self._fork_wanted[0] is run and run.session is not None:
            self._fork_wanted = None
            run.session.saved.disconnect(self._fork_when_saved)
            self.refused.emit("The run was not forked, for lack of a moment to fork it from.")

    def _on_gone(self, session: Session) -> None:
        self._owned = [kept for kept in self._owned if kept is not session]
        self._idle = [kept for kept in self._idle if kept is not session]
        if session is self._prover:
            self._finish_proof("The worker was lost in the middle of the proof; prove it again.")

    def _on_check_started(self, check: CheckStarted) -> None:
        self.check_started.emit(check)

    def _on_check_row(self, row: CheckRow) -> None:
        self.check_row.emit(row)

    def _on_checks_done(self, lab: str) -> None:
        self._finish_proof("")

    def _finish_proof(self, trouble: str) -> None:
        self.proving, self._prover = False, None
        self.proof_ended.emit(trouble)

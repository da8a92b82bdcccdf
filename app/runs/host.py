"""The worker processes of one window.

Starting one costs two seconds (torch is imported), so one is always ready: it is started after the window has painted,
handed out with the first run, and replaced when nothing trains.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs.session import Moments, Session
from engine.api import door

if TYPE_CHECKING:
    from app.runs.worker import Serve
    from engine.api.messages import Ready

_BREATH_MS = 6000
_PATIENCE = 4.0


class Host(QObject):
    """Hands out workers and ends them all. `threads`: torch's number of threads in each; `serve`: what a child runs."""

    ready = Signal(object)  # Ready, of the first worker: what "auto" means on this machine

    def __init__(self, threads: int, parent: QObject | None = None, serve: Serve = door.serve) -> None:
        super().__init__(parent)
        self._threads = threads
        self._serve = serve
        self._spare: Session | None = None
        self._sessions: list[Session] = []
        self._closed = False
        self._lab = ""
        self.about: Ready | None = None
        self.moments = Moments()
        self._breath = QTimer(self, singleShot=True, interval=_BREATH_MS)
        self._breath.timeout.connect(self._replace)

    def prestart(self) -> None:
        """Starts a spare worker, if there is none."""
        if self._spare is None and not self._closed:
            self._spare = self._make()
            if self._lab:
                self._spare.warm(self._lab)

    def warm(self, lab: str) -> None:
        """The lab that is likely to be started next: the spare worker imports it in advance."""
        if lab != self._lab:
            self._lab = lab
            if self._spare is not None:
                self._spare.warm(lab)

    def session(self) -> Session:
        """A worker for the caller alone, until its `close()`: the spare one if there is one."""
        self.prestart()
        if self._spare is None:
            raise RuntimeError("the host is closed")
        taken, self._spare = self._spare, None
        self._breath.start()
        return taken

    def close(self) -> None:
        """Lets every worker save and leave, all at once; ends what has not left after four seconds, and at once what never ran."""
        self._closed = True
        self._breath.stop()
        self._spare = None
        for session in [session for session in self._sessions if session.phase is None]:
            session.end(0.0)
        leaving = list(self._sessions)
        for session in leaving:
            session.close()
        until = time.monotonic() + _PATIENCE
        for session in leaving:
            session.end(max(0.1, until - time.monotonic()))

    def _make(self) -> Session:
        session = Session(self._serve, self._threads, self, self.moments)
        session.ready.connect(self._meet)
        session.gone.connect(self._forget)
        self._sessions.append(session)
        return session

    def _meet(self, about: Ready) -> None:
        if self.about is None:
            self.about = about
            self.ready.emit(about)

    def _replace(self) -> None:
        if any(session.phase in ("starting", "running") for session in self._sessions):
            self._breath.start()
        else:
            self.prestart()

    def _forget(self, session: Session) -> None:
        self._sessions.remove(session)
        if self._spare is session:
            self._spare = None
        session.deleteLater()

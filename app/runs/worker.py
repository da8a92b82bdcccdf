"""One child process with its two pipes and the two threads that serve them. Knows nothing of Qt."""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import TYPE_CHECKING

from app.runs.inbox import Inbox
from app.runs.post import Post
from engine.api.messages import Quit

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext

    Serve = Callable[[Connection, Connection, int], None]

CONTEXT: SpawnContext | ForkServerContext = multiprocessing.get_context("spawn")
"""How a worker starts: as a fresh process, on every system alike."""


class Worker:
    """A worker process, from its start to the last thread joined.

    `serve` is what the child runs (`engine.api.door.serve`), `threads` is torch's number of threads there; `arrived`
    is called from another thread when the inbox has something.
    """

    def __init__(self, serve: Serve, threads: int, arrived: Callable[[], None]) -> None:
        their_commands, self._commands = CONTEXT.Pipe(duplex=False)
        self._events, their_events = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(
            target=serve, args=(their_commands, their_events, threads), name="worker", daemon=True
        )
        try:
            self._process.start()
        except OSError:
            self._commands.close()
            self._events.close()
            raise
        finally:
            their_commands.close()
            their_events.close()
        self.pid = self._process.pid or 0
        self.post = Post(self._commands)
        self.inbox = Inbox(self._events, self._process.sentinel, arrived)
        self._ended = False

    def quit(self) -> None:
        """Asks the worker to save, close its run and leave."""
        self.post.send(Quit())

    def exit_code(self) -> int | None:
        """The code of a process that has just ended, minus the signal that killed it; None if it lives on."""
        if self._ended:
            return None
        self._process.join(0.5)  # its pipes close a moment before the system knows its code
        return self._process.exitcode

    def end(self, patience: float) -> None:
        """Waits `patience` seconds for a process that was asked to quit, then ends it; leaves no thread or pipe."""
        if self._ended:
            return
        self._process.join(patience)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._ended = True
        self.inbox.join(2.0)
        self.post.close(2.0)
        self._commands.close()
        self._events.close()
        with contextlib.suppress(ValueError):
            self._process.close()

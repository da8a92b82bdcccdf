"""Commands on their way to a worker.

A worker reads its pipe between two steps, and a step may take seconds: while a person drags a slider the pipe could
fill, and a full pipe would hold the window. So a thread writes, and what has not left yet is overtaken by a newer
command of the same kind.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from engine.api.messages import Change, Command, Speed, Watch

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class Post:
    """Writes commands to one worker from a thread of its own, in order."""

    def __init__(self, commands: Connection) -> None:
        self._commands = commands
        self._queue: list[Command] = []
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="post", daemon=True)
        self._thread.start()

    def send(self, command: Command) -> None:
        """Puts a command on its way; never waits. A newer value of one thing replaces the one that has not left."""
        with self._changed:
            if self._queue and _replaces(command, self._queue[-1]):
                self._queue[-1] = command
            else:
                self._queue.append(command)
            self._changed.notify()

    def close(self, timeout: float) -> bool:
        """Ends the thread once everything is written or the worker is gone; whether it ended."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
                command = self._queue.pop(0)
            try:
                self._commands.send(command)
            except (OSError, ValueError):
                return  # the worker is gone; the inbox tells of it


def _replaces(new: Command, old: Command) -> bool:
    if isinstance(new, Change):
        return isinstance(old, Change) and old.name == new.name
    return isinstance(new, Watch | Speed) and type(new) is type(old)

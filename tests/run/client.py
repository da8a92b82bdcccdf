"""A window without a window: starts a worker, sends commands, keeps the events."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.door import serve
from engine.api.messages import Command, CurvePoints, Event, Progress, Quit, Shown, Start, Taken
from engine.api.slots import SlotReader

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = str(Path(__file__).parent / "toys" / "toy.py")


class Client:
    """One worker process. `events` holds everything but progress, in order; `curves` the points; `frames` the newest pictures."""

    def __init__(self, acknowledges: bool = True) -> None:
        context = multiprocessing.get_context("spawn")
        self._read_commands, self.commands = context.Pipe(duplex=False)
        self.incoming, self._write_events = context.Pipe(duplex=False)
        self.process = context.Process(target=serve, args=(self._read_commands, self._write_events, 1), daemon=True)
        self.process.start()
        self._read_commands.close()
        self._write_events.close()
        self.acknowledges = acknowledges
        self.reader = SlotReader()
        self.events: list[Event] = []
        self.progress: list[Progress] = []
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.frames: dict[str, Any] = {}
        self.shown: list[str] = []

    def send(self, command: Command) -> None:
        self.commands.send(command)

    def start(self, folder: Path, **values: Any) -> None:
        options = {
            key: values.pop(key) for key in ("resume", "parent", "watch", "paused", "speed", "seed") if key in values
        }
        self.send(Start(TOY, str(folder), params=values, **options))

    def wait(self, kind: type[Any] | Callable[[], bool], seconds: float = 20.0) -> Any:
        """The first new event of a kind (taken out of `events`), or True as soon as a condition holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if isinstance(kind, type):
                for index, event in enumerate(self.events):
                    if isinstance(event, kind):
                        return self.events.pop(index)
            elif kind():
                return True
            if self.incoming.poll(0.02):
                self._take(self.incoming.recv())
        raise AssertionError(f"no {kind} within {seconds} s; got {self.events}, {self.progress[-1:]}")

    def run_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.incoming.poll(0.02):
                self._take(self.incoming.recv())

    def forget(self) -> None:
        """What came so far is of another run."""
        self.events.clear()
        self.progress.clear()
        self.curves.clear()
        self.frames.clear()
        self.shown.clear()

    def _take(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress.append(event)
        elif isinstance(event, CurvePoints):
            for name, (steps, values) in event.curves.items():
                self.curves.setdefault(name, []).extend(zip(steps.tolist(), values.tolist(), strict=True))
        elif isinstance(event, Shown):
            self.frames[event.name] = self.reader.read(event)
            self.shown.append(event.name)
            if self.acknowledges:
                self.send(Taken(event.name))
        else:
            self.events.append(event)

    def _drain(self) -> None:
        """A killed worker may have said more than was read: the reader must have seen its pictures to free them."""
        self.acknowledges = False
        try:
            while self.incoming.poll():
                self._take(self.incoming.recv())
        except (EOFError, OSError):
            return

    def close(self) -> None:
        if self.process.is_alive():
            self.send(Quit())
            end = time.monotonic() + 10
            while self.process.is_alive() and time.monotonic() < end:
                if self.incoming.poll(0.02):
                    try:
                        self._take(self.incoming.recv())
                    except EOFError:
                        break
        self.process.join(5)
        assert not self.process.is_alive()
        self._drain()
        self.reader.forget() if self.process.exitcode else self.reader.close()
        self.commands.close()
        self.incoming.close()
        self.process.close()

"""A worker that speaks the messages without an engine: what a window must bear. The lab's name says what it does."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np

from engine.api import messages
from engine.api.frames import Images
from engine.api.slots import SlotWriter

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

FLOOD_STEPS = 120_000
_BATCH = 400


class Fake:
    def __init__(self, commands: Connection, events: Connection) -> None:
        self.commands = commands
        self.events = events
        self.slots = SlotWriter()
        self.credit = True
        self.taken = 0
        self.leave = False
        self.prove = False
        self.start: messages.Start | None = None
        self.changes: list[messages.Change] = []

    def read(self, timeout: float) -> bool:
        """Reads what has come; whether the run should stop."""
        while self.commands.poll(timeout):
            timeout = 0
            command = self.commands.recv()
            match command:
                case messages.Taken():
                    self.credit = True
                    self.taken += 1
                case messages.Change():
                    self.changes.append(command)
                    self.events.send(messages.Changed(0, command.name, None, command.value))
                case messages.Rewind():
                    self.events.send(messages.Rewound(command.step))
                case messages.Watch():
                    self.events.send(messages.Warned(f"watch {command.views}"))
                case messages.Prove():
                    self.prove = True
                case messages.Start():
                    self.start = command
                case messages.Quit():
                    self.leave = True
                    return True
                case messages.Stop():
                    return True
        return self.leave

    def run(self, start: messages.Start) -> None:
        self.events.send(messages.Started(start.folder, start.lab, 0, FLOOD_STEPS, "CPU"))
        try:
            stop = getattr(self, start.lab)()
        except ValueError as error:
            self.events.send(messages.Ended("failed", 0, str(error), "a traceback"))
            return
        self.events.send(messages.Ended("stopped" if stop else "finished", 0))

    def run_checks(self) -> None:
        """Two that pass, one that fails, one that raises."""
        outcomes = (
            ("one", 1.0, True, ""),
            ("two", 2.0, True, ""),
            ("three", 9.0, False, ""),
            ("four", 0.0, False, "it broke"),
        )
        for index, (title, measured, passed, error) in enumerate(outcomes):
            self.events.send(messages.CheckStarted("waits", title, index, 4))
            expected = float(index + 1)
            row = messages.CheckRow(
                "waits", title, expected, measured, 0.1, passed, 0.5, source="a paper", catches="a bug", error=error
            )
            self.events.send(row)
        self.events.send(messages.ChecksDone("waits"))

    def flood(self) -> bool:
        """120,000 points of two curves as fast as the pipe takes them, some hundred messages."""
        for first in range(0, FLOOD_STEPS, _BATCH):
            steps = np.arange(first, first + _BATCH)
            self.events.send(messages.CurvePoints({"loss": (steps, steps * 2.0), "other": (steps, steps * 3.0)}))
            self.events.send(messages.Progress("running", first, FLOOD_STEPS, 1.0, 1.0, 1))
            time.sleep(0.001)
            if self.read(0):
                return True
        return False

    def rewinding(self) -> bool:
        for batch in range(4):
            steps = np.arange(batch * 10, batch * 10 + 10)
            self.events.send(messages.CurvePoints({"loss": (steps, steps * 1.0)}))
            if batch == 1:
                self.events.send(messages.Rewound(5))
        return False

    def pictures(self) -> bool:
        """A picture whenever the last one was taken, until stopped; each is filled with its number."""
        step = 0
        while not self.read(0.001):
            step += 1
            if self.credit:
                self.credit = False
                pixels = np.full((2, 300, 300, 3), step % 251, np.uint8)
                self.events.send(self.slots.write(Images("grid", pixels), step))
        return True

    def waits(self) -> bool:
        while not self.read(0.05):
            pass
        return True

    def held(self) -> bool:
        """A loss that is not a number."""
        self.events.send(messages.CurvePoints({"loss": (np.arange(7), np.full(7, 2.0))}))
        self.events.send(messages.Held(7, "loss is not a number at step 7; go back and lower the learning rate."))
        self.events.send(messages.Progress("paused", 7, 100, 0.0, float("nan"), 1))
        return self.waits()

    def fails(self) -> bool:
        raise ValueError("the lab is broken")

    def dies(self) -> bool:
        self.events.send(self.slots.write(Images("grid", np.zeros((1, 4, 4))), 1))
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    def deaf(self) -> bool:
        """Long in one step: reads nothing."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
        return False


def serve(commands: Connection, events: Connection, threads: int) -> None:
    fake = Fake(commands, events)
    events.send(messages.Ready(os.getpid(), f"CPU · {threads} threads"))
    try:
        while not fake.leave:
            fake.read(0.1)
            if fake.prove:
                fake.prove = False
                fake.run_checks()
            if fake.start is not None and not fake.leave:
                start, fake.start = fake.start, None
                fake.run(start)
    except EOFError:
        pass
    finally:
        fake.slots.close()


def refuse(commands: Connection, events: Connection, threads: int) -> None:
    raise SystemExit(3)

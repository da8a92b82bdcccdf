"""The person's hand on a run: pause, single step, stop, changes, rewind. The context looks at it between two steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Steering:
    """What has been asked for and not yet done. Headless runs use it as it is; the worker's subclass fills it from its pipe.

    `held`: why the run paused by itself. `broken`: its numbers are no longer finite, so this moment is not worth keeping.
    """

    paused: bool = False
    budget: int = 0
    stop: bool = False
    speed: float = 0.0
    save: bool = False
    rewind: int | None = None
    prove: bool = False
    poked: bool = False
    interactive: bool = False
    held: str = ""
    broken: bool = False
    changes: dict[str, Any] = field(default_factory=dict)

    def poll(self, timeout: float = 0.0) -> None:
        """Takes in what was asked for since, waiting up to `timeout` seconds for something to come."""

    def break_off(self, reason: str) -> None:
        """The numbers went wrong: hold the run (or end it, where nobody is there to go on) and say why."""
        if self.broken:
            return
        self.broken, self.held = True, reason
        if self.interactive:
            self.paused = True
        else:
            self.stop = True

    @property
    def leaving(self) -> bool:
        """Whether the run must return to its caller."""
        return self.stop or self.rewind is not None

"""What window and worker say to each other.

Commands go to the worker and take effect at the next step boundary; events come back. Both are small frozen records over a pipe
between a parent and the child that it started itself; pictures travel beside them in shared memory (`engine.api.slots`). Nothing here
reaches a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Phase = Literal["starting", "running", "paused", "exploring", "finished", "stopped", "failed"]
"""`exploring`: training is over and the lab answers every poke. The last three are ends."""


# Commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Run a lab into `folder`. `params` as JSON (missing ones take their default). `resume`: a snapshot's path to go on from.

    `parent`: (run folder's name, step) of a fork. `watch`: the views that are open. `speed`: steps a second at most, 0 is free.
    `keep`: how many moments the run holds for rewinding; `every`: seconds after which it keeps the next, at the latest.
    """

    lab: str
    folder: str
    params: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    resume: str = ""
    parent: tuple[str, int] | None = None
    watch: tuple[str, ...] | None = None
    paused: bool = False
    speed: float = 0.0
    keep: int = 24
    every: float = 10.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold at the next step boundary. Pokes are still answered."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """While paused: run this many steps."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run: save, close the folder. The worker then waits for another `Start`."""


@dataclass(frozen=True, slots=True)
class Change:
    """Set a live parameter (JSON value). It is written into the run's record with its step."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Watch:
    """The views that are open; None is all of them. A view that is not watched is never computed."""

    views: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Taken:
    """The window has taken the last frame of this name: the worker may send the next."""

    name: str


@dataclass(frozen=True, slots=True)
class Speed:
    """At most this many steps a second; 0 is free."""

    per_second: float


@dataclass(frozen=True, slots=True)
class Save:
    """Write a snapshot at the next step boundary."""


@dataclass(frozen=True, slots=True)
class Rename:
    """What the person calls the run; written into its record."""

    title: str


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go back to the snapshot of this step, and hold there. Later points leave the curves when the run goes on."""

    step: int


@dataclass(frozen=True, slots=True)
class Prove:
    """Run the checks of a lab (on the live model, where a run of that lab is going on)."""

    lab: str


@dataclass(frozen=True, slots=True)
class CancelProof:
    """Leave the checks that have not run; a run that is going on goes on."""


@dataclass(frozen=True, slots=True)
class Warm:
    """Import a lab in advance, while nothing runs, so that its start is quick."""

    lab: str


@dataclass(frozen=True, slots=True)
class Quit:
    """Save, close and end the process."""


Command = (
    Start
    | Pause
    | Resume
    | Step
    | Stop
    | Change
    | Watch
    | Taken
    | Speed
    | Save
    | Rename
    | Rewind
    | Prove
    | CancelProof
    | Warm
    | Quit
)


# Events ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has imported torch and waits. `device`: what "auto" means here, in words."""

    pid: int
    device: str


@dataclass(frozen=True, slots=True)
class Started:
    """A run began (or a rewound one is back). `step` is where it begins, `total` how many steps it will make (0: unknown)."""

    folder: str
    lab: str
    step: int
    total: int
    device: str


@dataclass(frozen=True, slots=True)
class CurvePoints:
    """New points of curves, lossless and in order: per name, steps `[N]` int64 and values `[N]` float64."""

    curves: dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class TruthLine:
    """Theory's value for a curve."""

    name: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame lies in a shared slot: `head` rebuilds the record, its arrays are the `buffers` (offset, length) of segment `slot`."""

    name: str
    step: int
    head: bytes
    slot: str
    buffers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A few times a second. `rate` in steps a second, `left` in seconds (NaN: unknown), `memory` in bytes of the worker.

    `doing`: what happens before the first step, in words ("Reading picture 1,240 of 5,000"); "" while it trains.
    """

    phase: Phase
    step: int
    total: int
    rate: float
    left: float
    memory: int
    device_memory: int = 0
    doing: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot was written. `steps`: every snapshot that the run now keeps, oldest first."""

    step: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A live change took effect at `step`."""

    step: int
    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Rewound:
    """The run is back at `step`, with the parameters (JSON) of that moment; points of that step and later are of the past."""

    step: int
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """The run paused by itself, and why: a loss that is not a number."""

    step: int
    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know that did not end the run (a snapshot could not be written)."""

    text: str


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check begins: number `index` of `count`."""

    lab: str
    title: str
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The outcome of a check, as `main.py prove --json` prints it. `error` holds the reason if it raised."""

    lab: str
    title: str
    expected: float
    measured: float
    tolerance: float
    passed: bool
    seconds: float
    relation: str = "equal"
    detail: str = ""
    source: str = ""
    catches: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ChecksDone:
    """Every check of the lab has run (or the person stopped them)."""

    lab: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A run is over. `phase` says how; `summary` is a sentence and `details` a traceback if it failed."""

    phase: Phase
    step: int
    summary: str = ""
    details: str = ""


Event = (
    Ready
    | Started
    | CurvePoints
    | TruthLine
    | Shown
    | Progress
    | Saved
    | Changed
    | Rewound
    | Held
    | Warned
    | CheckStarted
    | CheckRow
    | ChecksDone
    | Ended
)

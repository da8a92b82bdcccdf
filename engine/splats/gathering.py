"""What a scene is learnt from in a lab: the toy, the still life that ships, or whatever a person dropped.

Photos take a minute or more to become poses. So this is a generator: what the capture has found so far is yielded as frames, the
person reads how far it is, and may stop. The capture lies in the run's folder; a run that goes on, or the next one with the same photos,
takes it from there.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import engine
from engine.api.errors import DataError
from engine.api.frames import Cameras, Frame, Points
from engine.api.words import duration
from engine.capture.earlier import earlier_capture
from engine.capture.events import Event, Failed, Placed, Progress, Stage, Told
from engine.capture.opening import Opened, is_posed, open_capture, read_capture
from engine.capture.order import Order
from engine.capture.session import events, read_report
from engine.capture.straighten import levelled
from engine.geometry.cameras import Capture
from engine.splats.album import Album
from engine.splats.toy import make_toy

if TYPE_CHECKING:
    from engine.run.context import Context

TOY, STILL_LIFE = "three bodies", "still life"
_STILL_LIFE_FOLDER = Path(engine.__file__).parents[1] / "assets" / "scenes" / "still_life"
_PLACE = "capture"


@dataclass(frozen=True)
class Gathered:
    """Posed photos in a world whose z points up; of the toy, which has no files, with their pixels."""

    capture: Capture
    album: Album | None = None


@contextmanager
def workplace(ctx: Context) -> Iterator[Path]:
    """Where a capture may lie: in the run's folder, or, where nothing is kept, in a folder that is gone afterwards."""
    if ctx.folder is not None:
        yield ctx.folder / _PLACE
        return
    with tempfile.TemporaryDirectory(prefix="splats") as folder:
        yield Path(folder)


def gather(data: str, ctx: Context, place: Path) -> Generator[Frame, None, Gathered]:
    """Poses of the photos of `data`, a name or a path; files that are made lie in `place`. Raises DataError, and StoppedReading."""
    if data == TOY:
        toy = make_toy()
        return Gathered(toy.capture, toy.album)
    source = _STILL_LIFE_FOLDER if data == STILL_LIFE else Path(data)
    opened = yield from _opened(Order(source, place), ctx)
    ctx.reading(1, 1)
    return Gathered(opened.capture if read_report(source) else levelled(opened.capture))


def _opened(order: Order, ctx: Context) -> Generator[Frame, None, Opened]:
    listening = _Listening(ctx)
    if is_posed(order.source):
        found = open_capture(order, listening.hear)
        assert found is not None  # it cannot be cancelled but by leaving
        return _noted(found, ctx) if read_report(order.source) else found
    siblings = () if ctx.folder is None else ctx.folder.parent.glob(f"*/{_PLACE}")
    earlier = earlier_capture(order, (order.out, *siblings))
    if earlier is not None:
        return _noted(read_capture(earlier), ctx)
    for event in events(order, listening.waits):
        listening.hear(event)
        if isinstance(event, Placed) and ctx.due("scene"):
            yield Points("scene/points", event.points, event.colours, note=f"{len(event.names)} photos placed")
            yield cameras_placed("scene/photos", event)
    return read_capture(order.out)


def _noted(opened: Opened, ctx: Context) -> Opened:
    """What a capture said when it was made, once more."""
    for note in opened.capture.notes:
        ctx.say(note)
    return opened


class _Listening:
    """What a capture says, as a person reads it; while it computes, the person is asked whether to go on."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._last = Progress(Stage.FEATURES, 0, 0)

    def hear(self, event: Event) -> None:
        """Tells it. Raises DataError if the capture has failed."""
        if isinstance(event, Failed):
            raise DataError(event.sentence)
        if isinstance(event, Told):
            self._ctx.say(event.sentence)
        if isinstance(event, Progress):
            self._last = event
            self.waits()

    def waits(self) -> bool:
        """Says how far it is; never gives up by itself, as leaving is an exception."""
        last = self._last
        left = "" if math.isnan(last.left) else f", {duration(last.left)} left"
        of = f" {last.done:,} of {last.total:,}" if last.total else ""
        self._ctx.reading(0, 1, f"{last.stage.value}:{of}{left}")
        return False


def cameras_placed(name: str, event: Placed) -> Cameras:
    """Cameras while they are still being placed: of no known lens, so of a usual one, and without pictures."""
    count = len(event.names)
    whole = np.ones((count, 1), np.float32)
    return Cameras(
        name,
        event.names,
        poses=np.linalg.inv(event.poses).astype(np.float32),
        focal=whole * (1000, 1000),
        middle=whole * (500, 375),
        size=whole * (1000, 750),
        thumbs=np.full((count, 1, 1, 3), 128, np.uint8),
        psnr=np.full(count, np.nan, np.float32),
        held_out=np.zeros(count, bool),
    )

"""A capture as its watcher sees it: started in a process of its own, followed event by event, cancelled at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import engine
from engine.api.errors import DataError
from engine.capture.events import Event, Failed, Finished, decode
from engine.capture.order import REPORT, Order

_ROOT = Path(engine.__file__).parents[1]
_LOG = "capture.log"
_POLL = 0.1
_PATIENCE = 1.0


def capture(
    order: Order, tell: Callable[[Event], None] = lambda event: None, cancelled: Callable[[], bool] = lambda: False
) -> bool:
    """Carries out an order in a process of its own; `tell` hears every event.

    Returns whether it finished (False: it was cancelled, within a second; the next one goes on from there). Raises DataError with one
    sentence.
    """
    for event in events(order, cancelled):
        if isinstance(event, Failed):
            raise DataError(event.sentence)
        tell(event)
        if isinstance(event, Finished):
            return True
    return False


def events(order: Order, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """The events of a capture, as they come; ends early if it is cancelled or no longer listened to."""
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        log = (order.out / _LOG).open("ab")
    except OSError as error:
        raise DataError(
            f"The capture cannot write to {order.out} ({error.strerror}); choose another folder."
        ) from error
    with log:
        child = subprocess.Popen(
            [sys.executable, "-m", "engine.capture.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=_ROOT,
        )
    try:
        yield from _followed(child, order, cancelled)
    finally:
        _end(child)


def _followed(child: subprocess.Popen[bytes], order: Order, cancelled: Callable[[], bool]) -> Iterator[Event]:
    assert child.stdin is not None
    child.stdin.write(order.to_json().encode() + b"\n")
    child.stdin.flush()
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    Thread(target=_read, args=(child, lines), daemon=True, name="capture reader").start()
    while not cancelled():
        try:
            line = lines.get(timeout=_POLL)
        except Empty:
            continue
        if line is None:
            yield Failed(_died(child, order))
            return
        event = decode(line.decode())
        yield event
        if isinstance(event, Finished | Failed):
            return


def _read(child: subprocess.Popen[bytes], lines: SimpleQueue[bytes | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put(None)


def _died(child: subprocess.Popen[bytes], order: Order) -> str:
    """The process ended without a word: what killed it."""
    status = child.wait(_PATIENCE)
    return (
        f"The capture's process ended unexpectedly (status {status}); what it found is kept, so start it again, or see "
        f"{order.out / _LOG} for the reason."
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the process, and waits for it; a closed standard input is the sign to stop, a kill the remedy."""
    assert child.stdin is not None
    assert child.stdout is not None
    begun = time.monotonic()
    try:
        child.stdin.close()
        child.wait(_PATIENCE)
    except (subprocess.TimeoutExpired, OSError):
        child.kill()
        child.wait()
    finally:
        child.stdout.close()
        assert time.monotonic() - begun < 2 * _PATIENCE or child.returncode is not None


def read_report(folder: Path) -> dict[str, Any] | None:
    """What `capture.json` of a finished capture says; None if it was not finished."""
    try:
        return dict(json.loads((folder / REPORT).read_text("utf-8")))
    except (OSError, ValueError):
        return None

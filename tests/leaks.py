"""What a test may leave behind: nothing. Finds threads, timers, windows, processes and shared memory that outlive their test.

Threads, timers and processes are told with the line that started them: `watch_starts` notes it as they start.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import sys
import threading
import time
import traceback
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PATIENCE = 3.0
_PYTHONS_OWN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
_SHARED = Path("/dev/shm")
_STARTS: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def watch_starts(patch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    """From now on remembers who starts threads, timers and processes. Returns the QThreads and QTimers that were started."""
    qt: list[weakref.ref[Any]] = []
    _note(patch, threading.Thread, "start", [])
    _note(patch, multiprocessing.process.BaseProcess, "start", [])
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QThread, QTimer

        _note(patch, QThread, "start", qt)
        _note(patch, QTimer, "start", qt)
    return qt


def _note(patch: pytest.MonkeyPatch, kind: type, name: str, started: list[weakref.ref[Any]]) -> None:
    start: Callable[..., Any] = getattr(kind, name)

    def noted(self: Any, *arguments: Any, **named: Any) -> Any:
        _STARTS[self] = "".join(traceback.format_stack(limit=6)[:-1])
        started.append(weakref.ref(self))
        return start(self, *arguments, **named)

    patch.setattr(kind, name, noted)


def standing() -> set[Any]:
    """Everything alive that a later `leaks` must not find anew: threads, processes, windows, segments."""
    return {*threading.enumerate(), *_children(), *_windows(), *_segments()}


def leaks(before: set[Any], qt: list[weakref.ref[Any]]) -> list[str]:
    """What is alive now and was not `before`, a line each; what is about to end gets some seconds."""
    until = time.monotonic() + PATIENCE
    while True:
        _settle()
        found = [thing for thing in standing() - before if _is_alive(thing)]
        found += [thing for ref in qt if (thing := ref()) is not None and _qt_runs(thing)]
        if not found or time.monotonic() > until:
            return [_tell(thing) for thing in found]
        found.clear()
        gc.collect()
        time.sleep(0.02)


def _settle() -> None:
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent
        from PySide6.QtWidgets import QApplication

        if QApplication.instance() is not None:
            QApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _children() -> list[psutil.Process]:
    """Child processes, but for those that Python itself keeps: to clean up shared memory, and to fork others off."""
    children = []
    for child in psutil.Process().children(recursive=True):
        try:
            command = " ".join(child.cmdline())
            if child.status() != psutil.STATUS_ZOMBIE and not any(name in command for name in _PYTHONS_OWN):
                children.append(child)
        except psutil.NoSuchProcess:
            continue
    return children


def _windows() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    return [] if QApplication.instance() is None else list(QApplication.topLevelWidgets())


def _segments() -> list[str]:
    """The shared memory of this program, which names its segments ps_…, unless another process that lives has it open."""
    names = {path.name for path in _SHARED.glob("ps_*")} if _SHARED.is_dir() else set()
    if not names:
        return []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid():
            with contextlib.suppress(OSError):
                maps = (process / "maps").read_text("utf-8", "replace")
                names = {name for name in names if name not in maps}
    return sorted(names)


def _is_alive(thing: Any) -> bool:
    if isinstance(thing, threading.Thread):
        return thing.is_alive()
    if isinstance(thing, psutil.Process):
        return thing.is_running()
    return isinstance(thing, str) or _is_valid(thing)


def _is_valid(thing: Any) -> bool:
    import shiboken6

    return bool(shiboken6.isValid(thing))


def _qt_runs(thing: Any) -> bool:
    if not _is_valid(thing):
        return False
    return bool(thing.isActive()) if hasattr(thing, "isActive") else bool(thing.isRunning())


def _tell(thing: Any) -> str:
    if isinstance(thing, str):
        return f"shared memory {thing}"
    if isinstance(thing, psutil.Process):
        try:
            return f"process {thing.pid}: {' '.join(thing.cmdline())}"
        except psutil.NoSuchProcess:
            return f"process {thing.pid}"
    what = f"{type(thing).__module__}.{type(thing).__name__} {thing}"
    return f"{what}, started at\n{_STARTS[thing]}" if thing in _STARTS else what

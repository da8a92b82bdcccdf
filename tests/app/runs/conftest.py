from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.runs import Host
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


def shared_segments() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.glob("ps_*")} if folder.is_dir() else set()


def orphans(segments: set[str]) -> set[str]:
    """Those that no living process has open: another program's workers may run beside the tests."""
    mapped = ""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            mapped += (process / "maps").read_text("utf-8", "replace")
    return {name for name in segments & shared_segments() if name not in mapped}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    threads, segments = set(threading.enumerate()), shared_segments()
    yield
    left = [
        thread.name for thread in threading.enumerate() if thread not in threads and thread.name in ("inbox", "post")
    ]
    assert not left, f"threads left: {left}"
    assert not orphans(shared_segments() - segments), "shared memory left"


@pytest.fixture
def host(qtbot: QtBot) -> Iterator[Host]:
    made = Host(1, None, fake_worker.serve)
    yield made
    made.close()

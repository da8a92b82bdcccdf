"""The guard itself: it sees each kind of thing that a test may leave behind, and says where it was started."""

from __future__ import annotations

import subprocess
import sys
import threading
from multiprocessing import shared_memory
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

from tests import leaks

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "PATIENCE", 0.1)


def test_a_thread_is_found_with_the_line_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    qt, before = leaks.watch_starts(monkeypatch), leaks.standing()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    (found,) = leaks.leaks(before, qt)
    stop.set()
    thread.join()
    assert "test_leaks.py" in found
    assert leaks.leaks(before, qt) == []


def test_a_running_timer_and_thread_of_qt_are_found(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    qt, before = leaks.watch_starts(monkeypatch), leaks.standing()
    timer, thread = QTimer(), QThread()
    timer.start(1000)
    thread.start()
    found = leaks.leaks(before, qt)
    timer.stop()
    thread.quit()
    thread.wait()
    assert len(found) == 2
    assert all("test_leaks.py" in line for line in found)


def test_a_window_is_found(qtbot: QtBot) -> None:
    before = leaks.standing()
    window = QWidget()
    assert any("QWidget" in line for line in leaks.leaks(before, []))
    window.deleteLater()
    assert leaks.leaks(before, []) == []


def test_a_process_is_found() -> None:
    before = leaks.standing()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = leaks.leaks(before, [])
    child.communicate(b"\n")
    assert any(f"process {child.pid}" in line for line in found)


@pytest.mark.skipif(not leaks._SHARED.is_dir(), reason="this system does not list its shared memory")
def test_a_segment_is_found() -> None:
    before = leaks.standing()
    segment = shared_memory.SharedMemory("ps_leak_test", create=True, size=64)
    found = leaks.leaks(before, [])
    segment.close()
    segment.unlink()
    assert found == ["shared memory ps_leak_test"]

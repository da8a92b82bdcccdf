"""A sequence dropped on the whole window, with a real worker: the workbench opens, plays it, and lets go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.settings import Settings
from app.window import MainWindow
from engine.api.catalogue import write_cache
from engine.api.lab import describe, info_to_json
from engine.bodies.bvh import write_bvh
from engine.bodies.files import default_body
from engine.bodies.gait import make_motion
from engine.run.discovery import load
from tests.app.benches.test_splats_window import drop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places


@pytest.fixture
def window(qtbot: QtBot, dressed: Any, places: Places) -> Iterator[MainWindow]:
    labs = [info_to_json(describe(load(name))) for name in ("bodies.studio", "bodies.film")]
    write_cache(places.cache, labs)
    window = MainWindow(places, settings=Settings(reduce_motion=True))
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.library.known, timeout=60_000)
    yield window
    window.close()


def test_a_dropped_sequence_opens_the_workbench_and_plays(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write_bvh(make_motion("walk", 120), default_body(), tmp_path / "walk.bvh")
    drop(window, tmp_path / "walk.bvh")
    assert window.pages.name == "bodies"
    page: Any = window.pages.bench
    qtbot.waitUntil(lambda: page.desk.actor.sequence.endswith("walk.bvh"), timeout=60_000)
    qtbot.waitUntil(lambda: page.settled, timeout=60_000)
    before = page.viewport.picker.meshes[0]
    QTest.keyClick(page, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.desk.time > 0.2 and page.viewport.picker.meshes[0] is not before, timeout=20_000)
    QTest.keyClick(page, Qt.Key.Key_Space)
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not page.desk.actor.sequence
    window.open_page("bodies-labs")
    assert window.pages.bench is None

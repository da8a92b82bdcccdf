"""A scene dropped on the whole window, with a real worker: opened, edited, undone, exported, and a broken file refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from app.settings import Settings
from app.window import MainWindow
from engine.api.catalogue import write_cache
from engine.api.lab import info_to_json
from engine.splats.files.formats import read_scene, write_scene
from engine.splats.frames import knot
from tests.app.benches.test_splats_page import drag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from engine.api.lab import LabInfo


@pytest.fixture
def window(qtbot: QtBot, dressed: Any, places: Places, needed: tuple[LabInfo, ...]) -> Iterator[MainWindow]:
    write_cache(places.cache, [info_to_json(info) for info in needed])  # no waiting for the list of all labs
    window = MainWindow(places, settings=Settings(reduce_motion=True))
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    window.activateWindow()  # where no window manager does it, keys would not reach it
    qtbot.waitUntil(lambda: window.library.known, timeout=60_000)
    yield window
    window.close()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action = Qt.DropAction.CopyAction
    event = QDropEvent(QPointF(600, 400), action, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(event)


def test_drop_choose_delete_undo_export(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write_scene(tmp_path / "knot.ply", knot(800))
    drop(window, tmp_path / "knot.ply")
    assert window.pages.name == "splats"
    page: Any = window.pages.bench
    qtbot.waitUntil(lambda: page.choosing.cloud is not None, timeout=60_000)
    qtbot.waitUntil(lambda: page.viewport.view.settled, timeout=60_000)
    assert len(page.choosing.cloud.means) == 800
    page.viewport.take_tool("rectangle")
    drag(page, [(0.3, 0.2), (0.4, 0.5), (0.55, 0.8)])
    chosen = page.choosing.count
    assert 0 < chosen < 800
    QTest.keyClick(page, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(page.choosing.cloud.means) == 800 - chosen, timeout=20_000)
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(page.choosing.cloud.means) == 800, timeout=20_000)
    page.desk.redo()
    with qtbot.waitSignal(page.desk.reported, timeout=60_000, check_params_cb=lambda told, *_: "dB" in told):
        page.deeds.export(tmp_path / "out.spz")
    assert len(read_scene(tmp_path / "out.spz").gaussians) == 800 - chosen
    page.film.seconds.setValue(0.5)
    page.film.size_.setCurrentIndex(0)
    with qtbot.waitSignal(page.filming.ended, timeout=60_000) as ended:
        page.film.start(tmp_path / "around.mp4")
    assert ended.args[1], ended.args[0]
    with av.open(str(tmp_path / "around.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 15


def test_a_broken_file_is_a_sentence_and_the_page_lives_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "bad.splat").write_bytes(b"short")
    drop(window, tmp_path / "bad.splat")
    page: Any = window.pages.bench
    with qtbot.waitSignal(page.desk.failed, timeout=60_000) as failed:
        pass
    assert "too short" in failed.args[0]
    assert page.stack.currentWidget() is page.empty
    write_scene(tmp_path / "good.splat", knot(50))
    drop(window, tmp_path / "good.splat")
    qtbot.waitUntil(lambda: page.choosing.cloud is not None, timeout=60_000)

"""What the window answers to things that cannot be used: a toast that says what to do; it lives, and nothing is lost."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

import main as program
from engine.api.records import read_curves, read_record, snapshot_path, snapshot_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.topics.page import LabPage
    from app.window import MainWindow

    Open = Callable[..., MainWindow]

SLOW = 30_000


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    button, keys, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(400, 300), copy, data, button, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 300), copy, data, button, keys))


def toasts(window: MainWindow) -> list[str]:
    return [toast.notice.text for toast in window.toasts.visible]


def wait_for_toast(window: MainWindow, qtbot: QtBot, part: str) -> None:
    def shown() -> None:
        assert any(part in text for text in toasts(window)), toasts(window)

    qtbot.waitUntil(shown, timeout=SLOW)


def page_of(window: MainWindow) -> LabPage:
    page = window.pages.lab
    assert page is not None
    return page


def front(page: LabPage) -> Any:
    return page.conductor.front


def trains(page: LabPage, qtbot: QtBot) -> None:
    """Presses start, and waits for the first points."""
    qtbot.mouseClick(page.parts.bar.main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: front(page) is not None and bool(front(page).last), timeout=SLOW)


def runs_in(places: Places) -> list[str]:
    return sorted(folder.name for folder in places.runs.glob("*"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photographs, one of them cut short."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(6):
        pixels = random.integers(0, 255, (40, 30 + index, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    whole = (folder / "5.png").read_bytes()
    (folder / "5.png").write_bytes(whole[: len(whole) // 3])
    return folder


@pytest.fixture
def past_run(places: Places, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run of the perceptron with several moments."""
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(places.cache.parent))
    words = ["run", "neurons.perceptron", "--steps", "60", "--set", "data=xor", "--set", "order=random"]
    assert program.main(words) == 0
    (folder,) = places.runs.iterdir()
    return folder


@pytest.mark.parametrize("page", ["start", "autoencoders.vae"])
def test_any_other_file_is_answered_with_what_can_be_dropped(open_window: Open, tmp_path: Path, page: str) -> None:
    window = open_window(page)
    (tmp_path / "poem.docx").write_text("roses are red")
    drop(window, tmp_path / "poem.docx")
    said = next(text for text in toasts(window) if "poem.docx" in text)
    for word in ("poem.docx", "pictures", "mesh", "run"):
        assert word in said
    assert window.pages.name == page


def test_a_folder_without_pictures_is_refused_and_the_data_stays(open_window: Open, tmp_path: Path) -> None:
    window = open_window("autoencoders.vae")
    before = page_of(window).parts.parameters.value("data")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear reader")
    drop(window, tmp_path / "letters")
    assert "“letters” holds no pictures" in toasts(window)[0]
    assert page_of(window).parts.parameters.value("data") == before


def test_photographs_train_and_what_was_skipped_is_told(open_window: Open, photos: Path, qtbot: QtBot) -> None:
    window = open_window("autoencoders.vae")
    page = page_of(window)
    drop(window, photos)
    assert page.parts.parameters.value("data") == str(photos)
    trains(page, qtbot)
    wait_for_toast(window, qtbot, "5 pictures, 1 skipped (5.png: the picture is damaged or incomplete)")
    assert front(page).live


def test_pictures_that_are_none_leave_no_run_and_the_same_worker_trains_next(
    open_window: Open, tmp_path: Path, places: Places, qtbot: QtBot
) -> None:
    """Judged by its names the folder is fine; the lab finds out when it starts."""
    window = open_window("autoencoders.vae")
    page = page_of(window)
    (tmp_path / "fakes").mkdir()
    (tmp_path / "fakes" / "a.png").write_bytes(b"not a picture at all")
    drop(window, tmp_path / "fakes")
    qtbot.mouseClick(page.parts.bar.main, Qt.MouseButton.LeftButton)
    wait_for_toast(window, qtbot, "No picture in")
    assert runs_in(places) == []
    assert page.parts.bar.main.text() == "Start"
    (session,) = page.conductor._idle
    page.parts.parameters.person_sets("data", "digits")
    trains(page, qtbot)
    assert front(page).session is session
    assert len(runs_in(places)) == 1


@pytest.mark.parametrize(("name", "part"), [("words.ply", "cannot be read as a mesh"), ("empty.obj", "holds no mesh")])
def test_a_broken_mesh_opens_its_lab_and_is_refused_at_the_start(
    open_window: Open, tmp_path: Path, places: Places, qtbot: QtBot, name: str, part: str
) -> None:
    window = open_window("neurons.perceptron")
    (tmp_path / name).write_text("no mesh" if name.startswith("words") else "")
    drop(window, tmp_path / name)
    assert window.pages.name == "surfaces.sdf"
    qtbot.mouseClick(page_of(window).parts.bar.main, Qt.MouseButton.LeftButton)
    wait_for_toast(window, qtbot, part)
    assert runs_in(places) == []


def test_a_dropped_run_is_opened_at_its_last_moment(open_window: Open, past_run: Path, qtbot: QtBot) -> None:
    window = open_window()
    drop(window, past_run)
    assert window.pages.name == "neurons.perceptron"
    page = page_of(window)
    qtbot.waitUntil(lambda: front(page).phase in ("paused", "exploring") and front(page).at == 60, timeout=SLOW)


def damage(run: Path, how: str) -> str:
    """Spoils the newest moment of a run; a part of the sentence that this should get."""
    newest = snapshot_path(run, snapshot_steps(run)[-1])
    beside = newest.with_suffix(".json")
    match how:
        case "truncated":
            newest.write_bytes(newest.read_bytes()[:50])
            return "is truncated"
        case "newer":
            beside.write_text(beside.read_text().replace('"format": 1', '"format": 99'))
            return "newer Perception Studio"
        case _:
            beside.write_text(beside.read_text().replace("neurons.perceptron", "neurons.playground"))
            return "is of the lab neurons.playground"


@pytest.mark.parametrize("how", ["truncated", "newer", "of another lab"])
def test_a_run_with_a_broken_moment_is_told_and_an_earlier_one_serves(
    open_window: Open, past_run: Path, qtbot: QtBot, how: str
) -> None:
    window = open_window()
    part = damage(past_run, how)
    curve = read_curves(past_run)["mistakes/made"].steps
    drop(window, past_run)
    wait_for_toast(window, qtbot, part)
    page = page_of(window)
    assert np.array_equal(read_curves(past_run)["mistakes/made"].steps, curve)
    earlier = snapshot_steps(past_run)[-2]
    page.conductor.visit(earlier)
    qtbot.waitUntil(lambda: front(page).phase == "paused" and front(page).at == earlier, timeout=SLOW)


def test_the_window_outlives_its_worker_and_the_run_goes_on(open_window: Open, qtbot: QtBot, places: Places) -> None:
    window = open_window("neurons.perceptron")
    page = page_of(window)
    page.parts.parameters.take({"data": "xor", "order": "random", "steps": 5000})
    page.conductor.speed(60)
    trains(page, qtbot)
    qtbot.waitUntil(lambda: bool(front(page).moments), timeout=SLOW)
    run = front(page)
    os.kill(run.session.pid, signal.SIGKILL)
    wait_for_toast(window, qtbot, "killed")
    told = next(toast.notice for toast in window.toasts.visible if "killed" in toast.notice.text)
    assert told.action == "Resume"
    assert told.act is not None
    told.act()
    qtbot.waitUntil(lambda: run.phase == "running" and run.at > 0, timeout=SLOW)
    window.open_page("start")
    assert window.pages.name == "start"
    with qtbot.waitSignal(run.ended, timeout=15_000):
        page.conductor.stop()
    steps = read_curves(run.folder)["mistakes/made"].steps
    assert np.array_equal(steps, np.arange(len(steps)))
    assert read_record(run.folder).state == "stopped"


def test_a_home_that_cannot_be_written_is_told_and_the_window_works(
    open_window: Open, places: Places, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "file").write_text("in the way")
    closed = tmp_path / "file" / "home"
    window = open_window("neurons.perceptron", replace(places, config=closed / "config", runs=closed / "runs"))
    window.set_theme("light")
    wait_for_toast(window, qtbot, "Settings cannot be saved")
    page = page_of(window)
    qtbot.mouseClick(page.parts.bar.main, Qt.MouseButton.LeftButton)
    wait_for_toast(window, qtbot, "Runs cannot be written to")
    assert front(page) is None
    window.open_page("start")
    assert window.pages.name == "start"

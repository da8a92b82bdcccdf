"""What is dropped on the window: it goes to the open lab, to the one that takes it, or is answered."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.settings import Settings
from engine.api.records import RunRecord, write_record
from engine.api.share import Experiment, share_string
from tests.app.samples import LABS, SamplePage

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.window import MainWindow
    from tests.app.conftest import MakeWindow


def toasts(window: MainWindow) -> list[str]:
    return [toast.notice.text for toast in window.toasts.visible]


def keep_run(places: Places, lab: str) -> Path:
    folder = places.runs / f"2026-02-01_12-00-00_{lab}"
    folder.mkdir(parents=True)
    write_record(folder, RunRecord(lab, {}, step=1200, state="stopped", created=time.time() - 100))
    return folder


def mime(*paths: Path, text: str = "") -> QMimeData:
    data = QMimeData()
    if paths:
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    if text:
        data.setText(text)
    return data


def drag(window: MainWindow, data: QMimeData) -> bool:
    event = QDragEnterEvent(
        QPoint(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window: MainWindow, data: QMimeData) -> None:
    drag(window, data)
    event = QDropEvent(
        QPointF(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)


def picture(tmp_path: Path, name: str = "photos/a.webp") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_a_drag_lights_the_window_and_says_what_a_drop_would_do(window: MainWindow, tmp_path: Path) -> None:
    assert not drag(window, mime(text="any text"))
    assert not window._veil.isVisible()
    assert drag(window, mime(picture(tmp_path)))
    assert window._veil.isVisible()
    assert "pictures" in window._veil._words
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window._veil.isVisible()
    window.open_page("autoencoders.vae")
    drag(window, mime(picture(tmp_path)))
    assert window._veil._words == "Drop into Variational autoencoder"


def test_the_open_lab_comes_first(window: MainWindow, tmp_path: Path) -> None:
    window.open_page("autoencoders.vae")
    drop(window, mime(picture(tmp_path)))
    assert SamplePage.made[0].dropped == [picture(tmp_path)]
    assert not window._veil.isVisible()
    assert len(SamplePage.made) == 1


def test_pictures_on_the_start_page_are_a_choice(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    drop(window, mime(picture(tmp_path)))
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    titles = [action.text() for action in menu.actions()]
    assert titles == ["Use this picture in", "Variational autoencoder", "Denoising diffusion"]
    menu.setActiveAction(menu.actions()[2])
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert window.pages.name == "diffusion.ddpm"
    assert SamplePage.made[0].dropped == [picture(tmp_path)]


def test_the_only_lab_that_takes_it_is_opened(window: MainWindow, tmp_path: Path) -> None:
    window.open_page("neurons.perceptron")
    mesh = picture(tmp_path, "bunny.obj")
    drop(window, mime(mesh))
    assert window.pages.name == "surfaces.sdf"
    assert SamplePage.made[-1].dropped == [mesh]


def test_a_mesh_that_no_lab_takes_is_said(window: MainWindow, tmp_path: Path) -> None:
    drop(window, mime(picture(tmp_path, "bunny.stl")))
    assert "No lab takes this mesh" in toasts(window)[0]


def test_a_run_is_opened_and_a_damaged_one_is_told(window: MainWindow, places: Places) -> None:
    folder = keep_run(places, "neurons.perceptron")
    drop(window, mime(folder))
    assert SamplePage.made[0].runs == [folder]
    (folder / "run.json").write_text("{", "utf-8")
    drop(window, mime(folder))
    assert "damaged" in toasts(window)[0]


def test_the_text_of_an_experiment_can_be_dropped(window: MainWindow) -> None:
    drop(window, mime(text=share_string(Experiment("autoencoders.vae"))))
    assert SamplePage.made[0].experiments == [Experiment("autoencoders.vae")]


def test_anything_else_is_answered(window: MainWindow, tmp_path: Path) -> None:
    drop(window, mime(picture(tmp_path, "letter.docx")))
    assert "letter.docx" in toasts(window)[0]
    assert "a mesh" in toasts(window)[0]


def test_what_is_dropped_before_the_labs_are_known_goes_before_the_page_of_last_time(
    make_window: MakeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.read_cached", lambda _: None)
    monkeypatch.setattr("app.library.QProcess.start", lambda *_: None)
    window = make_window(settings=Settings(reduce_motion=True, layout={"page": "neurons.perceptron"}))
    mesh = tmp_path / "bunny.obj"
    mesh.touch()
    drop(window, mime(mesh))
    assert toasts(window) == []
    window.library._take(LABS)
    assert window.pages.name == "surfaces.sdf"
    assert [page.info.id for page in SamplePage.made] == ["surfaces.sdf"]
    assert SamplePage.made[0].dropped == [mesh]

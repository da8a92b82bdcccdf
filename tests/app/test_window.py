"""The window around the pages: opening, finding, dropping, remembering, closing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QPlainTextEdit, QToolButton

from app.dialogs import AboutDialog, DoctorDialog, ShortcutsDialog
from app.library import Library
from app.notify import notify
from app.settings import Settings, load_settings
from app.theme import LIGHT
from app.topics.cards import Card, FeatureCard
from app.topics.navigator import RUNNING
from app.topics.page_actions import DEEDS
from engine.api.messages import Ready
from engine.api.records import RunRecord, write_record
from engine.api.share import Experiment, share_string
from tests.app.samples import LABS, SamplePage

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.theme import Theme
    from app.window import MainWindow
    from tests.app.conftest import MakeWindow

ROOT = Path(__file__).resolve().parents[2]


def toasts(window: MainWindow) -> list[str]:
    return [toast.notice.text for toast in window.toasts.visible]


def keep_run(places: Places, lab: str) -> Path:
    folder = places.runs / f"2026-02-01_12-00-00_{lab}"
    folder.mkdir(parents=True)
    write_record(folder, RunRecord(lab, {}, step=1200, state="stopped", created=time.time() - 100))
    return folder


def picture(tmp_path: Path, name: str = "photos/a.webp") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


# Opening ------------------------------------------------------------------------------------------------------------


def test_it_opens_on_the_start_page(window: MainWindow) -> None:
    assert window.pages.name == "start"
    assert window.pages.currentWidget() is window.pages.start
    assert not window.navigator.isVisible(), "the cards are the way around there"
    assert not window.foot.copy.isVisible()
    assert window.windowTitle() == "Perception Studio"


def test_a_card_leads_to_a_topic_and_its_lab(window: MainWindow, qtbot: QtBot) -> None:
    neurons = next(card for card in window.findChildren(Card) if card.title == "Neurons")
    qtbot.mouseClick(neurons, Qt.MouseButton.LeftButton)
    assert window.pages.name == "neurons"
    assert window.navigator.isVisible()
    lab = next(card for card in window.findChildren(Card) if card.title == "Perceptron" and card.isVisible())
    qtbot.mouseClick(lab, Qt.MouseButton.LeftButton)
    assert window.pages.name == "neurons.perceptron"
    assert window.windowTitle() == "Perceptron — Perception Studio"
    assert window.foot.copy.isVisible()


def test_a_page_is_made_once_and_kept(window: MainWindow) -> None:
    window.open_page("neurons.perceptron")
    first = window.pages.lab
    window.open_page("start")
    assert window.pages.lab is None
    window.open_page("neurons.perceptron")
    assert window.pages.lab is first
    assert len(SamplePage.made) == 1


@pytest.mark.parametrize("page", ["neurons.perceptrn", "nerons", "neurons.broken", "flows", ""])
def test_a_page_that_cannot_be_opened_is_a_toast(window: MainWindow, page: str) -> None:
    window.open_page(page)
    assert window.pages.name == "start"
    assert len(toasts(window)) == 1


def test_the_wanted_page_and_files_are_opened_at_once(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = make_window(page="autoencoders.vae", files=(str(picture(tmp_path)),))
    qtbot.waitUntil(lambda: window.pages.name == "autoencoders.vae")
    assert SamplePage.made[0].dropped == [picture(tmp_path)]


def test_topics_have_keys(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.name == "diffusion"
    qtbot.keyClick(window, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    assert window.pages.name == "start"


def test_the_pages_words_reach_the_bars_only_while_it_is_in_front(window: MainWindow) -> None:
    window.open_page("neurons.perceptron")
    page = SamplePage.made[0]
    page.status.emit("training · worker 412 MB")
    page.title_changed.emit("Perceptron, step 12")
    assert window.foot.text() == "training · worker 412 MB"
    assert window.windowTitle() == "Perceptron, step 12 — Perception Studio"
    window.open_page("start")
    page.status.emit("hidden")
    assert window.foot.text() != "hidden"


def test_a_running_lab_gets_its_dot(window: MainWindow) -> None:
    window.open_page("neurons.perceptron")
    SamplePage.made[0].running_changed.emit(True)
    item = window.navigator._items["neurons.perceptron"]
    assert item.data(RUNNING)
    SamplePage.made[0].running_changed.emit(False)
    assert not item.data(RUNNING)


def test_the_device_is_told_when_the_worker_knows_it(window: MainWindow) -> None:
    window.host.ready.emit(Ready(123, "CPU · 2 threads"))
    assert window.top.device.text() == "CPU · 2 threads"


# The library --------------------------------------------------------------------------------------------------------


def test_without_a_cache_the_labs_are_read_in_a_process_and_filled_in(
    places: Places, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERCEPTION_STUDIO_HOME", str(places.cache.parent))
    library = Library(places.cache)
    with qtbot.waitSignal(library.arrived, timeout=60_000):
        library.read()
        assert not library.known
    assert library.find("neurons.perceptron") is not None
    library.close()
    again = Library(places.cache)
    again.read()
    assert again.labs == library.labs, "the second time it is in the cache"


def test_a_list_that_cannot_be_made_is_told(places: Places, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.library.ROOT", places.cache)
    library = Library(places.cache)
    with qtbot.waitSignal(library.failed, timeout=20_000) as failed:
        library.read()
    assert "list of labs could not be made" in failed.args[0]
    assert "main.py" in failed.args[1]
    library.close()


def test_without_labs_the_start_page_says_so(window: MainWindow) -> None:
    window.library.failed.emit("The list of labs could not be made.", "ImportError")
    assert toasts(window) == ["The list of labs could not be made."]
    assert window.pages.start.trouble.isVisible()


def test_while_the_labs_are_read_their_topics_stand_and_a_click_is_kept_for_later(
    make_window: MakeWindow, places: Places, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.read_cached", lambda _: None)
    monkeypatch.setattr("app.library.QProcess.start", lambda *_: None)
    window = make_window()
    (topic,) = [card for card in window.findChildren(Card) if card.title == "Neurons"]
    assert topic.note == "reading …"
    assert [card.isEnabled() for card in window.findChildren(FeatureCard)] == [False] * 3, "they keep the place"
    qtbot.mouseClick(topic, Qt.MouseButton.LeftButton)
    assert window.pages.name == "start"
    window.library._take(LABS)
    assert window.pages.name == "neurons"


def test_closing_ends_the_reading(places: Places, qtbot: QtBot) -> None:
    library = Library(places.cache)
    with qtbot.assertNotEmitted(library.failed):
        library.read()
        library.close()


# Finding, menus, keys -----------------------------------------------------------------------------------------------


def test_the_palette_finds_labs_runs_and_commands(window: MainWindow, places: Places, qtbot: QtBot) -> None:
    folder = keep_run(places, "autoencoders.vae")
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.palette_sheet
    assert palette.isVisible()
    titles = palette.titles()
    assert {"Perceptron", "Neurons", "Settings", "Full screen"} <= set(titles)
    assert "Broken one" not in titles
    assert titles.count("Variational autoencoder") == 2, "the lab, and its run"
    qtbot.keyClicks(palette.field, "1,200 steps")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert SamplePage.made[0].runs == [folder]


def test_what_the_open_lab_can_do_is_in_palette_menu_and_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    run = window.menus["Run"]
    run.aboutToShow.emit()
    assert [action.isEnabled() for action in run.actions()] == [False]
    window.open_page("neurons.perceptron")
    run.aboutToShow.emit()
    assert [action.text() for action in run.actions()] == ["Prove it"]
    assert "Prove it" in [entry.title for entry in window.entries()]
    window.show_shortcuts()
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    assert ("Lab", "Prove it", "P") in dialog.rows
    assert ("Window", "Find anything", "Ctrl+K") in dialog.rows
    dialog.accept()
    qtbot.waitUntil(lambda: window.findChild(ShortcutsDialog) is None)


def test_no_two_commands_share_their_keys(window: MainWindow) -> None:
    ours = [action.shortcut().toString() for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
    keys = ours + [QKeySequence(deed.keys).toString() for deed in DEEDS if deed.keys]
    assert len(keys) == len(set(keys))
    assert {"Ctrl+1", "Ctrl+K", "Space"} <= set(keys)


def test_recent_runs_stand_in_the_menu(window: MainWindow, places: Places) -> None:
    window._recent_menu.aboutToShow.emit()
    assert [action.text() for action in window._recent_menu.actions()] == ["No runs yet"]
    folder = keep_run(places, "diffusion.ddpm")
    window._recent_menu.aboutToShow.emit()
    (action,) = window._recent_menu.actions()
    assert action.text().startswith("Denoising diffusion, 1,200 steps")
    action.trigger()
    assert SamplePage.made[0].runs == [folder]


def test_files_are_chosen_as_if_dropped(
    window: MainWindow, tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open_page("autoencoders.vae")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(picture(tmp_path))], ""))
    window.actions_.of["choose_files"].trigger()
    assert SamplePage.made[0].dropped == [picture(tmp_path)]
    folder = keep_run(places, "neurons.perceptron")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    window.actions_.of["choose_folder"].trigger()
    assert SamplePage.made[1].runs == [folder]


def test_a_share_string_is_opened_from_the_clipboard(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("something else")
    window.incoming.paste_share_string()
    assert "begins with ps1:" in toasts(window)[0]
    experiment = Experiment("autoencoders.vae", {"steps": 7}, 3)
    QGuiApplication.clipboard().setText(share_string(experiment) + "\n")
    window.incoming.paste_share_string()
    assert SamplePage.made[0].experiments == [experiment]
    QGuiApplication.clipboard().setText("ps1:nonsense")
    window.incoming.paste_share_string()
    assert "not a share string" in toasts(window)[-1]


def test_the_command_is_copied(window: MainWindow, qtbot: QtBot) -> None:
    window.open_page("neurons.perceptron")
    qtbot.mouseClick(window.foot.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "python main.py run neurons.perceptron"


def test_dialogs_open_and_go(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window.show_about()
    about = window.findChild(AboutDialog)
    assert about is not None
    assert any("PySide6" in label.text() for label in about.findChildren(QLabel))
    about.accept()
    monkeypatch.setattr("app.dialogs.ROOT", ROOT / "nowhere")
    window.show_doctor()
    doctor = window.findChild(DoctorDialog)
    assert doctor is not None
    text = doctor.findChild(QPlainTextEdit)
    assert text is not None
    qtbot.waitUntil(lambda: "main.py" in text.toPlainText(), timeout=20_000)
    doctor.accept()
    qtbot.waitUntil(lambda: not window.findChildren(QDialog))


def test_a_doctor_that_is_closed_early_is_ended(window: MainWindow, qtbot: QtBot) -> None:
    window.show_doctor()
    doctor = window.findChild(DoctorDialog)
    assert doctor is not None
    doctor.accept()
    qtbot.waitUntil(lambda: not window.findChildren(QDialog))


# Looks, sizes, memory -----------------------------------------------------------------------------------------------


def test_a_small_window_folds_the_navigator_unless_the_person_chose(window: MainWindow, qtbot: QtBot) -> None:
    window.open_page("neurons")
    assert not window.navigator.is_narrow
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.navigator.is_narrow)
    qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not window.navigator.is_narrow
    window.resize(1023, 700)
    qtbot.wait(10)
    assert not window.navigator.is_narrow
    fold = next(
        button
        for button in window.navigator.findChildren(QToolButton)
        if "Narrow" in button.accessibleName() and button.isVisible()
    )
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert window.navigator.is_narrow


def test_the_top_bar_never_overlaps_itself(window: MainWindow, qtbot: QtBot) -> None:
    for width in (860, 1024, 1440, 2200):
        window.resize(width, 700)
        qtbot.wait(10)
        menus, finder, device = (
            widget.geometry() for widget in (window.top.menus, window.top.finder, window.top.device)
        )
        assert menus.right() < finder.left()
        assert finder.right() < device.left()
        assert finder.width() >= 120


def test_the_theme_is_chosen_in_the_menu_and_kept(window: MainWindow, look: Theme, places: Places) -> None:
    window.actions_.of["theme_light"].trigger()
    assert look.colours is LIGHT
    assert window.actions_.of["theme_light"].isChecked()
    assert not window.actions_.of["theme_dark"].isChecked()
    assert load_settings(places.config).theme == "light"


def test_zoom_is_kept_for_the_next_start(window: MainWindow, places: Places, qtbot: QtBot) -> None:
    window.actions_.of["zoom_in"].trigger()
    assert load_settings(places.config).scale == 110
    assert "110 %" in toasts(window)[0]
    for _ in range(20):
        window.zoom(10)
    assert window.settings.scale == 200
    window.actions_.of["zoom_reset"].trigger()
    assert window.settings.scale == 100


def test_full_screen_and_back(window: MainWindow) -> None:
    window.toggle_full_screen()
    assert window.isFullScreen()
    window.toggle_full_screen()
    assert not window.isFullScreen()


def test_it_comes_back_as_it_was_left(make_window: MakeWindow, places: Places, qtbot: QtBot) -> None:
    first = make_window()
    first.resize(1100, 777)
    first.open_page("diffusion.ddpm")
    first.toggle_navigator()
    narrow = first.navigator.is_narrow
    first.close()
    second = make_window(settings=load_settings(places.config))
    assert second.settings.layout["window"]
    assert second.settings.recent == ["diffusion.ddpm"]
    qtbot.waitUntil(lambda: second.pages.name == "diffusion.ddpm")
    assert second.navigator.is_narrow == narrow


@pytest.mark.parametrize("layout", [{"window": "!!"}, {"window": "AAAA"}, {"page": "long.gone"}, {"navigator": "?"}])
def test_a_layout_of_nonsense_does_no_harm(make_window: MakeWindow, layout: dict[str, str]) -> None:
    window = make_window(settings=Settings(layout=layout))
    assert window.isVisible()
    assert window.pages.name == "start"
    assert not toasts(window), "a page that was left and is gone is no error"


def test_a_problem_with_the_settings_is_told_once(make_window: MakeWindow, places: Places) -> None:
    places.config.parent.mkdir(parents=True, exist_ok=True)
    places.config.write_text("a file where the folder should be", "utf-8")
    settings = Settings(reduce_motion=True)
    settings.problem = "The settings file could not be understood."
    window = make_window(settings=settings)
    assert toasts(window) == ["The settings file could not be understood."]
    window.set_theme("light")
    window.set_theme("dark")
    assert len(toasts(window)) == 2
    assert "cannot be saved" in toasts(window)[1]


def test_runs_go_where_the_person_wants(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(settings=Settings(runs=str(tmp_path / "elsewhere")))
    assert window.pages.runs == tmp_path / "elsewhere"
    window.open_page("neurons.perceptron")
    assert SamplePage.made[0].places.runs == tmp_path / "elsewhere"


def test_closing_ends_every_session_and_later_notices_wait(window: MainWindow) -> None:
    window.open_page("neurons.perceptron")
    window.open_page("autoencoders.vae")
    window.close()
    assert [page.closed for page in SamplePage.made] == [1, 1]
    notify("too late")
    assert not toasts(window)


# What stays out -----------------------------------------------------------------------------------------------------

HEAVY = ("torch", "numba", "vispy", "OpenGL", "pyqtgraph", "ziamath", "pygments", "scipy", "cv2", "PIL", "trimesh")


@pytest.mark.parametrize("module", ["app.window", "app.shot", "app.launch", "main"])
def test_the_window_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.strip() == "[]"


def test_not_even_the_page_of_a_lab_loads_torch() -> None:
    code = "import sys, app.topics.page; print('torch' in sys.modules)"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, env=environment
    )
    assert found.stdout.strip() == "False"

"""Settings survive everything that can happen to their file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QPushButton, QSpinBox

from app import settings as module
from app.settings import Settings, load_settings, titled
from app.settings_dialog import SettingsDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.theme import Theme
    from app.window import MainWindow


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    settings.theme, settings.threads, settings.layout = "light", 3, {"page": "neurons"}
    settings.save()
    again = load_settings(tmp_path)
    assert (again.theme, again.threads, again.layout) == ("light", 3, {"page": "neurons"})
    assert not again.problem
    assert json.loads((tmp_path / "settings.json").read_text("utf-8"))["version"] == module.VERSION


def test_no_file_is_the_usual_settings_without_a_word(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none")
    assert settings == Settings()
    assert not settings.problem
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "null", '{"version": "two"}', '{"version": 0}', "\x00\x01", "[" * 99999]
)
def test_nonsense_is_set_aside_and_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text, "utf-8")
    settings = load_settings(tmp_path)
    assert settings == Settings()
    assert "settings.broken.json" in settings.problem
    assert (tmp_path / "settings.broken.json").read_text("utf-8") == text
    settings.save()
    assert not load_settings(tmp_path).problem


def test_bytes_that_are_no_text_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_bytes(b"\xff\xfe\x00nonsense")
    assert "set aside" in load_settings(tmp_path).problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "purple"),
        ("threads", 1000),
        ("threads", True),
        ("threads", "2"),
        ("scale", 10),
        ("reduce_motion", 1),
        ("runs", None),
        ("layout", []),
        ("layout", {"page": 3}),
        ("recent", ["neurons.perceptron", 4]),
        ("snapshots_kept", 1),
    ],
)
def test_a_wrong_value_costs_only_itself(tmp_path: Path, name: str, value: object) -> None:
    data = {"version": 1, "snapshot_seconds": 33, name: value}
    (tmp_path / "settings.json").write_text(json.dumps(data), "utf-8")
    settings = load_settings(tmp_path)
    assert getattr(settings, name) == getattr(Settings(), name)
    assert settings.snapshot_seconds == 33
    assert name in settings.problem


@hypothesis.settings(max_examples=40)
@given(
    some.dictionaries(
        some.text(max_size=8), some.recursive(some.none() | some.integers() | some.text(), some.lists), max_size=6
    )
)
def test_no_json_breaks_it(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]) -> None:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "settings.json").write_text(json.dumps(data | {"version": 1}), "utf-8")
    load_settings(folder)


def test_a_file_of_a_newer_version_is_read_but_never_overwritten(tmp_path: Path) -> None:
    text = json.dumps({"version": module.VERSION + 1, "theme": "light", "hologram": True})
    (tmp_path / "settings.json").write_text(text, "utf-8")
    settings = load_settings(tmp_path)
    assert settings.theme == "light"
    assert "newer" in settings.problem
    settings.theme = "dark"
    settings.save()
    assert (tmp_path / "settings.json").read_text("utf-8") == text


def test_an_older_file_is_lifted_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VERSION", 3)
    monkeypatch.setattr(
        module,
        "MIGRATIONS",
        {
            1: lambda data: {**data, "threads": data["cores"]},
            2: lambda data: {**data, "threads": data["threads"] * 2},
        },
    )
    (tmp_path / "settings.json").write_text('{"version": 1, "cores": 2}', "utf-8")
    settings = load_settings(tmp_path)
    assert settings.threads == 4
    settings.save()
    assert json.loads((tmp_path / "settings.json").read_text("utf-8"))["version"] == 3


def test_a_home_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be", "utf-8")
    settings = Settings()
    settings.file = tmp_path / "config" / "settings.json"
    settings.save()
    assert "cannot be saved" in settings.problem
    settings.problem = ""
    settings.save()
    assert not settings.problem
    assert settings.theme == "dark"


def test_a_full_disk_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(tmp_path)
    settings.save()
    before = (tmp_path / "settings.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    settings.theme = "light"
    settings.save()
    assert (tmp_path / "settings.json").read_bytes() == before
    assert "No space left" in settings.problem


def test_threads_are_half_the_cores_unless_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert Settings().torch_threads() == 4
    assert Settings(threads=3).torch_threads() == 3
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert Settings().torch_threads() == 1


# The dialog ---------------------------------------------------------------------------------------------------------


def test_the_dialog_shows_every_titled_setting_and_writes_back(
    qtbot: QtBot, look: Theme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    dialog = SettingsDialog(settings, tmp_path / "runs", None)  # type: ignore[arg-type]  # without a window around it
    qtbot.addWidget(dialog)
    assert set(dialog.editors) == {entry.name for entry, _ in titled()}
    changed: list[str] = []
    dialog.applied.connect(changed.append)
    themes, threads, motion = (dialog.editors[name] for name in ("theme", "threads", "reduce_motion"))
    assert isinstance(themes, QComboBox)
    assert isinstance(threads, QSpinBox)
    assert isinstance(motion, QCheckBox)
    themes.setCurrentIndex(1)
    assert threads.text() == "automatic"
    threads.selectAll()
    qtbot.keyClicks(threads, "5")
    qtbot.keyClick(threads, Qt.Key.Key_Return)
    qtbot.mouseClick(motion, Qt.MouseButton.LeftButton, pos=QPoint(8, motion.height() // 2))
    assert settings.reduce_motion
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    button = dialog.editors["runs"].findChild(QPushButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (settings.theme, settings.runs) == ("light", str(tmp_path / "elsewhere"))
    assert settings.threads == 5
    assert {"theme", "threads", "runs"} <= set(changed)


def test_a_change_in_the_dialog_takes_effect_at_once_and_is_kept(window: MainWindow, qtbot: QtBot, look: Theme) -> None:
    window.open_settings()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    themes = dialog.editors["theme"]
    assert isinstance(themes, QComboBox)
    with qtbot.waitSignal(look.changed):
        themes.setCurrentIndex(1)
    assert load_settings(window.places.config).theme == "light"
    kept, seconds = (dialog.editors[name] for name in ("snapshots_kept", "snapshot_seconds"))
    assert isinstance(kept, QSpinBox)
    assert isinstance(seconds, QSpinBox)
    kept.setValue(7)
    seconds.setValue(3)
    assert (window.host.moments.keep, window.host.moments.every) == (7, 3)
    dialog.accept()

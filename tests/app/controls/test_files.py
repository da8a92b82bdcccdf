"""Data sets, files and cameras: real files dropped, and clear words for what cannot be used."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from app.controls.camera import CameraControl, find_cameras
from app.controls.dataset import DatasetControl, why_not
from app.controls.file import FileControl
from app.controls.thumbnails import pictures_below, read_thumbnail
from engine.api.params import Dataset, Field, File, Own
from tests.app.controls.conftest import drop, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    Show = Callable[[QWidget], QWidget]


@pytest.fixture
def dataset(shown: Show) -> DatasetControl:
    control = DatasetControl(field("data"))
    control.resize(240, 120)
    shown(control)
    return control


def choose(control: DatasetControl, words: str) -> None:
    index = control.chooser.findText(words)
    assert index >= 0
    control.chooser.setCurrentIndex(index)
    control.chooser.activated.emit(index)


# Data sets ---------------------------------------------------------------------------------------------------------------


def test_a_named_set_is_chosen_from_the_list(dataset: DatasetControl) -> None:
    choose(dataset, "sprites")
    assert dataset.value() == "sprites"
    assert not dataset.words.isVisible()


def test_a_dropped_folder_is_taken_counted_and_previewed(qtbot: QtBot, dataset: DatasetControl, photos: Path) -> None:
    with qtbot.waitSignal(dataset.changed) as told, qtbot.waitSignal(dataset.previews.counted):
        assert drop(dataset, photos)
    assert told.args == [str(photos)]
    assert dataset.chooser.currentText() == "photos"
    assert dataset.words.text() == "12 pictures"
    assert len(dataset.previews.pictures) == 8
    assert {(picture.width(), picture.height()) for picture in dataset.previews.pictures} == {(40, 40)}


def test_several_dropped_pictures_stand_for_their_folder(dataset: DatasetControl, photos: Path) -> None:
    drop(dataset, photos / "00.png", photos / "01.png", photos / "list.txt")
    assert dataset.value() == str(photos)


def test_one_dropped_picture_is_taken_as_it_is(qtbot: QtBot, dataset: DatasetControl, photos: Path) -> None:
    with qtbot.waitSignal(dataset.previews.counted):
        drop(dataset, photos / "00.png")
    assert dataset.value() == str(photos / "00.png")
    assert dataset.words.text() == "1 picture"


def test_what_holds_no_pictures_is_refused_and_the_old_set_stays(
    qtbot: QtBot, dataset: DatasetControl, photos: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, words in (
        (empty, "There are no pictures in “empty”"),
        (photos / "list.txt", "“list.txt” is no picture"),
        (tmp_path / "gone", "is not there any more"),
    ):
        with qtbot.assertNotEmitted(dataset.changed):
            drop(dataset, path)
        assert words in dataset.words.text()
        assert dataset.words.property("role") == "bad"
        assert dataset.value() == "digits"
    choose(dataset, "sprites")
    assert not dataset.words.isVisible()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(photos: Path) -> None:
    photos.chmod(0)
    try:
        assert "may not be read" in why_not(photos)
    finally:
        photos.chmod(0o700)


def test_a_folder_is_chosen_in_a_dialog(dataset: DatasetControl, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    choose(dataset, "Choose a folder…")
    assert dataset.value() == str(photos)


def test_a_dialog_that_was_left_changes_nothing(dataset: DatasetControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    choose(dataset, "Choose a folder…")
    assert dataset.value() == "digits"
    assert dataset.chooser.currentText() == "digits"


def test_a_set_without_own_pictures_takes_no_drop(shown: Show, photos: Path) -> None:
    control = DatasetControl(Field("data", "str", "moons", Dataset("moons", "rings")))
    shown(control)
    assert not drop(control, photos)
    assert control.chooser.findText("Choose a folder…") < 0


def test_a_folder_that_vanished_is_told(qtbot: QtBot, dataset: DatasetControl, tmp_path: Path) -> None:
    with qtbot.waitSignal(dataset.previews.counted):
        dataset.set_value(str(tmp_path / "gone"))
    assert "any more" in dataset.words.text()


def test_another_set_while_the_first_is_read_wins(qtbot: QtBot, dataset: DatasetControl, photos: Path) -> None:
    drop(dataset, photos)
    choose(dataset, "sprites")
    qtbot.wait(50)
    assert not dataset.words.isVisible()
    assert dataset.previews.pictures == []


# Packed pictures, texts, tables ------------------------------------------------------------------------------------------


def test_mnists_files_are_taken_counted_and_previewed(dataset: DatasetControl, tmp_path: Path) -> None:
    pixels = np.arange(12 * 28 * 28, dtype=np.uint32).astype(np.uint8).tobytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(struct.pack(">HBB3I", 0, 8, 3, 12, 28, 28) + pixels)
    drop(dataset, tmp_path)
    assert dataset.value() == str(tmp_path)
    assert dataset.words.text() == "12 pictures"
    assert len(dataset.previews.pictures) == 8


def test_cifars_batches_are_previewed_and_what_they_name_is_never_called(
    dataset: DatasetControl, tmp_path: Path
) -> None:
    rows = np.zeros((9, 3, 1024), np.uint8)
    rows[:, 0] = 255
    path = tmp_path / "data_batch_1"
    path.write_bytes(
        b"\x80\x02cos\n_exit\nK\x01\x85RX\x01\x00\x00\x00aT" + struct.pack("<I", rows.size) + rows.tobytes() + b"."
    )
    drop(dataset, path)
    assert dataset.value() == str(path)
    assert dataset.words.text() == "9 pictures"
    assert dataset.previews.pictures[0].pixelColor(3, 3).name() == "#ff0000"


@pytest.mark.parametrize("content", [b"", b"not it", b"\x80\x02X\x10"])
def test_packed_pictures_that_cannot_be_read_say_so(dataset: DatasetControl, tmp_path: Path, content: bytes) -> None:
    for name in ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "test_batch"):
        path = tmp_path / name
        path.write_bytes(content)
        drop(dataset, path)
        assert dataset.words.property("role") == "bad"
        assert name in dataset.words.text()


def own(shown: Show, takes: Own) -> DatasetControl:
    control = DatasetControl(Field("data", "str", "harbour", Dataset("harbour", takes=takes)))
    control.resize(240, 160)
    shown(control)
    return control


def test_a_text_is_taken_and_shown_by_its_first_lines(shown: Show, tmp_path: Path) -> None:
    control, path = own(shown, "text"), tmp_path / "poem.txt"
    path.write_text("\n".join(f"line {number}" for number in range(9)) * 1000, "utf-8")
    drop(control, path)
    assert control.value() == str(path)
    assert control.lines.lines == [f"line {number}" for number in range(4)]
    assert control.words.text() == "62 kB of text"
    choose(control, "harbour")
    assert not control.lines.isVisible()
    assert not control.words.isVisible()


def test_a_table_is_taken_and_counted(shown: Show, tmp_path: Path) -> None:
    control, path = own(shown, "table"), tmp_path / "iris.csv"
    path.write_text("x,y\n" + "1,2\n" * 30, "utf-8")
    drop(control, path)
    assert control.lines.lines == ["x,y", "1,2", "1,2", "1,2"]
    assert control.words.text() == "31 lines, 124 B"


@pytest.mark.parametrize(
    ("takes", "name", "content", "words"),
    [
        ("text", "song.mp3", b"ID3\0\0\0", "“song.mp3” is no text"),
        ("text", "empty.txt", b" \n", "“empty.txt” is empty"),
        ("table", "poem.txt", b"a", "“poem.txt” is no table: .csv, .tsv, .tab files are read"),
        ("table", "broken.csv", b"\0", "is no text"),
    ],
)
def test_what_is_neither_text_nor_table_is_refused(
    shown: Show, tmp_path: Path, takes: Own, name: str, content: bytes, words: str
) -> None:
    control = own(shown, takes)
    (tmp_path / name).write_bytes(content)
    drop(control, tmp_path / name)
    assert control.value() == "harbour"
    assert words in control.words.text()
    drop(control, tmp_path)
    assert "is a folder; choose one" in control.words.text()


# Pictures ----------------------------------------------------------------------------------------------------------------


def test_reading_a_large_tree_can_pause_between_folders(photos: Path) -> None:
    found = list(pictures_below(photos))
    assert found.count(None) == 2
    assert len(found) == 14


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_damaged_picture_has_no_thumbnail(qtbot: QtBot, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    assert read_thumbnail(path, 40).isNull()


def test_a_huge_picture_is_not_decoded(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "huge.bmp"
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    assert picture.save(str(path))
    raw = bytearray(path.read_bytes())
    raw[18:26] = (30_000).to_bytes(4, "little") * 2
    path.write_bytes(raw)
    assert read_thumbnail(path, 40).isNull()


# Files -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mesh(shown: Show) -> FileControl:
    control = FileControl(field("mesh"))
    control.resize(220, 100)
    shown(control)
    return control


def test_a_dropped_file_of_the_right_kind_is_taken(mesh: FileControl, tmp_path: Path) -> None:
    path = tmp_path / "bunny.OBJ"
    path.write_text("v 0 0 0")
    assert drop(mesh, path)
    assert mesh.value() == str(path)
    assert mesh.button.text() == "bunny.OBJ"
    assert mesh.clear.isVisible()


def test_a_file_of_another_kind_is_refused_with_the_kinds_that_are_taken(mesh: FileControl, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("la")
    drop(mesh, path)
    assert mesh.value() == ""
    assert mesh.words.text() == "“song.mp3” cannot be used here; this takes a mesh (.obj, .ply)."


def test_a_file_is_let_go_of(qtbot: QtBot, mesh: FileControl, tmp_path: Path) -> None:
    path = tmp_path / "bunny.ply"
    path.write_text("ply")
    drop(mesh, path)
    qtbot.mouseClick(mesh.clear, Qt.MouseButton.LeftButton)
    assert mesh.value() == ""
    assert mesh.button.text() == "Choose a mesh…"


def test_a_file_is_chosen_in_a_dialog(
    qtbot: QtBot, mesh: FileControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bunny.ply"
    path.write_text("ply")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    qtbot.mouseClick(mesh.button, Qt.MouseButton.LeftButton)
    assert mesh.value() == str(path)


def test_a_picture_gets_a_thumbnail(qtbot: QtBot, shown: Show, photos: Path) -> None:
    control = FileControl(Field("photo", "str", "", File(".png", kind="picture")))
    shown(control)
    with qtbot.waitSignal(control.preview.counted):
        drop(control, photos / "00.png")
    assert len(control.preview.pictures) == 1


def test_a_file_that_vanished_is_told(mesh: FileControl, tmp_path: Path) -> None:
    mesh.set_value(str(tmp_path / "gone.obj"))
    assert "is not there any more" in mesh.words.text()


# Cameras -----------------------------------------------------------------------------------------------------------------


def test_linux_names_its_cameras_and_leaves_out_their_metadata(tmp_path: Path) -> None:
    for number, index, name in ((0, "0", "Front"), (1, "1", "Front"), (4, "0", "")):
        entry = tmp_path / f"video{number}"
        entry.mkdir()
        (entry / "index").write_text(index + "\n")
        (entry / "name").write_text(name + "\n")
    (tmp_path / "video9").mkdir()
    assert find_cameras(tmp_path, linux=True) == {0: "Front", 4: "Camera 4"}
    assert find_cameras(tmp_path / "none", linux=True) == {}
    assert list(find_cameras(tmp_path, linux=False)) == [0, 1, 2]


def test_a_camera_that_is_not_there_is_still_shown(qtbot: QtBot) -> None:
    control = CameraControl(field("camera"))
    qtbot.addWidget(control)
    control.set_value(7)
    assert control.chooser.currentData() == 7
    control.chooser.activated.emit(0)
    control.chooser.setCurrentIndex(0)
    control.chooser.activated.emit(0)
    assert control.value() == -1

"""The tab Capture: an order to a process of its own, its events, the doctor's card, masks and photos that are left out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from app.benches.splats.box_masks import box_mask
from app.benches.splats.capture_files import (
    folder_for,
    is_posed,
    mask_path,
    read_diagnosis,
    read_dropped,
    read_points,
    title_of,
    write_mask,
)
from app.benches.splats.capture_panel import CapturePanel
from app.benches.splats.capturing import STAGES, CaptureOrder, Capturing, cloud_of
from app.benches.splats.mask_sheet import MaskSheet, read_ink
from app.benches.splats.shots import shots_of
from engine.api.errors import DataError
from engine.capture.colmap import write_model
from engine.capture.doctor import Trouble
from engine.capture.events import Placed, Progress, Stage, Told, encode
from engine.capture.lenses import Lens
from engine.capture.model import ModelImage, SparseModel
from engine.capture.order import Order, order_from_json
from tests.app.benches.test_splats_photos import cameras

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pytestqt.qtbot import QtBot

DIAGNOSIS = {
    "registered": 2,
    "images": 3,
    "doctor": {
        "verdict": "2 of 3 photos are placed.",
        "sure": 0.6,
        "findings": [
            {"trouble": "moving", "photos": [], "sentence": "The background moves.", "sure": 0.9},
            {"trouble": "blurred", "photos": ["c.jpg"], "sentence": "c.jpg was not placed.", "sure": 0.8},
        ],
    },
}


def child(tmp_path: Path, *lines: str, then: str = "") -> tuple[str, ...]:
    """A process that reads an order, writes it down, and says these lines."""
    script = tmp_path / "child.py"
    script.write_text(
        "import sys, json, pathlib\n"
        "order = json.loads(sys.stdin.readline())\n"
        f"pathlib.Path({str(tmp_path / 'order.json')!r}).write_text(json.dumps(order))\n"
        f"for line in {list(lines)!r}: print(line, flush=True)\n" + then
    )
    return sys.executable, str(script)


def finished(out: Path) -> str:
    """The lines of Python with which a capture ends well."""
    return (
        f"import PIL.Image\nout = pathlib.Path({str(out)!r})\n(out / 'photos').mkdir()\n"
        "for name in 'ab': PIL.Image.new('RGB', (60, 40), 'red').save(out / 'photos' / f'{name}.jpg')\n"
        f"(out / 'capture.json').write_text({json.dumps(DIAGNOSIS)!r})\n"
        "print(json.dumps({'event': 'Finished', 'registered': 2, 'images': 3, 'seconds': {}}), flush=True)\n"
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "pot"
    folder.mkdir()
    for name in "abc":
        image = QImage(60, 40, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.blue)
        image.save(str(folder / f"{name}.jpg"))
    return folder


def test_the_order_and_the_stages_are_those_of_the_engine(tmp_path: Path) -> None:
    order = CaptureOrder(tmp_path / "in", tmp_path / "out", 800, 40, tmp_path / "masks")
    read = order_from_json(order.to_json())
    assert read == Order(order.source, order.out, photo_side=800, frames=40, masks=order.masks, threads=read.threads)
    assert {stage.name: stage.value for stage in Stage} == STAGES
    from app.benches.splats.doctor_card import DEEDS, HEADS

    assert set(DEEDS) <= set(HEADS) == {trouble.value for trouble in Trouble}


def test_from_photos_to_the_doctor(qtbot: QtBot, dressed: Any, tmp_path: Path, photos: Path) -> None:
    root = tmp_path / "captures"
    out = folder_for(photos, root)
    points = Placed(("a.jpg",), np.eye(4)[None], np.ones((2, 3), np.float32), np.zeros((2, 3), np.uint8))
    lines = [encode(Progress(Stage.MATCHES, 3, 6, 12.0)), "no event", encode(points), encode(Told("Hm."))]
    capturing = Capturing(command=child(tmp_path, *lines, then=finished(out)))
    panel = CapturePanel(root, capturing)
    qtbot.addWidget(panel)
    panel.show()
    told: list[Any] = []
    capturing.advanced.connect(told.append)
    capturing.placed.connect(told.append)
    assert panel.take([photos])
    assert not panel.train.isVisible()
    with qtbot.waitSignal(panel.ready, timeout=20_000):
        qtbot.mouseClick(panel.go, Qt.MouseButton.LeftButton)
        assert panel.cancel.isVisible()
    assert json.loads((tmp_path / "order.json").read_text())["source"] == str(photos)
    assert told[0].words == "Matching 3 of 6 · 12 s left"
    assert told[0].share == pytest.approx(3.5 / 6)
    np.testing.assert_allclose(np.asarray(told[1].positions), [[1, 1, -1], [1, 1, -1]])
    assert panel.train.isVisible()
    assert panel.doctor.isVisible()
    assert panel.photos.names == ["a.jpg", "b.jpg"]
    with qtbot.waitSignal(panel.train_wanted) as wanted:
        qtbot.mouseClick(panel.train, Qt.MouseButton.LeftButton)
    assert wanted.args == [out]
    other = CapturePanel(root, Capturing(command=("nothing",)))  # it was captured before: nothing has to be done again
    qtbot.addWidget(other)
    other.take([photos])
    assert other.folder == out


@pytest.mark.parametrize(
    ("command", "word"),
    [(("/nowhere/nothing",), "could not be started"), ((sys.executable, "-c", "raise SystemExit(3)"), "unexpectedly")],
)
def test_a_capture_that_dies_is_a_sentence(qtbot: QtBot, tmp_path: Path, command: tuple[str, ...], word: str) -> None:
    capturing = Capturing(command=command)
    with qtbot.waitSignal(capturing.ended, timeout=20_000) as ended:
        capturing.start(CaptureOrder(tmp_path, tmp_path / "out"))
    assert not ended.args[0]
    assert word in ended.args[1]
    assert not capturing.running


def test_a_cancelled_capture_ends_within_two_seconds(qtbot: QtBot, tmp_path: Path) -> None:
    stubborn = child(tmp_path, encode(Progress(Stage.PAIRS, 1, 2)), then="import time\ntime.sleep(60)\n")
    capturing = Capturing(command=stubborn)
    with qtbot.waitSignal(capturing.advanced, timeout=20_000):
        capturing.start(CaptureOrder(tmp_path, tmp_path / "out"))
    with qtbot.waitSignal(capturing.ended, timeout=2_000) as ended:
        capturing.cancel()
    assert ended.args == [False, ""]


def test_captures_are_called_as_their_scenes(tmp_path: Path) -> None:
    assert title_of(tmp_path / "pot" / "images") == "Pot"
    assert title_of(folder_for(tmp_path / "pot" / "images", tmp_path)) == "Pot"
    assert folder_for(tmp_path / "a" / "images", tmp_path) != folder_for(tmp_path / "b" / "a", tmp_path)
    assert title_of(tmp_path / "my-holiday") == "My-holiday"


def test_the_sparse_cloud_is_read_as_the_engine_writes_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    points, colours = rng.normal(size=(5, 3)).astype(np.float32), rng.integers(0, 256, (5, 3), np.uint8)
    lens = Lens("PINHOLE", 60, 40, (50.0, 50.0, 30.0, 20.0))
    images = {k: ModelImage(f"{k}.jpg", 1, np.eye(4)) for k in (1, 2)}
    seen = np.array([[0, 1], [0, 2], [3, 2]])
    write_model(tmp_path / "sparse" / "0", SparseModel({1: lens}, images, points, colours, seen))
    found = read_points(tmp_path)
    assert found is not None
    np.testing.assert_allclose(found.positions, points)
    np.testing.assert_array_equal(found.colours, colours)
    file = tmp_path / "sparse" / "0" / "points3D.bin"
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        assert read_points(tmp_path) is None
    file.write_bytes(b"\xff" * 8 + whole[8:])
    assert read_points(tmp_path) is None


def test_broken_records_are_no_records(tmp_path: Path) -> None:
    assert read_diagnosis(tmp_path) is None
    for text in ("", "[]", "{}", '{"doctor": {"findings": 3}}', json.dumps(DIAGNOSIS)[:-20]):
        (tmp_path / "capture.json").write_text(text)
        assert read_diagnosis(tmp_path) is None
        (tmp_path / "dropped.json").write_text(text)
        assert read_dropped(tmp_path) == frozenset()
    assert is_posed(tmp_path)
    with pytest.raises(ValueError, match="colour"):
        cloud_of({"points": "AAAAAAAAAAAAAAAA", "colours": "", "names": []})


def test_photos_are_left_out_and_taken_back(qtbot: QtBot, dressed: Any, tmp_path: Path, photos: Path) -> None:
    panel = CapturePanel(tmp_path / "captures")
    qtbot.addWidget(panel)
    photos.rename(tmp_path / "photos")
    panel.photos.show_folder(tmp_path)
    panel.photos.mark(["b.jpg"])
    with qtbot.waitSignal(panel.photos.changed):
        panel.photos.drop.click()
    assert read_dropped(tmp_path) == {"b.jpg"}
    assert panel.photos.drop.text() == "Take back"
    panel.photos.drop.click()
    assert read_dropped(tmp_path) == frozenset()


def test_a_mask_is_painted_undone_and_kept(qtbot: QtBot, dressed: Any, tmp_path: Path, photos: Path) -> None:
    photos.rename(tmp_path / "photos")
    sheet = MaskSheet()
    qtbot.addWidget(sheet)
    sheet.resize(600, 400)
    sheet.show()
    sheet.show_photo(tmp_path, "a.jpg")
    middle = sheet.area.rect().center()
    with qtbot.waitSignal(sheet.changed):
        QTest.mousePress(sheet.area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
        QTest.mouseMove(sheet.area, middle + QPoint(40, 0))
        QTest.mouseRelease(sheet.area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    path = mask_path(tmp_path, "a.jpg")
    mask = QImage(str(path))
    assert mask.pixelColor(mask.width() // 2, mask.height() // 2).value() == 0  # what is painted does not count
    assert mask.pixelColor(2, 2).value() == 255
    assert mask.width() / mask.height() == pytest.approx(1.5, abs=0.01)
    sheet.keeps.setChecked(True)
    assert QImage(str(path)).pixelColor(2, 2).value() == 0
    ink, keeps = read_ink(path)
    assert keeps
    assert ink is not None
    assert ink[ink.shape[0] // 2, ink.shape[1] // 2] == 255
    QTest.keyClick(sheet, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not path.exists()  # nothing is painted: there is no mask


def test_a_mask_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "masks").write_text("a file where the folder should be")
    mask = QImage(4, 4, QImage.Format.Format_Grayscale8)
    with pytest.raises(DataError, match=r"mask of a"):
        write_mask(mask_path(tmp_path, "a.jpg"), mask)


def test_a_box_masks_what_it_covers() -> None:
    """A pixel counts exactly if its ray meets the box; each is asked by the slab method."""
    shot = shots_of(cameras())[1]
    low, high = np.array([-0.4, -0.3, -0.2]), np.array([0.5, 0.3, 0.6])
    mask = box_mask(shot, low, high)
    scale = mask.width() / shot.size[0]
    rng = np.random.default_rng(0)
    wrong = 0
    for x, y in rng.uniform(0, 1, (300, 2)) * (mask.width() - 1, mask.height() - 1):
        at = (np.array([int(x) + 0.5, int(y) + 0.5]) / scale - shot.middle) / shot.focal
        ray = shot.pose[:3, :3] @ np.array([*at, 1.0])
        times = np.sort([(low - shot.pose[:3, 3]) / ray, (high - shot.pose[:3, 3]) / ray], axis=0)
        meets = times[0].max() <= times[1].min()
        wrong += meets != (mask.pixelColor(int(x), int(y)).value() > 127)
    assert wrong <= 2  # of 300, at the rim

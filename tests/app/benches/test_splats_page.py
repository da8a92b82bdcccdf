"""The Splats workbench under real hands: clicks, drags and keys on a scene that no worker computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.benches.splats.rail import MODES
from engine.api import Table
from engine.api.splat_edits import (
    AlignGround,
    CleanFloaters,
    Crop,
    Delete,
    Isolate,
    Move,
    Outline,
    Range,
    SetLength,
    Stroke,
    chosen_of,
)
from engine.raster import Free, Orbit
from tests.app.benches.conftest import cloud

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from app.benches.splats.page import SplatsPage
    from engine.api.splat_edits import Cloud

    Bench = Callable[..., SplatsPage]

LEFT = Qt.MouseButton.LeftButton


def shown(page: SplatsPage) -> Cloud:
    """What is in the viewport."""
    assert page.choosing.cloud is not None
    return page.choosing.cloud


def drag(
    page: SplatsPage, points: list[tuple[float, float]], keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A drag through shares of the viewport."""
    stage = page.viewport.view.stage
    spots = [QPoint(round(x * stage.width()), round(y * stage.height())) for x, y in points]
    QTest.mousePress(stage, LEFT, keys, spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(stage, spot)
        QTest.qWait(1)
    QTest.mouseRelease(stage, LEFT, keys, spots[-1])


MIDDLE = [(0.35, 0.3), (0.5, 0.5), (0.65, 0.7)]


def test_without_a_scene_it_says_what_to_do(bench: Bench) -> None:
    page = bench()
    assert page.stack.currentWidget() is page.empty
    assert not page.bar.export.isEnabled()
    assert not page.edit.buttons["delete"].isEnabled()


def test_a_rectangle_chooses_and_delete_writes_an_edit(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    qtbot.mouseClick(page.viewport.strip.buttons["rectangle"], LEFT)
    drag(page, MIDDLE)
    count = page.choosing.count
    assert 0 < count < 500
    assert f"{count:,} of 500" in page.edit.chosen.text()
    assert isinstance(page.choosing.picks[0].region, Outline)
    qtbot.mouseClick(page.edit.buttons["delete"], LEFT)
    (edit,) = page.desk.edits
    assert isinstance(edit, Delete)
    assert chosen_of(edit.chosen, shown(page)).sum() == count


def test_shift_adds_and_ctrl_removes(bench: Bench) -> None:
    page = bench(cloud())
    page.viewport.take_tool("rectangle")
    drag(page, [(0.3, 0.3), (0.5, 0.7)])
    first = page.choosing.mask.copy()
    drag(page, [(0.5, 0.3), (0.7, 0.7)], Qt.KeyboardModifier.ShiftModifier)
    assert page.choosing.count > first.sum()
    drag(page, [(0.3, 0.3), (0.5, 0.7)], Qt.KeyboardModifier.ControlModifier)
    assert not (page.choosing.mask & first).any()
    np.testing.assert_array_equal(page.choosing.mask, chosen_of(page.choosing.picks, shown(page)))


def test_invert_is_the_rest_and_can_be_written_down(bench: Bench) -> None:
    page = bench(cloud())
    page.viewport.take_tool("lasso")
    drag(page, [(0.4, 0.3), (0.7, 0.5), (0.4, 0.7), (0.4, 0.4)])
    before = page.choosing.mask.copy()
    assert before.any()
    QTest.keyClick(page, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(page.choosing.mask, ~before)
    QTest.keyClick(page, Qt.Key.Key_I)
    assert isinstance(page.desk.edits[-1], Isolate)


def test_the_eraser_deletes_what_it_passes(bench: Bench) -> None:
    page = bench(cloud())
    QTest.keyClick(page, Qt.Key.Key_8)
    drag(page, [(0.4, 0.5), (0.5, 0.5), (0.6, 0.5)])
    (edit,) = page.desk.edits
    assert isinstance(edit.chosen[0].region, Stroke)
    drag(page, [(0.01, 0.99), (0.02, 0.99)])  # over nothing
    assert len(page.desk.edits) == 1


def test_undo_and_redo_by_keys_without_limit(bench: Bench) -> None:
    page = bench(cloud())
    for _ in range(5):
        page.deeds.clean()
    for _ in range(7):
        QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [len(page.desk.edits), len(page.desk.undone)] == [0, 5]
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(page, Qt.Key.Key_Z, both)
    assert list(page.desk.edits) == [CleanFloaters()]
    page.deeds.align()  # another road: what was undone is forgotten
    assert list(page.desk.undone) == []
    assert page.edit.list.count() == 3


def test_a_line_of_the_list_goes_back_and_forward(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    page.deeds.clean()
    page.deeds.align()
    row = page.edit.list.visualItemRect(page.edit.list.item(1)).center()
    qtbot.mouseClick(page.edit.list.viewport(), LEFT, pos=row)
    assert page.desk.edits == (CleanFloaters(),)
    assert page.desk.undone == (AlignGround(),)


def test_choosing_by_opacity(bench: Bench) -> None:
    frame = cloud()
    page = bench(frame)
    page.edit.threshold.setValue(250)
    assert page.choosing.count == pytest.approx(125, abs=2)
    assert page.choosing.mask[np.argmin(frame.opacities)]
    assert isinstance(page.choosing.picks[0].region, Range)
    page.edit.threshold.setValue(0)
    assert page.choosing.count == 0


def test_moving_the_scene(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    page.edit.turn.setText("90")
    page.edit.grow.setText("2")
    qtbot.mouseClick(page.edit.buttons["move"], LEFT)
    (edit,) = page.desk.edits
    assert isinstance(edit, Move)
    assert edit.scale == 2
    assert edit.turn == pytest.approx((np.sqrt(0.5), 0, 0, np.sqrt(0.5)))
    qtbot.mouseClick(page.edit.buttons["move"], LEFT)  # back at nothing
    assert len(page.desk.edits) == 1


def test_a_measured_line_gets_its_true_length(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud(4000))
    page.viewport.take_tool("measure")
    drag(page, [(0.45, 0.5)])
    drag(page, [(0.6, 0.55)])
    assert page.viewport.measure.length > 0
    page.edit.length.setText("0.5 m")
    qtbot.mouseClick(page.edit.buttons["length"], LEFT)
    (edit,) = page.desk.edits
    assert isinstance(edit, SetLength)
    assert edit.metres == 0.5
    assert np.linalg.norm(np.subtract(edit.start, edit.end)) > 0


def test_the_crop_box_is_dragged_by_its_faces(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    qtbot.mouseClick(page.edit.buttons["crop"], LEFT)  # the first press shows the box
    assert page.viewport.tool == "box"
    box, stage = page.viewport.box, page.viewport.view.stage
    before = box.high.copy()
    top = stage.camera().project(box._faces()[5])[0][0]
    start = (top[0] / stage.width(), top[1] / stage.height())
    drag(page, [start, (start[0], start[1] + 0.05), (start[0], start[1] + 0.1)])
    assert box.high[2] < before[2]
    np.testing.assert_array_equal(box.high[:2], before[:2])
    qtbot.mouseClick(page.edit.buttons["crop"], LEFT)
    assert page.desk.edits == (Crop(box.box.low, box.box.high),)


def test_with_a_tool_in_the_hand_the_right_button_still_moves_the_camera(bench: Bench) -> None:
    page = bench(cloud())
    page.viewport.take_tool("lasso")
    stage, before = page.viewport.view.stage, page.viewport.view.stage.orbit
    QTest.mousePress(stage, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 300))
    QTest.mouseMove(stage, QPoint(340, 320))
    QTest.mouseRelease(stage, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(340, 320))
    assert stage.orbit != before


@pytest.mark.parametrize("mode", [mode for mode, _, _ in MODES])
def test_every_way_of_showing_is_another_picture(bench: Bench, qtbot: QtBot, mode: str) -> None:
    page = bench(cloud())
    plain = page.viewport.view.stage.image.copy()
    qtbot.mouseClick(page.rail.modes[mode], LEFT, pos=QPoint(8, 8))
    qtbot.waitUntil(lambda: page.viewport.view.settled, timeout=30_000)
    assert (page.viewport.view.stage.image == plain) == (mode == "colour")
    assert page.viewport.legend.isVisible() == (mode in ("depth", "opacity", "contributions"))


def test_walking_through_and_back(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    stage = page.viewport.view.stage
    eye = stage.orbit.eye
    qtbot.mouseClick(page.rail.walks["fly"], LEFT, pos=QPoint(8, 8))
    assert type(stage.orbit).__name__ == Free.__name__
    np.testing.assert_allclose(stage.orbit.eye, eye)
    drag(page, [(0.5, 0.5), (0.6, 0.5)])
    np.testing.assert_allclose(stage.orbit.eye, eye)  # it looked around on the spot
    stage.setFocus()
    QTest.keyPress(stage, Qt.Key.Key_W)
    QTest.keyRelease(stage, Qt.Key.Key_W)
    assert np.linalg.norm(stage.orbit.eye - eye) > 0
    qtbot.mouseClick(page.rail.walks["orbit"], LEFT, pos=QPoint(8, 8))
    assert isinstance(stage.orbit, Orbit)


def test_facts_and_report_are_shown(bench: Bench) -> None:
    page = bench(cloud())
    page.desk.facts.emit(
        Table("facts", ("What", "Value"), (("Scene", "pot.ply"), ("Gaussians", "86,214"), ("Edit", "…")))
    )
    texts = [page.rail._facts.itemAt(index).widget().text() for index in range(page.rail._facts.count())]
    assert texts == ["pot.ply", "Gaussians", "86,214"]


def test_the_command_repeats_file_and_edits(bench: Bench) -> None:
    page = bench(cloud())
    page.desk.file = "/tmp/pot.ply"
    page.deeds.clean()
    page.deeds.copy_command()
    command = QGuiApplication.clipboard().text()
    assert command.startswith("python main.py run radiance.viewer --set file=/tmp/pot.ply")
    assert "CleanFloaters" in command
    QGuiApplication.clipboard().clear()


def test_the_same_scene_again_leaves_the_selection_alone(bench: Bench) -> None:
    page = bench(cloud())
    page.choosing.choose_all()
    page.desk.scene.emit(cloud())
    assert page.choosing.count == 500
    page.desk.scene.emit(cloud(499))
    assert page.choosing.count == 0


def test_key_frames_are_taken_from_here_and_gone_back_to(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    page.show_tab("film")
    stage = page.viewport.view.stage
    QTest.keyClick(page, Qt.Key.Key_K)
    here = stage.camera().world_from_camera
    stage.take(Orbit(distance=3.0, yaw=2.0))
    qtbot.mouseClick(page.film.add, LEFT)
    flight = page.film.flight()
    assert len(flight.keys) == 2
    page.film.go_to(0)
    np.testing.assert_allclose(stage.camera().world_from_camera, here, atol=1e-9)
    qtbot.mouseClick(page.film.clear, LEFT)
    assert page.film.flight() is None

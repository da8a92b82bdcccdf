"""The Bodies workbench under real hands: turned, pulled, keyed, played, doubled, dropped on, exported; the lab in this process."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from app.benches.bodies.page import BodiesPage
from app.runs import Host
from app.settings import Settings
from engine.api import Text
from engine.api.lab import describe
from engine.api.params import find_field, from_json
from engine.bodies.acting import Cast
from engine.bodies.bvh import write_bvh
from engine.bodies.files import default_body, write_model
from engine.bodies.gait import make_motion
from engine.bodies.scene_frames import draw_scene
from engine.labs.bodies import studio
from engine.run.arrays import with_numpy
from engine.run.discovery import load
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from engine.api.params import Field

LEFT = Qt.MouseButton.LeftButton


class InProcess:
    """Stands in for the worker: the lab's own functions, called when Qt is idle, the newest state only."""

    def __init__(self, page: BodiesPage) -> None:
        self.params, self.cast, self.saved, self._desk = studio.Params(), Cast(), 0, page.desk
        self._timer = QTimer(page, singleShot=True, interval=0)
        self._timer.timeout.connect(self.draw)
        page.desk.conductor.start = self.start  # type: ignore[method-assign]
        page.desk._send = self.send  # type: ignore[method-assign]

    def start(self, params: dict[str, Any], seed: int = 0) -> None:
        for name, value in params.items():
            self.send(name, value)

    def send(self, name: str, value: Any) -> None:
        setattr(self.params, name, from_json(find_field(page_fields(), name), value))
        self._timer.start()

    def draw(self) -> None:
        p, cast = self.params, self.cast
        moment = studio.moment_of(p, cast)
        frames = [*draw_scene(studio.look_of(p), cast, moment), studio.draw_pose(p, moment)]
        frames += [studio.draw_bodies(cast, moment), studio.draw_files(p)]
        if p.save > self.saved:
            self.saved = p.save
            frames.append(Text("export", studio.exported(p, cast, moment), note=f"export {p.save}"))
        for frame in map(with_numpy, frames):
            self._desk._show(None, frame, 0)  # type: ignore[arg-type]


@cache
def page_fields() -> tuple[Field, ...]:
    return describe(load("bodies.studio")).fields


@pytest.fixture
def page(qtbot: QtBot, dressed: Any, places: Places) -> Iterator[BodiesPage]:
    """The workbench with one body that stands."""
    known = tuple(describe(load(name)) for name in ("bodies.studio", "bodies.film"))
    library: Any = SimpleNamespace(labs=known, known=True)
    host = Host(1, None, fake_worker.serve)
    page = BodiesPage(library, host, places, Settings())
    InProcess(page)
    qtbot.addWidget(page)
    page.resize(1100, 720)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.setFocus(Qt.FocusReason.OtherFocusReason)
    qtbot.waitUntil(lambda: bool(page.desk.actor.pose.turns) and page.settled, timeout=30_000)
    yield page
    page.close_session()
    host.close()
    page.close()


def spot(page: BodiesPage, frame: str, index: int) -> QPoint:
    """Where a handle is on the stage."""
    stage = page.viewport.view.stage
    positions = np.asarray(page.viewport.view.handles[f"scene/{frame}"].frame.positions)
    (x, y), _ = stage.camera().project(positions[index])[0][0], None
    return QPoint(round(x), round(y))


def drag(page: BodiesPage, start: QPoint, by: QPoint) -> None:
    stage = page.viewport.view.stage
    QTest.mousePress(stage, LEFT, pos=start)
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(stage, start + by * share)
        QTest.qWait(40)
    QTest.mouseRelease(stage, LEFT, pos=start + by)


def test_a_wrist_is_pulled_and_undone(page: BodiesPage, qtbot: QtBot) -> None:
    before = page.desk.scene
    page.viewport.take_tool("pull ends")
    ends = lambda: page.viewport.view.handles.get("scene/ends")  # noqa: E731
    qtbot.waitUntil(lambda: ends() is not None and len(ends().frame.positions) == 6, timeout=10_000)
    drag(page, spot(page, "ends", 2), QPoint(0, -80))
    qtbot.waitUntil(lambda: page.desk.scene != before, timeout=10_000)
    moved = np.array(page.desk.actor.pose.turns) - np.array(before.actors[0].pose.turns)
    assert np.abs(moved[[16, 18]]).max() > 0.1, "neither shoulder nor elbow followed"
    assert np.abs(moved[[1, 2, 4, 5]]).max() < 1e-4, "the legs should not move"
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.desk.scene == before
    page.desk.redo()
    assert page.desk.scene != before


def test_a_slider_turns_a_joint_on_both_sides(page: BodiesPage, qtbot: QtBot) -> None:
    page.pose.both.setChecked(True)
    page.pose.choose_joint(18)
    page.pose.dials[1].slider.offer(-60.0)
    qtbot.waitUntil(lambda: abs(page.desk.actor.pose.turns[18][1] - np.radians(-60)) < 1e-3, timeout=10_000)
    assert page.desk.actor.pose.turns[19][1] == pytest.approx(np.radians(60), abs=1e-3)


def test_key_frames_are_made_dragged_played_and_deleted(page: BodiesPage, qtbot: QtBot) -> None:
    QTest.keyClick(page, Qt.Key.Key_K)
    page.desk.go_to(2.0)
    page.desk.ask("preset", "squat")
    qtbot.waitUntil(lambda: len(page.desk.actor.keys) == 2, timeout=10_000)
    track = page.time_line.track
    start = QPoint(round(track.x_of(2.0)), 30)
    QTest.mousePress(track, LEFT, pos=start)
    QTest.mouseMove(track, QPoint(round(track.x_of(3.0)), 30))
    QTest.mouseRelease(track, LEFT, pos=QPoint(round(track.x_of(3.0)), 30))
    assert page.desk.actor.keys[1].time == pytest.approx(3.0, abs=0.05)
    page.desk.go_to(1.5)
    QTest.keyClick(page, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.desk.time > 1.7, timeout=5_000)
    QTest.keyClick(page, Qt.Key.Key_Space)
    assert not page.time_line.playing
    page.desk.go_to(page.desk.actor.keys[1].time)
    QTest.keyClick(page, Qt.Key.Key_Delete)
    assert len(page.desk.actor.keys) == 1


def test_bodies_are_added_chosen_by_a_click_and_removed(page: BodiesPage, qtbot: QtBot) -> None:
    page.rail.asked.emit("duplicate")
    qtbot.waitUntil(lambda: len(page.viewport.picker.meshes) == 2 and page.settled, timeout=10_000)
    assert page.desk.chosen == 1
    page.viewport.take_tool("none")
    page.viewport.view.frame_content()
    camera = page.viewport.view.stage.camera()
    middle = page.viewport.picker.meshes[0].mean(0)
    vertices = page.viewport.picker.meshes[0]
    (x, y), _ = camera.project(vertices[np.abs(vertices - middle).sum(1).argmin()])[0][0], None
    QTest.mouseClick(page.viewport.view.stage, LEFT, pos=QPoint(round(x), round(y)))
    assert page.desk.chosen == 0
    page.desk.remove()
    assert [actor.name for actor in page.desk.scene.actors] == ["Body 2"]
    assert set(page.viewport.picker.meshes) <= {0}


def test_a_folder_of_a_model_and_a_sequence_is_told_apart(page: BodiesPage, qtbot: QtBot, tmp_path: Path) -> None:
    write_model(default_body(), tmp_path / "own_female.safetensors")
    write_bvh(make_motion("walk", 40), default_body(), tmp_path / "walk.bvh")
    (tmp_path / "wrong.pkl").write_bytes(b"\x80\x04nonsense.")
    assert page.accept_drop([tmp_path])
    qtbot.waitUntil(lambda: page.desk.actor.sequence.endswith("walk.bvh"), timeout=10_000)
    assert page.desk.actor.model.endswith("own_female.safetensors")
    assert "own_female.safetensors" in page.shape.model.itemText(3)
    page.desk.bake()
    qtbot.waitUntil(lambda: not page.desk.actor.sequence, timeout=20_000)
    assert len(page.desk.actor.keys) >= 3
    assert abs(page.desk.actor.keys[0].pose.place[1]) < 0.1, "it should walk on the ground"


def test_an_export_is_read_back(page: BodiesPage, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.desk.reported, timeout=20_000) as told:
        page.export(tmp_path / "body.glb")
    assert "read back to under 0.01°" in told.args[0]
    assert (tmp_path / "body.glb").stat().st_size > 100_000

"""Photos in the viewport: where they were taken, jumping there, the line between photo and scene, where they differ."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest

from app.benches.splats.comparing import close_up_of, thirds
from app.benches.splats.probe import supporters
from app.benches.splats.shots import shots_of
from engine.api import Cameras, Picture
from engine.raster import Orbit
from tests.app.benches.conftest import cloud
from tests.app.benches.test_splats_page import drag

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from app.benches.splats.page import SplatsPage

    Bench = Callable[..., SplatsPage]

LEFT = Qt.MouseButton.LeftButton
WIDTH, HEIGHT = 60, 40


def cameras(count: int = 3) -> Cameras:
    """Photos around the ball of `cloud`, red, the axis off their middle."""
    poses = np.stack([Orbit(distance=6.0, yaw=0.3 + 0.8 * k).camera(60, 40).world_from_camera for k in range(count)])
    each = np.ones((count, 1))
    thumbs = np.zeros((count, 20, 30, 3), np.uint8)
    thumbs[..., 0] = 255
    held = np.arange(count) == 0
    return Cameras(
        "scene/photos",
        tuple(f"{k}.jpg" for k in range(count)),
        poses,
        focal=each * (80.0, 80.0),
        middle=each * (33.0, 18.0),
        size=each * (WIDTH, HEIGHT),
        thumbs=thumbs,
        psnr=np.where(held, 21.0, np.nan),
        held_out=held,
    )


def side_by_side(name: str) -> Picture:
    """As the lab sends it: a green photo, a blue scene, a white error."""
    parts = [np.zeros((HEIGHT, WIDTH, 3), np.float32) for _ in range(3)]
    parts[0][..., 1] = parts[1][..., 2] = 1
    parts[2][:] = 1
    return Picture("picture", np.concatenate(parts, 1), note=f"{name}: photo | scene | error × 4 · 21.0 dB, SSIM 0.800")


def test_a_photo_lies_where_its_lens_saw_it() -> None:
    """What a photo sees at a pixel is where the viewport, standing at its place, shows that pixel."""
    shot = shots_of(cameras())[1]
    camera = shot.eye(6.0, 300, 200).camera(300, 200)
    area = shot.area(camera)
    assert QRectF(-1e-6, -1e-6, 300.001, 200.001).contains(area)  # all of it is seen
    places, _ = camera.project(shot.corners(2.0))
    outline = [
        (point.x(), point.y()) for point in (area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft())
    ]
    np.testing.assert_allclose(places, outline, atol=1e-9)
    inside, outside = shot.corners(3.0).mean(0), shot.corners(3.0)[0] * 1.5 - shot.corners(3.0)[2] * 0.5
    assert shot.sees(inside)
    assert not shot.sees(outside)
    assert not shot.sees(shot.pose[:3, 3] - (inside - shot.pose[:3, 3]))  # behind the camera


def test_a_click_on_a_camera_jumps_to_its_photo_and_the_line_compares(bench: Bench, qtbot: QtBot) -> None:
    page = bench(cloud())
    view, stage = page.viewport, page.viewport.view.stage
    shots = shots_of(cameras())
    stage.take(Orbit(distance=9.0, yaw=1.9))
    before = stage.orbit
    view.show_shots(shots)
    stage.repaint()
    spot = stage.camera().project(shots[2].corners(view.shots.depth()).mean(0))[0][0]
    with qtbot.waitSignal(view.jumped):
        qtbot.mouseClick(stage, LEFT, pos=stage.rect().topLeft() + _point(spot))
    np.testing.assert_allclose(stage.orbit.eye, shots[2].pose[:3, 3])
    assert view.compare_bar.isVisible()
    assert "2.jpg" in view.compare_bar.words.text()
    drag(page, [(0.5, 0.5), (0.4, 0.5)])
    assert view.compare.share == pytest.approx(0.4, abs=0.02)
    assert _colour(page, 0.6) == (255, 0, 0)  # the small copy, until the run sends the photo
    found = close_up_of(side_by_side("2.jpg"))
    assert found is not None
    view.show_close_up(found)
    assert _colour(page, 0.6) == (0, 255, 0)
    qtbot.mouseClick(view.compare_bar.buttons["error"], LEFT)
    assert _colour(page, 0.6) == (255, 255, 255)
    assert "21.0 dB" in view.compare_bar.words.text()
    QTest.keyClick(page, Qt.Key.Key_PageDown)  # around to the first
    np.testing.assert_allclose(stage.orbit.eye, shots[0].pose[:3, 3])
    assert "0.jpg · held out · 21.0 dB" in view.compare_bar.words.text()
    view.leave_photo()
    assert stage.orbit is before or stage.orbit == before
    assert not view.compare_bar.isVisible()


def test_the_camera_that_moves_on_leaves_the_photo(bench: Bench) -> None:
    page = bench(cloud())
    page.viewport.show_shots(shots_of(cameras()))
    page.viewport.stand_at(page.viewport.shots.shots[0])
    drag(page, [(0.8, 0.9), (0.9, 0.9)])
    assert not page.viewport.compare.there
    assert not page.viewport.compare_bar.isVisible()


def test_a_click_on_a_gaussian_tells_its_numbers_and_photos(bench: Bench, qtbot: QtBot) -> None:
    frame = cloud(1)
    frame.means[:], frame.opacities[:], frame.colours[:] = (0.1, 0.0, -0.2), 0.8, (1.0, 0.0, 0.0)
    page = bench(frame)
    view, stage = page.viewport, page.viewport.view.stage
    stage.take(Orbit(distance=9.0, yaw=1.9))
    shots = shots_of(cameras())
    aside = dataclasses.replace(shots[0], name="aside.jpg", pose=shots[0].pose @ np.diag([1, -1.0, -1, 1]))
    view.show_shots((*shots, aside))
    QTest.keyClick(page, Qt.Key.Key_9)
    spot = stage.camera().project(frame.means[0])[0][0]
    qtbot.mouseClick(stage, LEFT, pos=_point(spot))
    assert view.card.isVisible()
    texts = {name: label.text() for name, label in view.card.values.items()}
    assert texts["Position"] == "0.100  0  −0.200 m"
    assert texts["Opacity"] == "80%"
    assert "#ff0000" in texts["Colour"]
    assert "In 3 of 4 photos" in view.card.seen.text()  # not in the one that looks the other way
    angles = [angle for angle, _ in supporters(np.array([0.1, 0.0, -0.2]), shots, stage.orbit.eye)]
    assert angles == sorted(angles)
    nearest = min(shots, key=lambda shot: np.linalg.norm(shot.pose[:3, 3] / 6 - stage.orbit.eye / 9))
    qtbot.mouseClick(view.card.buttons[0], LEFT)
    assert view.compare.shot is nearest
    view.show_scene(dataclasses.replace(frame, means=frame.means + 0.01))  # it was trained on: the card follows
    assert view.card.values["Position"].text() == "0.110  0.0100  −0.190 m"
    view.card.closed.emit()
    assert not view.card.isVisible()


@pytest.mark.parametrize(("width", "height"), [(1200, 700), (500, 900)])
def test_side_by_side_keeps_shape_and_stays_inside(width: int, height: int) -> None:
    shot = shots_of(cameras())[0]
    areas = thirds(QRectF(0, 0, width, height), shot)
    for area in areas:
        assert area.width() / area.height() == pytest.approx(WIDTH / HEIGHT)
        assert QRectF(0, 0, width, height).contains(area)
    assert not areas[0].intersects(areas[1])
    assert not areas[1].intersects(areas[2])


def test_only_the_three_pictures_of_a_photo_are_taken_apart() -> None:
    assert close_up_of(Picture("picture", np.zeros((4, 6, 3)), note="something else")) is None
    found = close_up_of(side_by_side("a: b.jpg"))
    assert found is not None
    assert found.name == "a: b.jpg"
    assert found.words == "21.0 dB, SSIM 0.800"
    assert (found.photo.width(), found.photo.height()) == (WIDTH, HEIGHT)


def test_shapes_of_small_copies() -> None:
    """Small copies are stretched to one size; each is shown in its photo's shape."""
    picture = shots_of(cameras())[0].picture
    assert picture.width() / picture.height() == pytest.approx(WIDTH / HEIGHT)
    assert math.isnan(shots_of(cameras())[1].decibels)


def _point(spot: np.ndarray) -> QPoint:
    return QPoint(*(round(float(value)) for value in spot))


def _colour(page: SplatsPage, share: float) -> tuple[int, int, int]:
    stage = page.viewport.view.stage
    picture = stage.grab().toImage()
    colour = picture.pixelColor(round(share * picture.width()), picture.height() // 2)
    return colour.red(), colour.green(), colour.blue()

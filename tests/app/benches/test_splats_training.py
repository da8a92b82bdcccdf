"""The tab Train: two clicks to a training run, its scene beside what was opened, held-out photos below."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from app.benches.splats.shots import shots_of
from engine.api import Table
from engine.api.lab import LabInfo, describe
from engine.run.discovery import load
from tests.app.benches.conftest import cloud
from tests.app.benches.test_splats_photos import cameras

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from app.benches.splats.page import SplatsPage

    Bench = Callable[..., SplatsPage]

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="session")
def trainer() -> LabInfo:
    return describe(load("radiance.splats"))


def test_one_click_trains_the_own_scene(bench: Bench, qtbot: QtBot, trainer: LabInfo) -> None:
    page = bench(labs=(trainer,))
    assert [page.dock.tabText(index) for index in (0, 1)] == ["Capture", "Train"]
    qtbot.mouseClick(page.empty.train, LEFT)
    assert page.trains
    assert page.learning.training.bar.isVisible()
    run = page.learning.training.lab.conductor.front
    assert run is not None
    assert page.learning.training.lab.parts.parameters.value("data") in ("three bodies", "still life")


def test_each_tab_has_its_scene(bench: Bench, qtbot: QtBot, trainer: LabInfo) -> None:
    page = bench(cloud(300), labs=(trainer,))
    page.show_tab("train")
    assert page.stack.currentWidget() is page.empty
    page.learning.training.scene.emit(dataclasses.replace(cloud(200), name="scene"))
    assert len(page.choosing.cloud.means) == 200
    page.show_tab("edit")
    assert len(page.choosing.cloud.means) == 300
    assert not page.learning.training.bar.isVisible()
    page.learning.training.scene.emit(dataclasses.replace(cloud(210), name="scene"))  # training goes on unseen
    assert len(page.choosing.cloud.means) == 300
    page.show_tab("train")
    assert len(page.choosing.cloud.means) == 210


def test_held_out_photos_worst_first(bench: Bench, qtbot: QtBot, trainer: LabInfo) -> None:
    page = bench(labs=(trainer,))
    page.show_tab("train")
    page.learning.training.views.emit(
        Table("views", ("photo", "PSNR, dB", "SSIM"), (("1.jpg", "21.10", "0.800"), ("0.jpg", "27.90", "0.900")))
    )
    assert not page.learning.strip.isVisible()  # nothing is trained yet
    page.learning.training.scene.emit(cloud(50))
    page.learning.training.photos.emit(shots_of(cameras(2)))
    assert page.learning.strip.isVisible()
    assert page.learning.strip.buttons[0].text() == "21.1 dB · 0.80"
    assert "mean 24.5 dB" in page.learning.strip.mean.text()
    page.learning.training._ranked = ["1.jpg", "0.jpg"]
    qtbot.mouseClick(page.learning.strip.buttons[1], LEFT)
    assert page.viewport.compare.shot.name == "0.jpg"
    assert page.learning.training.lab.parts.parameters.value("row") == (1.0,)

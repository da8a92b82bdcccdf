"""The tab Train: two clicks to a training run, its scene beside what was opened, held-out photos below."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.benches.splats.training import upright
from engine.api import Table
from engine.api.lab import LabInfo, describe
from engine.run.discovery import load
from engine.splats.frames import UPRIGHT
from tests.app.benches.conftest import cloud

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
    assert page.dock.tabText(0) == "Train"
    qtbot.mouseClick(page.empty.train, LEFT)
    assert page.trains
    assert page.training.bar.isVisible()
    run = page.training.lab.conductor.front
    assert run is not None
    assert page.training.lab.parts.parameters.value("data") == "three bodies"


def test_each_tab_has_its_scene(bench: Bench, qtbot: QtBot, trainer: LabInfo) -> None:
    page = bench(cloud(300), labs=(trainer,))
    page.show_tab("train")
    assert page.stack.currentWidget() is page.empty
    page.training.scene.emit(dataclasses.replace(cloud(200), name="scene"))
    assert len(page.choosing.cloud.means) == 200
    page.show_tab("edit")
    assert len(page.choosing.cloud.means) == 300
    assert not page.training.bar.isVisible()
    page.training.scene.emit(dataclasses.replace(cloud(210), name="scene"))  # training goes on unseen
    assert len(page.choosing.cloud.means) == 300
    page.show_tab("train")
    assert len(page.choosing.cloud.means) == 210


def test_held_out_photos_worst_first(bench: Bench, qtbot: QtBot, trainer: LabInfo) -> None:
    page = bench(labs=(trainer,))
    page.show_tab("train")
    page.training.views.emit(
        Table("views", ("photo", "PSNR, dB", "SSIM"), (("b", "21.10", "0.800"), ("a", "27.90", "0.900")))
    )
    assert page.strip.isVisible()
    assert page.strip.buttons[0].text() == "b\n21.1 dB"
    assert "mean 24.5 dB" in page.strip.mean.text()
    qtbot.mouseClick(page.strip.buttons[1], LEFT)
    assert page.training.lab.parts.parameters.value("row") == (1.0,)


def test_photos_point_down_and_scenes_stand_up() -> None:
    frame = cloud(20)
    turned = upright(frame)
    np.testing.assert_allclose(turned.means, frame.means @ UPRIGHT["-y"].T, atol=1e-6)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(turned.rotations, np.tile([half, -half, 0, 0], (20, 1)), atol=1e-6)

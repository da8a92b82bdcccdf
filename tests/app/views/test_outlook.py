"""A new run is looked at as the last one was: the camera that a person turned stays where they left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.views.panel import ViewPanel
from app.views.viewport import ViewportView
from engine.api import Points
from engine.api import View as Place
from engine.raster import Orbit, warm_up

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(qtbot: QtBot) -> ViewPanel:
    warm_up()
    made = ViewPanel(Place("loss", "Loss", "press Start"))
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.show()
    return made


def scene_of(panel: ViewPanel) -> ViewportView:
    assert isinstance(panel.view, ViewportView)
    return panel.view


def test_a_new_run_is_seen_from_where_the_person_had_turned_the_last_one(panel: ViewPanel) -> None:
    points = Points("loss/a", np.eye(3, dtype=np.float32))
    panel.accept(points)
    first = scene_of(panel)
    first.take_outlook(Orbit((0.0, 0.0, 0.0), 4.0, yaw=1.25))
    panel.clear()
    assert panel.view is None
    panel.accept(points)
    again = scene_of(panel)
    assert again is not first
    assert isinstance(again.stage.orbit, Orbit)
    assert again.stage.orbit.yaw == 1.25


def test_a_camera_that_nobody_touched_frames_the_next_content(panel: ViewPanel) -> None:
    panel.accept(Points("loss/a", np.eye(3, dtype=np.float32)))
    panel.clear()
    panel.accept(Points("loss/a", 50 * np.eye(3, dtype=np.float32)))
    orbit = scene_of(panel).stage.orbit
    assert isinstance(orbit, Orbit)
    assert orbit.distance > 20

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.benches.splats.page import SplatsPage
from app.runs import Host
from app.settings import Settings
from engine.api import Splats
from engine.api.lab import LabInfo, describe
from engine.run.discovery import load
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from app.places import Places


@pytest.fixture(scope="session")
def needed() -> tuple[LabInfo, ...]:
    return tuple(describe(load(name)) for name in ("radiance.viewer", "radiance.film"))


def cloud(count: int = 500, seed: int = 0) -> Splats:
    """A ball of Gaussians, as the worker would send it."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((count, 3)).astype(np.float32)
    turns = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    scales = np.full((count, 3), 0.05, np.float32)
    opacities = rng.uniform(0.1, 1, count).astype(np.float32)
    return Splats("scene/Gaussians", means, turns, scales, opacities, rng.uniform(0, 1, (count, 3)).astype(np.float32))


@pytest.fixture
def bench(
    qtbot: QtBot, dressed: Any, places: Places, needed: tuple[LabInfo, ...]
) -> Iterator[Callable[..., SplatsPage]]:
    """The workbench with a scene, without a worker."""
    made: list[tuple[SplatsPage, Host]] = []

    def make(frame: Splats | None = None, labs: tuple[LabInfo, ...] = ()) -> SplatsPage:
        host = Host(1, None, fake_worker.serve)
        known = (*needed, *labs)
        library: Any = SimpleNamespace(
            labs=known, known=True, find=lambda name: next((info for info in known if info.id == name), None)
        )
        page = SplatsPage(library, host, places, Settings())
        qtbot.addWidget(page)
        made.append((page, host))
        page.resize(1200, 760)
        with qtbot.waitActive(page):
            page.show()
            page.activateWindow()
        page.setFocus(Qt.FocusReason.OtherFocusReason)
        if frame is not None:
            page.stack.setCurrentWidget(page.viewport)
            page.desk.scene.emit(frame)
            qtbot.waitUntil(lambda: page.viewport.view.settled, timeout=20_000)
        return page

    yield make
    for page, host in made:
        page.close_session()
        host.close()
        page.close()

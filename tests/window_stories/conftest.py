"""The real window over the real labs, with real workers: what a person meets, from a drop to a toast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.notify import notifier
from app.settings import Settings
from app.window import MainWindow
from engine.api.catalogue import write_cache
from engine.api.lab import describe, info_to_json
from engine.run.discovery import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.theme import Theme

LABS = ("neurons.perceptron", "convolution.kernels", "autoencoders.vae", "surfaces.sdf")


@pytest.fixture(scope="session")
def described() -> list[dict[str, object]]:
    return [info_to_json(describe(load(lab))) for lab in LABS]


@pytest.fixture
def open_window(
    qtbot: QtBot,
    look: Theme,
    places: Places,
    described: list[dict[str, object]],
) -> Iterator[Callable[..., MainWindow]]:
    """Opens the window on a page, in the home of this test or in other places."""
    windows: list[MainWindow] = []
    look.reduce_motion = True

    def make(page: str = "start", where: Places | None = None) -> MainWindow:
        home = where or places
        write_cache(home.cache, described)
        settings = Settings(reduce_motion=True)
        settings.file = home.config / "settings.json"
        window = MainWindow(home, (), page, settings)
        windows.append(window)
        window.resize(1440, 900)
        window.show()
        qtbot.waitUntil(lambda: not window._wanted and window.pages.name == page, timeout=10_000)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    notifier().show_with(None)

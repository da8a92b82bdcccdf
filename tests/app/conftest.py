from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.notify import notifier
from app.settings import Settings
from app.window import MainWindow
from tests.app.samples import SamplePage, keep_labs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.theme import Theme

    MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def make_window(qtbot: QtBot, look: Theme, places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWindow]:
    """Opens windows over the sample labs, whose pages and workers are stand-ins; closes them afterwards."""
    windows: list[MainWindow] = []
    monkeypatch.setattr("app.topics.page.LabPage", SamplePage)
    monkeypatch.setattr("app.runs.host.Host.prestart", lambda self: None)
    SamplePage.made = []
    keep_labs(places.cache)
    look.reduce_motion = True

    def make(page: str = "", files: tuple[str, ...] = (), settings: Settings | None = None) -> MainWindow:
        chosen = settings or Settings(reduce_motion=True)
        chosen.file = chosen.file or places.config / "settings.json"
        window = MainWindow(places, files, page, chosen)
        windows.append(window)
        window.resize(1440, 900)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()  # where no window manager does it, keys would not reach it
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.wait(20)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    notifier().show_with(None)


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window()

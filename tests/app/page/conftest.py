from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.runs import Host
from app.settings import Settings
from app.topics.page import LabPage
from engine.api.frames import View
from engine.api.lab import LabInfo, describe
from engine.api.params import Button, Choice, Dataset, Field, Pad, Slider
from engine.run.discovery import load
from tests.app.runs import fake_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.places import Places

FIELDS = (
    Field("data", "str", "digits", Dataset("digits", "sprites", images=True, label="Data", help="What it learns from")),
    Field("lr", "float", 0.1, Slider(0.001, 1.0, log=True, live=True, label="Learning rate", help="Step length")),
    Field("hidden", "int", 8, Slider(1, 64, label="Hidden units", help="Width of the net")),
    Field("kind", "str", "one", Choice("one", "two", live=True, help="Which")),
    Field("z", "tuple", (0.0, 0.0), Pad(-1.0, 1.0, live=True, label="Cross", help="Where to look")),
    Field("press", "int", 0, Button(live=True, help="Counts")),
    Field("steps", "int", 100, Slider(1, 1000, log=True, help="How many")),
)
VIEWS = (View("loss", "Loss"), View("grid", "Pictures"), View("plane", "Plane"))


def fake_lab(does: str, checks: tuple[str, ...] = ()) -> LabInfo:
    """A lab for the fake worker, which does what its id says."""
    return LabInfo(does, "A lab", "neurons", "Somebody 1999", "It is.", FIELDS, VIEWS, checks, "Notes: {{loss}}")


Open = "Callable[..., LabPage]"


@pytest.fixture(scope="session")
def perceptron() -> LabInfo:
    return describe(load("neurons.perceptron"))


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def open_page(qtbot: QtBot, places: Places, settings: Settings) -> Iterator[Callable[..., LabPage]]:
    """Opens pages in the middle of a window's size; closes them all."""
    pages: list[tuple[LabPage, Host]] = []

    def make(info: LabInfo, serve: object = fake_worker.serve) -> LabPage:
        host = Host(1) if serve is None else Host(1, None, serve)  # type: ignore[arg-type]  # a function of the tests
        page = LabPage(info, host, places, settings)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        with qtbot.waitActive(page):
            page.show()
            page.activateWindow()
        page.setFocus(Qt.FocusReason.OtherFocusReason)
        pages.append((page, host))
        return page

    yield make
    for page, host in pages:
        page.close_session()
        host.close()
        page.close()
    QApplication.clipboard().clear()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"not looked into")
    return folder

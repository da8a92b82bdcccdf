"""What every test has: folders of its own, the window's look, and a guard against whatever is left behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from app.runs import worker
from dev import virtual_display
from tests.leaks import leaks, standing, watch_starts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from app.places import Places
    from app.theme import Theme


os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on two busy cores are a twentieth as fast as one

if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # without it Qt ends the process where there is no screen


OWN_SCREENS = sys.platform == "linux" and os.environ.get("QT_QPA_PLATFORM") == "xcb" and bool(shutil.which("Xvfb"))
"""Whether each test process opens its windows on a virtual screen of its own, as under `dev.py test`."""

_until_the_end = contextlib.ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """A test process beside others gets its own screen, before Qt looks for one."""
    if OWN_SCREENS and hasattr(config, "workerinput"):
        os.environ["DISPLAY"] = _until_the_end.enter_context(virtual_display())


def pytest_unconfigure() -> None:
    """Its screen goes with it."""
    _until_the_end.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a shared screen only one window has the keyboard: the tests with windows then run one after the other."""
    if OWN_SCREENS or os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return
    for item in items:
        place = item.path.relative_to(config.rootpath).parts
        if {"app", "window_stories", "test_bad_input.py"} & set(place[1:]):
            item.add_marker(pytest.mark.xdist_group("window"))


@pytest.fixture(scope="session", autouse=True)
def workers_start_at_once() -> None:
    """Workers of windows are forked off a process that has imported torch once, which saves each test seconds.

    The program starts a fresh one on every system; `tests/run` does that too.
    """
    if sys.platform == "linux":
        worker.CONTEXT = multiprocessing.get_context("forkserver")
        worker.CONTEXT.set_forkserver_preload(["engine.run.worker"])


@pytest.fixture
def places(tmp_path: Path) -> Places:
    from app.places import find_places

    return find_places(str(tmp_path / "home"))


@pytest.fixture(scope="session")
def real_labs() -> list[dict[str, object]]:
    """Every lab of the program, as `write_cache` takes them: for a program in a process of its own that need not list them itself."""
    from engine.api.lab import info_to_json
    from engine.run.discovery import describe_all

    return [info_to_json(info) for info in describe_all()]


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """The application in its colours, fonts and style sheet, dark."""
    from app.theme import dress

    dress(qapp)
    return qapp


@pytest.fixture
def look(dressed: QApplication) -> Iterator[Theme]:
    """The theme, put back to dark with all its motion afterwards."""
    from app.theme import theme

    yield theme()
    theme().set_mode("dark")
    theme().reduce_motion = False


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set up before every other fixture, so it looks after they have cleared up."""
    with monkeypatch.context() as patch:
        qt = watch_starts(patch)
        before = standing()
        yield
        found = leaks(before, qt)
    if found:
        pytest.fail("left behind: " + "\n".join(found), pytrace=False)

"""Whatever goes wrong reaches the person as one sentence, with a report behind a click."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt, qCritical, qInstallMessageHandler, qWarning
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QToolButton, QWidget

from app import notify as module
from app.notify import LOG, Notice, hook_errors, notifier, notify, notify_error, report
from app.toasts import MOST, Toast, Toasts
from engine.api.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.theme import Theme


@pytest.fixture
def stage(qtbot: QtBot, look: Theme) -> Iterator[QWidget]:
    look.reduce_motion = True
    widget = QWidget()
    widget.resize(1024, 700)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    notifier().show_with(None)


@pytest.fixture
def toasts(stage: QWidget) -> Toasts:
    made = Toasts(stage, 26)
    notifier().show_with(made.show)
    return made


@pytest.fixture
def hooked(stage: QWidget, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    level = LOG.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "__excepthook__", lambda *_: None)
    hook_errors()
    yield
    qInstallMessageHandler(None)
    LOG.removeHandler(notifier().lines)
    LOG.setLevel(level)
    notifier().lines.lines.clear()


def texts(toasts: Toasts) -> list[str]:
    return [toast.notice.text for toast in toasts.visible]


def button(toast: Toast, words: str) -> QPushButton:
    return next(found for found in toast.findChildren(QPushButton) if found.text() == words)


def fail_deep_inside() -> None:
    raise ZeroDivisionError("a defect of the program")


def test_a_notice_before_there_is_a_window_waits_for_it(stage: QWidget) -> None:
    notify("The settings file could not be understood.")
    made = Toasts(stage)
    notifier().show_with(made.show)
    assert texts(made) == ["The settings file could not be understood."]


def test_a_studio_error_is_its_own_sentence(toasts: Toasts) -> None:
    notify_error(DataError("The folder holds no pictures; drop another one."))
    (toast,) = toasts.visible
    assert toast.notice == Notice("The folder holds no pictures; drop another one.")
    assert "Traceback" not in toast.notice.details


def test_a_defect_names_its_place_and_its_report_can_be_copied(toasts: Toasts, qtbot: QtBot) -> None:
    try:
        fail_deep_inside()
    except ZeroDivisionError as error:
        notify_error(error)
    (toast,) = toasts.visible
    assert toast.notice.text == "Something went wrong in tests/app/test_notify.py, fail_deep_inside."
    qtbot.mouseClick(button(toast, "Details"), Qt.MouseButton.LeftButton)
    shown = toast.findChild(QPlainTextEdit)
    assert shown is not None
    assert shown.isVisible()
    assert toast.rect().contains(shown.geometry())
    qtbot.mouseClick(button(toast, "Copy report"), Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    for part in ("Something went wrong", "ZeroDivisionError: a defect of the program", "Python 3", "PySide6"):
        assert part in copied


def test_every_door_leads_to_the_person(toasts: Toasts, hooked: None, qtbot: QtBot) -> None:
    try:
        fail_deep_inside()
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail_deep_inside)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(toasts.visible) == 1 and toasts.visible[0].times == 2)


def test_an_interrupt_is_no_defect(toasts: Toasts, hooked: None) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not toasts.visible


def test_warnings_and_the_chatter_of_qt_go_into_the_report_only(toasts: Toasts, hooked: None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        hook_errors()
        warnings.warn("an old call", DeprecationWarning, stacklevel=1)
    qWarning("a word from Qt")
    qCritical("a strong word from Qt")
    assert not toasts.visible
    for part in ("DeprecationWarning: an old call", "Qt: a word from Qt", "ERROR Qt: a strong word"):
        assert part in report()


def test_the_report_keeps_the_last_lines_only(stage: QWidget, hooked: None) -> None:
    for number in range(200):
        LOG.info("line %d", number)
    lines = [line for line in report().splitlines() if " line " in line]
    assert len(lines) == 40
    assert lines[-1].endswith("line 199")


def test_a_toast_goes_by_itself_but_an_error_stays(
    toasts: Toasts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.toasts.SECONDS", 0.05)
    notify("Copied.", "good")
    notify("It went wrong.", "error")
    assert texts(toasts) == ["Copied.", "It went wrong."]
    qtbot.waitUntil(lambda: texts(toasts) == ["It went wrong."])
    qtbot.wait(80)
    assert texts(toasts) == ["It went wrong."]
    close = toasts.visible[0].findChild(QToolButton)
    assert close is not None
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not toasts.visible


def test_a_toast_under_the_pointer_stays(toasts: Toasts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.toasts.SECONDS", 0.05)
    notify("Copied.", "good")
    (toast,) = toasts.visible
    toast.enterEvent(None)  # type: ignore[arg-type]  # what the window system sends when the pointer comes
    qtbot.wait(90)
    assert toasts.visible
    toast.leaveEvent(None)  # type: ignore[arg-type]  # and when it goes
    qtbot.waitUntil(lambda: not toasts.visible)


def test_the_same_again_is_counted(toasts: Toasts) -> None:
    for _ in range(1200):
        notify("The disk is full.")
    (toast,) = toasts.visible
    assert toast.times == 1200
    assert "× 1,200" in {label.text() for label in toast.findChildren(QLabel)}


def test_an_action_is_done_once_and_the_toast_goes(toasts: Toasts, qtbot: QtBot) -> None:
    done: list[int] = []
    notify("Deleted.", "info", action="Undo", act=lambda: done.append(1))
    (toast,) = toasts.visible
    qtbot.mouseClick(button(toast, "Undo"), Qt.MouseButton.LeftButton)
    assert done == [1]
    assert not toasts.visible


def test_they_stack_in_the_corner_without_overlap_and_follow_it(toasts: Toasts, stage: QWidget, qtbot: QtBot) -> None:
    for number in range(MOST + 2):
        notify(f"Message {number}: " + "long words " * (8 * number))
    assert texts(toasts)[0].startswith("Message 2")
    assert len(toasts.visible) == MOST
    for width in (1024, 700):
        stage.resize(width, 700)
        boxes = [toast.geometry() for toast in toasts.visible]
        for upper, lower in pairwise(boxes):
            assert upper.bottom() < lower.top()
        assert all(box.right() == width - 17 for box in boxes)
        assert boxes[-1].bottom() < 700 - 26
        for toast in toasts.visible:
            words = toast.findChildren(QLabel)[-1]
            assert words.heightForWidth(words.width()) <= words.height() + 1


def test_it_slides_in_briefly(toasts: Toasts, look: Theme, qtbot: QtBot) -> None:
    look.reduce_motion = False
    notify("Copied.", "good")
    (toast,) = toasts.visible
    low = toast.pos()
    qtbot.waitUntil(lambda: toast.pos() == low - QPoint(0, 12) or toast.sunk == 0, timeout=1000)
    assert 0 < look.motion() <= 150
    toast.dismiss()


def test_notify_may_be_called_from_any_thread(toasts: Toasts, qtbot: QtBot) -> None:
    thread = threading.Thread(target=lambda: notify("From a thread."))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: texts(toasts) == ["From a thread."])


def test_the_place_of_an_error_without_a_traceback(stage: QWidget) -> None:
    assert module._place(None) == "the program"
    assert logging.getLogger("perception_studio") is LOG

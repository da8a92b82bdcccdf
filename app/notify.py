"""The one way in which anything reaches a person unasked: `notify("The folder holds no pictures.")` shows a toast.

`hook_errors` routes here whatever nobody caught: an exception in the window or in a thread, a warning of Python, a
message of Qt. A `StudioError` is its own sentence; any other exception is a defect, told as such, with a report that can
be copied. Warnings and Qt's chatter only go to the log, whose last lines are part of every report.
"""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

import PySide6
from PySide6.QtCore import QObject, Qt, QtMsgType, Signal, qInstallMessageHandler, qVersion
from PySide6.QtWidgets import QApplication

from engine.api.errors import StudioError

if TYPE_CHECKING:
    from types import TracebackType

    from PySide6.QtCore import QMessageLogContext

Kind = Literal["error", "info", "good"]

LOG = logging.getLogger("perception_studio")
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Notice:
    """What a person is told: a sentence, perhaps details behind a click, perhaps one thing to do about it."""

    text: str
    kind: Kind = "error"
    details: str = ""
    action: str = ""
    act: Callable[[], object] | None = None


class Notifier(QObject):
    """Passes notices, from any thread, to the window that shows them; keeps them while there is none."""

    _posted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lines = RecentLines()
        self._waiting: list[Notice] = []
        self._show: Callable[[Notice], object] | None = None
        self._posted.connect(self._pass_on)

    def post(self, notice: Notice) -> None:
        """Shows the notice as soon as there is a window; may be called from any thread."""
        self._posted.emit(notice)

    def show_with(self, show: Callable[[Notice], object] | None) -> None:
        """From now on `show` shows the notices, those that waited first; None: the window is gone."""
        self._show = show
        waiting, self._waiting = self._waiting, []
        for notice in waiting:
            self._pass_on(notice)

    def _pass_on(self, notice: Notice) -> None:
        if self._show is not None:
            self._show(notice)
        else:
            self._waiting.append(notice)


class RecentLines(logging.Handler):
    """The last lines of the log, for a report."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=40)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the line."""
        self.lines.append(self.format(record))


def notifier() -> Notifier:
    """The application's notifier. There must be a QApplication."""
    application = QApplication.instance()
    if application is None:
        raise RuntimeError("notifier() needs a QApplication")
    found = application.findChild(Notifier, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Notifier(application)


def notify(
    text: str, kind: Kind = "error", details: str = "", action: str = "", act: Callable[[], object] | None = None
) -> None:
    """Tells the person something: an error stays until it is closed, anything else for some seconds.

    Args:
        text: one sentence that says what is wrong or done, and what to do next.
        kind: "error", "info" or "good".
        details: more, behind a click, with a button that copies all of it.
        action: the label of a button ("Undo"); `act` is called when it is pressed.
        act: what that button does.
    """
    notifier().post(Notice(text, kind, details, action, act))


def notify_error(error: BaseException) -> None:
    """Tells the person about an exception: a StudioError's sentence, or that something went wrong, with a report."""
    if isinstance(error, StudioError):
        notify(str(error))
        return
    LOG.error("".join(traceback.format_exception_only(error)).strip())
    notify(f"Something went wrong in {_place(error.__traceback__)}.", details=report(error))


def report(error: BaseException | None = None) -> str:
    """A text to paste into a bug report: versions, the traceback, the last lines of the log."""
    parts = ["\n".join(versions())]
    if error is not None:
        parts.append("".join(traceback.format_exception(error)).rstrip())
    recent = "\n".join(notifier().lines.lines)
    return "\n\n".join([*parts, recent] if recent else parts) + "\n"


def versions() -> list[str]:
    """What is running here, a line each."""
    return [
        f"Python {platform.python_version()} on {platform.platform()}",
        f"Qt {qVersion()}, PySide6 {PySide6.__version__}, {QApplication.platformName()}",
    ]


def hook_errors() -> None:
    """Routes everything that nobody catches to `notify` and the log."""
    LOG.addHandler(notifier().lines)
    LOG.setLevel(logging.INFO)
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread_exception
    warnings.showwarning = _on_warning
    qInstallMessageHandler(_on_qt_message)


def _place(trace: TracebackType | None) -> str:
    """The innermost of our own files in a traceback, in words."""
    for frame in reversed(traceback.extract_tb(trace)):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            return f"{path.relative_to(ROOT).as_posix()}, {frame.name}"
    return "the program"


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    if QApplication.instance() is not None and isinstance(error, Exception):
        notify_error(error)


def _on_thread_exception(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        _on_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)


def _on_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    LOG.warning("%s:%s %s: %s", filename, lineno, category.__name__, message)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    severe = kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
    LOG.log(logging.ERROR if severe else logging.INFO, "Qt: %s", message)
    if kind == QtMsgType.QtFatalMsg:
        sys.stderr.write(message + "\n")

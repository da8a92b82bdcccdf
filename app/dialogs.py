"""The few dialogs: settings, shortcuts, the doctor's report, and what this program is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.actions import shortcut_table
from app.notify import ROOT, versions
from app.theme import mono

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtGui import QAction

ABOUT = (
    "Run, see inside and use every system of a course on machine perception, from the perceptron to 3D Gaussian "
    "splatting, on the machine you have, with your own pictures."
)


class Sheet(QDialog):
    """A dialog with a title, a body and a row of buttons. It is gone when closed."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        heading = QLabel(title)
        heading.setProperty("role", "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(heading)
        column.addLayout(self.body, 1)
        column.addLayout(self.buttons)

    def add_button(self, title: str, kind: str = "") -> QPushButton:
        """A button at the lower right."""
        button = QPushButton(title)
        button.setProperty("kind", kind)
        self.buttons.addWidget(button)
        return button

    def add_close(self) -> None:
        """The button that closes; Return and Escape do, too."""
        close = self.add_button("Close", "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)


class ShortcutsDialog(Sheet):
    """Every key, by where it works."""

    def __init__(self, groups: Mapping[str, Iterable[QAction]], parent: QWidget) -> None:
        super().__init__("Shortcuts", parent)
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(8)
        self.rows = shortcut_table(groups)
        half = (len(self.rows) + len(groups) + 1) // 2
        place, last = 0, ""
        for group, title, keys in self.rows:
            if group != last:
                heading = QLabel(group.upper())
                heading.setProperty("role", "section")
                grid.addWidget(heading, place % half, place // half * 2, 1, 2)
                place, last = place + 1, group
            grid.addWidget(QLabel(title), place % half, place // half * 2)
            grid.addWidget(_key(keys), place % half, place // half * 2 + 1, Qt.AlignmentFlag.AlignRight)
            place += 1
        self.body.addLayout(grid)
        self.body.addStretch(1)
        self.add_close()


class AboutDialog(Sheet):
    """What this is, its version and licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Perception Studio", parent)
        words = QLabel(ABOUT)
        words.setWordWrap(True)
        words.setFixedWidth(420)
        facts = QLabel("\n".join(versions()))
        facts.setProperty("role", "small")
        facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        licence = QLabel("Apache License 2.0. Fonts and icons: assets/LICENCES.md.")
        licence.setProperty("role", "small")
        for label in (words, facts, licence):
            self.body.addWidget(label)
        self.add_close()


class DoctorDialog(Sheet):
    """What this machine has, as `main.py doctor` says it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Doctor", parent)
        self.text = QPlainTextEdit("Looking at this machine …")
        self.text.setReadOnly(True)
        self.text.setFont(mono(12))
        self.text.setMinimumSize(620, 320)
        self.body.addWidget(self.text)
        copy = self.add_button("Copy")
        copy.clicked.connect(self._copy)
        self.add_close()
        self._process = QProcess(self)
        self._process.finished.connect(self._finish)
        self._process.start(sys.executable, [str(ROOT / "main.py"), "doctor"])

    def done(self, result: int) -> None:
        """Closed: the examination ends, too."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.finished.disconnect(self._finish)
            self._process.kill()
            self._process.waitForFinished(2000)
        super().done(result)

    def _finish(self) -> None:
        output = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        errors = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self.text.setPlainText((output or errors).strip())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())


def _key(keys: str) -> QLabel:
    label = QLabel(keys)
    label.setProperty("role", "key")
    return label

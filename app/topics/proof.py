"""The proof of a lab: each check with what was expected and what was measured, as it comes in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.style import set_look
from app.theme import icon, theme
from engine.api.words import bound, duration, number

if TYPE_CHECKING:
    from engine.api.lab import LabInfo
    from engine.api.messages import CheckRow, CheckStarted

_SIGNS = {"equal": "=", "at most": "≤", "at least": "≥"}


def relation_words(row: CheckRow) -> str:
    """What was expected, with its tolerance: “= 16.6 ± 0.5”, “≤ 0.750”."""
    tolerance = f" ± {bound(row.tolerance)}" if row.tolerance else ""
    return f"{_SIGNS.get(row.relation, row.relation)} {number(row.expected)}{tolerance}"


class CheckCard(QFrame):
    """One check: waiting, running, passed, failed, or not run."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.row: CheckRow | None = None
        self.state = "waiting"
        self.setProperty("role", "raised")
        self._mark = QLabel()
        self._mark.setFixedSize(18, 18)
        self._words = QLabel(title)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(12)
        self._numbers.setVerticalSpacing(2)
        self._numbers.setColumnStretch(1, 1)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._words, 1)
        self._took = QLabel()
        self._took.setProperty("role", "small")
        head.addWidget(self._took, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 9, 10, 9)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(self._numbers)
        theme().changed.connect(self._paint_mark)
        self._paint_mark()

    def wait(self) -> None:
        """Not measured yet."""
        self._set("waiting", None)

    def begin(self) -> None:
        """Is being measured now."""
        self._set("running", None)

    def leave(self) -> None:
        """Was not measured: the person cancelled."""
        self._set("left", None)

    def finish(self, row: CheckRow) -> None:
        """The outcome."""
        self._set("passed" if row.passed else "failed", row)

    def _set(self, state: str, row: CheckRow | None) -> None:
        self.state, self.row = state, row
        self._took.setText(duration(row.seconds) if row is not None else "")
        self._paint_mark()
        while (item := self._numbers.takeAt(0)) is not None:
            label = item.widget()
            if label is not None:
                label.deleteLater()
        if row is not None:
            self._fill(row)

    def _paint_mark(self) -> None:
        glyph, colour = {
            "waiting": ("circle", "faint"),
            "running": ("circle-notch", "accent"),
            "left": ("minus", "faint"),
            "passed": ("check-circle", "good"),
            "failed": ("x-circle", "bad"),
        }[self.state]
        self._mark.setPixmap(icon(glyph, colour, filled=self.state in ("passed", "failed")).pixmap(QSize(18, 18)))
        self._mark.setAccessibleName(self.state)
        set_look(self._words, role="dim" if self.state in ("waiting", "left") else "number")

    def _fill(self, row: CheckRow) -> None:
        if row.error:
            self._line("error", row.error, "bad")
        else:
            self._line("measured", number(row.measured), "good" if row.passed else "bad")
            self._line("expected", relation_words(row), "number")
            if row.detail:
                self._line("detail", row.detail, "small")
        if row.source:
            self._line("source", row.source, "small")
        if row.catches:
            self._line("catches", row.catches, "small")

    def _line(self, name: str, text: str, role: str) -> None:
        at = self._numbers.rowCount()
        left, right = QLabel(name), QLabel(text)
        left.setProperty("role", "small")
        left.setAlignment(Qt.AlignmentFlag.AlignTop)
        right.setProperty("role", role)
        right.setWordWrap(True)
        right.setTextFormat(Qt.TextFormat.PlainText)
        right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._numbers.addWidget(left, at, 0)
        self._numbers.addWidget(right, at, 1)


class ProofView(QWidget):
    """All checks of a lab. `wanted`: run them; `cancelled`: leave the rest; `told(text, look)`: the summary changed."""

    wanted = Signal()
    cancelled = Signal()
    told = Signal(str, str)

    def __init__(self, info: LabInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [CheckCard(title) for title in info.checks]
        self.running = False
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._button = QPushButton()
        self._button.clicked.connect(self._press)
        self._copy = QPushButton("Copy")
        self._copy.setProperty("kind", "quiet")
        self._copy.setToolTip("Copies the table as text")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.as_text()))
        self._lay_out()
        self._say()

    def begin(self) -> None:
        """A proof starts: nothing is known."""
        self.running = True
        for card in self.cards:
            card.wait()
        self._say()

    def start_check(self, check: CheckStarted) -> None:
        """One check is being measured."""
        if check.index < len(self.cards):
            self.cards[check.index].begin()
        self._say()

    def take(self, row: CheckRow) -> None:
        """The outcome of a check."""
        for card in self.cards:
            if card.title == row.title and card.row is None:
                card.finish(row)
                break
        self._say()

    def finish(self, trouble: str = "") -> None:
        """The proof is over; `trouble` says why if it broke off."""
        self.running = False
        for card in self.cards:
            if card.row is None:
                card.leave()
        self._say(trouble)

    def as_text(self) -> str:
        """The outcome as a table of text."""
        lines = ["check\texpected\tmeasured\tpassed\tseconds\tsource\tcatches"]
        for card in self.cards:
            if card.row is not None:
                row = card.row
                cells = (row.title, relation_words(row), number(row.measured), "yes" if row.passed else "no")
                lines.append("\t".join((*cells, f"{row.seconds:.2f}", row.source, row.catches)))
        return "\n".join(lines)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 10, 12, 4)
        head.addWidget(self._summary, 1)
        head.addWidget(self._copy)
        head.addWidget(self._button)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 4, 12, 12)
        column.setSpacing(8)
        for card in self.cards:
            column.addWidget(card)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(area, 1)

    def _press(self) -> None:
        (self.cancelled if self.running else self.wanted).emit()

    def _say(self, trouble: str = "") -> None:
        done = [card.row for card in self.cards if card.row is not None]
        passed, count = sum(row.passed for row in done), len(self.cards)
        seconds = math.fsum(row.seconds for row in done)
        self._copy.setVisible(bool(done))
        self._button.setText("Cancel" if self.running else "Prove it")
        self._button.setToolTip(
            "Leaves the checks that have not run"
            if self.running
            else "Runs every check, on the live model if there is one (P)"
        )
        set_look(self._summary, role="dim")
        if trouble:
            text = trouble
        elif self.running:
            text = f"{len(done)} of {count} measured"
        elif not count:
            text = "This lab has no checks."
        elif not done:
            text = f"{count} checks compare the model with theory."
        elif passed == count:
            text = f"All {count} checks passed in {duration(seconds)}."
        else:
            text = f"{passed} of {count} checks passed in {duration(seconds)}."
        self._summary.setText(text)
        self._button.setEnabled(bool(count))
        self._tell(done, passed, count)

    def _tell(self, done: list[CheckRow], passed: int, count: int) -> None:
        if self.running:
            self.told.emit(f"{len(done)} of {count}", "accent")
        elif done:
            self.told.emit(f"{passed}/{count}", "good" if passed == count else "bad")
        else:
            self.told.emit("", "dim")

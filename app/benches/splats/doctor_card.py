"""What the capture's doctor says, as a card: the verdict, how far the poses can be trusted, and for each finding what one can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import icon

if TYPE_CHECKING:
    from app.benches.splats.capture_files import Diagnosis, Finding

DEEDS = {
    "moving": (("mask", "Mask photos"), ("box", "Mask to a box")),
    "blurred": (("show", "Show them"),),
    "another part": (("show", "Show them"),),
    "another size": (("show", "Show them"),),
    "too few matches": (("show", "Show them"),),
    "little texture": (("show", "Show them"),),
}
"""What can be done here about a trouble: the name of the deed, and what its button says."""
HEADS = {
    "moving": "Something moves",
    "flat": "The scene is flat",
    "rotation only": "The camera only turned",
    "unreadable": "Cannot be read",
    "duplicate": "Copies",
    "blurred": "Blurred",
    "little texture": "Little texture",
    "too few matches": "Too little in common",
    "another size": "Another size",
    "another part": "Not joined",
}
SURE = 0.75


class DoctorCard(QFrame):
    """`asked(deed, photos)`: a button of a finding."""

    asked = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 12)
        self._column.setSpacing(8)
        self.hide()

    def show_diagnosis(self, found: Diagnosis | None) -> None:
        """The verdict and its findings; None takes the card away."""
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.setVisible(found is not None)
        if found is None:
            return
        well = found.sure >= SURE
        words = f"{found.verdict} The poses are {found.sure:.0%} sure."
        self._column.addWidget(_line("check-circle" if well else "warning", "good" if well else "live", words))
        for finding in found.findings:
            self._column.addWidget(self._row(finding))

    def show_trouble(self, sentence: str) -> None:
        """A capture that came to nothing."""
        self.show_diagnosis(None)
        self._column.addWidget(_line("warning-octagon", "bad", sentence))
        self.show()

    def _row(self, finding: Finding) -> QWidget:
        head = HEADS.get(finding.trouble, finding.trouble.capitalize())
        sure = "" if finding.sure >= SURE else f" <i>({finding.sure:.0%} sure)</i>"
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(_line("flag", "live", f"<b>{head}.</b> {_plain(finding.sentence)}{sure}", rich=True))
        links = QHBoxLayout()
        links.setContentsMargins(26, 0, 0, 0)
        links.setSpacing(12)
        for deed, words in DEEDS.get(finding.trouble, ()):
            button = QPushButton(words)
            button.setProperty("kind", "link")
            button.clicked.connect(lambda _=False, deed=deed: self.asked.emit(deed, finding.photos))
            links.addWidget(button)
        links.addStretch(1)
        if links.count() > 1:
            column.addLayout(links)
        return row


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _line(glyph: str, colour: str, words: str, rich: bool = False) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    sign, label = QLabel(), QLabel(words)
    sign.setPixmap(icon(glyph, colour).pixmap(QSize(18, 18)))
    sign.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", "value")
    line.addWidget(sign)
    line.addWidget(label, 1)
    return row

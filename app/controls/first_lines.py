"""How a text or a table begins, in small letters, and how much of it there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.fonts import mono
from app.theme import theme
from engine.api.errors import DataError
from engine.api.words import plural, size

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QPaintEvent

_LINES = 4
_MARGIN = 8
_HEAD = 64 * 1024
_COUNTED = 16 * 1024**2


def first_lines(path: Path, kind: str) -> tuple[list[str], str]:
    """The first lines of a "text" or "table", and how much there is in words. Raises DataError with one sentence."""
    try:
        if not path.is_file():
            raise DataError(f"“{path}” is not there any more.")
        length = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
            count = head.count(b"\n") + (file.read(_COUNTED).count(b"\n") if length > _HEAD else 0)
    except OSError as error:
        raise DataError(f"“{path.name}” may not be read; allow it, or choose another.") from error
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in head and not marked:
        raise DataError(f"“{path.name}” is no text: save it as plain text, and choose that.")
    if not head.strip():
        raise DataError(f"“{path.name}” is empty.")
    text = head.decode("utf-16" if marked else "utf-8-sig", errors="replace")
    lines = [line.expandtabs(4).strip() for line in text.splitlines() if line.strip()][:_LINES]
    if kind == "table":
        rows = count + (not head.endswith(b"\n"))
        return lines, f"{plural(rows, 'line')}{' and more' if length > _HEAD + _COUNTED else ''}, {size(length)}"
    return lines, f"{size(length)} of text"


class FirstLines(QWidget):
    """Shows a few lines, each cut where the room ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[str] = []
        self._font = mono(11)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVisible(False)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As high as its lines."""
        return QSize(120, round(self._step() * len(self.lines)) + 2 * _MARGIN - 4)

    def show_lines(self, lines: list[str]) -> None:
        """Shows these lines; none hides it."""
        self.lines = lines
        self.setVisible(bool(lines))
        self.updateGeometry()
        self.update()

    def _step(self) -> float:
        return QFontMetricsF(self._font).height() + 2

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines on a raised sheet."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme().colours
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setFont(self._font)
        painter.setPen(QColor(colours.dim))
        metrics, step, room = QFontMetricsF(self._font), self._step(), self.width() - 2 * _MARGIN
        for place, line in enumerate(self.lines):
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            painter.drawText(
                QRectF(_MARGIN, _MARGIN - 2 + place * step, room, step), Qt.AlignmentFlag.AlignVCenter, shown
            )

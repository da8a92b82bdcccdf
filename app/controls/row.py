"""A row of the controls dock: mark, label, control.

An orange dot before the label marks what acts in mid-run. A label in full colour with a small arrow marks a value that is
not the usual one; the arrow, or a double click on the label, brings that back. "at next start" under the label marks a
value that the running model does not have yet.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.controls.base import ROW_HEIGHT, default_of, same
from app.controls.table import make_control
from app.controls.tools import tool
from app.theme import font, theme
from engine.api.params import Button, Pick, PointSet, expectation, is_event, to_json, to_text

if TYPE_CHECKING:
    from engine.api.params import Field

GUTTER = 14
_ARROW = 20
_PLAIN_WORDS = (Button, Pick, PointSet)
"""Kinds whose range says nothing to a person."""


class RowLabel(QWidget):
    """The mark, the name and what there is to say about the value. `reset`: double click."""

    reset = Signal()

    def __init__(self, text: str, live: bool, usual: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self.live = text, live
        self.changed = self.pending = False
        self.arrow = tool("arrow-counter-clockwise", f"Back to the usual value, {usual}")
        self.arrow.setParent(self)
        self.arrow.hide()
        self.arrow.clicked.connect(self.reset)
        self.setFont(font(13))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROW_HEIGHT)
        theme().changed.connect(self.update)

    def natural_width(self) -> int:
        """Pixels for the mark, the whole name and the arrow."""
        return GUTTER + self.fontMetrics().horizontalAdvance(self.text) + _ARROW + 4

    def sizeHint(self) -> QSize:
        """The whole name."""
        return QSize(self.natural_width(), ROW_HEIGHT)

    def set_state(self, changed: bool, pending: bool) -> None:
        """Whether the value is not the usual one, and whether it waits for the next start."""
        if (changed, pending) != (self.changed, self.pending):
            self.changed, self.pending = changed, pending
            self.arrow.setVisible(changed)
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the arrow at the right end."""
        self.arrow.setGeometry(self.width() - _ARROW - 2, (self.height() - _ARROW) // 2, _ARROW, _ARROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The dot, the name, and the words below."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lift = -6 if self.pending else 0
        if self.live:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.live))
            painter.drawEllipse(QPointF(4.5, self.height() / 2 + lift), 3.2, 3.2)
        room = self.width() - GUTTER - (_ARROW + 2 if self.changed else 6)
        area = QRectF(GUTTER, lift, room, self.height())
        painter.setPen(QColor(colours.text if self.changed else colours.dim))
        name = self.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        if self.pending:
            painter.setFont(font(10))
            painter.setPen(QColor(colours.live))
            below = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip)
            painter.drawText(area.translated(0, 14), below, "at next start")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Asks for the usual value."""
        self.reset.emit()


class ControlRow(QWidget):
    """A field's row. `changed`: a new value from the person."""

    changed = Signal(object)

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.control = make_control(field)
        self.label = RowLabel(field.label, field.control.live, _usual(field), self)
        self._default = default_of(field)
        self._lay_out()
        self._describe()
        self.label.reset.connect(self.reset)
        self.control.changed.connect(self._on_changed)
        self.label.set_state(self.is_changed(), pending=False)

    def set_label_width(self, width: int) -> None:
        """Aligns the controls of all rows."""
        if not self.control.wide:
            self.label.setFixedWidth(width)

    def natural_label_width(self) -> int:
        """Pixels that the label would like."""
        return self.label.natural_width() if self.control.labelled and not self.control.wide else 0

    def is_changed(self) -> bool:
        """Whether the value is not the usual one."""
        return not is_event(self.field.control) and not same(self.control.value(), self._default)

    def reset(self) -> None:
        """Brings the usual value back, as the person's own act."""
        if self.is_changed():
            self.control.offer(self._default)

    def is_at(self, encoded: object) -> bool:
        """Whether the value is this one (JSON), or the field acts at once anyway."""
        return self.field.control.live or to_json(self.control.value()) == encoded

    def refresh(self, waits: bool) -> None:
        """Shows the marks. `waits`: the running model does not have this value yet."""
        self.label.set_state(self.is_changed(), waits)
        self.setVisible(self.control.is_relevant())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(0)
        if self.control.labelled:
            head.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        if self.control.wide:
            head.addStretch(1)
            column = QVBoxLayout(self)
            column.setContentsMargins(0, 2, 0, 2)
            column.setSpacing(0)
            column.addLayout(head)
            inner = QHBoxLayout()
            inner.setContentsMargins(GUTTER, 0, 0, 0)
            inner.addWidget(self.control)
            column.addLayout(inner)
            return
        if not self.control.labelled:
            head.addSpacing(GUTTER)
            self.label.hide()
        head.addWidget(self.control, 1)
        head.setContentsMargins(0, 2, 0, 2)
        self.setLayout(head)

    def _describe(self) -> None:
        field = self.field
        lines = [f"<b>{html.escape(field.label)}</b>"]
        if field.control.help:
            lines.append(html.escape(field.control.help))
        if not isinstance(field.control, _PLAIN_WORDS):
            takes = expectation(field)
            lines.append(html.escape(takes[:1].upper() + takes[1:]))
        lines.append("Acts at once" if field.control.live else "Applies at the next start")
        words = f"<qt>{'<br>'.join(lines)}</qt>"
        self.label.setToolTip(words)
        self.control.setToolTip(words)
        self.control.setAccessibleDescription(field.control.help)

    def _on_changed(self, value: object) -> None:
        self.changed.emit(value)


def _usual(field: Field) -> str:
    text = to_text(field, default_of(field)) or "none"
    return text if len(text) <= 24 else text[:23] + "…"

"""The small card that asks, before a fork, which one parameter is to be other than in the run that is forked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.table import make_control
from app.theme import icon
from app.topics.run_words import value_words
from engine.api.params import Button, Camera, Pick, from_json, to_json

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from app.controls.base import ControlWidget
    from engine.api.lab import LabInfo
    from engine.api.params import Field

_SIZE = QSize(500, 320)


class ForkCard(QFrame):
    """`chosen(name, value)`: fork with this parameter at this value (JSON)."""

    chosen = Signal(str, object)

    def __init__(self, info: LabInfo, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fields = [entry for entry in info.fields if not isinstance(entry.control, Pick | Button | Camera)]
        self._values: dict[str, Any] = {}
        self._control: ControlWidget | None = None
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._note = QLabel()
        self._note.setProperty("role", "small")
        self._note.setWordWrap(True)
        self.list = QListWidget()
        self.list.setFixedWidth(212)
        self.list.setIconSize(QSize(9, 9))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Parameter to change")
        self.list.currentRowChanged.connect(self._choose)
        self.button = QPushButton(icon("git-fork", "on_accent"), "Fork")
        self.button.setProperty("kind", "primary")
        self.button.clicked.connect(self._take)
        self._place = QVBoxLayout()
        self._help = QLabel()
        self._help.setProperty("role", "small")
        self._help.setWordWrap(True)
        self._lay_out()

    def open_at(self, anchor: QWidget, step: int, values: dict[str, Any]) -> None:
        """Shows itself under a widget. `values`: the parameters of the run that is forked, as JSON."""
        self._values = values
        self._title.setText(f"Fork at step {step:,}")
        for entry in sorted(self._fields, key=lambda entry: not entry.control.live):
            value = values.get(entry.name, to_json(entry.default))
            item = QListWidgetItem(f"{entry.label}   {value_words(entry, value)}")
            item.setData(Qt.ItemDataRole.UserRole, entry.name)
            item.setIcon(icon("circle", "live" if entry.control.live else "faint", filled=entry.control.live))
            item.setToolTip(entry.control.help)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        corner = anchor.mapToGlobal(QPoint(anchor.width(), anchor.height() + 6))
        self.resize(_SIZE)
        screen = anchor.screen().availableGeometry()
        left = max(screen.left() + 8, min(corner.x() - self.width(), screen.right() - self.width() - 8))
        top = (
            corner.y()
            if corner.y() + self.height() < screen.bottom()
            else corner.y() - self.height() - anchor.height() - 12
        )
        self.move(left, top)
        self.show()
        self.list.setFocus(Qt.FocusReason.PopupFocusReason)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(self._place)
        right.addWidget(self._help)
        right.addStretch(1)
        right.addWidget(self._note)
        right.addWidget(self.button)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addWidget(self.list)
        body.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addLayout(body, 1)

    def _entry(self) -> Field | None:
        if self.list.currentRow() < 0:
            return None
        name = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        return next((entry for entry in self._fields if entry.name == name), None)

    def _choose(self) -> None:
        entry = self._entry()
        if self._control is not None:
            self._place.removeWidget(self._control)
            self._control.deleteLater()
            self._control = None
        if entry is None:
            return
        control = make_control(entry)
        control.set_value(self._python(entry))
        control.changed.connect(self._compare)
        self._control = control
        self._place.addWidget(control)
        self._help.setText(entry.control.help)
        self._note.setText(
            "The same seed; the run that you fork goes on."
            if entry.control.live
            else "It shapes the model from the beginning, so this fork starts at step 0 with the same seed."
        )
        self._compare()

    def _python(self, entry: Field) -> Any:
        return from_json(entry, self._values.get(entry.name, to_json(entry.default)))

    def _compare(self) -> None:
        entry = self._entry()
        if entry is not None and self._control is not None:
            before = self._values.get(entry.name, to_json(entry.default))
            self.button.setEnabled(to_json(self._control.value()) != before)
            self.button.setToolTip("" if self.button.isEnabled() else "Change the value first")

    def _take(self) -> None:
        entry = self._entry()
        if entry is not None and self._control is not None and self.button.isEnabled():
            name, value = entry.name, to_json(self._control.value())
            self.close()
            self.chosen.emit(name, value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return forks, Esc leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

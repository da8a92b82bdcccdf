"""The settings, as a form made from their own declaration. A change takes effect at once; there is nothing to confirm."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from app.dialogs import Sheet
from app.settings import About, Settings, Whole, titled

if TYPE_CHECKING:
    from dataclasses import Field

_WORDS = {"dark": "Dark", "light": "Light", "system": "As the desktop"}


class SettingsDialog(Sheet):
    """Every setting that has a title, with what it does below it."""

    applied = Signal(str)  # the name of a setting that has a new value

    def __init__(self, settings: Settings, runs: Path, parent: QWidget) -> None:
        super().__init__("Settings", parent)
        self._settings, self._runs = settings, runs
        self.editors: dict[str, QWidget] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, 360)
        for row, (entry, about) in enumerate(titled()):
            editor = self._editor(entry, about)
            self.editors[entry.name] = editor
            help_ = QLabel(about.help)
            help_.setProperty("role", "small")
            help_.setWordWrap(True)
            grid.addWidget(QLabel(about.title), 3 * row, 0)
            grid.addWidget(help_, 3 * row + 1, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(editor, 3 * row, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.setRowMinimumHeight(3 * row + 2, 12)
        self.body.addLayout(grid)
        self.body.addStretch(1)
        self.add_close()

    def _editor(self, entry: Field[Any], about: About) -> QWidget:
        value = getattr(self._settings, entry.name)
        if isinstance(about.takes, Whole):
            return self._number(entry.name, about.takes, value)
        if isinstance(about.takes, tuple):
            return self._choice(entry.name, about.takes, value)
        return self._toggle(entry.name, value) if isinstance(value, bool) else self._folder(entry.name)

    def _number(self, name: str, takes: Whole, value: int) -> QWidget:
        box = QSpinBox()
        box.setRange(takes.low, takes.high)
        box.setSingleStep(takes.step)
        box.setSuffix(takes.unit)
        box.setSpecialValueText(takes.nought)
        box.setValue(value)
        box.setFixedWidth(160)
        box.valueChanged.connect(partial(self._set, name))
        return box

    def _choice(self, name: str, options: tuple[str, ...], value: str) -> QWidget:
        box = QComboBox()
        for option in options:
            box.addItem(_WORDS.get(option, option), option)
        box.setCurrentIndex(options.index(value))
        box.setFixedWidth(160)
        box.currentIndexChanged.connect(lambda at: self._set(name, options[at]))
        return box

    def _toggle(self, name: str, value: bool) -> QWidget:
        box = QCheckBox("On")
        box.setChecked(value)
        box.toggled.connect(partial(self._set, name))
        return box

    def _folder(self, name: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self._where = QLabel()
        self._where.setProperty("role", "small")
        self._where.setFixedWidth(150)
        choose = QPushButton("Choose …")
        choose.clicked.connect(partial(self._choose_folder, name))
        line.addWidget(self._where)
        line.addWidget(choose)
        self._show_folder()
        return row

    def _choose_folder(self, name: str) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Where new runs go", str(self._runs))
        if chosen:
            self._set(name, chosen)
            self._show_folder()

    def _show_folder(self) -> None:
        where = Path(self._settings.runs) if self._settings.runs else self._runs
        self._where.setText(where.name)
        self._where.setToolTip(str(where))

    def _set(self, name: str, value: Any) -> None:
        setattr(self._settings, name, value)
        self.applied.emit(name)

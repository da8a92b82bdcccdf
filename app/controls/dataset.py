"""A named data set, or the person's own pictures, text or table: chosen, or dropped here, and previewed."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from app.controls.choice import CalmComboBox
from app.controls.drop_frame import DropControl
from app.controls.first_lines import FirstLines, first_lines
from app.controls.packed import first_packed
from app.controls.thumbnails import MOST_SHOWN, Thumbnails, pictures_below
from app.style import set_look
from engine.api.errors import DataError
from engine.api.own_files import PICTURE_SUFFIXES, TABLE_SUFFIXES, is_packed
from engine.api.words import plural

if TYPE_CHECKING:
    from engine.api.params import Dataset, Field

_CHOOSE = {"pictures": "Choose a folder…", "text": "Choose a text…", "table": "Choose a table…"}
_KINDS = "PNG, JPEG, WebP, BMP, TIFF or GIF"
_MOST_FOLDERS = 2000


def why_not(path: Path, takes: str = "pictures") -> str:
    """Why a path is not what the set takes, in one sentence; "" if it is. Looks no further than the first picture."""
    if takes != "pictures":
        return _why_no_lines(path, takes)
    if is_packed(path):
        return ""
    if path.is_file():
        return "" if path.suffix.lower() in PICTURE_SUFFIXES else f"“{path.name}” is no picture: {_KINDS} are read."
    if not path.is_dir():
        return f"“{path}” is not there any more."
    if not os.access(path, os.R_OK | os.X_OK):
        return f"The folder “{path.name}” may not be read; allow it, or choose another."
    looked = itertools.islice(pictures_below(path), _MOST_FOLDERS)
    found = any(entry is not None for entry in looked)
    return "" if found else f"There are no pictures in “{path.name}”: put {_KINDS} files there."


def _why_no_lines(path: Path, takes: str) -> str:
    if path.is_dir():
        return f"“{path.name}” is a folder; choose one {takes} file."
    if takes == "table" and path.suffix.lower() not in TABLE_SUFFIXES:
        return f"“{path.name}” is no table: {', '.join(TABLE_SUFFIXES)} files are read."
    try:
        first_lines(path, takes)
    except DataError as error:
        return str(error)
    return ""


class DatasetControl(DropControl):
    """The list of sets; below it, for the person's own, its first pictures or lines and how much there is, or why it was refused."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._control = cast("Dataset", field.control)
        self.chooser, self.previews, self.lines, self.words = CalmComboBox(), Thumbnails(), FirstLines(), QLabel()
        self.chooser.setAccessibleName(field.label)
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.chooser, self.previews, self.lines, self.words):
            column.addWidget(part)
        self.setAcceptDrops(bool(self._control.takes))
        self.setFocusProxy(self.chooser)
        self.chooser.activated.connect(self._choose)
        self.previews.counted.connect(self._count)
        self.refused.connect(self._refuse)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Puts the set on top of the list; a folder gets its previews."""
        own = value not in self._control.names
        self.chooser.clear()
        for name in self._control.names:
            self.chooser.addItem(name, name)
        if own:
            self.chooser.addItem(Path(value).name or value, value)
            self.chooser.setItemData(self.chooser.count() - 1, value, Qt.ItemDataRole.ToolTipRole)
        if self._control.takes:
            self.chooser.insertSeparator(self.chooser.count())
            self.chooser.addItem(_CHOOSE[self._control.takes], None)
        self.chooser.setCurrentIndex(self.chooser.findData(value))
        self.chooser.setToolTip(value if own else "")
        self.words.setVisible(own)
        self.words.setText("reading…" if own else "")
        self._preview(Path(value) if own else None)

    def _preview(self, path: Path | None) -> None:
        """The first pictures or lines of the person's own; nothing for a named set."""
        takes = self._control.takes
        self.lines.show_lines([])
        if path is None or (takes == "pictures" and not is_packed(path)):
            self.previews.show_path(path)
            return
        self.previews.show_path(None)
        try:
            if takes == "pictures":
                pictures, count = first_packed(path, MOST_SHOWN)
                self.previews.show_pictures(pictures)
                self._count(count, True)
            else:
                lines, words = first_lines(path, takes)
                self.lines.show_lines(lines)
                self._say(words, bad=False)
        except DataError as error:
            self._say(str(error), bad=True)

    def take_paths(self, paths: list[Path]) -> None:
        """Takes a folder, a file, or the folder that several pictures lie in."""
        takes = self._control.takes
        usable = [path for path in paths if not why_not(path, takes)]
        if usable:
            self.offer(str(usable[0].parent if len(usable) > 1 and takes == "pictures" else usable[0]))
        elif paths:
            self.refused.emit(why_not(paths[0], takes))

    def _choose(self, index: int) -> None:
        chosen = self.chooser.itemData(index)
        if chosen is None:
            self.chooser.setCurrentIndex(self.chooser.findData(self.value()))
            self._ask()
        else:
            self.offer(chosen)

    def _ask(self) -> None:
        before = self.value() if self.value() not in self._control.names else ""
        if self._control.takes == "pictures":
            chosen = QFileDialog.getExistingDirectory(self, "A folder of pictures", before)
        else:
            kinds = f"Table (*{' *'.join(TABLE_SUFFIXES)})" if self._control.takes == "table" else ""
            chosen, _ = QFileDialog.getOpenFileName(self, f"A {self._control.takes} of your own", before, kinds)
        if chosen:
            self.take_paths([Path(chosen)])

    def _count(self, count: int, complete: bool) -> None:
        if count:
            self._say(plural(count, "picture") + ("" if complete else " and more"), bad=False)
        else:
            self._say(f"There are no pictures in “{self.value()}” any more.", bad=True)

    def _refuse(self, reason: str) -> None:
        if reason:
            self._say(reason, bad=True)

    def _say(self, words: str, bad: bool) -> None:
        set_look(self.words, role="bad" if bad else "small")
        self.words.setText(words)
        self.words.setVisible(True)

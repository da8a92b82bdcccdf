"""A named data set, or a folder of the person's own pictures: chosen, or dropped here."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from app.controls.choice import CalmComboBox
from app.controls.drop_frame import DropControl
from app.controls.thumbnails import Thumbnails, pictures_below
from app.style import set_look
from engine.api.params import PICTURE_SUFFIXES
from engine.api.words import plural

if TYPE_CHECKING:
    from engine.api.params import Dataset, Field

_CHOOSE = "Choose a folder…"
_KINDS = "PNG, JPEG, WebP, BMP, TIFF or GIF"
_MOST_FOLDERS = 2000


def why_not(path: Path) -> str:
    """Why there are no pictures at a path, in one sentence; "" if there are. Looks no further than the first one."""
    if path.is_file():
        return "" if path.suffix.lower() in PICTURE_SUFFIXES else f"“{path.name}” is no picture: {_KINDS} are read."
    if not path.is_dir():
        return f"“{path}” is not there any more."
    if not os.access(path, os.R_OK | os.X_OK):
        return f"The folder “{path.name}” may not be read; allow it, or choose another."
    looked = itertools.islice(pictures_below(path), _MOST_FOLDERS)
    found = any(entry is not None for entry in looked)
    return "" if found else f"There are no pictures in “{path.name}”: put {_KINDS} files there."


class DatasetControl(DropControl):
    """The list of sets; below it, for a folder, its first pictures and their number, or why it was refused."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._control = cast("Dataset", field.control)
        self.chooser, self.previews, self.words = CalmComboBox(), Thumbnails(), QLabel()
        self.chooser.setAccessibleName(field.label)
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.chooser, self.previews, self.words):
            column.addWidget(part)
        self.setAcceptDrops(self._control.images)
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
        if self._control.images:
            self.chooser.insertSeparator(self.chooser.count())
            self.chooser.addItem(_CHOOSE, None)
        self.chooser.setCurrentIndex(self.chooser.findData(value))
        self.chooser.setToolTip(value if own else "")
        self.words.setVisible(own)
        self.words.setText("reading…" if own else "")
        self.previews.show_path(Path(value) if own else None)

    def take_paths(self, paths: list[Path]) -> None:
        """Takes a folder, a picture, or the folder that several pictures lie in."""
        usable = [path for path in paths if not why_not(path)]
        if usable:
            self.offer(str(usable[0] if len(usable) == 1 else usable[0].parent))
        elif paths:
            self.refused.emit(why_not(paths[0]))

    def _choose(self, index: int) -> None:
        chosen = self.chooser.itemData(index)
        if chosen is None:
            self.chooser.setCurrentIndex(self.chooser.findData(self.value()))
            self._ask()
        else:
            self.offer(chosen)

    def _ask(self) -> None:
        before = self.value() if self.value() not in self._control.names else ""
        folder = QFileDialog.getExistingDirectory(self, "A folder of pictures", before)
        if folder:
            self.take_paths([Path(folder)])

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

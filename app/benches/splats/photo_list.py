"""The photos of a capture as a list: which are masked, which are left out, and what one can do with the chosen ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.benches.splats.capture_files import mask_path, photo_names, read_dropped, write_dropped
from app.controls.thumbnails import read_thumbnail
from app.notify import notify
from app.theme import theme
from engine.api.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDE = 40


class PhotoList(QWidget):
    """`opened(name)`: a photo was clicked; `mask_wanted(name)`; `box_wanted()`; `changed()`: what training will use is another."""

    opened = Signal(str)
    mask_wanted = Signal(str)
    box_wanted = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._dropped: frozenset[str] = frozenset()
        self._unread: list[QListWidgetItem] = []
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._read_next)
        self.list = QListWidget()
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Photos")
        self.list.setToolTip("Click a photo to stand where it was taken")
        self.list.setMinimumHeight(140)
        self.mask_button, self.box, self.drop = QPushButton("Mask …"), QPushButton("Box …"), QPushButton("Leave out")
        self.box.setToolTip("Masks all photos to the crop box in the scene: what lies in it counts, the rest does not")
        self.mask_button.setToolTip("Paint over what moves, or over what alone counts")
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.mask_button, self.box, self.drop):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.list.itemClicked.connect(lambda item: self.opened.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.list.itemSelectionChanged.connect(self._enable)
        self.box.clicked.connect(self.box_wanted)
        self.mask_button.clicked.connect(lambda: self.mask_wanted.emit(self.chosen()[0]))
        self.drop.clicked.connect(self._toggle)
        self._enable()

    @property
    def names(self) -> list[str]:
        """All of them, in order."""
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]

    def chosen(self) -> list[str]:
        """Those that are marked."""
        return [item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]

    def show_folder(self, folder: Path | None) -> None:
        """The photos of a finished capture; their pictures are read when there is time."""
        self._folder = folder
        self.list.clear()
        self._unread = []
        for name in photo_names(folder) if folder is not None else []:
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setSizeHint(QSize(0, SIDE + 8))
            self.list.addItem(item)
            self._unread.append(item)
        self.refresh()
        self._idle.start()

    def refresh(self) -> None:
        """What is masked and what is left out."""
        if self._folder is not None:
            self._dropped = read_dropped(self._folder)
            for row in range(self.list.count()):
                self._dress(self.list.item(row), self._folder)
        self._enable()

    def mark(self, names: Iterable[str]) -> None:
        """Marks these photos, and shows the first of them."""
        wanted = set(names)
        self.list.clearSelection()
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(Qt.ItemDataRole.UserRole) in wanted:
                item.setSelected(True)
                self.list.scrollToItem(item)

    def _dress(self, item: QListWidgetItem, folder: Path) -> None:
        name = item.data(Qt.ItemDataRole.UserRole)
        out, masked = name in self._dropped, mask_path(folder, name).is_file()
        state = "left out" if out else "masked" if masked else ""
        item.setText(f"{name}\n{state}" if state else name)
        item.setForeground(QColor(theme().colours.faint if out else theme().colours.text))

    def _enable(self) -> None:
        chosen = self.chosen()
        self.mask_button.setEnabled(len(chosen) == 1)
        self.drop.setEnabled(bool(chosen))
        back = bool(chosen) and all(name in self._dropped for name in chosen)
        self.drop.setText("Take back" if back else "Leave out")
        self.drop.setToolTip(
            "Training uses the chosen photos again"
            if back
            else "Training does without the chosen photos; they are kept"
        )

    def _toggle(self) -> None:
        chosen = frozenset(self.chosen())
        if self._folder is None or not chosen:
            return
        dropped = self._dropped - chosen if chosen <= self._dropped else self._dropped | chosen
        try:
            write_dropped(self._folder, dropped)
        except DataError as error:
            notify(str(error))
            return
        self.refresh()
        self.changed.emit()

    def _read_next(self) -> None:
        if not self._unread or self._folder is None:
            self._idle.stop()
            return
        item = self._unread.pop(0)
        picture: QImage = read_thumbnail(self._folder / "photos" / item.data(Qt.ItemDataRole.UserRole), SIDE)
        if not picture.isNull():
            item.setIcon(QIcon(QPixmap.fromImage(picture)))

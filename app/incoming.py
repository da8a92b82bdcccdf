"""What happens with a thing that a person dropped, chose or pasted: it goes to the open lab, or to one that takes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from app.benches.bodies.body_files import body_files
from app.benches.splats.capture_files import is_video
from app.benches.splats.scene_files import is_scene
from app.drops import CAN_BE_DROPPED, Drop, classify, takers
from app.notify import notify
from engine.api.errors import StudioError
from engine.api.share import read_share_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from app.library import Library
    from app.pages import Pages
    from engine.api.lab import LabInfo


class Incoming(QObject):
    """Takes files, folders and share strings in; whatever cannot be used is answered with a sentence."""

    def __init__(self, pages: Pages, library: Library, window: QWidget) -> None:
        super().__init__(window)
        self._pages, self._library, self._window = pages, library, window

    def take(self, paths: Sequence[Path]) -> None:
        """Uses dropped or chosen files."""
        try:
            if any(is_scene(path) or is_video(path) for path in paths) and "splats" in self._library.pages():
                self._pages.open_bench("splats").accept_drop(paths)
                return
            if body_files(paths) and self._take_bodies(paths):
                return
            self._take(classify(paths))
        except StudioError as error:
            notify(str(error))

    def _take_bodies(self, paths: Sequence[Path]) -> bool:
        """Models and sequences go to the page in front, if it takes them, else to the Bodies workbench; whether one did."""
        page = self._pages.working
        if page is not None and page.accept_drop(paths):
            return True
        return "bodies" in self._library.pages() and self._pages.open_bench("bodies").accept_drop(paths)

    def take_text(self, text: str) -> None:
        """Opens the experiment in a share string."""
        try:
            self._pages.open_experiment(read_share_string(text.strip()))
        except StudioError as error:
            notify(str(error))

    def open_run(self, folder: Path) -> None:
        """Opens a past run."""
        try:
            self._pages.open_run(folder)
        except StudioError as error:
            notify(str(error))

    def choose_files(self) -> None:
        """Chooses pictures, a mesh or a share string's file, as if dropped."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open pictures, a mesh or a run")
        if names:
            self.take([Path(name) for name in names])

    def choose_folder(self) -> None:
        """Chooses a folder of pictures or a run's folder, as if dropped."""
        begin = str(self._pages.runs)
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder of pictures or a run", begin)
        if name:
            self.take([Path(name)])

    def paste_share_string(self) -> None:
        """Opens the experiment whose share string lies in the clipboard."""
        text = QGuiApplication.clipboard().text().strip()
        if text.startswith("ps1:"):
            self.take_text(text)
        else:
            notify("Copy a share string first: a line of text that begins with ps1:", "info")

    def promise(self) -> str:
        """What a drop would do now, in words."""
        page = self._pages.lab
        return f"Drop into {page.info.title}" if page is not None else f"Drop {CAN_BE_DROPPED}"

    def _take(self, drop: Drop) -> None:
        if drop.kind == "run":
            self.open_run(drop.paths[0])
            return
        if drop.kind == "share":
            self.take_text(drop.text)
            return
        page = self._pages.working
        if page is not None and page.accept_drop(drop.paths):
            return
        labs = takers(drop, self._library.labs)
        if not labs:
            notify(f"No lab takes {drop.words} yet; drop {CAN_BE_DROPPED}.")
        elif len(labs) == 1:
            self._give(drop, labs[0])
        else:
            self._ask(drop, labs)

    def _ask(self, drop: Drop, labs: list[LabInfo]) -> None:
        menu = QMenu(self._window)
        menu.addAction(f"Use {drop.words} in").setEnabled(False)
        for info in labs:
            menu.addAction(info.title, partial(self._give, drop, info))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    def _give(self, drop: Drop, info: LabInfo) -> None:
        page = self._pages.open_lab(info.id)
        if not page.accept_drop(drop.paths):
            notify(f"{info.title} cannot use {drop.words}.")

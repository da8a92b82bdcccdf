"""What a lab's page can do, in one table: the menu Run, the command palette and the keys are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import icon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Deed:
    """A row of the table: the handler's name, its title, its keys and its icon."""

    name: str
    title: str
    keys: str = ""
    glyph: str = ""


DEEDS = (
    Deed("toggle", "Start, pause or go on", "Space", "play"),
    Deed("step", "One step", "S", "skip-forward"),
    Deed("stop", "Stop", "Shift+S", "stop"),
    Deed("again", "Start again", "Ctrl+R", "arrow-counter-clockwise"),
    Deed("save", "Keep this moment", "Ctrl+S", "floppy-disk"),
    Deed("fork", "Fork …", "F", "git-fork"),
    Deed("earlier", "Rewind to the moment before", "[", "skip-back"),
    Deed("later", "Forward to the next moment", "]", "skip-forward"),
    Deed("home", "Back to now", "Shift+]", "fast-forward"),
    Deed("prove", "Prove it", "P", "seal-check"),
    Deed("undo", "Undo", "Ctrl+Z", "arrow-counter-clockwise"),
    Deed("redo", "Redo", "Ctrl+Shift+Z", "arrow-clockwise"),
    Deed("copy_command", "Copy as command", "Ctrl+Shift+C", "terminal-window"),
    Deed("copy_share", "Copy share string", "Ctrl+Shift+S", "share-network"),
    Deed("show_runs", "Table of runs", "Ctrl+J", "table"),
    Deed("show_side", "Controls, notes, code and proof", "Ctrl+Shift+B", "sidebar-simple"),
    Deed("tab_controls", "Show the controls", "Alt+1", "sliders-horizontal"),
    Deed("tab_notes", "Show the notes", "Alt+2", "book-open"),
    Deed("tab_code", "Show the code", "Alt+3", "code"),
    Deed("tab_proof", "Show the proof", "Alt+4", "seal-check"),
    Deed("reset_views", "Arrange the views anew", "", "layout"),
)


class PageActions:
    """The actions of one page. `group` switches all of them: those of a page that is not in front must not catch keys."""

    def __init__(self, page: QWidget, handlers: Mapping[str, Callable[[], object]]) -> None:
        self.of: dict[str, QAction] = {}
        self.keys = {deed.name: deed.keys for deed in DEEDS}
        self.group = QActionGroup(page)
        self.group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        for deed in DEEDS:
            action = QAction(icon(deed.glyph, "dim"), deed.title, page)
            action.setShortcut(QKeySequence(deed.keys))
            action.triggered.connect(partial(_call, handlers[deed.name]))
            self.group.addAction(action)
            self.of[deed.name] = action
        page.addActions(list(self.of.values()))

    def enable(self, **states: bool) -> None:
        """Which of them make sense now."""
        for name, state in states.items():
            self.of[name].setEnabled(state)


def _call(handler: Callable[[], object], _checked: bool = False) -> None:
    handler()

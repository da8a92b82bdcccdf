"""The commands of the window, in one table: what they are called, where they stand in the menus, which keys they have.

The menus, the command palette and the table of shortcuts are all made from it. What a page can do (start, pause, prove …)
comes from the page itself and stands in the menu Run while that page is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import icon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QMenu, QMenuBar

MENUS = ("File", "Run", "View", "Help")


@dataclass(frozen=True)
class Command:
    """A row of the table. `name` is the handler that does it; an empty title is a line in the menu."""

    menu: str
    title: str = ""
    name: str = ""
    keys: str = ""
    glyph: str = ""


COMMANDS = (
    Command("File", "Open files …", "choose_files", "Ctrl+O", "folder-open"),
    Command("File", "Open a folder of pictures or a run …", "choose_folder", "Ctrl+Shift+O", "folder"),
    Command("File", "Open a share string …", "ask_share_string", "Ctrl+Shift+V", "link-simple"),
    Command("File"),
    Command("File", "Settings …", "open_settings", "Ctrl+,", "gear"),
    Command("File"),
    Command("File", "Quit", "close", "Ctrl+Q", "power"),
    Command("View", "Start page", "open_start", "Alt+Home", "house"),
    Command("View", "Navigator", "toggle_navigator", "Ctrl+B", "sidebar-simple"),
    Command("View", "Full screen", "toggle_full_screen", "F11", "corners-out"),
    Command("View"),
    Command("View", "Dark", "theme_dark"),
    Command("View", "Light", "theme_light"),
    Command("View", "As the desktop", "theme_system"),
    Command("View"),
    Command("View", "Larger", "zoom_in", "Ctrl++", "plus"),
    Command("View", "Smaller", "zoom_out", "Ctrl+-", "minus"),
    Command("View", "Usual size", "zoom_reset", "Ctrl+0", "magnifying-glass"),
    Command("Help", "Find anything", "open_palette", "Ctrl+K", "magnifying-glass"),
    Command("Help", "Shortcuts", "show_shortcuts", "F1", "keyboard"),
    Command("Help", "Doctor", "show_doctor", "", "lifebuoy"),
    Command("Help", "About Perception Studio", "show_about", "", "info"),
)
TOPIC_KEYS = tuple(f"Ctrl+{number}" for number in range(1, 10))


class Actions:
    """Every command as a QAction of the window, and the menus that hold them."""

    def __init__(self, window: QObject, handlers: Mapping[str, Callable[[], object]]) -> None:
        self.of: dict[str, QAction] = {}
        for command in COMMANDS:
            if command.name:
                action = QAction(command.title, window)
                if command.glyph:  # without: its place is for the tick
                    action.setIcon(icon(command.glyph, "dim"))
                action.setShortcut(QKeySequence(command.keys))
                action.triggered.connect(partial(_call, handlers[command.name]))
                self.of[command.name] = action
        self.themes = QActionGroup(window)
        for mode in ("dark", "light", "system"):
            self.of[f"theme_{mode}"].setCheckable(True)
            self.themes.addAction(self.of[f"theme_{mode}"])

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Makes the menus. Returns them by title; the menu Run is filled by the page."""
        menus = {title: bar.addMenu(title) for title in MENUS}
        for command in COMMANDS:
            if command.name:
                menus[command.menu].addAction(self.of[command.name])
            else:
                menus[command.menu].addSeparator()
        return menus


def fill_run_menu(menu: QMenu, actions: Iterable[QAction]) -> None:
    """Puts what the open page can do into the menu Run."""
    menu.clear()
    for action in actions:
        menu.addAction(action)
    if menu.isEmpty():
        menu.addAction("Open a lab first").setEnabled(False)


def shortcut_table(groups: Mapping[str, Iterable[QAction]]) -> list[tuple[str, str, str]]:
    """Rows of (group, what it does, keys) of every action that has keys."""
    return [
        (group, plain(action.text()), keys)
        for group, actions in groups.items()
        for action in actions
        if (keys := keys_of(action))
    ]


def keys_of(action: QAction) -> str:
    """An action's keys as this desktop writes them."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def plain(text: str) -> str:
    """An action's title without its mnemonic and its dots."""
    return text.replace("&", "").removesuffix("…").strip()


def _call(handler: Callable[[], object], _checked: bool = False) -> None:
    handler()

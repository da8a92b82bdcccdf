"""The workbench's actions: one table of titles, keys and icons, for the menu, the palette and the table of keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from app.benches.splats.deeds import SceneDeeds

    Row = tuple[str, str, str, str, Callable[[], object]]


class BenchActions:
    """`of`: the actions by name. They count only while the page is shown: `group` switches their keys."""

    def __init__(self, page: QWidget, deeds: SceneDeeds, add_key: Callable[[], object]) -> None:
        self.group = QActionGroup(page)
        self.group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self.of: dict[str, QAction] = {}
        for name, title, keys, glyph, act in (*_deeds(deeds, add_key), *_tools(deeds)):
            action = QAction(icon(glyph, "dim"), title, page)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(lambda _=False, act=act: act())
            self.group.addAction(action)
            self.of[name] = action
        page.addActions(list(self.of.values()))

    def enable(self, **states: bool) -> None:
        """Which can be done now."""
        for name, on in states.items():
            self.of[name].setEnabled(on)


def _deeds(deeds: SceneDeeds, add_key: Callable[[], object]) -> list[Row]:
    desk, choosing = deeds.desk, deeds.choosing
    return [
        ("open", "Open a scene …", "Ctrl+O", "folder-open", deeds.ask_open),
        ("export", "Export the scene …", "Ctrl+E", "export", deeds.ask_export),
        ("undo", "Undo", "Ctrl+Z", "arrow-counter-clockwise", desk.undo),
        ("redo", "Redo", "Ctrl+Shift+Z", "arrow-clockwise", desk.redo),
        ("delete", "Delete what is chosen", "Delete", "trash", deeds.delete),
        ("isolate", "Isolate what is chosen", "I", "circle-dashed", deeds.isolate),
        ("invert", "Invert what is chosen", "Ctrl+I", "shuffle", choosing.invert),
        ("all", "Choose everything", "Ctrl+A", "selection", choosing.choose_all),
        ("none", "Choose nothing", "Esc", "x", choosing.clear),
        ("align", "Align the ground", "", "grid-four", deeds.align),
        ("clean", "Clean floaters", "", "sparkle", deeds.clean),
        ("crop", "Crop to the box", "", "crop", deeds.crop),
        ("key", "Key frame from here", "K", "plus", add_key),
        ("photo_before", "The photo before", "PgUp", "caret-left", partial(deeds.viewport.step_photo, -1)),
        ("photo_next", "The next photo", "PgDown", "caret-right", partial(deeds.viewport.step_photo, 1)),
        ("copy_command", "Copy as command", "Ctrl+Shift+C", "terminal-window", deeds.copy_command),
    ]


def _tools(deeds: SceneDeeds) -> list[Row]:
    view = deeds.viewport
    return [
        (f"tool_{name}", f"Tool: {name}", str(number), "cursor-click", partial(view.take_tool, name))
        for number, name in enumerate(("orbit", *view.gestures), 1)
    ]

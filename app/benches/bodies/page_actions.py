"""What can be done on the workbench: its title, its keys, its icon, and what it calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.benches.bodies.page import BodiesPage

TOOLS = (("none", "look around"), ("turn joints", "turn joints"), ("pull ends", "pull ends"))

Row = tuple[str, str, str, str, "Callable[[], object]"]


def make_actions(page: BodiesPage, group: QActionGroup) -> dict[str, QAction]:
    """The actions of a page, by name; their keys count while `group` is enabled."""
    made = {}
    for name, title, keys, glyph, act in (*_file_rows(page), *_body_rows(page), *_time_rows(page), *_tool_rows(page)):
        action = QAction(icon(glyph, "dim"), title, page)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False, act=act: act())
        group.addAction(action)
        made[name] = action
    page.addActions(list(made.values()))
    return made


def _file_rows(page: BodiesPage) -> list[Row]:
    return [
        ("open", "Open a model, sequence, pose or scene …", "Ctrl+O", "folder-open", page.ask_open),
        ("save", "Save the scene …", "Ctrl+S", "floppy-disk", page.ask_save),
        ("glb", "Export GLB: skin and motion …", "Ctrl+E", "export", partial(page.ask_export, ".glb")),
        ("bvh", "Export BVH: motion …", "", "export", partial(page.ask_export, ".bvh")),
        ("obj", "Export OBJ: this moment …", "", "export", partial(page.ask_export, ".obj")),
        ("ply", "Export PLY: this moment …", "", "export", partial(page.ask_export, ".ply")),
        ("film", "Film the scene (MP4) …", "", "film-reel", partial(page.ask_film, 0.0)),
        ("turntable", "Turntable (MP4) …", "", "film-reel", partial(page.ask_film, 1.0)),
        ("stop_film", "Give the film up", "", "stop", page.filming.cancel),
        ("choose_model", "Model file …", "", "folder-open", page.choose_model),
        ("choose_pose", "Pose from a file …", "", "folder-open", page.choose_pose),
        ("copy_command", "Copy as command", "Ctrl+Shift+C", "terminal-window", page.copy_command),
    ]


def _body_rows(page: BodiesPage) -> list[Row]:
    desk = page.desk
    return [
        ("undo", "Undo", "Ctrl+Z", "arrow-counter-clockwise", desk.undo),
        ("redo", "Redo", "Ctrl+Shift+Z", "arrow-clockwise", desk.redo),
        ("duplicate", "Duplicate the body", "Ctrl+D", "copy", page.duplicate),
        ("remove", "Remove the body", "", "trash", desk.remove),
        ("mirror", "Mirror the pose", "M", "arrows-left-right", partial(desk.ask, "mirror")),
        ("land", "To the ground", "G", "arrow-down", partial(desk.ask, "land")),
        ("reset", "Rest pose", "T", "person-simple", partial(desk.ask, "preset", "T")),
    ]


def _time_rows(page: BodiesPage) -> list[Row]:
    line = page.time_line
    return [
        ("play", "Play or pause", "Space", "play", line.toggle),
        ("key", "Key frame here", "K", "plus", line.add_key),
        ("delete", "Delete the key frame", "Delete", "trash", line.delete_key),
        ("before", "To the key frame before", ",", "skip-back", partial(line.step_key, -1)),
        ("after", "To the next key frame", ".", "skip-forward", partial(line.step_key, 1)),
        ("bake", "Make key frames of the sequence", "", "stack", page.desk.bake),
    ]


def _tool_rows(page: BodiesPage) -> list[Row]:
    rows: list[Row] = []
    for number, (name, words) in enumerate(TOOLS, 1):
        take = partial(page.viewport.take_tool, name)
        rows.append((f"tool_{number}", f"Tool: {words}", str(number), "cursor-click", take))
    return rows

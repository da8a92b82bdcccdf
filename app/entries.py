"""Everything that the command palette finds: what the open lab can do, labs, topics, past runs, commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.actions import keys_of, plain
from app.benches.table import benches_of, topic_page
from app.palette import Entry
from app.topics.recent import recent_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QAction

    from app.library import Library
    from app.pages import Pages

_RUNS = 40


def find_entries(
    library: Library,
    pages: Pages,
    commands: Sequence[QAction],
    open_page: Callable[[str], object],
    open_run: Callable[[Path], object],
) -> list[Entry]:
    """The entries, in the order in which they are listed before one types."""
    page = pages.working
    labs = [
        Entry(info.title, info.source, "lab", "flask", partial(open_page, info.id))
        for info in library.labs
        if not info.broken
    ]
    benches = [
        Entry(bench.title, bench.summary, "workbench", bench.icon, partial(open_page, bench.id))
        for bench in benches_of(library)
    ]
    topics = [
        Entry(topic.title, topic.summary, "topic", topic.icon, partial(open_page, topic_page(topic.id)))
        for topic in library.topics()
    ]
    runs = [
        Entry(run.title, f"{run.note} · {run.when}", "run", "clock-counter-clockwise", partial(open_run, run.folder))
        for run in recent_runs(pages.runs, library, _RUNS)
    ]
    deeds = [action for action in page.actions() if action.isEnabled()] if page is not None else []
    return [*benches, *labs, *map(_entry, deeds), *topics, *map(_entry, commands), *runs]


def _entry(action: QAction) -> Entry:
    return Entry(plain(action.text()), "", "command", "command", action.trigger, keys_of(action))

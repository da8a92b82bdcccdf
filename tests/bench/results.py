"""RESULTS.md: a section a table, each with date, machine and command."""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = Path(__file__).with_name("RESULTS.md")


def keep(section: str, first: bool = False) -> None:
    """Puts a section in place of the one with the same heading, at the file's end or at its beginning."""
    title = section.partition("\n")[0]
    others = [part for part in _sections() if part.partition("\n")[0] != title]
    PATH.write_text("\n".join([section, *others] if first else [*others, section]), "utf-8")


def kept(title: str) -> str:
    """The section with this title, "" if there is none."""
    return next((part for part in _sections() if part.startswith(f"# {title}\n")), "")


def _sections() -> list[str]:
    text = PATH.read_text("utf-8") if PATH.exists() else ""
    return [part.rstrip() + "\n" for part in re.split(r"^(?=# )", text, flags=re.MULTILINE) if part.strip()]


def heading(title: str, words: Sequence[str] = ()) -> str:
    """Title, date, machine and command: `words`, or what was typed."""
    import psutil

    memory = psutil.virtual_memory().total / 1e9
    screen = os.environ.get("QT_QPA_PLATFORM") or "Xvfb"
    hardware = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, no GPU"
    machine = f"{hardware}, {platform.system()}, Python {platform.python_version()}"
    command = " ".join(["python -m tests.bench", *(words or sys.argv[1:])])
    return f"# {title}\n{datetime.date.today().isoformat()}, {machine}, {screen}; by `{command}`.\n"

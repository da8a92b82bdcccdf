"""`python -m tests.bench [--write]`: prints the table; `--write` keeps it in RESULTS.md, with date, machine and command."""

from __future__ import annotations

import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.figures import Figure

HEAD = "| what | reach | measured | reached |\n|---|---|---|---|"


def main() -> int:
    """Measures everything, one after the other. Returns 1 if a figure was not reached."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(HEAD)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in measured(Path(folder)):
            print(figure.row(), flush=True)
            figures.append(figure)
    table = "\n".join([HEAD, *(figure.row() for figure in figures)])
    if "--write" in sys.argv:
        Path(__file__).with_name("RESULTS.md").write_text(f"{heading()}\n{table}\n", "utf-8")
    return 0 if all(figure.good for figure in figures) else 1


def measured(home: Path) -> Iterator[Figure]:
    """Every figure, one after the other."""
    from tests.bench import engine_side, window_side

    yield from window_side.all_figures(home)
    yield engine_side.labs_listed(home / "labs")
    yield engine_side.overhead()
    yield engine_side.resume(home / "resume")


def heading() -> str:
    """Date, machine and command."""
    import psutil

    memory = psutil.virtual_memory().total / 1e9
    screen = os.environ.get("QT_QPA_PLATFORM") or "Xvfb"
    hardware = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, no GPU"
    machine = f"{hardware}, {platform.system()}, Python {platform.python_version()}"
    return f"# Figures\n{datetime.date.today().isoformat()}, {machine}, {screen}; by `python -m tests.bench --write`.\n"


if __name__ == "__main__":
    raise SystemExit(main())

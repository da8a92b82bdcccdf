"""`python -m tests.bench [--write]`: prints the table; `--write` keeps it in RESULTS.md, with date, machine and command."""

from __future__ import annotations

import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

HEAD = "| what | reach | measured | reached |\n|---|---|---|---|"


def main() -> int:
    """Measures everything, one after the other. Returns 1 if a figure was not reached."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tests.bench import engine_side, window_side

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        figures = [
            *window_side.all_figures(home),
            engine_side.labs_listed(home / "labs"),
            engine_side.overhead(),
            engine_side.resume(home / "resume"),
        ]
    table = "\n".join([HEAD, *(figure.row() for figure in figures)])
    print(table)
    if "--write" in sys.argv:
        Path(__file__).with_name("RESULTS.md").write_text(f"{heading()}\n{table}\n", "utf-8")
    return 0 if all(figure.good for figure in figures) else 1


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

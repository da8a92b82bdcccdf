"""`python -m tests.bench [--splats | --bodies] [--long] [--write]`: prints the table.

`--write` keeps it in RESULTS.md, with date, machine and command. `--splats` measures the Splats alone, on the scenes that lie beside the
project, and has a section of its own; with `--long` whole runs too.
`--bodies` measures the bodies alone, in another section.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.figures import Figure

SPLATS, BODIES = "--splats", "--bodies"
HEAD = "| what | reach | measured | reached |\n|---|---|---|---|"


def main() -> int:
    """Measures everything, one after the other. Returns 1 if a figure was not reached."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(HEAD)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in chosen(Path(folder)):
            print(figure.row(), flush=True)
            figures.append(figure)
    table = "\n".join([HEAD, *(figure.row() for figure in figures)])
    if "--write" in sys.argv:
        keep(f"{heading()}\n{table}\n")
    return 0 if all(figure.good for figure in figures) else 1


def chosen(home: Path) -> Iterator[Figure]:
    """What the command line asks for."""
    if BODIES in sys.argv:
        from tests.bench import bodies_side

        return bodies_side.all_figures()
    return splats(home) if SPLATS in sys.argv else measured(home)


def measured(home: Path) -> Iterator[Figure]:
    """Every figure, one after the other."""
    from tests.bench import engine_side, window_side

    yield from window_side.all_figures(home)
    yield engine_side.labs_listed(home / "labs")
    yield engine_side.overhead()
    yield engine_side.resume(home / "resume")


def splats(home: Path) -> Iterator[Figure]:
    """What is measured of the Splats."""
    from tests.bench import capture_side, splat_side

    yield from capture_side.all_figures(home)
    yield from splat_side.all_figures(home, "--long" in sys.argv)


def keep(section: str) -> None:
    """Puts a section into RESULTS.md, in place of the one with the same heading."""
    path = Path(__file__).with_name("RESULTS.md")
    title = section.partition("\n")[0]
    older = re.split(r"^(?=# )", path.read_text("utf-8"), flags=re.MULTILINE) if path.exists() else []
    others = [part.rstrip() + "\n" for part in older if part.strip() and part.partition("\n")[0] != title]
    parts = [*others, section] if {SPLATS, BODIES} & set(sys.argv) else [section, *others]
    path.write_text("\n".join(parts), "utf-8")


def heading() -> str:
    """Title, date, machine and command."""
    import psutil

    memory = psutil.virtual_memory().total / 1e9
    screen = os.environ.get("QT_QPA_PLATFORM") or "Xvfb"
    hardware = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, no GPU"
    machine = f"{hardware}, {platform.system()}, Python {platform.python_version()}"
    title = "Splats" if SPLATS in sys.argv else "Bodies" if BODIES in sys.argv else "Figures"
    command = " ".join(["python -m tests.bench", *sys.argv[1:]])
    return f"# {title}\n{datetime.date.today().isoformat()}, {machine}, {screen}; by `{command}`.\n"


if __name__ == "__main__":
    raise SystemExit(main())

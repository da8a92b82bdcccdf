"""`python -m tests.bench [--splats | --bodies | --labs [LAB | TOPIC …]] [--long] [--write]`: prints the table.

`--write` keeps it in RESULTS.md, with date, machine and command. `--splats` measures the Splats alone, on the scenes that lie beside the
project, and has a section of its own; with `--long` whole runs too.
`--bodies` measures the bodies alone, in another section; `--labs` every lab's default run, or that of the labs named (`lab_side`).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.results import heading, keep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.figures import Figure

SPLATS, BODIES, LABS = "--splats", "--bodies", "--labs"
HEAD = "| what | reach | measured | reached |\n|---|---|---|---|"


def main() -> int:
    """Measures everything, one after the other. Returns 1 if a figure was not reached."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if LABS in sys.argv:
        from tests.bench import lab_side

        return lab_side.main([word for word in sys.argv[1:] if not word.startswith("--")], "--write" in sys.argv)
    print(HEAD)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in chosen(Path(folder)):
            print(figure.row(), flush=True)
            figures.append(figure)
    table = "\n".join([HEAD, *(figure.row() for figure in figures)])
    if "--write" in sys.argv:
        title = "Splats" if SPLATS in sys.argv else "Bodies" if BODIES in sys.argv else "Figures"
        keep(f"{heading(title)}\n{table}\n", first=title == "Figures")
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
    from tests.bench import capture_side, splat_side, viewport_side

    yield viewport_side.turning()
    yield from capture_side.all_figures(home)
    yield from splat_side.all_figures(home, "--long" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())

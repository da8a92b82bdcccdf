"""Every lab's default run without a window: seconds, memory, first picture, steps a second.

`python -m tests.bench --labs [LAB | TOPIC …] [--write]`. Each row is written as soon as it is measured. Without names, only labs that
have no row yet are run, so a call that was broken off goes on where it was; with names, these are measured (again).
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from engine.api.words import number
from engine.run.discovery import lab_ids
from tests.bench.figures import ROOT
from tests.bench.results import heading, keep, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE = "Labs"
HEAD = "| lab | steps | seconds | of a core | beside | peak MB | first picture, s | steps/s | reached |\n|" + 9 * "---|"
READS = """Reach: ≤ 180 s and ≤ 1,000 MB for a whole `main.py run LAB` with its default steps, imports, pictures and snapshots included; the
first picture ≤ 0.5 s after Start on its page. *Of a core* are the seconds that the run itself computed, *beside*
the cores that other work kept busy meanwhile: where that is near the machine's number of cores, the seconds are too many.
"""
SECONDS, MEGABYTES, FIRST = 180.0, 1000.0, 0.5
PATIENCE = 200.0  # a run that takes longer is ended: it has missed its reach


@dataclass(frozen=True)
class Watched:
    """A program's seconds, the core-seconds it used, cores kept busy by others, peak resident megabytes; why it failed, or ""."""

    seconds: float
    own: float
    beside: float
    megabytes: float
    failure: str


@dataclass(frozen=True)
class Run:
    """A default run. `rate`: steps a second; `first`: seconds to the first picture, NaN if nothing was drawn."""

    lab: str
    steps: int
    rate: float
    first: float
    watched: Watched

    @property
    def missed(self) -> str:
        """What was not reached, in words."""
        seen = self.watched
        slow = [f"{seen.seconds:.0f} s"] if seen.seconds > SECONDS else []
        large = [f"{seen.megabytes:,.0f} MB"] if seen.megabytes > MEGABYTES else []
        late = [f"first picture {self.first:.1f} s"] if self.first > FIRST else []
        return ", ".join([*([seen.failure] if seen.failure else []), *slow, *large, *late])

    def row(self) -> str:
        """Its row of the table."""
        steps, rate = (f"{self.steps:,}", number(self.rate)) if self.steps else ("—", "—")
        verdict = f"NO: {self.missed}" if self.missed else "yes"
        seen, first = self.watched, "—" if math.isnan(self.first) else f"{self.first:.2f}"
        numbers = f"{seen.seconds:.1f} | {seen.own:.1f} | {seen.beside:.1f} | {seen.megabytes:,.0f}"
        return f"| `{self.lab}` | {steps} | {numbers} | {first} | {rate} | {verdict} |"


def main(names: Sequence[str], write: bool) -> int:
    """Measures the labs one after the other. Returns 1 if one of them missed its reach."""
    rows = rows_of(kept(TITLE))
    good = True
    print(HEAD)
    for lab in chosen(names, rows):
        run = measured(lab)
        print(run.row(), flush=True)
        rows[lab] = run.row()
        good = good and not run.missed
        if write:
            table = "\n".join([HEAD, *(rows[lab] for lab in lab_ids() if lab in rows)])
            keep(f"{heading(TITLE, ('--labs', '--write'))}{READS}\n{table}\n")
    return 0 if good else 1


def chosen(names: Sequence[str], rows: dict[str, str]) -> list[str]:
    """The labs that are named, by themselves or by their topics; without names, those that have no row. Raises SystemExit."""
    known = lab_ids()
    strangers = [name for name in names if name not in known and not any(lab.startswith(f"{name}.") for lab in known)]
    if strangers:
        raise SystemExit(f"There is no lab or topic {', '.join(strangers)}.")
    if names:
        return [lab for lab in known if lab in names or lab.partition(".")[0] in names]
    return [lab for lab in known if lab not in rows]


def rows_of(section: str) -> dict[str, str]:
    """The rows of an earlier table, by lab."""
    return {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}


def measured(lab: str) -> Run:
    """One lab: its first picture in a process of its own, then the whole run."""
    with tempfile.TemporaryDirectory() as home:
        first = first_picture(lab, home)
        out = Path(home, "out")
        seen = watched([str(ROOT / "main.py"), "run", lab, "--out", str(out)], home)
        found = {} if seen.failure else json.loads((out / "result.json").read_text("utf-8"))
    steps, seconds = int(found.get("steps", 0)), float(found.get("seconds", 1.0))
    return Run(lab, steps, steps / max(seconds, 1e-9), first, seen)


def watched(words: list[str], home: str) -> Watched:
    """Runs a Python program, looks at it every twentieth of a second, and ends it when patience does."""
    begun, before = time.perf_counter(), busy()
    own, peak = 0.0, 0
    with Path(home, "errors.txt").open("w+", encoding="utf-8") as errors:
        child = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment(home), stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            while child.poll() is None and time.perf_counter() - begun < PATIENCE:
                used, resident = used_by(child.pid)
                own, peak = max(own, used), max(peak, resident)
                time.sleep(0.05)
            ended, seconds, others = child.poll(), time.perf_counter() - begun, busy() - before - own
        finally:
            child.kill()  # does nothing to a child that has ended
            child.wait()
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [""])[-1]
    failure = "" if ended == 0 else "not at its end" if ended is None else f"failed: {last[:120]}"
    return Watched(seconds, own, max(0.0, others / seconds), peak / 1e6, failure)


def busy() -> float:
    """Core-seconds that this machine has computed since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def used_by(pid: int) -> tuple[float, int]:
    """Core-seconds and resident bytes of a process with its children; nothing once it has gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        times = [one.cpu_times() for one in family]
        return sum(t.user + t.system for t in times), sum(one.memory_info().rss for one in family)
    except psutil.Error:
        return 0.0, 0


def first_picture(lab: str, home: str) -> float:
    """Seconds from Start to the first picture; NaN if there was none."""
    words = [sys.executable, "-m", "tests.bench.first_picture", lab]
    try:
        done = subprocess.run(words, cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return float("nan")
    return float(done.stdout) if done.returncode == 0 else float("nan")


def environment(home: str) -> dict[str, str]:
    """A home of its own, so that no earlier run helps or harms."""
    return os.environ | {"PERCEPTION_STUDIO_HOME": home}

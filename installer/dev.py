"""Sets up, runs and tests Perception Studio on a fresh machine, with nothing but Python 3.11 or newer.

    python3 installer/dev.py run   [-- ARGUMENTS FOR main.py]
    python3 installer/dev.py test  [--only STAGE] [--jobs N] [-- ARGUMENTS FOR pytest]
    python3 installer/dev.py setup

Each sets up first what is missing (environment.py and machine.py beside this file); a second call starts at once.
Standard library only, because nothing is installed yet; no shell, because it runs on Windows too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from environment import set_up
from machine import ROOT, Machine, SetupError, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLDEST_PYTHON = (3, 11)
DEMO_LAB = "autoencoders.vae"
VIRTUAL_SCREEN = "1920x1200x24"
STAGES = ("ruff", "format", "mypy", "imports", "tests", "offscreen")


# ------------------------------------------------------------------------------------------------------ run
def main_command(machine: Machine, *arguments: str) -> list[str]:
    """A call of main.py in the virtual environment."""
    return [str(machine.python), str(ROOT / "main.py"), *arguments]


def run_program(machine: Machine, arguments: Sequence[str]) -> int:
    """Hands over to main.py; with no arguments and no screen, shows what can be shown without one."""
    if arguments or machine.has_screen:
        return hand_over(main_command(machine, *arguments))
    return demonstrate(machine, fresh_folder(Path.cwd()))


def hand_over(command: list[str]) -> int:
    """Becomes the command where the system can, so that signals and the exit code are its own; else waits for it."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def fresh_folder(below: Path) -> Path:
    """A name for the demonstration's folder that nothing has yet; a temporary place where `below` is read-only."""
    if not os.access(below, os.W_OK):
        below = Path(tempfile.mkdtemp())
    names = ("demo-run", *(f"demo-run-{number}" for number in range(2, 10_000)))
    return next(below / name for name in names if not (below / name).exists())


def demonstrate(machine: Machine, folder: Path) -> int:
    """Without a screen: trains the default lab, prints its last values and makes a picture of its page."""
    say(f"No screen here (DISPLAY and WAYLAND_DISPLAY are not set), so no window: {DEMO_LAB} trains into {folder}")
    training = main_command(machine, "run", DEMO_LAB, "--steps", "300", "--out", str(folder))
    if code := subprocess.run(training, check=False).returncode:
        return code
    print_result(folder / "result.json")
    picture = folder / "page.png"
    say("Making a picture of the lab's page")
    shot = main_command(machine, "shot", "--page", DEMO_LAB, "--out", str(picture), "--steps", "200")
    if code := subprocess.run(shot, env={**machine.environ, "QT_QPA_PLATFORM": "offscreen"}, check=False).returncode:
        return code
    say(f"The page: {picture}")
    return 0


def print_result(path: Path) -> None:
    """Prints the last value of every curve of a finished run."""
    result = json.loads(path.read_text("utf-8"))
    say(f"{result['lab']}: {result['steps']} steps in {result['seconds']:.1f} s")
    for name, value in result["scalars"].items():
        print(f"    {name:24} {value:.4g}")


# ----------------------------------------------------------------------------------------------------- test
@dataclass(frozen=True)
class Stage:
    """One command of the tests.

    Args:
        name: what `--only` calls it.
        command: the program and its arguments.
        platform: Qt's way to draw: `xcb` gets a virtual screen on Linux, `offscreen` needs none.
    """

    name: str
    command: list[str]
    platform: str = "offscreen"


def stages(machine: Machine, arguments: Sequence[str], jobs: int) -> list[Stage]:
    """Every stage, in order: the linters, all tests on a screen, then the window's tests without one."""
    python = str(machine.python)
    pytest = [python, "-m", "pytest", *(["-n", str(jobs), "--dist", "loadgroup"] if jobs > 1 else [])]
    return [
        Stage("ruff", [python, "-m", "ruff", "check", "."]),
        Stage("format", [python, "-m", "ruff", "format", "--check", "--quiet", "."]),
        Stage("mypy", [python, "-m", "mypy"]),
        Stage("imports", [str(machine.script("lint-imports")), "--no-logo"]),
        Stage("tests", [*pytest, *arguments], platform="xcb"),
        Stage("offscreen", [*pytest, "tests/app", "--ignore-glob=*/benches/*_window.py", "-m", "not gl and not once"]),
    ]


def run_tests(machine: Machine, arguments: Sequence[str], only: Sequence[str], jobs: int | None = None) -> int:
    """Runs the stages to the end, whatever fails; returns the exit code of the first that failed."""
    chosen = only or (STAGES[:-1] if arguments else STAGES)  # who names tests wants those, once
    jobs = jobs or (1 if arguments else 2)
    results = [
        (stage.name, *run_stage(machine, stage)) for stage in stages(machine, arguments, jobs) if stage.name in chosen
    ]
    for name, code, seconds in results:
        print(f"{name:10} {'ok' if code == 0 else f'failed (exit code {code})':24} {seconds:7.1f} s")
    return next((code for _, code, _ in results if code), 0)


def run_stage(machine: Machine, stage: Stage) -> tuple[int, float]:
    """Runs one stage in the project's folder; returns its exit code and its seconds."""
    say(f"{stage.name}: {' '.join([Path(stage.command[0]).name, *stage.command[1:]])}")
    began = time.monotonic()
    with stage_environ(machine, stage) as environ:
        code = subprocess.run(stage.command, cwd=ROOT, env=environ, check=False).returncode
        if code == 1 and "--dist" in stage.command:
            code = run_failed_alone(stage, environ)
    return code, time.monotonic() - began


def run_failed_alone(stage: Stage, environ: dict[str, str]) -> int:
    """Tests that failed side by side run once more, one after the other, and that counts.

    Windows and workers are timed, and two busy cores shared with other tests are not what they are timed for.
    """
    say(f"{stage.name}: what failed side by side, once more alone")
    cut = stage.command.index("-n")
    alone = [*stage.command[:cut], *stage.command[cut + 4 :], "--last-failed", "--last-failed-no-failures", "none"]
    return subprocess.run(alone, cwd=ROOT, env=environ, check=False).returncode


@contextlib.contextmanager
def stage_environ(machine: Machine, stage: Stage) -> Iterator[dict[str, str]]:
    """The environment of a stage: one torch thread, so that times compare, and never the person's own screen."""
    own = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environ = {name: value for name, value in machine.environ.items() if name not in own}
    environ["OMP_NUM_THREADS"] = "1"
    if stage.platform == "offscreen":
        yield {**environ, "QT_QPA_PLATFORM": "offscreen"}
    elif machine.system != "Linux":
        yield environ
    else:
        with virtual_display() as display:
            yield {**environ, "QT_QPA_PLATFORM": stage.platform, "DISPLAY": display}


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """A screen in memory, on a display number that is free, for as long as the block runs."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", VIRTUAL_SCREEN, "-nolisten", "tcp"]
    try:
        server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        raise SetupError("Xvfb is missing, on which the tests open their windows.") from None
    finally:
        os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:  # the server closed the pipe by dying
            raise SetupError("Xvfb, on which the tests open their windows, did not start.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


# --------------------------------------------------------------------------------------------- command line
def split_arguments(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments before the first `--`, which are ours, and those after it, which are passed on untouched."""
    own = list(argv)
    if "--" not in own:
        return own, []
    cut = own.index("--")
    return own[:cut], own[cut + 1 :]


def parser() -> argparse.ArgumentParser:
    """What may stand before the `--`."""
    top = argparse.ArgumentParser(prog="dev.py", description="Sets up, runs and tests Perception Studio.")
    commands = top.add_subparsers(dest="command", required=True, metavar="run|test|setup")
    commands.add_parser("setup", help="install everything, for running and for testing")
    commands.add_parser("run", help="open the window; what follows -- goes to main.py")
    tests = commands.add_parser("test", help="linters and tests; what follows -- goes to pytest")
    tests.add_argument("--only", action="append", choices=STAGES, default=[], help="just this stage; may be repeated")
    tests.add_argument("--jobs", type=int, metavar="N", help="test processes side by side; 2, or 1 for named tests")
    return top


def main(argv: Sequence[str]) -> int:
    """Reads the command line and does what it says; returns the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    own, passed = split_arguments(argv)
    chosen = parser().parse_args(own)
    machine = Machine.here()
    set_up(machine, for_tests=chosen.command != "run")
    if chosen.command == "run":
        return run_program(machine, passed)
    if chosen.command == "test":
        return run_tests(machine, passed, chosen.only, chosen.jobs)
    say("Ready: python3 installer/dev.py run")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.exit(f"dev.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

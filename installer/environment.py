"""The virtual environment `.venv`: its Python, the right build of torch, the project, and a stamp that says so.

The registry's torch for Linux brings gigabytes of CUDA, so that where there is no NVIDIA GPU the CPU build is looked
for first. What is done is written into a stamp inside `.venv`, under a key of everything it depends on; a second call
reads that and nothing else. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import platform
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from machine import ROOT, VENV, SetupError, has_nvidia, install_libraries, install_packages, output_of, say, succeeds

if TYPE_CHECKING:
    from machine import Machine

# The CPU build is either somewhere pip is configured to look, or in the index that PyTorch's installation page names.
TORCH_CPU = "torch==2.13.0+cpu"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"


class Steps(NamedTuple):
    """What a stamp calls the three steps of a set-up; whoever has those for tests has those for running too."""

    project: str
    libraries: str
    warm: str


RUN_STEPS = Steps("project", "libraries", "warm")
TEST_STEPS = Steps("test-project", "test-libraries", "test-warm")


@dataclass
class Stamp:
    """The steps of the set-up that are done, for this project file, this Python and this place; a file in `.venv`."""

    path: Path
    key: str
    steps: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, root: Path, venv: Path) -> Stamp:
        """The stamp of an environment; empty where something that it depends on has changed."""
        stamp = cls(venv / "perception-studio.json", stamp_key(root, venv))
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            stored = json.loads(stamp.path.read_text("utf-8"))
            if stored["key"] == stamp.key:
                stamp.steps = set(stored["steps"])
        return stamp

    def add(self, *steps: str) -> None:
        """Writes down that steps are done; renamed into place, so that an interruption leaves no half of it."""
        self.steps.update(steps)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({"key": self.key, "steps": sorted(self.steps)}), "utf-8")
        draft.replace(self.path)


def stamp_key(root: Path, venv: Path) -> str:
    """A digest of what the set-up depends on: the project file, the environment's Python, the platform, the place."""
    digest = hashlib.sha256(f"{root}|{sys.platform}|{platform.machine()}".encode())
    for path in (root / "pyproject.toml", venv / "pyvenv.cfg"):
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


def set_up(machine: Machine, *, for_tests: bool) -> None:
    """Brings the machine to where the program (and the tests) run; what the stamp says is done is not looked at."""
    stamp = Stamp.read(ROOT, VENV)
    project, libraries, warm = TEST_STEPS if for_tests else RUN_STEPS
    if project not in stamp.steps:
        install_project(machine, for_tests=for_tests)
        stamp = Stamp.read(ROOT, VENV)  # again: the key holds the environment's Python, which may be new
        stamp.add(RUN_STEPS.project, project)
    if libraries not in stamp.steps and install_libraries(machine, for_tests=for_tests):
        stamp.add(RUN_STEPS.libraries, libraries)
    if warm not in stamp.steps:
        warm_caches(machine, for_tests=for_tests)
        stamp.add(RUN_STEPS.warm, warm)


def install_project(machine: Machine, *, for_tests: bool) -> None:
    """Makes `.venv` and installs torch and the project into it."""
    make_environment(machine)
    install_torch(machine)
    say("Installing the project and what it needs")
    if not pip_install(machine, "--editable", ".[dev]" if for_tests else "."):
        raise SetupError("The project could not be installed; pip's reason stands above.")


def make_environment(machine: Machine) -> None:
    """Makes `.venv`, or makes it again where its Python or its pip no longer runs."""
    if succeeds([str(machine.python), "-m", "pip", "--version"]):
        return
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists():
        raise SetupError(f"{VENV} is in the way and is no virtual environment: move it, then call again.")
    require_ensurepip(machine)
    say(f"Making the virtual environment {VENV}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False).returncode:
        raise SetupError("The virtual environment could not be made; the reason stands above.")


def require_ensurepip(machine: Machine) -> None:
    """Debian and Ubuntu keep the part of Python that makes environments in a package of its own."""
    if importlib.util.find_spec("ensurepip") or install_packages(machine, ["python3-venv"]):
        return
    exact = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    raise SetupError(
        "This Python cannot make virtual environments: the package python3-venv is missing. Install it with:\n"
        f"    sudo apt-get update && sudo apt-get install -y python3-venv      (for just this Python: {exact})"
    )


def pip_install(machine: Machine, *arguments: str, show_errors: bool = True) -> bool:
    """Installs into `.venv`; returns whether it worked."""
    command = [str(machine.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    if not sys.stdout.isatty():
        command.append("--quiet")  # progress bars make a log file unreadable
    errors = None if show_errors else subprocess.DEVNULL
    return subprocess.run([*command, *arguments], cwd=ROOT, stderr=errors, check=False).returncode == 0


def install_torch(machine: Machine) -> None:
    """Installs torch, without CUDA where there is no NVIDIA GPU, unless a fitting one is already there."""
    requirement = torch_requirement()
    version = output_of([str(machine.python), "-c", "from importlib.metadata import version as v; print(v('torch'))"])
    if version and within(version, requirement):
        return
    *earlier, last = torch_attempts(machine.system, nvidia=has_nvidia(), requirement=requirement)
    for where, arguments in earlier:
        say(f"Looking for torch {where}")
        if pip_install(machine, *arguments, show_errors=False):
            return
    say(f"Installing torch {last[0]}")
    if not pip_install(machine, *last[1]):
        raise SetupError("torch could not be installed; pip's reason stands above.")


def torch_attempts(system: str, *, nvidia: bool, requirement: str) -> list[tuple[str, list[str]]]:
    """Where to look for torch, in order: what to tell the person, and pip's arguments."""
    general = "from the package registry"
    if system != "Linux" or nvidia:
        return [(general, [requirement])]  # the CPU build on macOS and Windows, the CUDA build on Linux
    soon = ["--timeout", "20", "--retries", "1"]  # a machine that cannot reach the index should learn it soon
    return [
        ("as a CPU build where pip is configured to look", ["--no-deps", TORCH_CPU]),
        ("in PyTorch's index of CPU builds", ["--no-deps", "--index-url", TORCH_CPU_INDEX, *soon, TORCH_CPU]),
        (f"{general}: no CPU build was found, so this is the general one, with gigabytes of CUDA", [requirement]),
    ]


def torch_requirement() -> str:
    """The line of pyproject.toml that bounds torch."""
    import tomllib  # here, so that an older Python gets as far as the sentence that says it is too old

    dependencies: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return next(line for line in dependencies if re.match(r"torch\b", line))


def within(version: str, requirement: str) -> bool:
    """Whether a version such as 2.13.0+cpu lies within a requirement such as torch>=2.6,<2.14."""
    bounds = {sign: numbers(bound) for sign, bound in re.findall(r"(>=|<)([\d.]+)", requirement)}
    return bounds[">="] <= numbers(version) < bounds["<"]


def numbers(version: str) -> tuple[int, ...]:
    """The release that a version names: 2.13.0+cpu is (2, 13, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])


def warm_caches(machine: Machine, *, for_tests: bool) -> None:
    """Does once what would make the first use slow: reads the labs; for tests, compiles the kernels that draw.

    The program compiles them behind its open window; a test waits for its picture.
    """
    say("Reading the labs for the first time")
    if not succeeds([str(machine.python), str(ROOT / "main.py"), "labs", "--json"]):
        say("That failed; the program says why when it runs.")
    if for_tests:
        say("Compiling the drawing kernels")
        succeeds([str(machine.python), "-c", "from engine.raster.warm import warm_up; warm_up()"])

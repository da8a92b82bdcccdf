"""What the set-up must know of a machine, and the libraries of the system that Qt and OpenGL need there.

On Debian and its relatives the missing ones are installed where that can be done without asking for a password, and
named with the exact command where it cannot. On other Linuxes they are looked for by their shared objects and named;
macOS and Windows bring everything. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

# Debian's package -> what `find_library` calls the same thing on other Linuxes.
WINDOW_LIBRARIES = {
    "libegl1": "EGL",
    "libgl1": "GL",
    "libxkbcommon0": "xkbcommon",
    "libfontconfig1": "fontconfig",
    "libglib2.0-0": "glib-2.0",
    "libdbus-1-3": "dbus-1",
    "libx11-6": "X11",
    "libxcb-cursor0": "xcb-cursor",
    "libxkbcommon-x11-0": "xkbcommon-x11",
    "libxcb-icccm4": "xcb-icccm",
    "libxcb-keysyms1": "xcb-keysyms",
    "libxcb-randr0": "xcb-randr",
    "libxcb-shape0": "xcb-shape",
    "libxcb-xkb1": "xcb-xkb",
}
# Debian's package -> the program that the tests start.
TEST_PROGRAMS = {"xvfb": "Xvfb"}


class SetupError(Exception):
    """Something that the person has to do; its text says what."""


def say(text: str) -> None:
    """Tells the person what happens now; flushed, so that it stands before the output of what is started next."""
    print(f"==> {text}", flush=True)


@dataclass(frozen=True)
class Machine:
    """What the set-up must know of a machine to decide.

    Args:
        system: `Linux`, `Darwin` or `Windows`.
        environ: the environment variables.
        debian: packages come from apt.
    """

    system: str
    environ: dict[str, str]
    debian: bool = False

    @classmethod
    def here(cls) -> Machine:
        """The machine this runs on."""
        system = platform.system()
        debian = system == "Linux" and bool(shutil.which("apt-get") and shutil.which("dpkg-query"))
        return cls(system, dict(os.environ), debian)

    @property
    def has_screen(self) -> bool:
        """Whether a window can be shown; macOS and Windows always have a screen."""
        return self.system != "Linux" or any(self.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))

    @property
    def python(self) -> Path:
        """The virtual environment's Python."""
        return self.script("python")

    def script(self, name: str) -> Path:
        """A program that the virtual environment holds."""
        return VENV / "Scripts" / f"{name}.exe" if self.system == "Windows" else VENV / "bin" / name


def find_privilege() -> tuple[str, ...] | None:
    """What to put before a command to run it as root: nothing for root, None where a password would be asked for."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return ()
    return ("sudo", "-n") if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]) else None


def has_nvidia() -> bool:
    """Whether an NVIDIA GPU is there: its driver lists one."""
    with contextlib.suppress(OSError):
        if any(Path("/proc/driver/nvidia/gpus").iterdir()):
            return True
    tool = shutil.which("nvidia-smi")  # on Windows and under WSL the only trace
    return tool is not None and "GPU" in output_of([tool, "-L"])


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command can be run and exits with 0; its output is not shown."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def output_of(command: Sequence[str]) -> str:
    """What a command prints; nothing where it fails."""
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def debian_packages() -> set[str]:
    """Every installed Debian package, and the names that it provides: libglib2.0-0t64 provides libglib2.0-0."""
    listing = output_of(["dpkg-query", "-W", "-f", "${db:Status-Status}|${Package}, ${Provides}\n"])
    rows = (line.partition("|") for line in listing.splitlines())
    names = (name for status, _, names in rows if status == "installed" for name in names.split(","))
    return {name.split("(")[0].strip() for name in names}


def missing_libraries(machine: Machine, *, for_tests: bool) -> list[str]:
    """What Qt and OpenGL (and the tests' virtual screen) need and the system lacks, by the name to look for it."""
    if machine.system != "Linux":
        return []
    programs = TEST_PROGRAMS if for_tests else {}
    if machine.debian:
        installed = debian_packages()
        return [name for name in (*WINDOW_LIBRARIES, *programs) if name not in installed]
    missing_programs = [name for name in programs.values() if not shutil.which(name)]
    return missing_objects(WINDOW_LIBRARIES.values()) + missing_programs


def missing_objects(names: Iterable[str]) -> list[str]:
    """The shared objects that the loader does not find, as files: `xcb-cursor` is libxcb-cursor.so."""
    return [f"lib{name}.so" for name in names if not ctypes.util.find_library(name)]


def apt_commands(packages: Sequence[str], privilege: tuple[str, ...]) -> list[list[str]]:
    """The two commands that install Debian packages without asking anything."""
    apt = [*privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]]


def install_packages(machine: Machine, packages: Sequence[str]) -> bool:
    """Installs Debian packages where that can be done without a password; returns whether all went in."""
    privilege = find_privilege() if machine.debian else None
    if privilege is None:
        return False
    say(f"Installing with apt-get: {' '.join(packages)}")
    for command in apt_commands(packages, privilege):
        # apt-get speaks of every package that it unpacks: shown only where it failed.
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True)
        if done.returncode:
            print(done.stdout, flush=True)
            return False
    return True


def install_libraries(machine: Machine, *, for_tests: bool) -> bool:
    """Installs the missing libraries, or names them; returns whether nothing is missing any more."""
    missing = missing_libraries(machine, for_tests=for_tests)
    if not missing or install_packages(machine, missing):
        return True
    if machine.debian:
        names = " ".join(missing)
        say(f"Libraries are missing. Install them with:\n    sudo apt-get update && sudo apt-get install -y {names}")
    else:
        say(f"Libraries are missing. Your system's package manager has them: {', '.join(missing)}")
    return False

"""What the set-up decides about a machine: its screen, its programs, its missing libraries. Nothing is installed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import machine
from machine import WINDOW_LIBRARIES, Machine, apt_commands, install_libraries, missing_libraries

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBIAN = Machine("Linux", {}, debian=True)
FEDORA = Machine("Linux", {})


class FakeApt:
    """Stands for dpkg-query and apt-get: what is installed, what was called, and whether the calls work."""

    def __init__(self, installed: Sequence[str], exit_code: int = 0) -> None:
        self.listing = "".join(f"installed|{row}\n" for row in installed)
        self.exit_code = exit_code
        self.calls: list[list[str]] = []

    def output_of(self, command: Sequence[str]) -> str:
        assert command[0] == "dpkg-query"
        return self.listing

    def run(self, command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(list(command))
        return subprocess.CompletedProcess(command, self.exit_code, stdout="E: no such package")


def use(apt: FakeApt, monkeypatch: pytest.MonkeyPatch) -> FakeApt:
    monkeypatch.setattr(machine, "output_of", apt.output_of)
    monkeypatch.setattr(machine.subprocess, "run", apt.run)
    monkeypatch.setattr(machine, "find_privilege", lambda: ())
    return apt


@pytest.mark.parametrize(
    ("system", "environ", "screen"),
    [
        ("Linux", {}, False),
        ("Linux", {"DISPLAY": ""}, False),
        ("Linux", {"DISPLAY": ":0"}, True),
        ("Linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("Darwin", {}, True),
        ("Windows", {}, True),
    ],
)
def test_a_screen_is_what_the_environment_names(system: str, environ: dict[str, str], screen: bool) -> None:
    assert Machine(system, environ).has_screen is screen


@pytest.mark.parametrize(
    ("system", "tail"),
    [
        ("Linux", ("bin", "lint-imports")),
        ("Darwin", ("bin", "lint-imports")),
        ("Windows", ("Scripts", "lint-imports.exe")),
    ],
)
def test_programs_lie_where_the_system_keeps_them(system: str, tail: tuple[str, str]) -> None:
    assert Machine(system, {}).script("lint-imports").parts[-2:] == tail


def test_installed_packages_are_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    use(FakeApt([f"{name}, " for name in WINDOW_LIBRARIES]), monkeypatch)
    assert missing_libraries(DEBIAN, for_tests=False) == []
    assert missing_libraries(DEBIAN, for_tests=True) == ["xvfb"]


def test_a_renamed_package_counts_by_what_it_provides(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [f"{name}, " for name in WINDOW_LIBRARIES if name != "libglib2.0-0"]
    use(FakeApt([*others, "libglib2.0-0t64, libglib2.0-0 (= 2.80.0-6ubuntu3)"]), monkeypatch)
    assert missing_libraries(DEBIAN, for_tests=False) == []


def test_a_removed_package_whose_settings_are_left_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = FakeApt([f"{name}, " for name in WINDOW_LIBRARIES if name != "libegl1"])
    apt.listing += "config-files|libegl1, \n"
    use(apt, monkeypatch)
    assert missing_libraries(DEBIAN, for_tests=False) == ["libegl1"]


def test_other_linuxes_are_asked_for_shared_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set(WINDOW_LIBRARIES.values()) - {"xcb-cursor"}
    monkeypatch.setattr(machine.ctypes.util, "find_library", lambda name: name if name in found else None)
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    assert missing_libraries(FEDORA, for_tests=True) == ["libxcb-cursor.so", "Xvfb"]


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_macos_and_windows_miss_nothing(system: str) -> None:
    assert missing_libraries(Machine(system, {}), for_tests=True) == []


def test_apt_asks_nothing_and_runs_as_root() -> None:
    update, install = apt_commands(["libegl1"], ("sudo", "-n"))
    assert update[:2] == install[:2] == ["sudo", "-n"]
    assert "DEBIAN_FRONTEND=noninteractive" in install
    assert install[-4:] == ["install", "-y", "--no-install-recommends", "libegl1"]


def test_root_installs_what_is_missing_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = use(FakeApt([f"{name}, " for name in WINDOW_LIBRARIES if name != "libgl1"]), monkeypatch)
    assert install_libraries(DEBIAN, for_tests=False)
    assert [call[-1] for call in apt.calls] == ["update", "libgl1"]


def test_without_root_the_command_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = use(FakeApt([f"{name}, " for name in WINDOW_LIBRARIES if name != "libgl1"]), monkeypatch)
    monkeypatch.setattr(machine, "find_privilege", lambda: None)
    assert not install_libraries(DEBIAN, for_tests=True)
    assert "sudo apt-get update && sudo apt-get install -y libgl1 xvfb" in capsys.readouterr().out
    assert apt.calls == []


def test_a_failed_apt_shows_its_reason_and_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = use(FakeApt([], exit_code=100), monkeypatch)
    assert not install_libraries(DEBIAN, for_tests=False)
    assert len(apt.calls) == 1, "a failed update is not followed by an install"
    said = capsys.readouterr().out
    assert "E: no such package" in said
    assert "sudo apt-get install -y" not in said.partition("E: no such package")[0]
    assert "libegl1" in said.partition("Libraries are missing")[2]


def test_nvidia_smi_without_a_gpu_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.Path, "iterdir", lambda _: iter(()))
    monkeypatch.setattr(machine.shutil, "which", lambda _: "nvidia-smi")
    monkeypatch.setattr(machine, "output_of", lambda _: "No devices were found\n")
    assert not machine.has_nvidia()
    monkeypatch.setattr(machine, "output_of", lambda _: "GPU 0: NVIDIA GeForce RTX 4090\n")
    assert machine.has_nvidia()

"""The three commands of dev.py: what they start, in which environment, and the exit codes that come back."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import dev
from machine import ROOT, Machine, SetupError

if TYPE_CHECKING:
    from pathlib import Path

SERVER = Machine("Linux", {"PATH": "/usr/bin"})
DESKTOP = Machine("Linux", {"PATH": "/usr/bin", "DISPLAY": ":0", "QT_QPA_PLATFORM": "wayland"})


class FakeProcesses:
    """Stands for subprocess.run: keeps every command with its environment, answers with the given exit codes."""

    def __init__(self, **codes: int) -> None:
        self.codes = codes
        self.started: list[tuple[list[str], dict[str, str] | None]] = []

    def run(
        self, command: list[str], env: dict[str, str] | None = None, **_: object
    ) -> subprocess.CompletedProcess[str]:
        self.started.append((command, env))
        code = next((code for word, code in self.codes.items() if word in " ".join(command)), 0)
        return subprocess.CompletedProcess(command, code)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> FakeProcesses:
    fake = FakeProcesses()
    monkeypatch.setattr(dev.subprocess, "run", fake.run)
    return fake


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that dev.py became."""
    commands: list[list[str]] = []

    def keep(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(dev, "hand_over", keep)
    return commands


@pytest.mark.parametrize(
    ("argv", "own", "passed"),
    [
        (["run"], ["run"], []),
        (["run", "--"], ["run"], []),
        (["run", "--", "labs", "--json"], ["run"], ["labs", "--json"]),
        (["test", "--jobs", "2", "--", "-k", "a -- b", "--"], ["test", "--jobs", "2"], ["-k", "a -- b", "--"]),
    ],
)
def test_the_first_dashes_part_ours_from_theirs(argv: list[str], own: list[str], passed: list[str]) -> None:
    assert dev.split_arguments(argv) == (own, passed)


@pytest.mark.parametrize("machine", [SERVER, DESKTOP])
def test_arguments_reach_main_untouched_with_and_without_a_screen(
    machine: Machine, handed_over: list[list[str]]
) -> None:
    arguments = ["run", "neurons.perceptron", "--set", "lr=1e-3", "--out", "my runs/a b"]
    assert dev.run_program(machine, arguments) == 0
    assert handed_over == [[str(machine.python), str(ROOT / "main.py"), *arguments]]


def test_a_screen_opens_the_window(handed_over: list[list[str]]) -> None:
    dev.run_program(DESKTOP, [])
    assert handed_over == [[str(DESKTOP.python), str(ROOT / "main.py")]]


def test_the_exit_code_of_main_comes_through() -> None:
    program = "import sys, dev; sys.exit(dev.hand_over([sys.executable, '-c', 'raise SystemExit(7)']))"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "installer")}
    assert subprocess.run([sys.executable, "-c", program], env=environ, check=False).returncode == 7


def write_result(folder: Path) -> None:
    folder.mkdir()
    result = {"lab": "autoencoders.vae", "steps": 300, "seconds": 12.3, "scalars": {"loss/kl": 6.54321}}
    (folder / "result.json").write_text(json.dumps(result))


def test_without_a_screen_the_default_lab_runs_and_its_page_is_drawn(
    tmp_path: Path, processes: FakeProcesses, capsys: pytest.CaptureFixture[str]
) -> None:
    write_result(tmp_path / "demo")
    assert dev.demonstrate(SERVER, tmp_path / "demo") == 0
    (training, _), (shot, environ) = processes.started
    assert training[2:] == ["run", "autoencoders.vae", "--steps", "300", "--out", str(tmp_path / "demo")]
    assert shot[2:5] == ["shot", "--page", "autoencoders.vae"]
    assert environ is not None
    assert environ["QT_QPA_PLATFORM"] == "offscreen"
    said = capsys.readouterr().out
    assert "No screen here" in said
    assert "6.543" in said
    assert str(tmp_path / "demo" / "page.png") in said


def test_a_failed_demonstration_ends_with_its_exit_code(tmp_path: Path, processes: FakeProcesses) -> None:
    processes.codes["--steps 300"] = 3
    assert dev.demonstrate(SERVER, tmp_path / "demo") == 3
    assert len(processes.started) == 1, "no picture of a lab that did not train"


def test_a_demonstration_never_writes_into_an_older_one(tmp_path: Path) -> None:
    first = dev.fresh_folder(tmp_path)
    first.mkdir()
    second = dev.fresh_folder(tmp_path)
    assert first.parent == second.parent == tmp_path
    assert not second.exists()


def test_a_read_only_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.os, "access", lambda *_: False)
    folder = dev.fresh_folder(tmp_path)
    assert folder.parent != tmp_path
    shutil.rmtree(folder.parent)


def names(processes: FakeProcesses) -> list[str]:
    """The stages that were started, each by its telling word."""
    words = {
        "ruff check": "ruff",
        "ruff format": "format",
        "mypy": "mypy",
        "lint-imports": "imports",
        "tests/app": "offscreen",
        "pytest": "tests",
    }
    commands = [" ".join(command) for command, _ in processes.started]
    return [next(name for word, name in words.items() if word in command) for command in commands]


@pytest.fixture
def no_xvfb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "virtual_display", lambda: contextlib.nullcontext(":77"))


@pytest.mark.usefixtures("no_xvfb")
def test_every_stage_runs_and_the_first_failure_counts(
    processes: FakeProcesses, capsys: pytest.CaptureFixture[str]
) -> None:
    processes.codes.update(mypy=2, pytest=1)
    assert dev.run_tests(SERVER, [], []) == 2
    assert list(dict.fromkeys(names(processes))) == list(dev.STAGES)
    assert "failed (exit code 2)" in capsys.readouterr().out


@pytest.mark.usefixtures("no_xvfb")
def test_all_well_is_zero(processes: FakeProcesses) -> None:
    assert dev.run_tests(SERVER, [], []) == 0
    assert len(processes.started) == len(dev.STAGES)


@pytest.mark.usefixtures("no_xvfb")
def test_named_tests_run_once_and_untouched(processes: FakeProcesses) -> None:
    dev.run_tests(SERVER, ["tests/engine", "-k", "slots"], [])
    assert names(processes) == ["ruff", "format", "mypy", "imports", "tests"]
    assert processes.started[-1][0][1:] == ["-m", "pytest", "tests/engine", "-k", "slots"]


@pytest.mark.usefixtures("no_xvfb")
@pytest.mark.parametrize(("arguments", "jobs", "option"), [([], None, "2"), (["-x"], 3, "3"), ([], 1, None)])
def test_tests_run_side_by_side(
    processes: FakeProcesses, arguments: list[str], jobs: int | None, option: str | None
) -> None:
    dev.run_tests(SERVER, arguments, ["tests"], jobs)
    command = processes.started[0][0]
    assert (command[command.index("-n") + 1] if "-n" in command else None) == option


@pytest.mark.usefixtures("no_xvfb")
def test_what_failed_side_by_side_runs_once_more_alone_and_that_counts(
    processes: FakeProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter([1, 0])
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, next(codes))

    monkeypatch.setattr(dev.subprocess, "run", run)
    assert dev.run_tests(SERVER, [], ["tests"]) == 0
    assert "-n" not in ran[1]
    assert "--last-failed" in ran[1]
    codes = iter([1, 1])
    assert dev.run_tests(SERVER, [], ["tests"]) == 1


@pytest.mark.usefixtures("no_xvfb")
def test_one_stage_alone(processes: FakeProcesses) -> None:
    dev.run_tests(SERVER, [], ["imports"])
    assert names(processes) == ["imports"]


@pytest.mark.usefixtures("no_xvfb")
def test_tests_see_a_virtual_screen_and_never_the_person_s(processes: FakeProcesses) -> None:
    dev.run_tests(DESKTOP, [], ["tests", "offscreen"])
    (_, everything), (_, window) = processes.started
    assert everything is not None
    assert window is not None
    assert (everything["DISPLAY"], everything["QT_QPA_PLATFORM"]) == (":77", "xcb")
    assert "DISPLAY" not in window
    assert window["QT_QPA_PLATFORM"] == "offscreen"
    assert everything["OMP_NUM_THREADS"] == window["OMP_NUM_THREADS"] == "1"
    assert everything["PATH"] == "/usr/bin"


def test_macos_tests_use_the_screen_that_is_there(processes: FakeProcesses) -> None:
    dev.run_tests(Machine("Darwin", {}), [], ["tests"])
    ((_, environ),) = processes.started
    assert environ is not None
    assert "QT_QPA_PLATFORM" not in environ


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb exists on Linux alone")
def test_the_virtual_screen_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    servers: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            servers.append(self)

    monkeypatch.setattr(dev.subprocess, "Popen", Watched)
    with contextlib.suppress(KeyboardInterrupt), dev.virtual_display() as display:
        assert re.fullmatch(r":\d+", display)
        assert servers[0].poll() is None
        raise KeyboardInterrupt
    assert servers[0].poll() is not None


def test_a_missing_xvfb_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="Xvfb is missing"), dev.virtual_display():
        pass


@pytest.mark.parametrize(
    ("argv", "for_tests"), [(["run"], False), (["test"], True), (["setup"], True)], ids=["run", "test", "setup"]
)
def test_each_command_sets_up_what_it_needs(argv: list[str], for_tests: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(dev, "set_up", lambda _, *, for_tests: asked.append(for_tests))
    monkeypatch.setattr(dev, "run_program", lambda *_: 0)
    monkeypatch.setattr(dev, "run_tests", lambda *_: 0)
    assert dev.main(argv) == 0
    assert asked == [for_tests]


@pytest.mark.parametrize("argv", [[], ["launch"], ["run", "labs"], ["test", "--only", "spelling"]])
def test_a_wrong_call_exits_with_2_before_anything_is_installed(
    argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "set_up", lambda *_, **__: pytest.fail("set up for a call that means nothing"))
    with pytest.raises(SystemExit) as end:
        dev.main(argv)
    assert end.value.code == 2


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 9, 2))
    with pytest.raises(SetupError, match="newer is needed"):
        dev.main(["run"])

"""What the set-up decides about the environment: which torch, what is done already, what to say. No network, no pip."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import environment
from environment import Stamp, install_torch, set_up, torch_attempts, torch_requirement, within
from machine import ROOT, Machine, SetupError

if TYPE_CHECKING:
    from pathlib import Path

LINUX = Machine("Linux", {}, debian=True)
BOUNDS = "torch>=2.6,<2.14"


class FakePip:
    """Stands for pip: what it was asked for, and which of the sources answers."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, _: Machine, *arguments: str, show_errors: bool = True) -> bool:
        self.calls.append(arguments)
        return len(self.calls) > self.answers


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "output_of", lambda _: "")
    monkeypatch.setattr(environment, "has_nvidia", lambda: False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.2\n")
    return tmp_path


def test_without_a_gpu_the_cpu_builds_come_first() -> None:
    *cpu, last = [arguments for _, arguments in torch_attempts("Linux", nvidia=False, requirement=BOUNDS)]
    assert len(cpu) == 2
    assert all("--no-deps" in arguments and arguments[-1].endswith("+cpu") for arguments in cpu)
    assert "--index-url" in cpu[1], "PyTorch's own index comes after what pip is configured with"
    assert "--index-url" not in cpu[0]
    assert last == [BOUNDS]


@pytest.mark.parametrize(("system", "nvidia"), [("Linux", True), ("Darwin", False), ("Windows", False)])
def test_elsewhere_the_registry_has_the_right_build(system: str, nvidia: bool) -> None:
    assert [arguments for _, arguments in torch_attempts(system, nvidia=nvidia, requirement=BOUNDS)] == [[BOUNDS]]


@pytest.mark.usefixtures("no_torch")
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_source_that_fails_is_followed_by_the_next(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = FakePip(answers=failing)
    monkeypatch.setattr(environment, "pip_install", pip)
    install_torch(LINUX)
    assert len(pip.calls) == failing + 1


@pytest.mark.usefixtures("no_torch")
def test_the_large_build_is_announced(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(environment, "pip_install", FakePip(answers=2))
    install_torch(LINUX)
    assert "gigabytes" in capsys.readouterr().out


@pytest.mark.usefixtures("no_torch")
def test_no_torch_anywhere_stops_the_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "pip_install", FakePip(answers=99))
    with pytest.raises(SetupError, match="torch could not be installed"):
        install_torch(LINUX)


@pytest.mark.parametrize(("version", "calls"), [("2.13.0+cpu\n", 0), ("2.5.1+cu121\n", 1)])
def test_a_fitting_torch_is_left_alone(version: str, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = FakePip(answers=0)
    monkeypatch.setattr(environment, "output_of", lambda _: version)
    monkeypatch.setattr(environment, "has_nvidia", lambda: False)
    monkeypatch.setattr(environment, "pip_install", pip)
    install_torch(LINUX)
    assert len(pip.calls) == calls


@pytest.mark.parametrize(
    ("version", "fits"),
    [("2.6.0", True), ("2.13.0+cpu", True), ("2.13.1+cu128", True), ("2.14.0", False), ("2.5.9", False)],
)
def test_versions_are_compared_as_numbers(version: str, fits: bool) -> None:
    assert within(version, BOUNDS) is fits


def test_the_pinned_cpu_build_lies_within_the_project_s_bounds() -> None:
    assert within(environment.TORCH_CPU.partition("==")[2], torch_requirement())


def test_a_stamp_keeps_its_steps(project: Path) -> None:
    stamp = Stamp.read(project, project / ".venv")
    stamp.add("project")
    stamp.add("libraries")
    assert Stamp.read(project, project / ".venv").steps == {"project", "libraries"}
    assert not list(project.glob(".venv/*.new"))


@pytest.mark.parametrize("changed", ["pyproject.toml", ".venv/pyvenv.cfg"])
def test_a_stamp_ends_with_what_it_depends_on(project: Path, changed: str) -> None:
    Stamp.read(project, project / ".venv").add("project")
    (project / changed).write_text("something else\n")
    assert Stamp.read(project, project / ".venv").steps == set()


def test_a_moved_project_is_set_up_again(project: Path) -> None:
    Stamp.read(project, project / ".venv").add("project")
    moved = project.rename(project.with_name("elsewhere"))
    assert Stamp.read(moved, moved / ".venv").steps == set()


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "null", '{"key": 3}', "\x00\xff"])
def test_a_stamp_of_nonsense_is_no_stamp(project: Path, nonsense: str) -> None:
    (project / ".venv" / "perception-studio.json").write_text(nonsense, "latin-1")
    assert Stamp.read(project, project / ".venv").steps == set()


@dataclass
class Libraries:
    """Stands for `install_libraries`: notes that it was called, and says whether all went in."""

    taken: list[str]
    installed: bool

    def __call__(self, _: Machine, *, for_tests: bool) -> bool:
        self.taken.append("libraries")
        return self.installed


@pytest.fixture
def steps(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that a set-up of a project in a folder of its own takes."""
    taken: list[str] = []
    monkeypatch.setattr(environment, "ROOT", project)
    monkeypatch.setattr(environment, "VENV", project / ".venv")
    monkeypatch.setattr(environment, "install_project", lambda *_, **__: taken.append("project"))
    monkeypatch.setattr(environment, "install_libraries", Libraries(taken, installed=True))
    monkeypatch.setattr(environment, "warm_caches", lambda *_, **__: taken.append("warm"))
    return taken


def test_the_second_call_does_nothing(steps: list[str]) -> None:
    set_up(LINUX, for_tests=False)
    assert steps == ["project", "libraries", "warm"]
    set_up(LINUX, for_tests=False)
    assert len(steps) == 3


def test_tests_need_more_than_running_does_and_include_it(steps: list[str]) -> None:
    set_up(LINUX, for_tests=False)
    set_up(LINUX, for_tests=True)
    assert steps[3:] == ["project", "libraries", "warm"]
    set_up(LINUX, for_tests=False)
    set_up(LINUX, for_tests=True)
    assert len(steps) == 6
    Stamp.read(environment.ROOT, environment.VENV).path.unlink()
    set_up(LINUX, for_tests=True)
    set_up(LINUX, for_tests=False)
    assert len(steps) == 9


def test_libraries_that_are_still_missing_are_named_again(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "install_libraries", Libraries(steps, installed=False))
    set_up(LINUX, for_tests=False)
    set_up(LINUX, for_tests=False)
    assert steps == ["project", "libraries", "warm", "libraries"]


def test_an_interrupted_install_is_done_again(steps: list[str], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise SetupError("The project could not be installed")

    monkeypatch.setattr(environment, "install_project", interrupted)
    with pytest.raises(SetupError):
        set_up(LINUX, for_tests=False)
    assert not (project / ".venv" / "perception-studio.json").exists()


def test_a_python_without_ensurepip_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(environment, "install_packages", lambda *_: False)
    with pytest.raises(SetupError, match="python3-venv"):
        environment.require_ensurepip(LINUX)


def test_a_folder_that_is_no_environment_is_not_cleared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".venv" / "pyvenv.cfg").unlink()
    (project / ".venv" / "thesis.txt").write_text("three years of work")
    monkeypatch.setattr(environment, "VENV", project / ".venv")
    monkeypatch.setattr(environment, "succeeds", lambda _: False)
    with pytest.raises(SetupError, match="in the way"):
        environment.make_environment(LINUX)
    assert (project / ".venv" / "thesis.txt").exists()


def test_the_stamp_is_plain_json(project: Path) -> None:
    Stamp.read(project, project / ".venv").add("warm")
    assert set(json.loads((project / ".venv" / "perception-studio.json").read_text())) == {"key", "steps"}


def test_every_dependency_is_bounded_on_both_sides() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [line for line in wanted if not re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line)] == []

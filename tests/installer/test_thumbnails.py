"""The pictures on the cards: each lab says in its own declaration what stands there."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import thumbnails

if TYPE_CHECKING:
    from pathlib import Path

PORTRAIT: dict[str, Any] = {"view": "plane", "steps": 40, "sets": {"data": "xor", "z": [0.5, -1], "own": True}}
LISTED = {"labs": [{"id": "a.one", "portrait": PORTRAIT}, {"id": "a.two", "portrait": None}]}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Every command that is run; the list of labs answers, a picture succeeds."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        commands.append(command[2:])
        return SimpleNamespace(returncode=0, stdout=json.dumps(LISTED))

    monkeypatch.setattr(thumbnails.subprocess, "run", run)
    monkeypatch.setattr(thumbnails, "FOLDER", tmp_path / "made")
    return commands


def test_only_labs_that_declare_a_portrait_sit_for_one(called: list[list[str]]) -> None:
    assert thumbnails.main([]) == 0
    assert [command[:3] for command in called] == [["labs", "--json"], ["shot", "--page", "a.one"]]


def test_view_steps_and_parameters_are_as_declared(tmp_path: Path) -> None:
    command = thumbnails.command("a.one", PORTRAIT, tmp_path)
    options = dict(zip(command[3:11:2], command[4:12:2], strict=True))
    assert options == {
        "--page": "a.one",
        "--thumbnail": "plane",
        "--steps": "40",
        "--out": str(tmp_path / "a.one.png"),
    }
    assert command[11:] == ["--set", "data=xor", "--set", "z=[0.5, -1]", "--set", "own=true"]


@pytest.mark.parametrize("lab", ["a.two", "a.three"])
def test_a_lab_without_a_portrait_is_refused_with_those_that_have_one(
    lab: str, called: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert thumbnails.main([lab]) == 2
    assert capsys.readouterr().err == f"{lab} declares no portrait=; a.one do\n"
    assert len(called) == 1

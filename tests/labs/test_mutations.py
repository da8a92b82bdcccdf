"""Every check of every lab fails on the bug that it names, and every check has such a bug."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from engine.run.checks import CheckContext, run_check
from engine.run.discovery import lab_ids, load
from tests.labs.mutation import Mutation, mutated_lab

if TYPE_CHECKING:
    from collections.abc import Iterator


def mutations() -> list[tuple[str, Mutation]]:
    found = []
    for file in sorted((Path(__file__).parent / "mutations").glob("*_*.py")):
        topic, _, name = file.stem.partition("_")
        if file.stem.startswith("_"):
            continue
        module = importlib.import_module(f"tests.labs.mutations.{file.stem}")
        found += [(f"{topic}.{name}", mutation) for mutation in module.MUTATIONS]
    return found


@pytest.fixture
def modules() -> Iterator[None]:
    """The healthy modules are back afterwards."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("engine.")}
    yield
    for name in [name for name in sys.modules if name.startswith("engine.")]:
        if name in before:
            sys.modules[name] = before[name]
        else:
            del sys.modules[name]


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(("lab_id", "mutation"), mutations(), ids=lambda value: getattr(value, "check", value))
def test_the_check_fails_on_its_bug(lab_id: str, mutation: Mutation) -> None:
    lab = mutated_lab(lab_id, mutation)
    checks = {check.name: check for check in lab.checks}
    assert mutation.check in checks, f"{lab_id} has no check {mutation.check}"
    row = run_check(lab, checks[mutation.check], CheckContext(lab, torch.device("cpu")))
    assert not row.passed, f"{row.title}: measured {row.measured}, expected {row.expected} ± {row.tolerance}"


@pytest.mark.parametrize("lab_id", lab_ids())
def test_every_check_has_a_bug_that_it_was_seen_to_catch(lab_id: str) -> None:
    covered = {mutation.check for owner, mutation in mutations() if owner == lab_id}
    assert {check.name for check in load(lab_id).checks} <= covered

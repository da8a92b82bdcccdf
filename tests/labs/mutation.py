"""Deliberate bugs: a piece of a lab's source, and what it is broken into. Each must make the check it names fail."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.lab import lab_of

if TYPE_CHECKING:
    from types import ModuleType

    from engine.api.lab import Lab

ENGINE = Path(__file__).parents[2] / "engine"


@dataclass(frozen=True)
class Mutation:
    """`old` occurs exactly once in the lab's file (or in `file`, relative to `engine/`) and becomes `new`."""

    check: str
    old: str
    new: str
    file: str = ""


def mutated_lab(lab_id: str, mutation: Mutation) -> Lab:
    """The lab with the bug in it. The broken modules are taken out of `sys.modules` by `restore`."""
    path = ENGINE / "labs" / (lab_id.replace(".", "/") + ".py")
    if mutation.file:
        _execute(f"engine.{mutation.file.removesuffix('.py').replace('/', '.')}", ENGINE / mutation.file, mutation)
        return lab_of(_execute(f"engine.labs.{lab_id}", path, None), lab_id)
    return lab_of(_execute(f"engine.labs.{lab_id}", path, mutation), lab_id)


def _execute(name: str, path: Path, mutation: Mutation | None) -> ModuleType:
    """Runs a module's source, with the bug, under its own name; the package keeps the healthy one."""
    source = path.read_text("utf-8")
    if mutation is not None:
        count = source.count(mutation.old)
        assert count == 1, f"{mutation.old!r} occurs {count} times in {path.name}"
        source = source.replace(mutation.old, mutation.new)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, str(path), "exec"), module.__dict__)  # our own source, broken on purpose
    return module

"""Finds the labs: every `engine/labs/TOPIC/LAB.py` is the lab `TOPIC.LAB`. A file that does not import harms nobody.

`load` also takes the path of a lab's file that lies elsewhere: `main.py run my_labs/neurons/mine.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from engine.api.catalogue import LABS
from engine.api.errors import UnknownLabError
from engine.api.lab import Lab, LabInfo, describe, in_course_order, lab_of
from engine.api.words import near


def lab_ids() -> list[str]:
    """The ids of all labs, by topic and name, from the files alone."""
    files = sorted(LABS.glob("*/*.py"))
    return [f"{file.parent.name}.{file.stem}" for file in files if not file.stem.startswith("_")]


def load(lab_id: str) -> Lab:
    """Imports one lab. Raises UnknownLabError: with near names, or with the reason why its file does not import."""
    if lab_id.endswith(".py"):
        return _load_path(Path(lab_id))
    if lab_id not in lab_ids():
        raise UnknownLabError(f"There is no lab “{lab_id}”{near(lab_id, lab_ids())}")
    try:
        return lab_of(importlib.import_module(f"engine.labs.{lab_id}"), lab_id)
    except Exception as error:  # a lab's file may raise anything at all
        raise UnknownLabError(f"The lab {lab_id} does not load: {_reason(error)}") from error


def describe_all() -> tuple[LabInfo, ...]:
    """Every lab as plain data, in the course's order; one that does not import is listed as broken with its reason."""
    found = []
    for lab_id in lab_ids():
        try:
            found.append(describe(load(lab_id)))
        except UnknownLabError as error:
            cause = error.__cause__ or error
            topic, name = lab_id.split(".")
            title = name.replace("_", " ").capitalize()
            found.append(LabInfo(id=lab_id, title=title, topic=topic, broken=_reason(cause)))
    return in_course_order(found)


def module_from_file(path: Path, name: str) -> ModuleType:
    """Imports a file under a name of its own. Raises whatever the file raises."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _load_path(path: Path) -> Lab:
    if not path.is_file():
        raise UnknownLabError(f"There is no file {path}.")
    lab_id = f"{path.resolve().parent.name}.{path.stem}"
    try:
        return lab_of(module_from_file(path, f"lab_file_{path.stem}"), lab_id)
    except Exception as error:  # a lab's file may raise anything at all
        raise UnknownLabError(f"The lab {path} does not load: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """One line: the kind, the text, and the place in the lab's file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"

"""Which dropped files are bodies, sequences, poses or scenes, by their endings; and the model files that the program remembers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.own_files import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.settings import Settings

MODELS, SEQUENCES = (".pkl", ".npz", ".safetensors"), (".npz", ".bvh")
SUFFIXES = (*MODELS, ".bvh")
SHIPPED = (
    ("body", "Body (24 joints)"),
    ("fingers", "Body with fingers (52 joints)"),
    ("hand", "Right hand (16 joints)"),
)
MOST_FILES = 60
_DEEPEST, _MOST_ENTRIES = 3, 4000
_REMEMBERED = "bodies.models"


def body_files(paths: Sequence[Path]) -> list[Path]:
    """The files among these, and in folders among these, that may be models or sequences; a bounded number."""
    found: list[Path] = []
    for path in paths:
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            found.append(path)
        elif path.is_dir():
            found += _inside(path)
    return found[:MOST_FILES]


def _inside(folder: Path) -> list[Path]:
    """Those of a folder and a few levels below it; none where there are pictures, which are what such a folder is about."""
    found: list[Path] = []
    seen = 0
    for below, folders, names in os.walk(folder):
        if len(Path(below).relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        if any(name.lower().endswith(PICTURE_SUFFIXES) for name in names):
            return []
        found += [Path(below) / name for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES]
        seen += len(names)
        if len(found) >= MOST_FILES or seen > _MOST_ENTRIES:
            break
    return found


def remembered(settings: Settings) -> list[str]:
    """The model files that were found so far and are still there."""
    return [name for name in settings.layout.get(_REMEMBERED, "").split("\n") if name and Path(name).is_file()]


def remember(settings: Settings, names: Sequence[str]) -> None:
    """Keeps model files, the newest first."""
    known = list(dict.fromkeys([*names, *remembered(settings)]))[:MOST_FILES]
    settings.layout[_REMEMBERED] = "\n".join(known)
    settings.save()


def model_entries(settings: Settings) -> list[tuple[str, str]]:
    """What a body may be made of: its name in a scene, and words."""
    return [*SHIPPED, *((name, Path(name).name) for name in remembered(settings))]

"""What a person dropped on the window: pictures, a mesh, a table, a text, a past run, or the text of an experiment.

Judged by names alone, within fixed bounds, so that a huge folder never holds the window; the lab that takes it looks inside.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.api.errors import DataError
from engine.api.own_files import MESH_SUFFIXES, PICTURE_SUFFIXES, TABLE_SUFFIXES, TEXT_SUFFIXES, is_packed_name
from engine.api.params import Dataset, File

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.api.lab import LabInfo
    from engine.api.params import Field

Kind = Literal["pictures", "mesh", "table", "text", "run", "share"]

CAN_BE_DROPPED = (
    f"pictures, a folder of photos, a mesh ({', '.join(MESH_SUFFIXES)}), a text, a CSV table or a run’s folder"
)
_BY_SUFFIX: dict[Kind, tuple[str, ...]] = {"mesh": MESH_SUFFIXES, "table": TABLE_SUFFIXES, "text": TEXT_SUFFIXES}
_MOST_ENTRIES = 4000
_DEEPEST = 3
_LONGEST_SHARE = 1_000_000


@dataclass(frozen=True)
class Drop:
    """What was dropped. `paths`: the pictures or folder, the file, or the run's folder; `text`: a share string."""

    kind: Kind
    paths: tuple[Path, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """What it is, for a person."""
        match self.kind:
            case "pictures":
                return "this picture" if len(self.paths) == 1 and self.paths[0].is_file() else "these pictures"
            case "mesh":
                return "this mesh"
            case "table" | "text":
                return f"this {self.kind}"
            case _:
                return "this"


def classify(paths: Sequence[Path]) -> Drop:
    """What these files and folders are. Raises DataError with a sentence that names what can be dropped."""
    if not paths:
        raise DataError(f"Nothing usable was dropped; drop {CAN_BE_DROPPED}.")
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} is not there any more.")
    first = paths[0]
    if len(paths) == 1 and (first / "run.json").is_file():
        return Drop("run", (first,))
    if len(paths) == 1 and first.name == "run.json":
        return Drop("run", (first.parent,))
    if len(paths) == 1 and (text := _share_text(first)):
        return Drop("share", text=text)
    pictures = tuple(path for path in paths if _has_pictures(path))
    if pictures:
        return Drop("pictures", pictures)
    for kind, suffixes in _BY_SUFFIX.items():
        fitting = tuple(path for path in paths if path.is_file() and path.suffix.lower() in suffixes)
        if fitting:
            return Drop(kind, fitting[:1])
    raise DataError(_refusal(paths))


def takers(drop: Drop, labs: Iterable[LabInfo]) -> list[LabInfo]:
    """The working labs that have a parameter for what was dropped."""
    return [info for info in labs if not info.broken and any(takes(field, drop) for field in info.fields)]


def takes(field: Field, drop: Drop) -> bool:
    """Whether a parameter takes what was dropped."""
    control = field.control
    if isinstance(control, Dataset):
        return control.takes == drop.kind
    if isinstance(control, File) and drop.kind not in ("run", "share"):
        return len(drop.paths) == 1 and drop.paths[0].suffix.lower() in control.suffixes
    return False


def _has_pictures(path: Path) -> bool:
    if path.is_file():
        return _is_picture_name(path.name)
    return any(_is_picture_name(name) for name in _names(path))


def _is_picture_name(name: str) -> bool:
    return name.lower().endswith(PICTURE_SUFFIXES) or is_packed_name(name)


def _names(folder: Path) -> Iterable[str]:
    """File names in a folder and a few levels below it, a bounded number of them. Raises DataError if it cannot be read."""

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise DataError(f"{folder} cannot be read ({error.strerror}); allow it, or drop another folder.") from error

    seen = 0
    for below, folders, files in os.walk(folder, onerror=refuse):
        if len(Path(below).relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        yield from files
        seen += len(files)
        if seen > _MOST_ENTRIES:
            return


def _share_text(path: Path) -> str:
    if path.suffix.lower() != ".txt" or not path.is_file() or path.stat().st_size > _LONGEST_SHARE:
        return ""
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.startswith("ps1:") else ""


def _refusal(paths: Sequence[Path]) -> str:
    first = paths[0]
    if first.is_dir():
        return f"The folder “{first.name}” holds no pictures ({', '.join(PICTURE_SUFFIXES)}); drop {CAN_BE_DROPPED}."
    return f"“{first.name}” cannot be used here; drop {CAN_BE_DROPPED}."

"""Turns what was dropped on a lab into the value of its parameter."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from engine.api.errors import DataError
from engine.api.own_files import is_packed
from engine.api.params import Dataset

if TYPE_CHECKING:
    from pathlib import Path

    from app.drops import Drop
    from engine.api.params import Field


def as_value(entry: Field, drop: Drop, data: Path) -> str:
    """The path that the parameter takes. Loose pictures for a data set are gathered in a folder below `data`. Raises DataError."""
    first = drop.paths[0]
    alone = len(drop.paths) == 1 and (first.is_dir() or is_packed(first) or drop.kind != "pictures")
    if alone or not isinstance(entry.control, Dataset):
        return str(first)
    return str(gather(drop.paths, data / "dropped"))


def gather(paths: tuple[Path, ...], root: Path) -> Path:
    """Puts files, and the files of folders, together in a new folder; linked where the disk allows. Raises DataError."""
    folder = root / time.strftime("%Y-%m-%d_%H-%M-%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(paths):
            if path.is_dir():
                shutil.copytree(path, folder / f"{number:04d}_{path.name}", copy_function=_link, dirs_exist_ok=True)
            else:
                _link(str(path), str(folder / f"{number:04d}_{path.name}"))
    except (OSError, shutil.Error) as error:
        raise DataError(
            f"The pictures could not be gathered in {folder} ({error}); drop their folder instead."
        ) from error
    return folder


def _link(source: str, target: str) -> None:
    """The same file under another name where that is possible, a copy elsewhere."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)

"""What a person has chosen, and how they left the window: typed, titled, versioned, kept in `settings.json`.

A file of nonsense is set aside and the defaults are taken; a home that cannot be written leaves the settings in memory.
Neither stops the program: `problem` then holds the sentence that the window shows, once.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import Field, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from app.colours import Mode
from engine.api.records import write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From version n to n + 1: what turns the older file's values into the newer one's."""


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`. `nought`: what 0 means, if it is a word; `unit` follows the number."""

    low: int
    high: int
    unit: str = ""
    nought: str = ""
    step: int = 1


@dataclass(frozen=True)
class About:
    """How a setting is put to a person: its title, what it does, and which values it takes (none: by its type)."""

    title: str
    help: str
    takes: Whole | tuple[str, ...] | None = None


def _about(title: str, help: str, takes: Whole | tuple[str, ...] | None = None) -> dict[str, About]:
    return {"about": About(title, help, takes)}


@dataclass
class Settings:
    """Every setting. Those with an `About` stand in the settings dialog.

    `layout` is how each part of the window was left, by its name; `recent` are the labs opened last, newest first.
    """

    theme: Mode = field(
        default="dark",
        metadata=_about("Theme", "Dark, light, or whatever the desktop has.", ("dark", "light", "system")),
    )
    scale: int = field(
        default=100,
        metadata=_about(
            "Size of everything",
            "Text, icons and controls together. From the next start.",
            Whole(75, 200, " %", step=5),
        ),
    )
    reduce_motion: bool = field(
        default=False,
        metadata=_about("Reduce motion", "Panels and messages appear at once instead of sliding in."),
    )
    threads: int = field(
        default=0,
        metadata=_about(
            "Threads for training",
            "More may train faster, and make the window less smooth on a small machine. From the next start.",
            Whole(0, 64, nought="automatic"),
        ),
    )
    runs: str = field(
        default="",
        metadata=_about("Where runs go", "The folder that new runs are written to. Older runs stay where they are."),
    )
    snapshots_kept: int = field(
        default=24,
        metadata=_about(
            "Moments to keep", "How many snapshots a run holds for rewinding; they stay evenly spread.", Whole(2, 200)
        ),
    )
    snapshot_seconds: int = field(
        default=10,
        metadata=_about(
            "Keep a moment every", "Longer is lighter on the disk; shorter rewinds finer.", Whole(1, 600, " s")
        ),
    )
    layout: dict[str, str] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file: Path | None = None
        self.problem = ""

    def save(self) -> None:
        """Writes the file, atomically. Where that fails the settings stay in memory, and `problem` says so once."""
        if self.file is None:
            return
        text = json.dumps({"version": VERSION} | asdict(self), indent=1, ensure_ascii=False) + "\n"
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(self.file, text)
        except OSError as error:
            self.problem = (
                f"Settings cannot be saved to {self.file.parent} ({error.strerror}); they last until you close."
            )
            self.file = None

    def torch_threads(self) -> int:
        """Threads of a worker: the chosen number, else half the cores, so that the window stays smooth."""
        return self.threads or max(1, (os.cpu_count() or 2) // 2)


def titled() -> list[tuple[Field[Any], About]]:
    """The settings that a person is shown, in order."""
    return [(entry, entry.metadata["about"]) for entry in fields(Settings) if "about" in entry.metadata]


def load_settings(folder: Path) -> Settings:
    """Reads `settings.json` of a folder; never fails (see `problem`)."""
    path = folder / "settings.json"
    settings = Settings()
    settings.file = path
    try:
        data = json.loads(path.read_text("utf-8"))
        if not isinstance(data, dict) or not isinstance(data.get("version"), int) or data["version"] < 1:
            raise ValueError
    except FileNotFoundError:
        return settings
    except OSError as error:
        settings.problem = f"{path} cannot be read ({error.strerror}); the usual settings are on."
        settings.file = None
        return settings
    except (ValueError, RecursionError):
        settings.problem = _set_aside(path)
        return settings
    if data["version"] > VERSION:
        settings.problem = f"{path} is of a newer version of the program; changes made now are not kept."
        settings.file = None
    _fill(settings, _lifted(data))
    return settings


def _lifted(data: dict[str, Any]) -> dict[str, Any]:
    for version in range(data["version"], VERSION):
        data = MIGRATIONS[version](data)
    return data


def _fill(settings: Settings, data: dict[str, Any]) -> None:
    wrong = []
    for entry in fields(Settings):
        if entry.name not in data:
            continue
        if _fits(entry, data[entry.name]):
            setattr(settings, entry.name, data[entry.name])
        else:
            wrong.append(entry.name)
    if wrong and not settings.problem:
        settings.problem = f"The settings file has no good value for {', '.join(wrong)}; the usual one is on."


def _fits(entry: Field[Any], value: Any) -> bool:
    about: About | None = entry.metadata.get("about")
    if about is not None and isinstance(about.takes, Whole):
        return type(value) is int and about.takes.low <= value <= about.takes.high
    if about is not None and isinstance(about.takes, tuple):
        return value in about.takes
    if entry.name == "layout":
        return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())
    if entry.name == "recent":
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    return type(value) is type(entry.default)


def _set_aside(path: Path) -> str:
    broken = path.with_name("settings.broken.json")
    with contextlib.suppress(OSError):
        path.replace(broken)
    return (
        f"The settings file could not be understood; it is set aside as {broken.name}, and the usual settings are on."
    )

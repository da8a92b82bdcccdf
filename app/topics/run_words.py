"""A run in words: what it is called, in what it differs, what a live change did, how it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.frames import item_of, view_of
from engine.api.params import Button, Canvas, Dataset, Field, File, Matrix, Pick, PointSet, Toggle, is_event, to_json
from engine.api.words import number, plural

if TYPE_CHECKING:
    from engine.api.lab import LabInfo
    from engine.api.records import RunRecord

_SHORT = 3


def value_words(entry: Field, value: Any) -> str:
    """A parameter's value (JSON) as people say it."""
    control = entry.control
    if isinstance(control, Canvas):
        return "a drawing" if value else "nothing"
    if isinstance(control, PointSet):
        return plural(len(value or ()), "point")
    if isinstance(control, Matrix):
        return f"{len(value)} × {len(value[0])}" if value else "nothing"
    if isinstance(control, Toggle):
        return "on" if value else "off"
    if isinstance(control, Dataset) and value not in control.names:
        return Path(str(value)).name or str(value)
    if isinstance(control, File):
        return Path(str(value)).name or "none"
    if isinstance(value, bool | int | float):
        return number(value)
    if isinstance(value, list):
        return ", ".join(number(part) if isinstance(part, int | float) else str(part) for part in value)
    return str(value)


def differing(info: LabInfo, params: dict[str, Any]) -> list[Field]:
    """The parameters whose values (JSON) are not the usual ones; what was clicked in a view does not count."""
    return [
        entry
        for entry in info.fields
        if not is_event(entry.control) and entry.name in params and params[entry.name] != to_json(entry.default)
    ]


def differs_in(info: LabInfo, record: RunRecord) -> str:
    """As “β 4, Latent size 16”: live changes first, by name alone; "" for a run with the usual values."""
    fields = {entry.name: entry for entry in info.fields}
    live = [fields[name].label for name in dict.fromkeys(change[1] for change in record.changes) if name in fields]
    words = [f"{label} live" for label in live]
    changed = {change[1] for change in record.changes}
    words += [
        f"{entry.label} {value_words(entry, record.params[entry.name])}"
        for entry in differing(info, record.params)
        if entry.name not in changed
    ]
    return ", ".join(words)


def change_words(info: LabInfo, name: str, old: Any, new: Any) -> str:
    """As “β 1 → 4”."""
    entry = next((entry for entry in info.fields if entry.name == name), None)
    if entry is None:
        return name
    if isinstance(entry.control, Canvas | PointSet | Pick | Button):
        return entry.label
    return f"{entry.label} {value_words(entry, old)} → {value_words(entry, new)}"


def run_name(info: LabInfo, record: RunRecord) -> str:
    """What the person called it; else the fork, the data and the first live change; else its first differences."""
    if record.title and record.title != info.title:
        return record.title
    words = [f"fork at {record.parent[1]:,}"] if record.parent is not None else []
    data = next((entry for entry in info.fields if isinstance(entry.control, Dataset) or entry.name == "data"), None)
    if data is not None and data.name in record.params:
        words.append(value_words(data, record.params[data.name]))
    for step, name, old, new in record.changes[:1]:
        words.append(f"{change_words(info, name, old, new)} at {step:,}")
    if not words:
        found = differing(info, record.params)[:_SHORT]
        words = [f"{entry.label} {value_words(entry, record.params[entry.name])}" for entry in found]
    return ", ".join(words) or "as it comes"


def main_scalars(info: LabInfo, names: list[str], most: int) -> list[str]:
    """The curves worth a column: those of the first view that has any, then the others, in order."""
    places = {view.name: index for index, view in enumerate(info.views)}
    return sorted(names, key=lambda name: places.get(name.partition("/")[0], len(places)))[:most]


def scalar_headings(names: list[str]) -> list[str]:
    """Short headings for curves: the last part of each name, with the view's before it where two would be called alike."""
    items = [name.rpartition("/")[2] for name in names]
    if len(set(items)) == len(items):
        return items
    return [" ".join(dict.fromkeys((view_of(name), item_of(name)))) for name in names]

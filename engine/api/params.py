"""A lab's parameters: a dataclass whose annotations say how a person sets each one.

    @dataclass
    class Params:
        lr: Annotated[float, Slider(1e-5, 1e-1, log=True, live=True, help="Step length of the optimiser")] = 1e-3

The type and the annotation together make a `Field`; the window has one widget for each kind of annotation, the command line reads the
same field from text, and the run's record keeps it as JSON. A `live` parameter is applied at the next step, any other at the next start.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import typing
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

import numpy as np

from engine.api.errors import ParameterError
from engine.api.own_files import MESH_SUFFIXES as MESH_SUFFIXES  # labs write these beside File
from engine.api.own_files import PICTURE_SUFFIXES as PICTURE_SUFFIXES
from engine.api.words import bound, near

Own = typing.Literal["", "pictures", "text", "table"]
"""What of a person's own a data set may be."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """What every parameter has.

    A label (default: its name), a tooltip that says what it does to the model (`help`), whether it acts in mid-run (`live`), and the
    heading in the dock under which it stands (`group`).
    """

    label: str = ""
    help: str = ""
    live: bool = False
    group: str = ""


@dataclass(frozen=True)
class Slider(Control):
    """A number between `lo` and `hi`; `log` spaces it by factors, `step` rounds it (an int parameter has step 1), `unit` is shown."""

    lo: float = field(kw_only=False)
    hi: float = field(kw_only=False)
    log: bool = False
    step: float = 0.0
    unit: str = ""


@dataclass(frozen=True, init=False)
class Choice(Control):
    """One of a few names."""

    options: tuple[str, ...]

    def __init__(self, *options: str, label: str = "", help: str = "", live: bool = False, group: str = "") -> None:
        _fill(self, options=options, label=label, help=help, live=live, group=group)


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""


@dataclass(frozen=True)
class Pad(Control):
    """A point `(x, y)` that one drags; both in `lo … hi`."""

    lo: float = field(kw_only=False)
    hi: float = field(kw_only=False)


@dataclass(frozen=True)
class Canvas(Control):
    """A picture that one draws: `[height, width]` uint8, or None before the first stroke."""

    height: int = field(kw_only=False)
    width: int = field(kw_only=False)
    hint: str = ""


@dataclass(frozen=True)
class Matrix(Control):
    """A small matrix of numbers that one edits cell by cell: a tuple of rows."""

    rows: int = field(kw_only=False)
    columns: int = field(kw_only=False)
    max_rows: int = 0
    max_columns: int = 0


@dataclass(frozen=True)
class PointSet(Control):
    """Points that one places: a tuple of `(x, y, class)`, coordinates in `lo … hi`, classes 0 … classes − 1."""

    lo: float = field(kw_only=False)
    hi: float = field(kw_only=False)
    classes: int = 2


@dataclass(frozen=True)
class Pick(Control):
    """What the person last clicked in a view: a tuple of numbers (a place, an index, an edge and its new weight); () before.

    `keeps`: the numbers are a state that was built up in the view (a pose), so that undo, records and share strings count them.
    """

    keeps: bool = False


@dataclass(frozen=True)
class Button(Control):
    """A press; the value counts the presses."""


def is_event(control: Control) -> bool:
    """Whether a value is something that happened, a press or a click, and no setting."""
    return isinstance(control, Button) or (isinstance(control, Pick) and not control.keeps)


@dataclass(frozen=True, init=False)
class Dataset(Control):
    """A named data set, or a path to the person's own.

    `takes`: "pictures" (a folder of them, or the files of MNIST or CIFAR: `engine.data.table.load_pictures`), "text" (a text file:
    `engine.data.texts.load_text`) or "table" (a CSV file: `engine.data.csv_table.read_table`); "" takes nothing but the names.
    `images=True` is short for `takes="pictures"`.
    """

    names: tuple[str, ...]
    takes: Own

    def __init__(  # an annotation; all but the names are given by name
        self,
        *names: str,
        images: bool = False,
        takes: Own = "",
        label: str = "",
        help: str = "",
        live: bool = False,
        group: str = "",
    ) -> None:
        own = takes or ("pictures" if images else "")
        _fill(self, names=names, takes=own, label=label, help=help, live=live, group=group)


@dataclass(frozen=True, init=False)
class File(Control):
    """A path to a file of the person's own with one of these endings; "" is none. `kind`: "picture", "mesh", … for drops."""

    suffixes: tuple[str, ...]
    kind: str

    def __init__(
        self, *suffixes: str, kind: str = "", label: str = "", help: str = "", live: bool = False, group: str = ""
    ) -> None:
        _fill(self, suffixes=suffixes, kind=kind, label=label, help=help, live=live, group=group)


@dataclass(frozen=True)
class Record(Control):
    """What was done on a workbench, as text of a `kind`.

    "edits" (`engine.api.splat_edits`), "flight" (`engine.api.flights`), or "bodies", "deed" and "files" (`engine.api.body_scenes`).
    """

    kind: str = field(kw_only=False)


@dataclass(frozen=True)
class Camera(Control):
    """A webcam by its number; −1 is off."""


def _fill(control: Control, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(control, name, value)


CONTROLS: dict[str, type[Control]] = {
    kind.__name__: kind
    for kind in (Slider, Choice, Toggle, Pad, Canvas, Matrix, PointSet, Pick, Button, Dataset, File, Camera, Record)
}


@dataclass(frozen=True)
class Field:
    """A parameter as the window and the command line see it. `type`: "int", "float", "bool", "str", "tuple" or "array"."""

    name: str
    type: str
    default: Any
    control: Control

    @property
    def label(self) -> str:
        """What the person reads."""
        return self.control.label or self.name.replace("_", " ").capitalize()


def fields_of(params: type) -> tuple[Field, ...]:
    """The fields of a parameter dataclass, in order. Raises TypeError for a parameter without an annotation."""
    hints = typing.get_type_hints(params, include_extras=True)
    found = []
    for entry in dataclasses.fields(params):
        hint = hints[entry.name]
        controls = [extra for extra in get_args(hint)[1:] if isinstance(extra, Control)]
        if not controls:
            raise TypeError(f"parameter {entry.name!r} needs Annotated[…, Slider(…)] or another control")
        factory = entry.default_factory
        default = factory() if factory is not dataclasses.MISSING else entry.default
        found.append(Field(entry.name, _type_name(get_args(hint)[0]), default, controls[0]))
    return tuple(found)


def _type_name(hint: Any) -> str:
    if hint in (int, float, bool, str):
        return str(hint.__name__)
    return "tuple" if get_origin(hint) is tuple else "array"


def find_field(fields: tuple[Field, ...], name: str) -> Field:
    """The field of that name. Raises ParameterError with near names."""
    for entry in fields:
        if entry.name == name:
            return entry
    raise ParameterError(f"There is no parameter “{name}”{near(name, [entry.name for entry in fields])}")


def checked(entry: Field, value: Any) -> Any:
    """`value` as the field's own type, inside its range. Raises ParameterError with one sentence."""
    try:
        return _CHECKS.get(type(entry.control), _check_plain)(entry, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ParameterError(f"“{entry.name}” takes {expectation(entry)}, not {_short(value)}.") from error


def expectation(entry: Field) -> str:  # noqa: C901  # one flat table of sentences reads best
    """What the field takes, in words: "a number from 1 to 256"."""
    control = entry.control
    match control:
        case Slider():
            kind = "a whole number" if entry.type == "int" else "a number"
            return f"{kind} from {bound(control.lo)} to {bound(control.hi)}"
        case Choice():
            return "one of " + ", ".join(control.options)
        case Toggle():
            return "true or false"
        case Pad():
            return f"two numbers from {bound(control.lo)} to {bound(control.hi)}, as 0.5,−1"
        case Dataset():
            return "one of " + ", ".join(control.names) + (f" or {_OWN[control.takes]}" if control.takes else "")
        case File():
            return f"a {control.kind or 'file'} path ({', '.join(control.suffixes)})"
        case PointSet():
            return f"points as [[x, y, class], …] with coordinates from {bound(control.lo)} to {bound(control.hi)}"
        case Record():
            return f"{control.kind} as a workbench writes them down"
        case Matrix():
            return "a matrix as [[…], …]"
        case Canvas():
            return f"a drawn picture of {control.height} × {control.width}"
        case Pick():
            return "a list of numbers"
    return "a whole number"


_OWN = {"pictures": "a folder of pictures", "text": "a text file", "table": "a CSV file"}


def _check_plain(entry: Field, value: Any) -> Any:
    return int(value)


def _check_slider(entry: Field, value: Any) -> int | float:
    control = typing.cast("Slider", entry.control)
    if isinstance(value, bool):
        raise TypeError
    if entry.type == "int":
        if float(value) != int(float(value)):
            raise ValueError
        value = int(float(value))
    else:
        value = float(value)
    if not math.isfinite(value) or not control.lo <= value <= control.hi:
        raise ValueError
    return typing.cast("int | float", value)


def _check_choice(entry: Field, value: Any) -> str:
    control = typing.cast("Choice", entry.control)
    if value not in control.options:
        raise ParameterError(f"“{entry.name}” has no choice “{_short(value)}”{near(str(value), control.options)}")
    return str(value)


def _check_toggle(entry: Field, value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if isinstance(value, str):
        if value.lower() not in words:
            raise ValueError
        return words[value.lower()]
    if not isinstance(value, bool | int) or value not in (0, 1):
        raise TypeError
    return bool(value)


def _check_pad(entry: Field, value: Any) -> tuple[float, float]:
    control = typing.cast("Pad", entry.control)
    x, y = (float(part) for part in value)
    if not (control.lo <= x <= control.hi and control.lo <= y <= control.hi):
        raise ValueError
    return (x, y)


def _check_points(entry: Field, value: Any) -> tuple[tuple[float, float, int], ...]:
    control = typing.cast("PointSet", entry.control)
    points = tuple((float(x), float(y), int(group)) for x, y, group in value)
    for x, y, group in points:
        if not (control.lo <= x <= control.hi and control.lo <= y <= control.hi and 0 <= group < control.classes):
            raise ValueError
    return points


def _check_matrix(entry: Field, value: Any) -> tuple[tuple[float, ...], ...]:
    control = typing.cast("Matrix", entry.control)
    rows = tuple(tuple(float(cell) for cell in row) for row in value)
    most_rows, most_columns = max(control.rows, control.max_rows), max(control.columns, control.max_columns)
    if (
        not rows
        or len({len(row) for row in rows}) != 1
        or len(rows) > most_rows
        or not 1 <= len(rows[0]) <= most_columns
    ):
        raise ValueError
    if not all(math.isfinite(cell) for row in rows for cell in row):
        raise ValueError
    return rows


def _check_pick(entry: Field, value: Any) -> tuple[float, ...]:
    numbers = tuple(float(part) for part in value)
    if not all(math.isfinite(part) for part in numbers):
        raise ValueError
    return numbers


def _check_canvas(entry: Field, value: Any) -> np.ndarray | None:
    control = typing.cast("Canvas", entry.control)
    if value is None:
        return None
    picture = np.asarray(value)
    if picture.shape != (control.height, control.width):
        raise ValueError
    return picture.astype(np.uint8)


def _check_path(entry: Field, value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError
    control = entry.control
    if isinstance(control, Dataset) and not control.takes and value not in control.names:
        raise ParameterError(f"“{entry.name}” has no data set “{_short(value)}”{near(value, control.names)}")
    if isinstance(control, File) and value and control.suffixes and not value.lower().endswith(control.suffixes):
        raise TypeError
    return value


def _check_record(entry: Field, value: Any) -> str:
    """Read by the module of its kind, which raises ParameterError with a sentence of its own."""
    from engine.api.body_scenes import deed_from_text, files_from_text, scene_from_text
    from engine.api.flights import flight_from_text
    from engine.api.splat_edits import edits_from_text

    if not isinstance(value, str):
        raise TypeError
    readers: dict[str, Callable[[str], object]] = {
        "edits": edits_from_text,
        "flight": flight_from_text,
        "bodies": scene_from_text,
        "deed": deed_from_text,
        "files": files_from_text,
    }
    readers[typing.cast("Record", entry.control).kind](value)
    return value


_CHECKS: dict[type[Control], Any] = {
    Slider: _check_slider,
    Choice: _check_choice,
    Toggle: _check_toggle,
    Pad: _check_pad,
    PointSet: _check_points,
    Matrix: _check_matrix,
    Pick: _check_pick,
    Canvas: _check_canvas,
    Record: _check_record,
    Dataset: _check_path,
    File: _check_path,
}


def parse(entry: Field, text: str) -> Any:
    """The value that a person typed after `--set NAME=`. Raises ParameterError."""
    value: Any = text
    if isinstance(entry.control, Canvas):
        value = from_json(entry, text)
    elif entry.type == "tuple":
        try:
            value = json.loads(text if text.lstrip().startswith("[") else f"[{text}]")
        except json.JSONDecodeError as error:
            raise ParameterError(f"“{entry.name}” takes {expectation(entry)}, not {_short(text)}.") from error
    return checked(entry, value)


def to_text(entry: Field, value: Any) -> str:
    """The text that `parse` reads back to the same value."""
    if isinstance(value, bool):
        return str(value).lower()
    encoded = to_json(value)
    return encoded if isinstance(encoded, str) else json.dumps(encoded, separators=(",", ":"))


def to_json(value: Any) -> Any:
    """A parameter's value as JSON holds it; a drawn picture becomes compressed text."""
    if isinstance(value, np.ndarray):
        packed = base64.b64encode(zlib.compress(np.ascontiguousarray(value, np.uint8).tobytes())).decode("ascii")
        return f"{value.shape[0]}x{value.shape[1]}:{packed}"
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    return value


def from_json(entry: Field, value: Any) -> Any:
    """The inverse of `to_json`, checked. Raises ParameterError."""
    if isinstance(entry.control, Canvas) and isinstance(value, str):
        value = _unpack_picture(entry, value) if value not in ("", "null") else None
    return checked(entry, value)


def _unpack_picture(entry: Field, text: str) -> np.ndarray:
    try:
        size, _, packed = text.partition(":")
        height, width = (int(part) for part in size.split("x"))
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(packed, validate=True), max(height * width, 1))
        return np.frombuffer(raw, np.uint8).reshape(height, width).copy()
    except (ValueError, zlib.error) as error:
        raise ParameterError(f"“{entry.name}” takes {expectation(entry)}; this text is not one.") from error


def params_to_json(fields: tuple[Field, ...], params: Any) -> dict[str, Any]:
    """All values of a parameter dataclass, as JSON."""
    return {entry.name: to_json(getattr(params, entry.name)) for entry in fields}


def control_to_json(control: Control) -> dict[str, Any]:
    """A control as JSON: its kind and its attributes."""
    return {"type": type(control).__name__} | {
        entry.name: getattr(control, entry.name) for entry in dataclasses.fields(control)
    }


def control_from_json(data: dict[str, Any]) -> Control:
    """The inverse of `control_to_json`. Raises KeyError for an unknown kind."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key != "type"}
    kind = CONTROLS[data["type"]]
    control = object.__new__(kind)
    _fill(control, **values)
    return control


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"

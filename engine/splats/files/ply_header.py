"""The head of a PLY file (Turk 1994): its elements, their properties, and how many of each the file really holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.api.errors import DataError
from engine.api.words import plural

LONGEST_HEAD = 1 << 16
_TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}


@dataclass(frozen=True)
class Element:
    """A kind of rows: `count` of them as declared, `start` of the first in bytes from the beginning of the file."""

    name: str
    count: int
    row: np.dtype[np.void]
    start: int


@dataclass(frozen=True)
class Head:
    """What a PLY file declares. `text`: its rows are ASCII."""

    path: Path
    elements: tuple[Element, ...]
    text: bool
    size: int

    def element(self, name: str) -> Element | None:
        """The element of that name."""
        return next((found for found in self.elements if found.name == name), None)

    def available(self, element: Element) -> int:
        """How many rows of an element the file holds in full; for ASCII, as declared."""
        if self.text or not element.row.itemsize:
            return element.count
        return max(0, min(element.count, (self.size - element.start) // element.row.itemsize))


def read_head(path: Path) -> Head:
    """Reads the head. Raises DataError with a sentence for what is not a PLY file, or one whose rows have no fixed length."""
    with path.open("rb") as file:
        begin = file.read(LONGEST_HEAD)
        size = file.seek(0, 2)
    end = begin.find(b"end_header")
    line_end = begin.find(b"\n", end)
    if not begin.startswith(b"ply") or end < 0 or line_end < 0:
        raise DataError(f"{path.name} is not a PLY file: its head does not begin with “ply” and end with “end_header”.")
    lines = [line.split() for line in begin[:end].decode("ascii", "replace").splitlines()]
    order = next((line[1] for line in lines if line[:1] == ["format"] and len(line) > 1), "")
    if order not in _ORDERS:
        raise DataError(f"{path.name} is a PLY file of the unknown format “{order}”; save it as binary_little_endian.")
    return Head(path, _elements(path, lines, _ORDERS[order], line_end + 1), order == "ascii", size)


def _elements(path: Path, lines: list[list[str]], order: str, start: int) -> tuple[Element, ...]:
    """The elements one behind the other; those after one with lists have no known place and are left out."""
    declared: list[tuple[str, int, list[tuple[str, str]], bool]] = []
    for line in lines:
        match line:
            case ["element", name, count]:
                if not count.isdecimal():
                    raise DataError(f"{path.name} declares “{count}” rows of {name}; it is damaged.")
                declared.append((name, int(count), [], False))
            case ["property", "list", *_] if declared:
                declared[-1] = (*declared[-1][:3], True)
            case ["property", kind, name] if declared and kind in _TYPES:
                if name not in (known for known, _ in declared[-1][2]):
                    declared[-1][2].append((name, order + _TYPES[kind]))
            case ["property", *rest]:
                raise DataError(f"{path.name} declares a property that makes no sense: {' '.join(rest)[:40]}")
    found = []
    for name, rows, properties, has_lists in declared:
        if has_lists:
            break
        row = np.dtype(properties)
        found.append(Element(name, rows, row, start))
        start += rows * row.itemsize
    return tuple(found)


def read_rows(head: Head, element: Element, first: int, count: int) -> NDArray[np.void]:
    """Some rows of an element of a binary file, `[count]`, fewer at the file's end."""
    with head.path.open("rb") as file:
        file.seek(element.start + first * element.row.itemsize)
        return np.frombuffer(file.read(count * element.row.itemsize), element.row)


def read_text_rows(head: Head, element: Element) -> NDArray[np.void]:
    """The rows of the first element of an ASCII file, as many as there are in full. Raises DataError for what is no number."""
    if head.elements.index(element):
        raise DataError(
            f"{head.path.name} has other rows before its vertices as text; save it as binary_little_endian."
        )
    columns = len(element.row.names or ())
    with head.path.open("rb") as file:
        file.seek(element.start)
        words = file.read().split()
    whole = min(len(words) // columns, element.count)
    try:
        numbers = np.array(words[: whole * columns], np.float64).reshape(whole, columns)
    except ValueError as error:
        raise DataError(f"{head.path.name} holds text where its rows should be numbers; it is damaged.") from error
    rows = np.empty(whole, element.row.newbyteorder("="))
    for index, name in enumerate(element.row.names or ()):
        with np.errstate(over="ignore", invalid="ignore"):
            rows[name] = numbers[:, index]
    return rows


def broken_off(head: Head, element: Element, found: int) -> tuple[str, ...]:
    """What to say of a file that declares more rows than it holds. Raises DataError if it holds none."""
    if element.count == 0 or found == 0:
        held = "declares no Gaussians" if element.count == 0 else f"declares {element.count:,} Gaussians but holds none"
        raise DataError(f"{head.path.name} {held}; export it again from where it came from.")
    if found < element.count:
        return (
            f"The file breaks off: {plural(found, 'Gaussian')} of {element.count:,} are there, the others are lost.",
        )
    return ()

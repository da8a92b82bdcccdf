"""Recordings of six inertial sensors as CSV: one row a sensor and moment.

    time,sensor,gx,gy,gz,ax,ay,az,mx,my,mz

Seconds, one of the names in `inertial.SENSORS`, rad/s, m/s², and the magnetic field in any unit (it is scaled to length one). Real
recordings have holes and repetitions: a repeated moment counts once, the last one; holes are bridged in a straight line and told.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from engine.api.errors import DataError
from engine.api.words import near, plural
from engine.bodies.inertial import SENSORS, Recording
from engine.data.texts import read_text

COLUMNS = ("time", "sensor", "gx", "gy", "gz", "ax", "ay", "az", "mx", "my", "mz")
HOLE = 0.25
"""A hole of more seconds than this is told."""
MOST_ROWS = 2_000_000


@dataclass(frozen=True)
class Recorded:
    """A recording at an even rate, frames a second, and what a person should know of the file."""

    recording: Recording
    rate: float
    note: str


def read_recording(path: Path, rate: float = 60.0) -> Recorded:
    """Reads a CSV file at an even rate. Raises DataError with one sentence."""
    text, _ = read_text(path)
    rows = list(csv.reader(text.splitlines()))
    if not rows or [cell.strip().lower() for cell in rows[0]] != list(COLUMNS):
        raise DataError(f"“{path.name}” is no recording of sensors; its first line must be {','.join(COLUMNS)}.")
    if len(rows) > MOST_ROWS:
        raise DataError(f"“{path.name}” has {len(rows):,} rows; at most {MOST_ROWS:,} are read.")
    moments, repeated, unread = _by_sensor(rows[1:], path)
    begin = max(min(found) for found in moments.values())
    end = min(max(found) for found in moments.values())
    if end - begin < 1.0:
        raise DataError(f"In “{path.name}” the six sensors share less than a second; record them together.")
    time = np.arange(begin, end, 1 / rate)
    columns = [_even(moments[name], time) for name in SENSORS]
    values = np.stack([values for values, _ in columns], 1)
    note = _note(end - begin, max(hole for _, hole in columns), repeated, unread)
    return Recorded(
        Recording(time - begin, values[..., :3], values[..., 3:6], _of_length_one(values[..., 6:])), rate, note
    )


def _by_sensor(rows: list[list[str]], path: Path) -> tuple[dict[str, dict[float, list[float]]], int, int]:
    """Values by sensor and time, how many rows were repeated, and how many could not be read."""
    moments: dict[str, dict[float, list[float]]] = {name: {} for name in SENSORS}
    repeated = unread = 0
    for row in rows:
        name = row[1].strip() if len(row) == len(COLUMNS) else ""
        if name and name not in moments:
            raise DataError(f"“{path.name}” names a sensor “{name}”{near(name, list(SENSORS))}")
        numbers = _numbers(row)
        if not name or numbers is None:
            unread += bool(row)
            continue
        repeated += numbers[0] in moments[name]
        moments[name][numbers[0]] = numbers[1:]
    for name, found in moments.items():
        if len(found) < 2:
            raise DataError(f"“{path.name}” has no readings of the sensor “{name}”; all six are needed.")
    return moments, repeated, unread


def _numbers(row: list[str]) -> list[float] | None:
    try:
        numbers = [float(cell) for place, cell in enumerate(row) if place != 1]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _even(found: dict[float, list[float]], time: Float[ndarray, " t"]) -> tuple[Float[ndarray, "t 9"], float]:
    """One sensor's values at even times, and its longest hole, seconds."""
    known = np.array(sorted(found))
    values = np.array([found[moment] for moment in known])
    even = np.stack([np.interp(time, known, values[:, column]) for column in range(values.shape[1])], 1)
    inside = np.diff(known[(known >= time[0]) & (known <= time[-1])])
    return even, float(inside.max(initial=0.0))


def _of_length_one(field: Float[ndarray, "t s 3"]) -> Float[ndarray, "t s 3"]:
    """Scaled so that each sensor's usual field has length one."""
    usual = np.median(np.linalg.norm(field, axis=-1), axis=0)
    return np.asarray(field / np.maximum(usual, 1e-12)[:, None])


def _note(seconds: float, hole: float, repeated: int, unread: int) -> str:
    parts = [f"{seconds:.1f} s"]
    parts += [f"bridged a hole of {hole:.2g} s"] if hole > HOLE else []
    parts += [f"{plural(repeated, 'repeated moment')} counted once"] if repeated else []
    parts += [f"{plural(unread, 'row')} could not be read"] if unread else []
    return ", ".join(parts)


def write_recording(path: Path, recording: Recording) -> None:
    """Writes what `read_recording` reads. Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for frame, time in enumerate(recording.time):
            reading = recording.at(frame)
            for sensor, name in enumerate(SENSORS):
                numbers = np.concatenate(
                    [reading.gyro[sensor], reading.accelerometer[sensor], reading.magnetometer[sensor]]
                )
                writer.writerow([f"{time:.6f}", name, *(f"{number:.7g}" for number in numbers)])

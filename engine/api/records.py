"""A run's folder, as both sides read it.

    run.json      lab, parameters, seed, device, versions, live changes, parent, state, last values
    scalars.bin   every point of every curve, appended: records of (series, step, value)
    scalars.txt   the names of the series, one a line, appended: line k is series k
    snapshots/    STEP.safetensors (tensors) and STEP.json (all else)
    media/        pictures that a headless run wrote

A record of `scalars.bin` whose series is `REWOUND` says that the run went back to its step: points of that step and later are of the past.
A half-written last record (a crash, a full disk) is ignored.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.api.errors import RunFolderError

FORMAT = 1
POINT = np.dtype([("series", "<u4"), ("step", "<i8"), ("value", "<f8")])
REWOUND = 0xFFFFFFFF


@dataclass
class RunRecord:
    """What `run.json` holds.

    `params` as JSON; `changes` are (step, name, old, new); `state` is running, paused, finished, stopped or failed.
    """

    lab: str
    params: dict[str, Any]
    seed: int = 0
    device: str = "cpu"
    title: str = ""
    created: float = 0.0
    seconds: float = 0.0
    step: int = 0
    total: int = 0
    state: str = "running"
    changes: list[tuple[int, str, Any, Any]] = field(default_factory=list)
    parent: tuple[str, int] | None = None
    last: dict[str, float] = field(default_factory=dict)
    truths: dict[str, tuple[float, str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    error: str = ""
    format: int = FORMAT


def write_text_atomically(path: Path, text: str) -> None:
    """Writes beside, then renames: a reader sees the old text or the new one, never a half. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_record(folder: Path, record: RunRecord) -> None:
    """Writes `run.json` atomically. Raises OSError."""
    write_text_atomically(folder / "run.json", json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n")


def read_record(folder: Path) -> RunRecord:
    """Reads `run.json`. Raises RunFolderError with one sentence if it is missing, damaged or of a newer version."""
    try:
        data = json.loads((folder / "run.json").read_text("utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is not a run's folder: it has no run.json.") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{folder / 'run.json'} cannot be read; the run is damaged.") from error
    if not isinstance(data, dict) or not isinstance(data.get("lab"), str) or not isinstance(data.get("params"), dict):
        raise RunFolderError(f"{folder / 'run.json'} does not describe a run.")
    if data.get("format", FORMAT) > FORMAT:
        raise RunFolderError(f"{folder} was written by a newer Perception Studio; update the program to open it.")
    try:
        return _record_of(data)
    except (TypeError, ValueError, AttributeError) as error:
        raise RunFolderError(f"{folder / 'run.json'} cannot be read; the run is damaged.") from error


def _record_of(data: dict[str, Any]) -> RunRecord:
    known = {entry.name for entry in fields(RunRecord)}
    record = RunRecord(**{key: value for key, value in data.items() if key in known})
    record.changes = [(int(step), name, old, new) for step, name, old, new in record.changes]
    record.truths = {name: (float(value), label) for name, (value, label) in record.truths.items()}
    record.parent = None if record.parent is None else (record.parent[0], int(record.parent[1]))
    record.created, record.step, record.total = float(record.created), int(record.step), int(record.total)
    return record


def list_runs(root: Path) -> list[tuple[Path, RunRecord]]:
    """Every readable run below `root`, newest first. Damaged folders are passed over."""
    found = []
    try:
        folders = [folder for folder in root.iterdir() if (folder / "run.json").is_file()]
    except OSError:
        return []
    for folder in folders:
        try:
            found.append((folder, read_record(folder)))
        except RunFolderError:
            continue
    return sorted(found, key=lambda pair: pair[1].created, reverse=True)


@dataclass(frozen=True)
class Curve:
    """A curve: steps `[N]` int64 and values `[N]` float64, in order of arrival."""

    steps: np.ndarray
    values: np.ndarray


def read_curves(folder: Path) -> dict[str, Curve]:
    """The curves of a run as they stand, points before a rewind left out. An absent file is no curves."""
    try:
        names = (folder / "scalars.txt").read_text("utf-8").splitlines()
        raw = (folder / "scalars.bin").read_bytes()
    except OSError:
        return {}
    points = np.frombuffer(raw[: len(raw) // POINT.itemsize * POINT.itemsize], POINT)
    keep = np.ones(len(points), bool)
    for at in np.flatnonzero(points["series"] == REWOUND):
        keep[:at] &= points["step"][:at] < points["step"][at]
        keep[at] = False
    points = points[keep]
    curves = {}
    for series, name in enumerate(names):
        mine = points[points["series"] == series]
        if len(mine):
            curves[name] = Curve(mine["step"].copy(), mine["value"].copy())
    return curves


def append_rewind(folder: Path, step: int) -> None:
    """Marks the points of `step` and later as of the past, in a folder that no run has open. Raises OSError."""
    with (folder / "scalars.bin").open("ab") as file:
        file.truncate(file.tell() // POINT.itemsize * POINT.itemsize)
        file.write(np.array([(REWOUND, step, 0.0)], POINT).tobytes())


def snapshot_steps(folder: Path) -> tuple[int, ...]:
    """The steps of the complete snapshots in a run's folder, oldest first."""
    kept = folder / "snapshots"
    try:
        names = {path.name for path in kept.iterdir()}
    except OSError:
        return ()
    stems = (name[: -len(".json")] for name in names if name.endswith(".json") and not name.startswith("."))
    return tuple(sorted(int(stem) for stem in stems if stem.isdigit() and f"{stem}.safetensors" in names))


def snapshot_path(folder: Path, step: int) -> Path:
    """Where the snapshot of a step lies: the safetensors file; its JSON stands beside it."""
    return folder / "snapshots" / f"{step:09d}.safetensors"


def new_run_folder(root: Path, lab: str) -> Path:
    """Makes a fresh folder below `root`, named by time and lab. Raises RunFolderError if that cannot be written."""
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    try:
        root.mkdir(parents=True, exist_ok=True)
        for attempt in range(1000):
            folder = root / (f"{stamp}_{lab}" + (f"_{attempt}" if attempt else ""))
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise RunFolderError(
            f"Runs cannot be written to {root} ({error.strerror}); choose another folder with --out."
        ) from error
    raise RunFolderError(f"{root} is full of runs of this second.")

"""Snapshots: tensors in a safetensors file, everything else in a small JSON beside it. Never pickle.

Both files are written under a temporary name and renamed, the JSON last: a snapshot is complete when its JSON is there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch

from engine.api.errors import SnapshotError
from engine.api.records import snapshot_path, snapshot_steps, write_text_atomically

FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """A moment of a run: `state` is nested plain data with tensors, `params` and `changes` are as in `run.json`."""

    lab: str
    step: int
    params: dict[str, Any]
    state: dict[str, Any]


def write_snapshot(folder: Path, snapshot: Snapshot) -> Path:
    """Writes a snapshot of a run. Raises OSError and leaves nothing half-written."""
    path = snapshot_path(folder, snapshot.step)
    path.parent.mkdir(exist_ok=True)
    tensors: dict[str, torch.Tensor] = {}
    structure = _flatten(snapshot.state, "", tensors)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(safetensors.torch.save(tensors))
        size = temporary.stat().st_size
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    meta = {
        "format": FORMAT,
        "lab": snapshot.lab,
        "step": snapshot.step,
        "bytes": size,
        "params": snapshot.params,
        "state": structure,
    }
    beside = path.with_suffix(".json")
    try:
        write_text_atomically(beside, json.dumps(meta))
    except OSError:
        if not beside.exists():
            path.unlink(missing_ok=True)
        raise
    return path


def delete_snapshot(folder: Path, step: int) -> None:
    """Removes one; the JSON first, so that a half-removed snapshot counts as none."""
    path = snapshot_path(folder, step)
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def read_snapshot(path: Path, lab: str) -> Snapshot:
    """Reads a snapshot (either of its two files). Raises SnapshotError: absent, truncated, of another lab, of a newer version."""
    path = path.with_suffix(".safetensors")
    try:
        meta = json.loads(path.with_suffix(".json").read_text("utf-8"))
        newer, other, step = int(meta["format"]) > FORMAT, str(meta["lab"]), int(meta["step"])
    except FileNotFoundError:
        raise SnapshotError(f"There is no snapshot {path}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(
            f"The snapshot {path.stem} is damaged: {path.with_suffix('.json').name} cannot be read."
        ) from error
    if newer:
        raise SnapshotError(f"The snapshot {path.stem} was written by a newer Perception Studio; update the program.")
    if other != lab:
        raise SnapshotError(f"The snapshot {path.stem} is of the lab {other}, not of {lab}.")
    try:
        if path.stat().st_size != meta["bytes"]:
            raise SnapshotError(f"The snapshot {path.stem} is truncated; use an earlier one of the same folder.")
        tensors = safetensors.torch.load(path.read_bytes())
        return Snapshot(lab, step, meta["params"], _unflatten(meta["state"], tensors))
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise SnapshotError(f"The snapshot {path.stem} is damaged; use an earlier one of the same folder.") from error


def newest_snapshot(folder: Path, lab: str) -> Snapshot:
    """The newest snapshot of a run that can be read. Raises SnapshotError if there is none."""
    steps = snapshot_steps(folder)
    if not steps:
        raise SnapshotError(f"{folder} holds no snapshot to resume from.")
    failure: SnapshotError | None = None
    for step in reversed(steps):
        try:
            return read_snapshot(snapshot_path(folder, step), lab)
        except SnapshotError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def thin(steps: tuple[int, ...], keep: int) -> tuple[int, ...]:
    """Which snapshots to drop so that `keep` remain, evenly spread; never the first nor the newest."""
    kept = list(steps)
    while len(kept) > max(keep, 2):
        gaps = [kept[i + 1] - kept[i - 1] for i in range(1, len(kept) - 1)]
        kept.pop(1 + gaps.index(min(gaps)))
    return tuple(step for step in steps if step not in kept)


def _flatten(value: Any, key: str, tensors: dict[str, torch.Tensor]) -> Any:
    """Plain data as JSON; each tensor is put aside under its path and replaced by a reference."""
    if isinstance(value, torch.Tensor):
        tensors[key] = value.detach().to("cpu", copy=True).contiguous()
        return {"tensor": key}
    if isinstance(value, np.ndarray):
        tensors[key] = torch.from_numpy(np.array(value, order="C"))
        return {"array": key}
    if isinstance(value, dict):
        return {"dict": [[k, _flatten(v, f"{key}/{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        parts = [_flatten(part, f"{key}/{index}", tensors) for index, part in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": parts}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{key} is a {type(value).__name__}, which a snapshot does not hold")


def _unflatten(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "tensor":
            return tensors[inner]
        case "array":
            return tensors[inner].numpy()
        case "dict":
            return {key: _unflatten(part, tensors) for key, part in inner}
        case "list":
            return [_unflatten(part, tensors) for part in inner]
        case "tuple":
            return tuple(_unflatten(part, tensors) for part in inner)
    raise KeyError(kind)

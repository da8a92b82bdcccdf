"""One run of a lab from its first frame to its end, wherever its frames go. Worker, command line and checks all run labs through here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from engine.api.errors import ParameterError, RunFolderError, SnapshotError
from engine.api.params import find_field, from_json
from engine.api.records import append_rewind, snapshot_steps
from engine.run.context import Context, Setting, StoppedReading
from engine.run.snapshots import Snapshot, newest_snapshot, read_snapshot

if TYPE_CHECKING:
    from engine.api.lab import Lab


def run_lab(setting: Setting, begun: Callable[[Context], None] | None = None) -> Context:
    """Runs until the lab returns or the person stops. `begun` sees the context before the first frame."""
    torch.manual_seed(setting.seed)
    context = Context(setting)
    if begun is not None:
        begun(context)
    frames = setting.lab.run(setting.params, context)
    try:
        for frame in frames:
            context.take(frame)
        context.finish()
    except StoppedReading:
        context.abandoned = True
    finally:
        if hasattr(frames, "close"):
            frames.close()
    return context


def make_params(lab: Lab, values: dict[str, Any]) -> Any:
    """The lab's parameters with these JSON values set. Raises ParameterError for an unknown name or a value out of range."""
    return lab.params(**{name: from_json(find_field(lab.fields, name), value) for name, value in values.items()})


def known_values(lab: Lab, values: dict[str, Any]) -> dict[str, Any]:
    """The values whose parameters the lab still has, and still takes: a run of an older version may hold others."""
    kept = {}
    for name, value in values.items():
        try:
            from_json(find_field(lab.fields, name), value)
        except ParameterError:
            continue
        kept[name] = value
    return kept


def find_snapshot(path: Path, lab: str) -> tuple[Snapshot, Path]:
    """The snapshot to resume from and the run's folder it lies in; `path` is a run's folder or one of its snapshot files.

    Raises SnapshotError with one sentence.
    """
    if path.is_dir():
        if not snapshot_steps(path):
            raise SnapshotError(f"{path} holds no snapshot to resume from.")
        return newest_snapshot(path, lab), path
    return read_snapshot(path, lab), path.resolve().parent.parent


def copy_history(source: Path, target: Path, step: int) -> None:
    """A fork begins with its parent's curves up to the step at which it left, in a folder that is made. Raises RunFolderError."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("scalars.txt", "scalars.bin"):
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
        append_rewind(target, step)
    except OSError as error:
        raise RunFolderError(
            f"The run cannot be written to {target} ({error.strerror}); choose another folder."
        ) from error

"""A scene from a moment that a training run kept: a snapshot of the lab `radiance.splats`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.errors import DataError, SnapshotError
from engine.run.snapshots import read_snapshot

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians

LAB = "radiance.splats"
SUFFIX = ".safetensors"


def read_moment(path: Path) -> Gaussians:
    """The Gaussians of a snapshot. Raises DataError for what is none."""
    from engine.splats.training import gaussians_of

    try:
        values = read_snapshot(path, LAB).state["tracked"]["trainer"]["values"]
        return gaussians_of({name: value.detach().float().cpu() for name, value in values.items()})
    except (SnapshotError, KeyError, TypeError) as error:
        raise DataError(f"{path.name} holds no scene of a training run; choose a snapshot of {LAB}.") from error

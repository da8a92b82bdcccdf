"""From verified matches to poses and points: COLMAP's incremental mapping (Schönberger and Frahm 2016), watched while it works.

Runs in the child process only: its C++ workers may abort.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap
from jaxtyping import UInt8

from engine.capture.colmap import read_model
from engine.capture.events import Event, Placed, Progress, Stage
from engine.capture.model import SparseModel

_SMALLEST = 3
_SHOWN = 20_000
_SHARE = 8.0  # showing the cloud takes at most one part in so many of the time


@dataclass(frozen=True, eq=False)
class Mapped:
    """A model, and by how many pixels its points miss their features on average."""

    model: SparseModel
    error: float


Colours = Mapping[str, UInt8[np.ndarray, "n 3"]]
"""The colour under each feature of each photo."""


def map_photos(
    database: Path, work: Path, colours: Colours, threads: int, seed: int, tell: Callable[[Event], None]
) -> list[Mapped]:
    """Finds poses for as many photos as hang together; the largest model comes first. `work` is a folder for what lies in between."""
    options = pycolmap.IncrementalPipelineOptions()
    options.num_threads, options.random_seed = threads, seed
    options.min_model_size, options.extract_colors = _SMALLEST, False
    manager = pycolmap.ReconstructionManager()
    show = _Show(manager, colours, tell)
    with pycolmap.Database.open(database) as opened:
        pipeline = pycolmap.IncrementalPipeline(options, opened, manager)
        callbacks = pycolmap.IncrementalPipelineCallback
        pipeline.add_callback(callbacks.INITIAL_IMAGE_PAIR_REG_CALLBACK.value, show)
        pipeline.add_callback(callbacks.NEXT_IMAGE_REG_CALLBACK.value, show)
        pipeline.run()
    show(last=True)
    found = [_kept(manager.get(k), work, colours) for k in range(manager.size())]
    return sorted(found, key=lambda mapped: -len(mapped.model.images))


def _kept(found: Any, work: Path, colours: Colours) -> Mapped:
    """The reconstruction as our own record, by way of its files."""
    for point in found.points3D.values():
        point.color = _colour_of(point, found, colours)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    found.write_binary(work)
    model = read_model(work)
    shutil.rmtree(work, ignore_errors=True)
    return Mapped(model, float(found.compute_mean_reprojection_error()))


def _colour_of(point: Any, found: Any, colours: Colours) -> UInt8[np.ndarray, "3"]:
    """The mean over the first three photos that measured the point."""
    seen = point.track.elements[:3]
    under = [colours[found.image(one.image_id).name][one.point2D_idx] for one in seen]
    return np.mean(under, axis=0).round().astype(np.uint8)


class _Show:
    """Tells how many cameras stand, and shows them with the points whenever that has not taken its share of the time."""

    def __init__(self, manager: Any, colours: Colours, tell: Callable[[Event], None]) -> None:
        self._manager = manager
        self._colours = colours
        self._tell = tell
        self._next = 0.0
        self._begun = time.monotonic()

    def __call__(self, last: bool = False) -> None:
        if not self._manager.size():
            return
        found = self._manager.get(self._manager.size() - 1)
        placed, total = found.num_reg_images(), len(self._colours)
        now = time.monotonic()
        left = (now - self._begun) / placed * (total - placed)
        self._tell(Progress(Stage.MAPPING, placed, total, left))
        if now >= self._next or last:
            self._tell(_placed(found, self._colours))
            self._next = time.monotonic() + _SHARE * (time.monotonic() - now)


def _placed(found: Any, colours: Colours) -> Placed:
    images = [found.image(number) for number in sorted(found.reg_image_ids())]
    poses = np.zeros((len(images), 4, 4))
    poses[:, 3, 3] = 1
    for pose, image in zip(poses, images, strict=True):
        pose[:3] = image.cam_from_world().matrix()
    points = list(found.points3D.values())
    points = points[:: 1 + len(points) // _SHOWN]
    places = np.array([point.xyz for point in points], np.float32).reshape(-1, 3)
    tints = np.array([_colour_of(point, found, colours) for point in points], np.uint8).reshape(-1, 3)
    return Placed(tuple(image.name for image in images), poses, places, tints)

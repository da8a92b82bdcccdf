"""A scene learnt from whatever a person has, from start to end and resumed at any moment: what `main.py splat` does.

DIR/capture/     the capture, see `engine.capture.order`
DIR/snapshots/   the newest two moments of training
DIR/splat.json   what was asked for
DIR/scene.ply    the scene        DIR/poses/     COLMAP's model of the posed photos
DIR/metrics.json                  DIR/previews/  held-out photos beside the scene
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from engine.api.errors import RunFolderError, SnapshotError
from engine.api.records import snapshot_steps, write_text_atomically
from engine.capture.colmap import write_model
from engine.capture.lenses import Lens
from engine.capture.model import ModelImage, SparseModel
from engine.run.snapshots import Snapshot, delete_snapshot, newest_snapshot, write_snapshot
from engine.splats.backends import choose_backend
from engine.splats.files.formats import write_scene
from engine.splats.memory import plan
from engine.splats.strategies import STRATEGIES
from engine.splats.training import Score, Settings, Trainer

if TYPE_CHECKING:
    from engine.capture.opening import Opened
    from engine.geometry.cameras import Capture

KIND = "splat"
"""What snapshots of this kind call themselves."""

SAVE_EVERY = 15.0
"""Seconds of work that a crash can cost, and one step."""

_BUDGET, _FIXED_BUDGET = 500_000, 100_000  # of a strategy that grows as it needs, and of one that fills its budget
_PREVIEWS = 6
_PACED_EVERY = 20
_RECENT = 0.95  # how much of the pace so far a step keeps
_LONG_SIDE = 800
_KEPT = 2


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    `scale` 0: such that the photos' long side is 800 pixels at most. `minutes`, `budget` 0: no limit of one's own. With `minutes`, `steps`
    are the most there may be, and schedules fit themselves to as many as there is time for.
    """

    source: str
    steps: int = 7000
    minutes: float = 0.0
    scale: float = 0.0
    strategy: str = "adc"
    budget: int = 0
    every: int = 8
    seed: int = 0

    def settings(self, capture: Capture) -> Settings:
        """For the trainer."""
        usual = _FIXED_BUDGET if self.strategy == "mcmc" else _BUDGET
        side = max(max(photo.camera.width, photo.camera.height) for photo in capture.photos)
        scale = self.scale or min(1.0, _LONG_SIDE / side)
        background = None if capture.cutout else (0.0, 0.0, 0.0)
        budget = self.budget or usual
        return Settings(
            self.steps,
            strategy=STRATEGIES[self.strategy],
            budget=budget,
            scale=scale,
            every=self.every,
            background=background,
        )

    @property
    def fixed(self) -> dict[str, Any]:
        """What may not change between a run and its resumption; it may be given more steps or minutes."""
        return {name: value for name, value in vars(self).items() if name not in ("steps", "minutes")}


@dataclass(frozen=True)
class Moment:
    """How far training is: steps done, of how many, the loss, the number of Gaussians, seconds of training so far."""

    done: int
    total: int
    loss: float
    gaussians: int
    seconds: float


class Job:
    """A scene in training that lives in a folder."""

    def __init__(self, folder: Path, wish: Wish, opened: Opened, device: torch.device) -> None:
        self.folder, self.wish, self.opened = folder, wish, opened
        self._rng = torch.Generator().manual_seed(wish.seed)
        settings = wish.settings(opened.capture)
        self.plan = plan(opened.capture, settings)
        settings = replace(settings, budget=self.plan.budget)
        self.trainer = Trainer(opened.capture, settings, self._rng, choose_backend(device))
        self.done, self.seconds, self._pace = 0, 0.0, 0.0
        self._saved = time.monotonic()
        self.unsaved = ""

    def resume(self) -> None:
        """Goes on from the newest snapshot that can be read; from the start if there is none. Raises SnapshotError."""
        if not snapshot_steps(self.folder):
            return
        snapshot = newest_snapshot(self.folder, KIND)
        self.trainer.state = snapshot.state["trainer"]
        self._rng.set_state(snapshot.state["rng"])
        self.done, self.seconds = snapshot.step, float(snapshot.state["seconds"])
        self._pace = self.seconds / max(1, self.done)
        if self.wish.minutes:
            self._fit(60 * self.wish.minutes)

    def train(self) -> Iterator[Moment]:
        """Steps until all are done or the minutes are over. Whoever stops asking should `save`."""
        limit = 60 * self.wish.minutes
        while self.done < self.wish.steps and not (limit and self.seconds >= limit):
            begun = time.monotonic()
            step = self.trainer.step(self.done)
            self._count(time.monotonic() - begun)
            if limit and self.done % _PACED_EVERY == 0:
                self._fit(limit)
            if time.monotonic() - self._saved > SAVE_EVERY:
                self.save()
            yield Moment(self.done, self.trainer.settings.steps, step.loss, step.gaussians, self.seconds)

    def _count(self, seconds: float) -> None:
        self.done += 1
        self.seconds += seconds
        self._pace = _RECENT * self._pace + (1 - _RECENT) * seconds if self._pace else seconds

    def _fit(self, limit: float) -> None:
        """Fits the schedules to the steps that there is time for, at the pace of late."""
        left = (limit - self.seconds) / max(self._pace, 1e-6)
        steps = min(self.wish.steps, self.done + max(0, round(left)))
        self.trainer.settings = replace(self.trainer.settings, steps=steps)

    def save(self) -> None:
        """Keeps this moment. A disk that takes no more is noted in `unsaved`; the older moment stays."""
        state = {"trainer": self.trainer.state, "rng": self._rng.get_state(), "seconds": self.seconds}
        try:
            write_snapshot(self.folder, Snapshot(KIND, self.done, dict(vars(self.wish)), state))
            for step in snapshot_steps(self.folder)[:-_KEPT]:
                delete_snapshot(self.folder, step)
            self.unsaved = ""
        except OSError as error:
            self.unsaved = (
                f"The moment of step {self.done:,} could not be kept ({error.strerror}); make room on the disk."
            )
        self._saved = time.monotonic()

    def finish(self) -> dict[str, Any]:
        """Writes scene, poses, previews and, last, the metrics, which it returns. Raises RunFolderError when the disk is full."""
        self.save()
        scores = sorted(self.trainer.scores(), key=lambda score: score.psnr)
        metrics = self._metrics(scores)
        try:
            write_scene(self.folder / "scene.ply", self.trainer.gaussians)
            write_model(self.folder / "poses", model_of(self.opened.capture))
            self._write_previews(scores)
            write_text_atomically(self.folder / "metrics.json", json.dumps(metrics, indent=1) + "\n")
        except OSError as error:
            raise RunFolderError(
                f"The scene could not be written to {self.folder} ({error.strerror}); make room, then go on with --resume."
            ) from error
        return metrics

    def _metrics(self, scores: list[Score]) -> dict[str, Any]:
        def mean(values: list[float]) -> float | None:
            return round(float(np.mean(values)), 4) if values else None

        views = {score.name: {"psnr": round(score.psnr, 4), "ssim": round(score.ssim, 5)} for score in scores}
        return {
            "psnr": mean([score.psnr for score in scores]),
            "ssim": mean([score.ssim for score in scores]),
            "views": views,
            "gaussians": len(self.trainer),
            "steps": self.done,
            "seconds": round(self.seconds, 2),
            "registered": len(self.opened.capture.photos),
            "images": self.opened.images,
            "doctor": self.opened.doctor,
        }

    def _write_previews(self, scores: list[Score]) -> None:
        """Held-out photos, the worst first, each beside the scene seen from there; training photos where none is held out."""
        folder = self.folder / "previews"
        folder.mkdir(exist_ok=True)
        by_name = {page.name: page for page in (*self.trainer.album.held_out, *self.trainer.album.learnt)}
        names = [score.name for score in scores] or [page.name for page in self.trainer.album.learnt]
        for name in names[:_PREVIEWS]:
            page = by_name[name]
            seen = torch.cat([self.trainer.target(page), self.trainer.render(page.viewpoint()).colour], 1)
            pixels = (255 * seen.clamp(0, 1)).round().byte().cpu().numpy()
            Image.fromarray(pixels).save(folder / f"{name.replace('/', '_').rsplit('.', 1)[0]}.png")


def begin(folder: Path, wish: Wish, resume: bool) -> Wish:
    """Marks a folder as this wish's, or finds that it is. Returns the wish. Raises RunFolderError."""
    record = folder / "splat.json"
    if record.is_file():
        if not resume:
            raise RunFolderError(f"{folder} already holds a scene; choose another --out, or go on with --resume.")
        try:
            before = Wish(**json.loads(record.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SnapshotError(f"{record} is damaged; start again in another folder.") from error
        other = [name for name, value in wish.fixed.items() if before.fixed[name] != value]
        if other:
            raise RunFolderError(f"{folder} was begun with another {' and '.join(other)}; choose another --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text_atomically(record, json.dumps(vars(wish)))
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be written ({error.strerror}); choose another --out.") from error
    return replace(wish)


def model_of(capture: Capture) -> SparseModel:
    """A capture as COLMAP would keep it."""
    lenses: dict[Lens, int] = {}
    images = {}
    for number, photo in enumerate(capture.photos, 1):
        camera = photo.camera
        lens = Lens("PINHOLE", camera.width, camera.height, (camera.fx, camera.fy, camera.cx, camera.cy))
        images[number] = ModelImage(photo.name, lenses.setdefault(lens, len(lenses) + 1), photo.camera_from_world)
    seen = capture.seen_by + np.array([0, 1])
    return SparseModel({number: lens for lens, number in lenses.items()}, images, capture.points, capture.colours, seen)

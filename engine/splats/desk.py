"""What a lab shows of a scene in training: the scene with its photos, one of them beside its picture, how all were met, the memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import torch

from engine.api.frames import Frame, Picture, Table, Text
from engine.splats.frames import cameras_of, frame_of

if TYPE_CHECKING:
    from engine.run.context import Context
    from engine.splats.album import Page
    from engine.splats.memory import Plan
    from engine.splats.training import Score, Trainer

Chosen: TypeAlias = tuple[float, ...]
"""What a `Pick` holds: an index, or nothing."""
_TELL_AGAIN = 3.0  # seconds


class Desk:
    """What lies open: the trainer, how the held-out photos were last met, and `page`, the photo that the person looks at."""

    def __init__(self, trainer: Trainer, planned: Plan) -> None:
        self.trainer, self.planned = trainer, planned
        self.scores: tuple[Score, ...] = ()
        self._chosen: tuple[Chosen, Chosen] = ((), ())
        self._by_row = True
        self.page = (trainer.album.held_out or trainer.album.learnt)[0]
        self._told: tuple[Score, ...] | None = None
        self._told_at = 0.0

    def draw(self, row: Chosen, photo: Chosen, ctx: Context) -> Iterator[Frame]:
        """Every view that is open and due.

        Args:
            row: of the table, the choice of a photo; empty for none.
            photo: likewise, its place by name among all photos.
            ctx: knows what is due.
        """
        trainer = self.trainer
        self.page = self._shown_page(row, photo)
        if ctx.due("scene"):
            yield frame_of("scene/Gaussians", trainer.gaussians, f"{len(trainer):,} Gaussians")
            yield from self._photos()
        if ctx.due("picture"):
            yield draw_picture(trainer, self.page)
        if ctx.due("views"):
            rows = tuple((score.name, f"{score.psnr:.2f}", f"{score.ssim:.3f}") for score in self.ranked)
            yield Table("views", ("photo", "PSNR, dB", "SSIM"), rows, edits="row")
        if ctx.due("forecast"):
            yield Text("forecast", self.planned.words)

    @property
    def ranked(self) -> list[Score]:
        """The held-out photos, worst first."""
        return sorted(self.scores, key=lambda score: score.psnr)

    def _photos(self) -> Iterator[Frame]:
        """The photos where they were taken: a large frame, sent when it has changed, and now and then for a view that is new."""
        now = time.monotonic()
        if self._told is not self.scores or now - self._told_at > _TELL_AGAIN:
            self._told, self._told_at = self.scores, now
            likeness = {score.name: score.psnr for score in self.scores}
            yield replace(cameras_of("scene/photos", self.trainer.album, likeness), edits="photo")

    def _shown_page(self, row: Chosen, photo: Chosen) -> Page:
        """The photo chosen last, in the table or among the cameras; before a choice the worst."""
        before, self._chosen = self._chosen, (row, photo)
        if before != self._chosen:
            self._by_row = before[0] != row
        album, ranked = self.trainer.album, self.ranked
        if photo and not self._by_row:
            pages = sorted((*album.learnt, *album.held_out), key=lambda page: page.name)
            return pages[min(max(int(photo[0]), 0), len(pages) - 1)]
        held = album.held_out or album.learnt
        at = min(int(row[0]), len(ranked) - 1) if row and ranked else 0
        return next((page for page in held if ranked and page.name == ranked[at].name), held[0])


def draw_picture(trainer: Trainer, page: Page) -> Picture:
    """Photo, scene and error, side by side."""
    photo, picture = trainer.target(page), trainer.render(page.viewpoint()).colour.clamp(0, 1)
    error = (4 * (picture - photo).abs().mean(2, keepdim=True)).clamp(max=1) * torch.tensor([1.0, 0.75, 0.3])
    score = trainer.score(page)
    note = f"{page.name}: photo | scene | error × 4 · {score.psnr:.1f} dB, SSIM {score.ssim:.3f}"
    return Picture("picture", torch.cat([photo, picture, error], 1), edits="pixel", note=note)

"""What training will take of memory, said before it starts, and how many Gaussians fit into what there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil

from engine.api.errors import DataError
from engine.api.words import size
from engine.splats.scene import COEFFICIENTS

if TYPE_CHECKING:
    from engine.geometry.cameras import Capture
    from engine.splats.training import Settings

PROGRAM = 450_000_000
"""Python, torch and the compiled kernels."""
_PAIRS = 8
"""Tiles that a Gaussian is seen in, at most, on average over a scene."""
_PER_PAIR = 8 + 48
_PER_GAUSSIAN = 48 + 16 + 8 + 8 + 16 + 4 + 2 * 8
"""Record, box, tiles, their bits, slots, radius, offsets and their derivatives."""
_PER_PIXEL = 4 * (5 + 5 + 3 + 5 * 3 + 3 * 3 + 6)
"""Picture, derivatives, photo, and what structural similarity keeps."""
_SPARE = 1.25
_USED = 0.85
"""How much of what is free training may take; the rest is for whatever else the person does."""
_FEWEST = 500


@dataclass(frozen=True)
class Forecast:
    """Bytes: of the program, the photos at all sizes, the largest picture and its derivatives, and all Gaussians that the budget allows."""

    program: int
    photos: int
    picture: int
    gaussians: int

    @property
    def total(self) -> int:
        """All of them together."""
        return self.program + self.photos + self.picture + self.gaussians


def bytes_of_gaussian(degree: int) -> int:
    """What one Gaussian takes while it is trained: values, derivatives, two moments, copies, and its part of the picture's buffers."""
    numbers = 11 + 3 * COEFFICIENTS[degree]
    copies = 5 * numbers + 2 * 3 * COEFFICIENTS[degree] + 2
    return 4 * copies + int(_SPARE * (_PER_GAUSSIAN + _PAIRS * _PER_PAIR))


def forecast(capture: Capture, settings: Settings) -> Forecast:
    """What training takes at most."""
    pixels = [photo.camera.width * photo.camera.height * settings.scale**2 for photo in capture.photos]
    channels = [4 if photo.mask is not None else 3 for photo in capture.photos]
    photos = sum(count * depth for count, depth in zip(pixels, channels, strict=True)) * 4 / 3
    gaussians = settings.budget * bytes_of_gaussian(settings.degree)
    return Forecast(PROGRAM, int(photos), int(max(pixels) * _PER_PIXEL), gaussians)


def largest_budget(capture: Capture, settings: Settings, memory: int) -> int:
    """How many Gaussians fit into so many bytes; 0 if not even the photos do."""
    needed = forecast(capture, settings)
    left = memory - (needed.total - needed.gaussians)
    return max(0, left // bytes_of_gaussian(settings.degree))


@dataclass(frozen=True)
class Plan:
    """What training will take at most, bytes; what is free; and how many Gaussians it is held to, of so many asked for."""

    forecast: Forecast
    free: int
    budget: int
    asked: int

    @property
    def words(self) -> str:
        """As a sentence or two."""
        parts = f"{size(self.forecast.photos)} of photos, {size(self.forecast.gaussians)} of {self.budget:,} Gaussians"
        text = f"Training will take up to {size(self.forecast.total)} of memory ({parts}); {size(self.free)} are free."
        if self.budget < self.asked:
            text += f" There is no room for {self.asked:,} Gaussians: smaller photos would make some."
        return text


def plan(capture: Capture, settings: Settings, free: int | None = None) -> Plan:
    """Holds training to the memory that is free: fewer Gaussians than asked for where they would not fit.

    Args:
        capture: posed photos.
        settings: `budget` is what is asked for.
        free: bytes that no program uses; None asks the system. The program itself, which runs already, is not counted against them.

    Raises:
        DataError: not even the photos and a few Gaussians fit.
    """
    available = psutil.virtual_memory().available if free is None else free
    room = largest_budget(capture, settings, int(_USED * available) + PROGRAM)
    if room < _FEWEST:
        photos = size(forecast(capture, settings).photos)
        raise DataError(f"The photos take {photos}, and {size(available)} of memory are free; choose a smaller scale.")
    held = min(settings.budget, room)
    return Plan(forecast(capture, replace(settings, budget=held)), available, held, settings.budget)

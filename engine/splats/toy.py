"""A small scene whose Gaussians are known: three coloured bodies on a chequered floor, and photos of it from a ring of cameras."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.geometry.cameras import Capture, Pinhole, PosedPhoto
from engine.splats.album import Album, Page, Sheet
from engine.splats.compiled import Rasteriser
from engine.splats.scene import Gaussians, from_points
from engine.splats.viewpoint import Style, Viewpoint

CAMERAS = 24
LENS = Pinhole(112, 84, 105.0, 105.0, 56.0, 42.0)
_DISTANCE, _HEIGHT = 2.6, 1.1


@dataclass(frozen=True)
class Toy:
    """The scene's truth, its posed photos (no files lie behind them), and their pixels."""

    truth: Gaussians
    capture: Capture
    album: Album


def make_toy(seed: int = 0, points: int = 500, every: int = 8) -> Toy:
    """Draws the scene from all sides. `points`: how many coarse points training begins with."""
    rng = np.random.default_rng(seed)
    places, colours = _bodies(rng)
    truth = from_points(places.astype(np.float32), colours, degree=0, opacity=0.95)
    poses = [looking(2 * np.pi * k / CAMERAS, _HEIGHT + 0.35 * (k % 3 - 1)) for k in range(CAMERAS)]
    photos = tuple(PosedPhoto(f"photo {k:02d}", Path(f"photo {k:02d}"), LENS, pose) for k, pose in enumerate(poses))
    chosen = rng.choice(len(places), points, replace=False)
    start = (places[chosen] + rng.normal(size=(points, 3)) * 0.02).astype(np.float32)
    capture = Capture(photos, start, colours[chosen])
    drawn = Rasteriser()
    pages = {photo.name: _page(photo, truth, drawn) for photo in photos}
    parts = (tuple(pages[photo.name] for photo in part) for part in capture.split(every))
    return Toy(truth, capture, Album(*parts))


def looking(turn: float, height: float) -> np.ndarray:
    """A camera on the ring, world to camera `[4, 4]`; the world's z points up."""
    place = np.array([_DISTANCE * np.cos(turn), _DISTANCE * np.sin(turn), height])
    forward = np.array([0.0, 0.0, 0.25]) - place
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = -pose[:3, :3] @ place
    return pose


def _page(photo: PosedPhoto, truth: Gaussians, drawn: Rasteriser) -> Page:
    view = Viewpoint.of(photo)
    pixels = drawn.render(truth, view, Style(0), torch.tensor([0.05, 0.06, 0.08])).colour
    sheet = Sheet((pixels.clamp(0, 1) * 255).round().byte().numpy(), None, LENS)
    return Page(photo.name, view.camera_from_world, (sheet, sheet.halved()))


def _bodies(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points on a ball, a box, a ring and the floor, with the pattern that each is painted with. `[n, 3]` twice."""
    parts = (_ball(rng, 1300), _box(rng, 1300), _ring(rng, 1200), _floor(rng, 2200))
    return np.concatenate([place for place, _ in parts]), np.concatenate([colour for _, colour in parts])


def _painted(where: np.ndarray, first: tuple[int, int, int], second: tuple[int, int, int]) -> np.ndarray:
    return np.where(where[:, None], np.array(first, np.uint8), np.array(second, np.uint8)).astype(np.uint8)


def _ball(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    away = rng.normal(size=(n, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    striped = np.sin(14 * away[:, 2]) > 0
    return away * 0.32 + np.array([-0.45, 0.2, 0.32]), _painted(striped, (213, 94, 0), (250, 240, 228))


def _box(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    place = rng.uniform(-1, 1, (n, 3))
    side = rng.integers(0, 3, n)
    place[np.arange(n), side] = np.sign(place[np.arange(n), side])
    chequered = (np.floor(2 * place).sum(1).astype(int) % 2) == 0
    return place * np.array([0.26, 0.26, 0.34]) + np.array([0.45, 0.3, 0.34]), _painted(
        chequered, (0, 114, 178), (86, 180, 233)
    )


def _ring(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    around, about = rng.uniform(0, 2 * np.pi, (2, n))
    radius = 0.28 + 0.1 * np.cos(about)
    place = np.stack([radius * np.cos(around), radius * np.sin(around), 0.1 * np.sin(about)], 1)
    return place + np.array([0.05, -0.5, 0.1]), _painted(np.sin(8 * around) > 0, (0, 158, 115), (240, 228, 66))


def _floor(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    radius, turn = np.sqrt(rng.uniform(0, 1, n)) * 1.15, rng.uniform(0, 2 * np.pi, n)
    place = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros(n)], 1)
    chequered = (np.floor(3 * place[:, :2]).sum(1).astype(int) % 2) == 0
    return place, _painted(chequered, (120, 120, 128), (200, 200, 205))

"""What is measured of captures: how long photos take to become poses, and how exact these are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.capture.opening import open_capture
from engine.capture.order import Order
from tests.bench.figures import ROOT, Figure, timed
from tests.bench.splat_data import DATA

if TYPE_CHECKING:
    from engine.geometry.cameras import Capture

STILL_LIFE = ROOT / "assets" / "scenes" / "still_life"


def all_figures(home: Path) -> Iterator[Figure]:
    """Both captures."""
    yield brighton(home / "brighton capture")
    yield still_life(home / "still life capture")


def brighton(out: Path) -> Figure:
    """Eighteen photos from a drone, without their model."""
    with timed() as seconds:
        opened = open_capture(Order(DATA / "brighton" / "images", out))
    assert opened is not None
    placed = len(opened.capture.photos)
    good = placed == 18 and seconds[0] <= 30
    return Figure("capture of brighton at 1,000 px", "all 18, ≤ 30 s", f"{placed}, {seconds[0]:.0f} s", good)


def still_life(out: Path) -> Figure:
    """The scene that ships, against the poses it was rendered from."""
    with timed() as seconds:
        opened = open_capture(Order(STILL_LIFE, out))
    assert opened is not None
    placed = len(opened.capture.photos)
    away, turned = errors(opened.capture, STILL_LIFE / "truth.json")
    measured = f"{placed} in {seconds[0]:.0f} s, {1000 * away:.1f} mm, {turned:.2f}°"
    good = placed == 40 and away < 0.01 and turned < 0.2
    return Figure("capture of the still life against its truth", "all 40, ≤ 10 mm, ≤ 0.2° on average", measured, good)


def errors(capture: Capture, truth: Path) -> tuple[float, float]:
    """Mean distance of camera places, metres, and mean angle of rotations, degrees, after the best similarity (Umeyama 1991)."""
    poses = {name: np.array(pose) for name, pose in json.loads(truth.read_text("utf-8"))["camera_from_world"].items()}
    pairs = [(photo.camera_from_world, poses[photo.name]) for photo in capture.photos]
    mine, true = (np.linalg.inv(np.stack(part))[:, :3, 3] for part in zip(*pairs, strict=True))
    a, b = mine - mine.mean(0), true - true.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn, scale = u @ flip @ vt, (s * np.diag(flip)).sum() / (a**2).sum()
    away = np.linalg.norm(scale * a @ turn.T - b, axis=1)
    angles = [np.arccos(np.clip((np.trace(p[:3, :3] @ turn.T @ q[:3, :3].T) - 1) / 2, -1, 1)) for p, q in pairs]
    return float(away.mean()), float(np.degrees(np.mean(angles)))

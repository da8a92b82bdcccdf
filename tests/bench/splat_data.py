"""Posed photos of the real scenes that the figures are measured on; they lie beside the project, not in it."""

from __future__ import annotations

from pathlib import Path

from engine.capture.colmap import read_model
from engine.capture.intake import find_photos
from engine.capture.straighten import straighten
from engine.geometry.cameras import Capture, PosedPhoto
from tests.bench.figures import ROOT

DATA = ROOT.parent / "shared" / "data"


def posed(name: str, out: Path, side: int = 1600) -> Capture:
    """A scene's photos, undistorted into `out`, with its model's poses and points."""
    model = read_model(DATA / name / "sparse" / "0")
    photos, _ = find_photos(DATA / name / "images")
    out.mkdir(parents=True, exist_ok=True)
    found, _ = straighten(model, {one.name: one for one in photos}, (out / "photos", out / "masks"), side, _quiet)
    images = [
        PosedPhoto(one.name, out / "photos" / one.name, found.lenses[one.lens].ideal, one.camera_from_world)
        for one in found.images.values()
    ]
    return Capture(tuple(images), found.points, found.colours)


def _quiet(done: int, total: int) -> None:
    pass

"""Posed photos in a viewport: pyramids whose corners are the corners of the photos."""

from __future__ import annotations

import numpy as np
import pytest

from app.theme import theme
from app.views.frusta import corners_of, frusta, spacing
from app.views.viewport import ViewportView
from engine.api import Cameras, Points


def ring(count: int = 3) -> Cameras:
    """Cameras along x that look along the world's −x, y down the world's −z."""
    pose = np.eye(4, dtype=np.float32)
    pose[:3, :3] = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    poses = np.tile(pose, (count, 1, 1))
    poses[:, 0, 3] = 2 * np.arange(count)
    focal, middle, size = (np.tile(np.array(pair, np.float32), (count, 1)) for pair in ((50, 40), (28, 20), (60, 40)))
    thumbs, known = np.zeros((count, 4, 6, 3), np.uint8), np.full(count, np.nan, np.float32)
    names = tuple(f"{index}.jpg" for index in range(count))
    return Cameras("scene/photos", names, poses, focal, middle, size, thumbs, known, np.arange(count) == 1)


def test_a_corner_is_seen_at_the_photos_corner() -> None:
    frame = ring()
    corners = corners_of(frame, 1.5)
    local = (corners[2] - frame.poses[2, :3, 3]) @ frame.poses[2, :3, :3]
    pixels = local[:, :2] / local[:, 2:] * frame.focal[2] + frame.middle[2]
    np.testing.assert_allclose(local[:, 2], 1.5)
    np.testing.assert_allclose(pixels, [[0, 0], [60, 0], [60, 40], [0, 40]], atol=1e-6)


def test_the_held_out_photo_stands_out() -> None:
    lines = frusta(ring(), theme().colours)
    assert lines.segments.shape == (24, 2, 3)
    assert lines.colours is not None
    assert len(np.unique(lines.colours[:8], axis=0)) == 1
    assert (lines.colours[8:16] != lines.colours[0]).any(axis=1).all()
    assert (lines.colours[16:] == lines.colours[0]).all()


@pytest.mark.parametrize("count", [0, 1])
def test_few_cameras_have_a_size_too(count: int) -> None:
    assert spacing(np.zeros((count, 3))) == 1.0
    assert frusta(ring(count), theme().colours).segments.shape == (8 * count, 2, 3)


def test_the_camera_frames_what_the_photos_show() -> None:
    view = ViewportView(backend="software")
    view.show_frame(Points("scene/points", np.random.default_rng(0).uniform(-1, 1, (50, 3))))
    before = view.stage.orbit
    view.show_frame(ring(40))
    assert view.stage.orbit == before
    assert set(view.items) == {"scene/points", "scene/photos"}
    view.deleteLater()

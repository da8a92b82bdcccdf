"""A finished capture is taken again, by the next run of the same photos or whoever names its folder; masked, without what was dropped."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.api.errors import DataError
from engine.capture.earlier import earlier_capture
from engine.capture.opening import open_capture, read_capture
from engine.capture.order import Order
from engine.capture.straighten import levelled
from engine.geometry.cameras import Capture

if TYPE_CHECKING:
    from tests.capture.conftest import Captured


@pytest.fixture
def copy(captured: Captured, tmp_path: Path) -> Path:
    return Path(shutil.copytree(captured.out, tmp_path / "copy"))


def test_the_same_photos_are_not_captured_again(captured: Captured, copy: Path, tmp_path: Path) -> None:
    order = captured.order(tmp_path / "new")
    assert earlier_capture(order, [tmp_path / "nothing", copy]) == copy
    assert earlier_capture(dataclasses.replace(order, seed=1), [copy]) is None


def test_changed_photos_are(captured: Captured, copy: Path, tmp_path: Path) -> None:
    photos = Path(shutil.copytree(captured.photos, tmp_path / "photos"))
    order = dataclasses.replace(captured.order(tmp_path / "new"), source=photos)
    (copy / "order.json").write_text(order.key)
    report = copy / "capture.json"
    os.utime(report)
    assert earlier_capture(order, [copy]) == copy
    one = next(iter(photos.iterdir()))
    os.utime(one, (report.stat().st_mtime + 10,) * 2)
    assert earlier_capture(order, [copy]) is None
    one.unlink()
    assert earlier_capture(order, [copy]) is None


def test_a_finished_capture_is_a_source_itself(copy: Path, tmp_path: Path) -> None:
    whole = read_capture(copy).capture
    name = whole.photos[2].name
    (copy / "dropped.json").write_text(json.dumps([name]))
    camera = whole.photos[0].camera
    (copy / "masks").mkdir(exist_ok=True)
    Image.new("L", (camera.width, camera.height), 255).save((copy / "masks" / whole.photos[0].name).with_suffix(".png"))
    opened = open_capture(Order(copy, tmp_path / "new"))
    assert opened is not None
    assert [photo.name for photo in opened.capture.photos] == [one.name for one in whole.photos if one.name != name]
    assert opened.capture.photos[0].mask is not None
    assert opened.capture.photos[1].mask is None
    assert opened.capture.seen_by[:, 1].max() < len(opened.capture.photos)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[1]"])
def test_a_damaged_list_of_dropped_photos_is_named(copy: Path, text: str) -> None:
    (copy / "dropped.json").write_text(text)
    with pytest.raises(DataError, match="have all photos back"):
        read_capture(copy)


def test_posed_data_is_levelled(copy: Path) -> None:
    upright = read_capture(copy).capture
    turn = np.eye(4)
    turn[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]  # y points down, as COLMAP has it
    fallen = Capture(
        tuple(dataclasses.replace(p, camera_from_world=p.camera_from_world @ turn.T) for p in upright.photos),
        (upright.points @ turn[:3, :3].T).astype(np.float32),
        upright.colours,
    )
    assert levelled(upright) is upright
    raised = levelled(fallen)
    for photo, true in zip(raised.photos, upright.photos, strict=True):
        up = -photo.world_from_camera[:3, 1]
        assert up @ (0, 0, 1) == pytest.approx(-true.world_from_camera[2, 1], abs=0.2)
        pixels, truth = photo.project(raised.points[:20])[0], true.project(upright.points[:20])[0]
        np.testing.assert_allclose(pixels, truth, atol=0.01)

"""What a viewport is told of a scene's photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.geometry.cameras import Pinhole
from engine.run.media import write_media
from engine.splats.album import Album, Page, Sheet
from engine.splats.frames import cameras_of
from engine.splats.toy import looking

if TYPE_CHECKING:
    from engine.api import Cameras


def page(name: str, width: int, height: int, turn: float) -> Page:
    lens = Pinhole(width, height, 300.0, 310.0, width / 2, height / 2)
    sheet = Sheet(np.full((height, width, 3), 90, np.uint8), None, lens)
    return Page(name, torch.from_numpy(looking(turn, 1.0)).float(), (sheet,))


def some_cameras() -> Cameras:
    album = Album((page("b", 320, 200, 0.3), page("c", 200, 320, 1.0)), (page("a", 320, 200, 2.0),))
    return cameras_of("scene/photos", album, {"c": 21.5})


def test_photos_stand_in_the_order_of_their_names() -> None:
    frame = some_cameras()
    assert frame.names == ("a", "b", "c")
    assert frame.held_out.tolist() == [True, False, False]
    assert np.isnan(frame.psnr[:2]).all()
    assert frame.psnr[2] == 21.5
    assert frame.size.tolist() == [[320, 200], [320, 200], [200, 320]]
    assert frame.thumbs.shape == (3, 100, 160, 3)
    assert frame.thumbs.min() == frame.thumbs.max() == 90


def test_a_pose_leads_from_the_camera_to_the_world() -> None:
    poses = some_cameras().poses
    for pose, turn in zip(poses, (2.0, 0.3, 1.0), strict=True):
        np.testing.assert_allclose(pose @ looking(turn, 1.0), np.eye(4), atol=1e-6)


def test_a_run_without_a_window_writes_them_as_transforms(tmp_path: Path) -> None:
    frame = some_cameras()
    written = json.loads(write_media(tmp_path, frame, 7).read_text())["frames"]
    assert [row["file_path"] for row in written] == ["a", "b", "c"]
    matrix = np.array(written[2]["transform_matrix"])
    np.testing.assert_allclose(matrix @ [0, 0, -1, 1], frame.poses[2] @ [0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(matrix[:3, 3], frame.poses[2][:3, 3], atol=1e-6)
    assert (written[2]["fl_x"], written[2]["w"], written[2]["h"]) == (300.0, 200, 320)

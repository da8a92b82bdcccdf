"""transforms.json of nerfstudio, instant-ngp and Blender: lenses, poses, masks, missing files, damage."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.api.errors import DataError
from engine.capture.events import Event, Told
from engine.capture.opening import open_capture
from engine.capture.order import Order
from engine.capture.transforms import read_transforms

SIZE = (64, 48)


def folder(tmp_path: Path, content: dict[str, Any], photos: int = 4, mode: str = "RGB") -> Path:
    for k in range(photos):
        Image.new(mode, SIZE, (40 * k,) * len(mode)).save(tmp_path / f"p{k}.png")
    frames = [{"file_path": f"./p{k}.png", "transform_matrix": pose(k).tolist()} for k in range(4)]
    (tmp_path / "transforms.json").write_text(json.dumps({"frames": frames} | content))
    return tmp_path / "transforms.json"


def pose(k: int) -> np.ndarray:
    world_from_camera = np.eye(4)
    world_from_camera[:3, 3] = (k, 0, 5)
    return world_from_camera


BENT = {"fl_x": 60, "fl_y": 61, "cx": 32, "cy": 24, "w": 64, "h": 48, "k1": 0.1, "k2": 0.0, "p1": 0.001, "p2": 0.0}


def test_opengl_poses_become_opencv_poses(tmp_path: Path) -> None:
    found = read_transforms(folder(tmp_path, {"camera_angle_x": 1.0}))
    image = found.model.images[2]
    ahead = np.linalg.inv(image.camera_from_world)
    assert ahead[:3, 3].tolist() == [1, 0, 5]
    assert ahead[:3, 2].tolist() == [0, 0, -1]  # OpenGL's camera looked along −z
    assert ahead[:3, 1].tolist() == [0, -1, 0]


def test_the_angle_of_view_gives_the_focal_length(tmp_path: Path) -> None:
    found = read_transforms(folder(tmp_path, {"camera_angle_x": 1.0}))
    assert found.model.lenses[1].named["fx"] == pytest.approx(32 / np.tan(0.5))


def test_distortion_is_taken_out(tmp_path: Path) -> None:
    folder(tmp_path, BENT)
    opened = open_capture(Order(tmp_path, tmp_path / "out"))
    assert opened is not None
    photo = opened.capture.photos[0]
    assert photo.path.is_relative_to(tmp_path / "out" / "photos")
    assert photo.pixels().shape == (48, 64, 3)
    assert photo.camera.fx != 60


def test_a_fisheye_is_straightened(tmp_path: Path) -> None:
    folder(tmp_path, BENT | {"camera_model": "OPENCV_FISHEYE", "k3": 0.0, "k4": 0.0})
    opened = open_capture(Order(tmp_path, tmp_path / "out"))
    assert opened is not None
    assert len(opened.capture.photos) == 4


def test_photos_without_distortion_stay_where_they_are(tmp_path: Path) -> None:
    folder(tmp_path, {"camera_angle_x": 1.0})
    opened = open_capture(Order(tmp_path, tmp_path / "out"))
    assert opened is not None
    assert opened.capture.photos[0].path.parent == tmp_path
    assert not (tmp_path / "out").exists()


def test_missing_photos_are_listed_and_skipped(tmp_path: Path) -> None:
    folder(tmp_path, {"camera_angle_x": 1.0}, photos=3)
    told: list[Event] = []
    opened = open_capture(Order(tmp_path, tmp_path / "out"), told.append)
    assert opened is not None
    assert (len(opened.capture.photos), opened.images) == (3, 4)
    assert any("1 photo left out: p3.png" in event.sentence for event in told if isinstance(event, Told))
    assert any("no points" in note for note in opened.capture.notes)


def test_none_of_the_photos_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="None of the 4 photos"):
        read_transforms(folder(tmp_path, {"camera_angle_x": 1.0}, photos=0))


def test_transparent_photos_are_cut_out(tmp_path: Path) -> None:
    folder(tmp_path, {"camera_angle_x": 1.0}, mode="RGBA")
    frames = [{"file_path": f"./p{k}", "transform_matrix": pose(k).tolist()} for k in range(4)]
    (tmp_path / "transforms.json").write_text(json.dumps({"camera_angle_x": 1.0, "frames": frames}))
    opened = open_capture(Order(tmp_path, tmp_path / "out"))
    assert opened is not None
    assert opened.capture.cutout
    assert opened.capture.photos[1].mask_pixels() is not None


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (np.zeros((4, 4)), "singular"),
        (np.diag([1.0, 1, 0, 1]), "singular"),
        (np.full((4, 4), np.nan), "not numbers"),
        (np.diag([3.0, 3, 3, 1]), "scales"),
        (np.eye(2), "shape"),
    ],
)
def test_poses_that_cannot_be_are_a_sentence(tmp_path: Path, matrix: np.ndarray, reason: str) -> None:
    path = folder(tmp_path, {"frames": [{"file_path": "p0.png", "transform_matrix": matrix.tolist()}]})
    with pytest.raises(DataError, match=reason):
        read_transforms(path)


@pytest.mark.parametrize(
    "content",
    [
        {"frames": []},
        {"frames": 3},
        {"frames": [7]},
        {"frames": [{"file_path": 3}]},
        {"frames": [{"file_path": "p0.png", "transform_matrix": "one"}]},
        {"fl_x": -4},
        {"fl_x": "wide"},
        {"fl_x": float("inf")},
        {},
        BENT | {"k1": float("nan")},
        BENT | {"w": 10**12},
    ],
)
def test_hostile_content_is_a_sentence(tmp_path: Path, content: dict) -> None:
    with pytest.raises(DataError):
        read_transforms(folder(tmp_path, content))


def test_a_file_truncated_at_every_length_is_a_sentence(tmp_path: Path) -> None:
    path = folder(tmp_path, {"camera_angle_x": 1.0})
    whole = path.read_text()
    for length in range(0, len(whole), 3):
        path.write_text(whole[:length])
        with pytest.raises(DataError, match="cut off"):
            read_transforms(path)

"""Lenses, posed photos and captures: projection, sizes, pixels, masks, and poses that are refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.api.errors import DataError
from engine.data.photos import photo_size, read_mask, read_photo
from engine.geometry.cameras import Capture, Pinhole, PosedPhoto

LENS = Pinhole(80, 60, 70.0, 72.0, 39.0, 31.0)


def turned(angle: float, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    pose = np.eye(4)
    pose[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    pose[:3, 3] = shift
    return pose


def test_a_projected_point_lies_on_the_ray_of_its_pixel() -> None:
    points = np.array([[0.3, -0.2, 2.0], [-0.5, 0.4, 1.0]])
    pixels, depth = LENS.project(points)
    assert np.allclose(LENS.rays(pixels) * np.linalg.norm(points, axis=1, keepdims=True), points)
    assert np.allclose(depth, [2, 1])
    assert np.isnan(LENS.project(np.array([[0, 0, -1.0]]))[0]).all()


def test_a_resized_lens_sees_the_same() -> None:
    points = np.array([[0.3, -0.2, 2.0]])
    smaller = LENS.scaled(0.25)
    assert (smaller.width, smaller.height) == (20, 15)
    assert np.allclose(smaller.project(points)[0], LENS.project(points)[0] / 4)


def test_a_pose_and_its_inverse() -> None:
    photo = PosedPhoto("a", Path("a.png"), LENS, turned(0.3, (1, 2, 3)))
    assert np.allclose(photo.camera_from_world @ photo.world_from_camera, np.eye(4))
    assert np.allclose(photo.camera_from_world[:3, :3] @ photo.position + photo.camera_from_world[:3, 3], 0)


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (np.full((4, 4), np.nan), "not numbers"),
        (np.diag([1.0, 1, 0, 1]), "singular"),
        (np.diag([2.0, 2, 2, 1]), "scales"),
        (np.diag([1.0, 1, -1, 1]), "mirrors"),
        (np.eye(3), "shape"),
    ],
)
def test_a_pose_that_is_not_rigid_is_refused(pose: np.ndarray, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        PosedPhoto("a", Path("a.png"), LENS, pose)


@pytest.mark.parametrize("numbers", [(0, 60, 70, 70, 1, 1), (80, 60, -1, 70, 1, 1), (80, 60, float("nan"), 70, 1, 1)])
def test_a_lens_that_cannot_be_is_refused(numbers: tuple) -> None:
    with pytest.raises(DataError):
        Pinhole(*numbers)


def test_pixels_are_averaged_over_areas_and_turned_upright(tmp_path: Path) -> None:
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    Image.fromarray(picture).save(tmp_path / "a.png")
    half = read_photo(tmp_path / "a.png", 3, 2).astype(float)
    assert np.abs(half - picture.reshape(2, 2, 3, 2, 3).mean((1, 3))).max() <= 0.5
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "turned.png", exif=exif)
    assert photo_size(tmp_path / "turned.png") == (4, 6)
    assert (read_photo(tmp_path / "turned.png") == np.rot90(picture, -1)).all()


def test_a_mask_is_transparency_or_brightness(tmp_path: Path) -> None:
    alpha = np.zeros((4, 4, 4), np.uint8)
    alpha[:2, :, 3] = 255
    Image.fromarray(alpha).save(tmp_path / "a.png")
    Image.fromarray(alpha[..., 3]).save(tmp_path / "m.png")
    assert (read_mask(tmp_path / "a.png") == read_mask(tmp_path / "m.png")).all()
    photo = PosedPhoto("a", tmp_path / "a.png", Pinhole(2, 2, 1, 1, 1, 1), np.eye(4), tmp_path / "a.png")
    assert (photo.mask_pixels() == [[1, 1], [0, 0]]).all()


def test_every_eighth_photo_is_held_out_by_name() -> None:
    photos = tuple(PosedPhoto(f"{k:02}", Path("x"), LENS, turned(k)) for k in reversed(range(18)))
    capture = Capture(photos, np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8))
    training, held = capture.split(8)
    assert [photo.name for photo in held] == ["00", "08", "16"]
    assert len(training) == 15
    assert capture.split(0)[1] == ()


@pytest.mark.parametrize("damage", ["gone", "cut", "text"])
def test_a_photo_that_cannot_be_read_is_a_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:900])
    else:
        path.write_text("not a photo")
    with pytest.raises(DataError, match=r"a\.jpg"):
        read_photo(path)

"""From photos to poses: exact on a known room, resumed, and with every kind of bad input."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.api.errors import DataError
from engine.capture import work
from engine.capture.events import Event, Finished, Placed, Progress, Stage, Told
from engine.capture.opening import open_capture, read_capture
from engine.capture.order import Order
from tests.capture import room

if TYPE_CHECKING:
    from tests.capture.conftest import Captured


def sentences(told: list[Event]) -> str:
    return "\n".join(event.sentence for event in told if isinstance(event, Told))


def attempt(photos: Path, out: Path) -> list[Event]:
    told: list[Event] = []
    work.carry_out(Order(photos, out, long_side=room.SIZE[0], threads=1), told.append)
    return told


def test_poses_equal_the_truth_after_alignment(captured: Captured) -> None:
    capture = read_capture(captured.out).capture
    found = np.stack([photo.position for photo in sorted(capture.photos, key=lambda photo: photo.name)])
    truth = np.stack([np.linalg.inv(pose)[:3, 3] for pose in captured.truth])
    a, b = found - found.mean(0), truth - truth.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    scale = (s * np.diag(flip)).sum() / (a**2).sum()
    away = np.linalg.norm(scale * a @ (u @ flip @ vt).T - b, axis=1)
    assert away.max() < 0.02  # metres, of a walk of four


def test_up_is_up_and_the_cameras_look_at_the_middle(captured: Captured) -> None:
    capture = read_capture(captured.out).capture
    up = np.mean([-photo.world_from_camera[:3, 1] for photo in capture.photos], axis=0)
    assert up[2] > 0.9
    assert np.mean([np.linalg.norm(photo.position) for photo in capture.photos]) == pytest.approx(1.0, abs=0.1)


def test_points_project_onto_their_colours(captured: Captured) -> None:
    capture = read_capture(captured.out).capture
    photo = capture.photos[3]
    rows = capture.seen_by[capture.seen_by[:, 1] == 3, 0]
    at = photo.project(capture.points[rows])[0].astype(int)
    inside = (at >= 0).all(1) & (at < (photo.camera.width, photo.camera.height)).all(1)
    pixels = photo.pixels()[at[inside, 1], at[inside, 0]].astype(float)
    assert np.abs(pixels - capture.colours[rows][inside]).mean() < 20


def test_every_stage_is_told_and_cameras_appear_one_after_the_other(captured: Captured) -> None:
    stages = [event.stage for event in captured.told if isinstance(event, Progress)]
    assert list(dict.fromkeys(stages)) == [stage for stage in Stage if stage is not Stage.FRAMES]
    counts = [len(event.names) for event in captured.told if isinstance(event, Placed)]
    assert counts == sorted(counts)
    assert counts[-1] == 7
    finished = captured.told[-1]
    assert isinstance(finished, Finished)
    assert (finished.registered, finished.images) == (7, 7)


def test_a_broken_off_capture_goes_on_and_ends_alike(captured: Captured, begun: Callable[[], Captured]) -> None:
    second = begun()
    work.carry_out(second.order(second.out), second.told.append)
    first, again = (read_capture(place.out).capture for place in (captured, second))
    assert (first.points == again.points).all()
    finished = second.told[-1]
    assert isinstance(finished, Finished)
    assert finished.seconds["matches"] < 0.5


def test_a_finished_capture_is_not_made_again(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.capture.opening.capture", lambda *_: pytest.fail("it was made again"))
    opened = open_capture(captured.order(captured.out))
    assert opened is not None
    assert len(opened.capture.photos) == 7


def test_odd_photos_among_good_ones(captured: Captured, tmp_path: Path) -> None:
    """A turned one, one of another size, one with a mask; a truncated one, a text, and one that is deleted in mid-run."""
    photos = tmp_path / "in"
    shutil.copytree(captured.photos, photos)
    turn(photos / "photo_3.jpg")
    Image.open(photos / "photo_4.jpg").resize((240, 180), Image.Resampling.LANCZOS).save(
        photos / "photo_4.jpg", quality=95
    )
    (photos / "photo_0.jpg").write_bytes((photos / "photo_0.jpg").read_bytes()[:4000])
    (photos / "notes.jpg").write_text("not a photo")
    half = np.zeros((room.SIZE[1], room.SIZE[0]), np.uint8)
    half[:, 160:] = 255
    (tmp_path / "own masks").mkdir()
    Image.fromarray(half).save(tmp_path / "own masks" / "photo_2.png")
    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        if isinstance(event, Progress) and event.stage is Stage.MAPPING:
            (photos / "photo_6.jpg").unlink(missing_ok=True)

    order = Order(photos, tmp_path / "out", long_side=room.SIZE[0], threads=1, masks=tmp_path / "own masks")
    work.carry_out(order, tell)
    finished = told[-1]
    assert isinstance(finished, Finished)
    assert (finished.registered, finished.images) == (5, 8)
    assert all(words in sentences(told) for words in ("notes.jpg", "photo_0.jpg", "There is no photo"))
    by_name = {photo.name: photo for photo in read_capture(tmp_path / "out").capture.photos}
    assert set(by_name) == {f"photo_{k}.jpg" for k in (1, 2, 3, 4, 5)}
    sizes = {name: (photo.camera.width, photo.camera.height) for name, photo in by_name.items()}
    assert sizes == dict.fromkeys(by_name, room.SIZE) | {"photo_4.jpg": (240, 180)}
    mask = by_name["photo_2.jpg"].mask_pixels()
    assert mask is not None
    assert mask[:, :150].max() < 0.1
    assert mask[:, 170:].min() > 0.9
    assert by_name["photo_1.jpg"].mask is None


def turn(path: Path) -> None:
    """Lies on its side, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)


# Bad input --------------------------------------------------------------------------------------------------


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="no photos"):
        attempt(tmp_path / "in", tmp_path / "out")


def test_two_photos(tmp_path: Path) -> None:
    room.write_photos(tmp_path / "in", 2)
    with pytest.raises(DataError, match="2 photos are too few"):
        attempt(tmp_path / "in", tmp_path / "out")


def test_unrelated_photos(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for k in range(4):
        Image.fromarray(room.photograph(room.poses(4)[k], seed=k + 5)).save(tmp_path / "in" / f"{k}.png")
    with pytest.raises(DataError, match="nothing in common"):
        attempt(tmp_path / "in", tmp_path / "out")


def test_identical_photos(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    picture = Image.fromarray(room.photograph(room.poses(3)[1]))
    for k in range(4):
        picture.save(tmp_path / "in" / f"{k}.png")
    with pytest.raises(DataError, match="nearly the same"):
        attempt(tmp_path / "in", tmp_path / "out")


def test_photos_without_texture(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for k in range(4):
        Image.new("RGB", (64, 48), (40 * k, 90, 90)).save(tmp_path / "in" / f"{k}.png")
    with pytest.raises(DataError, match="No camera could be placed"):
        attempt(tmp_path / "in", tmp_path / "out")


def test_a_full_disk_ends_with_nothing_half_written(
    begun: Callable[[], Captured], monkeypatch: pytest.MonkeyPatch
) -> None:
    second = begun()

    def full(path: Path, data: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.capture.straighten._write", full)
    with pytest.raises(OSError, match="No space"):
        work.carry_out(second.order(second.out), second.told.append)
    assert not (second.out / "capture.json").exists()

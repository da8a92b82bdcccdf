"""COLMAP models: round trips, both kinds of file, and files that are cut off, hostile or damaged."""

import struct
from pathlib import Path

import numpy as np
import pytest

from engine.api.errors import DataError
from engine.capture.colmap import FILES, read_model, write_model
from engine.capture.lenses import Lens
from engine.capture.model import ModelImage, SparseModel, pose_of, quaternion_of

LENS = Lens("SIMPLE_RADIAL", 80, 60, (70.0, 40.0, 30.0, 0.01))


def made(points: int = 5) -> SparseModel:
    rng = np.random.default_rng(0)
    images = {
        k: ModelImage(f"folder/photo {k}.jpg", 1, pose_of(rng.standard_normal(4), rng.standard_normal(3)))
        for k in (1, 3)
    }
    places = rng.standard_normal((points, 3)).astype(np.float32)
    colours = rng.integers(0, 256, (points, 3), dtype=np.uint8)
    seen = np.stack([np.repeat(np.arange(points), 2), np.tile([1, 3], points)], 1)
    return SparseModel({1: LENS}, images, places, colours, seen)


def as_text(folder: Path) -> None:
    folder.mkdir()
    (folder / "cameras.txt").write_text("# a comment\n7 PINHOLE 80 60 70 71 40 30\n2 OPENCV 8 6 7 7 4 3 .1 0 0 0\n")
    (folder / "images.txt").write_text(
        "# two lines each\n1 1 0 0 0 .5 0 2 7 a b.jpg\n1.5 2 -1 3 4 7\n2 0 1 0 0 0 0 1 2 c.jpg\n\n"
    )
    (folder / "points3D.txt").write_text("7 1 2 3 255 0 9 0.5 1 0 2 1\n")


def same(first: SparseModel, second: SparseModel) -> bool:
    return (
        first.lenses == second.lenses
        and (first.points == second.points).all()
        and (first.colours == second.colours).all()
        and sorted(map(tuple, first.seen_by)) == sorted(map(tuple, second.seen_by))
        and all(
            first.images[k].name == image.name
            and np.allclose(first.images[k].camera_from_world, image.camera_from_world)
            for k, image in second.images.items()
        )
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_model(tmp_path, made())
    assert same(read_model(tmp_path), made())


def test_a_model_without_points_is_read(tmp_path: Path) -> None:
    write_model(tmp_path, made())
    (tmp_path / "points3D.bin").unlink()
    found = read_model(tmp_path)
    assert len(found.points) == 0
    assert len(found.images) == 2


def test_text_is_read(tmp_path: Path) -> None:
    as_text(tmp_path / "m")
    found = read_model(tmp_path / "m")
    assert found.images[1].name == "a b.jpg"
    assert found.images[2].camera_from_world[:3, 3].tolist() == [0, 0, 1]
    assert found.points.tolist() == [[1, 2, 3]]
    assert found.seen_by.tolist() == [[0, 1], [0, 2]]
    assert found.lenses[2].model == "OPENCV"


def test_colmap_itself_reads_what_is_written(tmp_path: Path) -> None:
    pycolmap = pytest.importorskip("pycolmap")
    write_model(tmp_path, made())
    found = pycolmap.Reconstruction(tmp_path)
    assert (found.num_reg_images(), found.num_points3D(), found.compute_num_observations()) == (2, 5, 10)


@pytest.mark.parametrize("name", FILES)
def test_a_binary_file_truncated_at_every_length_is_a_sentence(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, made())
    path = tmp_path / f"{name}.bin"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"(ends in the middle|does not end|no images)"):
            read_model(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_text_file_truncated_at_every_length_is_read_or_is_a_sentence(tmp_path: Path, name: str) -> None:
    as_text(tmp_path / "m")
    path = tmp_path / "m" / f"{name}.txt"
    whole = path.read_text()
    sentences = []
    for length in range(len(whole)):
        path.write_text(whole[:length])
        try:
            read_model(tmp_path / "m")
        except DataError as error:
            sentences.append(str(error))
    assert len(sentences) > len(whole) // 3
    assert not any("\n" in sentence for sentence in sentences)


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes_are_read_or_are_a_sentence(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, made())
    path = tmp_path / f"{name}.bin"
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            read_model(tmp_path)
        except DataError:
            continue


@pytest.mark.parametrize("name", FILES)
def test_a_billion_records_in_a_small_file_take_no_memory(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, made())
    (tmp_path / f"{name}.bin").write_bytes(struct.pack("<Q", 10**9) + b"\0" * 200)
    with pytest.raises(DataError, match="ends in the middle"):
        read_model(tmp_path)


@pytest.mark.parametrize(("quaternion", "reason"), [((0, 0, 0, 0), "numbers"), ((np.nan, 0, 0, 0), "numbers")])
def test_a_pose_that_cannot_be_is_a_sentence(tmp_path: Path, quaternion: tuple, reason: str) -> None:
    as_text(tmp_path / "m")
    words = " ".join(map(str, quaternion))
    (tmp_path / "m" / "images.txt").write_text(f"1 {words} .5 0 2 7 a.jpg\n\n")
    with pytest.raises(DataError, match=reason):
        read_model(tmp_path / "m")


def test_points_at_infinity_are_left_out(tmp_path: Path) -> None:
    write_model(tmp_path, made())
    path = tmp_path / "points3D.bin"
    record = 51 + 2 * 8  # bytes, with two measurements
    data = bytearray(path.read_bytes())
    struct.pack_into("<d", data, 8 + 2 * record + 8, np.inf)
    path.write_bytes(data)
    found = read_model(tmp_path)
    assert len(found.points) == 4
    assert found.seen_by[:, 0].max() == 3


def test_a_quaternion_and_its_pose_belong_together() -> None:
    rng = np.random.default_rng(2)
    for quaternion in [*rng.standard_normal((20, 4)), np.array([0, 1.0, 0, 0]), np.array([0, 0, 0.6, 0.8])]:
        unit = quaternion / np.linalg.norm(quaternion) * (1 if quaternion[0] >= 0 else -1)
        back = quaternion_of(pose_of(quaternion, np.zeros(3)))
        assert min(np.abs(back - unit).max(), np.abs(back + unit).max()) < 1e-12

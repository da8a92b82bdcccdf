"""Frames of a video: the sharpest of each stretch; what is no video."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.api.errors import DataError
from engine.capture.video import sharpest_frames
from engine.data.photos import read_photo


def write_video(path: Path, frames: int = 24) -> None:
    """Frames of noise, all blurred but each sixth."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, (96, 64))
    rng = np.random.default_rng(0)
    for k in range(frames):
        frame = rng.integers(0, 256, (64, 96, 3), np.uint8)
        writer.write(frame if k % 6 == 4 else cv2.GaussianBlur(frame, (0, 0), 3))
    writer.release()


def test_the_sharpest_of_each_stretch_is_taken(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi")
    told = []
    found = sharpest_frames(
        tmp_path / "v.avi", tmp_path / "frames", 4, 48, lambda done, total: told.append((done, total))
    )
    assert [path.stem for path in found] == ["frame_000004", "frame_000010", "frame_000016", "frame_000022"]
    assert read_photo(found[0]).shape == (32, 48, 3)
    assert told[-1] == (24, 24)


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_is_no_video_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(DataError, match="choose a video"):
        sharpest_frames(tmp_path / "v.mp4", tmp_path / "frames", 4, 48)


def test_a_video_that_is_cut_off_gives_what_it_has_or_a_sentence(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi")
    whole = (tmp_path / "v.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(whole[: len(whole) // 2])
    try:
        assert sharpest_frames(tmp_path / "v.avi", tmp_path / "frames", 4, 48)
    except DataError:
        assert not list((tmp_path / "frames").iterdir())

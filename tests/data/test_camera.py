"""The webcam: absent, failing, and giving pictures; always released."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.api.errors import DataError
from engine.data.camera import Webcam


class FakeDevice:
    """Stands for cv2.VideoCapture: gives `frames`, then fails."""

    def __init__(self, frames: list[np.ndarray], opened: bool = True) -> None:
        self.frames, self.opened, self.released = frames, opened, 0

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self) -> None:
        self.released += 1


def plugged_in(monkeypatch: pytest.MonkeyPatch, device: FakeDevice) -> FakeDevice:
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: device)
    return device


def blue_left() -> np.ndarray:
    """Blue on the left, as OpenCV gives it: BGR."""
    frame = np.zeros((60, 80, 3), np.uint8)
    frame[:, :40, 0] = 255
    return frame


def test_no_camera_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    device = plugged_in(monkeypatch, FakeDevice([], opened=False))
    with Webcam(7) as webcam, pytest.raises(DataError, match="There is no camera 7"):
        webcam.read(8, 3)
    assert device.released == 1
    assert capfd.readouterr().err == ""


def test_a_machine_without_that_camera_says_so_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="There is no camera 97"):
        Webcam(97).read(8, 3)
    assert capfd.readouterr().err == ""


def test_pictures_are_rgb_and_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    device = plugged_in(monkeypatch, FakeDevice([blue_left()]))
    with Webcam(0) as webcam:
        picture = webcam.read(8, 3)
    assert picture.shape == (3, 8, 8)
    assert picture[2, :, -1].min() == 1
    assert picture[0].max() == 0
    assert picture[2, :, 0].max() == 0
    assert device.released == 1


def test_it_is_opened_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: pytest.fail("opened too early"))
    Webcam(0).close()


def test_a_camera_that_stops_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    device = plugged_in(monkeypatch, FakeDevice([blue_left()]))
    webcam = Webcam(0)
    webcam.read(8, 1)
    with pytest.raises(DataError, match="gives no picture"):
        webcam.read(8, 1)
    assert device.released == 1

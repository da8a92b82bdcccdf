"""What the doctor says, from evidence made for each trouble."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.capture.doctor import Evidence, Patient, Trouble, examine
from engine.capture.lenses import Lens
from engine.capture.mapping import Mapped
from engine.capture.model import ModelImage, SparseModel
from engine.capture.motion import SecondMotion

NAMES = tuple(f"p{k}.jpg" for k in range(8))


def model_of(names: tuple[str, ...], spread: float = 1.0, thick: float = 1.0) -> Mapped:
    rng = np.random.default_rng(0)
    images = {}
    for k, name in enumerate(names):
        pose = np.eye(4)
        pose[:3, 3] = (spread * (k - len(names) / 2), 0, 5)
        images[k + 1] = ModelImage(name, 1, pose)
    points = (rng.standard_normal((1000, 3)) * (1, 1, thick)).astype(np.float32)
    lens = Lens("PINHOLE", 80, 60, (70.0, 70.0, 40.0, 30.0))
    return Mapped(
        SparseModel({1: lens}, images, points, np.zeros((1000, 3), np.uint8), np.empty((0, 2), np.int64)), 0.4
    )


def healthy(k: int) -> Patient:
    return Patient(NAMES[k], 800, 600, 3000 + 100 * k, 100.0, f"{(0x9E3779B97F4A7C15 * (k + 1)) % 2**64:016x}")


def evidence(placed: int = 8) -> Evidence:
    patients = tuple(healthy(k) for k in range(8))
    pairs = {(NAMES[i], NAMES[i + 1]): (200, "CALIBRATED") for i in range(placed - 1)}
    return Evidence(patients, pairs, (model_of(NAMES[:placed]),), ())


def troubles(given: Evidence) -> dict[Trouble, tuple[str, ...]]:
    return {finding.trouble: finding.photos for finding in examine(given).findings}


def with_last(given: Evidence, **changes: Any) -> Evidence:
    return replace(given, patients=(*given.patients[:-1], replace(given.patients[-1], **changes)))


def test_a_good_capture_has_no_findings() -> None:
    report = examine(evidence())
    assert report.findings == ()
    assert report.sure > 0.9
    assert "All 8 photos" in report.verdict


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"sharp": 20.0}, Trouble.BLURRED),
        ({"features": 90}, Trouble.PLAIN),
        ({"width": 600, "height": 800}, Trouble.OTHER_SIZE),
        ({"print": healthy(2).print, "features": healthy(2).features}, Trouble.DUPLICATE),
        ({}, Trouble.UNTIED),
    ],
)
def test_why_a_photo_was_not_placed(changes: dict, trouble: Trouble) -> None:
    given = with_last(evidence(7), **changes)
    assert troubles(given) == {trouble: (NAMES[7],)}
    assert examine(given).sure < examine(evidence()).sure


def test_two_parts_that_do_not_hang_together() -> None:
    given = replace(evidence(5), mapped=(model_of(NAMES[:5]), model_of(NAMES[5:])))
    assert troubles(given)[Trouble.OTHER_MODEL] == NAMES[5:]


def test_a_flat_scene_and_a_camera_that_only_turned() -> None:
    assert Trouble.FLAT in troubles(replace(evidence(), mapped=(model_of(NAMES, thick=0.01),)))
    assert Trouble.ROTATION in troubles(replace(evidence(), mapped=(model_of(NAMES, spread=0.005),)))


def test_a_moving_background() -> None:
    moving = replace(evidence(), moving=SecondMotion(14, 40, 60.0, 1.4))
    report = examine(moving)
    assert [finding.trouble for finding in report.findings] == [Trouble.MOVING]
    assert "background" in report.sentences[1]
    assert "Mask" in report.sentences[1]
    assert report.sure < 0.7
    assert examine(replace(evidence(), moving=SecondMotion(2, 40, 14.0, 1.0))).findings == ()


def test_unreadable_files_are_named() -> None:
    assert troubles(replace(evidence(), unread=(("x.jpg", "it is damaged"),))) == {Trouble.UNREADABLE: ("x.jpg",)}


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({}, "nothing in common"),
        ({(NAMES[k], NAMES[k + 1]): (200, "PANORAMIC") for k in range(7)}, "only turned"),
        ({(NAMES[k], NAMES[k + 1]): (40, "UNCALIBRATED") for k in range(7)}, "overlap too little"),
    ],
)
def test_why_nothing_could_be_placed(pairs: dict, words: str) -> None:
    report = examine(replace(evidence(), mapped=(), pairs=pairs))
    assert words in report.verdict
    assert report.sure == 0


def test_the_report_is_json() -> None:
    report = examine(with_last(evidence(7), sharp=20.0))
    assert json.loads(json.dumps(report.as_json()))["findings"][0]["trouble"] == "blurred"

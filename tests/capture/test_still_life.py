"""The scene that ships: small enough, whole, and with a true pose for each photo."""

import json

import numpy as np

from engine.capture.intake import Kind, find_photos, kind_of
from engine.geometry.cameras import why_not_rigid
from tests.bench.figures import ROOT

FOLDER = ROOT / "assets" / "scenes" / "still_life"


def test_forty_photos_of_one_lens_in_three_megabytes() -> None:
    photos, skipped = find_photos(FOLDER)
    assert (len(photos), skipped) == (40, [])
    assert len({photo.group for photo in photos}) == 1
    assert sum(photo.path.stat().st_size for photo in photos) <= 3_000_000


def test_a_capture_takes_it_as_photos_and_never_sees_the_truth() -> None:
    assert kind_of(FOLDER) is Kind.PHOTOS


def test_each_photo_has_a_true_pose() -> None:
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    assert set(truth["camera_from_world"]) == {photo.name for photo in find_photos(FOLDER)[0]}
    assert all(why_not_rigid(np.array(pose)) == "" for pose in truth["camera_from_world"].values())

"""Whether something moves by itself, on matches made for it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.capture.features import Features
from engine.capture.lenses import Lens
from engine.capture.model import ModelImage, SparseModel
from engine.capture.motion import SecondMotion, second_motion
from tests.capture import room

LENS = Lens("PINHOLE", *room.SIZE, (room.FOCAL, room.FOCAL, room.SIZE[0] / 2, room.SIZE[1] / 2))
COUNT = 4


def looked_at(still: int, chance: int, seed: int) -> SecondMotion:
    """Four photos of 80 things that turn with the cameras, `still` on a wall that does not, and `chance` false matches."""
    rng = np.random.default_rng(seed)
    poses = room.poses(COUNT)
    images = {k: ModelImage(f"{k}", 1, pose) for k, pose in enumerate(poses)}
    things = rng.uniform((-0.8, -0.8, 0), (0.8, 0.8, 1), (80, 3))
    wall = rng.uniform((10, 10), (310, 90), (still, 2))
    features = {}
    for k, pose in enumerate(poses):
        seen = (things @ pose[:3, :3].T + pose[:3, 3]) @ room.LENS.T
        places = [seen[:, :2] / seen[:, 2:], wall + k * np.array([2, 12]), rng.uniform((0, 0), room.SIZE, (chance, 2))]
        everything = np.concatenate(places).astype(np.float32)
        ones = np.ones(len(everything), np.float32)
        features[f"{k}"] = Features(everything, ones, ones, np.zeros((len(everything), 128), np.float32))
    index = np.stack([np.arange(80 + still + chance)] * 2, 1)
    matches = {(f"{i}", f"{j}"): index for i in range(COUNT) for j in range(i + 1, COUNT)}
    nothing = np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty((0, 2), np.int64)
    return second_motion(features, matches, SparseModel({1: LENS}, images, *nothing), seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_wall_that_stands_still_is_found(seed: int) -> None:
    found = looked_at(40, 20, seed)
    assert found.tried == 6
    assert found.share > 0.7
    assert found.rim > 1


@pytest.mark.parametrize("seed", range(3))
def test_false_matches_are_no_motion(seed: int) -> None:
    assert looked_at(0, 60, seed).share == 0

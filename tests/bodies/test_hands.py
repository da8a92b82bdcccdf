"""Fitting a body with fingers: its keypoints, OpenPose's files, and hands that are found again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.api.errors import DataError
from engine.bodies.files import body_with_fingers
from engine.bodies.fitting import Fit, Seen, fit_keypoints, in_camera, projected, reprojection
from engine.bodies.keypoint_body import COCO, HAND, NAMES, keypoints_with_hands
from engine.bodies.keypoints import read_keypoints
from engine.bodies.layouts import SMPLH
from engine.bodies.model import posed_joints
from engine.bodies.prior import default_prior


def person() -> np.ndarray:
    """Unknowns of somebody three metres away, one hand half closed."""
    unknowns = np.zeros(169)
    unknowns[:6] = 0.0, 0.1, 3.0, 0.0, 0.3, 0.0
    unknowns[6:69] = default_prior().means[0]
    unknowns[79:124].reshape(15, 3)[:12, 2] = -0.5
    return unknowns


def seen_of(unknowns: np.ndarray) -> Seen:
    body, camera = keypoints_with_hands(), Seen(np.zeros((59, 2)), np.ones(59), 1500.0, (500.0, 500.0))
    points = projected(in_camera(body, torch.from_numpy(unknowns[None])), camera)[0].numpy()
    return Seen(points, camera.confidence, camera.focal, camera.centre)


def test_finger_keypoints_are_the_joints_and_tips_lie_beyond() -> None:
    body, fit = keypoints_with_hands(), Fit(person(), 0.0)
    points = body(fit.betas[None], fit.pose[None])[0]
    assert len(points) == len(NAMES) == COCO + 2 * HAND
    assert NAMES[COCO + HAND + 8] == "right_index4"
    joints = posed_joints(body_with_fingers().to(torch.float64), fit.betas[None], fit.pose[None])[0]
    for place, finger in enumerate(("thumb", "index", "middle", "ring", "pinky")):
        for bone in (1, 2, 3):
            wanted = joints[SMPLH.index(f"right_{finger}{bone}")]
            torch.testing.assert_close(points[COCO + HAND + 4 * place + bone], wanted, atol=1e-6, rtol=0)
        tip = points[COCO + HAND + 4 * place + 4] - joints[SMPLH.index(f"right_{finger}3")]
        assert 0.01 < float(tip.norm()) < 0.05


def test_hands_are_found_from_their_keypoints() -> None:
    body, truth = keypoints_with_hands(), person()
    seen = seen_of(truth)
    fit = fit_keypoints(body, seen, default_prior())
    away = reprojection(body, fit, seen)
    assert fit.pose.shape == (52, 3)
    assert away[:COCO].mean() < 2
    assert away[COCO:].mean() < 2


def openpose(seen: Seen) -> dict[str, list[dict[str, list[float]]]]:
    """The file that OpenPose would write of these keypoints."""
    order = (0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11)
    rows = np.concatenate([seen.points, seen.confidence[:, None]], 1)
    body = np.zeros((25, 3))
    body[list(order)] = rows[:COCO]
    hands = {
        f"hand_{side}_keypoints_2d": rows[first : first + HAND].ravel().tolist()
        for side, first in (("left", COCO), ("right", COCO + HAND))
    }
    return {"people": [{"pose_keypoints_2d": body.ravel().tolist(), **hands}]}


def test_a_file_of_openpose_is_read_with_its_hands(tmp_path: Path) -> None:
    wanted = seen_of(person())
    (tmp_path / "points.json").write_text(json.dumps(openpose(wanted)))
    seen, notes = read_keypoints(tmp_path / "points.json", 1000, 1000)
    assert not notes
    np.testing.assert_allclose(seen.points, wanted.points)
    only_body = openpose(wanted)
    del only_body["people"][0]["hand_left_keypoints_2d"], only_body["people"][0]["hand_right_keypoints_2d"]
    (tmp_path / "points.json").write_text(json.dumps(only_body))
    assert len(read_keypoints(tmp_path / "points.json", 1000, 1000)[0].points) == COCO


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ([], "nobody"),
        ([{"pose_keypoints_2d": [1, 2, 1]}], "75 numbers"),
        ([{"pose_keypoints_2d": [0.0] * 75}], "0 keypoints"),
        ([{"pose_keypoints_2d": ["a"] * 75}], "75 numbers"),
        ([{"pose_keypoints_2d": [50.0] * 75, "hand_left_keypoints_2d": [1]}], "63 numbers"),
        ("x", "should hold"),
    ],
)
def test_a_damaged_file_of_openpose_is_one_sentence(people: object, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "points.json").write_text(json.dumps({"people": people}))
    with pytest.raises(DataError, match=sentence):
        read_keypoints(tmp_path / "points.json", 100, 100)

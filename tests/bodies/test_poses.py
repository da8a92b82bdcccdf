"""Named poses, limits and inverse kinematics."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from engine.api.errors import DataError, ParameterError
from engine.bodies.files import default_body
from engine.bodies.layouts import LAYOUTS, MANO, SMPL, SMPLX
from engine.bodies.model import posed_joints
from engine.bodies.poses import POSES, joint_limits, mirrored, named_pose, read_pose, symmetric
from engine.bodies.reaching import make_skeleton, place_joints, reach

if TYPE_CHECKING:
    from pathlib import Path

    from engine.bodies.reaching import Skeleton


def skeleton() -> Skeleton:
    return make_skeleton(SMPL, default_body().joint_template.numpy(), joint_limits(SMPL))


@pytest.mark.parametrize("name", POSES)
def test_every_named_pose_is_within_the_limits_and_for_every_layout(name: str) -> None:
    low, high = joint_limits(SMPL)
    pose = named_pose(name, SMPL).numpy()
    outside = (pose < low - 1e-6) | (pose > high + 1e-6)
    assert not outside.any(), [SMPL.joints[joint] for joint in np.flatnonzero(outside.any(1))]
    assert named_pose(name, SMPLX).shape == (55, 3)
    assert named_pose(name, MANO).abs().sum() == 0


def test_limits_are_ordered_hold_the_rest_pose_and_are_mirror_images() -> None:
    for layout in LAYOUTS.values():
        low, high = joint_limits(layout)
        assert (low <= 0).all()
        assert (high >= 0).all()
        if layout != MANO:
            torch.testing.assert_close(mirrored(torch.tensor(low), layout)[..., 0], torch.tensor(low)[..., 0])
            torch.testing.assert_close(mirrored(torch.tensor(high), layout)[..., 1:], torch.tensor(low)[..., 1:])


def test_a_mirrored_pose_is_the_mirrored_body() -> None:
    rng = torch.Generator().manual_seed(0)
    pose = 0.4 * torch.randn(1, 24, 3, generator=rng)
    model = default_body()
    even = model.joint_template.clone()
    even = 0.5 * (even + even[list(SMPL.mirror)] * torch.tensor([-1.0, 1, 1]))
    model = type(model)(**(vars(model) | {"joint_template": even}))
    there = posed_joints(model, torch.zeros(1, 1), pose)
    back = posed_joints(model, torch.zeros(1, 1), mirrored(pose, SMPL))
    torch.testing.assert_close(back, there[:, list(SMPL.mirror)] * torch.tensor([-1.0, 1, 1]), atol=1e-5, rtol=0)
    both = symmetric(pose[0], SMPL)
    torch.testing.assert_close(mirrored(both, SMPL)[1:], both[1:])


def test_an_unknown_pose_names_a_near_one() -> None:
    with pytest.raises(ParameterError, match="walk"):
        named_pose("wlak", SMPL)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "no JSON"), ("[]", "no pose"), ('{"left_kne": [1,2,3]}', "left_knee"), ('{"left_knee": "x"}', "three numbers"),
        ('{"left_knee": [1, NaN, 3]}', "three numbers"),
    ],
)  # fmt: skip
def test_a_bad_pose_file_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "pose.json").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_pose(tmp_path / "pose.json", SMPL)


def test_a_pose_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "pose.json").write_text(json.dumps({"left_knee": [90, 0, 0]}))
    assert read_pose(tmp_path / "pose.json", SMPL)[4, 0] == pytest.approx(np.pi / 2)


# Inverse kinematics ---------------------------------------------------------------------------------------------------


def test_joints_are_placed_as_the_model_places_them() -> None:
    rng = np.random.default_rng(0)
    pose, translation = rng.normal(0, 0.5, (24, 3)), rng.normal(size=3)
    wanted = posed_joints(
        default_body(), torch.zeros(1, 1), torch.tensor(pose[None]).float(), torch.tensor(translation[None]).float()
    )
    np.testing.assert_allclose(place_joints(skeleton(), pose, translation)[1], wanted[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("end", ["left_wrist", "right_wrist", "left_ankle", "right_ankle", "head"])
def test_an_end_reaches_what_another_pose_reaches(end: str) -> None:
    """Targets are places that a pose within the limits brings the end to, so they can be reached."""
    bones, joint, misses = skeleton(), SMPL.index(end), []
    rng = np.random.default_rng(1)
    for _ in range(10):
        goal = np.clip(rng.normal(0, 0.3, (24, 3)), 0.8 * bones.low, 0.8 * bones.high)
        goal[0] = 0
        _, places = place_joints(bones, goal, np.zeros(3))
        found = reach(bones, named_pose("stand", SMPL).numpy(), np.zeros(3), {joint: places[joint]})
        assert (found.pose >= bones.low - 1e-9).all()
        assert (found.pose <= bones.high + 1e-9).all()
        misses.append(found.miss)
    assert np.median(misses) < 1e-3
    assert max(misses) < 0.03


def test_what_is_out_of_reach_is_pointed_at_and_the_limits_hold() -> None:
    bones, wrist, shoulder = skeleton(), SMPL.index("left_wrist"), SMPL.index("left_shoulder")
    target = np.array([3.0, 0.6, 1.0])
    found = reach(bones, named_pose("stand", SMPL).numpy(), np.zeros(3), {wrist: target}, iterations=60)
    _, places = place_joints(bones, found.pose, found.translation)
    arm, aim = places[wrist] - places[shoulder], target - places[shoulder]
    assert arm @ aim / np.linalg.norm(arm) / np.linalg.norm(aim) > 0.95
    assert ((found.pose >= bones.low - 1e-9) & (found.pose <= bones.high + 1e-9)).all()


def test_the_pelvis_sinks_and_the_pinned_feet_stay() -> None:
    bones, start = skeleton(), named_pose("stand", SMPL).numpy()
    _, places = place_joints(bones, start, np.zeros(3))
    feet = {joint: places[joint] for joint in (SMPL.index("left_ankle"), SMPL.index("right_ankle"))}
    lower = places[0] - np.array([0.0, 0.25, 0.0])
    found = reach(bones, start, np.zeros(3), {0: lower, **feet}, iterations=60)
    _, after = place_joints(bones, found.pose, found.translation)
    np.testing.assert_allclose(after[0], lower, atol=1e-9)
    assert found.miss < 5e-3
    assert found.pose[SMPL.index("left_knee"), 0] > 0.5


def test_there_are_thirty_solutions_a_second() -> None:
    bones, start = skeleton(), named_pose("stand", SMPL).numpy()
    wrist = SMPL.index("left_wrist")
    reach(bones, start, np.zeros(3), {wrist: np.array([0.3, 0.3, 0.4])})
    begun, pose, count = time.perf_counter(), start, 20
    for step in range(count):
        pose = reach(bones, pose, np.zeros(3), {wrist: np.array([0.3, 0.3 + 0.02 * step, 0.4])}).pose
    assert count / (time.perf_counter() - begun) > 30

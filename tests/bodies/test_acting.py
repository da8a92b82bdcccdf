"""Bodies of a scene: sequences on the ground, the exports that are read back, and what dropped files are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from engine.api.body_scenes import Actor, Deed, KeyPose, Shape
from engine.api.errors import DataError, ParameterError
from engine.bodies.acting import Cast, Stance, motion_of, pose_from
from engine.bodies.bvh import write_bvh
from engine.bodies.files import default_body, default_hand, write_model
from engine.bodies.gait import make_motion
from engine.bodies.inspecting import inspect_file
from engine.bodies.layouts import SMPL
from engine.bodies.poses import named_pose
from engine.bodies.readback import export_body

if TYPE_CHECKING:
    from pathlib import Path

STAND = Stance(named_pose("stand", SMPL), torch.zeros(3))


def test_a_sequence_walks_on_the_ground_wherever_its_file_has_it(tmp_path: Path) -> None:
    walk = make_motion("walk", 40)
    for name, up in (("low", 0.0), ("high", 3.0)):
        moved = dataclasses.replace(walk, translation=walk.translation + torch.tensor([5.0, up, -2.0]))
        write_bvh(moved, default_body(), tmp_path / f"{name}.bvh")
    cast = Cast()
    stances = [cast.stance(Actor(sequence=str(tmp_path / f"{name}.bvh")), 0.3) for name in ("low", "high")]
    assert torch.allclose(stances[0].place, stances[1].place, atol=1e-4)
    body = cast.stand(Actor(), stances[0])
    assert abs(body.in_scene(body.posed.vertices[0].numpy())[:, 2].min()) < 0.1


def test_a_gesture_goes_on_from_its_last_motion_until_it_is_let_go() -> None:
    cast, actor, wrist = Cast(), Actor(), SMPL.index("left_wrist")
    body = cast.stand(actor, STAND)
    x, y, z = body.in_scene(body.posed.joints[0, wrist].numpy()).tolist()
    for step in range(1, 9):
        up, miss = cast.pulled(actor, {wrist: (x, y, z + 0.06 * step)}, False, STAND)
        assert miss < 2e-3
    assert (up.turns - STAND.turns).abs().max() > 0.3
    cast.let_go()
    back, _ = cast.pulled(actor, {wrist: (x, y, z)}, False, STAND)
    assert (back.turns - STAND.turns).abs().max() < 1e-3, "it should begin from the stance"


def test_a_preset_stands_on_the_ground_and_an_unknown_one_is_refused() -> None:
    cast = Cast()
    squat = cast.follow(Actor(), Deed(1, "preset", "squat"), STAND)
    body = cast.stand(Actor(), squat)
    assert body.in_scene(body.posed.vertices[0].numpy())[:, 2].min() == pytest.approx(0.0, abs=1e-4)
    with pytest.raises(ParameterError, match="no pose “squad”"):
        cast.follow(Actor(), Deed(1, "preset", "squad"), STAND)


def test_a_model_that_is_gone_is_said_once_and_the_body_that_ships_stands_in() -> None:
    cast = Cast()
    assert cast.model(Actor(model="/nowhere/model.pkl")) is default_body()
    cast.model(Actor(model="/nowhere/model.pkl"))
    assert len(cast.refused) == 1
    assert "no model file" in cast.refused[0]


def test_height_and_weight_are_those_that_were_asked_for() -> None:
    tall, heavy = Cast().size(Actor(shape=Shape(150, 45)))
    assert tall == pytest.approx(1.5, abs=2e-3)
    assert heavy == pytest.approx(45, abs=0.5)
    assert Cast().size(Actor(model="hand"))[1] == 0.0


@pytest.mark.parametrize("ending", [".glb", ".bvh", ".obj", ".ply"])
def test_an_export_says_how_well_it_reads_back(ending: str, tmp_path: Path) -> None:
    squat = Stance(named_pose("squat", SMPL), torch.zeros(3))
    actor = Actor(keys=(KeyPose(0.0, pose_from(STAND)), KeyPose(0.5, pose_from(squat))))
    cast = Cast()
    report = export_body(tmp_path / f"body{ending}", cast.model(actor), motion_of(cast, actor, 0.5))
    assert "read back to under 0.01" in report.words
    assert report.path.stat().st_size > 1000


def test_an_export_to_nowhere_is_refused(tmp_path: Path) -> None:
    cast, actor = Cast(), Actor()
    motion = motion_of(cast, actor, 1.0)
    assert len(motion) == 1, "a body that neither has key frames nor a sequence has one moment"
    with pytest.raises(DataError, match="written as"):
        export_body(tmp_path / "body.fbx", cast.model(actor), motion)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        export_body(tmp_path / "file" / "body.glb", cast.model(actor), motion)


def test_files_are_told_apart(tmp_path: Path) -> None:
    write_model(default_hand(), tmp_path / "hand_right.npz")
    walk = make_motion("walk", 40)
    np.savez(
        tmp_path / "amass.npz",
        poses=walk.poses.numpy().reshape(len(walk), -1),
        trans=walk.translation.numpy(),
        betas=np.zeros(10),
        gender="male",
        mocap_framerate=walk.fps,
    )
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x02cos\nsystem\n(S'true'\ntR.")
    kinds = {
        name: inspect_file(str(tmp_path / name)) for name in ("hand_right.npz", "amass.npz", "other.npz", "bad.pkl")
    }
    assert [row[1] for row in kinds.values()] == ["model", "sequence", "", ""]
    assert "MANO, right hand" in kinds["hand_right.npz"][4]
    assert kinds["amass.npz"][3] == pytest.approx(walk.seconds)
    assert "smpl.is.tue.mpg.de" in kinds["other.npz"][4]
    assert "system" in kinds["bad.pkl"][4]

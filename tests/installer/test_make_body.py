"""The script that makes the bodies, on a small sample; without anny it is only asked what it says then."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import make_body
import pytest

from engine.bodies.files import SHIPPED, default_body, read_model
from engine.bodies.layouts import LAYOUTS, MANO, SMPL, SMPLH

if TYPE_CHECKING:
    from pathlib import Path


def test_without_anny_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "anny", None)
    monkeypatch.setattr(sys, "argv", ["make_body.py", "--samples", "4", "--out", str(tmp_path / "out")])
    assert make_body.main() == 2
    assert "make-body" in capsys.readouterr().err


def test_every_joint_of_a_body_gets_a_bone() -> None:
    for joint in SMPLH.joints:
        bone = {"left_index2": "finger2-2.L", "right_thumb1": "finger1-1.R", "left_knee": "lowerleg01.L"}.get(joint)
        if bone is not None:
            assert make_body.pivot_of(joint, [bone]) == 0
            assert make_body.joint_of(bone, SMPLH) == joint
    assert make_body.joint_of("finger2-2.L", SMPL) == "left_hand"
    assert make_body.joint_of("lowerarm02.R", SMPL) == "right_elbow"
    assert make_body.joint_of("eye.L", SMPL) == "head"


def test_the_shipped_files_are_small_and_of_three_layouts() -> None:
    sizes = [(SHIPPED / name).stat().st_size for name in make_body.FILES.values()]
    assert sum(sizes) < 4.2e6
    assert {read_model(SHIPPED / name).layout for name in make_body.FILES.values()} == {SMPL, SMPLH, MANO}
    assert default_body().keypoint_regressor is not None
    assert default_body().layout is LAYOUTS[24]


@pytest.mark.timeout(400)
def test_a_small_sample_makes_a_body_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anny = pytest.importorskip("anny")
    monkeypatch.setattr(make_body, "VERTICES", 13_000)  # simplifying to less takes the most time
    model = anny.Anny(topology="anny", skinning_method="lbs")
    arrays = make_body.learn_body(model, SMPL, 24, 0)
    make_body.write(tmp_path / "body.npz", SMPL, arrays)
    assert read_model(tmp_path / "body.npz", SMPL).shapes == 24

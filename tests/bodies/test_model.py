"""The SMPL function: equal to the reference, differentiable, each stage what its equation says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.bodies.files import body_with_fingers, default_body, default_hand, model_of
from engine.bodies.layouts import LAYOUTS, MANO, SMPL, SMPLH, SMPLX, Layout
from engine.bodies.model import (
    BodyModel,
    kinematics,
    pose_body,
    pose_offsets,
    posed_joints,
    rest_joints,
    shape_offsets,
    skin,
)
from engine.bodies.rotation import (
    cross_matrix,
    matrix_from_quaternion,
    matrix_from_vector,
    quaternion_from_matrix,
    vector_from_matrix,
)
from tests.bodies.fakes import fake_arrays


def random_body(model: BodyModel, batch: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    draw = torch.randn(batch, model.shapes + 3 * len(model.layout) + 3, generator=rng).to(model.dtype)
    betas, pose, translation = draw.split([model.shapes, 3 * len(model.layout), 3], 1)
    return betas, 0.5 * pose.unflatten(1, (-1, 3)), translation


def reference(model: BodyModel, betas: torch.Tensor, pose: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Vertices and joints by smplx."""
    lbs = pytest.importorskip("smplx.lbs")
    directions = model.directions.unflatten(1, (3, -1)).permute(2, 1, 0)
    posed = model.pose_directions.unflatten(1, (3, -1)).mT.flatten(1)
    parents = torch.tensor(model.layout.parents)
    return lbs.lbs(betas, pose.flatten(1), model.template, directions, posed, model.regressor, parents, model.weights)


@pytest.mark.parametrize(
    ("layout", "vertices", "shapes"), [(SMPL, 6890, 10), (SMPLH, 6890, 16), (SMPLX, 10475, 20), (MANO, 778, 10)]
)
def test_it_equals_smplx_on_files_of_real_size(layout: Layout, vertices: int, shapes: int) -> None:
    model = model_of(fake_arrays(layout, vertices, shapes), "fake.npz")
    betas, pose, translation = random_body(model, 3)
    wanted, wanted_joints = reference(model, betas, pose)
    posed = pose_body(model, betas, pose, translation)
    assert (posed.vertices - wanted - translation[:, None]).abs().max() < 1e-5
    assert (posed.joints - wanted_joints - translation[:, None]).abs().max() < 1e-5


@pytest.mark.parametrize("make", [default_body, body_with_fingers, default_hand])
def test_it_equals_smplx_on_the_bodies_that_ship(make: type) -> None:
    model = make()
    betas, pose, _ = random_body(model, 2)
    wanted, wanted_joints = reference(model, betas, pose)
    posed = pose_body(model, betas, pose)
    assert (posed.vertices - wanted).abs().max() < 1e-5
    assert (posed.joints - wanted_joints).abs().max() < 1e-5


def test_the_whole_class_of_smplx_agrees_too() -> None:
    smplx, utils = pytest.importorskip("smplx"), pytest.importorskip("smplx.utils")
    arrays = fake_arrays(SMPL, 6890)
    arrays["kintree_table"] = arrays["kintree_table"].astype(np.int64)
    layer = smplx.SMPL("unused", data_struct=utils.Struct(**arrays), batch_size=2)
    model = model_of(arrays, "fake.npz")
    betas, pose, translation = random_body(model, 2)
    theirs = layer(
        betas=betas, global_orient=pose[:, 0], body_pose=pose[:, 1:].flatten(1), transl=translation, return_verts=True
    )
    ours = pose_body(model, betas, pose, translation)
    assert (theirs.vertices - ours.vertices).abs().max() < 1e-5
    assert (theirs.joints[:, :24] - ours.joints).abs().max() < 1e-5


def small(layout: Layout = SMPL) -> BodyModel:
    return model_of(fake_arrays(layout, 7, 3), "fake.npz").to(torch.float64)


def test_every_stage_has_the_right_gradient() -> None:
    model = small()
    betas, pose, translation = (part[:1].requires_grad_() for part in random_body(model, 1))
    assert torch.autograd.gradcheck(lambda *x: pose_body(model, *x).vertices, (betas, pose, translation))
    still = torch.zeros(1, 24, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: posed_joints(model, betas, x), (still,))


def test_at_rest_it_is_the_shaped_template() -> None:
    model = small()
    betas, pose, _ = random_body(model, 2)
    posed = pose_body(model, betas, torch.zeros_like(pose))
    torch.testing.assert_close(posed.vertices, model.template + shape_offsets(model, betas))
    assert pose_offsets(model, torch.eye(3, dtype=torch.float64).expand(2, 24, 3, 3)).abs().max() == 0


def test_the_stages_make_the_whole() -> None:
    model = small()
    betas, pose, translation = random_body(model, 2)
    rotations = matrix_from_vector(pose)
    rest = model.template + shape_offsets(model, betas) + pose_offsets(model, rotations)
    joints = model.regressor @ (model.template + shape_offsets(model, betas))
    torch.testing.assert_close(joints, rest_joints(model, betas))
    frames = kinematics(model, rotations, joints, translation)
    torch.testing.assert_close(skin(model, rest, frames, joints), pose_body(model, betas, pose, translation).vertices)


def test_kinematics_by_pointer_jumping_equals_the_chain() -> None:
    for layout in LAYOUTS.values():
        model = small(layout)
        betas, pose, translation = random_body(model, 2)
        rotations, joints = matrix_from_vector(pose), rest_joints(model, betas)
        frames = kinematics(model, rotations, joints, translation)
        for joint, parent in enumerate(layout.parents):
            if parent < 0:
                turn, at = rotations[:, joint], joints[:, joint] + translation
            else:
                turn = frames[:, parent, :3, :3] @ rotations[:, joint]
                bone = (joints[:, joint] - joints[:, parent])[..., None]
                at = frames[:, parent, :3, 3] + (frames[:, parent, :3, :3] @ bone)[..., 0]
            torch.testing.assert_close(frames[:, joint, :3, :3], turn)
            torch.testing.assert_close(frames[:, joint, :3, 3], at)


def test_a_body_turned_as_a_whole_is_the_turned_body() -> None:
    model = small()
    betas, pose, _ = random_body(model, 1)
    pose[:, 0] = 0
    still = pose_body(model, betas, pose)
    pose[:, 0] = torch.tensor([0.3, -1.0, 0.4])
    turn = matrix_from_vector(pose[:, 0])
    root = still.rest_joints[:, :1]
    torch.testing.assert_close(pose_body(model, betas, pose).vertices, (still.vertices - root) @ turn.mT + root)


def test_the_shipped_body_is_a_person() -> None:
    model = default_body()
    height = float(model.template[:, 1].max() - model.template[:, 1].min())
    assert 1.6 < height < 1.85
    assert model.shapes == 24
    names = [model.layout.index(joint) for joint in ("left_wrist", "right_wrist", "head", "left_foot")]
    left, right, head, foot = model.joint_template[names]
    assert left[0] > 0.4 > -0.4 > right[0]
    assert head[1] > 0.4 > -0.4 > foot[1]
    assert foot[2] > model.joint_template[model.layout.index("left_ankle"), 2]  # it looks along +z
    torch.testing.assert_close(model.weights.sum(1), torch.ones(len(model.weights)))
    torch.testing.assert_close(model.regressor @ model.template, model.joint_template)


def test_its_pose_directions_fill_what_linear_blending_loses() -> None:
    model = default_body()
    pose = torch.zeros(1, 24, 3)
    pose[0, model.layout.index("left_elbow"), 1] = -2.0
    posed = pose_body(model, torch.zeros(1, 24), pose)
    lost = skin(model, posed.shaped.expand_as(posed.rest), posed.frames, posed.rest_joints)

    def volume(vertices: torch.Tensor) -> float:
        a, b, c = (vertices[0, model.faces[:, k]] for k in range(3))
        return float((torch.linalg.cross(a, b) * c).sum() / 6)

    rest = volume(model.template[None])
    assert abs(volume(posed.vertices) - rest) < abs(volume(lost) - rest)


def test_rotations_go_there_and_back() -> None:
    vectors = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vectors = (
        vectors / vectors.norm(dim=1, keepdim=True) * torch.linspace(0, 3.14159, 200, dtype=torch.float64)[:, None]
    )
    matrices = matrix_from_vector(vectors)
    torch.testing.assert_close(torch.linalg.matrix_exp(cross_matrix(vectors)), matrices)
    torch.testing.assert_close(vector_from_matrix(matrices), vectors, atol=1e-7, rtol=0)
    torch.testing.assert_close(matrix_from_quaternion(quaternion_from_matrix(matrices)), matrices)
    assert torch.autograd.gradcheck(matrix_from_vector, torch.zeros(2, 3, dtype=torch.float64, requires_grad=True))


def test_mirrored_joints_are_pairs() -> None:
    for layout in LAYOUTS.values():
        assert [layout.mirror[other] for other in layout.mirror] == list(range(len(layout)))
    assert SMPL.mirror[SMPL.index("left_wrist")] == SMPL.index("right_wrist")
    assert SMPL.mirror[SMPL.index("spine2")] == SMPL.index("spine2")

"""Motions: AMASS and BVH in, BVH, glTF, OBJ and PLY out, each read back by a second reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import trimesh

from engine.api.errors import DataError
from engine.bodies.bvh import read_bvh, write_bvh
from engine.bodies.export import still, vertices_of, write_mesh, write_scene
from engine.bodies.files import body_with_fingers, default_body
from engine.bodies.layouts import SMPL, SMPLH
from engine.bodies.model import pose_body, posed_joints
from engine.bodies.motion import Motion, as_layout, read_amass, resampled
from engine.bodies.rotation import matrix_from_vector

if TYPE_CHECKING:
    from pathlib import Path


def walk(frames: int = 7) -> Motion:
    rng = torch.Generator().manual_seed(0)
    poses = 0.4 * torch.randn(frames, 24, 3, generator=rng)
    return Motion(SMPL, poses, torch.randn(frames, 3, generator=rng), 30.0, torch.zeros(24), "walk")


# AMASS ----------------------------------------------------------------------------------------------------------------


def amass(frames: int = 5, joints: int = 52) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    poses = 0.3 * rng.normal(size=(frames, 3 * joints))
    return {
        "poses": poses, "trans": rng.normal(size=(frames, 3)), "betas": rng.normal(size=16),
        "gender": np.array("female"), "mocap_framerate": np.array(120.0), "dmpls": np.zeros((frames, 8)),
    }  # fmt: skip


def test_an_amass_sequence_is_turned_from_z_up_to_y_up(tmp_path: Path) -> None:
    arrays = amass()
    np.savez(tmp_path / "run.npz", **arrays)
    motion = read_amass(tmp_path / "run.npz")
    assert (motion.layout, motion.gender, motion.fps, len(motion)) == (SMPLH, "female", 120.0, 5)
    model = body_with_fingers()
    betas = torch.zeros(5, 1)
    raw = torch.from_numpy(arrays["poses"].reshape(5, 52, 3)).float()
    theirs = posed_joints(model, betas, raw, torch.from_numpy(arrays["trans"]).float())
    ours = posed_joints(model, betas, motion.poses, motion.translation)
    z_up = torch.stack([ours[..., 0], -ours[..., 2], ours[..., 1]], -1)
    shift = (z_up - theirs)[:, :1]
    torch.testing.assert_close(z_up - shift, theirs, atol=1e-5, rtol=0)
    assert (shift - shift[:1]).abs().max() < 1e-5


def test_a_motion_for_another_layout_keeps_the_joints_of_the_same_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", **amass())
    motion = read_amass(tmp_path / "run.npz")
    body = as_layout(motion, SMPL)
    torch.testing.assert_close(body.poses[:, :22], motion.poses[:, :22])
    assert body.poses[:, 22:].abs().max() == 0
    assert len(resampled(body, 60.0)) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"poses": None}, "it has no poses"),
        ({"trans": None}, "it has no trans"),
        ({"mocap_framerate": None}, "it has no mocap_framerate"),
        ({"poses": np.zeros((5, 7))}, "do not fit"),
        ({"trans": np.full((5, 3), np.nan)}, "no table of numbers"),
        ({"trans": np.zeros((4, 3))}, "do not fit"),
        ({"mocap_framerate": np.array(0.0)}, "frames a second"),
        ({"poses": np.array([[{}]], dtype=object)}, "Python objects"),
    ],
)
def test_a_damaged_amass_file_is_one_sentence(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    arrays = {key: value for key, value in (amass() | change).items() if value is not None}
    np.savez(tmp_path / "run.npz", **arrays)
    with pytest.raises(DataError, match=sentence):
        read_amass(tmp_path / "run.npz")


# BVH ------------------------------------------------------------------------------------------------------------------


def second_reader(text: str) -> tuple[list[str], np.ndarray]:  # noqa: C901  # plain on purpose
    """World positions of all named joints, by a reader that shares nothing with ours: explicit matrices, joint by joint."""
    lines, names, offsets, parents = text.splitlines(), [], [], []
    stack: list[int] = []
    channels: list[list[str]] = []
    for line in lines[: lines.index("MOTION")]:
        words = line.split()
        if words[0] in ("ROOT", "JOINT", "End"):
            names.append("" if words[0] == "End" else words[1])
            parents.append(stack[-1] if stack else -1)
            channels.append([])
        elif words[0] == "{":
            stack.append(len(names) - 1)
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "OFFSET":
            offsets.append(np.array(words[1:], float))
        elif words[0] == "CHANNELS":
            channels[-1] = words[2:]
    frames = [np.array(line.split(), float) for line in lines[lines.index("MOTION") + 3 :] if line.strip()]
    places = []
    for values in frames:
        numbers = iter(values)
        world: list[np.ndarray] = []
        for offset, parent, kinds in zip(offsets, parents, channels, strict=True):
            local = np.eye(4)
            local[:3, 3] = offset
            for kind in kinds:
                number, axis = next(numbers), "XYZ".index(kind[0])
                if kind.endswith("position"):
                    local[axis, 3] = number
                else:
                    cosine, sine = np.cos(np.radians(number)), np.sin(np.radians(number))
                    a, b = (axis + 1) % 3, (axis + 2) % 3
                    turn = np.eye(4)
                    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = cosine, -sine, sine, cosine
                    local = local @ turn
            world.append(local if parent < 0 else world[parent] @ local)
        places.append([matrix[:3, 3] for matrix in world])
    keep = [index for index, name in enumerate(names) if name]
    return [names[index] for index in keep], np.array(places)[:, keep]


def test_a_written_bvh_is_read_back_and_by_a_second_reader(tmp_path: Path) -> None:
    model, motion = default_body(), walk()
    write_bvh(motion, model, tmp_path / "walk.bvh")
    joints = posed_joints(model, torch.zeros(7, 1), motion.poses, motion.translation).numpy()
    names, places = second_reader((tmp_path / "walk.bvh").read_text("utf-8"))
    order = [SMPL.index(name) for name in names]
    np.testing.assert_allclose(places / 100, joints[:, order], atol=1e-4)
    again = read_bvh(tmp_path / "walk.bvh", model)
    torch.testing.assert_close(again.translation, motion.translation, atol=1e-4, rtol=0)
    torch.testing.assert_close(matrix_from_vector(again.poses), matrix_from_vector(motion.poses), atol=1e-4, rtol=0)
    assert again.fps == pytest.approx(30, rel=1e-6)


FOREIGN = """HIERARCHY
ROOT mixamorig:Hips
{{ OFFSET 0 0 0 CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT Tail {{ OFFSET 0 0 -9 CHANNELS 3 Zrotation Yrotation Xrotation End Site {{ OFFSET 0 0 -9 }} }}
  JOINT mixamorig:LeftUpLeg {{ OFFSET 9 -5 0 CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:LeftLeg {{ OFFSET 0 -45 0 CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:LeftFoot {{ OFFSET 0 -42 0 CHANNELS 3 Zrotation Yrotation Xrotation End Site {{ OFFSET 0 -5 12 }} }} }} }}
  JOINT mixamorig:RightUpLeg {{ OFFSET -9 -5 0 CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:RightLeg {{ OFFSET 0 -45 0 CHANNELS 3 Zrotation Yrotation Xrotation End Site {{ OFFSET 0 -42 0 }} }} }}
  JOINT {spine} {{ OFFSET 0 12 0 CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:LeftArm {{ OFFSET 18 30 0 CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:LeftForeArm {{ OFFSET 0 -28 0 CHANNELS 3 Zrotation Yrotation Xrotation
        JOINT mixamorig:LeftHand {{ OFFSET 0 -25 0 CHANNELS 3 Zrotation Yrotation Xrotation End Site {{ OFFSET 0 -9 0 }} }} }} }}
    JOINT mixamorig:RightArm {{ OFFSET -18 30 0 CHANNELS 3 Zrotation Yrotation Xrotation End Site {{ OFFSET 0 -28 0 }} }} }}
}}
MOTION
Frames: 1
Frame Time: 0.0333333
{frame}
"""


def test_a_foreign_skeleton_with_hanging_arms_and_a_tail_moves_ours(tmp_path: Path) -> None:
    frame = ["0"] * 6 + ["0"] * 3 * 11
    frame[1] = "92"
    frame[6 + 3 * 8 + 2] = "-90"  # the left forearm turned forwards about x
    (tmp_path / "foreign.bvh").write_text(FOREIGN.format(spine="mixamorig:Spine", frame=" ".join(frame)))
    motion = read_bvh(tmp_path / "foreign.bvh", default_body())
    assert "Tail" in motion.note
    joints = posed_joints(default_body(), torch.zeros(1, 1), motion.poses, motion.translation)[0]

    def direction(start: str, end: str) -> torch.Tensor:
        bone = joints[SMPL.index(end)] - joints[SMPL.index(start)]
        return bone / bone.norm()

    down, forwards = torch.tensor([0.0, -1, 0]), torch.tensor([0.0, 0, 1])
    assert direction("left_shoulder", "left_elbow") @ down > 0.99
    assert direction("left_elbow", "left_wrist") @ forwards > 0.99
    assert direction("left_hip", "left_knee") @ down > 0.99
    assert 0.6 < float(joints[0, 1]) < 1.2  # centimetres of the file became metres of ours


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no BVH"),
        ("HIERARCHY ROOT a { OFFSET 0 0 0", "cut short"),
        (FOREIGN.format(spine="x", frame="0 0"), "damaged"),
        (FOREIGN.format(spine="x", frame="nan " * 39), "damaged"),
        (FOREIGN.format(spine="x", frame="0 " * 39).replace("LeftLeg", "Wheel"), "could be the left knee; it has"),
        ("HIERARCHY " + "ROOT a { OFFSET 0 0 0 CHANNELS 0 " * 3000, "damaged"),
    ],
)
def test_a_bad_bvh_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "bad.bvh").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_bvh(tmp_path / "bad.bvh", default_body())


# glTF and meshes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".glb", ".gltf"])
def test_a_scene_passes_two_readers_and_moves_as_the_body_does(ending: str, tmp_path: Path) -> None:
    pygltflib = pytest.importorskip("pygltflib")
    model, motion = default_body(), walk()
    path = tmp_path / f"walk{ending}"
    write_scene(path, model, motion)
    scene: Any = trimesh.load(path)
    (mesh,) = scene.geometry.values()
    np.testing.assert_allclose(mesh.vertices, model.template.numpy(), atol=1e-6)
    assert len(mesh.faces) == len(model.faces)

    file = pygltflib.GLTF2().load(str(path))
    assert [file.nodes[joint].name for joint in file.skins[0].joints] == list(SMPL.joints)
    blob = file.binary_blob() or file.get_data_from_buffer_uri(file.buffers[0].uri)

    def array(index: int, kind: str, width: int) -> np.ndarray:
        accessor = file.accessors[index]
        start = file.bufferViews[accessor.bufferView].byteOffset
        return np.frombuffer(blob, kind, accessor.count * width, start).reshape(accessor.count, width)

    # Skinning by hand from what stands in the file, at the last frame.
    frame, animation = len(motion) - 1, file.animations[0]
    matrices: list[np.ndarray] = []
    for joint in range(24):
        x, y, z, w = array(animation.samplers[joint + 1].output, "<f4", 4)[frame]
        local = np.eye(4)
        local[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
        moved = array(animation.samplers[0].output, "<f4", 3)[frame] if joint == 0 else file.nodes[joint].translation
        local[:3, 3] = moved
        parent = SMPL.parents[joint]
        matrices.append(local if parent < 0 else matrices[parent] @ local)
    bind = array(file.skins[0].inverseBindMatrices, "<f4", 16).reshape(-1, 4, 4).transpose(0, 2, 1)
    skins = np.stack(matrices) @ bind
    attributes = file.meshes[0].primitives[0].attributes
    names, weights = array(attributes.JOINTS_0, "<u2", 4), array(attributes.WEIGHTS_0, "<f4", 4)
    points = np.concatenate([array(attributes.POSITION, "<f4", 3), np.ones((len(names), 1))], 1)
    placed = np.einsum("vk,vkij,vj->vi", weights, skins[names], points)[:, :3]
    posed = pose_body(model, torch.zeros(1, 24), motion.poses[frame:], motion.translation[frame:])
    from engine.bodies.model import skin

    linear = skin(model, posed.shaped.expand_as(posed.rest), posed.frames, posed.rest_joints)[0].numpy()
    assert np.abs(placed - linear).mean() < 1e-4  # a few vertices have more than four joints


@pytest.mark.parametrize("ending", [".obj", ".ply"])
def test_a_mesh_is_read_back(ending: str, tmp_path: Path) -> None:
    model = default_body()
    motion = still(model, torch.zeros(24, 3), torch.zeros(24))
    write_mesh(tmp_path / f"body{ending}", vertices_of(model, motion), model.faces.numpy())
    mesh: Any = trimesh.load(tmp_path / f"body{ending}", process=False)
    np.testing.assert_allclose(mesh.vertices, model.template.numpy(), atol=1e-5)
    assert len(mesh.faces) == len(model.faces)


def test_another_ending_is_one_sentence(tmp_path: Path) -> None:
    model = default_body()
    with pytest.raises(DataError, match=r"\.obj or \.ply"):
        write_mesh(tmp_path / "body.fbx", model.template.numpy(), model.faces.numpy())
    with pytest.raises(DataError, match=r"\.glb or \.gltf"):
        write_scene(tmp_path / "body.fbx", model, walk())

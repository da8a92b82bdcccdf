"""Makes the bodies that ship in assets/bodies: `pip install -e .[make-body]`, then `python installer/make_body.py`.

Bodies of all ages are drawn from anny (Brégier et al. 2025, arXiv:2511.03589; Apache-2.0 code over CC0 MakeHuman data), turned into a
T-pose, and a model in the SMPL file format is learned from them: one with 24 joints, one with fingers (SMPL-H), one hand (MANO).
Only anny's own topology is used: its `smpl` and `smplx` topologies would download data for non-commercial use.
The same seed gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.bodies.dual import blended_motions  # noqa: E402  # the script runs from anywhere
from engine.bodies.layouts import KEYPOINTS, MANO, SMPL, SMPLH, Layout  # noqa: E402
from engine.bodies.learning import point_regressor, pose_basis, shape_basis, shape_errors  # noqa: E402
from engine.bodies.rotation import matrix_from_vector, rotation_between  # noqa: E402
from engine.geometry.simplify import simplify  # noqa: E402

VERTICES = 7000
SHAPES = {SMPL.name: 24, SMPLH.name: 24, MANO.name: 10}
FILES = {SMPL.name: "body.npz", SMPLH.name: "body_with_fingers.npz", MANO.name: "hand.npz"}
FROM_ANNY = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # z up, facing −y, to y up, facing +z

_PIVOTS = {
    "pelvis": "root", "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot", "foot": "toe3-1", "spine1": "spine04",
    "spine2": "spine03", "spine3": "spine02", "neck": "neck01", "head": "head", "collar": "clavicle",
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "hand": "finger3-1",
}  # fmt: skip
_FINGERS = {"thumb": "finger1", "index": "finger2", "middle": "finger3", "ring": "finger4", "pinky": "finger5"}
_MERGED = (
    ("upperleg", "hip"), ("lowerleg", "knee"), ("foot", "ankle"), ("toe", "foot"), ("clavicle", "collar"),
    ("shoulder", "collar"), ("upperarm", "shoulder"), ("lowerarm", "elbow"), ("wrist", "wrist"),
    ("metacarpal", "wrist"), ("finger", "hand"), ("neck", "neck"), ("spine04", "spine1"), ("spine03", "spine2"),
    ("spine02", "spine3"), ("spine01", "spine3"), ("spine05", "pelvis"), ("root", "pelvis"), ("pelvis", "pelvis"),
)  # fmt: skip


@dataclass(frozen=True)
class Rig:
    """What of anny a layout uses: the bone whose head is each joint's pivot, and each vertex's weights merged over its joints."""

    layout: Layout
    pivots: list[int]
    weights: torch.Tensor  # [V, J]


@dataclass(frozen=True)
class Sample:
    """Registered bodies in anny's rest pose, z up, in metres."""

    vertices: torch.Tensor  # [N, V, 3]
    heads: torch.Tensor  # [N, bones, 3]
    adult: np.ndarray  # [N]


def joint_of(bone: str, layout: Layout) -> str:
    """The joint that a bone of anny is merged into."""
    stem, _, suffix = bone.partition(".")
    side = {"L": "left_", "R": "right_"}.get(suffix, "")
    for finger, prefix in _FINGERS.items():
        named = f"{side}{finger}{stem[-1:]}"
        if stem.startswith(f"{prefix}-") and named in layout.joints:
            return named
    joint = next((joint for prefix, joint in _MERGED if stem.startswith(prefix)), "head")
    return joint if joint in layout.joints else side + joint


def pivot_of(joint: str, labels: list[str]) -> int:
    """The bone of anny that begins where a joint is."""
    side, line, stem = joint.partition("_")
    stem, suffix = (stem, f".{side[0].upper()}") if line else (side, "")
    finger = next((prefix for name, prefix in _FINGERS.items() if stem.startswith(name)), None)
    return labels.index((f"{finger}-{stem[-1]}" if finger else _PIVOTS[stem]) + suffix)


def make_rig(anny: Any, layout: Layout) -> Rig:
    """Merges anny's bones into the joints of a layout of a whole body."""
    labels = list(anny.bone_labels)
    group = torch.tensor([layout.index(joint_of(bone, layout)) for bone in labels])
    weights = torch.zeros(len(anny.template_vertices), len(layout))
    weights.scatter_add_(1, group[anny.vertex_bone_indices], anny.vertex_bone_weights.float())
    return Rig(layout, [pivot_of(joint, labels) for joint in layout.joints], weights / weights.sum(1, keepdim=True))


def draw_bodies(anny: Any, count: int, seed: int) -> Sample:
    """Half adults of usual height, half anybody from a newborn to the old, tall or short."""
    labels = list(anny.phenotype_labels)
    draws = torch.rand(count, len(labels), generator=torch.Generator().manual_seed(seed))
    adult = torch.arange(count) % 2 == 0
    age, height = labels.index("age"), labels.index("height")
    draws[:, age] = torch.where(adult, 0.5 + 0.5 * draws[:, age], -1 / 3 + 4 / 3 * draws[:, age])
    draws[:, height] = torch.where(adult, 0.15 + 0.6 * draws[:, height], draws[:, height])
    vertices, heads = [], []
    with torch.no_grad():
        for part in draws.split(20):
            rest = anny(phenotype_kwargs=part)
            vertices.append(rest["rest_vertices"].float())
            heads.append(rest["rest_bone_heads"].float())
    return Sample(torch.cat(vertices), torch.cat(heads), adult.numpy())


def stretch_arms(rig: Rig, joints: torch.Tensor) -> torch.Tensor:
    """The turn of every joint, in the world, that brings both arms and hands onto the x axis. `[N, J, 3, 3]`."""
    layout = rig.layout
    turns = torch.eye(3).repeat(len(joints), len(layout), 1, 1)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fingertip = "hand" if f"{side}_hand" in layout.joints else "middle1"
        chain = [layout.index(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist", fingertip)]
        for joint, child in pairwise(chain):
            along = torch.tensor([sign, 0.0, 0.0]).expand(len(joints), 3)
            turns[:, joint] = rotation_between(joints[:, child] - joints[:, joint], along)
        beyond = {chain[2]}  # the hand stays as it is: every finger turns with the wrist
        for joint, parent in enumerate(layout.parents):
            if parent in beyond:
                beyond.add(joint)
                turns[:, joint] = turns[:, parent]
    return turns


def turned(rig: Rig, vertices: torch.Tensor, joints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Bodies and joints in the T-pose, y up, the pelvis at the origin."""
    turns, placed = stretch_arms(rig, joints), [joints[:, 0]]
    for joint, parent in enumerate(rig.layout.parents[1:], 1):
        placed.append(placed[parent] + (turns[:, parent] @ (joints[:, joint] - joints[:, parent])[..., None])[..., 0])
    at = torch.stack(placed, 1)
    shift = at - (turns @ joints[..., None])[..., 0]
    blended = torch.einsum("vj,njk->nvk", rig.weights, turns.flatten(2)).unflatten(2, (3, 3))
    moved = (blended @ vertices[..., None])[..., 0] + torch.einsum("vj,njk->nvk", rig.weights, shift)
    return (moved - at[:, :1]) @ FROM_ANNY.T, (at - at[:, :1]) @ FROM_ANNY.T


def near_joint(rig: Rig, joint: int, distance: np.ndarray) -> np.ndarray:
    """The vertices that may speak for a joint: close to it, and moved by it or by its parent."""
    parent = max(rig.layout.parents[joint], 0)
    moved = (rig.weights[:, joint] > 0.02) | (rig.weights[:, parent] > 0.02)
    reach = np.sort(distance[moved.numpy()])[: max(40, min(400, int(moved.sum())))][-1]
    return moved.numpy() & (distance <= reach)


def regressors(rig: Rig, vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """One row of non-negative weights for each joint. `[J, V]`."""
    middle = vertices.mean(0)
    rows = []
    for joint in range(len(rig.layout)):
        distance = np.linalg.norm(middle - joints[:, joint].mean(0), axis=1)
        rows.append(point_regressor(vertices, joints[:, joint], near_joint(rig, joint, distance)))
    return np.stack(rows)


def learn_pose(rig: Rig, template: np.ndarray, joints: np.ndarray, seed: int, count: int) -> np.ndarray:
    """Pose directions that make linear blending look like dual-quaternion blending of the same weights. `[V, 3, 9(J−1)]`."""
    generator = torch.Generator().manual_seed(seed)
    layout, rest, at = rig.layout, torch.from_numpy(template).float(), torch.from_numpy(joints).float()
    turns = matrix_from_vector(0.5 * torch.randn(count, len(layout), 3, generator=generator))
    frames, offsets = [turns[:, 0]], []
    places = [at[0].expand(count, 3)]
    for joint, parent in enumerate(layout.parents[1:], 1):
        frames.append(frames[parent] @ turns[:, joint])
        places.append(places[parent] + frames[parent] @ (at[joint] - at[parent]))
    world, place = torch.stack(frames, 1), torch.stack(places, 1)
    moved = place - (world @ at[..., None])[..., 0]
    for part in torch.arange(count).split(20):
        turn, shift = blended_motions(rig.weights, world[part], moved[part])
        goal = (turn @ rest[..., None])[..., 0] + shift
        blend = torch.einsum("vj,bjk->bvk", rig.weights, world[part].flatten(2)).unflatten(2, (3, 3))
        linear = torch.einsum("vj,bjk->bvk", rig.weights, moved[part])
        offsets.append(torch.linalg.solve(blend + 1e-3 * torch.eye(3), (goal - linear)[..., None])[..., 0] - rest)
    features = (turns[:, 1:] - torch.eye(3)).flatten(1).numpy()
    return pose_basis(features, torch.cat(offsets).clamp(-0.05, 0.05).numpy(), rig.weights.numpy())


def keypoint_rows(anny: Any, vertices: torch.Tensor, kept: np.ndarray, still: np.ndarray) -> np.ndarray:
    """COCO's keypoints and the feet's, from the vertices that are kept; anny's own regressor says where they are."""
    from anny import KeypointsRegressor

    regressor = KeypointsRegressor.coco(anny, list(KEYPOINTS)).regression_weights.float()
    points = torch.einsum("kv,nvc->nkc", regressor, vertices).numpy()
    rows = []
    for keypoint in range(len(KEYPOINTS)):
        distance = np.linalg.norm(still - points[:, keypoint].mean(0), axis=1)
        rows.append(point_regressor(vertices[:, kept].numpy(), points[:, keypoint], distance <= np.sort(distance)[250]))
    return np.stack(rows)


def inner_faces(anny: Any) -> np.ndarray:
    """The faces that nobody sees: mouth, tongue, and what lies behind the eyes."""
    from anny.face_segmentation import get_face_segmentation_mask

    names = ["eye_back.L", "eye_back.R", "eye_cavity.L", "eye_cavity.R", "mouth_cavity", "tongue"]
    return get_face_segmentation_mask(anny, names).numpy()


def simplified(anny: Any) -> tuple[np.ndarray, np.ndarray]:
    """Which of anny's vertices are kept, and the faces between them."""
    faces = anny.faces.numpy()
    importance = np.full(len(anny.template_vertices), 1e-3)
    importance[faces[~inner_faces(anny)]] = 1.0
    return simplify(anny.template_vertices.numpy(), faces, VERTICES, importance)


def learn_body(anny: Any, layout: Layout, samples: int, seed: int) -> dict[str, np.ndarray]:
    """The arrays of a whole body's file, and a line on its quality."""
    kept, faces = simplified(anny)
    rig = make_rig(anny, layout)
    sample, held_out = draw_bodies(anny, samples, seed), draw_bodies(anny, max(20, samples // 6), seed + 1)
    few = slice(0, len(sample.vertices), max(1, samples // 80))
    small = Rig(layout, rig.pivots, rig.weights[kept])
    # The pivots are where the regressor of the rest pose sees them, so that no later regressor has to follow what no vertex shows.
    at_rest = regressors(small, sample.vertices[few][:, kept].numpy(), sample.heads[few][:, rig.pivots].numpy())
    seen = torch.from_numpy(at_rest).float()

    def t_posed(bodies: Sample) -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
        joints = torch.einsum("jv,nvc->njc", seen, bodies.vertices[:, kept])
        whole, at = turned(rig, bodies.vertices, joints)
        return whole[:, kept].numpy(), at.numpy(), whole

    vertices, joints, whole = t_posed(sample)
    regressor = regressors(small, vertices[few], joints[few])
    template = vertices[sample.adult].mean(0)
    directions = shape_basis(vertices.astype(np.float64), template, SHAPES[layout.name])
    checked, checked_joints, _ = t_posed(held_out)
    drift = np.linalg.norm(np.einsum("jv,nvc->njc", regressor, checked) - checked_joints, axis=2)
    report(layout, shape_errors(checked, template, directions), drift)
    return {
        "v_template": template,
        "shapedirs": directions,
        "posedirs": learn_pose(small, template, regressor @ template, seed, min(600, 2 * samples)),
        "J_regressor": regressor,
        "weights": small.weights.numpy(),
        "f": faces,
        "keypoint_regressor": keypoint_rows(anny, whole[few], kept, template),
    }


def learn_hand(anny: Any, samples: int, seed: int) -> dict[str, np.ndarray]:
    """The arrays of the right hand's file: the wrist at the origin, the middle finger along −x."""
    from anny.face_segmentation import get_face_segmentation_mask

    whole = anny.faces.numpy()[get_face_segmentation_mask(anny, ["hand.R"]).numpy()]
    kept, faces = np.unique(whole), np.searchsorted(np.unique(whole), whole)
    labels = list(anny.bone_labels)
    pivots = [pivot_of("right_wrist", labels)] + [pivot_of(f"right_{joint}", labels) for joint in MANO.joints[1:]]
    names = [joint_of(bone, SMPLH).removeprefix("right_") for bone in labels]
    group = torch.tensor([MANO.joints.index(name) if name in MANO.joints else 0 for name in names])
    weights = torch.zeros(len(kept), len(MANO))
    weights.scatter_add_(1, group[anny.vertex_bone_indices[kept]], anny.vertex_bone_weights[kept].float())
    rig = Rig(MANO, pivots, weights / weights.sum(1, keepdim=True))

    def straightened(bodies: Sample) -> tuple[np.ndarray, np.ndarray]:
        joints = bodies.heads[:, pivots]
        along = torch.tensor([-1.0, 0.0, 0.0]).expand(len(joints), 3)
        turn = FROM_ANNY @ rotation_between(joints[:, MANO.index("middle1")] - joints[:, 0], along)
        wrist = joints[:, :1]
        return ((bodies.vertices[:, kept] - wrist) @ turn.mT).numpy(), ((joints - wrist) @ turn.mT).numpy()

    vertices, joints = straightened(draw_bodies(anny, samples, seed))
    checked, checked_joints = straightened(draw_bodies(anny, max(20, samples // 6), seed + 1))
    few = slice(0, len(vertices), max(1, samples // 80))
    regressor, template = regressors(rig, vertices[few], joints[few]), vertices[::2].mean(0)
    directions = shape_basis(vertices.astype(np.float64), template, SHAPES[MANO.name])
    drift = np.linalg.norm(np.einsum("jv,nvc->njc", regressor, checked) - checked_joints, axis=2)
    report(MANO, shape_errors(checked, template, directions), drift)
    return {
        "v_template": template,
        "shapedirs": directions,
        "posedirs": learn_pose(rig, template, regressor @ template, seed, min(600, 2 * samples)),
        "J_regressor": regressor,
        "weights": weights.numpy(),
        "f": faces,
    }


def report(layout: Layout, errors: np.ndarray, drift: np.ndarray) -> None:
    """Says how well held-out bodies are met, in millimetres."""
    worst = layout.joints[int(drift.mean(0).argmax())]
    print(
        f"{layout.name}: held-out bodies {1e3 * errors.mean():.2f} mm in the mean with {SHAPES[layout.name]} directions, "
        f"worst body {1e3 * errors.mean(1).max():.2f}; joints {1e3 * drift.mean():.2f}, worst {worst} {1e3 * drift.mean(0).max():.2f}"
    )


def write(path: Path, layout: Layout, arrays: dict[str, np.ndarray]) -> None:
    """Writes the SMPL file: template and weights in 32 bits, directions in 16, the tree as SMPL's files have it."""
    posed = np.where(np.abs(arrays["posedirs"]) < 2e-5, 0.0, arrays["posedirs"])
    tree = np.stack([np.array(layout.parents, np.int64) % 2**32, np.arange(len(layout))]).astype(np.uint32)
    kinds = {"shapedirs": np.float16, "posedirs": np.float16, "f": np.uint16}
    stored: dict[str, Any] = {
        name: array.astype(kinds.get(name, np.float32)) for name, array in (arrays | {"posedirs": posed}).items()
    }
    np.savez_compressed(path, kintree_table=tree, **stored)
    print(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB)")


def make_bodies(out: Path, samples: int, seed: int) -> None:
    """Learns and writes the three files."""
    import anny

    model = anny.Anny(topology="anny", skinning_method="lbs")
    out.mkdir(parents=True, exist_ok=True)
    for layout in (SMPL, SMPLH):
        write(out / FILES[layout.name], layout, learn_body(model, layout, samples, seed))
    write(out / FILES[MANO.name], MANO, learn_hand(model, samples, seed))


def main() -> int:
    """Reads the command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=600, help="bodies to learn from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "bodies")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # sums in one order, so that the same seed gives the same bytes
    begun = time.perf_counter()
    try:
        make_bodies(arguments.out, arguments.samples, arguments.seed)
    except ModuleNotFoundError as error:
        print(f"{error.name} is missing; install it with: pip install -e .[make-body]", file=sys.stderr)
        return 2
    print(f"in {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The SMPL function in plain torch, each stage of its formula by itself.

    T(β, θ) = T̄ + B_S(β) + B_P(θ)              the body before it moves, eqs. 6 to 9
    J(β)    = regressor · (T̄ + B_S(β))         where its joints are, eq. 10
    G(θ, J)                                    where each joint's frame goes, eqs. 3 and 4
    M(β, θ) = W(T(β, θ), J(β), θ, weights)     blend skinning, eqs. 1 and 2

Source: Loper, Mahmood, Romero, Pons-Moll & Black 2015, "SMPL: a skinned multi-person linear model". MANO, SMPL-H and SMPL-X are the
same function with other joints. Frame: metres, right-handed, y up, the body looks along +z and its left is +x.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.bodies.layouts import Layout
from engine.bodies.rotation import matrix_from_vector


@dataclass(frozen=True)
class BodyModel:
    """A body that can be shaped and posed; all floats of one dtype and on one device.

    Made by `make_model`, read by `engine.bodies.files.read_model`. A row of `directions` and `pose_directions` is all x, all y, all z
    of one direction, so that a stage is one product of matrices. The last `expressions` of the shape directions are the face's
    (SMPL-X). `keypoint_regressor` gives the keypoints of `layouts.KEYPOINTS` where the file has them; `mean_pose` is the hands'
    relaxed pose, which official files are meant to be posed from.
    """

    layout: Layout
    template: Float[Tensor, "v 3"]  # in memory all x, all y, all z
    directions: Float[Tensor, "s v3"]
    pose_directions: Float[Tensor, "p v3"]
    regressor: Float[Tensor, "j v"]
    weights: Float[Tensor, "v j"]
    faces: Int[Tensor, "f 3"]
    joint_template: Float[Tensor, "j 3"]
    joint_directions: Float[Tensor, "s j3"]
    ancestors: tuple[Int[Tensor, " j1"], ...]
    keypoint_regressor: Float[Tensor, "k v"] | None = None
    mean_pose: Float[Tensor, "j 3"] | None = None
    expressions: int = 0
    name: str = ""

    @property
    def shapes(self) -> int:
        """How many shape directions there are, expressions included."""
        return len(self.directions)

    @property
    def dtype(self) -> torch.dtype:
        """Of every float in it."""
        return self.template.dtype

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> BodyModel:
        """The same body with other numbers, or elsewhere."""

        def moved(rows: Tensor) -> Tensor:
            return rows.to(dtype=dtype, device=device)

        def directions(rows: Tensor) -> Tensor:
            return moved(rows).unflatten(1, (3, -1)).permute(2, 1, 0)

        parts = BodyParts(
            template=moved(self.template),
            shape_directions=directions(self.directions),
            pose_directions=directions(self.pose_directions),
            regressor=moved(self.regressor),
            weights=moved(self.weights),
            faces=self.faces.to(device=device),
            keypoint_regressor=None if self.keypoint_regressor is None else moved(self.keypoint_regressor),
            mean_pose=None if self.mean_pose is None else moved(self.mean_pose),
            expressions=self.expressions,
        )
        return make_model(self.layout, parts, self.name)


@dataclass(frozen=True)
class BodyParts:
    """What a model is made from, as the files have it."""

    template: Float[Tensor, "v 3"]
    shape_directions: Float[Tensor, "v 3 s"]
    pose_directions: Float[Tensor, "v 3 p"]
    regressor: Float[Tensor, "j v"]
    weights: Float[Tensor, "v j"]
    faces: Int[Tensor, "f 3"]
    keypoint_regressor: Float[Tensor, "k v"] | None = None
    mean_pose: Float[Tensor, "j 3"] | None = None
    expressions: int = 0


def make_model(layout: Layout, parts: BodyParts, name: str = "") -> BodyModel:
    """The model of some parts. `pose_directions` may be empty: then B_P is zero. Each vertex's weights are brought to one in sum."""
    directions = parts.shape_directions.permute(2, 1, 0).contiguous()
    return BodyModel(
        layout=layout,
        template=parts.template.mT.contiguous().mT,
        directions=directions.flatten(1),
        pose_directions=parts.pose_directions.permute(2, 1, 0).flatten(1).contiguous(),
        regressor=parts.regressor,
        weights=parts.weights / parts.weights.sum(1, keepdim=True),
        faces=parts.faces,
        joint_template=parts.regressor @ parts.template,
        joint_directions=(parts.regressor @ directions.mT).flatten(1),
        ancestors=tuple(step.to(parts.template.device) for step in ancestors_of(layout.parents)),
        keypoint_regressor=parts.keypoint_regressor,
        mean_pose=parts.mean_pose,
        expressions=parts.expressions,
        name=name,
    )


def ancestors_of(parents: tuple[int, ...]) -> tuple[Int[Tensor, " j1"], ...]:
    """For pointer jumping: each joint's parent, its ancestor two up, four up …, one index later, so that 0 is the world."""
    above, steps = [parent + 1 for parent in (-1, *parents)], []
    while any(above):
        steps.append(torch.tensor(above))
        above = [above[index] for index in above]
    return tuple(steps)


@dataclass(frozen=True)
class Posed:
    """A body, or a batch, after every stage. Lengths in metres."""

    shaped: Float[Tensor, "b v 3"]  # T̄ + B_S(β)
    rest: Float[Tensor, "b v 3"]  # T̄ + B_S(β) + B_P(θ)
    rest_joints: Float[Tensor, "b j 3"]  # J(β)
    frames: Float[Tensor, "b j 4 4"]  # G(θ, J), world from joint
    vertices: Float[Tensor, "b v 3"]
    joints: Float[Tensor, "b j 3"]


# The stages -----------------------------------------------------------------------------------------------------------


def shape_offsets(model: BodyModel, betas: Float[Tensor, "b s"]) -> Float[Tensor, "b v 3"]:
    """B_S(β): how far the shape moves each vertex. Fewer betas than directions: the rest are zero."""
    return _vertices(betas @ model.directions[: betas.shape[-1]])


def pose_offsets(model: BodyModel, rotations: Float[Tensor, "b j 3 3"]) -> Float[Tensor, "b v 3"]:
    """B_P(θ): how far the pose itself moves each vertex; linear in the entries of R − I, so none at θ*."""
    if not len(model.pose_directions):
        return torch.zeros_like(model.template).expand(len(rotations), -1, 3)
    return _vertices(pose_feature(rotations) @ model.pose_directions)


def _vertices(planes: Float[Tensor, "b v3"]) -> Float[Tensor, "b v 3"]:
    """All x, then all y, then all z, seen as points."""
    return planes.unflatten(-1, (3, -1)).mT


def pose_feature(rotations: Float[Tensor, "b j 3 3"]) -> Float[Tensor, "b p"]:
    """R − I of every joint but the root, as nine numbers each."""
    return (rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype, device=rotations.device)).flatten(1)


def rest_joints(model: BodyModel, betas: Float[Tensor, "b s"]) -> Float[Tensor, "b j 3"]:
    """J(β), without going by way of the vertices: the regressor is linear, so it was applied to every direction once."""
    offsets = betas @ model.joint_directions[: betas.shape[-1]]
    return model.joint_template + offsets.unflatten(-1, (-1, 3))


def kinematics(
    model: BodyModel,
    rotations: Float[Tensor, "b j 3 3"],
    joints: Float[Tensor, "b j 3"],
    translation: Float[Tensor, "b 3"] | None = None,
) -> Float[Tensor, "b j 4 4"]:
    """G: each joint's frame in the world, by pointer jumping: four products for all joints at once instead of a chain of nine.

    After step n a matrix holds the product of the 2ⁿ frames above it; index 0 is the world, its own ancestor.
    """
    parents = model.ancestors[0][1:] - 1
    joints = joints.expand(len(rotations), -1, -1)
    offsets = joints - joints.index_select(1, parents.clamp_min(0))
    first = joints[:, :1] if translation is None else joints[:, :1] + translation[:, None]
    offsets = torch.cat([first, offsets[:, 1:]], 1)
    frames = with_bottom_row(torch.cat([rotations, offsets[..., None]], -1))
    world = torch.eye(4, dtype=frames.dtype, device=frames.device).expand(len(frames), 1, 4, 4)
    frames = torch.cat([world, frames], 1)
    for above in model.ancestors:
        frames = frames.index_select(1, above) @ frames
    return frames[:, 1:]


def with_bottom_row(top: Float[Tensor, "*n 3 4"]) -> Float[Tensor, "*n 4 4"]:
    """The homogeneous matrix of a rotation and a translation."""
    row = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=top.dtype, device=top.device)
    return torch.cat([top, row.expand(*top.shape[:-2], 1, 4)], -2)


def skin(
    model: BodyModel,
    rest: Float[Tensor, "b v 3"],
    frames: Float[Tensor, "b j 4 4"],
    joints: Float[Tensor, "b j 3"],
) -> Float[Tensor, "b v 3"]:
    """Linear blend skinning: each vertex by the weighted mean of its joints' motions away from the rest pose."""
    rotations = frames[..., :3, :3]
    moved = frames[..., :3, 3] - (rotations @ joints[..., None]).squeeze(-1)
    motions = torch.cat([rotations.permute(0, 3, 2, 1), moved.mT[:, None]], 1)  # [b, 4, 3, j]: columns x, y, z, 1
    # One plane of numbers per coordinate: whole rows are multiplied, several times as fast as V small matrices.
    blended = (motions.flatten(1, 2) @ model.weights.mT).unflatten(1, (4, 3))
    x, y, z = rest.mT[:, :, None].unbind(1)
    placed = torch.addcmul(blended[:, 3], x, blended[:, 0])
    placed = torch.addcmul(torch.addcmul(placed, y, blended[:, 1]), z, blended[:, 2])
    return placed.mT


# All of it ------------------------------------------------------------------------------------------------------------


def pose_body(
    model: BodyModel,
    betas: Float[Tensor, "b s"],
    pose: Float[Tensor, "b j 3"],
    translation: Float[Tensor, "b 3"] | None = None,
) -> Posed:
    """M(β, θ) with every stage kept. `pose`: axis-angle, radians, one per joint, the root's first; `translation`: metres.

    One β serves many poses, and one translation too.
    """
    rotations = matrix_from_vector(pose)
    shaped = model.template + shape_offsets(model, betas)
    rest = shaped + pose_offsets(model, rotations) if len(model.pose_directions) else shaped
    joints = rest_joints(model, betas)
    frames = kinematics(model, rotations, joints, translation)
    return Posed(shaped, rest, joints, frames, skin(model, rest, frames, joints), frames[..., :3, 3])


def posed_joints(
    model: BodyModel,
    betas: Float[Tensor, "b s"],
    pose: Float[Tensor, "b j 3"],
    translation: Float[Tensor, "b 3"] | None = None,
) -> Float[Tensor, "b j 3"]:
    """Where the joints go: what fitting needs, at a tenth of the price of the vertices."""
    return kinematics(model, matrix_from_vector(pose), rest_joints(model, betas), translation)[..., :3, 3]

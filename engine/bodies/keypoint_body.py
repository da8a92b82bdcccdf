"""A body's keypoints without its vertices: what fitting needs, at a hundredth of the price.

COCO's seventeen, and with fingers OpenPose's twenty-one of each hand (Simon et al. 2017, arXiv:1704.07809). Metres, y up.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from engine.bodies.collisions import Balls, fill_body
from engine.bodies.files import body_with_fingers, default_body
from engine.bodies.layouts import KEYPOINTS, SMPLH
from engine.bodies.model import BodyModel, kinematics, rest_joints
from engine.bodies.rotation import matrix_from_vector

SHAPES = 10
COCO, HAND = 17, 21
"""Keypoints of a body, and of each hand, left and then right: the wrist, then each finger from its root to its tip, thumb first."""
FINGERS_SEEN = ("thumb", "index", "middle", "ring", "pinky")
NAMES = (
    *KEYPOINTS[:COCO],
    *(
        name
        for side in ("left", "right")
        for name in (f"{side}_hand", *(f"{side}_{finger}{bone}" for finger in FINGERS_SEEN for bone in (1, 2, 3, 4)))
    ),
)
"""Of all 59."""


class KeypointBody:
    """A body's keypoints without its vertices.

    A keypoint is a weighted mean of skinned vertices, so it is linear in the joints' frames: the weights' first moments about each joint,
    `[K, J, 4]` for the template and for each shape direction, are all that is left of the mesh. B_P, millimetres, is left out.
    """

    def __init__(self, model: BodyModel, keypoints: int = 17) -> None:
        """Raises ValueError for a model without a keypoint regressor."""
        if model.keypoint_regressor is None:
            raise ValueError("this model has no keypoints")
        self.model = model.to(torch.float64)
        self.has_fingers = model.layout == SMPLH
        self.unknowns = 69 + SHAPES + (90 if self.has_fingers else 0)
        assert self.model.keypoint_regressor is not None
        regressor = self.model.keypoint_regressor[:keypoints]
        if self.has_fingers:
            regressor = torch.cat([regressor, hand_rows(self.model)])
        used = regressor.abs().amax(0) > 0  # a few hundred vertices
        share = regressor[:, used, None] * self.model.weights[used]  # [K, V, J]
        directions = self.model.directions[:SHAPES].unflatten(1, (3, -1))[..., used]
        self.template = torch.einsum("kvj,vc->kjc", share, self.model.template[used])
        self.directions = torch.einsum("kvj,scv->skjc", share, directions)
        self.mass = share.sum(1)
        if self.has_fingers:
            self._hang_on_joints(keypoints)

    @cached_property
    def balls(self) -> Balls:
        """What fills the body, for the term that keeps its parts apart."""
        return fill_body(self.model)

    def _hang_on_joints(self, first: int) -> None:
        """A finger's keypoints but its tip are joints: all of their mass is at the joint, in the joint's own frame."""
        for keypoint, joint in hand_joints(first):
            self.template[keypoint], self.directions[:, keypoint], self.mass[keypoint] = 0.0, 0.0, 0.0
            self.mass[keypoint, joint] = 1.0
            self.template[keypoint, joint] = self.model.joint_template[joint]
            self.directions[:, keypoint, joint] = self.model.joint_directions[:SHAPES].unflatten(1, (-1, 3))[:, joint]

    def __call__(self, betas: Float[Tensor, "b s"], pose: Float[Tensor, "b j 3"]) -> Float[Tensor, "b k 3"]:
        """Keypoints of posed bodies, metres, y up, the pelvis where the shape has it."""
        joints = rest_joints(self.model, betas)
        frames = kinematics(self.model, matrix_from_vector(pose), joints)
        rotations = frames[..., :3, :3]
        moved = frames[..., :3, 3] - (rotations @ joints[..., None]).squeeze(-1)
        moments = self.template + torch.einsum("bs,skjc->bkjc", betas, self.directions)
        return torch.einsum("bjdc,bkjc->bkd", rotations, moments) + self.mass @ moved


def hand_joints(first: int) -> Iterator[tuple[int, int]]:
    """Each hand keypoint that is a joint, from keypoint `first` on, and which joint of the layout it is."""
    for hand, side in enumerate(("left", "right")):
        yield first + HAND * hand, SMPLH.index(f"{side}_wrist")
        for place, finger in enumerate(FINGERS_SEEN):
            for bone in (1, 2, 3):
                yield first + HAND * hand + 4 * place + bone, SMPLH.index(f"{side}_{finger}{bone}")


def hand_rows(model: BodyModel) -> Float[Tensor, "42 v"]:
    """A regressor of both hands' keypoints of which only the tips' rows count: the vertex farthest along each finger."""
    rows = torch.zeros(2 * HAND, len(model.template), dtype=model.dtype)
    for hand, side in enumerate(("left", "right")):
        for place, finger in enumerate(FINGERS_SEEN):
            last, before = (model.layout.index(f"{side}_{finger}{bone}") for bone in (3, 2))
            along = model.joint_template[last] - model.joint_template[before]
            ahead = torch.where(model.weights[:, last] > 0.5, model.template @ along, -torch.inf)
            rows[HAND * hand + 4 * place + 4, ahead.argmax()] = 1.0
    return rows


@cache
def default_keypoints() -> KeypointBody:
    """COCO's seventeen of the body that ships."""
    return KeypointBody(default_body())


@cache
def keypoints_with_hands() -> KeypointBody:
    """COCO's seventeen and twenty-one of each hand, of the body with fingers that ships."""
    return KeypointBody(body_with_fingers())

"""The four layouts of the SMPL family: which joints there are, in which order, and what hangs on what.

Sources: Loper et al. 2015 (SMPL), Romero et al. 2017 (MANO and SMPL-H), Pavlakos et al. 2019 (SMPL-X).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Layout:
    """Joints in the order of the files. `parents[k] < k`; the root's parent is −1."""

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        """The number of a joint. Raises ValueError for a name that this layout does not have."""
        return self.joints.index(joint)

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the one on the other side of the body; a joint in the middle is its own. A lone hand has no other side."""
        swap = {"left": "right", "right": "left"}
        names = [name.partition("_") for name in self.joints]
        other = [f"{swap.get(side, side)}_{rest}" if line else side for side, line, rest in names]
        return tuple(self.joints.index(name) if name in self.joints else index for index, name in enumerate(other))

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """Parent and child of every joint but the root."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)


_TRUNK = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
_TRUNK_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
FINGERS = ("index", "middle", "pinky", "ring", "thumb")  # the order of the files


def _hand(wrist: int, first: int, side: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Five fingers of three joints each, the first of each on the wrist."""
    prefix = f"{side}_" if side else ""
    names = tuple(f"{prefix}{finger}{joint}" for finger in FINGERS for joint in (1, 2, 3))
    parents = tuple(wrist if k % 3 == 0 else first + k - 1 for k in range(15))
    return names, parents


_LEFT, _LEFT_PARENTS = _hand(20, 22, "left")
_RIGHT, _RIGHT_PARENTS = _hand(21, 37, "right")
_LEFT_X, _LEFT_X_PARENTS = _hand(20, 25, "left")
_RIGHT_X, _RIGHT_X_PARENTS = _hand(21, 40, "right")
_MANO, _MANO_PARENTS = _hand(0, 1, "")

SMPL = Layout("SMPL", (*_TRUNK, "left_hand", "right_hand"), (*_TRUNK_PARENTS, 20, 21))
SMPLH = Layout("SMPL-H", _TRUNK + _LEFT + _RIGHT, _TRUNK_PARENTS + _LEFT_PARENTS + _RIGHT_PARENTS)
SMPLX = Layout(
    "SMPL-X",
    (*_TRUNK, "jaw", "left_eye", "right_eye", *_LEFT_X, *_RIGHT_X),
    (*_TRUNK_PARENTS, 15, 15, 15, *_LEFT_X_PARENTS, *_RIGHT_X_PARENTS),
)
MANO = Layout("MANO", ("wrist", *_MANO), (-1, *_MANO_PARENTS))

LAYOUTS = {len(layout): layout for layout in (SMPL, SMPLH, SMPLX, MANO)}
"""By the number of joints, which tells the layouts apart."""

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel",
)  # fmt: skip
"""COCO's seventeen keypoints, and six of the feet."""

KEYPOINT_BONES = (
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    (0, 1), (0, 2), (1, 3), (2, 4), (15, 17), (16, 18), (15, 21), (16, 22),
)  # fmt: skip
"""Which keypoints a drawing joins by a line."""

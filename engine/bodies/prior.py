"""What poses people take: poses generated without a data set, and a mixture of Gaussians learned from them.

SMPLify's prior was learned from motion capture that may not be shipped; this one is learned from blends of the named poses with noise on
every joint, within the joints' limits. Source: Bogo et al. 2016, "Keep it SMPL", eq. 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from engine.bodies.files import SHIPPED
from engine.bodies.layouts import SMPL
from engine.bodies.poses import POSES, joint_limits, mirrored, named_pose
from engine.data.npz import read_npz

FITTED = slice(1, 22)
"""The joints that a prior speaks of: all but the pelvis and the two hands."""
FILE = SHIPPED / "pose_prior.npz"


@dataclass(frozen=True)
class PosePrior:
    """A mixture over the 63 numbers of the fitted joints: `weights` `[C]`, `means` `[C, 63]`, and `whiten` `[C, 63, 63]`.

    (θ − μ) @ whiten has a covariance of one; `levels` `[C]` is what a component costs at its mean.
    """

    means: Float[ndarray, "c d"]
    whiten: Float[ndarray, "c d d"]
    levels: Float[ndarray, " c"]

    def nearest(self, pose: Float[ndarray, " d"]) -> int:
        """The component that explains a pose best: the mixture's sum is all but its largest term."""
        offsets = np.einsum("cd,cde->ce", pose - self.means, self.whiten)
        return int((0.5 * (offsets**2).sum(1) + self.levels).argmin())


def generate_poses(count: int, rng: np.random.Generator) -> Float[ndarray, "n 24 3"]:
    """Poses between two named ones, either of them perhaps mirrored, with every joint moved by a tenth of its range."""
    names = [name for name in POSES if name != "T"]
    table = np.stack([named_pose(name, SMPL).numpy() for name in names]).astype(np.float64)
    other = np.stack([mirrored(named_pose(name, SMPL), SMPL).numpy() for name in names]).astype(np.float64)
    table = np.concatenate([table, other])
    low, high = joint_limits(SMPL)
    first, second = rng.integers(0, len(table), (2, count))
    share = rng.beta(0.7, 0.7, (count, 1, 1))
    noise = rng.normal(0, 0.1, (count, len(SMPL), 3)) * np.minimum(high - low, 2.0)
    poses = np.clip(share * table[first] + (1 - share) * table[second] + noise, low, high)
    poses[:, 0], poses[:, 22:] = 0, 0
    return poses


def fit_prior(poses: Float[ndarray, "n 24 3"], components: int, seed: int) -> dict[str, ndarray]:
    """The arrays of the file: expectation maximisation with full covariances."""
    from sklearn.mixture import GaussianMixture

    data = poses[:, FITTED].reshape(len(poses), -1)
    mixture = GaussianMixture(components, reg_covar=1e-3, random_state=seed, max_iter=60).fit(data)
    whiten = np.asarray(mixture.precisions_cholesky_)
    levels = -np.log(mixture.weights_) - np.log(np.diagonal(whiten, axis1=1, axis2=2)).sum(1)
    return {"means": mixture.means_, "whiten": whiten, "levels": levels - levels.min()}


@cache
def default_prior() -> PosePrior:
    """The prior that ships, made by installer/make_prior.py."""
    arrays = {name: array.astype(np.float64) for name, array in read_npz(FILE).items()}
    return PosePrior(arrays["means"], arrays["whiten"], arrays["levels"])

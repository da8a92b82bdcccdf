"""How a body model is learned from registered bodies: shape directions, regressors, and pose directions.

Source: Loper et al. 2015, sections 4.2 and 4.3. The bodies are registered: vertex k is the same place on every one. Metres.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import nnls


def shape_basis(
    bodies: Float[np.ndarray, "n v 3"], mean: Float[np.ndarray, "v 3"], count: int
) -> Float[np.ndarray, "v 3 s"]:
    """Principal directions of the bodies' deviations from `mean`, each scaled to the deviations' root mean square along it.

    A body of the sample then has coefficients around one. By the Gram matrix, since bodies are fewer than coordinates.
    """
    deviations = (bodies - mean).reshape(len(bodies), -1)
    powers, rows = np.linalg.eigh(deviations @ deviations.T)
    powers, rows = powers[::-1][:count].clip(1e-20), rows[:, ::-1][:, :count]
    directions = (rows.T @ deviations) / np.sqrt(len(bodies))  # unit direction × √(power / n)
    return directions.reshape(-1, *mean.shape).transpose(1, 2, 0)


def shape_errors(
    bodies: Float[np.ndarray, "n v 3"], mean: Float[np.ndarray, "v 3"], directions: Float[np.ndarray, "v 3 s"]
) -> Float[np.ndarray, "n v"]:
    """How far each vertex of each body is from the nearest body of the model, in metres."""
    basis = directions.reshape(-1, directions.shape[2])
    deviations = (bodies - mean).reshape(len(bodies), -1)
    solved = np.linalg.lstsq(basis, deviations.T, rcond=None)[0]
    return np.linalg.norm((deviations - (basis @ solved).T).reshape(bodies.shape), axis=2)


def point_regressor(
    bodies: Float[np.ndarray, "n v 3"],
    points: Float[np.ndarray, "n 3"],
    near: Bool[np.ndarray, " v"],
    damping: float = 3e-6,
) -> Float[np.ndarray, " v"]:
    """Non-negative weights of the vertices in `near`, one in sum, whose mean is closest to the point on every body.

    Least squares on offsets from the point, so that moving a body moves the point along. The sum is one more, heavy equation;
    `damping` (m² a body) spreads the weights over many vertices.
    """
    columns = np.flatnonzero(near)
    offsets = (bodies[:, columns] - points[:, None]).transpose(0, 2, 1).reshape(-1, len(columns))
    spread = np.sqrt(damping * len(bodies)) * np.eye(len(columns))
    heavy = np.full((1, len(columns)), 10 * np.sqrt(len(bodies)))
    goal = np.concatenate([np.zeros(len(offsets) + len(columns)), heavy[0, :1]])
    solved = nnls(np.concatenate([offsets, spread, heavy]), goal, maxiter=50 * len(columns))[0]
    solved[solved < 1e-3 * solved.max()] = 0
    weights = np.zeros(bodies.shape[1])
    weights[columns] = solved / solved.sum()
    return weights


def pose_basis(
    features: Float[np.ndarray, "n p"],
    offsets: Float[np.ndarray, "n v 3"],
    weights: Float[np.ndarray, "v j"],
    damping: float = 0.02,
) -> Float[np.ndarray, "v 3 p"]:
    """Pose directions: for each vertex the ridge regression of its offsets on R − I of the joints that move it, and of no other.

    `features` are R − I of every joint but the root, nine numbers each; vertices with the same joints are solved together.
    """
    basis = np.zeros((*offsets.shape[1:], features.shape[1]))
    moved = weights[:, 1:] > 0.01
    sets, members = np.unique(moved, axis=0, return_inverse=True)
    for number, joints in enumerate(sets):
        columns = np.flatnonzero(np.repeat(joints, 9))
        chosen = np.flatnonzero(members.ravel() == number)
        if len(columns):
            part = features[:, columns]
            normal = part.T @ part + damping * len(part) * np.eye(len(columns))
            solved = np.linalg.solve(normal, part.T @ offsets[:, chosen].reshape(len(part), -1))
            basis[chosen[:, None], :, columns] = solved.reshape(len(columns), len(chosen), 3).transpose(1, 0, 2)
    return basis


# From bodies in several poses -----------------------------------------------------------------------------------------


def joint_centre(
    parent: tuple[Float[np.ndarray, "p 3 3"], Float[np.ndarray, "p 3"]],
    child: tuple[Float[np.ndarray, "p 3 3"], Float[np.ndarray, "p 3"]],
    near: Float[np.ndarray, "3"],
    damping: float = 1e-3,
) -> Float[np.ndarray, "3"]:
    """The place at rest that two neighbouring parts carry along alike in every pose: where they are joined, metres.

    Each motion is a rotation and a shift per pose. `damping` (a share) holds the centre to `near` along an axis that no pose turned about.
    """
    turns = parent[0] - child[0]
    gaps = child[1] - parent[1] - turns @ near
    rows, goal = turns.reshape(-1, 3), gaps.ravel()
    normal = rows.T @ rows + damping * len(turns) * np.eye(3)
    return near + np.linalg.solve(normal, rows.T @ goal)


def skinning_weights(
    rest: Float[np.ndarray, "v 3"],
    posed: Float[np.ndarray, "p v 3"],
    motions: tuple[Float[np.ndarray, "p j 3 3"], Float[np.ndarray, "p j 3"]],
    allowed: Bool[np.ndarray, "v j"],
) -> Float[np.ndarray, "v j"]:
    """For each vertex the non-negative weights, one in sum, with which the allowed parts' motions take it to where it was seen.

    As `point_regressor`: least squares on offsets from where it was seen, and the sum as a heavy equation.
    """
    weights = np.zeros(allowed.shape)
    carried = np.einsum("pjab,vb->vpaj", motions[0], rest) + motions[1].transpose(0, 2, 1)
    offsets = carried - posed.transpose(1, 0, 2)[..., None]
    for vertex, columns in enumerate(allowed):
        chosen = np.flatnonzero(columns)
        rows = offsets[vertex][..., chosen].reshape(-1, len(chosen))
        heavy = np.full((1, len(chosen)), 10 * np.sqrt(len(posed)))
        goal = np.concatenate([np.zeros(len(rows)), heavy[0, :1]])
        solved = nnls(np.concatenate([rows, heavy]), goal)[0]
        weights[vertex, chosen] = solved / max(solved.sum(), 1e-12)
    return weights


def blend(
    rest: Float[np.ndarray, "v 3"],
    weights: Float[np.ndarray, "v j"],
    motions: tuple[Float[np.ndarray, "p j 3 3"], Float[np.ndarray, "p j 3"]],
) -> Float[np.ndarray, "p v 3"]:
    """Linear blend skinning of one body in many poses, each part's motion given as rotation and shift."""
    turns = np.einsum("vj,pjab->pvab", weights, motions[0])
    return (turns @ rest[..., None])[..., 0] + np.einsum("vj,pja->pva", weights, motions[1])

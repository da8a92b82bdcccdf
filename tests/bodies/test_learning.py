"""Learning a model from registered bodies: on bodies whose model is known."""

from __future__ import annotations

import numpy as np
import torch

from engine.bodies.dual import blended_motions
from engine.bodies.learning import point_regressor, pose_basis, shape_basis, shape_errors
from engine.bodies.rotation import matrix_from_vector


def test_the_basis_of_a_linear_family_is_found_and_its_errors_fall_to_nothing() -> None:
    rng = np.random.default_rng(0)
    mean, true = rng.normal(size=(50, 3)), rng.normal(size=(3, 50, 3)) * np.array([1, 0.5, 0.1])[:, None, None]
    bodies = mean + np.einsum("nk,kvc->nvc", rng.normal(size=(40, 3)), true)
    errors = [shape_errors(bodies, mean, shape_basis(bodies, mean, count)).mean() for count in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-12
    basis = shape_basis(bodies, mean, 3)
    codes = np.linalg.lstsq(basis.reshape(-1, 3), (bodies - mean).reshape(40, -1).T, rcond=None)[0]
    np.testing.assert_allclose((codes**2).mean(1), 1)  # root mean square one


def test_a_regressor_follows_its_point_and_is_a_weighted_mean() -> None:
    rng = np.random.default_rng(1)
    bodies = rng.normal(size=(30, 40, 3))
    truth = np.zeros(40)
    truth[[3, 8, 20]] = 0.5, 0.3, 0.2
    weights = point_regressor(bodies, np.einsum("v,nvc->nc", truth, bodies), np.arange(40) < 25, damping=0)
    np.testing.assert_allclose(weights, truth, atol=1e-6)
    spread = point_regressor(bodies, np.einsum("v,nvc->nc", truth, bodies), np.arange(40) < 25)
    assert spread.min() >= 0
    assert abs(spread.sum() - 1) < 1e-12
    assert spread[25:].max() == 0


def test_pose_directions_find_what_the_pose_does_and_stay_where_the_joint_reaches() -> None:
    rng = np.random.default_rng(2)
    features, truth = rng.normal(size=(200, 18)), rng.normal(size=(18, 5, 3))
    weights = np.zeros((5, 3))
    weights[:3, 1], weights[3:, 2] = 1, 1
    truth[9:, :3], truth[:9, 3:] = 0, 0
    found = pose_basis(features, np.einsum("np,pvc->nvc", features, truth), weights, damping=1e-9)
    np.testing.assert_allclose(found, truth.transpose(1, 2, 0), atol=1e-6)


def test_dual_quaternions_blend_two_turns_into_the_turn_between() -> None:
    axis = torch.tensor([0.0, 0.0, 1.2], dtype=torch.float64)
    rotations = torch.stack([torch.eye(3, dtype=torch.float64), matrix_from_vector(axis)])[None]
    weights = torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    turn, shift = blended_motions(weights, rotations, torch.zeros(1, 2, 3, dtype=torch.float64))
    torch.testing.assert_close(turn[0], matrix_from_vector(torch.stack([axis / 2, 0 * axis, axis])))
    assert shift.abs().max() < 1e-12


def test_a_blend_of_one_motion_is_that_motion() -> None:
    rotations = matrix_from_vector(
        torch.randn(2, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    )
    moved = torch.randn(2, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    turn, shift = blended_motions(torch.eye(4, dtype=torch.float64), rotations, moved)
    torch.testing.assert_close(turn, rotations)
    torch.testing.assert_close(shift, moved)

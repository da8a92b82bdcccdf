"""Rotations in numpy, against scipy's and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.bodies.sparse_pose import _linearised, world_rotations
from engine.bodies.turns import angles_between, matrices_of, right_jacobian, vectors_of


def test_exp_is_scipys_and_log_brings_it_back() -> None:
    vectors = np.random.default_rng(0).normal(size=(500, 3)) * 1.2
    vectors[0] = 0
    vectors[1] *= 1e-9
    matrices = matrices_of(vectors)
    assert matrices == pytest.approx(Rotation.from_rotvec(vectors).as_matrix(), abs=1e-14)
    assert matrices_of(vectors_of(matrices)) == pytest.approx(matrices, abs=1e-11)


@pytest.mark.parametrize("short", [0.0, 1e-12, 1e-7, 1e-5, 1e-3])
def test_log_is_exact_near_half_a_turn(short: float) -> None:
    axes = np.random.default_rng(1).normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    matrices = matrices_of((np.pi - short) * axes)
    assert matrices_of(vectors_of(matrices)) == pytest.approx(matrices, abs=1e-8)


def test_the_right_jacobian_is_that_of_finite_differences() -> None:
    for size in (1e-8, 0.3, 2.5):
        vector = size * np.array([0.6, -0.48, 0.64])
        steps = [vectors_of(matrices_of(vector).T @ matrices_of(vector + 1e-6 * unit)) / 1e-6 for unit in np.eye(3)]
        assert right_jacobian(vector) == pytest.approx(np.stack(steps, 1), abs=1e-5)


def test_a_segments_turn_is_linear_in_the_joints_above_it() -> None:
    rng = np.random.default_rng(2)
    pose, segments = 0.6 * rng.normal(size=(24, 3)), (15, 18, 5)
    measured = world_rotations(pose)[list(segments)]
    _, jacobian = _linearised(pose, measured, segments)
    step = 1e-5 * rng.normal(size=(24, 3))
    turned = vectors_of(world_rotations(pose + step)[list(segments)] @ np.swapaxes(measured, -1, -2))
    assert jacobian @ step.ravel() == pytest.approx(turned.ravel(), abs=1e-8)


def test_angles_between_rotations() -> None:
    turns = matrices_of(np.array([[0.0, 0.0, 0.3], [2.0, 0.0, 0.0]]))
    assert angles_between(np.eye(3), turns) == pytest.approx([0.3, 2.0])

"""Rotation vectors and matrices, by Rodrigues' formula: R = I + sin φ K + (1 − cos φ) K², K the cross product with the axis."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def matrix_of_turn(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation `[3, 3]` of a rotation vector `[3]`, radians."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = turn / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross)


def turn_of_matrix(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation vector `[3]`, radians, of length at most π, of a rotation `[3, 3]`."""
    twice_sine = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    cosine = min(max(0.5 * (float(np.trace(matrix)) - 1.0), -1.0), 1.0)
    angle = math.atan2(0.5 * float(np.linalg.norm(twice_sine)), cosine)
    if angle < 1e-9:
        return 0.5 * twice_sine
    if math.pi - angle > 1e-4:
        return np.asarray(twice_sine * (0.5 * angle / math.sin(angle)))
    outer = 0.25 * (matrix + matrix.T) + 0.5 * np.eye(3)  # near half a turn, aaᵀ: its largest column is the safe one
    column = outer[:, int(np.argmax(np.diag(outer)))]
    axis = column / np.linalg.norm(column)
    return np.asarray(angle * axis * (1.0 if float(axis @ twice_sine) >= 0 else -1.0))


def quaternion_of_matrix(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quaternion wxyz of a rotation `[3, 3]`."""
    turn = turn_of_matrix(matrix)
    half = 0.5 * float(np.linalg.norm(turn))
    return np.array([math.cos(half), *(0.5 * np.sinc(half / math.pi) * turn)])


def matrix_of_quaternion(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation `[3, 3]` of a quaternion wxyz of any length but zero."""
    w, *axis = quaternion / np.linalg.norm(quaternion)
    sine = float(np.linalg.norm(axis))
    return matrix_of_turn(np.asarray(axis) * (2.0 * math.atan2(sine, w) / sine if sine > 1e-12 else 2.0))

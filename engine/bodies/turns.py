"""Rotations in numpy, for what runs at each frame of a sensor and needs no derivative; torch's are in `engine.bodies.rotation`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray


def cross_matrices(vectors: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3 3"]:
    """[v]ₓ, whose product with u is v × u."""
    x, y, z = np.moveaxis(np.asarray(vectors, np.float64), -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)


def matrices_of(vectors: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3 3"]:
    """exp: Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    cross = cross_matrices(vectors)
    return np.asarray(
        np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(0.5 * angle / np.pi) ** 2 * cross @ cross
    )


def vectors_of(matrices: Float[ndarray, "*n 3 3"]) -> Float[ndarray, "*n 3"]:
    """log: axis times angle, of length at most π."""
    twice_sine = np.stack(
        [
            matrices[..., 2, 1] - matrices[..., 1, 2],
            matrices[..., 0, 2] - matrices[..., 2, 0],
            matrices[..., 1, 0] - matrices[..., 0, 1],
        ],
        -1,
    )
    cosine = 0.5 * (np.trace(matrices, axis1=-2, axis2=-1) - 1.0)
    angle = np.arctan2(0.5 * np.linalg.norm(twice_sine, axis=-1), cosine)
    usual = twice_sine * (0.5 / np.maximum(np.sinc(angle / np.pi), 1e-12))[..., None]
    # Near half a turn the sine has no digits left; aaᵀ = ¼(R + Rᵀ) + ½I has: its largest column is the axis.
    outer = 0.25 * (matrices + np.swapaxes(matrices, -1, -2)) + 0.5 * np.eye(3)
    largest = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), -1)[..., None, None]
    axis = np.take_along_axis(outer, np.broadcast_to(largest, (*outer.shape[:-1], 1)), -1)[..., 0]
    axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-12)
    axis = np.where((axis * twice_sine).sum(-1, keepdims=True) < 0, -axis, axis)
    return np.where((np.pi - angle < 1e-4)[..., None], axis * angle[..., None], usual)


def right_jacobian(vector: Float[ndarray, "3"]) -> Float[ndarray, "3 3"]:
    """J of exp(v + dv) ≈ exp(v) exp(J dv). Source: Chirikjian 2011, "Stochastic models, information theory, and Lie groups", 10.86."""
    angle = float(np.linalg.norm(vector))
    cross = cross_matrices(vector)
    if angle < 1e-6:
        return np.asarray(np.eye(3) - 0.5 * cross)
    return np.asarray(
        np.eye(3) - (1 - np.cos(angle)) / angle**2 * cross + (angle - np.sin(angle)) / angle**3 * cross @ cross
    )


def angles_between(first: Float[ndarray, "*n 3 3"], second: Float[ndarray, "*n 3 3"]) -> Float[ndarray, "*n"]:
    """The angle of the rotation from one to the other, radians."""
    return np.asarray(np.linalg.norm(vectors_of(np.swapaxes(first, -1, -2) @ second), axis=-1))

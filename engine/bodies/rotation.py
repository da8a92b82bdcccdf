"""Rotations as axis-angle vectors (radians) and matrices, differentiable everywhere, also at no rotation at all."""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

_CROSS = ((0, 0, 0, 0, 0, -1, 0, 1, 0), (0, 0, 1, 0, 0, 0, -1, 0, 0), (0, -1, 0, 1, 0, 0, 0, 0, 0))


def matrix_from_vector(vector: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3 3"]:
    """Rodrigues' formula, by way of the unit quaternion (cos ½φ, sin ½φ/φ θ) with φ = ‖θ‖.

    The rotation is quadratic in it: one product with a constant matrix, no digits lost near zero, and torch's sinc has a derivative there.
    """
    half = 0.5 * vector.norm(dim=-1, keepdim=True)
    unit = torch.cat([half.cos(), 0.5 * torch.sinc(half / math.pi) * vector], -1)
    return _rotation(unit)


def _rotation(unit: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 3 3"]:
    squares = (unit[..., :, None] * unit[..., None, :]).flatten(-2)
    return (squares @ _quadratic(unit.dtype, unit.device)).unflatten(-1, (3, 3))


@cache
def _quadratic(dtype: torch.dtype, device: torch.device) -> Float[Tensor, "16 9"]:
    """From the sixteen products of a unit quaternion's entries to the nine of its rotation."""
    w, x, y, z = range(4)
    terms = (
        ((w, w, 1), (x, x, 1), (y, y, -1), (z, z, -1)), ((x, y, 2), (w, z, -2)), ((x, z, 2), (w, y, 2)),
        ((x, y, 2), (w, z, 2)), ((w, w, 1), (x, x, -1), (y, y, 1), (z, z, -1)), ((y, z, 2), (w, x, -2)),
        ((x, z, 2), (w, y, -2)), ((y, z, 2), (w, x, 2)), ((w, w, 1), (x, x, -1), (y, y, -1), (z, z, 1)),
    )  # fmt: skip
    matrix = torch.zeros(16, 9, dtype=dtype, device=device)
    for entry, products in enumerate(terms):
        for first, second, factor in products:
            matrix[4 * first + second, entry] = factor
    return matrix


def cross_matrix(vector: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3 3"]:
    """[θ]ₓ, whose product with v is θ × v."""
    return (vector @ vector.new_tensor(_CROSS)).unflatten(-1, (3, 3))


def vector_from_matrix(rotation: Float[Tensor, "*n 3 3"]) -> Float[Tensor, "*n 3"]:
    """The axis-angle vector of length at most π, by way of the quaternion, which is exact near 0 and near π."""
    quaternion = quaternion_from_matrix(rotation)
    real, imaginary = quaternion[..., :1], quaternion[..., 1:]
    length = imaginary.norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(length, real)
    factor = torch.where(length < 1e-9, torch.full_like(length, 2.0), angle / length.clamp_min(1e-30))
    return factor * imaginary


def quaternion_from_matrix(rotation: Float[Tensor, "*n 3 3"]) -> Float[Tensor, "*n 4"]:
    """The unit quaternion wxyz with w ≥ 0, from the largest of its four components (Shepperd 1978)."""
    m = rotation
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    squares = torch.stack([trace, m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], -1)
    w = torch.stack(
        [1 + trace, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1
    )
    x = torch.stack(
        [w[..., 1], 1 + 2 * m[..., 0, 0] - trace, m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0]], -1
    )
    y = torch.stack([w[..., 2], x[..., 2], 1 + 2 * m[..., 1, 1] - trace, m[..., 2, 1] + m[..., 1, 2]], -1)
    z = torch.stack([w[..., 3], x[..., 3], y[..., 3], 1 + 2 * m[..., 2, 2] - trace], -1)
    candidates = torch.stack([w, x, y, z], -2)
    largest = squares.argmax(-1)[..., None, None].expand(*squares.shape[:-1], 1, 4)
    chosen = candidates.gather(-2, largest).squeeze(-2)
    chosen = torch.where(chosen[..., :1] < 0, -chosen, chosen)
    return chosen / chosen.norm(dim=-1, keepdim=True)


def matrix_from_quaternion(quaternion: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 3 3"]:
    """The rotation of a quaternion wxyz of any length but zero."""
    return _rotation(quaternion / quaternion.norm(dim=-1, keepdim=True))


def angle_between(first: Float[Tensor, "*n 3 3"], second: Float[Tensor, "*n 3 3"]) -> Float[Tensor, "*n"]:
    """The angle of the rotation from one to the other, radians."""
    return vector_from_matrix(first.transpose(-1, -2) @ second).norm(dim=-1)


def rotation_between(start: Float[Tensor, "*n 3"], goal: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3 3"]:
    """The smallest rotation that turns one direction into another that is not its opposite."""
    start = start / start.norm(dim=-1, keepdim=True)
    goal = goal / goal.norm(dim=-1, keepdim=True)
    cross = cross_matrix(torch.linalg.cross(start, goal))
    cosine = (start * goal).sum(-1)[..., None, None]
    return torch.eye(3, dtype=start.dtype, device=start.device) + cross + cross @ cross / (1 + cosine)

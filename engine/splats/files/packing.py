"""What the compressed formats share: quaternions by their three smallest parts, numbers in a few bits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from engine.splats.scene import Y0

HALF_ROOT = np.float32(np.sqrt(0.5))
"""No part of a unit quaternion but the largest exceeds this."""


def normalised(quaternions: Float32[np.ndarray, "n 4"]) -> Float32[np.ndarray, "n 4"]:
    """Unit quaternions."""
    exact = quaternions.astype(np.float64)  # whose squares do not overflow
    return (exact / np.linalg.norm(exact, axis=1, keepdims=True).clip(1e-12)).astype(np.float32)


def without_largest(
    quaternions: Float32[np.ndarray, "n 4"],
) -> tuple[NDArray[np.uint32], Float32[np.ndarray, "n 3"]]:
    """Which part of each is the largest, and the other three in order, with the sign that makes the largest positive."""
    unit = normalised(quaternions)
    largest = np.abs(unit).argmax(1)
    rows = np.arange(len(unit))
    unit = unit * np.where(unit[rows, largest] < 0, -1, 1)[:, None].astype(np.float32)
    others = np.array([[j for j in range(4) if j != i] for i in range(4)])
    return largest.astype(np.uint32), unit[rows[:, None], others[largest]]


def with_largest(largest: NDArray[np.uint32], parts: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 4"]:
    """The inverse of `without_largest`."""
    result = np.empty((len(parts), 4), np.float32)
    rows = np.arange(len(parts))
    others = np.array([[j for j in range(4) if j != i] for i in range(4)])
    result[rows[:, None], others[largest]] = parts
    result[rows, largest] = np.sqrt(np.maximum(0.0, 1.0 - np.square(parts).sum(1)))
    return result


def to_bits(values: NDArray[np.float32], bits: int) -> NDArray[np.uint32]:
    """Numbers in 0…1 as whole ones of so many bits."""
    most = (1 << bits) - 1
    return np.floor(values.clip(0, 1) * most + 0.5).astype(np.uint32)


def from_bits(words: NDArray[np.uint32], shift: int, bits: int) -> NDArray[np.float32]:
    """So many bits of words, as numbers in 0…1."""
    most = (1 << bits) - 1
    return ((words >> np.uint32(shift)) & np.uint32(most)).astype(np.float32) / np.float32(most)


def colours_of(base: NDArray[np.float32]) -> NDArray[np.float32]:
    """Constant harmonics as colours, mostly in 0…1."""
    return np.asarray(0.5 + Y0 * base, np.float32)


def base_of(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `colours_of`."""
    return np.asarray((colours - 0.5) / Y0, np.float32)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits as opacities in 0…1."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits.clip(-30, 30))), np.float32)


def logit(opacities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Opacities as logits; 0 and 1, which eight bits often say, as far as half a step within."""
    held = opacities.clip(1 / 1020, 1 - 1 / 1020)
    return np.asarray(np.log(held / (1 - held)), np.float32)

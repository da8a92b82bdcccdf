"""Frames as a lab yields them (tensors, any device) → frames as a view takes them (numpy)."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import numpy as np
import torch

T = TypeVar("T")


def to_numpy(value: Any) -> Any:
    """A tensor as a numpy array on the CPU; tuples and frame records field by field; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, tuple):
        return tuple(to_numpy(part) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return with_numpy(value)
    return value


def with_numpy(record: T) -> T:
    """The record with every array contiguous and in float32, uint8, bool or an integer type: half the bytes of float64."""
    changes = {}
    for entry in dataclasses.fields(record):  # type: ignore[arg-type]  # every frame is a dataclass
        value = getattr(record, entry.name)
        if isinstance(value, torch.Tensor | np.ndarray | tuple) or dataclasses.is_dataclass(value):
            changes[entry.name] = _compact(to_numpy(value))
    return dataclasses.replace(record, **changes)  # type: ignore[type-var]  # as above


def _compact(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype == np.float64 or value.dtype == np.float16:
        value = value.astype(np.float32)
    return np.ascontiguousarray(value)


def as_bytes(pixels: np.ndarray) -> np.ndarray:
    """A picture as uint8: float is taken as 0..1 and clipped; NaN becomes 0."""
    if pixels.dtype == np.uint8:
        return pixels
    return (np.nan_to_num(np.clip(pixels.astype(np.float32), 0.0, 1.0)) * 255.0 + 0.5).astype(np.uint8)

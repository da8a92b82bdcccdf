"""What a lab tracks, and how its state is taken out and put back: modules, optimisers, tensors, arrays, generators, dicts."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch

from engine.api.errors import SnapshotError


def must_be_trackable(name: str, value: Any) -> None:
    """Raises TypeError for what could not be restored in place."""
    kinds = (dict, torch.Tensor, np.ndarray, torch.Generator, np.random.Generator)
    if not isinstance(value, kinds) and not hasattr(value, "load_state_dict"):
        raise TypeError(
            f"ctx.track({name}=…) takes what can be restored in place, not a {type(value).__name__}; put it into a dict"
        )


def state_of(value: Any) -> Any:
    """The state of one tracked object as nested plain data with tensors; it shares memory with the object."""
    if isinstance(value, torch.Generator):
        return value.get_state()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if hasattr(value, "state_dict"):
        return value.state_dict()
    if isinstance(value, dict):
        return {key: state_of(part) for key, part in value.items()}
    if isinstance(value, torch.Tensor | np.ndarray | list | tuple | bool | int | float | str) or value is None:
        return value
    raise TypeError(f"ctx.track takes modules, optimisers, tensors, generators and dicts, not a {type(value).__name__}")


def put_back(name: str, value: Any, state: Any) -> None:
    """Loads a state into a tracked object, in place. Raises SnapshotError if it does not fit."""
    try:
        if isinstance(value, torch.Generator):
            value.set_state(state.to("cpu", torch.uint8))
        elif isinstance(value, np.random.Generator):
            value.bit_generator.state = state
        elif hasattr(value, "load_state_dict"):
            value.load_state_dict(state)
        elif isinstance(value, dict):
            _put_back_dict(name, value, state)
        elif isinstance(value, torch.Tensor):
            _put_back_tensor(value, state)
        elif isinstance(value, np.ndarray):
            if value.shape != state.shape:
                raise ValueError(f"{state.shape} into {value.shape}")
            value[...] = state
        else:
            raise TypeError(f"a {type(value).__name__} cannot be changed in place; track it in a dict")
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(
            f"The snapshot does not fit: its “{name}” was made with other parameters ({_first_line(error)})."
        ) from error


def _put_back_tensor(value: torch.Tensor, state: torch.Tensor) -> None:
    if value.shape != state.shape:
        raise ValueError(f"{tuple(state.shape)} into {tuple(value.shape)}")
    with torch.no_grad():
        value.copy_(state)


def _put_back_dict(name: str, value: dict[Any, Any], state: dict[Any, Any]) -> None:
    """Tensors and objects inside are filled in place; plain values and new keys are replaced."""
    for gone in set(value) - set(state):
        del value[gone]
    for key, part in state.items():
        kept = value.get(key)
        if isinstance(kept, torch.Tensor) and isinstance(part, torch.Tensor) and kept.shape == part.shape:
            _put_back_tensor(kept, part)
        elif hasattr(kept, "load_state_dict") or isinstance(kept, torch.Generator | np.random.Generator | dict):
            put_back(f"{name}/{key}", kept, part)
        else:
            value[key] = part


def copied(state: Any) -> Any:
    """A state that no longer shares memory with its object."""
    return copy.deepcopy(state)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[min(1, len(lines) - 1)] if lines else type(error).__name__

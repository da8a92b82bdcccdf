"""Adam for parameters whose number changes in mid-training: everything it knows lies in dictionaries of tensors, row by row."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.raster._team import Team

BETAS = (0.9, 0.999)
EPSILON = 1e-15
"""As in the reference implementation: the derivatives by a position are tiny."""


def moments_of(values: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Means of derivatives and of their squares, all zero, for every tensor."""
    return {kind: {name: torch.zeros_like(value) for name, value in values.items()} for kind in ("first", "second")}


class Adam:
    """Kingma & Ba 2015, on all cores, in place. Bit-equal whatever the threads do. It keeps no state but its threads."""

    def __init__(self, team: Team | None = None) -> None:
        self._team = team or Team()

    def step(
        self, values: dict[str, Tensor], moments: dict[str, dict[str, Tensor]], rates: dict[str, float], count: int
    ) -> None:
        """Changes every tensor that has a rate and a derivative.

        Args:
            values: by name, contiguous; their `.grad` is used, and stays.
            moments: as `moments_of` makes them, changed.
            rates: step length by name.
            count: how many steps were made before.
        """
        for name, rate in rates.items():
            value = values[name]
            if value.grad is None:
                continue
            first, second = moments["first"][name], moments["second"][name]
            if value.dtype == torch.float32 and value.device.type == "cpu":
                self._fast(value, first, second, rate, count)
            else:
                plain_step(value, first, second, rate, count)

    def _fast(self, value: Tensor, first: Tensor, second: Tensor, rate: float, count: int) -> None:
        from engine.splats._adam_kernels import adam_step

        assert value.grad is not None
        settings = (rate / (1 - BETAS[0] ** (count + 1)), 1 / (1 - BETAS[1] ** (count + 1)), *BETAS, EPSILON)
        arrays = (value.detach(), value.grad.contiguous(), first, second)
        flat = [array.numpy().reshape(-1) for array in arrays]
        self._team.share_evenly(adam_step, value.numel(), *flat, tuple(np.float32(number) for number in settings))


@torch.no_grad()
def plain_step(value: Tensor, first: Tensor, second: Tensor, rate: float, count: int) -> None:
    """The same in plain torch, for any device and type."""
    assert value.grad is not None
    first.lerp_(value.grad, 1 - BETAS[0])
    second.mul_(BETAS[1]).addcmul_(value.grad, value.grad, value=1 - BETAS[1])
    length, scale = rate / (1 - BETAS[0] ** (count + 1)), 1 / (1 - BETAS[1] ** (count + 1))
    value.sub_(length * first / ((second * scale).sqrt() + EPSILON))

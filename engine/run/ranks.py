"""Data-parallel training under `torchrun`: which process this is, and how a group of them is joined."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed


@dataclass(frozen=True)
class Ranks:
    """This process among its group: `rank` of `world`, `local_rank` on its machine."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0


@contextmanager
def joined(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Joins the process group for the time of the block: gloo on the CPU, nccl on GPUs."""
    if ranks.world == 1:
        yield
        return
    torch.distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo", rank=ranks.rank, world_size=ranks.world
    )
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()

"""Which device computes: CUDA where there is one that works, else the CPU. Never a crash for the lack of one."""

from __future__ import annotations

import functools

import torch

from engine.api.errors import StudioError


@functools.cache
def cuda_works() -> bool:
    """Whether a kernel runs on the GPU: a driver too old for this build of torch shows only then."""
    if not torch.cuda.is_available():
        return False
    try:
        return bool((torch.ones(8, device="cuda") * 2).sum().item() == 16.0)
    except RuntimeError:
        return False


def pick_device(name: str, local_rank: int = 0) -> torch.device:
    """The device for "auto", "cpu" or "cuda". Raises StudioError if "cuda" is asked for and does not work."""
    if name == "cpu":
        return torch.device("cpu")
    if name not in ("auto", "cuda"):
        raise StudioError(f"There is no device “{name}”; there are auto, cpu, cuda.")
    if cuda_works():
        return torch.device("cuda", local_rank)
    if name == "cuda":
        raise StudioError("There is no working CUDA GPU here; leave out --device, or use --device cpu.")
    return torch.device("cpu")


def device_words(device: torch.device) -> str:
    """The device as a person reads it: "CPU · 2 threads", "NVIDIA RTX 4070"."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"CPU · {threads} thread{'s' if threads != 1 else ''}"

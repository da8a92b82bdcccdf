"""Small scenes for the tests."""

from __future__ import annotations

import torch

from engine.splats.scene import COEFFICIENTS, Gaussians


def blobs(count: int = 400, degree: int = 3, seed: int = 0) -> Gaussians:
    """Random Gaussians in a ball, of every shape and colour."""
    rng = torch.Generator().manual_seed(seed)
    sh = 0.15 * torch.randn(count, COEFFICIENTS[degree], 3, generator=rng)
    sh[:, 0] = 1.5 * torch.rand(count, 3, generator=rng) - 0.5
    return Gaussians(
        means=torch.randn(count, 3, generator=rng),
        log_scales=torch.empty(count, 3).uniform_(-3.5, -1.5, generator=rng),
        quaternions=torch.randn(count, 4, generator=rng),
        opacities=2 * torch.randn(count, generator=rng),
        sh=sh,
    )

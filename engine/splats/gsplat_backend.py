"""gsplat (Ye et al. 2024, arXiv:2409.06765) through its public API: the rasteriser for CUDA devices, where it is installed and compiles."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from engine.splats.scene import COEFFICIENTS, Gaussians, from_points
from engine.splats.viewpoint import BLUR, Rendered, Style, Viewpoint


class Gsplat:
    """Draws on one CUDA device; the scene may lie on another, and derivatives go back to where it lies."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def render(
        self,
        gaussians: Gaussians,
        viewpoint: Viewpoint,
        style: Style | None = None,
        background: Float[Tensor, "3"] | None = None,
        offsets: Float[Tensor, "n 2"] | None = None,
        absolute: bool = False,
    ) -> Rendered:
        """Draws the scene; see `Rasteriser.render`. gsplat caps opacity at 0.999 where the others cap it at 0.99."""
        import gsplat

        style = style or Style()
        scene, lens = gaussians.to(self._device), viewpoint.camera
        degree = min(style.degree, scene.sh_degree)
        behind = torch.zeros(3) if background is None else background
        lenses = torch.tensor(lens.intrinsics, dtype=torch.float32, device=self._device)
        picture, alpha, found = gsplat.rasterization(
            means=scene.means,
            quats=scene.quaternions,
            scales=scene.scales,
            opacities=scene.alphas,
            colors=scene.sh[:, : COEFFICIENTS[degree]],
            viewmats=viewpoint.camera_from_world.to(self._device)[None],
            Ks=lenses[None],
            width=lens.width,
            height=lens.height,
            near_plane=style.near,
            far_plane=style.far,
            eps2d=BLUR,
            sh_degree=degree,
            packed=False,
            render_mode="RGB+D",
            rasterize_mode="antialiased" if style.antialiased else "classic",
            absgrad=absolute,
        )
        if offsets is not None:
            _hand_on(found["means2d"], offsets, absolute)
        covered = alpha[0, ..., 0].to(gaussians.means.device)
        picture = picture[0].to(gaussians.means.device)
        colour = picture[..., :3] + (1 - covered)[..., None] * behind.to(picture)
        radii = found["radii"][0].float().reshape(len(scene), -1).amax(1).to(covered.device)
        return Rendered(colour, picture[..., 3], covered, radii)


def _hand_on(centres: Any, offsets: Tensor, absolute: bool) -> None:
    """The derivative by the centres becomes that by the offsets, which gsplat does not know."""

    def take(slope: Tensor) -> None:
        found = centres.absgrad if absolute else slope
        offsets.grad = found.reshape(offsets.shape).to(offsets)

    centres.register_hook(take)


def probe() -> bool:
    """Draws one Gaussian and goes back through it. Raises whatever gsplat raises."""
    import numpy as np

    from engine.geometry.cameras import Pinhole

    device = torch.device("cuda")
    scene = from_points(np.array([[0.0, 0.0, 2.0]]), np.array([[255, 255, 255]], np.uint8)).to(device)
    scene.means.requires_grad_(True)
    view = Viewpoint(Pinhole(32, 32, 32.0, 32.0, 16.0, 16.0), torch.eye(4, device=device))
    Gsplat(device).render(scene, view).colour.sum().backward()
    return scene.means.grad is not None and bool(scene.means.grad.isfinite().all())

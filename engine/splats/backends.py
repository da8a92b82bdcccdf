"""Which rasteriser draws: compiled on the CPU, gsplat on a CUDA device, or plain torch. A probe chooses; none of them fails in mid-run."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from engine.splats import reference
from engine.splats.compiled import Rasteriser

if TYPE_CHECKING:
    from engine.splats.scene import Gaussians
    from engine.splats.viewpoint import Rendered, Style, Viewpoint

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What draws a scene; see `Rasteriser.render` for what each argument is."""

    def render(
        self,
        gaussians: Gaussians,
        viewpoint: Viewpoint,
        style: Style | None = None,
        background: Float[Tensor, "3"] | None = None,
        offsets: Float[Tensor, "n 2"] | None = None,
        absolute: bool = False,
    ) -> Rendered:
        """Draws the scene."""


class Plain:
    """The reference as a backend: for any type, slow. It does not sum absolute derivatives."""

    def render(
        self,
        gaussians: Gaussians,
        viewpoint: Viewpoint,
        style: Style | None = None,
        background: Float[Tensor, "3"] | None = None,
        offsets: Float[Tensor, "n 2"] | None = None,
        absolute: bool = False,
    ) -> Rendered:
        """Draws the scene."""
        return reference.render(gaussians, viewpoint, style, background, offsets)


def choose_backend(device: torch.device | str = "cpu") -> Backend:
    """The fastest that works on a device."""
    if torch.device(device).type == "cuda" and gsplat_works():
        from engine.splats.gsplat_backend import Gsplat

        return Gsplat(torch.device(device))
    return Rasteriser()


@functools.cache
def gsplat_works() -> bool:
    """Whether gsplat is installed, its kernels load (it compiles them at first use), and a picture comes of them."""
    if not torch.cuda.is_available():
        return False
    try:
        from engine.splats.gsplat_backend import probe

        return probe()
    except Exception as error:  # noqa: BLE001  # whatever another project's compilation runs into, we draw without it
        _log.warning("gsplat cannot be used here, the compiled rasteriser draws instead: %s", error)
        return False

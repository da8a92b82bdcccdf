"""From where and how a scene is looked at, and the picture that comes of it: what all rasterisers have in common."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from engine.geometry.cameras import Pinhole, PosedPhoto

BLUR = 0.3
"""Square pixels that every Gaussian is widened by, so that none falls between the pixels."""
FAINTEST = 1.0 / 255.0
"""A Gaussian that covers a pixel less than this is not seen there."""
MOST_OPAQUE = 0.99
SPENT = 1e-4
"""A pixel is finished before the Gaussian that would let less light through than this."""
SPREAD = 0.3
"""How far outside the picture the affine approximation is still taken where it is, as a share of half the picture's width."""
LEAST_SHARE = 2.5e-5
"""The least ratio of a Gaussian's area before and after the blur (its square root scales the opacity)."""


@dataclass(frozen=True)
class Viewpoint:
    """A lens and its pose `[4, 4]`, world to camera (OpenCV: +z looks forward, y down); the pose may carry a derivative."""

    camera: Pinhole
    camera_from_world: Float[Tensor, "4 4"]

    @classmethod
    def of(cls, photo: PosedPhoto) -> Viewpoint:
        """From where a photo was taken, float32."""
        return cls(photo.camera, torch.tensor(photo.camera_from_world, dtype=torch.float32))

    def scaled(self, scale: float) -> Viewpoint:
        """The same over a picture of another size."""
        return Viewpoint(self.camera.scaled(scale), self.camera_from_world)

    @property
    def slants(self) -> tuple[float, float, float, float]:
        """The least and the largest x/z, and y/z, at which the affine approximation is taken."""
        lens = self.camera
        across, down = SPREAD * 0.5 * lens.width / lens.fx, SPREAD * 0.5 * lens.height / lens.fy
        return (
            -(lens.cx / lens.fx) - across,
            (lens.width - lens.cx) / lens.fx + across,
            -(lens.cy / lens.fy) - down,
            (lens.height - lens.cy) / lens.fy + down,
        )


@dataclass(frozen=True)
class Style:
    """How Gaussians become a picture.

    Attributes:
        degree: spherical harmonics up to this degree are used; those that the scene lacks are zero.
        antialiased: a Gaussian that the blur widens loses as much opacity as it wins area (Yu et al. 2024, "Mip-Splatting", equation 9).
        near: metres along the camera's axis; a Gaussian whose centre is nearer, or behind the camera, is not drawn.
        far: metres; likewise beyond.
    """

    degree: int = 3
    antialiased: bool = False
    near: float = 0.01
    far: float = 1e10


@dataclass(frozen=True)
class Rendered:
    """A picture of `h` × `w` pixels.

    Attributes:
        colour: `[h, w, 3]`, mostly in 0…1, over the background.
        depth: `[h, w]` metres, weighted by how much each Gaussian is seen: divide by `alpha` for the mean depth of what is seen.
        alpha: `[h, w]`, 0…1, how much of the background is covered.
        radii: `[n]` pixels, half the longer side of the box that a Gaussian covers; 0 for one that is not seen. No derivative.
    """

    colour: Float[Tensor, "h w 3"]
    depth: Float[Tensor, "h w"]
    alpha: Float[Tensor, "h w"]
    radii: Float[Tensor, "n"]

    @property
    def mean_depth(self) -> Float[Tensor, "h w"]:
        """Metres; 0 where nothing is seen."""
        return self.depth / self.alpha.clamp(min=1e-6)

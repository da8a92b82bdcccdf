"""A scene of 3-D Gaussians (Kerbl et al. 2023, "3D Gaussian splatting for real-time radiance field rendering").

Every number is kept as it is optimised, unbounded: logarithms of the scales, logits of the opacities, quaternions of any length, and
spherical harmonics whose sum plus one half is the colour.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial import KDTree
from torch import Tensor

Y0 = 0.28209479177387814
"""The constant spherical harmonic, 1 / (2 √π)."""
COEFFICIENTS = (1, 4, 9, 16)
"""How many spherical harmonics there are up to degree 0, 1, 2, 3."""
_SMALLEST = 1e-7


@dataclass(frozen=True)
class Gaussians:
    """`n` Gaussians, each a row of every tensor; all tensors on one device and of one floating type.

    Attributes:
        means: `[n, 3]` metres, world.
        log_scales: `[n, 3]` natural logarithms of the standard deviations, metres.
        quaternions: `[n, 4]` wxyz, world from Gaussian, of any length but zero.
        opacities: `[n]` logits.
        sh: `[n, k, 3]` spherical harmonics of red, green and blue, k = 1, 4, 9 or 16, in the order of the reference implementation.

    Raises:
        ValueError: a tensor has another shape, type or device.
    """

    means: Float[Tensor, "n 3"]
    log_scales: Float[Tensor, "n 3"]
    quaternions: Float[Tensor, "n 4"]
    opacities: Float[Tensor, "n"]
    sh: Float[Tensor, "n k 3"]

    def __post_init__(self) -> None:
        n = len(self.means) if self.means.ndim else 0
        k = self.sh.shape[1] if self.sh.ndim == 3 else 0
        if k not in COEFFICIENTS:
            raise ValueError(f"sh must be [n, k, 3] with k in {COEFFICIENTS}, not {tuple(self.sh.shape)}")
        wanted = {"means": (n, 3), "log_scales": (n, 3), "quaternions": (n, 4), "opacities": (n,), "sh": (n, k, 3)}
        for name, value in self.tensors().items():
            if tuple(value.shape) != wanted[name]:
                raise ValueError(f"{name} must be {wanted[name]}, not {tuple(value.shape)}")
            if value.dtype != self.means.dtype or not value.is_floating_point():
                raise ValueError(
                    f"{name} is {value.dtype}; all must be of one floating type, as means {self.means.dtype}"
                )
            if value.device != self.means.device:
                raise ValueError(f"{name} is on {value.device}, but means on {self.means.device}")

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name, in the order of the fields."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def __len__(self) -> int:
        return len(self.means)

    def __getitem__(self, rows: Tensor | slice) -> Gaussians:
        """Some of the Gaussians: by a mask `[n]`, indices `[m]` or a slice."""
        return Gaussians(**{name: value[rows] for name, value in self.tensors().items()})

    @property
    def sh_degree(self) -> int:
        """The degree of the spherical harmonics, 0 to 3."""
        return COEFFICIENTS.index(self.sh.shape[1])

    @property
    def scales(self) -> Float[Tensor, "n 3"]:
        """Standard deviations, metres."""
        return self.log_scales.exp()

    @property
    def alphas(self) -> Float[Tensor, "n"]:
        """Opacities in 0…1."""
        return self.opacities.sigmoid()

    @property
    def base_colours(self) -> Float[Tensor, "n 3"]:
        """The colours without what changes with the direction; mostly in 0…1."""
        return 0.5 + Y0 * self.sh[:, 0]

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Gaussians:
        """The same on another device or in another type."""
        return Gaussians(**{name: value.to(device=device, dtype=dtype) for name, value in self.tensors().items()})

    def detached(self) -> Gaussians:
        """The same numbers in memory of their own, without a derivative."""
        return Gaussians(**{name: value.detach().clone() for name, value in self.tensors().items()})

    def with_degree(self, degree: int) -> Gaussians:
        """The same with spherical harmonics up to this degree: higher ones are cut off, missing ones are zero."""
        k = COEFFICIENTS[degree]
        missing = self.sh.new_zeros(len(self), max(0, k - self.sh.shape[1]), 3)
        return replace(self, sh=torch.cat([self.sh[:, :k], missing], 1))


def joined(*parts: Gaussians) -> Gaussians:
    """Several scenes as one, their rows in order. Raises ValueError for none, or for different degrees."""
    if not parts or len({part.sh.shape[1] for part in parts}) != 1:
        raise ValueError("scenes are joined if there is one at least, and all have the same degree")
    return Gaussians(**{name: torch.cat([part.tensors()[name] for part in parts]) for name in parts[0].tensors()})


def from_points(
    points: Float[np.ndarray, "n 3"], colours: UInt8[np.ndarray, "n 3"], degree: int = 0, opacity: float = 0.1
) -> Gaussians:
    """Round Gaussians at points, each as wide as its three nearest neighbours are far (Kerbl et al. 2023, section 5.1).

    Args:
        points: `[n, 3]` metres, world.
        colours: `[n, 3]` of 0…255.
        degree: of the spherical harmonics; all but the constant are zero.
        opacity: of each, 0…1.

    Returns:
        float32, on the CPU.
    """
    n = len(points)
    tints = torch.from_numpy(np.asarray(colours, np.float32) / 255)
    sh = torch.zeros(n, COEFFICIENTS[degree], 3)
    sh[:, 0] = (tints - 0.5) / Y0
    scales = torch.from_numpy(neighbour_distances(points)).float()
    return Gaussians(
        means=torch.from_numpy(np.array(points, np.float32)),
        log_scales=scales.log()[:, None].repeat(1, 3),
        quaternions=torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(n, 1),
        opacities=torch.full((n,), opacity).logit(),
        sh=sh,
    )


def neighbour_distances(points: Float[np.ndarray, "n 3"], neighbours: int = 3) -> Float[np.ndarray, "n"]:
    """The root mean square distance of each point to its nearest neighbours, metres; 1 for a point without any."""
    count = min(neighbours, len(points) - 1)
    if count < 1:
        return np.ones(len(points))
    distances, _ = KDTree(points).query(points, k=range(2, count + 2))
    return np.maximum(np.sqrt((distances**2).mean(1)), _SMALLEST)

"""Where a body runs into itself: balls that fill its parts, and by how much balls of different parts overlap.

Each ball touches the skin from inside at two places, so that it is as large as there is room for (shrinking balls: Ma, Bae & Choi 2012,
doi:10.1007/s00371-011-0682-7); it grows with the skin's shape at those places and moves with its part. Balls in place of triangles keep
the term cheap and differentiable: SMPLify does the same with capsules (Bogo et al. 2016, section 3.2). Metres, y up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from engine.bodies.model import BodyModel, kinematics, rest_joints
from engine.bodies.registration import spread, vertex_normals
from engine.bodies.rotation import matrix_from_vector

MOST = 3
"""Balls a part, at most."""
_TRIED, _CLOSE, _MARGIN = 60, 0.8, 0.01


@dataclass(frozen=True)
class Balls:
    """Balls inside a body at rest: `centres` `[n, 3]`, how each shape moves them `[s, n, 3]`, `radii` `[n]`, whose `part` they are.

    `pairs` `[p, 2]`: the balls that must not overlap, those of parts that are not neighbours and are apart at rest.
    """

    model: BodyModel
    centres: Float[Tensor, "n 3"]
    directions: Float[Tensor, "s n 3"]
    radii: Float[Tensor, " n"]
    part: Int[Tensor, " n"]
    pairs: Int[Tensor, "p 2"]

    def posed(self, betas: Float[Tensor, "b s"], pose: Float[Tensor, "b j 3"]) -> Float[Tensor, "b n 3"]:
        """Where the balls' centres go."""
        joints = rest_joints(self.model, betas)
        frames = kinematics(self.model, matrix_from_vector(pose), joints)[:, self.part]
        rest = self.centres + torch.einsum("bs,snc->bnc", betas, self.directions[: betas.shape[1]])
        away = rest - joints[:, self.part]
        return (frames[..., :3, :3] @ away[..., None])[..., 0] + frames[..., :3, 3]

    def overlaps(
        self, betas: Float[Tensor, "b s"], pose: Float[Tensor, "b j 3"], pairs: Int[Tensor, "p 2"] | None = None
    ) -> Float[Tensor, "b p"]:
        """By how much each pair (of these) overlaps, metres; 0 for pairs that are apart, where the gradient is 0 too."""
        return -self._gaps(betas, pose, self.pairs if pairs is None else pairs).clamp_max(0)

    def close(self, betas: Float[Tensor, "1 s"], pose: Float[Tensor, "1 j 3"], reach: float) -> Int[Tensor, "p 2"]:
        """The pairs with less than `reach` between them, metres: the few that a small step could bring together."""
        return self.pairs[self._gaps(betas, pose, self.pairs)[0] < reach]

    def _gaps(self, betas: Tensor, pose: Tensor, pairs: Tensor) -> Float[Tensor, "b p"]:
        at, (first, second) = self.posed(betas, pose), pairs.T
        apart = (at[:, first] - at[:, second]).square().sum(-1).clamp_min(1e-12).sqrt()
        return apart - self.radii[first] - self.radii[second]


def fill_body(model: BodyModel) -> Balls:
    """Fills every part of the template with its largest balls."""
    rest, faces = model.template.double().numpy(), model.faces.numpy()
    normals, parts = vertex_normals(rest, faces), model.weights.numpy().argmax(1)
    found = [ball for part in range(len(model.layout)) for ball in _fill_part(rest, normals, parts, part)]
    touched = torch.tensor([[first, second] for first, second, *_ in found])
    centres = torch.from_numpy(np.stack([centre for *_, centre in found])).to(model.dtype)
    shapes = model.directions.unflatten(1, (3, -1)).mT
    directions = 0.5 * (shapes[:, touched[:, 0]] + shapes[:, touched[:, 1]])
    part = torch.from_numpy(parts[touched[:, 0].numpy()])
    radii = torch.tensor([float(np.linalg.norm(centre - rest[first])) for first, _, centre in found], dtype=model.dtype)
    return Balls(model, centres, directions, radii, part, _pairs(model, centres, radii, part))


def _fill_part(
    rest: np.ndarray, normals: np.ndarray, parts: np.ndarray, part: int
) -> list[tuple[int, int, Float[np.ndarray, "3"]]]:
    """The balls of a part, the largest first: the two vertices that each touches, and its centre."""
    own = np.flatnonzero(parts == part)
    if len(own) < 12:
        return []
    tried = own[spread(rest[own], min(_TRIED, len(own)))]
    balls = []
    for vertex in tried:
        offsets = rest[vertex] - rest
        ahead = offsets @ normals[vertex]
        reach = np.where(ahead > 1e-4, (offsets**2).sum(1) / (2 * ahead.clip(1e-4)), np.inf)
        touched = int(reach.argmin())
        balls.append((float(reach[touched]), int(vertex), touched, rest[vertex] - reach[touched] * normals[vertex]))
    chosen: list[tuple[int, int, np.ndarray]] = []
    for radius, vertex, touched, centre in sorted(balls, key=lambda ball: -ball[0]):
        if len(chosen) < MOST and all(np.linalg.norm(centre - other) > _CLOSE * radius for *_, other in chosen):
            chosen.append((vertex, touched, centre))
    return chosen


def _pairs(model: BodyModel, centres: Tensor, radii: Tensor, part: Tensor) -> Tensor:
    """Balls of parts that are neither the same nor neighbours, nor neighbours' neighbours, and that are apart at rest."""
    count, parents = len(model.layout), model.layout.parents
    linked = np.eye(count, dtype=int)
    for child, parent in enumerate(parents):
        if parent >= 0:
            linked[child, parent] = linked[parent, child] = 1
    near = torch.from_numpy((linked @ linked) > 0)
    apart = torch.cdist(centres, centres) > radii[:, None] + radii + _MARGIN
    allowed = apart & ~near[part][:, part]
    return torch.triu(allowed, 1).nonzero()

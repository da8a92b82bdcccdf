"""Balls inside a body: they fill it, their overlap has the right gradient, and it pushes an arm out of the hip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.bodies.collisions import Balls, fill_body
from engine.bodies.files import default_body
from engine.bodies.fitting import Fit, Seen, Weights, fit_keypoints
from engine.bodies.keypoint_body import default_keypoints
from engine.bodies.layouts import SMPL
from engine.bodies.poses import named_pose
from engine.bodies.prior import default_prior


@pytest.fixture(scope="module")
def balls() -> Balls:
    return fill_body(default_body().to(torch.float64))


def arm_in_hip() -> Tensor:
    """Standing, both arms hanging so steeply that the hands are inside the hips."""
    pose = named_pose("stand", SMPL).double()
    for side, sign in (("left", -1.0), ("right", 1.0)):
        pose[SMPL.index(f"{side}_shoulder"), 2] = sign * 1.56
        pose[SMPL.index(f"{side}_elbow")] = torch.tensor([0.0, 0.0, sign * 0.35], dtype=torch.float64)
    return pose[None]


def test_balls_lie_inside_the_skin_and_no_pair_overlaps_at_rest(balls: Balls) -> None:
    template = default_body().template.double()
    away = torch.cdist(balls.centres, template).amin(1)
    assert (away - balls.radii).abs().max() < 2e-3  # each touches the skin and is crossed by none of it
    still = torch.zeros(1, 24, 3, dtype=torch.float64)
    assert float(balls.overlaps(torch.zeros(1, 10, dtype=torch.float64), still).max()) == 0
    assert 0.08 < float(balls.radii.max()) < 0.2


def test_the_overlap_has_the_gradient_of_its_differences(balls: Balls) -> None:
    pose = arm_in_hip().requires_grad_()
    betas = torch.full((1, 3), 0.1, dtype=torch.float64, requires_grad=True)

    def overlap(shape: Tensor, turns: Tensor) -> Tensor:
        return balls.overlaps(shape, turns).square().sum()

    assert float(overlap(betas, pose).detach()) > 0
    assert torch.autograd.gradcheck(overlap, (betas, pose), fast_mode=True)


def test_an_arm_in_the_hip_is_pushed_out() -> None:
    body = default_keypoints()
    unknowns = np.zeros(body.unknowns)
    unknowns[6:69] = arm_in_hip()[0, 1:22].numpy().ravel()
    truth = Fit(unknowns, 0.0)
    points = body(truth.betas[None], truth.pose[None])[0].numpy()
    seen = Seen(points, np.ones(17))
    depths = []
    for apart in (0.0, 30.0):
        found = fit_keypoints(body, seen, default_prior(), replace(Weights(), apart=apart))
        depths.append(float(body.balls.overlaps(found.betas[None], found.pose[None]).max()))
    assert depths[0] > 0.02
    assert depths[1] < 0.4 * depths[0]

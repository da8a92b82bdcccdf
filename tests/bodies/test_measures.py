"""Height, weight, and the shape that has them."""

from __future__ import annotations

import pytest
import torch
import trimesh

from engine.bodies.files import default_body, default_hand
from engine.bodies.measures import height_of, is_closed, shape_for, weight_of
from engine.bodies.model import shape_offsets


def test_the_weight_of_a_ball_is_its_volume_times_the_density() -> None:
    ball = trimesh.creation.icosphere(5, 0.3)
    weight = weight_of(torch.tensor(ball.vertices), torch.tensor(ball.faces))
    assert float(weight) == pytest.approx(985 * ball.volume, rel=1e-6)
    assert is_closed(torch.tensor(ball.faces))
    assert not is_closed(torch.tensor(ball.faces[1:]))


@pytest.mark.parametrize(("height", "weight"), [(1.75, 70.0), (1.6, 50.0), (1.9, 100.0), (1.25, 26.0)])
def test_the_shape_has_the_height_and_weight_that_were_asked_for(height: float, weight: float) -> None:
    model = default_body()
    vertices = model.template + shape_offsets(model, shape_for(model, height, weight)[None])[0]
    assert float(height_of(vertices)) == pytest.approx(height, abs=1e-3)
    assert float(weight_of(vertices, model.faces)) == pytest.approx(weight, abs=0.05)


def test_an_open_surface_has_only_a_height() -> None:
    hand = default_hand()
    wanted = float(height_of(hand.template)) * 1.02
    vertices = hand.template + shape_offsets(hand, shape_for(hand, wanted, 1.0)[None])[0]
    assert float(height_of(vertices)) == pytest.approx(wanted, abs=1e-4)

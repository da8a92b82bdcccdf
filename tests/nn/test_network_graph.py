"""A network as a drawn graph, and the small pictures in it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.nn.mlp import ACTIVATIONS, Mlp
from engine.nn.network_graph import edge_weights, picture_of_one, set_edge, tint, wire
from engine.nn.principal import decision_plane, principal_axes


def test_every_edge_leads_from_its_column_to_the_next_and_none_into_a_bias() -> None:
    wiring = wire((3, 4, 2))
    assert len(wiring.nodes) == 4 + 5 + 2
    assert len(wiring.ends) == len(wiring.places) == 4 * 4 + 5 * 2
    columns = wiring.nodes[wiring.ends, 0]
    np.testing.assert_array_equal(columns[:, 1] - columns[:, 0], 1)
    assert not {3, 8} & set(wiring.ends[:, 1].tolist())
    assert len({tuple(pair) for pair in wiring.ends.tolist()}) == len(wiring.ends)


def test_fewer_outputs_leave_the_numbers_of_the_edges_as_they_are() -> None:
    full, cut = wire((2, 3, 3)), wire((2, 3, 2))
    np.testing.assert_array_equal(full.places[: len(cut.places)], cut.places)


def test_an_edge_that_is_set_is_the_edge_that_is_read() -> None:
    net = Mlp((2, 3, 2), inputs_on=2)
    wiring = wire(net.sizes)
    for edge, place in enumerate(wiring.places):
        before = edge_weights(net.linears, 2)
        set_edge(net.linears, place, 7.5)
        changed = torch.nonzero(edge_weights(net.linears, 2) != before).flatten().tolist()
        assert changed == [edge]
    assert (edge_weights(net.linears, 2) == 7.5).all()
    assert len(edge_weights(net.linears, 1)) == len(wire((2, 3, 1)).ends)


def test_every_activation_is_applied_to_hidden_layers_only() -> None:
    net = Mlp((2, 5, 3), inputs_on=2)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    for name, activation in ACTIVATIONS.items():
        first, hidden, scores = net(x, name)
        assert torch.equal(first, x)
        torch.testing.assert_close(hidden, activation(net.linears[0](x)))
        torch.testing.assert_close(scores, net.linears[1](hidden))


def test_tint_runs_from_one_colour_through_white_to_the_other() -> None:
    low, high = np.array([0.0, 0, 1]), np.array([1.0, 0.5, 0])
    picture = tint(np.array([[[-5.0, -1.0, 0.0, 1.0, 5.0]]]), low, high)
    np.testing.assert_allclose(picture[0, 0, [0, 1]], [low, low])
    np.testing.assert_allclose(picture[0, 0, 3:], [high, high])
    assert (picture[0, 0, 2] > 0.9).all()


def test_the_figure_one_is_dark_on_light() -> None:
    picture = picture_of_one(28)
    assert picture.shape == (1, 28, 28, 3)
    assert 20 < (picture.mean(-1) < 0.5).sum() < 100


def test_principal_axes_are_those_of_the_covariance_with_a_fixed_sign() -> None:
    values = torch.randn(200, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor([0.1, 3.0, 1.0]) + 5
    axes = principal_axes(values)
    torch.testing.assert_close(axes.abs(), torch.tensor([[0.0, 1, 0], [0.0, 0, 1]]), atol=0.1, rtol=0)
    assert (axes.max(1).values > 0.9).all()
    torch.testing.assert_close(principal_axes(-values), axes)


def test_principal_axes_of_too_little_are_zero() -> None:
    assert principal_axes(torch.ones(4, 1)).shape == (2, 1)
    assert torch.equal(principal_axes(torch.zeros(0, 3)), torch.zeros(2, 3))


@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 2), (2, 8), (3, 1), (3, 2), (3, 8)])
def test_nothing_of_the_decision_is_lost_in_its_plane(classes: int, width: int) -> None:
    rng = torch.Generator().manual_seed(classes * 10 + width)
    weights, values = torch.randn(classes, width, generator=rng), torch.randn(50, width, generator=rng)
    axes = decision_plane(weights, values)
    assert axes.shape == (2, width)
    lengths = axes @ axes.T
    torch.testing.assert_close(lengths, lengths.diagonal().round().diag(), atol=1e-5, rtol=0)
    seen = (values @ axes.T) @ axes
    torch.testing.assert_close(
        (seen - values) @ (weights[1:] - weights[:1]).T, torch.zeros(50, classes - 1), atol=1e-4, rtol=0
    )
    assert (axes[0] @ (weights[1] - weights[0])) > 0

"""Networks as rows are the same networks as modules."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from engine.nn.row_networks import RowNetworks


def test_rows_are_the_same_networks_as_modules() -> None:
    rng = torch.Generator().manual_seed(0)
    networks = RowNetworks((5, 4, 3))
    rows = torch.stack([networks.start(rng) for _ in range(3)]).double()
    x = torch.randn(3, 7, 5, generator=rng, dtype=torch.float64)
    y = torch.randint(3, (3, 7), generator=rng)
    slopes = networks.slopes(rows, x, y)
    for k in range(3):
        module = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)).double()
        parts = [part for weights, bias in networks.layers(rows[k : k + 1]) for part in (weights[0].T, bias[0, 0])]
        for parameter, part in zip(module.parameters(), parts, strict=True):
            parameter.data.copy_(part)
        functional.cross_entropy(module(x[k]), y[k]).backward()
        theirs = [parameter.grad for parameter in module.parameters()]
        ours = [part for w, b in networks.layers(slopes[k : k + 1]) for part in (w[0].T, b[0, 0])]
        for mine, other in zip(ours, theirs, strict=True):
            assert other is not None
            torch.testing.assert_close(mine, other)


def test_a_start_knows_nothing_and_says_so() -> None:
    networks = RowNetworks((64, 32, 10))
    start = networks.start(torch.Generator().manual_seed(0))
    assert len(start) == networks.parameters == 64 * 32 + 32 + 32 * 10 + 10
    x, y = torch.rand(1, 50, 64), torch.randint(10, (1, 50))
    assert abs(float(networks.losses(start[None], x, y)) - 2.3026) < 0.1

"""The diffusion beyond what all labs must do: sampling with the oracle, pictures, the network that follows, shards of a batch."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from engine.data.mixture import named
from engine.labs.diffusion.ddpm import Diffusion, Params
from engine.nn.diffusion import follow, generate, irreducible_at, make_schedule, oracle, remember
from engine.nn.diffusion_pages import glow
from engine.nn.unet import UNet
from engine.run.context import Context, Setting
from engine.run.discovery import load
from engine.run.ranks import Ranks
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink, NullSink
from engine.run.steering import Steering

CPU = torch.device("cpu")


def trained(**values: Any) -> MemorySink:
    lab, sink = load("diffusion.ddpm"), MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, {"steps": 2, "batch": 64, **values}), CPU, sink, Steering()))
    return sink


@pytest.mark.parametrize("eta", [None, 0.0, 1.0])
def test_the_oracle_finds_every_cluster_in_its_due_share(eta: float | None) -> None:
    rng, schedule, mixture = torch.Generator().manual_seed(0), make_schedule("cosine", 1000), named("ring")
    x, film = generate(partial(oracle, mixture, schedule), schedule, torch.randn(1600, 2, generator=rng), rng, 60, eta)
    distance, which = mixture.nearest(x)
    assert (distance < 4).float().mean() > 0.97
    assert torch.bincount(which, minlength=8).min() > 140
    assert [film[0].t, film[-1].t] == [1000, 0]
    assert torch.equal(film[-1].x, x)


def test_one_step_back_is_the_mean_of_the_data() -> None:
    rng, schedule = torch.Generator().manual_seed(0), make_schedule("linear", 1000)
    x, film = generate(partial(oracle, named("ring"), schedule), schedule, torch.randn(50, 2, generator=rng), rng, 1)
    assert len(film) == 2
    assert x.norm(dim=1).max() < 0.3, "from pure noise one can only guess the middle"


def test_guesses_of_pictures_stay_between_black_and_white() -> None:
    rng, schedule = torch.Generator().manual_seed(0), make_schedule("linear", 100)
    start = torch.randn(2, 1, 4, 4, generator=rng)
    _, film = generate(lambda x, _: 3 * x, schedule, start, rng, 10, clip=True)
    assert all(frame.clean.abs().max() <= 1 for frame in film[:-1])


@pytest.mark.parametrize("values", [{"data": "digits"}, {"data": "sprites", "sampler": "DDIM", "schedule": "cosine"}])
def test_pictures_are_drawn_with_their_film(values: dict[str, Any]) -> None:
    sink = trained(**values, width=32, steps_back=4, size=8)
    assert sink.frames["samples"].pixels.shape[:3] == (16, 8, 8)
    film = sink.frames["film"]
    assert len(film.pixels) == len(film.labels) == 2 * film.columns
    assert "loss/noise" not in sink.truths, "nobody knows the best loss on pictures"


def test_the_oracle_stands_beside_the_network_on_the_plane() -> None:
    sink = trained(steps_back=3, width=16)
    assert [layer.label for layer in sink.frames["field"].layers] == ["x_t", "oracle", "network"]
    assert sink.truths["loss/noise"][0] == pytest.approx(0.254, abs=0.01)


def test_the_oracles_loss_falls_with_time() -> None:
    losses = irreducible_at(named("ring"), make_schedule("linear", 1000), torch.tensor([1, 300, 1000]))
    assert losses[0] > 0.8, "hardly any noise: it cannot be told from the data's own width"
    assert losses[-1] < 0.01, "nothing but noise"


def test_gradients_of_shards_average_to_the_gradient_of_the_whole() -> None:
    torch.manual_seed(0)
    lab, rng = load("diffusion.ddpm"), torch.Generator().manual_seed(0)
    diffusion, x, noise = Diffusion(Params(width=16), CPU), *torch.randn(2, 32, 2, generator=rng)
    t = torch.randint(1, 1001, (32,), generator=rng)

    def gradient(*ranks: Ranks) -> torch.Tensor:
        found = []
        for rank in ranks:
            ctx = Context(Setting(lab, make_params(lab, {}), CPU, NullSink(), Steering(), ranks=rank))
            mine = [ctx.shard(part) for part in (x, noise, t)]
            guess = diffusion.network(diffusion.schedule.noised(*mine), mine[2].float() / 1000)
            loss = (guess - mine[1]).square().flatten(1).mean(1).mean()
            found.append(
                torch.cat([g.ravel() for g in torch.autograd.grad(loss, list(diffusion.network.parameters()))])
            )
        return torch.stack(found).mean(0)

    torch.testing.assert_close(gradient(Ranks(0, 2), Ranks(1, 2)), gradient(Ranks(0, 1)), rtol=1e-4, atol=1e-6)


def test_the_average_follows_and_off_means_at_once() -> None:
    average, network = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    begun = average.weight.detach().clone()
    follow(average, network, 0.75)
    torch.testing.assert_close(average.weight, 0.75 * begun + 0.25 * network.weight)
    follow(average, network, 0.0)
    torch.testing.assert_close(average.weight, network.weight)


def test_the_loss_by_moment_is_kept_apart() -> None:
    kept = torch.full((3,), torch.nan)
    remember(kept, torch.tensor([0, 0, 2]), torch.tensor([1.0, 3.0, 5.0]))
    assert kept[[0, 2]].tolist() == [2, 5]
    assert kept[1].isnan()
    remember(kept, torch.tensor([2]), torch.tensor([25.0]))
    assert kept[2] == pytest.approx(6)


def test_glowing_points_lie_where_they_should() -> None:
    cells = glow(torch.tensor([[2.9, 2.9], [-9.0, 0.0]]).repeat(20, 1), 3.0, (1.0, 0.5, 0.0), side=12)
    assert cells[0, -1].tolist() == [1, 1, 1], "top right"
    assert cells[6:, :6].sum() == 0, "what lies outside is not wrapped round"


@pytest.mark.parametrize("size", [8, 12])
def test_the_u_net_keeps_the_size_and_hears_the_time(size: int) -> None:
    torch.manual_seed(0)
    network, x = UNet(3, 8), torch.randn(2, 3, size, size)
    early, late = (network(x, torch.full((2,), time)) for time in (0.1, 0.9))
    assert early.shape == x.shape
    assert not torch.allclose(early, late)

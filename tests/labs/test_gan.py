"""The adversarial game beyond what all labs must do: each player steps alone, changes in mid-run, the remedies for collapse."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch

from engine.data.mixture import Mixture, named
from engine.labs.adversarial.gan import Game, Params
from engine.nn.adversarial import Discriminator, best_value, density_of, unroll, value, visible
from engine.run.context import Context, Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

CPU = torch.device("cpu")
Weights = dict[str, dict[str, torch.Tensor]]


class Scripted(Steering):
    """A person who makes these changes one after another, looks at the weights before each, and then lets the run go on."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        super().__init__(paused=True)
        self.script = [*script, {}]
        self.seen: list[Weights] = []
        self.context: Context | None = None

    def poll(self, timeout: float = 0.0) -> None:
        if not timeout or self.context is None:
            return
        tracked = self.context.tracked
        self.seen.append(
            {
                name: {key: value.clone() for key, value in tracked[name].state_dict().items()}
                for name in ("generator", "discriminator")
            }
        )
        self.changes = self.script.pop(0)
        self.paused = bool(self.script)


def played(monkeypatch: pytest.MonkeyPatch, script: list[dict[str, Any]], **values: Any) -> tuple[Scripted, MemorySink]:
    lab, sink, steering = load("adversarial.gan"), MemorySink(draws=True), Scripted(script)
    begin = Context.__init__

    def remembered(self: Context, setting: Setting) -> None:
        begin(self, setting)
        steering.context = self

    monkeypatch.setattr(Context, "__init__", remembered)
    run_lab(Setting(lab, make_params(lab, {"steps": 2, "width": 16, "batch": 32, **values}), CPU, sink, steering))
    return steering, sink


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_step_d_and_step_g_while_paused_train_that_player_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    steering, _ = played(monkeypatch, [{"step_d": 1}, {"step_g": 1}, {"lr_d": 0.01}])
    moved = [
        (not equal(a["discriminator"], b["discriminator"]), not equal(a["generator"], b["generator"]))
        for a, b in itertools.pairwise(steering.seen)
    ]
    assert moved == [(True, False), (False, True), (False, False)]


def test_the_density_is_changed_and_drawn_in_mid_run(monkeypatch: pytest.MonkeyPatch) -> None:
    _, sink = played(monkeypatch, [{"data": "own"}, {"points": [[2.0, 2.0, 0], [2.0, -2.0, 0]]}])
    plane = sink.frames["plane"]
    assert plane.edits == "points"
    assert plane.layers[0].points[:, 0].min() > 1, "the points that were drawn are learned"


@pytest.mark.parametrize("values", [{"alike": True}, {"unrolled": 2}, {"d_steps": 0}, {"latent": 1, "loss": "minimax"}])
def test_every_variant_plays(values: dict[str, Any]) -> None:
    lab, sink = load("adversarial.gan"), MemorySink(draws=True)
    run_lab(Setting(lab, make_params(lab, {"steps": 2, "width": 16, "batch": 32, **values}), CPU, sink, Steering()))
    assert {"plane", "critic", "optimal", "manifold"} == sink.frames.keys()


def test_unrolling_moves_g_and_leaves_d_as_it_is() -> None:
    torch.manual_seed(0)
    game, rng = Game(Params(unrolled=3, width=16, batch=32), CPU), torch.Generator().manual_seed(0)
    before = {name: weight.clone() for name, weight in game.discriminator.named_parameters()}
    generator = {name: weight.clone() for name, weight in game.generator.named_parameters()}
    game.step_g(rng)
    assert equal(before, dict(game.discriminator.named_parameters()))
    assert not equal(generator, dict(game.generator.named_parameters()))


def test_unrolled_steps_raise_the_value() -> None:
    torch.manual_seed(0)
    critic = Discriminator(16, alike=False)
    real, fake = torch.randn(2, 64, 2, generator=torch.Generator().manual_seed(0)) + torch.tensor([[[1.0]], [[-1.0]]])
    ahead = unroll(critic, real, fake, 5, 0.1)
    seen = [torch.func.functional_call(critic, ahead, (points,)) for points in (real, fake)]
    assert value(*seen) > value(critic(real), critic(fake)) + 0.1


@pytest.mark.parametrize("name", ["ring", "spiral"])
def test_the_best_value_is_minus_log_4_where_g_is_right_and_zero_where_it_is_far_off(name: str) -> None:
    rng, target = torch.Generator().manual_seed(0), named(name)
    real, seen, fake = (target.sample(800, rng) for _ in range(3))
    assert -math.log(4) <= best_value(target, real, seen, fake) < -math.log(4) + 0.1
    assert best_value(target, real, seen + 20, fake + 20) == pytest.approx(0, abs=0.02)


def test_a_generator_on_a_thin_line_does_not_make_the_best_value_absurd() -> None:
    rng, target = torch.Generator().manual_seed(0), named("ring")
    line = torch.nn.functional.normalize(torch.randn(1600, 2, generator=rng)) * 2
    best = best_value(target, target.sample(800, rng), line[:800], line[800:])
    assert -math.log(4) <= best < 0


def test_d_star_is_drawn_as_one_half_where_nothing_is() -> None:
    p, q = Mixture(torch.tensor([[-1.0, 0.0]]), 0.1), density_of(torch.randn(200, 2) * 0.1 + torch.tensor([1.0, 0.0]))
    places = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.9]])
    drawn = visible(p.log_density(places), q.log_density(places))
    assert drawn[0] > 0.99
    assert drawn[1] < 0.01
    assert drawn[2] == pytest.approx(0.5, abs=1e-3)

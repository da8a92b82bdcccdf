"""Optimisers by hand: one step of each method in a line or three, walkers that race by them, and the same methods as torch has them.

Sources: Polyak 1964; Nesterov 1983; Duchi et al. 2011; Tieleman & Hinton 2012; Kingma & Ba 2015, arXiv:1412.6980.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from engine.data import landscapes

METHODS = ("GD", "SGD", "mini-batch", "Polyak", "Nesterov", "Adagrad", "RMSProp", "Adam")
"""GD, SGD and mini-batch differ only in the slope that they are given."""

EPSILON = 1e-8


@dataclass(frozen=True)
class Rule:
    """One method's numbers: step η, momentum β (Adam: β₁), what a new slope weighs in the velocity, keep of squares (γ, β₂)."""

    method: str
    lr: float
    beta: float = 0.0
    weight: float = 1.0
    keep: float = 0.0
    bug: str = "none"


def step(rule: Rule, t: int, at: Tensor, first: Tensor, second: Tensor, g: Tensor) -> None:
    """The `t`-th step (from 1), in place: parameters, velocity and squares `[p]`, at the slope `g` `[p]`."""
    if rule.method in ("Polyak", "Nesterov"):
        first.mul_(-rule.beta if rule.bug == "momentum that brakes" else rule.beta).add_(g, alpha=rule.weight)
        at.sub_(first, alpha=rule.lr)
    elif rule.method == "Adagrad":
        second.add_(g * g)
        at.sub_(rule.lr * g / (second.sqrt() + EPSILON))
    elif rule.method == "RMSProp":
        second.mul_(rule.keep).add_(g * g, alpha=1 - rule.keep)
        at.sub_(rule.lr * g / (second.sqrt() + EPSILON))
    elif rule.method == "Adam":
        first.mul_(rule.beta).add_(g, alpha=1 - rule.beta)
        second.mul_(rule.keep).add_(g * g, alpha=1 - rule.keep)
        corrected = rule.bug != "no bias correction"
        mean = first / (1 - rule.beta**t) if corrected else first
        square = second / (1 - rule.keep**t) if corrected else second
        at.sub_(rule.lr * mean / (square.sqrt() + EPSILON))
    else:
        at.sub_(g, alpha=rule.lr)


class Race:
    """Eight walkers as rows: where they are, their velocities and squares `[8, p]`, and the steps made."""

    def __init__(self, start: Float[Tensor, "p"]) -> None:
        self.at = start.repeat(len(METHODS), 1)
        self.first, self.second = torch.zeros_like(self.at), torch.zeros_like(self.at)
        self.state: dict[str, Any] = {"t": 0}
        self.tracked = {"at": self.at, "first": self.first, "second": self.second, "state": self.state}

    def restart(self, start: Float[Tensor, "p"]) -> None:
        """All go back to the start and forget."""
        self.at[:] = start
        self.first.zero_()
        self.second.zero_()
        self.state["t"] = 0

    def asked(self, rules: list[Rule]) -> Float[Tensor, "8 p"]:
        """Where each wants the slope: where it is, but Nesterov where its velocity is about to carry it."""
        places = self.at.clone()
        for k, rule in enumerate(rules):
            if rule.method == "Nesterov":
                ahead = -1 if rule.bug == "looks behind" else 1
                places[k] -= ahead * rule.lr * rule.beta * self.first[k]
        return places

    def step(self, rules: list[Rule], slopes: Float[Tensor, "8 p"]) -> None:
        """Everyone makes a step."""
        self.state["t"] += 1
        for k, rule in enumerate(rules):
            step(rule, self.state["t"], self.at[k], self.first[k], self.second[k], slopes[k])


def by_torch(rule: Rule, weights: list[Tensor]) -> torch.optim.Optimizer:
    """The same method as torch has it."""
    lr = rule.lr * rule.weight
    if rule.method in ("Polyak", "Nesterov"):
        return torch.optim.SGD(weights, lr, rule.beta, nesterov=rule.method == "Nesterov" and rule.beta > 0)
    if rule.method == "Adagrad":
        return torch.optim.Adagrad(weights, lr, eps=EPSILON)
    if rule.method == "RMSProp":
        return torch.optim.RMSprop(weights, lr, rule.keep, EPSILON)
    if rule.method == "Adam":
        return torch.optim.Adam(weights, lr, (rule.beta, rule.keep), EPSILON)
    return torch.optim.SGD(weights, lr)


@lru_cache(maxsize=16)
def torch_gaps(rules: tuple[Rule, ...], name: str, start: tuple[float, float], laps: int) -> tuple[float, ...]:
    """How far each walk by hand ever is from torch's, in plot units, without noise from the same start."""
    surface = landscapes.named(name)
    race = Race(torch.tensor(start, dtype=torch.float64))
    theirs = [race.at[k].clone().requires_grad_() for k in range(len(METHODS))]
    optimisers = [by_torch(rule, [place]) for rule, place in zip(rules, theirs, strict=True)]
    gaps = torch.zeros(len(METHODS), dtype=torch.float64)
    for _ in range(laps):
        race.step(list(rules), surface.slopes(race.asked(list(rules))))
        for place, slope in zip(theirs, surface.slopes(torch.stack(theirs)), strict=True):
            place.grad = slope
        for optimiser in optimisers:
            optimiser.step()
        gaps = gaps.maximum((race.asked(list(rules)) - torch.stack(theirs).detach()).abs().amax(1))
    return tuple(gaps.tolist())

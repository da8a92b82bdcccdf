"""The arithmetic of a diffusion: schedule, noising, the posterior of an earlier moment, and the samplers built on it.

Ho et al. 2020, arXiv:2006.11239 (DDPM); Song et al. 2021, arXiv:2010.02502 (DDIM); Nichol & Dhariwal 2021, arXiv:2102.09672 (cosine).
Moments are whole numbers 0 … T; ᾱ_0 = 1 is the data itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

if TYPE_CHECKING:
    from engine.data.mixture import Mixture

Predict = Callable[[Tensor, Tensor], Tensor]
"""(x_t `[B, …]`, t `[B]` moments) → the noise ε in it."""


@dataclass(frozen=True)
class Schedule:
    """How much of the data is left at each moment: `alpha_bar` `[T + 1]`, float64, from 1 downwards."""

    alpha_bar: Float[Tensor, "t"]

    @property
    def moments(self) -> int:
        """T, the last moment."""
        return len(self.alpha_bar) - 1

    def left(self, t: Int[Tensor, "b"], like: Tensor) -> Float[Tensor, "b ..."]:
        """ᾱ_t, shaped to multiply `like` `[B, …]`."""
        return self.alpha_bar.to(like.device)[t].to(like.dtype).reshape(-1, *[1] * (like.ndim - 1))

    def noised(self, x0: Tensor, noise: Tensor, t: Int[Tensor, "b"]) -> Tensor:
        """x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε: DDPM, eq. 4."""
        left = self.left(t, x0)
        return left.sqrt() * x0 + (1 - left).sqrt() * noise

    def cleaned(self, x: Tensor, noise: Tensor, t: Int[Tensor, "b"]) -> Tensor:
        """x̂₀ = (x_t − √(1 − ᾱ_t) ε) / √ᾱ_t, the same equation solved for x₀."""
        left = self.left(t, x)
        return (x - (1 - left).sqrt() * noise) / left.sqrt()

    def posterior(self, x0: Tensor, x: Tensor, t: Int[Tensor, "b"], s: Int[Tensor, "b"]) -> tuple[Tensor, Tensor]:
        """Mean and variance of q(x_s | x_t, x₀) for an earlier moment s < t: DDPM, eqs. 6 and 7, for any gap."""
        now, then = self.left(t, x), self.left(s, x)
        step = now / then
        mean = then.sqrt() * (1 - step) / (1 - now) * x0 + step.sqrt() * (1 - then) / (1 - now) * x
        return mean, (1 - then) / (1 - now) * (1 - step)

    def implicit(
        self, x0: Tensor, noise: Tensor, t: Int[Tensor, "b"], s: Int[Tensor, "b"], eta: float
    ) -> tuple[Tensor, Tensor]:
        """Mean and variance of the DDIM step from t to s: DDIM, eqs. 12 and 16. η = 0 adds no noise, η = 1 is DDPM."""
        now, then = self.left(t, x0), self.left(s, x0)
        variance = eta**2 * (1 - then) / (1 - now) * (1 - now / then)
        return then.sqrt() * x0 + (1 - then - variance).clamp(min=0).sqrt() * noise, variance


def make_schedule(kind: str, moments: int) -> Schedule:
    """The linear schedule (β from 1e-4 to 0.02 for 1,000 moments, scaled for fewer) or the cosine one."""
    if kind == "linear":
        scale = 1000 / moments
        beta = torch.linspace(1e-4 * scale, 0.02 * scale, moments, dtype=torch.float64).clamp(max=0.999)
    else:
        t = torch.linspace(0, 1, moments + 1, dtype=torch.float64)
        f = torch.cos((t + 0.008) / 1.008 * math.pi / 2).square()
        beta = (1 - f[1:] / f[:-1]).clamp(max=0.999)
    return Schedule(torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - beta, 0)]))


@dataclass(frozen=True)
class Moment:
    """One moment of a film: the moment t that was left, x_t before the step, and the x̂₀ that was seen in it."""

    t: int
    x: Tensor
    clean: Tensor


def generate(
    predict: Predict,
    schedule: Schedule,
    start: Tensor,
    rng: torch.Generator,
    steps: int,
    eta: float | None = None,
    clip: bool = False,
) -> tuple[Tensor, list[Moment]]:
    """From noise `start` `[B, …]` to data in `steps` steps; and the film of how it came about.

    `eta`: None samples the DDPM posterior, a number takes DDIM steps. `clip` keeps x̂₀ in −1 … 1, as pictures are.
    """
    marks = torch.linspace(schedule.moments, 0, min(steps, schedule.moments) + 1).round().long().tolist()
    x, film = start, []
    for now, then in itertools.pairwise(marks):
        t, s = (torch.full((len(x),), mark, device=x.device) for mark in (now, then))
        noise = predict(x, t)
        clean = schedule.cleaned(x, noise, t)
        if clip:
            clean = clean.clamp(-1, 1)
            noise = (x - schedule.left(t, x).sqrt() * clean) / (1 - schedule.left(t, x)).sqrt()
        film.append(Moment(now, x, clean))
        mean, variance = (
            schedule.posterior(clean, x, t, s) if eta is None else schedule.implicit(clean, noise, t, s, eta)
        )
        x = mean + variance.sqrt() * torch.randn(x.shape, generator=rng).to(x) if then > 0 else mean
    film.append(Moment(0, x, x))
    return x, film


def oracle(mixture: Mixture, schedule: Schedule, x: Float[Tensor, "b 2"], t: Int[Tensor, "b"]) -> Float[Tensor, "b 2"]:
    """The best guess of the noise in x_t: ε* = √(1 − ᾱ_t) (x − √ᾱ_t E[centre | x]) / v, with v the variance of each noised Gaussian."""
    left = schedule.left(t, x)
    variance = left * mixture.sigma**2 + (1 - left)
    centres = left.sqrt()[:, None] * mixture.centres.to(x)
    shares = (-(x[:, None] - centres).square().sum(-1) / (2 * variance)).softmax(1)
    return (1 - left).sqrt() * (x - (shares[..., None] * centres).sum(1)) / variance


def irreducible(mixture: Mixture, schedule: Schedule, rng: torch.Generator, count: int = 40_000) -> float:
    """The oracle's loss per number: nothing that sees only x_t can be better."""
    x0, noise = mixture.sample(count, rng), torch.randn(count, 2, generator=rng)
    t = torch.randint(1, schedule.moments + 1, (count,), generator=rng)
    x = schedule.noised(x0, noise, t)
    guesses = [oracle(mixture, schedule, *part) for part in zip(x.split(4000), t.split(4000), strict=True)]
    return float((noise - torch.cat(guesses)).square().mean())


def irreducible_at(
    mixture: Mixture, schedule: Schedule, moments: Int[Tensor, "m"], count: int = 1500
) -> Float[Tensor, "m"]:
    """The oracle's loss per number at each of some moments."""
    rng, losses = torch.Generator().manual_seed(1), []
    for moment in moments.tolist():
        t, noise = torch.full((count,), moment), torch.randn(count, 2, generator=rng)
        x = schedule.noised(mixture.sample(count, rng), noise, t)
        losses.append((noise - oracle(mixture, schedule, x, t)).square().mean())
    return torch.stack(losses)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Moves the averaged weights a little towards the network's: `keep` of what they were stays."""
    for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(weight, 1 - keep)


def remember(kept: Float[Tensor, "p"], part: Int[Tensor, "b"], errors: Float[Tensor, "b"]) -> None:
    """A slow average of the loss in each part of time, in place; NaN where none was seen yet."""
    part, errors = part.cpu(), errors.cpu()
    count = torch.bincount(part, minlength=len(kept))
    mean = torch.zeros(len(kept)).index_add_(0, part, errors) / count.clamp(min=1)
    kept.copy_(torch.where(count == 0, kept, torch.where(kept.isnan(), mean, kept.lerp(mean, 0.05))))

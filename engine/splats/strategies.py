"""Densification: where Gaussians are added, moved and taken away while a scene is trained.

A strategy is a frozen record whose numbers are the paper's, for the paper's 30,000 steps; `paced` fits it to another length. It changes a
`Population`: the optimised tensors and everything that goes along with them, row by row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from engine.splats.reference import rotations

PAPERS_STEPS = 30_000
_LEAST_RESET = 1000
"""Opacities need so many steps to recover."""


@dataclass
class Population:
    """The rows of a scene in training.

    Attributes:
        values: `means`, `log_scales`, `quaternions`, `opacities`, `base` and `bands` (harmonics), each `[n, …]`.
        moments: of Adam, `first` and `second`, each with the names of `values`.
        statistics: what a strategy counts, each `[n]`.
    """

    values: dict[str, Tensor]
    moments: dict[str, dict[str, Tensor]]
    statistics: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.values["means"])

    def keep(self, rows: Bool[Tensor, "n"]) -> None:
        """Takes all other rows away."""
        for table in (self.values, self.moments["first"], self.moments["second"], self.statistics):
            for name, value in table.items():
                table[name] = value.detach()[rows].contiguous()

    def add(self, values: dict[str, Tensor]) -> None:
        """Adds rows at the end; nothing is known of them yet."""
        count = len(values["means"])
        for name, value in values.items():
            self.values[name] = torch.cat([self.values[name].detach(), value])
        for table in (self.moments["first"], self.moments["second"], self.statistics):
            for name, value in table.items():
                table[name] = torch.cat([value, value.new_zeros(count, *value.shape[1:])])

    def rows(self, chosen: Tensor) -> dict[str, Tensor]:
        """Copies of some rows."""
        return {name: value.detach()[chosen].clone() for name, value in self.values.items()}

    def forget(self, rows: Tensor | slice, names: tuple[str, ...] = ()) -> None:
        """Adam begins anew with these rows, of some tensors or of all."""
        for kind in ("first", "second"):
            for name in names or tuple(self.values):
                self.moments[kind][name][rows] = 0

    @property
    def alphas(self) -> Float[Tensor, "n"]:
        """Opacities in 0…1."""
        return self.values["opacities"].detach().sigmoid()

    @property
    def widest(self) -> Float[Tensor, "n"]:
        """The longest half axis, metres."""
        return self.values["log_scales"].detach().amax(1).exp()


@dataclass(frozen=True)
class Moment:
    """When and where a strategy acts: the step, the scene's radius in metres, the most Gaussians there may be, the random numbers."""

    step: int
    extent: float
    budget: int
    rate: float
    rng: torch.Generator


@dataclass(frozen=True)
class Fixed:
    """No densification: the Gaussians stay the ones that the points made."""

    wants_offsets: bool = False
    absolute: bool = False
    opacity_price: float = 0.0
    scale_price: float = 0.0

    def paced(self, steps: int) -> Fixed:
        """Nothing to fit."""
        return self

    def refine(self, population: Population, moment: Moment) -> None:
        """Nothing changes."""


@dataclass(frozen=True)
class Adc:
    """Adaptive density control of Kerbl et al. 2023, section 5.2: clone what is small, split what is large, prune what is clear.

    Attributes:
        grow: mean derivative by the place in the picture (in halves of its size) above which a Gaussian is cloned or split; 2e-4.
        absolute: the derivative's absolute values are summed over the pixels, see `absgrad`.
        large: a share of the scene's radius: wider Gaussians are split, others cloned; 0.01.
        huge: likewise: wider ones are pruned, once opacities were reset; 0.1.
        clear: opacity below which a Gaussian is pruned; 0.005.
        start, stop, every: steps; 500, 15,000, 100.
        reset_every: steps after which all opacities fall to 0.01 at most; 3,000, or 0 for never.
    """

    grow: float = 2e-4
    absolute: bool = False
    large: float = 0.01
    huge: float = 0.1
    clear: float = 0.005
    start: int = 500
    stop: int = 15_000
    every: int = 100
    reset_every: int = 3000
    wants_offsets: bool = True
    opacity_price: float = 0.0
    scale_price: float = 0.0

    def paced(self, steps: int) -> Adc:
        """For a run of so many steps: it begins and ends at the same share of it; a run too short to recover from a reset has none."""
        share = min(1.0, steps / PAPERS_STEPS)
        reset = int(self.reset_every * share)
        return replace(
            self,
            start=max(min(self.every, self.start), int(self.start * share)),
            stop=int(self.stop * share),
            reset_every=reset if reset >= _LEAST_RESET else 0,
        )

    def refine(self, population: Population, moment: Moment) -> None:
        """After each step: clones, splits and prunes when it is time."""
        step = moment.step
        if self.start <= step < self.stop and step % self.every == 0:
            self._grow(population, moment)
            self._prune(population, moment)
            for value in population.statistics.values():
                value.zero_()
        if self.reset_every and 0 < step < self.stop and step % self.reset_every == 0:
            opacities = population.values["opacities"].detach()
            opacities.clamp_(max=math.log(0.01 / 0.99))
            population.forget(slice(None), ("opacities",))

    def _grow(self, population: Population, moment: Moment) -> None:
        counted = population.statistics
        mean = counted["slope"] / counted["seen"].clamp(min=1)
        chosen = mean > self.grow
        room = moment.budget - len(population)
        if int(chosen.sum()) > room:  # each adds one: only the most wanted have room
            chosen = torch.zeros_like(chosen)
            chosen[mean.topk(max(0, room)).indices] = True
        large = population.widest > self.large * moment.extent
        clone, split = chosen & ~large, chosen & large
        copies = population.rows(clone)
        halves = [split_rows(population.rows(split), moment.rng) for _ in range(2)]
        population.keep(~split)
        for part in (copies, *halves):
            population.add(part)

    def _prune(self, population: Population, moment: Moment) -> None:
        lost = population.alphas < self.clear
        if self.reset_every and moment.step > self.reset_every:
            lost |= population.widest > self.huge * moment.extent
        if lost.any() and not lost.all():
            population.keep(~lost)


def absgrad() -> Adc:
    """AbsGS, Ye et al. 2024, "AbsGS: recovering fine details for 3D Gaussian splatting": derivatives of different pixels may not cancel.

    The threshold is 8e-4, and the rest as in `Adc`.
    """
    return Adc(absolute=True, grow=8e-4)


def split_rows(rows: dict[str, Tensor], rng: torch.Generator) -> dict[str, Tensor]:
    """Gaussians drawn from the ones given, 1.6 times as small (Kerbl et al. 2023, section 5.2)."""
    arms = rotations(rows["quaternions"]) * rows["log_scales"].exp()[:, None]
    away = torch.randn(len(arms), 3, 1, generator=rng).to(arms)
    return rows | {
        "means": rows["means"] + (arms @ away)[..., 0],
        "log_scales": rows["log_scales"] - math.log(1.6),
    }


@dataclass(frozen=True)
class Mcmc:
    """Kheradmand et al. 2024, "3D Gaussian splatting as Markov chain Monte Carlo": a fixed budget, dead Gaussians moved to live ones.

    Attributes:
        clear: opacity at which a Gaussian is dead; 0.005.
        growth: by how much the number grows at a time, up to the budget; 0.05.
        noise: how strongly clear Gaussians wander, times the learning rate of positions; 5e5.
        opacity_price, scale_price: what mean opacity and mean scale cost in the loss; 0.01 each.
        start, stop, every: steps; 500, 25,000, 100.
    """

    clear: float = 0.005
    growth: float = 0.05
    noise: float = 5e5
    opacity_price: float = 0.01
    scale_price: float = 0.01
    start: int = 500
    stop: int = 25_000
    every: int = 100
    wants_offsets: bool = False
    absolute: bool = False

    def paced(self, steps: int) -> Mcmc:
        """For a run of so many steps: it begins and ends at the same share of it, and acts at most twice as often."""
        share = min(1.0, steps / PAPERS_STEPS)
        every = max(self.every // 2, int(self.every * share))
        return replace(self, start=max(every, int(self.start * share)), stop=int(self.stop * share), every=every)

    def refine(self, population: Population, moment: Moment) -> None:
        """After each step: noise; and when it is time, the dead are moved and new ones added."""
        step = moment.step
        if self.start <= step < self.stop and step % self.every == 0:
            self._relocate(population, moment)
            self._grow(population, moment)
        wander(population, self.noise * moment.rate, moment.rng)

    def _relocate(self, population: Population, moment: Moment) -> None:
        alphas = population.alphas
        dead = (alphas <= self.clear).nonzero()[:, 0]
        if not len(dead) or len(dead) == len(alphas):
            return
        alive = torch.where(alphas > self.clear, alphas, 0)
        chosen = torch.multinomial(alive, len(dead), replacement=True, generator=moment.rng)
        share_among(population, chosen)
        for name, value in population.rows(chosen).items():
            population.values[name].detach()[dead] = value
        population.forget(torch.cat([dead, chosen]))

    def _grow(self, population: Population, moment: Moment) -> None:
        count = min(moment.budget, int(len(population) * (1 + self.growth))) - len(population)
        if count <= 0:
            return
        chosen = torch.multinomial(population.alphas, count, replacement=True, generator=moment.rng)
        share_among(population, chosen)
        population.forget(chosen)
        population.add(population.rows(chosen))


def share_among(population: Population, chosen: Int[Tensor, "m"]) -> None:
    """Makes Gaussians so clear and narrow that with their copies they look as they did alone (equation 9 of the paper)."""
    copies = torch.bincount(chosen, minlength=len(population)) + 1
    rows = (copies > 1).nonzero()[:, 0]
    alphas, scales = shared(population.alphas[rows], copies[rows])
    alphas = alphas.clamp(0.005, 1 - 1e-6)
    population.values["opacities"].detach()[rows] = alphas.logit().to(population.values["opacities"])
    population.values["log_scales"].detach()[rows] += scales.log()[:, None].to(population.values["log_scales"])


def shared(alphas: Float[Tensor, "m"], copies: Int[Tensor, "m"]) -> tuple[Float[Tensor, "m"], Float[Tensor, "m"]]:
    """Opacities of `copies` Gaussians that together cover what one covered, and the factor on their scales."""
    most = 51
    copies = copies.clamp(max=most)
    alone = alphas.double().clamp(max=1 - 1e-7)
    each = 1 - (1 - alone) ** (1 / copies)
    total = torch.zeros_like(each)
    for i in range(1, int(copies.max()) + 1 if len(copies) else 1):
        series = torch.zeros_like(each)
        for k in range(i):
            series += math.comb(i - 1, k) * (-1) ** k / math.sqrt(k + 1) * each ** (k + 1)
        total += torch.where(i <= copies, series, 0)
    return each, alone / total


def wander(population: Population, strength: float, rng: torch.Generator) -> None:
    """Moves clear Gaussians at random, along their own shape: equation 8 of the paper."""
    alphas = population.alphas
    rows = (alphas < 0.1).nonzero()[:, 0]  # above, the gate is shut
    if not len(rows):
        return
    gate = torch.sigmoid(100 * (0.005 - alphas[rows]))
    values = population.values
    arms = rotations(values["quaternions"].detach()[rows]) * values["log_scales"].detach()[rows].exp()[:, None]
    noise = torch.randn(len(rows), 3, 1, generator=rng).to(arms) * gate[:, None, None] * strength
    values["means"].detach()[rows] += (arms @ (arms.transpose(1, 2) @ noise))[..., 0]


Strategy = Fixed | Adc | Mcmc
STRATEGIES: dict[str, Strategy] = {"adc": Adc(), "absgrad": absgrad(), "mcmc": Mcmc(), "none": Fixed()}
"""By the name on the command line."""

r"""A pixel looks along one ray into coloured fog. Which of it does it see? What is thick, **and** what nothing thick stands before.

## The share that comes through
Density $\sigma(t)$ says how much of the light the fog swallows in each metre. What is left after a way $t$ is the **transmittance**

$$ T(t) = \exp\Big(-\int_0^t \sigma(s)\,\mathrm{d}s\Big) $$

The pixel collects colour $c(t)$ wherever there is fog that still can be seen, so that $T\sigma$ is the probability density of where
a photon is stopped:

$$ C = \int_0^{L} T(t)\,\sigma(t)\,c(t)\,\mathrm{d}t $$

## In a computer
Cut the ray into $N$ stretches of length $\delta_i$, here {{samples}} of them, and take $\sigma_i$ and $c_i$ as constant in each:

$$ \alpha_i = 1 - e^{-\sigma_i \delta_i}, \qquad T_i = \prod_{j<i} (1 - \alpha_j), \qquad w_i = T_i\,\alpha_i, \qquad C = \sum_i w_i\,c_i $$

This is alpha compositing, front to back. A sum of the weights telescopes: $\sum_i w_i = 1 - T_N$, exactly, whatever the densities. What is
missing to 1 is the background. Every step of it can be differentiated: pull down $\sigma$ in front, and the weights behind grow.
NeRF learns $\sigma$ and $c$ by just that; Gaussian splatting puts ellipsoids of fog there, and composites by the same sum.

## How many samples?
The chart doubles back on the number of samples, one more at each step. Taken in the **middle** of each stretch they err as $1/N^2$, at its
**left** end as $1/N$, and at a **random** place between the two. With random places, no thin wall is always missed.

The blobs here are bell curves, so the integral is known: a blob of height $a$ and width $s$ at $m$ has
$\int_0^t = a s \sqrt{\pi/2}\,\big[\operatorname{erf}\frac{t-m}{s\sqrt2} + \operatorname{erf}\frac{m}{s\sqrt2}\big]$.

**Try**: drag the nearest blob up until it hides the others; make the blobs thin and the samples few; raise the haze; choose a mistake.

Sources: notes, Neural Radiance Fields; Max 1995, doi:10.1109/2945.468400; Mildenhall et al. 2020, arXiv:2003.08934.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Band,
    Bars,
    Choice,
    Frame,
    Layer,
    Line,
    Measured,
    Picture,
    Plot,
    PointSet,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    View,
    check,
    lab,
)
from engine.nn.volume import Ray, composite

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

LENGTH = 4.0  # metres
FINE = 801
COLOURS = torch.tensor([[0.0, 0.45, 0.70], [0.90, 0.62, 0.0], [0.0, 0.62, 0.45]], dtype=torch.float64)
HAZE = torch.tensor([0.72, 0.74, 0.78], dtype=torch.float64)
BUGS = ("none", "α = σδ", "Tᵢ includes its own αᵢ", "back to front")
RULES = ("middle", "left", "random")
BLUE, ORANGE, GREEN, EXACT, MINE = 0, 1, 2, 5, 3

Blobs = tuple[tuple[float, float, int], ...]


@dataclass
class Params:
    """What a person sets."""

    blobs: Annotated[
        Blobs,
        PointSet(
            0, LENGTH, classes=3, live=True, help="Where each blob of fog stands, how thick it is, and its colour"
        ),
    ] = ((1.0, 1.2, 0), (2.0, 2.6, 1), (3.1, 3.4, 2))
    width: Annotated[
        float,
        Slider(0.02, 0.8, log=True, live=True, unit="m", help="How wide a blob is: small ones fall between samples"),
    ] = 0.18
    haze: Annotated[float, Slider(0, 2, live=True, unit="1/m", help="Even grey fog everywhere on the ray")] = 0.05
    samples: Annotated[int, Slider(1, 256, log=True, live=True, help="Into how many stretches the ray is cut")] = 32
    rule: Annotated[
        str, Choice(*RULES, live=True, label="Sampled at", help="Where in its stretch each sample is taken")
    ] = "middle"
    bug: Annotated[
        str, Choice(*BUGS, live=True, label="What if", help="Puts a mistake into the compositing by hand")
    ] = "none"
    steps: Annotated[int, Slider(1, 2000, log=True, help="To how many samples the chart goes")] = 256


@dataclass(frozen=True)
class Fog:
    """Bell-shaped blobs in even haze: density in closed form, integrated in closed form."""

    middles: Float[Tensor, "b"]
    heights: Float[Tensor, "b"]
    colours: Float[Tensor, "b 3"]
    width: float
    haze: float

    def parts(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n b"]:
        """The density of each blob, per metre."""
        return self.heights * torch.exp(-0.5 * ((t[:, None] - self.middles) / self.width) ** 2)

    def density(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """σ, per metre."""
        return self.parts(t).sum(1) + self.haze

    def colour(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n 3"]:
        """c: the colours of what there is, mixed by density; black where there is nothing."""
        parts = torch.cat([self.parts(t), torch.full((len(t), 1), self.haze, dtype=t.dtype)], 1)
        return parts @ torch.cat([self.colours, HAZE[None]]) / parts.sum(1, keepdim=True).clamp(min=1e-300)

    def depth(self, t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """The integral of σ from the eye to t: the optical depth."""
        root = self.width * math.sqrt(2)
        parts = torch.erf((t[:, None] - self.middles) / root) + torch.erf(self.middles / root)
        return (self.heights * self.width * math.sqrt(math.pi / 2) * parts).sum(1) + self.haze * t


def fog_of(p: Params) -> Fog:
    """The fog that the parameters describe."""
    rows = torch.tensor([blob[:2] for blob in p.blobs], dtype=torch.float64).reshape(-1, 2)
    colours = COLOURS[[min(blob[2], 2) for blob in p.blobs]]
    return Fog(rows[:, 0], rows[:, 1].clamp(min=0), colours.reshape(-1, 3), p.width, p.haze)


def places(count: int, rule: str, rng: torch.Generator) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Where a ray of `count` stretches is sampled, and their lengths; metres."""
    lengths = torch.full((count,), LENGTH / count, dtype=torch.float64)
    fixed = {"middle": 0.5, "left": 0.0}
    inside = torch.full((count,), fixed[rule]) if rule in fixed else torch.rand(count, generator=rng)
    return (torch.arange(count, dtype=torch.float64) + inside) * lengths, lengths


def by_hand(
    density: list[float], lengths: list[float], bug: str
) -> tuple[list[float], list[float], list[float], float]:
    """α, T and w of each stretch and what is left, one after the other, as the equations say; `bug` is what if it were wrong."""
    alphas, before, weights = [], [], []
    light = 1.0
    order = list(zip(density, lengths, strict=True))
    for sigma, length in reversed(order) if bug == BUGS[3] else order:
        alpha = sigma * length if bug == BUGS[1] else 1 - math.exp(-sigma * length)
        seen = light * (1 - alpha) if bug == BUGS[2] else light
        alphas.append(alpha)
        before.append(seen)
        weights.append(seen * alpha)
        light *= 1 - alpha
    if bug == BUGS[3]:
        alphas, before, weights = alphas[::-1], before[::-1], weights[::-1]
    return alphas, before, weights, light


@dataclass(frozen=True)
class March:
    """A ray as it was sampled, and composited by hand: places, densities, colours, and what the equations make of them."""

    t: Float[Tensor, "n"]
    lengths: Float[Tensor, "n"]
    density: Float[Tensor, "n"]
    colours: Float[Tensor, "n 3"]
    ray: Ray

    @property
    def pixel(self) -> Float[Tensor, "3"]:
        """The colour that arrives, before black."""
        return self.ray.blend(self.colours)


def march(fog: Fog, count: int, rule: str, rng: torch.Generator, bug: str = "none") -> March:
    """Samples the fog and composites the samples by hand."""
    t, lengths = places(count, rule, rng)
    density = fog.density(t)
    alphas, before, weights, left = by_hand(density.tolist(), lengths.tolist(), bug)
    made = (torch.tensor(part, dtype=torch.float64) for part in (alphas, before, weights, left))
    return March(t, lengths, density, fog.colour(t), Ray(*made))


def truth(fog: Fog) -> Float[Tensor, "3"]:
    """The colour that arrives, by 4,000 samples."""
    t, lengths = places(4000, "middle", torch.Generator())
    return composite(fog.density(t), lengths).blend(fog.colour(t))


@lab(
    title="One ray through fog",
    topic="radiance",
    place=1,
    source="notes, Neural Radiance Fields; Max 1995, doi:10.1109/2945.468400; Mildenhall et al. 2020, arXiv:2003.08934",
    summary="Density, transmittance and weights along a ray, dragged by hand",
    views=(
        View("fog", "Density along the ray", "drag a blob, click adds one", wide=True),
        View("light", "What comes through"),
        View("weights", "What the pixel sees"),
        View("pixel", "Colours, weighted, summed, pixel, exact"),
        View("error", "Error of the pixel's colour", log=True),
    ),
    portrait=Portrait("fog", 3),
    speed=20,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Takes one sample more at each step and says how far the pixel is off; the views show as many samples as the slider says."""
    ctx.track()

    def draw() -> Iterator[Frame]:
        fog = fog_of(p)
        taken = march(fog, p.samples, p.rule, ctx.view_rng(), p.bug)
        if ctx.due("fog"):
            yield draw_fog(fog, taken, p)
        if ctx.due("light"):
            yield draw_light(fog, taken)
        if ctx.due("weights"):
            yield draw_weights(fog, taken)
        if ctx.due("pixel"):
            yield draw_pixel(fog, taken)

    ctx.draw_with(draw)
    for step in ctx.steps(p.steps):
        fog = fog_of(p)
        colour = truth(fog)
        for rule in RULES:
            pixel = march(fog, step + 1, rule, ctx.rng, p.bug).pixel
            yield Scalar(f"error/{rule}", float((pixel - colour).abs().max()) + 1e-16)


# Pictures -------------------------------------------------------------------------------------------------------------

ALONG = Axis("way from the eye", "m", range=(0, LENGTH))


def fine() -> Float[Tensor, "n"]:
    """Places close enough for a smooth curve."""
    return torch.linspace(0, LENGTH, FINE, dtype=torch.float64)


def draw_fog(fog: Fog, taken: March, p: Params) -> Plot:
    """σ with a handle on each blob, and the samples as the computer sees them."""
    t = fine()
    layers: list[Layer] = []
    for colour in (BLUE, ORANGE, GREEN):
        chosen = [k for k, blob in enumerate(p.blobs) if min(blob[2], 2) == colour]
        if chosen:
            part = fog.parts(t)[:, chosen].sum(1)
            layers.append(Band(t, torch.zeros_like(t), part, "", colour))
    layers.append(Line(t, fog.density(t), "σ", EXACT, width=2))
    edges = torch.linspace(0, LENGTH, len(taken.t) + 1, dtype=torch.float64).repeat_interleave(2)[1:-1]
    if len(taken.t) <= 128:
        layers.append(
            Line(edges, taken.density.repeat_interleave(2), f"as {len(taken.t)} stretches see it", MINE, width=1)
        )
    layers.append(Scatter(torch.stack([taken.t, taken.density], 1), label="samples", colour=MINE, size=4))
    for blob in p.blobs:
        layers.append(Scatter(np.array([blob[:2]]), colour=min(blob[2], 2), size=13))
    return Plot("fog", tuple(layers), ALONG, Axis("density σ", "1/m", range=(0, LENGTH)), edits="blobs")


def draw_light(fog: Fog, taken: March) -> Plot:
    """T in closed form and by the product, and α of each stretch."""
    t = fine()
    starts = torch.cumsum(taken.lengths, 0) - taken.lengths
    layers = (
        Bars(starts + taken.lengths / 2, taken.ray.alphas, "α", ORANGE, width=0.9 * float(taken.lengths[0])),
        Line(t, torch.exp(-fog.depth(t)), "T, exact", EXACT, width=2),
        Scatter(torch.stack([starts, taken.ray.before], 1), label="Tᵢ, product", colour=MINE, size=5),
    )
    low = min(0.0, float(taken.ray.before.min()))
    high = max(1.0, float(taken.ray.alphas.max()))
    note = f"{float(taken.ray.left):.1%} passes"
    return Plot("light", layers, ALONG, Axis("share of the light", range=(1.05 * low, 1.05 * high)), note=note)


def draw_weights(fog: Fog, taken: March) -> Plot:
    """W of each stretch in its colour's series, beside T σ δ, and where the pixel thinks the surface is."""
    t, length = fine(), float(taken.lengths[0])
    starts = torch.cumsum(taken.lengths, 0) - length
    exact = torch.exp(-fog.depth(t)) * fog.density(t) * length
    total, depth = float(taken.ray.weights.sum()), float((taken.ray.weights * taken.t).sum())
    layers = (
        Bars(starts + length / 2, taken.ray.weights, "w", BLUE, width=0.9 * length),
        Line(t, exact, "T σ δ, exact", EXACT, width=2),
        Line(
            torch.full((2,), depth / max(total, 1e-9)),
            torch.tensor([0.0, float(exact.max())]),
            "mean depth",
            MINE,
            dashed=True,
        ),
    )
    return Plot(
        "weights",
        layers,
        ALONG,
        Axis("part of the pixel"),
        note=f"Σw {total:.4f}, 1 − T {1 - float(taken.ray.left):.4f}",
    )


WIDE, HIGH, GAP = 480, 18, 5  # pixels of a strip


def draw_pixel(fog: Fog, taken: March) -> Picture:
    """Strips along the ray: the samples' colours, weighted, summed from the front; then the pixel, and the true one."""
    weighted = taken.ray.weights[:, None] * taken.colours
    rows = [taken.colours, weighted / float(taken.ray.weights.abs().max().clamp(min=1e-9)), weighted.cumsum(0)]
    rows += [colour.expand(len(taken.t), 3) for colour in (taken.pixel, truth(fog))]
    across = torch.arange(WIDE) * len(taken.t) // WIDE
    picture = torch.full((len(rows) * (HIGH + GAP) - GAP, WIDE, 3), 0.1, dtype=torch.float64)
    for k, row in enumerate(rows):
        picture[k * (HIGH + GAP) :][:HIGH] = row[across].clamp(0, 1)
    agrees = float((composite(taken.density, taken.lengths).weights - taken.ray.weights).abs().max()) < 1e-9
    total = float(taken.ray.weights.sum())
    word = "agrees" if agrees else "DISAGREES"
    return Picture("pixel", picture, note=f"Σw {total:.3f}, 1 − T {1 - float(taken.ray.left):.3f}, library {word}")


# Proof ----------------------------------------------------------------------------------------------------------------


def random_fog(ctx: CheckContext, haze: float = 0.0) -> Fog:
    """Three blobs that lie well inside the ray."""
    middles = 1.2 + 1.6 * torch.rand(3, generator=ctx.rng).double()
    heights = 3 * torch.rand(3, generator=ctx.rng).double()
    return Fog(middles, heights, COLOURS, 0.15, haze)


@check(
    "Σw = 1 − T_N",
    tolerance=1e-12,
    source="Max 1995, §3; the sum telescopes; float64",
    catches="a transmittance that includes its own stretch",
)
def telescopes(ctx: CheckContext) -> Measured:
    """A hundred rays of 64 random densities and lengths, by the library and by hand."""
    density = 20 * torch.rand(100, 64, generator=ctx.rng).double() ** 4
    lengths = torch.rand(100, 64, generator=ctx.rng).double() / 8
    ray = composite(density, lengths)
    worst = float((ray.weights.sum(-1) - (1 - ray.left)).abs().max())
    for one, step in zip(density[:10].tolist(), lengths[:10].tolist(), strict=True):
        *_, weights, left = by_hand(one, step, "none")
        worst = max(worst, abs(sum(weights) - (1 - left)))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "even fog of density σ lets exp(−σL) through",
    tolerance=1e-12,
    source="Beer and Lambert; notes, Neural Radiance Fields",
    catches="α = σδ, the first term of the series alone",
)
def even(ctx: CheckContext) -> Measured:
    """Densities up to 3 per metre, cut into 1 to 200 stretches: the largest error of T."""
    worst = 0.0
    for count in (1, 7, 64, 200):
        sigma = 3 * float(torch.rand((), generator=ctx.rng))
        fog = Fog(torch.zeros(0).double(), torch.zeros(0).double(), COLOURS[:0], 0.1, sigma)
        taken = march(fog, count, "middle", ctx.rng)
        worst = max(worst, abs(float(taken.ray.left) - math.exp(-sigma * LENGTH)))
        worst = max(worst, abs(float(composite(taken.density, taken.lengths).left) - math.exp(-sigma * LENGTH)))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "bell-shaped fog at N = 64 = the error function",
    tolerance=1e-5,
    source="∫ exp(−t²/2s²) = s √(π/2) erf; Abramowitz & Stegun 7.1.1",
    catches="a blob of another width, a wrong factor of its integral",
)
def bells(ctx: CheckContext) -> Measured:
    """T along ten rays through three random blobs, at every stretch's end."""
    worst = 0.0
    for _ in range(10):
        fog = random_fog(ctx)
        taken = march(fog, 64, "middle", ctx.rng)
        ends = torch.cumsum(taken.lengths, 0)
        worst = max(worst, abs(float(taken.ray.left) - math.exp(-float(fog.depth(ends[-1:])))))
    return Measured(0.0, worst, detail="largest difference of T")


@check(
    "by hand = by the library, and its gradient = autograd's closed form",
    tolerance=1e-10,
    source="Mildenhall et al. 2020, equation 3; ∂w_i/∂σ_j by the chain rule, float64",
    catches="compositing from the far end",
)
def library(ctx: CheckContext) -> Measured:
    """Weights one by one, and ∂C/∂σ_j = δ_j (T_{j+1} c_j − Σ_{i>j} w_i c_i) against autograd."""
    taken = march(random_fog(ctx, 0.1), 40, "random", ctx.rng)
    density = taken.density.clone().requires_grad_(True)
    ray = composite(density, taken.lengths)
    red = taken.colours[:, 0]
    (slope,) = torch.autograd.grad(ray.blend(taken.colours)[0], density)
    behind = (taken.ray.weights * red).flip(0).cumsum(0).flip(0) - taken.ray.weights * red
    expected = taken.lengths * (taken.ray.before * (1 - taken.ray.alphas) * red - behind)
    worst = max(float((ray.weights.detach() - taken.ray.weights).abs().max()), float((slope - expected).abs().max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "twice as many samples in the middle, a quarter of the error",
    tolerance=0.35,
    source="midpoint rule, error ∝ 1/N²; even haze with the colour of a blob cut off by the ray's end",
    catches="samples at the left ends, whose error only halves",
)
def order(ctx: CheckContext) -> Measured:
    """The slope of log error over log N, for a blob that the ray's end cuts in two."""
    middle = LENGTH - 0.1 * float(torch.rand((), generator=ctx.rng))
    fog = Fog(torch.tensor([middle]).double(), torch.tensor([1.5]).double(), COLOURS[:1], 0.5, 0.0)
    exact = math.exp(-float(fog.depth(torch.tensor([LENGTH]).double())))
    errors = [abs(float(march(fog, count, "middle", ctx.rng).ray.left) - exact) for count in (32, 256)]
    return Measured(-2.0, math.log(errors[1] / errors[0]) / math.log(8), detail="slope")

r"""Destroy data a little at a time with noise, and learn to undo one small step. Undone a thousand times, pure noise becomes data.

## Forwards: no learning
$$ x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, I),
   \qquad \bar\alpha_t = \prod_{s \le t} (1 - \beta_s) $$

At $t = T$ nothing of $x_0$ is left. Move the **time** and watch the points drift.

## Backwards: one network
Given $x_0$ the step back is known exactly; it is Gaussian with

$$ \tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1 - \bar\alpha_t}\, x_0
     + \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\, x_t,
   \qquad \tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\, \beta_t $$

but $x_0$ is what we want. So a network guesses the noise, and with it $\hat x_0 = (x_t - \sqrt{1-\bar\alpha_t}\,\varepsilon_\theta) /
\sqrt{\bar\alpha_t}$. It is trained by nothing but

$$ L = \mathbb{E}_{x_0, \varepsilon, t}\; \big\lVert \varepsilon - \varepsilon_\theta(x_t, t) \big\rVert^2 $$

per number. It is now **{{loss/noise}}**. It cannot reach zero: many $x_0$ could have led to the same $x_t$.

## The oracle
For a mixture of Gaussians the best possible guess is known at every place and time, because it is the slope of the noised density:

$$ \varepsilon^*(x, t) = \mathbb{E}[\varepsilon \mid x_t = x] = -\sqrt{1 - \bar\alpha_t}\; \nabla \log q_t(x) $$

Its arrows lie under the network's, so that green shows where the two differ; its loss is the dashed
line, and the samplers are proved with it, apart from any training.

## Samplers
**DDPM** draws from the posterior at each step. **DDIM** keeps the guessed noise and may skip moments; with $\eta = 0$ it adds none, so that
the same noise always gives the same picture, and with $\eta = 1$ it is DDPM again. The last step adds no noise in either.

**Try**: 5 sampling steps of DDPM against 5 of DDIM; cosine against linear on pictures; drop a folder of your own pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from engine.api import (
    Choice,
    Dataset,
    Drawn,
    Frame,
    Images,
    Measured,
    Plot,
    Portrait,
    Scalar,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.data.mixture import NAMES, Mixture, named
from engine.data.pictures import Watch, unwatched
from engine.data.table import load_pictures
from engine.nn.diffusion import (
    Moment,
    follow,
    generate,
    irreducible,
    irreducible_at,
    make_schedule,
    oracle,
    remember,
)
from engine.nn.diffusion_pages import cloud, film_strip, lattice, over_time, pixels, two_fields
from engine.nn.unet import TimedMlp, UNet

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH = 3.0
FILM = 7
POINTS = 1200


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[
        str,
        Dataset(
            *NAMES, "digits", "sprites", images=True, help="A density on the plane, pictures, or a folder of your own"
        ),
    ] = "circle"
    schedule: Annotated[
        str, Choice("linear", "cosine", help="How fast the data is destroyed; cosine keeps more for longer")
    ] = "linear"
    moments: Annotated[
        int, Slider(10, 1000, log=True, label="Moments T", help="Into how many steps the destruction is cut")
    ] = 1000
    width: Annotated[
        int, Slider(16, 256, log=True, help="Units of the network (for pictures a quarter of it are channels)")
    ] = 128
    size: Annotated[
        int, Slider(8, 64, step=4, label="Picture size", help="Pixels along a side, for pictures; a multiple of 4")
    ] = 16
    batch: Annotated[int, Slider(8, 2048, log=True, help="Points (for pictures a sixteenth of it) in a step")] = 512
    lr: Annotated[float, Slider(1e-5, 1e-1, log=True, live=True, label="Learning rate", help="Step length of Adam")] = (
        2e-3
    )
    ema: Annotated[
        float,
        Slider(0.0, 0.9999, live=True, label="Averaging", help="How slowly the averaged network follows; 0 is off"),
    ] = 0.995
    sampler: Annotated[str, Choice("DDPM", "DDIM", live=True, group="Look", help="How noise is turned into data")] = (
        "DDPM"
    )
    steps_back: Annotated[
        int,
        Slider(1, 200, log=True, live=True, group="Look", label="Sampling steps", help="Steps of the way back"),
    ] = 50
    eta: Annotated[
        float, Slider(0, 1, live=True, group="Look", label="η of DDIM", help="Noise that DDIM adds: 0 none, 1 as DDPM")
    ] = 0.0
    time: Annotated[float, Slider(0, 1, live=True, group="Look", help="The moment t / T that is looked at")] = 0.25
    steps: Annotated[int, Slider(1, 200_000, log=True, help="How many steps the network learns")] = 3000


class Diffusion:
    """The network, its slowly following average, the data and the schedule."""

    def __init__(self, p: Params, device: torch.device, watch: Watch = unwatched) -> None:
        self.p = p
        self.device = device
        self.schedule = make_schedule(p.schedule, p.moments)
        self.mixture = named(p.data) if p.data in NAMES else None
        moments = ((torch.arange(20) + 0.5) / 20 * p.moments).round().long().clamp(min=1)
        self.oracle_by_moment = irreducible_at(self.mixture, self.schedule, moments) if self.mixture else None
        self.pictures = None
        if self.mixture is None:
            self.pictures = load_pictures(p.data, p.size // 4 * 4, 1 if p.data == "digits" else 3, watch=watch)
        network: nn.Module = TimedMlp(2, p.width)
        if self.pictures is not None:
            network = UNet(self.pictures.train.shape[1], max(8, p.width // 32 * 8))
        self.network = network.to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)

    def draw_data(self, rng: torch.Generator) -> Tensor:
        """A batch of points, or of pictures in −1 … 1."""
        if self.mixture is not None:
            return self.mixture.sample(self.p.batch, rng)
        assert self.pictures is not None
        rows = torch.randint(len(self.pictures.train), (max(4, self.p.batch // 16),), generator=rng)
        return self.pictures.train[rows] * 2 - 1

    def predict(self, x: Tensor, t: Int[Tensor, "b"]) -> Tensor:
        """The averaged network's guess of the noise."""
        return self.average(x, t.to(x) / self.schedule.moments)

    def generated(self, rng: torch.Generator) -> tuple[Tensor, list[Moment]]:
        """New data, and the film of how it came about, thinned to a few moments."""
        shape = (POINTS, 2) if self.pictures is None else (16, *self.pictures.train.shape[1:])
        start = torch.randn(shape, generator=rng).to(self.device)
        eta = None if self.p.sampler == "DDPM" else self.p.eta
        clip = self.pictures is not None
        with torch.no_grad():
            x, film = generate(self.predict, self.schedule, start, rng, self.p.steps_back, eta, clip)
        chosen = torch.linspace(0, len(film) - 1, min(FILM, len(film))).round().long().tolist()
        return x, [film[k] for k in chosen]


@lab(
    title="Denoising diffusion",
    topic="diffusion",
    place=2,
    source="Ho et al. 2020, arXiv:2006.11239; Song et al. 2021, arXiv:2010.02502; Nichol & Dhariwal 2021, arXiv:2102.09672",
    summary="Learn to undo a little noise, then turn pure noise into data, with the perfect guess beside it",
    portrait=Portrait("film", steps=2000),
    views=(
        View("samples", "Generated", "new data from noise"),
        View("field", "One moment", "move the time"),
        View("moments", "Over time", "what is left of the data, and where the guessing is hard"),
        View("film", "From noise to data", "above what is there, below the guess of the clean data"),
        View("loss", "Loss", unit="per number", log=True),
    ),
    distributed=True,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains the network on noise alone; draws samples, film, one moment, and the loss by moment."""
    diffusion = Diffusion(p, ctx.device, ctx.reading)
    network = ctx.parallel(diffusion.network)
    optimiser = torch.optim.Adam(diffusion.network.parameters(), lr=p.lr)
    by_moment = torch.full((20,), torch.nan)
    ctx.track(network=diffusion.network, average=diffusion.average, optimiser=optimiser, by_moment=by_moment)
    if diffusion.pictures is not None and diffusion.pictures.unread:
        ctx.say(diffusion.pictures.unread)
    ctx.draw_with(lambda: draw(diffusion, by_moment, ctx))
    if diffusion.mixture is not None:
        best = irreducible(diffusion.mixture, diffusion.schedule, torch.Generator().manual_seed(0))
        yield Truth("loss/noise", best, f"oracle {best:.3f}")
    for step in ctx.steps(p.steps):
        data = diffusion.draw_data(ctx.rng)
        t = torch.randint(1, p.moments + 1, (len(data),), generator=ctx.rng)
        noise = torch.randn(data.shape, generator=ctx.rng)
        data, noise, t = (ctx.shard(part).to(ctx.device) for part in (data, noise, t))
        guess = network(diffusion.schedule.noised(data, noise, t), t.to(data) / p.moments)
        errors = (guess - noise).square().flatten(1).mean(1)
        for group in optimiser.param_groups:
            group["lr"] = p.lr
        optimiser.zero_grad()
        errors.mean().backward()
        optimiser.step()
        follow(diffusion.average, diffusion.network, min(p.ema, (1 + step) / (10 + step)))
        remember(by_moment, (t - 1) * 20 // p.moments, errors.detach())
        yield Scalar("loss/noise", errors.mean())


def draw(diffusion: Diffusion, by_moment: Float[Tensor, "20"], ctx: Context) -> Iterator[Drawn]:
    """The pictures of the page; one film serves two views."""
    p = diffusion.p
    samples_due, film_due = ctx.due("samples"), ctx.due("film")
    if samples_due or film_due:
        x, film = diffusion.generated(ctx.view_rng())
        note = f"{p.sampler}, {min(p.steps_back, p.moments)} steps"
        if samples_due:
            if diffusion.mixture is not None:
                yield cloud("samples", x, diffusion.mixture.sample(600, ctx.view_rng()), REACH, note)
            else:
                yield Images("samples", pixels(x), columns=4, note=note)
        if film_due:
            yield film_strip("film", film, REACH)
    if ctx.due("field"):
        yield field(diffusion, ctx.view_rng())
    if ctx.due("moments"):
        yield over_time(diffusion.schedule, p.time, by_moment, diffusion.oracle_by_moment)


@torch.no_grad()
def field(diffusion: Diffusion, rng: torch.Generator) -> Plot | Images:
    """The data noised to the chosen moment; on the plane, the step towards clean data that network and oracle see."""
    p, schedule = diffusion.p, diffusion.schedule
    moment = max(1, round(p.time * p.moments))
    if diffusion.mixture is None:
        assert diffusion.pictures is not None
        x0 = diffusion.pictures.test[:4].to(diffusion.device) * 2 - 1
        t = torch.full((len(x0),), moment, device=diffusion.device)
        x = schedule.noised(x0, torch.randn(x0.shape, generator=rng).to(x0), t)
        rows = torch.cat([pixels(part) for part in (x0, x, schedule.cleaned(x, diffusion.predict(x, t), t))])
        labels = ("data",) * len(x0) + (f"t = {moment}",) * len(x0) + ("guess",) * len(x0)
        return Images("field", rows, labels, columns=len(x0))
    points = diffusion.mixture.sample(500, rng)
    noised = schedule.noised(points, torch.randn(points.shape, generator=rng), torch.full((500,), moment))
    places = lattice(REACH).to(diffusion.device)
    t = torch.full((len(places),), moment, device=diffusion.device)
    network, best = diffusion.predict(places, t), oracle(diffusion.mixture, schedule, places, t)
    return two_fields("field", noised, places, -network, -best, REACH)


# Proofs -----------------------------------------------------------------------------------------------------------------------


@check(
    "the linear schedule leaves ᾱ_1000 = 4.036e-5",
    tolerance=5e-9,
    source="DDPM, §4",
    catches="a product that begins one step late",
)
def end_of_schedule(ctx: CheckContext) -> Measured:
    """What is left of the data at the end."""
    return Measured(4.0358e-5, float(make_schedule("linear", 1000).alpha_bar[1000]))


@check(
    "the posterior of a step is that of the joint Gaussian",
    tolerance=1e-9,
    source="conditioning a Gaussian, in float64; DDPM, eqs. 6 and 7",
    catches="ᾱ of the wrong moment in the posterior's mean",
)
def posterior(ctx: CheckContext) -> Measured:
    """The largest difference of mean and variance, for steps and leaps at several moments."""
    schedule, worst = make_schedule("linear", 1000), 0.0
    x0, x = torch.randn(2, 1, 5, generator=ctx.rng, dtype=torch.float64)
    for t, s in ((1, 0), (2, 1), (259, 258), (600, 300), (1000, 999)):
        then, gap = schedule.alpha_bar[s], schedule.alpha_bar[t] / schedule.alpha_bar[s]
        cross, total = gap.sqrt() * (1 - then), gap * (1 - then) + (1 - gap)
        mean = then.sqrt() * x0 + cross / total * (x - gap.sqrt() * then.sqrt() * x0)
        mine = schedule.posterior(x0, x, torch.tensor([t]), torch.tensor([s]))
        worst = max(
            worst, float((mine[0] - mean).abs().max()), float((mine[1] - (1 - then - cross**2 / total)).abs().max())
        )
    return Measured(0.0, worst)


@check(
    "x₀ is recovered from x_t and its noise",
    tolerance=1e-9,
    source="DDPM, eq. 4, solved for x₀",
    catches="a guess of x₀ that is not scaled back",
)
def inversion(ctx: CheckContext) -> Measured:
    """The largest difference after noising and cleaning, at all moments of both schedules up to T/2."""
    x0, noise = torch.randn(2, 500, 2, generator=ctx.rng, dtype=torch.float64)
    t = torch.arange(1, 501)
    gaps = [
        s.cleaned(s.noised(x0, noise, t), noise, t) - x0
        for s in map(partial(make_schedule, moments=1000), ("linear", "cosine"))
    ]
    return Measured(0.0, float(torch.stack(gaps).abs().max()))


@check(
    "the oracle is the slope of the noised density",
    tolerance=1e-9,
    source="Tweedie's formula; differentiation in float64",
    catches="centres that are not shrunk with the data",
)
def slope(ctx: CheckContext) -> Measured:
    """The largest difference between ε* and −√(1 − ᾱ) ∇ log q_t."""
    mixture, schedule = Mixture(named("ring").centres.double(), 0.1), make_schedule("linear", 1000)
    x = (2 * torch.randn(200, 2, generator=ctx.rng, dtype=torch.float64)).requires_grad_(True)
    left = float(schedule.alpha_bar[300])
    (gradient,) = torch.autograd.grad(mixture.log_density(x, left**0.5, (1 - left) ** 0.5).sum(), x)
    best = oracle(mixture, schedule, x, torch.full((200,), 300))
    return Measured(0.0, float((best + (1 - left) ** 0.5 * gradient).detach().abs().max()))


def ring_samples(
    ctx: CheckContext, eta: float | None, seed: int, count: int = 50, steps: int = 50
) -> tuple[Tensor, Tensor]:
    """Points that the oracle's sampler makes of a circle of radius 2 and width 0.1, and its last x̂₀."""
    schedule, rng = make_schedule("linear", 1000), torch.Generator().manual_seed(seed)
    start = torch.randn(count, 2, generator=torch.Generator().manual_seed(ctx.seed))
    x, film = generate(partial(oracle, named("circle"), schedule), schedule, start, rng, steps, eta)
    return x, film[-2].clean


@check(
    "DDPM with the oracle: a circle of width 0.1 comes out with width 0.1",
    tolerance=0.01,
    source="oracle substitution; curriculum U2",
    catches="a posterior variance of β instead of its due share",
)
def width(ctx: CheckContext) -> Measured:
    """The standard deviation of the radius about 2. Measured .0942, .0961, .0980 for seeds 0, 1, 2."""
    x, _ = ring_samples(ctx, None, ctx.seed, count=600, steps=1000)
    return Measured(0.1, float((x.norm(dim=1) - 2).square().mean().sqrt()))


@check(
    "the last step adds no noise", tolerance=0.0, source="DDPM, algorithm 2, line 3", catches="noise in the last step"
)
def noiseless(ctx: CheckContext) -> Measured:
    """The largest difference between the sample and the last guess of clean data."""
    x, clean = ring_samples(ctx, 1.0, ctx.seed)
    return Measured(0.0, float((x - clean).abs().max()))


@check(
    "DDIM with η = 0 is deterministic",
    tolerance=0.0,
    source="DDIM, §4.2",
    catches="a variance that does not shrink with η",
)
def deterministic(ctx: CheckContext) -> Measured:
    """The largest difference between two runs with other random numbers from the same start."""
    return Measured(0.0, float((ring_samples(ctx, 0.0, 1)[0] - ring_samples(ctx, 0.0, 2)[0]).abs().max()))


@check(
    "DDIM with η = 1 is DDPM",
    tolerance=1e-9,
    source="DDIM, §4.1",
    catches="a direction towards x_t that forgets the variance",
)
def same(ctx: CheckContext) -> Measured:
    """The largest difference of mean and variance from the posterior."""
    schedule = make_schedule("cosine", 1000)
    x0, noise = torch.randn(2, 4, 3, generator=ctx.rng, dtype=torch.float64)
    t, s = torch.tensor([1, 10, 400, 999]), torch.tensor([0, 9, 200, 998])
    exact = schedule.posterior(x0, schedule.noised(x0, noise, t), t, s)
    mine = schedule.implicit(x0, noise, t, s, 1.0)
    return Measured(0.0, max(float((a - b).abs().max()) for a, b in zip(exact, mine, strict=True)))


@check(
    "a trained network comes close to the oracle's loss, and not below it",
    tolerance=0.06,
    source="two-sided: E‖ε − ε*‖² is the least possible",
    catches="a network that is not told the time",
)
def learned(ctx: CheckContext) -> Measured:
    """The averaged network's loss on fresh data after 600 steps. Measured .028, .041, .037 above for seeds 0, 1, 2."""
    trained = ctx.train(steps=600, data="ring", width=64, lr=4e-3, ema=0.98)
    mixture, schedule = named("ring"), make_schedule("linear", 1000)
    t = torch.randint(1, 1001, (40_000,), generator=ctx.rng)
    noise = torch.randn(40_000, 2, generator=ctx.rng)
    x = schedule.noised(mixture.sample(40_000, ctx.rng), noise, t)
    with torch.no_grad():
        loss = (trained.tracked["average"](x, t / 1000) - noise).square().mean()
    return Measured(irreducible(mixture, schedule, ctx.rng), float(loss))

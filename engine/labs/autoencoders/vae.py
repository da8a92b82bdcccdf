r"""An autoencoder whose code is a *place with a width*, so that any code near the origin decodes to a picture that could have been.

The encoder says where a picture may lie, $q(z\mid x) = \mathcal N(\mu, \sigma^2)$; the decoder paints whatever is drawn from there;
and all those places together are pulled towards one Gaussian, the prior $p(z) = \mathcal N(0, I)$.

## The bound
The likelihood $\log p(x)$ is an integral over all codes. Jensen's inequality gives a bound that can be computed, the ELBO:

$$ \log p(x) \;\ge\; \mathbb E_{q(z\mid x)}\big[\log p(x\mid z)\big] \;-\; D_{KL}\big(q(z\mid x)\,\Vert\,p(z)\big) $$

It falls short of $\log p(x)$ by $D_{KL}(q(z\mid x)\,\Vert\,p(z\mid x))$: by how wrong the encoder is. Minimised is the
reconstruction's cost plus $\beta$ times the nats in the code:

$$ {{loss/reconstruction}} \;+\; {{beta}} \times {{loss/KL}} $$

At $\beta = 1$ that is the negative ELBO, **{{loss/negative ELBO}}** nats for each picture. The gradient passes through the draw
because it is written $z = \mu + \sigma \odot \varepsilon$ with $\varepsilon \sim \mathcal N(0, I)$, and for two Gaussians the KL is
exact:

$$ D_{KL} = \tfrac12 \sum_j \big(\mu_j^2 + \sigma_j^2 - \log \sigma_j^2 - 1\big) $$

## Two likelihoods
**Bernoulli** reads a grey value as the chance of white. Its reconstruction can never fall below the entropy of the grey values
themselves, the dashed line. **Gaussian** learns one noise level for all pixels. With a *linear* network it is probabilistic PCA,
whose best likelihood is known in closed form: 16.63 nats on held-out 8 × 8 digits with ten dimensions.

## What β does
$\beta > 1$ makes every nat in the code dearer. A dimension that does not earn its price is given up: $\mu = 0$ and $\sigma = 1$
whatever the picture, a KL of zero, and the decoder ignores it. The bars show it; if all go, that is *posterior collapse*. At $\beta=0$
nothing holds the code together: reconstructions are sharp, samples from the prior are not. The factors of the sprites are known,
so for them the mutual information gap says how nearly each factor has a dimension to itself.

## With a condition
A conditional VAE tells both networks the class $y$: $q(z\mid x, y)$ and $p(x\mid z, y)$. The code then need not say *what* it is,
only *how* it is drawn: each row of samples is one $z$, one hand, in all ten digits.

**Try**: drag the cross from one cluster to the next. Raise β in mid-training and watch the bars fall. Switch the noise of the code
off. Drop a folder of your own photographs.

Sources: Kingma & Welling 2014, arXiv:1312.6114; Burda et al. 2016, arXiv:1509.00519 (IWAE); Higgins et al. 2017 (β-VAE); Sohn et al.
2015 (conditional); Tipping & Bishop 1999 (pPCA); Chen et al. 2018, arXiv:1802.04942 (mutual information gap).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from engine import api
from engine.api import Choice, Dataset, Frame, Images, Measured, Pad, Plot, Scalar, Slider, Toggle, Truth, View, check
from engine.api.words import number
from engine.data.table import PictureData, load_pictures
from engine.nn.code_pages import as_pictures, draw_map, draw_pairs, walks
from engine.nn.disentangle import mutual_information_gap
from engine.nn.vae import Vae, importance_bound, kl_to_prior, linear_gaussian_example, log_weights, probabilistic_pca

if TYPE_CHECKING:
    from engine.nn.codec import Network
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH = 3.5
SILENT = 0.05  # nats; a dimension that carries less has been given up
SHOWN = 1000  # held-out pictures that are drawn and judged
USED, GIVEN_UP = 2, 5  # series colours


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[
        str, Dataset("digits", "sprites", images=True, help="What to learn; drop a folder, its sub-folders are classes")
    ] = "digits"
    beta: Annotated[
        float,
        Slider(0, 20, live=True, label="β", help="Price of a nat in the code; 1 is the VAE, 0 is no prior at all"),
    ] = 1.0
    lr: Annotated[
        float,
        Slider(1e-5, 1e-1, log=True, live=True, label="Learning rate", help="Step length of Adam; too long jumps"),
    ] = 2e-3
    sampled: Annotated[bool, Toggle(live=True, label="Code noise", help="Off, z = μ: the decoder never feels σ")] = True
    z: Annotated[
        tuple[float, float], Pad(-REACH, REACH, live=True, label="Cross", help="The code that the path leads to")
    ] = (1.0, 1.0)
    across: Annotated[
        int,
        Slider(0, 64, live=True, label="Map across", help="The dimension from left to right; 0 takes one that is used"),
    ] = 0
    up: Annotated[
        int, Slider(0, 64, live=True, label="Map up", help="The dimension from bottom to top; 0 takes one that is used")
    ] = 0
    scale: Annotated[
        float, Slider(0, 2, live=True, label="Sample scale", help="Spread of the codes that samples are decoded from")
    ] = 1.0
    label: Annotated[
        int, Slider(0, 63, live=True, label="Class", help="With a condition: what the path is decoded as")
    ] = 3
    conditional: Annotated[bool, Toggle(help="Tell both networks the class; the code is left with the style")] = False
    latent: Annotated[int, Slider(1, 64, label="Latent size", help="Dimensions of the code, used as far as β lets")] = 2
    likelihood: Annotated[
        str, Choice("Bernoulli", "Gaussian", help="A pixel as a chance of white, or with one learnt noise level")
    ] = "Bernoulli"
    network: Annotated[
        str, Choice("auto", "linear", "dense", "convolution", help="Linear is pPCA; auto is dense to 16 × 16 pixels")
    ] = "auto"
    width: Annotated[int, Slider(8, 512, log=True, help="Hidden units or feature maps; more detail, slower steps")] = (
        128
    )
    size: Annotated[
        str, Choice("auto", "8", "16", "32", "64", help="Side of a picture; auto is 16 for digits, 32 for others")
    ] = "auto"
    batch: Annotated[int, Slider(8, 1024, log=True, help="Pictures in a step; more is calmer and slower")] = 128
    settle: Annotated[
        bool,
        Toggle(label="Settle", help="Lower the rate to zero over the second half, which ends the noise"),
    ] = False
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many batches to learn from")] = 4000


# The run --------------------------------------------------------------------------------------------------------------


@api.lab(
    title="Variational autoencoder",
    topic="autoencoders",
    place=3,
    source="Kingma & Welling 2014, arXiv:1312.6114",
    summary="A code with a width, and a prior to sample from",
    portrait=api.Portrait("samples", steps=2500),
    views=(
        View("loss", "Loss", unit="nats"),
        View("latent", "Latent space", "drag the cross"),
        View("samples", "Samples from the prior"),
        View("path", "Along the path", "drag the cross in the latent space"),
        View("again", "Reconstructions", "each held-out picture above what comes back of it"),
        View("dimensions", "Use of the code"),
    ),
    distributed=True,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains the bound by Adam; every picture on the page is drawn from the model as it is."""
    data = load(p, ctx)
    model = make_model(p, data).to(ctx.device)
    optimiser = torch.optim.Adam(model.parameters(), p.lr)
    bound = ctx.parallel(model)
    ctx.track(model=model, optimiser=optimiser)
    if data.unread:
        ctx.say(data.unread)
    ctx.draw_with(lambda: draw(p, ctx, model, data))
    yield from truths(p, data)
    for step in ctx.steps(p.steps):
        optimiser.param_groups[0]["lr"] = p.lr * (min(1.0, 2 - 2 * step / p.steps) if p.settle else 1.0)
        chosen = ctx.shard(torch.randint(len(data.train), (p.batch,), generator=ctx.rng))
        noise = ctx.shard(torch.randn(p.batch, p.latent, generator=ctx.rng)).to(ctx.device)
        likelihood, kl = bound(data.train[chosen], data.train_labels[chosen], noise * p.sampled)
        reconstruction, nats = -likelihood.mean(), kl.sum(1).mean()
        optimiser.zero_grad()
        (reconstruction + p.beta * nats).backward()
        optimiser.step()
        yield Scalar("loss/negative ELBO", reconstruction + nats)
        yield Scalar("loss/KL", nats)
        yield Scalar("loss/reconstruction", reconstruction)
        if step % 25 == 0:
            yield Scalar("loss/held-out", -held_out_bound(model, data, ctx.view_rng()))


def load(p: Params, ctx: Context) -> PictureData:
    """The pictures: digits grey, everything else in colour."""
    digits = p.data == "digits"
    size = int(p.size) if p.size != "auto" else 16 if digits else 32
    return load_pictures(p.data, size, 1 if digits else 3, watch=ctx.reading).to(ctx.device)


def make_model(p: Params, data: PictureData) -> Vae:
    """The networks for these pictures."""
    channels, height, width = data.train.shape[1:]
    network = p.network if p.network != "auto" else "dense" if height <= 16 else "convolution"
    return Vae(
        (channels, height, width),
        p.latent,
        cast("Network", network),
        width=p.width,
        bernoulli=p.likelihood == "Bernoulli",
        classes=len(data.names) if p.conditional else 0,
    )


@torch.no_grad()
def held_out_bound(model: Vae, data: PictureData, rng: torch.Generator, draws: int = 1) -> float:
    """The ELBO of the held-out pictures, in nats a picture."""
    x, y = data.test[:SHOWN], data.test_labels[:SHOWN]
    noise = torch.randn(draws, len(x), model.latent, generator=rng).to(x)
    return sum(float((likelihood - kl.sum(1)).mean()) for likelihood, kl in (model(x, y, e) for e in noise)) / draws


def truths(p: Params, data: PictureData) -> Iterator[Frame]:
    """What theory says: the entropy of grey values (Bernoulli), the best linear model (Gaussian)."""
    x = data.train.flatten(1)
    if p.likelihood == "Bernoulli":
        floor = functional.binary_cross_entropy(x, x, reduction="none").sum(1).mean()
        yield Truth("loss/reconstruction", float(floor), f"entropy of the grey values {number(float(floor))}")
    elif not p.conditional and p.latent < min(x.shape) and x.shape[1] <= 1024:
        best = probabilistic_pca(data.train, data.test, p.latent)
        yield Truth("loss/held-out", -best, f"best linear model (pPCA) {number(-best)}")


# Pictures -------------------------------------------------------------------------------------------------------------


@torch.no_grad()
def draw(p: Params, ctx: Context, model: Vae, data: PictureData) -> Iterator[Frame]:
    """Every view that is open and due."""
    due = [view for view in ("latent", "samples", "path", "again", "dimensions") if ctx.due(view)]
    if not due:
        return
    x, y = data.test[:SHOWN], data.test_labels[:SHOWN]
    mean, log_variance = model.encode(x, y)
    kl = kl_to_prior(mean, log_variance).mean(0)
    shown = shown_dimensions(p, kl)
    if "latent" in due:
        yield draw_map(mean[:, shown].cpu(), shown, y.cpu(), data.names, REACH)
    if "samples" in due:
        yield draw_samples(model, p.scale * torch.randn(64, p.latent, generator=ctx.view_rng()).to(x), data.names)
    if "path" in due:
        cross = torch.zeros_like(kl)
        cross[shown] = kl.new_tensor(p.z)
        codes, captions = walks(cross, kl)
        group = min(p.label, len(data.names) - 1)
        pictures = model.paint(codes, torch.full((len(codes),), group, device=ctx.device))
        note = f"as class {data.names[group]}" if model.classes else ""
        yield Images("path", pictures, captions, columns=7, note=note)
    if "again" in due:
        yield draw_pairs("again", as_pictures(x[:18]), model.paint(mean[:18], y[:18]))
    if "dimensions" in due:
        yield draw_dimensions(kl.cpu(), mean.cpu(), data.test_factors)


def shown_dimensions(p: Params, kl: Float[Tensor, "l"]) -> list[int]:
    """The two dimensions of the map, from 0: those that the person chose, else the two that carry most, in their order."""
    used = kl.argsort(descending=True)[:2].sort().values.tolist()
    chosen = [min(number, len(kl)) - 1 for number in (p.across, p.up)]
    return [own if own >= 0 else found for own, found in zip(chosen, (used[0], used[-1]), strict=True)]


def draw_samples(model: Vae, z: Float[Tensor, "n l"], names: tuple[str, ...]) -> Images:
    """Codes from the prior, decoded. With a condition: a class in each column, one code in each row."""
    if not model.classes:
        return Images("samples", model.paint(z, z.new_zeros(len(z), dtype=torch.long)), columns=8)
    columns = min(model.classes, 12)
    rows = len(z) // columns
    y = torch.arange(columns, device=z.device).repeat(rows)
    pictures = model.paint(z[:rows].repeat_interleave(columns, 0), y)
    return Images(
        "samples", pictures, columns=columns, note=f"{names[0]} to {names[columns - 1]}, one code in each row"
    )


def draw_dimensions(kl: Float[Tensor, "l"], codes: Float[Tensor, "n l"], factors: Tensor | None) -> Plot:
    """The nats that each dimension carries on average; those that were given up stand out."""
    place, silent = torch.arange(1, len(kl) + 1), kl < SILENT
    layers = (
        api.Bars(place[~silent], kl[~silent], "used", USED),
        api.Bars(place[silent], kl[silent].clamp(min=SILENT / 2), "given up", GIVEN_UP),
    )
    every = max(1, len(kl) // 8)
    across = api.Axis("dimension", ticks=tuple((float(at), f"z{at}") for at in place[::every].tolist()))
    note = f"{int(silent.sum())} of {len(kl)} given up" if silent.any() else "all in use"
    if silent.all():
        note = "Posterior collapse: the decoder ignores the code. Lower β."
    if factors is not None:
        note += f" · mutual information gap {mutual_information_gap(codes.numpy(), factors[: len(codes)].numpy()):.2f}"
    return Plot("dimensions", layers, across, api.Axis("KL", "nats"), note=note)


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "the analytic KL equals a Monte Carlo estimate",
    tolerance=0.02,
    source="notes, Analytical KL Divergence; Kingma & Welling 2014, appendix B",
    catches="the −1 or a log σ² left out, σ in place of σ²",
)
def kl(ctx: CheckContext) -> Measured:
    """The mean of log q(z) − log p(z) over 20,000 draws from each of 32 codes: the live model's, else any."""
    mean, log_variance = 1.5 * torch.randn(2, 32, 4, generator=ctx.rng)
    model = ctx.live.get("model")
    if model is not None:
        x = torch.rand(32, *model.shape, generator=ctx.rng).to(ctx.device)
        with torch.no_grad():
            codes = model.encode(x, torch.zeros(32, dtype=torch.long, device=ctx.device))
        mean, log_variance = (part.cpu() for part in codes)
    q = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    z = mean + q.stddev * torch.randn(20_000, *mean.shape, generator=ctx.rng)
    sampled = (q.log_prob(z) - torch.distributions.Normal(0, 1).log_prob(z)).mean(0)
    # Per dimension and code, so that no two errors cancel; large ones by their ratio.
    gap = (kl_to_prior(mean, log_variance) - sampled) / sampled.abs().clamp(min=1)
    return Measured(0.0, float(gap.abs().mean()), detail="mean absolute gap, nats")


@check(
    "ELBO ≤ IWAE-10 ≤ IWAE-100 ≤ IWAE-1000 ≤ log p(x)",
    tolerance=0.0,
    source="Burda et al. 2016, theorem 1",
    catches="a sum of weights in place of their mean, which climbs over log p(x)",
)
def rising(ctx: CheckContext) -> Measured:
    """The smallest of the four gaps, on a linear-Gaussian model whose log p(x) is known; a gap below zero breaks the theorem."""
    model, x, y, exact = linear_gaussian_example(ctx.rng)
    noise = torch.randn(1000, len(x), model.latent, generator=ctx.rng, dtype=torch.float64)
    likelihood, nats = model(x, y, noise[0])
    weights = log_weights(model, x, y, noise)
    ladder = [float((likelihood - nats.sum(1)).mean()), *(importance_bound(weights, k) for k in (10, 100, 1000))]
    ladder.append(float(exact.mean()))
    detail = " ≤ ".join(f"{bound:.3f}" for bound in ladder)
    return Measured(0.0, min(b - a for a, b in pairwise(ladder)), "at least", detail)


@check(
    "IWAE-1000 reaches the exact log p(x)",
    tolerance=0.01,
    source="Burda et al. 2016, theorem 1: the limit",
    catches="weights without the density of q, or without the prior",
)
def limit(ctx: CheckContext) -> Measured:
    """On the linear-Gaussian model, with 1,000 codes for each of 200 pictures."""
    model, x, y, exact = linear_gaussian_example(ctx.rng)
    noise = torch.randn(1000, len(x), model.latent, generator=ctx.rng, dtype=torch.float64)
    return Measured(float(exact.mean()), importance_bound(log_weights(model, x, y, noise), 1000), detail="nats")


@check(
    "a linear VAE reaches the likelihood of probabilistic PCA: 16.63 nats at ten dimensions",
    tolerance=0.5,
    source="Tipping & Bishop 1999; scikit-learn's PCA(10).score on the held-out fifth of digits/16",
    catches="a wrong constant, variance or sign in the Gaussian likelihood, or a KL that is weighed wrongly",
)
def linear(ctx: CheckContext) -> Measured:
    """Trains on 8 × 8 digits; the ELBO is judged on the 360 digits of `train_test_split(…, 0.2, stratify=y, random_state=0)`."""
    changes = {"network": "linear", "likelihood": "Gaussian", "size": "8", "latent": 10, "lr": 0.03}
    model = ctx.train(**changes, settle=True, steps=2000).tracked["model"]
    data = load_pictures("digits", 8, 1)
    reached = held_out_bound(model, data.to(ctx.device), ctx.rng, draws=20)
    return Measured(
        16.63, reached, detail=f"nats a digit; pPCA itself {probabilistic_pca(data.train, data.test, 10):.2f}"
    )


def gap_of(ctx: CheckContext, turn: float = 0.0, copies: int = 1) -> float:
    """The gap of codes made of two factors, turned by an angle and repeated; the mean over 20 sets of 900 pictures."""
    gaps = []
    rotation = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    for _ in range(20):
        places = torch.rand(900, 2, generator=ctx.rng)
        codes = (places @ rotation).repeat(1, copies)
        gaps.append(mutual_information_gap(codes.numpy(), (20 * places).long().numpy()))
    return sum(gaps) / len(gaps)


@check(
    "the mutual information gap of a perfect code is .905",
    tolerance=0.01,
    source="two even factors in 20 classes, 900 pictures, 20 bins: what is missing to 1 is the histogram's bias",
    catches="an entropy of the code in place of the factor's, or a gap to the third",
)
def perfect(ctx: CheckContext) -> Measured:
    """Each factor is a dimension of the code."""
    return Measured(0.905, gap_of(ctx))


@check(
    "turned by 45° it is .005",
    tolerance=0.01,
    source="the same set: both dimensions then say as much of both factors",
    catches="the information of the best dimension alone, without the gap",
)
def turned(ctx: CheckContext) -> Measured:
    """The same information, entangled."""
    return Measured(0.005, gap_of(ctx, turn=math.pi / 4))


@check(
    "and of a code that says everything twice, 0",
    tolerance=0.0,
    source="Chen et al. 2018, section 4.1",
    catches="a gap to the mean in place of the second-best",
)
def doubled(ctx: CheckContext) -> Measured:
    """Two dimensions for each factor."""
    return Measured(0.0, gap_of(ctx, copies=2))


@check(
    "a conditional VAE draws the digit it is told",
    tolerance=0.0,
    source="Sohn et al. 2015; judged by logistic regression (.967 on held-out digits)",
    catches="a decoder that is not told the class",
)
def obedient(ctx: CheckContext) -> Measured:
    """The share of 500 samples that a classifier of real digits reads as what was asked for."""
    from sklearn.linear_model import LogisticRegression  # a second to import

    model = ctx.train(conditional=True, size="8", steps=500).tracked["model"]
    data = load_pictures("digits", 8, 1)
    judge = LogisticRegression(max_iter=500).fit(data.train.flatten(1).numpy(), data.train_labels.numpy())
    y = torch.arange(500) % 10
    with torch.no_grad():
        drawn = model.paint(torch.randn(500, 2, generator=ctx.rng).to(ctx.device), y.to(ctx.device)).cpu()
    return Measured(0.90, float((judge.predict(drawn.flatten(1).numpy()) == y.numpy()).mean()), "at least")

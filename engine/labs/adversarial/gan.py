r"""Two networks play a game. The **generator** $G$ turns noise $z$ into points; the **discriminator** $D$ says how likely a point is real.

$$ \min_G \max_D \; V(D, G) = \mathbb{E}_{x \sim p}\,[\log D(x)] + \mathbb{E}_{z}\,[\log(1 - D(G(z)))] $$

## What the detective should say
For a fixed generator, with density $q$ of its points, the best discriminator is known, and so is its value:

$$ D^*(x) = \frac{p(x)}{p(x) + q(x)}, \qquad V(D^*, G) = 2\,\mathrm{JSD}(p \,\Vert\, q) - \log 4 $$

Here $p$ is known and $q$ is estimated from the generator's points, so $D^*$ can be drawn beside $D$. At the end $q = p$, $D = \tfrac12$
everywhere and $V = -\log 4 = -1.386$. Where neither has any points, $D^*$ is drawn
as ½: nobody asks. Now $V$ is **{{value/V}}**, and its best possible value **{{value/V of D*}}**.

## What the forger should want
$$ L_{\text{minimax}} = \mathbb{E}\,\log(1 - D(G(z))), \qquad L_{\text{non-saturating}} = -\mathbb{E}\,\log D(G(z)) $$

Both have the same fixed point. While $D$ is sure that a point is false, the first is flat: its gradient vanishes just where it is needed.
The arrows show the pull on each point; switch the loss early in a run and watch them shrink.

## Mode collapse
Nothing tells $G$ to cover all of $p$; it may sit on one cluster and move on when $D$ finds it. Two remedies are built in.

**Unrolling** lets $G$ see $D$'s answer: it descends on $V(D_k, G)$, where $D_k$ has made $k$ further steps that are differentiated through.

$$ \theta^{D}_{i+1} = \theta^{D}_{i} + \eta\, \nabla_{\theta^D} V(\theta^{D}_{i}, \theta^{G}) $$

**Mini-batch discrimination** lets $D$ see how alike the points of a batch are. Each point's features are mapped to rows $M_{i,b}$, and

$$ o(x_i)_b = \sum_{j \ne i} \exp\big(-\lVert M_{i,b} - M_{j,b} \rVert_1\big) $$

is $B - 1$ for a batch of $B$ equal points: collapse gives itself away.

**Try**: pause, then press *Step D* and *Step G* by hand. Set the rate of D to 3e-4 and that of G to 3e-3: $G$ collapses and runs from
cluster to cluster; fork the run with 4 unrolled steps, and it covers all eight. Choose *own* and draw a density.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from engine.api import (
    Arrows,
    Axis,
    Button,
    Choice,
    Drawn,
    Frame,
    Line,
    Measured,
    Plot,
    PointSet,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.data.mixture import NAMES, Mixture, from_points, named
from engine.nn.adversarial import (
    Discriminator,
    best_value,
    density_of,
    generator_loss,
    heat,
    make_generator,
    optimal,
    places,
    pulls,
    sheet,
    unroll,
    value,
    visible,
)

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

REACH = 3.0
SHOWN = 500
EQUILIBRIUM = -math.log(4)


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[str, Choice(*NAMES, "own", live=True, help="The density that the generator must learn")] = "ring"
    points: Annotated[
        tuple[tuple[float, float, int], ...],
        PointSet(
            -REACH, REACH, classes=1, live=True, label="Own points", help="Your density: choose own, then draw it"
        ),
    ] = ()
    loss: Annotated[
        str,
        Choice("non-saturating", "minimax", live=True, help="What G descends on; minimax goes flat while D is sure"),
    ] = "non-saturating"
    lr_d: Annotated[
        float, Slider(1e-5, 0.1, log=True, live=True, label="Rate of D", help="Step length of D's Adam")
    ] = 2e-3
    lr_g: Annotated[
        float, Slider(1e-5, 0.1, log=True, live=True, label="Rate of G", help="Step length of G's Adam")
    ] = 1e-3
    d_steps: Annotated[
        int, Slider(0, 8, live=True, label="D steps per G step", help="More keep D closer to D*; 0 freezes it")
    ] = 1
    unrolled: Annotated[
        int, Slider(0, 8, live=True, label="Unrolled steps", help="How many of D's answers G looks ahead")
    ] = 0
    alike: Annotated[
        bool, Toggle(label="Mini-batch discrimination", help="Lets D see how alike the points of a batch are")
    ] = False
    latent: Annotated[int, Slider(1, 16, label="Latent size", help="Numbers of noise that make a point")] = 2
    width: Annotated[int, Slider(8, 256, log=True, help="Units in each hidden layer of both networks")] = 96
    batch: Annotated[int, Slider(16, 1024, log=True, help="Points in a step; more make the game steadier")] = 256
    step_d: Annotated[int, Button(live=True, label="Step D", help="One step of D alone; pause first")] = 0
    step_g: Annotated[int, Button(live=True, label="Step G", help="One step of G alone; pause first")] = 0
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many rounds are played")] = 4000


class Game:
    """Both players with their optimisers."""

    def __init__(self, p: Params, device: torch.device) -> None:
        self.p = p
        self.device = device
        self.generator = make_generator(p.latent, p.width).to(device)
        self.discriminator = Discriminator(p.width, p.alike).to(device)
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), lr=p.lr_d, betas=(0.5, 0.9))
        self.adam_g = torch.optim.Adam(self.generator.parameters(), lr=p.lr_g, betas=(0.5, 0.9))

    def target(self) -> Mixture:
        """The density to be learned, as it is now."""
        return from_points(self.p.points) if self.p.data == "own" else named(self.p.data)

    def noise(self, count: int, rng: torch.Generator) -> Float[Tensor, "b l"]:
        """Noise for so many points."""
        return torch.randn(count, self.p.latent, generator=rng).to(self.device)

    def step_d(self, rng: torch.Generator) -> Float[Tensor, ""]:
        """One step of the discriminator: up on V."""
        real = self.target().sample(self.p.batch, rng).to(self.device)
        with torch.no_grad():
            fake = self.generator(self.noise(self.p.batch, rng))
        v = value(self.discriminator(real), self.discriminator(fake))
        _descend(self.adam_d, -v, self.p.lr_d)
        return v

    def step_g(self, rng: torch.Generator) -> Float[Tensor, ""]:
        """One step of the generator, down on its loss, against D as it is or as it will be."""
        fake = self.generator(self.noise(self.p.batch, rng))
        if self.p.unrolled:
            real = self.target().sample(self.p.batch, rng).to(self.device)
            weights = unroll(self.discriminator, real, fake, self.p.unrolled, 20 * self.p.lr_d)
            loss = generator_loss(functional_call(self.discriminator, weights, (fake,)), self.p.loss)
        else:
            loss = generator_loss(self.discriminator(fake), self.p.loss)
        _descend(self.adam_g, loss, self.p.lr_g)
        return loss


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


@lab(
    title="Generative adversarial network",
    topic="adversarial",
    place=1,
    source="Goodfellow et al. 2014, arXiv:1406.2661; Metz et al. 2017, arXiv:1611.02163; Salimans et al. 2016, arXiv:1606.03498",
    summary="A forger and a detective learn from each other, with the perfect detective drawn beside",
    portrait=Portrait("plane", steps=2500),
    views=(
        View("plane", "Real and generated points", "choose data = own and draw"),
        View("critic", "D: how real is each place"),
        View("optimal", "D*: what a perfect detective would say"),
        View("value", "Value of the game", unit="nats"),
        View("manifold", "The generator's sheet", "a grid of noise, as the generator lays it over the plane"),
        View("modes", "Coverage", unit="share"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Plays the game; draws both players, and the perfect detective."""
    game = Game(p, ctx.device)
    ctx.track(generator=game.generator, discriminator=game.discriminator, adam_d=game.adam_d, adam_g=game.adam_g)
    pressed = [p.step_d, p.step_g]

    def look() -> Iterator[Drawn]:
        if p.step_d > pressed[0]:
            game.step_d(ctx.rng)
        if p.step_g > pressed[1]:
            game.step_g(ctx.rng)
        pressed[:] = [p.step_d, p.step_g]
        yield from draw(game, ctx)

    ctx.draw_with(look)
    yield Truth("value/V", EQUILIBRIUM, "−log 4, where q = p")
    yield Truth("modes/covered", 1.0, "every mode")
    for step in ctx.steps(p.steps):
        for _ in range(p.d_steps):
            v = game.step_d(ctx.rng)
        loss = game.step_g(ctx.rng)
        yield Scalar("value/G's loss", loss)
        if p.d_steps:
            yield Scalar("value/V", v)
        if step % 25 == 0 or step == p.steps - 1:
            yield from measures(game, ctx)


@torch.no_grad()
def measures(game: Game, ctx: Context) -> Iterator[Scalar]:
    """The value of the perfect detective, and how much of the density is covered."""
    target, rng = game.target(), ctx.view_rng()
    seen, fake = game.generator(game.noise(1600, rng)).cpu().split(800)
    yield Scalar("value/V of D*", best_value(target, target.sample(800, rng), seen, fake))
    distance, which = target.nearest(fake)
    hits = torch.bincount(which[distance < 3], minlength=len(target.centres))
    yield Scalar("modes/covered", (hits >= 0.2 * len(fake) / len(hits)).float().mean())
    yield Scalar("modes/within 3 σ", (distance < 3).float().mean())


def draw(game: Game, ctx: Context) -> Iterator[Drawn]:
    """The pictures of the page."""
    p, rng = game.p, ctx.view_rng()
    x, y = Axis("x", range=(-REACH, REACH)), Axis("y", range=(-REACH, REACH))
    noise = game.noise(2 * SHOWN, rng)
    if ctx.due("plane"):
        fake, pull = pulls(game.generator, game.discriminator, noise[:SHOWN], p.loss)
        layers = (
            Scatter(game.target().sample(SHOWN, rng), label="real", colour=1, size=4),
            Scatter(fake, label="generated", colour=0, size=4),
            Arrows(fake[::6], pull[::6], label="pull on G", colour=7),
        )
        yield Plot("plane", layers, x, y, equal=True, edits="points" if p.data == "own" else "")
    with torch.no_grad():
        fake, cells = game.generator(noise), places(REACH)
        if ctx.due("critic"):
            scores = torch.sigmoid(game.discriminator(cells.to(game.device), fake if p.alike else None))
            yield Plot("critic", heat(scores.cpu(), REACH, "D(x)"), x, y, equal=True)
        if ctx.due("optimal"):
            scores = visible(game.target().log_density(cells), density_of(fake.cpu()).log_density(cells))
            yield Plot("optimal", heat(scores, REACH, "D*(x)")[:1], x, y, equal=True)
        if ctx.due("manifold"):
            modes = Scatter(game.target().centres, label="centres of p", colour=1, size=6, hollow=True)
            lines: list[Line | Scatter] = [modes, *sheet(game.generator, p.latent, game.device)]
            yield Plot("manifold", tuple(lines), x, y, equal=True)


# Proofs -----------------------------------------------------------------------------------------------------------------------


def trained_detective(ctx: CheckContext) -> tuple[Tensor, Tensor, Tensor]:
    """A discriminator trained to the end between N(0, 1) and N(1, 1); its logits on fresh points of both, and those points.

    The points lie on the x axis of the plane: `[2, n]` logits of D, `[2, n]` logits of D*, `[2, n, 2]` points.
    """
    detective = Discriminator(48, alike=False)
    adam = torch.optim.Adam(detective.parameters(), lr=3e-3)

    def draw_pair(count: int) -> Float[Tensor, "2 n 2"]:
        x = torch.zeros(2, count, 2)
        x[..., 0] = torch.randn(2, count, generator=ctx.rng) + torch.tensor([[0.0], [1.0]])
        return x

    for step in range(700):
        real, fake = draw_pair(2048)
        _descend(adam, -value(detective(real), detective(fake)), 3e-3 * (1 - step / 700) + 1e-5)
    pair = draw_pair(200_000)
    with torch.no_grad():
        logits = torch.stack([detective(points) for points in pair])
    log_p, log_q = (-(pair[..., 0] - mean).square() / 2 for mean in (0.0, 1.0))
    return logits, optimal(log_p, log_q), pair


@check(
    "the value of a trained D between N(0, 1) and N(1, 1) is 2 JSD − log 4",
    tolerance=0.01,
    source="Goodfellow et al. 2014, theorem 1; the integral by quadrature",
    catches="log D of the generated points instead of log(1 − D)",
)
def game_value(ctx: CheckContext) -> Measured:
    """V of the trained network on fresh points, beside the integral of p log D* + q log(1 − D*)."""
    x = torch.linspace(-12, 13, 20_001, dtype=torch.float64)
    p, q = (torch.exp(-(x - mean).square() / 2) / math.sqrt(2 * math.pi) for mean in (0.0, 1.0))
    exact = torch.trapezoid(p * torch.log(p / (p + q)) + q * torch.log(q / (p + q)), x)
    logits, _, _ = trained_detective(ctx)
    return Measured(float(exact), float(value(logits[0], logits[1])))


@check(
    "the trained D is D* = p / (p + q)",
    tolerance=0.0,
    source="Goodfellow et al. 2014, proposition 1",
    catches="D* with p and q exchanged",
)
def detective(ctx: CheckContext) -> Measured:
    """The mean of |D − D*| over real and generated points."""
    logits, best, _ = trained_detective(ctx)
    return Measured(0.03, float((torch.sigmoid(logits) - torch.sigmoid(best)).abs().mean()), "at most")


@check(
    "Dirac-GAN: simultaneous steps spiral outwards, radius² × (1 + h²/4)",
    tolerance=1e-6,
    source="Mescheder et al. 2018, arXiv:1801.04406, lemma 2.3",
    catches="a discriminator that descends on V",
)
def dirac(ctx: CheckContext) -> Measured:
    """A generator at θ, a discriminator σ(ψ x), reality at 0: the growth of θ² + ψ² in a step of h = 0.1 near the equilibrium."""
    h = 0.1
    place = torch.tensor([1e-4, 0.0], dtype=torch.float64, requires_grad=True)
    begun = float(place.detach().square().sum())
    for _ in range(50):
        theta, psi = place
        (slope,) = torch.autograd.grad(value(psi * torch.zeros(1), (psi * theta).reshape(1)), place)
        place = (place + h * torch.stack([-slope[0], slope[1]])).detach().requires_grad_(True)
    return Measured(1 + h * h / 4, (float(place.detach().square().sum()) / begun) ** (1 / 50))


@check(
    "mini-batch discrimination: B equal points give B − 1",
    tolerance=1e-9,
    source="Salimans et al. 2016, arXiv:1606.03498, §3.2",
    catches="a point compared with itself",
)
def equal_points(ctx: CheckContext) -> Measured:
    """What the head of D sees of a collapsed batch of 32, times its size."""
    seen: list[Tensor] = []
    critic = Discriminator(16, alike=True).double()
    critic.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    critic(torch.ones(32, 2, dtype=torch.float64))
    return Measured(31.0, float(32 * seen[0][:, 16:].detach().mean()))


@check(
    "the gradient through the unrolled steps equals central differences",
    tolerance=1e-6,
    source="Metz et al. 2017, arXiv:1611.02163, eq. 9; float64",
    catches="unrolled steps that are not differentiated through",
)
def unrolled_gradient(ctx: CheckContext) -> Measured:
    """The largest relative difference, for G's loss after 3 unrolled steps, over all coordinates of 6 points."""
    critic = Discriminator(8, alike=False).double()
    critic.features[1], critic.features[3] = nn.Tanh(), nn.Tanh()
    real, fake = torch.randn(2, 6, 2, generator=ctx.rng, dtype=torch.float64)

    def loss(points: Tensor) -> Tensor:
        weights = unroll(critic, real, points, 3, 0.5)
        return generator_loss(functional_call(critic, weights, (fake,)), "minimax")

    points = fake.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(points), points)
    shifts = 1e-5 * torch.eye(12, dtype=torch.float64).reshape(12, 6, 2)
    central = torch.stack([(loss(fake + s) - loss(fake - s)).detach() / 2e-5 for s in shifts]).reshape(6, 2)
    return Measured(0.0, float((slope - central).abs().max() / central.abs().max()))

r"""A scene as a cloud of coloured, translucent bell curves in space. Each is drawn by a formula, so photos can teach it.

## One Gaussian in the picture
A Gaussian has a mean $\mu$, a covariance $\Sigma = R S S^\top R^\top$ (a quaternion and three scales), an opacity $o$ and a colour that may
change with the direction, in spherical harmonics. Near its middle a lens is nearly linear, with Jacobian $J$; so its picture is again
Gaussian, widened by the size of a pixel:

$$ \Sigma' = J W \Sigma W^\top J^\top + 0.3\,I, \qquad \alpha(x) = o\,\exp\!\big(-\tfrac12 (x-\mu')^\top \Sigma'^{-1} (x-\mu')\big) $$

## All of them in one pixel
Sorted by depth, each takes its share of the light that those before it let through:

$$ C = \sum_i \underbrace{\alpha_i \prod_{j<i}(1-\alpha_j)}_{w_i} c_i + T\,c_\text{background}, \qquad \sum_i w_i + T = 1 $$

Click into the picture: **Along one ray** shows every $\alpha_i$ and $w_i$ there, composited by hand in a few readable lines beside what
the fast rasteriser gave. What lies in front of the near plane, or behind the camera, must have no part in it.

## Learning
The loss is $(1-\lambda)\,\lvert x - y\rvert + \lambda\,(1 - \mathrm{SSIM})$ with $\lambda =$ {{structure}}; now **{{loss/loss}}**. All
derivatives are written by hand: back through the sum, the ellipse, the lens and the quaternion. Photos that training never sees
are met with **{{psnr/held out}}** dB.

## Where more are needed
There are **{{count/Gaussians}}** of them. *ADC* looks at the derivative by the place in the picture: where it stays large, a small
Gaussian is cloned, a large one split, and what is clear goes. *AbsGrad* sums its absolute values, so that pixels that
pull to both sides do not cancel. *MCMC* keeps to a budget: dead ones move to live ones, which share their light,

$$ o' = 1 - (1-o)^{1/N}, \qquad
\Sigma' = o^2 \Big(\sum_{i=1}^{N}\sum_{k=0}^{i-1}\tbinom{i-1}{k}\tfrac{(-1)^k\,o'^{\,k+1}}{\sqrt{k+1}}\Big)^{-2}\Sigma $$

and noise lets clear ones wander.

**Try**: start without densification, then with MCMC; watch the stripes. Let it learn from one photo only: perfect there, torn from
everywhere else. Mix up the poses. Drop a folder of your own, posed by COLMAP or nerfstudio.

Sources: Kerbl et al. 2023, arXiv:2308.04079; Zwicker et al. 2002 (EWA splatting); Ye et al. 2024, arXiv:2404.10484 (AbsGS);
Kheradmand et al. 2024, arXiv:2404.09591 (MCMC); Yu et al. 2024, arXiv:2311.16493 (Mip-Splatting).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Choice,
    Dataset,
    Frame,
    Line,
    Measured,
    Pick,
    Plot,
    Portrait,
    Scalar,
    Slider,
    Toggle,
    View,
    check,
    lab,
)
from engine.splats.compiled import Rasteriser
from engine.splats.desk import Desk
from engine.splats.gathering import STILL_LIFE, TOY, gather, workplace
from engine.splats.likeness import Judge, similarity_map
from engine.splats.memory import plan
from engine.splats.reference import project, weights_of
from engine.splats.reference import render as draw_plainly
from engine.splats.scene import COEFFICIENTS, Gaussians
from engine.splats.strategies import STRATEGIES, shared
from engine.splats.toy import LENS, looking
from engine.splats.training import Rates, Settings, Trainer
from engine.splats.viewpoint import Rendered, Style, Viewpoint

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context
    from engine.splats.album import Page

JUDGED = 100  # steps from one judgement of all held-out photos to the next
BACKGROUNDS = {"night": (0.05, 0.06, 0.08), "black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "random": None}
BUGS = ("none", "positions climb", "one photo only", "poses mixed up")


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[str, Dataset(TOY, STILL_LIFE, images=True, help="What to learn; or a folder of your photos")] = TOY
    strategy: Annotated[
        str, Choice("adc", "absgrad", "mcmc", "none", help="How Gaussians are added, moved and taken away")
    ] = "adc"
    budget: Annotated[
        int, Slider(500, 500_000, log=True, live=True, help="The most Gaussians there may be; more is finer and slower")
    ] = 30_000
    degree: Annotated[
        int, Slider(0, 3, label="Harmonics", help="Degree of the spherical harmonics: how colour follows the direction")
    ] = 1
    structure: Annotated[
        float, Slider(0, 1, live=True, label="λ structure", help="Share of structural similarity in the loss")
    ] = 0.2
    speed: Annotated[
        float, Slider(0.1, 10, log=True, live=True, help="Factor on all learning rates; too fast shivers")
    ] = 1.0
    background: Annotated[
        str, Choice(*BACKGROUNDS, help="What shines through; random punishes holes in a body that was cut out")
    ] = "night"
    antialiased: Annotated[
        bool, Toggle(live=True, help="Widened Gaussians lose opacity, so that far ones do not swell (Mip-Splatting)")
    ] = False
    coarse: Annotated[int, Slider(0, 2, help="How many halvings of the photos training begins with")] = 1
    exposure: Annotated[bool, Toggle(live=True, help="Learn a brightness and tint for each photo")] = False
    poses: Annotated[bool, Toggle(live=True, label="Refine poses", help="Let the photos' poses move a little")] = False
    scale: Annotated[float, Slider(0.1, 1.0, help="Size of the photos that are learnt from")] = 1.0
    pixel: Annotated[
        tuple[float, ...], Pick(live=True, help="The pixel whose ray is shown; click into the picture")
    ] = ()
    row: Annotated[tuple[float, ...], Pick(live=True, help="The photo that is shown; click a row of the table")] = ()
    photo: Annotated[tuple[float, ...], Pick(live=True, help="The photo that is shown; click a camera")] = ()
    bug: Annotated[str, Choice(*BUGS, live=True, label="What if", help="A mistake to recognise by its symptom")] = (
        "none"
    )
    steps: Annotated[int, Slider(1, 30_000, log=True, help="How many photos to learn from, one at each step")] = 2000


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Gaussian splatting",
    topic="radiance",
    place=7,
    source="Kerbl et al. 2023, arXiv:2308.04079",
    summary="Posed photos become a cloud of Gaussians to walk through",
    views=(
        View("picture", "A photo that training never saw", "click a pixel to look along its ray", wide=True),
        View("scene", "The scene", "drag to look around"),
        View("ray", "Along one ray"),
        View("psnr", "Likeness", unit="dB"),
        View("loss", "Loss"),
        View("count", "Gaussians"),
        View("views", "Held-out photos, worst first", "click a row to see it"),
        View("forecast", "Memory"),
    ),
    portrait=Portrait("scene", steps=1000),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """One photo at each step, through the trainer that the command line uses too."""
    with workplace(ctx) as place:
        found = yield from gather(p.data, ctx, place)
        planned = plan(found.capture, settings_of(p))
        trainer = Trainer(found.capture, settings_of(p, planned.budget), ctx.rng, album=found.album)
    if planned.budget < planned.asked:
        ctx.say(planned.words)
    ctx.track(trainer=trainer.state)
    healthy, desk = trainer.album, Desk(trainer, planned)
    ctx.draw_with(lambda: draw(p, ctx, desk))
    for number in ctx.steps(p.steps):
        trainer.settings = settings_of(p, planned.budget)
        trainer.album = replace(healthy, learnt=spoilt(healthy.learnt, p.bug))
        step = trainer.step(number)
        yield Scalar("loss/loss", step.loss)
        yield Scalar("loss/difference", step.difference)
        yield Scalar("loss/1 − similarity", 1 - step.similarity)
        yield Scalar("count/Gaussians", step.gaussians)
        if number % JUDGED == 0 or number == p.steps - 1:
            desk.scores = tuple(trainer.scores())
            yield Scalar("psnr/held out", sum(score.psnr for score in desk.scores) / max(1, len(desk.scores)))
            yield Scalar("psnr/a learnt photo", trainer.score(healthy.learnt[0]).psnr)


def settings_of(p: Params, room: int = 10**9) -> Settings:
    """The parameters as the trainer takes them; `room`: for how many Gaussians there is memory."""
    rates = {name: value * p.speed for name, value in vars(Rates()).items()}
    if p.bug == "positions climb":
        rates["means"] *= -1
    return Settings(
        steps=p.steps,
        degree=p.degree,
        strategy=STRATEGIES[p.strategy],
        budget=min(p.budget, room),
        scale=p.scale,
        coarse=p.coarse,
        structure=p.structure,
        background=BACKGROUNDS[p.background],
        antialiased=p.antialiased,
        exposure=p.exposure,
        poses=p.poses,
        rates=Rates(**rates),
    )


def spoilt(pages: tuple[Page, ...], bug: str) -> tuple[Page, ...]:
    """The photos as a mistake leaves them."""
    if bug == "one photo only":
        return (pages[0],) * len(pages)
    if bug == "poses mixed up":
        others = (*pages[1:], pages[0])
        return tuple(
            replace(page, camera_from_world=other.camera_from_world) for page, other in zip(pages, others, strict=True)
        )
    return pages


# Pictures -------------------------------------------------------------------------------------------------------------


@torch.no_grad()
def draw(p: Params, ctx: Context, desk: Desk) -> Iterator[Frame]:
    """Every view that is open and due."""
    yield from desk.draw(p.row, p.photo, ctx)
    if ctx.due("ray"):
        yield draw_ray(desk.trainer, desk.page, p.pixel)


def draw_ray(trainer: Trainer, page: Page, pixel: tuple[float, ...]) -> Plot:
    """What each Gaussian on a pixel's ray adds, composited by hand, beside what the fast rasteriser gave."""
    view, lens = page.viewpoint(), page.viewpoint().camera
    x = int(pixel[0]) % lens.width if pixel else lens.width // 2
    y = min(max(int(pixel[1]), 0), lens.height - 1) if pixel else lens.height // 2
    depths, weights, through, colour = by_hand(trainer, view, (x, y))
    fast = trainer.render(view).colour[y, x].cpu()
    seen = weights > 1e-5
    depths, weights, through = depths[seen], weights[seen], through[seen]
    stems = torch.stack([depths, depths, torch.full_like(depths, torch.nan)], 1).flatten()
    heights = torch.stack([torch.zeros_like(weights), weights, weights], 1).flatten()
    layers = (Line(stems, heights, "weight w", 0, width=2.5), Line(depths, through, "light that is left, T", 1))
    agree = f"differs by {float((colour - fast).abs().max()):.0e}"
    note = f"pixel {x}, {y}: {len(depths)} Gaussians · composited by hand it {agree} from the picture"
    return Plot("ray", layers, Axis("depth", "m"), Axis("share of the light", range=(0, 1)), note=note)


def by_hand(
    trainer: Trainer, view: Viewpoint, pixel: tuple[int, int]
) -> tuple[Float[Tensor, "m"], Float[Tensor, "m"], Float[Tensor, "m"], Float[Tensor, "3"]]:
    """Depths, weights and transmittances of the Gaussians on a pixel's ray, nearest first, and the colour that they make."""
    settings, scene = trainer.settings, trainer.gaussians.to("cpu", torch.float64)
    style = Style(settings.degree, settings.antialiased, settings.near * trainer.extent)
    found = project(scene, view, style)
    order = found.depths.argsort()
    order = order[found.seen[order]]
    place = torch.tensor([[pixel[0] + 0.5, pixel[1] + 0.5]], dtype=torch.float64)
    weights, left = weights_of(found, order, place)
    behind = torch.tensor(settings.background or (0.5, 0.5, 0.5), dtype=torch.float64)
    colour = weights[0] @ found.colours[order] + left * behind
    return found.depths[order], weights[0], 1 - weights[0].cumsum(0), colour.float()


# Proof ----------------------------------------------------------------------------------------------------------------


def some_scene(ctx: CheckContext, n: int = 40, degree: int = 2) -> Gaussians:
    """Gaussians before the camera, float64."""

    def draw_numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=ctx.rng, dtype=torch.float64)

    means = draw_numbers(n, 3) * 0.4
    shapes = 0.4 * draw_numbers(n, 3) - 2.5
    return Gaussians(means, shapes, draw_numbers(n, 4), draw_numbers(n), 0.3 * draw_numbers(n, COEFFICIENTS[degree], 3))


def some_view() -> Viewpoint:
    """From the ring, over a small picture."""
    return Viewpoint(LENS.scaled(0.25), torch.from_numpy(looking(0.6, 1.0)))


@check(
    "nothing from behind the near plane reaches the picture",
    tolerance=0.0,
    source="Kerbl et al. 2023, section 6: culling",
    catches="|z| in place of z",
)
def near_plane(ctx: CheckContext) -> Measured:
    """The largest alpha of a scene mirrored behind the camera."""
    scene, view = some_scene(ctx), some_view()
    place = view.camera_from_world
    eye = -place[:3, :3].T @ place[:3, 3]
    mirrored = replace(scene, means=2 * eye - scene.means)
    return Measured(0.0, float(draw_plainly(mirrored, view).alpha.max()))


@check(
    "weights and what comes through sum to 1",
    tolerance=1e-12,
    source="Σ wᵢ = 1 − T, telescoping",
    catches="the transmittance after a Gaussian in place of before it",
)
def compositing(ctx: CheckContext) -> Measured:
    """The worst of 64 pixels, float64."""
    found = project(some_scene(ctx), some_view(), Style())
    pixels = torch.rand(64, 2, generator=ctx.rng, dtype=torch.float64) * 20
    weights, through = weights_of(found, found.depths.argsort(), pixels)
    return Measured(1.0, float((weights.sum(1) + through)[((weights.sum(1) + through) - 1).abs().argmax()]))


@check(
    "the compiled derivatives are the plain ones",
    tolerance=1e-4,
    source="torch's autograd in float64",
    catches="any term of the projection's or the compositing's derivative",
)
def derivatives(ctx: CheckContext) -> Measured:
    """The largest relative difference over all kinds of parameters."""
    scene, view = some_scene(ctx), some_view()
    asked = torch.randn(view.camera.height, view.camera.width, 3, generator=ctx.rng, dtype=torch.float64)
    plain = slopes(scene, view, asked, draw_plainly)
    quick = slopes(
        scene.to(dtype=torch.float32),
        Viewpoint(view.camera, view.camera_from_world.float()),
        asked,
        Rasteriser().render,
    )
    worst = max(float((a - b).norm() / a.norm()) for a, b in zip(plain, quick, strict=True))
    return Measured(0.0, worst)


def slopes(scene: Gaussians, view: Viewpoint, asked: Tensor, render: object) -> list[Tensor]:
    """Derivatives of a weighted sum of the picture, by every tensor of the scene."""
    values = [value.clone().requires_grad_(True) for value in scene.tensors().values()]
    rendered: Rendered = render(Gaussians(*values), view)  # type: ignore[operator]  # one of two functions
    return list(torch.autograd.grad((rendered.colour * asked.to(values[0])).sum(), values))


@check(
    "the ellipse is the spread of projected points",
    tolerance=0.05,
    source="Zwicker et al. 2002, equation 29, by Monte Carlo",
    catches="a sign or a row of the projection's Jacobian",
)
def ellipse(ctx: CheckContext) -> Measured:
    """Relative difference of covariances, for a small Gaussian off the axis and 20,000 points drawn from it."""
    scene = replace(some_scene(ctx, 1), log_scales=torch.tensor([[-3.5, -4.0, -3.0]], dtype=torch.float64))
    scene = replace(scene, means=torch.tensor([[0.5, 0.6, 0.4]], dtype=torch.float64))
    view = some_view()
    found = project(scene, view, Style()).covariances[0] - 0.3 * torch.eye(2, dtype=torch.float64)
    lens, pose = view.camera, view.camera_from_world
    away = torch.randn(20_000, 3, generator=ctx.rng, dtype=torch.float64) * scene.scales
    turn = torch.nn.functional.normalize(scene.quaternions[0], dim=0)
    cross = torch.linalg.cross(turn[1:].expand_as(away), away)
    points = scene.means + away + 2 * (turn[0] * cross + torch.linalg.cross(turn[1:].expand_as(away), cross))
    placed = points @ pose[:3, :3].T + pose[:3, 3]
    pixels = placed[:, :2] / placed[:, 2:] * torch.tensor([lens.fx, lens.fy], dtype=torch.float64)
    return Measured(0.0, float((torch.cov(pixels.T) - found).norm() / found.norm()))


@check(
    "copies that share a Gaussian's place look as it did alone",
    tolerance=1e-9,
    source="Kheradmand et al. 2024, equation 9",
    catches="a wrong power of the opacity in the sum",
)
def densification(ctx: CheckContext) -> Measured:
    """Light taken along a line through the middle: of one Gaussian, and of five shared ones; the integral by a fine sum."""
    alone = torch.rand(1, generator=ctx.rng, dtype=torch.float64) * 0.8 + 0.1
    each, narrower = shared(alone, torch.tensor([5]))
    x = torch.linspace(-12, 12, 40_001, dtype=torch.float64)
    expected = (alone * torch.exp(-0.5 * x**2)).sum()
    together = (1 - (1 - each * torch.exp(-0.5 * (x / narrower) ** 2)) ** 5).sum()
    return Measured(1.0, float(together / expected))


@check(
    "the compiled similarity is the plain one",
    tolerance=1e-5,
    source="Wang et al. 2004, equation 13",
    catches="a variance without the squared mean",
)
def likeness(ctx: CheckContext) -> Measured:
    """Mean structural similarity of a noisy picture."""
    photo = torch.rand(24, 30, 3, generator=ctx.rng)
    picture = (photo + 0.2 * torch.randn(24, 30, 3, generator=ctx.rng)).clamp(0, 1)
    return Measured(
        float(similarity_map(picture.double(), photo.double()).mean()), Judge().compare(picture, photo).similarity
    )

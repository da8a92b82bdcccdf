r"""A turned 4 is still a 4. Whoever tells the network so, by showing it turned 4s, needs fewer pictures of 4s.

An augmentation draws a change at random that **keeps the label** and applies it anew each time a picture is seen. The test pictures stay
as they are.

## Geometry
Rotation, scaling, shearing, flipping and translation are one affine map of the plane. A pixel of the new picture looks where it came
from, at $M^{-1}$ of its own place, and mixes the four pixels around it:

$$ M = \underbrace{\begin{pmatrix}\cos\phi & -\sin\phi\\ \sin\phi & \cos\phi\end{pmatrix}}_{\text{rotation}}
\begin{pmatrix}1 & k\\ 0 & 1\end{pmatrix}
\begin{pmatrix}\pm s & 0\\ 0 & s\end{pmatrix}, \qquad x' = M x + t $$

## Colour and noise
Brightness multiplies; contrast stretches around the picture's mean; saturation around each pixel's grey
$Y = 0.299R + 0.587G + 0.114B$; hue turns the colour around the grey axis, at the same $Y$. Noise adds $\sigma\epsilon$ to every pixel.

Averaged over noise, a loss gains the penalty $\tfrac{\sigma^2}2 \operatorname{tr} \nabla_x^2 \ell$, a smoother answer around every
picture (Bishop 1995). For a linear least-squares fit that is exactly L2 with $\lambda = \sigma^2$ ({{noise}} squared here).

## How far is too far?
A 6 turned by 180° is a 9: the label is not kept, and the network is told a lie. *Still recognised* turns the test pictures by every
angle and asks their nearest neighbour among the training pictures. Choose a range on the plateau. A flip keeps a sprite a sprite, and makes
no digit.

Two networks with the same start see the same {{examples}} pictures in the same order, one of them augmented. Each is judged on the test
pictures as they are, and on **altered** ones.

Augment too hard and the other direction suffers: a network that has seen only altered pictures does worse on plain ones.

**Try**: more examples, and the gain shrinks; no rotation but noise; 180°; flips on digits; your own folder. The bugs: test pictures
augmented too; one draw for a whole batch; one draw for ever.

Sources: Simard et al. 2003; Bishop 1995, *Training with noise is equivalent to Tikhonov regularization*; Shorten & Khoshgoftaar 2019;
notes, Data Augmentation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from engine.api import (
    Axis,
    Button,
    Choice,
    Dataset,
    Frame,
    Images,
    Line,
    Measured,
    Pick,
    Plot,
    Scalar,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.api.lab import Portrait
from engine.api.words import number
from engine.data.augment import STAGES, Changes, apply, grey_of, neutral, turn_hue, up_to, warp, warp_by_torch
from engine.data.table import GLYPHS, PictureData, load_glyphs, load_pictures
from engine.nn.row_networks import RowNetworks

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

KINDS = ("without", "with")
TESTED = 400
SIDES = {"digits": 8, "sprites": 20, "glyphs": 16}  # pixels; a person's own pictures get 24


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[
        str,
        Dataset(
            "digits",
            "sprites",
            "glyphs",
            images=True,
            group="Data",
            help="What to learn; drop a folder, its sub-folders are classes",
        ),
    ] = "glyphs"
    examples: Annotated[
        int,
        Slider(10, 1400, log=True, group="Data", help="Pictures to learn from: with few, augmentation matters most"),
    ] = 100
    look: Annotated[
        tuple[float, ...],
        Pick(live=True, label="Look at", group="Data", help="The picture that goes through the pipeline"),
    ] = ()
    again: Annotated[
        int,
        Button(label="Draw again", live=True, group="Data", help="Other random changes of the pictures that are shown"),
    ] = 0
    angle: Annotated[
        float,
        Slider(
            0, 180, live=True, unit="°", label="Rotation", group="Geometry", help="Turned by up to so much either way"
        ),
    ] = 15.0
    scale: Annotated[
        float,
        Slider(0, 0.5, live=True, label="Scaling", group="Geometry", help="Larger or smaller by up to this share"),
    ] = 0.1
    shear: Annotated[
        float,
        Slider(0, 1, live=True, label="Shearing", group="Geometry", help="How far the top may move against the bottom"),
    ] = 0.1
    shift: Annotated[
        float,
        Slider(0, 0.5, live=True, label="Translation", group="Geometry", help="Moved by up to this share of the side"),
    ] = 0.06
    flip: Annotated[
        bool,
        Toggle(
            live=True, group="Geometry", help="Half of the pictures are mirrored; right for sprites, wrong for digits"
        ),
    ] = False
    brightness: Annotated[
        float, Slider(0, 0.9, live=True, group="Colour", help="Multiplied by 1 plus or minus up to this")
    ] = 0.2
    contrast: Annotated[
        float, Slider(0, 0.9, live=True, group="Colour", help="Stretched around the mean by 1 plus or minus up to this")
    ] = 0.2
    saturation: Annotated[
        float,
        Slider(0, 1, live=True, group="Colour", help="Colourfulness times 1 plus or minus up to this; grey stays grey"),
    ] = 0.3
    hue: Annotated[
        float,
        Slider(0, 180, live=True, unit="°", group="Colour", help="Colours turned around the grey axis by up to this"),
    ] = 20.0
    noise: Annotated[
        float, Slider(0, 0.5, live=True, group="Colour", help="Deviation of the noise added to every pixel")
    ] = 0.05
    lr: Annotated[
        float,
        Slider(
            1e-4,
            1e-1,
            log=True,
            live=True,
            label="Learning rate",
            group="Training",
            help="Adam’s step, for both networks",
        ),
    ] = 0.003
    bug: Annotated[
        str,
        Choice(
            "none",
            "test pictures too",
            "one draw for the batch",
            "one draw for ever",
            live=True,
            label="What if it were wrong",
            group="Training",
            help="Augments what it is judged by; changes all pictures of a batch alike; never draws again",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 10_000, log=True, group="Training", help="How many batches of 32 both see")] = 600


def draw_changes(p: Params, shape: torch.Size | tuple[int, ...], rng: torch.Generator) -> Changes:
    """Random changes within the ranges that the parameters give."""
    n = shape[0]

    def around(middle: float, reach: float, *more: int) -> Tensor:
        return middle + reach * (2 * torch.rand(n, *more, generator=rng) - 1)

    mirrored = (torch.rand(n, generator=rng) < 0.5) & torch.tensor(p.flip)
    return Changes(
        angle=around(0, math.radians(p.angle)),
        scale=around(1, p.scale),
        shear=around(0, p.shear),
        flip=1 - 2 * mirrored.float(),
        shift=around(0, 2 * p.shift, 2),
        brightness=around(1, p.brightness),
        contrast=around(1, p.contrast),
        saturation=around(1, p.saturation),
        hue=around(0, math.radians(p.hue)),
        noise=p.noise * torch.randn(shape, generator=rng),
    )


# The run --------------------------------------------------------------------------------------------------------------


def load(p: Params, ctx: Context) -> PictureData:
    """The pictures; digits and glyphs are grey."""
    if p.data == "glyphs":  # only those that are used: to draw them all takes a second
        chosen = torch.randperm(GLYPHS * 4 // 5, generator=ctx.rng)[: p.examples]
        return load_glyphs(SIDES["glyphs"], 1, train=chosen.tolist(), test=range(TESTED))
    grey = p.data == "digits"
    data = load_pictures(p.data, SIDES.get(p.data, 24), 1 if grey else 3)
    if data.unread:
        ctx.say(data.unread)
    few = torch.randperm(len(data.train), generator=ctx.rng)[: p.examples]
    return replace(
        data,
        train=data.train[few],
        train_labels=data.train_labels[few],
        test=data.test[:TESTED],
        test_labels=data.test_labels[:TESTED],
    )


def changes_for(p: Params, pictures: Tensor, rng: torch.Generator, ever: Changes, rows: Tensor) -> Changes:
    """New changes for a batch, unless a bug is chosen. `ever`: one draw for every picture there is; `rows`: which these are."""
    drawn = draw_changes(p, pictures.shape, rng)
    if p.bug == "one draw for ever":
        return Changes(**{name: getattr(ever, name)[rows] for name in Changes.__dataclass_fields__})
    if p.bug == "one draw for the batch":
        n = len(pictures)
        return Changes(
            **{k: getattr(drawn, k)[:1].expand(n, *getattr(drawn, k).shape[1:]) for k in Changes.__dataclass_fields__}
        )
    return drawn


@lab(
    title="Augmentation",
    topic="training",
    place=5,
    source="notes, Data Augmentation; Simard et al. 2003; Bishop 1995",
    summary="A turned 4 is still a 4",
    portrait=Portrait("batch", steps=5, sets={"data": "sprites", "flip": True, "hue": 120}),
    views=(
        View("examples", "What it learns from", "click a picture to look at it"),
        View("batch", "One of them, drawn again and again"),
        View("limits", "Still recognised when turned"),
        View("pipeline", "Through the pipeline"),
        View("accuracy", "Right on test pictures"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains two networks on the same pictures, one of them augmented."""
    data = load(p, ctx)
    network = RowNetworks((data.train[0].numel(), 64, max(2, len(data.names))))
    rows = network.start(ctx.rng).repeat(2, 1).requires_grad_()
    optimiser = torch.optim.Adam([rows])
    ever = draw_changes(p, data.train.shape, ctx.rng)
    ctx.track(rows=rows, optimiser=optimiser)
    recognised = cache(lambda: turned_recognition(data))  # takes a second: not before the first pictures

    def draw() -> Iterator[Frame]:
        chosen = int(p.look[0]) % len(data.train) if p.look else 0
        shown_rng = torch.Generator().manual_seed(ctx.seed + p.again)
        if ctx.due("pipeline"):
            yield draw_pipeline(p, data.train[chosen : chosen + 1], shown_rng)
        if ctx.due("batch"):
            many = data.train[chosen : chosen + 1].expand(24, -1, -1, -1)
            yield Images("batch", as_pictures(apply(many, draw_changes(p, many.shape, shown_rng))), columns=6)
        if ctx.due("examples"):
            yield Images("examples", as_pictures(data.train[:36]), columns=6, edits="look", note=data.note)
        if ctx.due("limits"):
            yield draw_limits(p, recognised())

    ctx.draw_with(draw)
    yield Truth(
        "accuracy/with",
        float((data.test_labels == data.test_labels.mode().values).float().mean()),
        "always the commonest",
    )
    for step in ctx.steps(p.steps):
        if step % 10 == 0:
            yield from examine(p, network, rows.detach(), data, ctx.seed)
        chosen = torch.randint(len(data.train), (32,), generator=ctx.rng)
        x = data.train[chosen]
        both = torch.stack([x, apply(x, changes_for(p, x, ctx.rng, ever, chosen))]).flatten(2)
        loss = network.losses(rows, both, data.train_labels[chosen].expand(2, -1)).sum()
        for group in optimiser.param_groups:
            group["lr"] = p.lr
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@torch.no_grad()
def examine(p: Params, network: RowNetworks, rows: Tensor, data: PictureData, seed: int) -> Iterator[Frame]:
    """Accuracy of both networks on the test pictures as they are, and on altered ones (the same changes each time)."""
    altered = apply(data.test, draw_changes(p, data.test.shape, torch.Generator().manual_seed(seed)))
    plain = altered if p.bug == "test pictures too" else data.test
    for name, pictures in (("", plain), (", altered", altered)):
        scores = network.scores(rows, pictures.flatten(1).expand(2, -1, -1))
        right = (scores.argmax(2) == data.test_labels).float().mean(1)
        for k, kind in enumerate(KINDS):
            yield Scalar(f"accuracy/{kind}{name}", right[k])


def neighbours_right(train: Tensor, labels: Tensor, test: Tensor, answers: Tensor) -> float:
    """The share of test pictures whose nearest training picture has their label."""
    nearest = torch.cdist(test.flatten(1), train.flatten(1)).argmin(1)
    return float((labels[nearest] == answers).float().mean())


def turned_recognition(data: PictureData) -> tuple[Tensor, Tensor]:
    """The share of test pictures that their nearest neighbour still recognises when turned, at angles from −180° to 180°."""
    angles = torch.linspace(-180, 180, 37)
    few = data.test[:150]
    still = neutral(few.shape)
    shares = [
        neighbours_right(
            data.train,
            data.train_labels,
            warp(few, replace(still, angle=torch.full((len(few),), math.radians(angle)))),
            data.test_labels[:150],
        )
        for angle in angles.tolist()
    ]
    return angles, torch.tensor(shares)


# Pictures -------------------------------------------------------------------------------------------------------------


def as_pictures(x: Float[Tensor, "n c h w"]) -> Tensor:
    """As a view draws them: `[n, h, w]` grey or `[n, h, w, 3]`."""
    return x[:, 0] if x.shape[1] == 1 else x.permute(0, 2, 3, 1)


def draw_pipeline(p: Params, picture: Float[Tensor, "1 c h w"], rng: torch.Generator) -> Images:
    """A picture after each stage, and how far sampling by hand is from torch's."""
    changes = draw_changes(p, picture.shape, rng)
    gap = float((warp(picture, changes) - warp_by_torch(picture, changes)).abs().max())
    stages = torch.cat([apply(picture, up_to(changes, k)) for k in range(len(STAGES))])
    return Images("pipeline", as_pictures(stages), STAGES, 6, note=f"sampled off torch by {number(gap, 1)}")


def draw_limits(p: Params, recognised: tuple[Tensor, Tensor]) -> Plot:
    """Recognition against the angle, and the range that is set."""
    angles, shares = recognised
    edge = torch.tensor([0.0, 1.0])
    layers = (
        Line(angles, shares, "right, by nearest neighbour", 0, width=2.5),
        *(Line(torch.full((2,), side * p.angle), edge, "set" if side > 0 else "", 1, dashed=True) for side in (-1, 1)),
    )
    ticks = tuple((float(a), f"{a}°".replace("-", "−")) for a in range(-180, 181, 90))
    return Plot("limits", layers, Axis("turned by", range=(-180, 180), ticks=ticks), Axis("share", range=(0, 1)))


# Proof ----------------------------------------------------------------------------------------------------------------


def random_pictures(ctx: CheckContext, n: int, c: int, side: int = 9) -> Float[Tensor, "n c s s"]:
    """Random pixels, float64."""
    return torch.rand(n, c, side, side, generator=ctx.rng, dtype=torch.float64)


@check(
    "sampling by hand is torch's affine_grid and grid_sample",
    tolerance=1e-6,
    source="torch.nn.functional, float64",
    catches="a map that is not inverted, corners taken for centres",
)
def sampled_alike(ctx: CheckContext) -> Measured:
    """Twenty pictures with every change at once; the largest difference."""
    x = random_pictures(ctx, 20, 3)
    changes = draw_changes(replace(Params(), angle=180, scale=0.4, shear=0.5, shift=0.3, flip=True), x.shape, ctx.rng)
    return Measured(0.0, float((warp(x, changes) - warp_by_torch(x, changes)).abs().max()))


@check(
    "a quarter turn and a flip are exactly that",
    tolerance=1e-6,
    source="torch.rot90, torch.flip",
    catches="a turn the wrong way, or around a corner",
)
def exact_turns(ctx: CheckContext) -> Measured:
    """With y down, a positive angle turns clockwise."""
    x = random_pictures(ctx, 2, 1)
    still = neutral(x.shape)
    turned = warp(x, replace(still, angle=torch.full((2,), math.pi / 2))) - torch.rot90(x, -1, (2, 3))
    flipped = warp(x, replace(still, flip=-torch.ones(2))) - x.flip(3)
    return Measured(0.0, float(torch.stack([turned, flipped]).abs().max()))


@check(
    "the default changes keep a digit what it is",
    tolerance=0.0,
    source="nearest neighbour among 1,437 digits: 0.98 on the test digits as they are",
    catches="degrees taken for radians, changes that add up",
)
def label_kept(ctx: CheckContext) -> Measured:
    """The share of augmented test digits that the neighbour still recognises, relative to the share of untouched ones."""
    data = load_pictures("digits", 8, 1)
    altered = apply(data.test, draw_changes(Params(), data.test.shape, ctx.rng))
    shares = [neighbours_right(data.train, data.train_labels, x, data.test_labels) for x in (altered, data.test)]
    return Measured(0.8, shares[0] / shares[1], "at least")


@check(
    "the same seed draws the same changes, another seed others",
    tolerance=0.0,
    source="reproducibility",
    catches="random numbers from somewhere else",
)
def deterministic(ctx: CheckContext) -> Measured:
    """Pixels that differ between two draws of one seed; none, while another seed changes many."""
    x = random_pictures(ctx, 4, 3).float()
    drawn = [
        apply(x, draw_changes(Params(), x.shape, torch.Generator().manual_seed(seed)))
        for seed in (ctx.seed, ctx.seed, ctx.seed + 1)
    ]
    differ = float((drawn[0] != drawn[1]).sum())
    return Measured(0.0, differ if bool((drawn[0] != drawn[2]).any()) else math.inf, detail="pixels")


@check(
    "hue keeps the grey, and a full turn keeps all",
    tolerance=1e-6,
    source="Y of ITU-R BT.601",
    catches="colour differences turned by different angles, a green that is not made up for",
)
def hue_keeps_grey(ctx: CheckContext) -> Measured:
    """The largest change of Y by a random turn, and of any channel by 360° and by a turn and back."""
    x = random_pictures(ctx, 8, 3)
    angle = 6 * torch.rand(8, generator=ctx.rng, dtype=torch.float64)
    grey = grey_of(turn_hue(x, angle)) - grey_of(x)
    whole = turn_hue(x, torch.full((8,), 2 * math.pi, dtype=torch.float64)) - x
    back = turn_hue(turn_hue(x, angle), -angle) - x
    return Measured(0.0, max(float(part.abs().max()) for part in (grey, whole, back)))

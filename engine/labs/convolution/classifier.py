r"""A network that reads digits is built like the eye's first cells, except that it learns its filters.

Those cells answer to edges of one direction, and the cells behind them do not care where exactly the edge lies.

## Cells
Hubel and Wiesel found **simple cells**, which answer to a bar of one direction at one place, and **complex cells**, which gather simple
ones and answer wherever the bar lies nearby. A simple cell is well described by a Gabor filter, a wave under a Gaussian:

$$ g(x, y) = e^{-(x^2 + y^2) / 2\sigma^2} \cos\big(2\pi (x \cos\theta + y \sin\theta) / \lambda\big) $$

Two of them a quarter of a wave apart, squared and added, answer alike at every phase, because $\cos^2 + \sin^2 = 1$ (the *energy
model*); the largest of a region is the complex cell. *A grating drifts by* shows it: two waves, and their energy, which stays.
Fukushima's neocognitron (1980) stacked such S-cells and C-cells. Today S is convolution and ReLU, C is pooling:

$$ \text{picture} \to [\text{convolution} \to \text{ReLU} \to \text{max pool}] \times 2 \to \text{fully connected} \to \text{softmax} $$

## The network
It learns 1,437 digits of 8 × 8 pixels and is judged by 360 that it never saw: of those it gets **{{wrong/held-out}}** wrong. Two dashed
lines show what comes without convolution: logistic regression, and a support vector machine whose kernel was chosen well. The labels it
learns from are smoothed by {{smoothing}} (Szegedy et al. 2016): it need not become ever surer of what it knows, and errs half as often.

**Feature maps** show what each filter of both layers answers to your drawing. **Saliency** is the gradient of the winning class with
respect to the pixels, $\partial s_c / \partial x$: where a little more ink would help (orange) or hurt (blue). Beside the title stands how
far the ten scores are from the same network computed by hand, wire by wire; the rings on the bars are the hand's.

**Try**: draw a digit and watch the bars while you draw. Draw it small, thin, crooked. Give it a letter: it must choose a digit. Take your
own picture for the cells, and turn the directions up. Switch *all linear* on in mid-run: no ReLU, and means in place of maxima. The whole
network is then one matrix, its error climbs to logistic regression's, and the hand computation, which keeps both, is far away. With the
*pair in phase* the energy is no longer even: the complex cell blinks as the grating drifts.

Sources: notes, Convolutional Neural Networks; LeCun et al. 1998; Simonyan et al. 2013, arXiv:1312.6034 (saliency); Fukushima 1980;
Adelson & Bergen 1985 (energy model).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Axis,
    Bars,
    Canvas,
    Choice,
    File,
    Frame,
    Images,
    Measured,
    Plot,
    Portrait,
    Scalar,
    Scatter,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.api.params import PICTURE_SUFFIXES
from engine.api.words import number
from engine.data.digits import CLASSES, split_digits
from engine.nn.cortex import Cells
from engine.nn.cortex_page import as_grey, draw_cells, draw_drift, in_two_colours
from engine.nn.pooling import Pool, pooled
from engine.nn.wiring import wire

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

PAPER = 64  # side of the drawing
BUGS = ("none", "all linear", "softmax twice", "pair in phase")
LOGISTIC, SVM = 0.967, 0.994  # right on this split's held-out digits, scikit-learn
SHOWN = 4  # maps of each layer


@dataclass
class Params:
    """What a person sets."""

    drawing: Annotated[
        Any,
        Canvas(PAPER, PAPER, hint="Draw a digit", live=True, help="What is to be read; empty takes a held-out digit"),
    ] = None
    example: Annotated[int, Slider(0, 359, live=True, help="Which held-out digit stands in until you draw")] = 4
    lr: Annotated[
        float, Slider(1e-5, 1e-1, log=True, live=True, label="Learning rate", help="Length of Adam’s steps")
    ] = 1e-2
    smoothing: Annotated[
        float, Slider(0, 0.5, live=True, help="Share of each label that is spread over all classes")
    ] = 0.1
    bug: Annotated[
        str,
        Choice(
            *BUGS,
            live=True,
            label="What if",
            help="A network without ReLU; a loss given chances; cells of a pair alike",
        ),
    ] = "none"
    picture: Annotated[
        str, File(*PICTURE_SUFFIXES, kind="picture", live=True, help="Your own for the cells; none is the drawn scene")
    ] = ""
    directions: Annotated[int, Slider(2, 8, live=True, help="Directions of the Gabor cells, over half a turn")] = 4
    wavelength: Annotated[
        float, Slider(3, 16, live=True, unit="px", help="From one bar to the next of what the cells answer to")
    ] = 6.0
    width: Annotated[int, Slider(4, 64, log=True, help="Filters of the first layer; the second has twice as many")] = 24
    batch: Annotated[int, Slider(8, 512, log=True, help="Pictures in a step")] = 64
    steps: Annotated[int, Slider(1, 100_000, log=True, help="How many batches to learn from")] = 600


def activated(z: Tensor, bug: str) -> Tensor:
    """ReLU, or wrongly nothing."""
    return z if bug == BUGS[1] else z.relu()


def halved(z: Float[Tensor, "b c h w"], bug: str) -> Tensor:
    """The largest of each 2 × 2 cells, or wrongly their mean: then every layer is linear, and all of them together are one matrix."""
    return functional.avg_pool2d(z, 2) if bug == BUGS[1] else functional.max_pool2d(z, 2)


class Classifier(nn.Module):
    """Two convolutions with pooling, then one fully connected layer. Pictures `[B, 1, 8, 8]` → scores `[B, 10]`. He et al. 2015 start."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, padding=1)
        self.last = nn.Linear(2 * width * 4, len(CLASSES))
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def maps(self, x: Float[Tensor, "b 1 8 8"], bug: str = "none") -> tuple[Tensor, Tensor]:
        """Feature maps of both layers, after the activation and before pooling: `[B, C, 8, 8]` and `[B, 2C, 4, 4]`."""
        early = activated(self.first(x), bug)
        return early, activated(self.second(halved(early, bug)), bug)

    def forward(self, x: Float[Tensor, "b 1 8 8"], bug: str = "none") -> Float[Tensor, "b 10"]:
        """The scores of the classes."""
        scores = self.last(halved(self.maps(x, bug)[1], bug).flatten(1))
        return scores.softmax(1) if bug == BUGS[2] else scores


def by_hand(model: Classifier, picture: Float[Tensor, "1 8 8"]) -> np.ndarray:
    """The scores of one picture, float64, along the wires of each layer."""
    z = picture.detach().double().cpu().numpy()
    for layer in (model.first, model.second):
        w, b = (part.detach().double().cpu().numpy() for part in layer.parameters())
        z = np.maximum(wire(z.shape, w.shape, padding=1).forward(z, w, b), 0)
        z = np.stack([pooled(plane, Pool("max", 2, 2)).values for plane in z])
    w, b = (part.detach().double().cpu().numpy() for part in model.last.parameters())
    return w @ z.ravel() + b


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Digits by convolution",
    topic="convolution",
    place=4,
    source="notes, Convolutional Neural Networks; LeCun et al. 1998; Hubel & Wiesel 1962",
    summary="Draw a digit and see what each filter makes of it",
    views=(
        View("answer", "What it reads", "draw a digit among the controls"),
        View("wrong", "Share it gets wrong"),
        View("drift", "A grating drifts by"),
        View("maps", "Feature maps"),
        View("cells", "Simple above, complex below"),
    ),
    portrait=Portrait("maps", 300),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Learns the digits by Adam; every picture on the page is made by the network as it is."""
    digits = split_digits()
    model = Classifier(p.width).to(ctx.device)
    optimiser = torch.optim.Adam(model.parameters(), p.lr)
    ctx.track(model=model, optimiser=optimiser)
    test, some = digits.test.to(ctx.device), digits.train[:360].to(ctx.device)
    judged = ("held-out", test, digits.test_labels), ("learnt", some, digits.train_labels[:360])

    def draw() -> Iterator[Frame]:
        page = Page(p, model, given(p, test))
        if ctx.due("answer"):
            yield page.answer()
        if ctx.due("maps"):
            yield page.maps()
        if ctx.due("cells"):
            yield draw_cells(cells_of(p), p.picture)
        if ctx.due("drift"):
            yield draw_drift(cells_of(p))

    ctx.draw_with(draw)
    yield Truth("wrong/logistic regression", 1 - LOGISTIC, "logistic regression")
    yield Truth("wrong/SVM", 1 - SVM, "SVM")
    for step in ctx.steps(p.steps):
        optimiser.param_groups[0]["lr"] = p.lr
        chosen = torch.randint(len(digits.train), (p.batch,), generator=ctx.rng)
        x, y = digits.train[chosen].to(ctx.device), digits.train_labels[chosen].to(ctx.device)
        loss = functional.cross_entropy(model(x, p.bug), y, label_smoothing=p.smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 19 or step == p.steps - 1:
            for name, pictures, labels in judged:
                yield Scalar(f"wrong/{name}", wrong(model, pictures, labels, p.bug))


@torch.no_grad()
def wrong(model: Classifier, pictures: Tensor, labels: Tensor, bug: str) -> float:
    """The share of pictures whose largest score is another's."""
    return float((model(pictures, bug).argmax(1).cpu() != labels).float().mean())


def given(p: Params, test: Tensor) -> Float[Tensor, "1 8 8"]:
    """What the network is to read: the drawing, brought to the size and place of the digits, or a held-out digit."""
    paper = p.drawing
    if paper is None or not np.asarray(paper).any():
        return test[p.example % len(test)]
    ink = torch.from_numpy(np.asarray(paper).astype(np.float32) / 255)
    rows, columns = (torch.nonzero(ink.amax(axis)).ravel() for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    square = torch.zeros(side, side)
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    small = functional.interpolate(square[None, None], (8, 8), mode="area")[0]
    return small.mul(1.4).clamp(max=1).to(test.device)  # a line drawn here is thinner than a pen's on a form


# Pictures -------------------------------------------------------------------------------------------------------------


class Page:
    """What is drawn of one moment."""

    def __init__(self, p: Params, model: Classifier, picture: Float[Tensor, "1 8 8"]) -> None:
        self.p, self.model, self.picture = p, model, picture

    @torch.no_grad()
    def answer(self) -> Plot:
        """The chance of each class as bars; a ring at each is what the hand computes from the same weights."""
        scores = self.model(self.picture[None], self.p.bug)[0].cpu()
        hand = torch.from_numpy(by_hand(self.model, self.picture))
        rings = torch.stack([torch.arange(10), hand.softmax(0)], 1)
        layers = (
            Bars(torch.arange(10), scores.softmax(0), "torch", colour=1),
            Scatter(rings, label="by hand", size=8, hollow=True),
        )
        x = Axis("class", ticks=tuple(zip(range(10), CLASSES, strict=True)))
        gap = number(float((hand - scores).abs().max()), 2)
        return Plot("answer", layers, x, Axis("chance", range=(0, 1.05)), note=f"hand off by {gap}")

    def maps(self) -> Images:
        """What the network was given and maps of its first layer; below, its saliency and maps of the second."""
        slope = saliency(self.model, self.picture, self.p.bug)
        early, late = (part[0, :SHOWN].detach().cpu() for part in self.model.maps(self.picture[None], self.p.bug))
        shown = [as_grey(self.picture[0].cpu(), 1.0), *(as_grey(plane, float(plane.max())) for plane in early)]
        shown.append(in_two_colours(slope, float(slope.abs().max())))
        shown += [as_grey(plane, float(plane.max())).repeat(2, 0).repeat(2, 1) for plane in late]
        labels = [f"{name} {n}" for name in ("first", "second") for n in range(1, SHOWN + 1)]
        labels = ["given", *labels[:SHOWN], "saliency", *labels[SHOWN:]]
        large = np.stack(shown).repeat(8, 1).repeat(8, 2)
        return Images("maps", large, tuple(labels), SHOWN + 1, note="orange: ink helps, blue: hurts")


def cells_of(p: Params) -> Cells:
    """The bank of cells, or wrongly one whose pairs are twice the same cell."""
    return Cells(p.directions, p.wavelength, lag=0.0 if p.bug == BUGS[3] else 0.25)


def saliency(model: Classifier, picture: Float[Tensor, "1 8 8"], bug: str = "none") -> Float[Tensor, "8 8"]:
    """The gradient of the winning score with respect to the pixels."""
    x = picture.detach()[None].clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(x, bug)[0].max(), x)
    return slope[0, 0].cpu()


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "the network by hand, wire by wire = torch",
    tolerance=1e-12,
    source="torch.nn, float64",
    catches="a layer without its activation, a pool of another stride",
)
def agrees(ctx: CheckContext) -> Measured:
    """The ten scores of three pictures, with random weights."""
    model = Classifier(5).double()
    pictures = torch.rand(3, 1, 8, 8, generator=ctx.rng, dtype=torch.float64)
    theirs = model(pictures).detach().numpy()
    mine = np.stack([by_hand(model, picture) for picture in pictures])
    return Measured(0.0, float(abs(mine - theirs).max()), detail="largest difference")


@check(
    "saliency is the derivative of the winning score",
    tolerance=1e-6,
    source="central differences of 1e−5, float64",
    catches="the gradient of another class, or of the chance in place of the score",
)
def derivative(ctx: CheckContext) -> Measured:
    """Largest difference over all pixels, with random weights."""
    model = Classifier(5).double()
    x = torch.rand(1, 8, 8, generator=ctx.rng, dtype=torch.float64)
    winner, slope = int(model(x[None])[0].argmax()), saliency(model, x)
    nudges = 1e-5 * torch.eye(64, dtype=torch.float64).reshape(64, 1, 8, 8)
    rise = (model(x + nudges) - model(x - nudges))[:, winner].detach() / 2e-5
    return Measured(0.0, float((rise.reshape(8, 8) - slope).abs().max()))


@check(
    "a pair of Gabor cells answers alike at every phase of its grating",
    tolerance=0.01,
    source="Adelson & Bergen 1985: cos² + sin² = 1; the even cell's missing mean costs some thousandths",
    catches="a pair that is not a quarter of a wave apart",
)
def phase(ctx: CheckContext) -> Measured:
    """The spread of the energy over 24 phases, relative to its mean; a simple cell's is above 2."""
    energy = Cells(4, 6.0).drifting(24)[1]
    return Measured(0.0, float(energy.max() - energy.min()))


@check(
    "a drawing is read alike wherever it stands on the paper, and however large",
    tolerance=1e-6,
    source="the picture is cut out, squared and shrunk by areas",
    catches="a drawing that is shrunk where it stands",
)
def anywhere(ctx: CheckContext) -> Measured:
    """A random 8 × 8 sign, drawn with pixels of 2, 4 and 7 and moved; the largest difference of what the network is given."""
    sign = (ctx.numpy_rng.random((8, 8)) < 0.5) | np.eye(8, dtype=bool)
    seen = []
    for size, corner in ((2, 0), (2, 41), (4, 20), (7, 3)):
        paper = np.zeros((PAPER, PAPER), np.uint8)
        paper[corner : corner + 8 * size, corner : corner + 8 * size] = 255 * sign.repeat(size, 0).repeat(size, 1)
        seen.append(given(Params(drawing=paper), torch.zeros(1, 1, 8, 8)))
    return Measured(0.0, float(max((one - torch.from_numpy(1.0 * sign)).abs().max() for one in seen)))


@check(
    "even grey leaves every cell silent, and each prefers its own direction",
    tolerance=1e-9,
    source="filters without a mean; Hubel & Wiesel 1962",
    catches="filters that see brightness, a bank in which two directions are the same",
)
def silent(ctx: CheckContext) -> Measured:
    """The largest answer to grey, plus how many of four gratings excite another direction most."""
    cells = Cells(4, 6.0)
    grey = float(cells.simple(torch.full((40, 40), 0.7)).abs().max())
    y, x = torch.meshgrid(*(torch.arange(61, dtype=torch.float64),) * 2, indexing="ij")
    wrong = 0
    for index in range(4):
        angle = torch.tensor(torch.pi * index / 4)
        grating = (2 * torch.pi * (x * angle.cos() + y * angle.sin()) / 6).cos()
        wrong += int(cells.energy(cells.simple(grating))[:, 30, 30].argmax()) != index
    return Measured(0.0, grey + wrong)


@check(
    "held-out digits: at least 98 % right",
    tolerance=0.0,
    source="scikit-learn on the same split: logistic regression .967, SVM .994",
    catches="labels of other pictures, a network that is judged on other scores",
)
def reads(ctx: CheckContext) -> Measured:
    """After 200 steps; .994 and more over six seeds."""
    return Measured(0.98, 1 - ctx.train(steps=200).last("wrong/held-out"), "at least")

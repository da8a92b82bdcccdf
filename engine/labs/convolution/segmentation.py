r"""What is in each pixel? To know *what*, a network must see far; to know *where*, it must see sharply. A U-Net does both and joins them.

A classifier answers once for a picture. A **fully convolutional network** answers for every pixel: no layer knows how large the picture
is, the output is as large as the input, and the loss is the mean cross-entropy over all pixels,

$$ L = -\frac{1}{B H W} \sum_{b,i,j} \log \operatorname{softmax}\big(s_b(i, j)\big)_{y_b(i, j)} $$

Going down, each level halves the sides and doubles the maps: from more pixels at once, the network reads *what* it is. At the bottom each
number stands for {{depth}} halvings of the picture, and where exactly an edge ran is gone. Going up, **transposed convolutions** spread
each number over 2 × 2 pixels,

$$ u_o(2i + m,\, 2j + n) = b_o + \sum_c w_{c,o}(m, n)\, h_c(i, j), \qquad H' = s\,(H - 1) + k - 2p $$

but what they spread is coarse. A **skip** brings what was seen on the way down, at that very level, and a convolution joins the two: U-Net
sets them beside each other, FCN adds them. Two networks learn here from the same start on the same pictures. One has skips; in the other
they are zeros, so that both have equally many weights.

## How a map is judged
$$ \text{IoU}_k = \frac{|\text{said}_k \cap \text{true}_k|}{|\text{said}_k \cup \text{true}_k|}, \qquad F = \frac{2 P R}{P + R} $$

The mean over classes of the intersection over union is at **{{overlap/with skips}}** with skips and {{overlap/without}} without. Most
pixels lie far from any edge, so it hardly sees blurred edges. The score of the edges does: of the edge pixels that were said, the share
$P$ that lie on true ones; of the true ones, the share $R$ that were found. Here {{edges/with skips}} against **{{edges/without}}**. Dashed:
what the *true* map would reach if it had to pass through blocks as coarse as the bottom, and what "background everywhere" reaches.

**Try**: pause, then cut the skips, first the finest, then the coarsest: the edges hang on the finest. More noise. Click a picture. Choose
*scene* or drop a picture, and **paint** on it what is to be found: from the next step on, that is the truth; other pictures of a dropped
folder show what was understood. Then put a mistake in. Skips one pixel off: all edges move at once, and some fifty steps later the
network has learned to shift them back, so that nobody finds the bug. Skips of another picture: its ghost. Counting right pixels in place
of IoU, both networks look excellent, because most of a picture is background.

Sources: notes, Fully Convolutional Networks, Transposed Convolution, U-Net Architecture; Long et al. 2015, arXiv:1411.4038; Ronneberger
et al. 2015, arXiv:1505.04597; Csurka et al. 2013 (score of edges).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Canvas,
    Choice,
    Dataset,
    Frame,
    Images,
    Mask,
    Measured,
    Pick,
    Picture,
    Plot,
    Portrait,
    Scalar,
    Slider,
    Truth,
    View,
    check,
    lab,
)
from engine.data.masks import PALETTE, CoveringSprites, Labels, PaintedPictures, Pair, each_by_itself
from engine.nn.segmentation import (
    ACCURACY,
    RESHAPED,
    SHIFTED,
    SWAPPED,
    Hourglass,
    Stages,
    blocks_of,
    edge_score,
    mean_overlap,
    said,
    spread_by_hand,
)
from engine.nn.spread_page import draw_spread

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

WITH, WITHOUT = "with skips", "without"
SHOWN = 3
SHADES = np.vstack([[0.13, 0.15, 0.18], PALETTE[1:]])  # of the classes; the background is not quite black
REACH = 0  # pixels by which an edge may be off and still count
PAPER = 64  # side of what one paints on


@dataclass
class Params:
    """What a person sets."""

    data: Annotated[
        str,
        Dataset(
            "sprites", "scene", images=True, help="Sprites with known masks; a scene or your own picture to paint on"
        ),
    ] = "sprites"
    noise: Annotated[
        float, Slider(0, 1.5, live=True, help="Deviation of the noise on every pixel; edges drown in it first")
    ] = 0.3
    cut: Annotated[
        str,
        Choice("none", "finest", "coarsest", "all", live=True, label="Cut skips", help="Of the network with skips"),
    ] = "none"
    look: Annotated[tuple[float, ...], Pick(live=True, help="The picture that you clicked, seen larger")] = ()
    cell: Annotated[tuple[float, ...], Pick(live=True, help="The cell that you clicked: where it was spread from")] = ()
    lr: Annotated[
        float, Slider(1e-4, 3e-2, log=True, live=True, label="Learning rate", help="Adam’s step, for both networks")
    ] = 4e-3
    bug: Annotated[
        str,
        Choice(
            "none",
            SHIFTED,
            SWAPPED,
            RESHAPED,
            ACCURACY,
            live=True,
            label="What if it were wrong",
            help="Misplaced skips; scores read in the wrong order of axes; a measure that the background wins",
        ),
    ] = "none"
    joins: Annotated[
        str, Choice("side by side (U-Net)", "added (FCN)", help="How a skip meets what comes from below")
    ] = "side by side (U-Net)"
    depth: Annotated[int, Slider(1, 4, help="Halvings on the way down; each sees twice as far")] = 3
    width: Annotated[
        int, Slider(4, 32, log=True, help="Maps of the finest level; each level below has twice as many")
    ] = 8
    size: Annotated[str, Choice("16", "32", "64", help="Side of the pictures in pixels; 64 is four times as slow")] = (
        "32"
    )
    batch: Annotated[int, Slider(2, 64, log=True, help="Pictures in a step")] = 8
    steps: Annotated[int, Slider(1, 20_000, log=True, help="How many batches to learn from")] = 400
    mask: Annotated[
        np.ndarray | None,
        Canvas(PAPER, PAPER, "paint what is to be found", live=True, help="On a scene or your own picture: the truth"),
    ] = None


Source = CoveringSprites | PaintedPictures
Nets = dict[str, Hourglass]


def source_of(p: Params, ctx: Context) -> Source:
    """Sprites, or pictures to paint on. Raises DataError for a picture that cannot be read."""
    if p.data == "sprites":
        return CoveringSprites(int(p.size), ctx.numpy_rng)
    found = PaintedPictures(p.data, int(p.size), ctx.reading)
    if found.unread:
        ctx.say(found.unread)
    return found


# The two networks -----------------------------------------------------------------------------------------------------


def gains(kind: str, p: Params) -> list[float]:
    """What each level's skip is multiplied by, finest first."""
    kept = [float(kind == WITH and p.cut != "all")] * p.depth
    if kind == WITH and p.cut in ("finest", "coarsest"):
        kept[0 if p.cut == "finest" else -1] = 0.0
    return kept


@lab(
    title="U-Net",
    topic="convolution",
    place=5,
    source="notes, Fully Convolutional Networks, U-Net Architecture; Ronneberger et al. 2015, arXiv:1505.04597",
    summary="What is in each pixel: two networks, one with skips",
    views=(
        View("look", "A closer look"),
        View("maps", "Classes of all pixels", "click a picture to see it larger"),
        View("stages", "On the way up"),
        View("spread", "Transposed convolution", "click a cell of the output"),
        View("overlap", "Mean intersection over union"),
        View("edges", "F-score of the edges"),
    ),
    portrait=Portrait("maps", 300),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains the two networks side by side, from the same start on the same pictures."""
    source = source_of(p, ctx)
    first = Hourglass(3, len(source.names), p.width, p.depth, p.joins.startswith("added"))
    nets = {WITH: first.to(ctx.device), WITHOUT: copy.deepcopy(first).to(ctx.device)}
    optimiser = adam(nets)
    ctx.track(nets=nn.ModuleDict(nets), optimiser=optimiser)
    page = Page(p, source, nets, ctx.rng)

    def draw() -> Iterator[Frame]:
        page.kept.clear()
        for name in ("look", "maps", "stages", "spread"):
            if ctx.due(name):
                yield getattr(page, name)()

    ctx.draw_with(draw)
    yield from page.lines()
    for step in ctx.steps(p.steps):
        if step % 10 == 0:
            yield from page.scores()
        learn(nets, optimiser, source.draw(p.batch, ctx.rng, p.mask), p, ctx.rng)


def adam(nets: Nets) -> torch.optim.Adam:
    """One optimiser for both networks: their weights know nothing of each other."""
    return torch.optim.Adam([weight for net in nets.values() for weight in net.parameters()])


def as_seen(pictures: Float[Tensor, "n 3 s s"], like: Tensor) -> Float[Tensor, "n 3 s s"]:
    """Pictures where the weights `like` lie, in the order of memory that convolutions read fastest."""
    return pictures.to(like.device, memory_format=torch.channels_last)


def learn(nets: Nets, optimiser: torch.optim.Optimizer, batch: Pair, p: Params, rng: torch.Generator) -> None:
    """One step of all networks on the same noisy pictures."""
    weight = next(iter(nets.values())).score.weight
    noisy = as_seen(batch[0] + p.noise * torch.randn(batch[0].shape, generator=rng), weight)
    true = batch[1].to(weight.device)
    losses = [functional.cross_entropy(net.train()(noisy, gains(kind, p), p.bug), true) for kind, net in nets.items()]
    optimiser.param_groups[0]["lr"] = p.lr
    optimiser.zero_grad()
    torch.stack(losses).sum().backward()
    optimiser.step()


# Pictures -------------------------------------------------------------------------------------------------------------


class Page:
    """What is drawn and judged, always of the same pictures with the same noise."""

    def __init__(self, p: Params, source: Source, nets: Nets, rng: torch.Generator) -> None:
        self.p, self.source, self.nets = p, source, nets
        self.noise = torch.randn(source.pictures.shape, generator=rng)
        self.kept: dict[tuple[str, int], Stages] = {}  # passes of one drawing, which its views share

    @property
    def true(self) -> Labels:
        """The classes of the pictures that are judged: of all sprites, or of the painted picture alone."""
        return self.source.truth(self.p.mask)

    def noisy(self, count: int) -> Float[Tensor, "n 3 s s"]:
        """The first pictures as the networks see them."""
        return (self.source.pictures + self.p.noise * self.noise)[:count]

    @torch.no_grad()
    def way(self, kind: str, count: int = SHOWN) -> Stages:
        """The first pictures' way through a network."""
        if (kind, count) not in self.kept:
            net = self.nets[kind].eval()
            seen = as_seen(self.noisy(count), net.score.weight)
            self.kept[kind, count] = net.stages(seen, gains(kind, self.p), self.p.bug)
        return self.kept[kind, count]

    def answers(self, count: int = SHOWN) -> dict[str, Labels]:
        """What both networks say of the first pictures."""
        return {kind: said(self.way(kind, count).scores, self.p.bug).cpu() for kind in self.nets}

    def scores(self) -> Iterator[Scalar]:
        """Both measures of both networks."""
        self.kept.clear()
        true = self.true
        for kind, answer in self.answers(len(true)).items():
            yield Scalar(f"overlap/{kind}", mean_overlap(answer, true, len(self.source.names), self.p.bug))
            yield Scalar(f"edges/{kind}", edge_score(answer, true, REACH))

    def lines(self) -> Iterator[Truth]:
        """What detail without context gets, and context without detail. Painted masks change: no lines."""
        if not isinstance(self.source, CoveringSprites):
            return
        true, side = self.true, 2**self.p.depth
        alone = each_by_itself(self.noisy(len(true)), true, self.p.noise)
        coarse, words = blocks_of(true, side), f"true map in blocks of {side} × {side}"
        for kind, answer, label in ((WITH, alone, "each pixel by itself"), (WITHOUT, coarse, words)):
            yield Truth(f"overlap/{kind}", mean_overlap(answer, true, len(self.source.names)), label)
            yield Truth(f"edges/{kind}", edge_score(answer, true, REACH), label)

    @property
    def chosen(self) -> int:
        """The picture that was clicked."""
        return min(int(self.p.look[0]) // 4 if self.p.look else 0, len(self.source.pictures) - 1, SHOWN - 1)

    def look(self) -> Picture:
        """One picture, and where each network is wrong; or one to paint on, and what is found."""
        own = isinstance(self.source, PaintedPictures)
        at, true = 0 if own else self.chosen, self.true
        answers = {kind: answer[at] for kind, answer in self.answers().items()}
        if own:
            masks = tuple(
                Mask(answer.float(), f"found {kind}", n, 0.45) for n, (kind, answer) in enumerate(answers.items())
            )
            return Picture("look", rgb(self.source.pictures[at]), masks, edits="mask", note="paint what is to be found")
        wrong = {kind: (answer != true[at]).float() for kind, answer in answers.items()}
        masks = tuple(Mask(part, f"wrong {kind}", n, 0.9) for n, (kind, part) in enumerate(wrong.items()))
        counts = ", ".join(f"{int(part.sum())} {kind}" for kind, part in wrong.items())
        return Picture("look", 0.45 * coloured(true[at]), masks, note=f"wrong pixels: {counts}")

    def maps(self) -> Images:
        """Input, truth and both answers, a picture a row."""
        true, answers = self.true, self.answers()
        rows, captions = [], ["input", "true", "skips", "none"] + 4 * (SHOWN - 1) * [""]
        for at, noisy in enumerate(self.noisy(SHOWN)):
            known = coloured(true[at]) if at < len(true) else np.zeros_like(rgb(noisy))
            rows += [rgb(noisy), known, *(coloured(answer[at]) for answer in answers.values())]
        return Images("maps", np.stack(rows), tuple(captions[: len(rows)]), 4, edits="look")

    def stages(self) -> Images:
        """Level by level upwards: what comes from below in both networks, and the skip that meets it; of all maps the liveliest."""
        ways, size = {kind: self.way(kind) for kind in self.nets}, int(self.p.size)
        rows = {"below": ways[WITH].risen, "skip": ways[WITH].skips, "alone": ways[WITHOUT].risen}
        tiles, labels = [], []
        for name, levels in rows.items():
            for values in reversed(levels):
                maps = values[min(self.chosen, len(values) - 1)].cpu()
                tile = maps[int(maps.std((1, 2)).argmax())]
                span = (tile - tile.min()) / max(float(tile.max() - tile.min()), 1e-9)
                tiles.append(functional.interpolate(span[None, None], (size, size))[0, 0])
                labels.append(f"{name} {len(tile)}")
        return Images("stages", torch.stack(tiles), tuple(labels), self.p.depth)

    def spread(self) -> Plot:
        """The lowest transposed convolution of the chosen picture, in the middle of it."""
        way = self.way(WITH)
        at = min(self.chosen, len(way.scores) - 1)
        return draw_spread(self.nets[WITH].lowest, way.seen[-1][at], way.risen[-1][at], self.p.cell)


def rgb(picture: Float[Tensor, "3 s s"]) -> Float[np.ndarray, "s s 3"]:
    """A picture as a view draws it."""
    return picture.movedim(0, -1).clamp(0, 1).numpy()


def coloured(labels: Int[Tensor, "s s"]) -> Float[np.ndarray, "s s 3"]:
    """A map of classes in their colours."""
    return SHADES[labels.numpy()]


# Proof ----------------------------------------------------------------------------------------------------------------


@check(
    "a transposed convolution by hand = torch",
    tolerance=1e-12,
    source="notes, Transposed Convolution; torch.nn.ConvTranspose2d, float64",
    catches="overlaps that are lost, a bias that is added once for every map",
)
def spreads(ctx: CheckContext) -> Measured:
    """Kernels of 2 to 4, strides of 1 to 3; the size by s (H − 1) + k."""
    worst = 0.0
    for taps, stride in product((2, 3, 4), (1, 2, 3)):
        layer = nn.ConvTranspose2d(3, 2, taps, stride).double()
        values = torch.randn(3, 4, 5, generator=ctx.rng, dtype=torch.float64)
        theirs = layer(values).detach().numpy()
        worst = max(worst, float(abs(spread_by_hand(layer, values) - theirs).max()))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "a skip joins what belongs to the same pixel",
    tolerance=0,
    source="four 3 × 3 convolutions see 4 pixels each way, and no further",
    catches="a skip that is cropped one pixel off, or taken from another picture",
)
def centred(ctx: CheckContext) -> Measured:
    """With nothing from below, how much further than 4 pixels a score sees on any side, or less far; in pixels."""
    net = Hourglass(3, 2, 8, 2).double().eval()
    for up in net.up:
        nn.init.zeros_(up.weight)  # type: ignore[arg-type]  # a convolution's
    x = torch.randn(16, 3, 16, 16, generator=ctx.rng, dtype=torch.float64, requires_grad=True)
    score = net(x, [1.0, 0.0])[::2, :, 8, 8].square().sum()
    seen = torch.autograd.grad(score, x)[0][::2].abs().sum((0, 1)) > 0
    rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
    ends = torch.cat([8 - rows[0], rows[-1] - 8, 8 - columns[0], columns[-1] - 8])
    return Measured(0, float((ends - 4).abs().max()))


@check(
    "IoU from counted pixels = IoU of sets",
    tolerance=1e-12,
    source="Long et al. 2015, §5: mean over the classes that there are",
    catches="a union that counts the intersection twice, absent classes that are averaged in",
)
def counted(ctx: CheckContext) -> Measured:
    """Random maps of five classes, of which one is never there."""
    true, answer = torch.randint(4, (2, 3, 7, 7), generator=ctx.rng)
    shares = []
    for k in range(4):
        ours, theirs = ({tuple(at) for at in (part == k).nonzero().tolist()} for part in (answer, true))
        shares.append(len(ours & theirs) / len(ours | theirs))
    return Measured(sum(shares) / 4, mean_overlap(answer, true, 5))


@check(
    "an edge one pixel off has half its pixels on the true one",
    tolerance=1e-12,
    source="both sides of an edge count; Csurka et al. 2013",
    catches="edges that are one-sided, a reach of another length",
)
def moved(ctx: CheckContext) -> Measured:
    """F of a straight edge moved by 1, 2, and by 2 with a reach of 1: ½, 0, ¾·…; the largest difference."""
    true = (torch.arange(12) >= 6).long().expand(1, 12, 12)
    cases = {(1, 0): 0.5, (2, 0): 0.0, (1, 1): 1.0, (2, 1): 0.5}
    gaps = [
        abs(edge_score(true.roll(by, 2)[:, :, 2:10], true[:, :, 2:10], reach) - f) for (by, reach), f in cases.items()
    ]
    return Measured(0.0, max(gaps))


@check(
    "no map of blocks is right in more pixels than the line that is drawn",
    tolerance=0,
    source="each block takes the class that most of its pixels have",
    catches="blocks that take the class of a corner",
)
def blocked(ctx: CheckContext) -> Measured:
    """Right pixels of the best of all 2-class maps of one block, beside ours; summed over 30 random blocks."""
    true = torch.randint(3, (30, 4, 4), generator=ctx.rng)
    best = torch.stack([(true == k).sum((1, 2)) for k in range(3)]).amax(0).sum()
    return Measured(float(best), float((blocks_of(true, 4) == true).sum()))


@check(
    "noisy sprites: mIoU with skips",
    tolerance=0.0,
    source="curriculum: at least .9",
    catches="a network that has hardly learned, scores read with their axes in another order",
)
def finds(ctx: CheckContext) -> Measured:
    """Sprites of 16 × 16 pixels, one halving, 130 batches with a rate that falls to zero."""
    p = Params(size="16", depth=1, noise=0.05)
    source = CoveringSprites(16, ctx.numpy_rng)
    nets = {WITH: Hourglass(3, len(source.names), p.width, p.depth)}
    optimiser = adam(nets)
    for step in range(130):
        p.lr = 0.03 * (1 - step / 130)
        learn(nets, optimiser, source.draw(p.batch, ctx.rng, None), p, ctx.rng)
    return Measured(0.9, next(Page(p, source, nets, ctx.rng).scores()).value, "at least")


@check(
    "skips make edges sharper",
    tolerance=0.0,
    source="Ronneberger et al. 2015; F of the edges with skips − F without",
    catches="a network without skips that has them",
)
def sharper(ctx: CheckContext) -> Measured:
    """Both networks of one short run."""
    trained = ctx.train(size="16", width=6, depth=2, noise=0.05, lr=0.02, steps=31)
    return Measured(0.1, trained.last(f"edges/{WITH}") - trained.last(f"edges/{WITHOUT}"), "at least")

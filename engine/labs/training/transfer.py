r"""What was learned on one task need not be learned again for the next. Keep the **body**, give it a new **head**, and few labels do.

$$ \text{scores} = V\,h_\theta(x) + c $$

The body $h_\theta$ turns a picture into {{code}} numbers, the head $V$ turns those into classes. First both learn a **source** task with
plenty of labels. For the **target** the head is replaced (other classes, so the old one is of no use) and there are three ways on:

- **from scratch**: a new body too, as if there had been no source;
- **frozen**: the body stays as it is, only the head learns: a linear classifier on learned features;
- **fine-tuned**: both learn, the body at {{body_rate}} times the head's rate, so that the new task's few examples do not wipe out
  what the many have taught.

All three start with the same head and see the same batches. The gradient of the head is the one line that a frozen network needs:

$$ \frac{\partial L}{\partial V} = \frac1n \sum_i (p_i - y_i)\, h_\theta(x_i)^\top $$

## What is carried over
Here a digit of 8 × 8 pixels lies somewhere on 12 × 12. That a stroke is a stroke wherever it lies has to be learned from many pictures,
and it is the same for digits 0–4 and for 5–9. The lower row shows the codes of pictures of target classes *before any target
label was seen*: from the pre-trained body and from a random one. Classes that already lie apart need only a line between them.

The **few-shot curve** is the result: accuracy against labels per class. Read it sideways, along the dashed line: how many labels does it
take from scratch to reach what transfer reaches with {{labels}}? With many labels the advantage goes, and a frozen body may hold you back.

**Try**: no pre-training at all (0 steps); letters as source; *thaw* in mid-run; your own folder, its sub-folders are classes. The bugs: a
body that was never copied; a body at twenty times the head's rate, which forgets.

With pictures from the world one would take a body trained by somebody else on millions of them (ResNet, VGG, BERT for text). The
recipe is this one. Nothing is downloaded here, so the source is small.

Sources: Pratt 1993; Yosinski et al. 2014, arXiv:1411.1792; Donahue et al. 2014 (DeCAF), arXiv:1310.1531; notes, Transfer Learning.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Axis,
    Choice,
    DataError,
    Dataset,
    Frame,
    Images,
    Line,
    Measured,
    Plot,
    Scalar,
    Scatter,
    Slider,
    Toggle,
    Truth,
    View,
    check,
    lab,
)
from engine.api.lab import Portrait
from engine.api.words import number
from engine.data.few_labels import SIDE, Task, digits_task, few_of_each
from engine.data.glyphs import draw_glyphs
from engine.data.table import load_pictures
from engine.nn.body_and_head import Network, adam, head_gradient, make_body, make_head
from engine.nn.principal import principal_axes

if TYPE_CHECKING:
    from engine.run.checks import CheckContext
    from engine.run.context import Context

SHOTS = (1, 3, 10, 30)
WAYS = ("from scratch", "frozen", "fine-tuned")
FIRST_FIVE = "digits 0–4"


@dataclass
class Params:
    """What a person sets."""

    source: Annotated[
        str, Choice(FIRST_FIVE, "letters", group="Source", help="The task with plenty of labels, learned first")
    ] = FIRST_FIVE
    pretrain: Annotated[
        int,
        Slider(0, 2000, label="Pre-training", group="Source", help="Batches of 64 from the source task"),
    ] = 300
    target: Annotated[
        str,
        Dataset(
            "digits",
            images=True,
            group="Target",
            help="Digits the source has not had, or a folder; its sub-folders are classes",
        ),
    ] = "digits"
    labels: Annotated[
        str,
        Choice(*map(str, SHOTS), label="Follow", group="Target", help="Labels per class of the networks in the chart"),
    ] = "1"
    body_rate: Annotated[
        float,
        Slider(
            0.01,
            1,
            log=True,
            live=True,
            label="Body’s rate",
            group="Target",
            help="The body’s rate as a share of the head’s",
        ),
    ] = 0.2
    thaw: Annotated[
        bool,
        Toggle(live=True, group="Target", help="Lets the frozen bodies learn too, from now on, at the body’s rate"),
    ] = False
    code: Annotated[int, Slider(8, 256, log=True, group="Network", help="Numbers between body and head")] = 128
    lr: Annotated[
        float,
        Slider(1e-4, 3e-2, log=True, live=True, label="Learning rate", group="Network", help="Adam’s step for heads"),
    ] = 0.003
    bug: Annotated[
        str,
        Choice(
            "none",
            "body not copied",
            "body at 20 times the rate",
            live=True,
            label="What if it were wrong",
            group="Network",
            help="Frozen at random instead of pre-trained; so large steps that the source is forgotten",
        ),
    ] = "none"
    steps: Annotated[int, Slider(1, 5000, log=True, group="Network", help="Batches of both tasks together")] = 550


# Tasks ------------------------------------------------------------------------------------------------------------------


def source_task(p: Params, rng: torch.Generator) -> Task:
    """Digits 0–4 at many places, or letters drawn from fonts."""
    if p.source == FIRST_FIVE:
        return digits_task(0, 4, rng, copies=4)
    glyphs = draw_glyphs(3000, SIDE)
    return Task(
        glyphs.pictures[:2600],
        glyphs.labels[:2600],
        glyphs.pictures[2600:],
        glyphs.labels[2600:],
        tuple(glyphs.letters),
    )


def target_task(p: Params, rng: torch.Generator, ctx: Context) -> Task:
    """The digits that are not in the source, or the person's own classes. Raises DataError if there is only one."""
    if p.target == "digits":
        return digits_task(5 if p.source == FIRST_FIVE else 0, 9, rng)
    data = load_pictures(p.target, SIDE, 1, watch=ctx.reading)
    if data.unread:
        ctx.say(data.unread)
    if len(data.names) < 2:
        raise DataError(
            f"All pictures in “{p.target}” are of one class; put those of each class into a sub-folder of its own."
        )
    return Task(data.train, data.train_labels, data.test, data.test_labels, data.names)


def target_step(
    network: Network, optimiser: torch.optim.Adam, way: str, batch: tuple[Tensor, Tensor], p: Params
) -> None:
    """One step on a batch of the target, in one of the three ways."""
    frozen = way == "frozen" and not p.thaw
    share = 1.0 if way == "from scratch" else 20.0 if "20" in p.bug else p.body_rate
    head, body = optimiser.param_groups
    head["lr"], body["lr"] = p.lr, 0.0 if frozen else share * p.lr
    optimiser.zero_grad()
    functional.cross_entropy(network(batch[0], frozen), batch[1]).backward()
    optimiser.step()


# The run --------------------------------------------------------------------------------------------------------------


@lab(
    title="Transfer learning",
    topic="training",
    place=6,
    source="notes, Transfer Learning; Yosinski et al. 2014, arXiv:1411.1792",
    summary="Keep the body, change the head",
    portrait=Portrait("codes", steps=301),
    views=(
        View("pictures", "All that it learns from"),
        View("codes", "Codes, pre-trained body", "classes that no label has been seen of"),
        View("random", "Codes, random body"),
        View("curve", "Few-shot curve"),
        View("accuracy", "Right on test pictures"),
    ),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Learns the source, then the target from 1, 3, 10 and 30 labels per class in three ways."""
    source, target = source_task(p, ctx.rng), target_task(p, ctx.rng, ctx)
    few = {shots: few_of_each(target.labels, shots, ctx.rng) for shots in SHOTS}
    teacher = Network(make_body(p.code, SIDE, ctx.rng), make_head(p.code, len(source.names), ctx.rng))
    fresh = Network(make_body(p.code, SIDE, ctx.rng), make_head(p.code, len(target.names), ctx.rng))
    pupils = nn.ModuleList(copy.deepcopy(fresh) for _ in SHOTS for _ in WAYS)
    plan = [(shots, way) for shots in SHOTS for way in WAYS]
    optimisers = {str(k): adam(pupil) for k, pupil in enumerate(pupils)}  # type: ignore[arg-type]  # a ModuleList forgets its type
    taught, curve = adam(teacher), torch.full((len(SHOTS), len(WAYS)), 1 / len(target.names))
    bodies = {"codes": teacher.body, "random": fresh.body}
    ctx.track(teacher=teacher, taught=taught, pupils=pupils, optimisers=optimisers, curve=curve)

    def draw() -> Iterator[Frame]:
        if ctx.due("pictures"):
            yield draw_pictures(target, few[int(p.labels)])
        if ctx.due("curve"):
            batch = target.train[few[3]], target.labels[few[3]]
            yield draw_curve(curve, int(p.labels), len(target.names), pupils[-1], batch)
        yield from (draw_codes(name, body, target) for name, body in bodies.items() if ctx.due(name))

    ctx.draw_with(draw)
    yield Truth("accuracy/from scratch", 1 / len(target.names), "chance")
    for step in ctx.steps(p.steps):
        if step == p.pretrain:
            hand_over(teacher, pupils, plan, p)
        if step < p.pretrain:
            chosen = torch.randint(len(source.train), (64,), generator=ctx.rng)
            target_step(teacher, taught, "from scratch", (source.train[chosen], source.labels[chosen]), p)
        else:
            teach(pupils, optimisers, [(way, target, few[shots]) for shots, way in plan], p, ctx.rng)
        if step % 10 == 0:
            curve[:] = torch.tensor([accuracy(pupil, target) for pupil in pupils]).reshape(curve.shape)
            for way, share in zip(WAYS, curve[SHOTS.index(int(p.labels))], strict=True):
                yield Scalar(f"accuracy/{way}", share)
            yield Scalar("accuracy/source task", accuracy(teacher, source))


def teach(
    pupils: nn.ModuleList,
    optimisers: dict[str, Any],
    lessons: list[tuple[str, Task, Tensor]],
    p: Params,
    rng: torch.Generator,
) -> None:
    """A step of every pupil, each from its own few examples; the same draws for all."""
    draws = torch.rand(16, generator=rng)
    for k, (way, task, few) in enumerate(lessons):
        chosen = few[(draws * len(few)).long()]
        target_step(pupils[k], optimisers[str(k)], way, (task.train[chosen], task.labels[chosen]), p)  # type: ignore[arg-type]  # a Network


def hand_over(teacher: Network, pupils: nn.ModuleList, plan: list[tuple[int, str]], p: Params) -> None:
    """The pre-trained body goes to all but those that begin from scratch."""
    for pupil, (_, way) in zip(pupils, plan, strict=True):
        if way != "from scratch" and p.bug != "body not copied":
            pupil.body.load_state_dict(teacher.body.state_dict())  # type: ignore[union-attr]  # a Network's


@torch.no_grad()
def accuracy(network: Any, task: Task) -> float:
    """The share of (up to 400) test pictures that it gets right."""
    return float((network(task.test[:400]).argmax(1) == task.answers[:400]).float().mean())


# Pictures -------------------------------------------------------------------------------------------------------------


def draw_pictures(task: Task, few: Int[Tensor, "k"]) -> Images:
    """The labelled target pictures of the networks in the chart."""
    shown = few[:40]
    names = tuple(task.names[label] for label in task.labels[shown].tolist())
    return Images("pictures", task.train[shown, 0], names, note=f"{len(few)} labels")


def labels_from_scratch(curve: Float[Tensor, "s w"], share: float) -> float:
    """The few-shot curve read sideways: labels per class at which the network from scratch gets that share right.

    Straight between the logarithms of the label counts; infinite if the most of them do not do.
    """
    best = curve[:, 0].cummax(0).values
    if share > float(best[-1]):
        return float("inf")
    return float(10 ** np.interp(share, best.numpy(), np.log10(SHOTS)))


def draw_curve(
    curve: Float[Tensor, "s w"], shots: int, classes: int, network: Any, batch: tuple[Tensor, Tensor]
) -> Plot:
    """Accuracy against labels per class, and from there across to the same from scratch; the gradient by hand beside autograd's."""
    place = torch.tensor(SHOTS).log10()
    loss = functional.cross_entropy(network(batch[0], True), batch[1])
    (automatic,) = torch.autograd.grad(loss, [network.head.weight])
    gap = float((head_gradient(network, *batch)[0] - automatic).abs().max())
    layers: list[Line | Scatter] = []
    for k, way in enumerate(WAYS):
        layers.append(Line(place, curve[:, k], way, k, width=2.5))
        layers.append(Scatter(torch.stack([place, curve[:, k]], 1), colour=k, size=7))
    layers.append(Line(place[[0, -1]], torch.full((2,), 1 / classes), "chance", 7, dashed=True, width=1))
    share = float(curve[SHOTS.index(shots), 1:].max())
    needed = labels_from_scratch(curve, share)
    words = f"{needed:.0f}" if needed <= SHOTS[-1] else f"over {SHOTS[-1]}"
    end = math.log10(min(needed, SHOTS[-1]))
    if needed > shots:
        layers.append(Line([math.log10(shots), end], [share, share], colour=3, dashed=True, width=2.5))
        layers.append(Scatter([[end, share]], label="as good from scratch", colour=3, size=11, hollow=True))
    ticks = tuple((float(at), str(labels)) for at, labels in zip(place, SHOTS, strict=True))
    axes = Axis("labels per class", ticks=ticks), Axis("right", range=(0, 1))
    note = f"{shots} worth {words} from scratch; hand off {number(gap, 1)}"
    return Plot("curve", tuple(layers), *axes, note=note)


@torch.no_grad()
def draw_codes(name: str, body: nn.Module, task: Task) -> Plot:
    """The codes of target test pictures in their two main directions, coloured by class."""
    codes = body(task.test[:300])
    flat = (codes - codes.mean(0)) @ principal_axes(codes).T
    points = Scatter(flat / flat.abs().max().clamp(min=1e-6), groups=task.answers[:300], size=6)
    axes = Axis("first direction", range=(-1.05, 1.05)), Axis("second", range=(-1.05, 1.05))
    return Plot(name, (points,), *axes, note=", ".join(task.names[:8]))


# Proof ----------------------------------------------------------------------------------------------------------------


def pretrained(ctx: CheckContext, steps: int, lr: float = 3e-3) -> tuple[Network, Task]:
    """A network that knows digits 0–4, and the task of 5–9."""
    p = Params(lr=lr)
    source, target = source_task(p, ctx.rng), digits_task(5, 9, ctx.rng)
    teacher = Network(make_body(p.code, SIDE, ctx.rng), make_head(p.code, 5, ctx.rng))
    optimiser = adam(teacher)
    for _ in range(steps):
        chosen = torch.randint(len(source.train), (32,), generator=ctx.rng)
        target_step(teacher, optimiser, "from scratch", (source.train[chosen], source.labels[chosen]), p)
    return teacher, target


@dataclass(frozen=True)
class Lesson:
    """In which way, from how many labels per class, for how many steps, how fast."""

    way: str
    shots: int
    steps: int
    lr: float = 3e-3


def adapted(ctx: CheckContext, teacher: Network, target: Task, lesson: Lesson) -> Network:
    """A network after learning the target."""
    p = Params(lr=lesson.lr)
    pupil = Network(make_body(p.code, SIDE, ctx.rng), make_head(p.code, 5, ctx.rng))
    hand_over(teacher, nn.ModuleList([pupil]), [(lesson.shots, lesson.way)], p)
    few, optimiser = few_of_each(target.labels, lesson.shots, ctx.rng), adam(pupil)
    for _ in range(lesson.steps):
        chosen = few[torch.randint(len(few), (16,), generator=ctx.rng)]
        target_step(pupil, optimiser, lesson.way, (target.train[chosen], target.labels[chosen]), p)
    return pupil


@check(
    "one label a class after pre-training does what two do from scratch",
    tolerance=0.0,
    source="Yosinski et al. 2014; digits 0–4 to 5–9, three seeds",
    catches="a body that is not handed over",
)
def fewer_labels(ctx: CheckContext) -> Measured:
    """How much more of the test digits a frozen, pre-trained body gets right with half the labels; means of four draws of labels."""
    teacher, target = pretrained(ctx, 200, 5e-3)
    one, two = (
        np.mean([accuracy(adapted(ctx, teacher, target, Lesson(way, shots, 40, 1e-2)), target) for _ in range(4)])
        for way, shots in (("frozen", 1), ("from scratch", 2))
    )
    return Measured(0.0, float(one - two), "at least", f"{one:.0%} with one, {two:.0%} with two from scratch")


@check(
    "a frozen body stays as it is, bit for bit, while the head learns",
    tolerance=0.0,
    source="notes, Transfer Learning",
    catches="a gradient or a momentum that reaches the body",
)
def frozen_stays(ctx: CheckContext) -> Measured:
    """The largest change of a body's weight in 10 steps."""
    teacher, target = pretrained(ctx, 3)
    pupil = adapted(ctx, teacher, target, Lesson("frozen", 1, 10))
    before, after = teacher.body.state_dict(), pupil.body.state_dict()
    return Measured(0.0, max(float((after[name] - before[name]).abs().max()) for name in before))


@check(
    "in fine-tuning Adam's first step moves the body 0.2 times as far as the head",
    tolerance=0.01,
    source="Adam's first step is the learning rate",
    catches="the groups taken for each other, one rate for both",
)
def slower_body(ctx: CheckContext) -> Measured:
    """The ratio of the largest changes."""
    teacher, target = pretrained(ctx, 3)
    start = adapted(ctx, teacher, target, Lesson("fine-tuned", 1, 0))
    pupil = copy.deepcopy(start)
    target_step(pupil, adam(pupil), "fine-tuned", (target.train[:32], target.labels[:32]), Params())
    head = (pupil.head.weight - start.head.weight).detach().abs().max()
    pairs = zip(pupil.body.parameters(), start.body.parameters(), strict=True)
    body = max(float((a - b).detach().abs().max()) for a, b in pairs)
    return Measured(0.2, body / float(head))


@check(
    "the head's gradient by hand is autograd's",
    tolerance=1e-12,
    source="∂L/∂V = mean (p − y) hᵀ, float64",
    catches="a sum in place of a mean, scores in place of probabilities",
)
def head_by_hand(ctx: CheckContext) -> Measured:
    """The largest difference of V's and c's gradients."""
    network = Network(make_body(16, SIDE, ctx.rng), make_head(16, 4, ctx.rng)).double()
    x = torch.rand(9, 1, SIDE, SIDE, generator=ctx.rng, dtype=torch.float64)
    y = torch.randint(4, (9,), generator=ctx.rng)
    automatic = torch.autograd.grad(functional.cross_entropy(network(x), y), list(network.head.parameters()))
    ours = head_gradient(network, x, y)
    return Measured(0.0, max(float((a - b).abs().max()) for a, b in zip(ours, automatic, strict=True)))


@check(
    "no target digit is in the source",
    tolerance=0.0,
    source="a transfer that has seen the exam is none",
    catches="classes that overlap",
)
def no_leak(ctx: CheckContext) -> Measured:
    """Digits of the target's test set that also occur, placed anyhow, in the source: by their sorted pixels."""
    source, target = source_task(Params(), ctx.rng), digits_task(5, 9, ctx.rng)
    seen = {tuple(row) for row in source.train.flatten(1).sort().values.tolist()}
    exam = torch.cat([target.test, target.train[:200]]).flatten(1).sort().values.tolist()
    return Measured(0, sum(tuple(row) in seen for row in exam))

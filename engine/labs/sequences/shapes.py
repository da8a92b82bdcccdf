r"""One network, five ways to use it. What differs is when something is said to it, and when an answer is wanted.

A recurrent network has a state. At every time the same weights mix the state with the input, if there is one, and an answer can be read
off, if one is wanted:

$$ h^t = \tanh(W_{hh}\, h^{t-1} + W_{xh}\, x^t + b_h), \qquad \hat y^t = W_{hy}\, h^t + b_y $$

**Unrolled** in time it is an ordinary network, as deep as the sequence is long, whose layers share their weights. Where nothing is said,
$x^t = 0$. Where no answer is wanted, $\hat y^t$ has no part in the loss, the sum over the wanted ones:

$$ L = \sum_{t \ge \text{due}} L^t $$

| shape | in the world | here |
|---|---|---|
| one to one | a picture, its class | is the first number the larger one? No past: an ordinary network |
| one to many | a picture, its caption | count down from a number that is said once |
| many to one | a text, its mood | were there more ones than zeros? |
| many to many | a film, a label for each frame | is this bit another than the one before? |
| delayed | a sentence, its translation | hear four words, then say them backwards |

## Better than blind
Who does not look at the input can still answer wisely: the commonest answer at each time. Its loss is the entropy $H$ of the answers,
known exactly for each task (ln 2 for a fair coin). Losses are drawn in this unit, so **1** is blind for all five: now one to many is at
{{loss/one to many}}, many to one at **{{loss/many to one}}**, many to many at {{loss/many to many}}, delayed at {{loss/delayed}}.

*Which input each answer hears* is measured: $\Vert \partial \hat y^t / \partial x^s \Vert$, the mean over sequences. Before training it
fades with the distance. After it, it has the shape of the task: a row, a column, two diagonals, or one that runs backwards.

**Try**: choose a shape, drag *time* and watch the state go on; every answer reads its state alone. Then put a mistake in. A state that is
forgotten leaves only what the present input says: *many to many* and *delayed* can then do no better than blind. Targets that are
late by one are learned gladly, and every answer comes late: worse than blind. With time and batch swapped, the state goes from one
sequence to the next.

Sources: notes, Recurrent Neural Networks: common architectures by input and output; Karpathy 2015, "The unreasonable effectiveness of
recurrent neural networks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from engine.api import (
    Arrows,
    Axis,
    Choice,
    Frame,
    Heat,
    Line,
    Measured,
    Pick,
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
from engine.api.words import number
from engine.data.sequence_tasks import Batch
from engine.data.shape_tasks import TASKS, ShapeTask
from engine.nn.matrix_page import Sheet, draw_sheets
from engine.nn.recurrent import Weights, forward

if TYPE_CHECKING:
    from engine.api.frames import Layer
    from engine.run.checks import CheckContext
    from engine.run.context import Context

BUGS = ("none", "state not carried", "targets one step late", "loss at the first step alone", "time and batch swapped")
FORGETS, LATE, FIRST, SWAPPED = BUGS[1:]
SIDE = 4  # states are drawn as squares of so many units
EXAM = 200
LONGEST = max(task.length for task in TASKS.values())


@dataclass
class Params:
    """What a person sets."""

    shape: Annotated[str, Choice(*TASKS, live=True, help="Which of the five is drawn; all five learn all the time")] = (
        "delayed"
    )
    time: Annotated[
        int, Slider(1, LONGEST, live=True, help="The step that is looked at; what comes later is not drawn yet")
    ] = LONGEST
    click: Annotated[tuple[float, ...], Pick(live=True, help="The place in the unrolled network that you clicked")] = ()
    example: Annotated[int, Slider(1, EXAM, live=True, help="Which sequence of the exam is drawn")] = 9
    lr: Annotated[
        float, Slider(1e-4, 1e-1, log=True, live=True, label="Learning rate", help="Adam’s step, for all five networks")
    ] = 1e-2
    bug: Annotated[
        str,
        Choice(
            *BUGS,
            live=True,
            label="What if it were wrong",
            help="Breaks the recurrence, or what is asked of it, in all five networks",
        ),
    ] = "none"
    hidden: Annotated[int, Slider(1, 8, label="Side of the state", help="The state is a square of units this wide")] = (
        SIDE
    )
    batch: Annotated[int, Slider(2, 256, log=True, help="Sequences in a step")] = 32
    steps: Annotated[int, Slider(1, 50_000, log=True, help="How many batches each of the five learns from")] = 800


# The networks ---------------------------------------------------------------------------------------------------------


class Answering(nn.Module):
    """A plain recurrent network of torch's, and a linear layer that answers from its states."""

    def __init__(self, task: ShapeTask, units: int) -> None:
        super().__init__()
        self.core = nn.RNN(task.inputs, units)
        self.head = nn.Linear(units, task.outputs)

    def forward(self, x: Float[Tensor, "t b d"], bug: str = "none") -> Float[Tensor, "t b o"]:
        """Answers at all times, wanted or not."""
        return self.head(self.states(x, bug))

    def states(self, x: Float[Tensor, "t b d"], bug: str = "none") -> Float[Tensor, "t b h"]:
        """States h¹ … h^T. With a bug each begins at 0 again, or the batch is taken for the time."""
        if bug == FORGETS:
            return self.core(x.reshape(1, -1, x.shape[2]))[0].reshape(*x.shape[:2], -1)
        if bug == SWAPPED:
            return self.core(x.transpose(0, 1))[0].transpose(0, 1)
        return self.core(x)[0]

    def weights(self) -> Weights:
        """The same weights as the formula names them; torch has two biases where one would do."""
        own = {name: value.detach() for name, value in self.named_parameters()}
        return {
            "W_xh": own["core.weight_ih_l0"],
            "W_hh": own["core.weight_hh_l0"],
            "b_h": own["core.bias_ih_l0"] + own["core.bias_hh_l0"],
            "W_hy": own["head.weight"],
            "b_y": own["head.bias"],
        }


def asked(batch: Batch, bug: str) -> Batch:
    """What the loss asks for; with a bug, each answer one step later, or at the first time alone."""
    if bug == LATE:
        return replace(batch, target=batch.target.roll(1, 0))
    if bug == FIRST:
        return Batch(batch.x[:1], batch.target[:1], 0)
    return batch


def learn(net: Answering, optimiser: torch.optim.Optimizer, batch: Batch, p: Params) -> None:
    """One step of Adam, the gradient clipped to length 1."""
    wanted = asked(batch, p.bug)
    optimiser.param_groups[0]["lr"] = p.lr
    optimiser.zero_grad()
    wanted.miss(net(wanted.x, p.bug)).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()


@lab(
    title="Shapes of sequences",
    topic="sequences",
    place=1,
    source="notes, RNN architectures by input and output; Karpathy 2015",
    summary="One to many, many to one, delayed: one network, five uses",
    views=(
        View("unrolled", "Unrolled in time", "click a time"),
        View("step", "One step, by hand"),
        View("hears", "Which input each answer hears"),
        View("loss", "Loss of the exam", unit="of blind answers", log=True),
    ),
    portrait=Portrait("unrolled", 600),
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Trains five networks, one for each shape."""
    nets = {name: Answering(task, p.hidden**2).to(ctx.device) for name, task in TASKS.items()}
    optimisers = {name: torch.optim.Adam(net.parameters()) for name, net in nets.items()}
    ctx.track(
        nets=nn.ModuleDict({key(name): net for name, net in nets.items()}),
        **{f"adam_{key(name)}": adam for name, adam in optimisers.items()},
    )
    exams = {name: moved(task.draw(EXAM, ctx.rng), ctx.device) for name, task in TASKS.items()}

    clock = Clock(p)

    def draw() -> Iterator[Frame]:
        page = Page(p, nets[p.shape], exams[p.shape], clock.read())
        for name in ("unrolled", "step", "hears"):
            if ctx.due(name):
                yield getattr(page, name)()

    ctx.draw_with(draw)
    yield Truth("loss/one to one", 1.0, "blind: the commonest answer at each time")
    for step in ctx.steps(p.steps):
        if step % 10 == 0:
            for name, net in nets.items():
                yield Scalar(f"loss/{name}", judged(net, exams[name], TASKS[name], p.bug))
        for name, net in nets.items():
            learn(net, optimisers[name], moved(TASKS[name].draw(p.batch, ctx.rng), ctx.device), p)


def key(name: str) -> str:
    """A name as a module may have it."""
    return name.replace(" ", "_")


def moved(batch: Batch, device: torch.device) -> Batch:
    """A batch on another device."""
    return Batch(batch.x.to(device), batch.target.to(device), batch.due)


@torch.no_grad()
def judged(net: Answering, exam: Batch, task: ShapeTask, bug: str = "none") -> Tensor:
    """The loss of the answers that are truly wanted, in units of the blind answers' loss."""
    return exam.miss(net(exam.x, bug)) / task.blind


# Pictures -------------------------------------------------------------------------------------------------------------

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
PITCH = 1.5  # widths of a state from one time to the next
IN, STATE, OUT = 0.0, 1.3, 2.6  # heights of the rows


class Clock:
    """The time that is looked at: where the slider was brought, or where the unrolled network was clicked, whichever came last."""

    def __init__(self, p: Params) -> None:
        self.p, self.at = p, p.time - 1
        self._time, self._click = p.time, tuple[float, ...]()

    def read(self) -> int:
        """The time, counted from 0, inside the sequence."""
        p = self.p
        if p.click and p.click != self._click:
            self.at = round(p.click[0] / PITCH)
        elif p.time != self._time:
            self.at = p.time - 1
        self._time, self._click = p.time, p.click
        return min(max(self.at, 0), TASKS[p.shape].length - 1)


class Page:
    """What is drawn of one network and one sequence of its exam, at one time."""

    def __init__(self, p: Params, net: Answering, exam: Batch, time: int) -> None:
        self.p, self.net, self.exam, self.task, self.time = p, net, exam, TASKS[p.shape], time
        self.x = exam.x[:, p.example - 1 : p.example]
        with torch.no_grad():
            self.states = net.states(exam.x, p.bug)[:, p.example - 1].cpu()
            self.answers = net(exam.x, p.bug)[:, p.example - 1].argmax(1).cpu()

    def unrolled(self) -> Plot:
        """Columns of input, state and answer up to the chosen time; only the inputs and answers of this shape."""
        task, now = self.task, self.time
        said, true = self.answers.tolist(), self.exam.target[:, self.p.example - 1].tolist()
        heard = [t for t in range(task.heard) if t <= now]
        wanted = [t for t in range(task.due, task.length) if t <= now]
        layers: list[Layer] = [*self._states(), *arrows(range(now), heard, wanted)]
        for right in (True, False):
            those = [t for t in wanted if (said[t] == true[t]) is right]
            rings = np.array([[t * PITCH, OUT] for t in those]).reshape(-1, 2)
            layers.append(
                Scatter(rings, label="right" if right else "wrong", colour=2 if right else 5, size=26, hollow=True)
            )
        words = [(t, IN, task.word(self.x[t, 0].cpu())) for t in heard]
        words += [(t, OUT, task.letters[said[t]]) for t in wanted]
        words += [(t, OUT + 0.75, task.letters[true[t]]) for t in range(task.due, task.length)]
        places = np.array([[t * PITCH, y] for t, y, _ in words])
        layers.append(Scatter(places, labels=tuple(word for *_, word in words), size=1))
        room = max(task.length - 1, 3) * PITCH / 2 + 0.9
        middle = (task.length - 1) * PITCH / 2
        x = Axis("time", range=(middle - room, middle + room), ticks=ticks(range(task.length), PITCH))
        rows = ((IN, "input"), (STATE, "state"), (OUT, "answer"), (OUT + 0.75, "wanted"))
        y = Axis(range=(IN - 0.5, OUT + 1.2), ticks=rows)
        return Plot("unrolled", tuple(layers), x, y, equal=True, edits="click", note=task.says)

    def _states(self) -> Iterator[Layer]:
        """A square for each state: its units' values up to now, later an empty one."""
        side = self.p.hidden
        for t in range(self.task.length):
            left, low = t * PITCH - 0.5, STATE - 0.5
            if t <= self.time:
                values = self.states[t].reshape(side, side).flip(0)
                yield Heat(values, (left, left + 1, low, low + 1), "diverging", (-1.0, 1.0))
            frame = SQUARE + np.array([left, low])
            here = t == self.time
            yield Line(frame[:, 0], frame[:, 1], colour=3 if here else 6, width=2.2 if here else 1.0)

    @torch.no_grad()
    def step(self) -> Plot:
        """What the past and the input add up to, and the state that this becomes; unit by unit as the square of the state."""
        w, t = self.net.weights(), self.time
        states, _ = forward(w, self.x)
        parts = {
            "W_hh h": w["W_hh"] @ states[t, 0],
            "W_xh x + b": w["W_xh"] @ self.x[t, 0] + w["b_h"],
            "h, by hand": states[t + 1, 0],
            "h, torch": self.states[t],
        }
        side = self.p.hidden
        wide, high = side + 1.5, side + 1.6
        sheets = [
            Sheet(name, part.cpu().double().reshape(side, side).numpy(), (n % 2) * wide, (n // 2) * high)
            for n, (name, part) in enumerate(parts.items())
        ]
        gap = float((states[1:, 0].cpu() - self.states).abs().max())
        note = "torch agrees" if gap < 1e-5 else f"torch DISAGREES by {number(gap, 2)}"
        return draw_sheets("step", sheets, note=f"time {t + 1}, {note}")

    def hears(self) -> Plot:
        """How much each wanted answer changes with each input."""
        task = self.task
        values = listening(self.net, self.exam.x[:, :64], self.p.bug)[task.due :, : task.heard].cpu()
        extent = (0.5, task.heard + 0.5, task.due + 0.5, task.length + 0.5)
        heat = Heat(values, extent, "sequential", (0.0, max(float(values.max()), 1e-9)), legend="‖∂ answer / ∂ input‖")
        x = Axis("time of the input", range=extent[:2], ticks=ticks(range(1, task.heard + 1)))
        y = Axis("time of the answer", range=extent[2:], ticks=ticks(range(task.due + 1, task.length + 1)))
        return Plot("hears", (heat,), x, y)


def ticks(times: Iterable[int], pitch: float = 0.0) -> tuple[tuple[float, str], ...]:
    """A tick for each time; with a pitch, times count from 0 and stand so far apart."""
    return tuple((t * pitch, str(t + 1)) if pitch else (float(t), str(t)) for t in times)


def arrows(pasts: Iterable[int], heard: list[int], wanted: list[int]) -> Iterator[Arrows]:
    """From state to state, from input to state, from state to answer; each kind is one and the same matrix."""
    gap = PITCH - 1
    kinds = (
        ("W_hh", 0, [(t * PITCH + 0.5, STATE) for t in pasts], (gap, 0.0)),
        ("W_xh", 1, [(t * PITCH, IN + 0.25) for t in heard], (0.0, STATE - IN - 0.8)),
        ("W_hy", 4, [(t * PITCH, STATE + 0.5) for t in wanted], (0.0, OUT - STATE - 0.85)),
    )
    for label, colour, starts, vector in kinds:
        start = np.array(starts).reshape(-1, 2)
        yield Arrows(start, np.tile(vector, (len(start), 1)), label, colour)


def listening(net: Answering, x: Float[Tensor, "t b d"], bug: str = "none") -> Float[Tensor, "t t"]:
    r"""$\Vert \partial \hat y^t / \partial x^s \Vert$ (Frobenius) by t and s, the root of its mean square over sequences."""
    x = x.detach().requires_grad_()
    answers = net(x, bug)
    rows = []
    for answer in answers:
        squares = [torch.autograd.grad(part.sum(), x, retain_graph=True)[0].square().sum(2) for part in answer.T]
        rows.append(torch.stack(squares).sum(0).mean(1).sqrt())
    return torch.stack(rows).detach()


# Proof ----------------------------------------------------------------------------------------------------------------


def fresh(task: ShapeTask, units: int = SIDE**2) -> Answering:
    """A new network, float64."""
    return Answering(task, units).double()


def examined(task: ShapeTask, count: int, rng: torch.Generator) -> Batch:
    """Some sequences, float64."""
    batch = task.draw(count, rng)
    return replace(batch, x=batch.x.double())


@check(
    "unrolled by hand = torch",
    tolerance=1e-12,
    source="notes, Vanilla RNN; torch.nn.RNN, float64",
    catches="other weights at another time, a state that is not carried",
)
def agrees(ctx: CheckContext) -> Measured:
    """States and answers of all five shapes."""
    worst = 0.0
    for task in TASKS.values():
        net, batch = fresh(task), examined(task, 5, ctx.rng)
        states, answers = forward(net.weights(), batch.x)
        gaps = (states[1:] - net.states(batch.x), answers - net(batch.x))
        worst = max(worst, *(float(gap.detach().abs().max()) for gap in gaps))
    return Measured(0.0, worst, detail="largest difference")


@check(
    "the loss asks for the wanted answers alone",
    tolerance=0,
    source="notes: the total loss is the sum of the losses at each time step",
    catches="a loss at all times of many to one, an answer that is left out",
)
def due(ctx: CheckContext) -> Measured:
    """At how many times of all five shapes an unwanted answer has a slope, or a wanted one has none."""
    wrong = 0
    for task in TASKS.values():
        batch = examined(task, 4, ctx.rng)
        answers = fresh(task)(batch.x).detach().requires_grad_()
        (slope,) = torch.autograd.grad(asked(batch, "none").miss(answers), answers)
        has = slope.abs().sum((1, 2)) > 0
        wrong += int((has != (torch.arange(task.length) >= task.due)).sum())
    return Measured(0, wrong)


@check(
    "an answer hears all of the past and nothing of the future",
    tolerance=0,
    source="h^t is a function of h^{t−1} and x^t",
    catches="time and batch swapped, a state that begins anew",
)
def causal(ctx: CheckContext) -> Measured:
    """Pairs of times of all five shapes for which it is otherwise."""
    wrong = 0
    for task in TASKS.values():
        heard = listening(fresh(task), examined(task, 4, ctx.rng).x) > 0
        wrong += int((heard != torch.ones_like(heard).tril()).sum())
    return Measured(0, wrong)


@check(
    "blind answers lose the entropy of what is wanted",
    tolerance=0.015,
    source="Shannon: the least mean loss without knowledge, at each time",
    catches="a coin for every task, a count that ends too early",
)
def blind(ctx: CheckContext) -> Measured:
    """From 20,000 sequences of each shape: the largest difference, nats."""
    worst = 0.0
    for task in TASKS.values():
        batch = task.draw(20_000, ctx.rng)
        wanted = functional.one_hot(batch.target[batch.due :], task.outputs).double().mean(1)
        worst = max(worst, abs(float(-torch.special.xlogy(wanted, wanted).sum(1).mean()) - task.blind))
    return Measured(0.0, worst, "at most")


@check(
    "each of the five beats the blind one",
    tolerance=0.0,
    source="curriculum: each beats its trivial baseline",
    catches="a state that is not carried, targets one step late",
)
def beats(ctx: CheckContext) -> Measured:
    """The worst of the five after a short run, in units of the blind loss."""
    trained = ctx.train(steps=51, lr=0.02, batch=32)
    return Measured(0.9, max(trained.last(f"loss/{name}") for name in TASKS), "at most")

"""A small linear fit $y = w^\\top x$, for the tests of the house itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch

from engine.api import Frame, Images, Measured, Mesh, Pad, Points, Scalar, Slider, Truth, View, check, lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.run.checks import CheckContext
    from engine.run.context import Context


@dataclass
class Params:
    """What a person sets."""

    steps: Annotated[int, Slider(1, 10_000_000, log=True, help="Length of the run")] = 200
    lr: Annotated[float, Slider(1e-5, 1e30, log=True, live=True, help="Step length")] = 0.01
    width: Annotated[int, Slider(1, 64, help="Inputs")] = 4
    z: Annotated[tuple[float, float], Pad(-3, 3, live=True, help="Brightness")] = (0.0, 0.0)
    fail_at: Annotated[int, Slider(-1, 10_000_000, help="Raise at this step")] = -1


@lab(
    title="Toy",
    topic="neurons",
    source="none",
    views=(View("loss"), View("picture"), View("scene")),
    distributed=True,
)
def run(p: Params, ctx: Context) -> Iterator[Frame]:
    """Fits the sum of the inputs by Adam."""
    model = torch.nn.Linear(p.width, 1).to(ctx.device)
    trained = ctx.parallel(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=p.lr)
    ctx.track(model=model, optimiser=optimiser)

    def draw() -> Iterator[Frame]:
        if ctx.due("picture"):
            yield Images("picture", torch.rand(4, 8, 8) * 0.1 + p.z[0])
        if ctx.due("scene"):
            yield Mesh("scene/surface", torch.rand(3, 3, generator=ctx.view_rng()), torch.tensor([[0, 1, 2]]))
            yield Points("scene/samples", torch.rand(5, 3, generator=ctx.view_rng()))

    ctx.draw_with(draw)
    yield Truth("loss/mse", 0.0, "exact fit")
    for step in ctx.steps(p.steps):
        if step == p.fail_at:
            raise RuntimeError("out of memory (pretended)")
        inputs = ctx.shard(torch.randn(16, p.width, generator=ctx.rng)).to(ctx.device)
        loss = (trained(inputs) - inputs.sum(1, keepdim=True)).pow(2).mean()
        for group in optimiser.param_groups:
            group["lr"] = p.lr
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield Scalar("loss/mse", loss)
        yield Scalar("rate/lr", p.lr)


@check("the fit is exact", tolerance=0.02, source="least squares", catches="a wrong sign in the gradient step")
def exact(ctx: CheckContext) -> Measured:
    """The loss after training, beside zero."""
    return Measured(0.0, ctx.train(steps=400, lr=0.05).last("loss/mse"))


@check("weights are all one", tolerance=0.05, source="least squares", catches="weights that the optimiser never sees")
def ones(ctx: CheckContext) -> Measured:
    """The live model's weights, or those of a fresh fit."""
    model = ctx.live.get("model") or ctx.train(steps=400, lr=0.05).tracked["model"]
    return Measured(1.0, float(model.weight.detach().mean()))

"""What is measured without a window: the list of labs, the context's overhead, resume."""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path
from types import SimpleNamespace

import torch

from engine.api.records import read_curves, snapshot_steps
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.headless import Order, run_headless
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering
from tests.bench.figures import Figure, median, program, timed

CPU = torch.device("cpu")
STEPS = 400


def labs_listed(home: Path) -> Figure:
    """`main.py labs --json` from the cache, as a whole process."""
    program("labs", "--json", home=home)

    def once() -> float:
        with timed() as seconds:
            program("labs", "--json", home=home)
        return seconds[0]

    seconds = median(once)
    return Figure("`main.py labs --json`, cached", "≤ 1.0 s", f"{seconds:.2f} s", seconds <= 1.0)


def bare_loop() -> float:
    """Steps a second of the variational autoencoder's own generator, with nothing around it."""
    lab = load("autoencoders.vae")
    params = make_params(lab, {"steps": STEPS})
    nothing = SimpleNamespace(
        device=CPU,
        seed=0,
        rng=torch.Generator().manual_seed(0),
        view_rng=lambda: torch.Generator().manual_seed(1),
        say=lambda *_: None,
        reading=lambda *_: None,
        track=lambda **_: None,
        draw_with=lambda _: None,
        due=lambda _: False,
        steps=range,
        parallel=lambda model: model,
        shard=lambda batch: batch,
    )
    torch.manual_seed(0)
    return _rate(lab.run(params, nothing))


def through_the_context() -> float:
    """The same through the runner, as in a window whose views are closed: points kept, commands looked for."""
    lab = load("autoencoders.vae")
    params = make_params(lab, {"steps": STEPS})
    marks: list[float] = []

    class Sink(MemorySink):
        def scalar(self, name: str, step: int, value: object) -> None:
            if not self.scalars.get(name):
                marks.append(time.perf_counter())
            super().scalar(name, step, value)

    run_lab(Setting(lab, params, CPU, Sink(), Steering()))
    return (STEPS - 1) / (time.perf_counter() - marks[0])


def _rate(frames: object) -> float:
    """Steps a second from the first point on."""
    begun = 0.0
    for _ in frames:  # type: ignore[attr-defined]  # a generator of frames
        begun = begun or time.perf_counter()
    return (STEPS - 1) / (time.perf_counter() - begun)


def overhead() -> Figure:
    """The median of seven pairs, one after the other, so that a machine that slows down slows both."""
    bare_loop(), through_the_context()
    ratios = [bare_loop() / through_the_context() for _ in range(7)]
    percent = 100 * (statistics.median(ratios) - 1)
    return Figure("overhead of the context over the bare loop (VAE)", "≤ 5 %", f"{percent:+.1f} %", percent <= 5)


def resume(folder: Path) -> Figure:
    """The autoencoder's run, broken off after 40 of 80 steps and resumed, beside one that was not."""
    lab = load("autoencoders.vae")
    run_headless(Order(lab, {"steps": 80}, device="cpu", out=folder / "whole"))
    polls, patient = itertools.count(), Steering.poll

    def impatient(steering: Steering, timeout: float = 0.0) -> None:
        steering.stop = next(polls) >= 40

    Steering.poll = impatient  # type: ignore[method-assign, assignment]  # stands for the person who presses stop
    try:
        run_headless(Order(lab, {"steps": 80}, device="cpu", out=folder / "half"))
    finally:
        Steering.poll = patient  # type: ignore[method-assign]
    run_headless(Order(lab, {"steps": 80}, device="cpu", resume=folder / "half"))
    name = f"snapshots/{snapshot_steps(folder / 'whole')[-1]:09d}.safetensors"
    same = (folder / "whole" / name).read_bytes() == (folder / "half" / name).read_bytes()
    whole, half = read_curves(folder / "whole"), read_curves(folder / "half")
    same = same and all((whole[key].values == half[key].values).all() for key in whole)
    return Figure("resume against the uninterrupted run", "bit-equal", "bit-equal" if same else "differs", same)

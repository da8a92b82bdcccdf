"""What is measured of the Splats: rasteriser and training on real scenes, which lie beside the project."""

from __future__ import annotations

import math
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.api.records import snapshot_steps
from engine.capture.opening import open_capture
from engine.capture.order import Order
from engine.geometry.cameras import Pinhole
from engine.splats import reference
from engine.splats.compiled import Rasteriser
from engine.splats.scene import Gaussians, from_points
from engine.splats.strategies import Adc, Fixed
from engine.splats.training import Settings, Trainer, train
from engine.splats.viewpoint import Viewpoint
from tests.bench.capture_side import STILL_LIFE
from tests.bench.figures import ROOT, Figure
from tests.bench.splat_data import DATA, posed

if TYPE_CHECKING:
    from engine.geometry.cameras import Capture


def all_figures(home: Path, long: bool) -> Iterator[Figure]:
    """Every figure; `long` ones take minutes each."""
    yield agreement()
    yield from garden()
    yield training_step(home / "step")
    if long:
        yield learnt("flowerpot", home, Settings(2000, strategy=FLOWERPOT, scale=0.5, budget=45_000), 27.0, 200.0)
        yield learnt("brighton", home, Settings(2000, strategy=BRIGHTON, scale=0.5, budget=15_000), 19.0, 120.0)
        yield own_scene(home / "still life")
        yield crash(home / "crash")


FLOWERPOT, BRIGHTON = Adc(), Adc()


def quickest(work: Callable[[], object], runs: int = 40) -> float:
    """The least of many times, in milliseconds: what the machine can do when nothing else runs."""
    work()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1e3 * min(times)


def agreement() -> Figure:
    """The compiled rasteriser beside the reference in float64: 600 Gaussians, a third of them cut by the near plane or the edges."""
    rng = torch.Generator().manual_seed(0)
    means = torch.randn(600, 3, generator=rng, dtype=torch.float64) + torch.tensor([0.0, 0.0, 3.0])
    shapes = 0.6 * torch.randn(600, 3, generator=rng, dtype=torch.float64) - 2.2
    turns, alphas = (torch.randn(600, k, generator=rng, dtype=torch.float64) for k in (4, 1))
    sh = 0.3 * torch.randn(600, 16, 3, generator=rng, dtype=torch.float64)
    asked = torch.randn(60, 80, 3, generator=rng, dtype=torch.float64)
    found = []
    for dtype, render in ((torch.float64, reference.render), (torch.float32, Rasteriser().render)):
        values = [
            value.detach().to(dtype).clone().requires_grad_() for value in (means, shapes, turns, alphas[:, 0], sh)
        ]
        picture = render(
            Gaussians(*values), Viewpoint(Pinhole(80, 60, 70, 70, 40, 30), torch.eye(4, dtype=dtype))
        ).colour
        (picture * asked.to(dtype)).sum().backward()
        found.append((picture.detach(), [value.grad for value in values if value.grad is not None]))
    decibels = -10 * math.log10(float((found[0][0] - found[1][0]).square().mean()))
    apart = max(float((a - b).norm() / a.norm()) for a, b in zip(found[0][1], found[1][1], strict=True))
    what = "numba against the torch reference"
    return Figure(
        what, "≥ 60 dB, gradients ≤ 1e-4", f"{decibels:.0f} dB, {apart:.0e}", decibels >= 60 and apart <= 1e-4
    )


def garden() -> Iterator[Figure]:
    """138,766 points with k-NN scales and opacity 0.1 at 648 × 420."""
    data = np.load(DATA / "garden_points.npz")
    lens, (height, width) = data["Ks"][0], (int(data["height"]), int(data["width"]))
    colours = data["colors"] * 255 if data["colors"].max() <= 1 else data["colors"]
    scene = from_points(data["means3d"], colours.astype(np.uint8))
    camera = Pinhole(width, height, float(lens[0, 0]), float(lens[1, 1]), float(lens[0, 2]), float(lens[1, 2]))
    view = Viewpoint(camera, torch.from_numpy(data["viewmats"][0]).float())
    rasteriser, weights = Rasteriser(), torch.rand(height, width, 3)
    learnt = Gaussians(**{name: value.clone().requires_grad_() for name, value in scene.tensors().items()})

    def there() -> None:
        with torch.no_grad():
            rasteriser.render(scene, view)

    def there_and_back() -> None:
        (rasteriser.render(learnt, view).colour * weights).sum().backward()

    what = "garden points, 648×420"
    once, twice = quickest(there), quickest(there_and_back)
    yield Figure(f"forward, {what}", "≤ 40 ms", f"{once:.0f} ms", once <= 40)
    yield Figure(f"forward + backward through torch, {what}", "≤ 110 ms", f"{twice:.0f} ms", twice <= 110)


def training_step(home: Path) -> Figure:
    """The flowerpot's 27,476 points at half scale, 296 × 400."""
    capture = posed("flowerpot", home)
    settings = Settings(2000, degree=1, strategy=Fixed(), scale=0.5, coarse=0)
    trainer = Trainer(capture, settings, torch.Generator().manual_seed(0))
    for number in range(100, 110):
        trainer.step(number)
    times = []
    for number in range(110, 190):
        begun = time.perf_counter()
        trainer.step(number)
        times.append(1e3 * (time.perf_counter() - begun))
    low, middle = min(times), statistics.median(times)
    what = f"training step, {len(trainer):,} Gaussians, 296×400, SH 1, all in"
    return Figure(what, "≤ 45 ms", f"{low:.0f} ms (median {middle:.0f})", low <= 45)


def learnt(name: str, home: Path, settings: Settings, decibels: float, limit: float) -> Figure:
    """A whole run from posed photos, every eighth held out."""
    capture = posed(name, home / name)
    begun = time.perf_counter()
    psnr, found = scored(capture, settings)
    seconds = time.perf_counter() - begun
    what = f"{name}, half scale, SH 1, {settings.steps:,} steps"
    good = psnr >= decibels and seconds <= limit
    return Figure(what, f"≥ {decibels:.0f} dB, ≤ {limit:.0f} s", f"{found}, {seconds:.0f} s", good)


def own_scene(out: Path) -> Figure:
    """The still life that ships, from its photos alone: captured and trained."""
    begun = time.perf_counter()
    opened = open_capture(Order(STILL_LIFE, out))
    assert opened is not None
    psnr, found = scored(opened.capture, Settings(2500, scale=0.5, budget=40_000))
    seconds = time.perf_counter() - begun
    what = "still life, photos to trained, half scale, SH 1, 2,500 steps"
    return Figure(what, "≥ 28 dB, ≤ 360 s", f"{found}, {seconds:.0f} s", psnr >= 28 and seconds <= 360)


def scored(capture: Capture, settings: Settings) -> tuple[float, str]:
    """Trains; the mean likeness of the photos held out, dB, and what to say of the result."""
    trainer = Trainer(capture, settings, torch.Generator().manual_seed(0))
    for _ in train(trainer):
        pass
    scores = list(trainer.scores())
    psnr, ssim = (statistics.mean(getattr(score, kind) for score in scores) for kind in ("psnr", "ssim"))
    return psnr, f"{psnr:.1f} dB, SSIM {ssim:.3f}, {len(trainer):,} Gaussians"


def crash(home: Path) -> Figure:
    """`main.py splat` killed three times without warning, each time gone on with: how old its newest moment was at worst."""
    command = [sys.executable, str(ROOT / "main.py"), "splat", str(DATA / "brighton"), "--out", str(home)]
    worst, steps, words = 0.0, [0], ""
    for seconds in (55, 47, 38):
        resumed = ["--resume"] if steps[-1] else []
        told = subprocess.Popen([*command, "--steps", "100000", *resumed], stderr=subprocess.PIPE, text=True)
        worst = max(worst, _oldest(home / "snapshots", told, seconds))
        told.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        words = told.communicate()[1]
        steps.append(max(snapshot_steps(home), default=0))
    gone_on = f"Going on after {steps[-2]:,} steps" in words and steps == sorted(set(steps))
    found = f"{worst:.0f} s at worst, resumed after {' and '.join(f'{step:,}' for step in steps[1:-1])} steps"
    return Figure("kills at any moment of `main.py splat`", "≤ 30 s of work lost", found, 0 < worst <= 30 and gone_on)


def _oldest(folder: Path, child: subprocess.Popen[str], seconds: float) -> float:
    """How many seconds old the newest moment in a folder becomes, at most, while a process goes on for so long."""
    worst, begun = 0.0, time.time()
    while time.time() - begun < seconds and child.poll() is None:
        time.sleep(0.25)
        kept = [path.stat().st_mtime for path in folder.glob("*.json") if path.exists()]
        worst = max(worst, time.time() - max(max(kept), begun)) if kept else worst
    return worst

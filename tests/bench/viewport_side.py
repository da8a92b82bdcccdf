"""What is measured of the viewport with splats, drawn without a graphics card, while the camera turns."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest

from app.application import make_application
from app.views.viewport import ViewportView
from engine.api import Splats
from tests.bench.figures import Figure

COUNT, WIDTH, HEIGHT = 50_000, 1280, 720
SECONDS = 4.0
TICK_MS = 10


def turning() -> Figure:
    """Pictures a second of 50,000 splats, and how late the window's own ticks come meanwhile."""
    application = make_application("dark")
    view = ViewportView(backend="software")
    view.resize(WIDTH, HEIGHT)
    view.show()
    view.show_frame(ball())
    while not view.settled:
        QTest.qWait(5)
    drawn: list[float] = []
    ticks: list[float] = []
    view.drawn.connect(lambda _: drawn.append(time.perf_counter()))
    tick = QTimer(interval=TICK_MS)
    tick.timeout.connect(lambda: ticks.append(time.perf_counter()))
    tick.start()
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        stage = view.stage
        stage.take(stage.orbit.rotated(3, 1))
        stage.moved.emit()
        QTest.qWait(5)
    tick.stop()
    rate = len(drawn) / SECONDS
    late = 1e3 * float(np.quantile(np.diff(ticks), 0.95))
    view.close()
    application.processEvents()
    what = f"viewport, {COUNT:,} splats, {WIDTH}×{HEIGHT}, moving, no GPU"
    measured = f"{rate:.0f} pictures/s, ticks p95 {late:.0f} ms"
    return Figure(what, "≥ 15 pictures/s, ticks p95 ≤ 25 ms", measured, rate >= 15 and late <= 25)


def ball(seed: int = 0) -> Splats:
    """Splats in a ball, each as wide as the gap to the next."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((COUNT, 3)).astype(np.float32)
    scales = rng.uniform(0.01, 0.04, (COUNT, 3)).astype(np.float32)
    turns, opacities = rng.standard_normal((COUNT, 4)).astype(np.float32), rng.uniform(0.1, 1, COUNT).astype(np.float32)
    return Splats("v/splats", means, turns, scales, opacities, rng.uniform(0, 1, (COUNT, 3)).astype(np.float32))

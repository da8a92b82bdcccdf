"""The viewport drawn by OpenGL, beside the software: the same scene must come out as nearly the same picture."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.views import opengl
from app.views.opengl import Driver
from app.views.viewport import ViewportView
from engine.api import Lines, Mesh, Points, Splats
from engine.raster import shapes
from tests.app.views.hands import seen

if TYPE_CHECKING:
    from app.views.viewport import Backend

TURNS = np.linspace(0, 2 * np.pi, 25)[:-1]


def ball() -> tuple[np.ndarray, np.ndarray]:
    """A sphere of 24 × 12 quads."""
    heights = np.linspace(-1, 1, 13)
    rings = np.sqrt(np.maximum(1 - heights**2, 0.0))
    vertices = np.array([[r * np.cos(t), r * np.sin(t), z] for z, r in zip(heights, rings, strict=True) for t in TURNS])
    quads = [(i * 24 + j, i * 24 + (j + 1) % 24) for i in range(12) for j in range(24)]
    return vertices, np.array([face for a, b in quads for face in ((a, b, b + 24), (a, b + 24, a + 24))])


VERTICES, FACES = ball()
TINTS = (VERTICES + 1) / 2
SCENES: dict[str, tuple[Any, ...]] = {
    "mesh": (Mesh("v/mesh", VERTICES, FACES, TINTS),),
    "series": (Mesh("v/mesh", VERTICES, FACES, colour=1),),
    "wires": (Mesh("v/mesh", VERTICES, FACES, wireframe=True),),
    "points": (Points("v/points", VERTICES, TINTS, size=9.0),),
    "lines": (Lines("v/lines", shapes.axes(), colours=np.eye(3), width=4.0),),
    "hidden": (Mesh("v/mesh", VERTICES, FACES), Points("v/points", 0.9 * VERTICES, colour=1, size=9.0)),
    "lying on": (Mesh("v/mesh", VERTICES, FACES), Points("v/points", VERTICES, colour=1, size=7.0)),
    "broken": (Mesh("v/mesh", np.where(VERTICES > 0.99, np.nan, VERTICES), FACES),),
    "nothing": (Mesh("v/mesh", np.empty((0, 3)), np.empty((0, 3), int)), Points("v/p", np.full((2, 3), np.nan))),
}


@pytest.fixture
def shots(qapp: QGuiApplication) -> Iterator[Any]:
    """Takes a picture of a scene with a backend; skips where there is no screen to have OpenGL on."""
    if QGuiApplication.platformName() in opengl.WINDOWLESS:
        pytest.skip("OpenGL needs a screen or Xvfb")
    views: list[ViewportView] = []

    def take(frames: tuple[Any, ...], backend: Backend, flat: bool = False) -> np.ndarray:
        view = ViewportView(backend=backend)
        views.append(view)
        view.resize(320, 240)
        view.flat.setChecked(flat)
        view.show()
        for frame in frames:
            view.show_frame(frame)
        until = time.monotonic() + 60
        while not view.settled and time.monotonic() < until:
            QTest.qWait(5)
        assert view.settled
        return seen(view.stage)

    yield take
    for view in views:
        view.close()
        view.deleteLater()


def blocks(picture: np.ndarray) -> np.ndarray:
    """The picture in blocks of 4 × 4 pixels: the backends smooth edges differently."""
    height, width = picture.shape[:2]
    return np.asarray(picture.reshape(height // 4, 4, width // 4, 4, 3).mean(axis=(1, 3)))


@pytest.mark.gl
@pytest.mark.parametrize("name", list(SCENES))
@pytest.mark.parametrize("flat", [False, True])
def test_both_backends_draw_the_same(shots: Any, name: str, flat: bool) -> None:
    hard, soft = (blocks(shots(SCENES[name], backend, flat)) for backend in ("opengl", "software"))
    off = np.abs(hard - soft).max(axis=2)
    assert off.mean() < 5.0  # discs are a fraction of a pixel apart
    assert (off > 40).mean() < 0.01
    if name != "nothing":
        assert (np.abs(hard - blocks(shots(SCENES["nothing"], "opengl"))).max(axis=2) > 30).mean() > 0.005


@pytest.mark.gl
@pytest.mark.parametrize("count", [0, 3, 15])
def test_splats_are_nearly_the_same_by_both(shots: Any, count: int) -> None:
    rng = np.random.default_rng(0)
    turns, scales = rng.standard_normal((312, 4)), rng.uniform(0.02, 0.06, (312, 3))
    higher = 0.2 * rng.standard_normal((312, count, 3)) if count else None
    means = VERTICES + 0.02 * rng.standard_normal(
        (312, 3)
    )  # none at the same depth as another: who is in front is then chance
    splats = Splats("v/s", means, turns, scales, rng.uniform(0.2, 1, 312), TINTS, harmonics=higher)
    both = [shots((splats,), backend).astype(float) for backend in ("opengl", "software")]
    assert 10 * np.log10(255**2 / np.square(both[0] - both[1]).mean()) > 38


@pytest.mark.gl
def test_hundreds_of_faint_layers_do_not_add_up_their_rounding(shots: Any) -> None:
    """In a buffer of eight bits these come out nearly a grey value darker."""
    rng = np.random.default_rng(0)
    means, turns = rng.uniform(-1, 1, (600, 3)), rng.standard_normal((600, 4))
    scales, opacities = rng.uniform(0.2, 0.4, (600, 3)), rng.uniform(0.02, 0.1, 600)
    splats = Splats("v/s", means, turns, scales, opacities, rng.uniform(0, 1, (600, 3)))
    both = [shots((splats,), backend).astype(float) for backend in ("opengl", "software")]
    assert abs((both[0] - both[1]).mean()) < 0.2


@pytest.mark.gl
def test_where_opengl_fails_the_software_takes_over(shots: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.views.gl_scene import GlScene

    def fail(self: GlScene, order: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(GlScene, "_draw", fail)
    assert (shots(SCENES["mesh"], "opengl") == shots(SCENES["mesh"], "software")).all()


@pytest.mark.gl
def test_the_probe_finds_xvfbs_processor(shots: Any) -> None:
    driver = opengl.probe()
    assert driver.renderer
    assert driver.version
    assert opengl.describe() == driver.words()


@pytest.mark.parametrize(
    ("driver", "card", "words"),
    [
        (
            Driver("NVIDIA GeForce RTX 4070/PCIe/SSE2", "4.6.0 NVIDIA 550"),
            True,
            "NVIDIA GeForce RTX 4070/PCIe/SSE2, OpenGL 4.6.0",
        ),
        (Driver("llvmpipe (LLVM 15.0.7, 256 bits)", "4.5"), False, "software only (llvmpipe)"),
        (Driver("Google SwiftShader", "3.0"), False, "software only (Google SwiftShader)"),
        (Driver(why="no screen"), False, "none (no screen)"),
    ],
)
def test_what_the_driver_says_in_words(driver: Driver, card: bool, words: str) -> None:
    assert driver.is_card is card
    assert driver.words() == words


def test_without_a_screen_there_is_none_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert opengl.describe() == "none (no screen)"
    if os.name == "posix":
        monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
        monkeypatch.setenv("DISPLAY", ":4711")
        assert opengl.describe() == "none (no screen)"

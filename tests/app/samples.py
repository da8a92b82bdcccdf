"""Labs that need no engine, and a page that needs no worker, for the tests of the window around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.drops import classify, takes
from engine.api.catalogue import write_cache
from engine.api.lab import LabInfo, in_course_order, info_to_json
from engine.api.params import Dataset, Field, File, Slider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.api.share import Experiment

STEPS = Field("steps", "int", 100, Slider(1, 1000, help="How long to train"))
PHOTOS = Field("data", "str", "digits", Dataset("digits", images=True, help="What it learns"))
MESH = Field("mesh", "str", "", File(".obj", ".ply", kind="mesh", help="The shape"))
PICTURE = Field("picture", "str", "", File(".png", ".jpg", kind="picture", help="What the kernel slides over"))

LABS = in_course_order(
    (
        LabInfo(
            "surfaces.sdf", "Signed distance field", "surfaces", "Park 2019", "A shape as a function", (STEPS, MESH)
        ),
        LabInfo(
            "autoencoders.vae", "Variational autoencoder", "autoencoders", "Kingma 2014", "A code", (STEPS, PHOTOS)
        ),
        LabInfo(
            "neurons.perceptron", "Perceptron", "neurons", "Rosenblatt 1958", "A line that learns", (STEPS,), place=1
        ),
        LabInfo(
            "neurons.playground", "Network playground", "neurons", "Rumelhart 1986", "Poke a network", (STEPS,), place=2
        ),
        LabInfo("neurons.broken", "Broken one", "neurons", broken="ImportError: no module named x"),
        LabInfo("convolution.kernels", "Kernels", "convolution", "", "A small matrix", (PICTURE,)),
        LabInfo("diffusion.ddpm", "Denoising diffusion", "diffusion", "Ho 2020", "From noise", (STEPS, PHOTOS)),
    )
)


def keep_labs(cache: Path) -> None:
    """Puts the sample labs where the window looks first."""
    write_cache(cache, [info_to_json(info) for info in LABS])


class SamplePage(QWidget):
    """Does what a `LabPage` promises, and notes what it was asked."""

    title_changed = Signal(str)
    status = Signal(str)
    running_changed = Signal(bool)
    made: list[SamplePage]

    def __init__(self, info: LabInfo, host: Any, places: Any, settings: Any) -> None:
        super().__init__()
        self.info, self.places = info, places
        self.running = False
        self.closed = 0
        self.dropped: list[Path] = []
        self.runs: list[Path] = []
        self.experiments: list[Experiment] = []
        self.proved = 0
        self._prove = QAction("Prove it", self)
        self._prove.setShortcut("P")
        self._prove.triggered.connect(self._count)
        self.addAction(self._prove)
        QVBoxLayout(self).addWidget(QLineEdit())
        type(self).made.append(self)

    def actions(self) -> list[QAction]:
        return [self._prove]

    def command(self) -> str:
        return f"python main.py run {self.info.id}"

    def accept_drop(self, paths: Sequence[Path]) -> bool:
        drop = classify(paths)
        if not any(takes(entry, drop) for entry in self.info.fields):
            return False
        self.dropped += paths
        return True

    def open_run(self, folder: Path) -> None:
        self.runs.append(folder)

    def open_experiment(self, experiment: Experiment) -> None:
        self.experiments.append(experiment)

    def close_session(self) -> None:
        self.closed += 1

    def _count(self) -> None:
        self.proved += 1

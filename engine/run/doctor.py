"""What this machine has, and how fast it will be: for a person who wonders, and for the report that they send."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil
import torch

from engine.api.errors import DataError
from engine.api.words import number, size
from engine.data.camera import Webcam
from engine.run.device import cuda_works, device_words, pick_device

PACKAGES = (
    "PySide6-Essentials",
    "pyqtgraph",
    "vispy",
    "torch",
    "numba",
    "numpy",
    "scipy",
    "scikit-learn",
    "trimesh",
    "opencv-python-headless",
    "pillow",
    "safetensors",
)
_PERIOD = 0.4


@dataclass(frozen=True)
class Report:
    """The machine in plain data. `speed`: billions of multiply-adds a second of a convolution as in the labs, on the chosen device."""

    system: str
    python: str
    cores: int
    memory: int
    device: str
    cuda: bool
    opengl: str
    cameras: list[str]
    speed: float
    versions: dict[str, str]
    warnings: list[str]


def examine(opengl: Callable[[], str] | None = None) -> Report:
    """Looks at everything; takes about two seconds."""
    device = pick_device("auto")
    described = opengl() if opengl is not None else "not looked at"
    warnings = []
    if torch.cuda.is_available() and not cuda_works():
        warnings.append(
            "There is an NVIDIA GPU, but no kernel runs on it: its driver is too old for this build of torch."
        )
    if psutil.virtual_memory().available < 1_000_000_000:
        warnings.append("Less than 1 GB of memory is free; large labs will be slow.")
    return Report(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        cores=os.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        device=device_words(device),
        cuda=cuda_works(),
        opengl=described,
        cameras=_cameras(),
        speed=round(convolution_speed(device), 2),
        versions={name: _version(name) for name in PACKAGES},
        warnings=warnings,
    )


def convolution_speed(device: torch.device) -> float:
    """Billions of multiply-adds a second of a 3 × 3 convolution, 32 → 32 channels, on 16 pictures of 32 × 32."""
    layer = torch.nn.Conv2d(32, 32, 3, padding=1).to(device)
    pictures = torch.randn(16, 32, 32, 32, device=device)
    with torch.no_grad():
        layer(pictures)
        begun, rounds = time.perf_counter(), 0
        while time.perf_counter() - begun < _PERIOD:
            layer(pictures)
            rounds += 1
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds = time.perf_counter() - begun
    return 16 * 32 * 32 * 32 * 32 * 9 * rounds / seconds / 1e9


def as_json(report: Report) -> dict[str, object]:
    """The report for `main.py doctor --json`."""
    return asdict(report)


def as_text(report: Report) -> str:
    """The report for people."""
    rows = [
        ("system", report.system),
        ("python", report.python),
        ("cores", f"{report.cores}, {size(report.memory)} of memory"),
        ("trains on", report.device),
        ("OpenGL", report.opengl),
        ("cameras", ", ".join(report.cameras) or "none"),
        (
            "speed",
            f"{number(report.speed)} billion multiply-adds a second (a laptop's CPU does 20 to 200, a GPU thousands)",
        ),
        *report.versions.items(),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    return "\n".join(lines + [f"\n! {warning}" for warning in report.warnings])


def _cameras() -> list[str]:
    """The first four camera numbers that give a picture."""
    found = []
    for index in range(4):
        with Webcam(index) as camera, contextlib.suppress(DataError):
            camera.read(8, 1)
            found.append(f"camera {index}")
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"

"""A large folder of pictures is read with the person watching: how far it is, and a stop that works at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.api.messages import Event, Progress
from engine.api.records import read_record, snapshot_steps
from engine.run import context
from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.headless import Order, run_headless
from engine.run.keeper import Keeper
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering


class Listener(MemorySink):
    """Keeps what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def tell(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.told.append(event.doing)


class StopsAt(Steering):
    """A person who presses stop at the so-many-th look."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def poll(self, timeout: float = 0.0) -> None:
        self.looks -= 1
        self.stop = self.looks <= 0


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(context, "_TELL", 0.0)
    for index in range(9):
        pixels = np.full((12, 12, 3), index, np.uint8)
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{index}.png")
    return tmp_path / "photos"


def run(lab_id: str, photos: Path, steering: Steering, keeper: Keeper | None = None) -> tuple[Any, Listener]:
    lab, sink = load(lab_id), Listener()
    values = {"steps": 1, "data": str(photos), "size": "16" if lab_id == "autoencoders.vae" else 8}
    params = make_params(lab, values)
    return run_lab(Setting(lab, params, torch.device("cpu"), sink, steering, keeper=keeper)), sink


@pytest.mark.parametrize("lab_id", ["autoencoders.vae", "diffusion.ddpm"])
def test_each_picture_is_told_and_then_the_steps(lab_id: str, photos: Path) -> None:
    made, sink = run(lab_id, photos, Steering())
    assert sink.told[:2] == ["Reading picture 0 of 9", "Reading picture 1 of 9"]
    assert sink.told[9] == ""
    assert made.step == 1


def test_a_stop_ends_the_reading_and_nothing_is_kept(photos: Path, tmp_path: Path) -> None:
    made, sink = run("autoencoders.vae", photos, StopsAt(3), Keeper(tmp_path / "run"))
    assert sink.told == ["Reading picture 0 of 9", "Reading picture 1 of 9"]
    assert (made.step, made.abandoned) == (0, True)
    made.save()
    assert snapshot_steps(tmp_path / "run") == ()


def test_without_a_window_the_stopped_run_says_so(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = iter(range(99))
    monkeypatch.setattr(Steering, "poll", lambda self, timeout=0.0: setattr(self, "stop", next(looks) >= 2))
    order = Order(load("autoencoders.vae"), {"steps": 5, "data": str(photos)}, out=tmp_path / "run", device="cpu")
    assert run_headless(order) == 0
    assert read_record(tmp_path / "run").state == "stopped"
    assert "Stopped: 0 steps" in capsys.readouterr().err

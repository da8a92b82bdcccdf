"""One small capture, made once for all tests that look at one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.capture.events import Event
from engine.capture.order import Order
from engine.capture.work import carry_out
from tests.capture import room


@dataclass(frozen=True)
class Captured:
    """Its folder of photos, its folder, what was told, and the true poses."""

    photos: Path
    out: Path
    told: list[Event]
    truth: list[np.ndarray]

    def order(self, out: Path) -> Order:
        return Order(self.photos, out, long_side=room.SIZE[0], threads=1)


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    folder = tmp_path_factory.mktemp("capture")
    truth = room.write_photos(folder / "photos")
    made = Captured(folder / "photos", folder / "out", [], truth)
    carry_out(made.order(made.out), made.told.append)
    return made


@pytest.fixture
def begun(captured: Captured, tmp_path: Path) -> Callable[[], Captured]:
    """A capture that has its features and matches, but no result yet, in a folder of the test's own."""

    def make() -> Captured:
        out = tmp_path / "begun"
        out.mkdir()
        for name in ("database.db", "order.json"):
            shutil.copy(captured.out / name, out / name)
        return Captured(captured.photos, out, [], captured.truth)

    return make

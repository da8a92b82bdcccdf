"""`python -m tests.bench.first_picture LAB`: seconds from Start to the lab's first picture, in a process as warm as a waiting worker."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import torch

from engine.run.context import Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering
from engine.run.uncompiled import keep_compiler_out
from engine.run.worker import warm_up

if TYPE_CHECKING:
    from engine.api.frames import Drawn


class FirstPicture(MemorySink):
    """Notes when the first picture came, and ends the run there."""

    def __init__(self, steering: Steering) -> None:
        super().__init__(draws=True)
        self.steering, self.at = steering, float("nan")

    def wants(self, name: str) -> bool:
        """Only the first."""
        return not self.frames

    def show(self, frame: Drawn, step: int) -> None:
        """Keeps it, and the time."""
        super().show(frame, step)
        self.at = self.at if self.steering.stop else time.perf_counter()
        self.steering.stop = True


def main(lab_id: str) -> float:
    """Everything that a page's worker does before Start is done before the time runs."""
    keep_compiler_out()
    warm_up(lab_id)
    begun = time.perf_counter()
    lab, steering = load(lab_id), Steering()
    sink = FirstPicture(steering)
    run_lab(Setting(lab, make_params(lab, {}), torch.device("cpu"), sink, steering))
    return sink.at - begun


if __name__ == "__main__":
    print(f"{main(sys.argv[1]):.3f}")

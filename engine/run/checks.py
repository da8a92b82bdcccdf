"""Proofs: runs a lab's checks, on the live model where there is one, and says expected beside measured."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from engine.api.errors import StudioError
from engine.api.lab import Check, Lab
from engine.api.messages import CheckRow
from engine.api.params import to_json
from engine.run.context import Setting
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering


class CheckCancelled(Exception):  # a signal, not an error
    """The person stopped the proof."""


@dataclass(frozen=True)
class Trained:
    """The outcome of a lab that a check ran by itself: what it tracked, and its curves as lists of (step, value)."""

    tracked: dict[str, Any]
    scalars: dict[str, list[tuple[int, float]]]

    def last(self, name: str) -> float:
        """The last value of a curve."""
        return self.scalars[name][-1][1]


class _CancelSteering(Steering):
    """Ends a check's own run when the person stops the proof."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        super().__init__()
        self._cancelled = cancelled

    def poll(self, timeout: float = 0.0) -> None:
        """Asks whether to go on."""
        self.stop = self.stop or self._cancelled()


@dataclass(frozen=True)
class CheckContext:
    """What a check is given. Each check gets random numbers of its own, from the seed, whatever ran before it.

    `live` is what the running lab tracks (empty without a run); `params` the run's parameters, else the defaults.
    """

    lab: Lab
    device: torch.device
    params: Any = None
    live: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    cancelled: Callable[[], bool] = lambda: False
    rng: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))
    numpy_rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def train(self, **overrides: Any) -> Trained:
        """Runs the lab itself, without a window, with these parameters changed from their defaults. Raises CheckCancelled.

        Raises StudioError for a parameter the lab does not take.
        """
        params = make_params(self.lab, {name: to_json(value) for name, value in overrides.items()})
        sink, steering = MemorySink(), _CancelSteering(self.cancelled)
        context = run_lab(Setting(self.lab, params, self.device, sink, steering, seed=self.seed))
        if steering.stop:
            raise CheckCancelled
        return Trained(context.tracked, sink.scalars)


def run_check(lab: Lab, check: Check, context: CheckContext) -> CheckRow:
    """Runs one check; one that raises has failed, with its reason. Raises CheckCancelled when the person stops."""
    begun = time.perf_counter()
    seed = context.seed
    fresh = CheckContext(
        lab=lab,
        device=context.device,
        params=context.params if context.params is not None else lab.params(),
        live=context.live,
        seed=seed,
        cancelled=context.cancelled,
        rng=torch.Generator().manual_seed(seed),
        numpy_rng=np.random.default_rng(seed),
    )
    if context.cancelled():
        raise CheckCancelled
    expected = measured = float("nan")
    passed, relation, detail, error = False, "equal", "", ""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            outcome = check.measure(fresh)
        expected, measured = float(outcome.expected), float(outcome.measured)
        relation, detail, passed = outcome.relation, outcome.detail, outcome.passes(check.tolerance)
    except CheckCancelled:
        raise
    except StudioError as failure:
        error = str(failure)
    except Exception as failure:  # noqa: BLE001  # a check that raises has failed, whatever it raised
        place = traceback.extract_tb(failure.__traceback__)[-1]
        error = f"{type(failure).__name__}: {failure} ({place.name}, line {place.lineno})"
    return CheckRow(
        lab=lab.id,
        title=check.title,
        expected=expected,
        measured=measured,
        tolerance=check.tolerance,
        passed=passed,
        seconds=time.perf_counter() - begun,
        relation=relation,
        detail=detail,
        source=check.source,
        catches=check.catches,
        error=error,
    )

"""The spiking cell fires exactly if it is pulled past its threshold, at the closed-form rate."""

from __future__ import annotations

import numpy as np
import pytest

from engine.nn.spiking import Cell

CELL = Cell()


def test_it_rests_until_the_input_begins() -> None:
    trace = CELL.trace(-40.0, duration=50.0, onset=20.0)
    assert (trace[:200] == CELL.rest).all()
    assert trace[200] > CELL.rest


@pytest.mark.parametrize("above", [-30.0, -1.0, -0.001])
def test_it_never_fires_below_its_threshold_and_goes_where_it_is_pulled(above: float) -> None:
    trace = CELL.trace(CELL.threshold + above, duration=500.0)
    assert (trace < CELL.threshold).all()
    assert trace[-1] == pytest.approx(CELL.threshold + above, abs=1e-6)
    assert CELL.rate(np.array(CELL.threshold + above)) == 0


@pytest.mark.parametrize("above", [0.5, 5.0, 20.0, 60.0])
def test_its_intervals_are_the_closed_form(above: float) -> None:
    spikes = np.flatnonzero(CELL.trace(CELL.threshold + above, duration=3000.0) == CELL.spike)
    expected = 1000 / float(CELL.rate(np.array(CELL.threshold + above)))
    assert np.diff(spikes).mean() * CELL.tick == pytest.approx(expected, abs=CELL.tick)
    assert np.ptp(np.diff(spikes)) == 0


def test_the_potential_leaks_by_the_exact_exponential() -> None:
    trace = CELL.trace(-60.0, duration=20.0)
    expected = -60.0 - 10.0 * np.exp(-CELL.tick / CELL.leak * np.arange(1, len(trace) + 1))
    np.testing.assert_allclose(trace, expected, atol=1e-9)

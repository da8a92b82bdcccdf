"""Points, smoothing, thinning: what lies behind a chart."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.curve_store import Series, SeriesColours
from app.views.smoothing import Smoother
from app.views.thinning import thin


def loop(values: np.ndarray, amount: float) -> list[float]:
    """TensorBoard's own loop."""
    last, count, out = 0.0, 0, []
    for value in values:
        if not np.isfinite(value):
            out.append(np.nan)
            continue
        last, count = last * amount + (1 - amount) * value, count + 1
        out.append(last / (1 - amount**count))
    return out


@pytest.mark.parametrize("amount", [0.3, 0.6, 0.9, 0.99])
def test_blocks_equal_the_loop(amount: float) -> None:
    values = np.random.default_rng(0).normal(size=9000) + 100
    values[50] = 1e6
    np.testing.assert_allclose(Smoother(amount).feed(values), loop(values, amount), rtol=1e-9)


def test_new_points_cost_only_themselves_and_change_nothing() -> None:
    values = np.random.default_rng(1).normal(size=5000)
    whole = Smoother(0.8).feed(values)
    pieces = Smoother(0.8)
    np.testing.assert_allclose(
        np.concatenate([pieces.feed(values[:7]), pieces.feed(values[7:4000]), pieces.feed(values[4000:])]), whole
    )


def test_a_gap_stays_a_gap_and_spoils_nothing_after_it() -> None:
    smoothed = Smoother(0.9).feed(np.array([1.0, np.nan, 1.0, np.inf, 1.0]))
    np.testing.assert_array_equal(np.isnan(smoothed), [False, True, False, True, False])
    np.testing.assert_allclose(smoothed[[0, 2, 4]], 1.0)


def test_thinning_keeps_every_spike() -> None:
    y = np.zeros(200_000)
    y[[12_345, 150_001]] = 7, -9
    thin_x, thin_y = thin(np.arange(200_000), y, 0, 200_000, 400)
    assert len(thin_y) < 2400
    assert (thin_y.max(), thin_y.min()) == (7, -9)
    assert abs(thin_x[thin_y.argmax()] - 12_345) < 1024


def test_thinning_stays_still_while_points_come() -> None:
    y = np.random.default_rng(0).normal(size=101_000)
    before = thin(np.arange(100_000), y[:100_000], 0, 200_000, 400)
    after = thin(np.arange(101_000), y, 0, 200_000, 400)
    np.testing.assert_array_equal(after[1][: len(before[1]) - 512], before[1][: len(before[1]) - 512])


def test_thinning_looks_only_at_what_shows() -> None:
    x, y = thin(np.arange(1000), np.arange(1000.0), 300, 400, 400)
    assert (x[0], x[-1]) == (299, 401)
    assert len(y) == len(x)


def test_a_rewind_makes_a_ghost_that_new_points_replace() -> None:
    series = Series()
    series.append(np.arange(10), np.arange(10.0))
    series.smoothed(0.5)
    series.rewind(4)
    assert series.steps.tolist() == [0, 1, 2, 3, 4]
    assert series.ghost_steps.tolist() == [5, 6, 7, 8, 9]
    series.append(np.array([5, 6]), np.array([50.0, 60.0]))
    assert series.ghost_steps.tolist() == [7, 8, 9]
    np.testing.assert_allclose(series.smoothed(0.5), loop(series.values, 0.5))


def test_a_step_that_goes_back_is_a_rewind() -> None:
    series = Series()
    series.append(np.arange(10), np.zeros(10))
    series.append(np.array([3]), np.array([1.0]))
    assert series.steps.tolist() == [0, 1, 2, 3]
    assert series.values[-1] == 1.0


def test_the_value_at_a_step_is_the_nearest_points() -> None:
    series = Series()
    series.append(np.array([0, 10, 20]), np.array([1.0, 2.0, 3.0]))
    assert series.at(14) == (10, 2.0)
    assert series.at(16) == (20, 3.0)
    assert series.at(25) is None


def test_many_small_appends_hold_everything() -> None:
    series = Series()
    for step in range(3000):
        series.append(np.array([step]), np.array([step * 2.0]))
    assert series.values.tolist() == [step * 2.0 for step in range(3000)]


def test_a_name_keeps_its_colour() -> None:
    colours = SeriesColours()
    assert [colours.index(name) for name in ("kl", "elbo", "kl")] == [0, 1, 0]
    assert colours.indices == {"kl": 0, "elbo": 1}

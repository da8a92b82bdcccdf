"""Numbers, times and sizes as people say them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.words import ago, bound, duration, near, number, plural, size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.1, "0.100"),
        (0.00123456, "0.00123"),
        (1e-7, "1e−7"),
        (12.345, "12.3"),
        (12345.6, "12,300"),
        (5000, "5,000"),
        (-2.5, "−2.50"),
        (0.9996, "1.00"),
        (1.5e9, "1.5e9"),
        (math.nan, "not a number"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_number_is_said_within_half_a_percent(value: float) -> None:
    said = float(number(value).replace("−", "-").replace(",", ""))
    assert said == pytest.approx(value, rel=0.006, abs=1e-300)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (45.2, "45 s"), (80, "1 min 20 s"), (120, "2 min"), (7500, "2 h 5 min"), (math.nan, "—")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_sizes_and_the_rest() -> None:
    assert size(612_000_000) == "612 MB"
    assert size(1_200_000_000) == "1.2 GB"
    assert (bound(1e-5), bound(256.0), bound(-0.5)) == ("1e−5", "256", "−0.5")
    assert (ago(5), ago(300), ago(90_000), ago(86400 * 12)) == ("now", "5 min ago", "yesterday", "12 days ago")
    assert (plural(1, "lab"), plural(5, "lab")) == ("1 lab", "5 labs")
    assert near("vea", ["vae", "gan"]) == "; did you mean vae?"
    assert near("zzz", ["vae", "gan"]) == "; there are vae, gan."

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controls.scale import Scale

SCALES = (
    Scale(0.0, 20.0),
    Scale(-180.0, 180.0),
    Scale(1e-5, 1e-1, log=True),
    Scale(1, 256, log=True, whole=True),
    Scale(1, 100_000, log=True, whole=True),
    Scale(0, 1000, log=True, whole=True),
    Scale(0.0, 10.0, log=True),
    Scale(1, 9, whole=True, step=2),
    Scale(0.0, 1.0, step=0.05),
    Scale(3, 7, whole=True),
)
each = st.sampled_from(SCALES)


@given(each, st.floats(0, 1))
def test_every_place_is_a_value_inside_the_range(scale: Scale, place: float) -> None:
    value = scale.at(place)
    assert scale.lo <= value <= scale.hi
    assert not scale.whole or isinstance(value, int)


@given(each)
def test_the_ends_of_the_track_are_the_ends_of_the_range(scale: Scale) -> None:
    assert (scale.at(0.0), scale.at(1.0)) == (scale.lo, scale.hi)
    assert (scale.place(scale.lo), scale.place(scale.hi)) == (0.0, 1.0)


@given(each, st.floats(0, 1), st.floats(0, 1))
def test_further_along_is_never_less(scale: Scale, here: float, there: float) -> None:
    low, high = sorted((here, there))
    assert scale.at(low) <= scale.at(high)


@given(each, st.floats(0, 1))
def test_a_value_lies_where_it_was_set(scale: Scale, place: float) -> None:
    value = scale.at(place)
    assert scale.at(scale.place(value)) == value


@given(each, st.floats(0.02, 0.98), st.sampled_from((1, -1, 10)))
def test_a_key_press_always_moves_the_value(scale: Scale, place: float, steps: int) -> None:
    value = scale.at(place)
    moved = scale.stepped(value, steps)
    assert scale.lo <= moved <= scale.hi
    if value not in (scale.lo, scale.hi):
        assert (moved > value) == (steps > 0)
        assert moved != value


@pytest.mark.parametrize(
    ("scale", "place", "value"),
    [
        (Scale(1e-5, 1e-1, log=True), 0.5, 1e-3),
        (Scale(0.0, 20.0), 0.5, 10.0),
        (Scale(0.0, 1.0, step=0.05), 0.31, 0.3),
        (Scale(1, 256, log=True, whole=True), 0.5, 16),
    ],
)
def test_values_on_the_track_are_round(scale: Scale, place: float, value: float) -> None:
    assert scale.at(place) == value


def test_a_range_of_one_value_is_harmless() -> None:
    scale = Scale(2.0, 2.0)
    assert scale.place(2.0) == 0.0
    assert scale.at(0.7) == 2.0

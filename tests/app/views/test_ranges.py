"""Ticks, spans and mappings: how numbers become places."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.axes import AxisLook, ticks_of
from app.views.mapping import Mapping
from app.views.robust import robust_range
from app.views.span import FollowingSpan, Span, round_out
from app.views.ticks import linear_ticks, log_ticks, tick_text


def texts(ticks: list) -> list[str]:
    return [tick.text for tick in ticks]


def test_ticks_are_round_and_inside() -> None:
    assert texts(linear_ticks(0, 60, 5)) == ["0", "20", "40", "60"]
    assert texts(linear_ticks(-1, 1, 4)) == ["−1.0", "−0.5", "0", "0.5", "1.0"]
    assert texts(linear_ticks(0, 1250, 5, whole=True)) == ["0", "250", "500", "750", "1,000", "1,250"]


def test_whole_ticks_never_fall_between_steps() -> None:
    assert [tick.value for tick in linear_ticks(0, 2, 7, whole=True)] == [0, 1, 2]


def test_large_steps_are_told_in_thousands() -> None:
    assert tick_text(50_000, 10_000) == "50k"
    assert tick_text(2_500_000, 500_000) == "2.5M"
    assert tick_text(0.00002, 0.00001) == "2e−5"


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12))
def test_ticks_of_any_range_stand_inside_and_ascend(lo: float, span: float, count: int) -> None:
    hi = lo + span
    if hi <= lo or span < 1e-9 * abs(lo):
        return
    values = [tick.value for tick in linear_ticks(lo, hi, count)]
    assert all(a < b for a, b in pairwise(values))
    assert all(lo - span * 1e-3 <= value <= hi + span * 1e-3 for value in values)
    assert len(values) <= count + 2


def test_log_ticks_are_decades() -> None:
    assert texts(log_ticks(1e-3, 10, 5)) == ["0.001", "0.01", "0.1", "1", "10"]
    assert texts(log_ticks(1e-5, 1e-4, 6)) == ["1e−5", "2e−5", "5e−5", "1e−4"]
    assert log_ticks(-1, 1, 5) == []


def test_fixed_ticks_are_taken_as_they_are() -> None:
    look = AxisLook("class", ticks=((0, "cat"), (1, "dog"), (9, "far")))
    assert texts(ticks_of(look, Span(-0.5, 1.5), 300, 50)) == ["cat", "dog"]
    assert ticks_of(AxisLook(shown=False), Span(0, 1), 300, 50) == []


def test_a_span_waits_until_data_leave_it() -> None:
    span = FollowingSpan()
    span.hold(0, 9.3)
    first = span.goal
    assert first == Span(0, 10)
    for top in np.linspace(9.3, 10, 20):
        span.hold(0, float(top))
        assert span.goal == first
    span.hold(0, 10.1)
    assert span.goal.hi > 10.1


def test_a_span_shrinks_late() -> None:
    span = FollowingSpan()
    span.hold(0, 100)
    span.hold(0, 70)
    assert span.goal == Span(0, 100)
    span.hold(0, 30)
    assert span.goal == Span(0, 30)


def test_a_span_glides_within_120_ms_and_never_beyond() -> None:
    span = FollowingSpan()
    span.hold(0, 10)
    span.hold(0, 40)
    seen = []
    for _ in range(8):
        span.advance(16)
        seen.append(span.now.hi)
    assert seen == sorted(seen)
    assert 10 < seen[0] < 40
    assert seen[-1] == 40
    assert not span.gliding


def test_a_fixed_span_ignores_the_data_until_freed() -> None:
    span = FollowingSpan()
    span.fix(Span(-1, 1))
    span.hold(0, 500)
    assert span.now == Span(-1, 1)
    span.free()
    span.hold(0, 500)
    assert span.goal == Span(0, 500)


def test_round_out_of_a_constant_has_room_on_both_sides() -> None:
    span = round_out(3.0, 3.0)
    assert span.lo < 3 < span.hi


def test_mapping_there_and_back() -> None:
    m = Mapping(40, 10, 400, 200, Span(0, 1000), Span(0.01, 100, log=True))
    for x, y in ((0, 0.01), (250, 1), (1000, 100)):
        px, py = float(m.x_pixels(x)), float(m.y_pixels(y))
        assert list(m.point(px, py)) == pytest.approx([x, y])
    assert float(m.y_pixels(1.0)) == pytest.approx(110)
    assert np.isnan(m.y_pixels(np.array([0.0, -1.0]))).all()


def test_one_scale_shows_at_least_both_ranges() -> None:
    m = Mapping(0, 0, 400, 100, Span(-1, 1), Span(-1, 1)).to_one_scale()
    assert m.x_scale == pytest.approx(m.y_scale)
    assert m.y == Span(-1, 1)
    assert m.x == Span(-4, 4)


def test_first_outliers_leave_the_picture() -> None:
    values = np.concatenate([[3000.0, 900.0, 200.0], np.linspace(5, 1, 997)])
    lo, hi = robust_range(values) or (0, 0)
    assert lo == 1.0
    assert 5 <= hi < 8


def test_an_ordinary_decay_is_shown_whole() -> None:
    values = 10 + 44 * np.exp(-np.arange(1000) / 180)
    assert list(robust_range(values) or ()) == pytest.approx([values.min(), 54])


def test_a_range_of_nothing_is_none() -> None:
    assert robust_range(np.array([np.nan, np.inf])) is None
    assert robust_range(np.array([-1.0, 0.0]), log=True) is None

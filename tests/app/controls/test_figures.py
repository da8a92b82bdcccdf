from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controls.figures import exact, shown, typed

numbers = st.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "whole", "text"),
    [
        (1e-3, False, "1e−3"),
        (3.2e-4, False, "3.2e−4"),
        (4.0, False, "4.0"),
        (0.25, False, "0.25"),
        (-0.5, False, "−0.5"),
        (0.0, False, "0.0"),
        (12345.0, False, "12345"),
        (2.5e6, False, "2.5e6"),
        (12000, True, "12,000"),
        (-3, True, "−3"),
    ],
)
def test_numbers_on_display(value: float, whole: bool, text: str) -> None:
    assert shown(value, whole) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        (" 1E-3 ", 1e-3),
        ("1e−3", 1e-3),
        ("−2", -2.0),
        (".5", 0.5),
        ("0,5", 0.5),
        ("1,000", 1000.0),
        ("12,345.5", 12345.5),
        ("1 000", 1000.0),
        ("10k", 10_000.0),
        ("2M", 2e6),
        ("50%", 0.5),
    ],
)
def test_numbers_as_people_type_them(text: str, value: float) -> None:
    assert typed(text) == value


def test_a_unit_may_be_typed_or_not() -> None:
    assert typed("45 °", "°") == typed("45°", "°") == typed("45", "°") == 45.0


@pytest.mark.parametrize("text", ["", "abc", "1e", "1.2.3", "nan", "inf", "1e999", "--1", "k", "%"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any of float's own words
        typed(text)


@given(numbers)
def test_what_one_edits_is_the_value_to_the_last_digit(value: float) -> None:
    assert typed(exact(value)) == value


@given(st.floats(1e-8, 1e8))
def test_what_is_displayed_is_near_the_value(value: float) -> None:
    assert typed(shown(value)) == pytest.approx(value, rel=6e-3)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert isinstance(typed(text), float)
    except ValueError:
        pass

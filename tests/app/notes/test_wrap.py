from __future__ import annotations

import pytest

from app.notes.typeset import typeset
from app.notes.wrap import fit

ELBO = r"\log p_\theta(x) \ge \mathbb{E}_{q}[\log p_\theta(x|z)+c] - D_{KL}(q(z|x)\,\|\,p(z)) = \mathcal{L}"


def rows(latex: str, width: float) -> list[float]:
    return [row.width for row in fit(latex, 16.0, width, {"a": 2.0})]


def test_a_formula_that_fits_stays_in_one_row() -> None:
    assert len(rows(ELBO, 2000)) == 1


@pytest.mark.parametrize("width", [380.0, 260.0, 200.0, 120.0])
def test_a_wide_formula_is_broken_until_it_fits(width: float) -> None:
    found = rows(ELBO, width)
    assert len(found) > 1
    assert max(found) <= width + 0.01


def test_it_breaks_before_a_sign_and_indents_what_goes_on() -> None:
    first, second = fit(r"a_1 + a_2 + a_3 + a_4 = b", 16.0, 110.0, {})
    assert first.indent == 0
    assert second.indent > 0
    assert second.scale == 1.0


def test_what_stands_in_brackets_is_not_torn_while_it_fits() -> None:
    latex = r"y = f(a + b + c + d)"
    bracket = typeset(r"= f(a + b + c + d)", 16.0, True).width
    found = fit(latex, 16.0, bracket + 40, {})
    assert len(found) <= 2
    assert all(row.scale == 1.0 for row in found)


def test_brackets_open_where_nothing_else_helps() -> None:
    latex = r"y = f(" + " + ".join(f"a_{{{index}}}" for index in range(20)) + ")"
    found = fit(latex, 16.0, 200.0, {})
    assert len(found) > 2
    assert all(row.scale > 0.7 for row in found)


def test_what_cannot_be_broken_shrinks() -> None:
    (row,) = fit(r"\frac{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}{b}", 16.0, 150.0, {})
    assert row.scale < 1
    assert row.width == pytest.approx(150.0, abs=0.1)


def test_gaps_separate_formulas_and_words_go_with_what_follows() -> None:
    found = fit(
        r"\min_w \tfrac12\|w\|^2 \quad\text{so that}\quad y_i w^\top x_i \ge 1, \qquad m = 1/\|w\|", 16.0, 200.0, {}
    )
    assert len(found) == 3
    assert all(row.indent == 0 for row in found)


def test_an_aligned_block_that_does_not_fit_becomes_rows() -> None:
    latex = r"\begin{aligned}\log p(x) &= \log \mathbb{E}_{q}[p(x,z)/q(z|x)]\\ &\ge \mathbb{E}_{q}[\log p(x,z)/q(z|x)]\end{aligned}"
    assert len(rows(latex, 600)) == 1
    narrow = fit(latex, 16.0, 190.0, {})
    assert len(narrow) >= 2
    assert max(row.width for row in narrow) <= 190.01


def test_cases_and_matrices_are_never_torn() -> None:
    latex = r"y = \begin{cases} +1 & w^\top x + b > 0 \\ -1 & \text{otherwise} \end{cases}"
    for row in fit(latex, 16.0, 130.0, {}):
        assert row.formula.svg


def test_live_numbers_keep_their_room_in_every_row() -> None:
    found = fit(r"{{a}} = {{a}} + {{a}} + {{a}}", 16.0, 110.0, {"a": 2.0})
    assert sum(len(row.formula.slots) for row in found) == 4

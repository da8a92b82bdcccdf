from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from app.notes.tidy import tidy
from app.notes.typeset import Formula, FormulaError, draw_formula, live_names, load, typeset

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

COURSE = (
    r"\mathcal{L}(\phi,\theta;x)=-\mathbb E_{q_{\phi}(z|x)}[\log p_{\theta}(x|z)]+\beta\,D_{KL}\bigl(q(z|x)\,\|\,p(z)\bigr)",
    r"\underbrace{\mathbb{E}_{q}[\log p_{\theta}(x|z)]}_{\text{reconstruction}}\;-\;\tfrac{1}{2}\sum_{j=1}^{D}\sigma_j^2",
    r"\begin{pmatrix}\cos\theta&-\sin\theta\\ \sin\theta&\cos\theta\end{pmatrix}\begin{bmatrix}x\\y\end{bmatrix}",
    r"\operatorname{ReLU}(x)=\begin{cases}x & x>0\\ 0 & \text{otherwise}\end{cases}",
    r"\begin{aligned}x_t&=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\epsilon\\ y&=\frac{a}{b}\end{aligned}",
    r"\hat{x}=\arg\min_{x}\left\|\frac{\partial f}{\partial x}\right\|_2^2,\quad \int_0^\infty e^{-x^2}\,dx",
    r"p(x)=\prod_{i=1}^{D} p(x_i\mid x_{<i}),\ \boldsymbol{\mu},\ \binom{n}{k},\ \lfloor x\rfloor,\ \mathbb R^{d\times D}",
    r"k \;\le\; \sqrt{k}\,R \qquad\Longrightarrow\qquad \min_G\max_D V(D,G),\ \tilde w^\top\tilde x,\ \dot V",
)


def ink(formula: Formula, scale: float = 1.0, colour: str = "#000000") -> QImage:
    """The formula on white, its baseline 100 pixels from the top."""
    picture = QImage(800, 200, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ffffff"))
    painter = QPainter(picture)
    draw_formula(painter, formula, QPointF(10, 100), QColor(colour), scale)
    painter.end()
    return picture


def rows_with_ink(picture: QImage) -> list[int]:
    grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(bytes(grey.constBits()), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return [int(row) for row in np.flatnonzero((pixels < 128).any(axis=1))]


@pytest.mark.parametrize("latex", COURSE)
@pytest.mark.parametrize("display", [True, False])
def test_the_mathematics_of_the_course_is_set(qtbot: QtBot, latex: str, display: bool) -> None:
    formula = typeset(latex, 16.0, display)
    assert formula.width > 40
    assert formula.ascent > 8
    rows = rows_with_ink(ink(formula))
    assert rows[0] >= 100 - formula.ascent - 2
    assert rows[-1] <= 100 + formula.descent + 2
    assert len(rows) > 6


def test_letters_stand_on_the_baseline(qtbot: QtBot) -> None:
    formula = typeset("x", 20.0, False)
    assert formula.descent == pytest.approx(0, abs=0.6)
    assert rows_with_ink(ink(formula))[-1] in (98, 99, 100)
    assert typeset("y", 20.0, False).descent > 3


def test_size_grows_with_the_font_and_display_is_larger_than_text() -> None:
    small, large = typeset("x+y", 10.0, False), typeset("x+y", 20.0, False)
    assert large.width == pytest.approx(2 * small.width, rel=0.02)
    fraction = r"\frac{a}{b}"
    assert typeset(fraction, 16.0, True).ascent > typeset(fraction, 16.0, False).ascent


def test_a_formula_is_drawn_in_the_colour_and_scale_asked_for(qtbot: QtBot) -> None:
    formula = typeset(r"\overline{AB}", 20.0, False)
    colours = {ink(formula, colour="#ff0000").pixelColor(x, y).name() for x in range(60) for y in range(70, 110)}
    assert "#ff0000" in colours
    assert "#000000" not in colours
    assert len(rows_with_ink(ink(formula, 2.0))) == pytest.approx(2 * len(rows_with_ink(ink(formula))), abs=3)


@pytest.mark.parametrize("latex", ["a=-b", "(-b)", r"[-b]", r"a\le-b", r"a\cdot-b", r"x,-b"])
def test_a_sign_after_a_bracket_or_relation_has_no_space(latex: str) -> None:
    binary = latex.replace("-", "{}-")  # something stands before it
    assert typeset(latex, 20.0, False).width < typeset(binary, 20.0, False).width - 3


def test_a_name_keeps_its_distance_from_letters_but_not_from_brackets() -> None:
    letter = typeset("a", 20.0, False).width
    bracket = typeset("[", 20.0, False).width
    alone = typeset(r"\log p", 20.0, False).width
    assert typeset(r"a\log p", 20.0, False).width > alone + letter + 2
    assert typeset(r"[\log p", 20.0, False).width < alone + bracket + 2.5


def test_greek_letters_slant_together() -> None:
    assert typeset(r"\phi", 20.0, False) == typeset("𝜙", 20.0, False)
    assert typeset(r"\epsilon", 20.0, False) == typeset("𝜖", 20.0, False)


def test_a_sign_declared_a_relation_is_set_all_the_same() -> None:
    assert typeset(r"a\mathrel{+}=b", 20.0, False).width > typeset(r"a=b", 20.0, False).width + 8


def test_a_bare_argument_of_a_font_is_that_of_braces() -> None:
    assert typeset(r"\mathbb E_q", 20.0, False) == typeset(r"\mathbb{E}_q", 20.0, False)


# Live numbers ------------------------------------------------------------------------------------------------------------


def test_a_live_number_is_a_blank_of_its_width_on_its_baseline() -> None:
    latex = r"L = {{loss/kl}} + x^{ {{beta}} } \cdot \frac{{{loss/negative ELBO}}}{2}"
    assert live_names(latex) == ("loss/kl", "beta", "loss/negative ELBO")
    formula = typeset(latex, 20.0, True, (2.0, 1.0, 3.0))
    by_name = {slot.name: slot for slot in formula.slots}
    assert set(by_name) == set(live_names(latex))
    assert by_name["loss/kl"].width == pytest.approx(40, rel=0.02)
    assert by_name["loss/kl"].y == pytest.approx(0, abs=0.1)
    assert by_name["loss/kl"].size == pytest.approx(20, rel=0.02)
    assert by_name["beta"].size < 20  # smaller in an exponent
    assert by_name["beta"].y < -3
    assert by_name["loss/negative ELBO"].y < -3
    assert by_name["loss/kl"].x < by_name["beta"].x < by_name["loss/negative ELBO"].x


def test_a_wider_number_makes_a_wider_formula() -> None:
    narrow, wide = (typeset("a + {{b}} + c", 20.0, False, (em,)) for em in (1.0, 3.0))
    assert wide.width - narrow.width == pytest.approx(40, rel=0.02)


def comes_to_something(latex: str, display: bool) -> bool:
    """Whether a text is set with some width, or refused with some words. Anything else is raised."""
    try:
        return typeset(latex, 16.0, display).width > 0
    except FormulaError as error:
        return str(error) != ""


# Broken formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex",
    [
        "",
        " ",
        r"\frac{1",
        r"\frac",
        r"\foo{x}",
        "x^",
        "x^a^b",
        "_",
        r"\left( x",
        r"\right)",
        r"\begin{pmatrix} 1 & 2",
        r"\begin{nonsense} x \end{nonsense}",
        "}",
        "{" * 40 + "x" + "}" * 40,
        r"\left(" * 30 + "x" + r"\right)" * 30,
        "x+" * 1500,
        "\x00",
        "&",
    ],
)
def test_a_broken_formula_is_a_formula_error_or_is_set(latex: str) -> None:
    assert comes_to_something(latex, display=True)


TOKENS = (
    *(r"\frac", r"\sqrt", r"\left(", r"\right)", r"\left", r"\right", r"\begin{cases}", r"\end{cases}", r"\\", "&"),
    *(r"\text", r"\mathbb", r"\sum", r"\int", r"\hat", r"\underbrace", r"\operatorname", r"\bigl", r"\limits", r"\foo"),
    *("{", "}", "^", "_", "[", "]", "(", ")", "x", "1", "+", "-", "=", " ", "|", r"\|", "{{a}}", "~", "#", "%", "<"),
    *("'", r"\color", r"\binom", r"\overset", r"\substack", r"\hspace", r"\mathrm{", r"\tag{1}", r"\begin{array}{c}"),
)


@pytest.mark.once
@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=14).map("".join), st.booleans())
@example(r"\frac{\frac{", True)
def test_no_mess_of_tokens_gets_past_the_formula_error(latex: str, display: bool) -> None:
    assert comes_to_something(latex, display)


@pytest.mark.once
@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20))
def test_no_text_gets_past_the_formula_error(latex: str) -> None:
    assert comes_to_something(latex, display=False)


@pytest.mark.parametrize(
    ("sized", "plain"),
    [
        (r"\big\lVert x \big\rVert", "‖"),
        (r"\Big\lvert x \Big\rvert", "|"),
        (r"\big\| x \big\|", "‖"),
        (r"\big\lfloor x \big\rfloor", "⌊"),
    ],
)
def test_fences_behind_big_are_signs_and_not_their_names(sized: str, plain: str) -> None:
    tree = tidy(load("ziamath.tex").tex2mml(sized, inline=True))
    signs = [element.text for element in tree.iter() if element.tag == "mo"]
    assert signs[0] == plain
    assert typeset(sized, 16.0, False).width < typeset(r"\text{lVert x rVert}", 16.0, False).width


def test_an_unknown_command_behind_big_is_refused_as_elsewhere() -> None:
    with pytest.raises(FormulaError, match="no command"):
        typeset(r"\big\nonsense x", 16.0, False)

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage, QPainter, QTextCursor, QTextDocument, QTextFormat, QTextTable

from app.notes.markdown import lay_out_again, plain_text, preparation, render_markdown
from app.notes.numbers import LiveNumbers
from app.theme import theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

OBJECT = "\ufffc"


@pytest.fixture
def document(qtbot: QtBot) -> Iterator[QTextDocument]:
    made = QTextDocument()
    made.setTextWidth(600)
    yield made
    theme().set_mode("dark")


def paint(document: QTextDocument, ratio: int = 1) -> np.ndarray:
    """The page as `[H, W]` differences from its ground, 0 … 255."""
    ground = QColor(theme().colours.panel)
    size = document.size().toSize()
    picture = QImage(size * ratio, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(ground)
    painter = QPainter(picture)
    document.drawContents(painter)
    painter.end()
    pixels = np.frombuffer(bytes(picture.constBits()), np.uint8).reshape(size.height() * ratio, size.width() * ratio, 4)
    return np.abs(pixels[:, :, :3].astype(int) - [ground.blue(), ground.green(), ground.red()]).max(axis=2)


def blocks(document: QTextDocument) -> list[str]:
    found, block = [], document.begin()
    while block.isValid():
        found.append(block.text())
        block = block.next()
    return found


def test_formulas_stand_in_the_text_and_displays_on_a_line_of_their_own(document: QTextDocument) -> None:
    render_markdown(document, "Let $x$ be: $$y = x^2$$ and so on.\n\n$$z$$\n")
    assert blocks(document) == [f"Let {OBJECT} be: ", OBJECT, " and so on.", OBJECT]


def test_a_display_inside_a_list_keeps_the_list_together(document: QTextDocument) -> None:
    render_markdown(document, "- one\n\n  $$x$$\n\n- two\n  1. inner $y$\n")
    texts = blocks(document)
    assert OBJECT in texts
    assert f"inner {OBJECT}" in texts
    assert document.findBlockByNumber(texts.index("one")).textList() is not None
    assert document.findBlockByNumber(texts.index("two")).textList() is not None


@pytest.mark.parametrize("ratio", [1, 2])
def test_inline_mathematics_stands_on_the_baseline_of_the_text(document: QTextDocument, ratio: int) -> None:
    render_markdown(document, "HHHHHHHH $\\mathrm{HHHH}$")
    ink = paint(document, ratio) > 128
    block = document.begin()
    split = int(block.layout().lineAt(0).cursorToX(9)[0] + 4) * ratio  # type: ignore[index]  # a pair in Python
    lowest = [int(np.flatnonzero(part.any(axis=1))[-1]) for part in (ink[:, : split - 2], ink[:, split:])]
    assert abs(lowest[0] - lowest[1]) <= ratio


def test_lines_with_simple_formulas_are_no_higher_than_others(document: QTextDocument) -> None:
    heights = []
    for text in ("plain words", "a $q_\\phi(z|x)$ and $\\sigma^2$", "a {{kl}} and $x$"):
        render_markdown(document, text)
        heights.append(document.size().height())
    assert heights[1] <= heights[0] + 3
    assert heights[2] <= heights[0] + 1


def test_a_tall_formula_makes_room_and_touches_nothing(document: QTextDocument) -> None:
    document.setTextWidth(200)
    render_markdown(
        document, "above above above above above\n\n$\\begin{pmatrix}1\\\\2\\\\3\\end{pmatrix}$\n\nbelow below"
    )
    rows = (paint(document) > 100).any(axis=1)
    gaps = np.flatnonzero(~rows)
    tall = document.findBlockByNumber(document.blockCount() - 2)
    top = document.documentLayout().blockBoundingRect(tall).top()
    assert any(abs(gap - top) < 6 for gap in gaps)


def test_punctuation_never_parts_from_its_formula(document: QTextDocument) -> None:
    render_markdown(document, "word $x^2$, and the $k$-th $y$). Then")
    for width in range(60, 240, 3):
        document.setTextWidth(width)
        layout = document.begin().layout()
        text = document.begin().text()
        lines = [layout.lineAt(index) for index in range(layout.lineCount())]
        starts = [text[line.textStart() : line.textStart() + 1] for line in lines]
        assert not set(starts) & set(",.)-")


def test_a_wide_display_fits_a_narrow_column(document: QTextDocument) -> None:
    document.setTextWidth(220)
    render_markdown(document, "$$" + " + ".join(f"a_{{{index}}} b" for index in range(20)) + "$$")
    assert document.size().width() <= 221
    narrow = document.size().height()
    document.setTextWidth(900)
    assert document.size().height() < narrow


def test_a_formula_that_cannot_be_set_is_code_and_is_logged_once(
    document: QTextDocument, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            render_markdown(document, "Here $\\nonsense{x}$ and $$\\frac{1$$ end.")
    assert "".join(blocks(document)) == "Here \\nonsense{x} and \\frac{1 end."
    assert [record.getMessage() for record in caplog.records if "nonsense{x}" in record.getMessage()] == [
        "a formula of the notes cannot be set (there is no command \\nonsense): \\nonsense{x}"
    ]


def test_what_markdown_can_do_is_set(document: QTextDocument) -> None:
    text = "# Title\n\n**bold** `code`\n\n| a | b |\n|:-:|--:|\n| $x$ | {{kl}} |\n\n```\none\n\n  two\n```\n\n> quote\n\n---\n\nend"
    render_markdown(document, text)
    tables = [frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)]
    assert [(table.rows(), table.columns()) for table in tables] == [(2, 2)]
    assert tables[0].cellAt(1, 0).firstCursorPosition().block().text() == OBJECT
    others = [frame for frame in document.rootFrame().childFrames() if not isinstance(frame, QTextTable)]
    assert len(others) == 1  # the code, on one ground
    assert [text for text in blocks(document) if text in ("one", "  two")] == ["one", "  two"]
    title = document.begin()
    size = title.begin().fragment().charFormat().intProperty(QTextFormat.Property.FontPixelSize)
    assert size > 16


def test_html_is_words(document: QTextDocument) -> None:
    render_markdown(document, "a <b>bold</b> x<y")
    assert "<b>" in blocks(document)[0]


def test_papers_are_links(document: QTextDocument) -> None:
    render_markdown(document, "See arXiv:1312.6114.")
    cursor = document.find("1312")
    assert cursor.charFormat().anchorHref() == "https://arxiv.org/abs/1312.6114"


def test_both_themes_differ_in_every_colour_of_the_text(document: QTextDocument) -> None:
    colours = []
    for mode in ("dark", "light"):
        theme().set_mode(mode)
        render_markdown(document, "Words and $x$.")
        colours.append(document.begin().begin().fragment().charFormat().foreground().color().name())
        assert (paint(document) > 100).any()
    assert colours[0] != colours[1]


def test_what_is_copied_has_its_formulas_as_latex(document: QTextDocument) -> None:
    numbers = LiveNumbers()
    numbers.update({"kl": 6.914})
    render_markdown(document, "Let $x^2$, now {{kl}}:\n\n$$a$$\n$$b$$\n\n𝒩 end", numbers)
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    assert plain_text(cursor) == "Let $x^2$, now 6.91:\n$$a$$\n$$b$$\n𝒩 end"


# Live numbers ------------------------------------------------------------------------------------------------------------


def test_a_number_is_written_where_it_stands_without_a_new_layout(document: QTextDocument) -> None:
    numbers = LiveNumbers()
    render_markdown(document, "KL {{kl}} nats, $L = {{kl}}$\n\n$${{kl}} + 1$$", numbers)
    numbers.update({"kl": 12.3})
    lay_out_again(document)
    before, revision, height = paint(document), document.revision(), document.size().height()
    grew = numbers.update({"kl": 45.6})
    assert not grew
    after = paint(document)
    changed = np.flatnonzero((before != after).any(axis=0))
    assert len(changed)
    assert (document.revision(), document.size().height()) == (revision, height)


def test_a_number_only_asks_for_more_room(qtbot: QtBot) -> None:
    numbers = LiveNumbers()
    assert numbers.update({"kl": 1.23})
    assert not numbers.update({"kl": 9.87})
    assert not numbers.update({"kl": 123.0})  # three figures need no more than "1.23"
    assert numbers.update({"kl": -0.00123})
    assert not numbers.update({"kl": 5.0})
    numbers.clear()
    assert numbers.update({"kl": 1.23})


def test_numbers_read_like_everywhere_else(qtbot: QtBot) -> None:
    numbers = LiveNumbers()
    numbers.update({"a": 12345.6, "b": -1e-7, "c": float("nan"), "d": float("inf"), "e": 4.0})
    assert [numbers.text(name) for name in "abcde"] == ["12,300", "−1e−7", "NaN", "∞", "4"]
    assert numbers.text("unknown") == "–"


def test_a_number_has_the_colour_of_its_curve(qtbot: QtBot) -> None:
    numbers = LiveNumbers()
    numbers.colours = {"kl": 1}
    assert numbers.colour("kl").name() == theme().colours.faint  # nothing known yet
    numbers.update({"kl": 1.0, "beta": 2.0})
    assert numbers.colour("kl").name() == theme().colours.series[1]
    assert numbers.colour("beta").name() == theme().colours.accent


def test_wider_numbers_are_laid_out_again(document: QTextDocument) -> None:
    numbers = LiveNumbers()
    render_markdown(document, "$${{a}}+{{b}}$$", numbers)
    for value in (1.0, 0.00123, -1.23e-7):
        numbers.update({"a": value, "b": value})
        lay_out_again(document)
        assert (paint(document) > 100).any()


# Anything ----------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="$`{}\\|#*->_[]()1. \nab:𝒩", max_size=80))
def test_no_text_breaks_the_page(document: QTextDocument, text: str) -> None:
    render_markdown(document, text)
    paint(document)


def test_preparation_goes_in_small_steps_and_then_rendering_sets_nothing_anew(
    document: QTextDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Let $x_{17}$ be\n\n$$y_{17} = \\sum_i x_i$$\n\nand $\\broken{$ too"
    assert len(list(preparation(text, 500.0))) >= 5

    def refuse(*_: object) -> None:
        raise AssertionError("set again")

    monkeypatch.setattr("app.notes.typeset.tidy", refuse)
    render_markdown(document, text.replace("and $\\broken{$ too", ""))
    paint(document)

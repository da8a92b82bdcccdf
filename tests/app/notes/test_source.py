from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notes.source import MARK, Live, Maths, prepare, with_source


def pieces(text: str) -> tuple[Maths | Live, ...]:
    return prepare(text).pieces


def inline(*latex: str) -> tuple[Maths, ...]:
    return tuple(Maths((part,), display=False) for part in latex)


def test_formulas_and_live_numbers_leave_a_mark_each_in_order() -> None:
    prepared = prepare("With $\\beta$ at {{beta}}:\n\n$$a=b$$\n\nand $c$.")
    assert prepared.pieces == (
        Maths(("\\beta",), display=False),
        Live("beta"),
        Maths(("a=b",), display=True),
        Maths(("c",), display=False),
    )
    assert [mark[1] for mark in MARK.finditer(prepared.markdown)] == ["0", "1", "2", "3"]
    assert "$" not in prepared.markdown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$x_1 | y$ and *$z$*", inline("x_1 | y", "z")),
        ("wraps $a +\nb$ on", inline("a + b")),
        ("$a$-th, ($b$), $c$.", inline("a", "b", "c")),
        ("escaped \\$5 and $x$", inline("x")),
        ("costs $5 or $6 a piece", ()),
        ("from $5 to 6$ euros", inline("5 to 6")),
        ("open $x\n\ny$ over a gap", ()),
        ("`code $x$` stays", ()),
        ("``a ` $x$ `` stays", ()),
        ("```\n$x$ {{a}}\n```\nbut $y$", inline("y")),
        ("~~~python\n$x$\n~~~", ()),
        ("```\nnever closed $x$", ()),
        ("$$", ()),
        ("$$$$", ()),
        ("$ $", ()),
        ("", ()),
    ],
)
def test_what_is_a_formula_and_what_is_not(text: str, found: tuple[Maths, ...]) -> None:
    assert pieces(text) == found


def test_displays_that_follow_each_other_share_a_box() -> None:
    assert pieces("$$a$$\n$$b$$ $$c$$") == (Maths(("a", "b", "c"), display=True),)
    assert len(pieces("$$a$$\n\n$$b$$")) == 2


def test_a_display_may_hold_live_numbers_and_lines() -> None:
    assert pieces("$$ {{loss/kl}} +\n  x $$") == (Maths(("{{loss/kl}} +\n  x",), display=True),)


def test_names_of_live_numbers_are_those_of_curves_and_parameters() -> None:
    assert pieces("{{loss/negative ELBO}} {{ beta }} {{a.b-c_1}} {{}} {{1}} { {x} }") == (
        Live("loss/negative ELBO"),
        Live("beta"),
        Live("a.b-c_1"),
    )


def test_papers_become_links_once() -> None:
    text = prepare("arXiv:1312.6114, arXiv: 1509.00519v2 and arXiv:cs/0112017; doi:10.1000/xyz.").markdown
    assert "[arXiv:1312.6114](https://arxiv.org/abs/1312.6114)," in text
    assert "(https://arxiv.org/abs/1509.00519v2)" in text
    assert "(https://arxiv.org/abs/cs/0112017);" in text
    assert "[doi:10.1000/xyz](https://doi.org/10.1000/xyz)." in text
    already = "[arXiv:1312.6114](https://example.org) and https://arxiv.org/abs/1312.6114"
    assert prepare(already).markdown == already


def test_the_source_stands_at_the_end_unless_the_notes_name_theirs() -> None:
    assert with_source("Words.", "A 2014, arXiv:1312.6114; B 2017").endswith(
        "#### Sources\n\n- A 2014, arXiv:1312.6114\n- B 2017\n"
    )
    for notes in ("Words.\n\n## Sources\n- mine", "Words.\n\nSources: mine", "Words.\n\n**Source**: mine"):
        assert with_source(notes, "theirs") == notes
    assert with_source("Words.", "") == "Words."


@given(st.text(alphabet="$`~{}\\ \nab_^1\ue000\ue001", max_size=60))
def test_any_text_is_taken_apart_and_no_mark_is_forged(text: str) -> None:
    prepared = prepare(text)
    numbers = [int(mark[1]) for mark in MARK.finditer(prepared.markdown)]
    assert numbers == list(range(len(prepared.pieces)))

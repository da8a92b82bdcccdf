"""The palette finds by a few letters, and what is chosen happens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.fuzzy import match
from app.palette import Entry, Palette

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.theme import Theme

TITLES = (
    ("Network playground", "Rumelhart 1986", "lab"),
    ("Variational autoencoder", "Kingma & Welling 2014", "lab"),
    ("Denoising diffusion", "Ho 2020", "lab"),
    ("Généralised ELBO", "", "lab"),
    ("Prove it", "", "command"),
    ("Open files", "", "command"),
)


def best(query: str, *texts: str) -> str:
    found = [(hit.score, text) for text in texts if (hit := match(query, text)) is not None]
    return max(found)[1] if found else ""


@pytest.mark.parametrize(
    ("query", "text", "letters"),
    [
        ("va", "Variational autoencoder", (0, 1)),
        ("vae", "Variational autoencoder", (0, 1, 16)),
        ("auto var", "Variational autoencoder", (0, 1, 2, 12, 13, 14, 15)),
        ("gener", "Généralised ELBO", (0, 1, 2, 3, 4)),
        ("", "Anything", ()),
    ],
)
def test_letters_are_found_where_words_begin(query: str, text: str, letters: tuple[int, ...]) -> None:
    found = match(query, text)
    assert found is not None
    assert found.letters == letters


def test_what_is_not_there_does_not_match() -> None:
    assert match("vax", "Variational autoencoder") is None
    assert match("z", "") is None
    assert match("dd", "adversarial") is None, "a letter counts once"
    assert match("var zzz", "Variational autoencoder") is None


def test_the_better_fit_comes_first() -> None:
    assert best("per", "Paper", "Perceptron", "Super resolution") == "Perceptron"
    assert best("gan", "Organ", "Generative adversarial network", "GAN") == "GAN"
    assert best("dd", "Add", "Denoising diffusion") == "Denoising diffusion"


def test_letters_of_odd_alphabets_do_not_break_it() -> None:
    for text in ("β-VAE", "ǅ", "ﬁ", "İstanbul", "\u0301", "𝛽"):
        found = match(text, text)
        assert found is not None
        assert all(place < len(text) for place in found.letters)


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def palette(qtbot: QtBot, look: Theme, done: list[str]) -> Iterator[Palette]:
    window = QWidget()
    window.resize(1024, 700)
    column = QVBoxLayout(window)
    for _ in range(3):
        column.addWidget(QLineEdit())
    qtbot.addWidget(window)
    made = Palette(window)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    entries = [Entry(title, note, kind, "flask", partial(done.append, title)) for title, note, kind in TITLES]
    made.open(entries)
    yield made
    window.close()


def test_it_lists_everything_until_one_types(palette: Palette, qtbot: QtBot) -> None:
    assert palette.titles() == [title for title, _, _ in TITLES]
    qtbot.keyClicks(palette.field, "vae")
    assert palette.titles()[0] == "Variational autoencoder"
    assert "Prove it" not in palette.titles()


def test_notes_are_searched_but_titles_win(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "welling")
    assert palette.titles() == ["Variational autoencoder"]
    palette.field.setText("pro")
    assert palette.titles()[0] == "Prove it"


def test_return_does_the_first_and_the_palette_goes(palette: Palette, qtbot: QtBot, done: list[str]) -> None:
    qtbot.keyClicks(palette.field, "prove")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["Prove it"]
    assert not palette.isVisible()


def test_arrows_move_and_wrap(palette: Palette, qtbot: QtBot, done: list[str]) -> None:
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["Denoising diffusion"]
    palette.open(palette._entries)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done[-1] == "Open files"


def test_a_click_does_it_and_one_beside_it_does_nothing(palette: Palette, qtbot: QtBot, done: list[str]) -> None:
    index = palette.list.model().index(1, 0)
    where = palette.list.visualRect(index).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert done == ["Variational autoencoder"]
    palette.open(palette._entries)
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(5, 690))
    assert not palette.isVisible()
    assert done == ["Variational autoencoder"]


def test_escape_closes_and_the_focus_goes_back(palette: Palette, qtbot: QtBot) -> None:
    palette.close_sheet()
    field = palette.window().findChildren(QLineEdit, "", Qt.FindChildOption.FindDirectChildrenOnly)[1]
    field.setFocus()
    palette.open([])
    assert palette.field.hasFocus()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert field.hasFocus()


def test_nothing_found_says_so_and_return_is_harmless(palette: Palette, qtbot: QtBot, done: list[str]) -> None:
    qtbot.keyClicks(palette.field, "qqq")
    assert palette.nothing.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert not done


def test_it_is_drawn_within_the_window_with_the_found_letters_lit(palette: Palette, qtbot: QtBot, look: Theme) -> None:
    plain = palette.list.grab().toImage()
    qtbot.keyClicks(palette.field, "vae")
    assert palette.rect().contains(palette._sheet.geometry())
    assert palette.list.grab().toImage() != plain
    palette.window().resize(400, 500)
    assert palette.rect().contains(palette._sheet.geometry())

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor

from app.notes.view import NotesView
from app.theme import theme
from engine.api.lab import LabInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

NOTES = "Let $x$ be the loss {{loss/kl}}:\n\n$$L = {{loss/kl}} + {{beta}}$$\n\n" + "More words.\n\n" * 60
INFO = LabInfo("test.lab", "A lab", "test", source="Somebody 2014, arXiv:1312.6114", notes=NOTES)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[NotesView]:
    made = NotesView()
    qtbot.addWidget(made)
    made.resize(320, 400)
    made.show()
    with qtbot.waitSignal(made.rendered):
        made.set_lab(INFO)
    yield made
    theme().set_mode("dark")


def test_the_notes_are_shown_with_their_source_at_the_end(view: NotesView) -> None:
    text = view.page.toPlainText()
    assert text.startswith("Let \ufffc be the loss \ufffc")
    assert text.rstrip().endswith("Sources\nSomebody 2014, arXiv:1312.6114")


def test_the_window_stays_awake_while_formulas_are_set(qtbot: QtBot) -> None:
    made = NotesView()
    qtbot.addWidget(made)
    made.set_lab(INFO)
    assert made.page.toPlainText() == ""  # nothing was done yet: it goes on between events
    with qtbot.waitSignal(made.rendered):
        pass
    assert made.page.toPlainText() != ""


def test_another_lab_while_one_is_prepared_wins(qtbot: QtBot, view: NotesView) -> None:
    view.set_lab(INFO)
    with qtbot.waitSignal(view.rendered):
        view.set_lab(LabInfo("test.other", "Other", "test", notes="Other $z$ words."))
    assert view.page.toPlainText().strip() == "Other \ufffc words."
    with qtbot.assertNotEmitted(view.rendered, wait=100):
        pass


def test_a_broken_lab_says_why_and_one_without_notes_says_so(qtbot: QtBot, view: NotesView) -> None:
    for info, words in (
        (LabInfo("a.b", "B", "a", broken="SyntaxError in line 3"), "SyntaxError in line 3"),
        (LabInfo("a.b", "B", "a"), "This lab has no notes."),
    ):
        with qtbot.waitSignal(view.rendered):
            view.set_lab(info)
        assert words in view.page.toPlainText()


def test_live_numbers_come_at_most_four_times_a_second_and_the_last_one_stays(qtbot: QtBot, view: NotesView) -> None:
    taken: list[float] = []
    update = view.numbers.update
    view.numbers.update = lambda values: (taken.append(values["loss/kl"]), update(values))[1]  # type: ignore[method-assign, func-returns-value]  # watches
    for index in range(60):
        view.set_live({"loss/kl": 1.0 + index / 100})
        qtbot.wait(10)
    qtbot.waitUntil(lambda: view.numbers.text("loss/kl") == "1.59")
    assert 2 <= len(taken) <= 6


def test_what_has_not_changed_is_not_written_again(qtbot: QtBot, view: NotesView) -> None:
    view.set_live({"loss/kl": 1.0})
    qtbot.waitUntil(lambda: view.numbers.text("loss/kl") == "1")
    view.set_live({"loss/kl": 1.0})
    assert not view._refresh.isActive()


def test_numbers_of_the_last_lab_are_forgotten(qtbot: QtBot, view: NotesView) -> None:
    view.set_live({"loss/kl": 1.0})
    with qtbot.waitSignal(view.rendered):
        view.set_lab(INFO)
    qtbot.wait(300)
    assert view.numbers.text("loss/kl") == "–"


def test_another_theme_renders_again_and_the_place_stays(qtbot: QtBot, view: NotesView) -> None:
    bar = view.page.verticalScrollBar()
    bar.setValue(200)
    before = view.page.grab().toImage()
    with qtbot.waitSignal(view.rendered):
        theme().set_mode("light")
    assert bar.value() == 200
    assert view.page.grab().toImage() != before


def test_links_open_in_the_browser_and_nothing_else_does(view: NotesView, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    for url in ("https://arxiv.org/abs/1312.6114", "file:///etc/passwd", "javascript:alert(1)", "#here"):
        view.page.anchorClicked.emit(QUrl(url))
    assert opened == ["https://arxiv.org/abs/1312.6114"]


def test_copying_gives_latex(view: NotesView) -> None:
    cursor = view.page.textCursor()
    cursor.setPosition(0)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    view.page.setTextCursor(cursor)
    assert view.page.createMimeDataFromSelection().text() == "Let $x$ be the loss –:"


def test_a_wide_page_keeps_a_column_that_reads_well(view: NotesView) -> None:
    view.resize(1400, 600)
    assert view.page.viewport().width() <= 700
    view.resize(320, 600)
    assert view.page.viewport().width() > 290


@pytest.mark.once
def test_every_lab_of_the_house_is_set_without_a_broken_formula(
    qtbot: QtBot, view: NotesView, caplog: pytest.LogCaptureFixture
) -> None:
    import ast

    files = sorted((Path(__file__).resolve().parents[3] / "engine" / "labs").glob("*/[a-z]*.py"))
    assert files
    for file in files:
        notes = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        with qtbot.waitSignal(view.rendered):
            view.set_lab(LabInfo("a.b", file.stem, "a", notes=notes))
        assert not [record for record in caplog.records if "cannot be set" in record.getMessage()], file.name
        assert "{{" not in view.page.document().toPlainText(), f"{file.name}: a live number that is not one"

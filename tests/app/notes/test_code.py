from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QToolButton

from app.notes.code_view import CodeView
from app.notes.highlight import spans_of
from app.theme import theme
from engine.api.lab import LabInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

SOURCE = (
    '"""A lab with 𝒩."""\n\n'
    + "".join(f"NUMBER_{index} = {index}\n" for index in range(60))
    + "\n\n@lab(title='x')\ndef run(p, ctx):\n    return None  # a comment with run\n"
    + "".join(f"# filler {index}\n" for index in range(80))
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "topic" / "one.py"
    path.parent.mkdir()
    path.write_text(SOURCE, "utf-8")
    return path


@pytest.fixture
def view(qtbot: QtBot, file: Path) -> Iterator[CodeView]:
    made = CodeView()
    qtbot.addWidget(made)
    made.resize(500, 400)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.set_lab(LabInfo("topic.one", "One", "topic", file=str(file)))
    yield made
    theme().set_mode("dark")


def press(qtbot: QtBot, view: CodeView, words: str) -> None:
    button = next(found for found in view.findChildren(QToolButton) if found.toolTip().startswith(words))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_file_is_shown_from_run_on_and_cannot_be_changed(qtbot: QtBot, view: CodeView) -> None:
    assert view.page.toPlainText() == SOURCE
    lines = SOURCE.splitlines()
    first = view.page.line_tops()[0][0] - 1
    assert lines.index("def run(p, ctx):") - first in (1, 2, 3)
    qtbot.keyClicks(view.page, "x")
    assert view.page.toPlainText() == SOURCE


def test_lines_are_numbered(view: CodeView) -> None:
    view.page.verticalScrollBar().setValue(0)
    tops = view.page.line_tops()
    assert [number for number, _, _ in tops[:3]] == [1, 2, 3]
    assert tops[0][1] < tops[1][1] < tops[2][1]
    assert view.page.gutter.width() > 20


def test_a_file_that_cannot_be_read_says_so(view: CodeView, tmp_path: Path) -> None:
    view.set_lab(LabInfo("topic.two", "Two", "topic", file=str(tmp_path / "gone.py")))
    assert "gone.py cannot be read" in view.page.toPlainText()
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    view.set_lab(LabInfo("topic.two", "Two", "topic", file=str(tmp_path / "binary.py")))
    assert "binary.py cannot be read" in view.page.toPlainText()


def test_tokens_are_found_where_they_stand() -> None:
    spans = spans_of('x = "𝒩"  # why\n@lab\ndef run(p):\n    return 1\n')
    assert spans[0][-1] == (10, 5, "comment")  # 𝒩 takes two units of UTF-16
    assert sum(length for _, length, role in spans[0] if role == "string") == 4
    assert spans[1] == [(0, 4, "decorator")]
    assert (0, 3, "keyword") in spans[2]
    assert (4, 3, "name") in spans[2]
    assert spans[3] == [(4, 6, "keyword"), (11, 1, "number")]


@pytest.mark.parametrize("source", ["", "\n\n", "def (", '"""never closed', "\t\x0c\x00é"])
def test_any_source_is_read_line_by_line(source: str) -> None:
    assert len(spans_of(source)) == source.count("\n") + 1


def test_the_code_wears_the_theme(view: CodeView) -> None:
    dark = view.page.grab().toImage()
    theme().set_mode("light")
    assert view.page.grab().toImage() != dark


# Finding -----------------------------------------------------------------------------------------------------------------


def test_ctrl_f_finds_enter_goes_on_and_escape_closes(qtbot: QtBot, view: CodeView) -> None:
    view.page.moveCursor(QTextCursor.MoveOperation.Start)
    view.page.setFocus()
    qtbot.keyClick(view.page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = view.find_bar
    assert bar.isVisible()
    qtbot.keyClicks(bar.field, "run")
    assert bar.count.text() == "1 of 2"
    assert view.page.textCursor().selectedText() == "run"
    assert len(view.page.extraSelections()) == 2
    line = view.page.textCursor().blockNumber()
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 2"
    assert view.page.textCursor().blockNumber() == line + 1
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "1 of 2"
    qtbot.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.count.text() == "2 of 2"
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert view.page.extraSelections() == []
    assert view.page.textCursor().selectedText() == "run"


def test_what_is_not_there_is_told(qtbot: QtBot, view: CodeView) -> None:
    view.find_bar.open()
    view.find_bar.field.setText("nowhere")
    assert view.find_bar.count.text() == "none"
    assert view.find_bar.field.property("bad") is True
    view.find_bar.field.setText("NUMBER_7")
    assert view.find_bar.field.property("bad") is False
    assert view.find_bar.count.text() == "1 of 1"


def test_the_selection_becomes_the_words_to_find(qtbot: QtBot, view: CodeView) -> None:
    cursor = view.page.document().find("filler 3")
    view.page.setTextCursor(cursor)
    view.find_bar.open()
    assert view.find_bar.field.text() == "filler 3"
    assert view.find_bar.count.text().startswith("1 of")


# The file ----------------------------------------------------------------------------------------------------------------


def test_the_whole_file_is_copied(qtbot: QtBot, view: CodeView) -> None:
    press(qtbot, view, "Copy")
    assert QGuiApplication.clipboard().text() == SOURCE


def test_the_file_is_opened_in_its_editor(
    qtbot: QtBot, view: CodeView, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    press(qtbot, view, "Open the file")
    assert opened == [str(file)]

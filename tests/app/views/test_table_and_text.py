"""Tables and texts, as a person meets them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.theme import theme
from app.views.table_view import TableView
from app.views.text_view import TextView
from engine.api import Table, Text

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

COLUMNS = ("name", "value")
ROWS = (("b", 0.123456), ("a", 20), ("C", -3.0), ("d", float("nan")))


def shown(qtbot: QtBot, table: Table) -> TableView:
    view = TableView()
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show()
    view.show_frame(table)
    return view


def column(view: TableView, index: int) -> list[str]:
    return [view.rows.index(row, index).data() for row in range(view.rows.rowCount())]


def test_numbers_have_three_digits_and_stand_right(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", COLUMNS, ROWS))
    assert column(view, 1) == ["0.123", "20", "−3", "not a number"]
    cell = view.rows.index(0, 1)
    assert cell.data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == "0.123456"
    assert view.rows.index(0, 0).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignLeft


def test_a_column_has_one_side_with_its_heading(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", ("what", "now"), (("grid", "48³"), ("h", 0.04), ("n", 3474), ("tight", True))))
    role = Qt.ItemDataRole.TextAlignmentRole
    sides = {view.rows.index(row, 1).data(role) for row in range(4)}
    sides.add(view.rows.headerData(1, Qt.Orientation.Horizontal, role))
    assert sides == {int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)}


def test_a_heading_sorts_by_size_and_words_by_letter(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", COLUMNS, ROWS))
    view.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert column(view, 0) == ["C", "b", "a", "d"]
    view.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert column(view, 0) == ["a", "b", "C", "d"]
    view.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert column(view, 0) == ["b", "a", "C", "d"]


def test_a_click_picks_the_labs_own_row(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", COLUMNS, ROWS, edits="mode"))
    view.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    place = view.table.visualRect(view.rows.index(0, 0)).center()
    with qtbot.waitSignal(view.poked) as signal:
        QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    assert signal.args == ["mode", (2,)]


def test_a_frame_of_the_same_shape_keeps_the_selection(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", COLUMNS, ROWS))
    view.table.selectRow(2)
    view.show_frame(Table("t", COLUMNS, tuple((name, np.float32(1.5)) for name, _ in ROWS)))
    assert [index.row() for index in view.table.selectionModel().selectedRows()] == [2]
    assert column(view, 1)[0] == "1.50"
    view.show_frame(Table("t", COLUMNS, ROWS[:1]))
    assert view.rows.rowCount() == 1


def test_yes_no_and_nothing(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", ("found",), ((True,), (False,), (None,), (np.True_,))))
    assert column(view, 0) == ["yes", "no", "", "yes"]


def test_short_rows_and_empty_tables_are_no_crash(qtbot: QtBot) -> None:
    view = shown(qtbot, Table("t", COLUMNS, (("alone",),)))
    assert column(view, 1) == [""]
    view.show_frame(Table("t", COLUMNS, ()))
    assert view.rows.rowCount() == 0


def test_csv_is_exact(qtbot: QtBot, tmp_path: Path) -> None:
    view = shown(qtbot, Table("t", COLUMNS, ROWS))
    view.save_csv(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        assert list(csv.reader(file))[:2] == [["name", "value"], ["b", "0.123456"]]


def text_view(qtbot: QtBot) -> TextView:
    view = TextView()
    qtbot.addWidget(view)
    view.resize(320, 160)
    view.show()
    return view


def test_markdown_is_set_with_mathematics(qtbot: QtBot) -> None:
    view = text_view(qtbot)
    view.show_frame(Text("t", "**Bold** and $\\frac{a}{b}$."))
    plain = view.page.toPlainText()
    assert plain.startswith("Bold and ")
    assert "frac" not in plain


def test_the_place_one_reads_stays(qtbot: QtBot) -> None:
    view = text_view(qtbot)
    view.show_frame(Text("t", "\n\n".join(f"line {index}" for index in range(60))))
    view.page.verticalScrollBar().setValue(300)
    view.show_frame(Text("t", "\n\n".join(f"word {index}" for index in range(60))))
    assert view.page.verticalScrollBar().value() == 300
    assert "word 3" in view.page.toPlainText()


def test_text_follows_the_theme(qtbot: QtBot) -> None:
    view = text_view(qtbot)
    view.show_frame(Text("t", "words"))
    theme().set_mode("light")
    assert view.page.toPlainText() == "words"

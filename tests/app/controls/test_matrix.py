from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton

from app.controls.matrix import MatrixControl
from tests.app.controls.conftest import IDENTITY, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot


@pytest.fixture
def matrix(shown: Callable[[QWidget], QWidget]) -> MatrixControl:
    control = MatrixControl(field("kernel"))
    shown(control)
    return control


def type_in(qtbot: QtBot, matrix: MatrixControl, row: int, column: int, text: str) -> None:
    cell = matrix.cell(row, column)
    cell.setFocus()
    cell.selectAll()
    qtbot.keyClicks(cell, text)
    qtbot.keyClick(cell, Qt.Key.Key_Return)


def press(qtbot: QtBot, matrix: MatrixControl, words: str) -> None:
    button = next(found for found in matrix.findChildren(QToolButton) if found.toolTip() == words)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_cell_is_typed_into(qtbot: QtBot, matrix: MatrixControl) -> None:
    told: list[Any] = []
    matrix.changed.connect(told.append)
    type_in(qtbot, matrix, 0, 1, "-0.5")
    assert told == [((1.0, -0.5), (0.0, 1.0))]


@pytest.mark.parametrize("text", ["x", "1e", "nan"])
def test_a_bad_cell_is_outlined_and_the_matrix_stays(qtbot: QtBot, matrix: MatrixControl, text: str) -> None:
    type_in(qtbot, matrix, 1, 0, text)
    assert matrix.value() == IDENTITY
    assert matrix.cell(1, 0).property("bad") is True
    assert text in matrix.cell(1, 0).toolTip()
    assert not matrix.cell(0, 0).property("bad")
    type_in(qtbot, matrix, 1, 0, "3")
    assert matrix.value() == ((1.0, 0.0), (3.0, 1.0))
    assert matrix.cell(1, 0).property("bad") is False


def test_rows_and_columns_come_and_go_within_the_limits(qtbot: QtBot, matrix: MatrixControl) -> None:
    press(qtbot, matrix, "One row more")
    assert matrix.value() == ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    press(qtbot, matrix, "One row more")
    assert len(matrix.value()) == 3
    for _ in range(5):
        press(qtbot, matrix, "One column more")
    assert len(matrix.value()[0]) == 4
    for _ in range(9):
        press(qtbot, matrix, "One row fewer")
        press(qtbot, matrix, "One column fewer")
    assert matrix.value() == ((1.0,),)


def test_arrow_keys_go_from_cell_to_cell(qtbot: QtBot, matrix: MatrixControl) -> None:
    matrix.cell(0, 0).setFocus()
    for key, place in (
        (Qt.Key.Key_Right, (0, 1)),
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Left, (1, 0)),
        (Qt.Key.Key_Up, (0, 0)),
        (Qt.Key.Key_Up, (0, 0)),
    ):
        focus = QApplication.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, key)
        assert QApplication.focusWidget() is matrix.cell(*place)


def test_a_matrix_of_another_size_is_shown(matrix: MatrixControl) -> None:
    matrix.set_value(((1.0, 2.0, 3.0),))
    assert matrix.cell(0, 2).text() == "3"
    assert matrix.value() == ((1.0, 2.0, 3.0),)

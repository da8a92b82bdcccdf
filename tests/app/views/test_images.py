"""The grid of pictures, as a person meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.views.images import ImagesView
from engine.api import Images
from tests.app.views.hands import click, drag, key, move, seen, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def view(qtbot: QtBot) -> ImagesView:
    made = ImagesView()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    return made


def is_zoomed(view: ImagesView) -> bool:
    return view.grid.zoomed


def middle(view: ImagesView, index: int) -> QPointF:
    grid = view.grid.grid()
    x, y = grid.corner(index)
    return QPointF(x + grid.width / 2, y + grid.height / 2)


def shown(view: ImagesView, index: int) -> list[int]:
    at = middle(view, index).toPoint()
    return list(seen(view.grid)[at.y(), at.x()].tolist())


def test_every_picture_stands_in_its_place(view: ImagesView) -> None:
    greys = np.linspace(0, 1, 12)
    view.show_frame(Images("samples", np.ones((12, 8, 8), np.float32) * greys[:, None, None].astype(np.float32)))
    for index, grey in enumerate(greys):
        assert shown(view, index) == [round(grey * 255)] * 3


def test_colour_pictures_keep_their_colours(view: ImagesView) -> None:
    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    pixels[0], pixels[1] = (200, 10, 30), (0, 90, 255)
    view.show_frame(Images("samples", pixels))
    assert shown(view, 0) == [200, 10, 30]
    assert shown(view, 1) == [0, 90, 255]


def test_small_pictures_are_sharp(view: ImagesView) -> None:
    board = np.indices((8, 8)).sum(axis=0) % 2
    view.show_frame(Images("samples", board[None].astype(np.float32)))
    grid = view.grid.grid()
    x, y = grid.corner(0)
    inside = seen(view.grid)[round(y) : round(y + grid.height), round(x) : round(x + grid.width), 0]
    assert set(np.unique(inside)) == {0, 255}
    assert inside.mean() == pytest.approx(127.5)


def test_large_pictures_are_averaged_when_reduced(view: ImagesView) -> None:
    board = (np.indices((1024, 1024)).sum(axis=0) % 2).astype(np.float32)
    view.show_frame(Images("samples", board[None]))
    at = middle(view, 0).toPoint()
    patch = seen(view.grid)[at.y() - 20 : at.y() + 20, at.x() - 20 : at.x() + 20]
    assert np.abs(patch - 127).max() < 12


def test_a_click_picks_where_the_lab_asks(view: ImagesView, qtbot: QtBot) -> None:
    view.show_frame(Images("path", np.zeros((10, 8, 8)), edits="chosen"))
    with qtbot.waitSignal(view.poked) as signal:
        click(view.grid, middle(view, 7))
    assert signal.args == ["chosen", (7,)]


def test_a_click_between_pictures_or_without_edits_sends_nothing(view: ImagesView, qtbot: QtBot) -> None:
    view.show_frame(Images("path", np.zeros((10, 8, 8)), edits="chosen"))
    with qtbot.assertNotEmitted(view.poked):
        click(view.grid, QPointF(1, 1))
        view.show_frame(Images("path", np.zeros((10, 8, 8))))
        click(view.grid, middle(view, 3))


def test_arrows_and_enter_pick(view: ImagesView, qtbot: QtBot) -> None:
    view.show_frame(Images("path", np.zeros((10, 8, 8)), edits="chosen", columns=5))
    key(view.grid, Qt.Key.Key_Right)
    key(view.grid, Qt.Key.Key_Right)
    key(view.grid, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.poked) as signal:
        key(view.grid, Qt.Key.Key_Return)
    assert signal.args == ["chosen", (6,)]


def test_the_cursor_finds_picture_and_pixel(view: ImagesView) -> None:
    view.show_frame(Images("samples", np.zeros((4, 8, 8)), columns=2))
    grid = view.grid.grid()
    x, y = grid.corner(3)
    assert view.grid.under(QPointF(x + 2.5 * grid.width / 8, y + 6.5 * grid.height / 8)) == (3, 2, 6)
    before = seen(view.grid)
    move(view.grid, QPointF(x + 2, y + 2))
    assert (seen(view.grid) != before).any()  # the magnifier


def test_zoom_keeps_what_is_under_the_cursor(view: ImagesView) -> None:
    view.show_frame(Images("samples", np.zeros((16, 8, 8))))
    at = middle(view, 5)
    place = view.grid.under(at)
    wheel(view.grid, at, 5)
    assert is_zoomed(view)
    assert view.grid.under(at) == place
    moved = view.grid.transform.dx()
    drag(view.grid, QPointF(200, 150), QPointF(170, 150))
    assert view.grid.transform.dx() == pytest.approx(moved - 30)
    key(view.grid, Qt.Key.Key_Home)
    assert not is_zoomed(view)
    wheel(view.grid, at, -5)
    assert not is_zoomed(view)  # never smaller than fitted


def test_a_drag_is_not_a_click(view: ImagesView, qtbot: QtBot) -> None:
    view.show_frame(Images("path", np.zeros((4, 8, 8)), edits="chosen"))
    with qtbot.assertNotEmitted(view.poked):
        drag(view.grid, middle(view, 0), middle(view, 0) + QPointF(40, 0))


def test_what_is_not_a_number_is_marked(view: ImagesView) -> None:
    pixels = np.zeros((1, 8, 8), np.float32)
    pixels[:] = np.nan
    view.show_frame(Images("samples", pixels))
    assert shown(view, 0) == [242, 85, 90]


def test_no_pictures_is_no_crash_and_captions_show(view: ImagesView) -> None:
    view.show_frame(Images("samples", np.zeros((0, 8, 8))))
    seen(view.grid)
    view.show_frame(Images("samples", np.zeros((4, 8, 8)), columns=2))
    bare = seen(view.grid)
    view.show_frame(Images("samples", np.zeros((4, 8, 8)), labels=("a", "b", "c", "d"), columns=2))
    assert (seen(view.grid) != bare).any()


def test_the_number_of_pictures_may_change(view: ImagesView) -> None:
    view.show_frame(Images("samples", np.zeros((9, 8, 8))))
    view.grid.chosen = 8
    view.show_frame(Images("samples", np.ones((2, 4, 4))))
    assert view.grid.chosen == 1
    assert shown(view, 1) == [255, 255, 255]

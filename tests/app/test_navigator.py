"""The navigator leads to every lab by mouse and keyboard, wide and narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QToolButton

from app.library import Library
from app.topics.navigator import NARROW, PAGE, RUNNING, WIDE, Navigator
from tests.app.samples import keep_labs

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel
    from pytestqt.qtbot import QtBot

    from app.places import Places
    from app.theme import Theme


@pytest.fixture
def navigator(places: Places, look: Theme, qtbot: QtBot) -> Navigator:
    keep_labs(places.cache)
    library = Library(places.cache)
    library.read()
    made = Navigator(library)
    made.library_kept_alive = library  # type: ignore[attr-defined]  # a window would hold it
    qtbot.addWidget(made)
    made.resize(WIDE, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def rows(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[str]:
    """Titles from top to bottom; labs are indented."""
    found = []
    for row in range(model.rowCount(parent or QModelIndex())):
        index = model.index(row, 0, parent or QModelIndex())
        found.append(("  " if parent else "") + index.data())
        found += rows(model, index) if model.hasChildren(index) and parent is None else []
    return found


def place(navigator: Navigator, page: str) -> QModelIndex:
    model = navigator.tree.model()
    found = model.match(model.index(0, 0), PAGE, page, 1, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    return found[0]


def click(navigator: Navigator, page: str, qtbot: QtBot) -> None:
    where = navigator.tree.visualRect(place(navigator, page)).center()
    qtbot.mouseClick(navigator.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_it_lists_what_there_is_in_the_course_order(navigator: Navigator) -> None:
    assert rows(navigator.tree.model()) == [
        "Start",
        "Neurons",
        "  Perceptron",
        "  Network playground",
        "  Broken one",
        "Convolution",
        "  Kernels",
        "Autoencoders",
        "  Variational autoencoder",
        "Diffusion",
        "  Denoising diffusion",
        "Surfaces",
        "  Signed distance field",
    ]


def test_a_click_opens_a_topic_and_then_a_lab(navigator: Navigator, qtbot: QtBot) -> None:
    with qtbot.waitSignal(navigator.opened) as opened:
        click(navigator, "neurons", qtbot)
    assert opened.args == ["neurons"]
    navigator.show_page("neurons")
    assert navigator.tree.isExpanded(place(navigator, "neurons"))
    with qtbot.waitSignal(navigator.opened) as opened:
        click(navigator, "neurons.playground", qtbot)
    assert opened.args == ["neurons.playground"]


def test_a_click_on_the_open_topic_folds_it(navigator: Navigator, qtbot: QtBot) -> None:
    navigator.show_page("neurons")
    with qtbot.assertNotEmitted(navigator.opened):
        click(navigator, "neurons", qtbot)
    assert not navigator.tree.isExpanded(place(navigator, "neurons"))


def test_a_broken_lab_is_grey_says_why_and_does_not_open(navigator: Navigator, qtbot: QtBot) -> None:
    navigator.show_page("neurons")
    broken = place(navigator, "neurons.broken")
    assert not broken.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "no module named x" in broken.data(Qt.ItemDataRole.ToolTipRole)
    with qtbot.assertNotEmitted(navigator.opened):
        click(navigator, "neurons.broken", qtbot)


def test_keys_move_and_open(navigator: Navigator, qtbot: QtBot) -> None:
    navigator.show_page("neurons")
    navigator.tree.setFocus()
    qtbot.keyClick(navigator.tree, Qt.Key.Key_Down)
    with qtbot.waitSignal(navigator.opened) as opened:
        qtbot.keyClick(navigator.tree, Qt.Key.Key_Return)
    assert opened.args == ["neurons.perceptron"]


def test_the_filter_finds_a_lab_within_its_topic_and_return_opens_it(navigator: Navigator, qtbot: QtBot) -> None:
    qtbot.keyClicks(navigator.search, "auto")
    assert rows(navigator.tree.model()) == ["Autoencoders", "  Variational autoencoder"]
    with qtbot.waitSignal(navigator.opened) as opened:
        qtbot.keyClick(navigator.search, Qt.Key.Key_Return)
    assert opened.args == ["autoencoders.vae"]
    navigator.search.clear()
    assert len(rows(navigator.tree.model())) == 13


def test_the_filter_passes_over_a_broken_lab_and_may_find_nothing(navigator: Navigator, qtbot: QtBot) -> None:
    for words in ("broken", "no such thing"):
        navigator.search.setText(words)
        with qtbot.assertNotEmitted(navigator.opened):
            qtbot.keyClick(navigator.search, Qt.Key.Key_Return)


def test_a_dot_marks_a_running_lab_and_its_topic(navigator: Navigator) -> None:
    navigator.show_page("neurons.perceptron")
    calm = navigator.tree.grab().toImage()
    navigator.set_running("neurons.perceptron", True)
    assert place(navigator, "neurons.perceptron").data(RUNNING)
    assert place(navigator, "neurons").data(RUNNING)
    assert not place(navigator, "neurons.playground").data(RUNNING)
    assert navigator.tree.grab().toImage() != calm
    navigator.fill()
    assert place(navigator, "neurons.perceptron").data(RUNNING), "it outlives a new list"
    navigator.set_running("neurons.perceptron", False)
    assert not place(navigator, "neurons").data(RUNNING)


def test_narrow_it_is_a_rail_whose_icons_open_menus(navigator: Navigator, qtbot: QtBot) -> None:
    navigator.set_narrow(True)
    navigator.show_page("neurons.perceptron")
    assert navigator.is_narrow
    assert navigator.width() == NARROW
    buttons = {button.accessibleName(): button for button in navigator.rail.findChildren(QToolButton)}
    assert buttons["Neurons"].isChecked()
    assert not buttons["Start"].isChecked()
    menu = buttons["Neurons"].menu()
    assert [(action.text(), action.isEnabled()) for action in menu.actions()] == [
        ("Perceptron", True),
        ("Network playground", True),
        ("Broken one", False),
    ]
    with qtbot.waitSignal(navigator.opened) as opened:
        menu.actions()[1].trigger()
    assert opened.args == ["neurons.playground"]
    with qtbot.waitSignal(navigator.opened) as opened:
        qtbot.mouseClick(buttons["Start"], Qt.MouseButton.LeftButton)
    assert opened.args == ["start"]
    with qtbot.waitSignal(navigator.fold_wanted):
        qtbot.mouseClick(navigator.rail.fold, Qt.MouseButton.LeftButton)

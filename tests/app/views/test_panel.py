"""The panel around a view, as a person meets it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QToolButton

from app.views.base import View
from app.views.curves import CurvesView
from app.views.images import ImagesView
from app.views.panel import ViewPanel
from app.views.plot import PlotView
from app.views.table import VIEWS, make_view
from engine.api import Images, Line, Pad, Picture, Plot, Scatter, Table, Text
from engine.api import View as Place
from engine.api.params import Field
from tests.app.views.hands import click, key, move, seen

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

X = np.linspace(0, 1, 20)
LOSS = Place("loss", "Loss", "press Start")


def panel_of(qtbot: QtBot, place: Place = LOSS, width: int = 460) -> ViewPanel:
    panel = ViewPanel(place)
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    panel.show()
    return panel


def labels(panel: ViewPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def button(panel: ViewPanel, name: str) -> QToolButton:
    return next(found for found in panel.findChildren(QToolButton) if found.accessibleName() == name)


def test_an_empty_panel_says_what_to_do(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    assert labels(panel) == ["Loss", "press Start"]


@pytest.mark.parametrize("kind", list(VIEWS))
def test_every_row_of_the_table_makes_its_view(qtbot: QtBot, kind: Any) -> None:
    view = make_view(kind)
    qtbot.addWidget(view)
    assert type(view) is VIEWS[kind]


def test_the_first_frame_decides_the_view_and_later_ones_keep_it(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    panel.accept(Images("loss", np.zeros((4, 8, 8)), note="64"))
    view = panel.view
    assert isinstance(view, ImagesView)
    assert labels(panel) == ["Loss", "64"]
    panel.accept(Images("loss", np.ones((4, 8, 8))))
    assert panel.view is view
    panel.accept(Plot("loss", (Line(X, X),)))
    assert isinstance(panel.view, PlotView)


def test_the_hint_becomes_the_note_where_one_can_poke(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, Place("latent", "Latent space", "drag the cross"))
    panel.bind_fields((Field("z", "tuple", (0.0, 0.0), Pad(-1, 1)),))
    panel.accept(Plot("latent", (Line(X, X),), edits="z"))
    assert labels(panel) == ["Latent space", "drag the cross"]


def test_pokes_pass_through_and_parameters_reach_a_late_view(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    panel.bind_fields((Field("z", "tuple", (0.0, 0.0), Pad(-1, 1)),))
    panel.set_parameter("z", (0.5, 0.25))
    panel.accept(Plot("loss", (Line(X, X),), edits="z"))
    view = panel.view
    assert isinstance(view, PlotView)
    assert view.canvas.tool.place == (0.5, 0.25)
    with qtbot.waitSignal(panel.poked) as signal:
        click(view.canvas, QPointF(200, 100))
    assert signal.args[0] == "z"


def test_a_chart_takes_unit_and_axis_from_its_place(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, Place("loss", "Loss", unit="nats", log=True))
    chart = panel.curves()
    assert chart is panel.curves()
    assert chart.chart.log
    assert chart.chart.looks[1].unit == "nats"


def test_the_legend_in_the_header_hides_a_curve(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    chart = panel.curves()
    chart.append("a", "kl", np.arange(9), np.arange(9.0))
    chart.append("a", "elbo", np.arange(9), np.arange(9.0))
    bar = panel._legend
    first, second = bar.areas()
    click(bar, second.center())
    assert chart.chart.hidden == {"elbo"}
    move(bar, first.center())
    assert chart.chart.emphasised == "kl"
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Space)
    assert chart.chart.hidden == {"elbo", "kl"}


@pytest.mark.parametrize("width", [180, 300, 460, 900])
def test_nothing_in_the_header_overlaps_or_is_cut_off(qtbot: QtBot, width: int) -> None:
    panel = panel_of(qtbot, Place("loss", "A rather long title of a view"), width)
    panel.accept(
        Plot(
            "loss",
            (Line(X, X, "a long label"), Line(X, -X, "another long label", colour=1)),
            note="a note that is long as well",
        )
    )
    qtbot.wait(10)
    assert panel.width() == width  # the header never widens the panel
    parts = [panel._title, panel._note, panel._legend, panel._menu_button, panel._expand_button, panel._close_button]
    shown = [part for part in parts if part.isVisible() and part.width()]
    spans = sorted((part.mapTo(panel, QPoint()).x(), part.mapTo(panel, QPoint()).x() + part.width()) for part in shown)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] <= width
    assert panel._title.width() >= 40


def test_a_long_title_without_a_legend_leaves_no_empty_row(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, Place("loss", "A rather long title of a view that fits nowhere at all"), 240)
    panel.accept(Images("loss", np.zeros((1, 8, 8))))
    qtbot.wait(10)
    assert not panel._low_legend.isVisible()


def test_a_long_title_is_shortened_and_told_in_a_tooltip(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, Place("loss", "A rather long title of a view that fits nowhere at all"), 240)
    qtbot.wait(10)
    assert QLabel.text(panel._title).endswith("…")
    assert panel._title.toolTip() == panel.place.title


def test_expand_and_back_by_button_and_escape(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    with qtbot.waitSignal(panel.expanded) as signal:
        button(panel, "Fill the page").click()
    assert signal.args == ["loss", True]
    with qtbot.waitSignal(panel.expanded) as signal:
        key(panel, Qt.Key.Key_Escape)
    assert signal.args == ["loss", False]


def test_close_only_asks(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    with qtbot.waitSignal(panel.closed) as signal:
        button(panel, "Close this view").click()
    assert signal.args == ["loss"]
    assert panel.isVisible()


def menu_words(panel: ViewPanel) -> list[str]:
    menu = panel.menu()
    words = [action.text() for action in menu.actions() if action.isVisible() and action.text()]
    menu.deleteLater()
    return words


def test_the_menu_offers_what_the_view_can(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    assert menu_words(panel) == ["Fill the page", "Close"]
    panel.accept(Images("loss", np.zeros((4, 8, 8))))
    assert menu_words(panel) == ["Save picture…", "Copy picture", "Fill the page", "Close"]
    panel.accept(Plot("loss", (Line(X, X),)))
    assert "Export CSV…" in menu_words(panel)


def test_saving_asks_where_and_writes(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(qtbot)
    panel.accept(Plot("loss", (Line(X, X),)))
    assert panel.view is not None
    asked: list[str] = []

    def choose(parent: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        asked.append(name)
        return str(tmp_path / Path(name).stem), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    panel.view.ask_picture()
    panel.view.ask_csv()
    assert asked == ["Loss.png", "Loss.csv"]
    assert not QImage(str(tmp_path / "Loss.png")).isNull()
    assert (tmp_path / "Loss.csv").read_text("utf-8").startswith("layer,")


def test_a_place_that_cannot_be_written_is_told(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(qtbot)
    panel.accept(Plot("loss", (Line(X, X),)))
    assert panel.view is not None
    told: list[str] = []
    monkeypatch.setattr("app.views.base.notify", lambda text: told.append(text))
    missing = str(tmp_path / "gone" / "x.{}")
    for ending, ask in (("png", panel.view.ask_picture), ("csv", panel.view.ask_csv)):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, ending=ending: (missing.format(ending), ""))
        ask()
    assert len(told) == 2
    assert all("could not be written" in text for text in told)


def test_copy_puts_the_picture_on_the_clipboard(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    panel.accept(Plot("loss", (Line(X, X),)))
    assert panel.view is not None
    panel.view.copy()
    image = QGuiApplication.clipboard().image()
    assert image.width() == 2 * panel.view.width()


def test_clear_brings_the_hint_back_but_keeps_a_chart(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    panel.accept(Text("loss", "words"))
    panel.clear()
    assert labels(panel) == ["Loss", "press Start"]
    chart = panel.curves()
    chart.append("a", "kl", np.arange(9), np.arange(9.0))
    panel.clear()
    assert panel.view is chart
    assert chart.legend() == ()


@pytest.mark.parametrize(
    "frame",
    [
        Images("v", np.zeros((16, 8, 8))),
        Plot("v", (Scatter(np.random.default_rng(0).normal(size=(50, 2))),)),
        Picture("v", np.zeros((30, 30))),
        Table("v", ("a",), ((1,),)),
        Text("v", "words"),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_views_live_at_any_size_and_in_both_themes(qtbot: QtBot, frame: Any) -> None:
    from app.theme import theme

    panel = panel_of(qtbot)
    panel.accept(frame)
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        for size in ((160, 120), (300, 200), (1200, 800)):
            panel.resize(*size)
            seen(panel)


def test_switching_views_leaves_no_old_one_behind(qtbot: QtBot) -> None:
    panel = panel_of(qtbot)
    for _ in range(5):
        panel.accept(Text("loss", "words"))
        panel.accept(Images("loss", np.zeros((1, 8, 8))))
    qtbot.wait(20)
    assert len(panel.findChildren(View)) == 1


def test_all_pokes_arrive_in_order_and_the_last_of_a_burst_too(qtbot: QtBot) -> None:
    view = CurvesView()
    qtbot.addWidget(view)
    sent: list[object] = []
    view.poked.connect(lambda name, value: sent.append((name, value)))
    view.poke("a", 1)
    view.poke("a", 2)
    view.poke("b", 3)
    view.poke("a", 4)
    assert sent == [("a", 1)]
    qtbot.waitUntil(lambda: len(sent) == 3, timeout=500)
    assert sent[1:] == [("a", 4), ("b", 3)]

"""The plot canvas, as a person meets it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.theme import theme
from app.views.plot import PlotView
from engine.api import Arrows, Axis, Band, Bars, Contour, Graph, Heat, Line, Pad, Pick, Plot, PointSet, Scatter
from engine.api.params import Control, Field
from tests.app.views.hands import RIGHT, click, drag, key, move, near, press, release, seen, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from engine.api.frames import Layer

X = np.linspace(-2, 2, 50)


@pytest.fixture
def view(qtbot: QtBot) -> PlotView:
    made = PlotView()
    qtbot.addWidget(made)
    made.resize(440, 320)
    made.show()
    return made


def show(view: PlotView, *layers: Layer, **more: Any) -> PlotView:
    view.show_frame(Plot("p", layers, **more))
    view.canvas.x_span.advance(1000)
    view.canvas.y_span.advance(1000)
    return view


def edit(view: PlotView, control: Control, value: object, *layers: Layer, **more: Any) -> PlotView:
    view.bind_fields((Field("poke", "tuple", value, control),))
    return show(view, *layers, edits="poke", **more)


def pixel(view: PlotView, x: float, y: float) -> QPointF:
    m = view.canvas.mapping()
    return QPointF(float(m.x_pixels(x)), float(m.y_pixels(y)))


def colour_at(view: PlotView, x: float, y: float) -> np.ndarray:
    at = pixel(view, x, y).toPoint()
    return np.asarray(seen(view.canvas)[at.y(), at.x()])


def ink(view: PlotView, colour: str) -> int:
    return int(near(seen(view.canvas), colour, 60).sum())


# layers ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        Line(X, X, "a", colour=2),
        Line(X, X, "a", colour=2, dashed=True),
        Scatter(np.stack([X, X], 1), colour=2),
        Scatter(np.stack([X, X], 1), colour=2, hollow=True, size=9),
        Bars(np.arange(4), np.array([1.0, 2, -1, 3]), colour=2),
        Arrows(np.zeros((5, 2)), np.random.default_rng(0).normal(size=(5, 2)), colour=2),
        Contour(np.hypot(*np.meshgrid(X, X)), (-2, 2, -2, 2), (1.0,), colour=2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_every_layer_leaves_ink_of_its_colour(view: PlotView, layer: Layer) -> None:
    show(view, layer)
    assert ink(view, theme().colours.series[2]) > 30


def test_a_band_lies_between_its_curves(view: PlotView) -> None:
    show(view, Band(X, X * 0 - 1, X * 0 + 1, colour=0))
    assert (colour_at(view, 0.013, 0.52) != colour_at(view, 0.013, 1.04)).any()


def test_groups_take_the_series_colours(view: PlotView) -> None:
    show(view, Scatter(np.array([[0.0, 0], [1, 1]]), groups=np.array([1, 3]), size=9))
    assert near(colour_at(view, 0, 0), theme().colours.series[1], 12)
    assert near(colour_at(view, 1, 1), theme().colours.series[3], 12)


def test_a_matrix_shows_cells_with_row_0_below(view: PlotView) -> None:
    show(view, Heat(np.array([[0.0, 0.25], [0.75, 1.0]]), (0, 2, 0, 2), "grey", (0, 1)))
    assert [round(colour_at(view, x, y)[0] / 255, 2) for x, y in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5), (1.5, 1.5))] == [
        0,
        0.25,
        0.75,
        1,
    ]


def test_a_fine_heat_map_has_its_samples_on_the_edges(view: PlotView) -> None:
    values = np.repeat(np.linspace(0, 1, 21)[None], 21, axis=0)
    show(view, Heat(values, (-1, 1, -1, 1), "grey", (0, 1)))
    for x in (-0.9, 0.0, 0.9):
        assert colour_at(view, x, 0.1)[0] / 255 == pytest.approx((x + 1) / 2, abs=0.009)


def test_contour_and_heat_map_agree(view: PlotView) -> None:
    values = np.repeat(np.linspace(-1, 1, 41)[None], 41, axis=0)
    show(view, Contour(values, (-1, 1, -1, 1), (0.5,), colour=2))
    assert near(seen(view.canvas)[:, round(pixel(view, 0.5, 0).x())], theme().colours.series[2], 90).sum() > 100


def test_diverging_colours_sit_on_their_centre(view: PlotView) -> None:
    show(view, Heat(np.array([[0.2, 0.5, 0.8]]), (0, 3, 0, 1), "diverging", centre=0.5))
    low, mid, high = (colour_at(view, x, 0.5) for x in (0.5, 1.5, 2.5))
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert mid.max() - mid.min() < 12


def test_axes_fixed_logarithmic_and_growing(view: PlotView) -> None:
    show(view, Line(np.array([1.0, 1000]), np.array([0.0, 1])), x=Axis("steps", log=True), y=Axis("p", range=(0, 1)))
    assert view.canvas.x_span.now.log
    assert (view.canvas.y_span.now.lo, view.canvas.y_span.now.hi) == (0, 1)
    first = view.canvas.x_span.goal
    show(view, Line(np.array([1.0, 990]), np.array([0.0, 1])), x=Axis("steps", log=True), y=Axis("p", range=(0, 1)))
    assert view.canvas.x_span.goal == first  # nothing jumps
    assert abs(pixel(view, 10, 0).x() - (pixel(view, 1, 0).x() + pixel(view, 100, 0).x()) / 2) < 1e-6


def test_equal_axes_draw_a_circle_round(view: PlotView) -> None:
    show(view, Line(np.cos(X), np.sin(X)), equal=True)
    m = view.canvas.mapping()
    assert m.x_scale == pytest.approx(m.y_scale)


def test_a_heat_map_fills_the_plot_exactly(view: PlotView) -> None:
    show(view, Heat(np.zeros((30, 28)), (0, 28, 0, 30)), Scatter(np.array([[14.0, 15]])))
    assert (view.canvas.x_span.goal.lo, view.canvas.x_span.goal.hi) == (0, 28)


def test_lonely_nans_and_empty_layers_are_no_crash(view: PlotView) -> None:
    nothing = np.empty(0)
    show(
        view,
        Line(np.full(5, np.nan), np.full(5, np.nan), "a"),
        Line(nothing, nothing),
        Band(nothing, nothing, nothing),
        Scatter(np.empty((0, 2)), groups=np.empty(0, int)),
        Bars(nothing, nothing),
        Arrows(np.empty((0, 2)), np.empty((0, 2))),
        Heat(np.full((3, 3), np.nan), (0, 1, 0, 1), legend="p"),
        Graph(np.empty((0, 2)), np.empty((0, 2), int), nothing),
    )
    move(view.canvas, QPointF(200, 150))
    seen(view.canvas)


def test_legend_hides_a_layer(view: PlotView) -> None:
    show(view, Line(X, X, "model", colour=2), Scatter(np.stack([X, -X], 1), label="data", colour=4))
    assert [(entry.text, entry.mark) for entry in view.legend()] == [("model", "line"), ("data", "dot")]
    view.toggle("model")
    assert ink(view, theme().colours.series[2]) == 0
    assert view.legend()[0].hidden


def test_zoom_goes_around_the_cursor_and_home_goes_back(view: PlotView) -> None:
    show(view, Scatter(np.stack([X, X], 1)))
    at = pixel(view, 1.0, 0.5)
    wheel(view.canvas, at, 6)
    x, y = view.canvas.mapping().point(at.x(), at.y())
    assert [x, y] == pytest.approx([1.0, 0.5], abs=0.02)  # the margin may make room for longer ticks
    show(view, Scatter(np.stack([X * 9, X], 1)))
    assert view.canvas.x_span.now.hi < 5  # what the person chose stays
    key(view.canvas, Qt.Key.Key_Home)
    view.canvas.x_span.advance(1000)
    assert view.canvas.x_span.now.hi >= 18


def test_csv_of_layers(view: PlotView, tmp_path: Path) -> None:
    show(view, Line(np.array([0.0, 1]), np.array([2.0, 3]), "model"), Heat(np.array([[1.0, 2]]), (0, 2, 0, 1)))
    view.save_csv(tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["layer", "label", "x", "y", "value"],
        ["line", "model", "0.0", "2.0", ""],
        ["line", "model", "1.0", "3.0", ""],
        ["heat", "", "0.5", "0.5", "1.0"],
        ["heat", "", "1.5", "0.5", "2.0"],
    ]


# edits ----------------------------------------------------------------------------------------------------------------------------


def test_pad_follows_the_drag_and_stays_inside(view: PlotView, qtbot: QtBot) -> None:
    edit(view, Pad(-3, 3, live=True), (0.0, 0.0), Scatter(np.stack([X, X], 1)))
    sent: list[tuple[str, Any]] = []
    view.poked.connect(lambda name, value: sent.append((name, value)))
    drag(view.canvas, pixel(view, 0, 0), pixel(view, 1.5, -1.0))
    name, (x, y) = sent[-1]
    assert (name, x, y) == ("poke", pytest.approx(1.5), pytest.approx(-1.0))
    drag(view.canvas, pixel(view, 0, 0), pixel(view, 0, 0) + QPointF(0, -1000))
    assert sent[-1][1][1] == 3


def test_pad_covers_its_range_and_moves_by_keys(view: PlotView) -> None:
    edit(view, Pad(-3, 3), (0.0, 0.0), Scatter(np.zeros((1, 2))))
    assert view.canvas.x_span.goal.lo <= -3
    assert view.canvas.x_span.goal.hi >= 3
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    key(view.canvas, Qt.Key.Key_Right)
    view._send_waiting()
    assert sent[-1] == (pytest.approx(0.06), 0.0)
    key(view.canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    view._send_waiting()
    assert sent[-1] == (pytest.approx(0.06), pytest.approx(0.6))


def test_pad_takes_the_value_from_elsewhere_but_not_in_a_drag(view: PlotView) -> None:
    edit(view, Pad(-3, 3), (0.0, 0.0), Scatter(np.zeros((1, 2))))
    view.set_parameter("poke", (2.0, 1.0))
    assert near(seen(view.canvas), theme().colours.live, 30)[:, round(pixel(view, 2, 1).x())].any()
    press(view.canvas, pixel(view, -1, -1))
    view.set_parameter("poke", (2.0, 1.0))
    assert view.canvas.tool.place == (pytest.approx(-1), pytest.approx(-1))
    release(view.canvas, pixel(view, -1, -1))


def test_edits_leave_at_most_thirty_times_a_second_and_the_last_is_never_lost(view: PlotView, qtbot: QtBot) -> None:
    edit(view, Pad(-3, 3), (0.0, 0.0), Scatter(np.zeros((1, 2))))
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    press(view.canvas, pixel(view, 0, 0))
    for x in np.linspace(0, 2, 200).tolist():
        move(view.canvas, pixel(view, x, 0), Qt.MouseButton.LeftButton)
    assert len(sent) < 40
    release(view.canvas, pixel(view, 2, 0))
    assert sent[-1][0] == pytest.approx(2)
    count = len(sent)
    qtbot.wait(100)
    assert len(sent) == count


def test_points_are_placed_moved_and_removed(view: PlotView) -> None:
    edit(view, PointSet(-2, 2, 2), (), Heat(np.zeros((30, 30)), (-2, 2, -2, 2)))
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    click(view.canvas, pixel(view, 1, 1))
    assert sent[-1] == ((pytest.approx(1), pytest.approx(1), 0),)
    click(view.canvas, pixel(view, -1, 0), keys=Qt.KeyboardModifier.ShiftModifier)
    assert [group for *_, group in sent[-1]] == [0, 1]
    drag(view.canvas, pixel(view, 1, 1), pixel(view, 0.5, -1))
    assert sent[-1][0] == (pytest.approx(0.5), pytest.approx(-1), 0)
    assert len(sent[-1]) == 2
    click(view.canvas, pixel(view, -1, 0), RIGHT)
    assert len(sent[-1]) == 1
    key(view.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(sent[-1]) == 2
    key(view.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert sent[-1][0][:2] == (pytest.approx(1), pytest.approx(1))
    key(view.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert sent[-1][0][:2] == (pytest.approx(0.5), pytest.approx(-1))


def test_a_drag_in_empty_space_paints_points(view: PlotView) -> None:
    edit(view, PointSet(-2, 2, 3), (), Heat(np.zeros((30, 30)), (-2, 2, -2, 2)))
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    key(view.canvas, Qt.Key.Key_3)
    drag(view.canvas, pixel(view, -1.5, 0), pixel(view, 1.5, 0), steps=40)
    assert 5 < len(sent[-1]) < 40
    assert {group for *_, group in sent[-1]} == {2}
    key(view.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert sent[-1] == ()  # one stroke, one undo


def test_the_legend_chooses_the_class(view: PlotView) -> None:
    edit(view, PointSet(-2, 2, 2), (), Scatter(np.zeros((1, 2))))
    assert [(entry.text, entry.mark) for entry in view.legend()] == [("class 0", "dot"), ("class 1", "ring")]
    view.toggle(view.legend()[1].key)
    assert [entry.mark for entry in view.legend()] == ["ring", "dot"]
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    click(view.canvas, pixel(view, 1, 1))
    assert sent[-1][0][2] == 1


def test_a_click_picks_a_place(view: PlotView) -> None:
    edit(view, Pick(), (), Line(X, X))
    sent: list[Any] = []
    view.poked.connect(lambda name, value: sent.append((name, value)))
    click(view.canvas, pixel(view, 0.5, -1))
    assert sent == [("poke", (pytest.approx(0.5), pytest.approx(-1)))]


def graph(weight: float = 0.5) -> Graph:
    nodes = np.array([[0.0, 1], [0, -1], [1, 0]])
    pictures = np.zeros((3, 8, 8, 3), np.float32)
    return Graph(
        nodes, np.array([[0, 2], [1, 2]]), np.array([weight, -1.0]), labels=("x₁", "x₂", "out"), pictures=pictures
    )


def test_a_drag_on_an_edge_changes_its_weight(view: PlotView) -> None:
    edit(view, Pick(), (), graph())
    sent: list[Any] = []
    view.poked.connect(lambda _, value: sent.append(value))
    middle = pixel(view, 0.5, 0.5)
    drag(view.canvas, middle, middle + QPointF(0, -50))
    assert sent[-1] == (0, pytest.approx(1.0))  # 50 pixels up, a hundredth each
    wheel(view.canvas, pixel(view, 0.5, -0.5), -2)
    assert sent[-1] == (0, pytest.approx(1.0), 1, pytest.approx(-1.2))  # the first edit is told along


def test_a_changed_weight_shows_at_once_and_yields_to_the_lab(view: PlotView, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(view, Pick(), (), graph())
    tool = view.canvas.tool
    wheel(view.canvas, pixel(view, 0.5, 0.5), 3)
    assert tool.weight(0) == pytest.approx(0.8)
    show(view, graph(0.5), edits="poke")
    assert tool.weight(0) == pytest.approx(0.8)
    monkeypatch.setattr("app.views.edits.time.monotonic", lambda: 1e12)
    show(view, graph(0.6), edits="poke")
    assert tool.weight(0) == pytest.approx(0.6)


def test_a_node_is_not_an_edge_and_empty_ground_is_neither(view: PlotView, qtbot: QtBot) -> None:
    edit(view, Pick(), (), graph())
    with qtbot.assertNotEmitted(view.poked):
        drag(view.canvas, pixel(view, 1, 0), pixel(view, 1, 0) + QPointF(0, -40))
        drag(view.canvas, QPointF(5, 5), QPointF(5, 60))


def test_heavier_edges_are_wider_and_signs_have_colours(view: PlotView) -> None:
    show(view, graph(2.0))
    m = view.canvas.mapping()
    left, right = round(float(m.x_pixels(0.35))), round(float(m.x_pixels(0.65)))
    strip = seen(view.canvas)[:, left:right]
    orange, blue = near(strip, theme().colours.series[1], 110).sum(), near(strip, theme().colours.series[0], 110).sum()
    assert orange > 1.4 * blue > 50


def test_hover_tells_values(view: PlotView) -> None:
    from app.views.plot_values import rows_at

    show(view, Line(X, X**2, "square"), Line(X, X, "same", colour=1), x=Axis("time"))
    scene = view.canvas._scene(view.canvas.mapping())
    assert view.canvas.frame is not None
    assert [(row.name, row.value) for row in rows_at(view.canvas.frame, scene, 1.0, 0.0)] == [
        ("time", "1"),
        ("square", "1.00"),
        ("same", "1"),
    ]
    show(view, Heat(np.arange(6.0).reshape(2, 3), (0, 3, 0, 2), legend="p"))
    assert rows_at(view.canvas.frame, scene, 2.5, 1.5)[-1].value == "5"

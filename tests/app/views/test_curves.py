"""The chart, as a person meets it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage

from app.theme import theme
from app.views.curve_store import SeriesColours
from app.views.curve_traces import run_key
from app.views.curves import CurvesView
from tests.app.views.hands import drag, key, move, near, seen, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

STEPS = np.arange(1000)


@pytest.fixture
def view(qtbot: QtBot) -> CurvesView:
    made = CurvesView(unit="nats")
    qtbot.addWidget(made)
    made.resize(480, 300)
    made.show()
    return made


def is_zoomed(view: CurvesView) -> bool:
    return view.chart.zoomed


def settle(qtbot: QtBot, view: CurvesView) -> None:
    """Lets ranges glide to their ends."""
    view.chart.rebuild()
    qtbot.waitUntil(lambda: not (view.chart.x_span.gliding or view.chart.y_span.gliding))


def test_the_ranges_hold_the_curves(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "kl", STEPS, np.linspace(6, 21, 1000))
    settle(qtbot, view)
    assert (view.chart.x_span.now.lo, view.chart.x_span.now.hi) == (0, 1000)
    assert view.chart.y_span.now.lo == 0  # a loss stands on its zero
    assert 21 <= view.chart.y_span.now.hi <= 25


def test_a_curve_is_drawn_in_its_colour(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "kl", STEPS, np.full(1000, 5.0))
    view.append("a", "elbo", STEPS, np.full(1000, 9.0))
    settle(qtbot, view)
    picture, m = seen(view.chart), view.chart.mapping()
    for value, colour in ((5.0, theme().colours.series[0]), (9.0, theme().colours.series[1])):
        row = round(float(m.y_pixels(value)))
        assert near(picture[row - 1 : row + 2], colour, 70).any(axis=0).sum() > 300


def test_a_name_has_one_colour_in_every_chart(qtbot: QtBot) -> None:
    colours = SeriesColours()
    charts = [CurvesView(colours), CurvesView(colours)]
    for chart in charts:
        qtbot.addWidget(chart)
    charts[0].append("a", "train", STEPS, STEPS)
    charts[0].append("a", "test", STEPS, STEPS)
    charts[1].append("a", "test", STEPS, STEPS)
    assert charts[1].legend()[0].colour == charts[0].legend()[1].colour


def test_a_growing_curve_does_not_move_its_axes_at_every_point(view: CurvesView) -> None:
    ranges = set()
    for step in range(1000):
        view.append("a", "loss", np.array([step]), np.array([3.0 + np.sin(step)]))
        view.chart.rebuild()
        ranges.add((view.chart.x_span.goal, view.chart.y_span.goal))
    assert len(ranges) < 50


def test_the_cursor_tells_the_values_at_its_step(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "kl", STEPS, STEPS / 100)
    view.append("a", "elbo", STEPS, STEPS / 50)
    settle(qtbot, view)
    before = seen(view.chart)
    m = view.chart.mapping()
    at = QPointF(float(m.x_pixels(500)), m.top + 60)
    move(view.chart, at)
    step = view.chart.nearest_step(m.point(at.x(), at.y())[0])
    assert abs(step - 500) <= 2
    rows = [(row.name, row.value) for row, _ in view.chart.values_at(500)]
    assert rows == [("kl", "5"), ("elbo", "10")]
    changed = np.abs(seen(view.chart) - before).max(axis=-1) > 20
    assert changed[:, round(float(m.x_pixels(step)))].sum() > 100  # the cursor's line


def test_smoothing_keeps_the_raw_curve_underneath(view: CurvesView, qtbot: QtBot) -> None:
    noise = np.random.default_rng(0).normal(size=1000)
    view.append("a", "loss", STEPS, 10 + noise)
    view.set_smoothing(0.95)
    settle(qtbot, view)
    raw, smooth = view.chart.traces
    assert raw.colour != smooth.colour
    np.testing.assert_array_equal(raw.y, 10 + noise)
    assert smooth.y[100:].std() < 0.35
    (row, _), *_ = view.chart.values_at(500)
    assert row.aside  # the raw value, beside


def test_log_axis_and_its_switch(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "loss", STEPS, np.exp(-STEPS / 100.0))
    settle(qtbot, view)
    key(view.chart, Qt.Key.Key_L)
    settle(qtbot, view)
    assert view.chart.log
    m = view.chart.mapping()
    places = m.y_pixels(np.exp(-STEPS[::100] / 100.0))
    np.testing.assert_allclose(np.diff(places), np.diff(places)[0], rtol=1e-6)  # equal factors are equal lengths
    key(view.chart, Qt.Key.Key_L)
    assert not view.chart.log


def test_true_value_is_labelled_inside_and_clear_of_curves(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "nll", STEPS, 1 + 5 * np.exp(-STEPS / 60.0))
    view.set_truth("nll", 0.9, "entropy 0.9")
    settle(qtbot, view)
    seen(view.chart)
    m, area = view.chart.mapping(), view.chart._truth_painter.areas["nll"]
    assert m.left <= area.left()
    assert area.right() <= m.right
    assert m.top - 1 <= area.top()
    assert area.bottom() <= m.bottom + 1
    (trace,) = view.chart.traces
    x, y = m.x_pixels(trace.x), m.y_pixels(trace.y)
    covered = (x > area.left()) & (x < area.right()) & (y > area.top()) & (y < area.bottom())
    assert not covered.any()


def test_a_label_goes_where_the_curves_are_not(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "acc", STEPS, np.where(STEPS < 500, 5.0, 2.0) + 0.1 * np.sin(STEPS))
    view.set_truth("acc", 4.8, "chance")
    settle(qtbot, view)
    seen(view.chart)
    assert view.chart._truth_painter.areas["acc"].center().x() > view.chart.width() / 2


def test_a_label_at_the_upper_edge_stands_below_its_line(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "acc", STEPS, STEPS / 1000)
    view.set_truth("acc", 1.0, "perfect")
    settle(qtbot, view)
    seen(view.chart)
    m = view.chart.mapping()
    assert view.chart._truth_painter.areas["acc"].top() >= float(m.y_pixels(1.0))


def test_two_labels_of_the_same_value_do_not_cover_each_other(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "x", STEPS, np.full(1000, 1.0))
    view.set_truth("x", 0.5, "one bound")
    view.set_truth("y", 0.5, "another bound")
    settle(qtbot, view)
    seen(view.chart)
    areas = view.chart._truth_painter.areas
    assert not areas["x"].intersects(areas["y"])


def test_a_true_value_far_away_does_not_flatten_the_curves(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "nll", STEPS, 1 + np.sin(STEPS / 50))
    view.set_truth("nll", 500.0, "far")
    settle(qtbot, view)
    assert view.chart.y_span.goal.hi < 10


def test_live_changes_are_ticks_with_words(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "kl", STEPS, np.full(1000, 5.0))
    settle(qtbot, view)
    m = view.chart.mapping()
    x = round(float(m.x_pixels(520)))
    strip = slice(int(m.bottom) - 6, int(m.bottom) - 1)
    assert not near(seen(view.chart)[strip, x - 1 : x + 2], theme().colours.live).any()
    view.mark(520, "β 1 → 4")
    settle(qtbot, view)
    assert near(seen(view.chart)[strip, x - 1 : x + 2], theme().colours.live).any()
    move(view.chart, QPointF(x + 2, m.top + 30))
    assert view.chart._marks_near(m) == [(520, "β 1 → 4")]


def test_a_rewind_leaves_a_faint_past(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "kl", STEPS, np.linspace(0, 10, 1000))
    view.mark(800, "later")
    view.mark(100, "early")
    view.rewind("a", 400)
    settle(qtbot, view)
    ghost, live = view.chart.traces
    assert (ghost.x[0], ghost.x[-1]) == (401, 999)
    assert live.x[-1] == 400
    assert view.chart.marks == [(100, "early")]
    assert view.chart.x_span.goal.hi >= 999  # the ghost keeps its place
    view.append("a", "kl", np.arange(401, 1000), np.zeros(599))
    view.chart.rebuild()
    assert len(view.chart.traces) == 1


def test_gaps_are_seen(view: CurvesView, qtbot: QtBot) -> None:
    values = np.full(1000, 5.0)
    values[300:700] = np.nan
    view.append("a", "loss", STEPS, values)
    settle(qtbot, view)
    picture, m = seen(view.chart), view.chart.mapping()
    row = round(float(m.y_pixels(5.0)))
    line = np.atleast_1d(near(picture[row - 1 : row + 2], theme().colours.series[0], 70).any(axis=0))
    assert line[round(float(m.x_pixels(100)))]
    assert not line[round(float(m.x_pixels(350))) : round(float(m.x_pixels(650)))].any()
    x = round(float(m.x_pixels(300)))
    assert near(picture[int(m.bottom) - 8 : int(m.bottom), x - 4 : x + 4], theme().colours.bad).any()


def test_several_runs_of_one_curve_are_told_by_colour(view: CurvesView) -> None:
    view.set_run("a", "main run", 0, main=True)
    view.set_run("b", "fork", 2, main=False)
    view.append("a", "loss", STEPS, STEPS)
    view.append("b", "loss", STEPS, STEPS * 2)
    assert [(entry.text, entry.colour) for entry in view.legend()] == [
        ("main run", theme().colours.series[0]),
        ("fork", theme().colours.series[2]),
    ]
    view.toggle(run_key("b"))
    view.chart.rebuild()
    assert {trace.run for trace in view.chart.traces} == {"a"}
    view.remove_run("b")
    assert [entry.text for entry in view.legend()] == ["loss"]


def test_several_runs_of_several_curves_keep_the_series_colours(view: CurvesView) -> None:
    view.set_run("a", "main run", 0, main=True)
    view.set_run("b", "fork", 2, main=False)
    for run in ("a", "b"):
        for name in ("kl", "elbo"):
            view.append(run, name, STEPS, STEPS)
    view.chart.rebuild()
    colours = {(trace.run, trace.name): trace.colour for trace in view.chart.traces}
    assert colours["a", "kl"] == theme().colours.series[0]
    assert colours["b", "kl"] not in (colours["a", "kl"], colours["a", "elbo"])
    assert {trace.end for trace in view.chart.traces if trace.run == "b"} == {theme().colours.series[2]}
    assert [row.name for row, _ in view.chart.values_at(5)][:2] == ["kl · main run", "elbo · main run"]


def test_a_hidden_series_leaves_room_for_the_others(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "big", STEPS, np.full(1000, 1000.0) + STEPS)
    view.append("a", "small", STEPS, STEPS / 1000)
    view.toggle("big")
    settle(qtbot, view)
    assert view.chart.y_span.goal.hi <= 1.5
    assert [entry.hidden for entry in view.legend()] == [True, False]


def test_wheel_zooms_steps_and_values_follow(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "loss", STEPS, STEPS**2 / 1e6)
    settle(qtbot, view)
    m = view.chart.mapping()
    at = QPointF(float(m.x_pixels(100)), m.top + 50)
    for _ in range(8):
        wheel(view.chart, at, 1)
    now = view.chart.x_span.now
    assert now.lo < 100 < now.hi
    assert now.hi - now.lo < 300
    assert view.chart.y_span.goal.hi < 0.5
    assert is_zoomed(view)
    drag(view.chart, QPointF(300, 100), QPointF(200, 100))
    assert view.chart.x_span.now.lo > now.lo
    key(view.chart, Qt.Key.Key_Home)
    settle(qtbot, view)
    assert not is_zoomed(view)
    assert view.chart.x_span.goal.hi >= 999


def test_csv_holds_every_point_in_full(view: CurvesView, tmp_path: Path) -> None:
    view.append("a", "train", np.array([0, 1, 2]), np.array([0.1, 1 / 3, np.nan]))
    view.append("a", "test", np.array([0, 2]), np.array([5.0, 6.0]))
    view.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["step", "train", "test"], ["0", "0.1", "5.0"], ["1", repr(1 / 3), ""], ["2", "nan", "6.0"]]


def test_picture_is_saved_at_twice_the_size_with_its_legend(view: CurvesView, tmp_path: Path, qtbot: QtBot) -> None:
    view.append("a", "train", STEPS, STEPS)
    settle(qtbot, view)
    assert view.save_picture(tmp_path / "loss.png")
    image = QImage(str(tmp_path / "loss.png"))
    assert (image.width(), image.height()) == (960, 672)
    strip = {image.pixelColor(x, y).name() for x in range(0, 960) for y in range(30, 42)}
    assert theme().colours.series[0] in strip


def test_clear_forgets_points_but_not_colours(view: CurvesView) -> None:
    view.append("a", "kl", STEPS, STEPS)
    view.append("a", "elbo", STEPS, STEPS)
    before = {entry.text: entry.colour for entry in view.legend()}
    view.clear()
    assert view.legend() == ()
    view.append("a", "elbo", STEPS, STEPS)
    assert view.legend()[0].colour == before["elbo"]


def test_two_hundred_thousand_points_stay_light(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "loss", np.arange(200_000), np.random.default_rng(0).normal(size=200_000))
    settle(qtbot, view)
    (trace,) = view.chart.traces
    assert len(trace.x) < 4 * view.chart.width()
    assert trace.y.max() == pytest.approx(view.chart.runs["a"].series["loss"].values.max())


def test_the_theme_changes_the_picture(view: CurvesView, qtbot: QtBot) -> None:
    view.append("a", "loss", STEPS, np.full(1000, 5.0))
    settle(qtbot, view)
    theme().set_mode("light")
    assert near(seen(view.chart)[2:6, 2:6], theme().colours.panel, 2).all()
    assert view.legend()[0].colour == theme().colours.series[0]

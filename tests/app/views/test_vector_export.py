"""Charts and plots as SVG: whole, readable, and refused politely where they cannot be written."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog

from app.colours import LIGHT
from app.views.curves import CurvesView
from app.views.plot import PlotView
from app.views.table_view import TableView
from app.views.vector_layers import refined
from engine.api import Arrows, Axis, Band, Bars, Contour, Graph, Heat, Layer, Line, Plot, Scatter
from tests.app.views.hands import near

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SVG = "{http://www.w3.org/2000/svg}"
X = np.linspace(0.0, 10.0, 57)
GRID = np.outer(np.linspace(-1, 1, 30), np.linspace(-1, 1, 30))
EXTENT = (0.0, 10.0, 0.0, 10.0)
POINTS = np.random.default_rng(0).uniform(1, 9, (40, 2))
EDGES = np.array([[0, 1], [1, 2]])


@pytest.fixture
def chart(qtbot: QtBot) -> CurvesView:
    view = CurvesView(unit="nats")
    view.export_name = "Loss <small>"
    qtbot.addWidget(view)
    return view


def plot(qtbot: QtBot, *layers: Layer, x: Axis | None = None, y: Axis | None = None, equal: bool = False) -> PlotView:
    view = PlotView()
    qtbot.addWidget(view)
    view.show_frame(Plot("p", layers, x or Axis("time", "s"), y or Axis("height", "m"), equal))
    return view


def root_of(document: str) -> ET.Element:
    return ET.fromstring(document)  # written by ourselves a moment ago


def words(document: str) -> set[str]:
    return {(element.text or "").strip() for element in root_of(document).iter(f"{SVG}text")}


def paths(document: str, colour: str) -> list[np.ndarray]:
    """The corners `[N, 2]` of each line drawn in a colour, in the units of its group."""
    found = []
    for group in root_of(document).iter(f"{SVG}g"):
        if group.get("stroke") == colour:
            found += [corners(path.get("d", "")) for path in group.findall(f"{SVG}path")]
            found += [corners(line.get("points", "")) for line in group.findall(f"{SVG}polyline")]
    return found


def corners(course: str) -> np.ndarray:
    return np.array([float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", course)]).reshape(-1, 2)


def rendered(document: str) -> np.ndarray:
    renderer = QSvgRenderer(QByteArray(document.encode()))
    assert renderer.isValid()
    image = QImage(renderer.viewBox().size(), QImage.Format.Format_RGB32)
    image.fill(QColor("#ff00ff"))
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[..., 2::-1].copy()


def test_a_chart_holds_its_names_and_every_point(chart: CurvesView) -> None:
    steps = np.arange(57)
    chart.append("a", "train", steps, np.exp(-steps / 20.0))
    chart.append("a", "test", steps, np.exp(-steps / 30.0))
    chart.set_truth("train", 0.3, "entropy 0.3")
    document = chart.svg()
    assert {"step", "nats", "train", "test", "entropy 0.3", "Loss <small>"} <= words(document)
    assert "clip-path=" in document  # what leaves the plane is cut off
    for colour in LIGHT.series[:2]:  # light, although the window is dark
        assert 57 in [len(path) for path in paths(document, colour)]
    assert near(rendered(document), LIGHT.panel).mean() > 0.7


def test_a_curve_lies_where_the_axis_says(chart: CurvesView) -> None:
    chart.set_log(True)
    steps = np.arange(41)
    chart.append("a", "loss", steps, 10.0 ** (-steps / 10.0))
    curve = next(path for path in paths(chart.svg(), LIGHT.series[0]) if len(path) == 41)
    assert np.ptp(np.diff(curve[:, 1])) < 0.01  # an exponential is straight on a logarithmic axis
    assert curve[-1, 1] > curve[0, 1] + 300  # it falls, and fills the plane of 400


def test_a_smoothed_chart_keeps_the_raw_curve_faint(chart: CurvesView) -> None:
    steps = np.arange(57)
    chart.append("a", "loss", steps, steps % 2.0)
    chart.set_smoothing(0.9)
    document = chart.svg()
    (smooth,) = [path for path in paths(document, LIGHT.series[0]) if len(path) == 57]
    colours = {group.get("stroke", "") for group in root_of(document).iter(f"{SVG}g")} - {LIGHT.series[0]}
    raw = [path for colour in colours for path in paths(document, colour) if len(path) == 57]
    assert len(raw) == 1
    assert np.abs(np.diff(smooth[20:, 1])).max() < 0.3 * np.abs(np.diff(raw[0][20:, 1])).max()


def test_what_the_legend_hides_is_left_out(chart: CurvesView, qtbot: QtBot) -> None:
    chart.append("a", "train", np.arange(9), np.arange(9))
    chart.append("a", "test", np.arange(9), np.arange(9))
    chart.toggle("test")
    assert "test" not in words(chart.svg())
    view = plot(qtbot, Line(X, X, "up"), Line(X, -X, "down", 1))
    view.toggle("down")
    assert not {"down"} & words(view.svg())
    assert not paths(view.svg(), LIGHT.series[1])


LAYERS: dict[type, tuple[Layer, str]] = {
    Line: (Line(X, X, "layer", 2), LIGHT.series[2]),
    Band: (Band(X, X, np.where(X == X[9], np.nan, X + 4), "layer", 2), "#c7e2db"),
    Scatter: (Scatter(POINTS, np.full(40, 2), "layer", size=12), LIGHT.series[2]),
    Heat: (Heat(np.full((30, 30), 2.0), EXTENT, "classes"), LIGHT.series[2]),
    Contour: (Contour(GRID, EXTENT, (0.1,), "layer", 2, 3), LIGHT.series[2]),
    Arrows: (Arrows(POINTS, POINTS, "layer", 2), LIGHT.series[2]),
    Bars: (Bars(X, X, "layer", 2), LIGHT.series[2]),
    Graph: (Graph(POINTS[:3], EDGES, np.array([1.0, -1.0]), ("a", "b", "layer")), LIGHT.series[1]),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_is_drawn_in_its_colour(kind: type, qtbot: QtBot) -> None:
    layer, colour = LAYERS[kind]
    document = plot(qtbot, layer).svg()
    assert near(rendered(document), colour, 30).sum() > 100
    assert ("layer" in words(document)) == (kind is not Heat)
    assert ({"time · s", "height · m"} <= words(document)) == (kind is not Graph)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_bears_axes_by_factors(kind: type, qtbot: QtBot) -> None:
    layer, _ = LAYERS[kind]
    rendered(plot(qtbot, layer, x=Axis("x", log=True, range=(0.1, 20)), y=Axis("y", log=True, range=(0.1, 20))).svg())


def test_a_heat_map_is_a_picture_of_its_values_with_a_named_bar(qtbot: QtBot) -> None:
    document = plot(qtbot, Heat(GRID, EXTENT, "diverging", legend="score < 1"), Scatter(POINTS)).svg()
    assert len(list(root_of(document).iter(f"{SVG}image"))) == 2  # map and bar
    assert "score < 1" in words(document)


@pytest.mark.parametrize("nearest", [False, True])
def test_a_fine_heat_map_fills_its_extent_from_sample_to_sample(nearest: bool) -> None:
    ramp = np.add.outer(10.0 * np.arange(31), np.arange(41))
    cells = refined(ramp, nearest)
    down, across = ((np.arange(count * 9) + 0.5) / 9 for count in (30, 40))
    wanted = np.add.outer(10 * np.rint(down), np.rint(across)) if nearest else np.add.outer(10 * down, across)
    np.testing.assert_allclose(cells, wanted)


def test_the_points_of_a_scatter_stay_vectors(qtbot: QtBot) -> None:
    document = plot(qtbot, Scatter(POINTS, size=9)).svg()
    assert not list(root_of(document).iter(f"{SVG}image"))
    filled = [group for group in root_of(document).iter(f"{SVG}g") if group.get("fill") == LIGHT.series[0]]
    assert sum(len(list(group)) for group in filled) == len(POINTS)


def test_equal_axes_stay_equal(qtbot: QtBot) -> None:
    angle = np.linspace(0, 2 * np.pi, 90)
    (circle,) = [
        path
        for path in paths(plot(qtbot, Line(np.cos(angle), np.sin(angle)), equal=True).svg(), LIGHT.series[0])
        if len(path) == 90
    ]
    assert np.ptp(circle[:, 0]) == pytest.approx(np.ptp(circle[:, 1]), rel=0.01)


def test_an_empty_chart_is_a_valid_page(chart: CurvesView, qtbot: QtBot) -> None:
    rendered(chart.svg())
    view = PlotView()
    qtbot.addWidget(view)
    rendered(view.svg())


def test_it_is_offered_by_charts_and_plots_alone(chart: CurvesView, qtbot: QtBot) -> None:
    views = (chart, plot(qtbot), TableView())
    qtbot.addWidget(views[2])
    offered = [[action.text() for action in view.export_actions() if action.isVisible()] for view in views]
    assert ["Save as SVG…" in texts for texts in offered] == [True, True, False]


def test_saving_asks_where_and_a_bad_place_is_refused(
    chart: CurvesView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("app.views.base.notify", lambda text: told.append(text))
    chart.append("a", "loss", np.arange(9), np.arange(9))
    for place in (tmp_path / "loss", tmp_path / "gone" / "loss.svg"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, place=place: (str(place), ""))
        chart.ask_svg()
    assert "loss" in words((tmp_path / "loss.svg").read_text("utf-8"))
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["loss.svg"]  # nothing half-written
    assert len(told) == 1
    assert "could not be written" in told[0]


def test_only_an_export_loads_pyqtgraph() -> None:
    code = "import sys, app.window, app.views.plot, app.views.curves; print('pyqtgraph' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert found.stdout.strip() == "False"

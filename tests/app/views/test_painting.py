"""Colours, contours, discs, grids, brushes, strokes: the arithmetic of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.colours import DARK, LIGHT, Colours
from app.views.brush import Drawing
from app.views.colour_maps import colour_table, paint_values, scale_of
from app.views.contours import isolines
from app.views.discs import disc_pixels
from app.views.grid import fit_grid
from app.views.pixels import to_bytes, to_image, value_words
from app.views.strokes import draw_path

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB `[N, 3]` 0..255: another space than the one in which the map is made."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_sequential_lightness_rises_evenly() -> None:
    steps = np.diff(lightness(colour_table("sequential", DARK).astype(float))[::16])
    assert steps.min() > 0.5 * steps.mean()
    assert steps.max() < 1.6 * steps.mean()


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_diverging_is_as_strong_on_both_sides(colours: Colours) -> None:
    light = lightness(colour_table("diverging", colours).astype(float))
    np.testing.assert_allclose(light, light[::-1], atol=9)
    side = light[128:]
    assert (np.diff(side) >= -0.6).all() if colours.dark else (np.diff(side) <= 0.6).all()


def test_diverging_is_blue_below_and_orange_above() -> None:
    table = colour_table("diverging", DARK).astype(int)
    assert table[0, 2] > table[0, 0] + 50
    assert table[-1, 0] > table[-1, 2] + 50


def test_values_find_their_colour() -> None:
    pixels = paint_values(np.array([[0.0, 1.0, np.nan, 5.0]]), "grey", (0.0, 1.0), DARK)
    assert [hex(int(pixel)) for pixel in pixels[0]] == ["0xff000000", "0xffffffff", "0xfff2555a", "0xffffffff"]


def test_diverging_scale_is_even_around_its_centre() -> None:
    assert scale_of(np.array([-1.0, 3.0]), "diverging", None) == (-3.0, 3.0)
    assert list(scale_of(np.array([0.4, 0.6]), "diverging", None, centre=0.5)) == pytest.approx([0.4, 0.6])
    assert scale_of(np.array([2.0, 2.0]), "sequential", None) == (1.5, 2.5)


def test_isoline_of_a_disc_is_its_circle() -> None:
    y, x = np.mgrid[0:64, 0:64]
    segments = isolines(np.hypot(x - 31.5, y - 31.5), 20.0)
    np.testing.assert_allclose(np.hypot(*(segments.reshape(-1, 2) - 31.5).T), 20, atol=0.02)
    length = np.hypot(*(segments[:, 1] - segments[:, 0]).T).sum()
    assert length == pytest.approx(2 * np.pi * 20, rel=0.01)


def test_every_case_of_a_cell_cuts_between_high_and_low() -> None:
    for code in range(16):
        corners = np.array([[code & 1, code >> 1 & 1], [code >> 3 & 1, code >> 2 & 1]], float)
        segments = isolines(corners, 0.5)
        assert len(segments) == {0: 0, 15: 0, 5: 2, 10: 2}.get(code, 1)
        for end in segments.reshape(-1, 2):
            assert (end % 1 == 0.5).sum() == 1  # in the middle of an edge, at a level half-way


def test_isolines_leave_gaps_alone() -> None:
    values = np.outer(np.ones(5), np.arange(5.0))
    values[2, 2] = np.nan
    assert len(isolines(values, 1.5)) == 2
    assert isolines(values[:1], 1.5).shape == (0, 2, 2)


def test_discs_cover_their_area_where_they_stand() -> None:
    pixels = disc_pixels(np.array([[20.5, 10.5]]), np.array([[255.0, 0, 0]]), np.array([0]), 8, (40, 30))
    assert pixels.shape == (30, 40)
    alpha = (pixels >> 24) / 255
    assert alpha.sum() == pytest.approx(np.pi * 16, rel=0.05)
    y, x = np.mgrid[0:30, 0:40] + 0.5
    assert ((alpha * x).sum() / alpha.sum(), (alpha * y).sum() / alpha.sum()) == (
        pytest.approx(20.5, abs=0.2),
        pytest.approx(10.5, abs=0.2),
    )
    assert ((pixels & 0xFFFF) == 0).all()


def test_a_ring_is_hollow_and_groups_take_their_colour() -> None:
    palette = np.array([[255.0, 0, 0], [0, 0, 255.0]])
    pixels = disc_pixels(np.array([[10.5, 10.5], [30.5, 10.5]]), palette, np.array([0, 1]), 12, (40, 20), hollow=True)
    assert pixels[10, 10] == 0
    assert pixels[10, 5] & 0xFF0000
    assert pixels[10, 25] & 0xFF


def test_discs_beyond_the_picture_and_lost_ones_are_left_out() -> None:
    centres = np.array([[-5.0, 5], [500, 5], [np.nan, 5], [0.1, 0.1], [39.9, 29.9]])
    pixels = disc_pixels(centres, np.array([[9.0, 9, 9]]), np.zeros(5, int), 6, (40, 30))
    assert pixels[0, 0]
    assert pixels[29, 39]
    assert not pixels[5, 1:39].any()


@pytest.mark.parametrize("count", [1, 3, 10, 64, 100])
@pytest.mark.parametrize("room", [(300.0, 160.0), (900.0, 560.0)])
def test_a_grid_holds_every_picture_inside(count: int, room: tuple[float, float]) -> None:
    grid = fit_grid(count, (8, 8), room, caption=16)
    corners = [grid.corner(index) for index in range(count)]
    assert min(x for x, _ in corners) >= 0
    assert max(x for x, _ in corners) + grid.width <= room[0]
    assert max(y for _, y in corners) + grid.height + 16 <= room[1] + 16
    assert grid.width % 8 == 0 or grid.width < 20  # whole pixels for whole pixels, unless that would cost a lot
    for index, (x, y) in enumerate(corners):
        assert grid.at(x + 0.5, y + 0.5)[0] == index  # type: ignore[index]  # a place inside


def test_a_grid_takes_the_columns_that_the_lab_asks_for() -> None:
    assert fit_grid(12, (8, 8), (400, 300), columns=4).columns == 4


def test_a_grid_knows_gaps_from_pictures() -> None:
    grid = fit_grid(4, (10, 10), (220, 220))
    x, y = grid.corner(0)
    assert grid.at(x + grid.width + 1, y + 5) is None
    assert grid.at(-3, -3) is None


def test_strokes_paint_erase_and_undo() -> None:
    drawing = Drawing(28, 28)
    drawing.begin()
    drawing.stroke((5.5, 14.5), (22.5, 14.5), 1.5)
    assert drawing.pixels[14, 5:23].min() == 255
    assert not drawing.pixels[10].any()
    painted = drawing.pixels.copy()
    drawing.begin()
    drawing.stroke((14, 0), (14, 28), 2, erase=True)
    assert not drawing.pixels[:, 14].any()
    assert drawing.undo()
    np.testing.assert_array_equal(drawing.pixels, painted)
    assert drawing.redo()
    assert not drawing.pixels[:, 14].any()
    drawing.empty()
    assert not drawing.pixels.any()
    assert drawing.undo()
    assert drawing.pixels.any()


def test_undo_of_nothing_changes_nothing() -> None:
    assert not Drawing(4, 4).undo()


def test_a_stroke_beyond_the_edge_is_cut() -> None:
    drawing = Drawing(8, 8)
    drawing.stroke((-20, -20), (-10, -10), 2)
    assert not drawing.pixels.any()
    drawing.stroke((-4, 4), (12, 4), 1)
    assert drawing.pixels[4].min() == 255


def test_pictures_become_bytes() -> None:
    assert to_bytes(np.array([[0.0, 0.5, 1.0, 7.0]]), colour=False).tolist() == [[0, 128, 255, 255]]
    assert to_bytes(np.array([[True, False]]), colour=False).tolist() == [[255, 0]]
    assert to_bytes(np.array([[np.nan, 0.0]]), colour=False)[0].tolist() == [[242, 85, 90], [0, 0, 0]]


def test_images_keep_colours_and_rows() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[1, 2] = (10, 20, 30)
    image = to_image(picture)
    assert (image.width(), image.height()) == (3, 2)
    assert image.pixelColor(2, 1) == QColor(10, 20, 30)


def test_values_in_words() -> None:
    assert value_words(np.array(0.734)) == "0.73"
    assert value_words(np.array([1, 128, 255], np.uint8)) == "1 128 255"
    assert value_words(np.array(np.nan)) == "not a number"


def drawn(points: np.ndarray, width: float) -> np.ndarray:
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_path(painter, points, QColor("#ffffff"), width)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(40, 60, 4)[..., 0] / 255


def test_a_wider_line_has_more_ink(qtbot: QtBot) -> None:
    points = np.array([[5.0, 20.0], [55.0, 20.0]])
    thin_ink, wide_ink = drawn(points, 1.0).sum(), drawn(points, 2.0).sum()
    assert 1.3 * thin_ink < wide_ink < 2.6 * thin_ink


def test_a_gap_breaks_the_line_and_a_lonely_point_shows(qtbot: QtBot) -> None:
    points = np.array([[2.0, 20], [12, 20], [np.nan, 20], [30, 20], [np.nan, 20], [45, 20], [58, 20]])
    ink = drawn(points, 1.0).max(axis=0)
    assert ink[5] > 0.3
    assert ink[50] > 0.3
    assert ink[29:31].max() > 0.3
    assert not ink[16:26].any()
    assert not ink[34:42].any()


@pytest.mark.parametrize("width", [1.5, 2.0, 3.0])
def test_a_line_is_as_wide_whichever_way_it_runs(qtbot: QtBot, width: float) -> None:
    ways = ((14.0, 0.0), (0.0, 14.0), (9.9, 9.9), (9.9, -9.9))
    ink = [drawn(np.array([[30 - dx, 20 - dy], [30 + dx, 20 + dy]]), width).sum() / 28 for dx, dy in ways]
    assert min(ink) > 0.65 * width  # a cosmetic line is by nature a little thinner along the diagonal
    assert max(ink) < 1.3 * width

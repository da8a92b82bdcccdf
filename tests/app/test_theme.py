"""Colours that can be read and told apart, icons that are crisp, a style sheet without holes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QGuiApplication, QImage
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.glyphs import GLYPHS
from app.style import SHEET, mixed, set_look, style_sheet
from app.theme import DARK, LIGHT, Colours, font, icon, mono, theme
from engine.api.lab import TOPICS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from app.theme import Theme

ROOT = Path(__file__).resolve().parents[2]


def luminance(colour: str) -> float:
    mixed_of = QColor(colour)
    shares = (mixed_of.redF(), mixed_of.greenF(), mixed_of.blueF())
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_text_can_be_read_on_everything_that_it_stands_on(colours: Colours) -> None:
    for ground in (colours.background, colours.panel, colours.raised, colours.sheet, colours.hover, colours.selected):
        assert contrast(colours.text, ground) >= 7
        assert contrast(colours.dim, ground) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.bad, mixed(colours.bad, colours.panel, 0.14)) >= 4.0


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_series_can_be_seen_on_a_panel(colours: Colours) -> None:
    assert len(set(colours.series)) == 8
    for colour in (*colours.series, colours.accent, colours.live, colours.good, colours.bad):
        assert contrast(colour, colours.panel) >= 3


def test_every_colour_is_a_hex_code() -> None:
    for entry in fields(Colours):
        for colours in (DARK, LIGHT):
            value = getattr(colours, entry.name)
            for colour in value if isinstance(value, tuple) else [value] if isinstance(value, str) else []:
                assert re.fullmatch("#[0-9a-f]{6}", colour)


def test_the_style_sheet_leaves_nothing_open_and_names_files_that_are_there() -> None:
    for colours in (DARK, LIGHT):
        sheet = style_sheet(colours)
        assert "$" not in sheet
        for name in re.findall(r"url\(assets:([^)]+)\)", sheet):
            assert (ROOT / "assets" / name).is_file()
    assert "#" + "5aa9ff" not in SHEET.read_text("utf-8"), "colours belong in the table"


def test_a_change_of_mode_reaches_the_application_and_whoever_listens(look: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    with qtbot.waitSignal(look.changed):
        look.set_mode("light")
    assert look.colours is LIGHT
    assert button.palette().buttonText().color() == QColor(LIGHT.text)
    with qtbot.assertNotEmitted(look.changed):
        look.set_mode("light")


def test_system_follows_the_desktop(look: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = [Qt.ColorScheme.Light]
    monkeypatch.setattr("app.theme._desktop_is_light", lambda: scheme[0] == Qt.ColorScheme.Light)
    look.set_mode("system")
    assert look.colours is LIGHT
    scheme[0] = Qt.ColorScheme.Dark
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.colours is DARK
    look.set_mode("light")
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.colours is LIGHT, "a chosen theme stays"


def test_there_is_one_theme(dressed: QApplication) -> None:
    assert theme() is theme()


def test_the_shipped_fonts_are_used_and_their_figures_are_of_one_width(dressed: QApplication) -> None:
    assert QFontInfo(font(13)).family().startswith("Inter")
    assert QFontInfo(mono(12)).family() == "JetBrains Mono"
    measure = QFontMetricsF(font(13))
    assert measure.horizontalAdvance("1111") == measure.horizontalAdvance("8888")


def test_an_icon_is_drawn_sharp_at_any_size_and_in_the_colour_of_the_theme(look: Theme) -> None:
    made = icon("play", "accent")
    for side in (16, 64):
        picture = made.pixmap(side, side).toImage()
        assert picture.width() >= side
        assert covered(picture) > 0.02
        assert picture.pixelColor(brightest(picture)).name() == look.colours.accent
    look.set_mode("light")
    picture = made.pixmap(64, 64).toImage()
    assert picture.pixelColor(brightest(picture)).name() == LIGHT.accent


def test_an_unknown_icon_names_its_neighbours(dressed: QApplication) -> None:
    with pytest.raises(KeyError, match="did you mean play"):
        icon("plya")


def test_every_glyph_that_the_source_names_is_in_the_table_and_the_font(look: Theme) -> None:
    named = {topic.icon for topic in TOPICS}
    for path in (ROOT / "app").rglob("*.py"):
        named |= set(re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", path.read_text("utf-8")))
    assert named <= set(GLYPHS)
    for name in sorted(named):
        assert covered(icon(name).pixmap(32, 32).toImage()) > 0.005, name


def test_the_ring_is_for_the_keyboard_only(dressed: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    first, second = QPushButton("One"), QPushButton("Two")
    row.addWidget(first)
    row.addWidget(second)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: first.property("ring") is True)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: second.property("ring") is True)
    assert first.property("ring") is False


def test_a_look_can_be_changed_while_shown(dressed: QApplication, qtbot: QtBot) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    button.resize(120, 32)
    before = button.grab().toImage()
    set_look(button, kind="primary")
    after = button.grab().toImage()
    assert after.pixelColor(8, 16).name() == DARK.accent
    assert before != after


def covered(picture: QImage) -> float:
    """The share of pixels that are not transparent."""
    alphas = [picture.pixelColor(x, y).alpha() for x in range(picture.width()) for y in range(picture.height())]
    return sum(alpha > 0 for alpha in alphas) / len(alphas)


def brightest(picture: QImage) -> QPoint:
    """The most opaque pixel."""
    points = [QPoint(x, y) for x in range(picture.width()) for y in range(picture.height())]
    return max(points, key=lambda point: picture.pixelColor(point).alpha())

"""The look of the window: which table of colours is on, and one call that dresses the application in it.

    theme().colours.accent      a colour, for painted widgets; repaint on `theme().changed`
    icon("play"), icon("trash", "bad")
    font(13, "medium"), mono(12)

Widgets that Qt paints take their looks from the application's style sheet (`app.style`), by role and kind.
"""

from __future__ import annotations

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QSlider, QStyleFactory, QTabBar, QWidget

from app.colours import DARK, LIGHT, Colours, Mode
from app.fonts import ASSETS, font, load_fonts, mono
from app.glyphs import GLYPHS
from app.icons import GlyphEngine, draw_glyph
from app.style import style_sheet
from engine.api.words import near

__all__ = ["DARK", "LIGHT", "Colours", "Mode", "Theme", "draw_glyph", "dress", "font", "icon", "mono", "theme"]


class Theme(QObject):
    """Which colours are on. There is one, a child of the QApplication: `theme()`."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.mode: Mode = "dark"
        self.colours: Colours = DARK
        self.reduce_motion = False
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    def set_mode(self, mode: Mode) -> None:
        """Chooses dark, light, or whatever the desktop has."""
        self.mode = mode
        self._take(LIGHT if mode == "light" or (mode == "system" and _desktop_is_light()) else DARK)

    def motion(self, milliseconds: int = 120) -> int:
        """How long a movement may last: nothing at all for a person who asked for less motion."""
        return 0 if self.reduce_motion else milliseconds

    def _follow(self) -> None:
        if self.mode == "system":
            self.set_mode("system")

    def _take(self, colours: Colours) -> None:
        if colours is self.colours:
            return
        self.colours = colours
        application = QApplication.instance()
        if isinstance(application, QApplication) and application.property("dressed"):
            _paint(application, colours)
        self.changed.emit()


def theme() -> Theme:
    """The application's theme. There must be a QApplication."""
    application = QApplication.instance()
    if application is None:
        raise RuntimeError("theme() needs a QApplication")
    found = application.findChild(Theme, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Theme(application)


def icon(name: str, colour: str | None = None, filled: bool = False) -> QIcon:
    """An icon by its glyph's name. `colour`: a field of `Colours` or `#rrggbb`; None is the colour of text."""
    if name not in GLYPHS:
        raise KeyError(f"app/glyphs.py has no row {name!r}{near(name, list(GLYPHS))}")
    return QIcon(GlyphEngine(theme(), name, colour or "text", filled))


def dress(application: QApplication, mode: Mode = "dark") -> Theme:
    """Puts fonts, palette and style sheet on the application, for good. Returns its theme."""
    load_fonts()
    QDir.setSearchPaths("assets", [str(ASSETS)])
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setFont(font())
    application.setProperty("dressed", True)
    application.focusChanged.connect(_ring)
    found = theme()
    found.set_mode(mode)
    _paint(application, found.colours)
    return found


def _paint(application: QApplication, colours: Colours) -> None:
    application.setPalette(_palette(colours))
    application.setStyleSheet(style_sheet(colours))


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    table = {
        role.Window: colours.background,
        role.WindowText: colours.text,
        role.Base: colours.panel,
        role.AlternateBase: colours.raised,
        role.Text: colours.text,
        role.PlaceholderText: colours.faint,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.text,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Light: colours.edge,
        role.Mid: colours.line,
        role.Dark: colours.line,
        role.Shadow: colours.canvas,
    }
    palette = QPalette()
    for name, colour in table.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(colours.faint))
    return palette


def _desktop_is_light() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light


_RINGED = QAbstractButton | QSlider | QTabBar | QAbstractItemView


def _ring(left: QWidget | None, entered: QWidget | None) -> None:
    """Shows the focus ring only where the keyboard brought the focus: a click needs no ring."""
    by_keyboard = QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton
    for widget, ring in ((left, False), (entered, by_keyboard)):
        if isinstance(widget, _RINGED) and widget.property("ring") != ring:
            widget.setProperty("ring", ring)
            widget.style().unpolish(widget)
            widget.style().polish(widget)

"""LaTeX to a picture: ziamath sets the formula as SVG; `draw_formula` paints it at any scale, in any colour.

Setting takes milliseconds and does not depend on colour or scale, so it is kept. Live numbers are blanks of a given
width inside the formula (`Slot`); who paints the formula writes the numbers there, so a number changes without setting
the formula again.
"""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.notes.tidy import MOST_SLOTS, SLOT, SLOT_HEIGHT, tidy

if TYPE_CHECKING:
    from types import ModuleType

MODULES = ("latex2mathml.converter", "ziafont", "ziamath")
"""What typesetting imports at its first formula, in three steps of some 50 ms each."""
_EDGE = 2
_BOLDER = 0.25
"""A stroke around every glyph, in pixels: the serifed formula font is thinner than the text around it."""
_DEEPEST = 12
_LONGEST = 2000
_BARE = re.compile(r"\\(math(?:bb|cal|bf|rm|it|sf|tt|scr|frak)|boldsymbol)\s+([A-Za-z0-9]|\\[A-Za-z]+)")
_LIVE = re.compile(r"\{\{\s*([^\W\d][^{}]*?)\s*\}\}")


class FormulaError(ValueError):
    """A formula that cannot be set; the text says why."""


@dataclass(frozen=True)
class Slot:
    """A blank for a live number, in pixels: left end, baseline (downwards from the formula's), width and font size."""

    name: str
    x: float
    y: float
    width: float
    size: float


@dataclass(frozen=True)
class Formula:
    """A formula that is set, in pixels at scale 1: SVG, extents around the start of its baseline, and its slots."""

    svg: bytes
    left: float
    width: float
    ascent: float
    descent: float
    slots: tuple[Slot, ...] = ()


def live_names(latex: str) -> tuple[str, ...]:
    """The names in `{{…}}`, in order."""
    return tuple(_LIVE.findall(latex))


@lru_cache(maxsize=2000)
def typeset(latex: str, size: float, display: bool, slots: tuple[float, ...] = ()) -> Formula:
    """Sets a formula in a font of `size` pixels. `slots`: the width in em of each `{{name}}`. Raises FormulaError."""
    depth = _depth(latex)
    if len(latex) > _LONGEST or depth > _DEEPEST:
        raise FormulaError("the formula is too long" if depth <= _DEEPEST else "the formula is nested too deeply")
    names = live_names(latex)
    widths = (slots + (2.0,) * len(names))[: min(len(names), MOST_SLOTS)]
    counter = iter(range(len(widths)))
    blanked = _LIVE.sub(lambda _: f"{{\\text{{{chr(ord(SLOT) + next(counter, 0))}}}}}", latex)
    maths = _ziamath()
    try:
        tree = tidy(load("ziamath.tex").tex2mml(_braced(blanked), inline=not display), widths)
        drawn = maths.Math(tree, size=size, margin=0)
        return _measured(drawn.svgxml(), drawn.node.bbox, size, names)
    except _failures() as error:
        raise FormulaError(str(error) or type(error).__name__) from error


def _braced(latex: str) -> str:
    r"""`\mathbb E` as `\mathbb{E}`: latex2mathml sees a font's argument only in braces."""
    return _BARE.sub(r"\\\1{\2}", latex)


def _depth(latex: str) -> int:
    deepest = level = 0
    for sign in latex:
        level += (sign == "{") - (sign == "}")
        deepest = max(deepest, level)
    return deepest + latex.count(r"\left")


def load(module: str) -> ModuleType:
    """Imports one of `MODULES`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # ziamath opens its font by an older way of importlib
        return importlib.import_module(module)


@cache
def _ziamath() -> ModuleType:
    maths = load("ziamath")
    maths.config.svg2 = False  # plain paths: Qt's SVG knows no scaled symbols
    return maths


@cache
def _failures() -> tuple[type[Exception], ...]:
    """What a broken formula raises: latex2mathml's dozen errors have no common class, and both libraries may trip."""
    named = vars(load("latex2mathml.exceptions")).values()
    own = tuple(kind for kind in named if isinstance(kind, type) and issubclass(kind, Exception))
    tripped = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, StopIteration, SyntaxError)
    return (*own, *tripped, TypeError, ValueError)


def _measured(svg: ET.Element, box: Any, size: float, names: tuple[str, ...]) -> Formula:
    slots: list[Slot] = []
    for parent in list(svg.iter()):
        for mark in [child for child in parent if child.get("fill", "").startswith("slot")]:
            x, y, width, height = (float(mark.get(side, "0")) for side in ("x", "y", "width", "height"))
            name = names[int(mark.get("fill", "")[4:])]
            slots.append(Slot(name, x, y + height, width, min(size, height / SLOT_HEIGHT)))
            parent.remove(mark)
    width = box.xmax - box.xmin
    if not 0 < width < 20_000 or not 0 < box.ymax - box.ymin < 20_000:
        raise ValueError("the formula has no size")
    for path in svg.iter("path"):
        path.attrib.update({"stroke": "black", "stroke-width": str(_BOLDER)})
    return Formula(ET.tostring(svg), box.xmin, width, box.ymax, -box.ymin, tuple(slots))


def draw_formula(painter: QPainter, formula: Formula, origin: QPointF, colour: QColor, scale: float = 1.0) -> None:
    """Paints a formula whose baseline starts at `origin`, sharp on the device's pixels."""
    ratio = painter.device().devicePixelRatioF()
    picture = _picture(formula, scale * ratio, colour.rgba())
    corner = QPointF(origin.x() + formula.left * scale, origin.y() - formula.ascent * scale)
    device = painter.transform().map(corner) * ratio
    snapped = QPointF(round(device.x()), round(device.y())) - device
    target = corner + snapped / ratio - QPointF(_EDGE, _EDGE) / ratio
    painter.drawImage(QRectF(target, picture.deviceIndependentSize() / ratio), picture)


@lru_cache(maxsize=600)
def _picture(formula: Formula, scale: float, colour: int) -> QImage:
    """The formula in device pixels with an edge of `_EDGE`, as a mask tinted in one colour."""
    width, height = formula.width * scale, (formula.ascent + formula.descent) * scale
    picture = QImage(int(width) + 2 * _EDGE + 1, int(height) + 2 * _EDGE + 1, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer = QSvgRenderer(QByteArray(formula.svg))
    renderer.render(painter, QRectF(_EDGE, _EDGE, width, height))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(picture.rect(), QColor.fromRgba(colour))
    painter.end()
    return picture

"""The shipped fonts: Inter for text and figures, JetBrains Mono for code, Phosphor for icons (assets/LICENCES.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QFont, QFontDatabase

ASSETS = Path(__file__).resolve().parent.parent / "assets"
TEXT, CODE, ICONS, FILLED = "Inter", "JetBrains Mono", "Phosphor", "Phosphor-Fill"

Weight = Literal["regular", "medium", "semibold", "bold"]
_WEIGHTS: dict[Weight, QFont.Weight] = {
    "regular": QFont.Weight.Normal,
    "medium": QFont.Weight.Medium,
    "semibold": QFont.Weight.DemiBold,
    "bold": QFont.Weight.Bold,
}


@cache
def load_fonts() -> None:
    """Gives Qt the shipped fonts, once in a process."""
    for folder, pattern in (("fonts", "*.otf"), ("fonts", "*.ttf"), ("icons", "*.ttf")):
        for path in sorted((ASSETS / folder).glob(pattern)):
            QFontDatabase.addApplicationFont(str(path))


def font(size: int = 13, weight: Weight = "regular") -> QFont:
    """The text font at `size` pixels; figures are all of one width, so that numbers do not jump."""
    load_fonts()
    made = QFont(TEXT)
    made.setPixelSize(size)
    made.setWeight(_WEIGHTS[weight])
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if hasattr(made, "setFeature"):  # since Qt 6.7
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def mono(size: int = 12) -> QFont:
    """The font of code and commands at `size` pixels."""
    load_fonts()
    made = QFont(CODE)
    made.setPixelSize(size)
    made.setStyleHint(QFont.StyleHint.Monospace)
    return made

"""The named colours of the window, dark and light: one table for the style sheet, the icons and every painted widget.

The series colours follow Okabe and Ito (2008), which colour-blind people can tell apart; the light theme takes darker
shades of the same hues, because sky blue and yellow vanish on white.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["dark", "light", "system"]
"""`system` follows the desktop."""


@dataclass(frozen=True)
class Colours:
    """Every colour of a theme as `#rrggbb`.

    `canvas` lies behind pictures and scenes, `background` behind the page, `panel` and `raised` stand above it; `line`
    divides, `sheet` floats above all (menus, messages), `edge` outlines what is raised. `faint` is for placeholders. `live` marks what acts
    in mid-run. `on_accent` is text on the accent. `series`: eight colours of curves and classes, in order.
    """

    dark: bool
    canvas: str
    background: str
    panel: str
    raised: str
    sheet: str
    hover: str
    selected: str
    line: str
    edge: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    live: str
    good: str
    bad: str
    series: tuple[str, ...]


DARK = Colours(
    dark=True,
    canvas="#0a0c0f",
    background="#0f1216",
    panel="#161a20",
    raised="#1c2128",
    sheet="#1c2128",
    hover="#242b34",
    selected="#1d2f44",
    line="#262c35",
    edge="#36404d",
    text="#e6e9ee",
    dim="#98a3b1",
    faint="#6b7684",
    accent="#5aa9ff",
    accent_hover="#7dbcff",
    on_accent="#08121f",
    live="#f2b84b",
    good="#4cc38a",
    bad="#f2555a",
    series=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#3f7fd0", "#b8c0cc"),
)

LIGHT = Colours(
    dark=False,
    canvas="#eceef1",
    background="#f6f7f9",
    panel="#ffffff",
    raised="#f0f2f5",
    sheet="#ffffff",
    hover="#e6e9ee",
    selected="#dfebfd",
    line="#dfe3e8",
    edge="#c3cad3",
    text="#1b2027",
    dim="#5a6573",
    faint="#858f9c",
    accent="#1f6feb",
    accent_hover="#185cc6",
    on_accent="#ffffff",
    live="#b26a00",
    good="#1a7f4b",
    bad="#c9252d",
    series=("#1f88c9", "#b87700", "#008561", "#b0558a", "#8c7f00", "#c24f00", "#2b55a8", "#5f6b7a"),
)

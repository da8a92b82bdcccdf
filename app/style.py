"""The style sheet of the application: `style.qss`, with a table of colours filled in.

Widgets ask for a look by dynamic properties, set before they are shown (`set_look` re-applies them later):

    QPushButton, QToolButton   kind   primary, ghost, danger, quiet (a dim word), link; none is the normal button
    QLabel                     role   hero, title, heading, section (for capitals), dim, small, faint, mono,
                                      badge, key, good, bad, live
    QFrame, QWidget            role   panel (bordered), card, raised, bar, foot, side, canvas, divider
    QSplitter                  role   seam (a line one pixel wide between docks); none is an open gap
    QLineEdit, QSpinBox        bad    true: the value is not one that the field takes
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from app.fonts import CODE

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.colours import Colours

SHEET = Path(__file__).with_name("style.qss")


def set_look(widget: QWidget, **properties: str | bool) -> None:
    """Sets dynamic properties that the style sheet selects by, and applies them."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def style_sheet(colours: Colours) -> str:
    """The whole style sheet in these colours."""
    names = {name: value for name, value in vars(colours).items() if isinstance(value, str)}
    extra = {
        "code": CODE,
        "check": "check-dark.svg" if colours.dark else "check-light.svg",
        "scroll": mixed(colours.edge, colours.background, 0.85),
        "danger_fill": mixed(colours.bad, colours.panel, 0.14),
        "accent_fill": mixed(colours.accent, colours.panel, 0.16),
    }
    return Template(SHEET.read_text("utf-8")).substitute(names, **extra)


def mixed(colour: str, ground: str, share: float) -> str:
    """`share` (0..1) of one colour over another, as `#rrggbb`."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)

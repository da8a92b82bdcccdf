"""The tools of the viewport, as a strip of buttons of which one is down."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from app.theme import icon

TOOLS = (
    ("orbit", "arrows-out-cardinal", "Look around: drag turns, wheel comes closer, WASD flies (1)"),
    ("rectangle", "selection", "Choose by a rectangle; Shift adds, Ctrl removes (2)"),
    ("lasso", "lasso", "Choose by a line around it (3)"),
    ("brush", "paint-brush", "Choose by painting over it (4)"),
    ("sphere", "circle-dashed", "Choose a ball: press on a point, drag its radius (5)"),
    ("box", "cube", "The crop box: drag its faces, then crop or choose (6)"),
    ("measure", "ruler", "Measure from point to point (7)"),
    ("eraser", "eraser", "Erase what you paint over (8)"),
    ("probe", "crosshair-simple", "Click a Gaussian: its numbers, and the photos that show it (9)"),
)


class ToolStrip(QFrame):
    """`chosen(name)`: another tool."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for name, glyph, tip in TOOLS:
            button = QToolButton()
            button.setIcon(icon(glyph))
            button.setIconSize(QSize(18, 18))
            button.setFixedSize(34, 32)
            button.setCheckable(True)
            button.setProperty("kind", "ghost")
            button.setToolTip(tip)
            button.setAccessibleName(name.capitalize())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            group.addButton(button)
            column.addWidget(button)
            self.buttons[name] = button
        self.buttons["orbit"].setChecked(True)
        self.adjustSize()

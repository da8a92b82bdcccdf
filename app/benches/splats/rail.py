"""The left rail: what the scene is, how it is shown, what lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.views.elided_label import ElidedLabel

if TYPE_CHECKING:
    from engine.api.frames import Table

WIDTH = 200
MODES = (
    ("colour", "Colour", "What a photo would show"),
    ("depth", "Depth", "How far away what one sees is"),
    (
        "normals",
        "Normals",
        "Where each Gaussian's thinnest side faces: right, up and towards the eye are red, green and blue",
    ),
    ("opacity", "Opacity", "How much of the background is covered"),
    ("centres", "Centres", "A dot for each Gaussian"),
    ("rings", "Rings", "Each Gaussian's ellipse of two standard deviations"),
    ("contributions", "Contributions", "How many Gaussians make a pixel"),
)
OVERLAYS = (
    ("cameras", "Cameras", "Where the photos were taken", True),
    ("photos", "Photos", "The photos in their cameras", True),
    ("points", "Sparse points", "The points that the training began from", False),
    ("grid", "Grid", "The ground", False),
)


class SceneRail(QScrollArea):
    """`mode_chosen(mode)`, `overlay_toggled(name, whether)`, `walk_chosen(walk)`."""

    mode_chosen = Signal(str)
    overlay_toggled = Signal(str, bool)
    walk_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QFrame()
        body.setProperty("role", "side")
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 14, 12, 12)
        self._column.setSpacing(4)
        self._table: Table | None = None
        self.facts = QWidget()
        self._facts = QGridLayout(self.facts)
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(10)
        self._facts.setVerticalSpacing(4)
        self._facts.setColumnStretch(1, 1)
        self._head("SCENE")
        self._column.addWidget(self.facts)
        self._head("SHOW")
        self.modes = self._radios(MODES, self.mode_chosen.emit)
        self._head("OVERLAY")
        self.overlays = self._checks()
        self._head("WALK")
        walks = (
            ("orbit", "Orbit", "Around a point of the scene"),
            ("fly", "Fly", "Through the scene; drag looks around"),
        )
        self.walks = self._radios(walks, self.walk_chosen.emit)
        self._column.addStretch(1)
        self.setWidget(body)
        self.show_facts(None)

    def show_facts(self, table: Table | None) -> None:
        """What there is to know; sentences stand over the whole width."""
        if table == self._table and self._facts.count():
            return
        self._table = table
        while self._facts.count():
            item = self._facts.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        rows = [row for row in table.rows if row[0] != "Edit"] if table is not None else []
        if not rows:
            words = QLabel("Nothing is open")
            words.setProperty("role", "faint")
            self._facts.addWidget(words, 0, 0, 1, 2)
        for line, (what, value) in enumerate(rows):
            if what in ("Scene", "Note"):
                label: QLabel = ElidedLabel(value, "heading" if what == "Scene" else "small")
                label.setToolTip(str(value))
                self._facts.addWidget(label, line, 0, 1, 2)
                continue
            name, number = QLabel(str(what)), QLabel(str(value))
            name.setProperty("role", "small")
            number.setProperty("role", "value")
            number.setAlignment(Qt.AlignmentFlag.AlignRight)
            number.setMinimumWidth(0)
            self._facts.addWidget(name, line, 0)
            self._facts.addWidget(number, line, 1)

    def show_mode(self, mode: str) -> None:
        """Marks a mode that was chosen elsewhere."""
        self.modes[mode].setChecked(True)

    def _head(self, text: str) -> None:
        label = QLabel(text)
        label.setProperty("role", "section")
        if self._column.count():
            self._column.addSpacing(12)
        self._column.addWidget(label)

    def _radios(self, rows: tuple[tuple[str, str, str], ...], chosen: object) -> dict[str, QRadioButton]:
        group, made = QButtonGroup(self), {}
        for name, title, tip in rows:
            button = QRadioButton(title)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, name=name: chosen(name))  # type: ignore[operator]
            group.addButton(button)
            self._column.addWidget(button)
            made[name] = button
        next(iter(made.values())).setChecked(True)
        return made

    def _checks(self) -> dict[str, QCheckBox]:
        made = {}
        for name, title, tip, on in OVERLAYS:
            box = QCheckBox(title)
            box.setToolTip(tip)
            box.setChecked(on)
            box.toggled.connect(lambda state, name=name: self.overlay_toggled.emit(name, state))
            self._column.addWidget(box)
            made[name] = box
        return made

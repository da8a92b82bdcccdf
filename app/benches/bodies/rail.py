"""The left rail: which bodies there are, how they are shown, which terms of the formula are on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QRadioButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon, theme

if TYPE_CHECKING:
    from engine.api.body_scenes import BodyScene
    from engine.api.frames import Table

WIDTH = 216
SHOWS = (
    ("skin", "Shaded", "The skin under a studio's light"),
    ("wireframe", "Wireframe", "The edges of the triangles"),
    ("weights", "Skinning weights", "How much each vertex follows the chosen joint"),
    ("shape offsets", "Shape, Bₛ(β)", "How far the shape moves each vertex"),
    ("pose offsets", "Pose, Bₚ(θ)", "How far the pose itself moves each vertex"),
    (
        "one direction",
        "One blend shape",
        "How far one unit of a coefficient moves each vertex; the tab Shape chooses which",
    ),
)
OVERLAYS = (
    ("bones", "Joints and bones", "Seen through the skin", False),
    ("axes", "Axes of the joints", "x, y and z of every joint of the chosen body", False),
    ("ghost", "Before the last term", "Points: the body before the last term of the formula that is on", False),
    ("grid", "Ground", "A grid of metres under the feet", True),
)
TERMS = (
    ("with_shape", "Shape, Bₛ(β)", "Adds the shape's offsets to the template"),
    ("with_pose", "Pose, Bₚ(θ)", "Adds the pose's corrections"),
    ("with_skinning", "Skinning, W", "Moves the skin with the joints"),
)


class BodiesRail(QScrollArea):
    """`body_chosen(index)`, `asked(what)`, `model_wanted(model)`, `show_chosen(name)`, `toggled(name, whether)`."""

    body_chosen = Signal(int)
    asked = Signal(str)
    model_wanted = Signal(str)
    show_chosen = Signal(str)
    toggled = Signal(str, bool)

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
        self.models = QMenu(self)
        self._add_bodies()
        self._head("SHOW")
        self.shows = self._radios()
        self._head("OVERLAY")
        self.boxes = {name: self._box(name, title, tip, on) for name, title, tip, on in OVERLAYS}
        self._head("FORMULA")
        self.formula = QLabel()
        self.formula.setTextFormat(Qt.TextFormat.RichText)
        self.formula.setToolTip("The body, term by term; T is the template, the mean body in its rest pose")
        self._column.addWidget(self.formula)
        self.boxes |= {name: self._box(name, title, tip, True) for name, title, tip in TERMS}
        self._column.addStretch(1)
        self.setWidget(body)
        for name, *_ in TERMS:
            self.boxes[name].toggled.connect(self._write_formula)
        theme().changed.connect(self._write_formula)
        self._write_formula()

    def _write_formula(self) -> None:
        """The formula, with the terms that are off in the faintest colour."""
        faint = theme().colours.edge
        on = {name: self.boxes[name].isChecked() for name, *_ in TERMS}

        def term(name: str, text: str) -> str:
            return text if on[name] else f'<span style="color: {faint}">{text}</span>'

        shape, pose = term("with_shape", " + B<sub>S</sub>(β)"), term("with_pose", " + B<sub>P</sub>(θ)")
        self.formula.setText(f"{term('with_skinning', 'W( ')}T{shape}{pose}{term('with_skinning', ' )')}")

    def show_scene(self, scene: BodyScene, chosen: int) -> None:
        """Lists the bodies."""
        self.list.blockSignals(True)
        self.list.clear()
        for actor in scene.actors:
            item = QListWidgetItem(icon("person-simple", "dim"), actor.name)
            item.setToolTip(actor.model)
            self.list.addItem(item)
        self.list.setCurrentRow(chosen)
        tall = max(24, self.list.sizeHintForRow(0))
        self.list.setFixedHeight(4 + tall * min(max(len(scene.actors), 1), 6))
        self.list.blockSignals(False)
        self.buttons["remove"].setEnabled(len(scene.actors) > 1)

    def show_numbers(self, table: Table, chosen: int) -> None:
        """The chosen body in numbers, and each in its tooltip."""
        for row, entry in enumerate(table.rows[: self.list.count()]):
            _, layout, height, weight, shapes, moved = entry
            size = f"{height} cm" + (f", {weight} kg" if weight else "")
            item = self.list.item(row)
            if item is not None:
                item.setToolTip(f"{layout}, {size}, {shapes} shape directions, moved by {moved}")
            if row == chosen:
                self.numbers.setText(f"{layout} · {size}")

    def show_models(self, entries: list[tuple[str, str]]) -> None:
        """What a new body may be made of: a name for the scene, and words."""
        self.models.clear()
        for model, words in entries:
            self.models.addAction(words, partial(self.model_wanted.emit, model))
        self.models.addSeparator()
        self.models.addAction("Model file …", partial(self.asked.emit, "choose_model"))

    # Inside --------------------------------------------------------------------------------------------------------------------

    def _head(self, text: str, *tools: QToolButton) -> None:
        label = QLabel(text)
        label.setProperty("role", "section")
        if self._column.count():
            self._column.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(label, 1)
        for widget in tools:
            row.addWidget(widget)
        self._column.addLayout(row)

    def _add_bodies(self) -> None:
        rows = (
            ("add", "plus", "Add a body"),
            ("duplicate", "copy", "Duplicate the chosen body (Ctrl+D)"),
            ("remove", "trash", "Remove the chosen body"),
        )
        self.buttons = {name: _tool(glyph, tip) for name, glyph, tip in rows}
        self.buttons["add"].setMenu(self.models)
        self.buttons["add"].setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.buttons["duplicate"].clicked.connect(partial(self.asked.emit, "duplicate"))
        self.buttons["remove"].clicked.connect(partial(self.asked.emit, "remove"))
        self._head("BODIES", *self.buttons.values())
        self.list = QListWidget()
        self.list.setAccessibleName("Bodies")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(lambda row: self.body_chosen.emit(row) if row >= 0 else None)
        self._column.addWidget(self.list)
        self.numbers = QLabel(" ")
        self.numbers.setProperty("role", "small")
        self._column.addWidget(self.numbers)

    def _radios(self) -> dict[str, QRadioButton]:
        group, made = QButtonGroup(self), {}
        for name, title, tip in SHOWS:
            button = QRadioButton(title)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, name=name: self.show_chosen.emit(name))
            group.addButton(button)
            self._column.addWidget(button)
            made[name] = button
        made["skin"].setChecked(True)
        return made

    def _box(self, name: str, title: str, tip: str, on: bool) -> QCheckBox:
        box = QCheckBox(title)
        box.setToolTip(tip)
        box.setChecked(on)
        box.toggled.connect(partial(self.toggled.emit, name))
        self._column.addWidget(box)
        return box


def _tool(glyph: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph, "dim"))
    button.setIconSize(QSize(15, 15))
    button.setFixedSize(26, 24)
    button.setProperty("kind", "ghost")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    return button

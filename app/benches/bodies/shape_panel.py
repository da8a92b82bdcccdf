"""The tab Shape: height and weight, raw coefficients, of which model a body is, and where it stands."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from app.benches.bodies.dials import Dial, Tab
from engine.api.body_scenes import Shape
from engine.api.params import Slider

if TYPE_CHECKING:
    from engine.api.body_scenes import Actor
    from engine.api.frames import Table

PEOPLE = (
    ("Child of 8", 128.0, 26.0),
    ("Child of 12", 150.0, 42.0),
    ("Small woman", 153.0, 52.0),
    ("Woman", 163.0, 62.0),
    ("Man", 176.0, 76.0),
    ("Tall man", 193.0, 88.0),
    ("Heavy man", 176.0, 115.0),
)
"""Centimetres and kilograms: medians of the CDC's growth charts 2000 for children, of common tables for adults."""
BETAS = 10


class ShapePanel(Tab):
    """`changed(gesture, values)`: fields of the chosen body; `model_wanted(model)`; `direction_chosen(number)`."""

    changed = Signal(str, dict)
    model_wanted = Signal(str)
    direction_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actor: Actor | None = None
        self._usual = (170.0, 65.0)
        self._models: list[str] = []
        self._add_person()
        self._add_body()
        self._add_betas()
        self._add_place()
        self.column.addStretch(1)

    # What it shows -------------------------------------------------------------------------------------------------------------

    def show_actor(self, actor: Actor) -> None:
        """The chosen body as it is written down."""
        self._actor = actor
        shape = actor.shape
        self.tall.show_value(shape.height or self._usual[0])
        self.heavy.show_value(shape.weight or self._usual[1])
        for number, dial in enumerate(self.betas):
            dial.show_value(shape.betas[number] if number < len(shape.betas) else 0.0)
        for dial, value in zip(self.places, (*actor.ground, actor.heading), strict=True):
            dial.show_value(value)
        if not self.name.hasFocus():
            self.name.setText(actor.name)
        if actor.model in self._models:
            self.model.setCurrentIndex(self._models.index(actor.model))

    def show_numbers(self, table: Table, chosen: int) -> None:
        """What the body really measures; a body whose skin is open has no weight."""
        if self._actor is None or chosen >= len(table.rows):
            return
        _, layout, height, weight, directions, _ = table.rows[chosen]
        whole = layout != "MANO"
        self.tall.setEnabled(whole)
        self.heavy.setEnabled(bool(weight))
        self._usual = (float(str(height)), float(str(weight or 65)))
        shape = self._actor.shape
        if not shape.height and not self.tall.slider.track.underMouse():
            self.tall.show_value(self._usual[0])
        if not shape.weight and weight and not self.heavy.slider.track.underMouse():
            self.heavy.show_value(self._usual[1])
        for number, dial in enumerate(self.betas):
            dial.setEnabled(number < int(str(directions)))
        self.found.setText(f"It measures {height} cm" + (f" and weighs {weight} kg." if weight else "."))

    def show_models(self, entries: list[tuple[str, str]]) -> None:
        """Of what the body may be made."""
        self.model.clear()
        self._models = [model for model, _ in entries]
        self.model.addItems([words for _, words in entries])
        if self._actor is not None and self._actor.model in self._models:
            self.model.setCurrentIndex(self._models.index(self._actor.model))

    # How it is made ------------------------------------------------------------------------------------------------------------

    def _add_person(self) -> None:
        self.head("BODY")
        self.name, self.model = QLineEdit(), QComboBox()
        self.name.setAccessibleName("Name of the body")
        self.name.setToolTip("What the body is called")
        self.name.setMaxLength(40)
        self.name.editingFinished.connect(self._take_name)
        self.model.setToolTip("Of which model the body is")
        self.model.setAccessibleName("Model")
        self.model.activated.connect(lambda row: self.model_wanted.emit(self._models[row]))
        self.column.addWidget(self.name)
        self.column.addWidget(self.model)

    def _add_body(self) -> None:
        self.head("SIZE")
        self.people = QComboBox()
        self.people.addItems(["A person like …", *(name for name, *_ in PEOPLE)])
        self.people.setToolTip("Height and weight of someone")
        self.people.setAccessibleName("People")
        self.people.activated.connect(self._take_person)
        self.column.addWidget(self.people)
        self.tall = Dial("Height", Slider(120, 210, unit="cm", step=0.5, help="From sole to crown"), 170, self._grow)
        tip = "Volume of the body times its density"
        self.heavy = Dial("Weight", Slider(20, 160, unit="kg", step=0.5, help=tip), 65, self._grow)
        self.column.addWidget(self.tall)
        self.column.addWidget(self.heavy)
        self.found = QLabel(" ")
        self.found.setProperty("role", "small")
        self.column.addWidget(self.found)

    def _add_betas(self) -> None:
        self.head("COEFFICIENTS β, ADDED")
        self.betas = []
        for number in range(BETAS):
            tip = f"The shape direction {number + 1}, in standard deviations"
            slider = Slider(-5, 5, step=0.01, help=tip)
            dial = Dial(f"β{_small(number + 1)}", slider, 0.0, partial(self._bend, number))
            dial.label.setFixedWidth(30)
            self.betas.append(dial)
            self.column.addWidget(dial)
        self.reset = QPushButton("Mean body")
        self.reset.setToolTip("The model's own size and no coefficients")
        self.reset.clicked.connect(lambda: self.changed.emit("", {"shape": Shape()}))
        self.column.addWidget(self.reset)

    def _add_place(self) -> None:
        self.head("PLACE")
        rows = (
            ("x", Slider(-5, 5, unit="m", step=0.01, help="Where it stands on the ground: towards x")),
            ("y", Slider(-5, 5, unit="m", step=0.01, help="Where it stands on the ground: towards y")),
            ("Heading", Slider(-180, 180, unit="°", step=1, help="Where it looks, anticlockwise from above")),
        )
        self.places = [Dial(name, slider, 0.0, self._place) for name, slider in rows]
        for dial in self.places:
            self.column.addWidget(dial)

    # What a person does --------------------------------------------------------------------------------------------------------

    def _shape(self) -> Shape:
        return self._actor.shape if self._actor is not None else Shape()

    def _grow(self, _value: float) -> None:
        shape = replace(self._shape(), height=self.tall.value(), weight=self.heavy.value())
        self.changed.emit("size", {"shape": shape})

    def _bend(self, number: int, value: float) -> None:
        betas = [*self._shape().betas, *[0.0] * BETAS][: max(BETAS, len(self._shape().betas))]
        betas[number] = value
        self.changed.emit(f"β{number}", {"shape": replace(self._shape(), betas=tuple(betas))})
        self.direction_chosen.emit(number + 1)

    def _take_person(self, row: int) -> None:
        if row > 0:
            _, height, weight = PEOPLE[row - 1]
            self.changed.emit("", {"shape": replace(self._shape(), height=height, weight=weight)})
        self.people.setCurrentIndex(0)

    def _take_name(self) -> None:
        name = self.name.text().strip()
        if name and self._actor is not None and name != self._actor.name:
            self.changed.emit("name", {"name": name})

    def _place(self, _value: float) -> None:
        x, y, heading = (dial.value() for dial in self.places)
        self.changed.emit("place", {"ground": (x, y), "heading": heading})


def _small(number: int) -> str:
    """A number as an index below the line."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))

"""Which widget a kind of control has: one row each. A new kind is one file and one row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.controls.camera import CameraControl
from app.controls.canvas import CanvasControl
from app.controls.choice import ChoiceControl
from app.controls.dataset import DatasetControl
from app.controls.file import FileControl
from app.controls.matrix import MatrixControl
from app.controls.pad import PadControl
from app.controls.picks import PickControl, PointSetControl
from app.controls.press import ButtonControl
from app.controls.record import RecordControl
from app.controls.slider import SliderControl
from app.controls.toggle import ToggleControl
from engine.api.params import (
    Button,
    Camera,
    Canvas,
    Choice,
    Control,
    Dataset,
    Field,
    File,
    Matrix,
    Pad,
    Pick,
    PointSet,
    Record,
    Slider,
    Toggle,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.controls.base import ControlWidget

WIDGETS: dict[type[Control], type[ControlWidget]] = {
    Slider: SliderControl,
    Choice: ChoiceControl,
    Toggle: ToggleControl,
    Pad: PadControl,
    Canvas: CanvasControl,
    Matrix: MatrixControl,
    PointSet: PointSetControl,
    Pick: PickControl,
    Button: ButtonControl,
    Dataset: DatasetControl,
    File: FileControl,
    Camera: CameraControl,
    Record: RecordControl,
}


def make_control(field: Field, parent: QWidget | None = None) -> ControlWidget:
    """The widget of a field, at its default. Raises KeyError for a kind of control without a row."""
    return WIDGETS[type(field.control)](field, parent)

"""A webcam by its number. The window never opens one: the worker does, and says so if there is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.controls.base import ControlWidget
from app.controls.choice import CalmComboBox

if TYPE_CHECKING:
    from engine.api.params import Field

_LINUX = Path("/sys/class/video4linux")
_ASSUMED = 3


def find_cameras(folder: Path = _LINUX, linux: bool = sys.platform == "linux") -> dict[int, str]:
    """Number and name of each camera. Linux tells without opening one; elsewhere the first numbers are offered unseen."""
    if not linux:
        return {number: f"Camera {number}" for number in range(_ASSUMED)}
    found = {}
    for entry in sorted(folder.glob("video*")):
        number = entry.name.removeprefix("video")
        try:
            is_capture = (entry / "index").read_text("utf-8").strip() == "0"  # the others carry a camera's metadata
            name = (entry / "name").read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if is_capture and number.isdigit():
            found[int(number)] = name or f"Camera {number}"
    return found


class CameraControl(ControlWidget):
    """Off, or one of the cameras that are there. The list is made anew each time it drops down."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.chooser = CalmComboBox()
        self.chooser.setAccessibleName(field.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.chooser)
        self.setFocusProxy(self.chooser)
        self.chooser.activated.connect(lambda: self.offer(self.chooser.currentData()))
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Lists the cameras, with the chosen one on top."""
        cameras = find_cameras()
        if value >= 0:
            cameras.setdefault(value, f"Camera {value}")
        self.chooser.clear()
        self.chooser.addItem("Off" if cameras else "Off (no camera found)", -1)
        for number, name in cameras.items():
            self.chooser.addItem(name, number)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(value)))

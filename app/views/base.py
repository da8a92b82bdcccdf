"""What every view is: a widget that shows frames of one kind, may change parameters on itself, and can be exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.notify import notify
from app.theme import icon
from app.views.sheet import titled
from engine.api.records import write_text_atomically

if TYPE_CHECKING:
    from engine.api import Frame
    from engine.api.params import Field

POKE_MS = 33
"""Edits leave a view at most thirty times a second."""

Mark = Literal["line", "dashed", "dot", "ring", "band", "box"]


@dataclass(frozen=True)
class LegendEntry:
    """A chip of the legend. `key`: what a click on it hides or shows again; "" is not clickable."""

    text: str
    colour: str
    mark: Mark = "line"
    key: str = ""
    hidden: bool = False


class View(QWidget):
    """Shows the frames of one view name.

    `poked(name, value)`: the person changed parameter `name` on the view itself. `legend_changed`: ask `legend` again.
    """

    has_numbers = False
    """Whether it can be exported as CSV."""
    has_vectors = False
    """Whether it can be saved as SVG."""

    poked = Signal(str, object)
    legend_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.export_name = "view"
        self._waiting: dict[str, object] = {}
        self._actions: list[QAction] = []
        self._pace = QTimer(self, interval=POKE_MS)
        self._pace.timeout.connect(self._send_waiting)

    def show_frame(self, frame: Frame) -> None:
        """Shows a frame of the view's own type."""
        raise NotImplementedError

    def set_parameter(self, name: str, value: object) -> None:
        """A parameter has this value now, wherever it was changed."""

    def bind_fields(self, fields: Sequence[Field]) -> None:
        """The parameters of the lab, so that `edits` finds its control."""
        self.fields = {field.name: field for field in fields}

    def outlook(self) -> object:
        """How the person has turned it to be seen, for the view that takes its place at the next run; None if they have not."""
        return None

    def take_outlook(self, outlook: object) -> None:
        """Looks as another view of this kind did."""

    def clear(self) -> None:
        """Forgets what it shows."""

    @property
    def settled(self) -> bool:
        """Whether it shows all that it was given; one that draws in the background takes a moment."""
        return True

    def note(self, frame: Frame) -> str:
        """The dim text beside the title, now that `frame` is shown."""
        return str(getattr(frame, "note", ""))

    # the header ---------------------------------------------------------------------------------------------------------------

    def legend(self) -> tuple[LegendEntry, ...]:
        """The chips beside the title."""
        return ()

    def toggle(self, key: str) -> None:
        """Hides or shows what a legend entry stands for."""

    def emphasise(self, key: str) -> None:
        """Brings out what a legend entry stands for; "" ends it."""

    def tools(self) -> list[QWidget]:
        """Small widgets for the header."""
        return []

    def menu_actions(self) -> list[QAction]:
        """What the overflow menu offers besides the export."""
        return []

    # what the person changes on the view ----------------------------------------------------------------------------------------

    def poke(self, name: str, value: object, at_once: bool = False) -> None:
        """Tells that parameter `name` changed: now, or, within 33 ms of the last time, at their end (the newest value wins)."""
        self._waiting[name] = value
        if at_once or not self._pace.isActive():
            self._send_waiting()

    def _send_waiting(self) -> None:
        if not self._waiting:
            self._pace.stop()
            return
        self._pace.start()
        waiting, self._waiting = self._waiting, {}
        for name, value in waiting.items():
            self.poked.emit(name, value)

    # export -------------------------------------------------------------------------------------------------------------------

    def picture(self) -> QImage:
        """The view as a picture, at twice the size of the screen's."""
        image = QImage(self.size() * 2, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        image.fill(self.palette().window().color())
        self.render(image)
        return image

    def exported(self) -> QImage:
        """The picture as it is saved and copied: with title and legend, where it has a legend."""
        legend = self.legend()
        return titled(self.picture(), self.export_name, legend) if legend else self.picture()

    def csv_rows(self) -> Sequence[Sequence[object]]:
        """The numbers behind the view, a heading first."""
        return ()

    def svg(self) -> str:
        """The view as an SVG document, in light colours."""
        return ""

    def export_actions(self) -> list[QAction]:
        """Save and copy, for the overflow menu."""
        if not self._actions:
            self._actions = [
                self._action("Save picture…", "download-simple", self.ask_picture),
                self._action("Save as SVG…", "download-simple", self.ask_svg),
                self._action("Export CSV…", "table", self.ask_csv),
                self._action("Copy picture", "copy", self.copy),
            ]
        _, vectors, numbers, _ = self._actions
        vectors.setVisible(self.has_vectors)
        numbers.setVisible(self.has_numbers)
        return self._actions

    def _action(self, text: str, glyph: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(glyph, "dim"), text, self)
        action.triggered.connect(lambda: act())
        return action

    def copy(self) -> None:
        """Puts the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.exported())

    def ask_picture(self) -> None:
        """Asks where to, and saves the picture there."""
        path = self._ask("Save picture", "png", "Pictures (*.png *.jpg)")
        if path and not self.save_picture(path):
            notify(f"{path.name} could not be written; choose another folder or name.")

    def ask_csv(self) -> None:
        """Asks where to, and saves the numbers there."""
        self._ask_and_save("Export numbers", "csv", "Comma-separated values (*.csv)", self.save_csv)

    def ask_svg(self) -> None:
        """Asks where to, and saves the view there in lines and letters instead of pixels."""
        self._ask_and_save("Save as SVG", "svg", "Scalable vector graphics (*.svg)", self.save_svg)

    def _ask_and_save(self, title: str, ending: str, kinds: str, save: Callable[[Path], None]) -> None:
        path = self._ask(title, ending, kinds)
        if not path:
            return
        try:
            save(path)
        except OSError as error:
            notify(f"{path.name} could not be written ({error.strerror}); choose another folder.")

    def save_picture(self, path: Path) -> bool:
        """Writes the picture; whether it worked."""
        return self.exported().save(str(path))

    def save_csv(self, path: Path) -> None:
        """Writes the numbers in full precision. Raises OSError."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.csv_rows())
        write_text_atomically(path, text.getvalue())

    def save_svg(self, path: Path) -> None:
        """Writes the view as SVG. Raises OSError."""
        write_text_atomically(path, self.svg())

    def _ask(self, title: str, ending: str, kinds: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self, title, f"{self.export_name}.{ending}", kinds)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(f".{ending}")

"""The panel around a view: title, note, legend and menu above; a hint in the middle until the first frame arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon
from app.views.curves import CurvesView
from app.views.elided_label import ElidedLabel
from app.views.legend_bar import LegendBar
from app.views.table import VIEWS, make_view

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent

    from app.views.base import View
    from app.views.curve_store import SeriesColours
    from engine.api import Frame
    from engine.api import View as Place
    from engine.api.params import Field

_HEADER = 36
_BUTTON, _MARGINS = 32, 12 + 4 + 16 + 4
_NARROW = 330
"""Below this width the header leaves out the view's tools and the close button."""
_LOW = 190
"""From this height on, a legend too long for the header gets a row of its own."""


class ViewPanel(QFrame):
    """One place of a lab's page. `closed(name)`; `expanded(name, whether)`: fill the page, or go back; `poked(parameter, value)`."""

    closed = Signal(str)
    expanded = Signal(str, bool)
    poked = Signal(str, object)

    def __init__(self, place: Place, colours: SeriesColours | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = place
        self.view: View | None = None
        self._outlooks: dict[type[View], object] = {}  # how the person looked at the last run
        self.is_expanded = False
        self._colours = colours
        self._fields: Sequence[Field] = ()
        self._values: dict[str, object] = {}
        self.setProperty("role", "panel")
        self.setMinimumSize(160, 120)
        self._title = ElidedLabel(place.title or place.name.capitalize(), "heading")
        self._note = ElidedLabel("", "small")
        self._legend = LegendBar()
        self._low_legend = LegendBar()  # takes over, in a row of its own, where the header is too narrow
        self._tools = QHBoxLayout()
        self._tool_widgets: list[QWidget] = []
        self._menu_button = self._button("dots-three", "Save, export, copy", self._open_menu)
        self._expand_button = self._button(
            "arrows-out-simple", "Fill the page (double-click on the title)", self.toggle_expanded
        )
        self._close_button = self._button(
            "x", "Close this view; it then costs nothing", lambda: self.closed.emit(self.place.name)
        )
        self._stack = QStackedLayout()
        self._build()

    # layout ---------------------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(12, 0, 4, 0)
        header.setSpacing(8)
        for legend in (self._legend, self._low_legend):
            legend.clicked.connect(self._toggle)
            legend.pointed.connect(self._emphasise)
        self._low_legend.setContentsMargins(12, 0, 12, 0)
        self._low_legend.hide()
        self._tools.setSpacing(4)
        header.addWidget(self._title)
        header.addWidget(self._note)
        header.addWidget(self._legend, 1)
        header.addStretch(0)
        header.addLayout(self._tools)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self._menu_button, self._expand_button, self._close_button):
            buttons.addWidget(button)
        header.addLayout(buttons)
        strip = QWidget()
        strip.setLayout(header)
        strip.setFixedHeight(_HEADER)
        body = QWidget()
        body.setLayout(self._stack)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._hint())
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 6)
        column.setSpacing(0)
        column.addWidget(strip)
        column.addWidget(self._low_legend)
        column.addWidget(body, 1)

    def _hint(self) -> QLabel:
        hint = QLabel(self.place.hint or "Press Start: this view fills as the model trains.")
        hint.setProperty("role", "faint")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setWordWrap(True)
        hint.setContentsMargins(24, 0, 24, 24)
        hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        return hint

    def _button(self, glyph: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(glyph, "dim"))
        button.setIconSize(QSize(16, 16))
        button.setProperty("kind", "ghost")
        button.setFixedSize(32, 32)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0].partition(";")[0])
        button.clicked.connect(act)
        return button

    # what the page says -----------------------------------------------------------------------------------------------------------

    def accept(self, frame: Frame) -> None:
        """Shows a frame; the first one decides which view this is."""
        if self.view is None or type(self.view) is not VIEWS[type(frame)]:
            self._take(make_view(type(frame)))
        if self.view is not None:
            self.view.show_frame(frame)
        note = self.view.note(frame) if self.view is not None else ""
        self._set_note(note or (self.place.hint if getattr(frame, "edits", "") else ""))

    def curves(self) -> CurvesView:
        """The chart of this panel, made at the first call."""
        if isinstance(self.view, CurvesView):
            return self.view
        view = CurvesView(self._colours, self.place.unit, self.place.log)
        self._take(view)
        return view

    def bind_fields(self, fields: Sequence[Field]) -> None:
        """The parameters of the lab."""
        self._fields = fields
        if self.view is not None:
            self.view.bind_fields(fields)

    def set_parameter(self, name: str, value: object) -> None:
        """A parameter has this value now."""
        self._values[name] = value
        if self.view is not None:
            self.view.set_parameter(name, value)

    def clear(self) -> None:
        """Back to the hint, for a new run. A chart stays, emptied."""
        if isinstance(self.view, CurvesView):
            self.view.clear()
        elif self.view is not None:
            self._drop()
        self._set_note("")

    def _take(self, view: View) -> None:
        self._drop()
        self.view = view
        view.take_outlook(self._outlooks.get(type(view)))
        view.export_name = self._title.text()
        view.bind_fields(self._fields)
        for name, value in self._values.items():
            view.set_parameter(name, value)
        view.poked.connect(self.poked)
        view.legend_changed.connect(self._show_legend)
        self._tool_widgets = view.tools()
        for tool in self._tool_widgets:
            self._tools.addWidget(tool)
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        self.setFocusProxy(view)
        self._show_legend()
        self._fit_header()

    def _drop(self) -> None:
        if self.view is None:
            return
        for tool in self._tool_widgets:
            self._tools.removeWidget(tool)
            tool.deleteLater()
        self._tool_widgets = []
        self._outlooks[type(self.view)] = self.view.outlook()
        self._stack.removeWidget(self.view)
        self._stack.setCurrentIndex(0)
        self.view.deleteLater()
        self.view = None
        self._show_legend()

    # header -----------------------------------------------------------------------------------------------------------------------

    def _set_note(self, text: str) -> None:
        self._note.setText(text)
        self._fit_header()

    def _toggle(self, key: str) -> None:
        if self.view is not None:
            self.view.toggle(key)

    def _emphasise(self, key: str) -> None:
        if self.view is not None:
            self.view.emphasise(key)

    def _show_legend(self) -> None:
        for legend in (self._legend, self._low_legend):
            legend.show_entries(self.view.legend() if self.view else ())
        self._fit_header()

    def _fit_header(self) -> None:
        """Shares the header: buttons, then title, legend, and the note in what is left."""
        wide = self.width() >= _NARROW
        for tool in self._tool_widgets:
            tool.setVisible(wide)
        tools = sum(tool.sizeHint().width() + 8 for tool in self._tool_widgets) if wide else 0
        self._close_button.setVisible(wide)  # the menu has it too
        room = self.width() - _MARGINS - (3 if wide else 2) * _BUTTON - tools
        title = min(self._title.sizeHint().width(), max(room, 40))
        self._title.setFixedWidth(title)
        left = room - title - 16
        legend = self._legend.sizeHint().width()
        low = bool(self._legend.entries) and legend > left and self.height() >= _LOW
        self._low_legend.setVisible(low)
        self._legend.setVisible(not low)
        left -= 0 if low else legend
        self._note.setVisible(bool(self._note.text()) and left > 60)
        self._note.setFixedWidth(max(min(self._note.sizeHint().width(), left), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out of the header what does not fit."""
        super().resizeEvent(event)
        self._fit_header()

    def menu(self) -> QMenu:
        """What the overflow menu offers now."""
        menu = QMenu(self)
        if self.view is not None:
            menu.addActions(self.view.menu_actions())
            menu.addSeparator()
            menu.addActions(self.view.export_actions())
            menu.addSeparator()
        glyph, words = (
            ("arrows-in-simple", "Back to the page") if self.is_expanded else ("arrows-out-simple", "Fill the page")
        )
        fill = menu.addAction(icon(glyph, "dim"), words)
        fill.triggered.connect(self.toggle_expanded)
        shut = menu.addAction(icon("x", "dim"), "Close")
        shut.triggered.connect(lambda: self.closed.emit(self.place.name))
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._menu_button.mapToGlobal(self._menu_button.rect().bottomLeft()))

    def toggle_expanded(self) -> None:
        """Asks the page to give this panel the whole page, or to take it back."""
        self.set_expanded(not self.is_expanded)
        self.expanded.emit(self.place.name, self.is_expanded)

    def set_expanded(self, whether: bool) -> None:
        """Shows in the header that the panel fills the page, or not."""
        self.is_expanded = whether
        self._expand_button.setIcon(icon("arrows-in-simple" if whether else "arrows-out-simple", "dim"))
        self._expand_button.setToolTip(
            "Back to the page (Esc)" if whether else "Fill the page (double-click on the title)"
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double-click on the header fills the page."""
        if event.position().y() <= _HEADER:
            self.toggle_expanded()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the page; the copy shortcut copies the picture."""
        if event.key() == Qt.Key.Key_Escape and self.is_expanded:
            self.toggle_expanded()
        elif event.matches(QKeySequence.StandardKey.Copy) and self.view is not None:
            self.view.copy()
        else:
            super().keyPressEvent(event)

"""The tabs at the right of a lab's page: controls with the notes under them, notes alone, code, proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.panel import ControlsPanel
from app.notes.code_view import CodeView
from app.notes.view import NotesView
from app.theme import icon
from app.topics.proof import ProofView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent, QShowEvent

    from engine.api.lab import LabInfo

TABS = ("controls", "notes", "code", "proof")
WIDTH = 320
_SEEDS = 2**31 - 1
_SEED_ROW = 40
_EDGE, _SCROLL = 12, 12
_CONTROLS_SHARE = 0.64


class SeedField(QLineEdit):
    """A whole number. `changed(seed)`: the person chose another."""

    changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("0", parent)
        self.setValidator(QIntValidator(0, _SEEDS, self))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editingFinished.connect(lambda: self.changed.emit(self.value()))

    def value(self) -> int:
        """The seed."""
        return int(self.text() or 0)

    def take(self, seed: int) -> None:
        """Another seed."""
        self.setText(str(min(max(seed, 0), _SEEDS)))
        self.changed.emit(self.value())


class SidePanel(QTabWidget):
    """Holds the tabs; `seeded`: the person chose another seed."""

    seeded = Signal(int)

    def __init__(self, info: LabInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "side")
        self.setMinimumWidth(256)
        self.setDocumentMode(True)
        self.controls = ControlsPanel()
        self.controls.set_lab(info)
        self.notes = NotesView()
        self.code = CodeView()
        self.proof = ProofView(info)
        self.seed = SeedField()
        self._info = info
        self._code_shown = False
        self._dragged = False
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._page = QWidget()
        self._build()
        self.notes.set_lab(info)
        self.proof.told.connect(self._tell_proof)
        self.currentChanged.connect(self._move_notes)
        self._move_notes(0)

    def show_tab(self, name: str) -> None:
        """Brings a tab to the front."""
        if name in TABS:
            self.setCurrentIndex(TABS.index(name))

    def _build(self) -> None:
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls, 1)
        column.addWidget(self._seed_row())
        self._split.setProperty("role", "seam")
        self._split.setChildrenCollapsible(False)
        self._split.splitterMoved.connect(self._on_dragged)
        self._split.addWidget(upper)
        layout = QVBoxLayout(self._page)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget, title, tip in (
            (self._split, "Controls", "What you can set; an orange dot acts in mid-run"),
            (self._page, "Notes", "The idea, with the live numbers in it"),
            (self.code, "Code", "The file that runs"),
            (self.proof, "Proof", "Numeric checks: expected beside measured"),
        ):
            self.setTabToolTip(self.addTab(widget, title), tip)

    def _seed_row(self) -> QFrame:
        row = QFrame()
        line = QHBoxLayout(row)
        self.controls.verticalScrollBar().rangeChanged.connect(
            lambda _, most: line.setContentsMargins(28, 0, _EDGE + (_SCROLL if most else 0), 8)
        )
        line.setContentsMargins(28, 0, _EDGE, 8)
        label = QLabel("Seed")
        label.setProperty("role", "dim")
        self.seed.setFixedWidth(96)
        self.seed.setToolTip("Where all random numbers of the next start begin: the same seed gives the same run")
        self.seed.setAccessibleName("Seed")
        self.seed.changed.connect(self.seeded)
        dice = QToolButton()
        dice.setIcon(icon("dice-five", "dim"))
        dice.setToolTip("The next seed")
        dice.setAccessibleName("Next seed")
        dice.clicked.connect(lambda: self.seed.take(self.seed.value() + 1))
        line.addWidget(label, 1)
        line.addWidget(dice)
        line.addWidget(self.seed)
        return row

    def _on_dragged(self, *_: int) -> None:
        self._dragged = True

    def _move_notes(self, index: int) -> None:
        """The notes stand under the controls, and alone in their own tab: it is one widget."""
        if index == TABS.index("notes"):
            layout = self._page.layout()
            if layout is not None:
                layout.addWidget(self.notes)
        elif self.notes.parent() is not self._split:
            self._split.addWidget(self.notes)
            self._split.setStretchFactor(0, 0)
            self._split.setStretchFactor(1, 1)
        self.notes.show()
        if index == TABS.index("code") and not self._code_shown:
            self._code_shown = True
            self.code.set_lab(self._info)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The seam follows."""
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Now it is known how high the controls are."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        """However long the controls are, the notes begin above the fold, until the person drags the seam."""
        if not self._dragged and self._split.count() == 2:
            height = self._split.height()
            wanted = self.controls.sizeHint().height() + _SEED_ROW
            upper = min(wanted, round(height * _CONTROLS_SHARE))
            self._split.setSizes([upper, height - upper])

    def _tell_proof(self, text: str, look: str) -> None:
        self.setTabText(TABS.index("proof"), f"Proof  {text}" if text else "Proof")

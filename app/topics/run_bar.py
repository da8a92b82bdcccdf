"""The bar above the views: what lab this is, start and pause, single step, stop, speed, how the run stands, fork and proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.style import set_look
from app.theme import icon, theme
from app.topics.standing import Standing
from app.views.elided_label import ElidedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.runs import LiveRun
    from engine.api.lab import LabInfo

HEIGHT = 60
SPEEDS = (
    (0.0, "max", "As fast as the machine can"),
    (60.0, "60/s", ""),
    (10.0, "10/s", ""),
    (1.0, "1/s", "Slow enough to watch each step"),
)
_ROOMY = 820
_NAMES = 220
_FEW_NAMES = 180
_LINE = 3


class RunBar(QFrame):
    """Buttons that ask, and words that tell. The page connects the signals to its actions."""

    toggled = Signal()  # start, pause, go on, continue
    stepped = Signal()
    again = Signal()
    stopped = Signal()
    speed_chosen = Signal(float)
    fork_wanted = Signal()
    prove_wanted = Signal()

    def __init__(self, info: LabInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setFixedHeight(HEIGHT)
        self._trains = any(entry.name == "steps" for entry in info.fields)
        self._run: LiveRun | None = None
        self._names = QWidget()
        self.title = ElidedLabel(info.title, "title")
        self.source = ElidedLabel(info.source, "small")
        self.main = QPushButton()
        self.step = _square("skip-forward", "One step, then hold (S)", self.stepped)
        self.restart = QPushButton(icon("arrow-counter-clockwise"), "Again")
        self.stop = _square("stop", "Stop: save this moment and end the run (Shift+S)", self.stopped)
        self.speed = _speed_button(self._choose_speed)
        self.standing = Standing()
        self.fork = QPushButton(icon("git-fork"), "Fork")
        self.proof = QPushButton(icon("seal-check"), "Prove it")
        self.views = QToolButton()
        self._tip()
        self._lay_out()
        self.show_run(None)
        theme().changed.connect(self.update)

    def show_run(self, run: LiveRun | None, pending: bool = False) -> None:
        """Offers what this run can do. `pending`: controls that apply at the next start were moved."""
        self._run = run
        phase = run.phase if run is not None else None
        text, glyph, tip = _MAIN.get(phase or "", _MAIN[""])
        if run is not None and run.visiting is not None:
            text, glyph, tip = (
                "Go on",
                "play",
                "Goes on from this earlier moment; what came after it is left behind (Space)",
            )
        if phase in ("stopped", "failed") and run is not None and not run.moments:
            text, glyph, tip = _MAIN[""]
        ended = phase in ("finished", "stopped", "failed", "exploring")
        fresh = phase is None
        if not self._trains and phase == "exploring":
            text, glyph, tip = (
                "Restart",
                "arrow-counter-clockwise",
                "Starts again with the controls as they stand (Space)",
            )
        self._dress_main(
            text, glyph, tip, primary=phase in (None, "stopped", "finished", "failed") or bool(run and run.visiting)
        )
        self.main.setEnabled(phase != "starting")
        self.step.setVisible(self._trains and not ended)
        self.step.setEnabled(phase in ("running", "paused"))
        self.stop.setVisible(self._trains and not ended)
        self.stop.setEnabled(phase in ("starting", "running", "paused"))
        self.restart.setVisible(self._trains and ended)
        set_look(self.restart, kind="primary" if pending and ended else "normal")
        self.fork.setVisible(self._trains)
        self.fork.setEnabled(not fresh and phase != "starting")
        self.standing.show_run(run, self._hint(fresh))
        self.update()

    def show_proof(self, text: str, look: str) -> None:
        """What the proof button says: "Prove it", "3 of 7", "7/7"; `look` is the colour of its icon."""
        self.proof.setProperty("words", text)
        self.proof.setText(text if self._roomy() else "")
        self.proof.setAccessibleName(text)
        self.proof.setIcon(icon("seal-check", look))

    def _hint(self, fresh: bool) -> str:
        return "Space starts it" if fresh else ""

    # How it looks ----------------------------------------------------------------------------------------------------

    def _tip(self) -> None:
        self.restart.setToolTip("Starts a fresh run with the controls as they stand (Ctrl+R); this one is kept")
        self.restart.clicked.connect(self.again)
        self.main.clicked.connect(self.toggled)
        self.fork.setToolTip("A second run from this moment with one parameter changed and the same seed (F)")
        self.fork.clicked.connect(self.fork_wanted)
        self.proof.setToolTip("Runs the lab's numeric checks, on the live model if there is one (P)")
        self.proof.setProperty("words", "Prove it")
        self.proof.clicked.connect(self.prove_wanted)
        self.views.setIcon(icon("layout", "dim"))
        self.views.setIconSize(QSize(18, 18))
        self.views.setToolTip("Which views, tables and tabs are on this page")
        self.views.setAccessibleName("Views")
        self.views.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        buttons: tuple[QAbstractButton, ...] = (
            self.main,
            self.restart,
            self.fork,
            self.proof,
            self.views,
            self.speed,
            self.step,
            self.stop,
        )
        for button in buttons:
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self.title)
        names.addWidget(self.source)
        names.addStretch(1)
        holder = self._names
        holder.setLayout(names)
        holder.setMinimumWidth(96)
        holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        names.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, _LINE)
        row.setSpacing(6)
        row.addWidget(holder)
        row.addSpacing(8)
        for button in (self.main, self.step, self.restart, self.stop):
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self.standing, 1)
        row.addWidget(self.speed)
        row.addWidget(self.fork)
        row.addWidget(self.proof)
        row.addWidget(self.views)

    def _dress_main(self, text: str, glyph: str, tip: str, primary: bool) -> None:
        kind = "primary" if primary else "normal"
        if self.main.property("words") != text or self.main.property("kind") != kind:
            self.main.setProperty("words", text)
            self.main.setIcon(icon(glyph, "on_accent" if primary else None, filled=True))
            self.main.setToolTip(tip)
            self.main.setAccessibleName(text)
            set_look(self.main, kind=kind)
            self._fit()

    def _roomy(self) -> bool:
        return self.width() >= _ROOMY

    def _fit(self) -> None:
        """Words where there is room, signs alone where there is not."""
        roomy = self._roomy()
        self._names.setMaximumWidth(max(self.title.sizeHint().width(), _NAMES) if roomy else _FEW_NAMES)
        for button, roomy_width, words in (
            (self.main, 98, str(self.main.property("words"))),
            (self.restart, 78, "Again"),
            (self.fork, 78, "Fork"),
            (self.proof, 0, str(self.proof.property("words"))),
        ):
            button.setText(words if roomy else "")
            button.setStyleSheet("" if roomy else "padding: 0;")
            button.setMinimumWidth(roomy_width or 36 if roomy else 36)
            button.setMaximumWidth(roomy_width or 140 if roomy else 44 if button is self.main else 36)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out words that do not fit."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Under everything, along the whole bar, a thin line tells how far the run is."""
        super().paintEvent(event)
        run = self._run
        if run is None or not run.total or run.phase is None:
            return
        colours = theme().colours
        colour = {
            "paused": colours.live,
            "failed": colours.bad,
            "exploring": colours.good,
            "finished": colours.good,
        }.get(run.phase, colours.accent)
        painter = QPainter(self)
        share = min(1.0, (run.at if run.visiting is None else run.visiting) / run.total)
        painter.fillRect(QRectF(0, self.height() - _LINE, self.width(), _LINE), QColor(colours.line))
        painter.fillRect(QRectF(0, self.height() - _LINE, self.width() * share, _LINE), QColor(colour))
        painter.end()

    def preset_speed(self, per_second: float) -> None:
        """Chooses the speed at which a lab wants to be watched: the nearest that the menu has; 0 is the highest."""
        nearest = min(SPEEDS, key=lambda speed: abs(speed[0] - per_second))
        for action in self.speed.menu().actions():
            if action.data() == nearest[0]:
                action.trigger()

    def _choose_speed(self, per_second: float, words: str) -> None:
        self.speed.setText(words)
        self.speed_chosen.emit(per_second)


_MAIN = {
    "": ("Start", "play", "Starts a run with the controls as they stand (Space)"),
    "starting": ("Starting", "hourglass-medium", "The worker gets ready"),
    "running": ("Pause", "pause", "Holds at the next step; controls and views still answer (Space)"),
    "paused": ("Go on", "play", "Goes on training (Space)"),
    "exploring": ("Continue", "play", "Trains on: as many steps again (Space)"),
    "finished": ("Continue", "play", "Trains on: as many steps again (Space)"),
    "stopped": ("Continue", "play", "Goes on from the moment at which it stopped (Space)"),
    "failed": ("Resume", "play", "Goes on from the newest moment that was kept (Space)"),
}


def _square(glyph: str, tip: str, clicked: object) -> QPushButton:
    button = QPushButton(icon(glyph, filled=True), "")
    button.setFixedWidth(36)
    button.setProperty("kind", "normal")
    button.setStyleSheet("padding: 0;")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(":")[0].partition(" (")[0].partition(",")[0])
    button.clicked.connect(clicked)
    return button


def _speed_button(choose: object) -> QToolButton:
    button = QToolButton()
    button.setText("max")
    button.setFixedWidth(46)
    button.setToolTip("Steps a second at most, to watch closely; the model learns the same")
    button.setAccessibleName("Speed")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    group = QActionGroup(menu)
    for per_second, words, tip in SPEEDS:
        action = QAction(words if not tip else f"{words}    {tip.lower()}", menu, checkable=True)
        action.setData(per_second)
        action.setChecked(per_second == 0.0)
        action.triggered.connect(lambda _, value=per_second, text=words: choose(value, text))  # type: ignore[operator]
        group.addAction(action)
        menu.addAction(action)
    button.setMenu(menu)
    return button

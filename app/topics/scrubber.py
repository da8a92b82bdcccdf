"""The time line of a run: a tick for each moment that is kept, an orange one for each live change, a dot for now.

A click, a drag or the arrow keys show an earlier moment, and the run holds there; from it one goes on, forks, or comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app.theme import font, icon, theme
from app.topics.run_words import change_words

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from app.runs import LiveRun
    from engine.api.lab import LabInfo

HEIGHT = 40
_MARGIN = 10.0
_REACH = 6.0
_ROOMY = 760


class TimeLine(QWidget):
    """The line itself. `visited(step)`: show that moment; `came_home`: back to now."""

    visited = Signal(int)
    came_home = Signal()

    def __init__(self, info: LabInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._info = info
        self._run: LiveRun | None = None
        self._wanted: int | None = None
        self._asked: int | None = None
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(120)
        self.setAccessibleName("Time line of the run")
        theme().changed.connect(self.update)

    def show_run(self, run: LiveRun | None) -> None:
        """Follows this run."""
        if run is not self._run:
            self._wanted = self._asked = None
        self._run = run
        if run is not None and self._asked is not None and run.visiting == self._asked:
            self._asked = None
            self._ask()
        self.update()

    @property
    def moments(self) -> tuple[int, ...]:
        """The steps that can be shown, oldest first."""
        return self._run.moments if self._run is not None else ()

    @property
    def now(self) -> int:
        """The newest step."""
        if self._run is None:
            return 0
        return self._run.home if self._run.visiting is not None and self._run.home is not None else self._run.at

    def go(self, by: int) -> None:
        """To the moment `by` places later (earlier where negative); beyond the newest one is now."""
        if self._run is None or not self.moments:
            return
        here = self._run.visiting if self._run.visiting is not None else self.now
        earlier = [step for step in self.moments if step < here]
        later = [step for step in self.moments if here < step < self.now]
        if by < 0 and earlier:
            self.visit(earlier[-1])
        elif by > 0 and self._run.visiting is not None:
            self.visit(later[0] if later else self.now)

    def visit(self, step: int) -> None:
        """Asks for a moment, one at a time: the newest wish counts when the last one has been granted."""
        self._wanted = step
        if self._asked is None:
            self._ask()

    def _ask(self) -> None:
        step, self._wanted = self._wanted, None
        run = self._run
        if run is None or step is None or step == run.visiting:
            return
        if step >= self.now:
            if run.visiting is not None:
                self.came_home.emit()
            return
        self._asked = step
        self.visited.emit(step)

    # Mouse and keys --------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The nearest moment is shown."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._asked = None
            self._visit_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A drag goes from moment to moment."""
        self._hover = event.position().x()
        self.setToolTip(self.words_at(self._hover))
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._visit_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from moment to moment, Home to the first, End to now."""
        match event.key():
            case Qt.Key.Key_Left:
                self.go(-1)
            case Qt.Key.Key_Right:
                self.go(1)
            case Qt.Key.Key_Home if self.moments:
                self.visit(self.moments[0])
            case Qt.Key.Key_End:
                self.visit(self.now)
            case _:
                super().keyPressEvent(event)

    def words_at(self, x: float) -> str:
        """What lies at `x` pixels, in words."""
        if self._run is None:
            return "The moments of a run appear here while it trains"
        changes = [change for change in self._run.changes if abs(self.x_of(change[0]) - x) <= _REACH]
        words = [f"{change_words(self._info, name, old, new)} at step {step:,}" for step, name, old, new in changes]
        near = self._nearest(x)
        if near is not None:
            words.append("Now" if near >= self.now else f"Click: show step {near:,}")
        return "\n".join(words)

    def _visit_at(self, x: float) -> None:
        near = self._nearest(x)
        if near is not None:
            self.visit(near)

    def _nearest(self, x: float) -> int | None:
        if self._run is None:
            return None
        return min((*self.moments, self.now), key=lambda step: (abs(self.x_of(step) - x), -step))

    # Painting --------------------------------------------------------------------------------------------------------

    def x_of(self, step: float) -> float:
        """Where a step lies, in pixels."""
        last = max(self._run.total, self.now, 1) if self._run is not None else 1
        return _MARGIN + (self.width() - 2 * _MARGIN) * step / last

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, what has been run of it, the ticks, and the dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme().colours
        y = self.height() / 2
        self._line(painter, QColor(colours.line), self.width() - _MARGIN, y)
        run = self._run
        if run is not None and run.phase is not None:
            here = run.visiting if run.visiting is not None else self.now
            self._line(painter, QColor(colours.edge), self.x_of(self.now), y)
            pointed = self._nearest(self._hover) if self._hover is not None else None
            for step in run.moments:
                self._tick(
                    painter,
                    step,
                    y,
                    QColor(colours.text if step == pointed else colours.faint),
                    6 if step == pointed else 5,
                    1.5,
                )
            for step, *_ in run.changes:
                self._tick(painter, step, y, QColor(colours.live), 7, 2.5)
            if run.visiting is not None:
                self._dot(painter, self.now, y, QColor(colours.panel), QColor(colours.accent))
            self._dot(painter, here, y, QColor(colours.accent), QColor(colours.accent))
        if self.hasFocus() and self.property("ring") is not False:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 6.5, -0.5, -6.5), 4, 4)
        painter.end()

    def _line(self, painter: QPainter, colour: QColor, to: float, y: float) -> None:
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(_MARGIN, y), QPointF(max(to, _MARGIN), y))

    def _tick(self, painter: QPainter, step: int, y: float, colour: QColor, half: float, width: float) -> None:
        painter.setPen(QPen(colour, width))
        x = self.x_of(step)
        painter.drawLine(QPointF(x, y - half), QPointF(x, y + half))

    def _dot(self, painter: QPainter, step: int, y: float, fill: QColor, edge: QColor) -> None:
        painter.setPen(QPen(edge, 2))
        painter.setBrush(fill)
        painter.drawEllipse(QPointF(self.x_of(step), y), 4.5, 4.5)


class Scrubber(QFrame):
    """The time line with its words and what can be done from an earlier moment."""

    visited = Signal(int)
    came_home = Signal()
    gone_on = Signal()
    fork_wanted = Signal()

    def __init__(self, info: LabInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "side")
        self.setFixedHeight(HEIGHT)
        self.line = TimeLine(info)
        self.line.visited.connect(self.visited)
        self.line.came_home.connect(self.came_home)
        self._label = QLabel("Rewind")
        self._label.setProperty("role", "small")
        self.step = QLabel()
        self.step.setProperty("role", "small")
        self.step.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.step.setFont(font(12))
        self.step.setFixedWidth(self.step.fontMetrics().horizontalAdvance("step 888,888") + 4)
        self.go_on = _act(
            "play", "Go on here", "Makes this earlier moment the present and trains on from it", self.gone_on
        )
        self.fork = _act(
            "git-fork",
            "Fork here",
            "A second run from this moment, one parameter changed, same seed (F)",
            self.fork_wanted,
        )
        self.home = _act("skip-forward", "Back to now", "Returns to where the run was (End)", self.came_home)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(4)
        row.addWidget(self._label)
        row.addSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.step)
        row.addSpacing(4)
        for button in (self.go_on, self.fork, self.home):
            row.addWidget(button)
        self.show_run(None)

    def show_run(self, run: LiveRun | None) -> None:
        """Follows this run."""
        self.line.show_run(run)
        visiting = run is not None and run.visiting is not None
        for button in (self.go_on, self.fork, self.home):
            button.setEnabled(visiting)
        self.home.setEnabled(visiting and run is not None and run.home is not None)
        shown = run.visiting if run is not None and run.visiting is not None else self.line.now
        self.step.setText(f"step {shown:,}" if run is not None and run.phase is not None else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out words that do not fit."""
        super().resizeEvent(event)
        for button in (self.go_on, self.fork, self.home):
            button.setText(str(button.property("words")) if self.width() >= _ROOMY else "")


def _act(glyph: str, words: str, tip: str, clicked: object) -> QPushButton:
    button = QPushButton(icon(glyph, "dim"), "")
    button.setProperty("kind", "quiet")
    button.setProperty("words", words)
    button.setIconSize(QSize(14, 14))
    button.setToolTip(tip)
    button.setAccessibleName(words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(clicked)
    return button

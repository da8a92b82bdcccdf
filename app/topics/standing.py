"""How a run stands, in two lines of fixed places: a number that grows never pushes its neighbour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import font, theme
from engine.api.words import duration, number, size

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from app.runs import LiveRun

_GAP = 14.0
_LINE = 18.0


@dataclass(frozen=True)
class Slot:
    """A word and the widest that may stand in its place."""

    text: str
    widest: str


def step_words(run: LiveRun) -> str:
    """As “step 1,240 of 5,000”."""
    if run.total and run.at == run.total:
        return f"{run.total:,} steps"
    if run.total:
        return f"step {run.at:,} of {run.total:,}"
    return f"step {run.at:,}" if run.at or run.phase == "running" else ""


def rate_words(rate: float) -> str:
    """As “47 it/s”, or seconds for each step where steps are slow."""
    if not rate or not math.isfinite(rate):
        return ""
    return f"{number(rate, 2)} it/s" if rate >= 0.5 else f"{number(1 / rate, 2)} s/it"


def slots_of(run: LiveRun) -> tuple[Slot, ...]:
    """The second line: speed, time left, memory, device."""
    left = f"{duration(run.left)} left" if math.isfinite(run.left) else ""
    memory = size(run.memory) if run.memory else ""
    if run.device_memory:
        memory += f" + {size(run.device_memory)}"
    return (
        Slot(rate_words(run.rate), "88,888 it/s"),
        Slot(left, "88 min 88 s left"),
        Slot(memory, "888 MB" if not run.device_memory else "888 MB + 88.8 GB"),
        Slot(run.device, run.device),
    )


def headline(run: LiveRun | None) -> tuple[str, str]:
    """The first line, and the colour of its first word: what the run does and how far it came."""
    if run is None or run.phase is None:
        return "Not started", "dim"
    if run.doing:
        return run.doing, "dim"
    steps = step_words(run)
    if run.visiting is not None:
        return f"Looking back at step {run.visiting:,}", "live"
    words = {
        "starting": ("Starting", "dim"),
        "running": ("", "text"),
        "paused": ("Paused", "live"),
        "exploring": ("Trained" if run.total else "Ready", "good"),
        "finished": ("Finished", "good"),
        "stopped": ("Stopped", "dim"),
        "failed": ("Broken off", "bad"),
    }
    word, colour = words[run.phase]
    return (f"{word} · {steps.removeprefix('step ')}" if word and steps else word or steps), colour


class Standing(QWidget):
    """Two lines about the run in front; the second gives way to the reason if something is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: LiveRun | None = None
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(150)
        self.setMaximumWidth(340)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Two lines."""
        return QSize(240, 40)

    def show_run(self, run: LiveRun | None, hint: str = "") -> None:
        """Says how this run stands. `hint`: the second line where there is nothing to tell."""
        self._run, self._hint = run, hint
        trouble = run.trouble if run is not None else ""
        self.setToolTip(trouble)
        self.setAccessibleName(". ".join(part for part in (headline(run)[0], trouble or self._words()) if part))
        self.update()

    def _words(self) -> str:
        slots = slots_of(self._run) if self._run is not None else ()
        return ", ".join(slot.text for slot in slots if slot.text) or self._hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """The headline, and below it the slots, the hint or the trouble."""
        painter = QPainter(self)
        colours = theme().colours
        top = (self.height() - 2 * _LINE) / 2
        text, colour = headline(self._run)
        upper = font(13, "medium")
        painter.setFont(upper)
        painter.setPen(QColor(getattr(colours, colour)))
        area = QRectF(0, top, self.width(), _LINE)
        painter.drawText(area, _LEFT, _elided(upper, text, self.width()))
        lower = font(12)
        painter.setFont(lower)
        area.translate(0, _LINE)
        trouble = self._run.trouble if self._run is not None else ""
        if trouble:
            painter.setPen(QColor(colours.bad if self._run and self._run.phase == "failed" else colours.live))
            painter.drawText(area, _LEFT, _elided(lower, trouble, self.width()))
        elif self._run is None or not any(slot.text for slot in slots_of(self._run)):
            painter.setPen(QColor(colours.dim))
            painter.drawText(area, _LEFT, _elided(lower, self._hint, self.width()))
        else:
            painter.setPen(QColor(colours.dim))
            self._paint_slots(painter, area, slots_of(self._run), QFontMetricsF(lower))
        painter.end()

    def _paint_slots(self, painter: QPainter, area: QRectF, slots: tuple[Slot, ...], metrics: QFontMetricsF) -> None:
        x = 0.0
        for slot in slots:
            if not slot.text:
                continue
            width = max(metrics.horizontalAdvance(slot.widest), metrics.horizontalAdvance(slot.text))
            if x + metrics.horizontalAdvance(slot.text) > self.width():
                break
            painter.drawText(QRectF(x, area.top(), width, area.height()), _LEFT, slot.text)
            x += width + _GAP


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _elided(face: QFont, text: str, width: float) -> str:
    return QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, width)

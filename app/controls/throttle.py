"""Lets changes through at most thirty times a second for each name. The first passes at once, and the last one always arrives."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

_INTERVAL_MS = 34


class Throttle(QObject):
    """`push` in, `passed(name, value)` out."""

    passed = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held: dict[str, Any] = {}
        self._resting: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._turn)

    def push(self, name: str, value: Any) -> None:
        """Lets a change through, or holds it until the name has rested; a newer one replaces it."""
        if name in self._resting:
            self._held[name] = value
            return
        self._resting.add(name)
        if not self._timer.isActive():
            self._timer.start()
        self.passed.emit(name, value)

    def drop(self, name: str) -> None:
        """Forgets what is held for a name."""
        self._held.pop(name, None)

    def flush(self) -> None:
        """Lets everything through that is held."""
        held, self._held = self._held, {}
        for name, value in held.items():
            self.passed.emit(name, value)

    def _turn(self) -> None:
        self._resting = set(self._held)
        if not self._held:
            self._timer.stop()
        self.flush()
